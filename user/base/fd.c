/* SPDX-License-Identifier: Apache-2.0 */
#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"

#define READ_FIRST 4096
#define FDS_MAX	   8 /* received at once; the kernel closes what does not fit */

void vg_fd_closep(int *fd)
{
	const int saved = errno;

	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
	errno = saved;
}

/* At most SIZE octets; less only at the end of the file. */
static ssize_t read_all(int fd, char *data, size_t size)
{
	size_t have = 0;

	while (have < size) {
		ssize_t n = read(fd, data + have, size - have);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		have += (size_t)n;
	}
	return (ssize_t)have;
}

static int grow(char **data, size_t capacity)
{
	char *grown = realloc(*data, capacity);

	if (!grown)
		return -ENOMEM;
	*data = grown;
	return 0;
}

int vg_fd_read(int fd, size_t max, char **ret, size_t *ret_size)
{
	vg_cleanup(vg_freep) char *data = NULL;
	size_t capacity = 0, size = 0;
	ssize_t n;
	int r;

	/* Files of /proc have no size to go by: grow until the end. */
	while (size == capacity) {
		if (size > max)
			return -EFBIG;
		capacity = capacity ? capacity * 2 : READ_FIRST;
		if (capacity > max)
			capacity = max + 1;
		r = grow(&data, capacity + 1);
		if (r < 0)
			return r;
		n = read_all(fd, data + size, capacity - size);
		if (n < 0)
			return (int)n;
		size += (size_t)n;
	}

	data[size] = '\0';
	*ret = VG_TAKE_PTR(data);
	*ret_size = size;
	return 0;
}

int vg_file_read(int dir_fd, const char *path, size_t max, char **ret,
		 size_t *ret_size)
{
	vg_cleanup(vg_fd_closep) int fd = -1;

	/* Non-blocking, so that a FIFO in the place of a file hangs nobody. */
	fd = openat(dir_fd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return -errno;
	return vg_fd_read(fd, max, ret, ret_size);
}

int vg_fd_send(int sock, const void *data, size_t size, int fd)
{
	/* Aligned, and zero throughout: it goes to another process. */
	union {
		char space[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = {0};
	struct iovec part = {.iov_base = (void *)data, .iov_len = size};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
	struct cmsghdr *header;
	ssize_t n;

	if (size == 0)
		return -EINVAL; /* would read as the end of the connection */
	if (fd >= 0) {
		message.msg_control = control.space;
		message.msg_controllen = sizeof(control.space);
		header = CMSG_FIRSTHDR(&message);
		header->cmsg_level = SOL_SOCKET;
		header->cmsg_type = SCM_RIGHTS;
		header->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(header), &fd, sizeof(fd));
	}

	do {
		n = sendmsg(sock, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
	} while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : 0;
}

/* The first fd of MESSAGE, or -1; the others are closed. */
static int take_first_fd(struct msghdr *message)
{
	struct cmsghdr *header = CMSG_FIRSTHDR(message);
	int first = -1;
	size_t n;

	if (!header || header->cmsg_level != SOL_SOCKET ||
	    header->cmsg_type != SCM_RIGHTS)
		return -1;

	n = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
	for (size_t i = 0; i < n; i++) {
		int fd;

		memcpy(&fd, CMSG_DATA(header) + i * sizeof(int), sizeof(fd));
		if (i == 0)
			first = fd;
		else
			vg_fd_closep(&fd);
	}
	return first;
}

ssize_t vg_fd_recv(int sock, void *data, size_t size, int *ret_fd)
{
	union {
		char space[CMSG_SPACE(FDS_MAX * sizeof(int))];
		struct cmsghdr align;
	} control = {0};
	struct iovec part = {.iov_base = data, .iov_len = size};
	struct msghdr message = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = control.space,
		.msg_controllen = sizeof(control.space),
	};
	vg_cleanup(vg_fd_closep) int fd = -1;
	ssize_t n;

	do {
		n = recvmsg(sock, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;

	fd = take_first_fd(&message);
	if (message.msg_flags & MSG_TRUNC)
		return -EMSGSIZE;

	*ret_fd = VG_TAKE_FD(fd);
	return n;
}
