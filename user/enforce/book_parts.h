/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What book.c, release.c and ask.c share: the book itself.
 */
#pragma once

#include "enforce/book.h"
#include "enforce/departed.h"
#include "enforce/table.h"

struct vg_book {
	struct vg_book_kernel kernel;
	uint32_t max;
	struct vg_table table;
	struct vg_departed *departed;
	uint64_t earliest; /* no claim ends before; see vg_book_earliest() */
	bool ready[VG_SERVICES_MAX];
};

/* Tell the kernel of L's longest claim.  -ENOSPC: nothing could make room. */
int vg_book_set_lease(struct vg_book *b, struct vg_table_lease *l);
/*
 * Take a lease without a claim out of the kernel and the table.  On an error
 * it stays in both, doomed.
 */
int vg_book_end_lease(struct vg_book *b, struct vg_table_lease *l);
/* C goes: what is told of its address from now on.  TEXT may be NULL. */
void vg_book_remember(struct vg_book *b, const struct vg_table_claim *c,
		      enum vg_book_cause cause, const char *text);
