// SPDX-License-Identifier: GPL-2.0-only
/*
 * The command queue of card and host
 */
#include <string.h>

#include "driver.h"
#include "tap.h"

/* Registers of the engine */
#define QUEUE 0x200
#define CONFIG (QUEUE + 0x08)
#define CONTROL (QUEUE + 0x0c)
#define QUEUE_STATUS (QUEUE + 0x10)
#define QUEUE_ENABLE (QUEUE + 0x14)
#define QUEUE_SIGNAL (QUEUE + 0x18)
#define LIST_ADDRESS (QUEUE + 0x20)
#define DOORBELL (QUEUE + 0x28)
#define COMPLETED (QUEUE + 0x2c)
#define TASK_ERROR (QUEUE + 0x54)

#define HALT (1 << 0)
#define CLEAR_ALL (1 << 8)
#define INT_HALTED (1 << 0)
#define INT_COMPLETED (1 << 1)
#define INT_CLEARED (1 << 3)
#define INT_QUEUE (1 << 14)

#define CMDQ_MODE_EN 15

/* The list is at the beginning of the memory, ADMA2's descriptors behind it */
#define SLOT_LEN 32
#define TABLES_AT 0x2000
#define TABLE_LEN 24

static struct machine m;

static void turn_on(void)
{
	machine_write(&m, LIST_ADDRESS, 4, MEMORY_ADDR);
	machine_write(&m, LIST_ADDRESS + 4, 4, 0);
	machine_write(&m, QUEUE_ENABLE, 4, ~0U);
	machine_write(&m, QUEUE_SIGNAL, 4, ~0U);
	machine_write(&m, CONFIG, 4, 0x101);
}

static void start(void)
{
	machine_start(&m, OPTIONS("--command-queue"));
	driver_init(&m);
	check(driver_switch(&m, CMDQ_MODE_EN, 1), "switch");
	turn_on();
}

static void put(uint32_t at, uint64_t low, uint64_t high)
{
	memcpy(m.memory + at, &low, 8);
	memcpy(m.memory + at + 8, &high, 8);
}

/* Task @task has its data at DATA_AT + 64 KiB * @task, in two pieces */
static uint32_t data_at(unsigned int task)
{
	return DATA_AT + task * 0x10000;
}

static void put_task(unsigned int task, bool read, uint32_t sector,
		     uint16_t blocks)
{
	uint32_t table = TABLES_AT + task * TABLE_LEN;
	uint64_t data = MEMORY_ADDR + data_at(task);
	uint32_t len = blocks * 512;

	put(task * SLOT_LEN, 0x2f | read << 12 | (uint64_t)blocks << 16 |
			     (uint64_t)sector << 32, 0);
	put(task * SLOT_LEN + 16,
	    0x31 | (uint64_t)(MEMORY_ADDR + table) << 32, 0);
	put(table, 0x21 | 100 << 16 | data << 32, 0);
	put(table + 12, 0x23 | (len - 100) << 16 | (data + 100) << 32, 0);
}

static void fill(unsigned int task, uint8_t byte, uint16_t blocks)
{
	memset(m.memory + data_at(task), byte, blocks * 512);
}

/* Ring for these tasks; the host's interrupt bits */
static uint32_t ring(uint32_t tasks)
{
	machine_write(&m, DOORBELL, 4, tasks);
	return machine_read(&m, INT_STATUS, 4);
}

/* All of them are done: take notice */
static void check_completed(uint32_t tasks)
{
	check_eq(machine_read(&m, QUEUE_STATUS, 4), INT_COMPLETED);
	check_eq(machine_read(&m, COMPLETED, 4), tasks);
	check_eq(machine_read(&m, DOORBELL, 4), 0);
	machine_write(&m, QUEUE_STATUS, 4, INT_COMPLETED);
	machine_write(&m, COMPLETED, 4, tasks);
	check_eq(machine_read(&m, COMPLETED, 4), 0);
	check_eq(machine_read(&m, INT_STATUS, 4), 0);
}

