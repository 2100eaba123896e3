// SPDX-License-Identifier: GPL-2.0-only
/*
 * A PCI device as User Mode Linux reaches it, and a machine that does not keep to the
 * rules. The device is pci-device.
 */
#include <endian.h>
#include <linux/pci_regs.h>
#include <linux/virtio_pcidev.h>
#include <string.h>
#include <sys/socket.h>

#include "fixture.h"
#include "frontend.h"
#include "pci-device.h"

#define PROTOCOL (BIT(VU_PROTOCOL_F_REPLY_ACK) |			\
		  BIT(VU_PROTOCOL_F_BACKEND_REQ) |			\
		  BIT(VU_PROTOCOL_F_CONFIG) |				\
		  BIT(VU_PROTOCOL_F_INBAND_NOTIFICATIONS))

#define MSIX_BAR 2
#define MSIX_PENDING 0x800
#define MSG_LEN sizeof(struct virtio_pcidev_msg)
#define IRQ_LEN (MSG_LEN + 4)
#define NR_IRQ_BUFFERS 10
#define ONES UINT64_C(0xffffffffffffffff)

/* The second queue's buffers, one after the other */
#define IRQ_OFF (QUEUE_STRIDE + OUT_OFF)

struct machine {
	struct daemon d;
	struct frontend cmd;
	struct frontend irq;
};

static void connect_machine(struct machine *m)
{
	fe_connect(&m->cmd, &m->d);
	fe_negotiate(&m->cmd, PROTOCOL);
	fe_go_in_band(&m->cmd);
	fe_set_memory(&m->cmd);
	m->cmd.nr_queues = 2;
	m->irq = m->cmd;
	m->irq.queue = 1;
	fe_set_ring(&m->cmd, QUEUE_SIZE);
	fe_set_ring(&m->irq, QUEUE_SIZE);
	fe_enable_ring(&m->cmd);
	fe_enable_ring(&m->irq);
}

/*
 * Send a message with @len bytes of data, and get back @room bytes, which are ones
 * where the device writes nothing; the length that it says
 */
static uint32_t command(struct machine *m, const struct virtio_pcidev_msg *msg,
			const void *data, uint32_t len, void *answer,
			uint32_t room)
{
	uint8_t *in = m->cmd.mem + IN_OFF, *out = m->cmd.mem + OUT_OFF;
	const struct chunk chunks[] = {
		{ guest_addr(OUT_OFF), MSG_LEN + len, false },
		{ guest_addr(IN_OFF), room, true },
	};
	uint32_t used;

	memcpy(out, msg, MSG_LEN);
	memcpy(out + MSG_LEN, data, len);
	memset(in, 0xff, room);
	used = fe_submit(&m->cmd, chunks, room ? 2 : 1);
	if (room)
		memcpy(answer, in, room);
	return used;
}

static uint64_t get(struct machine *m, uint8_t op, uint8_t bar, uint64_t addr,
		    uint32_t size)
{
	const struct virtio_pcidev_msg msg = {
		.op = op, .bar = bar, .addr = addr, .size = size,
	};
	uint64_t value = ONES;

	command(m, &msg, "", 0, &value, sizeof(value));
	return le64toh(value);
}

static void put(struct machine *m, uint8_t op, uint8_t bar, uint64_t addr,
		uint32_t size, uint64_t value)
{
	const struct virtio_pcidev_msg msg = {
		.op = op, .bar = bar, .addr = addr, .size = size,
	};

	value = htole64(value);
	check_eq(command(m, &msg, &value, sizeof(value), NULL, 0), 0);
}

/* Only @size bytes come back: the others are ones */
static uint32_t config(struct machine *m, uint64_t addr, uint32_t size)
{
	uint64_t value = get(m, VIRTIO_PCIDEV_OP_CFG_READ, 0, addr, size);

	check_eq(value >> size * 8, ONES >> size * 8);
	return value & (ONES >> (64 - size * 8));
}

static void set_config(struct machine *m, uint64_t addr, uint32_t size,
		       uint32_t value)
{
	put(m, VIRTIO_PCIDEV_OP_CFG_WRITE, 0, addr, size, value);
}

