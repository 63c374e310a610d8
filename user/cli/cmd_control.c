/* SPDX-License-Identifier: Apache-2.0 */
/* The commands that ask the daemon: options -> request -> answer. */
#include "cli/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/json.h"
#include "cli/client.h"
#include "cli/pins.h"
#include "cli/since.h"
#include "control/destination.h"

enum option_id {
	OPTION_HELP = 'h',
	OPTION_JSON = 'j',
	OPTION_FOLLOW = 'f',
	OPTION_SERVICE = 's',
	OPTION_RUN_DIR = 256,
	OPTION_BPFFS,
	OPTION_SINCE,
	OPTION_WAIT,
	OPTION_LIFT,
};

#define ALL_VERBS    UINT32_MAX
#define ONLY(verb)   (1U << VG_VERB_##verb)
#define N_OPTIONS    9
#define SHORT_LENGTH (2 * N_OPTIONS + 3)

/* Which verb has which option. */
static const struct {
	struct option option;
	uint32_t verbs;
} options[N_OPTIONS] = {
	{{"help", no_argument, NULL, OPTION_HELP}, ALL_VERBS},
	{{"json", no_argument, NULL, OPTION_JSON}, ALL_VERBS},
	{{"run-dir", required_argument, NULL, OPTION_RUN_DIR}, ALL_VERBS},
	{{"bpffs", required_argument, NULL, OPTION_BPFFS}, ONLY(STATUS)},
	{{"follow", no_argument, NULL, OPTION_FOLLOW}, ONLY(WATCH)},
	{{"service", required_argument, NULL, OPTION_SERVICE}, ONLY(WATCH)},
	{{"since", required_argument, NULL, OPTION_SINCE}, ONLY(WATCH)},
	{{"wait", no_argument, NULL, OPTION_WAIT}, ONLY(RELOAD)},
	{{"lift", no_argument, NULL, OPTION_LIFT}, ONLY(LOCKDOWN)},
};

struct call {
	struct vg_request request;
	const char *name;
	const char *run_dir;
	const char *bpffs;
	const char *service;
	const char *since;
	bool help;
};

static void take_option(struct call *c, int id, const char *value)
{
	switch (id) {
	case OPTION_HELP:
		c->help = true;
		break;
	case OPTION_JSON:
		c->request.flags |= VG_REQUEST_JSON;
		break;
	case OPTION_FOLLOW:
		c->request.flags |= VG_REQUEST_FOLLOW;
		break;
	case OPTION_WAIT:
		c->request.flags |= VG_REQUEST_WAIT;
		break;
	case OPTION_LIFT:
		c->request.flags |= VG_REQUEST_LIFT;
		break;
	case OPTION_SERVICE:
		c->service = value;
		break;
	case OPTION_SINCE:
		c->since = value;
		break;
	case OPTION_RUN_DIR:
		c->run_dir = value;
		break;
	case OPTION_BPFFS:
		c->bpffs = value;
		break;
	}
}

/* The options that VERB has, for getopt_long(3). */
static void select_options(enum vg_verb verb, struct option *into,
			   char *letters)
{
	*letters++ = ':'; /* tell a missing value apart */
	for (size_t i = 0; i < N_OPTIONS; i++) {
		if (!(options[i].verbs & (1U << verb)))
			continue;
		*into++ = options[i].option;
		if (options[i].option.val >= OPTION_RUN_DIR)
			continue;
		*letters++ = (char)options[i].option.val;
		if (options[i].option.has_arg)
			*letters++ = ':';
	}
	*into = (struct option){0};
	*letters = '\0';
}

static int bad_option(const struct call *c, int id, const char *word)
{
	if (id == ':')
		return vg_cli_usage(c->name, "%s needs a value", word);
	return vg_cli_usage(c->name, "no such option: %s", word);
}

