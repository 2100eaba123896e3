// SPDX-License-Identifier: GPL-2.0-only
/*
 * Options and operands of all commands
 */
#include <argp.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "derive.h"
#include "options.h"

enum option_key {
	OPT_KERNEL_KEY = 256,
	OPT_KEY_FD,
	OPT_KEY_KEYRING,
	OPT_INSECURE,
	OPT_MASTER,
	OPT_SCHEME,
	OPT_CONTEXT,
	OPT_DEVICES,
	OPT_RECORDS,
	OPT_DESPITE_TEE,
	OPT_HISTORY,
	OPT_TEXTFILE,
	OPT_JSON,
	OPT_YES,
	OPT_PAD,
	OPT_FORMAT,
	OPT_LUN,
	OPT_RETRY,
	OPT_GUID,
};

/* If --retry does not say how often */
#define RETRIES 10

static const struct {
	unsigned int group;
	struct argp_option option;
} options[] = {
	{ TAKES_KERNEL_KEY, { "kernel-key", OPT_KERNEL_KEY, "KEY", 0,
		"best: a key that stays in the kernel; its number, or TYPE:DESCRIPTION", 0 } },
	{ TAKES_KEY, { "key", 'k', "FILE", 0,
		"the key: 32 bytes, or 64 hexadecimal digits; - for stdin; or derive:MASTER", 0 } },
	{ TAKES_KEY, { "key-fd", OPT_KEY_FD, "FD", 0,
		"the key comes from this open file descriptor", 0 } },
	{ TAKES_KEY, { "key-keyring", OPT_KEY_KEYRING, "DESC", 0,
		"a copy of a user key of the kernel, where that has no --kernel-key", 0 } },
	{ TAKES_MASTER, { "master", OPT_MASTER, "MASTER", 0,
		"what it is derived from: a file, keyring:DESC, or pkcs11:URI", 0 } },
	{ TAKES_KEY | TAKES_MASTER, { "scheme", OPT_SCHEME, "NAME", 0,
		"how it is derived: rpmb-1 (default), optee, optee-usage", 0 } },
	{ TAKES_KEY | TAKES_MASTER, { "context", OPT_CONTEXT, "TEXT", 0,
		"what makes it another key", 0 } },
	{ TAKES_KEY | TAKES_MASTER, { "insecure-key-file", OPT_INSECURE, NULL, 0,
		"accept a key file that others can read", 0 } },
	{ TAKES_DEVICES, { "devices", OPT_DEVICES, "FILE", 0,
		"a list of devices, one a line", 0 } },
	{ TAKES_DEVICES, { "records", OPT_RECORDS, "DIR", 0,
		"where to keep a signed record of each", 0 } },
	{ TAKES_DEVICES, { "despite-tee", OPT_DESPITE_TEE, NULL, 0,
		"program keys also where OP-TEE would use the device", 0 } },
	{ TAKES_HISTORY, { "history", OPT_HISTORY, "FILE", 0,
		"keep the counters of each day here", 0 } },
	{ TAKES_HISTORY, { "textfile", OPT_TEXTFILE, "FILE", 0,
		"write numbers for node_exporter here", 0 } },
	{ TAKES_OFFSET, { "offset", 's', "N", 0,
		"where to begin (default 0): bytes; Nk, NM; Nb for blocks", 0 } },
	{ TAKES_LENGTH, { "length", 'n', "N", 0,
		"how much, in the same units", 0 } },
	{ TAKES_OUTPUT, { "output", 'o', "FILE", 0,
		"where to put it; - for stdout", 0 } },
	{ TAKES_PAD, { "pad", OPT_PAD, NULL, 0,
		"fill the last block with zeros", 0 } },
	{ TAKES_RETRY, { "retry", OPT_RETRY, "N", OPTION_ARG_OPTIONAL,
		"write over what others write meanwhile; try N times (default 10)", 0 } },
	{ TAKES_FORMAT, { "format", OPT_FORMAT, "FORMAT", 0,
		"jedec or nvme (default: what the frames look like)", 0 } },
	{ TAKES_LUN, { "lun", OPT_LUN, "N", 0,
		"the logical unit, on UFS (default 0)", 0 } },
	{ TAKES_GUID, { "guid", OPT_GUID, "GUID", 0,
		"the partition's GUID (default: a new one)", 0 } },
	{ TAKES_JSON, { "json", OPT_JSON, NULL, 0, "print JSON", 0 } },
	{ TAKES_YES, { "yes", OPT_YES, NULL, 0, "do not ask", 0 } },
};

/* The options that a command takes, and an empty one at the end */
static void choose_options(unsigned int takes, struct argp_option *chosen)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(options); i++)
		if (options[i].group & takes)
			*chosen++ = options[i].option;
	*chosen = (struct argp_option) { 0 };
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

static unsigned int parse_number(struct argp_state *state, const char *text,
				 unsigned int max)
{
	unsigned long value;
	char *end;

	errno = 0;
	value = strtoul(text, &end, 10);
	if (!isdigit((unsigned char)*text) || *end || errno || value > max)
		argp_error(state, "'%s' is not a number from 0 to %u", text,
			   max);
	return value;
}

