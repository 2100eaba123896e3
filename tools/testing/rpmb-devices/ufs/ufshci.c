// SPDX-License-Identifier: GPL-2.0-only
#include <endian.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "bytes.h"
#include "ufshci.h"

/* A generic controller, which no driver thinks it knows better */
static const struct pci_identity identity = {
	.vendor = 0x1b36,	/* Red Hat, as QEMU's own */
	.device = 0x0013,
	.class = 0x010901,	/* UFS host controller */
	.bar_size = UFSHCI_BAR_SIZE,
};

/* In words */
enum ufshci_register {
	CAPABILITIES = 0x00 / 4,
	VERSION = 0x08 / 4,
	AUTO_HIBERNATION = 0x18 / 4,
	INT_STATUS = 0x20 / 4,
	INT_ENABLE = 0x24 / 4,
	STATUS = 0x30 / 4,
	ENABLE = 0x34 / 4,
	LIST_BASE = 0x50 / 4,
	LIST_BASE_UPPER = 0x54 / 4,
	LIST_DOORBELL = 0x58 / 4,
	LIST_CLEAR = 0x5c / 4,
	LIST_RUN = 0x60 / 4,
	TASK_BASE = 0x70 / 4,
	TASK_BASE_UPPER = 0x74 / 4,
	TASK_DOORBELL = 0x78 / 4,
	TASK_CLEAR = 0x7c / 4,
	TASK_RUN = 0x80 / 4,
	UIC_COMMAND = 0x90 / 4,
	UIC_ARG1 = 0x94 / 4,
	UIC_ARG2 = 0x98 / 4,
	UIC_ARG3 = 0x9c / 4,
	CLOCK = 0xc0 / 4,	/* ours: does it run? */
};

/* CAPABILITIES: slots, task slots, addresses of 64 bits */
#define HAS ((UFSHCI_SLOTS - 1) | (UFSHCI_TASK_SLOTS - 1) << 16 | 1 << 24)
#define HAS_AUTO_HIBERNATION (1 << 23)
#define VERSION_30 0x0300

/* AUTO_HIBERNATION: microseconds, and by which power of 10 */
#define PATIENCE_MASK 0x3ff
#define PATIENCE_SCALE_SHIFT 10
#define PATIENCE_SCALE_MASK 7

#define INT_REQUEST (1U << 0)
#define INT_TASK (1U << 9)
#define INT_UIC (1U << 10)
#define INT_DEVICE_FATAL (1U << 11)
#define INT_BUS_FATAL (1U << 17)

#define STATUS_PRESENT (1U << 0)
#define STATUS_LISTS (3U << 1)
#define STATUS_UIC (1U << 3)
#define STATUS_POWER_MASK (7U << 8)
#define STATUS_POWER_LOCAL (1U << 8)
#define STATUS_POWER_FATAL (5U << 8)

/* A descriptor of the list */
#define REQUEST_LEN 32
#define REQUEST_STATUS 8
#define STATUS_SUCCESS 0x00
#define STATUS_INVALID 0x0f
#define DIRECTION_SHIFT 25
#define DIRECTION_MASK 3
#define TO_DEVICE 1

#define EXTENT_LEN 16
#define EXTENT_SIZE_MASK 0x3ffff

/* A descriptor of the list of tasks */
#define TASK_LEN 80
#define TASK_STATUS 8
#define TASK_REQUEST 16
#define TASK_RESPONSE 48

enum task_function {
	ABORT_TASK = 0x01,
	QUERY_TASK = 0x80,
};

#define TASK_COMPLETE 0x00
#define TASK_SUCCEEDED 0x08

static void update_irq(struct ufshci *host)
{
	pci_set_irq(&host->pci, 0,
		    host->regs[INT_STATUS] & host->regs[INT_ENABLE]);
}

static void interrupt(struct ufshci *host, uint32_t what)
{
	host->regs[INT_STATUS] |= what;
	update_irq(host);
}

/* A new state of the link, or it has failed and is what it was */
static void link_interrupt(struct ufshci *host, uint32_t what, bool failed)
{
	host->regs[STATUS] &= ~STATUS_POWER_MASK;
	host->regs[STATUS] |= failed ? STATUS_POWER_FATAL : STATUS_POWER_LOCAL;
	interrupt(host, what);
}

static bool carries(struct ufshci *host)
{
	if (link_carry(&host->link))
		return true;
	if (host->link.state == LINK_DOZES)
		link_interrupt(host, LINK_WOKEN, true);
	return false;
}

static uint64_t base_of(const struct ufshci *host, enum ufshci_register reg)
{
	return (uint64_t)host->regs[reg + 1] << 32 | host->regs[reg];
}

