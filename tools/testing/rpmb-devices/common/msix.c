// SPDX-License-Identifier: GPL-2.0-only
#include <linux/pci_regs.h>
#include <string.h>

#include "bytes.h"
#include "msix.h"

/* Where the capability is, and the pending bits in the BAR, behind the table */
#define CAPABILITY 0x40
#define PENDING 0x800

static uint8_t *entry(struct pci *pci, unsigned int vector)
{
	return pci->msix + vector * PCI_MSIX_ENTRY_SIZE;
}

void msix_init(struct pci *pci)
{
	uint8_t *capability = pci->config + CAPABILITY;
	unsigned int i;

	put_le16(pci->config + PCI_STATUS, PCI_STATUS_CAP_LIST);
	pci->config[PCI_CAPABILITY_LIST] = CAPABILITY;
	capability[PCI_CAP_LIST_ID] = PCI_CAP_ID_MSIX;
	put_le16(capability + PCI_MSIX_FLAGS, pci->identity->vectors - 1);
	put_le32(capability + PCI_MSIX_TABLE, PCI_MSIX_BAR);
	put_le32(capability + PCI_MSIX_PBA, PENDING | PCI_MSIX_BAR);

	put_le16(pci->writable + CAPABILITY + PCI_MSIX_FLAGS,
		 PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL);
	put_le32(pci->writable + PCI_BASE_ADDRESS_0 + PCI_MSIX_BAR * 4,
		 -PCI_MSIX_BAR_SIZE);

	memset(pci->msix, 0, sizeof(pci->msix));
	for (i = 0; i < pci->identity->vectors; i++)
		put_le32(entry(pci, i) + PCI_MSIX_ENTRY_VECTOR_CTRL,
			 PCI_MSIX_ENTRY_CTRL_MASKBIT);
}

static uint16_t flags(const struct pci *pci)
{
	return get_le16(pci->config + CAPABILITY + PCI_MSIX_FLAGS);
}

static bool masked(struct pci *pci, unsigned int vector)
{
	return (flags(pci) & (PCI_MSIX_FLAGS_ENABLE |
			      PCI_MSIX_FLAGS_MASKALL)) !=
	       PCI_MSIX_FLAGS_ENABLE ||
	       get_le32(entry(pci, vector) + PCI_MSIX_ENTRY_VECTOR_CTRL) &
	       PCI_MSIX_ENTRY_CTRL_MASKBIT;
}

/* False if it has to wait */
static bool send(struct pci *pci, unsigned int vector)
{
	const uint8_t *from = entry(pci, vector);

	return !masked(pci, vector) &&
	       pci->front->send_message(pci->machine, get_le64(from),
					get_le32(from + PCI_MSIX_ENTRY_DATA));
}

void msix_update(struct pci *pci)
{
	uint32_t pending = get_le32(pci->msix + PENDING);
	unsigned int i;

	for (i = 0; i < pci->identity->vectors; i++)
		if (pending & UINT32_C(1) << i && send(pci, i))
			pending &= ~(UINT32_C(1) << i);
	put_le32(pci->msix + PENDING, pending);
}

void msix_set(struct pci *pci, unsigned int vector, bool level)
{
	uint32_t pending = get_le32(pci->msix + PENDING);

	if (vector >= pci->identity->vectors ||
	    !(flags(pci) & PCI_MSIX_FLAGS_ENABLE))
		return;
	pending &= ~(UINT32_C(1) << vector);
	put_le32(pci->msix + PENDING, pending | (uint32_t)level << vector);
	msix_update(pci);
}

/* The pending bits are the device's */
void msix_write(struct pci *pci, uint32_t offset, const void *data,
		uint32_t len)
{
	uint32_t end = pci->identity->vectors * PCI_MSIX_ENTRY_SIZE;

	if (offset > end || len > end - offset)
		return;
	memcpy(pci->msix + offset, data, len);
	msix_update(pci);
}
