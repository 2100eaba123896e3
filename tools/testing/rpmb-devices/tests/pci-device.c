// SPDX-License-Identifier: GPL-2.0-only
/*
 * pci-device SOCKET: a PCI device for User Mode Linux that does next to nothing, for
 * tests of what is between a model and the machine. pci-device.h has its registers.
 */
#include <stdlib.h>
#include <string.h>

#include "bytes.h"
#include "pci-device.h"
#include "virt_pci.h"

#define MAX_COPY 65536

struct device {
	struct pci pci;
	struct virt_pci front;
	uint32_t resets;
	uint8_t regs[PCI_DEVICE_BAR_SIZE];
};

static const struct pci_identity identity = {
	.vendor = 0x1b36,
	.device = 0x00fe,
	.class = 0xff0000,	/* no class */
	.bar_size = PCI_DEVICE_BAR_SIZE,
	.vectors = PCI_DEVICE_VECTORS,
};

static bool copy(struct device *device)
{
	static uint8_t bytes[MAX_COPY];
	uint32_t len = get_le32(device->regs + PCI_DEVICE_LEN);

	return len <= sizeof(bytes) &&
	       dma_read(&device->pci.dma,
			get_le64(device->regs + PCI_DEVICE_FROM), bytes, len) &&
	       dma_write(&device->pci.dma,
			 get_le64(device->regs + PCI_DEVICE_TO), bytes, len);
}

static void bar_read(void *dev, uint32_t offset, void *data, uint32_t len)
{
	struct device *device = dev;

	memcpy(data, device->regs + offset, len);
}

static void bar_write(void *dev, uint32_t offset, const void *data,
		      uint32_t len)
{
	struct device *device = dev;

	memcpy(device->regs + offset, data, len);
	switch (offset) {
	case PCI_DEVICE_COPY:
		put_le32(device->regs + PCI_DEVICE_COPIED, copy(device));
		break;
	case PCI_DEVICE_RAISE:
		pci_set_irq(&device->pci, device->regs[offset], true);
		break;
	case PCI_DEVICE_LOWER:
		pci_set_irq(&device->pci, device->regs[offset], false);
		break;
	}
}

static void reset(void *dev)
{
	struct device *device = dev;

	memset(device->regs, 0, sizeof(device->regs));
	put_le32(device->regs + PCI_DEVICE_RESETS, ++device->resets);
}

static const struct pci_ops ops = {
	.bar_read = bar_read,
	.bar_write = bar_write,
	.reset = reset,
};

int main(int argc, char **argv)
{
	int signals = serve_begin();
	static struct device device;
	struct service service;

	if (argc != 2)
		return EXIT_FAILURE;
	pci_init(&device.pci, &identity, &ops, &device);
	device.front.pci = &device.pci;
	if (signals < 0 ||
	    !virt_pci_listen(&device.front, argv[1], &service) ||
	    !serve(&service, 1, signals))
		return EXIT_FAILURE;
	return EXIT_SUCCESS;
}
