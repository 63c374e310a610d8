/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cleanup -- ownership that is visible in the declaration.
 *
 * A local that owns something is declared with vg_cleanup(destructor) and an
 * initial empty value; it is released only by VG_TAKE_PTR or VG_TAKE_FD.
 */
#pragma once

/* Run FN(&var) when var leaves scope.  FN must ignore the empty value. */
#define vg_cleanup(fn) __attribute__((cleanup(fn)))

/* Hand a pointer over and leave NULL behind. */
#define VG_TAKE_PTR(p)                                                         \
	({                                                                     \
		__typeof__(p) *taken_at_ = &(p);                               \
		__typeof__(p) taken_ = *taken_at_;                             \
		*taken_at_ = NULL;                                             \
		taken_;                                                        \
	})

/* Hand an fd over and leave -1 behind. */
#define VG_TAKE_FD(fd)                                                         \
	({                                                                     \
		int *taken_at_ = &(fd);                                        \
		int taken_ = *taken_at_;                                       \
		*taken_at_ = -1;                                               \
		taken_;                                                        \
	})

#define VG_ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

/* free() for vg_cleanup on any pointer: char *, arrays of plain structs. */
void vg_freep(void *pointer_to_pointer);