/* 0, or VG_EXIT_USAGE. */
static int parse_options(struct call *c, int argc, char **argv)
{
	struct option longs[N_OPTIONS + 1];
	char letters[SHORT_LENGTH];
	int id;

	select_options(c->request.verb, longs, letters);
	opterr = 0;
	optind = 1;
	while ((id = getopt_long(argc, argv, letters, longs, NULL)) != -1) {
		if (id == '?' || id == ':')
			return bad_option(c, id, argv[optind - 1]);
		take_option(c, id, optarg);
	}
	return 0;
}

static int add_arg(struct call *c, const char *text)
{
	struct vg_request *q = &c->request;

	if (q->n_args >= VG_CONTROL_ARGS || strlen(text) > VG_CONTROL_ARG)
		return vg_cli_usage(c->name, "an argument is too long");
	(void)strcpy(q->args[q->n_args++], text);
	return 0;
}

/* The options of `watch` travel as arguments. */
static int add_filter(struct call *c)
{
	char seconds[16] = "";
	uint32_t back;
	int r;

	if (c->since) {
		r = vg_since_parse(c->since, time(NULL), &back);
		if (r == -ERANGE)
			return vg_cli_usage(c->name, "--since: in the future");
		if (r < 0)
			return vg_cli_usage(c->name,
					    "--since: write 10m, 10:02Z, or "
					    "2026-11-21T10:02:11Z");
		(void)snprintf(seconds, sizeof(seconds), "%u", back);
	}
	if (add_arg(c, c->service ? c->service : ""))
		return VG_EXIT_USAGE;
	return add_arg(c, seconds);
}

static int parse_args(struct call *c, int n, char **args)
{
	const struct vg_verb_info *info = vg_verb_info(c->request.verb);
	const bool watch = c->request.verb == VG_VERB_WATCH;
	struct vg_destination d;

	if (n < (watch ? 0 : info->min_args))
		return vg_cli_usage(c->name, "an argument is missing");
	if (n > (watch ? 0 : info->max_args))
		return vg_cli_usage(c->name, "too many arguments");
	if (watch)
		return add_filter(c);
	for (int i = 0; i < n; i++)
		if (add_arg(c, args[i]))
			return VG_EXIT_USAGE;
	if (c->request.verb == VG_VERB_WHY &&
	    vg_destination_parse(args[1], &d) < 0)
		return vg_cli_usage(c->name, "write HOST, HOST:PORT, "
					     "ADDRESS:PORT or [IPV6]:PORT");
	return 0;
}

static enum vg_verb verb_of(const char *name)
{
	int verb = 0;

	while (verb < VG_VERB_COUNT - 1 &&
	       strcmp(vg_verb_info((enum vg_verb)verb)->name, name) != 0)
		verb++;
	return (enum vg_verb)verb;
}

/* ---- nobody answers ------------------------------------------------------ */

static void print_pins(const char *bpffs, const struct vg_pins *pins, int r)
{
	if (r == -ENOENT || (r == 0 && pins->n == 0)) {
		printf("the kernel enforces nothing: no program is pinned in "
		       "%s\n",
		       bpffs);
		return;
	}
	if (r < 0) {
		printf("what the kernel still enforces cannot be read: %s: "
		       "%s\n",
		       bpffs, strerror(-r));
		return;
	}
	puts("the kernel still enforces what is pinned, until the leases end:");
	for (size_t i = 0; i < pins->n; i++)
		printf("  %-24s %u links\n", pins->services[i].name,
		       pins->services[i].links);
}

static void print_pins_json(const struct vg_pins *pins, int r)
{
	vg_cleanup(vg_buf_freep) struct vg_buf b = {0};
	struct vg_json j;

	vg_json_begin(&j, &b);
	vg_json_object(&j, NULL);
	vg_json_uint(&j, "v", 1);
	vg_json_string(&j, "state", "down");
	if (r < 0 && r != -ENOENT)
		vg_json_string(&j, "pins_error", strerror(-r));
	vg_json_array(&j, "pinned");
	for (size_t i = 0; i < pins->n; i++) {
		vg_json_object(&j, NULL);
		vg_json_string(&j, "service", pins->services[i].name);
		vg_json_uint(&j, "links", pins->services[i].links);
		vg_json_object_end(&j);
	}
	vg_json_array_end(&j);
	vg_json_object_end(&j);
	puts(vg_buf_text(&b));
}

