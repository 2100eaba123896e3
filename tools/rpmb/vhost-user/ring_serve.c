// SPDX-License-Identifier: GPL-2.0-only
/*
 * Serving a queue: buffers are taken and copied, the device serves the copies, and then
 * they are given back. A device that can do it serves all buffers that it finds as one
 * group; the guest learns nothing of any of them before the group is committed.
 */
#include <stdlib.h>
#include <string.h>

#include "ring_layout.h"

/* Most buffers of a group: so long others may have to wait for it */
#define GROUP_MOST 256

/*
 * A buffer that was taken
 *
 * @in: its device-writable pieces
 * @bytes: a copy of what is readable, then room for what is to be written; NULL if the
 *	buffer is too long to be looked at
 * @used: how much of that room goes back
 */
struct taken {
	struct taken *next;
	struct chain chain;
	uint8_t *bytes;
	uint32_t used;
	struct ring_piece in[];
};

/* The pieces have been found to lie in memory, which does not change meanwhile */
static void gather(const struct ring *ring, const struct taken *taken)
{
	const struct ring_piece *piece = ring->pieces;
	const struct ring_piece *end = piece + taken->chain.nr_out;
	uint8_t *out = taken->bytes;

	for (; piece < end; out += piece->len, piece++)
		memory_read(&ring->backend->memory, out, piece->addr, piece->len);
}

static void scatter(const struct ring *ring, const struct ring_piece *piece,
		    const uint8_t *in, size_t len)
{
	for (; len; piece++) {
		size_t n = piece->len < len ? piece->len : len;

		memory_write(&ring->backend->memory, piece->addr, in, n);
		in += n;
		len -= n;
	}
}

static size_t pieces_len(const struct chain *chain)
{
	return chain->nr_in * sizeof(struct ring_piece);
}

/* How much is to be copied of a buffer */
static size_t bytes_len(const struct ring *ring, const struct chain *chain)
{
	const size_t max_len = ring->backend->max_len;

	if (chain->out_len > max_len || chain->in_len > max_len)
		return 0;
	return chain->out_len + chain->in_len;
}

static struct taken *copy(const struct ring *ring, const struct chain *chain)
{
	size_t len = bytes_len(ring, chain);
	struct taken *taken = malloc(sizeof(*taken) + pieces_len(chain) + len);

	if (!taken)
		return NULL;
	*taken = (struct taken) { .chain = *chain };
	memcpy(taken->in, ring->pieces + chain->nr_out, pieces_len(chain));
	if (len) {
		taken->bytes = (uint8_t *)taken->in + pieces_len(chain);
		gather(ring, taken);
	}
	return taken;
}

/* What it takes to copy it, and to have found it */
static size_t cost(const struct ring *ring, const struct chain *chain)
{
	return sizeof(struct taken) + bytes_len(ring, chain) +
	       (chain->nr_out + chain->nr_in) * sizeof(struct ring_piece);
}

/*
 * The next buffer, if its cost is not more than is left; NULL as well if the guest has
 * broken the rules, or there is no memory
 */
static struct taken *take(struct ring *ring, size_t *left)
{
	struct taken *taken;
	struct chain chain;
	size_t len;

	if (!ring_find(ring, &chain))
		return NULL;
	len = cost(ring, &chain);
	if (len > *left)
		return NULL;
	*left -= len;
	taken = copy(ring, &chain);
	if (taken)
		ring_take(ring, &chain);
	else
		ring_break(ring, "out of memory");
	return taken;
}

/* A guest can make buffers available again and again, so there is an end */
static struct taken *take_all(struct ring *ring)
{
	unsigned int nr = ring->backend->grouped ? GROUP_MOST : 1;
	struct taken *first = NULL, **end = &first;
	size_t left = SIZE_MAX;

	while (nr-- && ring_ready(ring)) {
		*end = take(ring, &left);
		if (!*end)
			break;
		/* The first one may be as large as it likes */
		if (*end == first)
			left = ring->backend->max_len;
		end = &(*end)->next;
	}
	return first;
}

static void serve(struct ring *ring, struct taken *taken)
{
	uint64_t out_len = taken->chain.out_len;
	uint8_t *out = taken->bytes;

	if (out)
		taken->used = ring->backend->ops->request(ring, out, out_len,
							  out + out_len,
							  taken->chain.in_len);
}

static void give_back(struct ring *ring, struct taken *taken)
{
	struct taken *next;
	bool call = false;

	for (; taken; taken = next) {
		next = taken->next;
		if (taken->used)
			scatter(ring, taken->in,
				taken->bytes + taken->chain.out_len,
				taken->used);
		call |= ring_give_back(ring, &taken->chain, taken->used);
		/* A key may be in it */
		if (taken->bytes)
			explicit_bzero(taken->bytes, taken->chain.out_len);
		free(taken);
	}
	if (call)
		ring_call(ring);
}

static void serve_all(struct ring *ring, struct taken *taken)
{
	for (; taken; taken = taken->next)
		serve(ring, taken);
}

/* False if nothing of it was done */
static bool serve_group(struct ring *ring, struct taken *first)
{
	const struct backend_ops *ops = ring->backend->ops;

	ops->begin(ring);
	serve_all(ring, first);
	if (ops->again && ops->again(ring))
		serve_all(ring, first);
	return ops->commit(ring);
}

/* Each goes back before the next one is served */
static void serve_each(struct ring *ring, struct taken *taken)
{
	struct taken *next;

	for (; taken; taken = next) {
		next = taken->next;
		taken->next = NULL;
		serve(ring, taken);
		give_back(ring, taken);
	}
}

bool ring_serve(struct ring *ring)
{
	struct taken *first = take_all(ring);

	if (!first)
		return false;
	if (first->next && serve_group(ring, first))
		give_back(ring, first);
	else
		serve_each(ring, first);
	return true;
}

/* Buffers that are too small go back with nothing in them */
bool ring_push(struct ring *ring, const void *message, size_t len)
{
	struct chain chain;
	bool fits = false;

	while (!fits && ring_ready(ring) && ring_find(ring, &chain)) {
		ring_take(ring, &chain);
		fits = chain.in_len >= len;
		if (fits)
			scatter(ring, ring->pieces + chain.nr_out, message, len);
		if (ring_give_back(ring, &chain, fits ? len : 0))
			ring_call(ring);
	}
	return fits;
}
