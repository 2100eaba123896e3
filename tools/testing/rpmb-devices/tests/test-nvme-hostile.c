// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rubbish: registers, doorbells, commands, PRP entries. The controller refuses it or
 * fails, and works again after a reset.
 */
#include <endian.h>
#include <string.h>

#include "../common/bytes.h"
#include "noise.h"
#include "nvme_host.h"
#include "tap.h"

#define ROUNDS 20000
#define NOWHERE 0x7ffffff000

static struct machine m;
static struct nvme_host host;

static void start(void)
{
	machine_start(&m, NONE);
	nvme_host_init(&host, &m);
}

/* Whatever went before, the device works */
static void check_works(void)
{
	nvme_host_init(&host, &m);
	memset(m.memory + NVME_DATA_AT, 0x5a, 512);
	check_eq(nvme_blocks(&host, NVME_WRITE, 7, 1, 0), NVME_SUCCESS);
	memset(m.memory + NVME_DATA_AT, 0, 512);
	check_eq(nvme_blocks(&host, NVME_READ, 7, 1, 0), NVME_SUCCESS);
	check_eq(m.memory[NVME_DATA_AT + 511], 0x5a);
	check_eq(nvme_identify(&host, 1, 0), NVME_SUCCESS);
}

/* Not whole words, not aligned, beyond all registers: nothing happens */
static void wrong_accesses(void)
{
	struct nvme_command command = { .opcode = NVME_KEEP_ALIVE };

	start();
	nvme_put(&host, &host.admin, &command);
	machine_write(&m, NVME_DOORBELLS + 1, 4, host.admin.tail);
	machine_write(&m, NVME_DOORBELLS, 2, host.admin.tail);
	check_eq(nvme_take(&host, &host.admin), NO_ANSWER);
	nvme_ring(&host, &host.admin);
	check_eq(nvme_take(&host, &host.admin), NVME_SUCCESS);
	machine_write(&m, NVME_CC, 1, 0);
	machine_write(&m, NVME_CC, 2, 0);
	machine_write(&m, NVME_CC + 1, 4, 0);
	machine_write(&m, NVME_CSTS, 4, ~0U);
	machine_write(&m, NVME_CAP, 4, ~0U);
	machine_write(&m, 0x800, 4, ~0U);
	machine_write(&m, 8192 - 4, 4, 1);
	check_eq(machine_read(&m, NVME_CSTS, 4), NVME_CSTS_READY);
	check_eq(machine_read(&m, 0x37, 4), 0);
	check_eq(machine_read(&m, 8192 - 4, 4), 0);
	check_eq(nvme_identify(&host, 1, 0), NVME_SUCCESS);
}

/* Queues that do not exist, places that they do not have */
static void wrong_doorbells(void)
{
	uint32_t i;

	start();
	for (i = 0; i < 2 * 17; i++)
		machine_write(&m, NVME_DOORBELLS + 4 * i, 4, 16 + i);
	for (i = 2 * 2; i < 1024; i++)
		machine_write(&m, NVME_DOORBELLS + 4 * i, 4, 1);
	machine_write(&m, NVME_DOORBELLS + 4, 4, host.admin.head + 3);
	check(!machine_has_irq(&m), "an interrupt for nothing");
	check_eq(machine_read(&m, NVME_CSTS, 4), NVME_CSTS_READY);
	check_eq(nvme_identify(&host, 1, 0), NVME_SUCCESS);
	machine_write(&m, NVME_CC, 4, 0);
	machine_write(&m, NVME_DOORBELLS, 4, 1);
	check_works();
}

