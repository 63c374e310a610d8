/* SPDX-License-Identifier: Apache-2.0 */
#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/cleanup.h"

static char dir[] = "/tmp/verigress-fd.XXXXXX";

static int make_dir(void **state)
{
	(void)state;
	return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state)
{
	(void)state;
	return rmdir(dir);
}

static int write_file(int at, const char *name, size_t size)
{
	vg_cleanup(vg_fd_closep) int fd = -1;
	vg_cleanup(vg_freep) char *data = malloc(size + 1);

	memset(data, 'x', size);
	fd = openat(at, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	return fd >= 0 && write(fd, data, size) == (ssize_t)size ? 0 : -1;
}

static void whole_files_up_to_a_bound(void **state)
{
	static const size_t sizes[] = {0,    1,	   4095, 4096,
				       4097, 8192, 9999, 10000};
	vg_cleanup(vg_fd_closep) int at = open(dir, O_DIRECTORY | O_CLOEXEC);

	(void)state;
	for (size_t i = 0; i < VG_ARRAY_LEN(sizes); i++) {
		vg_cleanup(vg_freep) char *text = NULL;
		size_t size = 0;

		assert_int_equal(write_file(at, "f", sizes[i]), 0);
		assert_int_equal(vg_file_read(at, "f", 10000, &text, &size), 0);
		assert_int_equal(size, sizes[i]);
		assert_int_equal(strlen(text), size);
	}
	assert_int_equal(unlinkat(at, "f", 0), 0);
}

static void what_cannot_be_read_leaves_ret_alone(void **state)
{
	vg_cleanup(vg_fd_closep) int at = open(dir, O_DIRECTORY | O_CLOEXEC);
	char *text = NULL;
	size_t size = 7;

	(void)state;
	assert_int_equal(write_file(at, "f", 101), 0);
	assert_int_equal(vg_file_read(at, "f", 100, &text, &size), -EFBIG);
	assert_int_equal(vg_file_read(at, "none", 100, &text, &size), -ENOENT);
	assert_int_equal(vg_file_read(at, ".", 100, &text, &size), -EISDIR);
	assert_null(text);
	assert_int_equal(size, 7);
	assert_int_equal(unlinkat(at, "f", 0), 0);
}

static void a_file_without_a_size(void **state)
{
	vg_cleanup(vg_freep) char *text = NULL;
	size_t size = 0;

	(void)state;
	assert_int_equal(vg_file_read(AT_FDCWD, "/proc/self/maps", 1 << 20,
				      &text, &size),
			 0);
	assert_true(size > 1000);
	assert_int_equal(text[size - 1], '\n');
}

static void a_fifo_hangs_nobody(void **state)
{
	vg_cleanup(vg_fd_closep) int at = open(dir, O_DIRECTORY | O_CLOEXEC);
	vg_cleanup(vg_freep) char *text = NULL;
	size_t size = 7;

	(void)state;
	assert_int_equal(mkfifoat(at, "fifo", 0600), 0);
	assert_int_equal(vg_file_read(at, "fifo", 100, &text, &size), 0);
	assert_int_equal(size, 0);
	assert_int_equal(unlinkat(at, "fifo", 0), 0);
}

static void closing_keeps_errno(void **state)
{
	int fd = dup(0), none = -1;

	(void)state;
	errno = ENOTTY;
	vg_fd_closep(&fd);
	vg_fd_closep(&none);
	assert_int_equal(fd, -1);
	assert_int_equal(none, -1);
	assert_int_equal(errno, ENOTTY);
}

static void pair(int ret[static 2])
{
	assert_int_equal(
		socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ret), 0);
}

static int count_fds(void)
{
	int n = 0;

	for (int fd = 0; fd < 256; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			n++;
	return n;
}

static void a_message_with_and_without_fd(void **state)
{
	char data[16];
	int sock[2], fd = 99;
	struct stat sent, got;

	(void)state;
	pair(sock);
	assert_int_equal(vg_fd_recv(sock[1], data, sizeof(data), &fd), -EAGAIN);
	assert_int_equal(fd, 99);

	assert_int_equal(vg_fd_send(sock[0], "hello", 5, -1), 0);
	assert_int_equal(vg_fd_recv(sock[1], data, sizeof(data), &fd), 5);
	assert_memory_equal(data, "hello", 5);
	assert_int_equal(fd, -1);

	assert_int_equal(vg_fd_send(sock[0], "x", 1, sock[0]), 0);
	assert_int_equal(vg_fd_recv(sock[1], data, sizeof(data), &fd), 1);
	assert_true(fd >= 0);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	assert_int_equal(fstat(sock[0], &sent), 0);
	assert_int_equal(fstat(fd, &got), 0);
	assert_int_equal(sent.st_ino, got.st_ino);
	vg_fd_closep(&fd);

	assert_int_equal(vg_fd_send(sock[0], "", 0, -1), -EINVAL);
	vg_fd_closep(&sock[0]);
	assert_int_equal(vg_fd_recv(sock[1], data, sizeof(data), &fd), 0);
	assert_int_equal(vg_fd_send(sock[1], "x", 1, -1), -EPIPE);
	vg_fd_closep(&sock[1]);
}

static void a_cut_message_is_an_error(void **state)
{
	char data[4];
	int sock[2], fd = 99;
	const int before = count_fds();

	(void)state;
	pair(sock);
	assert_int_equal(vg_fd_send(sock[0], "12345", 5, sock[0]), 0);
	assert_int_equal(vg_fd_recv(sock[1], data, sizeof(data), &fd),
			 -EMSGSIZE);
	assert_int_equal(fd, 99);
	vg_fd_closep(&sock[0]);
	vg_fd_closep(&sock[1]);
	assert_int_equal(count_fds(), before);
}

/* Send N copies of FD in one message, as a hostile peer may. */
static void send_fds(int sock, int fd, size_t n)
{
	char space[CMSG_SPACE(64 * sizeof(int))];
	struct iovec part = {.iov_base = "x", .iov_len = 1};
	struct msghdr message = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = space,
		.msg_controllen = CMSG_SPACE(n * sizeof(int)),
	};
	struct cmsghdr *header;

	memset(space, 0, sizeof(space));
	header = CMSG_FIRSTHDR(&message);
	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(n * sizeof(int));
	for (size_t i = 0; i < n; i++)
		memcpy(CMSG_DATA(header) + i * sizeof(int), &fd, sizeof(fd));
	assert_int_equal(sendmsg(sock, &message, 0), 1);
}

static void further_fds_are_closed(void **state)
{
	static const size_t counts[] = {2, 8, 9, 64};
	char data[4];
	int sock[2], fd;
	const int before = count_fds();

	(void)state;
	for (size_t i = 0; i < VG_ARRAY_LEN(counts); i++) {
		pair(sock);
		send_fds(sock[0], sock[0], counts[i]);
		fd = -1;
		assert_int_equal(vg_fd_recv(sock[1], data, sizeof(data), &fd),
				 1);
		assert_true(fd >= 0);
		vg_fd_closep(&fd);
		vg_fd_closep(&sock[0]);
		vg_fd_closep(&sock[1]);
		assert_int_equal(count_fds(), before);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_files_up_to_a_bound),
		cmocka_unit_test(what_cannot_be_read_leaves_ret_alone),
		cmocka_unit_test(a_file_without_a_size),
		cmocka_unit_test(a_fifo_hangs_nobody),
		cmocka_unit_test(closing_keeps_errno),
		cmocka_unit_test(a_message_with_and_without_fd),
		cmocka_unit_test(a_cut_message_is_an_error),
		cmocka_unit_test(further_fds_are_closed),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
