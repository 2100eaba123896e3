/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An NVMe controller as a PCI function: registers, doorbells and queues, after the
 * NVMe over PCIe Transport Specification 1.1
 *
 * A command is over when the doorbell write that brings it is, unless the controller
 * holds it. Addresses come from the machine and may be anything: data that cannot be
 * reached ends the command, a queue that cannot be reached is fatal. A doorbell that
 * makes no sense is not heard. Left out: queues that are not contiguous, priorities,
 * memory buffers, SGLs, the doorbell buffer.
 */
#ifndef NVME_PCIE_H
#define NVME_PCIE_H

#include "nvme.h"
#include "pci.h"

#define NVME_PCIE_BAR_SIZE 8192
#define NVME_PCIE_PAGE 4096
#define NVME_PCIE_VECTORS (NVME_IO_QUEUES + 1)

/* @entries: 0 if there is no such queue */
struct nvme_sq {
	uint64_t base;
	uint32_t entries;
	uint32_t head;
	uint32_t tail;
	uint16_t cq;
};

#define NVME_CQ_ENTRY_LEN (1 << NVME_CQ_ENTRY_SHIFT)

/* A completion that waits for room */
struct nvme_waiting {
	struct nvme_waiting *next;
	uint8_t entry[NVME_CQ_ENTRY_LEN];
};

/*
 * @phase: of the next entry
 * @waiting: completions, the oldest first
 */
struct nvme_cq {
	uint64_t base;
	uint32_t entries;
	uint32_t head;
	uint32_t tail;
	bool phase;
	bool interrupts;
	uint16_t vector;
	struct nvme_waiting *waiting;
};

/*
 * @mask: vectors that must not interrupt
 * @admin_sizes, @admin_sq, @admin_cq: registers
 */
struct nvme_pcie {
	struct nvme_controller ctrl;
	struct pci pci;
	uint32_t mask;
	uint32_t admin_sizes;
	uint64_t admin_sq;
	uint64_t admin_cq;
	struct nvme_sq sqs[NVME_IO_QUEUES + 1];
	struct nvme_cq cqs[NVME_IO_QUEUES + 1];
};

/* Add a controller to the subsystem; false if there are too many already */
bool nvme_pcie_init(struct nvme_pcie *pcie, struct nvme_subsystem *subsys);

#endif /* NVME_PCIE_H */
