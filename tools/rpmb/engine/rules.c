// SPDX-License-Identifier: GPL-2.0-only
/*
 * What differs between the kinds of RPMB devices
 *
 * Their specifications list the same checks of a signed request, in different
 * orders: the order decides which of two faults a client is told of.
 */
#include <string.h>
#include <nettle/memops.h>

#include "rules.h"

#define BIT(n) (1U << (n))

bool rpmb_in_range(const struct rpmb_store *store, uint32_t addr,
		   uint32_t count)
{
	return addr < store->capacity && count <= store->capacity - addr;
}

static uint16_t check_key(const struct rpmb_engine *engine,
			  const struct rpmb_request *req)
{
	(void)req;
	return engine->store->has_key ? RPMB_RES_OK : RPMB_RES_NO_KEY;
}

static uint16_t check_expiry(const struct rpmb_engine *engine,
			     const struct rpmb_request *req)
{
	(void)req;
	return engine->store->counter < RPMB_COUNTER_MAX ?
	       RPMB_RES_OK : engine->rules->write_expired;
}

/* There are as many blocks as the request says, and not too many */
static uint16_t check_count(const struct rpmb_engine *engine,
			    const struct rpmb_request *req)
{
	uint32_t count = req->fields.count;

	if (!count || req->blocks < 0 || count != (uint32_t)req->blocks ||
	    (engine->max_write && count > engine->max_write))
		return RPMB_RES_GENERAL;
	return RPMB_RES_OK;
}

/* A card takes a block, a sector, or the largest write that it knows */
static uint16_t check_emmc_count(const struct rpmb_engine *engine,
				 const struct rpmb_request *req)
{
	uint32_t count = req->fields.count;

	if (count > 2 && count != engine->max_write)
		return RPMB_RES_GENERAL;
	return check_count(engine, req);
}

static uint16_t check_single(const struct rpmb_engine *engine,
			     const struct rpmb_request *req)
{
	(void)engine;
	return req->fields.count == 1 && req->blocks == 1 ?
	       RPMB_RES_OK : RPMB_RES_GENERAL;
}

static uint16_t check_address(const struct rpmb_engine *engine,
			      const struct rpmb_request *req)
{
	return rpmb_in_range(engine->store, req->fields.addr,
			     req->fields.count) ?
	       RPMB_RES_OK : RPMB_RES_ADDRESS;
}

static uint16_t check_mac(const struct rpmb_engine *engine,
			  const struct rpmb_request *req)
{
	uint8_t mac[RPMB_MAC_LEN];

	rpmb_frames_hmac(engine->format, req->frames, req->len,
			 engine->store->key, mac);
	return memeql_sec(mac, rpmb_frames_mac(engine->format, req->frames,
					       req->len), sizeof(mac)) ?
	       RPMB_RES_OK : RPMB_RES_AUTH;
}

static uint16_t check_counter(const struct rpmb_engine *engine,
			      const struct rpmb_request *req)
{
	return req->fields.counter == engine->store->counter ?
	       RPMB_RES_OK : RPMB_RES_COUNTER;
}

/* Virtio 1.2, section 5.12.6.1.3, items 1 to 6 */
static const rpmb_check virtio_write[] = {
	check_key, check_count, check_expiry, check_address, check_mac,
	check_counter, NULL
};

const struct rpmb_rules rpmb_rules_virtio = {
	.types = BIT(RPMB_PROGRAM_KEY) | BIT(RPMB_GET_WRITE_COUNTER) |
		 BIT(RPMB_WRITE_DATA) | BIT(RPMB_READ_DATA),
	.counted = true,
	.counted_result = true,
	.key_mac = true,
	.write_expired = RPMB_RES_EXPIRED,
	.check_write = virtio_write,
};

/* JESD84-B51 6.6.22.4 */
static const rpmb_check emmc_write[] = {
	check_key, check_expiry, check_address, check_emmc_count, check_mac,
	check_counter, NULL
};

const struct rpmb_rules rpmb_rules_emmc = {
	.types = BIT(RPMB_PROGRAM_KEY) | BIT(RPMB_GET_WRITE_COUNTER) |
		 BIT(RPMB_WRITE_DATA) | BIT(RPMB_READ_DATA),
	.write_expired = RPMB_RES_WRITE | RPMB_RES_EXPIRED,
	.check_write = emmc_write,
};

/*
 * The registers of eMMC's secure write protection, by the address field: each is
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
	check_key, check_expiry, check_config_address, check_single, check_mac,
	check_counter, NULL
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

/*
 * UFS: the secure write protect configuration block of a logical unit, at the
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

static uint16_t check_start(const struct rpmb_engine *engine,
			    const struct rpmb_request *req)
{
	(void)engine;
	return req->fields.addr ? RPMB_RES_ADDRESS : RPMB_RES_OK;
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
	check_key, check_expiry, check_address, check_count, check_mac,
	check_counter, NULL
};

static const rpmb_check ufs_config[] = {
	check_key, check_expiry, check_start, check_single, check_mac,
	check_counter, check_lun, check_entries, NULL
};

static const rpmb_check ufs_config_read[] = { check_lun, NULL };

static const rpmb_check ufs_purge[] = {
	check_key, check_expiry, check_single, check_mac, check_counter, NULL
};

const struct rpmb_rules rpmb_rules_ufs = {
	.types = BIT(RPMB_PROGRAM_KEY) | BIT(RPMB_GET_WRITE_COUNTER) |
		 BIT(RPMB_WRITE_DATA) | BIT(RPMB_READ_DATA) |
		 BIT(RPMB_CONFIG_WRITE) | BIT(RPMB_CONFIG_READ) |
		 BIT(RPMB_PURGE_ENABLE) | BIT(RPMB_PURGE_STATUS),
	.counted = true,
	.unknown = RPMB_RES_UNSUPPORTED,
	.write_expired = RPMB_RES_WRITE | RPMB_RES_EXPIRED,
	.check_write = ufs_write,
	.check_config = ufs_config,
	.check_config_read = ufs_config_read,
	.check_purge = ufs_purge,
	.configure = ufs_configure,
};
