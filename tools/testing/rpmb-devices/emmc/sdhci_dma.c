// SPDX-License-Identifier: GPL-2.0-only
/*
 * The memory of the machine that a block comes from or goes to: by ADMA2, which has
 * it in descriptors, or by SDMA, which goes straight on
 */
#include "sdhci_internal.h"

/* ADMA2 descriptors */
#define ADMA_VALID (1 << 0)
#define ADMA_END (1 << 1)
#define ADMA_ACTION_MASK (3 << 4)
#define ADMA_TRANSFER (2 << 4)
#define ADMA_LINK (3 << 4)
#define ADMA32_LEN 8
#define ADMA64_LEN 12

/* So many in a row that move no data are a loop */
#define ADMA_MAX_IDLE 1024

/* Follow links to the next memory; false if there is none */
static bool next_memory(struct sdhci *host)
{
	struct sdhci_transfer *transfer = &host->transfer;
	bool wide = transfer->path == PATH_ADMA64;
	uint8_t bytes[ADMA64_LEN] = {};
	unsigned int idle;
	uint64_t addr;
	uint16_t len;

	for (idle = 0; idle < ADMA_MAX_IDLE; idle++) {
		if (transfer->last_descriptor ||
		    !dma_read(&host->pci.dma, transfer->descriptor, bytes,
			      wide ? ADMA64_LEN : ADMA32_LEN) ||
		    !(bytes[0] & ADMA_VALID))
			return false;
		transfer->last_descriptor = bytes[0] & ADMA_END;
		transfer->descriptor += wide ? ADMA64_LEN : ADMA32_LEN;
		len = get_le16(bytes + 2);
		addr = wide ? get_le64(bytes + 4) : get_le32(bytes + 4);

		if ((bytes[0] & ADMA_ACTION_MASK) == ADMA_LINK)
			transfer->descriptor = addr;
		if ((bytes[0] & ADMA_ACTION_MASK) == ADMA_TRANSFER) {
			transfer->addr = addr;
			transfer->room = len ? len : 65536;
			return true;
		}
	}
	return false;
}

static bool move(struct sdhci *host, uint32_t len)
{
	struct sdhci_transfer *transfer = &host->transfer;
	uint8_t *bytes = transfer->block + transfer->at;
	bool ok = transfer->read ?
		  dma_write(&host->pci.dma, transfer->addr, bytes, len) :
		  dma_read(&host->pci.dma, transfer->addr, bytes, len);

	transfer->addr += len;
	transfer->at += len;
	return ok;
}

static uint32_t smaller(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

bool sdhci_move_by_adma(struct sdhci *host)
{
	struct sdhci_transfer *transfer = &host->transfer;

	while (transfer->at < transfer->block_len) {
		uint32_t len;

		if (!transfer->room && !next_memory(host))
			return false;
		len = smaller(transfer->room,
			      transfer->block_len - transfer->at);
		transfer->room -= len;
		if (!move(host, len))
			return false;
	}
	return true;
}

bool sdhci_move_by_sdma(struct sdhci *host)
{
	struct sdhci_transfer *transfer = &host->transfer;
	unsigned int shift = sdhci_reg16(host, BLOCK_SIZE) >> BOUNDARY_SHIFT &
			     BOUNDARY_MASK;
	uint32_t boundary = 4096U << shift;

	while (transfer->at < transfer->block_len && !transfer->waits) {
		uint32_t to_boundary = boundary - transfer->addr % boundary;
		uint32_t len = smaller(to_boundary,
				       transfer->block_len - transfer->at);

		if (!move(host, len))
			return false;
		put_le32(host->regs + SDMA_ADDRESS, transfer->addr);
		if (len == to_boundary) {
			transfer->waits = true;
			sdhci_raise(host, INT_SDMA_BOUNDARY);
		}
	}
	return true;
}
