/* SPDX-License-Identifier: Apache-2.0 */
/*
 * book -- who claims which lease, until when, and what is remembered of those
 * that are gone.
 *
 * Several endpoints may claim one permission.  The lease ends with the last
 * valid claim.  What ran out stays in the kernel map for a day (or until room
 * is needed), so that `on_expiry: keep` can tell "ran out" from "revoked".
 * Pure bookkeeping: no clock (NOW is passed), no fd; the kernel is behind two
 * callbacks, which lease.h provides in the daemon and a fake in unit tests.
 * One loop, one thread.  Does not log.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "enforce/lease.h"
#include "policy/model.h"

struct vg_book;

/* The kernel, as the book sees it; same contracts as in lease.h. */
struct vg_book_kernel {
	void *ctx;
	int (*set)(void *ctx, const struct vg_permission *p,
		   const struct vg_lease_info *info);
	int (*end)(void *ctx, const struct vg_permission *p);
};

/*
 * MAX permissions of all services together, ended ones that are still in the
 * kernel not counted.  KERNEL is copied.
 */
int vg_book_new(uint32_t max, const struct vg_book_kernel *kernel,
		struct vg_book **ret);
void vg_book_freep(struct vg_book **b);

/* ---- claiming ------------------------------------------------------------ */

/* What an endpoint says of one address (or CIDR) that it was granted. */
struct vg_claim {
	uint32_t service;
	uint32_t endpoint; /* the keeper's number, over all services; not 0 */
	const char *name; /* host, or the literal as text; copied */
	const char *class; /* a literal: vg_class_name() */
	struct vg_prefix prefix;
	const struct vg_ports *ports;
	size_t n_ports;
	uint64_t until;
	uint64_t verified; /* when it was last proven */
};

/*
 * Claim, or renew, every port of C: the leases are in the kernel on return.
 * A renewal may move the end back.  -ENOSPC: the map is full even without the
 * ended ones; -E2BIG: the endpoint would have more than
 * VG_ENDPOINT_LEASES_MAX.  On an error the claims that were made before stay,
 * and *RET_NEW (may be NULL) counts permissions that were not open before.
 */
int vg_book_claim(struct vg_book *b, uint64_t now, const struct vg_claim *c,
		  size_t *ret_new);

/* ---- releasing ----------------------------------------------------------- */

enum vg_book_cause {
	VG_CAUSE_EXPIRED = 0, /* nobody renewed it */
	VG_CAUSE_REVOKED, /* evidence of attack */
	VG_CAUSE_CHANGED, /* the name no longer has the address */
	VG_CAUSE_REMOVED, /* the policy no longer has the endpoint */
};
const char *vg_cause_name(enum vg_book_cause cause); /* "expired", ... */

struct vg_book_loss {
	struct vg_permission what;
	bool kept; /* another valid claim keeps the lease alive */
	uint32_t kept_by; /* that endpoint */
	uint64_t until; /* of the lost claim */
};
struct vg_book_losses {
	struct vg_book_loss *items;
	size_t n;
	size_t capacity;
};
void vg_book_losses_freep(struct vg_book_losses *l);

struct vg_release {
	uint32_t endpoint;
	const struct vg_prefix *prefix; /* NULL: all of the endpoint */
	enum vg_book_cause cause;
	const char *text; /* "ADDR_OUT_OF_RANGE: evidence"; NULL; copied */
};

/*
 * Take the claims back.  A permission without another valid claim leaves the
 * kernel before this returns.  Every claim that went is appended to LOSSES
 * (may be NULL): for those not kept, bump the service's epoch and destroy
 * connections; the others are CLAIM_LOST.  A failing kernel callback does not
 * stop it; the first error is returned, and the lease then still stands until
 * its end, which vg_book_sweep() tries again to bring about.
 */
int vg_book_release(struct vg_book *b, uint64_t now, const struct vg_release *q,
		    struct vg_book_losses *losses);

