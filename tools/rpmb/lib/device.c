// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A device and its file: all that reaches the kernel goes through here
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/ioctl.h>

#include "internal.h"
#include "names.h"

static void name_of_path(char *name, size_t size, const char *path)
{
	const char *slash = strrchr(path, '/');

	snprintf(name, size, "%s", slash ? slash + 1 : path);
}

static int get_info(int fd, struct rpmb_info *info)
{
	struct rpmb_ioc_info ioc = {
		.size = sizeof(ioc),
		.dev_id = (uintptr_t)info->dev_id,
		.dev_id_len = sizeof(info->dev_id),
	};

	if (ioctl(fd, RPMB_IOC_INFO, &ioc))
		return rpmb_system_error(errno);
	if (ioc.dev_id_len > sizeof(info->dev_id) ||
	    ioc.frame_format > RPMB_FRAME_NVME ||
	    ioc.block_size != rpmb_block_size(ioc.frame_format))
		return RPMB_ERR_UNSUPPORTED;

	info->frame_format = ioc.frame_format;
	info->transport = ioc.transport;
	info->block_size = ioc.block_size;
	info->capacity = ioc.capacity;
	info->write_sizes = ioc.write_sizes;
	info->max_read = ioc.max_read;
	info->request_types = ioc.request_types;
	info->target = ioc.target;
	info->dev_id_len = ioc.dev_id_len;
	return 0;
}

static int open_path(struct rpmb *rpmb, const char *path, int flags)
{
	rpmb->fd = open(path, flags | O_CLOEXEC);
	if (rpmb->fd < 0)
		return rpmb_system_error(errno);
	name_of_path(rpmb->info.name, sizeof(rpmb->info.name), path);
	return get_info(rpmb->fd, &rpmb->info);
}

int rpmb_open(struct rpmb **rpmb, const char *name, int flags)
{
	struct rpmb *new;
	char *path;
	int ret;

	*rpmb = NULL;
	ret = rpmb_find_path(name, &path);
	if (ret)
		return ret;
	new = calloc(1, sizeof(*new));
	if (!new) {
		free(path);
		return RPMB_ERR_MEMORY;
	}
	pthread_mutex_init(&new->lock, NULL);

	ret = open_path(new, path, flags);
	free(path);
	if (ret)
		rpmb_close(new);
	else
		*rpmb = new;
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

int rpmb_carry(struct rpmb *rpmb, const void *req, size_t req_len, void *resp,
	       size_t resp_len, bool *started)
{
	struct rpmb_ioc_route_frames ioc = {
		.size = sizeof(ioc),
		.req_len = req_len,
		.resp_len = resp_len,
		.req = (uintptr_t)req,
		.resp = (uintptr_t)resp,
	};
	int ret = 0;

	if (started)
		*started = false;
	if (req_len > RPMB_MAX_LEN || resp_len > RPMB_MAX_LEN)
		return RPMB_ERR_TOO_LONG;

	if (ioctl(rpmb->fd, RPMB_IOC_ROUTE_FRAMES, &ioc))
		ret = rpmb_system_error(errno);
	if (started)
		*started = ioc.out_flags & RPMB_ROUTE_STARTED;
	return ret;
}

int rpmb_route(struct rpmb *rpmb, const void *req, size_t req_len, void *resp,
	       size_t resp_len, bool *started)
{
	RPMB_GUARD(rpmb);
	return rpmb_carry(rpmb, req, req_len, resp, resp_len, started);
}
