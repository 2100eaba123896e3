/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * GUIDs as text: 8-4-4-4-12 hexadecimal digits
 */
#ifndef RPMB_CMD_GUID_H
#define RPMB_CMD_GUID_H

#include <stdbool.h>

#include "librpmb.h"

#define GUID_TEXT_LEN 37

void guid_text(char text[GUID_TEXT_LEN], const uint8_t guid[LIBRPMB_GUID_LEN]);

/* False if it is none */
bool parse_guid(const char *text, uint8_t guid[LIBRPMB_GUID_LEN]);

/* A random one, of version 4 (RFC 9562). Returns an exit code. */
int make_guid(uint8_t guid[LIBRPMB_GUID_LEN]);

#endif /* RPMB_CMD_GUID_H */