static int status_down(const struct call *c)
{
	struct vg_pins pins = {0};
	int r;

	r = vg_pins_read(c->bpffs, &pins);
	if (c->request.flags & VG_REQUEST_JSON) {
		print_pins_json(&pins, r);
	} else {
		puts("verigressd is not running");
		print_pins(c->bpffs, &pins, r);
	}
	free(pins.services);
	return VG_EXIT_DOWN;
}

static bool is_down(int r)
{
	return r == -ENOENT || r == -ECONNREFUSED;
}

static const char *failure_text(int r)
{
	switch (r) {
	case -ENOENT:
	case -ECONNREFUSED:
		return "verigressd is not running";
	case -EACCES:
		return "only root and the group \"" VG_CONTROL_GROUP
		       "\" may ask";
	case -EPROTO:
	case -EBADMSG:
		return "verigressd has another version";
	case -ECONNRESET:
		return "verigressd went away before it had answered";
	default:
		return strerror(-r);
	}
}

static int failed(const struct call *c, int r)
{
	fprintf(stderr, "verigress %s: %s (%s/%s)\n", c->name, failure_text(r),
		c->run_dir, VG_CONTROL_SOCKET);
	return VG_EXIT_REFUSED;
}

/* ---- version ------------------------------------------------------------- */

/* What the daemon says of its version; "" when it does not answer. */
static void ask_version(const struct call *c, char *ret, size_t size)
{
	vg_cleanup(vg_fd_closep) int out = -1;
	vg_cleanup(vg_fd_closep) int err = -1;
	ssize_t n;

	ret[0] = '\0';
	out = memfd_create("version", MFD_CLOEXEC);
	err = open("/dev/null", O_WRONLY | O_CLOEXEC);
	if (out < 0 || err < 0 ||
	    vg_client_ask(c->run_dir, &c->request, out, err) != VG_EXIT_OK)
		return;
	n = pread(out, ret, size - 1, 0);
	ret[n > 0 ? n : 0] = '\0';
	ret[strcspn(ret, "\n")] = '\0';
}

/* Ours is known in any case. */
static int print_version(const struct call *c)
{
	const bool json = c->request.flags & VG_REQUEST_JSON;
	char daemon[1024];

	ask_version(c, daemon, sizeof(daemon));
	if (json)
		printf("{\"v\":1,\"verigress\":\"" VG_VERSION
		       "\",\"daemon\":%s}\n",
		       daemon[0] ? daemon : "null");
	else
		printf("verigress " VG_VERSION "\n%s%s", daemon,
		       daemon[0] ? "\n" : "");
	return VG_EXIT_OK;
}

static int ask(struct call *c)
{
	int r;

	if (vg_cli_colour(STDOUT_FILENO) &&
	    !(c->request.flags & VG_REQUEST_JSON))
		c->request.flags |= VG_REQUEST_COLOUR;
	if (c->request.verb == VG_VERB_VERSION)
		return print_version(c);

	r = vg_client_ask(c->run_dir, &c->request, STDOUT_FILENO,
			  STDERR_FILENO);
	if (r >= 0)
		return r;
	if (c->request.verb == VG_VERB_STATUS && is_down(r))
		return status_down(c);
	return failed(c, r);
}

int vg_cmd_control(int argc, char **argv)
{
	struct call c = {
		.request.verb = verb_of(argv[0]),
		.name = argv[0],
		.bpffs = VG_BPFFS,
	};

	if (parse_options(&c, argc, argv))
		return VG_EXIT_USAGE;
	if (c.help)
		return vg_cli_help(c.name);
	if (parse_args(&c, argc - optind, argv + optind))
		return VG_EXIT_USAGE;
	c.run_dir = vg_client_run_dir(c.run_dir);
	return ask(&c);
}
