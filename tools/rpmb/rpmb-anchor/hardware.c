// SPDX-License-Identifier: GPL-2.0-only
#include <assert.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
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

/* As large as any block is, though it is never written twice in parts */
#define MAX_BLOCK 512

#define LOCK_PATH "/run/lock/rpmb-"

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

bool hardware_open(struct hardware *hw, const char *device, const uint8_t *key)
{
	int ret;

	*hw = (struct hardware) { .key = key, .lock = -1 };
	ret = rpmb_open(&hw->rpmb, device, O_RDWR);
	if (ret) {
		log_line("%s: %s", device, ret == RPMB_ERR_SYSTEM ?
			 strerror(errno) : rpmb_strerror(ret));
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

static int make_partition(struct hardware *hw, struct rpmb_partitions *partitions)
{
	struct rpmb_partition partition = {
		.kind = LIBRPMB_PARTITION_ANCHOR,
		.blocks = 1,
		.name = "rpmb-anchor",
	};
	int ret = rpmb_guid_make(partition.guid);

	if (!ret)
		ret = rpmb_partitions_add(partitions, &partition);
	return ret ?: rpmb_partitions_write(hw->rpmb, hw->key, partitions);
}

bool hardware_find(struct hardware *hw, bool make)
{
	const struct rpmb_partition *found;
	struct rpmb_partitions partitions;
	int ret = rpmb_partitions_read(hw->rpmb, hw->key, &partitions);

	if (!ret && make && !find_anchor(&partitions))
		ret = make_partition(hw, &partitions);
	if (ret)
		return failed(hw, ret);
	found = find_anchor(&partitions);
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

static void put_block(const struct table *table, uint8_t bytes[MAX_BLOCK])
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
	memset(bytes, 0, MAX_BLOCK);
	memcpy(bytes, &wire, sizeof(wire));
}

static int read_block(struct hardware *hw, uint8_t bytes[MAX_BLOCK])
{
	return rpmb_read_at_rest(hw->rpmb, hw->key, hw->addr, 1, bytes,
				 &hw->counter);
}

bool hardware_read(struct hardware *hw, struct block *block)
{
	uint8_t bytes[MAX_BLOCK];
	int ret = read_block(hw, bytes);

	if (ret)
		return failed(hw, ret);
	get_block(hw, bytes, block);
	return true;
}

/*
 * The answer may have been lost, or what was sent may have come late: look. That the
 * block is right is not enough: it may have been before.
 */
static enum hardware_fate settle(struct hardware *hw, const uint8_t *wanted,
				 int error)
{
	unsigned int len = rpmb_info(hw->rpmb)->block_size;
	uint32_t counter = hw->counter;
	uint8_t bytes[MAX_BLOCK];

	failed(hw, error);
	error = read_block(hw, bytes);
	if (error) {
		failed(hw, error);
		return HARDWARE_FAILED;
	}
	if (hw->counter == counter)
		return HARDWARE_FAILED;
	return memcmp(bytes, wanted, len) ? HARDWARE_OTHER_WRITER :
					    HARDWARE_WRITTEN;
}

enum hardware_fate hardware_write(struct hardware *hw, const struct table *table)
{
	uint8_t bytes[MAX_BLOCK];
	int ret;

	put_block(table, bytes);
	ret = rpmb_write_if(hw->rpmb, hw->key, hw->addr, 1, bytes, &hw->counter,
			    NULL);
	return ret ? settle(hw, bytes, ret) : HARDWARE_WRITTEN;
}
