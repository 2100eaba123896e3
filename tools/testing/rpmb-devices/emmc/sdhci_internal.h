/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of the SD host controller share
 */
#ifndef SDHCI_INTERNAL_H
#define SDHCI_INTERNAL_H

#include "bytes.h"
#include "sdhci.h"

enum sdhci_register {
	SDMA_ADDRESS = 0x00,		/* and the argument of Auto CMD23 */
	BLOCK_SIZE = 0x04,
	BLOCK_COUNT = 0x06,
	ARGUMENT = 0x08,
	TRANSFER_MODE = 0x0c,
	COMMAND = 0x0e,
	RESPONSE = 0x10,
	BUFFER_PORT = 0x20,
	PRESENT_STATE = 0x24,
	HOST_CONTROL = 0x28,
	POWER_CONTROL = 0x29,
	CLOCK_CONTROL = 0x2c,
	TIMEOUT_CONTROL = 0x2e,
	SOFTWARE_RESET = 0x2f,
	INT_STATUS = 0x30,
	INT_ENABLE = 0x34,
	SIGNAL_ENABLE = 0x38,
	AUTO_CMD_STATUS = 0x3c,
	HOST_CONTROL2 = 0x3e,
	CAPABILITIES = 0x40,
	CAPABILITIES1 = 0x44,
	MAX_CURRENT = 0x48,
	ADMA_ERROR_STATUS = 0x54,
	ADMA_ADDRESS = 0x58,
	SLOT_INT_STATUS = 0xfc,
	HOST_VERSION = 0xfe,
};

/* BLOCK_SIZE */
#define BLOCK_LEN_MASK 0xfff
#define BOUNDARY_SHIFT 12
#define BOUNDARY_MASK 7

/* TRANSFER_MODE */
#define MODE_DMA (1 << 0)
#define MODE_BLOCK_COUNT (1 << 1)
#define MODE_AUTO_MASK (3 << 2)
#define MODE_AUTO_CMD12 (1 << 2)
#define MODE_AUTO_CMD23 (2 << 2)
#define MODE_READ (1 << 4)
#define MODE_MULTI (1 << 5)

/* COMMAND */
#define COMMAND_RESPONSE_MASK 3
#define COMMAND_NO_RESPONSE 0
#define COMMAND_BUSY 3
#define COMMAND_DATA (1 << 5)
#define COMMAND_INDEX_SHIFT 8
#define COMMAND_INDEX_MASK 0x3f

/* PRESENT_STATE */
#define STATE_DATA_INHIBIT (1 << 1)
#define STATE_WRITING (1 << 8)
#define STATE_READING (1 << 9)
#define STATE_PORT_WRITABLE (1 << 10)
#define STATE_PORT_READABLE (1 << 11)
#define STATE_PRESENT (7 << 16)		/* and stable, and its pin */
#define STATE_STABLE (1 << 17)
#define STATE_WRITE_ENABLED (1 << 19)
#define STATE_DATA_LINES (0xf << 20)
#define STATE_DATA_LINE_0 (1 << 20)
#define STATE_COMMAND_LINE (1 << 24)

/* HOST_CONTROL */
#define CONTROL_DMA_MASK (3 << 3)
#define CONTROL_ADMA32 (2 << 3)
#define CONTROL_ADMA64 (3 << 3)

#define POWER_ON (1 << 0)
#define CLOCK_INTERNAL_EN (1 << 0)
#define CLOCK_INTERNAL_STABLE (1 << 1)
#define CLOCK_CARD_EN (1 << 2)

/* SOFTWARE_RESET */
#define RESET_ALL (1 << 0)
#define RESET_DATA (1 << 2)

/* INT_STATUS */
#define INT_RESPONSE (1U << 0)
#define INT_TRANSFER (1U << 1)
#define INT_SDMA_BOUNDARY (1U << 3)
#define INT_PORT_WRITABLE (1U << 4)
#define INT_PORT_READABLE (1U << 5)
#define INT_INSERTED (1U << 6)
#define INT_REMOVED (1U << 7)
#define INT_QUEUE (1U << 14)
#define INT_ERROR (1U << 15)
#define INT_COMMAND_TIMEOUT (1U << 16)
#define INT_COMMAND_CRC (1U << 17)
#define INT_DATA_TIMEOUT (1U << 20)
#define INT_DATA_CRC (1U << 21)
#define INT_AUTO_CMD (1U << 24)
#define INT_ADMA (1U << 25)
#define INT_ERRORS 0xffff0000U

/* AUTO_CMD_STATUS */
#define AUTO_CMD_TIMEOUT (1 << 1)
#define AUTO_CMD_CRC (1 << 2)

/* HOST_CONTROL2 */
#define CONTROL2_EXECUTE_TUNING (1 << 6)
#define CONTROL2_TUNED (1 << 7)

static inline uint32_t sdhci_reg32(const struct sdhci *host, uint32_t offset)
{
	return get_le32(host->regs + offset);
}

static inline uint16_t sdhci_reg16(const struct sdhci *host, uint32_t offset)
{
	return get_le16(host->regs + offset);
}

/* Set bits of the interrupt status, if the machine has enabled them */
static inline void sdhci_raise(struct sdhci *host, uint32_t bits)
{
	bits &= sdhci_reg32(host, INT_ENABLE);
	put_le32(host->regs + INT_STATUS, sdhci_reg32(host, INT_STATUS) | bits);
}

/* The machine has written to the command register */
void sdhci_issue_command(struct sdhci *host);

/* A transfer as the registers describe it; the end of it without a word */
void sdhci_start_transfer(struct sdhci *host,
			  const struct sdhci_transfer_ops *ops);
void sdhci_forget_transfer(struct sdhci *host);

/* Go on with a transfer, if there is one and nobody is to be waited for */
void sdhci_run_transfer(struct sdhci *host);

/* The next address has been written, which SDMA may be waiting for */
void sdhci_resume_sdma(struct sdhci *host);

/* The buffer port; what it is not open for does nothing */
void sdhci_read_port(struct sdhci *host, void *data, uint32_t len);
void sdhci_write_port(struct sdhci *host, const void *data, uint32_t len);

/*
 * Move the rest of a block between the machine's memory and the transfer; false
 * ends it. SDMA stops at each boundary until the machine has written the next
 * address.
 */
bool sdhci_move_by_adma(struct sdhci *host);
bool sdhci_move_by_sdma(struct sdhci *host);

#endif /* SDHCI_INTERNAL_H */
