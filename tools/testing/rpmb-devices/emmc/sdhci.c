// SPDX-License-Identifier: GPL-2.0-only
/*
 * Registers, and the interrupt that they raise
 */
#include <string.h>

#include "sdhci_internal.h"

#define CLASS 0x080501	/* SD host controller with DMA */

/*
 * A generic controller, which no driver thinks it knows better, and one of those
 * that Linux knows to have a command queue engine
 */
static const struct pci_identity generic = {
	.vendor = 0x1b36,	/* Red Hat, as QEMU's own */
	.device = 0x00ff,
	.class = CLASS,
	.bar_size = SDHCI_BAR_SIZE,
};

static const struct pci_identity with_queue = {
	.vendor = 0x8086,	/* Intel, Gemini Lake's for eMMC */
	.device = 0x31cc,
	.class = CLASS,
	.bar_size = SDHCI_BAR_SIZE,
};

/*
 * CAPABILITIES: timeouts in MHz (50), 200 MHz, 512 byte blocks, 8 data lines, ADMA2,
 * high speed, SDMA, 3.3 V, 1.8 V, 64 bits
 */
#define HAS 0x156cc8b2U
/* CAPABILITIES1: SDR50, SDR104 (for eMMC this is HS200), retuning each second */
#define HAS1 0x00000103U
#define VERSION_300 2

/* The bits of each byte that the machine can write as they are */
static const uint8_t writable[SDHCI_NR_REGISTERS] = {
	[SDMA_ADDRESS ... SDMA_ADDRESS + 3] = 0xff,
	[BLOCK_SIZE] = 0xff, [BLOCK_SIZE + 1] = 0x7f,
	[BLOCK_COUNT ... BLOCK_COUNT + 1] = 0xff,
	[ARGUMENT ... ARGUMENT + 3] = 0xff,
	[TRANSFER_MODE] = 0x3f,
	[COMMAND] = 0xfb, [COMMAND + 1] = 0x3f,
	[HOST_CONTROL] = 0xff,
	[POWER_CONTROL] = 0x0f,
	[POWER_CONTROL + 1] = 0xff, [POWER_CONTROL + 2] = 0x07,
	[CLOCK_CONTROL] = 0xe5, [CLOCK_CONTROL + 1] = 0xff,
	[TIMEOUT_CONTROL] = 0x0f,
	[INT_ENABLE] = 0xff, [INT_ENABLE + 1] = 0x7f,
	[INT_ENABLE + 2 ... INT_ENABLE + 3] = 0xff,
	[SIGNAL_ENABLE] = 0xff, [SIGNAL_ENABLE + 1] = 0x7f,
	[SIGNAL_ENABLE + 2 ... SIGNAL_ENABLE + 3] = 0xff,
	[HOST_CONTROL2] = 0xff, [HOST_CONTROL2 + 1] = 0xc0,
	[ADMA_ADDRESS ... ADMA_ADDRESS + 7] = 0xff,
};

static void update_irq(struct sdhci *host)
{
	uint32_t status = sdhci_reg32(host, INT_STATUS);

	status &= ~(INT_ERROR | INT_QUEUE);
	if (status & INT_ERRORS)
		status |= INT_ERROR;
	if (cqhci_pending(host))
		status |= INT_QUEUE & sdhci_reg32(host, INT_ENABLE);
	put_le32(host->regs + INT_STATUS, status);
	host->regs[SLOT_INT_STATUS] = status & sdhci_reg32(host, SIGNAL_ENABLE) ?
				      1 : 0;
	pci_set_irq(&host->pci, 0, host->regs[SLOT_INT_STATUS]);
}

static uint32_t present_state(const struct sdhci *host)
{
	const struct sdhci_transfer *transfer = &host->transfer;
	uint32_t state = STATE_WRITE_ENABLED | STATE_STABLE |
			 STATE_COMMAND_LINE | STATE_DATA_LINES;

	if (host->card->present)
		state |= STATE_PRESENT;
	if (host->card->present && host->card->busy)
		state &= ~STATE_DATA_LINE_0;
	if (transfer->active || host->when_idle)
		state |= STATE_DATA_INHIBIT;
	if (transfer->active)
		state |= transfer->read ? STATE_READING : STATE_WRITING;
	if (transfer->path == PATH_PORT && transfer->waits)
		state |= transfer->read ? STATE_PORT_READABLE :
					  STATE_PORT_WRITABLE;
	return state;
}

static bool is_port(uint32_t offset, uint32_t len)
{
	return offset >= BUFFER_PORT && offset < BUFFER_PORT + 4 && len <= 4;
}