/* Queues where there is no memory, or none that can be written */
static void queues_nowhere(void)
{
	struct nvme_command command = { .opcode = NVME_KEEP_ALIVE };
	uint32_t size = 15;

	start();
	machine_write(&m, NVME_CC, 4, 0);
	machine_write(&m, NVME_ADMIN_SIZES, 4, size << 16 | size);
	machine_write(&m, NVME_ADMIN_SQ, 4, (uint32_t)NOWHERE);
	machine_write(&m, NVME_CC, 4, NVME_ENABLE);
	machine_write(&m, NVME_DOORBELLS, 4, 1);
	check_eq(machine_read(&m, NVME_CSTS, 4),
		 NVME_CSTS_READY | NVME_CSTS_FATAL);

	check_works();
	machine_write(&m, NVME_CC, 4, 0);
	machine_write(&m, NVME_ADMIN_CQ, 4, READ_ONLY_ADDR);
	machine_write(&m, NVME_CC, 4, NVME_ENABLE);
	host.admin.tail = 0;
	nvme_put(&host, &host.admin, &command);
	nvme_ring(&host, &host.admin);
	check_eq(machine_read(&m, NVME_CSTS, 4),
		 NVME_CSTS_READY | NVME_CSTS_FATAL);
	check_works();
}

/* A command for @blocks blocks with these PRP entries */
static int move_blocks(uint8_t opcode, uint32_t blocks, uint64_t first,
		       uint64_t second)
{
	struct nvme_command command = {
		.opcode = opcode,
		.nsid = htole32(1),
		.dw12 = htole32(blocks - 1),
	};

	put_le64(command.data, first);
	put_le64(command.data + 8, second);
	return nvme_io(&host, &command);
}

static void wrong_pages(void)
{
	const uint64_t data = MEMORY_ADDR + NVME_DATA_AT;
	static const struct {
		uint8_t opcode;
		uint32_t blocks;
		int64_t first, second;	/* from the data's beginning */
		int status;
	} wrong[] = {
		{ NVME_READ, 1, 2, 0, NVME_INVALID_PRP_OFFSET },
		{ NVME_READ, 9, 0, 512, NVME_INVALID_PRP_OFFSET },
		{ NVME_WRITE, 9, 0, 4, NVME_INVALID_PRP_OFFSET },
		{ NVME_READ, 64, 0, 4, NVME_INVALID_PRP_OFFSET },
		{ NVME_READ, 1, NOWHERE, 0, NVME_DATA_TRANSFER_ERROR },
		{ NVME_WRITE, 1, NOWHERE, 0, NVME_DATA_TRANSFER_ERROR },
		{ NVME_READ, 9, 0, NOWHERE, NVME_DATA_TRANSFER_ERROR },
		{ NVME_READ, 64, 0, NOWHERE, NVME_DATA_TRANSFER_ERROR },
		{ NVME_WRITE, 64, 0, NOWHERE, NVME_DATA_TRANSFER_ERROR },
	};
	unsigned int i;
	int status;

	start();
	for (i = 0; i < ARRAY_SIZE(wrong); i++) {
		status = move_blocks(wrong[i].opcode, wrong[i].blocks,
				     data + wrong[i].first,
				     data + wrong[i].second);
		check(status == REFUSED(wrong[i].status), "%u: status %#x", i,
		      status);
	}
	check_eq(move_blocks(NVME_READ, 1, READ_ONLY_ADDR, 0),
		 REFUSED(NVME_DATA_TRANSFER_ERROR));
	check_eq(move_blocks(NVME_WRITE, 1, READ_ONLY_ADDR, 0), NVME_SUCCESS);
	check_eq(move_blocks(NVME_READ, 1, UINT64_MAX - 3, 0),
		 REFUSED(NVME_DATA_TRANSFER_ERROR));
	check_works();
}

