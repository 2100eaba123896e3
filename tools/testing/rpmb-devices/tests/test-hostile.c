// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rubbish: messages, registers, descriptors. The device answers with an error or
 * hangs up, and serves on.
 */
#include <errno.h>
#include <linux/vfio.h>
#include <stdlib.h>
#include <string.h>

#include "driver.h"
#include "tap.h"

#define DMA_MAP 2
#define DMA_UNMAP 3
#define REGION_INFO 5
#define IRQ_INFO 7
#define SET_IRQS 8
#define REGION_READ 9
#define REGION_WRITE 10

#define MODE_DMA (1 << 0)
#define MODE_BLOCK_COUNT (1 << 1)
#define MODE_READ (1 << 4)
#define MODE_MULTI (1 << 5)
#define WITH_DATA (1 << 5 | 2)

/* The command queue engine's */
#define QUEUE 0x200
#define QUEUE_CONFIG (QUEUE + 0x08)
#define QUEUE_LIST (QUEUE + 0x20)
#define CMDQ_MODE_EN 15

#define ADMA_NOP 0x01
#define ADMA_TRANSFER 0x21
#define ADMA_LINK 0x31
#define ADMA_END 0x02

static struct machine m;

static void start(void)
{
	machine_start(&m, NONE);
	driver_init(&m);
}

/* Whatever went before, the device works */
static void check_works(void)
{
	driver_init(&m);
	check_eq(driver_read(&m, 8, 0, 1, 0), DONE);
	check_eq(m.memory[DATA_AT + 192], 8);
}

/* A header that is wrong ends the connection, and only that */
static void wrong_headers(void)
{
	static const uint32_t headers[][4] = {
		{ 9 << 16, 15, 0, 0 },			/* too short */
		{ 9 << 16, 0, 0, 0 },
		{ 9 << 16, 0x100000, 0, 0 },		/* too long */
		{ 9 << 16, UINT32_MAX, 0, 0 },
		{ 9 << 16, 16, 1, 0 },			/* a reply */
		{ 9 << 16, 16, 0xf, 0 },
	};
	unsigned int i;

	machine_spawn(&m, NONE);
	for (i = 0; i < ARRAY_SIZE(headers); i++) {
		machine_connect(&m);
		machine_send(&m, headers[i], sizeof(headers[i]));
		check(machine_hung_up(&m), "header %u", i);
		machine_disconnect(&m);
	}
	machine_connect(&m);
	check_works();
}

static void cut_message(void)
{
	static const uint32_t header[4] = { 9 << 16, 32, 0, 0 };

	machine_spawn(&m, NONE);
	machine_connect(&m);
	machine_send(&m, header, 7);
	machine_disconnect(&m);
	machine_connect(&m);
	machine_send(&m, header, sizeof(header));
	machine_disconnect(&m);
	machine_connect(&m);
	check_works();
}

static int request(uint16_t command, const void *payload, size_t len)
{
	uint8_t reply[8192];
	size_t reply_len = sizeof(reply);

	return machine_request(&m, command, payload, len, -1, reply,
			       &reply_len);
}

static void short_payloads(void)
{
	static const uint8_t zero[64];
	uint16_t command;

	start();
	for (command = 1; command <= 10; command++)
		if (command != 4 && command != 6)
			check_eq(request(command, zero, 3), EINVAL);
	check_eq(request(6, zero, 32), EOPNOTSUPP);
	check_eq(request(0, zero, 32), EOPNOTSUPP);
	check_eq(request(14, zero, 32), EOPNOTSUPP);
	check_eq(request(0xffff, zero, 32), EOPNOTSUPP);
	check_works();
}

struct access {
	uint64_t offset;
	uint32_t region;
	uint32_t count;
	uint8_t data[16];
};

static void wrong_accesses(void)
{
	static const struct access wrong[] = {
		{ 4096, 0, 1, {} },
		{ 4095, 0, 2, {} },
		{ UINT64_MAX, 0, 1, {} },
		{ UINT64_MAX - 3, 0, 4, {} },
		{ 0, 0, UINT32_MAX, {} },
		{ 0, 0, 4097, {} },
		{ 0, 1, 1, {} },
		{ 0, 9, 1, {} },
		{ 0, UINT32_MAX, 1, {} },
		{ 256, 7, 1, {} },
		{ 255, 7, 2, {} },
	};
	struct access more = { 0, 0, 17, {} };
	unsigned int i;

	start();
	for (i = 0; i < ARRAY_SIZE(wrong); i++) {
		check_eq(request(REGION_READ, &wrong[i], 16), EINVAL);
		check_eq(request(REGION_WRITE, &wrong[i], 32), EINVAL);
	}
	check_eq(request(REGION_WRITE, &more, 32), EINVAL);
	check_works();
}

