/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What an eMMC card keeps: a directory with a file for each ordinary partition
 * and the state of the RPMB
 *
 * Writes to the ordinary partitions survive this program; storage_sync() makes
 * them survive the machine. What the RPMB has accepted always does.
 */
#ifndef STORAGE_H
#define STORAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "directory.h"

#define SECTOR_LEN 512

/* As in PARTITION_CONFIG */
enum partition {
	PARTITION_USER = 0,
	PARTITION_BOOT0 = 1,
	PARTITION_BOOT1 = 2,
	PARTITION_RPMB = 3,
	NR_PARTITIONS
};

extern const char *const partition_names[NR_PARTITIONS];

/*
 * @sectors: of the user area
 * @boot_mult, @rpmb_mult: units of 128 KiB; no boot partitions if it is 0
 */
struct storage_config {
	const char *directory;
	uint32_t sectors;
	uint8_t boot_mult;
	uint8_t rpmb_mult;
};

/* @fds: of the ordinary partitions, the RPMB's is -1; @sectors: their sizes */
struct storage {
	int fds[NR_PARTITIONS];
	uint32_t sectors[NR_PARTITIONS];
	struct state rpmb;
	char rpmb_path[PATH_MAX];
};

/* Open the card, make what there is not; false and a log line on failure */
bool storage_open(struct storage *storage, const struct storage_config *config);
bool storage_close(struct storage *storage);

/* One sector, or several that become zero; false and a log line on failure */
bool storage_read(struct storage *storage, enum partition partition,
		  uint32_t sector, void *to);
bool storage_write(struct storage *storage, enum partition partition,
		   uint32_t sector, const void *from);
bool storage_erase(struct storage *storage, enum partition partition,
		   uint32_t sector, uint32_t nr);
bool storage_sync(struct storage *storage);

#endif /* STORAGE_H */
