// SPDX-License-Identifier: GPL-2.0-only
/*
 * An eMMC card: its life, and the faults that it has
 */
#include <string.h>

#include "card.h"

void card_reset(struct emmc *card)
{
	card->state = STATE_IDLE;
	card->busy = false;
	card->busy_ticks = 0;
	card->status = 0;
	card->rca = 0;
	card->block_count = 0;
	card->erase_steps = 0;
	memset(&card->transfer, 0, sizeof(card->transfer));
	memset(card->tasks, 0, sizeof(card->tasks));
	rpmb_power_off(&card->rpmb);
	cache_lose(&card->cache);
	ext_csd_init(card->ext_csd, &card->config);
}

void emmc_init(struct emmc *card, const struct card_config *config,
	       struct storage *storage)
{
	*card = (struct emmc) {
		.config = *config,
		.storage = storage,
		.cache.storage = storage,
		.present = true,
	};
	csd_init(card->csd);
	rpmb_init(&card->rpmb, &storage->rpmb.store, config->large_rpmb_writes,
		  config->secure_wp);
	card_reset(card);
}

void emmc_power(struct emmc *card, bool on)
{
	if (on != card->powered)
		card_reset(card);
	card->powered = on;
}

void emmc_insert(struct emmc *card, bool present)
{
	if (present != card->present)
		card_reset(card);
	card->present = present;
}

void emmc_release(struct emmc *card)
{
	card->busy = false;
	if (card->state == STATE_PRG)
		card->state = STATE_TRAN;
}

enum partition emmc_partition(const struct emmc *card)
{
	return card->ext_csd[EXT_CSD_PARTITION_CONFIG] & PARTITION_ACCESS_MASK;
}

static struct fault_point point(const struct emmc *card, int type)
{
	return (struct fault_point) {
		.command = card->command,
		.partition = emmc_partition(card),
		.type = type,
	};
}

bool card_strikes(struct emmc *card, enum fault_kind kind, int type)
{
	struct fault_point here = point(card, type);

	return faults_happen(&card->faults, kind, &here, NULL);
}

uint32_t card_fault_value(struct emmc *card, enum fault_kind kind)
{
	struct fault_point here = point(card, card->rpmb.area.last_type);
	uint32_t value = 0;

	faults_happen(&card->faults, kind, &here, &value);
	return value;
}

/* It answers again when the host has switched the power off and on */
static void lose_power(struct emmc *card)
{
	card_reset(card);
	card->state = STATE_INA;
}

bool card_dies_before(struct emmc *card, int type)
{
	if (card_strikes(card, FAULT_EXIT_BEFORE, type))
		faults_cut_power();
	if (card_strikes(card, FAULT_POWER_BEFORE, type))
		lose_power(card);
	else if (card_strikes(card, FAULT_REMOVE, type))
		emmc_insert(card, false);
	else
		return false;
	return true;
}

bool card_dies_after(struct emmc *card, int type)
{
	if (card_strikes(card, FAULT_EXIT_AFTER, type))
		faults_cut_power();
	if (!card_strikes(card, FAULT_POWER_AFTER, type))
		return false;
	lose_power(card);
	return true;
}

void card_finish(struct emmc *card, int type)
{
	bool endless = card_strikes(card, FAULT_BUSY, type);

	card->busy_ticks = endless ? 0 : card->config.ticks;
	card->busy = endless || card->busy_ticks;
	card->state = card->busy ? STATE_PRG : STATE_TRAN;
}
