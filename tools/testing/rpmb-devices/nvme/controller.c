// SPDX-License-Identifier: GPL-2.0-only
/*
 * An NVMe controller: its life, and how a request goes
 */
#include <stdlib.h>
#include <string.h>

#include "internal.h"

const char *const nvme_fault_names[NVME_NR_FAULTS] = {
	[NVME_LOST_REQUEST] = "lost-request",
	[NVME_LOST_RESPONSE] = "lost-response",
	[NVME_DELAY_BEFORE] = "delay-before",
	[NVME_DELAY_AFTER] = "delay-after",
	[NVME_FATAL_BEFORE] = "fatal-before",
	[NVME_FATAL_AFTER] = "fatal-after",
	[NVME_REMOVE_BEFORE] = "remove-before",
	[NVME_REMOVE_AFTER] = "remove-after",
	[NVME_POWER_BEFORE] = "power-before",
	[NVME_POWER_AFTER] = "power-after",
	[NVME_EXIT_BEFORE] = "exit-before",
	[NVME_EXIT_AFTER] = "exit-after",
	[NVME_STATUS_BEFORE] = "status-before",
	[NVME_STATUS_AFTER] = "status-after",
	[NVME_SHORT] = "short",
	[NVME_FORGE] = "forge",
};

bool nvme_is_ready(const struct nvme_controller *ctrl)
{
	return ctrl->csts & NVME_CSTS_READY && !(ctrl->csts & NVME_CSTS_FATAL) &&
	       !ctrl->silent && !ctrl->removed;
}

void nvme_fail(struct nvme_controller *ctrl)
{
	ctrl->csts |= NVME_CSTS_FATAL;
}

void nvme_reset(struct nvme_controller *ctrl)
{
	nvme_forget_all(ctrl);
	ctrl->cc = 0;
	ctrl->csts = 0;
	ctrl->silent = false;
	memset(ctrl->features, 0, sizeof(ctrl->features));
	if (ctrl->subsys->config.lose_results)
		nvme_targets_power_off(ctrl->subsys);
	ctrl->ops->stop(ctrl->front);
}

void nvme_stop(struct nvme_subsystem *subsys)
{
	unsigned int i;

	for (i = 0; i < subsys->nr_controllers; i++)
		nvme_reset(subsys->controllers[i]);
}

static bool is_idle(const struct nvme_subsystem *subsys)
{
	unsigned int i;

	for (i = 0; i < subsys->nr_controllers; i++)
		if (subsys->controllers[i]->cc & NVME_CC_ENABLE)
			return false;
	return true;
}

void nvme_power_off(struct nvme_controller *ctrl)
{
	ctrl->removed = false;
	nvme_reset(ctrl);
	if (is_idle(ctrl->subsys))
		nvme_targets_power_off(ctrl->subsys);
}

static void remove_controller(struct nvme_controller *ctrl)
{
	nvme_reset(ctrl);
	ctrl->removed = true;
	ctrl->ops->gone(ctrl->front);
}

/* Only the NVM command set, and pages of 4 KiB */
static bool is_usable(uint32_t cc)
{
	return !(cc & (NVME_CC_COMMAND_SET | NVME_CC_PAGE_SIZE));
}

static void enable(struct nvme_controller *ctrl)
{
	if (is_usable(ctrl->cc) && ctrl->ops->start(ctrl->front))
		ctrl->csts |= NVME_CSTS_READY;
	else
		nvme_fail(ctrl);
}

/* Whatever else the host writes means nothing while the controller is enabled */
static void configure(struct nvme_controller *ctrl, uint32_t cc)
{
	bool was_enabled = ctrl->cc & NVME_CC_ENABLE;

	if (ctrl->removed)
		return;
	if (was_enabled && !(cc & NVME_CC_ENABLE)) {
		nvme_reset(ctrl);
		ctrl->resets++;
	}
	ctrl->cc = cc;
	if (!was_enabled && cc & NVME_CC_ENABLE)
		enable(ctrl);
	ctrl->csts &= ~NVME_CSTS_SHUTDOWN_COMPLETE;
	if (cc & NVME_CC_SHUTDOWN)
		ctrl->csts |= NVME_CSTS_SHUTDOWN_COMPLETE;
}

bool nvme_get_property(const struct nvme_controller *ctrl, uint32_t offset,
		       uint64_t *value)
{
	switch (offset) {
	case NVME_CAP:
		*value = (NVME_QUEUE_ENTRIES - 1) | NVME_CAP_QUEUES_CONTIGUOUS |
			 NVME_CAP_TIMEOUT(20) | NVME_CAP_NVM_COMMAND_SET;
		return true;
	case NVME_VS:
		*value = NVME_VERSION;
		return true;
	case NVME_CC:
		*value = ctrl->cc;
		return true;
	case NVME_CSTS:
		*value = ctrl->csts;
		return true;
	default:
		return false;
	}
}

bool nvme_set_property(struct nvme_controller *ctrl, uint32_t offset,
		       uint64_t value)
{
	if (offset != NVME_CC)
		return false;
	configure(ctrl, value);
	return true;
}

static bool strikes(const struct nvme_request *req,
		    const struct fault_point *point, enum nvme_fault kind)
{
	return faults_happen(&req->ctrl->subsys->faults, kind, point, NULL);
}

/*
 * Faults that keep a request from going on, before or after it is carried out: there
 * is one of each kind for either. True if the request is held, or gone already.
 */