static int parse_format(struct argp_state *state, const char *text)
{
	if (!strcmp(text, "jedec"))
		return RPMB_FRAME_JEDEC;
	if (strcmp(text, "nvme"))
		argp_error(state, "'%s' is no format of frames: jedec or nvme",
			   text);
	return RPMB_FRAME_NVME;
}

struct parse {
	const struct command *command;
	struct args *args;
};

static void parse_operand(struct argp_state *state, struct parse *parse,
			  char *arg)
{
	struct args *args = parse->args;

	if (!args->device && parse->command->needs & NEEDS_DEVICE)
		args->device = arg;
	else if (args->nr_operands < parse->command->max_operands)
		args->operands[args->nr_operands++] = arg;
	else
		argp_error(state, "what does '%s' mean here?", arg);
}

static unsigned int nr_keys(const struct args *args)
{
	return !!args->kernel_key + !!args->key_file + !!args->key_keyring +
	       (args->key_fd >= 0);
}

static void check_needs(struct argp_state *state, const struct args *args,
			const struct command *command)
{
	if (command->needs & NEEDS_DEVICE && !args->device)
		argp_error(state, "name a device; see 'rpmb list'");
	if (command->needs & NEEDS_OPERAND && !args->nr_operands)
		argp_error(state, "%s", command->operand);
	if (command->needs & NEEDS_KEY && !nr_keys(args))
		argp_error(state, "name the key: --kernel-key KEY, or --key FILE");
	if (command->needs & NEEDS_MASTER && !args->master)
		argp_error(state, "say what it is derived from: --master MASTER");
	if (command->needs & NEEDS_LENGTH && !args->length.given)
		argp_error(state, "say how much: --length N");
}

/* stdin can be one thing only: the key, the data, or the answer to a question */
static void check_stdin(struct argp_state *state, const struct args *args,
			const struct command *command)
{
	bool key = (args->key_file && is_stdio(args->key_file)) ||
		   args->key_fd == 0;
	bool data = args->nr_operands && is_stdio(args->operands[0]);

	if (key && data)
		argp_error(state, "key and data cannot both come from stdin");
	if ((key || data) && command->takes & TAKES_YES && !args->yes)
		argp_error(state, "there will be a question, and stdin is in use: give --yes");
}

static void check_args(struct argp_state *state, struct parse *parse)
{
	struct args *args = parse->args;

	if (nr_keys(args) > 1)
		argp_error(state, "name one key, not several");
	check_needs(state, args, parse->command);
	check_stdin(state, args, parse->command);
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct parse *parse = state->input;
	struct args *args = parse->args;

	switch (key) {
	case 'k':
		args->key_file = arg;
		return 0;
	case OPT_KERNEL_KEY:
		args->kernel_key = arg;
		return 0;
	case OPT_KEY_FD:
		args->key_fd = parse_number(state, arg, INT32_MAX);
		return 0;
	case OPT_KEY_KEYRING:
		args->key_keyring = arg;
		return 0;
	case OPT_MASTER:
		args->master = arg;
		return 0;
	case OPT_SCHEME:
		if (!find_scheme(arg))
			argp_error(state, "there is no scheme '%s'", arg);
		args->scheme = arg;
		return 0;
	case OPT_CONTEXT:
		args->context = arg;
		return 0;
	case OPT_DEVICES:
		args->devices = arg;
		return 0;
	case OPT_RECORDS:
		args->records = arg;
		return 0;
	case OPT_DESPITE_TEE:
		args->despite_tee = true;
		return 0;
	case OPT_HISTORY:
		args->history = arg;
		return 0;
	case OPT_TEXTFILE:
		args->textfile = arg;
		return 0;
	case OPT_INSECURE:
		args->insecure_key_file = true;
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
	case OPT_JSON:
		args->json = true;
		return 0;
	case OPT_YES:
		args->yes++;
		return 0;
	case OPT_PAD:
		args->pad = true;
		return 0;
	case OPT_FORMAT:
		args->format = parse_format(state, arg);
		return 0;
	case OPT_RETRY:
		args->retries = arg ? parse_number(state, arg, INT32_MAX) :
				      RETRIES;
		return 0;
	case OPT_GUID:
		args->guid = arg;
		return 0;
	case OPT_LUN:
		args->lun = parse_number(state, arg, UINT8_MAX);
		return 0;
	case ARGP_KEY_ARG:
		parse_operand(state, parse, arg);
		return 0;
	case ARGP_KEY_END:
		check_args(state, parse);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

int parse_args(const struct command *command, int argc, char **argv,
	       struct args *args)
{
	struct argp_option chosen[ARRAY_SIZE(options) + 1];
	const struct argp argp = {
		.options = chosen,
		.parser = parse_option,
		.args_doc = command->args_doc,
		.doc = command->summary,
	};
	struct parse parse = { .command = command, .args = args };
	char name[32];

	*args = (struct args) { .key_fd = -1, .format = -1 };
	choose_options(command->takes, chosen);
	snprintf(name, sizeof(name), "rpmb %s", command->name);
	argv[0] = name;
	return argp_parse(&argp, argc, argv, 0, NULL, &parse) ? EXIT_OTHER : 0;
}
