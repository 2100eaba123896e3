// SPDX-License-Identifier: GPL-2.0-only
/*
 * Batches: requests that are carried one after the other in one turn
 */
#include <linux/export.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "internal.h"

/* A batch of at most @max requests, or -EINVAL, -EMSGSIZE or -ENOMEM */
struct rpmb_batch *rpmb_batch_alloc(unsigned int max, gfp_t gfp)
{
	struct rpmb_batch *batch;

	if (!max)
		return ERR_PTR(-EINVAL);
	if (max > RPMB_MAX_BATCH)
		return ERR_PTR(-EMSGSIZE);
	batch = kzalloc(struct_size(batch, rqs, max), gfp);
	if (!batch)
		return ERR_PTR(-ENOMEM);
	batch->xfers = kvcalloc(max * RPMB_SEQUENCE_MAX, sizeof(*batch->xfers),
				gfp);
	if (!batch->xfers) {
		kfree(batch);
		return ERR_PTR(-ENOMEM);
	}
	batch->max = max;
	return batch;
}

void rpmb_batch_free(struct rpmb_batch *batch)
{
	if (IS_ERR_OR_NULL(batch))
		return;
	for (unsigned int i = 0; i < batch->nr; i++)
		rpmb_request_free(batch->rqs[i]);
	kvfree(batch->xfers);
	kfree(batch);
}

/* All requests together are bounded as one is, and so are all responses */
static int rpmb_batch_take(struct rpmb_batch *batch, unsigned int req_len,
			   unsigned int resp_len)
{
	if (batch->nr == batch->max ||
	    req_len > RPMB_MAX_LEN - batch->req_len ||
	    resp_len > RPMB_MAX_LEN - batch->resp_len)
		return -EMSGSIZE;
	batch->req_len += req_len;
	batch->resp_len += resp_len;
	return 0;
}

/* One more request, to be filled and prepared; the errors are rpmb_request_alloc()'s */
struct rpmb_request *rpmb_batch_add(struct rpmb_batch *batch,
				    unsigned int req_len, unsigned int resp_len,
				    gfp_t gfp)
{
	int ret = rpmb_batch_take(batch, req_len, resp_len);
	struct rpmb_request *rq;

	if (ret)
		return ERR_PTR(ret);
	rq = rpmb_request_alloc(req_len, resp_len, gfp);
	if (!IS_ERR(rq))
		batch->rqs[batch->nr++] = rq;
	return rq;
}

/* As rpmb_request_prepare(); its transfers go behind those of the one before */
int rpmb_batch_prepare(struct rpmb_dev *rdev, struct rpmb_batch *batch,
		       struct rpmb_request *rq)
{
	int ret;

	rq->xfers = batch->xfers + batch->nr_xfers;
	ret = rpmb_request_prepare(rdev, rq);
	batch->nr_xfers += rq->nr_xfers;
	return ret;
}

static int rpmb_batch_add_route(struct rpmb_dev *rdev, struct rpmb_batch *batch,
				const struct rpmb_route *route)
{
	struct rpmb_request *rq;

	if (!route->req || !route->resp)
		return -EINVAL;
	rq = rpmb_batch_add(batch, route->req_len, route->resp_len, GFP_KERNEL);
	if (IS_ERR(rq))
		return PTR_ERR(rq);
	memcpy(rq->req, route->req, route->req_len);
	return rpmb_batch_prepare(rdev, batch, rq);
}

static int rpmb_batch_add_routes(struct rpmb_dev *rdev,
				 struct rpmb_batch *batch,
				 const struct rpmb_route *routes,
				 unsigned int nr)
{
	int ret = 0;

	for (unsigned int i = 0; i < nr && !ret; i++)
		ret = rpmb_batch_add_route(rdev, batch, &routes[i]);
	return ret;
}

/* What became of them; responses come only of those that are done */
static void rpmb_batch_answer(const struct rpmb_batch *batch,
			      struct rpmb_route *routes, unsigned int done)
{
	for (unsigned int i = 0; i < batch->nr; i++) {
		const struct rpmb_request *rq = batch->rqs[i];

		routes[i].started = rq->xfers[0].started;
		if (i < done)
			memcpy(routes[i].resp, rq->resp, rq->resp_len);
	}
}

/**
 * rpmb_route_batch() - carry requests to the device, one after the other, in one turn
 * @rdev: RPMB device, to which the caller holds a reference
 * @routes: the requests, and where their responses go
 * @nr: how many they are, 1 to %RPMB_MAX_BATCH; the requests have %RPMB_MAX_LEN bytes
 *	at most together, and so have the responses
 * @done: how many were carried: those from the first on have their response; also on
 *	failure
 *
 * Lengths and fields of all are checked before the first one is begun; what is more than
 * the device or the path to it carries is found when its turn comes, and @done says what
 * was done before. They end with the first that fails; a write whose result says that the
 * device has not done it is such a failure, and has its response. When others wait for the
 * device, they end after some. What was foreseen for the rest, such as the write counter,
 * then holds no longer: who goes on takes it from an authentic response, that of the last
 * write or of a counter read. Otherwise a later request could be done though an earlier
 * one was not. For the same reason no two writes of a batch may be signed for the same
 * counter. What was signed and not done could be delivered late: see
 * struct rpmb_ioc_route_batch.
 *
 * A device may have been given requests behind the one that failed; @started says of
 * each whether it may have reached it. Everything else is as with rpmb_route_frames().
 *
 * Context: may sleep.
 * Return: 0, or the error of the request behind the @done that were carried; 0 with
 * less than all carried: the last of them was refused, or others wait
 */
int rpmb_route_batch(struct rpmb_dev *rdev, struct rpmb_route *routes,
		     unsigned int nr, unsigned int *done)
{
	struct rpmb_batch *batch __free(rpmb_batch) = NULL;
	int ret;

	if (!done)
		return -EINVAL;
	*done = 0;
	if (!rdev || !routes)
		return -EINVAL;
	for (unsigned int i = 0; i < nr; i++)
		routes[i].started = false;

	batch = rpmb_batch_alloc(nr, GFP_KERNEL);
	if (IS_ERR(batch))
		return PTR_ERR(batch);
	ret = rpmb_batch_add_routes(rdev, batch, routes, nr);
	if (ret)
		return ret;
	ret = rpmb_batch_run(rdev, batch, false, done);
	rpmb_batch_answer(batch, routes, *done);
	return ret;
}
EXPORT_SYMBOL_GPL(rpmb_route_batch);
