// SPDX-License-Identifier: GPL-2.0-only
/*
 * A guest that fills the ring
 */
#include <string.h>

#include "group.h"
#include "tap.h"

/* Each request has its own place for what goes out and for what comes in */
#define FRAMES (MODEL_BLOCKS + 1)
#define PLACE (FRAMES * FRAME)

static const uint8_t nonce[NONCE_LEN] = "a full ring";

void group_put(struct group *group, const struct rpmb_frame *out,
	       unsigned int nr_out, unsigned int nr_in)
{
	const size_t place = group->nr * PLACE;
	const uint16_t head = 2 * group->nr;

	memcpy(group->fe->mem + OUT_OFF + place, out, nr_out * FRAME);
	memset(group->fe->mem + IN_OFF + place, 0xa5, nr_in * FRAME);
	fe_write_chain(group->fe, head, (const struct chunk []) {
		{ guest_addr(OUT_OFF + place), nr_out * FRAME, false },
		{ guest_addr(IN_OFF + place), nr_in * FRAME, true },
	}, 2);
	fe_offer(group->fe, head);
	group->nr++;
}

void group_put_write(struct group *group, uint32_t n)
{
	struct rpmb_frame out[FRAMES];
	unsigned int nr = model_frames(out, n);

	group_put(group, out, nr, 1);
}

static void put_question(struct group *group, const struct fields *fields,
			 unsigned int nr_in)
{
	struct rpmb_frame out;

	frames_init(&out, 1, fields);
	group_put(group, &out, 1, nr_in);
}

void group_put_count(struct group *group)
{
	put_question(group, &(struct fields) {
		.type = RPMB_GET_WRITE_COUNTER, .count = 1, .nonce = nonce
	}, 1);
}

void group_put_read_at(struct group *group, uint16_t addr)
{
	put_question(group, &(struct fields) {
		.type = RPMB_READ_DATA, .addr = addr, .count = MODEL_BLOCKS,
		.nonce = nonce
	}, MODEL_BLOCKS);
}

void group_put_read(struct group *group)
{
	group_put_read_at(group, 0);
}

void group_go(const struct group *group)
{
	fe_kick(group->fe);
}

void group_answer(struct group *group, struct rpmb_frame *in,
		  unsigned int nr_in)
{
	const size_t place = group->answered * PLACE;
	uint16_t head;

	check_eq(fe_wait_used(group->fe, &head), nr_in * FRAME);
	check_eq(head, 2 * group->answered);
	memcpy(in, group->fe->mem + IN_OFF + place, nr_in * FRAME);
	check(frames_signed(in, nr_in, test_key), "number %u", group->answered);
	group->answered++;
}

void group_written(struct group *group, uint16_t result, uint32_t counter)
{
	struct rpmb_frame in;

	group_answer(group, &in, 1);
	check_eq(be16toh(in.req_resp), RPMB_WRITE_DATA << 8);
	check_eq(be16toh(in.result), result);
	check_eq(be32toh(in.write_counter), counter);
}

void group_counted(struct group *group, uint32_t counter)
{
	struct rpmb_frame in;

	group_answer(group, &in, 1);
	check_eq(be16toh(in.req_resp), RPMB_GET_WRITE_COUNTER << 8);
	check_eq(in.result, 0);
	check(!memcmp(in.nonce, nonce, NONCE_LEN), "nonce");
	check_eq(be32toh(in.write_counter), counter);
}

void group_holds(struct group *group, const struct model *model)
{
	struct rpmb_frame in[MODEL_BLOCKS];

	group_answer(group, in, MODEL_BLOCKS);
	check_eq(be16toh(in[0].req_resp), RPMB_READ_DATA << 8);
	check_eq(in[0].result, 0);
	for (unsigned int i = 0; i < MODEL_BLOCKS; i++)
		check(!memcmp(in[i].data, model->area + i * BLOCK, BLOCK),
		      "block %u after %u writes", i, model->counter);
}
