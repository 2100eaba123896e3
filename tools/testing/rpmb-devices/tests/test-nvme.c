// SPDX-License-Identifier: GPL-2.0-only
/*
 * rpmb-nvme: registers, queues, the namespace, the RPMB targets
 */
#include <endian.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "nvme_host.h"
#include "tap.h"

static struct machine m;
static struct nvme_host host;

static void start(const char *const *options)
{
	machine_start(&m, options);
	nvme_host_init(&host, &m);
}

static uint8_t *data(void)
{
	return m.memory + NVME_DATA_AT;
}

static uint32_t data32(unsigned int at)
{
	uint32_t value;

	memcpy(&value, data() + at, sizeof(value));
	return le32toh(value);
}

/* Which differs from block to block and from byte to byte */
static void make_pattern(uint32_t len, uint32_t seed)
{
	uint32_t i;

	for (i = 0; i < len; i++)
		data()[i] = (seed + i) * 2654435761U >> 24;
}

static bool is_pattern(uint32_t offset, uint32_t len, uint32_t seed)
{
	uint32_t i;

	for (i = 0; i < len; i++)
		if (data()[offset + i] !=
		    (uint8_t)((seed + i) * 2654435761U >> 24))
			return false;
	return true;
}

static void registers(void)
{
	machine_start(&m, NONE);
	check_eq(machine_read(&m, NVME_CAP, 4) & 0x1ffff, 0x100ff);
	check_eq(machine_read(&m, NVME_CAP + 4, 4), 1 << 5);
	check_eq(machine_read(&m, NVME_VS, 4), 0x10400);
	check_eq(machine_read(&m, NVME_CSTS, 4), 0);
	check_eq(machine_config(&m, 0x09, 4) & 0xffffff, 0x010802);
	nvme_host_init(&host, &m);
	machine_write(&m, NVME_CC, 4, NVME_ENABLE | 1 << 14);
	check_eq(machine_read(&m, NVME_CSTS, 4),
		 NVME_CSTS_READY | NVME_CSTS_SHUTDOWN_COMPLETE);
	machine_write(&m, NVME_CC, 4, 0);
	check_eq(machine_read(&m, NVME_CSTS, 4), 0);
}

/* Queues of two entries, no pages, other pages and other command sets */
static void not_enabled(void)
{
	static const struct {
		uint32_t sizes, sq, cc;
	} wrong[] = {
		{ 0x0000000f, MEMORY_ADDR, NVME_ENABLE },
		{ 0x000f0000, MEMORY_ADDR, NVME_ENABLE },
		{ 0x000f000f, MEMORY_ADDR + 8, NVME_ENABLE },
		{ 0x000f000f, MEMORY_ADDR, NVME_ENABLE | 1 << 7 },
		{ 0x000f000f, MEMORY_ADDR, NVME_ENABLE | 6 << 4 },
	};
	unsigned int i;

	start(NONE);
	for (i = 0; i < ARRAY_SIZE(wrong); i++) {
		machine_write(&m, NVME_CC, 4, 0);
		machine_write(&m, NVME_ADMIN_SIZES, 4, wrong[i].sizes);
		machine_write(&m, NVME_ADMIN_SQ, 4, wrong[i].sq);
		machine_write(&m, NVME_CC, 4, wrong[i].cc);
		check_eq(machine_read(&m, NVME_CSTS, 4), NVME_CSTS_FATAL);
	}
	nvme_host_init(&host, &m);
}

static void identity(void)
{
	start(OPTIONS("--nqn", "nqn.2026-01.org.example:a", "--serial", "S1",
		      "--targets", "7", "--capacity", "3", "--access", "256",
		      "--method", "5"));
	check_eq(nvme_identify(&host, 1, 0), NVME_SUCCESS);
	check(!memcmp(data() + 4, "S1                  ", 20), "serial number");
	check(!strcmp((char *)data() + 768, "nqn.2026-01.org.example:a"), "NQN");
	check_eq(data32(312), 7 | 5 << 3 | 2 << 16 | 255U << 24);
	check_eq(data()[256], 1);
	check_eq(data()[77], 6);
	check_eq(data()[78], 1);
	check_eq(data32(516), 1);
}

