// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The bytes of a partition table
 */
#include <assert.h>
#include <endian.h>
#include <string.h>
#include <nettle/sha2.h>

#include "partition_format.h"

#define MAGIC "RPMBPART"
#define VERSION 1

struct header {
	char magic[8];
	uint32_t version;
	uint32_t block_size;
	uint64_t sequence;
	uint32_t nr;
	uint32_t reserved;
	uint8_t digest[SHA256_DIGEST_SIZE];	/* of all before it, and of @nr entries */
};

struct entry {
	uint8_t guid[LIBRPMB_GUID_LEN];
	uint32_t addr;
	uint32_t blocks;
	uint16_t kind;
	uint16_t flags;
	char name[LIBRPMB_PARTITION_NAME];
};

static_assert(sizeof(struct header) == 64, "as the format has it");
static_assert(sizeof(struct entry) == RPMB_TABLE_ENTRY, "as the format has it");

static void get_digest(const uint8_t *copy, unsigned int block_size,
		       unsigned int nr, uint8_t digest[SHA256_DIGEST_SIZE])
{
	struct sha256_ctx ctx;

	sha256_init(&ctx);
	sha256_update(&ctx, offsetof(struct header, digest), copy);
	sha256_update(&ctx, (size_t)nr * RPMB_TABLE_ENTRY, copy + block_size);
	sha256_digest(&ctx, SHA256_DIGEST_SIZE, digest);
}

static void get_entry(const uint8_t *bytes, struct rpmb_partition *partition)
{
	struct entry entry;

	memcpy(&entry, bytes, sizeof(entry));
	*partition = (struct rpmb_partition) {
		.addr = le32toh(entry.addr),
		.blocks = le32toh(entry.blocks),
		.kind = le16toh(entry.kind),
		.flags = le16toh(entry.flags),
	};
	memcpy(partition->guid, entry.guid, sizeof(entry.guid));
	memcpy(partition->name, entry.name, sizeof(entry.name));
}

static void put_entry(uint8_t *bytes, const struct rpmb_partition *partition)
{
	struct entry entry = {
		.addr = htole32(partition->addr),
		.blocks = htole32(partition->blocks),
		.kind = htole16(partition->kind),
		.flags = htole16(partition->flags),
	};

	memcpy(entry.guid, partition->guid, sizeof(entry.guid));
	memcpy(entry.name, partition->name, sizeof(entry.name));
	memcpy(bytes, &entry, sizeof(entry));
}

enum rpmb_table_state rpmb_table_get(const uint8_t *copy,
				     struct rpmb_partitions *table)
{
	uint8_t digest[SHA256_DIGEST_SIZE];
	struct header header;
	unsigned int i;

	memcpy(&header, copy, sizeof(header));
	if (memcmp(header.magic, MAGIC, sizeof(header.magic)))
		return RPMB_TABLE_NONE;
	if (le32toh(header.version) > VERSION)
		return RPMB_TABLE_NEWER;

	table->nr = le32toh(header.nr);
	table->sequence = le64toh(header.sequence);
	if (le32toh(header.version) != VERSION ||
	    le32toh(header.block_size) != table->block_size ||
	    table->nr > LIBRPMB_PARTITIONS)
		return RPMB_TABLE_DAMAGED;
	get_digest(copy, table->block_size, table->nr, digest);
	if (memcmp(header.digest, digest, sizeof(digest)))
		return RPMB_TABLE_DAMAGED;

	for (i = 0; i < table->nr; i++)
		get_entry(copy + table->block_size + i * RPMB_TABLE_ENTRY,
			  &table->partitions[i]);
	return rpmb_table_check(table) ? RPMB_TABLE_DAMAGED : RPMB_TABLE_VALID;
}

void rpmb_table_put(uint8_t *copy, const struct rpmb_partitions *table)
{
	struct header header = {
		.magic = MAGIC,
		.version = htole32(VERSION),
		.block_size = htole32(table->block_size),
		.sequence = htole64(table->sequence),
		.nr = htole32(table->nr),
	};
	unsigned int i;

	memset(copy, 0, (size_t)rpmb_table_copy_blocks(table->block_size) *
			table->block_size);
	memcpy(copy, &header, sizeof(header));
	for (i = 0; i < table->nr; i++)
		put_entry(copy + table->block_size + i * RPMB_TABLE_ENTRY,
			  &table->partitions[i]);
	get_digest(copy, table->block_size, table->nr,
		   copy + offsetof(struct header, digest));
}

/* Text, and zeros up to the end */
static bool is_name(const char name[LIBRPMB_PARTITION_NAME + 1])
{
	size_t len = strnlen(name, LIBRPMB_PARTITION_NAME + 1), i;

	if (len > LIBRPMB_PARTITION_NAME)
		return false;
	for (i = 0; i < len; i++)
		if ((uint8_t)name[i] < ' ' || name[i] == 0x7f)
			return false;
	for (; i <= LIBRPMB_PARTITION_NAME; i++)
		if (name[i])
			return false;
	return true;
}

static int check_partition(const struct rpmb_partitions *table,
			   const struct rpmb_partition *partition)
{
	static const uint8_t no_guid[LIBRPMB_GUID_LEN];
	uint64_t end = (uint64_t)partition->addr + partition->blocks;

	if (!memcmp(partition->guid, no_guid, sizeof(no_guid)) ||
	    partition->kind < LIBRPMB_PARTITION_RESERVED ||
	    partition->kind > LIBRPMB_PARTITION_DEVICE ||
	    !partition->blocks || !is_name(partition->name))
		return RPMB_ERR_ARGUMENT;
	if (partition->addr < table->first)
		return RPMB_ERR_TAKEN;
	return end > table->end ? RPMB_ERR_RANGE : 0;
}

static int check_pair(const struct rpmb_partition *a,
		      const struct rpmb_partition *b)
{
	if (!memcmp(a->guid, b->guid, sizeof(a->guid)))
		return RPMB_ERR_EXISTS;
	if (a->addr < b->addr + b->blocks && b->addr < a->addr + a->blocks)
		return RPMB_ERR_TAKEN;
	return 0;
}

int rpmb_table_check(const struct rpmb_partitions *table)
{
	const struct rpmb_partition *partitions = table->partitions;
	unsigned int i, j;
	int ret = 0;

	for (i = 0; i < table->nr && !ret; i++) {
		ret = check_partition(table, &partitions[i]);
		for (j = 0; j < i && !ret; j++)
			ret = check_pair(&partitions[i], &partitions[j]);
	}
	return ret;
}
