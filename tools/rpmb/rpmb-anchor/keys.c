// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>
#include <nettle/hkdf.h>
#include <nettle/hmac.h>

#include "keys.h"

#define UPDATE ((nettle_hash_update_func *)hmac_sha256_update)
#define DIGEST ((nettle_hash_digest_func *)hmac_sha256_digest)

/* RFC 5869: what each key is for is in @info */
static void expand(const struct keys *keys, size_t len, const void *info,
		   uint8_t key[LIBRPMB_KEY_LEN])
{
	struct hmac_sha256_ctx ctx;

	hmac_sha256_set_key(&ctx, sizeof(keys->extracted), keys->extracted);
	hkdf_expand(&ctx, UPDATE, DIGEST, SHA256_DIGEST_SIZE, len, info,
		    LIBRPMB_KEY_LEN, key);
	explicit_bzero(&ctx, sizeof(ctx));
}

void keys_make(struct keys *keys, const uint8_t secret[LIBRPMB_KEY_LEN])
{
	static const uint8_t salt[] = "rpmb-anchor 1";
	static const char ledger[] = "ledger";
	struct hmac_sha256_ctx ctx;

	hmac_sha256_set_key(&ctx, sizeof(salt) - 1, salt);
	hkdf_extract(&ctx, UPDATE, DIGEST, SHA256_DIGEST_SIZE, LIBRPMB_KEY_LEN,
		     secret, keys->extracted);
	expand(keys, sizeof(ledger) - 1, ledger, keys->ledger);
	explicit_bzero(&ctx, sizeof(ctx));
}

/* One for what has this GUID, as long as it has this salt */
static void expand_for(const struct keys *keys, const char what[4],
		       const uint8_t guid[LIBRPMB_GUID_LEN],
		       const uint8_t salt[ANCHOR_SALT_LEN],
		       uint8_t key[LIBRPMB_KEY_LEN])
{
	struct {
		char what[4];
		uint8_t guid[LIBRPMB_GUID_LEN];
		uint8_t salt[ANCHOR_SALT_LEN];
	} info;

	memcpy(info.what, what, sizeof(info.what));
	memcpy(info.guid, guid, sizeof(info.guid));
	memcpy(info.salt, salt, sizeof(info.salt));
	expand(keys, sizeof(info), &info, key);
}

void keys_of_line(const struct keys *keys, struct anchor_line *line)
{
	expand_for(keys, "line", line->guid, line->salt, line->key);
}

void keys_of_device(const struct keys *keys,
		    const uint8_t guid[LIBRPMB_GUID_LEN],
		    const uint8_t salt[ANCHOR_SALT_LEN],
		    uint8_t key[LIBRPMB_KEY_LEN])
{
	expand_for(keys, "wrap", guid, salt, key);
}
