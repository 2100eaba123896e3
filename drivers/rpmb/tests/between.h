/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A device whose requests go to a simulated one, if the test does not come between;
 * and keys for it
 */
#ifndef __RPMB_TESTS_BETWEEN_H
#define __RPMB_TESTS_BETWEEN_H

#include <kunit/test.h>
#include <linux/key.h>
#include <linux/rpmb.h>

#include "../internal.h"
#include "simulated.h"

#define BETWEEN_MAX_CALLS	256

/* Most sequences of a list */
#define BETWEEN_BATCH		16

/**
 * struct between - the device
 * @test: the test
 * @sim: the simulated device that has it all
 * @rdev: the device that the core calls
 * @key: key that is programmed
 * @format: frame format
 * @before: called with each sequence before it goes to the simulated device, unless it
 *	returns an error, which is what becomes of it then; may be NULL
 * @after: called with what came back, may return an error; may be NULL
 * @type: type of the present request
 * @blocks: blocks of data in it, or in its response
 * @nr: number of sequences so far
 * @types: type of the request of each, as far as there is room
 * @lists: number of lists that they came in
 * @ahead: the device has the whole list at once, and carries out what it can
 * @ahead_ret: what became of each
 */
struct between {
	struct kunit *test;
	struct rpmb_simulated *sim;
	struct rpmb_dev *rdev;
	struct key *key;
	enum rpmb_frame_format format;
	int (*before)(struct between *b, struct rpmb_xfer *xfers,
		      unsigned int nr);
	int (*after)(struct between *b, struct rpmb_xfer *xfers,
		     unsigned int nr);
	u16 type;
	unsigned int blocks;
	unsigned int nr;
	u16 types[BETWEEN_MAX_CALLS];
	unsigned int lists;
	bool ahead;
	int ahead_ret[BETWEEN_BATCH];
};

struct between *between_new(struct kunit *test, const char *type,
			    void (*limit)(struct rpmb_descr *descr));
void between_remove(struct between *b);
struct key *between_key(struct kunit *test, struct key_type *type,
			const char *description, const void *data, size_t len);
unsigned int between_count(const struct between *b, u16 type);
int between_pass(struct between *b, struct rpmb_xfer *xfers, unsigned int nr);
void between_write(struct between *b, u32 addr, u8 value);

static inline struct rpmb_xfer *between_recv(struct rpmb_xfer *xfers,
					     unsigned int nr)
{
	return &xfers[nr - 1];
}

#endif /* __RPMB_TESTS_BETWEEN_H */
