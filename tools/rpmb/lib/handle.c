// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Handles: opened, locked, closed
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "interface.h"
#include "names.h"

static int open_file(struct rpmb *rpmb, const struct rpmb_name *name, int flags)
{
	struct rpmb_place place = { .dir = name->dir, .target = name->target };

	rpmb->interface = name->interface;
	rpmb->access = flags & O_ACCMODE;
	/* The others need the right to write for any request, even one that reads */
	if (rpmb->interface != &rpmb_device_interface)
		flags = (flags & ~O_ACCMODE) | O_RDWR;
	rpmb->fd = open(name->path, flags | O_CLOEXEC);
	if (rpmb->fd < 0)
		return rpmb_system_error(errno);

	place.fd = rpmb->fd;
	rpmb_set_name(&rpmb->info, rpmb->interface, name->file, name->target);
	return rpmb->interface->get_info(&place, &rpmb->info);
}

static int open_named(struct rpmb **rpmb, const struct rpmb_name *name,
		      int flags)
{
	struct rpmb *new = calloc(1, sizeof(*new));
	int ret;

	if (!new)
		return RPMB_ERR_MEMORY;
	pthread_mutex_init(&new->lock, NULL);
	ret = open_file(new, name, flags);
	if (ret)
		rpmb_close(new);
	else
		*rpmb = new;
	return ret;
}

int rpmb_open(struct rpmb **rpmb, const char *name, int flags)
{
	struct rpmb_name found;
	int ret;

	*rpmb = NULL;
	ret = rpmb_find_name(&found, name);
	if (ret)
		return ret;
	ret = open_named(rpmb, &found, flags);
	free(found.path);
	return ret;
}

void rpmb_close(struct rpmb *rpmb)
{
	int saved = errno;

	if (!rpmb)
		return;
	if (rpmb->fd >= 0)
		close(rpmb->fd);
	pthread_mutex_destroy(&rpmb->lock);
	explicit_bzero(rpmb, sizeof(*rpmb));
	free(rpmb);
	errno = saved;
}

struct rpmb *rpmb_lock(struct rpmb *rpmb)
{
	pthread_mutex_lock(&rpmb->lock);
	return rpmb;
}

void rpmb_unlock(struct rpmb **rpmb)
{
	pthread_mutex_unlock(&(*rpmb)->lock);
}

const struct rpmb_info *rpmb_info(const struct rpmb *rpmb)
{
	return &rpmb->info;
}

void rpmb_set_progress(struct rpmb *rpmb,
		       void (*progress)(void *arg, unsigned int done,
					unsigned int total),
		       void *arg)
{
	RPMB_GUARD(rpmb);
	rpmb->progress = progress;
	rpmb->progress_arg = arg;
}

void rpmb_report_progress(struct rpmb *rpmb, unsigned int done,
			  unsigned int total)
{
	if (rpmb->progress)
		rpmb->progress(rpmb->progress_arg, done, total);
}

int rpmb_carry(struct rpmb *rpmb, struct rpmb_request *rq)
{
	if (rq->req_len > RPMB_MAX_LEN || rq->resp_len > RPMB_MAX_LEN)
		return RPMB_ERR_TOO_LONG;
	return rpmb->interface->carry(rpmb, rq);
}

int rpmb_route(struct rpmb *rpmb, const void *req, size_t req_len, void *resp,
	       size_t resp_len, bool *started)
{
	struct rpmb_request rq = {
		.req = req,
		.req_len = req_len,
		.resp = resp,
		.resp_len = resp_len,
	};
	int ret;

	RPMB_GUARD(rpmb);
	ret = rpmb_carry(rpmb, &rq);
	if (started)
		*started = rq.started;
	return ret;
}

/* How many go in one call, of an interface whose calls end with one that is refused */
static unsigned int together(const struct rpmb *rpmb,
			     const struct rpmb_request *requests,
			     unsigned int nr)
{
	size_t req_left = RPMB_MAX_LEN, resp_left = RPMB_MAX_LEN;
	unsigned int i;

	if (rpmb->interface->runs_on)
		return 1;
	for (i = 0; i < nr && i < rpmb->info.max_batch; i++) {
		if (requests[i].req_len > req_left ||
		    requests[i].resp_len > resp_left)
			break;
		req_left -= requests[i].req_len;
		resp_left -= requests[i].resp_len;
	}
	return i;
}

int rpmb_route_batch(struct rpmb *rpmb, struct rpmb_request *requests,
		     unsigned int nr, unsigned int *done)
{
	unsigned int i;
	int ret;

	RPMB_GUARD(rpmb);
	*done = 0;
	if (!nr)
		return RPMB_ERR_ARGUMENT;
	for (i = 0; i < nr; i++)
		requests[i].started = false;
	nr = together(rpmb, requests, nr < RPMB_MAX_BATCH ? nr : RPMB_MAX_BATCH);
	if (nr > 1)
		return rpmb->interface->carry_batch(rpmb, requests, nr, done);
	ret = rpmb_carry(rpmb, requests);
	*done = !ret;
	return ret;
}
