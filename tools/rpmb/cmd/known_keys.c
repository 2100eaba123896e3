// SPDX-License-Identifier: GPL-2.0-only
/*
 * Keys that everybody knows, since they stand in public sources and manuals, or are what
 * comes to mind first
 */
#include <string.h>

#include "derive.h"
#include "hmac.h"
#include "known_keys.h"
#include "message.h"

/* As much as OP-TEE takes from a chip */
#define HUK_LEN 16

static const struct {
	const char *name;
	uint8_t key[LIBRPMB_KEY_LEN];
} known_keys[] = {
	{ "32 bytes of zeros", { 0 } },
	{ "32 bytes of 0xff", {
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff } },
	{ "the bytes from 0 to 31", {
		0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
		16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29,
		30, 31 } },
	{ "32 digits 0", "00000000000000000000000000000000" },
	{ "the example of mmc-utils' manual",
	  "AAAABBBBCCCCDDDDEEEEFFFFGGGGHHHH" },
	{ "OP-TEE's test key (CFG_RPMB_TESTKEY)", {
		0xd3, 0xeb, 0x3e, 0xc3, 0x6e, 0x33, 0x4c, 0x9f,
		0x98, 0x8c, 0xe2, 0xc0, 0xb8, 0x59, 0x54, 0x61,
		0x0d, 0x2b, 0xcf, 0x86, 0x64, 0x84, 0x4d, 0xf2,
		0xab, 0x56, 0xe6, 0xc6, 0x1b, 0xb7, 0x01, 0xe4 } },
};

static bool has_signed(const struct rpmb_info *info, uint8_t *answer, size_t len,
		       const uint8_t *key)
{
	struct message message;

	return find_message(&message, info->frame_format, answer, len, key) &&
	       message.mac == MAC_RIGHT;
}

/*
 * On platforms for which nobody has written how to read the chip's secret, OP-TEE takes
 * zeros for it
 */
static bool optee_has_signed(const struct rpmb_info *info, uint8_t *answer,
			     size_t len)
{
	static const char * const schemes[] = { "optee", "optee-usage" };
	static const uint8_t huk[HUK_LEN];
	struct derivation derivation;
	uint8_t key[LIBRPMB_KEY_LEN];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(schemes); i++) {
		if (make_derivation(find_scheme(schemes[i]), info, NULL,
				    &derivation))
			return false;
		hmac(huk, sizeof(huk), derivation.message, derivation.len, key);
		if (has_signed(info, answer, len, key))
			return true;
	}
	return false;
}

const char *find_known_key(const struct rpmb_info *info, uint8_t *answer,
			   size_t len)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(known_keys); i++)
		if (has_signed(info, answer, len, known_keys[i].key))
			return known_keys[i].name;
	return optee_has_signed(info, answer, len) ?
	       "what OP-TEE derives where the chip has no secret" : NULL;
}
