/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The request queue: a split virtqueue and the thread that serves it
 */
#ifndef RING_H
#define RING_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <linux/virtio_config.h>
#include <linux/virtio_ring.h>

#include "device.h"
#include "memory.h"

#define RING_MAX_NUM 32768
#define RING_FEATURES (UINT64_C(1) << VIRTIO_F_VERSION_1 | \
		       UINT64_C(1) << VIRTIO_RING_F_INDIRECT_DESC | \
		       UINT64_C(1) << VIRTIO_RING_F_EVENT_IDX)

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
 * Locking. @lock is held for reading by the worker while it serves one buffer,
 * and for writing by the main thread, from ring_hold() to ring_release(), while
 * it changes anything here. A writer that waits goes first, so a guest that
 * keeps the queue full cannot keep the main thread out; it waits for one buffer
 * at most. Who holds the lock for writing may touch everything. Under the lock
 * for reading the members from @mapped on belong to the worker, the others are
 * constant.
 *
 * The engine in @dev belongs to the worker, as only it serves buffers.
 */
struct ring {
	pthread_rwlock_t lock;
	pthread_t thread;
	int epoll;		/* what the worker waits for: @wake and @kick */
	int wake;		/* eventfd: look again */
	atomic_bool quit;
	atomic_bool inband_kick;	/* set by ring_kick(), cleared by the worker */
	struct device *dev;

	struct memory memory;
	uint64_t features;
	uint32_t num;
	uint64_t desc_addr;	/* user addresses */
	uint64_t avail_addr;
	uint64_t used_addr;
	bool enabled;
	int kick;
	struct ring_signal call;
	struct ring_signal err;
	int request_fd;		/* takes in-band signals, or -1 */

	bool mapped;		/* the pointers and @pieces below are valid */
	struct vring_desc *desc;
	struct vring_avail *avail;
	struct vring_used *used;
	struct ring_piece *pieces;	/* of the buffer at hand, @num of them */
	uint16_t next_avail;
	uint16_t next_used;
	bool started;		/* there was a kick since the ring was stopped */
	bool kicked;		/* a kick has not been served to the end */
	bool broken;		/* the guest broke the rules of the virtqueue */
	bool break_logged;	/* it did so before in this connection */
};

/* Make a stopped ring and start its worker; false and a log line on failure */
bool ring_start(struct ring *ring, struct device *dev);

/* Wait for the worker to finish the buffer at hand, then end it */
void ring_stop(struct ring *ring);

/*
 * Serve one buffer; false if there is none or the ring is not to be served. For
 * the worker, which holds the lock for reading.
 */
bool ring_serve(struct ring *ring);

/* Keep the worker out, let it in again */
void ring_hold(struct ring *ring);
void ring_release(struct ring *ring);

/* The following are called while the ring is held. They take over fds. */

/* Forget all that a front-end has set up */
void ring_reset(struct ring *ring);

/* Stop serving; returns the place in the available ring where to go on */
uint16_t ring_halt(struct ring *ring);

/* Set where kicks come from, or -1; false if @fd cannot be waited for */
bool ring_set_kick(struct ring *ring, int fd);

bool ring_set_signal(struct ring_signal *signal, int fd);

/* Set where in-band signals go */
bool ring_set_requests(struct ring *ring, int fd);

/* An in-band kick; called without holding the ring, waits for nobody's disk */
void ring_kick(struct ring *ring);

#endif /* RING_H */
