/* SPDX-License-Identifier: Apache-2.0 */
#include "enforce/service.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>

#include "base/cleanup.h"
#include "enforce/load.h"

/* A copy of the map: we are its only writer. */
struct vg_services {
	int map_fd; /* borrowed */
	struct vg_service_state states[VG_SERVICES_MAX];
};

int vg_services_new(const struct vg_load *load, struct vg_services **ret)
{
	vg_cleanup(vg_services_freep) struct vg_services *s = NULL;
	uint32_t id;
	int r;

	s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	s->map_fd = vg_load_map(load, VG_MAP_SERVICES);
	for (id = 1; id < VG_SERVICES_MAX; id++) {
		r = bpf_map_lookup_elem(s->map_fd, &id, &s->states[id]);
		if (r < 0)
			return r;
		s->states[id].name[VG_SERVICE_NAME - 1] = '\0';
	}

	*ret = VG_TAKE_PTR(s);
	return 0;
}

void vg_services_freep(struct vg_services **s)
{
	free(*s);
	*s = NULL;
}

/* The kernel first; our copy follows only when it took it. */
static int write_state(struct vg_services *s, uint32_t id,
		       const struct vg_service_state *state)
{
	int r;

	r = bpf_map_update_elem(s->map_fd, &id, state, BPF_ANY);
	if (r < 0)
		return r;
	s->states[id] = *state;
	return 0;
}

static bool in_use(const struct vg_services *s, uint32_t id)
{
	return id > 0 && id < VG_SERVICES_MAX && s->states[id].name[0];
}

/* What the policy takes as a name, and bpffs as a directory. */
static int check_name(const char *name)
{
	size_t n = strlen(name);
	size_t i;

	if (n >= VG_SERVICE_NAME)
		return -ENAMETOOLONG;
	if (n == 0)
		return -EINVAL;
	for (i = 0; i < n; i++)
		if (!islower((unsigned char)name[i]) &&
		    !isdigit((unsigned char)name[i]) && name[i] != '-')
			return -EINVAL;
	return 0;
}

uint32_t vg_services_find(const struct vg_services *s, const char *name)
{
	uint32_t id;

	for (id = 1; id < VG_SERVICE_SELFTEST; id++)
		if (in_use(s, id) && strcmp(s->states[id].name, name) == 0)
			return id;
	return 0;
}

static uint32_t find_free(const struct vg_services *s)
{
	uint32_t id;

	for (id = 1; id < VG_SERVICE_SELFTEST; id++)
		if (!in_use(s, id))
			return id;
	return 0;
}

int vg_services_add(struct vg_services *s, const char *name, uint32_t *ret)
{
	struct vg_service_state state = {0};
	uint32_t id = vg_services_find(s, name);
	int r;

	r = check_name(name);
	if (r < 0)
		return r;
	if (!id) {
		id = find_free(s);
		if (!id)
			return -ENOSPC;
		/* Marks that sockets of an earlier owner carry must not hold. */
		state.epoch = s->states[id].epoch + 1;
		memcpy(state.name, name, strlen(name));
		r = write_state(s, id, &state);
		if (r < 0)
			return r;
	}

	*ret = id;
	return 0;
}

const char *vg_services_name(const struct vg_services *s, uint32_t id)
{
	return in_use(s, id) ? s->states[id].name : NULL;
}

struct vg_service_state vg_services_state(const struct vg_services *s,
					  uint32_t id)
{
	return in_use(s, id) ? s->states[id] : (struct vg_service_state){0};
}

static bool is_narrower(const struct vg_service_state *before,
			const struct vg_service_state *after)
{
	return (before->mode == VG_MODE_AUDIT &&
		after->mode != VG_MODE_AUDIT) ||
	       (before->has_cidrs && !after->has_cidrs) ||
	       (before->any_port && !after->any_port) ||
	       (!before->expiry_kills && after->expiry_kills);
}

int vg_services_set(struct vg_services *s, uint32_t id,
		    const struct vg_service_rules *rules)
{
	struct vg_service_state state;

	if (!in_use(s, id))
		return -ENOENT;
	state = s->states[id];
	state.present = 1;
	state.mode = rules->audit ? VG_MODE_AUDIT : VG_MODE_ENFORCE;
	state.has_cidrs = rules->has_cidrs;
	state.any_port = rules->any_port;
	state.expiry_kills = rules->expiry_kills;
	if (is_narrower(&s->states[id], &state))
		state.epoch++;
	return write_state(s, id, &state);
}

int vg_services_ending(struct vg_services *s, uint32_t id)
{
	struct vg_service_state state;

	if (!in_use(s, id))
		return -ENOENT;
	if (s->states[id].ending)
		return 1;
	state = s->states[id];
	state.ending = 1;
	return write_state(s, id, &state);
}

int vg_services_ended(struct vg_services *s, uint32_t id, bool lost)
{
	struct vg_service_state state;

	if (!in_use(s, id))
		return -ENOENT;
	if (!lost && !s->states[id].ending)
		return 0;
	state = s->states[id];
	state.ending = 0;
	state.epoch += lost;
	return write_state(s, id, &state);
}

int vg_services_bump(struct vg_services *s, uint32_t id)
{
	struct vg_service_state state;

	if (!in_use(s, id))
		return -ENOENT;
	state = s->states[id];
	state.epoch++;
	return write_state(s, id, &state);
}

int vg_services_lockdown(struct vg_services *s, uint32_t id, bool on)
{
	struct vg_service_state state;

	if (!in_use(s, id))
		return -ENOENT;
	state = s->states[id];
	state.lockdown = on;
	state.epoch++;
	return write_state(s, id, &state);
}

int vg_services_selftest(struct vg_services *s, bool present)
{
	struct vg_service_state state = {
		.present = present,
		.epoch = s->states[VG_SERVICE_SELFTEST].epoch + 1,
	};

	if (present)
		memcpy(state.name, "selftest", sizeof("selftest"));
	return write_state(s, VG_SERVICE_SELFTEST, &state);
}

int vg_services_remove(struct vg_services *s, uint32_t id)
{
	struct vg_service_state state = {0};

	if (!in_use(s, id))
		return 0;
	state.epoch = s->states[id].epoch + 1;
	return write_state(s, id, &state);
}
