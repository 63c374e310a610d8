/* SPDX-License-Identifier: Apache-2.0 */
/*
 * verigress -- one verb, one function.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "cli/cli.h"
#include "policy/walk.h"

static const struct command {
	const char *name;
	int (*run)(int argc, char **argv);
} commands[] = {
	{"check", vg_cmd_check},      {"verify", vg_cmd_verify},
	{"run", vg_cmd_run},	      {"hold", vg_cmd_control},
	{"status", vg_cmd_control},   {"list", vg_cmd_control},
	{"show", vg_cmd_control},     {"why", vg_cmd_control},
	{"watch", vg_cmd_control},    {"reload", vg_cmd_control},
	{"diff", vg_cmd_control},     {"flush", vg_cmd_control},
	{"lockdown", vg_cmd_control}, {"version", vg_cmd_control},
};
#define N_COMMANDS VG_ARRAY_LEN(commands)

static const struct command *find(const char *name)
{
	for (size_t i = 0; i < N_COMMANDS; i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

static int unknown(const char *name)
{
	const char *names[N_COMMANDS];
	const char *nearest;

	for (size_t i = 0; i < N_COMMANDS; i++)
		names[i] = commands[i].name;
	nearest = vg_nearest(name, names, N_COMMANDS);
	fputs("verigress: unknown command\n", stderr);
	if (nearest)
		fprintf(stderr, "did you mean 'verigress %s'?\n", nearest);
	else
		fputs("try 'verigress help'\n", stderr);
	return VG_EXIT_USAGE;
}

/* `verigress help [COMMAND]` */
static int help(int argc, char **argv)
{
	if (argc < 2)
		return vg_cli_help(NULL);
	if (argc > 2)
		return vg_cli_usage("help", "one command at a time");
	if (!find(argv[1]))
		return unknown(argv[1]);
	return vg_cli_help(argv[1]);
}

static bool asks_help(const char *word)
{
	return strcmp(word, "help") == 0 || strcmp(word, "--help") == 0 ||
	       strcmp(word, "-h") == 0;
}

static int run(int argc, char **argv)
{
	static char version[] = "version";
	const struct command *command;

	if (argc < 2) {
		fputs("usage: verigress COMMAND [OPTION...] [ARGUMENT...]\n"
		      "try 'verigress help'\n",
		      stderr);
		return VG_EXIT_USAGE;
	}
	if (asks_help(argv[1]))
		return help(argc - 1, argv + 1);
	if (strcmp(argv[1], "--version") == 0)
		argv[1] = version;

	command = find(argv[1]);
	if (!command)
		return unknown(argv[1]);
	return command->run(argc - 1, argv + 1);
}

int main(int argc, char **argv)
{
	const int status = run(argc, argv);

	/* What could not be written was not said. */
	if (fflush(stdout) != 0 && status == VG_EXIT_OK) {
		perror("verigress: stdout");
		return EXIT_FAILURE;
	}
	return status;
}
