// SPDX-License-Identifier: GPL-2.0-only
#include <assert.h>
#include <string.h>
#include <sys/random.h>
#include <nettle/gcm.h>
#include <nettle/memops.h>

#include "seal.h"

static_assert(sizeof(struct sealed) == GCM_IV_SIZE + SEAL_KEY_LEN +
				       GCM_DIGEST_SIZE, "no holes");

static void begin(struct gcm_aes256_ctx *ctx, const uint8_t with[SEAL_KEY_LEN],
		  const uint8_t *nonce, const void *also, size_t also_len)
{
	gcm_aes256_set_key(ctx, with);
	gcm_aes256_set_iv(ctx, GCM_IV_SIZE, nonce);
	gcm_aes256_update(ctx, also_len, also);
}

bool seal(struct sealed *to, const uint8_t with[SEAL_KEY_LEN],
	  const void *also, size_t also_len, const uint8_t key[SEAL_KEY_LEN])
{
	struct gcm_aes256_ctx ctx;

	if (getrandom(to->nonce, sizeof(to->nonce), 0) != sizeof(to->nonce))
		return false;
	begin(&ctx, with, to->nonce, also, also_len);
	gcm_aes256_encrypt(&ctx, sizeof(to->key), to->key, key);
	gcm_aes256_digest(&ctx, sizeof(to->tag), to->tag);
	explicit_bzero(&ctx, sizeof(ctx));
	return true;
}

bool unseal(const struct sealed *from, const uint8_t with[SEAL_KEY_LEN],
	    const void *also, size_t also_len, uint8_t key[SEAL_KEY_LEN])
{
	uint8_t tag[GCM_DIGEST_SIZE];
	struct gcm_aes256_ctx ctx;
	bool ok;

	begin(&ctx, with, from->nonce, also, also_len);
	gcm_aes256_decrypt(&ctx, sizeof(from->key), key, from->key);
	gcm_aes256_digest(&ctx, sizeof(tag), tag);
	ok = memeql_sec(tag, from->tag, sizeof(tag));
	if (!ok)
		explicit_bzero(key, SEAL_KEY_LEN);
	explicit_bzero(&ctx, sizeof(ctx));
	return ok;
}
