// SPDX-License-Identifier: GPL-2.0-only
/*
 * rpmb-emmc: an SD host controller with an eMMC card, for a machine under QEMU.
 * README.rst says how to use it.
 */
#include <argp.h>

#include "argument.h"
#include "emmc_control.h"
#include "program.h"

#define SECTORS_PER_MIB (1024 * 1024 / SECTOR_LEN)

static struct {
	struct sdhci host;
	struct emmc card;
	struct storage storage;
	struct control_device commands;
	struct ticks ticks;
} device;

struct options {
	struct program_options program;
	const char *directory;
	struct card_config card;
};

enum {
	OPT_CARD = 0x100,
	OPT_SIZE,
	OPT_BOOT,
	OPT_RPMB,
	OPT_CID,
	OPT_LARGE_WRITES,
	OPT_NO_SECURE_WP,
	OPT_COMMAND_QUEUE,
	OPT_CACHE,
	OPT_R1_ADDRESS,
	OPT_TICKS,
};

static const struct argp_option option_list[] = {
	{ "card", OPT_CARD, "DIRECTORY", 0,
	  "keep what is on the card here; made if there is none", 0 },
	{ "size", OPT_SIZE, "MIB", 0, "of the user area (default 64)", 0 },
	{ "boot", OPT_BOOT, "UNITS", 0,
	  "of 128 KiB in each boot partition, 0 to 255 (default 8)", 0 },
	{ "rpmb", OPT_RPMB, "UNITS", 0,
	  "of 128 KiB in the RPMB, 1 to 128 (default 4)", 0 },
	{ "cid", OPT_CID, "HEX", 0, "the card's identity: 32 hex digits", 0 },
	{ "large-writes", OPT_LARGE_WRITES, NULL, 0,
	  "the RPMB takes 32 frames at once, too", 0 },
	{ "no-secure-wp", OPT_NO_SECURE_WP, NULL, 0,
	  "a card without secure write protection", 0 },
	{ "command-queue", OPT_COMMAND_QUEUE, NULL, 0,
	  "card and host have a command queue", 0 },
	{ "ticks", OPT_TICKS, "N", 0,
	  "how long the card takes to read or write, 0 to 255 (default 0)", 0 },
	{ "cache", OPT_CACHE, NULL, 0, "a card with a cache, 512 KiB", 0 },
	{ "r1-address", OPT_R1_ADDRESS, NULL, 0,
	  "R1 has an error bit where the RPMB's result is an address failure", 0 },
	{}
};

/* What the card is */
static error_t parse_card(int key, char *arg, struct argp_state *argp)
{
	struct card_config *card = &((struct options *)argp->input)->card;

	switch (key) {
	case OPT_SIZE:
		card->sectors = SECTORS_PER_MIB *
			argument_number(argp, "size", arg, 1, 65536);
		return 0;
	case OPT_BOOT:
		card->boot_mult = argument_number(argp, "boot", arg, 0, 255);
		return 0;
	case OPT_RPMB:
		card->rpmb_mult = argument_number(argp, "rpmb", arg, 1,
						  STATE_MAX_CAPACITY);
		return 0;
	case OPT_CID:
		argument_id(argp, "cid", card->cid, arg);
		return 0;
	case OPT_LARGE_WRITES:
		card->large_rpmb_writes = true;
		return 0;
	case OPT_NO_SECURE_WP:
		card->secure_wp = false;
		return 0;
	case OPT_COMMAND_QUEUE:
		card->command_queue = true;
		return 0;
	case OPT_TICKS:
		card->ticks = argument_number(argp, "ticks", arg, 0, 255);
		return 0;
	case OPT_CACHE:
		card->cache = true;
		return 0;
	case OPT_R1_ADDRESS:
		card->r1_address = true;
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static error_t parse_option(int key, char *arg, struct argp_state *argp)
{
	struct options *options = argp->input;

	switch (key) {
	case ARGP_KEY_INIT:
		argp->child_inputs[0] = &options->program;
		return 0;
	case OPT_CARD:
		options->directory = arg;
		return 0;
	case ARGP_KEY_END:
		if (!options->program.socket || !options->program.control ||
		    !options->directory)
			argp_error(argp,
				   "--socket, --control and --card are needed");
		return 0;
	}
	return parse_card(key, arg, argp);
}

static bool wants_tick(const void *dev)
{
	const struct sdhci *host = dev;

	return emmc_wants_tick(host->card);
}

static void tick(void *dev)
{
	struct sdhci *host = dev;

	emmc_tick(host->card);
	sdhci_update(host);
}

static bool open_device(const void *program_options)
{
	const struct options *options = program_options;
	const struct storage_config storage = {
		.directory = options->directory,
		.sectors = options->card.sectors,
		.boot_mult = options->card.boot_mult,
		.rpmb_mult = options->card.rpmb_mult,
	};

	if (!storage_open(&device.storage, &storage))
		return false;
	emmc_init(&device.card, &options->card, &device.storage);
	sdhci_init(&device.host, &device.card, options->card.command_queue);
	emmc_control_init(&device.commands, &device.host);
	device.ticks = (struct ticks) {
		.dev = &device.host,
		.wanted = wants_tick,
		.tick = tick,
	};
	return true;
}

static bool serve_device(const void *program_options, int signals)
{
	const struct options *options = program_options;

	return program_serve(&device.host.pci, &device.commands,
			     &options->program, &device.ticks, signals);
}

static bool close_device(void)
{
	return storage_close(&device.storage);
}

static const struct program program = {
	.argp = {
		.options = option_list,
		.parser = parse_option,
		.doc = "An SD host controller with an eMMC card, served over vfio-user.",
		.children = program_children,
	},
	.open = open_device,
	.serve = serve_device,
	.close = close_device,
};

int main(int argc, char **argv)
{
	struct options options = {
		.card = {
			/* Manufacturer 0xfe, serial number 1 */
			.cid = "\xfe\x01\x4eRPMBDV\x10\0\0\0\1\x5d",
			.sectors = 64 * SECTORS_PER_MIB,
			.boot_mult = 8,
			.rpmb_mult = 4,
			.secure_wp = true,
		},
	};

	return program_main(&program, &options, argc, argv);
}
