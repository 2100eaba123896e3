// SPDX-License-Identifier: GPL-2.0-only
/*
 * Requests as an input asks for them: with right MACs, if it wants that, which
 * nobody finds by chance
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

#define MAX_FRAMES 16

static size_t make_request(const struct fuzz_request *what, struct input *input,
			   uint8_t *out)
{
	size_t len = (what->out % (MAX_FRAMES + 1)) * FRAME_LEN;
	struct rpmb_fields fields = {
		.type = what->type,
		.addr = what->addr,
		.count = what->count,
		.counter = what->counter,
	};

	if (!len)
		return 0;
	rpmb_frames_init(RPMB_FRAME_JEDEC, out, len, &fields);
	memset(rpmb_frames_data(RPMB_FRAME_JEDEC, out, 0), what->counter, 256);
	if (what->raw)
		input_take(input, out, what->raw < len ? what->raw : len);
	if (what->flags & FUZZ_SIGNED)
		rpmb_frames_hmac(RPMB_FRAME_JEDEC, out, len, fuzz_key,
				 rpmb_frames_mac(RPMB_FRAME_JEDEC, out, len));
	return len;
}

static size_t add_result_read(uint8_t *out, size_t len)
{
	const struct rpmb_fields fields = {
		.type = RPMB_RESULT_READ, .count = 1
	};

	rpmb_frames_init(RPMB_FRAME_JEDEC, out + len, FRAME_LEN, &fields);
	return len + FRAME_LEN;
}

/* In memory of exactly the right size, so that one byte too far is found */
static void serve(struct device *dev, const uint8_t *request, size_t out_len,
		  size_t in_len)
{
	uint8_t *out = malloc(out_len), *in = malloc(in_len);
	size_t used;

	must((out || !out_len) && (in || !in_len));
	if (out_len)
		memcpy(out, request, out_len);
	used = device_request(dev, out, out_len, in, in_len);
	must(used <= in_len && used % FRAME_LEN == 0);
	free(out);
	free(in);
}

void fuzz_requests(struct device *dev, struct input *input)
{
	uint8_t out[(MAX_FRAMES + 1) * FRAME_LEN];
	struct fuzz_request what;
	size_t out_len, in_len;

	while (input->size) {
		input_take(input, &what, sizeof(what));
		out_len = make_request(&what, input, out);
		if (what.flags & FUZZ_RESULT_READ)
			out_len = add_result_read(out, out_len);
		if (what.flags & FUZZ_ODD_OUT && out_len)
			out_len--;
		in_len = (what.in % (MAX_FRAMES + 1)) * FRAME_LEN;
		if (what.flags & FUZZ_ODD_IN)
			in_len++;
		serve(dev, out, out_len, in_len);
	}
}
