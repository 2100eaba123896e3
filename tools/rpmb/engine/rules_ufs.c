// SPDX-License-Identifier: GPL-2.0-only
/*
 * The rules of UFS: JESD220G, section 12.4
 */
#include <string.h>

#include "rules.h"

/*
 * The secure write protect configuration block of a logical unit, at the
 * beginning of the configuration. This model has one unit that can have one.
 */
#define SWP_HEADER_LEN 16
#define SWP_ENTRY_LEN 16
#define SWP_MAX_ENTRIES 4
#define SWP_TYPE(flags) ((flags) >> 1 & 3)
#define SWP_TYPE_RESERVED 3

enum swp_offset {
	SWP_LUN = 0,
	SWP_LEN = 1,
};

static const uint8_t *config_of(const struct rpmb_request *req)
{
	return rpmb_frames_data(RPMB_FRAME_JEDEC, req->frames, 0);
}

static uint16_t check_lun(const struct rpmb_engine *engine,
			  const struct rpmb_request *req)
{
	(void)engine;
	return config_of(req)[SWP_LUN] ? RPMB_RES_SWP_PARAM : RPMB_RES_OK;
}

static uint16_t check_entries(const struct rpmb_engine *engine,
			      const struct rpmb_request *req)
{
	const uint8_t *config = config_of(req);
	unsigned int i, len = config[SWP_LEN];

	(void)engine;
	if (len % SWP_ENTRY_LEN || len > SWP_MAX_ENTRIES * SWP_ENTRY_LEN)
		return RPMB_RES_SWP_PARAM;
	for (i = 0; i < len; i += SWP_ENTRY_LEN)
		if (SWP_TYPE(config[SWP_HEADER_LEN + i]) == SWP_TYPE_RESERVED)
			return RPMB_RES_SWP_PARAM;
	return RPMB_RES_OK;
}

/* What lies behind the entries means nothing */
static uint16_t ufs_configure(const struct rpmb_request *req,
			      uint8_t config[RPMB_CONFIG_LEN])
{
	const uint8_t *wanted = config_of(req);

	memset(config, 0, RPMB_CONFIG_LEN);
	memcpy(config, wanted, SWP_HEADER_LEN + wanted[SWP_LEN]);
	return RPMB_RES_OK;
}

/* JESD220G 12.4.7 */
static const rpmb_check ufs_write[] = {
	rpmb_check_key, rpmb_check_expiry, rpmb_check_address,
	rpmb_check_count, rpmb_check_mac, rpmb_check_counter, NULL
};

static const rpmb_check ufs_config[] = {
	rpmb_check_key, rpmb_check_expiry, rpmb_check_start, rpmb_check_single,
	rpmb_check_mac, rpmb_check_counter, check_lun, check_entries, NULL
};

static const rpmb_check ufs_config_read[] = { check_lun, NULL };

static const rpmb_check ufs_purge[] = {
	rpmb_check_key, rpmb_check_expiry, rpmb_check_single, rpmb_check_mac,
	rpmb_check_counter, NULL
};

const struct rpmb_rules rpmb_rules_ufs = {
	.types = BIT(RPMB_PROGRAM_KEY) | BIT(RPMB_GET_WRITE_COUNTER) |
		 BIT(RPMB_WRITE_DATA) | BIT(RPMB_READ_DATA) |
		 BIT(RPMB_CONFIG_WRITE) | BIT(RPMB_CONFIG_READ) |
		 BIT(RPMB_PURGE_ENABLE) | BIT(RPMB_PURGE_STATUS),
	.counted = true,
	.exact = true,		/* JESD220G 12.4.7.3, the figures */
	.unknown = RPMB_RES_UNSUPPORTED,
	.write_expired = RPMB_RES_WRITE | RPMB_RES_EXPIRED,
	.check_write = ufs_write,
	.check_config = ufs_config,
	.check_config_read = ufs_config_read,
	.check_purge = ufs_purge,
	.configure = ufs_configure,
};
