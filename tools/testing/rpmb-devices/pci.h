/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The configuration space of a PCI device with one BAR and INTx
 */
#ifndef PCI_H
#define PCI_H

#include <stdint.h>

#define PCI_CONFIG_SIZE 256

/* @bar_size: of BAR 0, a power of 2 */
struct pci_identity {
	uint16_t vendor;
	uint16_t device;
	uint32_t class;		/* class, subclass, interface */
	uint32_t bar_size;
};

/* @writable: the bits of each byte that the machine can change */
struct pci {
	uint8_t config[PCI_CONFIG_SIZE];
	uint8_t writable[PCI_CONFIG_SIZE];
};

void pci_init(struct pci *pci, const struct pci_identity *identity);
void pci_read(const struct pci *pci, uint32_t offset, void *data, uint32_t len);
void pci_write(struct pci *pci, uint32_t offset, const void *data,
	       uint32_t len);

#endif /* PCI_H */
