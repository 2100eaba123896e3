/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The request queue of the virtio RPMB device, and the thread that serves it
 */
#ifndef WORKER_H
#define WORKER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "device.h"
#include "ring.h"

/*
 * Locking. @lock is held for reading by the worker while it serves what is in the
 * ring, and for writing by the main thread, between the backend's hold() and release(),
 * while it changes anything that a front-end sets up. A writer that waits goes first, so
 * a guest that keeps the queue full cannot keep the main thread out; it waits for one
 * group of buffers at most. Who holds the lock for writing may touch everything. Under the
 * lock for reading the members of the ring from @mapped on belong to the worker, all
 * else is constant.
 *
 * The engine in @dev belongs to the worker, as only it serves buffers.
 */
struct worker {
	struct backend backend;
	struct ring ring;
	struct device *dev;

	pthread_rwlock_t lock;
	pthread_t thread;
	int epoll;		/* what the worker waits for: @wake and @kick */
	int wake;		/* eventfd: look again */
	int kick;
	atomic_bool quit;
	atomic_bool inband_kick;	/* taken by the worker */
};

/* Start it, without a front-end; false and a log line on failure */
bool worker_start(struct worker *worker, struct device *dev);

/* Wait for it to finish the buffers at hand, then end it */
void worker_stop(struct worker *worker);

#endif /* WORKER_H */
