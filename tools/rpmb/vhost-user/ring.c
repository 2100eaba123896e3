// SPDX-License-Identifier: GPL-2.0-only
/*
 * The queue: finds buffers, has the device serve them, gives them back
 *
 * Section numbers are those of the Virtual I/O Device specification, version 1.2
 */
#include <endian.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fd.h"
#include "log.h"
#include "message.h"
#include "ring.h"

/* The buffer at hand: device-readable pieces first, then device-writable ones */
struct chain {
	uint16_t head;
	uint32_t nr_out;
	uint32_t nr_in;
	uint64_t out_len;
	uint64_t in_len;
};

static uint16_t load16(const __virtio16 *p)
{
	return le16toh(__atomic_load_n((const uint16_t *)p, __ATOMIC_ACQUIRE));
}

static void store16(__virtio16 *p, uint16_t value)
{
	__atomic_store_n((uint16_t *)p, htole16(value), __ATOMIC_RELEASE);
}

static bool has_feature(const struct ring *ring, unsigned int feature)
{
	return ring->backend->features & (UINT64_C(1) << feature);
}

static unsigned int index_of(const struct ring *ring)
{
	return ring - ring->backend->rings;
}

/* EAGAIN means that as many signals as fit are on their way already */
static void put_signal(int fd, const void *data, size_t len)
{
	if (write(fd, data, len) < 0 && errno != EAGAIN)
		log_line("cannot signal the front-end: %s", strerror(errno));
}

static void signal_front(const struct ring *ring,
			 const struct ring_signal *signal, uint32_t request)
{
	const struct vhost_user_signal message = {
		.header = {
			.request = request,
			.flags = VHOST_USER_VERSION,
			.size = sizeof(message.state),
		},
		.state.index = index_of(ring),
	};
	const int request_fd = ring->backend->request_fd;
	const uint64_t one = 1;

	if (signal->fd >= 0)
		put_signal(signal->fd, &one, sizeof(one));
	else if (!signal->off && request_fd >= 0)
		put_signal(request_fd, &message, sizeof(message));
}

static bool ring_break(struct ring *ring, const char *why)
{
	/* A guest can reset and break it again and again */
	if (!ring->break_logged)
		log_line("queue %u stopped: %s", index_of(ring), why);
	ring->break_logged = true;
	ring->broken = true;
	signal_front(ring, &ring->err, VHOST_USER_BACKEND_VRING_ERR);
	return false;
}

static void *ring_part(const struct ring *ring, uint64_t addr, size_t len,
		       size_t align)
{
	void *part = memory_user(&ring->backend->memory, addr, len);

	return (uintptr_t)part % align ? NULL : part;
}

/* 2.7; the event fields at the ends are there in any case */
static bool ring_map(struct ring *ring)
{
	size_t num = ring->num;

	ring->desc = ring_part(ring, ring->desc_addr,
			       num * sizeof(*ring->desc),
			       VRING_DESC_ALIGN_SIZE);
	ring->avail = ring_part(ring, ring->avail_addr,
				sizeof(*ring->avail) + (num + 1) * 2,
				VRING_AVAIL_ALIGN_SIZE);
	ring->used = ring_part(ring, ring->used_addr,
			       sizeof(*ring->used) + 2 +
			       num * sizeof(ring->used->ring[0]),
			       VRING_USED_ALIGN_SIZE);
	if (!num || !ring->desc || !ring->avail || !ring->used)
		return ring_break(ring, "it does not lie in shared memory");

	free(ring->pieces);
	ring->pieces = calloc(num, sizeof(*ring->pieces));
	if (!ring->pieces)
		return ring_break(ring, "out of memory");
	ring->next_used = load16(&ring->used->idx);
	ring->mapped = true;
	return true;
}

