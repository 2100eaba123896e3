/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * MSI-X of a PCI device: its capability, and its table and pending bits in a BAR of
 * their own. For pci.c.
 */
#ifndef MSIX_H
#define MSIX_H

#include "pci.h"

/* As after power on: add the capability, mask all vectors */
void msix_init(struct pci *pci);

/* Send the vector's message now or when it is not masked any more, or forget it */
void msix_set(struct pci *pci, unsigned int vector, bool level);

/* The machine writes to the BAR, within it */
void msix_write(struct pci *pci, uint32_t offset, const void *data,
		uint32_t len);

/* Send what had to wait and may not have to any more */
void msix_update(struct pci *pci);

#endif /* MSIX_H */