static void without_rpmb(void)
{
	start(OPTIONS("--targets", "0", "--no-security"));
	check_eq(nvme_identify(&host, 1, 0), NVME_SUCCESS);
	check_eq(data32(312), 0);
	check_eq(data()[256], 0);
	check_eq(nvme_security(&host, NVME_SECURITY_SEND, 0, 256),
		 REFUSED(NVME_INVALID_OPCODE));
	check_eq(nvme_security(&host, NVME_SECURITY_RECEIVE, 0, 256),
		 REFUSED(NVME_INVALID_OPCODE));
}

static void namespaces(void)
{
	start(OPTIONS("--size", "3"));
	check_eq(nvme_identify(&host, 0, 1), NVME_SUCCESS);
	check_eq(data32(0), 3 * 2048);
	check_eq(data32(128), 9 << 16);
	check_eq(data()[30], 1);
	check_eq(nvme_identify(&host, 0, 2), NVME_SUCCESS);
	check_eq(data32(0), 0);
	check_eq(nvme_identify(&host, 0, 0), REFUSED(NVME_INVALID_NAMESPACE));
	check_eq(nvme_identify(&host, 2, 0), NVME_SUCCESS);
	check_eq(data32(0), 1);
	check_eq(data32(4), 0);
	check_eq(nvme_identify(&host, 2, 1), NVME_SUCCESS);
	check_eq(data32(0), 0);
	check_eq(nvme_identify(&host, 3, 1), NVME_SUCCESS);
	check_eq(data32(0), 16 << 8 | 2);
	check(data32(4), "no NGUID");
	check_eq(nvme_identify(&host, 3, 2), REFUSED(NVME_INVALID_NAMESPACE));
	check_eq(nvme_identify(&host, 0x77, 1), REFUSED(NVME_INVALID_FIELD));
}

static int feature(uint8_t opcode, uint32_t dw10, uint32_t dw11)
{
	struct nvme_command command = {
		.opcode = opcode,
		.dw10 = htole32(dw10),
		.dw11 = htole32(dw11),
	};

	return nvme_admin(&host, &command);
}

static void features(void)
{
	start(NONE);
	check_eq(feature(NVME_SET_FEATURES, 7, 0x00030003), NVME_SUCCESS);
	check_eq(host.result, 0x000f000f);
	check_eq(feature(NVME_SET_FEATURES, 7, 0xffff0003),
		 REFUSED(NVME_INVALID_FIELD));
	check_eq(feature(NVME_SET_FEATURES, 0xb, 0x1234), NVME_SUCCESS);
	check_eq(feature(NVME_GET_FEATURES, 0xb, 0), NVME_SUCCESS);
	check_eq(host.result, 0x1234);
	check_eq(feature(NVME_SET_FEATURES, 1U << 31 | 0xb, 0),
		 REFUSED(NVME_NOT_SAVEABLE));
	check_eq(feature(NVME_SET_FEATURES, 0x7e, 0),
		 REFUSED(NVME_INVALID_FIELD));
	check_eq(feature(NVME_GET_FEATURES, 0x7e, 0),
		 REFUSED(NVME_INVALID_FIELD));
	nvme_host_init(&host, &m);
	check_eq(feature(NVME_GET_FEATURES, 0xb, 0), NVME_SUCCESS);
	check_eq(host.result, 0);
}

static int get_log(uint8_t page, uint32_t len)
{
	struct nvme_command command = {
		.opcode = NVME_GET_LOG_PAGE,
		.dw10 = htole32((len / 4 - 1) << 16 | page),
	};

	memset(data(), 0xee, len + 1);
	nvme_set_data(&host, &command, 0, len);
	return nvme_admin(&host, &command);
}

static void logs(void)
{
	start(NONE);
	check_eq(get_log(2, 512), NVME_SUCCESS);
	check_eq(data()[1] | data()[2] << 8, 300);
	check_eq(get_log(3, 16), NVME_SUCCESS);
	check(!memcmp(data() + 8, "1.0", 3), "firmware");
	check_eq(data()[16], 0xee);
	check_eq(get_log(1, 64), NVME_SUCCESS);
	check_eq(get_log(0x70, 64), REFUSED(NVME_INVALID_LOG_PAGE));
}

