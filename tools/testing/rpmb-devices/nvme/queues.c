// SPDX-License-Identifier: GPL-2.0-only
/*
 * Submission and completion queues in the machine's memory
 */
#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "bytes.h"
#include "prp.h"
#include "queues.h"

/* Fields of dwords 10 and 11 of commands that make queues */
#define QUEUE_ID(dw10) ((dw10) & 0xffff)
#define QUEUE_SIZE(dw10) ((dw10) >> 16)	/* 0's based, and not 0 */
#define CONTIGUOUS (1U << 0)
#define INTERRUPTS (1U << 1)
#define VECTOR(dw11) ((dw11) >> 16)
#define CQ_ID(dw11) ((dw11) >> 16)

/* The sizes of the admin queues, 0's based */
#define ADMIN_SQ_SIZE(sizes) ((sizes) & 0xfff)
#define ADMIN_CQ_SIZE(sizes) ((sizes) >> 16 & 0xfff)

#define SQ_ENTRY_LEN sizeof(struct nvme_command)

static bool is_page(uint64_t addr)
{
	return addr % NVME_PCIE_PAGE == 0;
}

static void drop_cq(struct nvme_cq *cq)
{
	struct nvme_waiting *waiting;

	while ((waiting = cq->waiting)) {
		cq->waiting = waiting->next;
		free(waiting);
	}
	memset(cq, 0, sizeof(*cq));
}

bool nvme_queues_start(struct nvme_pcie *pcie)
{
	uint32_t sq_size = ADMIN_SQ_SIZE(pcie->admin_sizes);
	uint32_t cq_size = ADMIN_CQ_SIZE(pcie->admin_sizes);

	if (!sq_size || !cq_size || !is_page(pcie->admin_sq) ||
	    !is_page(pcie->admin_cq))
		return false;
	pcie->sqs[0] = (struct nvme_sq) {
		.base = pcie->admin_sq,
		.entries = sq_size + 1,
	};
	pcie->cqs[0] = (struct nvme_cq) {
		.base = pcie->admin_cq,
		.entries = cq_size + 1,
		.phase = true,
		.interrupts = true,
	};
	return true;
}

void nvme_queues_stop(struct nvme_pcie *pcie)
{
	unsigned int i;

	memset(pcie->sqs, 0, sizeof(pcie->sqs));
	for (i = 0; i <= NVME_IO_QUEUES; i++)
		drop_cq(&pcie->cqs[i]);
	for (i = 0; i < NVME_PCIE_VECTORS; i++)
		nvme_queues_update_irq(pcie, i);
}

/* What is the same for both kinds of queues */
static uint16_t check_new(const struct nvme_command *command, bool exists)
{
	uint32_t size = QUEUE_SIZE(le32toh(command->dw10));

	if (exists)
		return NVME_INVALID_QUEUE_ID;
	if (!size || size >= NVME_QUEUE_ENTRIES)
		return NVME_INVALID_QUEUE_SIZE;
	if (!(le32toh(command->dw11) & CONTIGUOUS))
		return NVME_INVALID_FIELD;
	return is_page(get_le64(command->data)) ? NVME_SUCCESS :
						  NVME_INVALID_PRP_OFFSET;
}

static uint16_t create_cq(struct nvme_pcie *pcie,
			  const struct nvme_command *command, uint16_t id)
{
	uint16_t status = check_new(command, pcie->cqs[id].entries);
	uint32_t dw11 = le32toh(command->dw11);

	if (status)
		return status;
	if (VECTOR(dw11) >= NVME_PCIE_VECTORS)
		return NVME_INVALID_VECTOR;
	pcie->cqs[id] = (struct nvme_cq) {
		.base = get_le64(command->data),
		.entries = QUEUE_SIZE(le32toh(command->dw10)) + 1,
		.phase = true,
		.interrupts = dw11 & INTERRUPTS,
		.vector = VECTOR(dw11),
	};
	return NVME_SUCCESS;
}

