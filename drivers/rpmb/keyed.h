/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of the keyed interface share
 */
#ifndef __RPMB_KEYED_H
#define __RPMB_KEYED_H

#include "internal.h"

/**
 * struct rpmb_exchange - one request and its response
 * @req: what the request says
 * @resp: what the response says, to be believed if there was no error
 * @rq: the frames of both
 */
struct rpmb_exchange {
	struct rpmb_fields req;
	struct rpmb_fields resp;
	struct rpmb_request *rq;
};

static inline enum rpmb_frame_format
rpmb_keyed_format(const struct rpmb_keyed *k)
{
	return k->rdev->descr.frame_format;
}

/* Memory for a program is the program's */
static inline gfp_t rpmb_keyed_gfp(const struct rpmb_keyed *k)
{
	return k->user ? GFP_KERNEL_ACCOUNT : GFP_KERNEL;
}

/* keyed.c */
int rpmb_exchange_begin(const struct rpmb_keyed *k, struct rpmb_exchange *x,
			unsigned int out, unsigned int in);
void rpmb_exchange_end(struct rpmb_exchange *x);
int rpmb_exchange_seal(const struct rpmb_keyed *k, struct rpmb_exchange *x);
int rpmb_exchange_run(struct rpmb_keyed *k, struct rpmb_exchange *x);
int rpmb_exchange_check(struct rpmb_keyed *k, struct rpmb_exchange *x);

#endif /* __RPMB_KEYED_H */
