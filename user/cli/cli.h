/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli -- what the commands of `verigress` share.
 *
 * One verb, one function in the table of main.c.  ARGV[0] is the verb; each
 * function parses its own options and returns the exit status of design.md
 * section 8.  Data goes to stdout, talk to stderr.
 */
#pragma once

#include <stdbool.h>

#include "verigress/control.h"

/* Commands that need no daemon, in files of their own. */
int vg_cmd_check(int argc, char **argv);
int vg_cmd_verify(int argc, char **argv);
int vg_cmd_run(int argc, char **argv);

/* Those that ask the daemon (cmd_control.c). */
int vg_cmd_control(int argc, char **argv);

/* stdout (or stderr) is a terminal, NO_COLOR is unset or empty, TERM is not
 * "dumb". */
bool vg_cli_colour(int fd);

/* "verigress VERB: TEXT" and where help is, on stderr; returns VG_EXIT_USAGE. */
__attribute__((format(printf, 2, 3))) int vg_cli_usage(const char *verb,
						       const char *format, ...);

/* The help text of VERB (the table of help.c) on stdout; returns VG_EXIT_OK. */
int vg_cli_help(const char *verb);
