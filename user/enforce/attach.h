/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attach -- which cgroups are confined, by which service.
 *
 * Every program is attached by a bpf_link (flags-style attaching can be undone
 * by anybody who can open the cgroup) that is pinned as
 * links/SERVICE/CGROUPID_PROGRAM: the pins are the guarantee, this object only
 * knows them.  An attached cgroup whose identity is not yet written refuses
 * everything, so there is no open moment in between.
 * One loop, one thread.  Does not log.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "verigress/abi.h"

struct vg_load;
struct vg_services;
struct vg_attach;

struct vg_attachment {
	uint64_t cgroup_id;
	uint32_t service;
	uint32_t layers; /* bit per enum vg_layer that is attached and pinned */
	bool leaving; /* see vg_attach_leave() */
	bool dead; /* see vg_attach_bury() */
};
#define VG_LAYERS_ALL ((1u << VG_LAYER_COUNT) - 1)

/* Borrows LOAD and SERVICES, which must outlive it. */
int vg_attach_new(struct vg_load *load, struct vg_services *services,
		  struct vg_attach **ret);
/* Pins stay. */
void vg_attach_freep(struct vg_attach **a);

/*
 * Take over what is pinned: links are updated in place to the programs of
 * LOAD, links of dead cgroups are unpinned.  Nothing is opened: a directory of
 * a service whose name is gone from the map gets an id again, not present and
 * therefore closed.  Call once, before vg_attach_add(), which completes a
 * cgroup that lacks layers.  A link that cannot be updated keeps its old
 * program and still enforces; the first such error is returned after all
 * others were adopted.
 */
int vg_attach_adopt(struct vg_attach *a);

/*
 * Confine the cgroup behind CGROUP_FD (and its descendants) as SERVICE, which
 * vg_services_add() made.  All layers or none.  0 also when it is so already.
 * -EEXIST: it belongs to another service.  -ENOTUNIQ: it lies inside or around
 * another confined cgroup.  -ENOENT or -ENODEV: the cgroup is gone.  What is
 * leaving is not in the way: the same cgroup changes its service without ever
 * being open, and one around or inside it is confined beside it.
 */
int vg_attach_add(struct vg_attach *a, uint32_t service, int cgroup_fd);

/*
 * Its service does not name this cgroup any more.  It stays confined until
 * vg_attach_remove(), or until vg_attach_add() gives it to another service.
 */
void vg_attach_leave(struct vg_attach *a, uint64_t cgroup_id);

/*
 * The cgroup was removed.  Sockets may outlive it, with octets that they were
 * not allowed to send: its links stay pinned until the kernel lets go of them,
 * for which vg_attach_reap() looks.
 */
void vg_attach_bury(struct vg_attach *a, uint64_t cgroup_id);
void vg_attach_reap(struct vg_attach *a);

/* Unpin all layers of one cgroup: it is open from now on.  0 when unknown. */
int vg_attach_remove(struct vg_attach *a, uint64_t cgroup_id);
/* The same for all cgroups of a service, and its directory. */
int vg_attach_remove_service(struct vg_attach *a, uint32_t service);

/*
 * Look again at pins and links of one cgroup: somebody may have removed them.
 * Returns the layers that are still in force, 0 when unknown or dead.
 */
uint32_t vg_attach_check(struct vg_attach *a, uint64_t cgroup_id);

/* The I-th of vg_attach_count(); the order changes with add and remove. */
size_t vg_attach_count(const struct vg_attach *a);
const struct vg_attachment *vg_attach_get(const struct vg_attach *a, size_t i);
const struct vg_attachment *vg_attach_find(const struct vg_attach *a,
					   uint64_t cgroup_id);

/*
 * For the self-test: one layer, not pinned, identity written.  Closing *RET_FD
 * detaches it.
 */
int vg_attach_one(const struct vg_load *load, enum vg_layer layer,
		  int cgroup_fd, uint32_t service, int *ret_fd);
