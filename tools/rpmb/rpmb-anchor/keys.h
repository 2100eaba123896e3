/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Keys that are made from the hardware's
 */
#ifndef KEYS_H
#define KEYS_H

#include "anchor_protocol.h"

/*
 * The secret is the hardware's key, or another one where the hardware's is a key of the
 * kernel's that nobody can read. @extracted is HKDF's pseudorandom key.
 */
struct keys {
	uint8_t extracted[LIBRPMB_KEY_LEN];
	uint8_t ledger[LIBRPMB_KEY_LEN];	/* authenticates it */
};

void keys_make(struct keys *keys, const uint8_t secret[LIBRPMB_KEY_LEN]);

/* The key of a line of steps, from what else @line has */
void keys_of_line(const struct keys *keys, struct anchor_line *line);

/* The key under which that of a device is wrapped */
void keys_of_device(const struct keys *keys,
		    const uint8_t guid[LIBRPMB_GUID_LEN],
		    const uint8_t salt[ANCHOR_SALT_LEN],
		    uint8_t key[LIBRPMB_KEY_LEN]);

#endif /* KEYS_H */