static uint16_t create_sq(struct nvme_pcie *pcie,
			  const struct nvme_command *command, uint16_t id)
{
	uint16_t status = check_new(command, pcie->sqs[id].entries);
	uint32_t cq = CQ_ID(le32toh(command->dw11));

	if (status)
		return status;
	if (!cq || cq > NVME_IO_QUEUES)
		return NVME_INVALID_QUEUE_ID;
	if (!pcie->cqs[cq].entries)
		return NVME_INVALID_CQ;
	pcie->sqs[id] = (struct nvme_sq) {
		.base = get_le64(command->data),
		.entries = QUEUE_SIZE(le32toh(command->dw10)) + 1,
		.cq = cq,
	};
	return NVME_SUCCESS;
}

static uint16_t delete_sq(struct nvme_pcie *pcie, uint16_t id)
{
	if (!pcie->sqs[id].entries)
		return NVME_INVALID_QUEUE_ID;
	nvme_forget(&pcie->ctrl, id);
	memset(&pcie->sqs[id], 0, sizeof(pcie->sqs[id]));
	return NVME_SUCCESS;
}

static uint16_t delete_cq(struct nvme_pcie *pcie, uint16_t id)
{
	struct nvme_cq *cq = &pcie->cqs[id];
	uint16_t vector = cq->vector;
	unsigned int i;

	if (!cq->entries)
		return NVME_INVALID_QUEUE_ID;
	for (i = 1; i <= NVME_IO_QUEUES; i++)
		if (pcie->sqs[i].cq == id)
			return NVME_INVALID_QUEUE_DELETION;
	drop_cq(cq);
	nvme_queues_update_irq(pcie, vector);
	return NVME_SUCCESS;
}

uint16_t nvme_queues_execute(struct nvme_pcie *pcie,
			     const struct nvme_command *command)
{
	uint16_t id = QUEUE_ID(le32toh(command->dw10));
	bool exists = id && id <= NVME_IO_QUEUES;

	switch (command->opcode) {
	case NVME_CREATE_CQ:
		return exists ? create_cq(pcie, command, id) :
				NVME_INVALID_QUEUE_ID;
	case NVME_CREATE_SQ:
		return exists ? create_sq(pcie, command, id) :
				NVME_INVALID_QUEUE_ID;
	case NVME_DELETE_SQ:
		return exists ? delete_sq(pcie, id) : NVME_INVALID_QUEUE_ID;
	case NVME_DELETE_CQ:
		return exists ? delete_cq(pcie, id) : NVME_INVALID_QUEUE_ID;
	default:
		return NVME_INVALID_OPCODE;
	}
}

static bool is_full(const struct nvme_cq *cq)
{
	return (cq->tail + 1) % cq->entries == cq->head;
}

void nvme_queues_update_irq(struct nvme_pcie *pcie, unsigned int vector)
{
	const struct nvme_cq *cq;
	bool level = false;

	for (cq = pcie->cqs; cq <= pcie->cqs + NVME_IO_QUEUES; cq++)
		level |= cq->interrupts && cq->vector == vector &&
			 cq->head != cq->tail;
	pci_set_irq(&pcie->pci, vector, level && !(pcie->mask & 1U << vector));
}

static void post(struct nvme_pcie *pcie, struct nvme_cq *cq,
		 uint8_t entry[NVME_CQ_ENTRY_LEN])
{
	put_le16(entry + 14, (get_le16(entry + 14) & ~1) | cq->phase);
	if (!dma_write(&pcie->pci.dma, cq->base + cq->tail * NVME_CQ_ENTRY_LEN,
		       entry, NVME_CQ_ENTRY_LEN)) {
		nvme_fail(&pcie->ctrl);
		return;
	}
	cq->tail = (cq->tail + 1) % cq->entries;
	cq->phase ^= !cq->tail;
	nvme_queues_update_irq(pcie, cq->vector);
}

/* Rare: a queue has no room for what it was made for, or was held for long */
static void wait_for_room(struct nvme_pcie *pcie, struct nvme_cq *cq,
			  const uint8_t entry[NVME_CQ_ENTRY_LEN])
{
	struct nvme_waiting *waiting = calloc(1, sizeof(*waiting));
	struct nvme_waiting **at = &cq->waiting;

	if (!waiting) {
		nvme_fail(&pcie->ctrl);
		return;
	}
	memcpy(waiting->entry, entry, NVME_CQ_ENTRY_LEN);
	while (*at)
		at = &(*at)->next;
	*at = waiting;
}