/* Lists whose entries are no pages, and lists that lead to themselves */
static void wrong_lists(void)
{
	uint64_t list = MEMORY_ADDR + NVME_LIST_AT;
	uint64_t data = MEMORY_ADDR + NVME_DATA_AT;
	uint8_t *entries;
	unsigned int i;

	start();
	entries = m.memory + NVME_LIST_AT;
	for (i = 0; i < 512; i++)
		put_le64(entries + 8 * i, data + 8);
	check_eq(move_blocks(NVME_READ, 64, data, list),
		 REFUSED(NVME_INVALID_PRP_OFFSET));
	for (i = 0; i < 512; i++)
		put_le64(entries + 8 * i, list);
	check_eq(move_blocks(NVME_WRITE, 512, data, list), NVME_SUCCESS);
	check_eq(move_blocks(NVME_WRITE, 512, data, list + 4088), NVME_SUCCESS);
	put_le64(entries + 4088, list + 4088);
	check_eq(move_blocks(NVME_WRITE, 512, data, list + 4088),
		 REFUSED(NVME_INVALID_PRP_OFFSET));
	put_le64(entries + 4088, MEMORY_ADDR + NVME_LIST_AT + 4096);
	memset(entries + 4096, 0, 4096);
	check_eq(move_blocks(NVME_WRITE, 512, data, list + 4088),
		 REFUSED(NVME_DATA_TRANSFER_ERROR));
	check_works();
}

/* A list that goes on in another one */
static void chained_list(void)
{
	uint64_t list = MEMORY_ADDR + NVME_LIST_AT;
	uint64_t data = MEMORY_ADDR + NVME_DATA_AT;
	unsigned int i;

	start();
	memset(m.memory + NVME_DATA_AT, 0x11, 4 * 4096);
	put_le64(m.memory + NVME_LIST_AT + 4080, data + 4096);
	put_le64(m.memory + NVME_LIST_AT + 4088, list + 4096);
	put_le64(m.memory + NVME_LIST_AT + 4096, data + 2 * 4096);
	put_le64(m.memory + NVME_LIST_AT + 4104, data + 3 * 4096);
	for (i = 0; i < 4; i++)
		m.memory[NVME_DATA_AT + i * 4096] = i;
	check_eq(move_blocks(NVME_WRITE, 32, data, list + 4080), NVME_SUCCESS);
	memset(m.memory + NVME_DATA_AT, 0, 4 * 4096);
	check_eq(nvme_blocks(&host, NVME_READ, 0, 32, 0), NVME_SUCCESS);
	for (i = 0; i < 4; i++)
		check_eq(m.memory[NVME_DATA_AT + i * 4096], i);

	/* The last page of all is where a list would go on */
	put_le64(m.memory + NVME_LIST_AT + 4088, data + 3 * 4096);
	check_eq(move_blocks(NVME_WRITE, 24, data, list + 4080), NVME_SUCCESS);
	check_eq(nvme_blocks(&host, NVME_READ, 16, 1, 0), NVME_SUCCESS);
	check_eq(m.memory[NVME_DATA_AT], 3);
}

static void too_much(void)
{
	struct nvme_command log = {
		.opcode = NVME_GET_LOG_PAGE,
		.dw10 = htole32(0xffff0002),
		.dw11 = htole32(0xffff),
	};

	start();
	check_eq(move_blocks(NVME_READ, 513, MEMORY_ADDR + NVME_DATA_AT,
			     MEMORY_ADDR + NVME_LIST_AT),
		 REFUSED(NVME_INVALID_FIELD));
	check_eq(move_blocks(NVME_WRITE, 65536, MEMORY_ADDR + NVME_DATA_AT,
			     MEMORY_ADDR + NVME_LIST_AT),
		 REFUSED(NVME_INVALID_FIELD));
	check_eq(nvme_admin(&host, &log), REFUSED(NVME_INVALID_FIELD));
	check_works();
}

/* Fused operations, and data described otherwise than by PRP entries */
static void wrong_flags(void)
{
	struct nvme_command command = { .opcode = NVME_KEEP_ALIVE };
	unsigned int flags;

	start();
	for (flags = 0; flags < 256; flags++) {
		int wanted = flags & (NVME_FUSE | NVME_PSDT) ?
			     REFUSED(NVME_INVALID_FIELD) : NVME_SUCCESS;

		command.flags = flags;
		check_eq(nvme_admin(&host, &command), wanted);
	}
}

