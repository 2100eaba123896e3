// SPDX-License-Identifier: GPL-2.0-only
/*
 * Keys that are derived from a master secret and the identity of a device
 */
#include <string.h>
#include <nettle/hmac.h>

#include "derive.h"

/* OP-TEE has 16 bytes, and leaves out those that an update of the card's firmware changes */
#define OPTEE_ID_LEN 16
#define CID_PRV 9
#define CID_CRC 15

/* HUK_SUBKEY_RPMB, as a word of the secure world, which is little-endian */
static const uint8_t optee_usage[4];

/*
 * How OP-TEE does it if it is built with CFG_CORE_HUK_SUBKEY_COMPAT, as it is by default,
 * and how without: the usage goes first.
 */
struct scheme {
	const char *name;
	bool usage;
};

static const struct scheme schemes[] = {
	{ "optee", false },
	{ "optee-usage", true },
};

const struct scheme *find_scheme(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(schemes); i++)
		if (!strcmp(schemes[i].name, name))
			return &schemes[i];
	return NULL;
}

int derive_key(const struct scheme *scheme, const uint8_t *master, size_t len,
	       const struct rpmb_info *info, const char *context,
	       uint8_t key[LIBRPMB_KEY_LEN])
{
	uint8_t id[OPTEE_ID_LEN];
	struct hmac_sha256_ctx ctx;

	if (context)
		return RPMB_ERR_ARGUMENT;
	if (info->dev_id_len != sizeof(id))
		return RPMB_ERR_UNSUPPORTED;
	memcpy(id, info->dev_id, sizeof(id));
	id[CID_PRV] = 0;
	id[CID_CRC] = 0;
	hmac_sha256_set_key(&ctx, len, master);
	if (scheme->usage)
		hmac_sha256_update(&ctx, sizeof(optee_usage), optee_usage);
	hmac_sha256_update(&ctx, sizeof(id), id);
	hmac_sha256_digest(&ctx, LIBRPMB_KEY_LEN, key);
	explicit_bzero(&ctx, sizeof(ctx));
	return 0;
}
