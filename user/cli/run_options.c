/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/run_options.h"

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "cli/cli.h"
#include "policy/diag.h"
#include "policy/parse.h"

#define CONFIG_DEFAULT "/etc/verigress/verigress.yaml"
#define BPFFS_DEFAULT  "/sys/fs/bpf"

enum {
	OPT_USER = 256,
	OPT_FAIL_ON_DENY,
	OPT_REPORT,
	OPT_CONFIG,
	OPT_BPFFS,
	OPT_CGROUP_ROOT,
};

static const struct option long_options[] = {
	{"policy", required_argument, NULL, 'p'},
	{"user", required_argument, NULL, OPT_USER},
	{"fail-on-deny", no_argument, NULL, OPT_FAIL_ON_DENY},
	{"json", no_argument, NULL, 'j'},
	{"report", required_argument, NULL, OPT_REPORT},
	{"config", required_argument, NULL, OPT_CONFIG},
	{"bpffs", required_argument, NULL, OPT_BPFFS},
	{"cgroup-root", required_argument, NULL, OPT_CGROUP_ROOT},
	{"help", no_argument, NULL, 'h'},
	{0},
};

static int take_option(struct vg_run_options *o, int option)
{
	switch (option) {
	case 'p':
		o->policy = optarg;
		return 0;
	case 'j':
		o->json = true;
		return 0;
	case 'h':
		o->help = true;
		return 0;
	case OPT_USER:
		o->user = optarg;
		return 0;
	case OPT_FAIL_ON_DENY:
		o->fail_on_deny = true;
		return 0;
	case OPT_REPORT:
		o->report = optarg;
		return 0;
	case OPT_CONFIG:
		o->config = optarg;
		return 0;
	case OPT_BPFFS:
		o->bpffs = optarg;
		return 0;
	case OPT_CGROUP_ROOT:
		o->cgroup_root = optarg;
		return 0;
	default:
		return -EINVAL; /* getopt has said what is wrong */
	}
}

int vg_run_options_parse(int argc, char **argv, struct vg_run_options *ret)
{
	struct vg_run_options o = {.bpffs = BPFFS_DEFAULT};
	int option;

	optind = 1;
	while ((option = getopt_long(argc, argv, "+p:jh", long_options,
				     NULL)) != -1)
		if (take_option(&o, option) < 0)
			return vg_cli_usage("run", "see the options");
	if (o.help) {
		*ret = o;
		return 0;
	}
	if (!o.policy)
		return vg_cli_usage("run", "which policy? (-p FILE)");
	if (optind == argc)
		return vg_cli_usage("run", "which command? (-- CMD...)");
	if (o.bpffs[0] != '/')
		return vg_cli_usage("run", "--bpffs takes an absolute path");
	o.command = argv + optind;

	*ret = o;
	return 0;
}

/* ---- the files ----------------------------------------------------------- */

static int read_file(const char *path, char **ret, size_t *ret_size)
{
	int r;

	r = vg_file_read(AT_FDCWD, path, VG_SOURCE_MAX, ret, ret_size);
	if (r < 0)
		warnx("run: %s: %s", path, strerror(-r));
	return r;
}

static void print_diags(const struct vg_diags *diags)
{
	vg_cleanup(vg_buf_freep) struct vg_buf b = {0};

	vg_diags_print(diags, vg_cli_colour(STDERR_FILENO), &b);
	fputs(vg_buf_text(&b), stderr);
}

/* The text that is checked here is the text that the daemon will read. */
static int read_policy(const char *path, struct vg_run_sources *s)
{
	vg_cleanup(vg_diags_freep) struct vg_diags diags = {0};
	struct vg_source source = {.name = path};
	int r;

	r = read_file(path, &s->policy_text, &s->policy_size);
	if (r < 0)
		return VG_EXIT_USAGE;
	source.text = s->policy_text;
	source.size = s->policy_size;
	r = vg_policy_parse(&source, 1, &s->policy, &diags);
	print_diags(&diags);
	if (r < 0)
		return VG_EXIT_USAGE;
	if (s->policy->n_services != 1) {
		warnx("run: %s: one service is needed, not %zu", path,
		      s->policy->n_services);
		return VG_EXIT_USAGE;
	}
	return 0;
}

/* Only the file that is installed may be absent. */
static int read_config(const char *path, struct vg_run_sources *s)
{
	vg_cleanup(vg_diags_freep) struct vg_diags diags = {0};
	vg_cleanup(vg_config_freep) struct vg_config *config = NULL;
	struct vg_source source = {.name = path};
	int r;

	if (!path && access(CONFIG_DEFAULT, F_OK) < 0)
		return 0;
	if (!path)
		source.name = CONFIG_DEFAULT;
	r = read_file(source.name, &s->config_text, &s->config_size);
	if (r < 0)
		return VG_EXIT_USAGE;
	source.text = s->config_text;
	source.size = s->config_size;
	r = vg_config_parse(&source, &config, &diags);
	print_diags(&diags);
	return r < 0 ? VG_EXIT_USAGE : 0;
}

int vg_run_sources_read(const struct vg_run_options *o,
			struct vg_run_sources *ret)
{
	vg_cleanup(vg_run_sources_free) struct vg_run_sources s = {0};
	int r;

	r = read_policy(o->policy, &s);
	if (r == 0)
		r = read_config(o->config, &s);
	if (r != 0)
		return r;

	*ret = s;
	s = (struct vg_run_sources){0};
	return 0;
}

void vg_run_sources_free(struct vg_run_sources *s)
{
	vg_policy_freep(&s->policy);
	free(s->policy_text);
	free(s->config_text);
	*s = (struct vg_run_sources){0};
}
