/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The log of what is written to the guest's memory: a bit for each page of it, in
 * memory that the front-end shares. It copies a running guest to another host, and
 * copies again what has been written since.
 */
#ifndef DIRTY_H
#define DIRTY_H

#include "shared.h"

/*
 * Zero, but for @event, is one that logs nothing.
 *
 * @pages: how many of them the log has bits for; 0 if there is no log
 * @all: whatever is written is to be logged
 * @event: tells the front-end that there is something new, or -1
 */
struct dirty {
	struct shared log;
	uint64_t pages;
	bool all;
	int event;
};

/*
 * Log to @size bytes of a file from now on. Returns false and logs why if they do
 * not do; then there is no log.
 */
bool dirty_set(struct dirty *dirty, int fd, uint64_t offset, uint64_t size);

/* Forget the log, and who wanted to be told */
void dirty_reset(struct dirty *dirty);

/* Has the log bits for all of that? */
bool dirty_covers(const struct dirty *dirty, uint64_t addr, uint64_t len);

/* These guest addresses have been written. What the log has no bit for is left out. */
void dirty_mark(const struct dirty *dirty, uint64_t addr, uint64_t len);

#endif /* DIRTY_H */
