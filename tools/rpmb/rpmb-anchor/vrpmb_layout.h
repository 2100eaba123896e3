/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where what is in the partition of a virtual RPMB, and its headers
 */
#ifndef VRPMB_LAYOUT_H
#define VRPMB_LAYOUT_H

#include "partition_protocol.h"
#include "vrpmb.h"

/* The most bytes of redo blocks, and of the header behind them */
#define VRPMB_MAX_AREA (PARTITION_MAX_BLOCKS * PARTITION_BLOCK +		\
			2 * HARDWARE_MAX_BLOCK)

/* What is to be brought to its place: hardware's blocks, counted from the first place */
struct vrpmb_record {
	uint32_t addr;
	uint32_t count;
	uint8_t digest[LIBRPMB_STEP_LEN];
};

/* Virtual blocks in one of the hardware's */
static inline unsigned int vrpmb_per_block(const struct hardware *hw)
{
	return hardware_block(hw) / PARTITION_BLOCK;
}

/* Redo blocks of an area: if a block has two virtual ones, both ends may be halves */
static inline uint32_t vrpmb_redo(const struct hardware *hw)
{
	unsigned int per = vrpmb_per_block(hw);

	return PARTITION_MAX_BLOCKS / per + (per > 1);
}

/* The header is the last block of its area */
static inline uint32_t vrpmb_header(const struct vrpmb *dev, uint64_t sequence)
{
	uint32_t redo = vrpmb_redo(dev->hw);

	return dev->start + (sequence & 1) * (redo + 1) + redo;
}

static inline uint32_t vrpmb_places(const struct vrpmb *dev)
{
	return dev->start + 2 * (vrpmb_redo(dev->hw) + 1);
}

/* Blocks of the whole partition */
static inline uint32_t vrpmb_blocks(const struct hardware *hw, uint8_t units)
{
	return 2 * (vrpmb_redo(hw) + 1) +
	       units * (PARTITION_UNIT / vrpmb_per_block(hw));
}

/* The partition of an entry's device; NULL if there is none, or it is another one */
const struct rpmb_partition *vrpmb_find(struct hardware *hw,
					const struct entry *entry);

/* The block of a header for @dev as it is; false if there are no random numbers */
bool vrpmb_put_header(const struct vrpmb *dev, const struct vrpmb_record *record,
		      uint8_t *block);

/* Take one apart; false if it is not genuine, or not one of @dev */
bool vrpmb_get_header(struct vrpmb *dev, struct vrpmb_record *record,
		      const uint8_t *block);

/* Of that many redo blocks */
void vrpmb_digest(const struct vrpmb *dev, uint32_t blocks, const uint8_t *redo,
		  uint8_t digest[LIBRPMB_STEP_LEN]);

/* What an entry and its partition say of a device; the rest is 0 */
void vrpmb_begin(struct vrpmb *dev, struct hardware *hw, const struct keys *keys,
		 const struct entry *entry, uint32_t start);

#endif /* VRPMB_LAYOUT_H */
