// SPDX-License-Identifier: GPL-2.0-only
#include <assert.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/rpmb.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <nettle/sha2.h>

#include "hardware.h"
#include "log.h"

#define MAGIC "RPMBANCH"
#define VERSION 1

#define LOCK_PATH "/run/lock/rpmb-"

/* Blocks that are written at once at most, a power of two */
#define MAX_PIECE 32

struct wire_block {
	char magic[8];
	uint32_t version;
	uint32_t reserved;
	uint8_t guid[LIBRPMB_GUID_LEN];
	uint64_t sequence;
	uint64_t log_length;
	uint8_t root[LIBRPMB_STEP_LEN];
	uint8_t log_head[LIBRPMB_STEP_LEN];
};

static_assert(sizeof(struct wire_block) == 112, "as the format has it");

static const char *device_name(const struct hardware *hw)
{
	return rpmb_info(hw->rpmb)->name;
}

static bool failed(const struct hardware *hw, int error)
{
	log_line("%s: %s", device_name(hw), error == RPMB_ERR_SYSTEM ?
		 strerror(errno) : rpmb_strerror(error));
	return false;
}

/* The same for every way to the device */
static void lock_path(const struct rpmb_info *info, char path[128])
{
	uint8_t digest[SHA256_DIGEST_SIZE];
	struct sha256_ctx ctx;
	char *text = path;
	int i;

	sha256_init(&ctx);
	if (info->dev_id_len)
		sha256_update(&ctx, info->dev_id_len, info->dev_id);
	else
		sha256_update(&ctx, strlen(info->name),
			      (const uint8_t *)info->name);
	sha256_digest(&ctx, sizeof(digest), digest);
	text += sprintf(text, LOCK_PATH);
	for (i = 0; i < 16; i++)
		text += sprintf(text, "%02x", digest[i]);
	sprintf(text, "-%u", info->target);
}

/* Anybody may make files there, but not in our name */
static bool is_ours(int lock, const char *path)
{
	struct stat st;

	if (!fstat(lock, &st) && (!st.st_uid || st.st_uid == geteuid()))
		return true;
	log_line("%s is a file of user %u, who keeps the device from being used",
		 path, st.st_uid);
	return false;
}

static bool lock_device(struct hardware *hw)
{
	char path[128];

	lock_path(rpmb_info(hw->rpmb), path);
	hw->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (hw->lock < 0)
		log_line("%s: %s", path, strerror(errno));
	else if (!is_ours(hw->lock, path))
		return false;
	else if (!flock(hw->lock, LOCK_EX | LOCK_NB))
		return true;
	else if (errno == EWOULDBLOCK)
		log_line("%s is the anchor of another rpmb-anchor",
			 device_name(hw));
	else
		log_line("%s: %s", path, strerror(errno));
	return false;
}

bool hardware_open(struct hardware *hw, const char *device, const uint8_t *key,
		   int32_t serial)
{
	int ret;

	*hw = (struct hardware) {
		.key = serial ? NULL : key, .lock = -1, .most = MAX_PIECE
	};
	ret = rpmb_open(&hw->rpmb, device, O_RDWR);
	if (!ret)
		ret = rpmb_use_kernel_key(hw->rpmb, serial);
	if (ret) {
		log_line("%s: %s", device, ret == RPMB_ERR_SYSTEM ?
			 strerror(errno) : rpmb_strerror(ret));
		rpmb_close(hw->rpmb);
		return false;
	}
	if (lock_device(hw))
		return true;
	hardware_close(hw);
	return false;
}

void hardware_close(struct hardware *hw)
{
	rpmb_close(hw->rpmb);
	if (hw->lock >= 0)
		close(hw->lock);
}

static const struct rpmb_partition *
find_anchor(const struct rpmb_partitions *partitions)
{
	unsigned int i;

	for (i = 0; i < partitions->nr; i++)
		if (partitions->partitions[i].kind == LIBRPMB_PARTITION_ANCHOR)
			return &partitions->partitions[i];
	return NULL;
}

static int make_partition(struct hardware *hw)
{
	struct rpmb_partition partition = {
		.kind = LIBRPMB_PARTITION_ANCHOR,
		.blocks = 1,
		.name = "rpmb-anchor",
	};
	int ret = rpmb_guid_make(partition.guid);

	if (!ret)
		ret = rpmb_partitions_add(&hw->partitions, &partition);
	return ret ?: rpmb_partitions_write(hw->rpmb, hw->key, &hw->partitions);
}

bool hardware_find(struct hardware *hw, bool make)
{
	struct rpmb_partitions *partitions = &hw->partitions;
	const struct rpmb_partition *found;
	int ret = rpmb_partitions_read(hw->rpmb, hw->key, partitions);

	if (!ret && make && !find_anchor(partitions))
		ret = make_partition(hw);
	if (ret)
		return failed(hw, ret);
	found = find_anchor(partitions);
	if (!found) {
		log_line("%s has no partition for anchors; see rpmb-anchor(1), init",
			 device_name(hw));
		return false;
	}
	hw->addr = found->addr;
	memcpy(hw->guid, found->guid, sizeof(hw->guid));
	return true;
}

static void get_block(const struct hardware *hw, const uint8_t *bytes,
		      struct block *block)
{
	struct wire_block wire;
	bool ours;

	memcpy(&wire, bytes, sizeof(wire));
	ours = !memcmp(wire.magic, MAGIC, sizeof(wire.magic)) &&
	       !memcmp(wire.guid, hw->guid, sizeof(wire.guid));
	*block = (struct block) {
		.valid = ours && le32toh(wire.version) == VERSION,
		.other_version = ours && le32toh(wire.version) != VERSION,
		.sequence = le64toh(wire.sequence),
		.log_length = le64toh(wire.log_length),
	};
	memcpy(block->root, wire.root, sizeof(block->root));
	memcpy(block->log_head, wire.log_head, sizeof(block->log_head));
}