/* Any length and place within a region is an access */
static void odd_accesses(void)
{
	struct access access = { 0, 0, 4096, {} };
	uint32_t offset, len;

	start();
	check_eq(request(REGION_READ, &access, 16), 0);
	access.count = 0;
	check_eq(request(REGION_READ, &access, 16), 0);
	check_eq(request(REGION_WRITE, &access, 16), 0);
	for (offset = 0; offset < 0x110; offset += 3)
		for (len = 1; len <= 16; len += 5) {
			access.offset = offset;
			access.count = len;
			check_eq(request(REGION_READ, &access, 16), 0);
			check_eq(request(REGION_WRITE, &access, 32), 0);
		}
	check_works();
}

struct map {
	uint32_t argsz;
	uint32_t flags;
	uint64_t offset;
	uint64_t addr;
	uint64_t size;
};

static int map(uint64_t offset, uint64_t addr, uint64_t size)
{
	struct map message = { sizeof(message), 3, offset, addr, size };

	return machine_request(&m, DMA_MAP, &message, sizeof(message), m.memfd,
			       NULL, NULL);
}

static int unmap(uint64_t addr, uint64_t size)
{
	struct {
		uint32_t argsz;
		uint32_t flags;
		uint64_t addr;
		uint64_t size;
	} message = { sizeof(message), 0, addr, size };

	return request(DMA_UNMAP, &message, sizeof(message));
}

static void wrong_maps(void)
{
	const uint64_t len = MEMORY_LEN + READ_ONLY_LEN;

	start();
	check_eq(map(0, MEMORY_ADDR, 4096), EEXIST);
	check_eq(map(0, MEMORY_ADDR - 4096, 8192), EEXIST);
	check_eq(map(0, 0, UINT64_MAX), EEXIST);
	check_eq(map(0, 0x1000, 0), EINVAL);
	check_eq(map(0, UINT64_MAX - 4095, 8192), EINVAL);
	check_eq(map(len, 0x1000, 4096), EINVAL);
	check_eq(map(len - 4096, 0x1000, 8192), EINVAL);
	check_eq(map(UINT64_MAX - 4095, 0x1000, 8192), EINVAL);
	check_eq(map(1, 0x1000, 4096), EINVAL);
	check_eq(unmap(MEMORY_ADDR, 4096), ENOENT);
	check_eq(unmap(0, 0), ENOENT);
	check_works();
	check_eq(unmap(MEMORY_ADDR, MEMORY_LEN), 0);
	check_eq(map(0, MEMORY_ADDR, MEMORY_LEN), 0);
	check_works();
}

static void many_maps(void)
{
	unsigned int i = 0;
	int err;

	start();
	while (!(err = map(0, 0x100000000 + i * 4096ull, 4096)))
		check(++i < 100000, "there is no end");
	check_eq(err, ENOSPC);
	while (i--)
		check_eq(unmap(0x100000000 + i * 4096ull, 4096), 0);
	check_works();
}

static void wrong_irqs(void)
{
	static const struct vfio_irq_set wrong[] = {
		{ 20, 0x24, 1, 0, 1 },
		{ 20, 0x24, 0, 1, 1 },
		{ 20, 0x24, 0, 0, 2 },
		{ 20, 0x24, 0, 0, UINT32_MAX },
		{ 20, 0x24, UINT32_MAX, 0, 1 },
		{ 20, 0, 0, 0, 1 },
		{ 20, UINT32_MAX, 0, 0, 1 },
	};
	uint32_t info[8] = { 32, 0, 5 };
	unsigned int i;

	start();
	for (i = 0; i < ARRAY_SIZE(wrong); i++)
		check_eq(request(SET_IRQS, &wrong[i], sizeof(wrong[i])),
			 EINVAL);
	check_eq(request(IRQ_INFO, info, 16), EINVAL);
	info[2] = 9;
	check_eq(request(REGION_INFO, info, 32), EINVAL);
	check_works();
}

