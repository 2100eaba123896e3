/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A device of the host, which gets the guest's signed frames as they are
 */
#ifndef FORWARD_H
#define FORWARD_H

#include "device.h"

/*
 * What the user asked for
 *
 * @name: path, name or identity of the host's device
 * @allow_key: the guest may program the key
 * @dev_id: STATE_DEV_ID_LEN bytes, or NULL if the user gave none
 */
struct forward_config {
	const char *name;
	bool allow_key;
	const uint8_t *dev_id;
};

/* NULL and a log line if that is not possible */
struct device *forward_open(const struct forward_config *config);

#endif /* FORWARD_H */