/* Within a page, over two, and by lists; beginning anywhere in a page */
static void blocks(void)
{
	static const struct {
		uint32_t blocks, offset;
	} ways[] = {
		{ 1, 0 }, { 1, 4092 }, { 8, 0 }, { 9, 0 }, { 16, 0 }, { 16, 512 },
		{ 17, 0 }, { 512, 0 }, { 512, 3584 }, { 33, 4 },
	};
	unsigned int i;

	start(NONE);
	for (i = 0; i < ARRAY_SIZE(ways); i++) {
		uint32_t len = ways[i].blocks * 512;

		make_pattern(ways[i].offset + len, i);
		check_eq(nvme_blocks(&host, NVME_WRITE, 100 * i, ways[i].blocks,
				     ways[i].offset), NVME_SUCCESS);
		memset(data(), 0xee, NVME_DATA_LEN);
		check_eq(nvme_blocks(&host, NVME_READ, 100 * i, ways[i].blocks,
				     8192), NVME_SUCCESS);
		check(is_pattern(8192, len, i + ways[i].offset), "way %u", i);
		check_eq(data()[8192 + len], 0xee);
	}
}

static void block_errors(void)
{
	struct nvme_command flush = { .opcode = NVME_FLUSH, .nsid = htole32(1) };
	uint64_t end = 16 * 2048;

	start(NONE);
	check_eq(nvme_blocks(&host, NVME_READ, end - 1, 1, 0), NVME_SUCCESS);
	check_eq(nvme_blocks(&host, NVME_READ, end, 1, 0),
		 REFUSED(NVME_LBA_OUT_OF_RANGE));
	check_eq(nvme_blocks(&host, NVME_WRITE, end - 1, 2, 0),
		 REFUSED(NVME_LBA_OUT_OF_RANGE));
	check_eq(nvme_blocks(&host, NVME_READ, UINT64_MAX, 1, 0),
		 REFUSED(NVME_LBA_OUT_OF_RANGE));
	check_eq(nvme_blocks(&host, 0x55, 0, 1, 0),
		 REFUSED(NVME_INVALID_OPCODE));
	check_eq(nvme_io(&host, &flush), NVME_SUCCESS);
	flush.nsid = ~0;
	check_eq(nvme_io(&host, &flush), NVME_SUCCESS);
	flush.nsid = htole32(2);
	check_eq(nvme_io(&host, &flush), REFUSED(NVME_INVALID_NAMESPACE));
}

/* So often that both queues begin again, several times */
static void wrap_around(void)
{
	unsigned int i;

	machine_start(&m, NONE);
	nvme_host_enable(&host, &m, 3);
	for (i = 0; i < 50; i++) {
		check_eq(feature(NVME_SET_FEATURES, 0xb, i), NVME_SUCCESS);
		check_eq(feature(NVME_GET_FEATURES, 0xb, 0), NVME_SUCCESS);
		check_eq(host.result, i);
	}
}

/* 16 commands have room in the admin queue, but only 3 completions */
static void start_with_short_queue(void)
{
	machine_start(&m, NONE);
	nvme_host_enable(&host, &m, 16);
	machine_write(&m, NVME_CC, 4, 0);
	machine_write(&m, NVME_ADMIN_SIZES, 4, 2 << 16 | 15);
	machine_write(&m, NVME_CC, 4, NVME_ENABLE);
}

/* So many at once, without looking for their answers */
static void send_keep_alives(unsigned int nr)
{
	struct nvme_command command = { .opcode = NVME_KEEP_ALIVE };

	while (nr--)
		nvme_put(&host, &host.admin, &command);
	nvme_ring(&host, &host.admin);
}

/* All the answers, in the order of the commands, from the short queue */
static void take_answers(unsigned int nr)
{
	unsigned int i;

	host.admin.entries = 3;
	for (i = 1; i <= nr; i++) {
		check_eq(nvme_take(&host, &host.admin), NVME_SUCCESS);
		check_eq(host.answered, i);
	}
}

/* Commands wait for room for their completions */
static void full_queue(void)
{
	start_with_short_queue();
	send_keep_alives(15);
	check_eq(machine_tell(&m, "stats", "admin24"), 2);
	take_answers(15);
	check_eq(nvme_take(&host, &host.admin), NO_ANSWER);
	check_eq(machine_tell(&m, "stats", "admin24"), 15);
}

/* The same for what has been held: there is no room when it is let go */
static void full_when_released(void)
{
	start_with_short_queue();
	machine_tell(&m, "fault delay-after cmd=24 times=6", NULL);
	send_keep_alives(6);
	machine_tell(&m, "release", NULL);
	take_answers(6);
}

