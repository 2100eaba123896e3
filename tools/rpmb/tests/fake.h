/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A stand-in for the kernel: /dev/rpmbN and /sys/class/rpmb of devices that are
 * the RPMB engine on a file
 *
 * The linker puts it in place of open(), ioctl() and scandir(), so everything on
 * this side of the system calls is what users run. The environment variable
 * RPMB_FAKE names the directory with the devices. A device is one file, shared by
 * all processes that use it.
 */
#ifndef RPMB_TESTS_FAKE_H
#define RPMB_TESTS_FAKE_H

#include <stdbool.h>
#include <stdint.h>

#include "frame.h"

/* What happens to one request or its response */
enum fake_fault_kind {
	FAULT_NONE,
	/* errors of the transport */
	FAULT_BEFORE,		/* nothing has been sent */
	FAULT_LOST_REQUEST,	/* sent, but the device did not get it */
	FAULT_LOST_RESPONSE,	/* done, but the response did not get here */
	FAULT_CORRUPTED,	/* the request, on its way to the device */
	/* forgeries; those with a MAC have a right one */
	FAULT_MAC,
	FAULT_DATA,
	FAULT_TYPE,
	FAULT_FRAMES,
	FAULT_NONCE,
	FAULT_TARGET,
	FAULT_ADDR,
	FAULT_COUNT,
	FAULT_COUNTER,
	FAULT_RESULT,
	FAULT_REPLAY,		/* the response to the request before */
	/* other clients, who write before the request gets to the device */
	FAULT_OTHER_WRITER,	/* the same blocks */
	FAULT_OTHER_WRITERS,	/* two of them */
	FAULT_OVERWRITTEN,	/* the request is done, then written over */
};

/* A fault of the request of type @type that comes after @skip others */
struct fake_fault {
	uint32_t kind;
	uint32_t type;
	uint32_t skip;
	uint32_t value;			/* errno or result */
};

#define FAKE_FAULTS 2
#define FAKE_LOG 64

struct fake {
	/* what it is */
	uint32_t frame_format;
	uint32_t transport;
	uint32_t capacity;		/* blocks */
	uint32_t write_sizes;
	uint32_t max_read;
	uint32_t target;
	uint32_t dev_id_len;
	uint8_t dev_id[64];

	/* what it keeps */
	uint32_t has_key;
	uint32_t counter;
	uint8_t key[RPMB_KEY_LEN];

	struct fake_fault faults[FAKE_FAULTS];

	/* what it was asked for: types and blocks */
	uint32_t nr_requests;
	struct {
		uint32_t type;
		uint32_t blocks;
	} log[FAKE_LOG];

	/* the response before */
	uint8_t response[RPMB_MAX_LEN];

	uint8_t data[];
};

/* Make the device "rpmbN" with the settings of @like, or get it */
struct fake *fake_create(const char *name, const struct fake *like);
struct fake *fake_get(const char *name);

#endif /* RPMB_TESTS_FAKE_H */
