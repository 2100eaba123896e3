// SPDX-License-Identifier: GPL-2.0-only
#include "program.h"
#include "vfio_user.h"

enum { SERVICE_MACHINE, SERVICE_CONTROL, SERVICE_TICKS, NR_SERVICES };

bool program_serve(struct pci *pci, const char *socket,
		   const struct control_device *commands, const char *control,
		   struct ticks *ticks, int signals)
{
	struct vfio_user machine = { .pci = pci };
	struct service services[NR_SERVICES];
	struct control tests;

	return vfio_user_listen(&machine, socket, &services[SERVICE_MACHINE]) &&
	       control_listen(&tests, commands, control,
			      &services[SERVICE_CONTROL]) &&
	       (!ticks || ticks_init(ticks, &services[SERVICE_TICKS])) &&
	       serve(services, ticks ? NR_SERVICES : SERVICE_TICKS, signals);
}
