// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>
#include <string.h>

#include "emmc_control.h"

static struct emmc *card_of(const struct control_device *device)
{
	const struct sdhci *host = device->dev;

	return host->card;
}

static const char *release(const struct control_device *device,
			   struct control_client *client)
{
	(void)client;
	if (!card_of(device)->busy)
		return "the card is not busy";
	emmc_release(card_of(device));
	return NULL;
}

static const char *take_out(const struct control_device *device,
			    struct control_client *client)
{
	(void)client;
	emmc_insert(card_of(device), false);
	return NULL;
}

static const char *put_in(const struct control_device *device,
			  struct control_client *client)
{
	(void)client;
	emmc_insert(card_of(device), true);
	return NULL;
}

static void show_partitions(struct control_client *client, const char *name,
			    const uint64_t *values)
{
	int i;

	for (i = 0; i < NR_PARTITIONS; i++)
		control_say(client, "%s.%s %" PRIu64 "\n", name,
			    partition_names[i], values[i]);
}

static void show_transfers(struct control_client *client,
			   const struct sdhci *host)
{
	static const char *const names[NR_PATHS] = {
		[PATH_PORT] = "port",
		[PATH_SDMA] = "sdma",
		[PATH_ADMA32] = "adma32",
		[PATH_ADMA64] = "adma64",
	};
	int i;

	for (i = 0; i < NR_PATHS; i++)
		control_say(client, "transfers.%s %u\n", names[i],
			    host->transfers[i]);
}

static const char *show_stats(const struct control_device *device,
			      struct control_client *client)
{
	const struct sdhci *host = device->dev;
	const struct emmc *card = host->card;

	control_say(client, "present %d\nstate %u\nbusy %d\n", card->present,
		    card->state, card->busy);
	control_say(client, "partition %s\nqueued %d\ncounter %" PRIu32 "\n",
		    partition_names[emmc_partition(card)],
		    card->ext_csd[EXT_CSD_CMDQ_MODE_EN],
		    card->storage->rpmb.store.counter);
	control_say(client, "cached %u\nlost %" PRIu64 "\n", card->cache.nr,
		    card->cache.lost);
	control_say(client, "r1 0x%08" PRIx32 "\n", card->stats.r1);
	control_say(client, "ticks %" PRIu64 "\n", card->stats.ticks);
	control_say(client, "tunings %u\nillegal %" PRIu64 "\n", host->tunings,
		    card->stats.illegal);
	show_transfers(client, host);
	show_partitions(client, "switches", card->stats.switches);
	show_partitions(client, "read", card->stats.blocks_read);
	show_partitions(client, "written", card->stats.blocks_written);
	control_show_numbered(client, "cmd", card->stats.commands,
			      EMMC_NR_COMMANDS);
	control_show_numbered(client, "request", card->rpmb.area.requests,
			      AREA_TYPES);
	control_show_faults(client, device);
	return NULL;
}

static const char *reset_stats(const struct control_device *device,
			       struct control_client *client)
{
	struct sdhci *host = device->dev;
	struct emmc *card = host->card;

	(void)client;
	memset(&card->stats, 0, sizeof(card->stats));
	memset(card->rpmb.area.requests, 0, sizeof(card->rpmb.area.requests));
	memset(card->faults.happened, 0, sizeof(card->faults.happened));
	card->nr_events = 0;
	card->cache.lost = 0;
	host->tunings = 0;
	memset(host->transfers, 0, sizeof(host->transfers));
	return NULL;
}

static const char *show_history(const struct control_device *device,
				struct control_client *client)
{
	const struct emmc *card = card_of(device);
	uint64_t i = card->nr_events > EMMC_HISTORY ?
		     card->nr_events - EMMC_HISTORY : 0;

	for (; i < card->nr_events; i++) {
		const struct emmc_event *event;

		event = &card->history[i % EMMC_HISTORY];
		control_say(client, "cmd%u 0x%08" PRIx32 " %s\n",
			    event->command, event->arg,
			    partition_names[event->partition]);
	}
	return NULL;
}

static const struct control_command commands[] = {
	{ "release", release },
	{ "remove", take_out },
	{ "insert", put_in },
	{ "stats", show_stats },
	{ "reset-stats", reset_stats },
	{ "history", show_history },
	{}
};

static void update(void *dev)
{
	sdhci_update(dev);
}

void emmc_control_init(struct control_device *device, struct sdhci *host)
{
	*device = (struct control_device) {
		.dev = host,
		.commands = commands,
		.update = update,
		.faults = &host->card->faults,
		.fault_names = fault_names,
		.nr_faults = NR_FAULTS,
		.fault_value = 1 << 19,	/* R1: a general or unknown error */
		.parts = partition_names,
		.nr_parts = NR_PARTITIONS,
		.nr_operations = EMMC_NR_COMMANDS,
	};
}