/*
 * A request in its slot, as the machine has described it
 *
 * @descriptor: where its descriptor is
 * @upiu: where its UPIU is; response and extents are behind it
 */
struct slot {
	unsigned int nr;
	uint64_t descriptor;
	uint64_t upiu;
	uint32_t response;
	uint32_t response_len;
	uint32_t extents;
	uint32_t nr_extents;
	bool to_device;
};

static bool read_slot(const struct ufshci *host, unsigned int nr,
		      struct slot *slot)
{
	uint8_t raw[REQUEST_LEN];

	slot->nr = nr;
	slot->descriptor = base_of(host, LIST_BASE) + nr * REQUEST_LEN;
	if (!dma_read(&host->pci.dma, slot->descriptor, raw, sizeof(raw)))
		return false;
	slot->to_device = (get_le32(raw) >> DIRECTION_SHIFT & DIRECTION_MASK) ==
			  TO_DEVICE;
	slot->upiu = get_le64(raw + 16);
	slot->response_len = get_le16(raw + 24) * 4;
	slot->response = get_le16(raw + 26) * 4;
	slot->nr_extents = get_le16(raw + 28);
	slot->extents = get_le16(raw + 30) * 4;
	return true;
}

/* Between @data and the memory that the extents describe */
static bool move_data(const struct ufshci *host, const struct slot *slot,
		      uint8_t *data, uint32_t len)
{
	const struct dma *dma = &host->pci.dma;
	uint8_t raw[EXTENT_LEN];
	uint32_t i, size, done = 0;

	for (i = 0; i < slot->nr_extents && done < len; i++, done += size) {
		if (!dma_read(dma, slot->upiu + slot->extents + i * EXTENT_LEN,
			      raw, sizeof(raw)))
			return false;
		size = (get_le32(raw + 12) & EXTENT_SIZE_MASK) + 1;
		if (size > len - done)
			size = len - done;
		if (!(slot->to_device ?
		      dma_read(dma, get_le64(raw), data + done, size) :
		      dma_write(dma, get_le64(raw), data + done, size)))
			return false;
	}
	return done == len;
}

static bool write_response(const struct ufshci *host, const struct slot *slot,
			   const struct upiu *response)
{
	uint32_t len = UPIU_LEN + be16toh(response->data_len);

	return len <= slot->response_len &&
	       dma_write(&host->pci.dma, slot->upiu + slot->response, response,
			 len);
}

static void end_request(struct ufshci *host, const struct slot *slot,
			uint8_t status)
{
	if (!dma_write(&host->pci.dma, slot->descriptor + REQUEST_STATUS,
		       &status, sizeof(status))) {
		interrupt(host, INT_BUS_FATAL);
		return;
	}
	host->regs[LIST_DOORBELL] &= ~(1U << slot->nr);
	interrupt(host, INT_REQUEST);
}

/* Bytes of data, as the command says; other requests have theirs in the UPIU */
static uint32_t data_len(const struct upiu *request)
{
	if ((request->code & UPIU_CODE_MASK) != UPIU_COMMAND)
		return 0;
	return be32toh(request->command.len);
}

static enum ufs_outcome exchange(struct ufshci *host, const struct slot *slot,
				 const struct upiu *request, uint8_t *data,
				 uint8_t *status)
{
	uint32_t len = data_len(request);
	enum ufs_outcome outcome;
	struct upiu response;

	*status = STATUS_INVALID;
	if (slot->to_device && !move_data(host, slot, data, len))
		return UFS_ANSWERED;
	outcome = ufs_request(host->ufs, request, data, len, &response);
	if (outcome != UFS_ANSWERED)
		return outcome;
	if (!slot->to_device && response.status == 0 &&
	    !move_data(host, slot, data, len))
		return UFS_ANSWERED;
	if (write_response(host, slot, &response))
		*status = STATUS_SUCCESS;
	return UFS_ANSWERED;
}

static void start_request(struct ufshci *host, unsigned int nr)
{
	struct upiu request;
	struct slot slot;
	uint8_t *data, status;
	uint32_t len;

	if (!carries(host)) {
		host->kept |= 1U << nr;
		return;
	}
	if (!read_slot(host, nr, &slot) ||
	    !dma_read(&host->pci.dma, slot.upiu, &request, sizeof(request))) {
		interrupt(host, INT_BUS_FATAL);
		return;
	}
	len = data_len(&request);
	data = len <= UFS_MAX_TRANSFER ? calloc(len + 1, 1) : NULL;
	if (!data) {
		end_request(host, &slot, STATUS_INVALID);
		return;
	}
	switch (exchange(host, &slot, &request, data, &status)) {
	case UFS_ANSWERED:
		end_request(host, &slot, status);
		break;
	case UFS_FATAL:
		host->kept |= 1U << nr;
		interrupt(host, INT_DEVICE_FATAL);
		break;
	case UFS_HELD:
		host->held |= 1U << nr;
		host->kept |= 1U << nr;
		break;
	case UFS_SILENT:
		host->kept |= 1U << nr;
		break;
	}
	free(data);
}