static uint8_t read_byte(const struct sdhci *host, uint32_t offset)
{
	if (offset < SDHCI_NR_REGISTERS)
		return host->regs[offset];
	if (host->has_queue && offset >= CQHCI_OFFSET &&
	    offset < CQHCI_OFFSET + CQHCI_NR_REGISTERS)
		return cqhci_read(host, offset - CQHCI_OFFSET);
	return 0;
}

static void bar_read(void *dev, uint32_t offset, void *data, uint32_t len)
{
	struct sdhci *host = dev;
	uint8_t *bytes = data;
	uint32_t i;

	if (is_port(offset, len)) {
		sdhci_read_port(host, data, len);
		sdhci_update(host);
		return;
	}
	put_le32(host->regs + PRESENT_STATE, present_state(host));
	for (i = 0; i < len; i++)
		bytes[i] = read_byte(host, offset + i);
}

static void reset_registers(struct sdhci *host)
{
	memset(host->regs, 0, sizeof(host->regs));
	put_le32(host->regs + CAPABILITIES, HAS);
	put_le32(host->regs + CAPABILITIES1, HAS1);
	put_le16(host->regs + HOST_VERSION, VERSION_300);
	sdhci_forget_transfer(host);
	host->when_idle = NULL;
	cqhci_reset(host);
}

/* The card has lost its power, too */
static void reset(void *dev)
{
	struct sdhci *host = dev;

	reset_registers(host);
	emmc_power(host->card, false);
	host->was_present = host->card->present;
	update_irq(host);
}

/*
 * Drivers write 0 in between when they set the same power once more, with the
 * clock running. What the card has in its capacitors bridges that.
 */
static void set_power(struct sdhci *host, bool on)
{
	if (on || !(host->regs[CLOCK_CONTROL] & CLOCK_CARD_EN))
		emmc_power(host->card, on);
}

/* The card keeps its power: that takes a write to the register for it */
static void software_reset(struct sdhci *host, uint8_t which)
{
	if (which & RESET_ALL) {
		reset_registers(host);
		host->was_present = host->card->present;
	} else if (which & RESET_DATA) {
		sdhci_forget_transfer(host);
		host->when_idle = NULL;
	}
}

/* What was written to is more than a place to keep it */
static void wrote(struct sdhci *host, uint32_t offset, uint8_t value)
{
	switch (offset) {
	case SDMA_ADDRESS + 3:
		sdhci_resume_sdma(host);
		break;
	case COMMAND + 1:
		sdhci_issue_command(host);
		break;
	case POWER_CONTROL:
		set_power(host, value & POWER_ON);
		break;
	case CLOCK_CONTROL:
		if (value & CLOCK_INTERNAL_EN)
			host->regs[offset] |= CLOCK_INTERNAL_STABLE;
		else
			host->regs[offset] &= ~CLOCK_INTERNAL_STABLE;
		break;
	case SOFTWARE_RESET:
		software_reset(host, value);
		break;
	case INT_STATUS ... INT_STATUS + 3:
		host->regs[offset] &= ~value;
		break;
	}
}

static void write_byte(struct sdhci *host, uint32_t offset, uint8_t value)
{
	if (offset < SDHCI_NR_REGISTERS) {
		uint8_t mask = writable[offset];

		host->regs[offset] = (host->regs[offset] & ~mask) |
				     (value & mask);
		wrote(host, offset, value);
	} else if (host->has_queue && offset >= CQHCI_OFFSET &&
		   offset < CQHCI_OFFSET + CQHCI_NR_REGISTERS) {
		cqhci_write(host, offset - CQHCI_OFFSET, value);
	}
}

static void bar_write(void *dev, uint32_t offset, const void *data,
		      uint32_t len)
{
	struct sdhci *host = dev;
	const uint8_t *bytes = data;
	uint32_t i;

	if (is_port(offset, len))
		sdhci_write_port(host, data, len);
	else
		for (i = 0; i < len; i++)
			write_byte(host, offset + i, bytes[i]);
	sdhci_update(host);
}

void sdhci_update(struct sdhci *host)
{
	bool present = host->card->present;

	if (host->when_idle)
		sdhci_when_idle(host, host->when_idle);
	sdhci_run_transfer(host);
	cqhci_run(host);
	if (present != host->was_present)
		sdhci_raise(host, present ? INT_INSERTED : INT_REMOVED);
	host->was_present = present;
	update_irq(host);
}

static const struct pci_ops ops = {
	.bar_read = bar_read,
	.bar_write = bar_write,
	.reset = reset,
};

void sdhci_init(struct sdhci *host, struct emmc *card, bool has_queue)
{
	host->card = card;
	host->has_queue = has_queue;
	host->tunings = 0;
	pci_init(&host->pci, has_queue ? &with_queue : &generic, &ops, host);
	reset(host);
}
