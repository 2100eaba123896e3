// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "bytes.h"
#include "cqhci.h"
#include "sdhci.h"

enum cqhci_register {
	VERSION = 0x00,
	CONFIG = 0x08,
	CONTROL = 0x0c,
	INT_STATUS = 0x10,
	INT_ENABLE = 0x14,
	SIGNAL_ENABLE = 0x18,
	COALESCING = 0x1c,
	LIST_ADDRESS = 0x20,
	DOORBELL = 0x28,
	COMPLETED = 0x2c,
	SEND_STATUS1 = 0x40,
	SEND_STATUS2 = 0x44,
	RESPONSE_ERRORS = 0x50,
	TASK_ERROR = 0x54,
};

#define VERSION_5_1 0x510

#define CONFIG_ENABLE (1 << 0)

#define CONTROL_HALT (1 << 0)
#define CONTROL_CLEAR_ALL (1 << 8)

#define INT_HALTED (1U << 0)
#define INT_COMPLETED (1U << 1)
#define INT_CLEARED (1U << 3)

/* TASK_ERROR: of the command, and shifted of the data */
#define ERROR_VALID (1U << 15)
#define ERROR_TASK_SHIFT 8
#define ERROR_DATA_SHIFT 16

/* A slot of the list: a task and, behind it, the link to its ADMA2 descriptors */
#define SLOT_LEN 32
#define LINK_AT 16
#define TASK_ATTRIBUTES 0x3b	/* all but whether it wants an interrupt */
#define TASK_VALID 0x2b		/* valid, the end, a task */
#define TASK_READ (1U << 12)
#define TASK_RELIABLE (1U << 15)

/* CMD44's argument; the number stands in all of them */
#define PARAMS_RELIABLE (1U << 31)
#define PARAMS_READ (1U << 30)
#define PARAMS_TASK_SHIFT 16

static uint32_t reg32(const struct cqhci *queue, uint32_t offset)
{
	return get_le32(queue->regs + offset);
}

static void set_reg32(struct cqhci *queue, uint32_t offset, uint32_t value)
{
	put_le32(queue->regs + offset, value);
}

void cqhci_reset(struct sdhci *host)
{
	memset(&host->queue, 0, sizeof(host->queue));
	set_reg32(&host->queue, VERSION, VERSION_5_1);
}

bool cqhci_pending(const struct sdhci *host)
{
	return reg32(&host->queue, INT_STATUS) &
	       reg32(&host->queue, SIGNAL_ENABLE);
}

static void raise_int(struct cqhci *queue, uint32_t bits)
{
	bits &= reg32(queue, INT_ENABLE);
	set_reg32(queue, INT_STATUS, reg32(queue, INT_STATUS) | bits);
}

static bool is_on(const struct cqhci *queue)
{
	return queue->regs[CONFIG] & CONFIG_ENABLE &&
	       !(queue->regs[CONTROL] & CONTROL_HALT);
}

static void forget_task(struct cqhci *queue)
{
	set_reg32(queue, DOORBELL,
		  reg32(queue, DOORBELL) & ~(1U << queue->task));
	queue->running = false;
}

static void task_done(struct sdhci *host)
{
	struct cqhci *queue = &host->queue;

	forget_task(queue);
	set_reg32(queue, COMPLETED,
		  reg32(queue, COMPLETED) | 1U << queue->task);
	raise_int(queue, INT_COMPLETED);
}

static void task_failed(struct sdhci *host, uint8_t command, bool data)
{
	struct cqhci *queue = &host->queue;
	uint32_t error = ERROR_VALID | queue->task << ERROR_TASK_SHIFT |
			 command;

	set_reg32(queue, TASK_ERROR,
		  data ? error << ERROR_DATA_SHIFT : error);
	queue->running = false;
	queue->regs[CONTROL] |= CONTROL_HALT;
}

static void data_moved(struct sdhci *host)
{
	sdhci_when_idle(host, task_done);
}

static void data_failed(struct sdhci *host)
{
	task_failed(host, host->card->command, true);
}

static const struct sdhci_transfer_ops task_ops = {
	.moved = data_moved,
	.failed = data_failed,
};

static bool task_command(struct sdhci *host, uint8_t index, uint32_t arg)
{
	if (sdhci_task_command(host, index, arg))
		return true;
	task_failed(host, index, false);
	return false;
}

/* What the engine says to the card before the data comes */
static bool announce(struct sdhci *host, uint64_t task)
{
	uint32_t params = (uint16_t)(task >> 16) |
			  host->queue.task << PARAMS_TASK_SHIFT;

	if (task & TASK_READ)
		params |= PARAMS_READ;
	if (task & TASK_RELIABLE)
		params |= PARAMS_RELIABLE;
	return task_command(host, 44, params) &&
	       task_command(host, 45, task >> 32) &&
	       task_command(host, task & TASK_READ ? 46 : 47,
			    host->queue.task << PARAMS_TASK_SHIFT);
}

static void start_task(struct sdhci *host)
{
	uint64_t slot = get_le64(host->queue.regs + LIST_ADDRESS) +
			host->queue.task * SLOT_LEN;
	uint8_t bytes[8];
	uint64_t task;

	host->queue.running = true;
	if (!dma_read(&host->pci.dma, slot, bytes, sizeof(bytes)) ||
	    (bytes[0] & TASK_ATTRIBUTES) != TASK_VALID) {
		sdhci_task_lost(host);
		data_failed(host);
		return;
	}
	task = get_le64(bytes);
	if (announce(host, task))
		sdhci_task_data(host, task & TASK_READ, (uint16_t)(task >> 16),
				slot + LINK_AT, &task_ops);
}

void cqhci_run(struct sdhci *host)
{
	struct cqhci *queue = &host->queue;
	uint32_t waiting;

	while (is_on(queue) && !queue->running && !host->transfer.active &&
	       (waiting = reg32(queue, DOORBELL))) {
		queue->task = __builtin_ctz(waiting);
		start_task(host);
	}
}

uint8_t cqhci_read(const struct sdhci *host, uint32_t offset)
{
	return host->queue.regs[offset];
}

static void control(struct cqhci *queue, uint32_t offset, uint8_t value)
{
	if (offset == CONTROL) {
		if (value & ~queue->regs[CONTROL] & CONTROL_HALT)
			raise_int(queue, INT_HALTED);
		queue->regs[CONTROL] = value & CONTROL_HALT;
	} else if (value << 8 & CONTROL_CLEAR_ALL) {
		set_reg32(queue, DOORBELL, 0);
		queue->running = false;
		raise_int(queue, INT_CLEARED);
	}
}

void cqhci_write(struct sdhci *host, uint32_t offset, uint8_t value)
{
	struct cqhci *queue = &host->queue;

	switch (offset) {
	case CONTROL ... CONTROL + 1:
		control(queue, offset, value);
		break;
	case INT_STATUS ... INT_STATUS + 3:
	case COMPLETED ... COMPLETED + 3:
		queue->regs[offset] &= ~value;
		break;
	case DOORBELL ... DOORBELL + 3:
		if (queue->regs[CONFIG] & CONFIG_ENABLE)
			queue->regs[offset] |= value;
		break;
	case CONFIG ... CONFIG + 3:
	case INT_ENABLE ... LIST_ADDRESS + 7:
	case SEND_STATUS1 ... SEND_STATUS2 + 3:
	case RESPONSE_ERRORS ... RESPONSE_ERRORS + 3:
		queue->regs[offset] = value;
		break;
	}
}