/* In the device's time */
static void queue_request(struct ufshci *host, unsigned int nr)
{
	struct slot slot;
	unsigned int waiting;

	if (!host->config.ticks || !read_slot(host, nr, &slot)) {
		start_request(host, nr);
		return;
	}
	host->left[nr] = host->config.ticks << slot.to_device;
	host->waiting |= 1U << nr;
	waiting = __builtin_popcount(host->waiting);
	if (waiting > host->most_waiting)
		host->most_waiting = waiting;
}

static void tick_requests(struct ufshci *host)
{
	uint32_t slots = host->waiting;
	unsigned int i;

	for (i = 0; i < UFSHCI_SLOTS; i++) {
		if (!(slots & 1U << i) || --host->left[i])
			continue;
		host->waiting &= ~(1U << i);
		start_request(host, i);
	}
}

static bool is_idle(const struct ufshci *host)
{
	return !host->regs[LIST_DOORBELL] && !host->regs[TASK_DOORBELL];
}

bool ufshci_waits(const struct ufshci *host)
{
	return host->waiting || (is_idle(host) && host->link.left);
}

void ufshci_tick(struct ufshci *host)
{
	tick_requests(host);
	if (is_idle(host) && !link_tick(&host->link))
		link_interrupt(host, LINK_HIBERNATED, true);
}

static void ring(struct ufshci *host, uint32_t slots)
{
	unsigned int i;

	slots &= ~host->regs[LIST_DOORBELL];
	host->regs[LIST_DOORBELL] |= slots;
	for (i = 0; host->regs[LIST_RUN] && i < UFSHCI_SLOTS; i++)
		if (slots & 1U << i)
			queue_request(host, i);
}

/* The device has lost these requests, or the host has given them up */
static void forget(struct ufshci *host, uint32_t slots)
{
	host->waiting &= ~slots;
	host->kept &= ~slots;
	host->held &= ~slots;
}

bool ufshci_release(struct ufshci *host)
{
	uint32_t slots = host->held;
	unsigned int i;

	forget(host, slots);
	for (i = 0; i < UFSHCI_SLOTS; i++)
		if (slots & 1U << i)
			start_request(host, i);
	return slots;
}

/* What becomes of one request: is the device at it, or can it be given up? */
static uint32_t run_task(struct ufshci *host, const struct upiu *request)
{
	uint32_t slot = 1U << (be32toh(request->task.tag) % UFSHCI_SLOTS);

	switch (request->function) {
	case QUERY_TASK:
		return (host->waiting | host->kept) & slot ? TASK_SUCCEEDED :
							     TASK_COMPLETE;
	case ABORT_TASK:
		forget(host, slot);
		return TASK_COMPLETE;
	default:
		return TASK_COMPLETE;
	}
}

static void start_task(struct ufshci *host, unsigned int nr)
{
	uint64_t descriptor = base_of(host, TASK_BASE) + nr * TASK_LEN;
	struct upiu request = {}, response = {};
	uint8_t status = STATUS_SUCCESS;

	/* A device without power or link says nothing here either */
	if (!host->ufs->powered || !carries(host))
		return;
	if (!dma_read(&host->pci.dma, descriptor + TASK_REQUEST, &request,
		      UPIU_LEN)) {
		interrupt(host, INT_BUS_FATAL);
		return;
	}
	response.code = UPIU_TASK_RESPONSE;
	response.lun = request.lun;
	response.tag = request.tag;
	response.task.lun = htobe32(run_task(host, &request));
	if (!dma_write(&host->pci.dma, descriptor + TASK_RESPONSE, &response,
		       UPIU_LEN) ||
	    !dma_write(&host->pci.dma, descriptor + TASK_STATUS, &status,
		       sizeof(status))) {
		interrupt(host, INT_BUS_FATAL);
		return;
	}
	host->regs[TASK_DOORBELL] &= ~(1U << nr);
	interrupt(host, INT_TASK);
}

static void ring_tasks(struct ufshci *host, uint32_t slots)
{
	unsigned int i;

	slots &= ~host->regs[TASK_DOORBELL] & ((1U << UFSHCI_TASK_SLOTS) - 1);
	host->regs[TASK_DOORBELL] |= slots;
	for (i = 0; host->regs[TASK_RUN] && i < UFSHCI_TASK_SLOTS; i++)
		if (slots & 1U << i)
			start_task(host, i);
}

