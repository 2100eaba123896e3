/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBRPMB_INTERNAL_H
#define LIBRPMB_INTERNAL_H

#include <stdalign.h>

#include "frame.h"
#include "librpmb.h"

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

/* req and resp are fit for both formats and for the longest access */
struct rpmb {
	alignas(8) uint8_t req[RPMB_MAX_LEN];
	alignas(8) uint8_t resp[RPMB_MAX_LEN];
	int fd;
	struct rpmb_info info;
	void (*progress)(void *arg, unsigned int done, unsigned int total);
	void *progress_arg;
};

/* The library's error for an errno, which is left as it is */
int rpmb_system_error(int error);

/* What one request is to say, and what its response said */
struct rpmb_exchange {
	struct rpmb_fields req;
	struct rpmb_fields resp;
	bool started;
};

/* Prepare rpmb->req: frames for @blocks blocks of data with the fields of @x */
int rpmb_begin(struct rpmb *rpmb, struct rpmb_exchange *x, unsigned int blocks);

/*
 * Carry rpmb->req to the device; @req_blocks and @resp_blocks are the data in the
 * frames of request and response. The response, in rpmb->resp, is authentic if 0
 * is returned and @key is not NULL.
 */
int rpmb_exchange(struct rpmb *rpmb, struct rpmb_exchange *x,
		  const uint8_t *key, unsigned int req_blocks,
		  unsigned int resp_blocks);

/* Most blocks of data whose frames can be carried at once */
unsigned int rpmb_max_blocks(const struct rpmb *rpmb);

int rpmb_check_range(const struct rpmb *rpmb, unsigned int addr,
		     unsigned int blocks);

void rpmb_report_progress(struct rpmb *rpmb, unsigned int done,
			  unsigned int total);

#endif /* LIBRPMB_INTERNAL_H */
