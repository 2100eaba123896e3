// SPDX-License-Identifier: GPL-2.0-only
/*
 * rpmb-emmc: an SD host controller with an eMMC card, for a machine under QEMU.
 * README.rst says how to use it.
 */
#include <argp.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "argument.h"
#include "emmc_control.h"
#include "vfio_user.h"

#define SECTORS_PER_MIB (1024 * 1024 / SECTOR_LEN)

#define SDHCI_CLASS 0x080501	/* with DMA */

/*
 * A generic controller, which no driver thinks it knows better, and one of those
 * that Linux knows to have a command queue engine
 */
static const struct pci_identity generic = {
	.vendor = 0x1b36,	/* Red Hat, as QEMU's own */
	.device = 0x00ff,
	.class = SDHCI_CLASS,
	.bar_size = SDHCI_BAR_SIZE,
};

static const struct pci_identity with_queue = {
	.vendor = 0x8086,	/* Intel, Gemini Lake's for eMMC */
	.device = 0x31cc,
	.class = SDHCI_CLASS,
	.bar_size = SDHCI_BAR_SIZE,
};

enum { SERVICE_MACHINE, SERVICE_CONTROL, NR_SERVICES };

struct device {
	struct pci pci;
	struct vfio_user vfio_user;
	struct sdhci host;
	struct emmc card;
	struct storage storage;
	struct control control;
	struct control_device commands;
};

struct options {
	const char *socket;
	const char *control;
	struct storage_config storage;
	struct card_config card;
};

enum {
	OPT_SOCKET = 0x100,
	OPT_CONTROL,
	OPT_CARD,
	OPT_SIZE,
	OPT_BOOT,
	OPT_RPMB,
	OPT_CID,
	OPT_LARGE_WRITES,
	OPT_NO_SECURE_WP,
	OPT_COMMAND_QUEUE,
};

static const struct argp_option option_list[] = {
	{ "socket", OPT_SOCKET, "PATH", 0, "listen here for QEMU", 0 },
	{ "control", OPT_CONTROL, "PATH", 0, "listen here for commands", 0 },
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
	{}
};

static error_t parse_option(int key, char *arg, struct argp_state *argp)
{
	struct options *options = argp->input;

	switch (key) {
	case OPT_SOCKET:
		options->socket = arg;
		return 0;
	case OPT_CONTROL:
		options->control = arg;
		return 0;
	case OPT_CARD:
		options->storage.directory = arg;
		return 0;
	case OPT_SIZE:
		options->card.sectors = SECTORS_PER_MIB *
			argument_number(argp, "size", arg, 1, 65536);
		return 0;
	case OPT_BOOT:
		options->card.boot_mult = argument_number(argp, "boot", arg,
							  0, 255);
		return 0;
	case OPT_RPMB:
		options->card.rpmb_mult =
			argument_number(argp, "rpmb", arg, 1,
					STATE_MAX_CAPACITY);
		return 0;
	case OPT_CID:
		argument_id(argp, "cid", options->card.cid, arg);
		return 0;
	case OPT_LARGE_WRITES:
		options->card.large_rpmb_writes = true;
		return 0;
	case OPT_NO_SECURE_WP:
		options->card.secure_wp = false;
		return 0;
	case OPT_COMMAND_QUEUE:
		options->card.command_queue = true;
		return 0;
	case ARGP_KEY_END:
		if (!options->socket || !options->control ||
		    !options->storage.directory)
			argp_error(argp,
				   "--socket, --control and --card are needed");
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp argp = {
	.options = option_list,
	.parser = parse_option,
	.doc = "An SD host controller with an eMMC card, served over vfio-user.",
};

static void bar_read(void *dev, uint32_t offset, void *data, uint32_t len)
{
	struct device *device = dev;

	sdhci_read(&device->host, offset, data, len);
}

static void bar_write(void *dev, uint32_t offset, const void *data,
		      uint32_t len)
{
	struct device *device = dev;

	sdhci_write(&device->host, offset, data, len);
}

static void reset(void *dev)
{
	struct device *device = dev;

	sdhci_reset(&device->host);
}

static const struct pci_ops ops = {
	.bar_read = bar_read,
	.bar_write = bar_write,
	.reset = reset,
};

static bool device_open(struct device *device, const struct options *options)
{
	struct storage_config storage = options->storage;

	storage.sectors = options->card.sectors;
	storage.boot_mult = options->card.boot_mult;
	storage.rpmb_mult = options->card.rpmb_mult;
	if (!storage_open(&device->storage, &storage))
		return false;

	emmc_init(&device->card, &options->card, &device->storage);
	pci_init(&device->pci,
		 options->card.command_queue ? &with_queue : &generic, &ops,
		 device);
	device->vfio_user.pci = &device->pci;
	sdhci_init(&device->host, &device->card, &device->pci,
		   options->card.command_queue);
	emmc_control_init(&device->commands, &device->host);
	return true;
}

static bool listen_at(struct device *device, const struct options *options,
		      struct service services[NR_SERVICES])
{
	return vfio_user_listen(&device->vfio_user, options->socket,
				&services[SERVICE_MACHINE]) &&
	       control_listen(&device->control, &device->commands,
			      options->control, &services[SERVICE_CONTROL]);
}

int main(int argc, char **argv)
{
	struct service services[NR_SERVICES];
	static struct device device;
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
	int signals;

	argp_parse(&argp, argc, argv, 0, NULL, &options);
	umask(077);
	signals = serve_catch_signals();
	if (signals < 0 || !device_open(&device, &options) ||
	    !listen_at(&device, &options, services) ||
	    !serve(services, NR_SERVICES, signals))
		return EXIT_FAILURE;
	return storage_close(&device.storage) ? EXIT_SUCCESS : EXIT_FAILURE;
}