static void put_block(const struct table *table, uint8_t bytes[HARDWARE_MAX_BLOCK])
{
	struct wire_block wire = {
		.magic = MAGIC,
		.version = htole32(VERSION),
		.sequence = htole64(table->sequence),
		.log_length = htole64(table->log_length),
	};

	memcpy(wire.guid, table->guid, sizeof(wire.guid));
	memcpy(wire.root, table->root, sizeof(wire.root));
	memcpy(wire.log_head, table->log_head, sizeof(wire.log_head));
	memset(bytes, 0, HARDWARE_MAX_BLOCK);
	memcpy(bytes, &wire, sizeof(wire));
}

static int read_block(struct hardware *hw, uint8_t bytes[HARDWARE_MAX_BLOCK])
{
	return rpmb_read_at_rest(hw->rpmb, hw->key, hw->addr, 1, bytes,
				 &hw->counter);
}

bool hardware_read(struct hardware *hw, struct block *block)
{
	uint8_t bytes[HARDWARE_MAX_BLOCK];
	int ret = read_block(hw, bytes);

	if (ret)
		return failed(hw, ret);
	get_block(hw, bytes, block);
	return true;
}

unsigned int hardware_block(const struct hardware *hw)
{
	return rpmb_info(hw->rpmb)->block_size;
}

/* What one request can write of so many blocks */
static unsigned int piece(const struct hardware *hw, unsigned int blocks)
{
	unsigned int size = hw->most;

	while (size > 1 &&
	       (size > blocks || !(rpmb_info(hw->rpmb)->write_sizes & size)))
		size /= 2;
	return size;
}

unsigned int hardware_cost(const struct hardware *hw, unsigned int blocks)
{
	unsigned int cost = 0;

	for (; blocks; blocks -= piece(hw, blocks))
		cost++;
	return cost;
}

bool hardware_joins_two(const struct hardware *hw)
{
	return rpmb_info(hw->rpmb)->transport == RPMB_TRANSPORT_EMMC &&
	       piece(hw, 2) == 2;
}

bool hardware_get(struct hardware *hw, unsigned int addr, unsigned int blocks,
		  void *bytes)
{
	int ret = rpmb_read(hw->rpmb, hw->key, addr, blocks, bytes);

	return !ret || failed(hw, ret);
}

/*
 * The answer may have been lost, or what was sent may have come late: look. That the
 * blocks are right is not enough: they may have been before. The counter has the steps of
 * the first @stored of @blocks, which were several requests if so many could not be
 * carried at once. One step more is ours if all is there by now; another one is of
 * somebody else. Leaves in @blocks how many are written.
 */
static enum hardware_fate settle(struct hardware *hw, unsigned int addr,
				 unsigned int *blocks, const void *wanted,
				 unsigned int stored, int error)
{
	uint8_t bytes[MAX_PIECE * HARDWARE_MAX_BLOCK];
	uint32_t counter = hw->counter;

	failed(hw, error);
	error = rpmb_read_at_rest(hw->rpmb, hw->key, addr, *blocks, bytes,
				  &hw->counter);
	if (error) {
		failed(hw, error);
		return HARDWARE_FAILED;
	}
	if (hw->counter == counter && !stored)
		return HARDWARE_FAILED;
	if (hw->counter == counter)
		*blocks = stored;
	else if (hw->counter != counter + 1 || stored == *blocks)
		return HARDWARE_OTHER_WRITER;
	return memcmp(bytes, wanted, *blocks * hardware_block(hw)) ?
	       HARDWARE_OTHER_WRITER : HARDWARE_WRITTEN;
}

/*
 * One request at a time, so that of each it is found out what became of it. What had to be
 * several is that from the beginning the next time, so that its cost is known.
 */
enum hardware_fate hardware_put(struct hardware *hw, unsigned int addr,
				unsigned int blocks, const void *bytes)
{
	enum hardware_fate fate = HARDWARE_WRITTEN;
	struct rpmb_outcome outcome;
	uint32_t before;
	unsigned int nr;
	int ret;

	for (; blocks && fate == HARDWARE_WRITTEN; blocks -= nr) {
		nr = piece(hw, blocks);
		before = hw->counter;
		ret = rpmb_write_if(hw->rpmb, hw->key, addr, nr, bytes,
				    &hw->counter, &outcome);
		if (ret)
			fate = settle(hw, addr, &nr, bytes, outcome.stored, ret);
		else if (hw->counter - before > 1)
			hw->most = nr / 2;
		addr += nr;
		bytes = (const uint8_t *)bytes + nr * hardware_block(hw);
	}
	return fate;
}

enum hardware_fate hardware_write(struct hardware *hw, const struct table *table)
{
	uint8_t bytes[HARDWARE_MAX_BLOCK];

	put_block(table, bytes);
	return hardware_put(hw, hw->addr, 1, bytes);
}

/* Its blocks are several, and which of them are written only another start can tell */
enum hardware_fate hardware_put_partitions(struct hardware *hw)
{
	int ret;

	hw->partitions.counter = hw->counter;
	ret = rpmb_partitions_write(hw->rpmb, hw->key, &hw->partitions);
	hw->counter = hw->partitions.counter;
	if (!ret)
		return HARDWARE_WRITTEN;
	failed(hw, ret);
	return ret == RPMB_ERR_COUNTER ? HARDWARE_OTHER_WRITER : HARDWARE_FAILED;
}
