/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Keys that are derived from a master secret and the identity of a device
 */
#ifndef RPMB_CMD_DERIVE_H
#define RPMB_CMD_DERIVE_H

#include "cmd.h"

struct scheme;

/* The scheme of that name, or NULL */
const struct scheme *find_scheme(const char *name);

/*
 * The key of the device by the HMAC-SHA256 of the scheme. @context is a text that makes it
 * another key, or NULL. 0, or RPMB_ERR_UNSUPPORTED if the scheme has no key for such an
 * identity, or RPMB_ERR_ARGUMENT if it takes no context.
 */
int derive_key(const struct scheme *scheme, const uint8_t *master, size_t len,
	       const struct rpmb_info *info, const char *context,
	       uint8_t key[LIBRPMB_KEY_LEN]);

#endif /* RPMB_CMD_DERIVE_H */
