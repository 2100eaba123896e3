// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

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
#define COMMAND_LONG_RESPONSE 1
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
#define CONTROL_SDMA (0 << 3)
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

/*
 * CAPABILITIES: timeouts in MHz (50), 200 MHz, 512 byte blocks, 8 data lines, ADMA2,
 * high speed, SDMA, 3.3 V, 1.8 V, 64 bits
 */
#define HAS 0x156cc8b2U
/* CAPABILITIES1: SDR50, SDR104 (for eMMC this is HS200), retuning each second */
#define HAS1 0x00000103U
#define VERSION_300 2

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

static uint32_t reg32(const struct sdhci *host, uint32_t offset)
{
	return get_le32(host->regs + offset);
}

static uint16_t reg16(const struct sdhci *host, uint32_t offset)
{
	return get_le16(host->regs + offset);
}

static void update_irq(struct sdhci *host)
{
	uint32_t status = reg32(host, INT_STATUS) & ~(INT_ERROR | INT_QUEUE);

	if (status & INT_ERRORS)
		status |= INT_ERROR;
	if (cqhci_pending(host))
		status |= INT_QUEUE & reg32(host, INT_ENABLE);
	put_le32(host->regs + INT_STATUS, status);
	host->regs[SLOT_INT_STATUS] = status & reg32(host, SIGNAL_ENABLE) ?
				      1 : 0;
	host->set_irq(host->machine, host->regs[SLOT_INT_STATUS]);
}

static void raise_int(struct sdhci *host, uint32_t bits)
{
	bits &= reg32(host, INT_ENABLE);
	put_le32(host->regs + INT_STATUS, reg32(host, INT_STATUS) | bits);
}

static void forget_transfer(struct sdhci *host)
{
	memset(&host->transfer, 0, sizeof(host->transfer));
}

static void fail_transfer(struct sdhci *host, uint32_t bits)
{
	forget_transfer(host);
	if (host->queue.running)
		cqhci_task_failed(host, host->card->command, true);
	raise_int(host, bits);
}

static void fail_adma(struct sdhci *host)
{
	host->regs[ADMA_ERROR_STATUS] = 1;	/* at a descriptor */
	fail_transfer(host, INT_ADMA);
}

/* A card that keeps the line low lets this wait */
static void complete(struct sdhci *host)
{
	host->awaits_idle = host->card->busy;
	if (host->awaits_idle)
		return;
	if (host->queue.running)
		cqhci_task_done(host);
	else
		raise_int(host, INT_TRANSFER);
}

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
		    !dma_read(host->dma, transfer->descriptor, bytes,
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
		  dma_write(host->dma, transfer->addr, bytes, len) :
		  dma_read(host->dma, transfer->addr, bytes, len);

	transfer->addr += len;
	transfer->at += len;
	return ok;
}

static uint32_t smaller(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* The rest of a block between the machine's memory and here; false ends all */
static bool move_by_adma(struct sdhci *host)
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

/* SDMA stops at each boundary until the machine has written the next address */
static bool move_by_sdma(struct sdhci *host)
{
	struct sdhci_transfer *transfer = &host->transfer;
	unsigned int shift = reg16(host, BLOCK_SIZE) >> BOUNDARY_SHIFT &
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
			raise_int(host, INT_SDMA_BOUNDARY);
		}
	}
	return true;
}

