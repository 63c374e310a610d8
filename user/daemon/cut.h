/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cut -- ends open connections of a service, in every network namespace that
 * its processes live in.  Called by the keeper after the kernel refuses them
 * already: this only makes it quick and visible for the application.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "enforce/destroy.h"
#include "enforce/book.h"

struct vg_event;
struct vg_unit;

/* N targets (0: every connection).  Returns how many were destroyed. */
uint32_t vg_cut(struct vg_unit *u, const struct vg_destroy_target *targets,
		size_t n);

/* What nobody else keeps of LOSSES. */
uint32_t vg_cut_losses(struct vg_unit *u, const struct vg_book_losses *losses);

/* The one connection that sock_ops asked to have destroyed. */
void vg_cut_event(struct vg_unit *u, const struct vg_event *e);
