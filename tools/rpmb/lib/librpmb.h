/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * librpmb: replay protected memory of eMMC, UFS, NVMe and virtio devices
 *
 * Makes requests, authenticates them with the key, has /dev/rpmbN carry them, and
 * believes no response that is not authentic. Nothing is kept outside of the
 * handle; a handle is for one thread at a time. Keys are the caller's: the
 * library keeps no copy.
 */
#ifndef LIBRPMB_H
#define LIBRPMB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define LIBRPMB_KEY_LEN 32
#define LIBRPMB_ID_LEN 256

/*
 * What functions return instead of 0.
 *
 * Those from RPMB_ERR_RESPONSE_TYPE on say what is wrong with a response: it was
 * damaged, forged or replayed on its way, or the key is not the device's. Those
 * from RPMB_ERR_GENERAL on are what the device answered.
 */
enum rpmb_error {
	RPMB_ERR_SYSTEM = -1,		/* errno says what */
	RPMB_ERR_MEMORY = -2,
	RPMB_ERR_ARGUMENT = -3,
	RPMB_ERR_RANGE = -4,		/* not within the device */
	RPMB_ERR_TOO_LONG = -5,		/* more than can be carried */
	RPMB_ERR_NO_DEVICE = -6,
	RPMB_ERR_AMBIGUOUS = -7,	/* several devices have the id */
	RPMB_ERR_NOT_RPMB = -8,
	RPMB_ERR_PERMISSION = -9,
	RPMB_ERR_UNSUPPORTED = -10,	/* the device has no such request */
	RPMB_ERR_GONE = -11,		/* the device was removed */
	RPMB_ERR_BUSY = -12,		/* an earlier request is with the device */
	RPMB_ERR_TIMEOUT = -13,
	RPMB_ERR_MIXED_UP = -14,	/* somebody else spoke to the hardware */

	RPMB_ERR_RESPONSE_TYPE = -32,
	RPMB_ERR_RESPONSE_FRAMES = -33,	/* frames contradict each other */
	RPMB_ERR_RESPONSE_MAC = -34,
	RPMB_ERR_RESPONSE_NONCE = -35,
	RPMB_ERR_RESPONSE_TARGET = -36,
	RPMB_ERR_RESPONSE_ADDRESS = -37,
	RPMB_ERR_RESPONSE_COUNT = -38,
	RPMB_ERR_RESPONSE_COUNTER = -39,

	RPMB_ERR_GENERAL = -0x101,
	RPMB_ERR_AUTHENTICATION = -0x102,
	RPMB_ERR_COUNTER = -0x103,
	RPMB_ERR_ADDRESS = -0x104,
	RPMB_ERR_WRITE = -0x105,
	RPMB_ERR_READ = -0x106,
	RPMB_ERR_NO_KEY = -0x107,
	RPMB_ERR_CONFIG = -0x108,
	RPMB_ERR_SWP_PARAMETER = -0x109,
	RPMB_ERR_SWP_NOT_APPLICABLE = -0x10a,
	RPMB_ERR_REJECTED = -0x10b,
	RPMB_ERR_PURGING = -0x10c,
	RPMB_ERR_EXPIRED = -0x180,	/* the write counter is at its end */
	RPMB_ERR_RESULT = -0x1ff,	/* a result that no specification has */
};

/*
 * What a device is. Numbers as in <linux/rpmb.h>: frame_format is an enum
 * rpmb_frame_format, transport an enum rpmb_transport, write_sizes has bit n set
 * if one request can write 2^n blocks. rpmb_enumerate() leaves write_sizes,
 * max_read and request_types at 0, which only the open device says.
 */
struct rpmb_info {
	char name[32];
	unsigned int frame_format;
	unsigned int transport;
	unsigned int block_size;	/* bytes */
	unsigned int capacity;		/* blocks */
	unsigned int write_sizes;
	unsigned int max_read;		/* blocks */
	unsigned int request_types;
	unsigned int target;		/* UFS region or NVMe target */
	size_t dev_id_len;
	uint8_t dev_id[LIBRPMB_ID_LEN];
};

/*
 * What became of a write: the first `stored` blocks are stored; of the next
 * `unknown` ones nobody knows whether they are; the rest was not written.
 */
struct rpmb_outcome {
	unsigned int stored;
	unsigned int unknown;
};

struct rpmb;

/* What an error means and what to do about it; for RPMB_ERR_SYSTEM see errno */
const char *rpmb_strerror(int error);

/* "emmc", "ufs", "nvme", "virtio", "sim", or "unknown" */
const char *rpmb_transport_name(unsigned int transport);

/*
 * Call @each for every device, until one call returns something other than 0,
 * which is then returned. Needs no privilege.
 */
int rpmb_enumerate(int (*each)(const struct rpmb_info *info, void *arg),
		   void *arg);

/*
 * Open a device by path ("/dev/rpmb0"), by name ("rpmb0") or by its identity, in
 * hexadecimal or as text. @flags is O_RDONLY, O_WRONLY or O_RDWR: reading, writing
 * and programming a key through this library need O_RDWR, since they read back.
 */
int rpmb_open(struct rpmb **rpmb, const char *name, int flags);

/* NULL is allowed */
void rpmb_close(struct rpmb *rpmb);

/* Valid until the handle is closed */
const struct rpmb_info *rpmb_info(const struct rpmb *rpmb);

/*
 * Have @progress called after each request of a read or write of several, with
 * the blocks that are done and those that are to be done
 */
void rpmb_set_progress(struct rpmb *rpmb,
		       void (*progress)(void *arg, unsigned int done,
					unsigned int total),
		       void *arg);

/*
 * Carry signed frames to the device and its response back, as they are. If this
 * fails and @started is false, nothing happened; if it is true, nobody knows.
 * @started may be NULL.
 */
int rpmb_route(struct rpmb *rpmb, const void *req, size_t req_len, void *resp,
	       size_t resp_len, bool *started);

/*
 * Program the key and see whether the device answers with it, also if its own
 * answer was lost. This can be done once in the device's life and never be undone:
 * keep the key after any error, until the device is known not to have it.
 */
int rpmb_program_key(struct rpmb *rpmb, const uint8_t key[LIBRPMB_KEY_LEN]);

/* Read the write counter; without a key nobody vouches for it */
int rpmb_read_counter(struct rpmb *rpmb, const uint8_t *key, uint32_t *counter);

/* Read @blocks blocks from block @addr on; @data is undefined after an error */
int rpmb_read(struct rpmb *rpmb, const uint8_t key[LIBRPMB_KEY_LEN],
	      unsigned int addr, unsigned int blocks, void *data);

/*
 * Write @blocks blocks from block @addr on, in as few requests as the device
 * allows. If a request fails, counter and data are read back to find out what
 * became of it. @outcome may be NULL.
 *
 * What is not written now may be written later by somebody who held the request
 * back, until another write has changed the counter.
 */
int rpmb_write(struct rpmb *rpmb, const uint8_t key[LIBRPMB_KEY_LEN],
	       unsigned int addr, unsigned int blocks, const void *data,
	       struct rpmb_outcome *outcome);

#ifdef __cplusplus
}
#endif

#endif /* LIBRPMB_H */
