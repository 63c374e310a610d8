/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client -- asks the daemon, and prints what it answers.
 *
 * Blocking; no library but libc.  Does not log: the caller says what failed.
 */
#pragma once

#include "control/codec.h"

#define VG_RUN_DIR "/run/verigress"
#define VG_BPFFS   "/sys/fs/bpf/verigress"

/* --run-dir if given, else VERIGRESS_RUN_DIR, else VG_RUN_DIR. */
const char *vg_client_run_dir(const char *option);

/*
 * Send Q to the daemon of RUN_DIR and copy its answer to the fds OUT and ERR.
 * Returns the exit status it gave (0..125).  -ENOENT or -ECONNREFUSED: nobody
 * listens; -EACCES; -EPIPE: our reader went away; -EPROTO and -EBADMSG: it
 * does not speak our language; -ECONNRESET: it went away in the middle.
 */
int vg_client_ask(const char *run_dir, const struct vg_request *q, int out,
		  int err);