/* The machine moves the block itself: four bytes at a time, say */
static void offer_port(struct sdhci *host)
{
	host->transfer.waits = true;
	raise_int(host, host->transfer.read ? INT_PORT_READABLE :
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
		return move_by_sdma(host);
	default:
		return move_by_adma(host);
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

static bool auto_command(struct sdhci *host, uint8_t index, uint32_t arg)
{
	struct emmc_response response;
	enum emmc_outcome outcome = emmc_command(host->card, index, arg,
						 &response);

	if (outcome != OUTCOME_OK) {
		put_le16(host->regs + AUTO_CMD_STATUS,
			 outcome == OUTCOME_CRC ? AUTO_CMD_CRC :
						  AUTO_CMD_TIMEOUT);
		raise_int(host, INT_AUTO_CMD);
		return false;
	}
	put_le32(host->regs + RESPONSE + 12, response.word);
	return true;
}

static bool wants_auto(const struct sdhci *host, uint16_t which)
{
	return (reg16(host, TRANSFER_MODE) & MODE_AUTO_MASK) == which;
}

static void last_block(struct sdhci *host)
{
	forget_transfer(host);
	if (host->queue.running || !wants_auto(host, MODE_AUTO_CMD12) ||
	    auto_command(host, 12, 0))
		complete(host);
}

/* Go on until the end, or until there is something to wait for */
static void run_transfer(struct sdhci *host)
{
	struct sdhci_transfer *transfer = &host->transfer;

	while (transfer->active && !transfer->waits) {
		if (transfer->read && !transfer->at && !fetch_block(host))
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
	if (!(reg16(host, TRANSFER_MODE) & MODE_DMA))
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
		return reg32(host, ADMA_ADDRESS);
	return reg32(host, SDMA_ADDRESS);
}

static void start_transfer(struct sdhci *host)
{
	uint16_t mode = reg16(host, TRANSFER_MODE);
	enum sdhci_path path = path_of(host);
	uint64_t addr = dma_address(host, path);
	uint32_t len = reg16(host, BLOCK_SIZE) & BLOCK_LEN_MASK;

	host->transfer = (struct sdhci_transfer) {
		.active = true,
		.read = mode & MODE_READ,
		.path = path,
		.left = mode & MODE_MULTI ? reg16(host, BLOCK_COUNT) : 1,
		.block_len = len,
		.addr = addr,
		.descriptor = addr,
	};
	if (!len || len > SDHCI_MAX_BLOCK_LEN || !host->transfer.left ||
	    (mode & MODE_MULTI && !(mode & MODE_BLOCK_COUNT)))
		fail_adma(host);
	else
		run_transfer(host);
}

void sdhci_task_data(struct sdhci *host, bool read, uint32_t blocks,
		     uint64_t descriptor)
{
	host->transfer = (struct sdhci_transfer) {
		.active = true,
		.read = read,
		.path = PATH_ADMA64,
		.left = blocks,
		.block_len = EMMC_MAX_BLOCK_LEN,
		.descriptor = descriptor,
	};
	run_transfer(host);
}

/* The host looks at the tuning block itself; the machine gets an event only */
static void tune(struct sdhci *host)
{
	uint8_t block[EMMC_MAX_BLOCK_LEN];

	if (!emmc_readable(host->card) ||
	    emmc_read(host->card, block) != OUTCOME_OK)
		return;
	host->tunings++;
	host->regs[HOST_CONTROL2] &= ~CONTROL2_EXECUTE_TUNING;
	host->regs[HOST_CONTROL2] |= CONTROL2_TUNED;
	raise_int(host, INT_PORT_READABLE);
}

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
		raise_int(host, outcome == OUTCOME_CRC ? INT_COMMAND_CRC :
							 INT_COMMAND_TIMEOUT);
		return false;
	}
	put_response(host, &response);
	return true;
}

bool sdhci_task_command(struct sdhci *host, uint8_t index, uint32_t arg)
{
	if (send_command(host, index, arg, false))
		return true;
	cqhci_task_failed(host, index, false);
	return false;
}

void sdhci_task_lost(struct sdhci *host)
{
	fail_adma(host);
}

/* A command that uses the data lines waits for those who use them */
static void issue_command(struct sdhci *host)
{
	uint16_t command = reg16(host, COMMAND);
	uint8_t index = command >> COMMAND_INDEX_SHIFT & COMMAND_INDEX_MASK;
	bool busy = (command & COMMAND_RESPONSE_MASK) == COMMAND_BUSY;
	bool data = command & COMMAND_DATA;

	if (data && host->transfer.active)
		return;
	if (data && wants_auto(host, MODE_AUTO_CMD23) &&
	    !auto_command(host, 23, reg32(host, SDMA_ADDRESS)))
		return;
	if (!send_command(host, index, reg32(host, ARGUMENT),
			  (command & COMMAND_RESPONSE_MASK) ==
			  COMMAND_NO_RESPONSE))
		return;
	raise_int(host, INT_RESPONSE);
	if (data && host->regs[HOST_CONTROL2] & CONTROL2_EXECUTE_TUNING)
		tune(host);
	else if (data)
		start_transfer(host);
	else if (busy && !host->transfer.active)
		complete(host);
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
	if (transfer->active || host->awaits_idle)
		state |= STATE_DATA_INHIBIT;
	if (transfer->active)
		state |= transfer->read ? STATE_READING : STATE_WRITING;
	if (transfer->path == PATH_PORT && transfer->waits)
		state |= transfer->read ? STATE_PORT_READABLE :
					  STATE_PORT_WRITABLE;
	return state;
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
	run_transfer(host);
}

static void read_port(struct sdhci *host, void *data, uint32_t len)
{
	memset(data, 0, len);
	if (!port_is_open(host, true, len))
		return;
	memcpy(data, host->transfer.block + host->transfer.at, len);
	port_used(host, len);
}

static void write_port(struct sdhci *host, const void *data, uint32_t len)
{
	if (!port_is_open(host, false, len))
		return;
	memcpy(host->transfer.block + host->transfer.at, data, len);
	port_used(host, len);
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

void sdhci_read(struct sdhci *host, uint32_t offset, void *data, uint32_t len)
{
	uint8_t *bytes = data;
	uint32_t i;

	if (is_port(offset, len)) {
		read_port(host, data, len);
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
	forget_transfer(host);
	host->awaits_idle = false;
	cqhci_reset(host);
}

void sdhci_reset(struct sdhci *host)
{
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
		forget_transfer(host);
		host->awaits_idle = false;
	}
}

/* What was written to is more than a place to keep it */
static void wrote(struct sdhci *host, uint32_t offset, uint8_t value)
{
	switch (offset) {
	case SDMA_ADDRESS + 3:
		if (host->transfer.path == PATH_SDMA && host->transfer.waits) {
			host->transfer.addr = reg32(host, SDMA_ADDRESS);
			host->transfer.waits = false;
			run_transfer(host);
		}
		break;
	case COMMAND + 1:
		issue_command(host);
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

void sdhci_write(struct sdhci *host, uint32_t offset, const void *data,
		 uint32_t len)
{
	const uint8_t *bytes = data;
	uint32_t i;

	if (is_port(offset, len))
		write_port(host, data, len);
	else
		for (i = 0; i < len; i++)
			write_byte(host, offset + i, bytes[i]);
	sdhci_update(host);
}

void sdhci_update(struct sdhci *host)
{
	bool present = host->card->present;

	if (host->awaits_idle)
		complete(host);
	cqhci_run(host);
	if (present != host->was_present)
		raise_int(host, present ? INT_INSERTED : INT_REMOVED);
	host->was_present = present;
	update_irq(host);
}

void sdhci_init(struct sdhci *host, struct emmc *card, const struct dma *dma,
		bool has_queue)
{
	host->card = card;
	host->has_queue = has_queue;
	host->dma = dma;
	host->tunings = 0;
	sdhci_reset(host);
}
