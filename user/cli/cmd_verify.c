/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `verigress verify`: the whole verification without daemon or root.
 *
 * Proofs are printed in the order of the policy as soon as they are there, and
 * look-ups run at most WINDOW endpoints ahead of that: memory stays bounded.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "cli/cli.h"
#include "daemon/lookup.h"
#include "policy/load.h"
#include "verify/ladder.h"
#include "verify/print.h"

#define CONFIG_PATH "/etc/verigress/verigress.yaml"
#define POLICY_DIR  "/etc/verigress/policy.d"
#define WINDOW	    256
#define TURN_MS	    200
#define PATIENCE_MS 1000 /* before it says what it is doing */

struct options {
	bool json;
	const char *config; /* NULL: CONFIG_PATH, if it is there */
	const char *const *paths;
	size_t n_paths;
};

struct item {
	const struct vg_service *service;
	const struct vg_endpoint *endpoint;
	struct vg_proof *proof; /* NULL: not there yet, or printed */
};

struct survey {
	const struct options *options;
	struct vg_lookup *lookup;
	struct item *items;
	size_t n, started, printed;
	int error; /* of what runs inside callbacks */
	struct vg_print_summary summary;
	struct vg_buf out;
	struct vg_json json;
	bool colour;
	bool progress; /* stderr is a terminal */
	bool told; /* a line of progress stands there */
	uint64_t since;
};

/* ---- inputs ------------------------------------------------------------- */

/* An option is set, or the exit status is returned; -1: go on. */
static int parse_options(int argc, char **argv, struct options *ret)
{
	static const struct option longs[] = {
		{"json", no_argument, NULL, 'j'},
		{"config", required_argument, NULL, 'c'},
		{"help", no_argument, NULL, 'h'},
		{},
	};
	int c;

	*ret = (struct options){};
	opterr = 0;
	optind = 1;
	while ((c = getopt_long(argc, argv, "jh", longs, NULL)) != -1) {
		switch (c) {
		case 'j':
			ret->json = true;
			break;
		case 'c':
			ret->config = optarg;
			break;
		case 'h':
			return vg_cli_help("verify");
		default:
			return vg_cli_usage("verify", "unknown option, or one "
						      "without its value");
		}
	}
	ret->paths = (const char *const *)argv + optind;
	ret->n_paths = (size_t)(argc - optind);
	return -1;
}

static int load_policy(const struct options *o, struct vg_policy **ret,
		       struct vg_diags *diags)
{
	if (o->n_paths == 0)
		return vg_policy_load_dir(POLICY_DIR, false, ret, diags);
	return vg_policy_load_paths(o->paths, o->n_paths, false, ret, diags);
}

static void print_diags(const struct options *o, const struct vg_diags *diags)
{
	vg_cleanup(vg_buf_freep) struct vg_buf out = {};
	struct vg_json j;

	vg_diags_print(diags, vg_cli_colour(STDERR_FILENO), &out);
	fputs(vg_buf_text(&out), stderr);
	if (!o->json || diags->errors == 0)
		return;
	vg_buf_clear(&out);
	vg_json_begin(&j, &out);
	vg_json_object(&j, NULL);
	vg_json_uint(&j, "v", 1);
	vg_diags_json(diags, &j, "diagnostics");
	vg_json_array(&j, "endpoints");
	vg_json_array_end(&j);
	vg_print_summary_json(&(struct vg_print_summary){}, &j, "summary");
	vg_json_object_end(&j);
	puts(vg_buf_text(&out));
}

/* All anchor files as one text. */
static int read_anchors(const struct vg_config *config, struct vg_buf *ret)
{
	int r;

	for (size_t i = 0; i < config->n_anchors; i++) {
		vg_cleanup(vg_freep) char *text = NULL;
		size_t size;

		r = vg_file_read(AT_FDCWD, config->anchors[i], VG_MSG_ANCHORS,
				 &text, &size);
		if (r < 0) {
			fprintf(stderr,
				"verigress verify: trust anchor %s: %s "
				"(Debian's package is dns-root-data)\n",
				config->anchors[i], strerror(-r));
			return r;
		}
		vg_buf_add(ret, text, size);
		vg_buf_puts(ret, "\n");
	}
	return vg_buf_error(ret);
}