static void start(struct machine *m)
{
	daemon_exec(&m->d, NULL, (const char *const []){ SOCKET, NULL });
	connect_machine(m);
	set_config(m, PCI_COMMAND, 2, PCI_COMMAND_MASTER);
}

static uint32_t reg(struct machine *m, uint64_t addr)
{
	return get(m, VIRTIO_PCIDEV_OP_MMIO_READ, 0, addr, 4);
}

static void set_reg(struct machine *m, uint64_t addr, uint32_t value)
{
	put(m, VIRTIO_PCIDEV_OP_MMIO_WRITE, 0, addr, 4, value);
}

static void must_work(struct machine *m)
{
	set_reg(m, PCI_DEVICE_MEMORY, 0x12345678);
	check_eq(reg(m, PCI_DEVICE_MEMORY), 0x12345678);
}

static void configuration(void)
{
	struct machine m;

	start(&m);
	check_eq(config(&m, PCI_VENDOR_ID, 4), 0x00fe1b36);
	check_eq(config(&m, PCI_DEVICE_ID, 2), 0x00fe);
	check_eq(config(&m, PCI_CLASS_DEVICE + 1, 1), 0xff);
	set_config(&m, PCI_COMMAND, 2, 0);
	check_eq(get(&m, VIRTIO_PCIDEV_OP_CFG_READ, 0, 0, 8),
		 0x00fe1b36 | (uint64_t)PCI_STATUS_CAP_LIST << 48);
	set_config(&m, PCI_VENDOR_ID, 4, 0);
	check_eq(config(&m, PCI_VENDOR_ID, 4), 0x00fe1b36);
	set_config(&m, PCI_COMMAND, 2, 0xffff);
	check_eq(config(&m, PCI_COMMAND, 2), PCI_COMMAND_MEMORY |
		 PCI_COMMAND_MASTER | PCI_COMMAND_INTX_DISABLE);
}

/* How a machine finds out */
static void bars(void)
{
	struct machine m;
	int i;

	start(&m);
	for (i = 0; i < 6; i++) {
		uint64_t addr = PCI_BASE_ADDRESS_0 + i * 4;

		set_config(&m, addr, 4, ~0U);
		check_eq(config(&m, addr, 4),
			 i == 0 || i == MSIX_BAR ? -4096U : 0);
	}
}

static void registers(void)
{
	struct machine m;

	start(&m);
	put(&m, VIRTIO_PCIDEV_OP_MMIO_WRITE, 0, PCI_DEVICE_MEMORY, 8,
	    0x8877665544332211);
	check_eq(get(&m, VIRTIO_PCIDEV_OP_MMIO_READ, 0, PCI_DEVICE_MEMORY, 8),
		 0x8877665544332211);
	put(&m, VIRTIO_PCIDEV_OP_MMIO_WRITE, 0, PCI_DEVICE_MEMORY + 2, 1, 0xee);
	check_eq(reg(&m, PCI_DEVICE_MEMORY), 0x44ee2211);
	put(&m, VIRTIO_PCIDEV_OP_MMIO_MEMSET, 0, PCI_DEVICE_MEMORY + 1, 6,
	    0xaa);
	check_eq(get(&m, VIRTIO_PCIDEV_OP_MMIO_READ, 0, PCI_DEVICE_MEMORY, 8),
		 0x88aaaaaaaaaaaa11);
}

/* As much as there is, in one message */
static void long_access(void)
{
	struct virtio_pcidev_msg msg = {
		.op = VIRTIO_PCIDEV_OP_MMIO_WRITE,
		.addr = PCI_DEVICE_MEMORY,
		.size = PCI_DEVICE_BAR_SIZE - PCI_DEVICE_MEMORY,
	};
	uint8_t data[PCI_DEVICE_BAR_SIZE], back[PCI_DEVICE_BAR_SIZE];
	struct machine m;
	uint32_t i;

	start(&m);
	for (i = 0; i < msg.size; i++)
		data[i] = i * 7 + i / 256;
	check_eq(command(&m, &msg, data, msg.size, NULL, 0), 0);
	msg.op = VIRTIO_PCIDEV_OP_MMIO_READ;
	check_eq(command(&m, &msg, "", 0, back, msg.size), msg.size);
	check(!memcmp(data, back, msg.size), "other data");
}

