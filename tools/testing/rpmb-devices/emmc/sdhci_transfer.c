// SPDX-License-Identifier: GPL-2.0-only
/*
 * A transfer of data: block after block between the card and the machine, until
 * its end or until there is something to wait for
 */
#include <string.h>

#include "sdhci_internal.h"

void sdhci_forget_transfer(struct sdhci *host)
{
	memset(&host->transfer, 0, sizeof(host->transfer));
}

static void fail_transfer(struct sdhci *host, uint32_t bits)
{
	const struct sdhci_transfer_ops *ops = host->transfer.ops;

	sdhci_forget_transfer(host);
	sdhci_raise(host, bits);
	if (ops->failed)
		ops->failed(host);
}

static void fail_adma(struct sdhci *host)
{
	host->regs[ADMA_ERROR_STATUS] = 1;	/* at a descriptor */
	fail_transfer(host, INT_ADMA);
}

void sdhci_when_idle(struct sdhci *host, void (*done)(struct sdhci *host))
{
	host->when_idle = host->card->busy ? done : NULL;
	if (!host->when_idle)
		done(host);
}

/* The machine moves the block itself: four bytes at a time, say */
static void offer_port(struct sdhci *host)
{
	host->transfer.waits = true;
	sdhci_raise(host, host->transfer.read ? INT_PORT_READABLE :
						INT_PORT_WRITABLE);
}

static bool move_block(struct sdhci *host)
{
	switch (host->transfer.path) {
	case PATH_PORT:
		if (host->transfer.at < host->transfer.block_len)
			offer_port(host);
		return true;
	case PATH_SDMA:
		return sdhci_move_by_sdma(host);
	default:
		return sdhci_move_by_adma(host);
	}
}

static bool check_outcome(struct sdhci *host, enum emmc_outcome outcome)
{
	if (outcome == OUTCOME_CRC)
		fail_transfer(host, INT_DATA_CRC);
	else if (outcome == OUTCOME_TIMEOUT)
		fail_transfer(host, INT_DATA_TIMEOUT);
	return outcome == OUTCOME_OK;
}

/* Fetch a block from the card, for the machine; false if there is none */
static bool fetch_block(struct sdhci *host)
{
	struct sdhci_transfer *transfer = &host->transfer;
	size_t len = emmc_readable(host->card);

	if (!len)
		return check_outcome(host, OUTCOME_TIMEOUT);
	if (!check_outcome(host, emmc_read(host->card, transfer->block)))
		return false;
	return check_outcome(host, len == transfer->block_len ? OUTCOME_OK :
								OUTCOME_CRC);
}

/* Give the card a block of the machine; false if it does not take it */
static bool bring_block(struct sdhci *host)
{
	struct sdhci_transfer *transfer = &host->transfer;
	size_t len = emmc_writable(host->card);

	if (!len)
		return check_outcome(host, OUTCOME_TIMEOUT);
	if (len != transfer->block_len)
		return check_outcome(host, OUTCOME_CRC);
	return check_outcome(host, emmc_write(host->card, transfer->block));
}

static void next_block(struct sdhci *host)
{
	host->transfer.at = 0;
	host->transfer.left--;
	put_le16(host->regs + BLOCK_COUNT, host->transfer.left);
}

static void last_block(struct sdhci *host)
{
	const struct sdhci_transfer_ops *ops = host->transfer.ops;

	sdhci_forget_transfer(host);
	ops->moved(host);
}

static bool wants_block(const struct sdhci_transfer *transfer)
{
	return transfer->read && !transfer->at;
}

static bool can_run(const struct sdhci *host)
{
	const struct sdhci_transfer *transfer = &host->transfer;

	return transfer->active && !transfer->waits &&
	       !(wants_block(transfer) && emmc_is_late(host->card));
}

void sdhci_run_transfer(struct sdhci *host)
{
	struct sdhci_transfer *transfer = &host->transfer;

	while (can_run(host)) {
		if (wants_block(transfer) && !fetch_block(host))
			return;
		if (!move_block(host)) {
			fail_adma(host);
			return;
		}
		if (transfer->at < transfer->block_len)
			continue;
		if (!transfer->read && !bring_block(host))
			return;
		next_block(host);
		if (!transfer->left)
			last_block(host);
	}
}

