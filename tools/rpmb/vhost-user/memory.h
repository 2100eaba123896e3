/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The guest's memory, as the front-end shares it
 *
 * The guest may change it at any time, so nothing in it is looked at twice: what
 * is to be checked is copied out first.
 */
#ifndef MEMORY_H
#define MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dirty.h"
#include "shared.h"

#define MEMORY_MAX_REGIONS 8

/* A region, as VHOST_USER_SET_MEM_TABLE describes it */
struct memory_region {
	uint64_t guest_addr;
	uint64_t size;
	uint64_t user_addr;
	uint64_t mmap_offset;
};

struct memory_mapping {
	struct memory_region region;
	struct shared shared;
};

struct memory {
	unsigned int nr;
	struct memory_mapping mappings[MEMORY_MAX_REGIONS];
	struct dirty dirty;
};

/*
 * Map @nr regions, each from its fd, instead of what was mapped before. Returns
 * false and logs why if one of them does not do; then nothing is mapped.
 */
bool memory_set(struct memory *memory, const struct memory_region *regions,
		const int *fds, unsigned int nr);
void memory_clear(struct memory *memory);

/* Host address of @len bytes at a user address, NULL if one region lacks them */
void *memory_user(const struct memory *memory, uint64_t addr, uint64_t len);

/* That many bytes at a user address have been written past memory_write(): log it */
void memory_mark_user(const struct memory *memory, uint64_t addr, uint64_t len);

/* Has the log bits for all of memory? */
bool memory_logged(const struct memory *memory);

/* Is all of that the guest's memory? */
bool memory_valid(const struct memory *memory, uint64_t addr, uint64_t len);

/*
 * Copy from and to guest addresses; false if they are not all in memory. What is written
 * is logged if the front-end wants all of it.
 */
bool memory_read(const struct memory *memory, void *dst, uint64_t addr,
		 size_t len);
bool memory_write(const struct memory *memory, uint64_t addr, const void *src,
		  size_t len);

/* Copy shared memory so that the compiler cannot go back to the original */
void copy_once(void *dst, const void *src, size_t len);

#endif /* MEMORY_H */
