/* SPDX-License-Identifier: Apache-2.0 */
#include "control/server.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <event2/util.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/log.h"

#define REQUEST_MAX (VG_CONTROL_HEADER + VG_CONTROL_PAYLOAD)

/*
 * A session lives until its last octet was written or its client is gone.  It
 * is freed only from callbacks of the loop, never inside a call of a handler.
 */
struct vg_session {
	struct vg_server *server;
	struct bufferevent *stream;
	struct event *deadline; /* of the request; NULL once it came */
	struct vg_peer peer;
	vg_session_gone gone;
	void *gone_arg;
	uint64_t lost; /* lines */
	uint64_t told;
	size_t owed; /* of what waits, what came before the first line */
	bool lines;
	bool asked;
	bool ended;
	bool cut; /* the answer was too long */
	TAILQ_ENTRY(vg_session) all;
};

struct vg_server {
	struct vg_server_setup setup;
	struct evconnlistener *listener;
	TAILQ_HEAD(, vg_session) sessions;
	uint32_t n;
};

static struct evbuffer *output_of(const struct vg_session *s)
{
	return bufferevent_get_output(s->stream);
}

static void session_free(struct vg_session *s)
{
	TAILQ_REMOVE(&s->server->sessions, s, all);
	s->server->n--;
	if (s->deadline)
		event_free(s->deadline);
	if (s->stream)
		bufferevent_free(s->stream); /* closes the socket */
	free(s);
}

/* The client is gone, or has to go. */
static void session_drop(struct vg_session *s)
{
	const vg_session_gone gone = s->gone;

	s->gone = NULL;
	if (gone)
		gone(s->gone_arg, s);
	session_free(s);
}

/* ---- answers ------------------------------------------------------------- */

static void send_text(struct vg_session *s, enum vg_frame_type type,
		      const char *text, size_t size)
{
	vg_cleanup(vg_buf_freep) struct vg_buf frames = {0};

	vg_frame_text(&frames, type, text, size);
	if (vg_buf_error(&frames) < 0 ||
	    bufferevent_write(s->stream, vg_buf_text(&frames), frames.size) < 0)
		s->cut = true;
}

static void answer(struct vg_session *s, enum vg_frame_type type,
		   const char *text)
{
	const size_t size = strlen(text);
	const size_t waiting = evbuffer_get_length(output_of(s));

	if (s->cut || size > VG_SERVER_OUTPUT ||
	    waiting > VG_SERVER_OUTPUT - size)
		s->cut = true;
	else
		send_text(s, type, text, size);
}

void vg_session_out(struct vg_session *s, const char *text)
{
	answer(s, VG_FRAME_OUT, text);
}

void vg_session_err(struct vg_session *s, const char *text)
{
	answer(s, VG_FRAME_ERR, text);
}

void vg_session_errf(struct vg_session *s, const char *format, ...)
{
	vg_cleanup(vg_freep) char *text = NULL;
	va_list args;
	int n;

	va_start(args, format);
	n = vasprintf(&text, format, args);
	va_end(args);
	if (n < 0) {
		text = NULL;
		s->cut = true;
		return;
	}
	vg_session_err(s, text);
}

static void tell_lost(struct vg_session *s)
{
	if (s->lost == s->told)
		return;
	vg_session_errf(s, "%llu lines were lost: this reader is too slow\n",
			(unsigned long long)(s->lost - s->told));
	s->told = s->lost;
}

/* Octets of lines that wait.  An answer before them is not held against them. */
static size_t lines_waiting(struct vg_session *s)
{
	const size_t waiting = evbuffer_get_length(output_of(s));

	if (!s->lines || waiting < s->owed)
		s->owed = waiting;
	if (!s->lines)
		bufferevent_set_timeouts(s->stream, NULL, NULL);
	s->lines = true;
	return waiting - s->owed;
}

bool vg_session_line(struct vg_session *s, const char *line)
{
	const size_t size = strlen(line);
	const size_t waiting = lines_waiting(s);

	if (s->cut || size > VG_SERVER_LINES ||
	    waiting > VG_SERVER_LINES - size) {
		s->lost++;
		return false;
	}
	tell_lost(s);
	send_text(s, VG_FRAME_OUT, line, size);
	send_text(s, VG_FRAME_OUT, "\n", 1);
	return true;
}

uint64_t vg_session_lost(const struct vg_session *s)
{
	return s->lost;
}

