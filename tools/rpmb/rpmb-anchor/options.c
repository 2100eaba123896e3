// SPDX-License-Identifier: GPL-2.0-only
#include <argp.h>
#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

#include "options.h"
#include "secret.h"

const char *argp_program_version = "rpmb-anchor 0.1";

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#define DEFAULT_LEDGER "/var/lib/rpmb-anchor/ledger"
#define DEFAULT_DIRECTORY "/run/rpmb-anchor"

enum {
	OPT_LEDGER = 0x100,
	OPT_DIRECTORY,
	OPT_KEY_FILE,
	OPT_KEY_FD,
	OPT_KEY_KEYRING,
	OPT_KERNEL_KEY,
	OPT_WRAP_KEY,
	OPT_INSECURE,
	OPT_GUID,
	OPT_CAPACITY,
	OPT_TITLE,
	OPT_USER,
	OPT_SHARE,
	OPT_PER_DAY,
	OPT_JSON,
};

/* Which options a command takes */
#define TAKES_KEY	1
#define TAKES_SETTINGS	2
#define TAKES_NEW	4
#define TAKES_LEDGER	8
#define TAKES_DIRECTORY	16
#define TAKES_JSON	32
#define TAKES_TITLE	64

static const struct command {
	const char *name;
	command_fn run;
	const char *argument;
	unsigned int takes;
} commands[] = {
	{ "init", command_init, "a device", TAKES_KEY | TAKES_LEDGER },
	{ "serve", command_serve, "a device",
	  TAKES_KEY | TAKES_LEDGER | TAKES_DIRECTORY },
	{ "list", command_list, NULL, TAKES_DIRECTORY | TAKES_JSON },
	{ "add", command_add, "a title",
	  TAKES_SETTINGS | TAKES_NEW | TAKES_DIRECTORY | TAKES_JSON },
	{ "remove", command_remove, "an anchor", TAKES_DIRECTORY },
	{ "set", command_set, "an anchor",
	  TAKES_SETTINGS | TAKES_TITLE | TAKES_DIRECTORY | TAKES_JSON },
	{ "accept", command_accept, "an anchor", TAKES_DIRECTORY },
	{ "log", command_log, NULL, TAKES_DIRECTORY | TAKES_JSON },
	{ "forecast", command_forecast, NULL, TAKES_DIRECTORY | TAKES_JSON },
};

static const struct argp_option option_list[] = {
	{ NULL, 0, NULL, 0, "init and serve:", 1 },
	{ "key-file", OPT_KEY_FILE, "FILE", 0, "the hardware's key", 1 },
	{ "key-fd", OPT_KEY_FD, "N", 0, "the same, from a file descriptor", 1 },
	{ "key-keyring", OPT_KEY_KEYRING, "NAME", 0,
	  "the same, from a user key of the kernel's keyrings", 1 },
	{ "kernel-key", OPT_KERNEL_KEY, "KEY", 0,
	  "the same, which stays in the kernel: a number or TYPE:DESCRIPTION", 1 },
	{ "wrap-key", OPT_WRAP_KEY, "FILE", 0,
	  "with --kernel-key: what all other keys are made from", 1 },
	{ "insecure-key-file", OPT_INSECURE, NULL, 0,
	  "take a key that others can read", 1 },
	{ "ledger", OPT_LEDGER, "FILE", 0,
	  "the table and the log (" DEFAULT_LEDGER ")", 1 },
	{ NULL, 0, NULL, 0, "All but init:", 2 },
	{ "directory", OPT_DIRECTORY, "DIR", 0,
	  "where the sockets are (" DEFAULT_DIRECTORY ")", 2 },
	{ NULL, 0, NULL, 0, "add and set:", 3 },
	{ "user", OPT_USER, "USER", 0, "who may use it, besides root", 3 },
	{ "share", OPT_SHARE, "N", 0,
	  "steps that it may make in all; of a device, writes of the hardware", 3 },
	{ "per-day", OPT_PER_DAY, "N", 0,
	  "the same on an average day, after which it is slowed down; 0: any number",
	  3 },
	{ "title", OPT_TITLE, "TEXT", 0, "set: another title", 3 },
	{ "guid", OPT_GUID, "GUID", 0, "add: instead of a random one", 3 },
	{ "capacity", OPT_CAPACITY, "UNITS", 0,
	  "add: a device of so many units of 128 KiB, 1 to 128, in place of an anchor",
	  3 },
	{ NULL, 0, NULL, 0, "list, add, set, log, forecast:", 4 },
	{ "json", OPT_JSON, NULL, 0, "print JSON", 4 },
	{}
};

struct command_line {
	struct options *options;
	const struct command *command;
	unsigned int given;
};

static uint64_t parse_number(struct argp_state *argp, const char *what,
			     const char *text)
{
	uint64_t value;
	char *end;

	errno = 0;
	value = strtoull(text, &end, 10);
	/* More than SQLite can keep would be less */
	if (errno || end == text || *end || *text == '-' || value > INT64_MAX)
		argp_error(argp, "%s takes a number, not '%s'", what, text);
	return value;
}

static uint64_t parse_user(struct argp_state *argp, const char *name)
{
	const struct passwd *user = getpwnam(name);

	if (user)
		return user->pw_uid;
	if (name[strspn(name, "0123456789")])
		argp_error(argp, "there is no user '%s'", name);
	return parse_number(argp, "--user", name);
}

