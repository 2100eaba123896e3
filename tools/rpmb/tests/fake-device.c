// SPDX-License-Identifier: GPL-2.0-only
/*
 * Make and change fake devices, for test scripts:
 *	fake-device NAME emmc|ufs|nvme		make one without a key
 *	fake-device NAME mainline		one that mainline keeps to itself
 *	fake-device NAME fault FAULT [SKIP]	after SKIP requests of its type
 *	fake-device NAME second FAULT [SKIP]	one more
 *	fake-device NAME counter|purge|life VALUE	change what it keeps
 *	fake-device NAME capacity|writes|most|reads VALUE	change what it says of itself
 *	fake-device NAME transport|identity|old|advanced VALUE	the same; see fake.h
 *	fake-device NAME revision VALUE		of a card: what an update of its firmware changes
 *	fake-device NAME delay VALUE		microseconds that a write takes
 *	fake-device NAME carries VALUE		bytes that get to it, which it does not say
 *	fake-device NAME keyless VALUE		1 if the kernel has no RPMB_IOC_KEYED
 */
#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "fake.h"

static const struct fake emmc = {
	.carry_error = EMSGSIZE,
	.frame_format = RPMB_FRAME_JEDEC,
	.transport = RPMB_TRANSPORT_EMMC,
	.request_types = 0xde,
	.capacity = 512,
	.write_sizes = 1 << 0 | 1 << 1 | 1 << 5,
	.max_read = 128,
	.dev_id_len = 16,
	.dev_id = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 },
};

static const struct fake ufs = {
	.frame_format = RPMB_FRAME_JEDEC,
	.transport = RPMB_TRANSPORT_UFS,
	.request_types = 0x3de,
	.capacity = 1024,
	.write_sizes = 0x3f,
	.max_write = 35,
	.max_read = 35,
	.target = 2,
	.dev_id_len = 6,
	.dev_id = "ufs-R2",
};

static const struct fake nvme = {
	.frame_format = RPMB_FRAME_NVME,
	.transport = RPMB_TRANSPORT_NVME,
	.capacity = 4096,
	.request_types = 0xde,
	.write_sizes = 1 << 0 | 1 << 1,
	.max_write = 3,
	.max_read = 4,
	.target = 1,
	.dev_id_len = 5,
	.dev_id = "nqn-1",
};

static const struct {
	const char *name;
	struct fake_fault fault;
} faults[] = {
	{ "key-lost", { FAULT_LOST_REQUEST, RPMB_PROGRAM_KEY, 0, ETIMEDOUT } },
	{ "key-killed", { FAULT_KILL_AFTER, RPMB_PROGRAM_KEY, 0, 0 } },
	{ "key-unsent", { FAULT_KILL_BEFORE, RPMB_PROGRAM_KEY, 0, 0 } },
	{ "key-done", { FAULT_LOST_RESPONSE, RPMB_PROGRAM_KEY, 0, ETIMEDOUT } },
	{ "write-busy", { FAULT_BEFORE, RPMB_WRITE_DATA, 0, EBUSY } },
	{ "write-lost", { FAULT_LOST_REQUEST, RPMB_WRITE_DATA, 0, ETIMEDOUT } },
	{ "write-done", { FAULT_LOST_RESPONSE, RPMB_WRITE_DATA, 0, ETIMEDOUT } },
	{ "write-corrupted", { FAULT_CORRUPTED, RPMB_WRITE_DATA, 0, 0 } },
	{ "write-refused", { FAULT_RESULT, RPMB_WRITE_DATA, 0, RPMB_RES_AUTH } },
	{ "write-interrupted", { FAULT_SIGNAL, RPMB_WRITE_DATA, 0, SIGINT } },
	{ "read-interrupted", { FAULT_SIGNAL, RPMB_READ_DATA, 0, SIGTERM } },
	{ "read-nonce", { FAULT_NONCE, RPMB_READ_DATA, 0, 0 } },
	{ "read-elsewhere", { FAULT_ADDR, RPMB_READ_DATA, 0, 0 } },
	{ "write-counter", { FAULT_COUNTER, RPMB_WRITE_DATA, 0, 0 } },
	{ "write-overwritten", { FAULT_OVERWRITTEN, RPMB_WRITE_DATA, 0,
				 ETIMEDOUT } },
	{ "read-frames", { FAULT_FRAMES, RPMB_READ_DATA, 0, 0 } },
	{ "read-count", { FAULT_COUNT, RPMB_READ_DATA, 0, 0 } },
	{ "write-accepted", { FAULT_RESULT, RPMB_WRITE_DATA, 0, RPMB_RES_OK } },
	{ "counter-moves", { FAULT_OTHER_WRITER, RPMB_GET_WRITE_COUNTER, 0,
			     0 } },
	{ "counter-unsupported", { FAULT_BEFORE, RPMB_GET_WRITE_COUNTER, 0,
				   EOPNOTSUPP } },
	{ "config-writers", { FAULT_OTHER_WRITERS, RPMB_CONFIG_WRITE, 0, 0 } },
	{ "read-type", { FAULT_TYPE, RPMB_READ_DATA, 0, 0 } },
	{ "counter-forged", { FAULT_MAC, RPMB_GET_WRITE_COUNTER, 0, 0 } },
	{ "config-busy", { FAULT_BEFORE, RPMB_CONFIG_WRITE, 0, EBUSY } },
	{ "config-lost", { FAULT_LOST_REQUEST, RPMB_CONFIG_WRITE, 0,
			   ETIMEDOUT } },
	{ "config-done", { FAULT_LOST_RESPONSE, RPMB_CONFIG_WRITE, 0,
			   ETIMEDOUT } },
	{ "config-refused", { FAULT_RESULT, RPMB_CONFIG_READ, 0,
			      RPMB_RES_GENERAL } },
	{ "purge-lost", { FAULT_LOST_REQUEST, RPMB_PURGE_ENABLE, 0,
			  ETIMEDOUT } },
	{ "other-writer", { FAULT_OTHER_WRITER, RPMB_WRITE_DATA, 0, 0 } },
	{ "other-writers", { FAULT_OTHER_WRITERS, RPMB_WRITE_DATA, 0, 0 } },
	{ "read-forged", { FAULT_DATA, RPMB_READ_DATA, 0, 0 } },
	{ "read-address", { FAULT_RESULT, RPMB_READ_DATA, 0,
			    RPMB_RES_ADDRESS } },
	{ "read-refused", { FAULT_RESULT, RPMB_READ_DATA, 0, RPMB_RES_READ } },
	{ "read-removed", { FAULT_BEFORE, RPMB_READ_DATA, 0, ENODEV } },
	{ "read-failed", { FAULT_BEFORE, RPMB_READ_DATA, 0, EIO } },
	{ "read-denied", { FAULT_BEFORE, RPMB_READ_DATA, 0, EPERM } },
};

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

