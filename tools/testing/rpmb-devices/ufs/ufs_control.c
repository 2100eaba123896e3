// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "ufs_control.h"

static struct ufs *ufs_of(const struct control_device *device)
{
	struct ufshci *host = device->dev;

	return host->ufs;
}

static const char *end_purge(const struct control_device *device,
			     enum rpmb_engine_purge end)
{
	struct ufs *ufs = ufs_of(device);
	const char *error = "no purge runs";
	int i;

	for (i = 0; i < UFS_REGIONS; i++) {
		struct rpmb_engine *engine = &ufs->regions[i].area.engine;

		if (engine->purge != RPMB_ENGINE_PURGE_RUNS)
			continue;
		engine->purge = end;
		error = NULL;
	}
	return error;
}

static const char *purged(const struct control_device *device,
			  struct control_client *client)
{
	(void)client;
	return end_purge(device, RPMB_ENGINE_PURGE_DONE);
}

static const char *purge_failed(const struct control_device *device,
				struct control_client *client)
{
	(void)client;
	return end_purge(device, RPMB_ENGINE_PURGE_FAILED);
}

static const char *release(const struct control_device *device,
			   struct control_client *client)
{
	(void)client;
	return ufshci_release(device->dev) ? NULL : "nothing is held";
}

static void show_link(struct control_client *client, const struct link *link)
{
	control_say(client, "hibernates %d\n", link->state != LINK_ACTIVE);
	control_say(client, "hibernated %" PRIu64 "\n",
		    link->entered[LINK_HIBERNATES]);
	control_say(client, "dozed %" PRIu64 "\n", link->entered[LINK_DOZES]);
	control_say(client, "amid %" PRIu64 "\n", link->amid);
	control_say(client, "unheard %" PRIu64 "\n", link->unheard);
}

static const char *show_stats(const struct control_device *device,
			      struct control_client *client)
{
	const struct ufshci *host = device->dev;
	const struct ufs *ufs = host->ufs;
	char name[32];
	int i;

	control_say(client, "powered %d\n", ufs->powered);
	control_say(client, "stopped %d\n", ufs->stopped);
	show_link(client, &host->link);
	control_say(client, "clock %d\n", !host->stands);
	control_say(client, "clock-stops %u\n", host->stops);
	control_say(client, "unclocked %u\n", host->unclocked);
	control_say(client, "resets %u\n", host->resets);
	control_say(client, "waiting %u\n", host->most_waiting);
	for (i = 0; i < UFS_REGIONS; i++) {
		if (!ufs->config.regions[i])
			continue;
		control_say(client, "counter.%s %" PRIu32 "\n",
			    ufs_region_names[i],
			    ufs->regions[i].state.store.counter);
		snprintf(name, sizeof(name), "%s.request",
			 ufs_region_names[i]);
		control_show_numbered(client, name,
				      ufs->regions[i].area.requests,
				      AREA_TYPES);
	}
	control_show_numbered(client, "cmd", ufs->commands, 256);
	control_show_faults(client, device);
	return NULL;
}

static const char *reset_stats(const struct control_device *device,
			       struct control_client *client)
{
	struct ufshci *host = device->dev;
	struct ufs *ufs = host->ufs;
	int i;

	(void)client;
	memset(host->link.entered, 0, sizeof(host->link.entered));
	host->link.amid = 0;
	host->link.unheard = 0;
	host->stops = 0;
	host->unclocked = 0;
	host->resets = 0;
	host->most_waiting = 0;
	for (i = 0; i < UFS_REGIONS; i++)
		memset(ufs->regions[i].area.requests, 0,
		       sizeof(ufs->regions[i].area.requests));
	memset(ufs->commands, 0, sizeof(ufs->commands));
	memset(ufs->faults.happened, 0, sizeof(ufs->faults.happened));
	ufs->nr_events = 0;
	return NULL;
}

static const char *show_history(const struct control_device *device,
				struct control_client *client)
{
	const struct ufs *ufs = ufs_of(device);
	uint64_t i = ufs->nr_events > UFS_HISTORY ?
		     ufs->nr_events - UFS_HISTORY : 0;

	for (; i < ufs->nr_events; i++) {
		const struct ufs_event *event;

		event = &ufs->history[i % UFS_HISTORY];
		control_say(client, "cmd%u lun%u %s type%u\n", event->opcode,
			    event->lun,
			    event->region < UFS_REGIONS ?
			    ufs_region_names[event->region] : "-",
			    event->type);
	}
	return NULL;
}

static const struct control_command commands[] = {
	{ "release", release },
	{ "purged", purged },
	{ "purge-failed", purge_failed },
	{ "stats", show_stats },
	{ "reset-stats", reset_stats },
	{ "history", show_history },
	{}
};

void ufs_control_init(struct control_device *device, struct ufshci *host)
{
	*device = (struct control_device) {
		.dev = host,
		.commands = commands,
		.faults = &host->ufs->faults,
		.fault_names = ufs_fault_names,
		.nr_faults = UFS_NR_FAULTS,
		.fault_value = 0x062900,	/* unit attention: reset */
		.parts = ufs_region_names,
		.nr_parts = UFS_REGIONS,
		.nr_operations = 256,
	};
}
