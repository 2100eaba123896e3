// SPDX-License-Identifier: GPL-2.0-only
/*
 * The key of an anchored state, wrapped with AES-256-GCM
 */
#include <string.h>
#include <sys/random.h>
#include <nettle/gcm.h>
#include <nettle/memops.h>

#include "anchored.h"

/* As the bytes of a wrapped key are */
struct wrapped {
	uint8_t nonce[GCM_IV_SIZE];
	uint8_t key[RPMB_KEY_LEN];
	uint8_t tag[GCM_DIGEST_SIZE];
};

_Static_assert(sizeof(struct wrapped) == WRAPPED_LEN, "no holes");

static void begin(const struct anchored *anchored, const uint8_t *nonce,
		  struct gcm_aes256_ctx *ctx)
{
	uint8_t key[LIBRPMB_KEY_LEN];

	rpmb_anchor_derive(anchored->anchor, "rpmb state key 1", key);
	gcm_aes256_set_key(ctx, key);
	gcm_aes256_set_iv(ctx, GCM_IV_SIZE, nonce);
	explicit_bzero(key, sizeof(key));
}

bool anchored_wrap(const struct anchored *anchored,
		   const uint8_t key[RPMB_KEY_LEN],
		   uint8_t wrapped[WRAPPED_LEN])
{
	struct wrapped *to = (struct wrapped *)wrapped;
	struct gcm_aes256_ctx ctx;

	if (getrandom(to->nonce, sizeof(to->nonce), 0) != sizeof(to->nonce))
		return false;
	begin(anchored, to->nonce, &ctx);
	gcm_aes256_encrypt(&ctx, sizeof(to->key), to->key, key);
	gcm_aes256_digest(&ctx, sizeof(to->tag), to->tag);
	explicit_bzero(&ctx, sizeof(ctx));
	return true;
}

bool anchored_unwrap(const struct anchored *anchored,
		     const uint8_t wrapped[WRAPPED_LEN],
		     uint8_t key[RPMB_KEY_LEN])
{
	const struct wrapped *from = (const struct wrapped *)wrapped;
	uint8_t tag[GCM_DIGEST_SIZE];
	struct gcm_aes256_ctx ctx;
	bool ok;

	begin(anchored, from->nonce, &ctx);
	gcm_aes256_decrypt(&ctx, sizeof(from->key), key, from->key);
	gcm_aes256_digest(&ctx, sizeof(tag), tag);
	ok = memeql_sec(tag, from->tag, sizeof(tag));
	if (!ok)
		explicit_bzero(key, RPMB_KEY_LEN);
	explicit_bzero(&ctx, sizeof(ctx));
	return ok;
}
