// SPDX-License-Identifier: GPL-2.0-only
/*
 * rpmb-ufs: a UFS host controller with a UFS device, for a machine under QEMU.
 * README.rst says how to use it.
 */
#include <argp.h>
#include <string.h>

#include "argument.h"
#include "program.h"
#include "ufs_control.h"
#include "ufshci.h"

#define BLOCKS_PER_MIB (1024 * 1024 / UFS_BLOCK_LEN)

static struct {
	struct ufshci host;
	struct ufs ufs;
	struct control_device commands;
	struct ticks ticks;
} device;

struct options {
	struct program_options program;
	struct ufs_config ufs;
	struct ufshci_config host;
};

enum {
	OPT_DEVICE = 0x100,
	OPT_SIZE,
	OPT_REGIONS,
	OPT_IO_SIZE,
	OPT_SPEC,
	OPT_ADVANCED,
	OPT_OPERATIONS,
	OPT_WRITE_CACHE,
	OPT_NO_RPMB_DESCRIPTOR,
	OPT_KEEP_RESULTS,
	OPT_REPORT_SLEEP,
	OPT_TICKS,
	OPT_AUTO_HIBERNATION,
};

static const struct argp_option option_list[] = {
	{ "device", OPT_DEVICE, "DIRECTORY", 0,
	  "keep what is on the device here; made if there is none", 0 },
	{ "size", OPT_SIZE, "MIB", 0, "of logical unit 0 (default 16)", 0 },
	{ "regions", OPT_REGIONS, "UNITS,...", 0,
	  "of 128 KiB in each region, 1 to 128; 0 if it is not enabled, or region 0 has no size (default 4,2)",
	  0 },
	{ "io-size", OPT_IO_SIZE, "FRAMES", 0,
	  "most frames in a request, 1 to 255 (default 64)", 0 },
	{ "spec", OPT_SPEC, "VERSION", 0,
	  "of the specification, as 0x0310 (default 0x0400)", 0 },
	{ "advanced", OPT_ADVANCED, NULL, 0, "in advanced RPMB mode", 0 },
	{ "operations", OPT_OPERATIONS, "HOW", 0,
	  "RPMB operations of several regions at once: \"apart\" (default), or one at a time: \"refuse\", \"share\"",
	  0 },
	{ "write-cache", OPT_WRITE_CACHE, NULL, 0,
	  "logical unit 0 has one, lost with power and by a reset", 0 },
	{ "no-rpmb-descriptor", OPT_NO_RPMB_DESCRIPTOR, NULL, 0,
	  "the RPMB's unit descriptor cannot be read", 0 },
	{ "keep-results", OPT_KEEP_RESULTS, NULL, 0,
	  "the results of RPMB requests outlive a reset of the controller", 0 },
	{ "report-sleep", OPT_REPORT_SLEEP, NULL, 0,
	  "when the device was woken, each logical unit reports a loss of power",
	  0 },
	{ "ticks", OPT_TICKS, "N", 0,
	  "how long a request waits, 0 to 255 (default 0), and twice that if it sends data",
	  0 },
	{ "auto-hibernation", OPT_AUTO_HIBERNATION, NULL, 0,
	  "the host can have the link hibernate by itself", 0 },
	{}
};

static void parse_regions(struct argp_state *argp, uint8_t *regions, char *text)
{
	char *rest = NULL, *word = strtok_r(text, ",", &rest);
	int i;

	memset(regions, 0, UFS_REGIONS);
	for (i = 0; word; i++, word = strtok_r(NULL, ",", &rest)) {
		if (i == UFS_REGIONS)
			argp_error(argp, "there are %d regions at most",
				   UFS_REGIONS);
		regions[i] = argument_number(argp, "regions", word, 0,
					     STATE_MAX_CAPACITY);
	}
}

static enum ufs_operations parse_operations(struct argp_state *argp,
					    const char *text)
{
	static const char *const names[] = {
		[UFS_APART] = "apart",
		[UFS_REFUSE] = "refuse",
		[UFS_SHARE] = "share",
	};
	unsigned int i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(text, names[i]))
			return i;
	argp_error(argp, "operations are not \"%s\"", text);
	return UFS_APART;
}

static void check_options(struct argp_state *argp, const struct options *options)
{
	if (!options->program.socket || !options->program.control || !options->ufs.directory)
		argp_error(argp, "--socket, --control and --device are needed");
}

static error_t parse_option(int key, char *arg, struct argp_state *argp)
{
	struct options *options = argp->input;

	switch (key) {
	case ARGP_KEY_INIT:
		argp->child_inputs[0] = &options->program;
		return 0;
	case OPT_DEVICE:
		options->ufs.directory = arg;
		return 0;
	case OPT_SIZE:
		options->ufs.blocks = BLOCKS_PER_MIB *
			argument_number(argp, "size", arg, 1, 65536);
		return 0;
	case OPT_REGIONS:
		parse_regions(argp, options->ufs.regions, arg);
		return 0;
	case OPT_IO_SIZE:
		options->ufs.io_size = argument_number(argp, "io-size", arg, 1,
						       255);
		return 0;
	case OPT_SPEC:
		options->ufs.spec = argument_number(argp, "spec", arg, 0x0200,
						    0x0fff);
		return 0;
	case OPT_ADVANCED:
		options->ufs.advanced = true;
		return 0;
	case OPT_OPERATIONS:
		options->ufs.operations = parse_operations(argp, arg);
		return 0;
	case OPT_WRITE_CACHE:
		options->ufs.write_cache = true;
		return 0;
	case OPT_NO_RPMB_DESCRIPTOR:
		options->ufs.no_rpmb_descriptor = true;
		return 0;
	case OPT_KEEP_RESULTS:
		options->ufs.keep_results = true;
		return 0;
	case OPT_REPORT_SLEEP:
		options->ufs.report_sleep = true;
		return 0;
	case OPT_TICKS:
		options->host.ticks = argument_number(argp, "ticks", arg, 0, 255);
		return 0;
	case OPT_AUTO_HIBERNATION:
		options->host.auto_hibernation = true;
		return 0;
	case ARGP_KEY_END:
		check_options(argp, options);
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static bool wants_tick(const void *dev)
{
	return ufshci_waits(dev);
}

static void tick(void *dev)
{
	ufshci_tick(dev);
}

static bool open_device(const void *program_options)
{
	const struct options *options = program_options;

	if (!ufs_open(&device.ufs, &options->ufs))
		return false;
	ufshci_init(&device.host, &device.ufs, &options->host);
	ufs_control_init(&device.commands, &device.host);
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
	return ufs_close(&device.ufs);
}

static const struct program program = {
	.argp = {
		.options = option_list,
		.parser = parse_option,
		.doc = "A UFS host controller with a UFS device, served over vfio-user.",
		.children = program_children,
	},
	.open = open_device,
	.serve = serve_device,
	.close = close_device,
};

int main(int argc, char **argv)
{
	struct options options = {
		.ufs = {
			.blocks = 16 * BLOCKS_PER_MIB,
			.spec = 0x0400,
			.regions = { 4, 2 },
			.io_size = 64,
		},
	};

	return program_main(&program, &options, argc, argv);
}
