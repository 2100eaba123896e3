// SPDX-License-Identifier: GPL-2.0-only
/*
 * rpmb-nvme: an NVMe subsystem, whose controllers are PCI functions of a machine under
 * QEMU or of User Mode Linux, or are reached over TCP. README.rst says how to use it.
 */
#include <argp.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "argument.h"
#include "nvme_control.h"
#include "pcie.h"
#include "program.h"
#include "tcp.h"
#include "vfio_user.h"
#include "virt_pci.h"

#define BLOCKS_PER_MIB (1024 * 1024 / NVME_BLOCK_LEN)

/* What a host takes for a name, and for a serial number */
#define MAX_NQN 223
#define MAX_SERIAL 20

/* A controller with the machine that it is in */
struct function {
	struct nvme_pcie pcie;
	struct vfio_user vfio_user;
	struct virt_pci virt_pci;
	char socket[PATH_MAX];
};

static struct {
	struct nvme_subsystem subsys;
	struct function functions[NVME_CONTROLLERS];
	struct tcp_port ports[NVME_CONTROLLERS];
	struct control control;
	struct control_device commands;
	struct ticks ticks;
} device;

struct options {
	struct program_options program;
	bool virt_pci;
	bool tcp;
	unsigned int controllers;
	struct nvme_config nvme;
};

enum {
	OPT_VIRT_PCI = 0x100,
	OPT_TCP,
	OPT_DEVICE,
	OPT_CONTROLLERS,
	OPT_SIZE,
	OPT_TARGETS,
	OPT_CAPACITY,
	OPT_ACCESS,
	OPT_METHOD,
	OPT_NO_SECURITY,
	OPT_LOSE_RESULTS,
	OPT_TICKS,
	OPT_NQN,
	OPT_SERIAL,
};

static const struct argp_option option_list[] = {
	{ "virt-pci", OPT_VIRT_PCI, NULL, 0,
	  "listen at the socket for User Mode Linux instead of QEMU", 0 },
	{ "tcp", OPT_TCP, NULL, 0,
	  "instead of that, be reached over TCP, each controller at a port of 127.0.0.1",
	  0 },
	{ "device", OPT_DEVICE, "DIRECTORY", 0,
	  "keep what is in the subsystem here; made if there is none", 0 },
	{ "controllers", OPT_CONTROLLERS, "N", 0,
	  "that lead to the subsystem, 1 to 4 (default 1); there is a socket for each, whose path ends in .N for controller N from the second on",
	  0 },
	{ "size", OPT_SIZE, "MIB", 0, "of the namespace (default 16)", 0 },
	{ "targets", OPT_TARGETS, "N", 0,
	  "of RPMB, 0 to 7 (default 2)", 0 },
	{ "capacity", OPT_CAPACITY, "UNITS", 0,
	  "of 128 KiB in each target, 1 to 128 (default 4)", 0 },
	{ "access", OPT_ACCESS, "SECTORS", 0,
	  "most in a request, 1 to 256 (default 32)", 0 },
	{ "method", OPT_METHOD, "N", 0,
	  "of authentication that it announces, 0 to 7 (default 0)", 0 },
	{ "no-security", OPT_NO_SECURITY, NULL, 0,
	  "there are no security commands", 0 },
	{ "lose-results", OPT_LOSE_RESULTS, NULL, 0,
	  "a reset of a controller takes the results of requests along", 0 },
	{ "ticks", OPT_TICKS, "N", 0,
	  "that a command takes, and twice that if it sends data, 0 to 255 (default 0)",
	  0 },
	{ "nqn", OPT_NQN, "NAME", 0, "of the subsystem", 0 },
	{ "serial", OPT_SERIAL, "NUMBER", 0, "of the subsystem", 0 },
	{}
};

static const char *parse_text(struct argp_state *argp, const char *option,
			      const char *text, size_t max)
{
	if (strlen(text) > max)
		argp_error(argp, "--%s: more than %zu characters", option, max);
	return text;
}

static void check_options(struct argp_state *argp,
			  const struct options *options)
{
	const char *socket = options->program.socket;

	if (!socket == !options->tcp || !options->program.control ||
	    !options->nvme.directory)
		argp_error(argp,
			   "--socket or --tcp, --control and --device are needed");
	if (socket && strlen(socket) + sizeof(".N") > PATH_MAX)
		argp_error(argp, "--socket: too long");
}

