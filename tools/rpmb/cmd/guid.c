// SPDX-License-Identifier: GPL-2.0-only
/*
 * GUIDs
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "cmd.h"
#include "guid.h"

/* Before these bytes there is a dash */
static bool has_dash(unsigned int i)
{
	return i == 4 || i == 6 || i == 8 || i == 10;
}

void guid_text(char text[GUID_TEXT_LEN], const uint8_t guid[LIBRPMB_GUID_LEN])
{
	unsigned int i;

	for (i = 0; i < LIBRPMB_GUID_LEN; i++)
		text += sprintf(text, "%s%02x", has_dash(i) ? "-" : "", guid[i]);
}

bool parse_guid(const char *text, uint8_t guid[LIBRPMB_GUID_LEN])
{
	char digits[3] = "";
	unsigned int i;

	for (i = 0; i < LIBRPMB_GUID_LEN; i++) {
		if (has_dash(i) && *text++ != '-')
			return false;
		if (!isxdigit((unsigned char)text[0]) ||
		    !isxdigit((unsigned char)text[1]))
			return false;
		memcpy(digits, text, 2);
		guid[i] = strtoul(digits, NULL, 16);
		text += 2;
	}
	return !*text;
}

int make_guid(uint8_t guid[LIBRPMB_GUID_LEN])
{
	if (getrandom(guid, LIBRPMB_GUID_LEN, 0) != LIBRPMB_GUID_LEN)
		return complain(EXIT_OTHER, "random numbers", "%m");
	guid[6] = (guid[6] & 0x0f) | 0x40;
	guid[8] = (guid[8] & 0x3f) | 0x80;
	return EXIT_OK;
}
