// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioctl(RPMB_IOC_ROUTE_BATCH)
 */
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/slab.h>
#include <linux/stddef.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "internal.h"

/* What the structures were when they were new; never changed */
#define RPMB_BATCH_MIN_SIZE	offsetofend(struct rpmb_ioc_route_batch, __reserved)
#define RPMB_BATCH_REQUEST_MIN_SIZE	offsetofend(struct rpmb_batch_request, resp)

/* As far apart as the caller's are */
static struct rpmb_batch_request __user *
rpmb_batch_at(const struct rpmb_ioc_route_batch *cmd, u32 i)
{
	return u64_to_user_ptr(cmd->requests + (u64)i * cmd->request_size);
}

static int rpmb_batch_copy(const struct rpmb_ioc_route_batch *cmd,
			   struct rpmb_batch_request *requests)
{
	int ret = 0;

	for (u32 i = 0; i < cmd->nr && !ret; i++)
		ret = copy_struct_from_user(&requests[i], sizeof(*requests),
					    rpmb_batch_at(cmd, i),
					    cmd->request_size);
	return ret;
}

/* The request is judged by the core's copy, which the caller cannot change */
static int rpmb_batch_add_user(const struct file *filp,
			       struct rpmb_batch *batch,
			       const struct rpmb_batch_request *request)
{
	struct rpmb_request *rq;
	int ret;

	if (request->__reserved)
		return -EOPNOTSUPP;
	rq = rpmb_batch_add(batch, request->req_len, request->resp_len,
			    GFP_KERNEL_ACCOUNT);
	if (IS_ERR(rq))
		return PTR_ERR(rq);
	if (copy_from_user(rq->req, u64_to_user_ptr(request->req), rq->req_len))
		return -EFAULT;
	ret = rpmb_batch_prepare(filp->private_data, batch, rq);
	return ret ?: rpmb_may_route(filp, rq->type);
}

static int rpmb_batch_clear_started(const struct rpmb_ioc_route_batch *cmd)
{
	for (u32 i = 0; i < cmd->nr; i++)
		if (put_user(0, &rpmb_batch_at(cmd, i)->out_flags))
			return -EFAULT;
	return 0;
}

/* How far each got is said also, and above all, on failure */
static int rpmb_batch_say_started(const struct rpmb_batch *batch,
				  const struct rpmb_ioc_route_batch *cmd)
{
	for (unsigned int i = 0; i < batch->nr; i++) {
		u32 flags = batch->rqs[i]->xfers[0].started ?
			    RPMB_ROUTE_STARTED : 0;

		if (put_user(flags, &rpmb_batch_at(cmd, i)->out_flags))
			return -EFAULT;
	}
	return 0;
}

/* Responses of the first *@done; of fewer, if there is no memory for one of them */
static int rpmb_batch_answer_user(const struct rpmb_batch *batch,
				  const struct rpmb_batch_request *requests,
				  unsigned int *done)
{
	for (unsigned int i = 0; i < *done; i++) {
		const struct rpmb_request *rq = batch->rqs[i];

		if (copy_to_user(u64_to_user_ptr(requests[i].resp), rq->resp,
				 rq->resp_len)) {
			*done = i;
			return -EFAULT;
		}
	}
	return 0;
}

static int rpmb_batch_carry_user(const struct file *filp,
				 struct rpmb_batch *batch,
				 const struct rpmb_batch_request *requests,
				 struct rpmb_ioc_route_batch *cmd)
{
	int ret, said, answered;

	/* Nothing is sent if it could not be said afterwards that it was */
	ret = rpmb_batch_clear_started(cmd);
	for (u32 i = 0; i < cmd->nr && !ret; i++)
		ret = rpmb_batch_add_user(filp, batch, &requests[i]);
	if (ret)
		return ret;

	ret = rpmb_batch_run(filp->private_data, batch, true, &cmd->done);
	said = rpmb_batch_say_started(batch, cmd);
	answered = rpmb_batch_answer_user(batch, requests, &cmd->done);
	return said ?: answered ?: ret;
}

static int rpmb_route_batch_user(const struct file *filp,
				 struct rpmb_ioc_route_batch *cmd)
{
	struct rpmb_batch *batch __free(rpmb_batch) =
		rpmb_batch_alloc(cmd->nr, GFP_KERNEL_ACCOUNT);
	struct rpmb_batch_request *requests __free(kvfree) = NULL;
	int ret;

	if (IS_ERR(batch))
		return PTR_ERR(batch);
	requests = kvcalloc(cmd->nr, sizeof(*requests), GFP_KERNEL_ACCOUNT);
	if (!requests)
		return -ENOMEM;
	ret = rpmb_batch_copy(cmd, requests);
	return ret ?: rpmb_batch_carry_user(filp, batch, requests, cmd);
}

int rpmb_ioctl_route_batch(const struct file *filp,
			   struct rpmb_ioc_route_batch __user *argp)
{
	struct rpmb_ioc_route_batch cmd;
	u32 user_size;
	int ret;

	ret = rpmb_copy_cmd(&cmd, sizeof(cmd), RPMB_BATCH_MIN_SIZE, argp,
			    &user_size);
	if (ret)
		return ret;

	cmd.done = 0;
	if (put_user(cmd.done, &argp->done))
		return -EFAULT;
	if (cmd.flags || cmd.__reserved)
		return -EOPNOTSUPP;
	if (cmd.request_size < RPMB_BATCH_REQUEST_MIN_SIZE)
		return -EINVAL;
	if (cmd.request_size > PAGE_SIZE)
		return -E2BIG;
	ret = rpmb_route_batch_user(filp, &cmd);
	if (put_user(cmd.done, &argp->done))
		return -EFAULT;
	return ret;
}
