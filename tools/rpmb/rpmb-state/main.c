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
#include "fleet.h"
#include "fleet_options.h"
#include "pg_session.h"
#include "secret.h"

const char *argp_program_version = "rpmb-state 0.1";

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/*
 * @run, @on_database: with a file, and with a database; NULL if there is no such thing
 * @nr_files: the first one among them, with both
 * @nr_more: that may follow if the first one is a database
 */
struct command {
	const char *name;
	bool (*run)(const struct arguments *args);
	bool (*on_database)(const struct arguments *args);
	unsigned int nr_files;
	unsigned int nr_more;
};

static const struct command commands[] = {
	{ "create", command_create, fleet_create, 1, 0 },
	{ "inspect", command_inspect, fleet_inspect, 1, 0 },
	{ "check", command_check, fleet_check, 1, 0 },
	{ "backup", command_backup, fleet_backup, 2, 0 },
	{ "accept", command_accept, fleet_accept, 1, 1 },
	{ "convert", command_convert, NULL, 2, 0 },
	{ "setup", NULL, fleet_setup, 1, 0 },
	{ "list", NULL, fleet_list, 1, 0 },
	{ "rewrap", NULL, fleet_rewrap, 1, 0 },
	{ "retire", NULL, fleet_retire, 1, 0 },
};

struct command_line {
	const struct command *command;
	struct arguments args;
	struct fleet_options fleet;
	uint8_t dev_id[STATE_DEV_ID_LEN];
	const char *new_key_file;
	bool on_database;
};

enum {
	OPT_CAPACITY = 0x100,
	OPT_DEV_ID,
	OPT_ANCHOR,
	OPT_JSON,
	OPT_NEW_WRAP_KEY,
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
	{ NULL, 0, NULL, 0, "list, inspect on a database:", 2 },
	{ "json", OPT_JSON, NULL, 0, "print JSON", 2 },
	{ NULL, 0, NULL, 0, "rewrap:", 4 },
	{ "new-wrap-key", OPT_NEW_WRAP_KEY, "FILE", 0,
	  "the hosts' key from now on; --wrap-key is the one until now", 4 },
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
	else if (argp->arg_num == 1)
		line->args.state.name = arg;
	else if (argp->arg_num == 2)
		line->args.copy = arg;
	else
		argp_error(argp, "too many arguments");
}

static void check_files(struct argp_state *argp,
			const struct command_line *line)
{
	const struct command *command = line->command;
	unsigned int nr = argp->arg_num - 1;

	if (nr < command->nr_files)
		argp_error(argp, "%s needs %s", command->name,
			   command->nr_files == 1 ? "a file" : "two files");
	if (line->on_database ? !command->on_database : !command->run)
		argp_error(argp, line->on_database ?
			   "%s does not know databases" :
			   "%s is for databases: postgresql://...",
			   command->name);
	if (nr > command->nr_files + (line->on_database ? command->nr_more : 0))
		argp_error(argp, "too many arguments");
}

/* As that of --wrap-key, see fleet_options.c */
static void take_new_key(struct argp_state *argp, struct command_line *line)
{
	struct secret *secret = secret_new();
	const char *wrong;

	if (line->command->on_database != fleet_rewrap)
		argp_error(argp, "only rewrap takes --new-wrap-key");
	if (!secret)
		argp_error(argp, "out of memory");
	wrong = secret_from_file(secret, line->new_key_file,
				 line->fleet.insecure);
	if (wrong)
		argp_error(argp, "--new-wrap-key: %s", wrong);
	line->args.new_key = secret->key;
}

static void check_line(struct argp_state *argp, struct command_line *line)
{
	const struct state_config *state = &line->args.state;

	if (!line->command)
		argp_usage(argp);
	line->on_database = state->name && pg_is_name(state->name);
	check_files(argp, line);
	if ((state->capacity || state->dev_id) &&
	    line->command->run != command_create)
		argp_error(argp, "only create takes --capacity and --dev-id");
	if (state->anchor && line->on_database)
		argp_error(argp, "an anchor is one host's: a state in a database has none");
	if (state->anchor && (line->command->run == command_inspect ||
			      line->command->run == command_backup))
		argp_error(argp, "%s takes no --anchor", line->command->name);
	if (!state->anchor && line->command->run == command_convert)
		argp_error(argp, "convert needs --anchor");
	if (state->take_over && line->on_database && !pg_fragment(state->name))
		argp_error(argp, "--take-over is for one device: DATABASE#GUID");
	if (line->args.json &&
	    (!line->on_database ||
	     (line->command->on_database != fleet_list &&
	      line->command->on_database != fleet_inspect)))
		argp_error(argp, "only list and inspect on a database take --json");
	if (line->new_key_file)
		take_new_key(argp, line);
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
	case OPT_JSON:
		line->args.json = true;
		return 0;
	case OPT_NEW_WRAP_KEY:
		line->new_key_file = arg;
		return 0;
	case ARGP_KEY_INIT:
		line->fleet.config = &line->args.state;
		argp->child_inputs[0] = &line->fleet;
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

static const struct argp_child children[] = {
	{ &fleet_argp, 0, "A state in a database:", 3 },
	{}
};

static const struct argp argp = {
	.options = option_list,
	.parser = parse_option,
	.children = children,
	.args_doc = "create FILE\ninspect FILE\ncheck FILE\n"
		    "backup FILE COPY\naccept FILE\nconvert FILE NEW\n"
		    "setup DATABASE\nlist DATABASE\ncreate DATABASE#GUID\n"
		    "inspect DATABASE#GUID\ncheck DATABASE[#GUID]\n"
		    "backup DATABASE#GUID COPY\naccept DATABASE#GUID [COPY]\n"
		    "rewrap DATABASE[#GUID]\nretire DATABASE#GUID",
	.doc = "Look after the states of vhost-user-rpmb.",
};

int main(int argc, char **argv)
{
	struct command_line line = { .args.state.stop = -1 };
	bool (*run)(const struct arguments *args);

	argp_parse(&argp, argc, argv, 0, NULL, &line);
	umask(077);
	run = line.on_database ? line.command->on_database : line.command->run;
	return run(&line.args) ? EXIT_SUCCESS : EXIT_FAILURE;
}
