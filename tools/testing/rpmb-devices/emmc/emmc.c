// SPDX-License-Identifier: GPL-2.0-only
/*
 * An eMMC card: how a command goes
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
	uint32_t bits = card_fault_value(card, FAULT_R1);
	uint32_t word = card->state << R1_STATE_SHIFT;
	uint32_t errors = card->status | bits;

	if (!card->busy)
		word |= R1_READY_FOR_DATA;
	card->status = 0;
	errors |= command->run(card, arg);
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
