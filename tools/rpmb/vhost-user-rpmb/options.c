// SPDX-License-Identifier: GPL-2.0-only
#include <argp.h>
#include <grp.h>

#include "argument.h"
#include "options.h"

const char *argp_program_version = "vhost-user-rpmb 0.1";

enum {
	OPT_SOCKET = 0x100,
	OPT_SOCKET_GROUP,
	OPT_METRICS,
	OPT_STATE,
	OPT_ANCHOR,
	OPT_PARTITION,
	OPT_BACKEND,
	OPT_INCOMING,
	OPT_CAPACITY,
	OPT_MAX_WRITE,
	OPT_MAX_READ,
	OPT_ALLOW_KEY,
	OPT_DEV_ID,
};

static const struct argp_option option_list[] = {
	{ "socket", OPT_SOCKET, "PATH", 0, "listen on this Unix socket", 0 },
	{ "socket-group", OPT_SOCKET_GROUP, "GROUP", 0,
	  "members of this group may connect, too", 0 },
	{ "metrics", OPT_METRICS, "FILE", 0,
	  "write numbers for Prometheus to this file, every few seconds", 0 },
	{ NULL, 0, NULL, 0, "A device of its own:", 1 },
	{ "state", OPT_STATE, "FILE|URI", 0,
	  "keep key, counter and data in this file, or in this database"
	  " (postgresql://...#GUID); made if there is none", 1 },
	{ "anchor", OPT_ANCHOR, "SOCKET", 0,
	  "an anchor of rpmb-anchor's keeps this file from being put back", 1 },
	{ "partition", OPT_PARTITION, "SOCKET", 0,
	  "no file: key, counter and data are in a partition that rpmb-anchor has",
	  1 },
	{ "incoming", OPT_INCOMING, NULL, 0,
	  "another host serves the device still: wait until it moves here", 1 },
	{ "capacity", OPT_CAPACITY, "UNITS", 0,
	  "size of a new device in units of 128 KiB, 1 to 128 (default 32)",
	  1 },
	{ "max-write", OPT_MAX_WRITE, "N", 0,
	  "most blocks in one write, up to 255; 0 (default): any number", 1 },
	{ "max-read", OPT_MAX_READ, "N", 0,
	  "most blocks in one read, up to 255; 0 (default): any number", 1 },
	{ NULL, 0, NULL, 0, "A device of the host:", 3 },
	{ "backend", OPT_BACKEND, "DEVICE", 0,
	  "pass signed frames on to this device, as rpmb0 or mmcblk0rpmb", 3 },
	{ "allow-key", OPT_ALLOW_KEY, NULL, 0,
	  "the guest may program the key of that device, for good", 3 },
	{ NULL, 0, NULL, 0, "Both:", 4 },
	{ "dev-id", OPT_DEV_ID, "HEX", 0,
	  "identity of the device: 32 hex digits (default: none)", 4 },
	{}
};

static gid_t parse_group(struct argp_state *argp, const char *name)
{
	const struct group *group = getgrnam(name);

	if (!group)
		argp_error(argp, "there is no group '%s'", name);
	return group->gr_gid;
}

/* One of the three, and nothing of the others */
static void check_kind(struct argp_state *argp, const struct options *options)
{
	const struct emulate_config *emulate = &options->emulate;
	unsigned int kinds = !!emulate->state.name + !!emulate->state.partition +
			     !!options->forward.name;

	if (!options->socket || kinds != 1)
		argp_error(argp,
			   "--socket and one of --state, --partition and --backend are needed");
	if (options->forward.name && (emulate->state.capacity ||
				      emulate->max_write || emulate->max_read))
		argp_error(argp,
			   "with --backend, capacity and limits are those of the device");
	if (emulate->state.anchor && !emulate->state.name)
		argp_error(argp, "--anchor is for --state");
	if (emulate->state.incoming && !emulate->state.name)
		argp_error(argp, "--incoming is for --state");
	if (options->forward.allow_key && !options->forward.name)
		argp_error(argp, "--allow-key is for --backend");
}

static error_t parse_option(int key, char *arg, struct argp_state *argp)
{
	struct options *options = argp->input;

	switch (key) {
	case OPT_SOCKET:
		options->socket = arg;
		return 0;
	case OPT_SOCKET_GROUP:
		options->group = parse_group(argp, arg);
		return 0;
	case OPT_METRICS:
		options->metrics = arg;
		return 0;
	case OPT_STATE:
		options->emulate.state.name = arg;
		return 0;
	case OPT_ANCHOR:
		options->emulate.state.anchor = arg;
		return 0;
	case OPT_PARTITION:
		options->emulate.state.partition = arg;
		return 0;
	case OPT_BACKEND:
		options->forward.name = arg;
		return 0;
	case OPT_INCOMING:
		options->emulate.state.incoming = true;
		return 0;
	case OPT_CAPACITY:
		options->emulate.state.capacity =
			argument_number(argp, "capacity", arg, 1,
					STATE_MAX_CAPACITY);
		return 0;
	case OPT_MAX_WRITE:
		options->emulate.max_write =
			argument_number(argp, "max-write", arg, 0, UINT8_MAX);
		return 0;
	case OPT_MAX_READ:
		options->emulate.max_read =
			argument_number(argp, "max-read", arg, 0, UINT8_MAX);
		return 0;
	case OPT_ALLOW_KEY:
		options->forward.allow_key = true;
		return 0;
	case OPT_DEV_ID:
		argument_id(argp, "dev-id", options->dev_id, arg);
		options->emulate.state.dev_id = options->dev_id;
		options->forward.dev_id = options->dev_id;
		return 0;
	case ARGP_KEY_INIT:
		options->fleet.config = &options->emulate.state;
		argp->child_inputs[0] = &options->fleet;
		return 0;
	case ARGP_KEY_END:
		check_kind(argp, options);
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp_child children[] = {
	{ &fleet_argp, 0, "A device of its own in a database:", 2 },
	{}
};

static const struct argp argp = {
	.options = option_list,
	.parser = parse_option,
	.children = children,
	.doc = "A virtio RPMB device for QEMU and User Mode Linux.",
};

void options_parse(struct options *options, int argc, char **argv)
{
	*options = (struct options) { .group = -1 };
	argp_parse(&argp, argc, argv, 0, NULL, options);
}
