/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Keys that everybody knows
 */
#ifndef RPMB_CMD_KNOWN_KEYS_H
#define RPMB_CMD_KNOWN_KEYS_H

#include "cmd.h"

/*
 * Which of them has signed an answer of a device, of @len bytes? What it is called, or
 * NULL if it is none of them.
 */
const char *find_known_key(const struct rpmb_info *info, uint8_t *answer,
			   size_t len);

#endif /* RPMB_CMD_KNOWN_KEYS_H */
