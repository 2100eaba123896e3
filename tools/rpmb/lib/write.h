/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What writing one request after the other and writing many in one go share
 */
#ifndef LIBRPMB_WRITE_H
#define LIBRPMB_WRITE_H

#include "internal.h"

/*
 * A write that takes one request, and what was found out about it. @counter is what
 * it is signed with; @found is what the device has if it was written or read back.
 * When several have been written, @outcome is that of all.
 */
struct chunk {
	unsigned int addr;
	unsigned int blocks;
	unsigned int most;	/* that could be carried so far */
	bool one_by_one;	/* none is signed before the one in front is stored */
	const uint8_t *data;
	unsigned int retries;	/* after somebody else's write */
	uint32_t counter;
	bool started;		/* may have reached the device */
	bool was_read_back;
	uint32_t found;
	struct rpmb_outcome outcome;
};

/* The largest write of the device that is no larger than @left, 0 if none is */
unsigned int rpmb_write_size(const struct rpmb *rpmb, unsigned int left);

/* Find out what became of a write that failed, unless the kernel has */
void rpmb_settle(struct rpmb *rpmb, const uint8_t *key, struct chunk *chunk);

/*
 * A write has been carried, or not, of which @ret came: if it failed on its way it is
 * written once more. After that the chunk has the counter for the next one, as far as it is
 * known: one more if it is stored.
 */
int rpmb_finish_chunk(struct rpmb *rpmb, const uint8_t *key,
		      struct chunk *chunk, int ret);

/* May and can many requests be made at once, and will more than one be needed? */
bool rpmb_can_batch(const struct rpmb *rpmb, const uint8_t *key,
		    const struct chunk *chunk, unsigned int left);

/*
 * Write as many of @left blocks as go into one batch, from @chunk's first one on.
 * Returns 0 if some were written; then @chunk has the counter for the next ones.
 */
int rpmb_write_batch(struct rpmb *rpmb, const uint8_t *key,
		     struct chunk *chunk, unsigned int left);

/*
 * As rpmb_write_if(), with the lock held, and against who holds requests back: none is
 * signed before the one in front of it is stored, and what is there then is read. Else
 * it is RPMB_ERR_COUNTER or RPMB_ERR_MIXED_UP.
 */
int rpmb_write_surely(struct rpmb *rpmb, const uint8_t *key,
		      unsigned int addr, unsigned int blocks, const void *data,
		      uint32_t *counter);

#endif /* LIBRPMB_WRITE_H */
