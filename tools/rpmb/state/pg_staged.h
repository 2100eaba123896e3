/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What was accepted, and is to be committed as one
 */
#ifndef PG_STAGED_H
#define PG_STAGED_H

#include "pg_device.h"

/*
 * @slots: for each block of the device its place among the others plus 1, or 0
 * @addrs, @data: blocks, each of them once, in its last version
 */
struct pg_staged {
	uint32_t *slots;
	uint32_t *addrs;
	uint8_t *data;
	uint32_t nr;
	uint32_t room;
	bool has_key;
	struct sealed key;
	uint32_t counter;
};

/* For a device with so many blocks; false if there is no memory */
bool pg_staged_begin(struct pg_staged *staged, uint32_t capacity);
void pg_staged_end(struct pg_staged *staged);

/* Nothing is staged any more; the counter is this one */
void pg_staged_clear(struct pg_staged *staged, uint32_t counter);

/* False, and nothing has changed, if there is no memory */
bool pg_staged_add(struct pg_staged *staged, const struct rpmb_blocks *blocks);

/* Put what is staged of these blocks over what they have */
void pg_staged_overlay(const struct pg_staged *staged,
		       const struct rpmb_blocks *blocks);

#endif /* PG_STAGED_H */
