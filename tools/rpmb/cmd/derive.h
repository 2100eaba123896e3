/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Keys that are derived from a master secret and the identity of a device: a key is the
 * HMAC-SHA256 of a message under the master. What the message is, the scheme says.
 */
#ifndef RPMB_CMD_DERIVE_H
#define RPMB_CMD_DERIVE_H

#include "cmd.h"

/* Bytes of the longest context */
#define DERIVE_CONTEXT 255

/* What is signed with the master */
struct derivation {
	uint8_t message[32 + LIBRPMB_ID_LEN + DERIVE_CONTEXT];
	size_t len;
};

struct scheme;

/* The scheme of that name, or the first one for NULL; NULL if there is none */
const struct scheme *find_scheme(const char *name);

/* Is a master of 16 bytes enough for it? One that somebody makes has 32 */
bool takes_half_master(const struct scheme *scheme);

/*
 * Make the message for a device. @context makes it another key, NULL is the same as an
 * empty one. NULL, or what is wrong.
 */
const char *make_derivation(const struct scheme *scheme,
			    const struct rpmb_info *info, const char *context,
			    struct derivation *derivation);

#endif /* RPMB_CMD_DERIVE_H */
