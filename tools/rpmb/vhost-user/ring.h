/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A virtqueue, split or packed
 */
#ifndef RING_H
#define RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <linux/virtio_config.h>
#include <linux/virtio_ring.h>

#include "backend.h"

#define RING_MAX_NUM 32768
#define RING_FEATURES (UINT64_C(1) << VIRTIO_F_VERSION_1 | \
		       UINT64_C(1) << VIRTIO_RING_F_INDIRECT_DESC | \
		       UINT64_C(1) << VIRTIO_RING_F_EVENT_IDX | \
		       UINT64_C(1) << VIRTIO_F_RING_PACKED)

/* A piece of a buffer, by its guest address */
struct ring_piece {
	uint64_t addr;
	uint32_t len;
};

/* How to tell the front-end something */
struct ring_signal {
	int fd;			/* eventfd or pipe, or -1 */
	bool off;		/* the front-end said that it polls */
};

/*
 * The members up to @err are set up by the front-end. Those from @mapped on change
 * while the ring is served.
 *
 * @next_avail, @next_used: free-running indices in a split ring; places with the lap's
 *	wrap counter in bit 15 in a packed one
 */
struct ring {
	struct backend *backend;

	uint32_t num;
	uint64_t desc_addr;	/* user addresses */
	uint64_t avail_addr;
	uint64_t used_addr;
	uint64_t log_addr;	/* what the log of writes calls the used part */
	bool logged;		/* if that is to be logged */
	bool enabled;
	struct ring_signal call;
	struct ring_signal err;

	bool mapped;		/* the pointers and @pieces below are valid */
	union {
		struct {
			struct vring_desc *desc;
			struct vring_avail *avail;
			struct vring_used *used;
		} split;
		struct {
			struct vring_packed_desc *desc;
			struct vring_packed_desc_event *driver;
			struct vring_packed_desc_event *device;
		} packed;
	};
	struct ring_piece *pieces;	/* of the last buffer, @num of them */
	uint16_t next_avail;
	uint16_t next_used;
	bool started;		/* there was a kick since the ring was stopped */
	bool kicked;		/* a kick has not been served to the end */
	bool broken;		/* the guest broke the rules of the virtqueue */
	bool break_logged;	/* it did so before in this connection */
	bool wait_logged;	/* it has waited for a log of writes */
};

/* A kick has come: it starts the ring, whether it may be served yet or not */
void ring_take_kick(struct ring *ring);

/*
 * Have a buffer served, or all that there are if the device can do that; false if there
 * is none or the ring is not to be served
 */
bool ring_serve(struct ring *ring);

/* Give the guest a message in one of its buffers; false if it has none for that */
bool ring_push(struct ring *ring, const void *message, size_t len);

/* Begin, with nothing set up */
void ring_init(struct ring *ring, struct backend *backend);

/*
 * Where to begin, as VHOST_USER_SET_VRING_BASE says it; stop serving, and return where
 * to go on
 */
void ring_set_base(struct ring *ring, uint32_t base);
uint32_t ring_halt(struct ring *ring);

/* Forget all that a front-end has set up */
void ring_reset(struct ring *ring);

/* Take over @fd, or -1; false if it cannot be used */
bool ring_set_signal(struct ring_signal *signal, int fd);

#endif /* RING_H */
