/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Options of programs whose state may be in the database of a fleet
 */
#ifndef FLEET_OPTIONS_H
#define FLEET_OPTIONS_H

#include <argp.h>

#include "state.h"

/*
 * @config: what is filled in
 * @key_file, @key_fd: where the hosts' key is; NULL and -1 if it is not there
 * @insecure: others may read that file
 */
struct fleet_options {
	struct state_config *config;
	const char *key_file;
	int key_fd;
	bool insecure;
};

/* A child parser, whose input is a struct fleet_options with a @config */
extern const struct argp fleet_argp;

#endif /* FLEET_OPTIONS_H */
