/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of the RPMB core share
 */
#ifndef __RPMB_INTERNAL_H
#define __RPMB_INTERNAL_H

#include <linux/cleanup.h>
#include <linux/err.h>
#include <linux/rpmb.h>
#include <linux/sizes.h>

#include "frame.h"

/**
 * struct rpmb_request - one request on its way through the core
 * @type: its type, once rpmb_request_prepare() has found it right
 * @req_len: bytes of the request
 * @resp_len: bytes of the response
 * @req: copy of the caller's request, with room for the result-read frame behind
 * @resp: where the response comes to
 * @xfers: the transfers that it takes
 * @nr_xfers: how many they are
 *
 * Belongs to one caller: alloc, fill @req, prepare, run, read @resp, free.
 */
struct rpmb_request {
	u16 type;
	unsigned int req_len;
	unsigned int resp_len;
	void *req;
	void *resp;
	struct rpmb_xfer xfers[3];
	unsigned int nr_xfers;
};

/* route.c */
struct rpmb_request *rpmb_request_alloc(unsigned int req_len,
					unsigned int resp_len, gfp_t gfp);
void rpmb_request_free(struct rpmb_request *rq);
int rpmb_request_prepare(struct rpmb_dev *rdev, struct rpmb_request *rq);
int rpmb_request_run(struct rpmb_dev *rdev, struct rpmb_request *rq);
DEFINE_FREE(rpmb_request, struct rpmb_request *, rpmb_request_free(_T))

/* core.c */
int rpmb_get_turn(struct rpmb_dev *rdev);
void rpmb_put_turn(struct rpmb_dev *rdev);

static inline unsigned int rpmb_capacity_blocks(const struct rpmb_dev *rdev)
{
	return rdev->descr.capacity *
	       (SZ_128K / rpmb_block_size(rdev->descr.frame_format));
}

/* cdev.c */
extern const struct file_operations rpmb_fops;

/* sysfs.c */
extern const struct attribute_group *rpmb_groups[];

#endif /* __RPMB_INTERNAL_H */
