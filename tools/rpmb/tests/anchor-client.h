/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Clients of rpmb-anchor: by librpmb, and by packets of their own
 */
#ifndef RPMB_TESTS_ANCHOR_CLIENT_H
#define RPMB_TESTS_ANCHOR_CLIENT_H

#include "anchor_protocol.h"

/* What a program keeps: a version, and its step */
struct kept {
	struct rpmb_step step;
	uint8_t root[LIBRPMB_STEP_LEN];
};

/* The socket of anchor number @n, in static memory */
const char *socket_of(unsigned int n);

/* Connect to it; whoever has it gives it back by rpmb_anchor_free() */
struct rpmb_anchor *must_connect(unsigned int n);

/* The error of connecting, or 0: it is given back at once */
int connect_error(unsigned int n);

/* Keep the next version, and have it anchored or not */
void keep_next(const struct rpmb_anchor *anchor, struct kept *kept);
int advance(struct rpmb_anchor *anchor, const struct kept *kept);
void must_step(struct rpmb_anchor *anchor, struct kept *kept);

/* What is kept is anchored, and only that */
void expect_anchored(struct rpmb_anchor *anchor, const struct kept *kept);

/*
 * The same after a restart: it may be taken forward, the next step is made, and what
 * was anchored before is refused
 */
void expect_goes_on(unsigned int n, struct kept *kept);

/* A client that waits for no answers */
struct raw {
	int sock;
	struct anchor_line line;
	struct rpmb_step at;
};

/* Connect, and hear what that says; or one after the other */
void raw_come(struct raw *raw, unsigned int n);
enum anchor_result raw_greeting(struct raw *raw);
enum anchor_result raw_connect(struct raw *raw, unsigned int n);
void raw_close(struct raw *raw);

/* The next step, to a root that is @seed, and after it @raw is there */
struct anchor_request raw_next(struct raw *raw, uint8_t seed);
void raw_send(const struct raw *raw, const void *packet, size_t len);

/* Take one answer; an answer that is none, or the end, ends the test */
enum anchor_result raw_answer(const struct raw *raw);
bool raw_is_over(const struct raw *raw);

/* Ask for the next step; when that returns, rpmb-anchor knows it */
void raw_ask_step(struct raw *raw, uint8_t seed);

#endif /* RPMB_TESTS_ANCHOR_CLIENT_H */
