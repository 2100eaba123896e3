// SPDX-License-Identifier: GPL-2.0-only
/*
 * Requests to a UFS device by a host that keeps regions of the RPMB apart only when it
 * wants to: what becomes of operations that overlap
 */
#include <string.h>

#include "../common/bytes.h"
#include "../ufs/scsi.h"
#include "../ufs/upiu.h"
#include "frame.h"
#include "machine.h"

#define INT_STATUS 0x20
#define ENABLE 0x34
#define LIST_BASE 0x50
#define LIST_DOORBELL 0x58
#define LIST_RUN 0x60

#define LUN_RPMB 0xc4
#define SENSE_RESET 0x062900
#define FRAME_LEN sizeof(struct rpmb_frame)

/* Where things are in the machine's memory, and in a request */
#define LIST_AT 0
#define UPIU_AT 0x1000
#define RESPONSE_AT 0x200
#define EXTENT_AT 0x400
#define DATA_AT 0x10000

#define TYPE_UFS (1U << 28)
#define TO_DEVICE (1U << 25)
#define FROM_DEVICE (2U << 25)

static const struct machine_program program = {
	.variable = "RPMB_UFS",
	.options = (const char *const[]) {
		"--socket", "s", "--control", "c", "--device", "device", NULL
	},
};

static struct machine m;

static void describe(uint32_t direction, uint32_t len)
{
	uint8_t *descriptor = m.memory + LIST_AT;
	uint8_t *extent = m.memory + UPIU_AT + EXTENT_AT;

	memset(descriptor, 0, 32);
	put_le32(descriptor, TYPE_UFS | direction);
	descriptor[8] = 0xff;		/* its status is the controller's to say */
	put_le64(descriptor + 16, MEMORY_ADDR + UPIU_AT);
	put_le16(descriptor + 24, (EXTENT_AT - RESPONSE_AT) / 4);
	put_le16(descriptor + 26, RESPONSE_AT / 4);
	put_le16(descriptor + 28, len ? 1 : 0);
	put_le16(descriptor + 30, EXTENT_AT / 4);
	put_le64(extent, MEMORY_ADDR + DATA_AT);
	put_le32(extent + 12, len - 1);
}

/* A SCSI command of the RPMB logical unit; its sense, 0 if all went well */
static uint32_t command(const uint8_t *cdb, uint32_t direction, uint32_t len)
{
	struct upiu request = {
		.code = UPIU_COMMAND,
		.lun = LUN_RPMB,
		.command.len = htobe32(len),
	};
	struct upiu response;

	memcpy(request.command.cdb, cdb, UPIU_CDB_LEN);
	describe(direction, len);
	memcpy(m.memory + UPIU_AT, &request, UPIU_LEN);
	machine_write(&m, LIST_DOORBELL, 4, 1);
	check_eq(machine_read(&m, LIST_DOORBELL, 4), 0);
	machine_write(&m, INT_STATUS, 4, ~0U);
	check_eq(m.memory[LIST_AT + 8], 0);
	memcpy(&response, m.memory + UPIU_AT + RESPONSE_AT, sizeof(response));
	return response.status ? (uint32_t)response.data[4] << 16 |
				 response.data[14] << 8 | response.data[15] : 0;
}

static uint32_t security(uint8_t opcode, uint8_t region, uint32_t len)
{
	uint8_t cdb[UPIU_CDB_LEN] = { opcode, 0xec, region, 0x01 };

	put_be32(cdb + 6, len);
	return command(cdb, opcode == SECURITY_PROTOCOL_OUT ? TO_DEVICE :
							      FROM_DEVICE, len);
}

/* The device in four regions, past what it has to report */
static void start(const char *operations)
{
	static const uint8_t test_ready[UPIU_CDB_LEN] = { TEST_UNIT_READY };

	machine_start(&m, OPTIONS("--regions", "1,2,1,1", "--operations",
				  operations));
	machine_write(&m, ENABLE, 4, 1);
	machine_write(&m, LIST_BASE, 4, MEMORY_ADDR + LIST_AT);
	machine_write(&m, LIST_RUN, 4, 1);
	check_eq(command(test_ready, 0, 0), SENSE_RESET);
	check_eq(command(test_ready, 0, 0), 0);
}

static void send_frame(uint8_t region, const struct rpmb_frame *frame)
{
	memcpy(m.memory + DATA_AT, frame, FRAME_LEN);
	check_eq(security(SECURITY_PROTOCOL_OUT, region, FRAME_LEN), 0);
}

/* Ask for the counter, with a nonce that is all @mark */
static void ask_counter(uint8_t region, uint8_t mark)
{
	struct rpmb_fields fields = { .type = RPMB_GET_WRITE_COUNTER };
	struct rpmb_frame frame;

	memset(fields.nonce, mark, sizeof(fields.nonce));
	rpmb_frames_init(RPMB_FRAME_JEDEC, &frame, FRAME_LEN, &fields);
	send_frame(region, &frame);
}