static void take_argument(struct argp_state *argp, struct command_line *line,
			  const char *arg)
{
	size_t i;

	if (line->command) {
		if (line->options->argument || !line->command->argument)
			argp_error(argp, "too many arguments");
		line->options->argument = arg;
		return;
	}
	for (i = 0; i < ARRAY_SIZE(commands); i++)
		if (!strcmp(commands[i].name, arg))
			line->command = &commands[i];
	if (!line->command)
		argp_error(argp, "there is no command '%s'", arg);
}

static void check_keys(struct argp_state *argp, const char *command,
		       const struct options *options)
{
	unsigned int keys = !!options->key_file + !!options->key_keyring +
			    !!options->kernel_key + (options->key_fd >= 0);

	if (keys != 1)
		argp_error(argp,
			   "%s needs one of --key-file, --key-fd, --key-keyring, --kernel-key",
			   command);
	if (options->kernel_key && !options->wrap_key)
		argp_error(argp,
			   "--kernel-key needs --wrap-key: what other keys are made from, since nobody can read that one");
	if (options->wrap_key && !options->kernel_key)
		argp_error(argp,
			   "--wrap-key goes with --kernel-key only: from a key that can be read the others are made");
}

static void check_line(struct argp_state *argp,
		       const struct command_line *line)
{
	const struct options *options = line->options;
	const struct command *command = line->command;

	if (!command)
		argp_usage(argp);
	if (command->argument && !options->argument)
		argp_error(argp, "%s needs %s", command->name,
			   command->argument);
	if (line->given & ~command->takes)
		argp_error(argp, "%s does not take one of these options",
			   command->name);
	if (command->takes & TAKES_KEY)
		check_keys(argp, command->name, options);
}

static error_t parse_setting(int key, char *arg, struct argp_state *argp,
			     struct command_line *line)
{
	struct options *options = line->options;

	line->given |= key == OPT_TITLE ? TAKES_TITLE : TAKES_SETTINGS;
	switch (key) {
	case OPT_USER:
		options->uid = parse_user(argp, arg);
		return 0;
	case OPT_SHARE:
		options->share = parse_number(argp, "--share", arg);
		return 0;
	case OPT_PER_DAY:
		options->per_day = parse_number(argp, "--per-day", arg);
		return 0;
	case OPT_TITLE:
		options->title = arg;
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static error_t parse_key(int key, char *arg, struct argp_state *argp,
			 struct command_line *line)
{
	struct options *options = line->options;

	line->given |= TAKES_KEY;
	switch (key) {
	case OPT_KEY_FILE:
		options->key_file = arg;
		return 0;
	case OPT_KEY_KEYRING:
		options->key_keyring = arg;
		return 0;
	case OPT_KEY_FD:
		options->key_fd = parse_number(argp, "--key-fd", arg);
		return 0;
	case OPT_KERNEL_KEY:
		if (!secret_is_name_in_kernel(arg))
			argp_error(argp,
				   "--kernel-key takes a number or TYPE:DESCRIPTION, not '%s'",
				   arg);
		options->kernel_key = arg;
		return 0;
	case OPT_WRAP_KEY:
		options->wrap_key = arg;
		return 0;
	}
	options->insecure_key_file = true;
	return 0;
}

static error_t parse_option(int key, char *arg, struct argp_state *argp)
{
	struct command_line *line = argp->input;
	struct options *options = line->options;

	switch (key) {
	case OPT_KEY_FILE:
	case OPT_KEY_FD:
	case OPT_KEY_KEYRING:
	case OPT_KERNEL_KEY:
	case OPT_WRAP_KEY:
	case OPT_INSECURE:
		return parse_key(key, arg, argp, line);
	case OPT_LEDGER:
		options->ledger = arg;
		line->given |= TAKES_LEDGER;
		return 0;
	case OPT_DIRECTORY:
		options->directory = arg;
		line->given |= TAKES_DIRECTORY;
		return 0;
	case OPT_GUID:
		options->guid = arg;
		line->given |= TAKES_NEW;
		return 0;
	case OPT_CAPACITY:
		options->capacity = parse_number(argp, "--capacity", arg);
		line->given |= TAKES_NEW;
		return 0;
	case OPT_JSON:
		options->json = true;
		line->given |= TAKES_JSON;
		return 0;
	case ARGP_KEY_ARG:
		take_argument(argp, line, arg);
		return 0;
	case ARGP_KEY_END:
		check_line(argp, line);
		return 0;
	case OPT_USER:
	case OPT_SHARE:
	case OPT_PER_DAY:
	case OPT_TITLE:
		return parse_setting(key, arg, argp, line);
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp argp = {
	.options = option_list,
	.parser = parse_option,
	.args_doc = "init DEVICE\nserve DEVICE\nlist\nadd TITLE\nremove ANCHOR\n"
		    "set ANCHOR\naccept ANCHOR\nlog\nforecast",
	.doc = "Anchor many states in one hardware RPMB, and divide it into virtual ones.",
};

command_fn options_parse(struct options *options, int argc, char **argv)
{
	struct command_line line = { .options = options };

	*options = (struct options) {
		.ledger = DEFAULT_LEDGER,
		.directory = DEFAULT_DIRECTORY,
		.key_fd = -1,
		.uid = UINT64_MAX,
		.share = UINT64_MAX,
		.per_day = UINT64_MAX,
		.capacity = UINT64_MAX,
	};
	argp_parse(&argp, argc, argv, 0, NULL, &line);
	return line.command->run;
}
