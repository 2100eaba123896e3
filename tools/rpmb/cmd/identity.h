/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Identities of devices, and names that are made of them
 */
#ifndef RPMB_CMD_IDENTITY_H
#define RPMB_CMD_IDENTITY_H

#include "cmd.h"

#define CID_LEN 16

/* A transport and an identity in hexadecimal */
#define ID_NAME (16 + 2 * LIBRPMB_ID_LEN)

/* Returns where the text ends, which is a 0 */
char *put_hex(char *text, const void *bytes, size_t len);

/* What an update of a card's firmware changes in its CID is 0 */
void mask_cid(uint8_t cid[CID_LEN]);

/* The identity that the device has whatever its firmware is, of the same length */
void lasting_id(const struct rpmb_info *info, uint8_t id[LIBRPMB_ID_LEN]);

/* The name that 60-rpmb.rules makes; empty without an identity */
void udev_name(const struct rpmb_info *info, char name[ID_NAME]);

/* The same of the identity that lasts, for what is kept for years */
void lasting_name(const struct rpmb_info *info, char name[ID_NAME]);

#endif /* RPMB_CMD_IDENTITY_H */
