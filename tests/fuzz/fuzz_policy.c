/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Policy files and the daemon's file: the first octet chooses.  NUL cannot
 * stand in a policy, so here it separates up to four files.
 */
#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "base/cleanup.h"
#include "policy/diff.h"
#include "policy/host.h"
#include "policy/parse.h"
#include "policy/ports.h"

#define SOURCES_MAX 4

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Everything must be printable, whatever was in the text. */
static void print_diags(const struct vg_diags *diags)
{
	vg_cleanup(vg_buf_freep) struct vg_buf out = {0};
	struct vg_json j;

	assert(diags->n <= VG_DIAGS_MAX);
	vg_diags_print(diags, true, &out);
	vg_diags_print(diags, false, &out);
	vg_json_begin(&j, &out);
	vg_diags_json(diags, &j, NULL);
	assert(vg_buf_error(&out) == 0);
}

static void check_endpoint(const struct vg_endpoint *e)
{
	char name[VG_ENDPOINT_TEXT];
	uint32_t leases = 0;

	if (e->host) {
		assert(!vg_host_parse(e->host, strlen(e->host), name));
		assert(strcmp(name, e->host) == 0);
	} else {
		assert(!vg_class_literal_error(&e->address));
		assert(e->n_ranges == 0 && !e->has_nat64);
	}
	for (size_t i = 0; i < e->n_ports; i++) {
		leases += vg_ports_count(&e->ports[i]);
		for (size_t k = 0; k < i; k++)
			assert(!vg_ports_overlap(&e->ports[i], &e->ports[k]));
	}
	assert(leases > 0 && leases <= VG_ENDPOINT_LEASES_MAX);
	assert(e->hold_s >= 60 && e->hold_s <= 86400);
	assert(e->scope == VG_SCOPE_PUBLIC || e->n_ranges > 0);
	assert(!e->has_nat64 || vg_nat64_prefix_valid(&e->nat64));
	assert(e->line > 0);
}

static void check_service(const struct vg_service *s)
{
	assert(s->name[0] && strlen(s->name) < 64);
	assert(s->n_cgroups > 0 && s->n_cgroups <= VG_LIST_MAX);
	for (size_t i = 0; i < s->n_cgroups; i++) {
		const char *path = s->cgroups[i];

		assert(path[0] && path[0] != '/');
		assert(path[strlen(path) - 1] != '/');
		assert(!strstr(path, "//") && !strstr(path, "/../"));
	}
	for (size_t i = 0; i < s->n_listen; i++)
		assert(s->listen[i].ports.first > 0);
	for (size_t i = 0; i < s->n_endpoints; i++)
		check_endpoint(&s->endpoints[i]);
}

static void check_policy(const struct vg_policy *policy)
{
	vg_cleanup(vg_diff_freep) struct vg_diff *same = NULL;
	vg_cleanup(vg_diff_freep) struct vg_diff *all = NULL;
	vg_cleanup(vg_buf_freep) struct vg_buf out = {0};

	for (size_t i = 0; i < policy->n_services; i++) {
		check_service(&policy->services[i]);
		assert(vg_policy_service(policy, policy->services[i].name) ==
		       &policy->services[i]);
	}
	assert(vg_diff_make(policy, policy, &same) == 0 && same->n == 0);
	assert(vg_diff_make(NULL, policy, &all) == 0);
	assert(all->n == policy->n_services);
	vg_diff_print(all, false, &out);
	assert(vg_buf_error(&out) == 0);
}

static void fuzz_policy(const char *text, size_t size)
{
	vg_cleanup(vg_policy_freep) struct vg_policy *policy = NULL;
	vg_cleanup(vg_diags_freep) struct vg_diags diags = {0};
	struct vg_source sources[SOURCES_MAX];
	size_t n = 0;
	int r;

	while (n < SOURCES_MAX) {
		const char *nul = memchr(text, '\0', size);
		const bool last = !nul || n == SOURCES_MAX - 1;
		const size_t length = last ? size : (size_t)(nul - text);

		sources[n++] = (struct vg_source){"p", text, length};
		if (last)
			break;
		text += length + 1;
		size -= length + 1;
	}
	r = vg_policy_parse(sources, n, &policy, &diags);
	print_diags(&diags);
	assert(r == (diags.errors ? -EINVAL : 0));
	assert(!policy == (r < 0));
	if (policy)
		check_policy(policy);
}

static void fuzz_config(const char *text, size_t size)
{
	vg_cleanup(vg_config_freep) struct vg_config *config = NULL;
	vg_cleanup(vg_diags_freep) struct vg_diags diags = {0};
	const struct vg_source source = {"c", text, size};
	int r;

	r = vg_config_parse(&source, &config, &diags);
	print_diags(&diags);
	assert(r == (diags.errors ? -EINVAL : 0));
	assert(!config == (r < 0));
	if (!config)
		return;
	assert(config->n_anchors > 0 && config->events_file[0] == '/');
	assert(config->leases_max > 0);
	assert((config->ring_size & (config->ring_size - 1)) == 0);
	for (size_t i = 0; i < config->n_forward; i++)
		assert(strchr(config->forward[i], '@') &&
		       !strchr(config->forward[i], '#'));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data + 1;

	if (size == 0)
		return 0;
	if (data[0] == 'c')
		fuzz_config(text, size - 1);
	else
		fuzz_policy(text, size - 1);
	return 0;
}
