/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A PCI device for a machine in another process: the vfio-user protocol, version
 * 0.0 as QEMU's docs/interop/vfio-user.rst describes it
 *
 * One client at a time, messages one after the other, replies in the same order.
 * The device has BAR 0, its configuration space and INTx. When the client goes,
 * its memory and its interrupt are forgotten; the next may come.
 */
#ifndef VFIO_USER_H
#define VFIO_USER_H

#include "dma.h"
#include "pci.h"
#include "serve.h"

/*
 * What a device does. Accesses lie within the BAR, and are of any length.
 *
 * @reset: as after power on
 * @gone: the machine has gone, and with it the power
 */
struct vfio_user_ops {
	void (*bar_read)(void *dev, uint32_t offset, void *data, uint32_t len);
	void (*bar_write)(void *dev, uint32_t offset, const void *data,
			  uint32_t len);
	void (*reset)(void *dev);
	void (*gone)(void *dev);
};

/*
 * The caller sets the first four members.
 *
 * @pci: its configuration space
 * @client: -1 if there is none
 * @dma: the client's memory
 * @irq_fd: signals INTx, -1 if the client does not want to know
 * @irq_level: whether INTx is asserted
 * @irq_masked: signalled, and not unmasked by the client since
 */
struct vfio_user {
	const struct vfio_user_ops *ops;
	void *dev;
	struct pci *pci;
	uint32_t bar_size;

	int listener;
	int client;
	struct dma dma;
	int irq_fd;
	bool irq_level;
	bool irq_masked;
};

/*
 * Listen on a socket of that name, and fill in the service; false and a log line if
 * that is not possible
 */
bool vfio_user_listen(struct vfio_user *vu, const char *path,
		      struct service *service);

void vfio_user_set_irq(struct vfio_user *vu, bool level);

#endif /* VFIO_USER_H */
