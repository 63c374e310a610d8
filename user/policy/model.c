/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void strings_free(char **strings, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(strings[i]);
	free(strings);
}

static void endpoint_free(struct vg_endpoint *e)
{
	free(e->host);
	free(e->ports);
	free(e->ranges);
}

void vg_service_clear(struct vg_service *s)
{
	free(s->name);
	free(s->file);
	strings_free(s->cgroups, s->n_cgroups);
	for (size_t i = 0; i < s->n_listen; i++)
		free(s->listen[i].from);
	free(s->listen);
	free(s->resolvers);
	for (size_t i = 0; i < s->n_endpoints; i++)
		endpoint_free(&s->endpoints[i]);
	free(s->endpoints);
}

void vg_policy_freep(struct vg_policy **p)
{
	if (!*p)
		return;
	for (size_t i = 0; i < (*p)->n_services; i++)
		vg_service_clear(&(*p)->services[i]);
	free((*p)->services);
	free(*p);
	*p = NULL;
}

const struct vg_service *vg_policy_service(const struct vg_policy *p,
					   const char *name)
{
	for (size_t i = 0; i < p->n_services; i++)
		if (strcmp(p->services[i].name, name) == 0)
			return &p->services[i];
	return NULL;
}

void vg_endpoint_text(const struct vg_endpoint *e,
		      char ret[static VG_ENDPOINT_TEXT])
{
	if (e->host)
		(void)snprintf(ret, VG_ENDPOINT_TEXT, "%s", e->host);
	else
		vg_prefix_text(&e->address, ret);
}

void vg_config_freep(struct vg_config **c)
{
	struct vg_config *config = *c;

	if (!config)
		return;
	strings_free(config->forward, config->n_forward);
	for (size_t i = 0; i < config->n_stubs; i++) {
		free(config->stubs[i].zone);
		free(config->stubs[i].server);
	}
	free(config->stubs);
	strings_free(config->anchors, config->n_anchors);
	free(config->events_file);
	free(config->metrics);
	free(config);
	*c = NULL;
}
