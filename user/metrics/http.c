/* SPDX-License-Identifier: Apache-2.0 */
#include "metrics/http.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <event2/util.h>

#include "base/cleanup.h"
#include "base/fd.h"

#define CONTENT_TYPE "text/plain; version=0.0.4; charset=utf-8"

struct client {
	struct vg_http *http;
	struct bufferevent *stream;
	struct event *deadline;
	bool answered;
	TAILQ_ENTRY(client) all;
};

struct vg_http {
	struct event_base *base;
	struct evconnlistener *listener;
	vg_http_fill fill;
	void *ctx;
	TAILQ_HEAD(, client) clients;
	uint32_t n;
};

static const struct {
	int status;
	const char *line;
} answers[] = {
	{200, "200 OK"},
	{400, "400 Bad Request"},
	{404, "404 Not Found"},
	{405, "405 Method Not Allowed\r\nAllow: GET"},
	{500, "500 Internal Server Error"},
};

static const char *line_of(int status)
{
	for (size_t i = 0; i < VG_ARRAY_LEN(answers); i++)
		if (answers[i].status == status)
			return answers[i].line;
	return "500 Internal Server Error";
}

/* METHOD SP PATH [?QUERY] SP HTTP/1.x CRLF */
int vg_http_judge(const char *head)
{
	const size_t method = strcspn(head, " \r\n");
	const char *const path = head + method + 1;
	size_t length;

	if (method == 0 || head[method] != ' ')
		return 400;
	length = strcspn(path, " \r\n");
	if (path[length] != ' ' ||
	    strncmp(path + length + 1, "HTTP/1.", 7) != 0)
		return 400;
	if (method != 3 || strncmp(head, "GET", 3) != 0)
		return 405;
	length = strcspn(path, " ?");
	if (length != 8 || strncmp(path, "/metrics", 8) != 0)
		return 404;
	return 200;
}

static void client_free(struct client *c)
{
	TAILQ_REMOVE(&c->http->clients, c, all);
	c->http->n--;
	if (c->deadline)
		event_free(c->deadline);
	if (c->stream)
		bufferevent_free(c->stream);
	free(c);
}

static int collect(struct vg_http *h, struct vg_buf *text)
{
	vg_cleanup(vg_samples_freep) struct vg_samples samples = {0};

	h->fill(h->ctx, &samples);
	vg_samples_text(&samples, text);
	return vg_buf_error(text);
}

static void answer(struct client *c, int status)
{
	vg_cleanup(vg_buf_freep) struct vg_buf text = {0};
	struct evbuffer *out = bufferevent_get_output(c->stream);

	c->answered = true;
	if (status == 200 && collect(c->http, &text) < 0) {
		vg_buf_clear(&text);
		status = 500;
	}
	if (status != 200)
		vg_buf_printf(&text, "%.3s\n", line_of(status));
	if (evbuffer_add_printf(out,
				"HTTP/1.1 %s\r\nContent-Type: " CONTENT_TYPE
				"\r\nContent-Length: %zu\r\n"
				"Connection: close\r\n\r\n",
				line_of(status), text.size) < 0 ||
	    evbuffer_add(out, vg_buf_text(&text), text.size) < 0)
		client_free(c);
}

static void on_readable(struct bufferevent *stream, void *arg)
{
	struct client *c = arg;
	struct evbuffer *in = bufferevent_get_input(stream);
	vg_cleanup(vg_freep) char *head = NULL;
	struct evbuffer_ptr end;
	size_t size;

	end = evbuffer_search(in, "\r\n\r\n", 4, NULL);
	size = evbuffer_get_length(in);
	if (end.pos < 0 && size < VG_HTTP_REQUEST && !c->answered)
		return;

	head = calloc(1, size + 1);
	if (head)
		evbuffer_copyout(in, head, size);
	evbuffer_drain(in, size);
	if (!c->answered)
		answer(c, head && end.pos >= 0 ? vg_http_judge(head) : 400);
}

static void on_written(struct bufferevent *stream, void *arg)
{
	struct client *c = arg;

	if (c->answered &&
	    evbuffer_get_length(bufferevent_get_output(stream)) == 0)
		client_free(c);
}

static void on_event(struct bufferevent *stream, short what, void *arg)
{
	(void)stream;
	(void)what;
	client_free(arg);
}

static void on_deadline(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	client_free(arg);
}

static int client_start(struct client *c, int *fd)
{
	static const struct timeval patience = {.tv_sec = VG_HTTP_PATIENCE_S};

	c->deadline = evtimer_new(c->http->base, on_deadline, c);
	if (!c->deadline || evtimer_add(c->deadline, &patience) < 0)
		return -ENOMEM;
	c->stream = bufferevent_socket_new(c->http->base, *fd,
					   BEV_OPT_CLOSE_ON_FREE);
	if (!c->stream)
		return -ENOMEM;

	(void)VG_TAKE_FD(*fd);
	bufferevent_setcb(c->stream, on_readable, on_written, on_event, c);
	bufferevent_setwatermark(c->stream, EV_READ, 0, VG_HTTP_REQUEST);
	return bufferevent_enable(c->stream, EV_READ | EV_WRITE) < 0 ? -EIO : 0;
}

static void on_accept(struct evconnlistener *listener, evutil_socket_t sock,
		      struct sockaddr *from, int size, void *arg)
{
	struct vg_http *h = arg;
	vg_cleanup(vg_fd_closep) int fd = sock;
	struct client *c;

	(void)listener;
	(void)from;
	(void)size;
	if (h->n >= VG_HTTP_CLIENTS)
		return;
	c = calloc(1, sizeof(*c));
	if (!c)
		return;

	c->http = h;
	TAILQ_INSERT_TAIL(&h->clients, c, all);
	h->n++;
	if (client_start(c, &fd) < 0)
		client_free(c);
}

int vg_http_new(struct event_base *base, int listen_fd, vg_http_fill fill,
		void *ctx, struct vg_http **ret)
{
	vg_cleanup(vg_http_freep) struct vg_http *h = NULL;

	if (evutil_make_socket_nonblocking(listen_fd) < 0)
		return -errno;

	h = calloc(1, sizeof(*h));
	if (!h)
		return -ENOMEM;

	h->base = base;
	h->fill = fill;
	h->ctx = ctx;
	TAILQ_INIT(&h->clients);
	h->listener = evconnlistener_new(
		base, on_accept, h,
		LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 0, listen_fd);
	if (!h->listener)
		return -ENOMEM;

	*ret = VG_TAKE_PTR(h);
	return 0;
}

void vg_http_freep(struct vg_http **h)
{
	struct client *c;

	if (!*h)
		return;
	while ((c = TAILQ_FIRST(&(*h)->clients)))
		client_free(c);
	if ((*h)->listener)
		evconnlistener_free((*h)->listener);
	free(*h);
	*h = NULL;
}
