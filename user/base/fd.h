/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fd -- file descriptors: owning, reading whole small files, passing.
 *
 * Called from everywhere, any thread.  Every fd made here is CLOEXEC.
 * Returns 0 or -errno.  Does not log.
 */
#pragma once

#include <stddef.h>
#include <sys/types.h>

/* Close *FD unless it is negative, and set it to -1.  Keeps errno. */
void vg_fd_closep(int *fd);

/*
 * Read the file at PATH (relative to DIR_FD, or AT_FDCWD) whole, at most MAX
 * octets; a NUL is appended that SIZE does not count.  -EFBIG when longer,
 * -EISDIR and the like from the kernel.  The caller frees *RET.
 */
int vg_file_read(int dir_fd, const char *path, size_t max, char **ret,
		 size_t *ret_size);

/* The same for FD, from where it stands to its end. */
int vg_fd_read(int fd, size_t max, char **ret, size_t *ret_size);

/*
 * One message of SIZE octets with at most one fd (FD, or -1) over a
 * SOCK_SEQPACKET socket.  -EAGAIN when it would block, -EMSGSIZE when too
 * long.  FD stays the caller's.
 */
int vg_fd_send(int sock, const void *data, size_t size, int fd);

/*
 * Receive one message of at most SIZE octets and at most one fd (*RET_FD, -1
 * when none came; further ones are closed).  Returns the length, 0 at the end
 * of the connection, -EAGAIN, or -EMSGSIZE when it was cut (it is then lost).
 */
ssize_t vg_fd_recv(int sock, void *data, size_t size, int *ret_fd);