/* A client may stop reading for so long, but not keep its place for ever. */
static void set_drain(struct vg_session *s)
{
	static const struct timeval drain = {.tv_sec = VG_SERVER_DRAIN_S};

	bufferevent_set_timeouts(s->stream, NULL, &drain);
}

void vg_session_end(struct vg_session *s, uint8_t status)
{
	vg_cleanup(vg_buf_freep) struct vg_buf end = {0};
	static const char cut[] = "the answer is too long and was cut\n";

	tell_lost(s);
	if (s->cut) {
		vg_frame_text(&end, VG_FRAME_ERR, cut, sizeof(cut) - 1);
		status = status ? status : VG_EXIT_REFUSED;
	}
	vg_frame_end(&end, status);
	s->gone = NULL;
	s->ended = true;
	set_drain(s);
	/* Without memory for it the client sees the connection break. */
	(void)bufferevent_write(s->stream, vg_buf_text(&end), end.size);
	bufferevent_trigger(s->stream, EV_WRITE, BEV_TRIG_DEFER_CALLBACKS);
}

void vg_session_keep(struct vg_session *s, vg_session_gone gone, void *arg)
{
	if (s->ended)
		return;
	s->gone = gone;
	s->gone_arg = arg;
}

const struct vg_peer *vg_session_peer(const struct vg_session *s)
{
	return &s->peer;
}

/* ---- requests ------------------------------------------------------------ */

static void refuse(struct vg_session *s, const char *text)
{
	vg_debug("control: pid %d, uid %u: %s", s->peer.pid, s->peer.uid, text);
	vg_session_errf(s, "%s\n", text);
	vg_session_end(s, VG_EXIT_REFUSED);
}

static const char inside_text[] =
	"refused: a confined process may not talk to verigressd";

static bool is_inside(const struct vg_server *server, const struct vg_peer *p)
{
	return server->setup.confined(server->setup.ctx, p->cgroup);
}

/*
 * `hold` comes from inside: an ExecStartPre= runs in the cgroup that it asks
 * for, which may be confined by then.  It can only close.
 */
static void dispatch(struct vg_session *s, const struct vg_request *q)
{
	const struct vg_server_setup *setup = &s->server->setup;

	if (q->verb != VG_VERB_HOLD && is_inside(s->server, &s->peer))
		refuse(s, inside_text);
	else if (!vg_peer_may(&s->peer, vg_verb_info(q->verb)->permission))
		refuse(s, "permission denied: only root may change anything");
	else if (!setup->handlers[q->verb])
		refuse(s, "this daemon does not know that command");
	else
		setup->handlers[q->verb](setup->ctx, s, q);
}

static void request_came(struct vg_session *s, const struct vg_frame *f)
{
	struct vg_request q;

	s->asked = true;
	event_free(s->deadline);
	s->deadline = NULL;
	set_drain(s);
	if (f->type != VG_FRAME_REQUEST ||
	    vg_request_decode(f->data, f->size, &q) < 0)
		refuse(s, "the request was not understood; do verigress and "
			  "verigressd have the same version?");
	else
		dispatch(s, &q);
}

/* One request a connection; what comes after it is of no interest. */
static void on_readable(struct bufferevent *stream, void *arg)
{
	struct vg_session *s = arg;
	struct evbuffer *in = bufferevent_get_input(stream);
	struct vg_frame frame;
	ssize_t n;

	if (s->asked) {
		evbuffer_drain(in, evbuffer_get_length(in));
		return;
	}
	n = vg_frame_decode(evbuffer_pullup(in, -1), evbuffer_get_length(in),
			    &frame);
	if (n == 0)
		return;
	if (n < 0)
		frame = (struct vg_frame){.type = VG_FRAME_TYPES};
	request_came(s, &frame);
	evbuffer_drain(in, evbuffer_get_length(in));
}

static void on_written(struct bufferevent *stream, void *arg)
{
	struct vg_session *s = arg;

	(void)stream;
	if (s->ended && evbuffer_get_length(output_of(s)) == 0)
		session_free(s);
}

/* End of file, error, or it stopped taking the answer. */
static void on_event(struct bufferevent *stream, short what, void *arg)
{
	(void)stream;
	(void)what;
	session_drop(arg);
}

static void on_deadline(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	session_drop(arg);
}

/* ---- connections --------------------------------------------------------- */

