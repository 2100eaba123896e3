// SPDX-License-Identifier: GPL-2.0-only
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "device.h"
#include "frame.h"

#define FRAME sizeof(struct rpmb_frame)

uint8_t key[LIBRPMB_KEY_LEN];

void must(int ret, const char *what)
{
	if (ret)
		errx(1, "%s: %s", what, rpmb_strerror(ret));
}

void load_key(const char *name)
{
	FILE *file = fopen(name, "rb");

	if (!file || fread(key, sizeof(key), 1, file) != 1)
		err(1, "%s", name);
	fclose(file);
}

struct rpmb *open_rpmb(const char *name)
{
	struct rpmb *rpmb;

	must(rpmb_open(&rpmb, name, O_RDWR), name);
	return rpmb;
}

void sign_write(struct rpmb_frame *frames, unsigned int addr,
		unsigned int blocks, uint32_t counter, const uint8_t *data)
{
	const struct rpmb_fields fields = {
		.type = RPMB_WRITE_DATA,
		.addr = addr,
		.count = blocks,
		.counter = counter,
	};
	const size_t block_len = sizeof(frames->data);
	size_t len = blocks * FRAME;

	rpmb_frames_init(RPMB_FRAME_JEDEC, frames, len, &fields);
	for (unsigned int i = 0; i < blocks; i++)
		memcpy(frames[i].data, data + i * block_len, block_len);
	rpmb_frames_hmac(RPMB_FRAME_JEDEC, frames, len, key,
			 rpmb_frames_mac(RPMB_FRAME_JEDEC, frames, len));
}

void must_be_written(const struct rpmb_frame *answer)
{
	uint8_t mac[sizeof(answer->key_mac)];

	rpmb_frames_hmac(RPMB_FRAME_JEDEC, answer, FRAME, key, mac);
	if (answer->result || memcmp(mac, answer->key_mac, sizeof(mac)))
		errx(1, "a write failed");
}
