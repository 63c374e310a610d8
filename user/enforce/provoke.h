/* SPDX-License-Identifier: Apache-2.0 */
/*
 * provoke -- system calls that a layer must refuse when nothing is granted.
 *
 * For the child of selftest.c: single-threaded, in a cgroup of its own, after
 * fork.  Only loopback is addressed, at the discard port.  Does not log.
 */
#pragma once

#include "verigress/abi.h"

/*
 * Before the layer is attached: the socket, connected already where the layer
 * is to see only the packet.  -EAFNOSUPPORT or -EADDRNOTAVAIL: no IPv6 here.
 */
int vg_provoke_prepare(enum vg_layer layer, int *ret_fd);

/* 0 when it was let through, else what the caller of the system call got. */
int vg_provoke(enum vg_layer layer, int fd);
