/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What book.c and ask.c share: the book itself.
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