/*
 * Release what ENDPOINT claims beyond KEEP: the addresses of its latest proof.
 */
int vg_book_release_others(struct vg_book *b, uint64_t now,
			   const struct vg_release *q,
			   const struct vg_prefix *keep, size_t n_keep,
			   struct vg_book_losses *losses);

typedef bool (*vg_book_may_fn)(void *ctx, const struct vg_permission *p);
/*
 * Leases that had run out under endpoint FROM, which a connection may outlive,
 * are TO's from now on, where MAY.
 */
void vg_book_hand_over(struct vg_book *b, uint32_t from, uint32_t to,
		       vg_book_may_fn may, void *ctx);

/* ---- time ---------------------------------------------------------------- */

/* One permission that ended by itself; FN must not change the book. */
typedef void (*vg_book_ended_fn)(void *ctx, const struct vg_permission *p,
				 uint32_t endpoint, const char *name);

/*
 * Claims whose end has come are dropped; FN for each lease without a claim
 * left.  Entries that ended more than a day ago leave the kernel.
 */
int vg_book_sweep(struct vg_book *b, uint64_t now, vg_book_ended_fn fn,
		  void *ctx);

/*
 * Nothing ends before; sweep when it has come, and ask again.  It may be early,
 * never late.  UINT64_MAX when there is no claim.
 */
uint64_t vg_book_earliest(const struct vg_book *b);

/* ---- after a restart ----------------------------------------------------- */

/*
 * One entry found in the kernel map (from vg_leases_each(), collected before).
 * CLAIM says who claims it now, with the entry's permission and end; NULL when
 * no endpoint of the policy does: it is removed from the kernel.
 */
int vg_book_adopt(struct vg_book *b, uint64_t now,
		  const struct vg_permission *p, const struct vg_claim *claim);

/* ---- asking -------------------------------------------------------------- */

/* Until SERVICE is ready, an address that nobody claims is VG_REASON_NOT_READY. */
void vg_book_set_ready(struct vg_book *b, uint32_t service, bool ready);

#define VG_BOOK_TEXT 400
struct vg_book_answer {
	enum vg_reason reason; /* VG_REASON_NONE: granted */
	uint32_t endpoint; /* 0 when not known */
	uint64_t until; /* of the lease; 0 when not known */
	uint64_t verified; /* last; 0 when not known */
	char name[VG_HOST_NAME]; /* "" when it never belonged to anybody */
	char cause[VG_BOOK_TEXT]; /* why it went; "" when not known */
};

/*
 * What is known of ADDRESS for SERVICE: granted, expired, revoked, wrong_port,
 * wrong_proto, not_ready or no_lease, in this order of preference.  PORT in
 * host order.  Always succeeds.  Remembers the last VG_BOOK_DEPARTED
 * addresses that went.
 */
#define VG_BOOK_DEPARTED 16384
void vg_book_explain(const struct vg_book *b, uint64_t now,
		     const struct vg_permission *what,
		     struct vg_book_answer *ret);

struct vg_book_entry {
	struct vg_permission what;
	uint32_t endpoint;
	const char *name;
	const char *class;
	uint64_t until; /* of this claim */
	uint64_t verified;
};
/* FN for each claim of SERVICE (0: of all); FN must not change the book. */
typedef int (*vg_book_fn)(void *ctx, const struct vg_book_entry *e);
int vg_book_each(const struct vg_book *b, uint32_t service, vg_book_fn fn,
		 void *ctx);
/* The same for one endpoint. */
int vg_book_each_of(const struct vg_book *b, uint32_t endpoint, vg_book_fn fn,
		    void *ctx);

/* Permissions with a claim, and the most there may be. */
uint32_t vg_book_used(const struct vg_book *b);
uint32_t vg_book_max(const struct vg_book *b);
/* Permissions with a claim of one service, and of one endpoint. */
uint32_t vg_book_used_by(const struct vg_book *b, uint32_t service);
uint32_t vg_book_claimed_by(const struct vg_book *b, uint32_t endpoint);
