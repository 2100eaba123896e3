/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A digest of all that a device keeps: the root of a hash tree over its blocks, and
 * what else there is. It is kept in memory, where a write changes one path of it.
 */
#ifndef DIGEST_H
#define DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DIGEST_LEN 32

struct rpmb_store;
struct state;

/*
 * @leaves: one for a block, and more up to a power of two; @nodes[1] is the root, and
 *	those of node i are 2 * i and 2 * i + 1
 */
struct digest {
	uint32_t leaves;
	uint8_t (*nodes)[DIGEST_LEN];
};

/* For so many blocks, all of them zero; false if there is no memory */
bool digest_begin(struct digest *digest, uint32_t blocks);
void digest_end(struct digest *digest);

/* All blocks are zero again */
void digest_clear(struct digest *digest);

/* A block of several: digest_finish() is to follow */
void digest_set(struct digest *digest, uint32_t addr, const uint8_t *data);
void digest_finish(struct digest *digest);

/* A block of an otherwise finished digest */
void digest_update(struct digest *digest, uint32_t addr, const uint8_t *data);

/* Is this the block that it is a digest of? */
bool digest_has(const struct digest *digest, uint32_t addr, const uint8_t *data);

/* Of what @state is, with what @store keeps */
void digest_root(const struct digest *digest, const struct state *state,
		 const struct rpmb_store *store, uint8_t root[DIGEST_LEN]);

#endif /* DIGEST_H */
