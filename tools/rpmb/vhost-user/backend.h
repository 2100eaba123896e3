/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A device that is served over vhost-user: what it brings, and what a front-end
 * sets up for all of its rings
 */
#ifndef BACKEND_H
#define BACKEND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "memory.h"

struct backend;
struct ring;

/*
 * @start: the ring is about to be served; false and a log line if that may not be, which
 *	breaks it. NULL if it always may.
 * @begin, @commit: the buffers between them are served as one group, and are given
 *	back when it is committed. If that returns false none of them has been served:
 *	each is then served by itself. Only called if @grouped is set.
 * @again: are all of the group to be served once more, before it is committed, as the
 *	device has only looked at them? NULL if never.
 * @request: serve one buffer: @out is a private copy of its device-readable part, which
 *	stays as it is, @in has the size of its device-writable part. Returns how many
 *	bytes of @in to give back.
 * @kick: there may be buffers in the ring: an in-band kick has come. The rings are
 *	not held.
 * @set_kick: take over where else kicks come from, or -1; false if it cannot be
 *	waited for. NULL if the device takes in-band kicks only.
 * @set_memory: the front-end's memory has changed, it is that now. NULL if @memory
 *	is enough; false and a log line if it does not do.
 * @save: serve nothing until the next start, and fill in what another one goes on from.
 *	Returns its length, or 0 and a log line if that is not possible. The rings are
 *	held, and have been stopped.
 * @load: go on from that, with the next start; false and a log line if that is not
 *	possible. As for @save; both are only called if @moves is set.
 * @reset: the front-end has gone; the rings are held
 * @hold, @release: keep others away from what the front-end sets up while it does
 *	that. NULL if there are none.
 */
struct backend_ops {
	bool (*start)(struct ring *ring);
	void (*begin)(struct ring *ring);
	bool (*again)(struct ring *ring);
	bool (*commit)(struct ring *ring);
	size_t (*request)(struct ring *ring, void *out, size_t out_len,
			  void *in, size_t in_len);
	void (*kick)(struct ring *ring);
	bool (*set_kick)(struct ring *ring, int fd);
	bool (*set_memory)(struct backend *backend,
			   const struct memory_region *regions, const int *fds,
			   unsigned int nr);
	size_t (*save)(struct backend *backend, void *state, size_t room);
	bool (*load)(struct backend *backend, const void *state, size_t len);
	void (*reset)(struct backend *backend);
	void (*hold)(struct backend *backend);
	void (*release)(struct backend *backend);
};

/*
 * The device sets the members up to @nr_rings, and they never change.
 *
 * @config: configuration space
 * @max_len: longer buffers are not looked at
 * @grouped: all buffers that are in a ring may be served together
 * @logged: it writes to the guest's memory by its rings only, where that can be logged
 * @moves: another host can go on with it
 * @request_fd: takes in-band signals, or -1
 */
struct backend {
	const struct backend_ops *ops;
	const void *config;
	size_t config_len;
	size_t max_len;
	bool grouped;
	bool logged;
	bool moves;
	struct ring *rings;
	unsigned int nr_rings;

	struct memory memory;
	uint64_t features;
	int request_fd;
};

/* Begin, with no front-end */
void backend_init(struct backend *backend);

/* Forget all that a front-end has set up; called while the rings are held */
void backend_reset(struct backend *backend);

#endif /* BACKEND_H */