static void put_descriptor(uint32_t at, uint16_t attributes, uint16_t len,
			   uint64_t addr)
{
	memcpy(m.memory + at, &attributes, 2);
	memcpy(m.memory + at + 2, &len, 2);
	memcpy(m.memory + at + 4, &addr, 8);
}

/* Read EXT_CSD by the table at @table */
static uint32_t read_by_table(uint64_t table)
{
	uint32_t bits;

	machine_write(&m, HOST_CONTROL, 1, 3 << 3);
	machine_write(&m, ADMA_ADDRESS, 4, table);
	machine_write(&m, ADMA_ADDRESS + 4, 4, table >> 32);
	machine_write(&m, BLOCK_SIZE, 2, 512);
	machine_write(&m, BLOCK_COUNT, 2, 1);
	machine_write(&m, TRANSFER_MODE, 2, MODE_DMA | MODE_READ);
	machine_write(&m, ARGUMENT, 4, 0);
	machine_write(&m, COMMAND, 2, 8 << 8 | WITH_DATA);
	bits = machine_read(&m, INT_STATUS, 4);
	machine_write(&m, INT_STATUS, 4, bits);
	return bits;
}

static void check_refused(uint64_t table)
{
	check_eq(read_by_table(table), INT_RESPONSE | INT_ADMA | INT_ERROR);
	machine_write(&m, SOFTWARE_RESET, 1, RESET_COMMAND_AND_DATA);
	check_works();
}

static void tables_nowhere(void)
{
	start();
	check_refused(0);
	check_refused(UINT64_MAX);
	check_refused(UINT64_MAX - 11);
	check_refused(MEMORY_ADDR - 1);
	check_refused(READ_ONLY_ADDR + READ_ONLY_LEN - 4);
}

/* Each first descriptor is not one that can be followed to the end */
static void wrong_descriptors(void)
{
	static const struct {
		uint16_t attributes;
		uint16_t len;
		uint64_t addr;
	} wrong[] = {
		{ 0, 512, DATA_ADDR },			/* not valid */
		{ ADMA_NOP | ADMA_END, 0, 0 },		/* an end too early */
		{ ADMA_TRANSFER | ADMA_END, 511, DATA_ADDR },
		{ ADMA_TRANSFER, 512, 0 },		/* no memory */
		{ ADMA_TRANSFER, 512, UINT64_MAX },
		{ ADMA_TRANSFER, 512, UINT64_MAX - 100 },
		{ ADMA_TRANSFER, 512, READ_ONLY_ADDR },	/* not to be written */
		{ ADMA_TRANSFER, 512, READ_ONLY_ADDR - 511 },
		{ ADMA_TRANSFER, 0, READ_ONLY_ADDR + READ_ONLY_LEN - 256 },
		{ ADMA_LINK, 0, MEMORY_ADDR },		/* to itself */
		{ ADMA_LINK, 0, 0 },
		{ ADMA_LINK, 0, UINT64_MAX },
		{ ADMA_LINK | ADMA_END, 0, MEMORY_ADDR },
		{ 0x11, 512, DATA_ADDR },		/* reserved: nothing */
	};
	unsigned int i;

	start();
	for (i = 0; i < ARRAY_SIZE(wrong); i++) {
		memset(m.memory, 0, 64);
		put_descriptor(0, wrong[i].attributes, wrong[i].len,
			       wrong[i].addr);
		check_refused(MEMORY_ADDR);
	}
}

static void endless_tables(void)
{
	uint32_t at;

	start();
	put_descriptor(0, ADMA_LINK, 0, MEMORY_ADDR + 12);
	put_descriptor(12, ADMA_NOP, 0, 0);
	put_descriptor(24, ADMA_LINK, 0, MEMORY_ADDR);
	check_refused(MEMORY_ADDR);
	for (at = 0; at < 0x10000; at += 12)
		put_descriptor(at, ADMA_NOP, 0, 0);
	check_refused(MEMORY_ADDR);
}

