// SPDX-License-Identifier: GPL-2.0-only
/*
 * Identities of devices, and names that are made of them
 */
#include <stdio.h>
#include <string.h>

#include "identity.h"

/* The product revision, and with that the CRC */
#define CID_PRV 9
#define CID_CRC 15

char *put_hex(char *text, const void *bytes, size_t len)
{
	const uint8_t *byte = bytes;
	size_t i;

	text[0] = '\0';
	for (i = 0; i < len; i++)
		text += sprintf(text, "%02x", byte[i]);
	return text;
}

void mask_cid(uint8_t cid[CID_LEN])
{
	cid[CID_PRV] = 0;
	cid[CID_CRC] = 0;
}

void lasting_id(const struct rpmb_info *info, uint8_t id[LIBRPMB_ID_LEN])
{
	memcpy(id, info->dev_id, info->dev_id_len);
	if (info->transport == RPMB_TRANSPORT_EMMC && info->dev_id_len == CID_LEN)
		mask_cid(id);
}

static void make_name(const struct rpmb_info *info, const uint8_t *id,
		      char name[ID_NAME])
{
	name[0] = '\0';
	if (!info->dev_id_len)
		return;
	name += sprintf(name, "%s-", rpmb_transport_name(info->transport));
	put_hex(name, id, info->dev_id_len);
}

void udev_name(const struct rpmb_info *info, char name[ID_NAME])
{
	make_name(info, info->dev_id, name);
}

void lasting_name(const struct rpmb_info *info, char name[ID_NAME])
{
	uint8_t id[LIBRPMB_ID_LEN];

	lasting_id(info, id);
	make_name(info, id, name);
}
