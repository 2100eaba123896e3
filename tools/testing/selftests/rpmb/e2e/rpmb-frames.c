// SPDX-License-Identifier: GPL-2.0-only
/*
 * What an attacker has: signed frames of a write, recorded, and the means to send
 * them whenever he likes
 *
 *	rpmb-frames sign DEVICE KEY COUNTER ADDRESS DATA FRAMES
 *	rpmb-frames send DEVICE FRAMES
 *
 * "sign" stands for the owner of the key, and only asks what kind of device it is.
 * "send" needs no key. It prints what the device answers; its exit status is the
 * result code in the response, or 125 if there is none.
 */
#include <fcntl.h>
#include <string.h>

#include "common.h"
#include "frame.h"

/* JEDEC frames are twice as long as what they carry */
static uint8_t frames[2 * RPMB_MAX_LEN];

static struct rpmb *open_device(const char *name, struct rpmb_info *info)
{
	struct rpmb *rpmb;
	int ret = rpmb_open(&rpmb, name, O_RDWR);

	if (ret)
		errx(TROUBLE, "%s: %s", name, rpmb_strerror(ret));
	*info = *rpmb_info(rpmb);
	return rpmb;
}

static size_t make_write(const struct rpmb_info *info, const uint8_t *key,
			 struct rpmb_fields *fields, const uint8_t *data)
{
	unsigned int format = info->frame_format, bs = info->block_size;
	size_t len = rpmb_frames_len(format, fields->count);
	unsigned int i;

	rpmb_frames_init(format, frames, len, fields);
	for (i = 0; i < fields->count; i++)
		memcpy(rpmb_frames_data(format, frames, i), data + i * bs, bs);
	rpmb_frames_hmac(format, frames, len, key,
			 rpmb_frames_mac(format, frames, len));
	return len;
}

static int sign(char **args)
{
	struct rpmb_fields fields = {
		.type = RPMB_WRITE_DATA,
		.counter = strtoul(args[2], NULL, 0),
		.addr = strtoul(args[3], NULL, 0),
	};
	static uint8_t data[RPMB_MAX_LEN];
	uint8_t key[RPMB_KEY_LEN];
	struct rpmb_info info;
	FILE *file;
	size_t len;

	rpmb_close(open_device(args[0], &info));
	load_key(args[1], key);
	len = load(args[4], data, sizeof(data));
	fields.target = info.target;
	fields.count = (len + info.block_size - 1) / info.block_size;
	len = make_write(&info, key, &fields, data);
	file = fopen(args[5], "wb");
	if (!file || fwrite(frames, len, 1, file) != 1 || fclose(file))
		err(TROUBLE, "%s", args[5]);
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
	size_t len = load(args[1], frames, RPMB_MAX_LEN);
	struct rpmb_fields fields;
	struct rpmb_info info;
	struct rpmb *rpmb;
	uint8_t resp[512];
	int ret;

	rpmb = open_device(args[0], &info);
	ret = rpmb_route(rpmb, frames, len, resp,
			 rpmb_frames_len(info.frame_format, 0), NULL);
	if (ret)
		errx(TROUBLE, "%s: %s", args[0], rpmb_strerror(ret));
	rpmb_close(rpmb);
	rpmb_frames_parse(info.frame_format, resp,
			  rpmb_frames_len(info.frame_format, 0), &fields);
	printf("the device answers: %u (%s), write counter %u\n", fields.result,
	       in_words(fields.result), fields.counter);
	return fields.result > 0xff ? TROUBLE : fields.result;
}

int main(int argc, char **argv)
{
	if (argc == 8 && !strcmp(argv[1], "sign"))
		return sign(argv + 2);
	if (argc == 4 && !strcmp(argv[1], "send"))
		return send(argv + 2);
	errx(TROUBLE, "see the comment at the beginning of my source");
}
