// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * GUIDs as text and as bytes, in the same order
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "internal.h"

/* Before these bytes there is a dash */
static bool has_dash(unsigned int i)
{
	return i == 4 || i == 6 || i == 8 || i == 10;
}

void rpmb_guid_to_text(char text[LIBRPMB_GUID_TEXT],
		       const uint8_t guid[LIBRPMB_GUID_LEN])
{
	unsigned int i;

	for (i = 0; i < LIBRPMB_GUID_LEN; i++)
		text += sprintf(text, "%s%02x", has_dash(i) ? "-" : "", guid[i]);
}

int rpmb_guid_from_text(uint8_t guid[LIBRPMB_GUID_LEN], const char *text)
{
	uint8_t bytes[LIBRPMB_GUID_LEN];
	char digits[3] = "";
	unsigned int i;

	for (i = 0; i < LIBRPMB_GUID_LEN; i++) {
		if (has_dash(i) && *text++ != '-')
			return RPMB_ERR_ARGUMENT;
		if (!isxdigit((unsigned char)text[0]) ||
		    !isxdigit((unsigned char)text[1]))
			return RPMB_ERR_ARGUMENT;
		memcpy(digits, text, 2);
		bytes[i] = strtoul(digits, NULL, 16);
		text += 2;
	}
	if (*text)
		return RPMB_ERR_ARGUMENT;
	memcpy(guid, bytes, sizeof(bytes));
	return 0;
}

int rpmb_guid_make(uint8_t guid[LIBRPMB_GUID_LEN])
{
	if (getrandom(guid, LIBRPMB_GUID_LEN, 0) != LIBRPMB_GUID_LEN)
		return RPMB_ERR_SYSTEM;
	/* Version 4, which is random, of RFC 4122 */
	guid[6] = (guid[6] & 0x0f) | 0x40;
	guid[8] = (guid[8] & 0x3f) | 0x80;
	return 0;
}
