// SPDX-License-Identifier: GPL-2.0-only
/*
 * An NVMe controller as a PCI function: its registers
 */
#include <string.h>

#include "bytes.h"
#include "pcie.h"
#include "queues.h"

/* Registers that only this transport has */
enum nvme_register {
	MASK_SET = 0x0c,
	MASK_CLEAR = 0x10,
	ADMIN_SIZES = 0x24,
	ADMIN_SQ = 0x28,
	ADMIN_CQ = 0x30,
	REGISTERS_END = 0x38,
	DOORBELLS = 0x1000,
};

/* A generic controller, which no driver thinks it knows better */
static const struct pci_identity identity = {
	.vendor = 0x1b36,	/* Red Hat, as QEMU's own */
	.device = 0x00fe,
	.class = 0x010802,	/* NVMe */
	.bar_size = NVME_PCIE_BAR_SIZE,
	.vectors = NVME_PCIE_VECTORS,
};

static void make_registers(const struct nvme_pcie *pcie,
			   uint8_t registers[REGISTERS_END])
{
	uint64_t value;

	memset(registers, 0, REGISTERS_END);
	nvme_get_property(&pcie->ctrl, NVME_CAP, &value);
	put_le64(registers + NVME_CAP, value);
	nvme_get_property(&pcie->ctrl, NVME_VS, &value);
	put_le32(registers + NVME_VS, value);
	nvme_get_property(&pcie->ctrl, NVME_CC, &value);
	put_le32(registers + NVME_CC, value);
	nvme_get_property(&pcie->ctrl, NVME_CSTS, &value);
	put_le32(registers + NVME_CSTS, value);
	put_le32(registers + MASK_SET, pcie->mask);
	put_le32(registers + MASK_CLEAR, pcie->mask);
	put_le32(registers + ADMIN_SIZES, pcie->admin_sizes);
	put_le64(registers + ADMIN_SQ, pcie->admin_sq);
	put_le64(registers + ADMIN_CQ, pcie->admin_cq);
}

/* Behind the registers all is 0; of a function that is not there all bits are 1 */
static void bar_read(void *dev, uint32_t offset, void *data, uint32_t len)
{
	const struct nvme_pcie *pcie = dev;
	uint8_t registers[REGISTERS_END];
	uint32_t there = 0;

	memset(data, pcie->ctrl.removed ? 0xff : 0, len);
	if (pcie->ctrl.removed)
		return;
	if (offset < REGISTERS_END)
		there = REGISTERS_END - offset;
	make_registers(pcie, registers);
	memcpy(data, registers + (there ? offset : 0),
	       there < len ? there : len);
}

static void set_low(uint64_t *reg, uint32_t value)
{
	*reg = (*reg & ~(uint64_t)UINT32_MAX) | value;
}

static void set_high(uint64_t *reg, uint32_t value)
{
	*reg = (uint32_t)*reg | (uint64_t)value << 32;
}

static void set_mask(struct nvme_pcie *pcie, uint32_t mask)
{
	unsigned int i;

	pcie->mask = mask;
	for (i = 0; i < NVME_PCIE_VECTORS; i++)
		nvme_queues_update_irq(pcie, i);
}

static void write_register(struct nvme_pcie *pcie, uint32_t offset,
			   uint32_t value)
{
	switch (offset) {
	case MASK_SET:
		set_mask(pcie, pcie->mask | value);
		return;
	case MASK_CLEAR:
		set_mask(pcie, pcie->mask & ~value);
		return;
	case ADMIN_SIZES:
		pcie->admin_sizes = value;
		return;
	case ADMIN_SQ:
		set_low(&pcie->admin_sq, value);
		return;
	case ADMIN_SQ + 4:
		set_high(&pcie->admin_sq, value);
		return;
	case ADMIN_CQ:
		set_low(&pcie->admin_cq, value);
		return;
	case ADMIN_CQ + 4:
		set_high(&pcie->admin_cq, value);
		return;
	default:
		nvme_set_property(&pcie->ctrl, offset, value);
	}
}

/* A submission queue's, a completion queue's, and so on */
static void ring_doorbell(struct nvme_pcie *pcie, uint32_t nr, uint32_t value)
{
	if (nr % 2)
		nvme_queues_ring_cq(pcie, nr / 2, value & 0xffff);
	else
		nvme_queues_ring_sq(pcie, nr / 2, value & 0xffff);
}

/* In words of 4 bytes, or not at all */
static void bar_write(void *dev, uint32_t offset, const void *data,
		      uint32_t len)
{
	struct nvme_pcie *pcie = dev;
	uint32_t i;

	if (offset % 4 || len % 4)
		return;
	for (i = 0; i < len; i += 4) {
		uint32_t value = get_le32((const uint8_t *)data + i);
		uint32_t at = offset + i;

		if (at >= DOORBELLS)
			ring_doorbell(pcie, (at - DOORBELLS) / 4, value);
		else
			write_register(pcie, at, value);
	}
}

static void reset(void *dev)
{
	struct nvme_pcie *pcie = dev;

	pcie->mask = 0;
	pcie->admin_sizes = 0;
	pcie->admin_sq = 0;
	pcie->admin_cq = 0;
	nvme_power_off(&pcie->ctrl);
}

static const struct pci_ops pci_ops = {
	.bar_read = bar_read,
	.bar_write = bar_write,
	.reset = reset,
};

static void complete(void *front, const struct nvme_request *req)
{
	nvme_queues_complete(front, req);
}

static bool start(void *front)
{
	return nvme_queues_start(front);
}

static void stop(void *front)
{
	nvme_queues_stop(front);
}

/* bar_read() shows it */
static void gone(void *front)
{
	(void)front;
}

static uint16_t execute(void *front, struct nvme_request *req)
{
	return nvme_queues_execute(front, &req->command);
}

static const struct nvme_front_ops front_ops = {
	.complete = complete,
	.start = start,
	.stop = stop,
	.gone = gone,
	.execute = execute,
};

bool nvme_pcie_init(struct nvme_pcie *pcie, struct nvme_subsystem *subsys)
{
	pci_init(&pcie->pci, &identity, &pci_ops, pcie);
	return nvme_add_controller(subsys, &pcie->ctrl, &front_ops, pcie,
				   false);
}
