/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A guest that fills the ring: requests that the daemon finds there together
 */
#ifndef GROUP_H
#define GROUP_H

#include "model.h"

#define GROUP_MOST 24

/*
 * @nr: requests that are in the ring
 * @answered: those of them that have come back
 */
struct group {
	struct frontend *fe;
	unsigned int nr;
	unsigned int answered;
};

/* Put a request into the ring, at most MODEL_BLOCKS + 1 frames each way */
void group_put(struct group *group, const struct rpmb_frame *out,
	       unsigned int nr_out, unsigned int nr_in);

/* Write number @n of a model; the counter; the blocks that writes go to */
void group_put_write(struct group *group, uint32_t n);
void group_put_count(struct group *group);
void group_put_read(struct group *group);
/* MODEL_BLOCKS blocks that are somewhere else */
void group_put_read_at(struct group *group, uint16_t addr);

/* The daemon is told of all of them */
void group_go(const struct group *group);

/* Wait for the next one, which is the first one that has not come back */
void group_answer(struct group *group, struct rpmb_frame *in,
		  unsigned int nr_in);

/* The same; what is right for such a request, and with this result */
void group_written(struct group *group, uint16_t result, uint32_t counter);
void group_counted(struct group *group, uint32_t counter);
void group_holds(struct group *group, const struct model *model);

#endif /* GROUP_H */
