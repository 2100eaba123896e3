/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An RPMB of a device: what eMMC's partition, UFS's regions and NVMe's targets have in
 * common
 */
#ifndef AREA_H
#define AREA_H

#include "engine.h"

#define AREA_TYPES 16

/*
 * @last_type: of the request that came last; 0 if none has come since power on
 * @requests: how many came, by their type; at 0 those of no known type
 */
struct area {
	struct rpmb_engine engine;
	uint16_t last_type;
	uint64_t requests[AREA_TYPES];
};

/* A request of that type has come */
void area_note(struct area *area, uint16_t type);

/* What is not in the store is lost */
void area_power_off(struct area *area);

#endif /* AREA_H */
