/* SPDX-License-Identifier: Apache-2.0 */
/* What `verigress help` and `verigress COMMAND --help` print. */
#include "cli/cli.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"

static const struct text {
	const char *verb;
	const char *usage;
	const char *does;
	const char *options; /* "" for none */
	bool alone; /* asks no daemon */
} texts[] = {
	{"check", "[-j] [FILE|DIR...]",
	 "Checks policy files: syntax, schema, contradictions. Needs no "
	 "daemon,\n"
	 "no root, no network. Without arguments: /etc/verigress/policy.d.\n"
	 "Exit status: 0 fine, 1 errors, 2 usage.",
	 "  --config FILE      check the daemon's file, too\n", true},
	{"verify", "[-j] [FILE|DIR...]",
	 "Verifies every endpoint of the policy as the daemon would, and "
	 "prints\n"
	 "what it found. Needs no daemon and no root.\n"
	 "Exit status: 0 all granted, 1 something refused, 2 usage.",
	 "  --config FILE      the daemon's file, for its resolver\n"
	 "                     (/etc/verigress/verigress.yaml)\n",
	 true},
	{"run", "-p FILE [OPTION...] -- COMMAND...",
	 "Confines one command by a policy file, in a cgroup of its own, and\n"
	 "reports the denials at its end. Needs root, but no daemon.\n"
	 "Exit status: that of COMMAND; 99 with --fail-on-deny and a denial;\n"
	 "125 when run itself failed, 126 when COMMAND cannot be executed, "
	 "127\n"
	 "when it is not found; 2 for usage and errors in the policy.",
	 "  -p, --policy FILE  the policy\n"
	 "  --fail-on-deny     99 when anything was refused\n"
	 "  --user USER        run COMMAND as USER; default who called sudo\n"
	 "  --report FILE      write the report there; default stderr\n"
	 "  --config FILE      the daemon's file\n"
	 "                     (/etc/verigress/verigress.yaml)\n"
	 "  --bpffs DIR        below which to pin (/sys/fs/bpf)\n"
	 "  --cgroup-root DIR  below which to make the cgroup; default the\n"
	 "                     cgroup2 mount\n",
	 true},
	{"hold", "[-j] SERVICE",
	 "Confines the service's cgroup now, and returns when its layers are "
	 "in\n"
	 "force: for ExecStartPre=+, so that no start is ever open.\n"
	 "Exit status: 0 confined, 1 not, 2 usage.",
	 "", false},
	{"status", "[-j]",
	 "Says whether everything that should protect does: layers, services,\n"
	 "leases, losses.\n"
	 "Exit status: 0 fine, 1 degraded, 3 the daemon is down (and what the\n"
	 "kernel still enforces).",
	 "  --bpffs DIR        where the pins are (/sys/fs/bpf/verigress)\n",
	 false},
	{"list", "[-j]", "Lists the services and their state.", "", false},
	{"show", "[-j] SERVICE",
	 "Shows a service: rule, name, address, proof, end of the lease.", "",
	 false},
	{"why", "[-j] SERVICE HOST[:PORT]|ADDRESS:PORT",
	 "Says what would happen to a connection, and why, without sending\n"
	 "anything. An IPv6 address with a port is written [ADDRESS]:PORT.\n"
	 "Exit status: 0 granted, 1 refused, 2 usage.",
	 "", false},
	{"watch", "[-j] [-f] [--service SERVICE] [--since TIME]",
	 "Prints events: denials, flow ends, findings, leases.",
	 "  -f, --follow       go on with what comes\n"
	 "  -s, --service S    only those of service S\n"
	 "  --since TIME       from TIME on: 10m ago, or "
	 "2026-11-21T10:02:11Z,\n"
	 "                     or 10:02Z today. Default: all that is "
	 "remembered;\n"
	 "                     with -f: nothing of it\n",
	 false},
	{"reload", "[-j] [--wait]",
	 "Reads the policy directory again. All or nothing: any error changes\n"
	 "nothing.\n"
	 "Exit status: 0 applied, 1 errors, 2 usage.",
	 "  --wait             return when every endpoint was judged\n", false},
	{"diff", "[-j]",
	 "Says what `reload` would change, and changes nothing.\n"
	 "Exit status: 0 read, 1 errors in the policy, 2 usage.",
	 "", false},
	{"flush", "[-j] SERVICE",
	 "Cuts the open connections of a service. It may connect again.", "",
	 false},
	{"lockdown", "[-j] [--lift] SERVICE",
	 "Refuses everything that a service sends, at once.",
	 "  --lift             end the lockdown\n", false},
	{"version", "[-j]",
	 "Prints the version of this program, and that of the daemon if it\n"
	 "answers.",
	 "", false},
};

static const char general[] =
	"usage: verigress COMMAND [OPTION...] [ARGUMENT...]\n"
	"\n"
	"without the daemon:\n"
	"  check      check policy files\n"
	"  verify     verify the endpoints of a policy\n"
	"  run        confine one command\n"
	"looking:\n"
	"  status     does everything that should protect?\n"
	"  list       the services\n"
	"  show       one service: rules, addresses, proofs, leases\n"
	"  why        would this connection be granted?\n"
	"  watch      events\n"
	"changing:\n"
	"  hold       confine a service before it starts\n"
	"  reload     apply the policy directory; diff says what that changes\n"
	"  flush      cut a service's open connections\n"
	"  lockdown   refuse everything that a service sends\n"
	"\n"
	"Every command takes -j (JSON) and --help. See verigress(1).\n";

static const struct text *find(const char *verb)
{
	for (size_t i = 0; i < VG_ARRAY_LEN(texts); i++)
		if (strcmp(texts[i].verb, verb) == 0)
			return &texts[i];
	return NULL;
}

int vg_cli_help(const char *verb)
{
	const struct text *const text = verb ? find(verb) : NULL;

	if (!text) {
		fputs(general, stdout);
		return VG_EXIT_OK;
	}
	printf("usage: verigress %s %s\n\n%s\n\n%s", text->verb, text->usage,
	       text->does, text->options);
	puts("  -j, --json         print JSON");
	if (!text->alone)
		puts("  --run-dir DIR      where the daemon's socket is\n"
		     "                     (VERIGRESS_RUN_DIR, "
		     "/run/verigress)");
	puts("  -h, --help         this text");
	return VG_EXIT_OK;
}

int vg_cli_usage(const char *verb, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fprintf(stderr, "verigress %s: ", verb);
	vfprintf(stderr, format, args);
	va_end(args);
	fprintf(stderr, "\ntry 'verigress %s --help'\n", verb);
	return VG_EXIT_USAGE;
}

bool vg_cli_colour(int fd)
{
	const char *const no = getenv("NO_COLOR");
	const char *const term = getenv("TERM");

	return isatty(fd) && (!no || !*no) &&
	       !(term && strcmp(term, "dumb") == 0);
}
