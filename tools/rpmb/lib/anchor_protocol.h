/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What rpmb-anchor and those whose states it anchors say to each other
 *
 * Each anchor has a Unix socket of packets. Only one client at a time has the anchor: who
 * connects is told first whether he has it, and if so, its key. Then he asks, and gets
 * one answer to each question. Numbers are little-endian.
 */
#ifndef LIBRPMB_ANCHOR_PROTOCOL_H
#define LIBRPMB_ANCHOR_PROTOCOL_H

#include <stdint.h>
#include <nettle/sha2.h>

#include "librpmb.h"

#define ANCHOR_VERSION 1

#define ANCHOR_SALT_LEN 16

enum anchor_request_type {
	ANCHOR_GET = 1,			/* what is anchored */
	ANCHOR_ADVANCE = 2,		/* anchor the next step */
};

/* Only the version and the type count if nothing is to be anchored */
struct anchor_request {
	uint32_t version;
	uint32_t type;
	uint64_t number;		/* of the step */
	uint8_t name[LIBRPMB_STEP_LEN];
	uint8_t root[LIBRPMB_STEP_LEN];
};

enum anchor_result {
	ANCHOR_OK = 0,
	ANCHOR_BAD_REQUEST = 1,		/* or a version that is not known */
	ANCHOR_IN_USE = 2,		/* by another client */
	ANCHOR_NOT_ALLOWED = 3,		/* to this user */
	ANCHOR_OTHER_STEP = 4,		/* not the next one after what is anchored */
	ANCHOR_FORGED = 5,		/* not made with the anchor's key */
	ANCHOR_SPENT = 6,		/* no steps are left */
	ANCHOR_UNREADABLE = 7,		/* the hardware does not read */
};

/* @guid, @salt and @key are there only in what is told first */
struct anchor_reply {
	uint32_t version;
	uint32_t result;		/* enum anchor_result */
	uint64_t number;		/* of the step that is anchored */
	uint64_t left;			/* steps that may follow */
	uint8_t name[LIBRPMB_STEP_LEN];
	uint8_t guid[LIBRPMB_GUID_LEN];
	uint8_t salt[ANCHOR_SALT_LEN];
	uint8_t key[LIBRPMB_KEY_LEN];
	uint32_t may_step_back;		/* the administrator has agreed */
	uint32_t reserved;
};

/* Whose steps they are */
struct anchor_line {
	uint8_t guid[LIBRPMB_GUID_LEN];
	uint8_t salt[ANCHOR_SALT_LEN];
	uint8_t key[LIBRPMB_KEY_LEN];
};

/*
 * The name of a step: a MAC over what it is about, what it follows, and what it makes
 * of it
 */
void anchor_name_step(const struct anchor_line *line, uint64_t number,
		      const uint8_t parent[LIBRPMB_STEP_LEN],
		      const uint8_t root[LIBRPMB_STEP_LEN],
		      uint8_t name[LIBRPMB_STEP_LEN]);

/*
 * Connect to a socket of rpmb-anchor. The socket is the caller's then, also if this
 * fails, unless it is negative.
 */
int anchor_connect(const char *path, int *sock);

/*
 * Wait until the socket can be read. When @stop can be, what is on its way is still
 * taken, then it is RPMB_ERR_SYSTEM and ECANCELED.
 */
int anchor_wait(int sock, int stop);

/* Is it still connected? Nothing is sent that was not asked for. */
bool anchor_is_quiet(int sock);

/* The library's error for a result, 0 for ANCHOR_OK */
int anchor_result_error(uint32_t result);

#endif /* LIBRPMB_ANCHOR_PROTOCOL_H */
