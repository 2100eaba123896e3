// SPDX-License-Identifier: GPL-2.0-only
#include <assert.h>
#include <endian.h>
#include <stdlib.h>
#include <string.h>
#include <nettle/sha2.h>

#include "digest.h"
#include "state.h"

#define BLOCK_LEN 256

/* First byte of what is hashed, so that no node is a block at the same time */
enum { LEAF = 0, NODE = 1, ALL = 2 };

static void hash(uint8_t kind, size_t len, const uint8_t *data,
		 uint8_t digest[DIGEST_LEN])
{
	struct sha256_ctx ctx;

	sha256_init(&ctx);
	sha256_update(&ctx, sizeof(kind), &kind);
	sha256_update(&ctx, len, data);
	sha256_digest(&ctx, DIGEST_LEN, digest);
}

static void hash_node(struct digest *digest, uint32_t node)
{
	hash(NODE, 2 * DIGEST_LEN, digest->nodes[2 * node],
	     digest->nodes[node]);
}

/* Of one level all nodes are alike, so one of each is hashed */
void digest_clear(struct digest *digest)
{
	static const uint8_t zeros[BLOCK_LEN];
	uint32_t first, i;

	hash(LEAF, sizeof(zeros), zeros, digest->nodes[digest->leaves]);
	for (first = digest->leaves; first; first /= 2) {
		if (first < digest->leaves)
			hash_node(digest, first);
		for (i = first + 1; i < 2 * first; i++)
			memcpy(digest->nodes[i], digest->nodes[first],
			       DIGEST_LEN);
	}
}

bool digest_begin(struct digest *digest, uint32_t blocks)
{
	uint32_t leaves = 1;

	while (leaves < blocks)
		leaves *= 2;
	*digest = (struct digest) {
		.leaves = leaves,
		.nodes = calloc(2 * (size_t)leaves, DIGEST_LEN),
	};
	if (digest->nodes)
		digest_clear(digest);
	return digest->nodes;
}

void digest_end(struct digest *digest)
{
	free(digest->nodes);
	*digest = (struct digest) {};
}

void digest_set(struct digest *digest, uint32_t addr, const uint8_t *data)
{
	hash(LEAF, BLOCK_LEN, data, digest->nodes[digest->leaves + addr]);
}

void digest_finish(struct digest *digest)
{
	uint32_t i;

	for (i = digest->leaves - 1; i; i--)
		hash_node(digest, i);
}

void digest_update(struct digest *digest, uint32_t addr, const uint8_t *data)
{
	uint32_t node = digest->leaves + addr;

	digest_set(digest, addr, data);
	while (node /= 2)
		hash_node(digest, node);
}

bool digest_has(const struct digest *digest, uint32_t addr, const uint8_t *data)
{
	uint8_t leaf[DIGEST_LEN];

	hash(LEAF, BLOCK_LEN, data, leaf);
	return !memcmp(leaf, digest->nodes[digest->leaves + addr], sizeof(leaf));
}

/* Bytes and little-endian numbers only, so it is the same everywhere */
struct wire_state {
	uint32_t capacity;		/* blocks */
	uint32_t counter;
	uint32_t config_counter;
	uint8_t has_dev_id;
	uint8_t has_key;
	uint8_t reserved[2];
	uint8_t dev_id[STATE_DEV_ID_LEN];
	uint8_t key[RPMB_KEY_LEN];
	uint8_t config[RPMB_CONFIG_LEN];
	uint8_t blocks[DIGEST_LEN];
};

static_assert(sizeof(struct wire_state) == 608, "no holes");

void digest_root(const struct digest *digest, const struct state *state,
		 const struct rpmb_store *store, uint8_t root[DIGEST_LEN])
{
	struct wire_state wire = {
		.capacity = htole32(store->capacity),
		.counter = htole32(store->counter),
		.config_counter = htole32(store->config_counter),
		.has_dev_id = state->has_dev_id,
		.has_key = store->has_key,
	};

	memcpy(wire.dev_id, state->dev_id, sizeof(wire.dev_id));
	memcpy(wire.key, store->key, sizeof(wire.key));
	memcpy(wire.config, store->config, sizeof(wire.config));
	memcpy(wire.blocks, digest->nodes[1], sizeof(wire.blocks));
	hash(ALL, sizeof(wire), (uint8_t *)&wire, root);
	explicit_bzero(&wire, sizeof(wire));
}
