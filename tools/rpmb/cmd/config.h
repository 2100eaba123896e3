/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Configurations of devices, as settings with a name and a value
 */
#ifndef RPMB_CMD_CONFIG_H
#define RPMB_CMD_CONFIG_H

#include <json-c/json.h>

#include "cmd.h"

#define CONFIG_BLOCK 512	/* the longest block of a configuration */

/* A request to write a block */
struct config_write {
	unsigned int select;
	uint8_t block[CONFIG_BLOCK];
};

/* What a transport has */
struct config_kind {
	/* Print a block as SETTING=VALUE, or add it to an object */
	int (*print)(const struct session *session, const void *block,
		     struct json_object *object);
	/*
	 * Make requests of the settings on the command line; @block is the present
	 * configuration. Sets @forever if they cannot be undone. Returns how many, at
	 * most MAX_OPERANDS, or 0 after a complaint.
	 */
	unsigned int (*prepare)(const struct session *session,
				const void *block, struct config_write *writes,
				bool *forever);
};

extern const struct config_kind emmc_config_kind;
extern const struct config_kind nvme_config_kind;
extern const struct config_kind ufs_config_kind;

#endif /* RPMB_CMD_CONFIG_H */
