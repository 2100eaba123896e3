// SPDX-License-Identifier: GPL-2.0-only
#include <linux/pci_regs.h>
#include <string.h>

#include "bytes.h"
#include "msix.h"
#include "pci.h"

#define INTA 1

static bool has_msix(const struct pci *pci)
{
	return pci->identity->vectors && pci->front &&
	       pci->front->send_message;
}

/* Who is no master of the bus does not reach memory, whatever it still has to do */
static void update_dma(struct pci *pci)
{
	pci->dma.off = !(get_le16(pci->config + PCI_COMMAND) &
			 PCI_COMMAND_MASTER);
}

static void config_init(struct pci *pci)
{
	const struct pci_identity *identity = pci->identity;

	memset(pci->config, 0, sizeof(pci->config));
	memset(pci->writable, 0, sizeof(pci->writable));
	put_le16(pci->config + PCI_VENDOR_ID, identity->vendor);
	put_le16(pci->config + PCI_DEVICE_ID, identity->device);
	put_le32(pci->config + PCI_CLASS_REVISION, identity->class << 8);
	if (!has_msix(pci))
		pci->config[PCI_INTERRUPT_PIN] = INTA;

	put_le16(pci->writable + PCI_COMMAND,
		 PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER |
		 PCI_COMMAND_INTX_DISABLE);
	put_le32(pci->writable + PCI_BASE_ADDRESS_0, -identity->bar_size);
	pci->writable[PCI_CACHE_LINE_SIZE] = 0xff;
	pci->writable[PCI_LATENCY_TIMER] = 0xff;
	pci->writable[PCI_INTERRUPT_LINE] = 0xff;
	if (has_msix(pci))
		msix_init(pci);
	update_dma(pci);
}

void pci_init(struct pci *pci, const struct pci_identity *identity,
	      const struct pci_ops *ops, void *dev)
{
	*pci = (struct pci) {
		.identity = identity,
		.ops = ops,
		.dev = dev,
	};
	config_init(pci);
}

void pci_attach(struct pci *pci, const struct pci_front *front, void *machine)
{
	pci->front = front;
	pci->machine = machine;
	config_init(pci);
}

static void update_intx(struct pci *pci)
{
	if (pci->front && pci->front->set_intx)
		pci->front->set_intx(pci->machine, pci->levels);
}

void pci_reset(struct pci *pci)
{
	config_init(pci);
	pci->levels = 0;
	update_intx(pci);
	pci->ops->reset(pci->dev);
}

static void set_intx(struct pci *pci, unsigned int vector, bool level)
{
	uint32_t bit = UINT32_C(1) << vector;

	pci->levels = level ? pci->levels | bit : pci->levels & ~bit;
	update_intx(pci);
}

void pci_set_irq(struct pci *pci, unsigned int vector, bool level)
{
	if (has_msix(pci))
		msix_set(pci, vector, level);
	else
		set_intx(pci, vector, level);
}

void pci_send_pending(struct pci *pci)
{
	if (has_msix(pci))
		msix_update(pci);
}

uint32_t pci_bar_size(const struct pci *pci, unsigned int bar)
{
	if (!bar)
		return pci->identity->bar_size;
	return bar == PCI_MSIX_BAR && has_msix(pci) ? PCI_MSIX_BAR_SIZE : 0;
}

static bool within(uint64_t offset, uint32_t len, uint32_t size)
{
	return size && offset <= size && len <= size - offset;
}

bool pci_config_read(const struct pci *pci, uint64_t offset, void *data,
		     uint32_t len)
{
	if (!within(offset, len, PCI_CONFIG_SIZE))
		return false;
	memcpy(data, pci->config + offset, len);
	return true;
}

bool pci_config_write(struct pci *pci, uint64_t offset, const void *data,
		      uint32_t len)
{
	const uint8_t *from = data;
	uint32_t i;

	if (!within(offset, len, PCI_CONFIG_SIZE))
		return false;
	for (i = 0; i < len; i++) {
		uint8_t mask = pci->writable[offset + i];
		uint8_t *to = &pci->config[offset + i];

		*to = (*to & ~mask) | (from[i] & mask);
	}
	update_dma(pci);
	pci_send_pending(pci);
	return true;
}

bool pci_bar_read(struct pci *pci, unsigned int bar, uint64_t offset,
		  void *data, uint32_t len)
{
	if (!within(offset, len, pci_bar_size(pci, bar)))
		return false;
	if (bar == PCI_MSIX_BAR)
		memcpy(data, pci->msix + offset, len);
	else
		pci->ops->bar_read(pci->dev, offset, data, len);
	return true;
}

bool pci_bar_write(struct pci *pci, unsigned int bar, uint64_t offset,
		   const void *data, uint32_t len)
{
	if (!within(offset, len, pci_bar_size(pci, bar)))
		return false;
	if (bar == PCI_MSIX_BAR)
		msix_write(pci, offset, data, len);
	else
		pci->ops->bar_write(pci->dev, offset, data, len);
	return true;
}
