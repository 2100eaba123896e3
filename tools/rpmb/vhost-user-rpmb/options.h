/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The command line
 */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <sys/types.h>

#include "emulate.h"
#include "fleet_options.h"
#include "forward.h"

/*
 * @emulate has a state or a partition, or @forward has a name
 *
 * @metrics: the file for them, NULL if there is to be none
 * @group: who may connect besides the user, or -1
 */
struct options {
	const char *socket;
	const char *metrics;
	gid_t group;
	struct emulate_config emulate;
	struct fleet_options fleet;
	struct forward_config forward;
	uint8_t dev_id[STATE_DEV_ID_LEN];
};

/* Ends the program if the command line is wrong */
void options_parse(struct options *options, int argc, char **argv);

#endif /* OPTIONS_H */