#define QUEUE_AT (MEMORY_ADDR + 0x20000)
#define SIZE_ID(entries, id) (((entries) - 1) << 16 | (id))

static void queues(void)
{
	start(NONE);
	check_eq(nvme_make_queue(&host, NVME_CREATE_CQ, QUEUE_AT,
				 SIZE_ID(256, 16), 1), NVME_SUCCESS);
	check_eq(nvme_make_queue(&host, NVME_CREATE_SQ, QUEUE_AT,
				 SIZE_ID(2, 9), 16 << 16 | 1), NVME_SUCCESS);
	check_eq(nvme_make_queue(&host, NVME_DELETE_CQ, 0, 16, 0),
		 REFUSED(NVME_INVALID_QUEUE_DELETION));
	check_eq(nvme_make_queue(&host, NVME_DELETE_SQ, 0, 9, 0), NVME_SUCCESS);
	check_eq(nvme_make_queue(&host, NVME_DELETE_SQ, 0, 9, 0),
		 REFUSED(NVME_INVALID_QUEUE_ID));
	check_eq(nvme_make_queue(&host, NVME_DELETE_CQ, 0, 16, 0), NVME_SUCCESS);
	check_eq(nvme_make_queue(&host, NVME_DELETE_CQ, 0, 16, 0),
		 REFUSED(NVME_INVALID_QUEUE_ID));
}

static void wrong_queues(void)
{
	static const struct {
		uint8_t opcode;
		uint64_t base;
		uint32_t dw10, dw11;
		int status;
	} wrong[] = {
		{ NVME_CREATE_CQ, QUEUE_AT, SIZE_ID(4, 0), 1,
		  NVME_INVALID_QUEUE_ID },
		{ NVME_CREATE_CQ, QUEUE_AT, SIZE_ID(4, 1), 1,
		  NVME_INVALID_QUEUE_ID },
		{ NVME_CREATE_CQ, QUEUE_AT, SIZE_ID(4, 17), 1,
		  NVME_INVALID_QUEUE_ID },
		{ NVME_CREATE_CQ, QUEUE_AT, SIZE_ID(4, 0xffff), 1,
		  NVME_INVALID_QUEUE_ID },
		{ NVME_CREATE_CQ, QUEUE_AT, SIZE_ID(1, 2), 1,
		  NVME_INVALID_QUEUE_SIZE },
		{ NVME_CREATE_CQ, QUEUE_AT, SIZE_ID(257, 2), 1,
		  NVME_INVALID_QUEUE_SIZE },
		{ NVME_CREATE_CQ, QUEUE_AT, SIZE_ID(4, 2), 0,
		  NVME_INVALID_FIELD },
		{ NVME_CREATE_CQ, QUEUE_AT + 4, SIZE_ID(4, 2), 1,
		  NVME_INVALID_PRP_OFFSET },
		{ NVME_CREATE_CQ, QUEUE_AT, SIZE_ID(4, 2), 17 << 16 | 3,
		  NVME_INVALID_VECTOR },
		{ NVME_CREATE_SQ, QUEUE_AT, SIZE_ID(4, 1), 1 << 16 | 1,
		  NVME_INVALID_QUEUE_ID },
		{ NVME_CREATE_SQ, QUEUE_AT, SIZE_ID(4, 2), 1,
		  NVME_INVALID_QUEUE_ID },
		{ NVME_CREATE_SQ, QUEUE_AT, SIZE_ID(4, 2), 17 << 16 | 1,
		  NVME_INVALID_QUEUE_ID },
		{ NVME_CREATE_SQ, QUEUE_AT, SIZE_ID(4, 2), 2 << 16 | 1,
		  NVME_INVALID_CQ },
		{ NVME_CREATE_SQ, QUEUE_AT, SIZE_ID(257, 2), 1 << 16 | 1,
		  NVME_INVALID_QUEUE_SIZE },
		{ NVME_DELETE_SQ, 0, 0, 0, NVME_INVALID_QUEUE_ID },
		{ NVME_DELETE_SQ, 0, 0xffff, 0, NVME_INVALID_QUEUE_ID },
		{ NVME_DELETE_CQ, 0, 0, 0, NVME_INVALID_QUEUE_ID },
		{ NVME_DELETE_CQ, 0, 17, 0, NVME_INVALID_QUEUE_ID },
	};
	unsigned int i;
	int status;

	start(NONE);
	for (i = 0; i < ARRAY_SIZE(wrong); i++) {
		status = nvme_make_queue(&host, wrong[i].opcode, wrong[i].base,
					 wrong[i].dw10, wrong[i].dw11);
		check(status == REFUSED(wrong[i].status), "%u: status %#x", i,
		      status);
	}
	check_eq(nvme_blocks(&host, NVME_READ, 0, 1, 0), NVME_SUCCESS);
}

