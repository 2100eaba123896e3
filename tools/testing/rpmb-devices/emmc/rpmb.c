// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <string.h>

#include "rpmb.h"

#define FRAME_LEN sizeof(struct rpmb_frame)
#define SECTOR_FRAMES 2
#define LARGE_FRAMES 32

void rpmb_init(struct rpmb *rpmb, struct rpmb_store *store, bool large_writes,
	       bool secure_wp)
{
	*rpmb = (struct rpmb) {
		.area.engine = {
			.rules = secure_wp ? &rpmb_rules_emmc_secure_wp :
					     &rpmb_rules_emmc,
			.format = RPMB_FRAME_JEDEC,
			.store = store,
			.max_write = large_writes ? LARGE_FRAMES :
						    SECTOR_FRAMES,
		},
	};
	rpmb_power_off(rpmb);
}

/* SECURE_WP_MODE_CONFIG does not outlast it, SECURE_WP_MODE_ENABLE does */
void rpmb_power_off(struct rpmb *rpmb)
{
	rpmb_stop(rpmb);
	area_power_off(&rpmb->area);
	rpmb->area.engine.store->config[RPMB_EMMC_WP_CONFIG] = 0;
}

static bool start(struct rpmb *rpmb, uint32_t nr)
{
	rpmb_stop(rpmb);
	rpmb->frames = calloc(nr, FRAME_LEN);
	rpmb->nr = nr;
	rpmb->done = 0;
	return rpmb->frames;
}

bool rpmb_start_write(struct rpmb *rpmb, uint32_t nr)
{
	return start(rpmb, nr);
}

void rpmb_put(struct rpmb *rpmb, const void *frame)
{
	memcpy(rpmb->frames + rpmb->done++ * FRAME_LEN, frame, FRAME_LEN);
}

uint16_t rpmb_request_type(const struct rpmb *rpmb)
{
	struct rpmb_fields fields;

	rpmb_frames_parse(RPMB_FRAME_JEDEC, rpmb->frames,
			  rpmb->nr * FRAME_LEN, &fields);
	return fields.type;
}

bool rpmb_is_write(uint16_t type)
{
	return type == RPMB_PROGRAM_KEY || type == RPMB_WRITE_DATA ||
	       type == RPMB_CONFIG_WRITE;
}

/* A store that cannot write */
static bool fail_key(struct rpmb_store *store, const uint8_t *key)
{
	(void)store;
	(void)key;
	return false;
}

static bool fail_write(struct rpmb_store *store, uint32_t counter,
		       const struct rpmb_blocks *blocks)
{
	(void)store;
	(void)counter;
	(void)blocks;
	return false;
}

static bool fail_config(struct rpmb_store *store, uint32_t counter,
			const uint8_t *config)
{
	(void)store;
	(void)counter;
	(void)config;
	return false;
}

static const struct rpmb_store_ops failing_ops = {
	.program_key = fail_key,
	.write = fail_write,
	.configure = fail_config,
};

void rpmb_execute(struct rpmb *rpmb, bool reliable, bool fails)
{
	struct rpmb_store *store = rpmb->area.engine.store;
	const struct rpmb_store_ops *ops = store->ops;
	uint16_t type = rpmb_request_type(rpmb);
	size_t len = rpmb->nr * FRAME_LEN;

	area_note(&rpmb->area, type);
	if (fails)
		store->ops = &failing_ops;
	if (rpmb_is_write(type) && !reliable)
		rpmb_engine_refuse(&rpmb->area.engine, rpmb->frames, len);
	else
		rpmb_engine_request(&rpmb->area.engine, rpmb->frames, len);
	store->ops = ops;
	rpmb->out_of_range = rpmb->area.engine.result.result ==
			     RPMB_RES_ADDRESS;
	rpmb_stop(rpmb);
}

/* Who asks without having requested anything gets a general failure */
bool rpmb_start_read(struct rpmb *rpmb, uint32_t nr, uint32_t lie)
{
	const struct rpmb_fields none = { .result = RPMB_RES_GENERAL };
	struct rpmb_fields fields;

	if (!start(rpmb, nr))
		return false;
	if (!area_respond(&rpmb->area, rpmb->frames, nr * FRAME_LEN, lie))
		rpmb_frames_init(RPMB_FRAME_JEDEC, rpmb->frames,
				 nr * FRAME_LEN, &none);
	rpmb_frames_parse(RPMB_FRAME_JEDEC, rpmb->frames, nr * FRAME_LEN,
			  &fields);
	rpmb->out_of_range = (fields.result & ~RPMB_RES_EXPIRED) ==
			     RPMB_RES_ADDRESS;
	return true;
}

void rpmb_get(struct rpmb *rpmb, void *frame)
{
	memcpy(frame, rpmb->frames + rpmb->done++ * FRAME_LEN, FRAME_LEN);
}

void rpmb_stop(struct rpmb *rpmb)
{
	free(rpmb->frames);
	rpmb->frames = NULL;
}
