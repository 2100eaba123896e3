// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a target keeps, in a database that has blocks of 256 bytes and one counter
 */
#include <stddef.h>
#include <string.h>

#include "bytes.h"
#include "internal.h"

/* Of a sector */
#define BLOCKS 2
#define BLOCK_LEN 256

/* Where the counter of a Device Configuration Block is kept in it */
#define CONFIG_COUNTER (RPMB_CONFIG_LEN - sizeof(uint32_t))

static struct rpmb_store *kept_by(struct rpmb_store *store)
{
	struct nvme_store *nvme = (struct nvme_store *)
		((char *)store - offsetof(struct nvme_store, store));

	return &nvme->state.store;
}

static struct rpmb_blocks to_blocks(const struct rpmb_blocks *sectors)
{
	return (struct rpmb_blocks) {
		.addr = sectors->addr * BLOCKS,
		.count = sectors->count * BLOCKS,
		.data = sectors->data,
		.stride = BLOCK_LEN,
	};
}

static bool program_key(struct rpmb_store *store,
			const uint8_t key[RPMB_KEY_LEN])
{
	struct rpmb_store *kept = kept_by(store);

	return kept->ops->program_key(kept, key);
}

static bool write_sectors(struct rpmb_store *store, uint32_t counter,
			  const struct rpmb_blocks *sectors)
{
	struct rpmb_store *kept = kept_by(store);
	struct rpmb_blocks blocks = to_blocks(sectors);

	return kept->ops->write(kept, counter, &blocks);
}

static bool read_sectors(struct rpmb_store *store,
			 const struct rpmb_blocks *sectors)
{
	struct rpmb_store *kept = kept_by(store);
	struct rpmb_blocks blocks = to_blocks(sectors);

	return kept->ops->read(kept, &blocks);
}

/* The counter of data stays as it is */
static bool configure(struct rpmb_store *store, uint32_t counter,
		      const uint8_t config[RPMB_CONFIG_LEN])
{
	struct rpmb_store *kept = kept_by(store);
	uint8_t with_counter[RPMB_CONFIG_LEN];

	memcpy(with_counter, config, RPMB_CONFIG_LEN);
	put_le32(with_counter + CONFIG_COUNTER, counter);
	return kept->ops->configure(kept, store->counter, with_counter);
}

static const struct rpmb_store_ops ops = {
	.program_key = program_key,
	.write = write_sectors,
	.read = read_sectors,
	.configure = configure,
};

bool nvme_store_open(struct nvme_store *store, const char *directory,
		     const char *name, uint8_t capacity)
{
	if (!directory_open_state(directory, name, capacity, &store->state,
				  store->path))
		return false;
	store->store = store->state.store;
	store->store.ops = &ops;
	store->store.capacity /= BLOCKS;
	store->store.config_counter =
		get_le32(store->store.config + CONFIG_COUNTER);
	memset(store->store.config + CONFIG_COUNTER, 0, sizeof(uint32_t));
	return true;
}

bool nvme_store_close(struct nvme_store *store)
{
	return state_close(&store->state);
}
