/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Requests of a group of buffers to the host's device, in as few calls as it takes
 *
 * The buffers are served twice. The first time nothing is carried, it is only noted what
 * is to be. Then that is carried, in order. The second time, when the same is asked for,
 * it is answered with what came of it.
 */
#ifndef AHEAD_H
#define AHEAD_H

#include "frame.h"
#include "librpmb.h"

/* Most requests that are noted; what is beyond is carried when it is its turn */
#define AHEAD_MOST RPMB_MAX_BATCH

/*
 * @frame: the frame of a request that asks, the answer to one that changes something
 * @err: what came of it, and @error is errno
 */
struct noted {
	struct rpmb_frame frame;
	int err;
	int error;
};

enum ahead_phase {
	AHEAD_NOTHING,
	AHEAD_NOTES,
	AHEAD_ANSWERS,
};

/* @next: the one that is answered next, of @nr */
struct ahead {
	struct rpmb *host;
	enum ahead_phase phase;
	unsigned int nr;
	unsigned int next;
	struct rpmb_request requests[AHEAD_MOST];
	struct noted noted[AHEAD_MOST];
};

/* May many requests be given to that device, and each still be done as if it were alone? */
bool ahead_is_possible(const struct rpmb_info *info);

void ahead_begin(struct ahead *ahead);
void ahead_carry(struct ahead *ahead);
void ahead_end(struct ahead *ahead);

/*
 * Have the device do what cannot be undone, or ask it; as rpmb_route(). While it is only
 * noted the return value is 0, and there is no answer. @frames, and @resp with its @len
 * bytes, have to stay until the end of the group.
 */
int ahead_change(struct ahead *ahead, const void *frames, size_t len,
		 struct rpmb_frame *answer, bool *started);
int ahead_ask(struct ahead *ahead, const struct rpmb_frame *req, void *resp,
	      size_t len);

#endif /* AHEAD_H */