/* Each has an answer, but for the one that waits for events */
static void all_opcodes(void)
{
	unsigned int opcode;

	start();
	for (opcode = 0; opcode < 256; opcode++) {
		struct nvme_command command = { .opcode = opcode };
		int status = nvme_admin(&host, &command);

		check((status == NO_ANSWER) == (opcode == NVME_ASYNC_EVENT),
		      "admin command %#x: %#x", opcode, status);
		command.nsid = htole32(1);
		if (opcode > NVME_READ)
			check_eq(nvme_io(&host, &command),
				 REFUSED(NVME_INVALID_OPCODE));
	}
	check_works();
}

/* Mostly of this world, so that it gets far */
static uint64_t some_address(void)
{
	switch (noise() % 4) {
	case 0:
		return MEMORY_ADDR + noise() % 64 * 4096;
	case 1:
		return MEMORY_ADDR + NVME_DATA_AT + noise() % NVME_DATA_LEN;
	case 2:
		return READ_ONLY_ADDR + noise() % 0x20000;
	default:
		return (uint64_t)noise() << 32 | noise();
	}
}

static uint32_t some_number(void)
{
	return noise() % 2 ? noise() % 16 : noise() >> noise() % 32;
}

static void some_command(struct nvme_command *command)
{
	static const uint8_t opcodes[] = {
		0x00, 0x01, 0x02, 0x04, 0x05, 0x06, 0x08, 0x09, 0x0a, 0x0c, 0x18,
		0x81, 0x82
	};

	*command = (struct nvme_command) {
		.opcode = opcodes[noise() % ARRAY_SIZE(opcodes)],
		.nsid = htole32(noise() % 3),
		.dw10 = htole32(noise() % 2 ? some_number() :
				0xea000100 | noise() % 3),
		.dw11 = htole32(noise() % 3 ? some_number() : 256),
		.dw12 = htole32(some_number()),
	};
	put_le64(command->data, some_address());
	put_le64(command->data + 8, some_address());
}

static void some_access(void)
{
	uint32_t offset = noise() % 2 ? noise() % 0x40 :
					  NVME_DOORBELLS + noise() % 0xa0;

	if (noise() % 8)
		offset &= ~3U;
	machine_write(&m, offset, noise() % 8 ? 4 : 1 + noise() % 4,
		      some_number());
}

/* The frames, the lists and the queues are rubbish as well, now and then */
static void some_memory(void)
{
	uint32_t at = noise() % (MEMORY_LEN - 8);

	if (noise() % 2)
		at = noise() % 0xa000;
	put_le64(m.memory + at, some_address());
}

static void flood(void)
{
	struct nvme_command command;
	unsigned int i;

	start();
	for (i = 0; i < ROUNDS; i++) {
		if (machine_read(&m, NVME_CSTS, 4) != NVME_CSTS_READY ||
		    i % 256 == 0)
			nvme_host_init(&host, &m);
		some_memory();
		some_command(&command);
		nvme_put(&host, noise() % 4 ? &host.admin : &host.io,
			 &command);
		nvme_ring(&host, &host.admin);
		nvme_ring(&host, &host.io);
		machine_write(&m, NVME_DOORBELLS + 4, 4, noise() % 16);
		if (noise() % 16 == 0)
			some_access();
	}
	check_works();
}

static const struct test tests[] = {
	{ "accesses that are none", wrong_accesses },
	{ "doorbells", wrong_doorbells },
	{ "queues that are nowhere", queues_nowhere },
	{ "PRP entries that are no pages", wrong_pages },
	{ "PRP lists that are none", wrong_lists },
	{ "a PRP list in two parts", chained_list },
	{ "more data than a command may move", too_much },
	{ "flags", wrong_flags },
	{ "all opcodes", all_opcodes },
	{ "twenty thousand commands of rubbish", flood },
};

int main(int argc, char **argv)
{
	machine_use(&nvme_program);
	return machine_run_tests(argc, argv, tests, ARRAY_SIZE(tests));
}
