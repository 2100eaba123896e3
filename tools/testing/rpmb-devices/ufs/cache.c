// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ufs.h"

static bool put_block(const struct cache *cache, uint32_t block,
		      const void *from)
{
	return pwrite(cache->file, from, UFS_BLOCK_LEN,
		      (off_t)block * UFS_BLOCK_LEN) == UFS_BLOCK_LEN;
}

bool cache_init(struct cache *cache, int file, uint32_t nr, bool writes_back)
{
	*cache = (struct cache) {
		.file = file,
		.nr = nr,
		.blocks = calloc(nr, sizeof(*cache->blocks)),
		.writes_back = writes_back,
	};
	return cache->blocks;
}

void cache_free(struct cache *cache)
{
	cache_drop(cache);
	free(cache->blocks);
}

bool cache_read(const struct cache *cache, uint32_t block, void *to)
{
	if (!cache->blocks[block])
		return pread(cache->file, to, UFS_BLOCK_LEN,
			     (off_t)block * UFS_BLOCK_LEN) == UFS_BLOCK_LEN;
	memcpy(to, cache->blocks[block], UFS_BLOCK_LEN);
	return true;
}

bool cache_write(struct cache *cache, uint32_t block, const void *from)
{
	if (!cache->writes_back)
		return put_block(cache, block, from);
	if (!cache->blocks[block])
		cache->blocks[block] = malloc(UFS_BLOCK_LEN);
	if (!cache->blocks[block])
		return false;
	memcpy(cache->blocks[block], from, UFS_BLOCK_LEN);
	return true;
}

static void forget(struct cache *cache, uint32_t block)
{
	free(cache->blocks[block]);
	cache->blocks[block] = NULL;
}

bool cache_sync(struct cache *cache)
{
	uint32_t i;

	for (i = 0; i < cache->nr; i++) {
		if (!cache->blocks[i])
			continue;
		if (!put_block(cache, i, cache->blocks[i]))
			return false;
		forget(cache, i);
	}
	return !fdatasync(cache->file);
}

void cache_drop(struct cache *cache)
{
	uint32_t i;

	for (i = 0; cache->blocks && i < cache->nr; i++)
		forget(cache, i);
}
