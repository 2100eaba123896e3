// SPDX-License-Identifier: GPL-2.0-only
/*
 * Requests on their way: those that a controller keeps, in the order in which they
 * came, and how they end
 */
#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

struct nvme_request *nvme_request_new(struct nvme_controller *ctrl,
				      uint16_t queue,
				      const struct nvme_command *command,
				      uint32_t len)
{
	struct nvme_request *req = calloc(1, sizeof(*req) + len);

	if (!req)
		return NULL;
	req->ctrl = ctrl;
	req->queue = queue;
	req->command = *command;
	req->len = len;
	return req;
}

void nvme_reply(struct nvme_request *req, const void *data, uint32_t len)
{
	req->moved = len < req->len ? len : req->len;
	memcpy(req->data, data, req->moved);
}

void nvme_complete(struct nvme_request *req)
{
	req->ctrl->ops->complete(req->ctrl->front, req);
	free(req);
}

void nvme_refuse(struct nvme_request *req, enum nvme_status status)
{
	req->status = status;
	req->moved = 0;
	nvme_complete(req);
}

void nvme_hold(struct nvme_request *req, enum nvme_held why)
{
	struct nvme_request **at = &req->ctrl->held;

	while (*at)
		at = &(*at)->next;
	req->held = why;
	req->next = NULL;
	*at = req;
}

unsigned int nvme_count_held(const struct nvme_controller *ctrl,
			     enum nvme_held held)
{
	const struct nvme_request *req;
	unsigned int nr = 0;

	for (req = ctrl->held; req; req = req->next)
		nr += req->held == held;
	return nr;
}

static bool is_delayed(const struct nvme_request *req)
{
	return req->held == NVME_HELD_BEFORE || req->held == NVME_HELD_AFTER;
}

static bool is_due(const struct nvme_request *req)
{
	return req->held == NVME_HELD_TICKS && !req->ticks;
}

/* Those behind it stay */
static struct nvme_request *take(struct nvme_controller *ctrl,
				 bool (*matches)(const struct nvme_request *))
{
	struct nvme_request *req, **at;

	for (at = &ctrl->held; (req = *at); at = &req->next)
		if (matches(req)) {
			*at = req->next;
			return req;
		}
	return NULL;
}

struct nvme_request *nvme_take_delayed(struct nvme_controller *ctrl)
{
	return take(ctrl, is_delayed);
}

struct nvme_request *nvme_take_due(struct nvme_controller *ctrl)
{
	return take(ctrl, is_due);
}

void nvme_count_down(struct nvme_controller *ctrl)
{
	struct nvme_request *req;

	for (req = ctrl->held; req; req = req->next)
		if (req->ticks)
			req->ticks--;
}

void nvme_forget_all(struct nvme_controller *ctrl)
{
	struct nvme_request *req;

	while ((req = ctrl->held)) {
		ctrl->held = req->next;
		free(req);
	}
}

void nvme_forget(struct nvme_controller *ctrl, uint16_t queue)
{
	struct nvme_request *req, **at = &ctrl->held;

	while ((req = *at)) {
		if (req->queue != queue) {
			at = &req->next;
			continue;
		}
		*at = req->next;
		free(req);
	}
}

bool nvme_abort(struct nvme_controller *ctrl, uint16_t queue, uint16_t id)
{
	struct nvme_request *req, **at;

	for (at = &ctrl->held; (req = *at); at = &req->next) {
		if (req->queue != queue || le16toh(req->command.id) != id)
			continue;
		*at = req->next;
		nvme_refuse(req, NVME_ABORT_REQUESTED);
		return true;
	}
	return false;
}
