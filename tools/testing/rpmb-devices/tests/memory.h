/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A store in memory for tests of the engine. It fails when told to.
 */
#ifndef MEMORY_H
#define MEMORY_H

#include "engine.h"

#define MEMORY_CAPACITY 512
#define MEMORY_MAX_BLOCK 512

/*
 * @block_size: 256 or 512
 * @writes: that were kept, of data and of configurations
 * @config: the one that was kept last
 */
struct memory {
	struct rpmb_store store;
	unsigned int block_size;
	uint8_t blocks[MEMORY_CAPACITY][MEMORY_MAX_BLOCK];
	uint8_t config[RPMB_CONFIG_LEN];
	unsigned int writes;
	bool fails;
};

extern const uint8_t memory_key[RPMB_KEY_LEN];

/* Empty, with that key, counters at 5, and @block_size of that format */
void memory_init(struct memory *memory, enum rpmb_frame_format format);

#endif /* MEMORY_H */
