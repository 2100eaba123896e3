// SPDX-License-Identifier: GPL-2.0-only
/*
 * rpmb: replay protected memory on the command line
 */
#include <argp.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"

const char *argp_program_version = "rpmb 0.1";

struct command {
	const char *name;
	const char *args_doc;
	const char *doc;
	const struct argp_option *options;
	int (*run)(const struct args *args);
	unsigned int min_args;
	unsigned int max_args;
	bool needs_key;
	bool needs_length;
};

enum option_key {
	OPT_INSECURE = 256,
	OPT_YES,
	OPT_PAD,
};

#define KEY_OPTION							\
	{ "key", 'k', "FILE", 0,					\
	  "the key: 32 bytes, or 64 hexadecimal digits", 0 }
#define INSECURE_OPTION							\
	{ "insecure-key-file", OPT_INSECURE, NULL, 0,			\
	  "accept a key file that others can read", 0 }
#define OFFSET_OPTION							\
	{ "offset", 's', "N", 0,					\
	  "where to begin (default 0): bytes; Nk, NM; Nb for blocks", 0 }

static const struct argp_option counter_options[] = {
	KEY_OPTION,
	INSECURE_OPTION,
	{ 0 }
};

static const struct argp_option program_key_options[] = {
	KEY_OPTION,
	INSECURE_OPTION,
	{ "yes", OPT_YES, NULL, 0, "do not ask", 0 },
	{ 0 }
};

static const struct argp_option read_options[] = {
	KEY_OPTION,
	INSECURE_OPTION,
	OFFSET_OPTION,
	{ "length", 'n', "N", 0, "how much to read, in the same units", 0 },
	{ "output", 'o', "FILE", 0, "where to put it (default stdout)", 0 },
	{ 0 }
};

static const struct argp_option write_options[] = {
	KEY_OPTION,
	INSECURE_OPTION,
	OFFSET_OPTION,
	{ "pad", OPT_PAD, NULL, 0, "fill the last block with zeros", 0 },
	{ 0 }
};

static const struct command commands[] = {
	{
		.name = "list",
		.doc = "List the devices.",
		.run = cmd_list,
	}, {
		.name = "info",
		.args_doc = "DEVICE",
		.doc = "Say what a device is and what it can do.",
		.run = cmd_info,
		.min_args = 1,
		.max_args = 1,
	}, {
		.name = "program-key",
		.args_doc = "DEVICE",
		.doc = "Program the key, once in a device's life; nothing undoes it.",
		.options = program_key_options,
		.run = cmd_program_key,
		.min_args = 1,
		.max_args = 1,
		.needs_key = true,
	}, {
		.name = "counter",
		.args_doc = "DEVICE",
		.doc = "Print the write counter, verified if the key is given.",
		.options = counter_options,
		.run = cmd_counter,
		.min_args = 1,
		.max_args = 1,
	}, {
		.name = "read",
		.args_doc = "DEVICE",
		.doc = "Read and verify data.",
		.options = read_options,
		.run = cmd_read,
		.min_args = 1,
		.max_args = 1,
		.needs_key = true,
		.needs_length = true,
	}, {
		.name = "write",
		.args_doc = "DEVICE [FILE]",
		.doc = "Write FILE, or what comes from stdin.",
		.options = write_options,
		.run = cmd_write,
		.min_args = 1,
		.max_args = 2,
		.needs_key = true,
	},
};

static const struct command *find_command(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(commands); i++)
		if (!strcmp(commands[i].name, name))
			return &commands[i];
	return NULL;
}

/* The bits that the unit shifts a number by, -1 if there is no such unit */
static int unit_shift(const char *unit)
{
	if (!*unit || !strcmp(unit, "b"))
		return 0;
	if (!strcmp(unit, "k"))
		return 10;
	return strcmp(unit, "M") ? -1 : 20;
}

static void parse_quantity(struct argp_state *state, const char *text,
			   struct quantity *quantity)
{
	unsigned long long value;
	char *unit;
	int shift;

