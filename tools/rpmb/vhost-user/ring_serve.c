// SPDX-License-Identifier: GPL-2.0-only
/*
 * Serving a queue: buffers are taken and copied, the device serves the copies, and then
 * they are given back. A device that can do it serves all buffers that it finds as one
 * group; the guest learns nothing of any of them before the group is committed.
 */
#include <stdlib.h>
#include <string.h>

#include "ring_layout.h"

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

/* NULL if the guest has broken the rules, or there is no memory */
static struct taken *take(struct ring *ring)
{
	struct taken *taken;
	struct chain chain;

	if (!ring_take(ring, &chain))
		return NULL;
	taken = copy(ring, &chain);
	if (!taken)
		ring_break(ring, "out of memory");
	return taken;
}

/*
 * A guest can make buffers available again and again, so there is an end: as many as the
 * ring has descriptors, and as much memory as one buffer may have.
 */
static struct taken *take_all(struct ring *ring)
{
	const struct backend *backend = ring->backend;
	struct taken *first = NULL, **end = &first;
	uint32_t nr = backend->grouped ? ring->num : 1;
	size_t len = 0;

	while (nr-- && len < backend->max_len && ring_ready(ring)) {
		*end = take(ring);
		if (!*end)
			break;
		len += pieces_len(&(*end)->chain) +
		       bytes_len(ring, &(*end)->chain);
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

static void serve_each(struct ring *ring, struct taken *taken)
{
	for (; taken; taken = taken->next)
		serve(ring, taken);
}

static void serve_group(struct ring *ring, struct taken *first)
{
	const struct backend_ops *ops = ring->backend->ops;

	ops->begin(ring);
	serve_each(ring, first);
	if (!ops->commit(ring))
		serve_each(ring, first);
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
		free(taken);
	}
	if (call)
		ring_call(ring);
}

bool ring_serve(struct ring *ring)
{
	struct taken *first = take_all(ring);

	if (first && first->next)
		serve_group(ring, first);
	else
		serve_each(ring, first);
	give_back(ring, first);
	return first;
}

/* Buffers that are too small go back with nothing in them */
bool ring_push(struct ring *ring, const void *message, size_t len)
{
	struct chain chain;
	bool fits = false;

	while (!fits && ring_ready(ring) && ring_take(ring, &chain)) {
		fits = chain.in_len >= len;
		if (fits)
			scatter(ring, ring->pieces + chain.nr_out, message, len);
		if (ring_give_back(ring, &chain, fits ? len : 0))
			ring_call(ring);
	}
	return fits;
}