static void offer_irq(struct machine *m, uint16_t head, uint32_t len)
{
	const struct chunk chunk = {
		guest_addr(IRQ_OFF + head * 64), len, true
	};

	fe_write_chain(&m->irq, head, &chunk, 1);
	fe_offer(&m->irq, head);
}

static void offer_irqs(struct machine *m)
{
	uint16_t i;

	for (i = 0; i < NR_IRQ_BUFFERS; i++)
		offer_irq(m, i, IRQ_LEN);
	fe_kick(&m->irq);
}

/* The next buffer for an interrupt has got this one */
static void must_interrupt(struct machine *m, uint32_t data)
{
	const struct virtio_pcidev_msg *msg;
	uint16_t head;
	uint32_t sent;

	check_eq(fe_wait_used(&m->irq, &head), IRQ_LEN);
	msg = (void *)(m->irq.mem + IRQ_OFF + head * 64);
	check_eq(msg->op, VIRTIO_PCIDEV_OP_MSI);
	check_eq(msg->size, 4);
	check_eq(msg->addr, 0xa0000);
	memcpy(&sent, msg->data, sizeof(sent));
	check_eq(le32toh(sent), data);
}

static uint8_t msix(struct machine *m)
{
	uint8_t at = config(m, PCI_CAPABILITY_LIST, 1);

	check(config(m, PCI_STATUS, 2) & PCI_STATUS_CAP_LIST, "no list");
	check_eq(config(m, at, 1), PCI_CAP_ID_MSIX);
	return at;
}

static void set_flags(struct machine *m, uint16_t flags)
{
	set_config(m, msix(m) + PCI_MSIX_FLAGS, 2, flags);
}

/* Say what a vector sends, and whether it is masked */
static void set_vector(struct machine *m, unsigned int vector, uint32_t data,
		       bool masked)
{
	uint64_t at = vector * PCI_MSIX_ENTRY_SIZE;

	put(m, VIRTIO_PCIDEV_OP_MMIO_WRITE, MSIX_BAR, at, 8, 0xa0000);
	put(m, VIRTIO_PCIDEV_OP_MMIO_WRITE, MSIX_BAR,
	    at + PCI_MSIX_ENTRY_DATA, 4, data);
	put(m, VIRTIO_PCIDEV_OP_MMIO_WRITE, MSIX_BAR,
	    at + PCI_MSIX_ENTRY_VECTOR_CTRL, 4, masked);
}

static uint32_t pending(struct machine *m)
{
	return get(m, VIRTIO_PCIDEV_OP_MMIO_READ, MSIX_BAR, MSIX_PENDING, 4);
}

/* Without buffers for them */
static void start_messages(struct machine *m)
{
	start(m);
	set_flags(m, PCI_MSIX_FLAGS_ENABLE);
	set_vector(m, 0, 100, false);
	set_vector(m, 3, 103, false);
}

static void start_interrupts(struct machine *m)
{
	start_messages(m);
	offer_irqs(m);
}

static void interrupts(void)
{
	struct machine m;

	start_interrupts(&m);
	check_eq(config(&m, msix(&m) + PCI_MSIX_FLAGS, 2),
		 PCI_MSIX_FLAGS_ENABLE | (PCI_DEVICE_VECTORS - 1));
	check_eq(config(&m, msix(&m) + PCI_MSIX_TABLE, 4), MSIX_BAR);
	check_eq(config(&m, msix(&m) + PCI_MSIX_PBA, 4),
		 MSIX_BAR | MSIX_PENDING);
	check_eq(config(&m, PCI_INTERRUPT_PIN, 1), 0);
	set_reg(&m, PCI_DEVICE_RAISE, 3);
	must_interrupt(&m, 103);
	set_reg(&m, PCI_DEVICE_RAISE, 0);
	set_reg(&m, PCI_DEVICE_RAISE, 0);
	must_interrupt(&m, 100);
	must_interrupt(&m, 100);
	check(!fe_used(&m.irq), "one more");
}

