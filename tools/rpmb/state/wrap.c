// SPDX-License-Identifier: GPL-2.0-only
/*
 * The key of an anchored state, wrapped under one of its anchor's
 */
#include <string.h>

#include "anchored.h"
#include "seal.h"

_Static_assert(sizeof(struct sealed) == WRAPPED_LEN, "as the state keeps it");

static void wrapping_key(const struct anchored *anchored,
			 uint8_t key[LIBRPMB_KEY_LEN])
{
	rpmb_anchor_derive(anchored->anchor, "rpmb state key 1", key);
}

bool anchored_wrap(const struct anchored *anchored,
		   const uint8_t key[RPMB_KEY_LEN],
		   uint8_t wrapped[WRAPPED_LEN])
{
	uint8_t with[LIBRPMB_KEY_LEN];
	bool ok;

	wrapping_key(anchored, with);
	ok = seal((struct sealed *)wrapped, with, NULL, 0, key);
	explicit_bzero(with, sizeof(with));
	return ok;
}

bool anchored_unwrap(const struct anchored *anchored,
		     const uint8_t wrapped[WRAPPED_LEN],
		     uint8_t key[RPMB_KEY_LEN])
{
	uint8_t with[LIBRPMB_KEY_LEN];
	bool ok;

	wrapping_key(anchored, with);
	ok = unseal((const struct sealed *)wrapped, with, NULL, 0, key);
	explicit_bzero(with, sizeof(with));
	return ok;
}
