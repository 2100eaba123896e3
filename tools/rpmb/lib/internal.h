/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBRPMB_INTERNAL_H
#define LIBRPMB_INTERNAL_H

#include <pthread.h>
#include <stdalign.h>

#include "frame.h"
#include "librpmb.h"

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

/* Bytes in the largest block */
#define RPMB_MAX_BLOCK 512

struct rpmb_interface;

/*
 * @lock is held by every function of librpmb.h for as long as it runs, except for
 * those that only look at @info, which never changes; so requests of several
 * threads do not mix. @req and @resp are fit for both formats and for the longest
 * access. @access is how the caller opened the device: O_RDONLY, O_WRONLY, O_RDWR.
 * @kernel_key is the kernel's number of a key that it uses where the caller gives none,
 * or 0.
 */
struct rpmb {
	alignas(8) uint8_t req[RPMB_MAX_LEN];
	alignas(8) uint8_t resp[RPMB_MAX_LEN];
	pthread_mutex_t lock;
	const struct rpmb_interface *interface;
	int fd;
	int access;
	int32_t kernel_key;
	struct rpmb_info info;
	void (*progress)(void *arg, unsigned int done, unsigned int total);
	void *progress_arg;
};

/* Have the lock until the end of the block */
#define RPMB_GUARD(rpmb)						\
	__attribute__((cleanup(rpmb_unlock), unused))			\
	struct rpmb *rpmb_guarded = rpmb_lock(rpmb)

struct rpmb *rpmb_lock(struct rpmb *rpmb);
void rpmb_unlock(struct rpmb **rpmb);

/* The library's error for an errno, which is left as it is */
int rpmb_system_error(int error);

/* The same, having set errno */
int rpmb_set_error(int error);

/* Carry a request, with the lock held */
int rpmb_carry(struct rpmb *rpmb, struct rpmb_request *rq);

/*
 * What one request is to say, and what its response said. If it was a write that the
 * kernel has made with its own key, which has read back after a failure, @outcome is
 * what became of it and @resp.counter is the counter then.
 */
struct rpmb_exchange {
	struct rpmb_fields req;
	struct rpmb_fields resp;
	bool started;
	struct rpmb_outcome outcome;
};

/* Is it the kernel that makes the requests for which the caller has given @key? */
static inline bool rpmb_by_kernel(const struct rpmb *rpmb, const uint8_t *key)
{
	return !key && rpmb->kernel_key;
}

/* Such a request has the counter, and if it is carried out, increments it */
bool rpmb_has_counter(uint16_t type);

/* The library's error for the result field of a response */
int rpmb_result_error(const struct rpmb_fields *resp);

/* Prepare rpmb->req: frames for @blocks blocks of data with the fields of @x */
int rpmb_begin(struct rpmb *rpmb, struct rpmb_exchange *x, unsigned int blocks);

/* The same at @req, of several requests */
int rpmb_begin_at(struct rpmb *rpmb, uint8_t *req, struct rpmb_exchange *x,
		  unsigned int blocks);

/*
 * Put the MAC of the frames for @blocks blocks in rpmb->req into the last one, unless
 * the kernel does
 */
void rpmb_sign(struct rpmb *rpmb, const uint8_t *key, unsigned int blocks);

/*
 * Carry rpmb->req to the device; @req_blocks and @resp_blocks are the data in the
 * frames of request and response. The data of the response, in rpmb->resp, is authentic
 * if 0 is returned and there is a key: @key, or the kernel's if that is NULL.
 */
int rpmb_exchange(struct rpmb *rpmb, struct rpmb_exchange *x,
		  const uint8_t *key, unsigned int req_blocks,
		  unsigned int resp_blocks);

/* Is that the answer to @x->req? What it says is in @x->resp then. */
int rpmb_check_response(const struct rpmb *rpmb, struct rpmb_exchange *x,
			const uint8_t *key, uint8_t *resp, size_t len);

/* The same as frames, so without a key if @key is NULL */
int rpmb_exchange_frames(struct rpmb *rpmb, struct rpmb_exchange *x,
			 const uint8_t *key, unsigned int req_blocks,
			 unsigned int resp_blocks);

/* The same with the kernel's key */
int rpmb_keyed_exchange(struct rpmb *rpmb, struct rpmb_exchange *x,
			unsigned int req_blocks, unsigned int resp_blocks);

/* Most blocks of data whose frames can be carried at once */
unsigned int rpmb_max_blocks(const struct rpmb *rpmb);

/* Was it not even begun, for want of memory or of room, so that less may do? */
bool rpmb_was_too_long(int error, bool started);

int rpmb_check_range(const struct rpmb *rpmb, unsigned int addr,
		     unsigned int blocks);

void rpmb_report_progress(struct rpmb *rpmb, unsigned int done,
			  unsigned int total);

/* rpmb_read_counter() and rpmb_read(), with the lock held */
int rpmb_get_counter(struct rpmb *rpmb, const uint8_t *key, uint32_t *counter);
int rpmb_get_blocks(struct rpmb *rpmb, const uint8_t *key,
		    unsigned int addr, unsigned int blocks, void *data);

/* The data in a response of that many blocks */
void rpmb_get_data(const struct rpmb *rpmb, uint8_t *resp, unsigned int blocks,
		   uint8_t *data);

/*
 * Most requests with @key that the kernel takes in one go, at most RPMB_MAX_BATCH; no
 * more than one if it makes them, or does not take several
 */
unsigned int rpmb_max_batch(const struct rpmb *rpmb, const uint8_t *key);

/*
 * Read some of *@nr blocks, with at most @most of them in a request; *@nr is how many
 * then. None, without an error, if one request may be more than can be carried.
 */
int rpmb_read_batch(struct rpmb *rpmb, const uint8_t *key, unsigned int addr,
		    unsigned int *nr, unsigned int most, uint8_t *data);

/*
 * The same of all of them, with the counter before and after, or of none if these do not
 * go together
 */
int rpmb_read_batch_at_rest(struct rpmb *rpmb, const uint8_t *key,
			    unsigned int addr, unsigned int *nr,
			    unsigned int most, uint8_t *data,
			    uint32_t *before, uint32_t *after);

/*
 * Blocks and counter as they are at one time. If somebody writes meanwhile they are read
 * again, @retries times at most; then it is RPMB_ERR_COUNTER.
 */
int rpmb_get_at_rest(struct rpmb *rpmb, const uint8_t *key,
		     unsigned int addr, unsigned int blocks, void *data,
		     unsigned int retries, uint32_t *counter);

/* What became of one write request */
enum rpmb_fate {
	RPMB_FATE_NOT_WRITTEN,
	RPMB_FATE_STORED,
	RPMB_FATE_UNKNOWN,
};

/* Count @blocks blocks of such a fate */
void rpmb_count_outcome(struct rpmb_outcome *outcome, enum rpmb_fate fate,
			unsigned int blocks);

#endif /* LIBRPMB_INTERNAL_H */
