/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A PCI device, between the model that it is and the machine that it is in
 *
 * The model has BAR 0. It reaches the machine's memory through @dma, as long as the
 * machine has it be a master of the bus, and interrupts the machine with pci_set_irq().
 * A front is what brings the machine: vfio_user.h, say. It has INTx or it has MSI-X,
 * whose capability, table and BAR are made here.
 *
 * What comes from the machine may be anything: it is checked here.
 */
#ifndef PCI_H
#define PCI_H

#include <stdbool.h>
#include <stdint.h>

#include "dma.h"

#define PCI_CONFIG_SIZE 256
#define PCI_NR_BARS 6
#define PCI_MSIX_BAR 2
#define PCI_MSIX_BAR_SIZE 4096
#define PCI_MAX_VECTORS 32

/*
 * @class: class, subclass, interface
 * @bar_size: of BAR 0, a power of 2
 * @vectors: how many it has where there is MSI-X, at most PCI_MAX_VECTORS
 */
struct pci_identity {
	uint16_t vendor;
	uint16_t device;
	uint32_t class;
	uint32_t bar_size;
	unsigned int vectors;
};

/*
 * What a model does. Accesses lie within the BAR, and are of any length.
 *
 * @reset: as after power on: the machine wants it, or has gone
 */
struct pci_ops {
	void (*bar_read)(void *dev, uint32_t offset, void *data, uint32_t len);
	void (*bar_write)(void *dev, uint32_t offset, const void *data,
			  uint32_t len);
	void (*reset)(void *dev);
};

/*
 * How a front interrupts the machine: one of both
 *
 * @set_intx: whether INTx is asserted
 * @send_message: what would be written to @addr for MSI-X; false if that has to wait
 *	until the front calls pci_send_pending()
 */
struct pci_front {
	void (*set_intx)(void *machine, bool level);
	bool (*send_message)(void *machine, uint64_t addr, uint32_t data);
};

/*
 * @front, @machine: set by pci_attach()
 * @dma: the machine's memory; the front keeps it up to date
 * @writable: the bits of each byte of @config that the machine can change
 * @levels: a bit for each vector that is asserted, for INTx
 * @msix: the table, and the pending bits
 */
struct pci {
	const struct pci_identity *identity;
	const struct pci_ops *ops;
	void *dev;

	const struct pci_front *front;
	void *machine;
	struct dma dma;

	uint8_t config[PCI_CONFIG_SIZE];
	uint8_t writable[PCI_CONFIG_SIZE];
	uint32_t levels;
	uint8_t msix[PCI_MSIX_BAR_SIZE];
};

/* For models. @dev is what their functions get. */
void pci_init(struct pci *pci, const struct pci_identity *identity,
	      const struct pci_ops *ops, void *dev);

/*
 * Whether there is something for the machine to look at. INTx is asserted while any
 * vector is; MSI-X sends a message each time that @level is true.
 */
void pci_set_irq(struct pci *pci, unsigned int vector, bool level);

/* For fronts. @machine is what their functions get. */
void pci_attach(struct pci *pci, const struct pci_front *front, void *machine);

/* As after power on, with the model */
void pci_reset(struct pci *pci);

/* Send the messages that had to wait */
void pci_send_pending(struct pci *pci);

/* 0 if there is none */
uint32_t pci_bar_size(const struct pci *pci, unsigned int bar);

/* False if it does not lie in the configuration space, or in that BAR */
bool pci_config_read(const struct pci *pci, uint64_t offset, void *data,
		     uint32_t len);
bool pci_config_write(struct pci *pci, uint64_t offset, const void *data,
		      uint32_t len);
bool pci_bar_read(struct pci *pci, unsigned int bar, uint64_t offset,
		  void *data, uint32_t len);
bool pci_bar_write(struct pci *pci, unsigned int bar, uint64_t offset,
		   const void *data, uint32_t len);

#endif /* PCI_H */
