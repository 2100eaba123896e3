// SPDX-License-Identifier: GPL-2.0-only
/*
 * An NVMe subsystem: what it keeps, and its power
 */
#include <unistd.h>

#include "internal.h"

#define BIT(n) (1U << (n))

const char *const nvme_part_names[NVME_NR_PARTS] = {
	"target0", "target1", "target2", "target3", "target4", "target5",
	"target6",
	[NVME_PART_NAMESPACE] = "namespace",
	[NVME_PART_ADMIN] = "admin",
};

/* The Device Configuration Block is the first target's */
static bool open_target(struct nvme_subsystem *subsys, unsigned int i)
{
	const struct nvme_config *config = &subsys->config;
	struct nvme_target *target = &subsys->targets[i];

	if (!nvme_store_open(&target->store, config->directory,
			     nvme_part_names[i], config->capacity))
		return false;
	target->area.engine = (struct rpmb_engine) {
		.rules = &rpmb_rules_nvme,
		.format = RPMB_FRAME_NVME,
		.store = &target->store.store,
		.lacks = i ? BIT(RPMB_CONFIG_WRITE) | BIT(RPMB_CONFIG_READ) : 0,
		.max_write = config->access,
		.max_read = config->access,
	};
	return true;
}

bool nvme_open(struct nvme_subsystem *subsys, const struct nvme_config *config)
{
	bool ok = directory_make(config->directory);
	unsigned int i;

	*subsys = (struct nvme_subsystem) { .config = *config, .data = -1 };
	if (ok)
		subsys->data = directory_open_file(config->directory, "data",
						   (uint64_t)config->blocks *
						   NVME_BLOCK_LEN);
	ok = ok && subsys->data >= 0;
	for (i = 0; ok && i < config->targets; i++)
		ok = open_target(subsys, i);
	return ok;
}

bool nvme_close(struct nvme_subsystem *subsys)
{
	unsigned int i;
	bool ok = true;

	for (i = 0; i < subsys->config.targets; i++)
		ok &= nvme_store_close(&subsys->targets[i].store);
	close(subsys->data);
	return ok;
}

void nvme_targets_power_off(struct nvme_subsystem *subsys)
{
	struct nvme_target *target;

	for (target = subsys->targets;
	     target < subsys->targets + subsys->config.targets; target++)
		area_power_off(&target->area);
}

void nvme_lose_power(struct nvme_subsystem *subsys)
{
	unsigned int i;

	nvme_targets_power_off(subsys);
	for (i = 0; i < subsys->nr_controllers; i++)
		subsys->controllers[i]->silent = true;
}

bool nvme_add_controller(struct nvme_subsystem *subsys,
			 struct nvme_controller *ctrl,
			 const struct nvme_front_ops *ops, void *front,
			 bool fabrics)
{
	if (subsys->nr_controllers == NVME_CONTROLLERS)
		return false;
	subsys->controllers[subsys->nr_controllers++] = ctrl;
	*ctrl = (struct nvme_controller) {
		.subsys = subsys,
		.ops = ops,
		.front = front,
		.id = subsys->nr_controllers,
		.fabrics = fabrics,
	};
	return true;
}
