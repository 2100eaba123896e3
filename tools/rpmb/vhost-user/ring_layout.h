/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How a virtqueue lies in memory: split or packed. For ring.c, ring_serve.c and the files
 * of the layouts.
 *
 * The guest may write to all of it at any time: what is read from it is read once, and
 * checked after that.
 */
#ifndef RING_LAYOUT_H
#define RING_LAYOUT_H

#include <endian.h>

#include "ring.h"

/*
 * A buffer: device-readable pieces first, then device-writable ones
 *
 * @id: what the guest calls it
 * @slots: how many descriptors of the ring it takes
 */
struct chain {
	uint16_t id;
	uint16_t slots;
	uint32_t nr_out;
	uint32_t nr_in;
	uint64_t out_len;
	uint64_t in_len;
};

/*
 * @map: find the parts of the ring; false if they are not in shared memory
 * @has_buffer: whether there is a buffer; if not, the driver's next one kicks
 * @get_chain: collect the pieces of the next buffer; false if the guest has broken
 *	the rules
 * @take: go on to the buffer after it
 * @give_back: a buffer that was taken is done, with that many bytes written; returns
 *	whether the driver wants to know
 * @base: where to go on, as VHOST_USER_GET_VRING_BASE says it
 */
struct ring_layout {
	bool (*map)(struct ring *ring);
	bool (*has_buffer)(struct ring *ring);
	bool (*get_chain)(struct ring *ring, struct chain *chain);
	void (*take)(struct ring *ring, const struct chain *chain);
	bool (*give_back)(struct ring *ring, const struct chain *chain,
			  uint32_t len);
	uint32_t (*base)(const struct ring *ring);
};

extern const struct ring_layout ring_split;
extern const struct ring_layout ring_packed;

/* What the layouts share */

static inline uint16_t load16(const __le16 *p)
{
	return le16toh(__atomic_load_n((const uint16_t *)p, __ATOMIC_ACQUIRE));
}

static inline void store16(__le16 *p, uint16_t value)
{
	__atomic_store_n((uint16_t *)p, htole16(value), __ATOMIC_RELEASE);
}

bool ring_has_feature(const struct ring *ring, unsigned int feature);

/* The guest has broken the rules; returns false */
bool ring_break(struct ring *ring, const char *why);

/* A part of the ring at a user address; NULL if it is not in shared memory, aligned */
void *ring_part(const struct ring *ring, uint64_t addr, size_t len,
		size_t align);

/* These bytes of the used part, or of a packed ring's descriptors, have been written */
void ring_wrote_used(const struct ring *ring, size_t offset, size_t len);
void ring_wrote_desc(const struct ring *ring, size_t offset, size_t len);

/* A descriptor with these flags; false if the guest has broken the rules */
bool ring_add_piece(struct ring *ring, struct chain *chain,
		    struct ring_piece piece, uint16_t flags);

/* How many descriptors a table has; 0 if the guest has broken the rules */
uint32_t ring_table_size(struct ring *ring, struct ring_piece table,
			 uint16_t flags);

/* Descriptor @i of a table; false if the guest has broken the rules */
bool ring_read_table(struct ring *ring, struct ring_piece table, uint32_t i,
		     void *desc);

/* Whether there is a buffer in a ring that may be served */
bool ring_ready(struct ring *ring);

/*
 * Find the next buffer, which there is; its pieces are the ring's until the next one is
 * found. False if the guest has broken the rules.
 */
bool ring_find(struct ring *ring, struct chain *chain);

/* It is ours now, and the one after it is the next */
void ring_take(struct ring *ring, const struct chain *chain);

/* It is done, with that many bytes written; returns whether the driver wants to know */
bool ring_give_back(struct ring *ring, const struct chain *chain, uint32_t len);

/* Tell the driver */
void ring_call(const struct ring *ring);

#endif /* RING_LAYOUT_H */
