// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which commands there are, and what each takes and needs
 */
#include <fcntl.h>

#include "options.h"

const struct command commands[] = {
	{
		.name = "list",
		.summary = "list the devices",
		.run = cmd_list,
		.takes = TAKES_JSON,
	}, {
		.name = "info",
		.args_doc = "DEVICE",
		.summary = "say what a device is and what it can do",
		.run = cmd_info,
		.takes = TAKES_JSON,
		.needs = NEEDS_DEVICE,
		.flags = O_RDONLY,
	}, {
		.name = "program-key",
		.args_doc = "DEVICE",
		.summary = "program the key, once in a device's life; nothing undoes it",
		.run = cmd_program_key,
		.takes = TAKES_KEY | TAKES_YES | TAKES_JSON,
		.needs = NEEDS_DEVICE | NEEDS_KEY,
		.flags = O_RDWR,
	}, {
		.name = "counter",
		.args_doc = "DEVICE",
		.summary = "print the write counter, verified if the key is given",
		.run = cmd_counter,
		.takes = TAKES_KEY | TAKES_JSON,
		.needs = NEEDS_DEVICE,
		.flags = O_RDONLY,
	}, {
		.name = "read",
		.args_doc = "DEVICE",
		.summary = "read and verify data",
		.run = cmd_read,
		.takes = TAKES_KEY | TAKES_OFFSET | TAKES_LENGTH |
			 TAKES_OUTPUT | TAKES_JSON,
		.needs = NEEDS_DEVICE | NEEDS_KEY | NEEDS_LENGTH,
		.flags = O_RDONLY,
	}, {
		.name = "write",
		.args_doc = "DEVICE [FILE]",
		.summary = "write a file, or what comes from stdin",
		.run = cmd_write,
		.takes = TAKES_KEY | TAKES_OFFSET | TAKES_PAD | TAKES_RETRY |
			 TAKES_JSON,
		.needs = NEEDS_DEVICE | NEEDS_KEY,
		.max_operands = 1,
		.flags = O_RDWR,
	}, {
		.name = "dump",
		.args_doc = "DEVICE FILE",
		.summary = "read a whole device into a file",
		.operand = "name the file to put it in, or - for stdout",
		.run = cmd_dump,
		.takes = TAKES_KEY | TAKES_JSON,
		.needs = NEEDS_DEVICE | NEEDS_KEY | NEEDS_OPERAND,
		.max_operands = 1,
		.flags = O_RDONLY,
	}, {
		.name = "restore",
		.args_doc = "DEVICE FILE",
		.summary = "write a whole device from a file that 'dump' made",
		.operand = "name the file to take it from, or - for stdin",
		.run = cmd_restore,
		.takes = TAKES_KEY | TAKES_OFFSET | TAKES_LENGTH |
			 TAKES_RETRY | TAKES_JSON,
		.needs = NEEDS_DEVICE | NEEDS_KEY | NEEDS_OPERAND,
		.max_operands = 1,
		.flags = O_RDWR,
	}, {
		.name = "verify",
		.args_doc = "DEVICE FILE",
		.summary = "compare a device with a file that 'dump' made",
		.operand = "name the file to compare with, or - for stdin",
		.run = cmd_verify,
		.takes = TAKES_KEY | TAKES_OFFSET | TAKES_LENGTH | TAKES_JSON,
		.needs = NEEDS_DEVICE | NEEDS_KEY | NEEDS_OPERAND,
		.max_operands = 1,
		.flags = O_RDONLY,
	}, {
		.name = "config read",
		.args_doc = "DEVICE",
		.summary = "print the device's configuration: its write protection",
		.run = cmd_config_read,
		.takes = TAKES_KEY | TAKES_LUN | TAKES_JSON,
		.needs = NEEDS_DEVICE | NEEDS_KEY,
		.flags = O_RDONLY,
	}, {
		.name = "config write",
		.args_doc = "DEVICE SETTING=VALUE...",
		.summary = "change the device's configuration; some of it for good",
		.operand = "say what to change; 'rpmb config read' shows the settings",
		.run = cmd_config_write,
		.takes = TAKES_KEY | TAKES_LUN | TAKES_YES | TAKES_JSON,
		.needs = NEEDS_DEVICE | NEEDS_KEY | NEEDS_OPERAND,
		.max_operands = MAX_OPERANDS,
		.flags = O_RDWR,
	}, {
		.name = "purge start",
		.args_doc = "DEVICE",
		.summary = "remove for good what was overwritten (UFS)",
		.run = cmd_purge_start,
		.takes = TAKES_KEY | TAKES_YES | TAKES_JSON,
		.needs = NEEDS_DEVICE | NEEDS_KEY,
		.flags = O_RDWR,
	}, {
		.name = "purge status",
		.args_doc = "DEVICE",
		.summary = "say how far a purge is (UFS)",
		.run = cmd_purge_status,
		.takes = TAKES_KEY | TAKES_JSON,
		.needs = NEEDS_DEVICE | NEEDS_KEY,
		.flags = O_RDONLY,
	}, {
		.name = "route",
		.args_doc = "DEVICE FILE",
		.summary = "send signed frames, and say what the device answers",
		.operand = "name the file with the frames, or - for stdin",
		.run = cmd_route,
		.takes = TAKES_KEY | TAKES_LENGTH | TAKES_OUTPUT | TAKES_YES |
			 TAKES_JSON,
		.needs = NEEDS_DEVICE | NEEDS_OPERAND,
		.max_operands = 1,
		.flags = O_RDWR,
	}, {
		.name = "decode",
		.args_doc = "[FILE]",
		.summary = "say in words what frames mean",
		.run = cmd_decode,
		.takes = TAKES_KEY | TAKES_FORMAT | TAKES_JSON,
		.max_operands = 1,
	}, {
		.name = "selftest",
		.args_doc = "DEVICE",
		.summary = "test a device without changing what is on it",
		.run = cmd_selftest,
		.takes = TAKES_KEY | TAKES_JSON,
		.needs = NEEDS_DEVICE,
		.flags = O_RDWR,
	},
};

const size_t nr_commands = ARRAY_SIZE(commands);
