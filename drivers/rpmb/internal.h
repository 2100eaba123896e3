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

struct file;
struct iov_iter;
struct key;

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
int rpmb_may_route(const struct file *filp, u16 type);

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
int rpmb_keyed_check_range(const struct rpmb_keyed *k);
int rpmb_keyed_program_key(struct rpmb_keyed *k);
int rpmb_keyed_get_counter(struct rpmb_keyed *k);
int rpmb_keyed_read(struct rpmb_keyed *k, struct iov_iter *to);
int rpmb_keyed_write(struct rpmb_keyed *k, struct iov_iter *from);
int rpmb_keyed_request(struct rpmb_keyed *k, u16 type, void *block);
DEFINE_FREE(rpmb_keyed, struct rpmb_keyed, rpmb_hmac_free(_T.hmac))

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
