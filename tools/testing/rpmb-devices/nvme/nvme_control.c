// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "internal.h"
#include "nvme_control.h"
#include "tcp_control.h"

static const char *release(const struct control_device *device,
			   struct control_client *client)
{
	(void)client;
	nvme_release(device->dev);
	return NULL;
}

static const char *insert(const struct control_device *device,
			  struct control_client *client)
{
	(void)client;
	nvme_insert(device->dev);
	return NULL;
}

static void show_controller(struct control_client *client,
			    const struct nvme_controller *ctrl)
{
	unsigned int id = ctrl->id;

	control_say(client, "ready%u %d\n", id,
		    !!(ctrl->csts & NVME_CSTS_READY));
	control_say(client, "fatal%u %d\n", id,
		    !!(ctrl->csts & NVME_CSTS_FATAL));
	control_say(client, "removed%u %d\n", id, ctrl->removed);
	control_say(client, "powered%u %d\n", id, !ctrl->silent);
	control_say(client, "delayed%u %u\n", id,
		    nvme_count_held(ctrl, NVME_HELD_BEFORE) +
		    nvme_count_held(ctrl, NVME_HELD_AFTER));
	control_say(client, "lost%u %u\n", id,
		    nvme_count_held(ctrl, NVME_HELD_LOST));
	control_say(client, "resets%u %u\n", id, ctrl->resets);
}

static void show_target(struct control_client *client,
			const struct nvme_target *target, const char *name)
{
	char text[32];

	control_say(client, "counter.%s %" PRIu32 "\n", name,
		    target->store.store.counter);
	control_say(client, "config-counter.%s %" PRIu32 "\n", name,
		    target->store.store.config_counter);
	snprintf(text, sizeof(text), "%s.request", name);
	control_show_numbered(client, text, target->area.requests, AREA_TYPES);
}

static const char *show_stats(const struct control_device *device,
			      struct control_client *client)
{
	const struct nvme_subsystem *subsys = device->dev;
	unsigned int i;

	for (i = 0; i < subsys->nr_controllers; i++)
		show_controller(client, subsys->controllers[i]);
	for (i = 0; i < subsys->config.targets; i++)
		show_target(client, &subsys->targets[i], nvme_part_names[i]);
	control_show_numbered(client, "admin", subsys->admin, 256);
	control_show_numbered(client, "io", subsys->io, 256);
	control_show_faults(client, device);
	return NULL;
}

static const char *reset_stats(const struct control_device *device,
			       struct control_client *client)
{
	struct nvme_subsystem *subsys = device->dev;
	unsigned int i;

	(void)client;
	for (i = 0; i < NVME_TARGETS; i++)
		memset(subsys->targets[i].area.requests, 0,
		       sizeof(subsys->targets[i].area.requests));
	for (i = 0; i < subsys->nr_controllers; i++)
		subsys->controllers[i]->resets = 0;
	memset(subsys->admin, 0, sizeof(subsys->admin));
	memset(subsys->io, 0, sizeof(subsys->io));
	memset(subsys->faults.happened, 0, sizeof(subsys->faults.happened));
	subsys->nr_events = 0;
	return NULL;
}

static const char *show_history(const struct control_device *device,
				struct control_client *client)
{
	const struct nvme_subsystem *subsys = device->dev;
	uint64_t i = subsys->nr_events > NVME_HISTORY ?
		     subsys->nr_events - NVME_HISTORY : 0;

	for (; i < subsys->nr_events; i++) {
		const struct nvme_event *event;

		event = &subsys->history[i % NVME_HISTORY];
		control_say(client, "cmd%u ctrl%u queue%u %s type%u\n",
			    event->opcode, event->controller, event->queue,
			    nvme_part_names[event->part], event->type);
	}
	return NULL;
}

static const struct control_command commands[] = {
	{ "link", tcp_control_link },
	{ "ports", tcp_control_ports },
	{ "release", release },
	{ "insert", insert },
	{ "stats", show_stats },
	{ "reset-stats", reset_stats },
	{ "history", show_history },
	{}
};

void nvme_control_init(struct control_device *device,
		       struct nvme_subsystem *subsys)
{
	*device = (struct control_device) {
		.dev = subsys,
		.commands = commands,
		.faults = &subsys->faults,
		.fault_names = nvme_fault_names,
		.nr_faults = NVME_NR_FAULTS,
		.fault_value = NVME_INTERNAL_ERROR,
		.parts = nvme_part_names,
		.nr_parts = NVME_NR_PARTS,
		.nr_operations = 256,
	};
}
