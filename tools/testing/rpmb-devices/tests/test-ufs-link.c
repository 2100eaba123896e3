// SPDX-License-Identifier: GPL-2.0-only
/*
 * The link of a UFS host controller, and its clock: what a host does wrong that a right
 * one never does, and hibernation that fails
 */
#include "machine.h"
#include "tap.h"

#define CAPABILITIES 0x00
#define VERSION 0x08
#define AUTO_HIBERNATION 0x18
#define INT_STATUS 0x20
#define STATUS 0x30
#define ENABLE 0x34
#define DOORBELL 0x58
#define RUN 0x60
#define UIC_COMMAND 0x90
#define UIC_ARG2 0x98
#define CLOCK 0xc0

#define HAS_AUTO_HIBERNATION (1U << 23)
#define INT_UIC (1U << 10)
#define INT_WOKEN (1U << 5)
#define INT_HIBERNATED (1U << 6)
#define POWER_LOCAL 1
#define POWER_FATAL 5

#define DME_PEER_GET 0x03
#define DME_HIBERNATE_ENTER 0x17
#define DME_HIBERNATE_EXIT 0x18
#define PEER_COMMUNICATION_FAILURE 0x08

static const struct machine_program program = {
	.variable = "RPMB_UFS",
	.options = (const char *const[]) {
		"--socket", "s", "--control", "c", "--device", "device", NULL
	},
};

static struct machine m;

static void start(const char *const *options)
{
	machine_start(&m, options);
	machine_write(&m, ENABLE, 4, 1);
	machine_write(&m, RUN, 4, 1);
}

static unsigned long stat(const char *name)
{
	return machine_tell(&m, "stats", name);
}

/* Which interrupts there are, and no more */
static uint32_t interrupts(void)
{
	uint32_t status = machine_read(&m, INT_STATUS, 4);

	machine_write(&m, INT_STATUS, 4, status);
	return status;
}

static uint32_t power(void)
{
	return machine_read(&m, STATUS, 4) >> 8 & 7;
}

static void await_dozing(void)
{
	while (!stat("hibernates"))
		;
}

/* Requests, and commands for the other side, are unheard until it is woken */
static void by_command(void)
{
	start(NONE);
	machine_write(&m, UIC_COMMAND, 4, DME_HIBERNATE_ENTER);
	check_eq(interrupts(), INT_UIC | INT_HIBERNATED);
	check_eq(power(), POWER_LOCAL);
	machine_write(&m, UIC_COMMAND, 4, DME_PEER_GET);
	check_eq(machine_read(&m, UIC_ARG2, 4), PEER_COMMUNICATION_FAILURE);
	check_eq(stat("unheard"), 1);
	machine_write(&m, DOORBELL, 4, 1);
	check_eq(stat("unheard"), 2);
	check_eq(machine_read(&m, DOORBELL, 4), 1);
	machine_write(&m, UIC_COMMAND, 4, DME_HIBERNATE_EXIT);
	machine_write(&m, UIC_COMMAND, 4, DME_PEER_GET);
	check_eq(machine_read(&m, UIC_ARG2, 4), 0);
	check_eq(stat("unheard"), 2);
	check_eq(stat("hibernated"), 1);
	check_eq(stat("dozed"), 0);
}

static void by_itself(void)
{
	start(OPTIONS("--auto-hibernation"));
	check_eq(machine_read(&m, CAPABILITIES, 4) & HAS_AUTO_HIBERNATION,
		 HAS_AUTO_HIBERNATION);
	machine_write(&m, AUTO_HIBERNATION, 4, 3);
	await_dozing();
	check_eq(interrupts(), 0);
	machine_write(&m, UIC_COMMAND, 4, DME_PEER_GET);
	check_eq(machine_read(&m, UIC_ARG2, 4), 0);
	await_dozing();
	check_eq(stat("dozed"), 2);
	check_eq(stat("unheard"), 0);
	machine_write(&m, DOORBELL, 4, 1);
	check_eq(stat("hibernates"), 0);
}

static void none_without_the_option(void)
{
	start(NONE);
	check_eq(machine_read(&m, CAPABILITIES, 4) & HAS_AUTO_HIBERNATION, 0);
	machine_write(&m, AUTO_HIBERNATION, 4, 1);
	check_eq(machine_read(&m, AUTO_HIBERNATION, 4), 0);
	check_eq(stat("dozed"), 0);
}

/* 2 microseconds by 100 */
static void patience(void)
{
	start(OPTIONS("--auto-hibernation"));
	machine_write(&m, AUTO_HIBERNATION, 4, 2 << 10 | 2);
	check_eq(machine_read(&m, AUTO_HIBERNATION, 4), 2 << 10 | 2);
	await_dozing();
	machine_write(&m, ENABLE, 4, 1);
	check_eq(stat("hibernates"), 0);
	check_eq(machine_read(&m, AUTO_HIBERNATION, 4), 0);
}

static void fails_to_wake(void)
{
	start(OPTIONS("--auto-hibernation"));
	machine_write(&m, AUTO_HIBERNATION, 4, 1);
	await_dozing();
	machine_tell(&m, "fault link cmd=24", NULL);
	machine_write(&m, DOORBELL, 4, 1);
	check_eq(interrupts(), INT_WOKEN);
	check_eq(power(), POWER_FATAL);
	check_eq(stat("hibernates"), 1);
	check_eq(stat("unheard"), 0);
	check_eq(machine_read(&m, DOORBELL, 4), 1);
}

static void fails_to_hibernate(void)
{
	start(OPTIONS("--auto-hibernation"));
	machine_tell(&m, "fault link cmd=23", NULL);
	machine_write(&m, AUTO_HIBERNATION, 4, 1);
	machine_tell(&m, "wait", NULL);
	check_eq(interrupts(), INT_HIBERNATED);
	check_eq(power(), POWER_FATAL);
	check_eq(stat("hibernates"), 0);
}

static void without_clock(void)
{
	start(NONE);
	check_eq(machine_read(&m, CLOCK, 4), 1);
	machine_write(&m, CLOCK, 4, 0);
	check_eq(machine_read(&m, CLOCK, 4), 0);
	check_eq(stat("unclocked"), 0);
	check_eq(machine_read(&m, VERSION, 4), 0xffffffff);
	machine_write(&m, RUN, 4, 0);
	check_eq(stat("unclocked"), 2);
	check_eq(stat("clock-stops"), 1);
	machine_write(&m, CLOCK, 4, 1);
	check_eq(machine_read(&m, VERSION, 4), 0x300);
	check_eq(machine_read(&m, RUN, 4), 1);
}

static const struct test tests[] = {
	{ "what a link that hibernates by command does not hear", by_command },
	{ "it hibernates by itself, and wakes for what comes", by_itself },
	{ "not without the option", none_without_the_option },
	{ "later with a scale, and not after a reset", patience },
	{ "it fails to wake by itself", fails_to_wake },
	{ "it fails to hibernate by itself", fails_to_hibernate },
	{ "registers without a clock", without_clock },
};

int main(int argc, char **argv)
{
	machine_use(&program);
	return machine_run_tests(argc, argv, tests, ARRAY_SIZE(tests));
}