/* What the subsystem is */
static error_t parse_config(int key, char *arg, struct argp_state *argp)
{
	struct nvme_config *config = &((struct options *)argp->input)->nvme;

	switch (key) {
	case OPT_DEVICE:
		config->directory = arg;
		return 0;
	case OPT_SIZE:
		config->blocks = BLOCKS_PER_MIB *
			argument_number(argp, "size", arg, 1, 65536);
		return 0;
	case OPT_TARGETS:
		config->targets = argument_number(argp, "targets", arg, 0,
						  NVME_TARGETS);
		return 0;
	case OPT_CAPACITY:
		config->capacity = argument_number(argp, "capacity", arg, 1,
						   STATE_MAX_CAPACITY);
		return 0;
	case OPT_ACCESS:
		config->access = argument_number(argp, "access", arg, 1,
						 NVME_MAX_ACCESS);
		return 0;
	case OPT_METHOD:
		config->method = argument_number(argp, "method", arg, 0, 7);
		return 0;
	case OPT_NO_SECURITY:
		config->security = false;
		return 0;
	case OPT_LOSE_RESULTS:
		config->lose_results = true;
		return 0;
	case OPT_TICKS:
		config->ticks = argument_number(argp, "ticks", arg, 0, 255);
		return 0;
	case OPT_NQN:
		config->nqn = parse_text(argp, "nqn", arg, MAX_NQN);
		return 0;
	case OPT_SERIAL:
		config->serial = parse_text(argp, "serial", arg, MAX_SERIAL);
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
	case OPT_TCP:
		options->tcp = true;
		return 0;
	case OPT_VIRT_PCI:
		options->virt_pci = true;
		return 0;
	case OPT_CONTROLLERS:
		options->controllers = argument_number(argp, "controllers", arg,
						       1, NVME_CONTROLLERS);
		return 0;
	case ARGP_KEY_END:
		check_options(argp, options);
		return 0;
	}
	return parse_config(key, arg, argp);
}

static bool open_function(const struct options *options, unsigned int i)
{
	struct function *function = &device.functions[i];
	const char *suffix[NVME_CONTROLLERS] = { "", ".2", ".3", ".4" };

	snprintf(function->socket, sizeof(function->socket), "%s%s",
		 options->program.socket, suffix[i]);
	function->vfio_user.pci = &function->pcie.pci;
	function->virt_pci.pci = &function->pcie.pci;
	return nvme_pcie_init(&function->pcie, &device.subsys);
}

static bool wants_tick(const void *dev)
{
	return nvme_wants_tick(dev);
}

static void tick(void *dev)
{
	nvme_tick(dev);
}

static bool open_device(const void *program_options)
{
	const struct options *options = program_options;
	bool ok = nvme_open(&device.subsys, &options->nvme);
	unsigned int i;

	for (i = 0; ok && !options->tcp && i < options->controllers; i++)
		ok = open_function(options, i);
	nvme_control_init(&device.commands, &device.subsys);
	device.ticks = (struct ticks) {
		.dev = &device.subsys,
		.wanted = wants_tick,
		.tick = tick,
	};
	return ok;
}

static bool listen_for_host(const struct options *options, unsigned int i,
			    struct service *service)
{
	struct function *function = &device.functions[i];

	if (options->tcp)
		return tcp_listen(&device.ports[i], &device.subsys, service);
	if (options->virt_pci)
		return virt_pci_listen(&function->virt_pci, function->socket,
				       service);
	return vfio_user_listen(&function->vfio_user, function->socket,
				service);
}

/* The tests' socket is the first one: it has a path, whatever there is for hosts */
static bool listen_at(const struct options *options, struct service *services)
{
	unsigned int i;

	for (i = 0; i < options->controllers; i++)
		if (!listen_for_host(options, i, &services[1 + i]))
			return false;
	return control_listen(&device.control, &device.commands,
			      options->program.control, &services[0]);
}

static bool serve_device(const void *program_options, int signals)
{
	const struct options *options = program_options;
	struct service services[NVME_CONTROLLERS + 2];
	unsigned int ticks = options->controllers + 1;

	return listen_at(options, services) &&
	       ticks_init(&device.ticks, &services[ticks]) &&
	       serve(services, ticks + 1, signals);
}

static bool close_device(void)
{
	nvme_stop(&device.subsys);
	return nvme_close(&device.subsys);
}

static const struct program program = {
	.argp = {
		.options = option_list,
		.parser = parse_option,
		.doc = "An NVMe subsystem with RPMB targets, served to a virtual machine.",
		.children = program_children,
	},
	.open = open_device,
	.serve = serve_device,
	.close = close_device,
};

int main(int argc, char **argv)
{
	struct options options = {
		.controllers = 1,
		.nvme = {
			.nqn = "nqn.2026-11.org.example:rpmb-test-device",
			.serial = "RPMB0001",
			.blocks = 16 * BLOCKS_PER_MIB,
			.targets = 2,
			.capacity = 4,
			.access = 32,
			.security = true,
		},
	};

	return program_main(&program, &options, argc, argv);
}