/* A level: there as long as there is something that the host has not taken */
static void interrupts(void)
{
	machine_start(&m, NONE);
	nvme_host_enable(&host, &m, 16);
	check(!machine_has_irq(&m), "an interrupt for nothing");
	send_keep_alives(2);
	machine_await_irq(&m);
	check_eq(nvme_take(&host, &host.admin), NVME_SUCCESS);
	machine_unmask_irq(&m);
	machine_await_irq(&m);
	check_eq(nvme_take(&host, &host.admin), NVME_SUCCESS);
	machine_unmask_irq(&m);
	check(!machine_has_irq(&m), "an interrupt when all is taken");

	machine_write(&m, NVME_MASK_SET, 4, 1);
	send_keep_alives(1);
	check(!machine_has_irq(&m), "a masked interrupt");
	check_eq(machine_read(&m, NVME_MASK_CLEAR, 4), 1);
	machine_write(&m, NVME_MASK_CLEAR, 4, 1);
	machine_await_irq(&m);
}

/* A queue that was made without interrupts */
static void quiet_queue(void)
{
	uint32_t cq = 0x20000, sq = 0x21000;
	struct nvme_command read = { .opcode = NVME_FLUSH, .nsid = htole32(1) };

	start(NONE);
	check_eq(nvme_make_queue(&host, NVME_CREATE_CQ, MEMORY_ADDR + cq,
				 SIZE_ID(4, 5), 1), NVME_SUCCESS);
	check_eq(nvme_make_queue(&host, NVME_CREATE_SQ, MEMORY_ADDR + sq,
				 SIZE_ID(4, 5), 5 << 16 | 1), NVME_SUCCESS);
	host.io = (struct nvme_queue) {
		.id = 5, .sq = sq, .cq = cq, .entries = 4, .phase = true,
	};
	nvme_put(&host, &host.io, &read);
	nvme_ring(&host, &host.io);
	check(!machine_has_irq(&m), "an interrupt");
	check_eq(nvme_take(&host, &host.io), NVME_SUCCESS);
}

static void events(void)
{
	struct nvme_command event = { .opcode = NVME_ASYNC_EVENT };
	unsigned int i;

	start(NONE);
	for (i = 0; i < 4; i++)
		check_eq(nvme_admin(&host, &event), NO_ANSWER);
	check_eq(nvme_admin(&host, &event), REFUSED(NVME_ASYNC_EVENT_LIMIT));
	nvme_host_init(&host, &m);
	check_eq(nvme_admin(&host, &event), NO_ANSWER);
}

static int abort_command(uint16_t queue, uint16_t id)
{
	struct nvme_command command = {
		.opcode = NVME_ABORT,
		.dw10 = htole32((uint32_t)id << 16 | queue),
	};

	nvme_put(&host, &host.admin, &command);
	nvme_ring(&host, &host.admin);
	return nvme_take(&host, &host.admin);
}

static void aborts(void)
{
	struct nvme_command event = { .opcode = NVME_ASYNC_EVENT };
	uint16_t id;

	start(NONE);
	check_eq(nvme_admin(&host, &event), NO_ANSWER);
	check_eq(nvme_admin(&host, &event), NO_ANSWER);
	id = host.next_id;
	check_eq(abort_command(1, id), NVME_SUCCESS);
	check_eq(host.result, 1);
	/* The command's own completion comes before that of the abort */
	check_eq(abort_command(0, id), NVME_ABORT_REQUESTED);
	check_eq(host.answered, id);
	check_eq(nvme_take(&host, &host.admin), NVME_SUCCESS);
	check_eq(host.result, 0);
	check_eq(abort_command(0, id), NVME_SUCCESS);
	check_eq(host.result, 1);
}

