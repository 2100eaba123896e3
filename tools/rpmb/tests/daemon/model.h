/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a device must hold after a number of writes
 */
#ifndef MODEL_H
#define MODEL_H

#include "client.h"

/* All writes go to the first blocks of the device */
#define MODEL_BLOCKS 16

/*
 * The effect of @counter writes. Write number n, from 1 on, is of some of the
 * blocks, from 0 on, both number and content given by n.
 */
struct model {
	uint32_t counter;
	uint8_t area[MODEL_BLOCKS * BLOCK];
};

/* Make it the model after @counter writes */
void model_set(struct model *model, uint32_t counter);

/* The request for write number @n, a result read with it; returns its length in frames */
unsigned int model_frames(struct rpmb_frame *out, uint32_t n);

/* Ask for the write that follows those in @model, do not wait */
void model_submit(const struct model *model, struct frontend *fe);

/* Wait for the answer, which must be success, and put the write into @model */
void model_answer(struct model *model, struct frontend *fe);

/* The same with a read of all blocks */
void model_submit_read(struct frontend *fe);
void model_answer_read(const struct model *model, struct frontend *fe);

/* Both */
void model_write(struct model *model, struct frontend *fe);

/*
 * The device holds what @model says, or one write more if @on_its_way; then
 * that becomes part of @model
 */
void model_check(struct model *model, struct frontend *fe, bool on_its_way);

/* Leave a state with a key and five writes of a daemon that was stopped, or killed */
void model_leave_state(struct model *model, bool stop);

/* Say with which seed random() begins: $RPMB_TEST_SEED or a new one */
void model_seed(void);

#endif /* MODEL_H */
