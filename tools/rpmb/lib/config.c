// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Device configuration: requests, and what became of a write that failed
 *
 * What tells one part of the configuration from another is on eMMC the address, on
 * UFS the first byte of the block. NVMe has one block, with a write counter of its
 * own, on its first target.
 */
#include <errno.h>
#include <string.h>

#include "internal.h"

/* What is to be written, and what is known of the way it went */
struct config {
	unsigned int select;
	const uint8_t *block;
	uint32_t counter;		/* that it was signed with */
	bool started;			/* may have reached the device */
};

static bool is_nvme(const struct rpmb *rpmb)
{
	return rpmb->info.frame_format == RPMB_FRAME_NVME;
}

static bool is_ufs(const struct rpmb *rpmb)
{
	return rpmb->info.transport == RPMB_TRANSPORT_UFS;
}

/* Is there such a part to be read? */
static bool can_read(const struct rpmb *rpmb, unsigned int select)
{
	return is_ufs(rpmb) ? select <= UINT8_MAX : !select;
}

static bool can_write(const struct rpmb *rpmb, unsigned int select,
		      const uint8_t *block)
{
	if (is_ufs(rpmb))
		return select == block[0];
	if (is_nvme(rpmb))
		return !select;
	return select == LIBRPMB_SECURE_WP_MODE_ENABLE ||
	       select == LIBRPMB_SECURE_WP_MODE_CONFIG;
}

/* The block, and the counter of an answer that has one: that of NVMe */
static int read_block(struct rpmb *rpmb, const uint8_t *key, unsigned int lun,
		      void *block, uint32_t *counter)
{
	enum rpmb_frame_format format = rpmb->info.frame_format;
	struct rpmb_exchange x = {
		.req.type = RPMB_CONFIG_READ,
		.req.count = 1,
	};
	const uint8_t *data = rpmb_frames_data(format, rpmb->resp, 0);
	int ret;

	ret = rpmb_begin(rpmb, &x, 0);
	if (ret)
		return ret;
	if (is_ufs(rpmb))
		*(uint8_t *)rpmb_frames_data(format, rpmb->req, 0) = lun;
	ret = rpmb_exchange(rpmb, &x, key, 0, 1);
	if (ret)
		return ret;
	/* The request is not signed: it may have asked for another unit there */
	if (is_ufs(rpmb) && data[0] != lun)
		return RPMB_ERR_RESPONSE_ADDRESS;

	memcpy(block, data, rpmb->info.block_size);
	*counter = x.resp.counter;
	return 0;
}

int rpmb_config_read(struct rpmb *rpmb, const uint8_t *key,
		     unsigned int select, void *block)
{
	uint32_t counter;

	RPMB_GUARD(rpmb);
	if (!can_read(rpmb, select))
		return RPMB_ERR_ARGUMENT;
	return read_block(rpmb, key, select, block, &counter);
}

static int read_counter(struct rpmb *rpmb, const uint8_t *key,
			uint32_t *counter)
{
	uint8_t block[RPMB_MAX_BLOCK];

	if (is_nvme(rpmb))
		return read_block(rpmb, key, 0, block, counter);
	return rpmb_get_counter(rpmb, key, counter);
}

static int write_once(struct rpmb *rpmb, const uint8_t *key,
		      struct config *config)
{
	struct rpmb_exchange x = {
		.req.type = RPMB_CONFIG_WRITE,
		.req.count = 1,
		.req.counter = config->counter,
		.req.addr = is_ufs(rpmb) ? 0 : config->select,
	};
	int ret;

	ret = rpmb_begin(rpmb, &x, 1);
	if (ret)
		return ret;
	memcpy(rpmb_frames_data(rpmb->info.frame_format, rpmb->req, 0),
	       config->block, rpmb->info.block_size);
	rpmb_sign(rpmb, key, 1);
	ret = rpmb_exchange(rpmb, &x, key, 1, 0);
	config->started = x.started;
	return ret;
}

/* On eMMC the value of the register, among those of all */
static bool is_in_place(const struct rpmb *rpmb, const struct config *config,
			const uint8_t *found)
{
	struct rpmb_emmc_config is, wanted;

	if (is_nvme(rpmb) || is_ufs(rpmb))
		return !memcmp(config->block, found, rpmb->info.block_size);
	rpmb_emmc_config_get(found, &is);
	rpmb_emmc_config_get(config->block, &wanted);
	return wanted.secure_wp_mode_enable ==
	       (config->select == LIBRPMB_SECURE_WP_MODE_ENABLE ?
		is.secure_wp_mode_enable : is.secure_wp_mode_config);
}

/*
 * The counter as it was: not written. Else the configuration decides if it is as it
 * should be; a device need not take every bit, so if it is not, nobody knows.
 */
static enum rpmb_fate find_fate(struct rpmb *rpmb, const uint8_t *key,
				const struct config *config)
{
	uint32_t before, after, ignored;
	uint8_t found[RPMB_MAX_BLOCK];

	if (!config->started)
		return RPMB_FATE_NOT_WRITTEN;
	if (read_counter(rpmb, key, &before) ||
	    read_block(rpmb, key, config->select, found, &ignored) ||
	    read_counter(rpmb, key, &after) || before != after)
		return RPMB_FATE_UNKNOWN;
	if (after == config->counter)
		return RPMB_FATE_NOT_WRITTEN;
	return is_in_place(rpmb, config, found) ? RPMB_FATE_STORED :
						  RPMB_FATE_UNKNOWN;
}

static enum rpmb_fate settle(struct rpmb *rpmb, const uint8_t *key,
			     const struct config *config)
{
	int saved = errno;
	enum rpmb_fate fate = find_fate(rpmb, key, config);

	errno = saved;
	return fate;
}

int rpmb_config_write(struct rpmb *rpmb, const uint8_t *key,
		      unsigned int select, const void *block,
		      struct rpmb_outcome *outcome)
{
	struct config config = { .select = select, .block = block };
	struct rpmb_outcome unused;
	int ret;

	RPMB_GUARD(rpmb);
	if (!outcome)
		outcome = &unused;
	*outcome = (struct rpmb_outcome){ 0 };
	if (!can_write(rpmb, select, block))
		return RPMB_ERR_ARGUMENT;

	ret = read_counter(rpmb, key, &config.counter);
	if (ret)
		return ret;
	if (config.counter == UINT32_MAX)
		return RPMB_ERR_EXPIRED;
	ret = write_once(rpmb, key, &config);
	rpmb_count_outcome(outcome, ret ? settle(rpmb, key, &config) :
					  RPMB_FATE_STORED, 1);
	return ret;
}
