/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A device of the daemon's own: the RPMB engine on a state
 */
#ifndef EMULATE_H
#define EMULATE_H

#include "device.h"

/*
 * What the user asked for
 *
 * @max_write, @max_read: most blocks in one request, 0 for any number
 */
struct emulate_config {
	struct state_config state;
	uint8_t max_write;
	uint8_t max_read;
};

/* NULL and a log line if that is not possible */
struct device *emulate_open(const struct emulate_config *config);

#endif /* EMULATE_H */
