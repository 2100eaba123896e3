// SPDX-License-Identifier: GPL-2.0-only
/*
 * Configuration and purge of UFS, which are not the engine's: a device has two logical
 * units here, with one configuration block each, and a purge never ends
 */
#include <string.h>

#include "fake.h"

#define UFS_BLOCK 256
#define UFS_UNITS 2

static bool has_type(const struct fake *fake, uint16_t type)
{
	if (fake->transport != RPMB_TRANSPORT_UFS)
		return false;
	switch (type) {
	case RPMB_CONFIG_WRITE:
	case RPMB_CONFIG_READ:
	case RPMB_PURGE_ENABLE:
	case RPMB_PURGE_STATUS:
		return true;
	case RPMB_RESULT_READ:
		return fake->result.type == RPMB_CONFIG_WRITE << 8;
	default:
		return false;
	}
}

static uint16_t check_signed(struct fake *fake, void *frames, size_t len,
			     const struct rpmb_fields *req)
{
	uint8_t mac[RPMB_MAC_LEN];

	if (req->count != 1)
		return RPMB_RES_GENERAL;
	rpmb_frames_hmac(fake->frame_format, frames, len, fake->key, mac);
	if (memcmp(mac, rpmb_frames_mac(fake->frame_format, frames, len),
		   sizeof(mac)))
		return RPMB_RES_AUTH;
	return req->counter == fake->counter ? RPMB_RES_OK : RPMB_RES_COUNTER;
}

static uint8_t *block_of(struct fake *fake, const uint8_t *data)
{
	return data[0] < UFS_UNITS ? &fake->config[data[0] * UFS_BLOCK] : NULL;
}

static bool is_signed(uint16_t type)
{
	return type == RPMB_CONFIG_WRITE || type == RPMB_PURGE_ENABLE;
}

static uint16_t carry_out(struct fake *fake, void *frames, size_t len,
			  const struct rpmb_fields *req)
{
	uint8_t *data = rpmb_frames_data(fake->frame_format, frames, 0);
	uint8_t *block = block_of(fake, data);
	uint16_t result = RPMB_RES_OK;

	if (!fake->has_key)
		return RPMB_RES_NO_KEY;
	if (is_signed(req->type))
		result = check_signed(fake, frames, len, req);
	if (!result && !block)
		result = RPMB_RES_SWP_NA;
	if (result)
		return result;

	if (req->type == RPMB_CONFIG_WRITE)
		memcpy(block, data, rpmb_block_size(fake->frame_format));
	if (req->type == RPMB_PURGE_ENABLE)
		fake->purge_state = 1;
	if (is_signed(req->type))
		fake->counter++;
	return RPMB_RES_OK;
}

bool fake_config_request(struct fake *fake, void *frames, size_t len)
{
	struct rpmb_fields req;

	rpmb_frames_parse(fake->frame_format, frames, len, &req);
	fake->config_ready = false;
	if (!has_type(fake, req.type))
		return false;
	if (req.type == RPMB_RESULT_READ) {
		fake->response_fields = fake->result;
		fake->config_ready = true;
		return true;
	}

	fake->result = req;
	fake->result.result = carry_out(fake, frames, len, &req);
	fake->result.type = req.type << 8;
	if (is_signed(req.type))
		fake->result.counter = fake->counter;
	fake->response_fields = fake->result;
	fake->config_ready = req.type != RPMB_CONFIG_WRITE;
	fake->unit = *(uint8_t *)rpmb_frames_data(fake->frame_format, frames, 0);
	return true;
}

static void put_data(struct fake *fake, uint8_t *data)
{
	if (fake->response_fields.type == RPMB_PURGE_STATUS << 8) {
		data[0] = fake->purge_state;
		data[1] = fake->life_time ?: 7;
	} else if (fake->response_fields.type == RPMB_CONFIG_READ << 8) {
		memcpy(data, block_of(fake, &fake->unit),
		       rpmb_block_size(fake->frame_format));
		data[0] = fake->unit;
	}
}

bool fake_config_response(struct fake *fake, void *frames, size_t len)
{
	enum rpmb_frame_format format = fake->frame_format;

	if (!fake->config_ready)
		return false;
	fake->config_ready = false;
	rpmb_frames_init(format, frames, len, &fake->response_fields);
	if (!fake->response_fields.result)
		put_data(fake, rpmb_frames_data(format, frames, 0));
	if (fake->has_key)
		rpmb_frames_hmac(format, frames, len, fake->key,
				 rpmb_frames_mac(format, frames, len));
	return true;
}
