// SPDX-License-Identifier: GPL-2.0-only
/*
 * Writes and reads in one batch, by RPMB_IOC_ROUTE_BATCH
 *
 *	rpmb-batch DEVICE KEY COUNTER ADDRESS OLD NEW [forge=N] [stray=N]
 *
 * NEW is written block by block, signed for COUNTER and those behind it. After each write
 * there is a read of all that NEW is to be written over, which is OLD, of the same length:
 * that has to find what is before it in the batch, and nothing else. All responses are
 * authenticated against what was asked.
 *
 * forge=N: write N has not the MAC of the key. stray=N: read N is behind the device's end.
 *
 * Prints how many requests were carried, how many of all may have reached the device, how
 * the ioctl failed if it did, and the results of those that were carried.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/random.h>

#include "common.h"
#include "frame.h"

#define MAX_BLOCKS 20
#define MAX_BLOCK 512
#define MAX_DATA (MAX_BLOCKS * MAX_BLOCK)
#define NR_MAX (2 * MAX_BLOCKS)
#define NONE (-1)

/*
 * @asked: its fields; requests with even numbers are writes
 * @answered: those of the response
 */
struct request {
	struct rpmb_fields asked, answered;
	uint8_t frames[2 * MAX_BLOCK], resp[2 * MAX_DATA];
};

static struct rpmb_ioc_info info = { .size = sizeof(info) };
static uint8_t key[LIBRPMB_KEY_LEN], old_data[MAX_DATA], new_data[MAX_DATA];
static unsigned int blocks;	/* in NEW */
static struct request requests[NR_MAX];
static struct rpmb_batch_request batch[NR_MAX];
static struct rpmb_ioc_route_batch cmd = {
	.size = sizeof(cmd),
	.requests = (uintptr_t)batch,
	.request_size = sizeof(batch[0]),
};

static bool is_write(unsigned int i)
{
	return i % 2 == 0;
}

static void load_data(const char *from, const char *to)
{
	size_t len = load(to, new_data, sizeof(new_data));

	blocks = len / info.block_size;
	if (!blocks || blocks > MAX_BLOCKS || len % info.block_size ||
	    load(from, old_data, sizeof(old_data)) != len)
		errx(TROUBLE, "%s, %s: not the same number of blocks", from, to);
	cmd.nr = 2 * blocks;
}

/* The fields of request @i are given; sign it if it is a write, which has data */
static void make_request(unsigned int i)
{
	struct request *rq = &requests[i];
	unsigned int format = info.frame_format;
	size_t len = rpmb_frames_len(format, is_write(i));

	rpmb_frames_init(format, rq->frames, len, &rq->asked);
	if (is_write(i)) {
		memcpy(rpmb_frames_data(format, rq->frames, 0),
		       new_data + i / 2 * info.block_size, info.block_size);
		rpmb_frames_hmac(format, rq->frames, len, key,
				 rpmb_frames_mac(format, rq->frames, len));
	}
	batch[i] = (struct rpmb_batch_request) {
		.req_len = len,
		.resp_len = rpmb_frames_len(format, is_write(i) ? 0 : blocks),
		.req = (uintptr_t)rq->frames,
		.resp = (uintptr_t)rq->resp,
	};
}

static void make_write(unsigned int i, uint32_t counter, uint32_t addr)
{
	requests[i].asked = (struct rpmb_fields) {
		.type = RPMB_WRITE_DATA,
		.counter = counter,
		.addr = addr,
		.count = 1,
		.target = info.target,
	};
	make_request(i);
}

static void make_read(unsigned int i, uint32_t addr)
{
	struct rpmb_fields *asked = &requests[i].asked;

	*asked = (struct rpmb_fields) {
		.type = RPMB_READ_DATA,
		.addr = addr,
		.count = blocks,
		.target = info.target,
	};
	if (getrandom(asked->nonce, sizeof(asked->nonce), 0) !=
	    sizeof(asked->nonce))
		err(TROUBLE, "getrandom");
	make_request(i);
}

static void make_all(uint32_t counter, uint32_t addr)
{
	unsigned int i;

	for (i = 0; i < cmd.nr; i++)
		if (is_write(i))
			make_write(i, counter + i / 2, addr + i / 2);
		else
			make_read(i, addr);
}

