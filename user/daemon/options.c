/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/num.h"

enum {
	OPT_CONFIG = 256,
	OPT_POLICY_DIR,
	OPT_STATE_DIR,
	OPT_RUN_DIR,
	OPT_BPFFS,
	OPT_CGROUP_ROOT,
	OPT_FOREGROUND,
	OPT_DEBUG,
	OPT_EPHEMERAL,
	OPT_ROLE,
	OPT_CLOCK_RATE,
	OPT_HELP,
	OPT_VERSION,
};

static const struct option long_options[] = {
	{"config", required_argument, NULL, OPT_CONFIG},
	{"policy-dir", required_argument, NULL, OPT_POLICY_DIR},
	{"state-dir", required_argument, NULL, OPT_STATE_DIR},
	{"run-dir", required_argument, NULL, OPT_RUN_DIR},
	{"bpffs", required_argument, NULL, OPT_BPFFS},
	{"cgroup-root", required_argument, NULL, OPT_CGROUP_ROOT},
	{"foreground", no_argument, NULL, OPT_FOREGROUND},
	{"debug", no_argument, NULL, OPT_DEBUG},
	{"ephemeral", required_argument, NULL, OPT_EPHEMERAL},
	{"role", required_argument, NULL, OPT_ROLE},
#ifdef VG_TEST_CLOCK
	{"clock-rate", required_argument, NULL, OPT_CLOCK_RATE},
#endif
	{"help", no_argument, NULL, OPT_HELP},
	{"version", no_argument, NULL, OPT_VERSION},
	{0},
};

static const char *const role_names[] = {
	[VG_ROLE_SUPERVISOR] = "supervisor",
	[VG_ROLE_KEEPER] = "keeper",
	[VG_ROLE_VERIFIER] = "verifier",
};

static int parse_role(const char *text, enum vg_role *ret)
{
	for (size_t i = 0; i < VG_ARRAY_LEN(role_names); i++)
		if (strcmp(role_names[i], text) == 0) {
			*ret = (enum vg_role)i;
			return 0;
		}
	fprintf(stderr, "verigressd: unknown role '%s'\n", text);
	return -EINVAL;
}

static int parse_rate(const char *text, uint32_t *ret)
{
	int r;

	r = vg_num_u32(text, 1, 3600, ret);
	if (r < 0)
		fprintf(stderr, "verigressd: --clock-rate takes 1 to 3600\n");
	return r;
}

/* One option that the table knows.  -EINVAL when its value is no good. */
static int take(struct vg_options *o, int option)
{
	switch (option) {
	case OPT_CONFIG:
		o->config = optarg;
		return 0;
	case OPT_POLICY_DIR:
		o->policy_dir = optarg;
		return 0;
	case OPT_STATE_DIR:
		o->state_dir = optarg;
		return 0;
	case OPT_RUN_DIR:
		o->run_dir = optarg;
		return 0;
	case OPT_BPFFS:
		o->bpffs = optarg;
		return 0;
	case OPT_CGROUP_ROOT:
		o->cgroup_root = optarg;
		return 0;
	case OPT_FOREGROUND:
		o->foreground = true;
		return 0;
	case OPT_DEBUG:
		o->debug = true;
		return 0;
	case OPT_EPHEMERAL:
		o->ephemeral = optarg;
		return 0;
	case OPT_ROLE:
		return parse_role(optarg, &o->role);
	case OPT_CLOCK_RATE:
		return parse_rate(optarg, &o->clock_rate);
	case OPT_HELP:
		o->help = true;
		return 0;
	case OPT_VERSION:
		o->version = true;
		return 0;
	default: /* getopt has said what is wrong */
		return -EINVAL;
	}
}

/* A relative path would mean another place in each process. */
static int check_paths(const struct vg_options *o)
{
	const char *paths[] = {o->config,  o->policy_dir, o->state_dir,
			       o->run_dir, o->bpffs,	  o->cgroup_root};

	for (size_t i = 0; i < VG_ARRAY_LEN(paths); i++)
		if (paths[i] && paths[i][0] != '/') {
			fprintf(stderr,
				"verigressd: '%s' is not an absolute path\n",
				paths[i]);
			return -EINVAL;
		}
	return 0;
}

int vg_options_parse(int argc, char **argv, struct vg_options *ret)
{
	struct vg_options o = {
		.config = "/etc/verigress/verigress.yaml",
		.policy_dir = "/etc/verigress/policy.d",
		.state_dir = "/var/lib/verigress",
		.run_dir = "/run/verigress",
		.bpffs = "/sys/fs/bpf/verigress",
		.clock_rate = 1,
	};
	int option, r;

	optind = 1;
	while ((option = getopt_long(argc, argv, "", long_options, NULL)) !=
	       -1) {
		r = take(&o, option);
		if (r < 0)
			return r;
	}
	if (optind < argc) {
		fprintf(stderr, "verigressd: unexpected argument '%s'\n",
			argv[optind]);
		return -EINVAL;
	}
	r = check_paths(&o);
	if (r < 0)
		return r;

	*ret = o;
	return 0;
}

void vg_options_usage(void)
{
	puts("usage: verigressd [--config FILE] [--policy-dir DIR]\n"
	     "                  [--state-dir DIR] [--run-dir DIR] [--bpffs "
	     "DIR]\n"
	     "                  [--cgroup-root DIR] [--foreground] [--debug]\n"
	     "       verigressd --help | --version\n"
	     "\n"
	     "Keeps services from sending anything to an address that was not\n"
	     "verified for them.  See verigressd(8).");
}

void vg_options_for_role(const struct vg_options *o, enum vg_role role,
			 const char *ret[static VG_OPTIONS_ARGS])
{
	size_t n = 0;

	ret[n++] = "verigressd";
	ret[n++] = "--role";
	ret[n++] = role_names[role];
	if (o->foreground)
		ret[n++] = "--foreground";
	if (o->debug)
		ret[n++] = "--debug";
#ifdef VG_TEST_CLOCK
	{
		static char rate[16];

		snprintf(rate, sizeof(rate), "%u", o->clock_rate);
		ret[n++] = "--clock-rate";
		ret[n++] = rate;
	}
#endif
	/* The verifier gets all it may know by message. */
	if (role == VG_ROLE_KEEPER) {
		const char *paths[][2] = {
			{"--config", o->config},
			{"--policy-dir", o->policy_dir},
			{"--state-dir", o->state_dir},
			{"--run-dir", o->run_dir},
			{"--bpffs", o->bpffs},
			{"--cgroup-root", o->cgroup_root},
			{"--ephemeral", o->ephemeral},
		};

		for (size_t i = 0; i < VG_ARRAY_LEN(paths); i++)
			if (paths[i][1]) {
				ret[n++] = paths[i][0];
				ret[n++] = paths[i][1];
			}
	}
	ret[n] = NULL;
}
