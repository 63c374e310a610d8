/* SPDX-License-Identifier: Apache-2.0 */
/* `verigress check`: syntax, schema, contradictions; no daemon, no network. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/json.h"
#include "cli/cli.h"
#include "policy/load.h"

#define POLICY_DIR "/etc/verigress/policy.d"

struct options {
	bool json;
	const char *config; /* NULL: not to be checked */
	const char *const *paths;
	size_t n_paths;
};

static const struct option longs[] = {
	{"json", no_argument, NULL, 'j'},
	{"config", required_argument, NULL, 'c'},
	{"help", no_argument, NULL, 'h'},
	{NULL, 0, NULL, 0},
};

/* True when the command goes on; otherwise *RET_STATUS is its end. */
static bool parse_options(int argc, char **argv, struct options *o,
			  int *ret_status)
{
	static const char *const defaults[] = {POLICY_DIR};
	int c;

	optind = 0;
	opterr = 0;
	while ((c = getopt_long(argc, argv, "jh", longs, NULL)) != -1) {
		if (c == 'j') {
			o->json = true;
		} else if (c == 'c') {
			o->config = optarg;
		} else if (c == 'h') {
			*ret_status = vg_cli_help("check");
			return false;
		} else {
			*ret_status = vg_cli_usage(
				"check", "unknown option or missing value");
			return false;
		}
	}
	o->paths =
		optind < argc ? (const char *const *)argv + optind : defaults;
	o->n_paths = optind < argc ? (size_t)(argc - optind)
				   : VG_ARRAY_LEN(defaults);
	return true;
}

/* Owner and mode are the daemon's business: here may be a work tree. */
static int check(const struct options *o, struct vg_policy **ret,
		 struct vg_diags *diags)
{
	vg_cleanup(vg_config_freep) struct vg_config *config = NULL;
	int r;

	if (o->config) {
		r = vg_config_load(o->config, true, false, &config, diags);
		if (r == -ENOMEM)
			return r;
	}
	return vg_policy_load_paths(o->paths, o->n_paths, false, ret, diags);
}

static void count_text(const struct vg_policy *policy,
		       const struct vg_diags *diags, struct vg_buf *out)
{
	size_t endpoints = 0;

	if (!policy) {
		vg_buf_printf(out, "%zu error%s", diags->errors,
			      diags->errors == 1 ? "" : "s");
	} else {
		for (size_t i = 0; i < policy->n_services; i++)
			endpoints += policy->services[i].n_endpoints;
		vg_buf_printf(out, "ok: %zu service%s, %zu endpoint%s",
			      policy->n_services,
			      policy->n_services == 1 ? "" : "s", endpoints,
			      endpoints == 1 ? "" : "s");
	}
	if (diags->warnings)
		vg_buf_printf(out, ", %zu warning%s", diags->warnings,
			      diags->warnings == 1 ? "" : "s");
	vg_buf_puts(out, "\n");
}

/* {"v":1,"diagnostics":[...],"summary":{...}} */
static void render_json(const struct vg_policy *policy,
			const struct vg_diags *diags, struct vg_buf *out)
{
	struct vg_json j;

	vg_json_begin(&j, out);
	vg_json_object(&j, NULL);
	vg_json_uint(&j, "v", 1);
	vg_diags_json(diags, &j, "diagnostics");
	vg_json_object(&j, "summary");
	vg_json_uint(&j, "errors", diags->errors);
	vg_json_uint(&j, "warnings", diags->warnings);
	vg_json_uint(&j, "services", policy ? policy->n_services : 0);
	vg_json_object_end(&j);
	vg_json_object_end(&j);
	vg_buf_puts(out, "\n");
}

static int write_out(const struct vg_buf *out)
{
	if (vg_buf_error(out) == 0 &&
	    fwrite(vg_buf_text(out), 1, out->size, stdout) == out->size &&
	    fflush(stdout) == 0)
		return 0;
	fprintf(stderr, "verigress check: cannot write the result\n");
	return -EIO;
}

int vg_cmd_check(int argc, char **argv)
{
	vg_cleanup(vg_policy_freep) struct vg_policy *policy = NULL;
	vg_cleanup(vg_diags_freep) struct vg_diags diags = {0};
	vg_cleanup(vg_buf_freep) struct vg_buf out = {0};
	struct options o = {0};
	int status = VG_EXIT_OK;
	int r;

	if (!parse_options(argc, argv, &o, &status))
		return status;
	r = check(&o, &policy, &diags);
	if (r < 0 && r != -EINVAL)
		fprintf(stderr, "verigress check: %s\n", strerror(-r));

	if (o.json) {
		render_json(policy, &diags, &out);
	} else {
		vg_diags_print(&diags, vg_cli_colour(STDOUT_FILENO), &out);
		count_text(policy, &diags, &out);
	}
	if (write_out(&out) < 0)
		return VG_EXIT_REFUSED;
	return r < 0 || diags.errors ? VG_EXIT_REFUSED : VG_EXIT_OK;
}