/* The machine is told in which queue to look */
static void call(void)
{
	union vu_payload payload;
	struct vu_header hdr;
	struct machine m;

	start_interrupts(&m);
	set_reg(&m, PCI_DEVICE_RAISE, 0);
	do
		check(vu_recv(m.irq.back, &hdr, &payload), "closed");
	while (payload.state.index != m.irq.queue);
	check_eq(hdr.request, VU_BACKEND_VRING_CALL);
	check(fe_used(&m.irq), "no interrupt");
}

/* None is kept for a machine that does not use them; all are masked at first */
static void not_enabled(void)
{
	struct machine m;

	start(&m);
	offer_irqs(&m);
	set_vector(&m, 0, 100, false);
	set_reg(&m, PCI_DEVICE_RAISE, 0);
	set_flags(&m, PCI_MSIX_FLAGS_ENABLE);
	check_eq(pending(&m), 0);
	set_reg(&m, PCI_DEVICE_RAISE, 1);
	check_eq(pending(&m), 1 << 1);
	set_reg(&m, PCI_DEVICE_RAISE, PCI_DEVICE_VECTORS);
	set_reg(&m, PCI_DEVICE_RAISE, 255);
	check_eq(pending(&m), 1 << 1);
	set_flags(&m, 0);
	set_vector(&m, 1, 101, false);
	check(!fe_used(&m.irq), "an interrupt");
}

static void masked(void)
{
	struct machine m;

	start_interrupts(&m);
	set_vector(&m, 3, 103, true);
	set_reg(&m, PCI_DEVICE_RAISE, 3);
	check_eq(pending(&m), 1 << 3);
	check(!fe_used(&m.irq), "an interrupt");
	set_vector(&m, 3, 203, false);
	must_interrupt(&m, 203);
	check_eq(pending(&m), 0);

	set_flags(&m, PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL);
	set_reg(&m, PCI_DEVICE_RAISE, 0);
	set_reg(&m, PCI_DEVICE_RAISE, 3);
	set_reg(&m, PCI_DEVICE_LOWER, 3);
	check_eq(pending(&m), 1 << 0);
	set_flags(&m, PCI_MSIX_FLAGS_ENABLE);
	must_interrupt(&m, 100);
	check(!fe_used(&m.irq), "one more");
}

/* They are no memory of the machine's */
static void pending_bits(void)
{
	struct machine m;

	start_interrupts(&m);
	put(&m, VIRTIO_PCIDEV_OP_MMIO_WRITE, MSIX_BAR, MSIX_PENDING, 4, ~0U);
	check_eq(pending(&m), 0);
	check(!fe_used(&m.irq), "an interrupt");
	set_reg(&m, PCI_DEVICE_RAISE, 0);
	must_interrupt(&m, 100);
}

/* It waits until the machine has room for it, and is sent once */
static void no_buffer(void)
{
	struct machine m;

	start_messages(&m);
	set_reg(&m, PCI_DEVICE_RAISE, 0);
	set_reg(&m, PCI_DEVICE_RAISE, 0);
	check_eq(pending(&m), 1);
	offer_irqs(&m);
	must_interrupt(&m, 100);
	check(!fe_used(&m.irq), "one more");
	check_eq(pending(&m), 0);
}

static void small_buffer(void)
{
	struct machine m;
	uint16_t head;

	start_messages(&m);
	offer_irq(&m, 0, IRQ_LEN - 1);
	offer_irq(&m, 1, 1);
	offer_irq(&m, 2, IRQ_LEN);
	fe_kick(&m.irq);
	set_reg(&m, PCI_DEVICE_RAISE, 0);
	check_eq(fe_wait_used(&m.irq, &head), 0);
	check_eq(head, 0);
	check_eq(fe_wait_used(&m.irq, &head), 0);
	check_eq(head, 1);
	must_interrupt(&m, 100);
}

