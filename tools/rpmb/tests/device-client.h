/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Clients of rpmb-anchor that have a device, and what they know that it keeps
 */
#ifndef RPMB_TESTS_DEVICE_CLIENT_H
#define RPMB_TESTS_DEVICE_CLIENT_H

#include <stdbool.h>

#include "partition_protocol.h"

#define UNIT PARTITION_UNIT

extern const uint8_t device_key[LIBRPMB_KEY_LEN];

/*
 * A client of device number @n, which has one unit
 *
 * @at: what it was told last
 * @request, @len: what it has asked for last
 * @sequence, @counter, @has_key, @blocks: what it knows
 */
struct client {
	int sock;
	unsigned int n;
	struct partition_reply at;
	struct partition_request request;
	size_t len;
	uint64_t sequence;
	uint32_t counter;
	bool has_key;
	uint8_t blocks[UNIT][PARTITION_BLOCK];
};

/* Add a device with that number, and connect to it */
void client_begin(struct client *client, unsigned int n);

/* The same of one that has its key */
void client_begin_keyed(struct client *client, unsigned int n);

/* Connect anew; the result is what that says, and -1 if nobody is there */
int client_connect(struct client *client);
void client_close(struct client *client);

/* Make a request; what is to be written is different each time */
void client_prepare(struct client *client, uint32_t type, uint32_t addr,
		    uint32_t count);

/* Send what was made; and the result of the answer, -1 if the connection ends */
void client_send(struct client *client);
int client_answer(struct client *client);

/* What it has asked for is done */
void client_know(struct client *client);

/* All of this; what was read must be what is known */
int client_do(struct client *client, uint32_t type, uint32_t addr, uint32_t count);

/* Connected anew, the device is all that is known of it, and nothing else */
void expect_known(struct client *client);

/*
 * The same if what was asked for last may be done or not; then the device goes on.
 * Returns whether it was done.
 */
bool client_settle(struct client *client);

#endif /* RPMB_TESTS_DEVICE_CLIENT_H */
