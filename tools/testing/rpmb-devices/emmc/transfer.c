// SPDX-License-Identifier: GPL-2.0-only
/*
 * An eMMC card: data in and out
 */
#include <string.h>

#include "card.h"

#define TUNING_LEN_4 64
#define TUNING_LEN_8 128

static bool is_in_range(const struct emmc *card, uint32_t sector, uint32_t nr)
{
	uint32_t sectors = card->storage->sectors[emmc_partition(card)];

	return sector < sectors && nr <= sectors - sector;
}

static uint32_t start_rpmb(struct emmc *card, bool write, uint32_t nr)
{
	uint32_t lie = write ? AREA_HONEST : card_fault_value(card, FAULT_FORGE);
	bool ok = write ? rpmb_start_write(&card->rpmb, nr) :
			  rpmb_start_read(&card->rpmb, nr, lie);

	return ok ? 0 : R1_ERROR;
}

/* Cards differ in whether they say so twice */
static uint32_t address_error(const struct emmc *card)
{
	return card->config.r1_address && card->rpmb.out_of_range ?
	       R1_OUT_OF_RANGE : 0;
}

/* The RPMB's frames tell the address themselves */
uint32_t card_start(struct emmc *card, bool write,
		    const struct emmc_transfer *transfer)
{
	bool rpmb = emmc_partition(card) == PARTITION_RPMB;
	uint32_t count = transfer->left;
	uint32_t error = 0;

	if (rpmb)
		error = start_rpmb(card, write, count);
	else if (!is_in_range(card, transfer->sector,
			      count == OPEN_ENDED ? 1 : count))
		error = R1_OUT_OF_RANGE;
	if (error)
		return error;

	card->transfer = *transfer;
	card->transfer.source = rpmb ? SOURCE_RPMB : SOURCE_SECTORS;
	card->transfer.ticks = write ? 0 : card->config.ticks;
	card->state = write ? STATE_RCV : STATE_DATA;
	return rpmb && !write ? address_error(card) : 0;
}

static void forget_transfer(struct emmc *card)
{
	card->transfer.source = SOURCE_NONE;
	rpmb_stop(&card->rpmb);
}

static size_t block_len(const struct emmc *card)
{
	switch (card->transfer.source) {
	case SOURCE_NONE:
		return 0;
	case SOURCE_TUNING:
		return card->ext_csd[EXT_CSD_BUS_WIDTH] == BUS_WIDTH_8 ?
		       TUNING_LEN_8 : TUNING_LEN_4;
	default:
		return EMMC_MAX_BLOCK_LEN;
	}
}

size_t emmc_readable(const struct emmc *card)
{
	return card->state == STATE_DATA ? block_len(card) : 0;
}

size_t emmc_writable(const struct emmc *card)
{
	return card->state == STATE_RCV ? block_len(card) : 0;
}

bool emmc_is_late(const struct emmc *card)
{
	return card->state == STATE_DATA && card->transfer.ticks;
}

/* JESD84-B51 6.2.5 says that EXT_CSD shows what the RPMB's registers say */
static void read_ext_csd(struct emmc *card, uint8_t *block)
{
	memcpy(block, card->ext_csd, EXT_CSD_LEN);
	if (card->rpmb.area.engine.store->config[RPMB_EMMC_WP_ENABLE])
		block[EXT_CSD_SECURE_WP_INFO] |= SECURE_WP_EN_STATUS;
}

static bool read_sector(struct emmc *card, uint8_t *block)
{
	struct emmc_transfer *transfer = &card->transfer;

	if (!is_in_range(card, transfer->sector, 1)) {
		card->status |= R1_OUT_OF_RANGE;
		return false;
	}
	if (cache_read(&card->cache, emmc_partition(card), transfer->sector,
		       block))
		return true;
	card->status |= R1_ERROR;
	return false;
}

