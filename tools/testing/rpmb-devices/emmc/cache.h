/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The cache of an eMMC card: sectors of ordinary partitions that the host believes to
 * be written, and that are lost unless it flushes them
 *
 * When it is full, the sector that was written first goes to the storage, so sectors
 * reach it in an order that is always the same. While it is off, so does all that comes.
 */
#ifndef CACHE_H
#define CACHE_H

#include "storage.h"

#define CACHE_SECTORS 1024U

struct cache_sector {
	enum partition partition;
	uint32_t sector;
	uint8_t data[SECTOR_LEN];
};

/*
 * @first: of @nr in the ring @sectors, the one that was written first
 * @lost: for tests: how many were, all in all
 */
struct cache {
	struct storage *storage;
	bool on;
	unsigned int first;
	unsigned int nr;
	uint64_t lost;
	struct cache_sector sectors[CACHE_SECTORS];
};

/* As those of the storage, for one sector or several; false if that fails */
bool cache_read(struct cache *cache, enum partition partition, uint32_t sector,
		void *to);
bool cache_write(struct cache *cache, enum partition partition, uint32_t sector,
		 const void *from);
bool cache_erase(struct cache *cache, enum partition partition, uint32_t sector,
		 uint32_t nr);

/* Put all of it where it is safe */
bool cache_flush(struct cache *cache);

/* The card has been reset, or has lost its power */
void cache_lose(struct cache *cache);

#endif /* CACHE_H */