static bool add_piece(struct ring *ring, struct chain *chain,
		      const struct vring_desc *desc)
{
	uint32_t nr = chain->nr_out + chain->nr_in;
	struct ring_piece *piece = &ring->pieces[nr];

	/* 2.7.5.3.1, 2.7.6: no chain is longer than the queue */
	if (nr == ring->num)
		return ring_break(ring, "endless descriptor chain");
	piece->addr = le64toh(desc->addr);
	piece->len = le32toh(desc->len);
	if (!memory_valid(&ring->backend->memory, piece->addr, piece->len))
		return ring_break(ring, "buffer outside the guest's memory");

	if (le16toh(desc->flags) & VRING_DESC_F_WRITE) {
		chain->nr_in++;
		chain->in_len += piece->len;
		return true;
	}
	/* 2.7.4.2 */
	if (chain->nr_in)
		return ring_break(ring, "readable after writable descriptor");
	chain->nr_out++;
	chain->out_len += piece->len;
	return true;
}

/* 2.7.5.3: what an indirect descriptor refers to */
static bool add_indirect(struct ring *ring, struct chain *chain,
			 const struct vring_desc *table)
{
	uint64_t addr = le64toh(table->addr);
	uint32_t nr = le32toh(table->len) / sizeof(*table);
	struct vring_desc desc;
	uint16_t i = 0;

	if (!has_feature(ring, VIRTIO_RING_F_INDIRECT_DESC) ||
	    le16toh(table->flags) & VRING_DESC_F_NEXT ||
	    !nr || le32toh(table->len) % sizeof(*table))
		return ring_break(ring, "bad indirect descriptor");

	do {
		if (i >= nr || !memory_read(&ring->backend->memory, &desc,
					    addr + i * sizeof(desc),
					    sizeof(desc)))
			return ring_break(ring, "bad indirect table");
		if (le16toh(desc.flags) & VRING_DESC_F_INDIRECT)
			return ring_break(ring, "indirect table in another");
		if (!add_piece(ring, chain, &desc))
			return false;
		i = le16toh(desc.next);
	} while (le16toh(desc.flags) & VRING_DESC_F_NEXT);
	return true;
}

static bool get_chain(struct ring *ring, struct chain *chain)
{
	struct vring_desc desc;
	uint16_t i = chain->head;

	do {
		if (i >= ring->num)
			return ring_break(ring, "descriptor outside the table");
		copy_once(&desc, &ring->desc[i], sizeof(desc));
		if (le16toh(desc.flags) & VRING_DESC_F_INDIRECT)
			return add_indirect(ring, chain, &desc);
		if (!add_piece(ring, chain, &desc))
			return false;
		i = le16toh(desc.next);
	} while (le16toh(desc.flags) & VRING_DESC_F_NEXT);
	return true;
}

/* The pieces have been found to lie in memory, which does not change meanwhile */
static void gather(const struct ring *ring, const struct chain *chain,
		   uint8_t *out)
{
	const struct ring_piece *piece = ring->pieces;
	const struct ring_piece *end = piece + chain->nr_out;

	for (; piece < end; out += piece->len, piece++)
		memory_read(&ring->backend->memory, out, piece->addr, piece->len);
}

static void scatter(const struct ring *ring, const struct chain *chain,
		    const uint8_t *in, size_t len)
{
	const struct ring_piece *piece = ring->pieces + chain->nr_out;

	for (; len; piece++) {
		size_t n = piece->len < len ? piece->len : len;

		memory_write(&ring->backend->memory, piece->addr, in, n);
		in += n;
		len -= n;
	}
}

/* Returns the bytes written to the buffer, or -1 */
static ssize_t serve_chain(struct ring *ring, const struct chain *chain)
{
	const struct backend *backend = ring->backend;
	uint8_t *bytes;
	size_t used;

	if (chain->out_len > backend->max_len ||
	    chain->in_len > backend->max_len)
		return 0;
	bytes = malloc(chain->out_len + chain->in_len + 1);
	if (!bytes) {
		ring_break(ring, "out of memory");
		return -1;
	}
	gather(ring, chain, bytes);
	used = backend->ops->request(ring, bytes, chain->out_len,
				     bytes + chain->out_len, chain->in_len);
	scatter(ring, chain, bytes + chain->out_len, used);
	free(bytes);
	return used;
}