static bool is_stopped(struct nvme_request *req,
		       const struct fault_point *point, bool after)
{
	struct nvme_controller *ctrl = req->ctrl;

	if (strikes(req, point, NVME_EXIT_BEFORE + after))
		faults_cut_power();
	if (strikes(req, point, NVME_DELAY_BEFORE + after)) {
		nvme_hold(req, after ? NVME_HELD_AFTER : NVME_HELD_BEFORE);
	} else if (strikes(req, point, NVME_LOST_REQUEST + after)) {
		nvme_hold(req, NVME_HELD_LOST);
	} else if (strikes(req, point, NVME_FATAL_BEFORE + after)) {
		nvme_hold(req, NVME_HELD_LOST);
		nvme_fail(ctrl);
	} else if (strikes(req, point, NVME_POWER_BEFORE + after)) {
		nvme_hold(req, NVME_HELD_LOST);
		nvme_lose_power(ctrl->subsys);
	} else if (strikes(req, point, NVME_REMOVE_BEFORE + after)) {
		nvme_hold(req, NVME_HELD_LOST);
		remove_controller(ctrl);
	} else {
		return false;
	}
	return true;
}

/* A command that is refused for a reason of its own is refused next time, too */
static uint16_t execute(struct nvme_request *req)
{
	uint16_t status = NVME_INVALID_FIELD;

	if (!(req->command.flags & NVME_FUSE) &&
	    req->len >= nvme_data_len(req->queue, &req->command))
		status = req->queue ? nvme_execute_io(req) :
				      nvme_execute_admin(req);
	return status ? status | NVME_DO_NOT_RETRY : status;
}

/* With the faults that only change the answer */
static void execute_or_fail(struct nvme_request *req,
			    const struct fault_point *point)
{
	struct faults *faults = &req->ctrl->subsys->faults;
	uint32_t value;

	if (faults_happen(faults, NVME_STATUS_BEFORE, point, &value)) {
		req->status = value & NVME_STATUS_MASK;
		return;
	}
	req->status = execute(req);
	if (faults_happen(faults, NVME_STATUS_AFTER, point, &value))
		req->status = value & NVME_STATUS_MASK;
	if (faults_happen(faults, NVME_SHORT, point, &value))
		req->moved -= value < req->moved ? value : req->moved;
}

/* In the device's time */
static void finish(struct nvme_request *req)
{
	bool sends = NVME_DIRECTION(req->command.opcode) == NVME_FROM_HOST;

	req->ticks = req->ctrl->subsys->config.ticks << sends;
	if (req->ticks)
		nvme_hold(req, NVME_HELD_TICKS);
	else
		nvme_complete(req);
}

static void run(struct nvme_request *req)
{
	struct fault_point point = nvme_fault_point(req);

	execute_or_fail(req, &point);
	if (req->held == NVME_HELD_EVENT)
		nvme_hold(req, NVME_HELD_EVENT);
	else if (!is_stopped(req, &point, true))
		finish(req);
}

static void record(const struct nvme_request *req,
		   const struct fault_point *point)
{
	struct nvme_subsystem *subsys = req->ctrl->subsys;

	subsys->history[subsys->nr_events++ % NVME_HISTORY] =
		(struct nvme_event) {
			.opcode = req->command.opcode,
			.controller = req->ctrl->id,
			.queue = req->queue,
			.part = point->partition,
			.type = point->type,
		};
	(req->queue ? subsys->io : subsys->admin)[req->command.opcode]++;
}

void nvme_submit(struct nvme_request *req)
{
	struct fault_point point = nvme_fault_point(req);

	if (!nvme_is_ready(req->ctrl)) {
		free(req);
		return;
	}
	record(req, &point);
	if (!is_stopped(req, &point, false))
		run(req);
}

/*
 * One that meets another delay on its way is held again, behind the others; one that is
 * released may end others
 */
static void release_held(struct nvme_controller *ctrl)
{
	unsigned int nr = nvme_count_held(ctrl, NVME_HELD_BEFORE) +
			  nvme_count_held(ctrl, NVME_HELD_AFTER);
	struct nvme_request *req;

	while (nr-- && nvme_is_ready(ctrl) && (req = nvme_take_delayed(ctrl))) {
		bool carried_out = req->held == NVME_HELD_AFTER;

		req->held = NVME_NOT_HELD;
		if (carried_out)
			nvme_complete(req);
		else
			run(req);
	}
}

void nvme_release(struct nvme_subsystem *subsys)
{
	unsigned int i;

	for (i = 0; i < subsys->nr_controllers; i++)
		release_held(subsys->controllers[i]);
}

bool nvme_wants_tick(const struct nvme_subsystem *subsys)
{
	unsigned int i, nr = 0;

	for (i = 0; i < subsys->nr_controllers; i++)
		if (nvme_is_ready(subsys->controllers[i]))
			nr += nvme_count_held(subsys->controllers[i],
					      NVME_HELD_TICKS);
	return nr;
}

/* One that is completed may make the host do anything */
static void tick(struct nvme_controller *ctrl)
{
	struct nvme_request *req;

	if (nvme_is_ready(ctrl))
		nvme_count_down(ctrl);
	while (nvme_is_ready(ctrl) && (req = nvme_take_due(ctrl)))
		nvme_complete(req);
}

void nvme_tick(struct nvme_subsystem *subsys)
{
	unsigned int i;

	for (i = 0; i < subsys->nr_controllers; i++)
		tick(subsys->controllers[i]);
}

void nvme_insert(struct nvme_subsystem *subsys)
{
	unsigned int i;

	for (i = 0; i < subsys->nr_controllers; i++) {
		struct nvme_controller *ctrl = subsys->controllers[i];

		if (!ctrl->removed)
			continue;
		ctrl->removed = false;
		nvme_reset(ctrl);
	}
}
