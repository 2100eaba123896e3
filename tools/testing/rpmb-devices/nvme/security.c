// SPDX-License-Identifier: GPL-2.0-only
/*
 * Security Send and Receive: frames in and out of the engines of the RPMB targets
 *
 * Base Specification 2.1, section 8.1.21. That the target of the frame is the one of
 * the command is the controller's to check; all else is the target's, which says it in
 * its answer.
 */
#include <endian.h>
#include <stddef.h>

#include "internal.h"

#define PROTOCOL_NVME 0xea
#define PROTOCOL_RPMB 0x0001
#define HEADER_LEN sizeof(struct rpmb_nvme_frame)

/* Fields of dword 10 */
#define PROTOCOL(dw10) ((dw10) >> 24)
#define PROTOCOL_SPECIFIC(dw10) ((dw10) >> 8 & 0xffff)
#define TARGET(dw10) ((dw10) & 0xff)

static bool is_send(const struct nvme_request *req)
{
	return req->command.opcode == NVME_SECURITY_SEND;
}

/* The target that a command is for; NULL if there is none, or the command is wrong */
static struct nvme_target *find_target(const struct nvme_request *req)
{
	struct nvme_subsystem *subsys = req->ctrl->subsys;
	uint32_t dw10 = le32toh(req->command.dw10);

	if (!subsys->config.security || PROTOCOL(dw10) != PROTOCOL_NVME ||
	    PROTOCOL_SPECIFIC(dw10) != PROTOCOL_RPMB ||
	    TARGET(dw10) >= subsys->config.targets)
		return NULL;
	return &subsys->targets[TARGET(dw10)];
}

static uint16_t type_of(const struct nvme_request *req)
{
	const struct rpmb_nvme_frame *frame = (const void *)req->data;

	return req->len >= HEADER_LEN ? le16toh(frame->req_resp) : 0;
}

static bool is_security(const struct nvme_request *req)
{
	return !req->queue && (is_send(req) ||
			       req->command.opcode == NVME_SECURITY_RECEIVE);
}

/* The type of what is sent, and of what was sent last if something is fetched */
struct fault_point nvme_fault_point(const struct nvme_request *req)
{
	const struct nvme_target *target;
	struct fault_point point = {
		.command = req->command.opcode,
		.partition = req->queue ? NVME_PART_NAMESPACE : NVME_PART_ADMIN,
	};

	target = is_security(req) ? find_target(req) : NULL;
	if (target) {
		point.partition = target - req->ctrl->subsys->targets;
		point.type = is_send(req) ? type_of(req) :
					    target->area.last_type;
	}
	return point;
}

static uint16_t send(struct nvme_target *target, struct nvme_request *req)
{
	const struct rpmb_nvme_frame *frame = (const void *)req->data;

	if (req->len < HEADER_LEN ||
	    frame->target != target - req->ctrl->subsys->targets)
		return NVME_INVALID_FIELD;
	area_note(&target->area, type_of(req));
	rpmb_engine_request(&target->area.engine, req->data, req->len);
	return NVME_SUCCESS;
}

/* A response that does not fit waits for a command that has room for it */
static uint16_t receive(struct nvme_target *target, struct nvme_request *req)
{
	struct fault_point point = nvme_fault_point(req);
	uint32_t lie = AREA_HONEST;

	if (!target->area.engine.ready)
		return NVME_SEQUENCE_ERROR;
	faults_happen(&req->ctrl->subsys->faults, NVME_FORGE, &point, &lie);
	req->moved = area_respond(&target->area, req->data, req->len, lie);
	return req->moved ? NVME_SUCCESS : NVME_INVALID_FIELD;
}

uint16_t nvme_security(struct nvme_request *req)
{
	struct nvme_target *target = find_target(req);

	if (!req->ctrl->subsys->config.security)
		return NVME_INVALID_OPCODE;
	if (!target)
		return NVME_INVALID_FIELD;
	return is_send(req) ? send(target, req) : receive(target, req);
}
