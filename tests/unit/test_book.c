/* SPDX-License-Identifier: Apache-2.0 */
/* What ran out, and what is taken away from it afterwards; on a fake kernel. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "enforce/book.h"

#define T0 (1000 * VG_NS_PER_S)
#define T1 (2000 * VG_NS_PER_S) /* after the end of every claim here */

struct fake {
	int entries;
	int error; /* of `end` */
	struct vg_book *book;
};

static int fake_set(void *ctx, const struct vg_permission *p,
		    const struct vg_lease_info *info)
{
	struct fake *f = ctx;

	(void)p;
	(void)info;
	f->entries++; /* no test renews */
	return 0;
}

static int fake_end(void *ctx, const struct vg_permission *p)
{
	struct fake *f = ctx;

	(void)p;
	if (f->error)
		return f->error;
	f->entries--;
	return 0;
}

static void on_ended(void *ctx, const struct vg_permission *p,
		     uint32_t endpoint, const char *name)
{
	(void)ctx;
	(void)p;
	(void)endpoint;
	(void)name;
}

static int setup(void **state)
{
	static struct fake f;
	const struct vg_book_kernel kernel = {
		.set = fake_set,
		.end = fake_end,
		.ctx = &f,
	};

	f = (struct fake){0};
	*state = &f;
	return vg_book_new(64, &kernel, &f.book);
}

static int teardown(void **state)
{
	struct fake *f = *state;

	vg_book_freep(&f->book);
	return 0;
}

static struct vg_prefix place(uint8_t last)
{
	struct vg_prefix p = {.bits = 128};

	p.address.octets[10] = p.address.octets[11] = 0xff;
	p.address.octets[12] = 192;
	p.address.octets[15] = last;
	return p;
}

/* ENDPOINT claims LAST until T0 + 100 s. */
static void claim(struct fake *f, uint32_t endpoint, uint8_t last)
{
	const struct vg_ports ports = {IPPROTO_TCP, 443, 443};
	const struct vg_claim c = {
		.service = 1,
		.endpoint = endpoint,
		.name = "api.example",
		.class = "public",
		.prefix = place(last),
		.ports = &ports,
		.n_ports = 1,
		.until = T0 + 100 * VG_NS_PER_S,
		.verified = T0,
	};

	assert_int_equal(vg_book_claim(f->book, T0, &c, NULL), 0);
}

static size_t release(struct fake *f, uint32_t endpoint)
{
	vg_cleanup(vg_book_losses_freep) struct vg_book_losses losses = {0};
	const struct vg_release q = {
		.endpoint = endpoint,
		.cause = VG_CAUSE_REVOKED,
		.text = "REBINDING: it led to 127.0.0.1",
	};

	assert_int_equal(vg_book_release(f->book, T1, &q, &losses), 0);
	return losses.n;
}

static enum vg_reason reason(struct fake *f, uint8_t last)
{
	const struct vg_permission what = {
		.service = 1,
		.proto = IPPROTO_TCP,
		.port = 443,
		.prefix = place(last),
	};
	struct vg_book_answer answer;

	vg_book_explain(f->book, T1, &what, &answer);
	return answer.reason;
}

/* A connection may outlive its lease, but not the evidence of an attack. */
static void revoking_reaches_what_ran_out(void **state)
{
	struct fake *f = *state;

	claim(f, 1, 1);
	claim(f, 2, 2);
	assert_int_equal(vg_book_sweep(f->book, T1, on_ended, NULL), 0);
	assert_int_equal(f->entries, 2);
	assert_int_equal(reason(f, 1), VG_REASON_EXPIRED);

	assert_int_equal(release(f, 1), 1);
	assert_int_equal(f->entries, 1);
	assert_int_equal(reason(f, 1), VG_REASON_REVOKED);
	assert_int_equal(reason(f, 2), VG_REASON_EXPIRED);
	assert_int_equal(release(f, 1), 0);
}

static bool may(void *ctx, const struct vg_permission *p)
{
	const uint8_t *last = ctx;

	return p->prefix.address.octets[15] == *last;
}

/* An endpoint that changed keeps what its successor still allows. */
static void what_ran_out_is_handed_over(void **state)
{
	struct fake *f = *state;
	uint8_t allowed = 1;

	claim(f, 1, 1);
	claim(f, 1, 2);
	assert_int_equal(vg_book_sweep(f->book, T1, on_ended, NULL), 0);
	vg_book_hand_over(f->book, 1, 3, may, &allowed);

	assert_int_equal(release(f, 1), 1);
	assert_int_equal(f->entries, 1);
	assert_int_equal(release(f, 3), 1);
	assert_int_equal(f->entries, 0);
}

/* Nobody's lease that the kernel does not let go is tried again. */
static void nobodys_lease_is_not_forgotten(void **state)
{
	struct fake *f = *state;
	const struct vg_permission p = {
		.service = 1,
		.proto = IPPROTO_TCP,
		.port = 443,
		.prefix = place(9),
	};

	f->entries = 1;
	f->error = -EBUSY;
	assert_int_equal(vg_book_adopt(f->book, T0, &p, NULL), -EBUSY);
	assert_true(vg_book_earliest(f->book) <= T0);
	f->error = 0;
	assert_int_equal(vg_book_sweep(f->book, T0, on_ended, NULL), 0);
	assert_int_equal(f->entries, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(revoking_reaches_what_ran_out,
						setup, teardown),
		cmocka_unit_test_setup_teardown(what_ran_out_is_handed_over,
						setup, teardown),
		cmocka_unit_test_setup_teardown(nobodys_lease_is_not_forgotten,
						setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
