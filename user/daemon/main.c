/* SPDX-License-Identifier: Apache-2.0 */
/*
 * verigressd -- one program, three processes: the supervisor executes itself
 * again as keeper and as verifier (--role).
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "daemon/keeper.h"
#include "daemon/options.h"
#include "daemon/supervisor.h"
#include "daemon/verifier.h"

static const struct {
	const char *name;
	int (*main)(const struct vg_options *o);
} roles[] = {
	[VG_ROLE_SUPERVISOR] = {"supervisor", vg_supervisor_main},
	[VG_ROLE_KEEPER] = {"keeper", vg_keeper_main},
	[VG_ROLE_VERIFIER] = {"verifier", vg_verifier_main},
};

int main(int argc, char **argv)
{
	struct vg_options o;

	if (vg_options_parse(argc, argv, &o) < 0) {
		fputs("try verigressd --help\n", stderr);
		return 2;
	}
	if (o.help) {
		vg_options_usage();
		return EXIT_SUCCESS;
	}
	if (o.version) {
		puts("verigressd " VG_VERSION);
		return EXIT_SUCCESS;
	}
#ifdef VG_TEST_CLOCK
	vg_clock_set_rate(o.clock_rate);
#endif
	vg_log_setup(roles[o.role].name, o.debug ? VG_LOG_DEBUG : VG_LOG_INFO);
	return roles[o.role].main(&o);
}
