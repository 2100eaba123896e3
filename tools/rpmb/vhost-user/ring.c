// SPDX-License-Identifier: GPL-2.0-only
/*
 * The queue: what a front-end sets up, its buffers, and the signals of both sides. How
 * they lie in memory is in ring_split.c and ring_packed.c.
 *
 * Section numbers are those of the Virtual I/O Device specification, version 1.2
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fd.h"
#include "log.h"
#include "message.h"
#include "ring_layout.h"

bool ring_has_feature(const struct ring *ring, unsigned int feature)
{
	return ring->backend->features & (UINT64_C(1) << feature);
}

static const struct ring_layout *layout_of(const struct ring *ring)
{
	return ring_has_feature(ring, VIRTIO_F_RING_PACKED) ? &ring_packed :
							      &ring_split;
}

static unsigned int index_of(const struct ring *ring)
{
	return ring - ring->backend->rings;
}

/* EAGAIN means that as many signals as fit are on their way already */
static void put_signal(int fd, const void *data, size_t len)
{
	if (fd_write_now(fd, data, len) < 0 && errno != EAGAIN)
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

bool ring_break(struct ring *ring, const char *why)
{
	/* A guest can reset and break it again and again */
	if (!ring->break_logged)
		log_line("queue %u stopped: %s", index_of(ring), why);
	ring->break_logged = true;
	ring->broken = true;
	signal_front(ring, &ring->err, VHOST_USER_BACKEND_VRING_ERR);
	return false;
}

void *ring_part(const struct ring *ring, uint64_t addr, size_t len,
		size_t align)
{
	void *part = memory_user(&ring->backend->memory, addr, len);

	return (uintptr_t)part % align ? NULL : part;
}

static bool is_logged(const struct ring *ring)
{
	return ring->logged || ring->backend->memory.dirty.all;
}

/* Front-ends may forget to say where it is, so it is logged where the guest has it, too */
void ring_wrote_used(const struct ring *ring, size_t offset, size_t len)
{
	const struct memory *memory = &ring->backend->memory;
	uint64_t addr;

	if (!is_logged(ring))
		return;
	memory_mark_user(memory, ring->used_addr + offset, len);
	if (ring->logged &&
	    !__builtin_add_overflow(ring->log_addr, offset, &addr))
		dirty_mark(&memory->dirty, addr, len);
}

void ring_wrote_desc(const struct ring *ring, size_t offset, size_t len)
{
	if (is_logged(ring))
		memory_mark_user(&ring->backend->memory,
				 ring->desc_addr + offset, len);
}

/* What could not be logged would be lost, so it waits for a log that has room for it */
static bool must_wait(struct ring *ring)
{
	if (!is_logged(ring) || memory_logged(&ring->backend->memory))
		return false;
	if (!ring->wait_logged)
		log_line("queue %u waits: there is no log of what is written, or it is too short",
			 index_of(ring));
	ring->wait_logged = true;
	return true;
}

static bool ring_map(struct ring *ring)
{
	free(ring->pieces);
	ring->pieces = calloc(ring->num, sizeof(*ring->pieces));
	if (!ring->num || !layout_of(ring)->map(ring))
		return ring_break(ring, "not in shared memory, or begins behind its end");
	if (!ring->pieces)
		return ring_break(ring, "out of memory");
	ring->mapped = true;
	return true;
}

/* Something has been set up anew */
static bool begin(struct ring *ring)
{
	const struct backend_ops *ops = ring->backend->ops;

	if (must_wait(ring))
		return false;
	if (ops->start && !ops->start(ring))
		return ring_break(ring, "the device cannot be served here");
	return ring_map(ring);
}

bool ring_add_piece(struct ring *ring, struct chain *chain,
		    struct ring_piece piece, uint16_t flags)
{
	uint32_t nr = chain->nr_out + chain->nr_in;

	/* 2.7.5.3.1, 2.7.6, 2.8.19: no chain is longer than the queue */
	if (nr == ring->num)
		return ring_break(ring, "endless descriptor chain");
	if (!memory_valid(&ring->backend->memory, piece.addr, piece.len))
		return ring_break(ring, "buffer outside the guest's memory");
	ring->pieces[nr] = piece;

	if (flags & VRING_DESC_F_WRITE) {
		chain->nr_in++;
		chain->in_len += piece.len;
		return true;
	}
	/* 2.7.4.2, 2.8.17 */
	if (chain->nr_in)
		return ring_break(ring, "readable after writable descriptor");
	chain->nr_out++;
	chain->out_len += piece.len;
	return true;
}

uint32_t ring_table_size(struct ring *ring, struct ring_piece table,
			 uint16_t flags)
{
	if (!ring_has_feature(ring, VIRTIO_RING_F_INDIRECT_DESC) ||
	    flags & VRING_DESC_F_NEXT || !table.len ||
	    table.len % sizeof(struct vring_desc)) {
		ring_break(ring, "bad indirect descriptor");
		return 0;
	}
	return table.len / sizeof(struct vring_desc);
}

bool ring_read_table(struct ring *ring, struct ring_piece table, uint32_t i,
		     void *desc)
{
	const size_t len = sizeof(struct vring_desc);

	return memory_read(&ring->backend->memory, desc, table.addr + i * len,
			   len) ||
	       ring_break(ring, "bad indirect table");
}

bool ring_ready(struct ring *ring)
{
	if (!ring->kicked || !ring->started || !ring->enabled || ring->broken ||
	    (!ring->mapped && !begin(ring)))
		return false;
	ring->kicked = layout_of(ring)->has_buffer(ring);
	return ring->kicked;
}

bool ring_find(struct ring *ring, struct chain *chain)
{
	*chain = (struct chain) {};
	return layout_of(ring)->get_chain(ring, chain);
}

void ring_take(struct ring *ring, const struct chain *chain)
{
	layout_of(ring)->take(ring, chain);
}

bool ring_give_back(struct ring *ring, const struct chain *chain, uint32_t len)
{
	return layout_of(ring)->give_back(ring, chain, len);
}

void ring_call(const struct ring *ring)
{
	signal_front(ring, &ring->call, VHOST_USER_BACKEND_VRING_CALL);
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

void ring_set_base(struct ring *ring, uint32_t base)
{
	ring->next_avail = base;
	ring->next_used = base >> 16;
	ring->broken = false;
}

uint32_t ring_halt(struct ring *ring)
{
	ring->started = false;
	ring->broken = false;
	return layout_of(ring)->base(ring);
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