/* A loop that does move data ends with the data */
static void loop_with_data(void)
{
	start();
	put_descriptor(0, ADMA_TRANSFER, 1, DATA_ADDR + 100);
	put_descriptor(12, ADMA_LINK, 0, MEMORY_ADDR);
	check_eq(read_by_table(MEMORY_ADDR), DONE);
	check_eq(m.memory[DATA_AT + 100], 0);
}

static uint32_t read_with(uint16_t size, uint16_t count, uint16_t mode)
{
	uint32_t bits;

	put_descriptor(0, ADMA_TRANSFER | ADMA_END, 0, DATA_ADDR);
	machine_write(&m, HOST_CONTROL, 1, 3 << 3);
	machine_write(&m, ADMA_ADDRESS, 4, MEMORY_ADDR);
	machine_write(&m, ADMA_ADDRESS + 4, 4, 0);
	machine_write(&m, SDMA_ADDRESS, 4, 0);
	machine_write(&m, BLOCK_SIZE, 2, size);
	machine_write(&m, BLOCK_COUNT, 2, count);
	machine_write(&m, TRANSFER_MODE, 2, mode);
	machine_write(&m, ARGUMENT, 4, 0);
	machine_write(&m, COMMAND, 2, 18 << 8 | WITH_DATA);
	bits = machine_read(&m, INT_STATUS, 4);
	machine_write(&m, INT_STATUS, 4, bits);
	machine_write(&m, SOFTWARE_RESET, 1, RESET_COMMAND_AND_DATA);
	driver_command(&m, 12, 0);
	return bits & ~(INT_RESPONSE | INT_ERROR);
}

static void wrong_sizes(void)
{
	const uint16_t all = MODE_DMA | MODE_READ | MODE_MULTI |
			     MODE_BLOCK_COUNT;

	start();
	check_eq(read_with(512, 1, all), INT_TRANSFER);
	check_eq(read_with(0, 1, all), INT_ADMA);
	check_eq(read_with(513, 1, all), INT_ADMA);
	check_eq(read_with(0xfff, 1, all), INT_ADMA);
	check_eq(read_with(512, 0, all), INT_ADMA);
	check_eq(read_with(512, 1, all & ~MODE_BLOCK_COUNT), INT_ADMA);
	check_eq(read_with(64, 1, all), INT_DATA_CRC);
	check_eq(read_with(512, 129, all), INT_ADMA);
	check_eq(read_with(512, 1, all & ~MODE_READ), INT_DATA_TIMEOUT);
	check_works();
}

/* More is announced than there is: not a block of it is lost or invented */
static void most_frames(void)
{
	static uint8_t frames[512];
	uint32_t bits;

	start();
	check(driver_switch(&m, PARTITION_CONFIG, RPMB), "switch");
	check_eq(driver_command(&m, 23, 0x8000ffff), INT_RESPONSE);
	memcpy(m.memory + DATA_AT, frames, sizeof(frames));
	bits = driver_write(&m, 25, 0, 1, 0);
	check_eq(bits, DONE);
	check_eq(driver_status(&m) >> 9 & 0xf, 6);
	check_eq(driver_command(&m, 12, 0), DONE);
	check_eq(driver_command(&m, 23, 0xffff), INT_RESPONSE);
	check_eq(driver_read(&m, 18, 0, 1, 0), DONE);
	check_eq(driver_command(&m, 12, 0), DONE);
	check_works();
}

static void sdma_nowhere(void)
{
	static const uint32_t addrs[] = {
		0, UINT32_MAX, MEMORY_ADDR - 4, READ_ONLY_ADDR
	};
	unsigned int i;

	start();
	for (i = 0; i < ARRAY_SIZE(addrs); i++) {
		machine_write(&m, HOST_CONTROL, 1, 0);
		machine_write(&m, SDMA_ADDRESS, 4, addrs[i]);
		machine_write(&m, BLOCK_SIZE, 2, 512);
		machine_write(&m, TRANSFER_MODE, 2, MODE_DMA | MODE_READ);
		machine_write(&m, ARGUMENT, 4, 0);
		machine_write(&m, COMMAND, 2, 8 << 8 | WITH_DATA);
		check_eq(machine_read(&m, INT_STATUS, 4) & INT_ADMA, INT_ADMA);
		machine_write(&m, INT_STATUS, 4, ~0U);
		check_works();
	}
}

