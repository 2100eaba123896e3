// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>

#include "program.h"
#include "vfio_user.h"

enum { SERVICE_MACHINE, SERVICE_CONTROL, SERVICE_TICKS, NR_SERVICES };

enum { OPT_SOCKET = 0x100, OPT_CONTROL };

static const struct argp_option option_list[] = {
	{ "socket", OPT_SOCKET, "PATH", 0, "listen here for QEMU", 0 },
	{ "control", OPT_CONTROL, "PATH", 0, "listen here for commands", 0 },
	{}
};

static error_t parse_option(int key, char *arg, struct argp_state *argp)
{
	struct program_options *options = argp->input;

	switch (key) {
	case OPT_SOCKET:
		options->socket = arg;
		return 0;
	case OPT_CONTROL:
		options->control = arg;
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp program_argp = {
	.options = option_list,
	.parser = parse_option,
};

const struct argp_child program_children[] = {
	{ .argp = &program_argp },
	{}
};

int program_main(const struct program *program, void *options, int argc,
		 char **argv)
{
	int signals;

	argp_parse(&program->argp, argc, argv, 0, NULL, options);
	signals = serve_begin();
	if (signals < 0 || !program->open(options) ||
	    !program->serve(options, signals))
		return EXIT_FAILURE;
	return program->close() ? EXIT_SUCCESS : EXIT_FAILURE;
}

bool program_serve(struct pci *pci, const struct control_device *commands,
		   const struct program_options *options, struct ticks *ticks,
		   int signals)
{
	struct vfio_user machine = { .pci = pci };
	struct service services[NR_SERVICES];
	struct control tests;

	return vfio_user_listen(&machine, options->socket,
				&services[SERVICE_MACHINE]) &&
	       control_listen(&tests, commands, options->control,
			      &services[SERVICE_CONTROL]) &&
	       (!ticks || ticks_init(ticks, &services[SERVICE_TICKS])) &&
	       serve(services, ticks ? NR_SERVICES : SERVICE_TICKS, signals);
}
