// SPDX-License-Identifier: GPL-2.0-only
/*
 * rpmb-state: look after the states of vhost-user-rpmb
 */
#include <argp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "argument.h"
#include "commands.h"

const char *argp_program_version = "rpmb-state 0.1";

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

struct command {
	const char *name;
	bool (*run)(const struct arguments *args);
	unsigned int nr_files;
};

static const struct command commands[] = {
	{ "create", command_create, 1 },
	{ "inspect", command_inspect, 1 },
	{ "check", command_check, 1 },
	{ "backup", command_backup, 2 },
	{ "accept", command_accept, 1 },
	{ "convert", command_convert, 2 },
};

struct command_line {
	const struct command *command;
	struct arguments args;
	uint8_t dev_id[STATE_DEV_ID_LEN];
};

enum {
	OPT_CAPACITY = 0x100,
	OPT_DEV_ID,
	OPT_ANCHOR,
};

static const struct argp_option option_list[] = {
	{ NULL, 0, NULL, 0, "create:", 0 },
	{ "capacity", OPT_CAPACITY, "UNITS", 0,
	  "size in units of 128 KiB, 1 to 128 (default 32)", 0 },
	{ "dev-id", OPT_DEV_ID, "HEX", 0,
	  "identity of the device: 32 hex digits (default: none)", 0 },
	{ NULL, 0, NULL, 0, "create, check, accept, convert:", 1 },
	{ "anchor", OPT_ANCHOR, "SOCKET", 0,
	  "the anchor that keeps the state from being put back", 1 },
	{}
};

static const struct command *find_command(struct argp_state *argp,
					  const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(commands); i++)
		if (!strcmp(commands[i].name, name))
			return &commands[i];
	argp_error(argp, "there is no command '%s'", name);
	return NULL;
}

static void take_argument(struct argp_state *argp, struct command_line *line,
			  const char *arg)
{
	if (!line->command)
		line->command = find_command(argp, arg);
	else if (argp->arg_num > line->command->nr_files)
		argp_error(argp, "too many arguments");
	else if (argp->arg_num == 1)
		line->args.state.name = arg;
	else
		line->args.copy = arg;
}

static void check_line(struct argp_state *argp,
		       const struct command_line *line)
{
	const struct state_config *state = &line->args.state;

	if (!line->command)
		argp_usage(argp);
	if (argp->arg_num <= line->command->nr_files)
		argp_error(argp, "%s needs %s", line->command->name,
			   line->command->nr_files == 1 ?
			   "a file" : "two files");
	if ((state->capacity || state->dev_id) &&
	    line->command->run != command_create)
		argp_error(argp, "only create takes --capacity and --dev-id");
	if (state->anchor && (line->command->run == command_inspect ||
			      line->command->run == command_backup))
		argp_error(argp, "%s takes no --anchor", line->command->name);
	if (!state->anchor && line->command->run == command_convert)
		argp_error(argp, "convert needs --anchor");
}

static error_t parse_option(int key, char *arg, struct argp_state *argp)
{
	struct command_line *line = argp->input;

	switch (key) {
	case OPT_CAPACITY:
		line->args.state.capacity =
			argument_number(argp, "capacity", arg, 1,
					STATE_MAX_CAPACITY);
		return 0;
	case OPT_DEV_ID:
		argument_id(argp, "dev-id", line->dev_id, arg);
		line->args.state.dev_id = line->dev_id;
		return 0;
	case OPT_ANCHOR:
		line->args.state.anchor = arg;
		return 0;
	case ARGP_KEY_ARG:
		take_argument(argp, line, arg);
		return 0;
	case ARGP_KEY_END:
		check_line(argp, line);
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp argp = {
	.options = option_list,
	.parser = parse_option,
	.args_doc = "create FILE\ninspect FILE\ncheck FILE\n"
		    "backup FILE COPY\naccept FILE\nconvert FILE NEW",
	.doc = "Look after the states of vhost-user-rpmb.",
};

int main(int argc, char **argv)
{
	struct command_line line = { .args.state.stop = -1 };

	argp_parse(&argp, argc, argv, 0, NULL, &line);
	umask(077);
	return line.command->run(&line.args) ? EXIT_SUCCESS : EXIT_FAILURE;
}