/* The memory goes while a transfer waits at an SDMA boundary */
static void memory_goes(void)
{
	start();
	machine_write(&m, HOST_CONTROL, 1, 0);
	machine_write(&m, SDMA_ADDRESS, 4, DATA_ADDR + 4096 - 256);
	machine_write(&m, BLOCK_SIZE, 2, 512);
	machine_write(&m, TRANSFER_MODE, 2, MODE_DMA | MODE_READ);
	machine_write(&m, ARGUMENT, 4, 0);
	machine_write(&m, COMMAND, 2, 8 << 8 | WITH_DATA);
	check_eq(machine_read(&m, INT_STATUS, 4),
		 INT_RESPONSE | INT_SDMA_BOUNDARY);
	machine_write(&m, INT_STATUS, 4, ~0U);
	check_eq(unmap(MEMORY_ADDR, MEMORY_LEN), 0);
	machine_write(&m, SDMA_ADDRESS, 4, DATA_ADDR + 4096);
	check_eq(machine_read(&m, INT_STATUS, 4), INT_ADMA | INT_ERROR);
	check_eq(map(0, MEMORY_ADDR, MEMORY_LEN), 0);
	check_works();
}

/* The port gives what is in the block, and only whole words of it */
static void wrong_port(void)
{
	struct access access = { BUFFER_PORT, 0, 4, {} };
	unsigned int i;

	start();
	check_eq(request(REGION_READ, &access, 16), 0);
	check_eq(request(REGION_WRITE, &access, 32), 0);
	machine_write(&m, BLOCK_SIZE, 2, 512);
	machine_write(&m, TRANSFER_MODE, 2, MODE_READ);
	machine_write(&m, ARGUMENT, 4, 0);
	machine_write(&m, COMMAND, 2, 8 << 8 | WITH_DATA);
	check_eq(machine_read(&m, INT_STATUS, 4),
		 INT_RESPONSE | INT_PORT_READABLE);
	for (i = 0; i < 170; i++)	/* of 3 bytes: 510 */
		machine_read(&m, BUFFER_PORT, 3);
	check_eq(machine_read(&m, BUFFER_PORT, 4), 0);
	machine_write(&m, BUFFER_PORT, 2, 0xffff);
	check_eq(machine_read(&m, INT_STATUS, 4) & INT_TRANSFER, 0);
	machine_read(&m, BUFFER_PORT, 2);
	check_eq(machine_read(&m, INT_STATUS, 4) & INT_TRANSFER, INT_TRANSFER);
	check_eq(machine_read(&m, BUFFER_PORT, 4), 0);
	machine_write(&m, INT_STATUS, 4, ~0U);
	check_works();
}

/* One data command while another one waits: the first goes on */
static void command_in_between(void)
{
	start();
	machine_write(&m, BLOCK_SIZE, 2, 512);
	machine_write(&m, TRANSFER_MODE, 2, MODE_READ);
	machine_write(&m, ARGUMENT, 4, 0);
	machine_write(&m, COMMAND, 2, 8 << 8 | WITH_DATA);
	machine_write(&m, COMMAND, 2, 17 << 8 | WITH_DATA);
	machine_write(&m, COMMAND, 2, 0);
	machine_write(&m, POWER_CONTROL, 1, 0);
	while (machine_read(&m, PRESENT_STATE, 4) & 1 << 11)
		machine_read(&m, BUFFER_PORT, 4);
	check_works();
}

static void long_line(void)
{
	static char line[1000];

	start();
	memset(line, 'x', sizeof(line) - 1);
	check(!machine_answers(&m, line), "it is answered");
	check(machine_answers(&m, "stats"), "it is not");
	check_works();
}

/* A client that asks, and asks, and never listens */
static void deaf_client(void)
{
	start();
	machine_flood(&m, "stats\n", 20000);
	check(machine_answers(&m, "stats"), "it is not");
	check_works();
}

static uint32_t random_of(uint32_t n)
{
	return random() % n;
}

static void random_table(void)
{
	uint32_t at;

	for (at = 0; at < 24 * 12; at += 12) {
		uint64_t addr = MEMORY_ADDR + random_of(MEMORY_LEN + 0x20000);

		if (!random_of(8))
			addr = (uint64_t)random() << random_of(33);
		put_descriptor(at, random(), random_of(3) ? random_of(2048) :
							    random(), addr);
		if (random_of(4))
			m.memory[at] = random_of(5) ? ADMA_TRANSFER :
						      ADMA_LINK;
	}
}

