// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "log.h"
#include "vrpmb_layout.h"

/* The hardware's blocks that have these virtual ones, counted from the first place */
static struct vrpmb_record blocks_of(const struct vrpmb *dev, uint32_t addr,
				     uint32_t count)
{
	unsigned int per = vrpmb_per_block(dev->hw);

	return (struct vrpmb_record) {
		.addr = addr / per,
		.count = (addr + count + per - 1) / per - addr / per,
	};
}

/*
 * Where two blocks are written both or neither, the only redo block goes with the
 * header. Elsewhere the header may not go before all redo blocks are there.
 */
static bool go_together(const struct vrpmb *dev, uint32_t count)
{
	return count == 1 && hardware_joins_two(dev->hw);
}

unsigned int vrpmb_cost(const struct vrpmb *dev, uint32_t addr, uint32_t count)
{
	unsigned int blocks = blocks_of(dev, addr, count).count;
	unsigned int redo = go_together(dev, blocks) ? 0 :
			    hardware_cost(dev->hw, blocks);

	return redo + 1 + hardware_cost(dev->hw, blocks);
}

/* Redo blocks end where their header is, which is behind them in @area, too */
static enum hardware_fate put_area(const struct vrpmb *dev, uint32_t count,
				   const uint8_t *area)
{
	uint32_t header = vrpmb_header(dev, dev->sequence);
	enum hardware_fate fate = HARDWARE_WRITTEN;

	if (go_together(dev, count))
		return hardware_put(dev->hw, header - count, count + 1, area);
	if (count)
		fate = hardware_put(dev->hw, header - count, count, area);
	if (fate == HARDWARE_WRITTEN)
		fate = hardware_put(dev->hw, header, 1,
				    area + count * hardware_block(dev->hw));
	return fate;
}

static enum hardware_fate put_places(const struct vrpmb *dev,
				     const struct vrpmb_record *record,
				     const uint8_t *redo)
{
	return hardware_put(dev->hw, vrpmb_places(dev) + record->addr,
			    record->count, redo);
}

/*
 * What is in the redo blocks of @area goes to its place, with all else that @next has:
 * it counts as soon as the header is written. The places follow before anything else
 * is written, since the next header but one is written over this one.
 */
static enum hardware_fate commit(struct vrpmb *dev, struct vrpmb *next,
				 struct vrpmb_record *record, uint8_t *area)
{
	size_t redo_len = record->count * hardware_block(dev->hw);
	enum hardware_fate fate;

	next->sequence++;
	vrpmb_digest(dev, record->count, area, record->digest);
	if (!vrpmb_put_header(next, record, area + redo_len)) {
		log_line("there are no random numbers");
		return HARDWARE_FAILED;
	}
	fate = put_area(next, record->count, area);
	if (fate == HARDWARE_WRITTEN)
		fate = put_places(next, record, area);
	if (fate == HARDWARE_WRITTEN)
		*dev = *next;
	return fate;
}

enum hardware_fate vrpmb_program_key(struct vrpmb *dev,
				     const uint8_t key[LIBRPMB_KEY_LEN])
{
	struct vrpmb_record record = {};
	uint8_t area[VRPMB_MAX_AREA];
	struct vrpmb next = *dev;
	enum hardware_fate fate;

	next.has_key = true;
	next.writes += vrpmb_cost(dev, 0, 0);
	memcpy(next.key, key, sizeof(next.key));
	fate = commit(dev, &next, &record, area);
	explicit_bzero(&next, sizeof(next));
	return fate;
}

/* Blocks that are not written as a whole keep what else they have */
static bool fill_redo(const struct vrpmb *dev, const struct vrpmb_record *record,
		      uint32_t addr, uint32_t count, const uint8_t *data,
		      uint8_t *area)
{
	unsigned int per = vrpmb_per_block(dev->hw);

	if (count != record->count * per &&
	    !hardware_get(dev->hw, vrpmb_places(dev) + record->addr,
			  record->count, area))
		return false;
	memcpy(area + addr % per * PARTITION_BLOCK, data,
	       count * PARTITION_BLOCK);
	return true;
}

enum hardware_fate vrpmb_write(struct vrpmb *dev, uint32_t addr, uint32_t count,
			       const uint8_t *data)
{
	struct vrpmb_record record = blocks_of(dev, addr, count);
	uint8_t area[VRPMB_MAX_AREA];
	struct vrpmb next = *dev;
	enum hardware_fate fate;

	if (!fill_redo(dev, &record, addr, count, data, area))
		return HARDWARE_FAILED;
	next.counter++;
	next.writes += vrpmb_cost(dev, addr, count);
	fate = commit(dev, &next, &record, area);
	explicit_bzero(&next, sizeof(next));
	return fate;
}

bool vrpmb_read(const struct vrpmb *dev, uint32_t addr, uint32_t count,
		uint8_t *data)
{
	struct vrpmb_record blocks = blocks_of(dev, addr, count);
	uint8_t bytes[VRPMB_MAX_AREA];

	if (!hardware_get(dev->hw, vrpmb_places(dev) + blocks.addr,
			  blocks.count, bytes))
		return false;
	memcpy(data, bytes + addr % vrpmb_per_block(dev->hw) * PARTITION_BLOCK,
	       count * PARTITION_BLOCK);
	return true;
}
