/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Master secrets, and what is derived with them
 */
#ifndef RPMB_CMD_MASTER_H
#define RPMB_CMD_MASTER_H

#include "cmd.h"

/* What --key begins with if it names a master */
#define DERIVED "derive:"

/*
 * The HMAC-SHA256 of a message under @master, which is one as below. Returns an exit code.
 */
int master_hmac(const struct args *args, const char *master,
		const uint8_t *message, size_t len,
		uint8_t mac[LIBRPMB_KEY_LEN]);

/* Can the master that the command line names be used? Returns an exit code. */
int check_master(const struct args *args);

/*
 * Derive the key of the device of the session from @master: the URI of a key on a PKCS#11
 * token, which the master does not leave, keyring:DESCRIPTION for a user key of the
 * kernel's, or a file. Returns an exit code.
 */
int derive_from(const struct session *session, const char *master,
		uint8_t key[LIBRPMB_KEY_LEN]);

#endif /* RPMB_CMD_MASTER_H */
