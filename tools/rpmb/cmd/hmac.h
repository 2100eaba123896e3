/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RPMB_CMD_HMAC_H
#define RPMB_CMD_HMAC_H

#include <stddef.h>
#include <stdint.h>

#define HMAC_LEN 32

/* HMAC-SHA256 of a message */
void hmac(const uint8_t *key, size_t key_len, const void *message, size_t len,
	  uint8_t mac[HMAC_LEN]);

#endif /* RPMB_CMD_HMAC_H */
