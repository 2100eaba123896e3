// SPDX-License-Identifier: GPL-2.0-only
/*
 * Admin commands, and how much data commands move
 */
#include <endian.h>
#include <string.h>

#include "bytes.h"
#include "internal.h"

enum log_page {
	LOG_ERRORS = 0x01,
	LOG_HEALTH = 0x02,
	LOG_FIRMWARE = 0x03,
};

#define LOG_LEN 512
#define HEALTH_TEMPERATURE 1
#define HEALTH_SPARE 3
#define HEALTH_SPARE_THRESHOLD 4
#define ROOM_TEMPERATURE 300		/* K */
#define FIRMWARE_ACTIVE 0
#define FIRMWARE_SLOT_1 8

/* 0's based */
static uint64_t log_dwords(const struct nvme_command *command)
{
	return ((uint64_t)(le32toh(command->dw11) & 0xffff) << 16 |
		le32toh(command->dw10) >> 16) + 1;
}

static uint64_t admin_data_len(const struct nvme_command *command)
{
	switch (command->opcode) {
	case NVME_IDENTIFY:
		return NVME_IDENTIFY_LEN;
	case NVME_GET_LOG_PAGE:
		return 4 * log_dwords(command);
	case NVME_SECURITY_SEND:
	case NVME_SECURITY_RECEIVE:
		return le32toh(command->dw11);
	default:
		return 0;
	}
}

static uint64_t io_data_len(const struct nvme_command *command)
{
	switch (command->opcode) {
	case NVME_READ:
	case NVME_WRITE:
		return ((le32toh(command->dw12) & 0xffff) + 1) * NVME_BLOCK_LEN;
	default:
		return 0;
	}
}

uint64_t nvme_data_len(uint16_t queue, const struct nvme_command *command)
{
	return queue ? io_data_len(command) : admin_data_len(command);
}

static void make_health(uint8_t log[LOG_LEN])
{
	put_le16(log + HEALTH_TEMPERATURE, ROOM_TEMPERATURE);
	log[HEALTH_SPARE] = 100;
	log[HEALTH_SPARE_THRESHOLD] = 10;
}

static uint16_t get_log(struct nvme_request *req)
{
	uint8_t log[LOG_LEN] = {};

	if (req->command.dw12 || req->command.dw13)
		return NVME_INVALID_FIELD;
	switch (le32toh(req->command.dw10) & 0xff) {
	case LOG_ERRORS:
		break;
	case LOG_HEALTH:
		make_health(log);
		break;
	case LOG_FIRMWARE:
		log[FIRMWARE_ACTIVE] = 1;
		memcpy(log + FIRMWARE_SLOT_1, NVME_FIRMWARE,
		       strlen(NVME_FIRMWARE));
		break;
	default:
		return NVME_INVALID_LOG_PAGE;
	}
	nvme_reply(req, log, sizeof(log));
	return NVME_SUCCESS;
}

static uint16_t abort_command(struct nvme_request *req)
{
	uint32_t dw10 = le32toh(req->command.dw10);

	req->result = !nvme_abort(req->ctrl, dw10, dw10 >> 16);
	return NVME_SUCCESS;
}

static uint16_t await_event(struct nvme_request *req)
{
	if (nvme_count_held(req->ctrl, NVME_HELD_EVENT) == NVME_MAX_EVENTS)
		return NVME_ASYNC_EVENT_LIMIT;
	req->held = NVME_HELD_EVENT;
	return NVME_SUCCESS;
}

uint16_t nvme_execute_admin(struct nvme_request *req)
{
	switch (req->command.opcode) {
	case NVME_IDENTIFY:
		return nvme_identify(req);
	case NVME_GET_LOG_PAGE:
		return get_log(req);
	case NVME_ABORT:
		return abort_command(req);
	case NVME_GET_FEATURES:
		return nvme_get_features(req);
	case NVME_SET_FEATURES:
		return nvme_set_features(req);
	case NVME_ASYNC_EVENT:
		return await_event(req);
	case NVME_KEEP_ALIVE:
		return NVME_SUCCESS;
	case NVME_SECURITY_SEND:
	case NVME_SECURITY_RECEIVE:
		return nvme_security(req);
	default:
		return req->ctrl->ops->execute(req->ctrl->front, req);
	}
}
