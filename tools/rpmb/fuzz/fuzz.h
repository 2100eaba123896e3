/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Fuzzing the daemon: what the targets share, and what their inputs look like
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>

#include "device.h"

#define FUZZ_BLOCKS 512
#define FRAME_LEN sizeof(struct rpmb_frame)

/* The targets' only function */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Something that must not be possible has happened */
#define must(cond) do {							\
	if (!(cond))							\
		__builtin_trap();					\
} while (0)

/* Take @len bytes of the input, those that it lacks are zero */
struct input {
	const uint8_t *data;
	size_t size;
};

void input_take(struct input *input, void *to, size_t len);

/*
 * A device on a store in memory, which sees that the engine asks for nothing but
 * what it may. @settings is chosen by the input: limits, key, counter.
 */
struct device *fuzz_device(uint8_t settings);
extern const uint8_t fuzz_key[RPMB_KEY_LEN];

/*
 * Requests: each is this, then if @raw so many bytes of frames, which replace the
 * first ones
 */
struct fuzz_request {
	uint8_t type;
	uint8_t out;		/* frames without the result read, up to 16 */
	uint8_t in;		/* frames, up to 16 */
	uint8_t flags;
	uint16_t addr;
	uint16_t count;
	uint8_t counter;
	uint8_t raw;
} __attribute__((packed));

#define FUZZ_SIGNED 1
#define FUZZ_RESULT_READ 2
#define FUZZ_ODD_OUT 4
#define FUZZ_ODD_IN 8

/* Have the device serve all requests of the input */
void fuzz_requests(struct device *dev, struct input *input);

/* The memory of the ring's guest: settings, then what is at its beginning */
struct fuzz_ring {
	uint8_t settings;	/* of the device */
	uint8_t num;		/* log2 of the queue's size, up to 5 */
	uint8_t features;	/* from bit 28 on */
	uint8_t restless;	/* somebody writes to the memory meanwhile */
	uint8_t groups;		/* FUZZ_GROUPED, FUZZ_UNDONE */
	uint8_t log;		/* FUZZ_LOG_*, and from there on how long it is */
	uint8_t unused[2];
};

#define FUZZ_GROUPED 1		/* all buffers that are there at once */
#define FUZZ_UNDONE 2		/* such a group fails */

#define FUZZ_LOG_ALL 1
#define FUZZ_LOG_RING 2
#define FUZZ_LOG_LEN 4

#define FUZZ_GUEST 0x10000	/* guest address of the first region */
#define FUZZ_GUEST_2 0x20000
#define FUZZ_REGION 0x4000
#define FUZZ_DESC 0
#define FUZZ_AVAIL 512
#define FUZZ_USED 640
#define FUZZ_DATA 1024

/* Control messages: each is this, then its payload of @size bytes and @more */
struct fuzz_message {
	uint8_t request;
	uint8_t flags;
	uint8_t fds;		/* how many, and in the upper half of which kind */
	uint8_t more;		/* so many 64 bytes */
	uint8_t size;
};

#endif /* FUZZ_H */