static bool read_block(struct emmc *card, uint8_t *block)
{
	switch (card->transfer.source) {
	case SOURCE_EXT_CSD:
		read_ext_csd(card, block);
		return true;
	case SOURCE_TUNING:
		memset(block, 0x5a, EMMC_MAX_BLOCK_LEN);
		return true;
	case SOURCE_RPMB:
		rpmb_get(&card->rpmb, block);
		return true;
	default:
		return read_sector(card, block);
	}
}

/* True if the transfer goes on */
static bool count_block(struct emmc_transfer *transfer)
{
	transfer->sector++;
	if (transfer->left != OPEN_ENDED)
		transfer->left--;
	return transfer->left;
}

enum emmc_outcome emmc_read(struct emmc *card,
			    uint8_t block[EMMC_MAX_BLOCK_LEN])
{
	int type = card->rpmb.area.last_type;
	bool damaged;

	if (card_strikes(card, FAULT_DATA_TIMEOUT, type) ||
	    !read_block(card, block))
		return OUTCOME_TIMEOUT;
	damaged = card_strikes(card, FAULT_DATA_CRC, type);
	card->stats.blocks_read[emmc_partition(card)]++;
	if (!count_block(&card->transfer)) {
		forget_transfer(card);
		card->state = STATE_TRAN;
	}
	return damaged ? OUTCOME_CRC : OUTCOME_OK;
}

static void write_sector(struct emmc *card, const uint8_t *block)
{
	struct emmc_transfer *transfer = &card->transfer;

	if (!is_in_range(card, transfer->sector, 1))
		card->status |= R1_OUT_OF_RANGE;
	else if (!cache_write(&card->cache, emmc_partition(card),
			      transfer->sector, block))
		card->status |= R1_ERROR;
}

/*
 * All data is here. That of ordinary partitions has been written as it came; a reliable
 * write takes with it what is in the cache.
 */
static void commit(struct emmc *card, int type)
{
	bool fails = (card->transfer.source != SOURCE_RPMB ||
		      rpmb_is_write(type)) &&
		     card_strikes(card, FAULT_WRITE_FAILURE, type);

	if (card->transfer.source == SOURCE_RPMB) {
		rpmb_execute(&card->rpmb, card->transfer.reliable, fails);
		card->status |= address_error(card);
	} else if (fails || (card->transfer.reliable &&
			      !cache_flush(&card->cache))) {
		card->status |= R1_ERROR;
	}
}

static enum emmc_outcome finish_write(struct emmc *card)
{
	bool rpmb = card->transfer.source == SOURCE_RPMB;
	int type = rpmb ? rpmb_request_type(&card->rpmb) : 0;

	if (card_dies_before(card, type))
		return OUTCOME_TIMEOUT;
	commit(card, type);
	forget_transfer(card);
	if (card_dies_after(card, type))
		return OUTCOME_TIMEOUT;
	card_finish(card, type);
	return card_strikes(card, FAULT_DATA_TIMEOUT, type) ? OUTCOME_TIMEOUT :
							      OUTCOME_OK;
}

/* A damaged block ends the transfer, for which the card awaits CMD12 */
enum emmc_outcome emmc_write(struct emmc *card,
			     const uint8_t block[EMMC_MAX_BLOCK_LEN])
{
	if (card_strikes(card, FAULT_DATA_CRC, 0)) {
		forget_transfer(card);
		return OUTCOME_CRC;
	}
	card->stats.blocks_written[emmc_partition(card)]++;
	if (card->transfer.source == SOURCE_RPMB)
		rpmb_put(&card->rpmb, block);
	else
		write_sector(card, block);
	return count_block(&card->transfer) ? OUTCOME_OK : finish_write(card);
}

/* What came of an open-ended write is complete then; other frames are not */
void card_stop(struct emmc *card)
{
	bool complete = card->state == STATE_RCV &&
			card->transfer.source == SOURCE_SECTORS &&
			card->transfer.left == OPEN_ENDED;

	if (complete)
		commit(card, 0);
	forget_transfer(card);
	card->state = STATE_TRAN;
	if (complete)
		card_finish(card, 0);
}
