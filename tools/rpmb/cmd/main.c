// SPDX-License-Identifier: GPL-2.0-only
/*
 * rpmb: replay protected memory on the command line
 */
#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "key.h"
#include "options.h"

const char *argp_program_version = "rpmb 0.1";

/* Get what the command line names */
static int open_session(const struct command *command, struct session *session)
{
	const struct args *args = session->args;
	int ret;

	if (has_key(args)) {
		ret = get_key(session);
		if (ret)
			return ret;
	}
	if (!args->device)
		return EXIT_OK;
	ret = rpmb_open(&session->rpmb, args->device, command->flags);
	if (ret)
		return complain_error(args->device, ret);
	session->info = rpmb_info(session->rpmb);
	ret = rpmb_use_kernel_key(session->rpmb, session->kernel_key);
	return ret ? complain_error(args->device, ret) : get_derived_key(session);
}

static int run(const struct command *command, const struct args *args)
{
	struct session session = { .args = args };
	int ret;

	ret = open_session(command, &session);
	if (!ret)
		ret = command->run(&session);
	rpmb_close(session.rpmb);
	put_key(session.key);
	return ret;
}

static int run_command(const struct command *command, int argc, char **argv)
{
	struct args args;
	int ret;

	ret = parse_args(command, argc, argv, &args);
	if (ret)
		return ret;
	ret = run(command, &args);
	/* What is buffered may still fail to be written */
	if ((fflush(stdout) || ferror(stdout)) && !ret)
		ret = complain(EXIT_OTHER, "stdout", "%m");
	return ret;
}

struct choice {
	const struct command *command;
	int index;		/* of the last word of its name in argv */
};

/* Is it a command's name, or the first word of one? Sets @second to what follows */
static bool matches(const char *name, const char *word, const char **second)
{
	size_t len = strcspn(name, " ");

	*second = name[len] ? name + len + 1 : NULL;
	return strlen(word) == len && !strncmp(name, word, len);
}

static void choose(struct argp_state *state, const char *word,
		   struct choice *choice)
{
	const char *next = state->next < state->argc ?
			   state->argv[state->next] : "";
	const char *second;
	bool found = false;
	size_t i;

	for (i = 0; i < nr_commands; i++) {
		if (!matches(commands[i].name, word, &second))
			continue;
		found = true;
		if (second && strcmp(second, next))
			continue;
		choice->command = &commands[i];
		choice->index = state->next - !second;
		return;
	}
	if (found)
		argp_error(state, "'%s' what? See 'rpmb --help'", word);
	argp_error(state, "there is no command '%s'", word);
}

/* What follows the name of the command is the command's to parse */
static error_t parse_name(int key, char *arg, struct argp_state *state)
{
	switch (key) {
	case ARGP_KEY_ARG:
		choose(state, arg, state->input);
		state->next = state->argc;
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_state_help(state, stdout, ARGP_HELP_STD_HELP);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* The list of commands, before the rest of the help */
static char *main_help(int key, const char *text, void *input)
{
	char *help;
	size_t size, i;
	FILE *file;

	(void)input;
	if (key != ARGP_KEY_HELP_POST_DOC)
		return (char *)text;
	file = open_memstream(&help, &size);
	if (!file)
		return (char *)text;
	fputs("Commands:\n", file);
	for (i = 0; i < nr_commands; i++)
		fprintf(file, "  %-17s %s\n", commands[i].name,
			commands[i].summary);
	fprintf(file, "\n%s", text);
	return fclose(file) ? (char *)text : help;
}

static const struct argp main_argp = {
	.parser = parse_name,
	.args_doc = "COMMAND [ARGUMENT...]",
	.doc = "Replay protected memory of eMMC, UFS, NVMe, virtio.\v"
	       "'rpmb COMMAND --help' says more, and rpmb(1) has examples.\n"
	       "DEVICE is a path, a name such as rpmb0, or an id of 'rpmb list'.",
	.help_filter = main_help,
};

int main(int argc, char **argv)
{
	const struct rlimit no_core = { 0, 0 };
	struct choice choice = { 0 };

	/* A core file would have the key in it */
	setrlimit(RLIMIT_CORE, &no_core);
	argp_err_exit_status = EXIT_USAGE;
	if (argp_parse(&main_argp, argc, argv, ARGP_IN_ORDER, NULL, &choice))
		return EXIT_OTHER;
	return run_command(choice.command, argc - choice.index,
			   argv + choice.index);
}
