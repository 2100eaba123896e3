// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The words of device configurations, as they stand in their blocks
 */
#include <endian.h>
#include <string.h>

#include "internal.h"

/* Where registers of eMMC are in the block: the last byte is the one written */
#define EMMC_BLOCK 256
#define EMMC_ENABLE 255
#define EMMC_CONFIG 254

/* JESD220G, Secure Write Protect Configuration Block */
#define UFS_BLOCK 256
#define UFS_LUN 0
#define UFS_DATA_LENGTH 1
#define UFS_ENTRIES 16

/* In an entry's first byte */
#define UFS_WPF 0x01
#define UFS_WPT_SHIFT 1
#define UFS_WPT_MASK 0x03

/* NVM Express Base Specification 2.1, Device Configuration Block */
#define NVME_BLOCK 512
#define NVME_BOOT_PROTECTION 0
#define NVME_BOOT_LOCK 1
#define NVME_NAMESPACE_PROTECTION 2

struct ufs_entry {
	uint8_t flags;
	uint8_t reserved[3];
	uint8_t lba[8];
	uint8_t blocks[4];
};

void rpmb_emmc_config_put(void *block, uint8_t value)
{
	memset(block, 0, EMMC_BLOCK);
	((uint8_t *)block)[EMMC_ENABLE] = value;
}

void rpmb_emmc_config_get(const void *block, struct rpmb_emmc_config *config)
{
	const uint8_t *bytes = block;

	config->secure_wp_mode_enable = bytes[EMMC_ENABLE];
	config->secure_wp_mode_config = bytes[EMMC_CONFIG];
}

static void put_entry(struct ufs_entry *to, const struct rpmb_swp_entry *entry)
{
	uint64_t lba = htobe64(entry->lba);
	uint32_t blocks = htobe32(entry->blocks);

	to->flags = (entry->protect ? UFS_WPF : 0) |
		    (entry->type & UFS_WPT_MASK) << UFS_WPT_SHIFT;
	memcpy(to->lba, &lba, sizeof(lba));
	memcpy(to->blocks, &blocks, sizeof(blocks));
}

static void get_entry(const struct ufs_entry *from, struct rpmb_swp_entry *entry)
{
	uint64_t lba;
	uint32_t blocks;

	memcpy(&lba, from->lba, sizeof(lba));
	memcpy(&blocks, from->blocks, sizeof(blocks));
	entry->protect = from->flags & UFS_WPF;
	entry->type = from->flags >> UFS_WPT_SHIFT & UFS_WPT_MASK;
	entry->lba = be64toh(lba);
	entry->blocks = be32toh(blocks);
}

int rpmb_ufs_config_put(void *block, const struct rpmb_ufs_config *config)
{
	struct ufs_entry *entries = (void *)((uint8_t *)block + UFS_ENTRIES);
	uint8_t *bytes = block;
	unsigned int i;

	if (config->nr_entries > LIBRPMB_SWP_ENTRIES)
		return RPMB_ERR_ARGUMENT;
	memset(block, 0, UFS_BLOCK);
	bytes[UFS_LUN] = config->lun;
	bytes[UFS_DATA_LENGTH] = config->nr_entries * sizeof(*entries);
	for (i = 0; i < config->nr_entries; i++)
		put_entry(&entries[i], &config->entries[i]);
	return 0;
}

int rpmb_ufs_config_get(const void *block, struct rpmb_ufs_config *config)
{
	const uint8_t *bytes = block;
	const struct ufs_entry *entries = (const void *)(bytes + UFS_ENTRIES);
	unsigned int len = bytes[UFS_DATA_LENGTH], i;

	memset(config, 0, sizeof(*config));
	if (len % sizeof(*entries) ||
	    len / sizeof(*entries) > LIBRPMB_SWP_ENTRIES)
		return RPMB_ERR_ARGUMENT;
	config->lun = bytes[UFS_LUN];
	config->nr_entries = len / sizeof(*entries);
	for (i = 0; i < config->nr_entries; i++)
		get_entry(&entries[i], &config->entries[i]);
	return 0;
}

void rpmb_nvme_config_put(void *block, const struct rpmb_nvme_config *config)
{
	uint8_t *bytes = block;

	memset(block, 0, NVME_BLOCK);
	bytes[NVME_BOOT_PROTECTION] = config->boot_protection;
	bytes[NVME_BOOT_LOCK] = config->boot_lock;
	bytes[NVME_NAMESPACE_PROTECTION] = config->namespace_protection;
}

void rpmb_nvme_config_get(const void *block, struct rpmb_nvme_config *config)
{
	const uint8_t *bytes = block;

	config->boot_protection = bytes[NVME_BOOT_PROTECTION];
	config->boot_lock = bytes[NVME_BOOT_LOCK];
	config->namespace_protection = bytes[NVME_NAMESPACE_PROTECTION];
}
