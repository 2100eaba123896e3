/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An RPMB of a device: what eMMC's partition, UFS's regions and NVMe's targets have in
 * common
 */
#ifndef AREA_H
#define AREA_H

#include "engine.h"

#define AREA_TYPES 16

/* What is wrong with a response; all else that can be is in enum rpmb_mismatch */
#define AREA_HONEST 0
#define AREA_OLD 1

/* A response of one block at most */
struct area_response {
	size_t len;
	uint8_t frames[sizeof(struct rpmb_nvme_frame) + 512];
};

/*
 * @last_type: of the request that came last; 0 if none has come since power on
 * @requests: how many came, by their type; at 0 those of no known type
 * @old: the last response to requests of each type, likewise
 */
struct area {
	struct rpmb_engine engine;
	uint16_t last_type;
	uint64_t requests[AREA_TYPES];
	struct area_response old[AREA_TYPES];
};

/* A request of that type has come */
void area_note(struct area *area, uint16_t type);

/* As rpmb_engine_response(), but @lie is not as it should be */
size_t area_respond(struct area *area, void *frames, size_t len, uint32_t lie);

/* What is not in the store is lost */
void area_power_off(struct area *area);

#endif /* AREA_H */