static void targets(void)
{
	uint8_t i;

	start(OPTIONS("--targets", "7"));
	for (i = 0; i < 7; i++) {
		check_eq(target_program(&host, i), RPMB_RES_OK);
		check_eq(target_program(&host, i), RPMB_RES_WRITE);
	}
	for (i = 0; i < 7; i++)
		check_eq(target_write(&host, i, 0, i, 1, 0x10 + i), RPMB_RES_OK);
	check_eq(target_write(&host, 3, 1, 9, 32, 0x99), RPMB_RES_OK);
	check_eq(target_write(&host, 3, 2, 9, 33, 0x98), RPMB_RES_GENERAL);
	check_eq(target_write(&host, 3, 1, 9, 1, 0x97), RPMB_RES_COUNTER);
	for (i = 0; i < 7; i++) {
		check_eq(target_counter(&host, i), 1 + (i == 3));
		check_eq(target_read(&host, i, i), 0x10 + i);
		check_eq(target_read(&host, i, 40), i == 3 ? 0x99 : 0);
		check_eq(target_read(&host, i, 41), 0);
	}
}

/* The end of a target of 3 units is at sector 768 */
static void capacity(void)
{
	start(OPTIONS("--capacity", "3"));
	check_eq(target_program(&host, 1), RPMB_RES_OK);
	check_eq(target_write(&host, 1, 0, 767, 1, 7), RPMB_RES_OK);
	check_eq(target_write(&host, 1, 1, 768, 1, 7), RPMB_RES_ADDRESS);
	check_eq(target_write(&host, 1, 1, 767, 2, 7), RPMB_RES_ADDRESS);
	check_eq(target_read(&host, 1, 767), 7);
}

/* A frame for another target than the command's */
static void other_target(void)
{
	struct rpmb_fields fields = {
		.type = RPMB_GET_WRITE_COUNTER,
		.target = 1,
	};

	start(NONE);
	rpmb_frames_init(RPMB_FRAME_NVME, data(), 256, &fields);
	check_eq(nvme_security(&host, NVME_SECURITY_SEND, 0, 256),
		 REFUSED(NVME_INVALID_FIELD));
	check_eq(nvme_security(&host, NVME_SECURITY_RECEIVE, 0, 256),
		 REFUSED(NVME_SEQUENCE_ERROR));
	check_eq(nvme_security(&host, NVME_SECURITY_RECEIVE, 1, 256),
		 REFUSED(NVME_SEQUENCE_ERROR));
	check_eq(target_send(&host, &fields), NVME_SUCCESS);
	check_eq(nvme_security(&host, NVME_SECURITY_RECEIVE, 0, 256),
		 REFUSED(NVME_SEQUENCE_ERROR));
	check_eq(target_receive(&host, 1, 0, &fields), NVME_SUCCESS);
	check_eq(fields.result, RPMB_RES_NO_KEY);
	check_eq(nvme_security(&host, NVME_SECURITY_RECEIVE, 1, 256),
		 REFUSED(NVME_SEQUENCE_ERROR));
}

static int security(uint32_t dw10, uint32_t len)
{
	struct nvme_command command = {
		.opcode = NVME_SECURITY_SEND,
		.dw10 = htole32(dw10),
		.dw11 = htole32(len),
	};

	nvme_set_data(&host, &command, 0, 4096);
	return nvme_admin(&host, &command);
}

static void security_fields(void)
{
	start(NONE);
	memset(data(), 0, 4096);
	check_eq(security(0xea000100, 256), NVME_SUCCESS);
	check_eq(security(0xeb000100, 256), REFUSED(NVME_INVALID_FIELD));
	check_eq(security(0xea000200, 256), REFUSED(NVME_INVALID_FIELD));
	check_eq(security(0xea010100, 256), REFUSED(NVME_INVALID_FIELD));
	data()[223] = 2;
	check_eq(security(0xea000102, 256), REFUSED(NVME_INVALID_FIELD));
	data()[223] = 0;
	check_eq(security(0xea000100, 255), REFUSED(NVME_INVALID_FIELD));
	check_eq(security(0xea000100, 0), REFUSED(NVME_INVALID_FIELD));
	check_eq(security(0xea000100, 256 * 1024 + 4),
		 REFUSED(NVME_INVALID_FIELD));
	check_eq(security(0xea000100, 0xfffffffc), REFUSED(NVME_INVALID_FIELD));
}