static void read_and_write(void)
{
	start();
	put_task(3, false, 100, 5);
	fill(3, 0x33, 5);
	check_eq(ring(1 << 3), INT_QUEUE);
	check_completed(1 << 3);
	put_task(7, true, 100, 5);
	fill(7, 0, 5);
	check_eq(ring(1 << 7), INT_QUEUE);
	check_completed(1 << 7);
	check(!memcmp(m.memory + data_at(3), m.memory + data_at(7), 5 * 512),
	      "other data");
	check_eq(machine_tell(&m, "stats", "cmd44"), 2);
	check_eq(machine_tell(&m, "stats", "cmd47"), 1);
	check(machine_says(&m, "history", "cmd44 0x00030005 user"), "CMD44");
	check(machine_says(&m, "history", "cmd45 0x00000064 user"), "CMD45");
	check(machine_says(&m, "history", "cmd46 0x00070000 user"), "CMD46");
}

static void several(void)
{
	start();
	put_task(0, false, 0, 2);
	put_task(1, false, 2, 2);
	put_task(31, true, 1, 2);
	fill(0, 0x10, 2);
	fill(1, 0x11, 2);
	check_eq(ring(1U << 31 | 3), INT_QUEUE);
	check_completed(1U << 31 | 3);
	check_eq(m.memory[data_at(31)], 0x10);
	check_eq(m.memory[data_at(31) + 512], 0x11);
}

/* While it is on, data goes through the queue, and the RPMB is out of reach */
static void illegal(void)
{
	static const uint8_t commands[] = { 17, 18, 23, 24, 25 };
	unsigned int i;

	start();
	for (i = 0; i < ARRAY_SIZE(commands); i++)
		check_eq(driver_command(&m, commands[i], 0),
			 INT_COMMAND_TIMEOUT | INT_ERROR);
	check(!driver_switch(&m, PARTITION_CONFIG, RPMB), "the RPMB");
	check(driver_switch(&m, PARTITION_CONFIG, 1), "boot0");
	check(driver_switch(&m, CMDQ_MODE_EN, 0), "off");
	check_eq(driver_command(&m, 44, 1), INT_COMMAND_TIMEOUT | INT_ERROR);
	check(driver_switch(&m, PARTITION_CONFIG, RPMB), "the RPMB");
	check_eq(machine_tell(&m, "stats", "queued"), 0);
}

static void no_queue(void)
{
	machine_start(&m, NONE);
	driver_init(&m);
	check(!driver_switch(&m, CMDQ_MODE_EN, 1), "there is one");
	machine_write(&m, CONFIG, 4, 1);
	check_eq(machine_read(&m, CONFIG, 4), 0);
	check_eq(machine_config(&m, 0, 4), 0x00ff1b36);
}

static void halted(void)
{
	start();
	put_task(0, true, 0, 1);
	machine_write(&m, CONTROL, 4, HALT);
	check_eq(machine_read(&m, CONTROL, 4), HALT);
	check_eq(machine_read(&m, QUEUE_STATUS, 4), INT_HALTED);
	machine_write(&m, QUEUE_STATUS, 4, INT_HALTED);
	check_eq(ring(1), 0);
	check_eq(machine_read(&m, DOORBELL, 4), 1);
	machine_write(&m, CONTROL, 4, 0);
	check_completed(1);
}

static void clear_all(void)
{
	machine_write(&m, INT_STATUS, 4, ~0U);
	machine_write(&m, SOFTWARE_RESET, 1, RESET_COMMAND_AND_DATA);
	machine_write(&m, CONTROL, 4, CLEAR_ALL | HALT);
	check_eq(machine_read(&m, CONTROL, 4), HALT);
	check_eq(machine_read(&m, QUEUE_STATUS, 4) & INT_CLEARED, INT_CLEARED);
	check_eq(machine_read(&m, DOORBELL, 4), 0);
	machine_write(&m, QUEUE_STATUS, 4, ~0U);
	machine_write(&m, CONTROL, 4, 0);
}

/* The engine stops at the task with the fault, and says which it is */
static void strike(const char *fault, uint32_t bits, uint32_t error)
{
	start();
	put_task(1, true, 0, 2);
	put_task(2, true, 0, 2);
	machine_tell(&m, fault, NULL);
	check_eq(ring(6), bits | INT_ERROR | INT_QUEUE);
	check_eq(machine_read(&m, COMPLETED, 4), 1 << 1);
	check_eq(machine_read(&m, TASK_ERROR, 4), error);
	check_eq(machine_read(&m, CONTROL, 4), HALT);
	clear_all();
	if (machine_tell(&m, "stats", "state") == 5)
		check_eq(driver_command(&m, 12, 0), DONE);
	check_eq(driver_command(&m, 48, 1), INT_RESPONSE);
	machine_write(&m, COMPLETED, 4, ~0U);
	put_task(5, true, 0, 2);
	check_eq(ring(1 << 5), INT_QUEUE);
	check_completed(1 << 5);
}

