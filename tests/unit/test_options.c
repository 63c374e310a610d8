/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "daemon/options.h"

#define ARGS_MAX 32

/* Parse the words after "verigressd", which end with NULL. */
static int parse(struct vg_options *ret, const char *first, ...)
{
	char *argv[ARGS_MAX] = {(char *)"verigressd"};
	const char *word = first;
	va_list args;
	int n = 1;

	va_start(args, first);
	while (word) {
		argv[n++] = (char *)word;
		word = va_arg(args, const char *);
	}
	va_end(args);
	return vg_options_parse(n, argv, ret);
}

static void defaults_are_those_of_the_manual(void **state)
{
	struct vg_options o;

	(void)state;
	assert_int_equal(parse(&o, NULL), 0);
	assert_string_equal(o.config, "/etc/verigress/verigress.yaml");
	assert_string_equal(o.policy_dir, "/etc/verigress/policy.d");
	assert_string_equal(o.state_dir, "/var/lib/verigress");
	assert_string_equal(o.run_dir, "/run/verigress");
	assert_string_equal(o.bpffs, "/sys/fs/bpf/verigress");
	assert_null(o.cgroup_root);
	assert_null(o.ephemeral);
	assert_int_equal(o.role, VG_ROLE_SUPERVISOR);
	assert_int_equal(o.clock_rate, 1);
	assert_false(o.foreground || o.debug || o.help || o.version);
}

static void every_option_is_taken(void **state)
{
	struct vg_options o;

	(void)state;
	assert_int_equal(parse(&o, "--config", "/c", "--policy-dir", "/p",
			       "--state-dir", "/s", "--run-dir", "/r",
			       "--bpffs", "/b", "--cgroup-root", "/g",
			       "--foreground", "--debug", "--ephemeral", "e",
			       "--role", "keeper", NULL),
			 0);
	assert_string_equal(o.config, "/c");
	assert_string_equal(o.policy_dir, "/p");
	assert_string_equal(o.state_dir, "/s");
	assert_string_equal(o.run_dir, "/r");
	assert_string_equal(o.bpffs, "/b");
	assert_string_equal(o.cgroup_root, "/g");
	assert_string_equal(o.ephemeral, "e");
	assert_true(o.foreground && o.debug);
	assert_int_equal(o.role, VG_ROLE_KEEPER);
	assert_int_equal(parse(&o, "--help", NULL), 0);
	assert_true(o.help);
	assert_int_equal(parse(&o, "--version", NULL), 0);
	assert_true(o.version);
}

static void what_is_wrong_is_refused(void **state)
{
	struct vg_options o = {.debug = true};

	(void)state;
	assert_int_equal(parse(&o, "--nonsense", NULL), -EINVAL);
	assert_int_equal(parse(&o, "--config", NULL), -EINVAL);
	assert_int_equal(parse(&o, "leftover", NULL), -EINVAL);
	assert_int_equal(parse(&o, "--role", "king", NULL), -EINVAL);
	assert_int_equal(parse(&o, "--run-dir", "relative", NULL), -EINVAL);
	assert_int_equal(parse(&o, "--bpffs", "", NULL), -EINVAL);
	/* The clock of an installed daemon cannot be set. */
	assert_int_equal(parse(&o, "--clock-rate", "60", NULL), -EINVAL);
	assert_true(o.debug); /* outputs are untouched on failure */
}

static bool has(const char *const *args, const char *word)
{
	for (; *args; args++)
		if (strcmp(*args, word) == 0)
			return true;
	return false;
}

/* What is handed on parses into the same again: nothing gets lost on the way. */
static void keeper_gets_all_of_it(void **state)
{
	const char *args[VG_OPTIONS_ARGS];
	struct vg_options o, again;
	int n = 0;

	(void)state;
	assert_int_equal(parse(&o, "--config", "/c", "--policy-dir", "/p",
			       "--state-dir", "/s", "--run-dir", "/r",
			       "--bpffs", "/b", "--cgroup-root", "/g",
			       "--foreground", "--debug", "--ephemeral", "e",
			       NULL),
			 0);
	vg_options_for_role(&o, VG_ROLE_KEEPER, args);
	while (args[n])
		n++;
	assert_true(n < VG_OPTIONS_ARGS);
	assert_int_equal(vg_options_parse(n, (char **)args, &again), 0);
	assert_int_equal(again.role, VG_ROLE_KEEPER);
	assert_string_equal(again.config, "/c");
	assert_string_equal(again.policy_dir, "/p");
	assert_string_equal(again.state_dir, "/s");
	assert_string_equal(again.run_dir, "/r");
	assert_string_equal(again.bpffs, "/b");
	assert_string_equal(again.cgroup_root, "/g");
	assert_string_equal(again.ephemeral, "e");
	assert_true(again.foreground && again.debug);
}

static void verifier_learns_no_path(void **state)
{
	const char *args[VG_OPTIONS_ARGS];
	struct vg_options o;

	(void)state;
	assert_int_equal(parse(&o, "--cgroup-root", "/g", NULL), 0);
	vg_options_for_role(&o, VG_ROLE_VERIFIER, args);
	assert_true(has(args, "verifier"));
	for (int i = 0; args[i]; i++)
		assert_null(strchr(args[i], '/'));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults_are_those_of_the_manual),
		cmocka_unit_test(every_option_is_taken),
		cmocka_unit_test(what_is_wrong_is_refused),
		cmocka_unit_test(keeper_gets_all_of_it),
		cmocka_unit_test(verifier_learns_no_path),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