static int number(const char *arg, const char *name)
{
	size_t len = strlen(name);

	return strncmp(arg, name, len) ? NONE : atoi(arg + len);
}

static void make_wrong(const char *arg)
{
	int forge = number(arg, "forge="), stray = number(arg, "stray=");
	struct request *rq;

	if (forge != NONE) {
		rq = &requests[2 * forge];
		rpmb_frames_mac(info.frame_format, rq->frames,
				batch[2 * forge].req_len)[0] ^= 1;
	} else if (stray != NONE) {
		make_read(2 * stray + 1, info.capacity);
	} else {
		errx(TROUBLE, "%s: what is that?", arg);
	}
}

/* A read finds what the writes before it have left */
static void check_data(unsigned int i)
{
	unsigned int format = info.frame_format, bs = info.block_size, n;

	for (n = 0; n < blocks; n++) {
		const uint8_t *data = n <= i / 2 ? new_data : old_data;

		if (memcmp(rpmb_frames_data(format, requests[i].resp, n),
			   data + n * bs, bs))
			errx(1, "request %u has read something else in block %u",
			     i, n);
	}
}

static void check_fields(unsigned int i)
{
	const struct rpmb_fields *req = &requests[i].asked;
	const struct rpmb_fields *resp = &requests[i].answered;

	if (resp->addr != req->addr ||
	    memcmp(resp->nonce, req->nonce, sizeof(req->nonce)) ||
	    (!resp->result &&
	     resp->counter != (is_write(i) ? req->counter + 1 : 0)))
		errx(1, "request %u has the response of another one", i);
}

static void check_response(unsigned int i)
{
	unsigned int format = info.frame_format, len = batch[i].resp_len;
	struct request *rq = &requests[i];
	uint8_t mac[RPMB_MAC_LEN];

	if (!rpmb_frames_parse(format, rq->resp, len, &rq->answered))
		errx(1, "request %u: frames contradict each other", i);
	if (rq->answered.type != rpmb_response_type(rq->asked.type))
		errx(1, "request %u: response of type %#x", i,
		     rq->answered.type);
	rpmb_frames_hmac(format, rq->resp, len, key, mac);
	if (memcmp(rpmb_frames_mac(format, rq->resp, len), mac, sizeof(mac)))
		errx(1, "request %u: MAC of the response", i);
	check_fields(i);
	if (!is_write(i) && !rq->answered.result)
		check_data(i);
}

/* How many, from the first on; it cannot be that a later one has and this has not */
static unsigned int started(void)
{
	unsigned int i, nr = 0;

	for (i = 0; i < cmd.nr; i++) {
		if (!(batch[i].out_flags & RPMB_ROUTE_STARTED))
			continue;
		if (i != nr++)
			errx(1, "request %u has begun before one before it", i);
	}
	return nr;
}

/* Where there is no response, memory is as it was */
static void check_untouched(unsigned int i)
{
	static const uint8_t nothing[sizeof(requests[i].resp)];

	if (memcmp(requests[i].resp, nothing, sizeof(nothing)))
		errx(1, "request %u is not done, and has a response", i);
}

static void report(int error)
{
	unsigned int i;

	for (i = 0; i < cmd.nr; i++)
		if (i < cmd.done)
			check_response(i);
		else
			check_untouched(i);
	printf("%u carried, %u begun, %s, results", cmd.done, started(),
	       error ? strerrorname_np(error) : "no error");
	for (i = 0; i < cmd.done; i++)
		printf(" %u", requests[i].answered.result);
	printf("\n");
}

static int open_device(const char *name)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/dev/%s", name);
	fd = open(path, O_RDWR);
	if (fd < 0 || ioctl(fd, RPMB_IOC_INFO, &info))
		err(TROUBLE, "%s", path);
	return fd;
}

int main(int argc, char **argv)
{
	int fd, i;

	if (argc < 7)
		errx(TROUBLE, "see the comment at the beginning of my source");
	fd = open_device(argv[1]);
	load_key(argv[2], key);
	load_data(argv[5], argv[6]);
	make_all(strtoul(argv[3], NULL, 0), strtoul(argv[4], NULL, 0));
	for (i = 7; i < argc; i++)
		make_wrong(argv[i]);
	report(ioctl(fd, RPMB_IOC_ROUTE_BATCH, &cmd) ? errno : 0);
	return 0;
}
