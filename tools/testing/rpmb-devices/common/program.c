// SPDX-License-Identifier: GPL-2.0-only
#include "program.h"
#include "vfio_user.h"

enum { SERVICE_MACHINE, SERVICE_CONTROL, NR_SERVICES };

bool program_serve(struct pci *pci, const char *socket,
		   const struct control_device *commands, const char *control,
		   int signals)
{
	struct vfio_user machine = { .pci = pci };
	struct service services[NR_SERVICES];
	struct control tests;

	return vfio_user_listen(&machine, socket, &services[SERVICE_MACHINE]) &&
	       control_listen(&tests, commands, control,
			      &services[SERVICE_CONTROL]) &&
	       serve(services, NR_SERVICES, signals);
}
