/* SPDX-License-Identifier: Apache-2.0 */
#include "control/watch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/cleanup.h"

struct watcher {
	struct vg_watch *watch;
	struct vg_session *session;
	uint32_t flags;
	char service[VG_CONTROL_ARG + 1]; /* "": all */
	LIST_ENTRY(watcher) all;
};

struct vg_watch {
	LIST_HEAD(, watcher) watchers;
	uint32_t n;
	uint64_t lost;
};

int vg_watch_new(struct vg_watch **ret)
{
	struct vg_watch *w;

	w = calloc(1, sizeof(*w));
	if (!w)
		return -ENOMEM;

	LIST_INIT(&w->watchers);
	*ret = w;
	return 0;
}

static void forget(struct watcher *who)
{
	LIST_REMOVE(who, all);
	who->watch->n--;
	free(who);
}

static void on_gone(void *arg, struct vg_session *s)
{
	(void)s;
	forget(arg);
}

void vg_watch_freep(struct vg_watch **w)
{
	struct watcher *who;

	if (!*w)
		return;
	while ((who = LIST_FIRST(&(*w)->watchers))) {
		vg_session_end(who->session, VG_EXIT_OK);
		forget(who);
	}
	free(*w);
	*w = NULL;
}

int vg_watch_add(struct vg_watch *w, struct vg_session *s,
		 const struct vg_request *req)
{
	struct watcher *who;

	who = calloc(1, sizeof(*who));
	if (!who) {
		vg_session_end(s, VG_EXIT_REFUSED);
		return -ENOMEM;
	}

	who->watch = w;
	who->session = s;
	who->flags = req->flags;
	(void)strcpy(who->service, vg_request_arg(req, 0));
	LIST_INSERT_HEAD(&w->watchers, who, all);
	w->n++;
	vg_session_keep(s, on_gone, who);
	return 0;
}

static bool wants(const struct watcher *who, const char *service)
{
	return !who->service[0] ||
	       (service && strcmp(who->service, service) == 0);
}

void vg_watch_publish(struct vg_watch *w, const char *service, const char *json,
		      const char *plain, const char *colour)
{
	struct watcher *who;

	LIST_FOREACH(who, &w->watchers, all)
	{
		const char *line = plain;

		if (!wants(who, service))
			continue;
		if (who->flags & VG_REQUEST_JSON)
			line = json;
		else if (who->flags & VG_REQUEST_COLOUR)
			line = colour;
		if (!vg_session_line(who->session, line))
			w->lost++;
	}
}

uint32_t vg_watch_count(const struct vg_watch *w)
{
	return w->n;
}

uint64_t vg_watch_lost(const struct vg_watch *w)
{
	return w->lost;
}