static void damaged(void)
{
	strike("fault data-crc cmd=46 skip=2", INT_DATA_CRC,
	       (1U << 15 | 2 << 8 | 46) << 16);
}

static void lost(void)
{
	strike("fault data-timeout cmd=46 skip=2", INT_DATA_TIMEOUT,
	       (1U << 15 | 2 << 8 | 46) << 16);
}

static void command_lost(void)
{
	strike("fault no-response cmd=44 skip=1", INT_COMMAND_TIMEOUT,
	       1U << 15 | 2 << 8 | 44);
}

static void stuck(void)
{
	start();
	put_task(4, false, 9, 1);
	put_task(6, false, 10, 1);
	machine_tell(&m, "fault busy cmd=47", NULL);
	check_eq(ring(1 << 4 | 1 << 6), 0);
	check_eq(machine_read(&m, DOORBELL, 4), 1 << 4 | 1 << 6);
	machine_tell(&m, "release", NULL);
	check_completed(1 << 4 | 1 << 6);
}

static void start_slow(void)
{
	machine_start(&m, OPTIONS("--command-queue", "--ticks", "100"));
	driver_init(&m);
	driver_command(&m, 6, 3U << 24 | CMDQ_MODE_EN << 16 | 1 << 8);
	while (!(machine_read(&m, PRESENT_STATE, 4) & STATE_DATA_LINE_0))
		;
	machine_write(&m, INT_STATUS, 4, ~0U);
	turn_on();
}

/* One after the other, each in its time */
static void slow(void)
{
	start_slow();
	put_task(1, true, 0, 2);
	put_task(2, true, 2, 2);
	put_task(31, true, 4, 2);
	fill(31, 0xee, 2);
	machine_tell(&m, "reset-stats", NULL);
	ring(1U << 31 | 6);
	while (machine_read(&m, DOORBELL, 4))
		;
	check_completed(1U << 31 | 6);
	check_eq(m.memory[data_at(31)], 0);
	check_eq(machine_tell(&m, "stats", "ticks"), 300);
}

/* Lists and tables that are not there */
static void nowhere(void)
{
	start();
	machine_write(&m, LIST_ADDRESS + 4, 4, 0xffffffff);
	check_eq(ring(1), INT_ADMA | INT_ERROR);
	clear_all();
	machine_write(&m, LIST_ADDRESS + 4, 4, 0);
	put(0, 0, 0);
	check_eq(ring(1), INT_ADMA | INT_ERROR);
	clear_all();
	put_task(0, true, 0, 1);
	put(16, 0x31, 0);
	check_eq(ring(1), INT_ADMA | INT_ERROR);
	clear_all();
	put_task(0, true, 0, 0);	/* no blocks */
	check_eq(ring(1) & INT_ERROR, INT_ERROR);
	clear_all();
	put_task(0, true, 64 * 2048 - 1, 2);	/* beyond the end */
	check_eq(ring(1) & INT_ERROR, INT_ERROR);
	clear_all();
	put_task(0, true, 0, 1);
	check_eq(ring(1), INT_QUEUE);
	check_completed(1);
}

static const struct test tests[] = {
	{ "tasks: data in and out", read_and_write },
	{ "tasks: several, in their order", several },
	{ "what is illegal while it is on, and off", illegal },
	{ "none without the option", no_queue },
	{ "halt, and go on", halted },
	{ "data-crc: which task, the engine halts", damaged },
	{ "data-timeout: the same", lost },
	{ "no-response: the same, of a command", command_lost },
	{ "busy: completed when released", stuck },
	{ "a card that takes its time", slow },
	{ "lists, tables and sectors that are not there", nowhere },
};

int main(int argc, char **argv)
{
	return machine_run_tests(argc, argv, tests, ARRAY_SIZE(tests));
}
