// SPDX-License-Identifier: GPL-2.0-only
/*
 * The rules of eMMC: JESD84-B51, section 6.6.22.4
 */
#include "rules.h"

/* A card takes a block, a sector, or the largest write that it knows */
static uint16_t check_emmc_count(const struct rpmb_engine *engine,
				 const struct rpmb_request *req)
{
	uint32_t count = req->fields.count;

	if (count > 2 && count != engine->max_write)
		return RPMB_RES_GENERAL;
	return rpmb_check_count(engine, req);
}

static const rpmb_check emmc_write[] = {
	rpmb_check_key, rpmb_check_expiry, rpmb_check_address,
	check_emmc_count, rpmb_check_mac, rpmb_check_counter, NULL
};

const struct rpmb_rules rpmb_rules_emmc = {
	.types = BIT(RPMB_PROGRAM_KEY) | BIT(RPMB_GET_WRITE_COUNTER) |
		 BIT(RPMB_WRITE_DATA) | BIT(RPMB_READ_DATA),
	.write_expired = RPMB_RES_WRITE | RPMB_RES_EXPIRED,
	.check_write = emmc_write,
};

/*
 * The registers of secure write protection, by the address field: each is
 * a byte at the end of the block, and only its lowest bit means anything
 */
enum emmc_config_address {
	SECURE_WP_MODE_ENABLE = 1,
	SECURE_WP_MODE_CONFIG = 2,
};

static uint16_t check_config_address(const struct rpmb_engine *engine,
				     const struct rpmb_request *req)
{
	(void)engine;
	return req->fields.addr == SECURE_WP_MODE_ENABLE ||
	       req->fields.addr == SECURE_WP_MODE_CONFIG ?
	       RPMB_RES_OK : RPMB_RES_ADDRESS;
}

static uint16_t emmc_configure(const struct rpmb_request *req,
			       uint8_t config[RPMB_CONFIG_LEN])
{
	const uint8_t *data = rpmb_frames_data(RPMB_FRAME_JEDEC, req->frames,
					       0);
	uint8_t value = data[RPMB_EMMC_WP_ENABLE];

	if (value > 1)
		return RPMB_RES_GENERAL;
	if (req->fields.addr == SECURE_WP_MODE_ENABLE)
		config[RPMB_EMMC_WP_ENABLE] = value;
	else
		config[RPMB_EMMC_WP_CONFIG] = value;
	return RPMB_RES_OK;
}

static const rpmb_check emmc_config[] = {
	rpmb_check_key, rpmb_check_expiry, check_config_address,
	rpmb_check_single, rpmb_check_mac, rpmb_check_counter, NULL
};

const struct rpmb_rules rpmb_rules_emmc_secure_wp = {
	.types = BIT(RPMB_PROGRAM_KEY) | BIT(RPMB_GET_WRITE_COUNTER) |
		 BIT(RPMB_WRITE_DATA) | BIT(RPMB_READ_DATA) |
		 BIT(RPMB_CONFIG_WRITE) | BIT(RPMB_CONFIG_READ),
	.write_expired = RPMB_RES_WRITE | RPMB_RES_EXPIRED,
	.check_write = emmc_write,
	.check_config = emmc_config,
	.configure = emmc_configure,
};
