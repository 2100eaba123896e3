/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A PCI device for a machine in another process: the vfio-user protocol, version
 * 0.0 as QEMU's docs/interop/vfio-user.rst describes it
 *
 * One client at a time, messages one after the other, replies in the same order.
 * The device has BARs, a configuration space and INTx. When the client goes,
 * its memory and its interrupt are forgotten; the next may come.
 */
#ifndef VFIO_USER_H
#define VFIO_USER_H

#include "pci.h"
#include "serve.h"

/*
 * The caller sets @pci.
 *
 * @client: -1 if there is none
 * @irq_fd: signals INTx, -1 if the client does not want to know
 * @irq_level: whether INTx is asserted
 * @irq_masked: the client does not want to hear of it
 * @irq_told: signalled, and not unmasked by the client since
 */
struct vfio_user {
	struct pci *pci;

	int listener;
	int client;
	int irq_fd;
	bool irq_level;
	bool irq_masked;
	bool irq_told;
};

/*
 * Listen on a socket of that name, and fill in the service; false and a log line if
 * that is not possible
 */
bool vfio_user_listen(struct vfio_user *vu, const char *path,
		      struct service *service);

#endif /* VFIO_USER_H */