static struct rpmb_fields fetch(uint8_t region)
{
	struct rpmb_fields fields;

	check_eq(security(SECURITY_PROTOCOL_IN, region, FRAME_LEN), 0);
	rpmb_frames_parse(RPMB_FRAME_JEDEC, m.memory + DATA_AT, FRAME_LEN,
			  &fields);
	return fields;
}

/* What is fetched from a region answers the request with this mark */
static void answers(uint8_t region, uint8_t mark, uint32_t counter)
{
	struct rpmb_fields fields = fetch(region);

	check_eq(fields.type, RPMB_GET_WRITE_COUNTER << 8);
	check_eq(fields.result, RPMB_RES_OK);
	check_eq(fields.nonce[0], mark);
	check_eq(fields.counter, counter);
}

static void fails(uint8_t region)
{
	check_eq(fetch(region).result, RPMB_RES_GENERAL);
}

static void fill_key(uint8_t region, uint8_t *key)
{
	memset(key, 0xa0 + region, RPMB_KEY_LEN);
}

static void ask_result(uint8_t region)
{
	struct rpmb_frame frame = { .req_resp = htobe16(RPMB_RESULT_READ) };

	send_frame(region, &frame);
}

static void program_key(uint8_t region)
{
	struct rpmb_frame frame = { .req_resp = htobe16(RPMB_PROGRAM_KEY) };

	fill_key(region, frame.key_mac);
	send_frame(region, &frame);
	ask_result(region);
	check_eq(fetch(region).result, RPMB_RES_OK);
}

static void program_keys(void)
{
	uint8_t region;

	for (region = 0; region < 4; region++)
		program_key(region);
}

/* Of a block, with the counter that the region has at first */
static void send_write(uint8_t region)
{
	struct rpmb_fields fields = { .type = RPMB_WRITE_DATA, .count = 1 };
	struct rpmb_frame frame;
	uint8_t key[RPMB_KEY_LEN];

	fill_key(region, key);
	rpmb_frames_init(RPMB_FRAME_JEDEC, &frame, FRAME_LEN, &fields);
	rpmb_frames_hmac(RPMB_FRAME_JEDEC, &frame, FRAME_LEN, key,
			 frame.key_mac);
	send_frame(region, &frame);
}

static uint16_t finish_write(uint8_t region)
{
	struct rpmb_fields fields;

	ask_result(region);
	fields = fetch(region);
	return fields.type == RPMB_WRITE_DATA << 8 ? fields.result : UINT16_MAX;
}

static void one_after_another(void)
{
	uint8_t region;

	for (region = 0; region < 4; region++) {
		ask_counter(region, region);
		answers(region, region, 0);
	}
}

static void apart(void)
{
	start("apart");
	program_keys();
	one_after_another();
	ask_counter(0, 0x11);
	ask_counter(1, 0x22);
	answers(0, 0x11, 0);
	answers(1, 0x22, 0);
	send_write(2);
	send_write(3);
	check_eq(finish_write(2), RPMB_RES_OK);
	check_eq(finish_write(3), RPMB_RES_OK);
}

/* The second one to ask is refused, as often as he asks, until the first has his answer */
static void refuse(void)
{
	start("refuse");
	program_keys();
	one_after_another();
	ask_counter(0, 0x11);
	ask_counter(1, 0x22);
	fails(1);
	ask_counter(1, 0x22);
	fails(1);
	answers(0, 0x11, 0);
	ask_counter(1, 0x22);
	answers(1, 0x22, 0);
}

static void refuse_write(void)
{
	start("refuse");
	program_keys();
	ask_counter(0, 0x11);
	send_write(1);
	check_eq(finish_write(1), RPMB_RES_GENERAL);
	answers(0, 0x11, 0);
	ask_counter(1, 0x22);
	answers(1, 0x22, 0);
	send_write(1);
	check_eq(finish_write(1), RPMB_RES_OK);
}

/* Whoever asks gets the last result, which is not his; then there is none any more */
static void share(void)
{
	start("share");
	program_keys();
	one_after_another();
	send_write(1);
	check_eq(finish_write(1), RPMB_RES_OK);
	ask_counter(0, 0x11);
	ask_counter(1, 0x22);
	answers(0, 0x22, 1);
	fails(1);
}

static void share_write(void)
{
	start("share");
	program_keys();
	send_write(0);
	ask_counter(1, 0x22);
	check_eq(fetch(0).type, RPMB_GET_WRITE_COUNTER << 8);
	ask_counter(0, 0x11);
	answers(0, 0x11, 1);
}

static const struct test tests[] = {
	{ "regions do not notice each other", apart },
	{ "another region's operation is refused meanwhile", refuse },
	{ "so is its write, which is not carried out", refuse_write },
	{ "there is one result, whoever asks for it", share },
	{ "a write meets another region's result", share_write },
};

int main(int argc, char **argv)
{
	machine_use(&program);
	return machine_run_tests(argc, argv, tests, ARRAY_SIZE(tests));
}
