// SPDX-License-Identifier: GPL-2.0-only
/*
 * Features: what the host sets is told back, and means nothing else
 */
#include <endian.h>

#include "internal.h"

enum feature {
	ARBITRATION = 0x01,
	POWER_MANAGEMENT = 0x02,
	TEMPERATURE_THRESHOLD = 0x04,
	ERROR_RECOVERY = 0x05,
	VOLATILE_CACHE = 0x06,
	NUMBER_OF_QUEUES = 0x07,
	INTERRUPT_COALESCING = 0x08,
	INTERRUPT_CONFIGURATION = 0x09,
	WRITE_ATOMICITY = 0x0a,
	EVENT_CONFIGURATION = 0x0b,
	KEEP_ALIVE_TIMER = 0x0f,
};

#define SAVE (1U << 31)
#define NO_QUEUES 0xffff

static bool is_known(uint8_t feature)
{
	switch (feature) {
	case ARBITRATION:
	case POWER_MANAGEMENT:
	case TEMPERATURE_THRESHOLD:
	case ERROR_RECOVERY:
	case VOLATILE_CACHE:
	case NUMBER_OF_QUEUES:
	case INTERRUPT_COALESCING:
	case INTERRUPT_CONFIGURATION:
	case WRITE_ATOMICITY:
	case EVENT_CONFIGURATION:
	case KEEP_ALIVE_TIMER:
		return true;
	default:
		return false;
	}
}

/* As many as there are of both kinds, whatever the host wants; 0's based */
static uint32_t queues(void)
{
	return (NVME_IO_QUEUES - 1) << 16 | (NVME_IO_QUEUES - 1);
}

uint16_t nvme_get_features(struct nvme_request *req)
{
	uint8_t feature = le32toh(req->command.dw10);

	if (!is_known(feature))
		return NVME_INVALID_FIELD;
	req->result = feature == NUMBER_OF_QUEUES ?
		      queues() : req->ctrl->features[feature];
	return NVME_SUCCESS;
}

uint16_t nvme_set_features(struct nvme_request *req)
{
	uint32_t dw10 = le32toh(req->command.dw10);
	uint32_t value = le32toh(req->command.dw11);
	uint8_t feature = dw10;

	if (dw10 & SAVE)
		return NVME_NOT_SAVEABLE;
	if (!is_known(feature))
		return NVME_INVALID_FIELD;
	if (feature == NUMBER_OF_QUEUES) {
		if ((value & 0xffff) == NO_QUEUES || value >> 16 == NO_QUEUES)
			return NVME_INVALID_FIELD;
		req->result = queues();
	}
	req->ctrl->features[feature] = value;
	return NVME_SUCCESS;
}
