// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Partition tables: read, changed, written
 */
#include <stdlib.h>
#include <string.h>

#include "partition_format.h"
#include "write.h"

/* How often a table is read again that others write meanwhile */
#define RETRIES 4

/* The newer valid copy becomes the table */
static int choose_copy(const uint8_t *copies, size_t copy_len,
		       struct rpmb_partitions *table)
{
	static const int errors[] = {
		[RPMB_TABLE_VALID] = 0,
		[RPMB_TABLE_NEWER] = RPMB_ERR_TABLE_VERSION,
		[RPMB_TABLE_DAMAGED] = RPMB_ERR_TABLE,
		[RPMB_TABLE_NONE] = RPMB_ERR_NO_TABLE,
	};
	enum rpmb_table_state state, best = RPMB_TABLE_NONE;
	struct rpmb_partitions other = *table;
	unsigned int i;

	for (i = 0; i < RPMB_TABLE_COPIES; i++) {
		state = rpmb_table_get(copies + i * copy_len, &other);
		/* Whoever wrote that knows better which copy counts */
		if (state == RPMB_TABLE_NEWER)
			return RPMB_ERR_TABLE_VERSION;
		if (state == RPMB_TABLE_VALID &&
		    (best != RPMB_TABLE_VALID || other.sequence > table->sequence)) {
			*table = other;
			table->copy = i;
		}
		if (state < best)
			best = state;
	}
	return errors[best];
}

/* What is true of any table of this device */
static int begin_table(const struct rpmb *rpmb, struct rpmb_partitions *table)
{
	unsigned int block_size = rpmb->info.block_size;

	*table = (struct rpmb_partitions) {
		.block_size = block_size,
		.first = RPMB_TABLE_COPIES * rpmb_table_copy_blocks(block_size),
		.end = rpmb->info.capacity,
	};
	return table->first > table->end ? RPMB_ERR_NO_SPACE : 0;
}

int rpmb_partitions_read(struct rpmb *rpmb, const uint8_t *key,
			 struct rpmb_partitions *table)
{
	unsigned int block_size = rpmb->info.block_size;
	uint8_t *copies;
	int ret;

	RPMB_GUARD(rpmb);
	ret = begin_table(rpmb, table);
	if (ret)
		return ret;
	copies = malloc((size_t)table->first * block_size);
	if (!copies)
		return RPMB_ERR_MEMORY;
	ret = rpmb_get_at_rest(rpmb, key, 0, table->first, copies, RETRIES,
			       &table->counter);
	if (!ret)
		ret = choose_copy(copies, (size_t)block_size *
				  rpmb_table_copy_blocks(block_size), table);
	free(copies);
	return ret;
}

/* The entries that are used, then the header, which makes them count */
static int write_copy(struct rpmb *rpmb, const uint8_t *key,
		      const uint8_t *copy, struct rpmb_partitions *table)
{
	unsigned int block_size = table->block_size;
	unsigned int addr = table->copy * rpmb_table_copy_blocks(block_size);
	unsigned int used = (table->nr * RPMB_TABLE_ENTRY + block_size - 1) /
			    block_size;
	int ret = 0;

	RPMB_GUARD(rpmb);
	if (used)
		ret = rpmb_write_surely(rpmb, key, addr + 1, used,
					copy + block_size, &table->counter);
	return ret ?: rpmb_write_surely(rpmb, key, addr, 1, copy,
					&table->counter);
}

int rpmb_partitions_write(struct rpmb *rpmb, const uint8_t *key,
			  struct rpmb_partitions *table)
{
	uint8_t *copy;
	int ret;

	ret = rpmb_table_check(table);
	if (ret)
		return ret;
	copy = malloc((size_t)rpmb_table_copy_blocks(table->block_size) *
		      table->block_size);
	if (!copy)
		return RPMB_ERR_MEMORY;
	table->sequence++;
	table->copy = !table->copy;
	rpmb_table_put(copy, table);
	ret = write_copy(rpmb, key, copy, table);
	free(copy);
	return ret;
}

/* Both copies are written, so that nothing of an older table is left */
int rpmb_partitions_format(struct rpmb *rpmb, const uint8_t *key,
			   struct rpmb_partitions *table)
{
	int ret;

	ret = rpmb_partitions_read(rpmb, key, table);
	if (ret && ret != RPMB_ERR_NO_TABLE && ret != RPMB_ERR_TABLE &&
	    ret != RPMB_ERR_TABLE_VERSION)
		return ret;
	if (ret)
		table->sequence = 0;
	table->nr = 0;
	ret = rpmb_partitions_write(rpmb, key, table);
	return ret ?: rpmb_partitions_write(rpmb, key, table);
}

struct rpmb_partition *
rpmb_partitions_find(struct rpmb_partitions *table,
		     const uint8_t guid[LIBRPMB_GUID_LEN])
{
	unsigned int i;

	for (i = 0; i < table->nr; i++)
		if (!memcmp(table->partitions[i].guid, guid, LIBRPMB_GUID_LEN))
			return &table->partitions[i];
	return NULL;
}

/* The table with what is in its last entry, or without it if that is not allowed */
static int keep_last(struct rpmb_partitions *table)
{
	int ret;

	table->nr++;
	ret = rpmb_table_check(table);
	if (ret)
		table->nr--;
	return ret;
}

/* The first place with room is where the table's own blocks or a partition end */
static int place_last(struct rpmb_partitions *table)
{
	struct rpmb_partition *last = &table->partitions[table->nr];
	uint32_t best = UINT32_MAX;
	unsigned int i;
	int ret;

	for (i = 0; i <= table->nr; i++) {
		const struct rpmb_partition *before = &table->partitions[i];

		last->addr = before == last ? table->first :
					      before->addr + before->blocks;
		ret = keep_last(table);
		if (!ret) {
			table->nr--;
			if (last->addr < best)
				best = last->addr;
		} else if (ret != RPMB_ERR_TAKEN && ret != RPMB_ERR_RANGE) {
			return ret;
		}
	}
	last->addr = best;
	return best == UINT32_MAX ? RPMB_ERR_NO_SPACE : keep_last(table);
}

int rpmb_partitions_add(struct rpmb_partitions *table,
			struct rpmb_partition *partition)
{
	struct rpmb_partition *last = &table->partitions[table->nr];
	int ret;

	if (table->nr == LIBRPMB_PARTITIONS)
		return RPMB_ERR_NO_SPACE;
	*last = *partition;
	ret = partition->addr ? keep_last(table) : place_last(table);
	if (!ret)
		*partition = *last;
	return ret;
}

int rpmb_partitions_remove(struct rpmb_partitions *table,
			   const uint8_t guid[LIBRPMB_GUID_LEN])
{
	struct rpmb_partition *found = rpmb_partitions_find(table, guid);

	if (!found)
		return RPMB_ERR_NO_PARTITION;
	table->nr--;
	memmove(found, found + 1, (char *)&table->partitions[table->nr] -
				  (char *)found);
	return 0;
}

int rpmb_partitions_resize(struct rpmb_partitions *table,
			   const uint8_t guid[LIBRPMB_GUID_LEN],
			   unsigned int blocks)
{
	struct rpmb_partition *found = rpmb_partitions_find(table, guid);
	unsigned int before;
	int ret;

	if (!found)
		return RPMB_ERR_NO_PARTITION;
	before = found->blocks;
	found->blocks = blocks;
	ret = rpmb_table_check(table);
	if (ret)
		found->blocks = before;
	return ret;
}
