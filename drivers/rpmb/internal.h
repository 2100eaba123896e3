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

#if IS_ENABLED(CONFIG_KUNIT)
/* core.c, for tests */
extern unsigned int rpmb_suspend_timeout;
#endif

/* route.c */
struct rpmb_request *rpmb_request_alloc(unsigned int req_len,
					unsigned int resp_len, gfp_t gfp);
void rpmb_request_free(struct rpmb_request *rq);
int rpmb_request_prepare(struct rpmb_dev *rdev, struct rpmb_request *rq);
int rpmb_request_run(struct rpmb_dev *rdev, struct rpmb_request *rq, bool user);
DEFINE_FREE(rpmb_request, struct rpmb_request *, rpmb_request_free(_T))

/* turn.c */
void rpmb_turn_init(struct rpmb_turn *turn);
int rpmb_get_turn(struct rpmb_dev *rdev, bool user);
void rpmb_put_turn(struct rpmb_dev *rdev);
bool rpmb_stop_line(struct rpmb_dev *rdev, unsigned long timeout);
void rpmb_start_line(struct rpmb_dev *rdev);

static inline unsigned int rpmb_capacity_blocks(const struct rpmb_dev *rdev)
{
	return rdev->descr.capacity *
	       (SZ_128K / rpmb_block_size(rdev->descr.frame_format));
}

/* cdev.c */
extern const struct file_operations rpmb_fops;
int rpmb_copy_cmd(void *cmd, size_t size, size_t min_size,
		  const void __user *argp, u32 *user_size);
int rpmb_copy_result(void __user *argp, const void *cmd, size_t size,
		     u32 user_size);

/* sysfs.c */
extern const struct attribute_group *rpmb_groups[];

#endif /* __RPMB_INTERNAL_H */