static int session_start(struct vg_session *s, int fd)
{
	static const struct timeval patience = {
		.tv_sec = VG_SERVER_PATIENCE_S,
	};
	struct event_base *base = s->server->setup.base;

	s->deadline = evtimer_new(base, on_deadline, s);
	if (!s->deadline || evtimer_add(s->deadline, &patience) < 0)
		return -ENOMEM;
	s->stream = bufferevent_socket_new(base, fd, BEV_OPT_CLOSE_ON_FREE);
	if (!s->stream)
		return -ENOMEM;

	bufferevent_setcb(s->stream, on_readable, on_written, on_event, s);
	bufferevent_setwatermark(s->stream, EV_READ, 0, REQUEST_MAX);
	if (bufferevent_enable(s->stream, EV_READ | EV_WRITE) < 0)
		return -EIO;
	return 0;
}

static int session_new(struct vg_server *server, int *fd,
		       const struct vg_peer *peer)
{
	struct vg_session *s;
	int r;

	s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;

	s->server = server;
	s->peer = *peer;
	TAILQ_INSERT_TAIL(&server->sessions, s, all);
	server->n++;
	r = session_start(s, *fd);
	if (s->stream)
		(void)VG_TAKE_FD(*fd); /* closed with the stream */
	if (r < 0)
		session_free(s);
	return r;
}

/* NULL: welcome. */
static const char *why_not(const struct vg_server *server,
			   const struct vg_peer *p)
{
	const bool inside = is_inside(server, p);
	const uint32_t places = p->uid == 0 && !inside
					? VG_SERVER_CLIENTS
					: VG_SERVER_CLIENTS - VG_SERVER_ROOT;

	if (inside && p->uid != 0)
		return inside_text;
	if (!vg_peer_may(p, VG_ACCESS_READ))
		return "permission denied: only root and the group "
		       "\"" VG_CONTROL_GROUP "\" may ask";
	if (server->n >= places)
		return "verigressd has too many clients; try again";
	return NULL;
}

/* A few octets into an empty socket: no session is needed for that. */
static void send_away(int fd, const char *text)
{
	vg_cleanup(vg_buf_freep) struct vg_buf b = {0};

	vg_frame_text(&b, VG_FRAME_ERR, text, strlen(text));
	vg_frame_text(&b, VG_FRAME_ERR, "\n", 1);
	vg_frame_end(&b, VG_EXIT_REFUSED);
	(void)send(fd, vg_buf_text(&b), b.size, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void on_accept(struct evconnlistener *listener, evutil_socket_t sock,
		      struct sockaddr *from, int size, void *arg)
{
	struct vg_server *server = arg;
	vg_cleanup(vg_fd_closep) int fd = sock;
	struct vg_peer peer = {0};
	const char *refusal;

	(void)listener;
	(void)from;
	(void)size;
	if (server->setup.identify(fd, server->setup.group, &peer) < 0)
		refusal = "permission denied: who you are could not be told";
	else
		refusal = why_not(server, &peer);
	if (!refusal && session_new(server, &fd, &peer) < 0)
		refusal = "verigressd is out of memory";
	if (!refusal)
		return;

	vg_debug("control: pid %d, uid %u: %s", peer.pid, peer.uid, refusal);
	if (fd >= 0)
		send_away(fd, refusal);
}

int vg_server_new(const struct vg_server_setup *setup, struct vg_server **ret)
{
	vg_cleanup(vg_server_freep) struct vg_server *server = NULL;
	const unsigned int flags =
		LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC;

	if (evutil_make_socket_nonblocking(setup->listen_fd) < 0)
		return -errno;

	server = calloc(1, sizeof(*server));
	if (!server)
		return -ENOMEM;

	server->setup = *setup;
	TAILQ_INIT(&server->sessions);
	server->listener = evconnlistener_new(setup->base, on_accept, server,
					      flags, 0, setup->listen_fd);
	if (!server->listener)
		return -ENOMEM;

	*ret = VG_TAKE_PTR(server);
	return 0;
}

void vg_server_freep(struct vg_server **server)
{
	struct vg_session *s;

	if (!*server)
		return;
	while ((s = TAILQ_FIRST(&(*server)->sessions))) {
		/* What was answered but not sent, as far as it fits. */
		(void)evbuffer_write(output_of(s),
				     bufferevent_getfd(s->stream));
		session_drop(s);
	}
	if ((*server)->listener)
		evconnlistener_free((*server)->listener);
	free(*server);
	*server = NULL;
}

uint32_t vg_server_clients(const struct vg_server *server)
{
	return server->n;
}