/* 2.7.7.2, 2.7.10: does the driver want to know of the entry before this one? */
static bool wants_interrupt(const struct ring *ring)
{
	/* The index must be visible before the driver's wish is read */
	atomic_thread_fence(memory_order_seq_cst);
	if (!has_feature(ring, VIRTIO_RING_F_EVENT_IDX))
		return !(load16(&ring->avail->flags) &
			 VRING_AVAIL_F_NO_INTERRUPT);
	return vring_need_event(load16(&ring->avail->ring[ring->num]),
				ring->next_used, ring->next_used - 1);
}

/* 2.7.8.2: the element first, then the index */
static void put_used(struct ring *ring, uint16_t head, uint32_t len)
{
	struct vring_used_elem *elem =
		&ring->used->ring[ring->next_used & (ring->num - 1)];

	elem->id = htole32(head);
	elem->len = htole32(len);
	store16(&ring->used->idx, ++ring->next_used);
	if (wants_interrupt(ring))
		signal_front(ring, &ring->call, VHOST_USER_BACKEND_VRING_CALL);
}

/* Is there a buffer? If not, make the driver's next one kick. */
static bool has_buffer(struct ring *ring)
{
	uint16_t nr = load16(&ring->avail->idx) - ring->next_avail;

	if (!nr && has_feature(ring, VIRTIO_RING_F_EVENT_IDX)) {
		__virtio16 *avail_event =
			(__virtio16 *)&ring->used->ring[ring->num];

		/* 2.7.10.1: ask for the kick before looking for the last time */
		store16(avail_event, ring->next_avail);
		atomic_thread_fence(memory_order_seq_cst);
		nr = load16(&ring->avail->idx) - ring->next_avail;
	}
	if (nr > ring->num)
		return ring_break(ring, "available index out of range");
	return nr;
}

/* The next buffer, which there is; false if the guest has broken the rules */
static bool next_chain(struct ring *ring, struct chain *chain)
{
	uint16_t slot = ring->next_avail & (ring->num - 1);

	*chain = (struct chain) { .head = load16(&ring->avail->ring[slot]) };
	return get_chain(ring, chain);
}

static void serve_buffer(struct ring *ring)
{
	struct chain chain;
	ssize_t used;

	if (!next_chain(ring, &chain))
		return;
	used = serve_chain(ring, &chain);
	if (used < 0)
		return;
	ring->next_avail++;
	put_used(ring, chain.head, used);
}

/* Whether there is a buffer in a ring that may be served */
static bool ready(struct ring *ring)
{
	if (!ring->kicked || !ring->started || !ring->enabled || ring->broken ||
	    (!ring->mapped && !ring_map(ring)))
		return false;
	ring->kicked = has_buffer(ring);
	return ring->kicked;
}

bool ring_serve(struct ring *ring)
{
	if (!ready(ring))
		return false;
	serve_buffer(ring);
	return true;
}

/* Buffers that are too small go back with nothing in them */
bool ring_push(struct ring *ring, const void *message, size_t len)
{
	struct chain chain;
	bool fits = false;

	while (!fits && ready(ring) && next_chain(ring, &chain)) {
		fits = chain.in_len >= len;
		if (fits)
			scatter(ring, &chain, message, len);
		ring->next_avail++;
		put_used(ring, chain.head, fits ? len : 0);
	}
	return fits;
}

void ring_take_kick(struct ring *ring)
{
	ring->started = true;
	ring->kicked = true;
}

bool ring_set_signal(struct ring_signal *signal, int fd)
{
	fd_replace(&signal->fd, fd);
	signal->off = fd < 0;
	return fd < 0 || fd_set_nonblocking(fd);
}

uint16_t ring_halt(struct ring *ring)
{
	ring->started = false;
	ring->broken = false;
	return ring->next_avail;
}

void ring_init(struct ring *ring, struct backend *backend)
{
	*ring = (struct ring) {
		.backend = backend,
		.call = { .fd = -1 },
		.err = { .fd = -1 },
	};
}

void ring_reset(struct ring *ring)
{
	fd_replace(&ring->call.fd, -1);
	fd_replace(&ring->err.fd, -1);
	free(ring->pieces);
	ring_init(ring, ring->backend);
}