static void uic_command(struct ufshci *host, uint8_t code)
{
	struct uic_command command = {
		.code = code,
		.attribute = host->regs[UIC_ARG1] >> 16,
		.value = host->regs[UIC_ARG3],
	};

	link_command(&host->link, &command);
	host->regs[UIC_ARG2] &= ~0xffU;
	host->regs[UIC_ARG2] |= command.result;
	host->regs[UIC_ARG3] = command.value;
	if (code == DME_LINK_STARTUP)
		host->regs[STATUS] |= STATUS_PRESENT | STATUS_LISTS;
	if (command.interrupt)
		link_interrupt(host, command.interrupt, command.failed);
	interrupt(host, INT_UIC);
}

static void set_auto_hibernation(struct ufshci *host, uint32_t value)
{
	uint32_t scale = value >> PATIENCE_SCALE_SHIFT & PATIENCE_SCALE_MASK;
	uint32_t patience = value & PATIENCE_MASK;

	if (!host->config.auto_hibernation)
		return;
	host->regs[AUTO_HIBERNATION] = value;
	while (scale--)
		patience *= 10;
	link_set_patience(&host->link, patience);
}

static void set_clock(struct ufshci *host, bool runs)
{
	host->stops += !runs && !host->stands;
	host->stands = !runs;
}

/* The link goes down with the controller, and the device is reset by that */
static void restart(struct ufshci *host, bool enable)
{
	memset(host->regs, 0, sizeof(host->regs));
	forget(host, ~0U);
	host->resets += enable;
	host->regs[CAPABILITIES] = HAS;
	if (host->config.auto_hibernation)
		host->regs[CAPABILITIES] |= HAS_AUTO_HIBERNATION;
	host->regs[VERSION] = VERSION_30;
	host->regs[ENABLE] = enable;
	host->regs[STATUS] = enable ? STATUS_UIC : 0;
	link_reset(&host->link);
	ufs_reset(host->ufs);
	update_irq(host);
}

static void write_register(struct ufshci *host, uint32_t reg, uint32_t value)
{
	switch (reg) {
	case CAPABILITIES:
	case VERSION:
	case STATUS:
		return;
	case AUTO_HIBERNATION:
		set_auto_hibernation(host, value);
		return;
	case INT_STATUS:
		host->regs[reg] &= ~value;
		update_irq(host);
		return;
	case ENABLE:
		restart(host, value & 1);
		return;
	case LIST_DOORBELL:
		ring(host, value);
		return;
	case LIST_CLEAR:
		host->regs[LIST_DOORBELL] &= value;
		forget(host, ~value);
		return;
	case TASK_DOORBELL:
		ring_tasks(host, value);
		return;
	case TASK_CLEAR:
		host->regs[TASK_DOORBELL] &= value;
		return;
	case UIC_COMMAND:
		uic_command(host, value);
		return;
	case CLOCK:
		set_clock(host, value);
		return;
	}
	host->regs[reg] = value;
	if (reg == INT_ENABLE)
		update_irq(host);
}

static bool is_clocked(struct ufshci *host, uint32_t reg)
{
	bool clocked = !host->stands || reg == CLOCK;

	host->unclocked += !clocked;
	return clocked;
}

static uint32_t read_register(struct ufshci *host, uint32_t reg)
{
	if (!is_clocked(host, reg))
		return UINT32_MAX;
	return reg == CLOCK ? !host->stands : host->regs[reg];
}

static void bar_read(void *dev, uint32_t offset, void *data, uint32_t len)
{
	memset(data, 0, len);
	if (offset % 4 || len != 4 || offset / 4 >= UFSHCI_NR_REGISTERS)
		return;
	put_le32(data, read_register(dev, offset / 4));
}

/* Registers are written as a whole, or not at all */
static void bar_write(void *dev, uint32_t offset, const void *data,
		      uint32_t len)
{
	struct ufshci *host = dev;

	if (offset % 4 || len != 4 || offset / 4 >= UFSHCI_NR_REGISTERS)
		return;
	if (is_clocked(host, offset / 4))
		write_register(host, offset / 4, get_le32(data));
}

/* The device has lost its power, too */
static void reset(void *dev)
{
	struct ufshci *host = dev;

	ufs_power_off(host->ufs);
	host->stands = false;
	restart(host, false);
}

static const struct pci_ops ops = {
	.bar_read = bar_read,
	.bar_write = bar_write,
	.reset = reset,
};

void ufshci_init(struct ufshci *host, struct ufs *ufs,
		 const struct ufshci_config *config)
{
	host->ufs = ufs;
	host->link.ufs = ufs;
	host->config = *config;
	pci_init(&host->pci, &identity, &ops, host);
	restart(host, false);
}