/* ---- proving ------------------------------------------------------------ */

static void keep(struct survey *s, size_t i, const struct vg_proof *proof)
{
	s->items[i].proof = malloc(sizeof(*proof));
	if (s->items[i].proof)
		*s->items[i].proof = *proof;
	else
		s->error = -ENOMEM;
}

static void on_proof(void *arg, uint64_t id, const struct vg_proof *proof)
{
	keep(arg, (size_t)id, proof);
}

static void judge_literal(struct survey *s, size_t i)
{
	const struct vg_endpoint *e = s->items[i].endpoint;
	vg_cleanup(vg_freep) struct vg_proof *proof = NULL;
	char text[VG_ENDPOINT_TEXT];

	proof = malloc(sizeof(*proof));
	if (!proof) {
		s->error = -ENOMEM;
		return;
	}
	vg_endpoint_text(e, text);
	vg_ladder_literal(text, &e->address, proof);
	s->items[i].proof = VG_TAKE_PTR(proof);
}

static int start(struct survey *s, size_t i)
{
	const struct item *item = &s->items[i];
	struct vg_prove prove;
	int r;

	if (!item->endpoint->host) {
		judge_literal(s, i);
		return 0;
	}
	r = vg_prove_from_endpoint(item->endpoint, item->service->strict,
				   &prove);
	if (r < 0)
		return r;
	prove.id = i;
	return vg_prover_start(vg_lookup_prover(s->lookup), &prove);
}

static void start_some(struct survey *s)
{
	int r;

	while (s->started < s->n && s->started < s->printed + WINDOW &&
	       s->error == 0) {
		r = start(s, s->started);
		if (r == -EBUSY)
			return;
		if (r < 0)
			s->error = r;
		s->started++;
	}
}

/* ---- output ------------------------------------------------------------- */

static void show_progress(struct survey *s)
{
	if (!s->progress ||
	    vg_clock_now() - s->since < PATIENCE_MS * VG_NS_PER_MS)
		return;
	fprintf(stderr, "\r%zu of %zu endpoints verified", s->printed, s->n);
	fflush(stderr);
	s->told = true;
}

static void clear_progress(struct survey *s)
{
	if (s->told)
		fputs("\r\033[K", stderr);
	s->told = false;
}

static void print_item(struct survey *s, const struct item *item)
{
	if (s->options->json) {
		vg_json_object(&s->json, NULL);
		vg_print_proof_fields(item->service, item->endpoint,
				      item->proof, NULL, &s->json);
		vg_json_object_end(&s->json);
	} else {
		vg_print_proof(item->service, item->endpoint, item->proof,
			       s->colour, &s->out);
		vg_buf_puts(&s->out, "\n");
	}
	vg_print_count(item->proof, &s->summary);
}

static void flush(struct survey *s)
{
	if (vg_buf_error(&s->out) < 0)
		s->error = vg_buf_error(&s->out);
	fputs(vg_buf_text(&s->out), stdout);
	vg_buf_clear(&s->out);
}

static void print_ready(struct survey *s)
{
	while (s->printed < s->n && s->items[s->printed].proof) {
		clear_progress(s);
		print_item(s, &s->items[s->printed]);
		flush(s);
		vg_freep(&s->items[s->printed].proof);
		s->printed++;
	}
}

static void begin_output(struct survey *s)
{
	if (!s->options->json)
		return;
	vg_json_begin(&s->json, &s->out);
	vg_json_object(&s->json, NULL);
	vg_json_uint(&s->json, "v", 1);
	vg_json_array(&s->json, "endpoints");
}

static void end_output(struct survey *s)
{
	clear_progress(s);
	if (s->options->json) {
		vg_json_array_end(&s->json);
		vg_print_summary_json(&s->summary, &s->json, "summary");
		vg_json_object_end(&s->json);
		vg_buf_puts(&s->out, "\n");
	} else {
		vg_print_summary(&s->summary, s->colour, &s->out);
	}
	flush(s);
}

/* ---- all together ------------------------------------------------------- */

