/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Submission and completion queues in the machine's memory
 */
#ifndef NVME_QUEUES_H
#define NVME_QUEUES_H

#include "pcie.h"

/* The admin queues, as the registers say; false if they cannot be */
bool nvme_queues_start(struct nvme_pcie *pcie);

/* There is none any more */
void nvme_queues_stop(struct nvme_pcie *pcie);

/* Admin commands that make and delete queues; the status */
uint16_t nvme_queues_execute(struct nvme_pcie *pcie,
			     const struct nvme_command *command);

/* Doorbells */
void nvme_queues_ring_sq(struct nvme_pcie *pcie, uint32_t queue, uint32_t tail);
void nvme_queues_ring_cq(struct nvme_pcie *pcie, uint32_t queue, uint32_t head);

/* Move the data of a request to the machine and post its completion */
void nvme_queues_complete(struct nvme_pcie *pcie,
			  const struct nvme_request *req);

/* Interrupt, or do not, as the completion queues of a vector say */
void nvme_queues_update_irq(struct nvme_pcie *pcie, unsigned int vector);

#endif /* NVME_QUEUES_H */