static void random_command(void)
{
	static const uint8_t likely[] = {
		0, 1, 2, 3, 5, 6, 7, 8, 9, 10, 12, 13, 16, 17, 18, 21, 23, 24,
		25, 35, 36, 38
	};
	uint8_t index = random_of(10) ?
			likely[random_of(ARRAY_SIZE(likely))] : random();
	uint32_t arg = random_of(2) ? 1 << 16 : random();

	if (index == 6)
		arg = 3 << 24 | (random_of(2) ? 179 << 16 : random());
	if (index == 23)
		arg = random_of(70);
	machine_write(&m, ARGUMENT, 4, arg);
	machine_write(&m, COMMAND, 2, index << 8 | (random() & 0xff));
}

static void random_step(void)
{
	switch (random_of(9)) {
	case 8:
		machine_write(&m, QUEUE + random_of(0x60), 1 + random_of(4),
			      random());
		machine_write(&m, QUEUE_LIST, 4,
			      MEMORY_ADDR + random_of(MEMORY_LEN + 4096));
		break;
	case 0:
		random_table();
		machine_write(&m, ADMA_ADDRESS, 4, MEMORY_ADDR + random_of(30));
		break;
	case 1:
		machine_write(&m, BLOCK_SIZE, 2, random_of(2) ? 512 : random());
		machine_write(&m, BLOCK_COUNT, 2, random_of(40));
		machine_write(&m, TRANSFER_MODE, 2, random());
		break;
	case 2:
		machine_write(&m, SDMA_ADDRESS, 4,
			      MEMORY_ADDR + random_of(MEMORY_LEN + 4096));
		break;
	case 3:
		machine_write(&m, random_of(0x120), 1 + random_of(4), random());
		break;
	case 4:
		machine_read(&m, random_of(0x120), 1 + random_of(4));
		machine_write(&m, BUFFER_PORT, 4, random());
		break;
	default:
		random_command();
	}
}

/* A card in transfer state now and then, or not much would come through */
static void fuzz(const char *const *options)
{
	unsigned int i;

	srandom(1);
	machine_start(&m, options);
	for (i = 0; i < 30000; i++) {
		if (!(i % 100)) {
			driver_init(&m);
			driver_switch(&m, CMDQ_MODE_EN, 1);
			machine_write(&m, QUEUE_CONFIG, 4, 0x101);
			machine_write(&m, QUEUE_LIST + 4, 4, 0);
		}
		random_step();
	}
	check_works();
}

static void fuzz_host(void)
{
	fuzz(NONE);
}

static void fuzz_queue(void)
{
	fuzz(OPTIONS("--command-queue"));
}

static const struct test tests[] = {
	{ "headers that are wrong", wrong_headers },
	{ "messages that are cut", cut_message },
	{ "payloads that are short", short_payloads },
	{ "accesses beyond a region", wrong_accesses },
	{ "accesses of odd lengths", odd_accesses },
	{ "memory: beyond the file, overlapping, none", wrong_maps },
	{ "memory: too many regions", many_maps },
	{ "interrupts that there are not", wrong_irqs },
	{ "ADMA2: tables nowhere", tables_nowhere },
	{ "ADMA2: descriptors to nowhere", wrong_descriptors },
	{ "ADMA2: tables without an end", endless_tables },
	{ "ADMA2: a loop that moves data", loop_with_data },
	{ "blocks of wrong size and number", wrong_sizes },
	{ "RPMB: the most frames that CMD23 can say", most_frames },
	{ "SDMA: to nowhere", sdma_nowhere },
	{ "SDMA: the memory goes while it waits", memory_goes },
	{ "buffer port: more and less than a block", wrong_port },
	{ "a command while a transfer waits", command_in_between },
	{ "control: a line that is too long", long_line },
	{ "control: a client that does not listen", deaf_client },
	{ "30000 random steps", fuzz_host },
	{ "30000 random steps, with a command queue", fuzz_queue },
};

int main(int argc, char **argv)
{
	return machine_run_tests(argc, argv, tests, ARRAY_SIZE(tests));
}
