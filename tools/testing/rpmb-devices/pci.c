// SPDX-License-Identifier: GPL-2.0-only
#include <linux/pci_regs.h>
#include <string.h>

#include "bytes.h"
#include "pci.h"

#define INTA 1

void pci_init(struct pci *pci, const struct pci_identity *identity)
{
	memset(pci, 0, sizeof(*pci));
	put_le16(pci->config + PCI_VENDOR_ID, identity->vendor);
	put_le16(pci->config + PCI_DEVICE_ID, identity->device);
	put_le32(pci->config + PCI_CLASS_REVISION, identity->class << 8);
	pci->config[PCI_INTERRUPT_PIN] = INTA;

	put_le16(pci->writable + PCI_COMMAND,
		 PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER |
		 PCI_COMMAND_INTX_DISABLE);
	put_le32(pci->writable + PCI_BASE_ADDRESS_0, -identity->bar_size);
	pci->writable[PCI_CACHE_LINE_SIZE] = 0xff;
	pci->writable[PCI_LATENCY_TIMER] = 0xff;
	pci->writable[PCI_INTERRUPT_LINE] = 0xff;
}

void pci_read(const struct pci *pci, uint32_t offset, void *data, uint32_t len)
{
	memcpy(data, pci->config + offset, len);
}

void pci_write(struct pci *pci, uint32_t offset, const void *data, uint32_t len)
{
	const uint8_t *from = data;
	uint32_t i;

	for (i = 0; i < len; i++) {
		uint8_t mask = pci->writable[offset + i];
		uint8_t *to = &pci->config[offset + i];

		*to = (*to & ~mask) | (from[i] & mask);
	}
}