static void survey_freep(struct survey **s)
{
	if (!*s)
		return;
	vg_lookup_freep(&(*s)->lookup);
	for (size_t i = 0; (*s)->items && i < (*s)->n; i++)
		free((*s)->items[i].proof);
	free((*s)->items);
	vg_buf_freep(&(*s)->out);
	free(*s);
	*s = NULL;
}

static int list_items(struct survey *s, const struct vg_policy *policy)
{
	size_t n = 0;

	for (size_t i = 0; i < policy->n_services; i++)
		n += policy->services[i].n_endpoints;
	s->items = calloc(n + 1, sizeof(*s->items));
	if (!s->items)
		return -ENOMEM;
	for (size_t i = 0; i < policy->n_services; i++) {
		const struct vg_service *service = &policy->services[i];

		for (size_t k = 0; k < service->n_endpoints; k++)
			s->items[s->n++] = (struct item){
				.service = service,
				.endpoint = &service->endpoints[k],
			};
	}
	return 0;
}

static int set_self(struct survey *s)
{
	struct vg_address self[VG_MSG_SELF];
	int n;

	n = vg_lookup_self(self, VG_MSG_SELF);
	if (n < 0)
		return n;
	return vg_prover_set_self(vg_lookup_prover(s->lookup), self, (size_t)n);
}

static int new_lookup(struct survey *s, const struct vg_config *config)
{
	const struct vg_lookup_calls calls = {.done = on_proof, .arg = s};
	vg_cleanup(vg_buf_freep) struct vg_buf anchors = {
		.max = VG_MSG_ANCHORS};
	vg_cleanup(vg_freep) struct vg_msg *message = NULL;
	int r;

	message = malloc(sizeof(*message));
	if (!message)
		return -ENOMEM;
	r = read_anchors(config, &anchors);
	if (r < 0)
		return r;
	r = vg_msg_from_config(config, vg_buf_text(&anchors), message);
	if (r < 0)
		return r;
	r = vg_lookup_new(NULL, &message->config, &calls, &s->lookup);
	if (r < 0)
		return r;
	return set_self(s);
}

static int run(struct survey *s)
{
	s->since = vg_clock_now();
	begin_output(s);
	while (s->printed < s->n && s->error == 0) {
		start_some(s);
		vg_lookup_run(s->lookup, TURN_MS);
		print_ready(s);
		show_progress(s);
	}
	end_output(s);
	return s->error;
}

static int verify(const struct options *o, const struct vg_policy *policy,
		  const struct vg_config *config)
{
	vg_cleanup(survey_freep) struct survey *s = NULL;
	int r;

	s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	s->options = o;
	s->colour = !o->json && vg_cli_colour(STDOUT_FILENO);
	s->progress = isatty(STDERR_FILENO);
	r = list_items(s, policy);
	if (r < 0)
		return r;
	r = new_lookup(s, config);
	if (r == -EINVAL) {
		fputs("verigress verify: libunbound does not accept a "
		      "forwarder, a stub or a trust anchor of the "
		      "configuration\n",
		      stderr);
		return VG_EXIT_REFUSED;
	}
	if (r < 0)
		return r;
	r = run(s);
	if (r < 0)
		return r;
	return s->summary.refused > 0 ? VG_EXIT_REFUSED : VG_EXIT_OK;
}

int vg_cmd_verify(int argc, char **argv)
{
	vg_cleanup(vg_diags_freep) struct vg_diags diags = {};
	vg_cleanup(vg_policy_freep) struct vg_policy *policy = NULL;
	vg_cleanup(vg_config_freep) struct vg_config *config = NULL;
	struct options o;
	int r;

	r = parse_options(argc, argv, &o);
	if (r >= 0)
		return r;
	vg_log_setup("verigress", VG_LOG_WARN);
	r = vg_config_load(o.config ? o.config : CONFIG_PATH, o.config != NULL,
			   false, &config, &diags);
	if (r == 0)
		r = load_policy(&o, &policy, &diags);
	print_diags(&o, &diags);
	if (r == 0)
		r = verify(&o, policy, config);
	if (r >= 0)
		return r;
	if (diags.errors == 0)
		fprintf(stderr, "verigress verify: %s\n", strerror(-r));
	return VG_EXIT_REFUSED;
}
