// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Requests that the kernel makes, signs and judges, with a key of its keyring
 *
 * It wants numbers and data where a device wants frames. So the data is taken out of
 * rpmb->req before, and put into rpmb->resp afterwards, and whoever has an exchange
 * to make need not know whose the key is.
 */
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>

#include "internal.h"

int rpmb_use_kernel_key(struct rpmb *rpmb, int32_t serial)
{
	RPMB_GUARD(rpmb);
	if (serial < 0)
		return RPMB_ERR_ARGUMENT;
	if (serial && !rpmb->info.keyed_types)
		return RPMB_ERR_KERNEL_KEY_UNSUPPORTED;
	rpmb->kernel_key = serial;
	return 0;
}

/* The library's error for what is wrong with a response */
static int mismatch_error(uint32_t mismatch)
{
	if (mismatch > RPMB_MISMATCH_COUNTER)
		return RPMB_ERR_RESPONSE_FRAMES;
	return RPMB_ERR_RESPONSE_FRAMES - (mismatch - RPMB_MISMATCH_FRAMES);
}

/* The library's error for an errno, where that is about the key */
static int key_error(int error)
{
	switch (error) {
	case ENOKEY:
		return RPMB_ERR_KERNEL_KEY_NONE;
	case EKEYREJECTED:
		return RPMB_ERR_KERNEL_KEY_KIND;
	case EACCES:
		return RPMB_ERR_KERNEL_KEY_DENIED;
	case EKEYREVOKED:
		return RPMB_ERR_KERNEL_KEY_REVOKED;
	case EKEYEXPIRED:
		return RPMB_ERR_KERNEL_KEY_EXPIRED;
	case EOVERFLOW:
		return RPMB_ERR_EXPIRED;
	default:
		return rpmb_system_error(error);
	}
}

/* What the device has said comes first: errors for that are used for the key as well */
static int keyed_error(const struct rpmb_ioc_keyed *ioc, int error)
{
	const struct rpmb_fields resp = {
		.type = rpmb_response_type(ioc->type),
		.result = ioc->result,
	};

	if (ioc->result)
		return rpmb_result_error(&resp);
	if (ioc->mismatch)
		return mismatch_error(ioc->mismatch);
	return key_error(error);
}

/* A JEDEC frame has a block in any case */
static unsigned int blocks_in_frames(const struct rpmb *rpmb,
				     unsigned int blocks)
{
	return rpmb->info.frame_format == RPMB_FRAME_JEDEC && !blocks ? 1 :
									blocks;
}

/* Move the blocks in the frames of rpmb->req to its beginning, one after the other */
static void take_data(struct rpmb *rpmb, unsigned int blocks)
{
	unsigned int block_size = rpmb->info.block_size, i;

	for (i = 0; i < blocks_in_frames(rpmb, blocks); i++)
		memmove(rpmb->req + (size_t)i * block_size,
			rpmb_frames_data(rpmb->info.frame_format, rpmb->req, i),
			block_size);
}

/* Put them from there into frames of rpmb->resp, where they are looked for */
static void put_data(struct rpmb *rpmb, unsigned int blocks)
{
	unsigned int block_size = rpmb->info.block_size, i;

	for (i = 0; i < blocks_in_frames(rpmb, blocks); i++)
		memcpy(rpmb_frames_data(rpmb->info.frame_format, rpmb->resp, i),
		       rpmb->req + (size_t)i * block_size, block_size);
}

int rpmb_keyed_exchange(struct rpmb *rpmb, struct rpmb_exchange *x,
			unsigned int req_blocks, unsigned int resp_blocks)
{
	struct rpmb_ioc_keyed ioc = {
		.size = sizeof(ioc),
		.type = x->req.type,
		.key = rpmb->kernel_key,
		.addr = x->req.addr,
		.count = x->req.count,
	};
	int ret = 0;

	if (rpmb_has_counter(x->req.type)) {
		ioc.flags = RPMB_KEYED_COUNTER;
		ioc.counter = x->req.counter;
	}
	if (x->req.type != RPMB_PROGRAM_KEY &&
	    x->req.type != RPMB_GET_WRITE_COUNTER)
		ioc.data = (uintptr_t)rpmb->req;

	take_data(rpmb, req_blocks);
	if (ioctl(rpmb->fd, RPMB_IOC_KEYED, &ioc))
		ret = keyed_error(&ioc, errno);
	else
		put_data(rpmb, resp_blocks);
	x->started = ioc.out_flags & RPMB_ROUTE_STARTED;
	x->resp.counter = ioc.counter;
	x->outcome.stored = ioc.done;
	x->outcome.unknown = ioc.unknown;
	return ret;
}
