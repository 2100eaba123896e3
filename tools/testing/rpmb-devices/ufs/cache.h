/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The blocks of a logical unit, with a volatile write cache or without one
 */
#ifndef UFS_CACHE_H
#define UFS_CACHE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * @file: what stays
 * @nr: blocks
 * @blocks: those that are not in the file yet; the others are NULL
 * @writes_back: there is a cache
 */
struct cache {
	int file;
	uint32_t nr;
	uint8_t **blocks;
	bool writes_back;
};

/* False if there is no memory */
bool cache_init(struct cache *cache, int file, uint32_t nr, bool writes_back);
void cache_free(struct cache *cache);

/* One block, which is there; false if the file fails */
bool cache_read(const struct cache *cache, uint32_t block, void *to);
bool cache_write(struct cache *cache, uint32_t block, const void *from);

/* All of it is to stay; false if the file fails */
bool cache_sync(struct cache *cache);

/* What was not synchronized is lost */
void cache_drop(struct cache *cache);

#endif /* UFS_CACHE_H */
