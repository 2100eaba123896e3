// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The name of a step, for both who makes steps and who anchors them
 */
#include <endian.h>
#include <string.h>
#include <nettle/hmac.h>

#include "anchor_protocol.h"

void anchor_name_step(const struct anchor_line *line, uint64_t number,
		      const uint8_t parent[LIBRPMB_STEP_LEN],
		      const uint8_t root[LIBRPMB_STEP_LEN],
		      uint8_t name[LIBRPMB_STEP_LEN])
{
	static const char what[16] = "rpmb step 1";
	uint64_t le_number = htole64(number);
	struct hmac_sha256_ctx ctx;

	hmac_sha256_set_key(&ctx, sizeof(line->key), line->key);
	hmac_sha256_update(&ctx, sizeof(what), (const uint8_t *)what);
	hmac_sha256_update(&ctx, sizeof(line->guid), line->guid);
	hmac_sha256_update(&ctx, sizeof(line->salt), line->salt);
	hmac_sha256_update(&ctx, sizeof(le_number), (uint8_t *)&le_number);
	hmac_sha256_update(&ctx, LIBRPMB_STEP_LEN, parent);
	hmac_sha256_update(&ctx, LIBRPMB_STEP_LEN, root);
	hmac_sha256_digest(&ctx, LIBRPMB_STEP_LEN, name);
	explicit_bzero(&ctx, sizeof(ctx));
}
