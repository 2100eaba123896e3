// SPDX-License-Identifier: GPL-2.0-only
/*
 * The rules of NVMe: NVM Express Base Specification 2.1, section 8.1.21
 */
#include <string.h>

#include "rules.h"

/*
 * The Device Configuration Block. Protection of the boot partitions, once enabled,
 * stays so; all that follows is reserved.
 */
enum block_offset {
	BOOT_PROTECTION_ENABLE = 0,
	BOOT_LOCK = 1,
	NAMESPACE_PROTECTION = 2,
	RESERVED = 3,
};

#define BOOT_PROTECTION_BITS 1
#define BOOT_LOCK_BITS 3
#define NAMESPACE_PROTECTION_BITS 3

static const uint8_t *block_of(const struct rpmb_request *req)
{
	return rpmb_frames_data(RPMB_FRAME_NVME, req->frames, 0);
}

static uint16_t check_block(const struct rpmb_engine *engine,
			    const struct rpmb_request *req)
{
	const uint8_t *block = block_of(req);
	bool enabled = engine->store->config[BOOT_PROTECTION_ENABLE];
	unsigned int i;

	if (block[BOOT_PROTECTION_ENABLE] & ~BOOT_PROTECTION_BITS ||
	    block[BOOT_LOCK] & ~BOOT_LOCK_BITS ||
	    block[NAMESPACE_PROTECTION] & ~NAMESPACE_PROTECTION_BITS)
		return RPMB_RES_CONFIG;
	for (i = RESERVED; i < RPMB_CONFIG_LEN; i++)
		if (block[i])
			return RPMB_RES_CONFIG;
	return enabled && !block[BOOT_PROTECTION_ENABLE] ? RPMB_RES_CONFIG :
							   RPMB_RES_OK;
}

static uint16_t configure(const struct rpmb_request *req,
			  uint8_t config[RPMB_CONFIG_LEN])
{
	memcpy(config, block_of(req), RPMB_CONFIG_LEN);
	return RPMB_RES_OK;
}

static const rpmb_check nvme_write[] = {
	rpmb_check_key, rpmb_check_expiry, rpmb_check_address, rpmb_check_count,
	rpmb_check_mac, rpmb_check_counter, NULL
};

static const rpmb_check nvme_config[] = {
	rpmb_check_key, rpmb_check_expiry, rpmb_check_start, rpmb_check_single,
	rpmb_check_mac, rpmb_check_counter, check_block, NULL
};

const struct rpmb_rules rpmb_rules_nvme = {
	.types = BIT(RPMB_PROGRAM_KEY) | BIT(RPMB_GET_WRITE_COUNTER) |
		 BIT(RPMB_WRITE_DATA) | BIT(RPMB_READ_DATA) |
		 BIT(RPMB_CONFIG_WRITE) | BIT(RPMB_CONFIG_READ),
	.counted = true,
	.exact = true,
	.config_counter = true,
	.write_expired = RPMB_RES_WRITE | RPMB_RES_EXPIRED,
	.check_write = nvme_write,
	.check_config = nvme_config,
	.configure = configure,
};
