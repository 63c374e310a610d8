/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What attach.c and adopt.c share: the table of attachments.
 */
#pragma once

#include <limits.h>

#include "enforce/attach.h"

struct vg_attach {
	struct vg_load *load; /* borrowed */
	struct vg_services *services; /* borrowed */
	struct vg_attachment *items;
	size_t n;
	size_t capacity;
};

/* Room for one more. */
int vg_attach_reserve(struct vg_attach *a);
/* After vg_attach_reserve(): cannot fail. */
void vg_attach_publish(struct vg_attach *a, uint32_t service,
		       uint64_t cgroup_id, uint32_t layers);
/* The directory of SERVICE's pins. */
int vg_attach_dir(const struct vg_attach *a, const char *service,
		  char ret[static PATH_MAX]);
/* Fails, as it should, while another cgroup has its links there. */
void vg_attach_remove_dir(const struct vg_attach *a, const char *service);