/* No more than the response is written, and it waits for room */
static void response_room(void)
{
	struct rpmb_fields fields = { .type = RPMB_GET_WRITE_COUNTER };

	start(NONE);
	check_eq(target_send(&host, &fields), NVME_SUCCESS);
	check_eq(nvme_security(&host, NVME_SECURITY_RECEIVE, 0, 128),
		 REFUSED(NVME_INVALID_FIELD));
	memset(data(), 0xee, 4096);
	check_eq(nvme_security(&host, NVME_SECURITY_RECEIVE, 0, 1024),
		 NVME_SUCCESS);
	check_eq(data()[255], 2);
	check_eq(data()[256], 0xee);
}

static void kept_after_kill(void)
{
	start(NONE);
	make_pattern(4096, 1);
	check_eq(nvme_blocks(&host, NVME_WRITE, 3, 8, 0), NVME_SUCCESS);
	check_eq(target_program(&host, 1), RPMB_RES_OK);
	check_eq(target_write(&host, 1, 0, 5, 2, 0x55), RPMB_RES_OK);
	machine_end(&m, SIGKILL);
	start(NONE);
	memset(data(), 0, 4096);
	check_eq(nvme_blocks(&host, NVME_READ, 3, 8, 0), NVME_SUCCESS);
	check(is_pattern(0, 4096, 1), "other data");
	check_eq(target_counter(&host, 1), 1);
	check_eq(target_read(&host, 1, 6), 0x55);
	check_eq(target_program(&host, 1), RPMB_RES_WRITE);
	check_eq(WEXITSTATUS(machine_end(&m, SIGTERM)), 0);
}

static int send_config(uint32_t counter)
{
	struct rpmb_fields fields = {
		.type = RPMB_CONFIG_WRITE,
		.counter = counter,
		.count = 1,
	};

	rpmb_frames_init(RPMB_FRAME_NVME, data(), 768, &fields);
	data()[256] = 1;
	data()[257] = 1;
	rpmb_frames_hmac(RPMB_FRAME_NVME, data(), 768, nvme_test_key,
			 rpmb_frames_mac(RPMB_FRAME_NVME, data(), 768));
	return nvme_security(&host, NVME_SECURITY_SEND, 0, 768);
}

static void check_config(uint32_t counter)
{
	struct rpmb_fields fields = { .type = RPMB_CONFIG_READ, .count = 1 };

	check_eq(target_send(&host, &fields), NVME_SUCCESS);
	check_eq(target_receive(&host, 0, 1, &fields), NVME_SUCCESS);
	check_eq(fields.result, RPMB_RES_OK);
	check_eq(fields.counter, counter);
	check_eq(data()[256], !!counter);
	check_eq(data()[257], !!counter);
	check_eq(data32(256 + 508), 0);
}

/* Only target 0 has it */
static void no_configuration(void)
{
	struct rpmb_fields fields = {
		.type = RPMB_CONFIG_READ,
		.count = 1,
		.target = 1,
	};

	start(NONE);
	check_eq(target_program(&host, 1), RPMB_RES_OK);
	check_eq(target_send(&host, &fields), NVME_SUCCESS);
	check_eq(target_receive(&host, 1, 1, &fields), NVME_SUCCESS);
	check_eq(fields.result, RPMB_RES_GENERAL);
}

/* Counted by itself, and kept with its counter */
static void configuration(void)
{
	start(NONE);
	check_eq(target_program(&host, 0), RPMB_RES_OK);
	check_config(0);
	check_eq(send_config(0), NVME_SUCCESS);
	check_config(1);
	check_eq(send_config(1), NVME_SUCCESS);
	check_eq(target_write(&host, 0, 0, 0, 1, 1), RPMB_RES_OK);
	check_config(2);
	machine_end(&m, SIGKILL);
	start(NONE);
	check_config(2);
	check_eq(target_counter(&host, 0), 1);
}

/* A result is the target's: it outlives the controller, but not the machine */
static void result_kept(void)
{
	struct rpmb_fields fields;

	start(NONE);
	check_eq(target_program(&host, 0), RPMB_RES_OK);
	check_eq(target_send_write(&host, 0, 0, 4, 1, 1), NVME_SUCCESS);
	nvme_host_init(&host, &m);
	check_eq(target_send_result_read(&host, 0), NVME_SUCCESS);
	check_eq(target_receive(&host, 0, 0, &fields), NVME_SUCCESS);
	check_eq(fields.type, RPMB_WRITE_DATA << 8);
	check_eq(fields.counter, 1);

	check_eq(target_send_result_read(&host, 0), NVME_SUCCESS);
	machine_disconnect(&m);
	machine_connect(&m);
	nvme_host_init(&host, &m);
	check_eq(nvme_security(&host, NVME_SECURITY_RECEIVE, 0, 256),
		 REFUSED(NVME_SEQUENCE_ERROR));
	check_eq(target_counter(&host, 0), 1);
}

