/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Options and operands of all commands, parsed in one place
 */
#ifndef RPMB_CMD_OPTIONS_H
#define RPMB_CMD_OPTIONS_H

#include "cmd.h"

/* Groups of options; a command takes some */
enum {
	TAKES_KEY = 1 << 0,
	TAKES_JSON = 1 << 1,
	TAKES_YES = 1 << 2,
	TAKES_OFFSET = 1 << 3,
	TAKES_LENGTH = 1 << 4,
	TAKES_OUTPUT = 1 << 5,
	TAKES_PAD = 1 << 6,
	TAKES_FORMAT = 1 << 7,
	TAKES_LUN = 1 << 8,
	TAKES_RETRY = 1 << 9,
	TAKES_GUID = 1 << 10,
	TAKES_KERNEL_KEY = 1 << 11,
	TAKES_MASTER = 1 << 12,
	TAKES_DEVICES = 1 << 13,
	TAKES_HISTORY = 1 << 14,
};

/* What a command cannot do without */
enum {
	NEEDS_DEVICE = 1 << 0,
	NEEDS_KEY = 1 << 1,
	NEEDS_LENGTH = 1 << 2,
	NEEDS_OPERAND = 1 << 3,
	NEEDS_MASTER = 1 << 4,
};

struct command {
	const char *name;		/* "config read" has two words */
	const char *args_doc;
	const char *summary;
	const char *operand;		/* what is missing if it is not given */
	int (*run)(const struct session *session);
	unsigned int takes;
	unsigned int needs;
	unsigned int max_operands;	/* besides the device */
	int flags;			/* that the device is opened with */
};

/* In the order in which the help has them; those of one first word together */
extern const struct command commands[];
extern const size_t nr_commands;

/* Parse the command line of @command, whose argv[0] is the last word of its name */
int parse_args(const struct command *command, int argc, char **argv,
	       struct args *args);

#endif /* RPMB_CMD_OPTIONS_H */
