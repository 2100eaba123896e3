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
#include "partition.h"
#include "pg_session.h"
#include "secret.h"

const char *argp_program_version = "rpmb-state 0.1";

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/*
 * @run, @on_database, @on_partition: with a file, with a database, and with a partition;
 *	NULL if there is no such thing
 * @nr_files: the first one among them, with both
 * @nr_more: that may follow if the first one is a database
 */
struct command {
	const char *name;
	bool (*run)(const struct arguments *args);
	bool (*on_database)(const struct arguments *args);
	bool (*on_partition)(const struct arguments *args);
	unsigned int nr_files;
	unsigned int nr_more;
};

static const struct command commands[] = {
	{ "create", command_create, fleet_create, NULL, 1, 0 },
	{ "inspect", command_inspect, fleet_inspect, partition_inspect, 1, 0 },
	{ "check", command_check, fleet_check, partition_check, 1, 0 },
	{ "backup", command_backup, fleet_backup, NULL, 2, 0 },
	{ "accept", command_accept, fleet_accept, NULL, 1, 1 },
	{ "convert", command_convert, NULL, NULL, 2, 0 },
	{ "setup", NULL, fleet_setup, NULL, 1, 0 },
	{ "list", NULL, fleet_list, NULL, 1, 0 },
	{ "rewrap", NULL, fleet_rewrap, NULL, 1, 0 },
	{ "retire", NULL, fleet_retire, NULL, 1, 0 },
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
	OPT_PARTITION,
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
	{ NULL, 0, NULL, 0, "inspect, check:", 1 },
	{ "partition", OPT_PARTITION, "SOCKET", 0,
	  "no file: the device is in a partition that rpmb-anchor has", 1 },
	{ NULL, 0, NULL, 0,
	  "all but setup and rewrap on a database, inspect on a partition:", 2 },
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

/* What rpmb-anchor does with such devices itself nobody else can do */
static void check_partition(struct argp_state *argp,
			    const struct command_line *line)
{
	const struct command *command = line->command;

	if (command->run == command_create)
		argp_error(argp,
			   "'rpmb-anchor add --capacity=UNITS' makes a device in a partition");
	if (command->run == command_accept)
		argp_error(argp, "a device in a partition has no older versions;"
			   " 'rpmb-anchor accept' is for states in files");
	if (!command->on_partition)
		argp_error(argp, "%s does not know partitions", command->name);
	if (argp->arg_num > 1)
		argp_error(argp, "--partition takes the place of a file");
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

static bool knows_json(const struct command_line *line)
{
	const struct command *command = line->command;

	if (line->args.state.partition)
		return command->on_partition == partition_inspect;
	return line->on_database && command->on_database != fleet_setup &&
	       command->on_database != fleet_rewrap;
}

static void check_line(struct argp_state *argp, struct command_line *line)
{
	const struct state_config *state = &line->args.state;

	if (!line->command)
		argp_usage(argp);
	line->on_database = state->name && pg_is_name(state->name);
	if (state->partition)
		check_partition(argp, line);
	else
		check_files(argp, line);
	if ((state->capacity || state->dev_id) &&
	    line->command->run != command_create)
		argp_error(argp, "only create takes --capacity and --dev-id");
	if (state->anchor && line->on_database)
		argp_error(argp, "an anchor is one host's: a state in a database has none");
	if (state->anchor && state->partition)
		argp_error(argp, "--anchor is for states in files");
	if (state->anchor && (line->command->run == command_inspect ||
			      line->command->run == command_backup))
		argp_error(argp, "%s takes no --anchor", line->command->name);
	if (!state->anchor && line->command->run == command_convert)
		argp_error(argp, "convert needs --anchor");
	if (state->take_over && line->on_database && !pg_fragment(state->name))
		argp_error(argp, "--take-over is for one device: DATABASE#GUID");
	if (line->args.json && !knows_json(line))
		argp_error(argp,
			   "--json is for databases, but not setup and rewrap,"
			   " and for inspect --partition");
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
	case OPT_PARTITION:
		line->args.state.partition = arg;
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
		    "inspect --partition=SOCKET\ncheck --partition=SOCKET\n"
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
	if (line.args.state.partition)
		run = line.command->on_partition;
	else
		run = line.on_database ? line.command->on_database :
					 line.command->run;
	return run(&line.args) ? EXIT_SUCCESS : EXIT_FAILURE;
}