/* Two ways to the same targets and the same namespace */
static void two_controllers(void)
{
	struct machine other = {};
	struct nvme_host second;

	start(OPTIONS("--controllers", "2"));
	machine_connect_to(&other, "s.2");
	nvme_host_init(&second, &other);
	check_eq(nvme_identify(&second, 1, 0), NVME_SUCCESS);
	check_eq(other.memory[NVME_DATA_AT + 78], 2);
	check_eq(other.memory[NVME_DATA_AT + 76] & 2, 2);

	check_eq(target_program(&host, 1), RPMB_RES_OK);
	check_eq(target_write(&second, 1, 0, 3, 1, 0x33), RPMB_RES_OK);
	check_eq(target_counter(&host, 1), 1);
	make_pattern(512, 9);
	check_eq(nvme_blocks(&host, NVME_WRITE, 1, 1, 0), NVME_SUCCESS);
	check_eq(nvme_blocks(&second, NVME_READ, 1, 1, 0), NVME_SUCCESS);
	check(!memcmp(other.memory + NVME_DATA_AT, data(), 512), "data");

	machine_disconnect(&m);
	check_eq(target_read(&second, 1, 3), 0x33);
}

static void other_size(void)
{
	char line[512] = "";

	machine_spawn(&m, NONE);
	machine_end(&m, SIGTERM);
	machine_try_spawn(&m, OPTIONS("--capacity", "5"), line, sizeof(line));
	check(strstr(line, "target0"), "%s", line);
}

/* The command that is answered next, when its time has come */
static unsigned int await_answer(void)
{
	while (nvme_take(&host, &host.admin) == NO_ANSWER)
		machine_read(&m, NVME_CSTS, 4);
	return host.answered;
}

/* Two at once: what sends data takes longer than what comes after it */
static void time_passes(void)
{
	struct nvme_command send = { .opcode = NVME_SECURITY_SEND };
	struct nvme_command keep_alive = { .opcode = NVME_KEEP_ALIVE };

	machine_start(&m, OPTIONS("--ticks", "9"));
	nvme_host_enable(&host, &m, 8);
	nvme_put(&host, &host.admin, &send);
	nvme_put(&host, &host.admin, &keep_alive);
	nvme_ring(&host, &host.admin);
	check_eq(await_answer(), le16toh(keep_alive.id));
	check_eq(await_answer(), le16toh(send.id));
}

static const struct test tests[] = {
	{ "registers, enabling, shutdown", registers },
	{ "what cannot be enabled is fatal", not_enabled },
	{ "Identify: controller, with RPMBS as asked for", identity },
	{ "without targets and security commands", without_rpmb },
	{ "Identify: namespaces", namespaces },
	{ "features", features },
	{ "log pages", logs },
	{ "blocks: each way to describe memory", blocks },
	{ "blocks: out of range, unknown, elsewhere", block_errors },
	{ "queues that begin again", wrap_around },
	{ "a completion queue that is full", full_queue },
	{ "the same when commands are released", full_when_released },
	{ "queues are made and deleted", queues },
	{ "queues that cannot be", wrong_queues },
	{ "INTx, and its mask", interrupts },
	{ "a queue without interrupts", quiet_queue },
	{ "events are awaited, up to a limit", events },
	{ "abort", aborts },
	{ "RPMB: seven targets, each for itself", targets },
	{ "RPMB: capacity", capacity },
	{ "RPMB: a frame for another target", other_target },
	{ "RPMB: fields of the command", security_fields },
	{ "RPMB: responses and room", response_room },
	{ "RPMB: the Device Configuration Block", configuration },
	{ "RPMB: no such block on other targets", no_configuration },
	{ "RPMB: the result register", result_kept },
	{ "kill -9: keys, counters, data stay", kept_after_kill },
	{ "two controllers", two_controllers },
	{ "a target of another size is refused", other_size },
	{ "commands take time", time_passes },
};

int main(int argc, char **argv)
{
	machine_use(&nvme_program);
	return machine_run_tests(argc, argv, tests, ARRAY_SIZE(tests));
}
