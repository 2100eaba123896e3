// SPDX-License-Identifier: GPL-2.0-only
/*
 * What an attacker has: signed frames of a write, recorded, and the means to send
 * them whenever he likes
 *
 *	rpmb-frames sign KEY COUNTER ADDRESS DATA FRAMES
 *	rpmb-frames send DEVICE FRAMES
 *
 * "sign" stands for the owner of the key, "send" needs no key. It prints what
 * the device answers; its exit status is the result code in the response, or 125
 * if there is none.
 */
#include <endian.h>
#include <fcntl.h>
#include <string.h>

#include "common.h"
#include "frame.h"

#define BLOCK 256
#define MAX_BLOCKS (RPMB_MAX_LEN / sizeof(struct rpmb_frame))

static uint8_t frames[RPMB_MAX_LEN];

static size_t make_write(const uint8_t *key, struct rpmb_fields *fields,
			 const uint8_t *data)
{
	size_t len = rpmb_frames_len(RPMB_FRAME_JEDEC, fields->count);
	unsigned int i;

	rpmb_frames_init(RPMB_FRAME_JEDEC, frames, len, fields);
	for (i = 0; i < fields->count; i++)
		memcpy(rpmb_frames_data(RPMB_FRAME_JEDEC, frames, i),
		       data + i * BLOCK, BLOCK);
	rpmb_frames_hmac(RPMB_FRAME_JEDEC, frames, len, key,
			 rpmb_frames_mac(RPMB_FRAME_JEDEC, frames, len));
	return len;
}

static int sign(char **args)
{
	struct rpmb_fields fields = {
		.type = RPMB_WRITE_DATA,
		.counter = strtoul(args[1], NULL, 0),
		.addr = strtoul(args[2], NULL, 0),
	};
	static uint8_t data[MAX_BLOCKS * BLOCK];
	uint8_t key[RPMB_KEY_LEN];
	FILE *file;
	size_t len;

	load_key(args[0], key);
	fields.count = (load(args[3], data, sizeof(data)) + BLOCK - 1) / BLOCK;
	len = make_write(key, &fields, data);
	file = fopen(args[4], "wb");
	if (!file || fwrite(frames, len, 1, file) != 1 || fclose(file))
		err(TROUBLE, "%s", args[4]);
	return 0;
}

/* librpmb's errors from RPMB_ERR_GENERAL on are the result codes from 1 on */
static const char *in_words(unsigned int result)
{
	if (!result)
		return "OK";
	if (result & RPMB_RES_EXPIRED)
		return "write counter expired";
	return rpmb_strerror(RPMB_ERR_GENERAL - (int)(result - RPMB_RES_GENERAL));
}

static int send(char **args)
{
	size_t len = load(args[1], frames, sizeof(frames));
	struct rpmb_frame resp;
	struct rpmb *rpmb;
	int ret;

	ret = rpmb_open(&rpmb, args[0], O_RDWR);
	if (!ret)
		ret = rpmb_route(rpmb, frames, len, &resp, sizeof(resp), NULL);
	if (ret)
		errx(TROUBLE, "%s: %s", args[0], rpmb_strerror(ret));
	rpmb_close(rpmb);
	ret = be16toh(resp.result);
	printf("the device answers: %d (%s), write counter %u\n", ret,
	       in_words(ret), be32toh(resp.write_counter));
	return ret > 0xff ? TROUBLE : ret;
}

int main(int argc, char **argv)
{
	if (argc == 7 && !strcmp(argv[1], "sign"))
		return sign(argv + 2);
	if (argc == 4 && !strcmp(argv[1], "send"))
		return send(argv + 2);
	errx(TROUBLE, "see the comment at the beginning of my source");
}
