/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pins -- what the kernel still enforces when no daemon answers, as far as the
 * names under BPFFS/links tell (links/SERVICE/CGROUPID_LAYER).
 *
 * Needs no libbpf; only root may read there.  Does not log.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define VG_PINS_SERVICES 1024

struct vg_pins_service {
	char name[64];
	uint32_t links;
};

struct vg_pins {
	struct vg_pins_service *services; /* sorted by name */
	size_t n;
};

/* -ENOENT: nothing is pinned; -EACCES.  The caller frees SERVICES. */
int vg_pins_read(const char *bpffs, struct vg_pins *ret);
