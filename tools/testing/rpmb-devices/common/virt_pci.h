/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A PCI device for User Mode Linux: its virt-pci, a virtio device that it reaches over
 * vhost-user, with messages as <linux/virtio_pcidev.h> describes them
 *
 * One machine at a time. It kicks in band, and has its answer when the kick is
 * acknowledged: the machine waits for that, and gives up on a device that takes long.
 * The device has BARs, a configuration space and MSI-X. When the machine goes, its
 * memory is forgotten; the next may come.
 */
#ifndef VIRT_PCI_H
#define VIRT_PCI_H

#include "pci.h"
#include "ring.h"
#include "serve.h"
#include "vhost_user.h"

/* Accesses of the machine, and its buffers for interrupts */
enum { VIRT_PCI_COMMANDS, VIRT_PCI_INTERRUPTS, VIRT_PCI_NR_RINGS };

/*
 * The caller sets @pci.
 *
 * @client: -1 if there is none
 */
struct virt_pci {
	struct pci *pci;

	int listener;
	int client;
	struct session session;
	struct backend backend;
	struct ring rings[VIRT_PCI_NR_RINGS];
};

/*
 * Listen on a socket of that name, and fill in the service; false and a log line if
 * that is not possible
 */
bool virt_pci_listen(struct virt_pci *vp, const char *path,
		     struct service *service);

#endif /* VIRT_PCI_H */
