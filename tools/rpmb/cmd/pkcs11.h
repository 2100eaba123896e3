/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Keys on PKCS#11 tokens: hardware security modules, smart cards
 */
#ifndef RPMB_CMD_PKCS11_H
#define RPMB_CMD_PKCS11_H

#include "cmd.h"

/*
 * Have the token make the HMAC-SHA256 of a message with its key that @uri (RFC 7512) names;
 * the key does not leave it. NULL, or what is wrong, in words that are valid until the next
 * call.
 */
const char *pkcs11_hmac(const char *uri, const uint8_t *message, size_t len,
			uint8_t mac[LIBRPMB_KEY_LEN]);

#endif /* RPMB_CMD_PKCS11_H */
