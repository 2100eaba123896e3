/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The bytes of a partition table: Documentation/userspace-api/rpmb-partitions.rst
 */
#ifndef LIBRPMB_PARTITION_FORMAT_H
#define LIBRPMB_PARTITION_FORMAT_H

#include "internal.h"

#define RPMB_TABLE_COPIES 2
#define RPMB_TABLE_ENTRY 64

/* What is wrong with a copy, the better ones first */
enum rpmb_table_state {
	RPMB_TABLE_VALID,
	RPMB_TABLE_NEWER,		/* a version that is not known here */
	RPMB_TABLE_DAMAGED,
	RPMB_TABLE_NONE,		/* something else */
};

/* Blocks of the entries of a copy, and of a copy with its header */
static inline unsigned int rpmb_table_entry_blocks(unsigned int block_size)
{
	return LIBRPMB_PARTITIONS * RPMB_TABLE_ENTRY / block_size;
}

static inline unsigned int rpmb_table_copy_blocks(unsigned int block_size)
{
	return 1 + rpmb_table_entry_blocks(block_size);
}

/*
 * Take a copy apart, and check it: @table has first, end and block_size set. Its
 * entries are undefined unless it is valid.
 */
enum rpmb_table_state rpmb_table_get(const uint8_t *copy,
				     struct rpmb_partitions *table);

/* Make a copy, header and all entries */
void rpmb_table_put(uint8_t *copy, const struct rpmb_partitions *table);

/* Is this what a table may have? 0, or an error */
int rpmb_table_check(const struct rpmb_partitions *table);

#endif /* LIBRPMB_PARTITION_FORMAT_H */
