/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What rpmb-anchor and who has one of its devices say to each other
 *
 * A device has a Unix socket of packets, as an anchor has, and only one client at a time.
 * Who connects is told first whether he has the device, and if so, all that it keeps but
 * its blocks. Then he asks, and gets one answer to each request. What is to be written
 * is durable when the answer comes. Numbers are little-endian.
 */
#ifndef PARTITION_PROTOCOL_H
#define PARTITION_PROTOCOL_H

#include <stddef.h>

#include "anchor_protocol.h"

#define PARTITION_VERSION 1

#define PARTITION_BLOCK 256		/* bytes */
#define PARTITION_MAX_BLOCKS 32		/* of one request */
#define PARTITION_UNIT 512		/* blocks of a unit of capacity */

enum partition_request_type {
	PARTITION_PROGRAM_KEY = 1,	/* the data is the key */
	PARTITION_WRITE = 2,
	PARTITION_READ = 3,
};

/*
 * A packet ends with the data that it has
 *
 * @counter: what it will be when this is written, one more than it is
 */
struct partition_request {
	uint32_t version;
	uint32_t type;
	uint32_t counter;
	uint32_t addr;
	uint32_t count;
	uint32_t reserved;
	uint8_t data[PARTITION_MAX_BLOCKS * PARTITION_BLOCK];
};

/*
 * The same: only what was read has data. If the result is not 0, so is all the rest.
 *
 * @sequence: grows with all that is written
 * @key: only in what is told first
 */
struct partition_reply {
	uint32_t version;
	uint32_t result;		/* enum anchor_result */
	uint64_t sequence;
	uint8_t guid[LIBRPMB_GUID_LEN];
	uint32_t counter;
	uint32_t capacity;		/* units of 128 KiB */
	uint32_t has_key;
	uint32_t reserved;
	uint8_t key[LIBRPMB_KEY_LEN];
	uint8_t data[PARTITION_MAX_BLOCKS * PARTITION_BLOCK];
};

#define PARTITION_REQUEST_LEN offsetof(struct partition_request, data)
#define PARTITION_REPLY_LEN offsetof(struct partition_reply, data)

#endif /* PARTITION_PROTOCOL_H */