static void make_entry(const struct nvme_pcie *pcie,
		       const struct nvme_request *req, uint16_t status,
		       uint8_t entry[NVME_CQ_ENTRY_LEN])
{
	put_le64(entry, req->result);
	put_le16(entry + 8, pcie->sqs[req->queue].head);
	put_le16(entry + 10, req->queue);
	memcpy(entry + 12, &req->command.id, 2);
	put_le16(entry + 14, status << 1);
}

void nvme_queues_complete(struct nvme_pcie *pcie,
			  const struct nvme_request *req)
{
	struct nvme_cq *cq = &pcie->cqs[pcie->sqs[req->queue].cq];
	uint8_t entry[NVME_CQ_ENTRY_LEN];
	uint16_t status = nvme_prp_write(&pcie->pci.dma, req);

	if (status)
		status |= NVME_DO_NOT_RETRY;
	make_entry(pcie, req, status ?: req->status, entry);
	if (is_full(cq) || cq->waiting)
		wait_for_room(pcie, cq, entry);
	else
		post(pcie, cq, entry);
}

/* Get what the command sends, and give the command to the controller */
static void start_request(struct nvme_pcie *pcie, uint16_t queue,
			  const struct nvme_command *command)
{
	uint64_t len = nvme_data_len(queue, command);
	bool fits = len <= NVME_MAX_TRANSFER && !(command->flags & NVME_PSDT);
	struct nvme_request *req;
	uint16_t status;

	req = nvme_request_new(&pcie->ctrl, queue, command, fits ? len : 0);
	if (!req) {
		nvme_fail(&pcie->ctrl);
		return;
	}
	status = fits ? NVME_SUCCESS : NVME_INVALID_FIELD;
	if (!status && NVME_DIRECTION(command->opcode) == NVME_FROM_HOST)
		status = nvme_prp_read(&pcie->pci.dma, req);
	if (status)
		nvme_refuse(req, status | NVME_DO_NOT_RETRY);
	else
		nvme_submit(req);
}

/* A controller that fails or goes on the way has no such queue any more */
static void run_sq(struct nvme_pcie *pcie, uint16_t queue)
{
	struct nvme_sq *sq = &pcie->sqs[queue];
	const struct nvme_cq *cq = &pcie->cqs[sq->cq];
	struct nvme_command command;

	while (nvme_is_ready(&pcie->ctrl) && sq->head != sq->tail &&
	       !is_full(cq)) {
		if (!dma_read(&pcie->pci.dma, sq->base + sq->head * SQ_ENTRY_LEN,
			      &command, sizeof(command))) {
			nvme_fail(&pcie->ctrl);
			return;
		}
		sq->head = (sq->head + 1) % sq->entries;
		start_request(pcie, queue, &command);
	}
}

void nvme_queues_ring_sq(struct nvme_pcie *pcie, uint32_t queue, uint32_t tail)
{
	if (queue > NVME_IO_QUEUES || tail >= pcie->sqs[queue].entries)
		return;
	pcie->sqs[queue].tail = tail;
	run_sq(pcie, queue);
}

static void post_waiting(struct nvme_pcie *pcie, struct nvme_cq *cq)
{
	struct nvme_waiting *waiting;

	while ((waiting = cq->waiting) && !is_full(cq)) {
		cq->waiting = waiting->next;
		post(pcie, cq, waiting->entry);
		free(waiting);
	}
}

/* Not behind what is there; then there is room for what waits */
static bool consumes(const struct nvme_cq *cq, uint32_t head)
{
	return head < cq->entries &&
	       (head + cq->entries - cq->head) % cq->entries <=
	       (cq->tail + cq->entries - cq->head) % cq->entries;
}

void nvme_queues_ring_cq(struct nvme_pcie *pcie, uint32_t queue, uint32_t head)
{
	struct nvme_cq *cq;
	unsigned int i;

	if (queue > NVME_IO_QUEUES || !consumes(&pcie->cqs[queue], head))
		return;
	cq = &pcie->cqs[queue];
	cq->head = head;
	post_waiting(pcie, cq);
	nvme_queues_update_irq(pcie, cq->vector);
	for (i = 0; i <= NVME_IO_QUEUES; i++)
		if (pcie->sqs[i].entries && pcie->sqs[i].cq == queue)
			run_sq(pcie, i);
}
