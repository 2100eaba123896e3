/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A whole virtual RPMB in a partition of the hardware's
 *
 * Its format is in Documentation/userspace-api/rpmb-anchors.rst. It has two areas, A and
 * B, each with redo blocks and a header, and then its blocks, each at its place. What is
 * written goes to the redo blocks of the area whose header is older, then that header
 * says so and counts, then it goes to its place. Who finds the newer header finds
 * everything, as long as what that says is brought to its place first.
 *
 * Only one block is taken to be written whole or not at all. The headers are always
 * both genuine and one write apart. Anything else is no work of ours, and refused.
 */
#ifndef VRPMB_H
#define VRPMB_H

#include "hardware.h"
#include "keys.h"
#include "table.h"

/* As the newer header has it; @key is plain here */
struct vrpmb {
	struct hardware *hw;
	uint8_t guid[LIBRPMB_GUID_LEN];
	uint8_t wrap[LIBRPMB_KEY_LEN];
	uint32_t start;			/* first block of the partition */
	uint32_t units;
	uint64_t sequence;
	uint64_t writes;		/* of the hardware, that all this took */
	uint32_t counter;
	bool has_key;
	uint8_t key[LIBRPMB_KEY_LEN];
};

/*
 * The one that an entry is about, with all that was written at its place. If that is
 * HARDWARE_WRITTEN, @usable says whether it is as it should be, and if not there is a
 * log line, and nobody may have it.
 */
enum hardware_fate vrpmb_load(struct vrpmb *dev, struct hardware *hw,
			      const struct keys *keys, const struct entry *entry,
			      bool *usable);

/* Could there be a partition for it? 0, or an error; nothing is written. */
int vrpmb_try(const struct hardware *hw, const struct entry *entry);

/*
 * How far the partition of an entry is made
 *
 * @cleared: blocks
 * @done: it is, or there is no room for it
 */
struct vrpmb_making {
	uint32_t cleared;
	bool done;
	bool no_room;
};

/*
 * Make its partition, if that is not there yet, without key and all zero: a part of
 * that, so that others can be served between the parts
 */
enum hardware_fate vrpmb_make(struct hardware *hw, const struct keys *keys,
			      const struct entry *entry,
			      struct vrpmb_making *making);

/* Its partition, if it has one, is nobody's any more */
enum hardware_fate vrpmb_give_up(struct hardware *hw, const struct entry *entry);

/*
 * These are durable when they return HARDWARE_WRITTEN. If they return anything else only
 * another start can tell.
 */
enum hardware_fate vrpmb_program_key(struct vrpmb *dev,
				     const uint8_t key[LIBRPMB_KEY_LEN]);
enum hardware_fate vrpmb_write(struct vrpmb *dev, uint32_t addr, uint32_t count,
			       const uint8_t *data);

/* Writes of the hardware that it takes to write so much, or the key, which is nothing */
unsigned int vrpmb_cost(const struct vrpmb *dev, uint32_t addr, uint32_t count);

bool vrpmb_read(const struct vrpmb *dev, uint32_t addr, uint32_t count,
		uint8_t *data);

#endif /* VRPMB_H */
