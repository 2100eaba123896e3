// SPDX-License-Identifier: GPL-2.0-only
/*
 * Commands to the card: those of the machine, those that go with a transfer by
 * themselves, and those of the command queue engine
 */
#include "sdhci_internal.h"

/* R2 stands there without its last byte, a checksum */
static void put_response(struct sdhci *host,
			 const struct emmc_response *response)
{
	unsigned int i;

	if (!response->is_long) {
		put_le32(host->regs + RESPONSE, response->word);
		return;
	}
	for (i = 0; i < CID_LEN - 1; i++)
		host->regs[RESPONSE + i] = response->bytes[CID_LEN - 2 - i];
	host->regs[RESPONSE + CID_LEN - 1] = 0;
}

/* False if the machine has been told that there is no response */
static bool send_command(struct sdhci *host, uint8_t index, uint32_t arg,
			 bool silent)
{
	struct emmc_response response;
	enum emmc_outcome outcome = emmc_command(host->card, index, arg,
						 &response);

	if (!silent && outcome != OUTCOME_OK) {
		sdhci_raise(host, outcome == OUTCOME_CRC ?
				  INT_COMMAND_CRC : INT_COMMAND_TIMEOUT);
		return false;
	}
	put_response(host, &response);
	return true;
}

bool sdhci_task_command(struct sdhci *host, uint8_t index, uint32_t arg)
{
	return send_command(host, index, arg, false);
}

/* Does the transfer mode ask for it? */
static bool wants_auto(const struct sdhci *host, uint16_t which)
{
	return (sdhci_reg16(host, TRANSFER_MODE) & MODE_AUTO_MASK) == which;
}

/* False if there was no response */
static bool auto_command(struct sdhci *host, uint8_t index, uint32_t arg)
{
	struct emmc_response response;
	enum emmc_outcome outcome = emmc_command(host->card, index, arg,
						 &response);

	if (outcome != OUTCOME_OK) {
		put_le16(host->regs + AUTO_CMD_STATUS,
			 outcome == OUTCOME_CRC ? AUTO_CMD_CRC :
						  AUTO_CMD_TIMEOUT);
		sdhci_raise(host, INT_AUTO_CMD);
		return false;
	}
	put_le32(host->regs + RESPONSE + 12, response.word);
	return true;
}

static void complete(struct sdhci *host)
{
	sdhci_raise(host, INT_TRANSFER);
}

static void moved(struct sdhci *host)
{
	if (!wants_auto(host, MODE_AUTO_CMD12) || auto_command(host, 12, 0))
		sdhci_when_idle(host, complete);
}

static const struct sdhci_transfer_ops transfer_ops = {
	.moved = moved,
};

/*
 * The host looks at the tuning block itself; the machine gets an event only. It is tuned
 * by the first that is not damaged.
 */
static void tune(struct sdhci *host)
{
	uint8_t block[EMMC_MAX_BLOCK_LEN];
	enum emmc_outcome outcome = OUTCOME_TIMEOUT;

	if (emmc_readable(host->card))
		outcome = emmc_read(host->card, block);
	if (outcome == OUTCOME_TIMEOUT)
		return;
	if (outcome == OUTCOME_OK) {
		host->tunings++;
		host->regs[HOST_CONTROL2] &= ~CONTROL2_EXECUTE_TUNING;
		host->regs[HOST_CONTROL2] |= CONTROL2_TUNED;
	}
	sdhci_raise(host, INT_PORT_READABLE);
}

/* A command that uses the data lines waits for those who use them */
void sdhci_issue_command(struct sdhci *host)
{
	uint16_t command = sdhci_reg16(host, COMMAND);
	uint8_t index = command >> COMMAND_INDEX_SHIFT & COMMAND_INDEX_MASK;
	bool busy = (command & COMMAND_RESPONSE_MASK) == COMMAND_BUSY;
	bool data = command & COMMAND_DATA;

	if (data && host->transfer.active)
		return;
	if (data && wants_auto(host, MODE_AUTO_CMD23) &&
	    !auto_command(host, 23, sdhci_reg32(host, SDMA_ADDRESS)))
		return;
	if (!send_command(host, index, sdhci_reg32(host, ARGUMENT),
			  (command & COMMAND_RESPONSE_MASK) ==
			  COMMAND_NO_RESPONSE))
		return;
	sdhci_raise(host, INT_RESPONSE);
	if (data && host->regs[HOST_CONTROL2] & CONTROL2_EXECUTE_TUNING)
		tune(host);
	else if (data)
		sdhci_start_transfer(host, &transfer_ops);
	else if (busy && !host->transfer.active)
		sdhci_when_idle(host, complete);
}
