// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a device must hold after a number of writes
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "model.h"
#include "tap.h"

static unsigned int write_size(uint32_t n)
{
	return (n * 2654435761u >> 16) % MODEL_BLOCKS + 1;
}

static void apply(struct model *model)
{
	model->counter++;
	pattern(model->area, write_size(model->counter), 0, model->counter);
}

void model_set(struct model *model, uint32_t counter)
{
	memset(model, 0, sizeof(*model));
	while (model->counter < counter)
		apply(model);
}

unsigned int model_frames(struct rpmb_frame *out, uint32_t n)
{
	uint8_t data[MODEL_BLOCKS * BLOCK];
	unsigned int nr = write_size(n);

	pattern(data, nr, 0, n);
	make_write(out, nr, 0, n - 1, data, test_key);
	make_result_read(&out[nr]);
	return nr + 1;
}

void model_submit(const struct model *model, struct frontend *fe)
{
	struct rpmb_frame out[MODEL_BLOCKS + 1];

	submit_frames(fe, out, model_frames(out, model->counter + 1), 1);
}

void model_answer(struct model *model, struct frontend *fe)
{
	struct rpmb_frame in;

	check_eq(fe_wait_used(fe, NULL), FRAME);
	fetch_frames(fe, &in, 1);
	check_eq(in.result, 0);
	check(frames_signed(&in, 1, test_key), "");
	apply(model);
}

void model_write(struct model *model, struct frontend *fe)
{
	model_submit(model, fe);
	model_answer(model, fe);
}

void model_submit_read(struct frontend *fe)
{
	static const uint8_t nonce[NONCE_LEN];
	struct rpmb_frame out;

	frames_init(&out, 1, &(struct fields){
		.type = RPMB_READ_DATA, .count = MODEL_BLOCKS,
		.nonce = nonce });
	submit_frames(fe, &out, 1, MODEL_BLOCKS);
}

void model_answer_read(const struct model *model, struct frontend *fe)
{
	struct rpmb_frame in[MODEL_BLOCKS];
	unsigned int i;

	check_eq(fe_wait_used(fe, NULL), sizeof(in));
	fetch_frames(fe, in, MODEL_BLOCKS);
	check_eq(in[0].result, 0);
	check(frames_signed(in, MODEL_BLOCKS, test_key), "");
	for (i = 0; i < MODEL_BLOCKS; i++)
		check(!memcmp(in[i].data, model->area + i * BLOCK, BLOCK),
		      "block %u", i);
}

void model_check(struct model *model, struct frontend *fe, bool on_its_way)
{
	uint32_t counter = must_count(fe);

	if (on_its_way && counter == model->counter + 1)
		apply(model);
	check_eq(counter, model->counter);
	must_hold(fe, 0, MODEL_BLOCKS, model->area);
}

void model_leave_state(struct model *model, bool stop)
{
	struct frontend fe;
	struct daemon d;

	daemon_start(&d, "--capacity", "1");
	fe_open(&fe, &d);
	must_program_key(&fe);
	model_set(model, 0);
	while (model->counter < 5)
		model_write(model, &fe);
	fe_close(&fe);
	if (stop)
		daemon_stop(&d);
	else
		daemon_kill(&d);
}

void model_seed(void)
{
	const char *env = getenv("RPMB_TEST_SEED");
	unsigned int seed = env ? atoi(env) : time(NULL) ^ getpid();

	tap_note("RPMB_TEST_SEED=%u", seed);
	srandom(seed);
}