static enum sdhci_path path_of(const struct sdhci *host)
{
	if (!(sdhci_reg16(host, TRANSFER_MODE) & MODE_DMA))
		return PATH_PORT;
	switch (host->regs[HOST_CONTROL] & CONTROL_DMA_MASK) {
	case CONTROL_ADMA32:
		return PATH_ADMA32;
	case CONTROL_ADMA64:
		return PATH_ADMA64;
	default:
		return PATH_SDMA;
	}
}

static uint64_t dma_address(const struct sdhci *host, enum sdhci_path path)
{
	if (path == PATH_ADMA64)
		return get_le64(host->regs + ADMA_ADDRESS);
	if (path == PATH_ADMA32)
		return sdhci_reg32(host, ADMA_ADDRESS);
	return sdhci_reg32(host, SDMA_ADDRESS);
}

void sdhci_start_transfer(struct sdhci *host,
			  const struct sdhci_transfer_ops *ops)
{
	uint16_t mode = sdhci_reg16(host, TRANSFER_MODE);
	enum sdhci_path path = path_of(host);
	uint64_t addr = dma_address(host, path);
	uint32_t len = sdhci_reg16(host, BLOCK_SIZE) & BLOCK_LEN_MASK;

	host->transfers[path]++;
	host->transfer = (struct sdhci_transfer) {
		.ops = ops,
		.active = true,
		.read = mode & MODE_READ,
		.path = path,
		.left = mode & MODE_MULTI ? sdhci_reg16(host, BLOCK_COUNT) : 1,
		.block_len = len,
		.addr = addr,
		.descriptor = addr,
	};
	if (!len || len > SDHCI_MAX_BLOCK_LEN || !host->transfer.left ||
	    (mode & MODE_MULTI && !(mode & MODE_BLOCK_COUNT)))
		fail_adma(host);
	else
		sdhci_run_transfer(host);
}

void sdhci_task_data(struct sdhci *host, bool read, uint32_t blocks,
		     uint64_t descriptor, const struct sdhci_transfer_ops *ops)
{
	host->transfers[PATH_ADMA64]++;
	host->transfer = (struct sdhci_transfer) {
		.ops = ops,
		.active = true,
		.read = read,
		.path = PATH_ADMA64,
		.left = blocks,
		.block_len = EMMC_MAX_BLOCK_LEN,
		.descriptor = descriptor,
	};
	sdhci_run_transfer(host);
}

void sdhci_task_lost(struct sdhci *host)
{
	host->regs[ADMA_ERROR_STATUS] = 1;
	sdhci_raise(host, INT_ADMA);
}

void sdhci_resume_sdma(struct sdhci *host)
{
	if (host->transfer.path != PATH_SDMA || !host->transfer.waits)
		return;
	host->transfer.addr = sdhci_reg32(host, SDMA_ADDRESS);
	host->transfer.waits = false;
	sdhci_run_transfer(host);
}

static bool port_is_open(const struct sdhci *host, bool read, uint32_t len)
{
	const struct sdhci_transfer *transfer = &host->transfer;

	return transfer->path == PATH_PORT && transfer->waits &&
	       transfer->read == read &&
	       len <= transfer->block_len - transfer->at;
}

static void port_used(struct sdhci *host, uint32_t len)
{
	host->transfer.at += len;
	if (host->transfer.at < host->transfer.block_len)
		return;
	host->transfer.waits = false;
	sdhci_run_transfer(host);
}

void sdhci_read_port(struct sdhci *host, void *data, uint32_t len)
{
	memset(data, 0, len);
	if (!port_is_open(host, true, len))
		return;
	memcpy(data, host->transfer.block + host->transfer.at, len);
	port_used(host, len);
}

void sdhci_write_port(struct sdhci *host, const void *data, uint32_t len)
{
	if (!port_is_open(host, false, len))
		return;
	memcpy(host->transfer.block + host->transfer.at, data, len);
	port_used(host, len);
}
