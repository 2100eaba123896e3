/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of the RPMB core share
 */
#ifndef __RPMB_INTERNAL_H
#define __RPMB_INTERNAL_H

#include <linux/cleanup.h>
#include <linux/err.h>
#include <linux/ktime.h>
#include <linux/rpmb.h>
#include <linux/sizes.h>

#include "frame.h"

/* Most transfers of a sequence */
#define RPMB_SEQUENCE_MAX	3

/* Most requests of a batch for which others who wait for the turn have to wait */
#define RPMB_BATCH_SHARE	16

struct file;
struct iov_iter;
struct key;

/**
 * struct rpmb_request - one request on its way through the core
 * @type: its type, once rpmb_request_prepare() has found it right
 * @req_len: bytes of the request
 * @resp_len: bytes of the response
 * @resp: where the response comes to, the beginning of the memory of all this
 * @req: copy of the caller's request, with room for the result-read frame behind
 * @xfers: the transfers that it takes: in @own, or in the list of its batch
 * @nr_xfers: how many they are
 * @own: room for them
 *
 * Belongs to one caller: alloc, fill @req, prepare, run, read @resp, free.
 */
struct rpmb_request {
	u16 type;
	unsigned int req_len;
	unsigned int resp_len;
	void *resp;
	void *req;
	struct rpmb_xfer *xfers;
	unsigned int nr_xfers;
	struct rpmb_xfer own[RPMB_SEQUENCE_MAX];
};

/**
 * struct rpmb_batch - requests that are carried in one turn, one after the other
 * @nr: how many they are
 * @max: how many there is room for
 * @req_len: bytes of all requests
 * @resp_len: bytes of all responses
 * @xfers: the transfers of all of them, in this order
 * @nr_xfers: how many they are
 * @rqs: the requests
 *
 * Belongs to one caller: alloc, add each, fill its @req, prepare it, run, free.
 */
struct rpmb_batch {
	unsigned int nr;
	unsigned int max;
	unsigned int req_len;
	unsigned int resp_len;
	struct rpmb_xfer *xfers;
	unsigned int nr_xfers;
	struct rpmb_request *rqs[];
};

/**
 * struct rpmb_run - requests that are carried in one turn
 * @rqs: the requests, prepared
 * @nr: how many they are
 * @user: for a program, which may be killed between two of them
 * @done: how many have their response, from the first on
 * @over: no more is to be begun
 * @ret: why, if one of them has failed
 * @start: when the one that is carried now began, if anybody traces its end; else 0
 *
 * On the stack of who has the turn.
 */
struct rpmb_run {
	struct rpmb_request *const *rqs;
	unsigned int nr;
	bool user;
	unsigned int done;
	bool over;
	int ret;
	ktime_t start;
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
DEFINE_FREE(rpmb_request, struct rpmb_request *, rpmb_request_free(_T))

/* batch.c */
struct rpmb_batch *rpmb_batch_alloc(unsigned int max, gfp_t gfp);
void rpmb_batch_free(struct rpmb_batch *batch);
struct rpmb_request *rpmb_batch_add(struct rpmb_batch *batch,
				    unsigned int req_len, unsigned int resp_len,
				    gfp_t gfp);
int rpmb_batch_prepare(struct rpmb_dev *rdev, struct rpmb_batch *batch,
		       struct rpmb_request *rq);
DEFINE_FREE(rpmb_batch, struct rpmb_batch *, rpmb_batch_free(_T))

/* run.c */
int rpmb_request_run(struct rpmb_dev *rdev, struct rpmb_request *rq, bool user);
int rpmb_batch_run(struct rpmb_dev *rdev, struct rpmb_batch *batch, bool user,
		   unsigned int *done);

/* turn.c */
void rpmb_turn_init(struct rpmb_turn *turn);
int rpmb_get_turn(struct rpmb_dev *rdev, bool user);
void rpmb_put_turn(struct rpmb_dev *rdev);
bool rpmb_turn_is_wanted(struct rpmb_dev *rdev);
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
int rpmb_may_route(const struct file *filp, u16 type);

/* cdev_batch.c */
int rpmb_ioctl_route_batch(const struct file *filp,
			   struct rpmb_ioc_route_batch __user *argp);

/**
 * struct rpmb_keyed - one call with a key of the kernel's keyring
 * @rdev: the device, to which the caller holds a reference
 * @key: the key, likewise
 * @user: for a program, which may be interrupted between two requests
 * @addr: first block
 * @count: number of blocks
 * @named: a write is for the counter that the caller has put into @counter
 * @hmac: the key, made ready to use
 * @counter: what the next write is signed with; the counter that was read
 * @started: the last request may have reached the device
 * @done: blocks read or stored so far
 * @unknown: blocks behind @done of which nobody knows whether they are stored
 * @result: result with which the device refused, else 0
 * @mismatch: why an answer was not believed, else 0
 *
 * Belongs to one caller, who fills in what he wants and __free(rpmb_keyed)s it. What
 * came of it is valid also on failure.
 */
struct rpmb_keyed {
	struct rpmb_dev *rdev;
	struct key *key;
	bool user;
	u32 addr;
	u32 count;
	bool named;
	struct rpmb_hmac *hmac;
	u32 counter;
	bool started;
	u32 done;
	u32 unknown;
	u16 result;
	enum rpmb_mismatch mismatch;
};

/* keyring.c */
int rpmb_key_read(struct key *key, u8 *raw);

/* keyed.c */
int rpmb_keyed_begin(struct rpmb_keyed *k);
int rpmb_keyed_program_key(struct rpmb_keyed *k);
int rpmb_keyed_get_counter(struct rpmb_keyed *k);
int rpmb_keyed_request(struct rpmb_keyed *k, u16 type, void *block);
DEFINE_FREE(rpmb_keyed, struct rpmb_keyed, rpmb_hmac_free(_T.hmac))

/* keyed_range.c */
int rpmb_keyed_check_range(const struct rpmb_keyed *k);
int rpmb_keyed_read(struct rpmb_keyed *k, struct iov_iter *to);
int rpmb_keyed_write(struct rpmb_keyed *k, const struct iov_iter *from);

/* keyed_ioctl.c */
#if IS_ENABLED(CONFIG_RPMB_KEYED)
int rpmb_ioctl_keyed(const struct file *filp, void __user *argp);
#else
static inline int rpmb_ioctl_keyed(const struct file *filp, void __user *argp)
{
	return -ENOTTY;
}
#endif

/* sysfs.c */
extern const struct attribute_group *rpmb_groups[];

#endif /* __RPMB_INTERNAL_H */
