// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "memory.h"
#include "tap.h"

const uint8_t memory_key[RPMB_KEY_LEN] = "a key for the engine's own tests";

static bool store_key(struct rpmb_store *store, const uint8_t *new_key)
{
	const struct memory *memory = (struct memory *)store;

	(void)new_key;
	return !memory->fails;
}

static bool store_write(struct rpmb_store *store, uint32_t counter,
			const struct rpmb_blocks *blocks)
{
	struct memory *memory = (struct memory *)store;
	uint32_t i;

	check_eq(counter, store->counter + 1);
	for (i = 0; i < blocks->count && !memory->fails; i++)
		memcpy(memory->blocks[blocks->addr + i],
		       blocks->data + i * blocks->stride, memory->block_size);
	memory->writes += !memory->fails;
	return !memory->fails;
}

static bool store_read(struct rpmb_store *store,
		       const struct rpmb_blocks *blocks)
{
	const struct memory *memory = (struct memory *)store;
	uint32_t i;

	for (i = 0; i < blocks->count; i++)
		memcpy(blocks->data + i * blocks->stride,
		       memory->blocks[blocks->addr + i], memory->block_size);
	return true;
}

/* NVMe's configurations are counted by themselves */
static bool store_configure(struct rpmb_store *store, uint32_t counter,
			    const uint8_t *config)
{
	struct memory *memory = (struct memory *)store;

	check_eq(counter, 1 + (memory->block_size == MEMORY_MAX_BLOCK ?
			       store->config_counter : store->counter));
	if (memory->fails)
		return false;
	memcpy(memory->config, config, sizeof(memory->config));
	memory->writes++;
	return true;
}

static const struct rpmb_store_ops ops = {
	.program_key = store_key,
	.write = store_write,
	.read = store_read,
	.configure = store_configure,
};

void memory_init(struct memory *memory, enum rpmb_frame_format format)
{
	memset(memory, 0, sizeof(*memory));
	memory->block_size = rpmb_block_size(format);
	memory->store = (struct rpmb_store) {
		.ops = &ops,
		.capacity = MEMORY_CAPACITY,
		.counter = 5,
		.config_counter = 5,
		.has_key = true,
	};
	memcpy(memory->store.key, memory_key, sizeof(memory_key));
}
