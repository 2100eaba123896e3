// SPDX-License-Identifier: GPL-2.0-only
#include <limits.h>

#include "argument.h"
#include "fleet_options.h"
#include "pg_session.h"
#include "secret.h"

enum {
	OPT_WRAP_KEY = 0x200,
	OPT_WRAP_KEY_FD,
	OPT_INSECURE,
	OPT_OWNER,
	OPT_TAKE_OVER,
	OPT_SINGLE_SERVER,
};

static const struct argp_option option_list[] = {
	{ "wrap-key", OPT_WRAP_KEY, "FILE", 0,
	  "the hosts' key, under which the database has those of devices", 0 },
	{ "wrap-key-fd", OPT_WRAP_KEY_FD, "N", 0,
	  "the same, from a file descriptor", 0 },
	{ "insecure-key-file", OPT_INSECURE, NULL, 0,
	  "take a key from a file that others can read", 0 },
	{ "owner", OPT_OWNER, "NAME", 0,
	  "what this host is called in the database (default: its name)", 0 },
	{ "take-over", OPT_TAKE_OVER, NULL, 0,
	  "whoever has the device is dead, or to be shut out", 0 },
	{ "single-server", OPT_SINGLE_SERVER, NULL, 0,
	  "one server is all there is, or it replicates in its own way", 0 },
	{}
};

/* It stays until the end of the program in memory that is not swapped out */
static void take_key(struct argp_state *argp,
		     const struct fleet_options *options)
{
	struct secret *secret = secret_new();
	const char *wrong;

	if (!secret)
		argp_error(argp, "out of memory");
	wrong = options->key_file ?
		secret_from_file(secret, options->key_file, options->insecure) :
		secret_from_fd(secret, options->key_fd, options->insecure);
	if (wrong)
		argp_error(argp, "--wrap-key: %s", wrong);
	options->config->wrap_key = secret->key;
}

static void check(struct argp_state *argp, const struct fleet_options *options)
{
	const struct state_config *config = options->config;
	bool has_key = options->key_file || options->key_fd >= 0;

	if (config->name && pg_is_name(config->name)) {
		if (has_key)
			take_key(argp, options);
	} else if (has_key || config->owner || config->take_over ||
		   config->single_server || options->insecure) {
		argp_error(argp, "--wrap-key, --owner, --take-over and"
				 " --single-server are for states in a database");
	}
}

static error_t parse_option(int key, char *arg, struct argp_state *argp)
{
	struct fleet_options *options = argp->input;

	switch (key) {
	case ARGP_KEY_INIT:
		options->key_fd = -1;
		return 0;
	case OPT_WRAP_KEY:
		options->key_file = arg;
		return 0;
	case OPT_WRAP_KEY_FD:
		options->key_fd = argument_number(argp, "wrap-key-fd", arg, 0,
						  INT_MAX);
		return 0;
	case OPT_INSECURE:
		options->insecure = true;
		return 0;
	case OPT_OWNER:
		options->config->owner = arg;
		return 0;
	case OPT_TAKE_OVER:
		options->config->take_over = true;
		return 0;
	case OPT_SINGLE_SERVER:
		options->config->single_server = true;
		return 0;
	case ARGP_KEY_END:
		check(argp, options);
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

const struct argp fleet_argp = {
	.options = option_list,
	.parser = parse_option,
};
