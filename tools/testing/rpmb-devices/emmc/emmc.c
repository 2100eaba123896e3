// SPDX-License-Identifier: GPL-2.0-only
/*
 * An eMMC card: its life, and how a command goes
 */
#include <string.h>

#include "card.h"

const char *const fault_names[NR_FAULTS] = {
	[FAULT_NO_RESPONSE] = "no-response",
	[FAULT_RESPONSE_CRC] = "response-crc",
	[FAULT_R1] = "r1",
	[FAULT_DATA_CRC] = "data-crc",
	[FAULT_DATA_TIMEOUT] = "data-timeout",
	[FAULT_SWITCH_ERROR] = "switch-error",
	[FAULT_WRITE_FAILURE] = "write-failure",
	[FAULT_FORGE] = "forge",
	[FAULT_BUSY] = "busy",
	[FAULT_REMOVE] = "remove",
	[FAULT_POWER_BEFORE] = "power-before",
	[FAULT_POWER_AFTER] = "power-after",
	[FAULT_EXIT_BEFORE] = "exit-before",
	[FAULT_EXIT_AFTER] = "exit-after",
};

#define R1_STATE_SHIFT 9
#define R1_READY_FOR_DATA (1U << 8)

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

uint32_t card_lie(struct emmc *card)
{
	struct fault_point here = point(card, card->rpmb.area.last_type);
	uint32_t lie = AREA_HONEST;

	faults_happen(&card->faults, FAULT_FORGE, &here, &lie);
	return lie;
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

bool emmc_wants_tick(const struct emmc *card)
{
	return card->busy_ticks || emmc_is_late(card);
}

/* It is busy or has something to send, never both */
void emmc_tick(struct emmc *card)
{
	card->stats.ticks++;
	if (emmc_is_late(card))
		card->transfer.ticks--;
	else if (!--card->busy_ticks)
		emmc_release(card);
}

void card_finish(struct emmc *card, int type)
{
	bool endless = card_strikes(card, FAULT_BUSY, type);

	card->busy_ticks = endless ? 0 : card->config.ticks;
	card->busy = endless || card->busy_ticks;
	card->state = card->busy ? STATE_PRG : STATE_TRAN;
}

static void record(struct emmc *card, uint8_t command, uint32_t arg)
{
	struct emmc_event *event;

	card->command = command;
	card->stats.commands[command]++;
	event = &card->history[card->nr_events++ % EMMC_HISTORY];
	event->command = command;
	event->partition = emmc_partition(card);
	event->arg = arg;
}

/* Frames are always counted, by CMD23 */
static bool is_legal_in_rpmb(const struct emmc *card,
			     const struct command *command)
{
	bool data = card->command == 18 || card->command == 25;

	return command->flags & IN_RPMB &&
	       (!data || card->block_count & BLOCK_COUNT_MASK);
}

static bool is_legal(const struct emmc *card, const struct command *command)
{
	bool rpmb = emmc_partition(card) == PARTITION_RPMB;
	bool queued = card->ext_csd[EXT_CSD_CMDQ_MODE_EN];

	return command->run && command->states & 1U << card->state &&
	       !(rpmb && !is_legal_in_rpmb(card, command)) &&
	       !(command->flags & (queued ? NOT_QUEUED : QUEUED));
}

/* A selected card that another one is selected instead of gives way */
static bool is_for_us(struct emmc *card, const struct command *command,
		      uint32_t arg)
{
	if (!(command->flags & ADDRESSED) || arg >> 16 == card->rca)
		return true;
	if (card->command == 7 && card->state != STATE_STBY)
		card->state = STATE_STBY;
	return false;
}

/* R1 tells the state that the command found, and errors from before */
static void execute(struct emmc *card, const struct command *command,
		    uint32_t arg)
{
	struct fault_point here = point(card, card->rpmb.area.last_type);
	uint32_t word = card->state << R1_STATE_SHIFT;
	uint32_t errors = card->status, bits = 0;

	if (!card->busy)
		word |= R1_READY_FOR_DATA;
	faults_happen(&card->faults, FAULT_R1, &here, &bits);
	card->status = 0;
	errors |= bits | command->run(card, arg);
	if (!(command->flags & NO_R1)) {
		card->response->word = word | errors;
		card->stats.r1 |= errors;
	}
	if (card->command != 23)
		card->block_count = 0;
}

enum emmc_outcome emmc_command(struct emmc *card, uint8_t index, uint32_t arg,
			       struct emmc_response *response)
{
	const struct command *command = &card_commands[index];
	int type = card->rpmb.area.last_type;

	memset(response, 0, sizeof(*response));
	if (!card->present || !card->powered || card->state == STATE_INA)
		return OUTCOME_TIMEOUT;
	record(card, index, arg);
	if (card_strikes(card, FAULT_NO_RESPONSE, type)) {
		card->status |= R1_COM_CRC_ERROR;
		return OUTCOME_TIMEOUT;
	}
	if (!is_legal(card, command)) {
		card->stats.illegal++;
		card->status |= R1_ILLEGAL_COMMAND;
		return OUTCOME_TIMEOUT;
	}
	if (!is_for_us(card, command, arg) ||
	    (!(command->flags & WRITES) && card_dies_before(card, type)))
		return OUTCOME_TIMEOUT;

	card->response = response;
	execute(card, command, arg);
	if (!(command->flags & WRITES) && card_dies_after(card, type))
		return OUTCOME_TIMEOUT;
	return card_strikes(card, FAULT_RESPONSE_CRC, type) ? OUTCOME_CRC :
							      OUTCOME_OK;
}