static bool copy(struct machine *m, uint64_t from, uint64_t to, uint32_t len)
{
	put(m, VIRTIO_PCIDEV_OP_MMIO_WRITE, 0, PCI_DEVICE_FROM, 8, from);
	put(m, VIRTIO_PCIDEV_OP_MMIO_WRITE, 0, PCI_DEVICE_TO, 8, to);
	set_reg(m, PCI_DEVICE_LEN, len);
	set_reg(m, PCI_DEVICE_COPY, 1);
	return reg(m, PCI_DEVICE_COPIED);
}

/* By the machine's physical addresses; its regions are not next to each other */
static void memory(void)
{
	const uint64_t last = GUEST_0 + REGION_SIZE - 16;
	struct machine m;
	char *mem;

	start(&m);
	mem = (char *)m.cmd.mem;
	strcpy(mem + 0x40000, "from the first region");
	check(copy(&m, GUEST_0 + 0x40000, GUEST_1 + 0x40000, 22), "no copy");
	check(!strcmp(mem + REGION_SIZE + 0x40000, "from the first region"),
	      "other data");
	check(copy(&m, GUEST_1, last, 16), "not up to the end");
	check(!copy(&m, GUEST_1, last, 17), "beyond the end");
	check(!copy(&m, last, GUEST_1, 17), "beyond the end");
	check(!copy(&m, GUEST_0 - 1, GUEST_1, 1), "before the beginning");
	check(!copy(&m, USER_0, GUEST_1, 1), "by the user's address");
	check(!copy(&m, ONES - 3, GUEST_1, 8), "around the end");
	set_config(&m, PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
	check(!copy(&m, GUEST_1, last, 16), "not a master of the bus");
}

/* What the machine shares no more, the device does not reach */
static void memory_taken(void)
{
	union vu_payload table;
	struct machine m;
	int fds[2];

	start(&m);
	fds[0] = m.cmd.memfd;
	fds[1] = m.cmd.memfd;
	fe_memory_table(&m.cmd, &table);
	table.memory.regions[1].size = 0x10000;
	check(!fe_tell(&m.cmd, VU_SET_MEM_TABLE, &table,
		       8 + 2 * sizeof(struct vu_region), fds, 2), "refused");
	check(!copy(&m, GUEST_1 + 0x10000, GUEST_0 + 0x40000, 8),
	      "still there");
	check(copy(&m, GUEST_1, GUEST_0 + 0x40000, 8), "not there");
}

static void machine_goes(void)
{
	struct machine m;
	uint32_t resets;

	start_interrupts(&m);
	must_work(&m);
	resets = reg(&m, PCI_DEVICE_RESETS);
	fe_close(&m.cmd);
	connect_machine(&m);
	check_eq(reg(&m, PCI_DEVICE_RESETS), resets + 1);
	check_eq(reg(&m, PCI_DEVICE_MEMORY), 0);
	check_eq(config(&m, msix(&m) + PCI_MSIX_FLAGS, 2),
		 PCI_DEVICE_VECTORS - 1);
	must_work(&m);
	daemon_stop(&m.d);
}

/* It hears no more that there are answers, and looks for itself */
static void deaf(void)
{
	struct machine m;

	start(&m);
	shutdown(m.cmd.back, SHUT_RDWR);
	must_work(&m);
}

static void config_outside(void)
{
	struct machine m;

	start(&m);
	check_eq(get(&m, VIRTIO_PCIDEV_OP_CFG_READ, 0, 252, 4), ONES << 32);
	check_eq(get(&m, VIRTIO_PCIDEV_OP_CFG_READ, 0, 253, 4), ONES);
	check_eq(get(&m, VIRTIO_PCIDEV_OP_CFG_READ, 0, 256, 1), ONES);
	check_eq(get(&m, VIRTIO_PCIDEV_OP_CFG_READ, 0, ONES, 2), ONES);
	put(&m, VIRTIO_PCIDEV_OP_CFG_WRITE, 0, 254, 4, 0);
	put(&m, VIRTIO_PCIDEV_OP_CFG_WRITE, 0, ONES, 2, 0);
	must_work(&m);
}

static void bar_outside(void)
{
	struct machine m;

	start(&m);
	check_eq(get(&m, VIRTIO_PCIDEV_OP_MMIO_READ, 0, 4092, 4), ONES << 32);
	check_eq(get(&m, VIRTIO_PCIDEV_OP_MMIO_READ, 0, 4093, 4), ONES);
	check_eq(get(&m, VIRTIO_PCIDEV_OP_MMIO_READ, 0, ONES - 1, 8), ONES);
	check_eq(get(&m, VIRTIO_PCIDEV_OP_MMIO_READ, 1, 0, 4), ONES);
	check_eq(get(&m, VIRTIO_PCIDEV_OP_MMIO_READ, 6, 0, 4), ONES);
	check_eq(get(&m, VIRTIO_PCIDEV_OP_MMIO_READ, 255, 0, 4), ONES);
	put(&m, VIRTIO_PCIDEV_OP_MMIO_WRITE, 0, 4094, 4, 0);
	put(&m, VIRTIO_PCIDEV_OP_MMIO_WRITE, 0, ONES, 8, 0);
	put(&m, VIRTIO_PCIDEV_OP_MMIO_WRITE, 3, 0, 4, 0);
	put(&m, VIRTIO_PCIDEV_OP_MMIO_MEMSET, 0, 4000, ~0U, 0xaa);
	check_eq(reg(&m, 4092), 0xaaaaaaaa);
	put(&m, VIRTIO_PCIDEV_OP_MMIO_MEMSET, 0, ONES - 5, ~0U, 0xaa);
	must_work(&m);
}

static void table_outside(void)
{
	const uint64_t end = PCI_DEVICE_VECTORS * PCI_MSIX_ENTRY_SIZE;
	struct machine m;

	start_interrupts(&m);
	check_eq(get(&m, VIRTIO_PCIDEV_OP_MMIO_READ, MSIX_BAR, 4094, 4), ONES);
	put(&m, VIRTIO_PCIDEV_OP_MMIO_WRITE, MSIX_BAR, 4094, 4, 0);
	put(&m, VIRTIO_PCIDEV_OP_MMIO_WRITE, MSIX_BAR, end - 4, 8, ONES);
	put(&m, VIRTIO_PCIDEV_OP_MMIO_WRITE, MSIX_BAR, end, 4, ONES);
	check_eq(get(&m, VIRTIO_PCIDEV_OP_MMIO_READ, MSIX_BAR, end - 4, 8), 0);
	set_reg(&m, PCI_DEVICE_RAISE, 3);
	must_interrupt(&m, 103);
}

/* A message says one length, its buffers another */
static void wrong_lengths(void)
{
	struct virtio_pcidev_msg msg = {
		.op = VIRTIO_PCIDEV_OP_MMIO_WRITE,
		.addr = PCI_DEVICE_MEMORY,
		.size = 4,
	};
	struct machine m;
	uint32_t answer;

	start(&m);
	check_eq(command(&m, &msg, "\1\2\3", 3, NULL, 0), 0);
	msg.op = VIRTIO_PCIDEV_OP_MMIO_MEMSET;
	check_eq(command(&m, &msg, "", 0, NULL, 0), 0);
	check_eq(reg(&m, PCI_DEVICE_MEMORY), 0);
	msg.op = VIRTIO_PCIDEV_OP_CFG_WRITE;
	msg.addr = PCI_BASE_ADDRESS_0;
	check_eq(command(&m, &msg, "\xff\xff\xff", 3, NULL, 0), 0);
	check_eq(config(&m, PCI_BASE_ADDRESS_0, 4), 0);

	msg.op = VIRTIO_PCIDEV_OP_CFG_READ;
	check_eq(command(&m, &msg, "", 0, &answer, 3), 0);
	msg.op = VIRTIO_PCIDEV_OP_MMIO_READ;
	check_eq(command(&m, &msg, "", 0, &answer, 3), 0);
	check_eq(command(&m, &msg, "", 0, NULL, 0), 0);
	msg.size = 0;
	check_eq(command(&m, &msg, "", 0, &answer, 4), 0);
	msg.size = ~0U;
	check_eq(command(&m, &msg, "", 0, &answer, 4), 0);
	must_work(&m);
}

/* Every operation that there is none of, and what is no message */
static void wrong_messages(void)
{
	struct virtio_pcidev_msg msg = { .size = 4 };
	struct machine m;
	uint32_t answer;
	int op;

	start(&m);
	for (op = 0; op < 256; op++) {
		if (op >= VIRTIO_PCIDEV_OP_CFG_READ &&
		    op <= VIRTIO_PCIDEV_OP_MMIO_MEMSET)
			continue;
		msg.op = op;
		check_eq(command(&m, &msg, "\1\2\3\4", 4, &answer, 4), 0);
		check_eq(answer, ~0U);
	}
	must_work(&m);
}

/* The message has no address, or all of it is for the answer */
static void no_message(void)
{
	const struct virtio_pcidev_msg msg = {
		.op = VIRTIO_PCIDEV_OP_MMIO_WRITE,
		.addr = PCI_DEVICE_MEMORY,
		.size = 4,
	};
	struct chunk chunk = { guest_addr(OUT_OFF), MSG_LEN - 8, false };
	struct machine m;

	start(&m);
	command(&m, &msg, "\0\0\0\0", 4, NULL, 0);
	memcpy(m.cmd.mem + OUT_OFF + MSG_LEN, "\1\2\3\4", 4);
	check_eq(fe_submit(&m.cmd, &chunk, 1), 0);
	chunk.in = true;
	check_eq(fe_submit(&m.cmd, &chunk, 1), 0);
	check_eq(reg(&m, PCI_DEVICE_MEMORY), 0);
	must_work(&m);
}

/* There are no more queues, and kicks come in band */
static void wrong_setup(void)
{
	union vu_payload payload = { .state = { 2, 1 } };
	uint64_t index = 0;
	struct machine m;

	start(&m);
	check(fe_tell(&m.cmd, VU_SET_VRING_ENABLE, &payload,
		      sizeof(payload.state), NULL, 0), "queue 2");
	check(fe_tell(&m.cmd, VU_VRING_KICK, &payload, sizeof(payload.state),
		      NULL, 0), "queue 2");
	check(fe_tell(&m.cmd, VU_SET_VRING_KICK, &index, sizeof(index),
		      &m.cmd.memfd, 1), "a kick fd");
	must_work(&m);
}

static void broken_queue(void)
{
	const struct chunk chunk = { ONES - 8, 64, true };
	struct machine m;

	start_messages(&m);
	fe_write_chain(&m.irq, 0, &chunk, 1);
	fe_offer(&m.irq, 0);
	fe_kick(&m.irq);
	set_reg(&m, PCI_DEVICE_RAISE, 0);
	check_eq(pending(&m), 1);
	must_work(&m);
}

static const struct test tests[] = {
	{ "configuration space: identity, command", configuration },
	{ "configuration space: sizes of BARs", bars },
	{ "BAR: accesses of all lengths, memset", registers },
	{ "BAR: an access of 3840 bytes", long_access },
	{ "MSI-X: capability, messages", interrupts },
	{ "MSI-X: the machine is called", call },
	{ "MSI-X: not enabled, no such vector", not_enabled },
	{ "MSI-X: masked vectors wait", masked },
	{ "MSI-X: pending bits are read-only", pending_bits },
	{ "MSI-X: without a buffer it waits", no_buffer },
	{ "MSI-X: buffers that are too small go back", small_buffer },
	{ "memory: two regions, and nothing else", memory },
	{ "memory: another table", memory_taken },
	{ "machine goes: reset, and the next one", machine_goes },
	{ "machine hears nothing of its answers", deaf },
	{ "hostile: outside of the configuration space", config_outside },
	{ "hostile: outside of the BARs", bar_outside },
	{ "hostile: outside of the table of MSI-X", table_outside },
	{ "hostile: lengths that contradict each other", wrong_lengths },
	{ "hostile: messages that are none", wrong_messages },
	{ "hostile: a message without an address", no_message },
	{ "hostile: queue 2, a kick fd", wrong_setup },
	{ "hostile: an interrupt into no memory", broken_queue },
};

int main(int argc, char **argv)
{
	return run_daemon_tests(argc, argv, tests, ARRAY_SIZE(tests));
}