	errno = 0;
	value = strtoull(text, &unit, 10);
	shift = unit_shift(unit);
	if (!isdigit((unsigned char)*text) || errno || shift < 0 ||
	    value > UINT32_MAX)
		argp_error(state, "'%s' is not a number of bytes (N, Nk, NM) or blocks (Nb)",
			   text);
	quantity->value = value << shift;
	quantity->blocks = *unit == 'b';
	quantity->given = true;
}

static void parse_arg(struct argp_state *state, struct args *args, char *arg,
		      const struct command *command)
{
	if (state->arg_num >= command->max_args)
		argp_error(state, "what does '%s' mean here?", arg);
	if (state->arg_num == 0)
		args->device = arg;
	else
		args->file = arg;
}

static void check_complete(struct argp_state *state, const struct args *args,
			   const struct command *command)
{
	if (state->arg_num < command->min_args)
		argp_error(state, "name a device; see 'rpmb list'");
	if (command->needs_key && !args->key_file)
		argp_error(state, "name the file with the key: --key FILE");
	if (command->needs_length && !args->length.given)
		argp_error(state, "say how much to read: --length N");
}

struct parse {
	const struct command *command;
	struct args args;
};

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct parse *parse = state->input;
	struct args *args = &parse->args;

	switch (key) {
	case 'k':
		args->key_file = arg;
		return 0;
	case 's':
		parse_quantity(state, arg, &args->offset);
		return 0;
	case 'n':
		parse_quantity(state, arg, &args->length);
		return 0;
	case 'o':
		args->file = arg;
		return 0;
	case OPT_INSECURE:
		args->insecure_key_file = true;
		return 0;
	case OPT_YES:
		args->yes = true;
		return 0;
	case OPT_PAD:
		args->pad = true;
		return 0;
	case ARGP_KEY_ARG:
		parse_arg(state, args, arg, parse->command);
		return 0;
	case ARGP_KEY_END:
		check_complete(state, args, parse->command);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static int run_command(const struct command *command, int argc, char **argv)
{
	struct argp argp = {
		.options = command->options,
		.parser = parse_option,
		.args_doc = command->args_doc,
		.doc = command->doc,
	};
	struct parse parse = { .command = command };
	char name[32];

	snprintf(name, sizeof(name), "rpmb %s", command->name);
	argv[0] = name;
	if (argp_parse(&argp, argc, argv, 0, NULL, &parse))
		return EXIT_OTHER;
	return command->run(&parse.args);
}

struct choice {
	const struct command *command;
	int index;		/* of its name in argv */
};

/* What follows the name of the command is the command's to parse */
static error_t parse_name(int key, char *arg, struct argp_state *state)
{
	struct choice *choice = state->input;

	switch (key) {
	case ARGP_KEY_ARG:
		choice->command = find_command(arg);
		if (!choice->command)
			argp_error(state, "there is no command '%s'", arg);
		choice->index = state->next - 1;
		state->next = state->argc;
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_state_help(state, stdout, ARGP_HELP_STD_HELP);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp main_argp = {
	.parser = parse_name,
	.args_doc = "COMMAND [ARGUMENT...]",
	.doc = "Replay protected memory of eMMC, UFS, NVMe, virtio.\vCommands:\n"
	       "  list         list the devices\n"
	       "  info         say what a device is and what it can do\n"
	       "  program-key  program the key, once in a device's life\n"
	       "  counter      print the write counter\n"
	       "  read         read and verify data\n"
	       "  write        write data\n"
	       "\n"
	       "'rpmb COMMAND --help' says more.\n"
	       "DEVICE is a path, a name such as rpmb0, or an id of 'rpmb list'.",
};

int main(int argc, char **argv)
{
	struct choice choice = { 0 };

	argp_err_exit_status = EXIT_USAGE;
	if (argp_parse(&main_argp, argc, argv, ARGP_IN_ORDER, NULL, &choice))
		return EXIT_OTHER;
	return run_command(choice.command, argc - choice.index,
			   argv + choice.index);
}
