/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef NVME_PRP_H
#define NVME_PRP_H

#include "dma.h"
#include "nvme.h"

/*
 * Fetch the data of a request from the memory that its PRP entries describe, or write
 * what the machine gets there; the status
 */
uint16_t nvme_prp_read(const struct dma *dma, struct nvme_request *req);
uint16_t nvme_prp_write(const struct dma *dma, const struct nvme_request *req);

#endif /* NVME_PRP_H */
