// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>
#include <nettle/hmac.h>

#include "hmac.h"

void hmac(const uint8_t *key, size_t key_len, const void *message, size_t len,
	  uint8_t mac[HMAC_LEN])
{
	struct hmac_sha256_ctx ctx;

	hmac_sha256_set_key(&ctx, key_len, key);
	hmac_sha256_update(&ctx, len, message);
	hmac_sha256_digest(&ctx, HMAC_LEN, mac);
	explicit_bzero(&ctx, sizeof(ctx));
}
