/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where the key comes from, and where it is kept while it is used
 */
#ifndef RPMB_CMD_KEY_H
#define RPMB_CMD_KEY_H

#include "cmd.h"

/*
 * Get the key that the command line names, into memory that is neither swapped out
 * nor put into core files where the kernel has the means; or the number of one that
 * stays in the kernel. Returns an exit code.
 */
int get_key(struct session *session);

/*
 * The same for a key that is derived from the identity of the device, which is open, and
 * nothing for other ones
 */
int get_derived_key(struct session *session);

/* Forget it; NULL is allowed */
void put_key(const uint8_t *key);

#endif /* RPMB_CMD_KEY_H */
