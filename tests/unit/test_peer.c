/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <grp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "control/peer.h"

static void cgroups(void **state)
{
	char got[VG_PEER_CGROUP], text[VG_PEER_CGROUP + 8];

	(void)state;
	assert_int_equal(vg_peer_cgroup_parse("0::/a\n", got), 0);
	assert_string_equal(got, "/a");
	assert_int_equal(
		vg_peer_cgroup_parse("3:cpu:/x\n0::/a b\n1:x:/y\n", got), 0);
	assert_string_equal(got, "/a b");
	assert_int_equal(vg_peer_cgroup_parse("0::/", got), 0);
	assert_int_equal(vg_peer_cgroup_parse("", got), -ENOENT);
	assert_int_equal(vg_peer_cgroup_parse("10::/a\n", got), -ENOENT);
	memset(text, 'x', sizeof(text));
	memcpy(text, "0::", 3);
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(vg_peer_cgroup_parse(text, got), -ENAMETOOLONG);

	assert_true(vg_cgroup_inside("/a/b", "a/b"));
	assert_true(vg_cgroup_inside("/a/b/c", "/a/b/"));
	assert_true(vg_cgroup_inside("/a", "/"));
	assert_false(vg_cgroup_inside("/a/bc", "/a/b"));
	assert_false(vg_cgroup_inside("/a", "/a/b"));
	assert_false(vg_cgroup_inside("/", "/a"));
}

static void the_kernel_tells_who(void **state)
{
	struct vg_peer p;
	gid_t other = getegid() + 4711;
	int pair[2], r;

	(void)state;
	assert_int_equal(
		socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	r = vg_peer_get(pair[0], getegid(), &p);
	if (r == -ENOENT) /* no cgroup v2 line here: refused, as it says */
		skip();
	assert_int_equal(r, 0);
	assert_int_equal(p.pid, getpid());
	assert_int_equal(p.uid, geteuid());
	assert_true(p.in_group);
	assert_int_equal(p.cgroup[0], '/');
	assert_int_equal(vg_peer_get(pair[0], other, &p), 0);
	assert_false(p.in_group);
	assert_int_equal(vg_peer_get(pair[0], (gid_t)-1, &p), 0);
	assert_false(p.in_group);
	(void)close(pair[0]);
	(void)close(pair[1]);
	assert_int_equal(vg_peer_get(pair[0], 0, &p), -EBADF);
}

/* A supplementary group counts; only root can give itself one. */
static void further_groups_count(void **state)
{
	const gid_t further = 4711;
	struct vg_peer p;
	int pair[2], r;

	(void)state;
	if (geteuid() != 0 || setgroups(1, &further) < 0)
		skip();
	assert_int_equal(
		socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	r = vg_peer_get(pair[0], further, &p);
	if (r == -ENOENT)
		skip();
	assert_int_equal(r, 0);
	assert_true(p.in_group);
	assert_int_equal(vg_peer_get(pair[0], further + 1, &p), 0);
	assert_false(p.in_group);
	(void)close(pair[0]);
	(void)close(pair[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cgroups),
		cmocka_unit_test(the_kernel_tells_who),
		cmocka_unit_test(further_groups_count),
	};

	return cmocka_run_group_tests_name("peer", tests, NULL, NULL);
}
