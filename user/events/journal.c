/* SPDX-License-Identifier: Apache-2.0 */
#include "events/journal.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/fd.h"

#define MESSAGE_MAX (48U << 10) /* below what a datagram may be by default */

struct vg_journal {
	int fd;
	struct sockaddr_un to;
	struct vg_buf message;
	uint64_t lost;
};

int vg_journal_new(const char *path, struct vg_journal **ret)
{
	vg_cleanup(vg_journal_freep) struct vg_journal *j = NULL;

	if (strlen(path) >= sizeof(j->to.sun_path))
		return -ENAMETOOLONG;
	if (access(path, F_OK) < 0)
		return -errno;

	j = calloc(1, sizeof(*j));
	if (!j)
		return -ENOMEM;

	j->message.max = MESSAGE_MAX;
	j->to.sun_family = AF_UNIX;
	memcpy(j->to.sun_path, path, strlen(path) + 1);
	j->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (j->fd < 0)
		return -errno;

	*ret = VG_TAKE_PTR(j);
	return 0;
}

void vg_journal_freep(struct vg_journal **j)
{
	if (!*j)
		return;
	vg_fd_closep(&(*j)->fd);
	vg_buf_freep(&(*j)->message);
	free(*j);
	*j = NULL;
}

/*
 * Each value with its length before it: nothing that it holds (a newline, say)
 * can become a field of its own.
 */
static void add_field(struct vg_buf *b, const char *name, const char *value)
{
	const uint64_t size = htole64(strlen(value));

	vg_buf_puts(b, name);
	vg_buf_puts(b, "\n");
	vg_buf_add(b, &size, sizeof(size));
	vg_buf_puts(b, value);
	vg_buf_puts(b, "\n");
}

static int encode(struct vg_buf *b, int priority, const char *message,
		  const struct vg_journal_field fields[VG_JOURNAL_FIELDS])
{
	const char digit[] = {(char)('0' + (priority & 7)), '\0'};

	vg_buf_clear(b);
	add_field(b, "MESSAGE", message);
	add_field(b, "PRIORITY", digit);
	add_field(b, "SYSLOG_IDENTIFIER", "verigressd");
	for (int i = 0; i < VG_JOURNAL_FIELDS; i++)
		if (fields[i].name && fields[i].value)
			add_field(b, fields[i].name, fields[i].value);
	return vg_buf_error(b);
}

/* Not connected: journald may be restarted between two messages. */
static int send_message(const struct vg_journal *j)
{
	ssize_t n;

	n = sendto(j->fd, j->message.data, j->message.size,
		   MSG_DONTWAIT | MSG_NOSIGNAL, (const struct sockaddr *)&j->to,
		   sizeof(j->to));
	return n < 0 ? -errno : 0;
}

int vg_journal_put(struct vg_journal *j, int priority, const char *message,
		   const struct vg_journal_field fields[VG_JOURNAL_FIELDS])
{
	int r;

	r = encode(&j->message, priority, message, fields);
	if (r == 0)
		r = send_message(j);
	if (r < 0)
		j->lost++;
	return r;
}

uint64_t vg_journal_lost(const struct vg_journal *j)
{
	return j->lost;
}
