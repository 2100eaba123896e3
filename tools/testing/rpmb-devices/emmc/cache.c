// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "cache.h"

static struct cache_sector *nth(struct cache *cache, unsigned int i)
{
	return &cache->sectors[(cache->first + i) % CACHE_SECTORS];
}

static struct cache_sector *find(struct cache *cache, enum partition partition,
				 uint32_t sector)
{
	unsigned int i;

	for (i = 0; i < cache->nr; i++) {
		struct cache_sector *cached = nth(cache, i);

		if (cached->partition == partition && cached->sector == sector)
			return cached;
	}
	return NULL;
}

static bool write_first(struct cache *cache)
{
	const struct cache_sector *cached = nth(cache, 0);

	cache->first = (cache->first + 1) % CACHE_SECTORS;
	cache->nr--;
	return storage_write(cache->storage, cached->partition, cached->sector,
			     cached->data);
}

bool cache_read(struct cache *cache, enum partition partition, uint32_t sector,
		void *to)
{
	const struct cache_sector *cached = find(cache, partition, sector);

	if (!cached)
		return storage_read(cache->storage, partition, sector, to);
	memcpy(to, cached->data, SECTOR_LEN);
	return true;
}

bool cache_write(struct cache *cache, enum partition partition, uint32_t sector,
		 const void *from)
{
	struct cache_sector *cached = find(cache, partition, sector);

	if (!cache->on)
		return storage_write(cache->storage, partition, sector, from);
	if (!cached) {
		if (cache->nr == CACHE_SECTORS && !write_first(cache))
			return false;
		cached = nth(cache, cache->nr++);
	}
	cached->partition = partition;
	cached->sector = sector;
	memcpy(cached->data, from, SECTOR_LEN);
	return true;
}

/* What is in the cache would come back */
bool cache_erase(struct cache *cache, enum partition partition, uint32_t sector,
		 uint32_t nr)
{
	return cache_flush(cache) &&
	       storage_erase(cache->storage, partition, sector, nr);
}

bool cache_flush(struct cache *cache)
{
	while (cache->nr)
		if (!write_first(cache))
			return false;
	return storage_sync(cache->storage);
}

void cache_lose(struct cache *cache)
{
	cache->lost += cache->nr;
	cache->nr = 0;
	cache->on = false;
}