/* What is lost is lost again when it is sent again */
static void set_fault(struct fake *fake, const char *name, const char *skip)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(faults); i++)
		if (!strcmp(faults[i].name, name)) {
			fake->faults[0] = faults[i].fault;
			fake->faults[0].skip = skip ? atoi(skip) : 0;
			if (faults[i].fault.kind == FAULT_LOST_REQUEST)
				fake->faults[1] = fake->faults[0];
			return;
		}
	errx(99, "there is no fault %s", name);
}

static void set_second_fault(struct fake *fake, const char *name,
			     const char *skip)
{
	struct fake_fault first = fake->faults[0];

	set_fault(fake, name, skip);
	fake->faults[1] = fake->faults[0];
	fake->faults[0] = first;
}

static bool make(const char *name, const char *kind)
{
	if (!strcmp(kind, "emmc"))
		fake_create(name, &emmc);
	else if (!strcmp(kind, "ufs"))
		fake_create(name, &ufs);
	else if (!strcmp(kind, "nvme"))
		fake_create(name, &nvme);
	else if (!strcmp(kind, "mainline"))
		fake_make_mainline(name);
	else
		return false;
	return true;
}

static void set_revision(struct fake *fake, uint32_t value)
{
	fake->dev_id[9] = value;
	fake->dev_id[15] = value;
}

static bool set(struct fake *fake, const char *setting, uint32_t value)
{
	if (!strcmp(setting, "counter"))
		fake->counter = value;
	else if (!strcmp(setting, "purge"))
		fake->purge_state = value;
	else if (!strcmp(setting, "life"))
		fake->life_time = value;
	else if (!strcmp(setting, "capacity"))
		fake->capacity = value;
	else if (!strcmp(setting, "writes"))
		fake->write_sizes = value;
	else if (!strcmp(setting, "most"))
		fake->max_write = value;
	else if (!strcmp(setting, "delay"))
		fake->delay = value;
	else if (!strcmp(setting, "carries"))
		fake->carries = value;
	else if (!strcmp(setting, "keyless"))
		fake->keyless = value;
	else if (!strcmp(setting, "reads"))
		fake->max_read = value;
	else if (!strcmp(setting, "transport"))
		fake->transport = value;
	else if (!strcmp(setting, "identity"))
		fake->dev_id_len = value;
	else if (!strcmp(setting, "revision"))
		set_revision(fake, value);
	else if (!strcmp(setting, "old"))
		fake->old = value;
	else if (!strcmp(setting, "advanced"))
		fake->advanced = value;
	else
		return false;
	return true;
}

int main(int argc, char **argv)
{
	if (argc == 3 && make(argv[1], argv[2]))
		return 0;
	if (argc >= 4 && !strcmp(argv[2], "fault"))
		set_fault(fake_get(argv[1]), argv[3], argv[4]);
	else if (argc >= 4 && !strcmp(argv[2], "second"))
		set_second_fault(fake_get(argv[1]), argv[3], argv[4]);
	else if (argc != 4 || !set(fake_get(argv[1]), argv[2],
				   strtoul(argv[3], NULL, 0)))
		errx(99, "what?");
	return 0;
}
