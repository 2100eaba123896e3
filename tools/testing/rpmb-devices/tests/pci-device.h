/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef PCI_DEVICE_H
#define PCI_DEVICE_H

#define PCI_DEVICE_BAR_SIZE 4096
#define PCI_DEVICE_VECTORS 4

/* Registers in BAR 0: what is not here only keeps its value until a reset */
enum {
	PCI_DEVICE_FROM = 0,		/* 64 bits: addresses in the machine's memory */
	PCI_DEVICE_TO = 8,
	PCI_DEVICE_LEN = 16,
	PCI_DEVICE_COPY = 20,		/* written: copy */
	PCI_DEVICE_COPIED = 24,		/* 1 if that went well */
	PCI_DEVICE_RAISE = 28,		/* written: this vector */
	PCI_DEVICE_LOWER = 32,
	PCI_DEVICE_RESETS = 36,
	PCI_DEVICE_MEMORY = 256,
};

#endif /* PCI_DEVICE_H */
