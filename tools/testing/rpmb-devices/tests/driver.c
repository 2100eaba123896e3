// SPDX-License-Identifier: GPL-2.0-only
#include <endian.h>
#include <string.h>

#include "driver.h"
#include "tap.h"

#define MODE_DMA (1 << 0)
#define MODE_BLOCK_COUNT (1 << 1)
#define MODE_AUTO_CMD23 (2 << 2)
#define MODE_READ (1 << 4)
#define MODE_MULTI (1 << 5)

#define RESPONSE_SHORT 2
#define RESPONSE_BUSY 3
#define COMMAND_DATA (1 << 5)

#define CONTROL_ADMA32 (2 << 3)
#define CONTROL_ADMA64 (3 << 3)

/* A boundary of 4 KiB: the smallest, so that tests cross it */
#define SDMA_BOUNDARY 4096

#define RCA 1
#define BLOCK_LEN 512
#define SWITCH_ERROR (1 << 7)

const uint8_t test_key[RPMB_KEY_LEN] = "the key that all of these tests";

static enum path path;

void driver_set_path(enum path new_path)
{
	path = new_path;
}

static uint32_t take_ints(struct machine *m)
{
	uint32_t bits = machine_read(m, INT_STATUS, 4);

	machine_write(m, INT_STATUS, 4, bits);
	return bits;
}

/* Commands that keep the card busy end with an event for that */
static bool ends_busy(uint8_t index)
{
	return index == 6 || index == 12 || index == 38;
}

static uint32_t issue(struct machine *m, uint8_t index, uint32_t arg,
		      uint16_t mode, uint16_t flags)
{
	machine_write(m, ARGUMENT, 4, arg);
	machine_write(m, TRANSFER_MODE, 2, mode);
	machine_write(m, COMMAND, 2, index << 8 | flags);
	return take_ints(m);
}

uint32_t driver_command(struct machine *m, uint8_t index, uint32_t arg)
{
	return issue(m, index, arg, 0, ends_busy(index) ? RESPONSE_BUSY :
							  RESPONSE_SHORT);
}

uint32_t driver_response(struct machine *m)
{
	return machine_read(m, RESPONSE, 4);
}

void driver_init_host(struct machine *m)
{
	machine_write(m, SOFTWARE_RESET, 1, RESET_ALL);
	machine_write(m, INT_ENABLE, 4, ~0U);
	machine_write(m, SIGNAL_ENABLE, 4, ~0U);
	machine_write(m, POWER_CONTROL, 1, 0);
	machine_write(m, POWER_CONTROL, 1, 0xf);
	path = ADMA64;
}

void driver_init(struct machine *m)
{
	driver_init_host(m);
	driver_command(m, 0, 0);
	check_eq(driver_command(m, 1, 0x40ff8080), INT_RESPONSE);
	check_eq(driver_command(m, 2, 0), INT_RESPONSE);
	check_eq(driver_command(m, 3, RCA << 16), INT_RESPONSE);
	check_eq(driver_command(m, 7, RCA << 16), INT_RESPONSE);
	check_eq(driver_status(m) >> 9 & 0xf, 4);
}

/* Two pieces, neither of them whole blocks, and an end */
static void make_table(struct machine *m, uint32_t len)
{
	uint32_t parts[] = { len / 2 + 4, len - len / 2 - 4 };
	uint32_t addr = DATA_ADDR;
	uint8_t *desc = m->memory;
	unsigned int i;

	for (i = 0; i < 2; i++) {
		uint16_t head[] = { htole16(0x21), htole16(parts[i]) };
		uint32_t tail[] = { htole32(addr), 0 };

		if (i)
			head[0] |= htole16(2);
		memcpy(desc, head, sizeof(head));
		memcpy(desc + 4, tail, sizeof(tail));
		desc += path == ADMA64 ? 12 : 8;
		addr += parts[i];
	}
}

static void prepare(struct machine *m, uint32_t blocks, uint32_t set_count)
{
	uint32_t control = path == ADMA64 ? CONTROL_ADMA64 : CONTROL_ADMA32;

	make_table(m, blocks * BLOCK_LEN);
	machine_write(m, SDMA_ADDRESS, 4, path == SDMA ? DATA_ADDR : set_count);
	machine_write(m, ADMA_ADDRESS, 4, TABLE_ADDR);
	machine_write(m, ADMA_ADDRESS + 4, 4, 0);
	machine_write(m, HOST_CONTROL, 1, path < SDMA ? control : 0);
	machine_write(m, BLOCK_SIZE, 2, BLOCK_LEN);
	machine_write(m, BLOCK_COUNT, 2, blocks);
}

/* SDMA stops at each boundary and goes on where it is told to */
static uint32_t follow_sdma(struct machine *m, uint32_t bits)
{
	uint32_t seen = bits;

	while (bits & INT_SDMA_BOUNDARY) {
		uint32_t addr = machine_read(m, SDMA_ADDRESS, 4);

		check_eq(addr % SDMA_BOUNDARY, 0);
		machine_write(m, SDMA_ADDRESS, 4, addr);
		bits = take_ints(m);
		seen |= bits;
	}
	return seen & ~INT_SDMA_BOUNDARY;
}

static uint32_t follow_port(struct machine *m, uint32_t bits)
{
	uint8_t *data = m->memory + DATA_AT;
	uint32_t seen = bits, value;
	int i;

	while (bits & (INT_PORT_READABLE | INT_PORT_WRITABLE)) {
		for (i = 0; i < BLOCK_LEN; i += 4, data += 4) {
			memcpy(&value, data, 4);
			if (bits & INT_PORT_WRITABLE)
				machine_write(m, BUFFER_PORT, 4, value);
			else
				value = machine_read(m, BUFFER_PORT, 4);
			memcpy(data, &value, 4);
		}
		bits = take_ints(m);
		seen |= bits;
	}
	return seen & ~(INT_PORT_READABLE | INT_PORT_WRITABLE);
}

static uint32_t move(struct machine *m, uint8_t index, uint32_t arg,
		     uint32_t blocks, uint32_t set_count, uint16_t mode)
{
	uint32_t bits;

	if (set_count && path == SDMA)	/* whose address is where its argument is */
		check_eq(driver_command(m, 23, set_count), INT_RESPONSE);
	else if (set_count)
		mode |= MODE_AUTO_CMD23;
	if (index == 18 || index == 25)
		mode |= MODE_MULTI | MODE_BLOCK_COUNT;
	if (path != PORT)
		mode |= MODE_DMA;
	prepare(m, blocks, set_count);
	bits = issue(m, index, arg, mode, RESPONSE_SHORT | COMMAND_DATA);
	return path == PORT ? follow_port(m, bits) : follow_sdma(m, bits);
}

uint32_t driver_read(struct machine *m, uint8_t index, uint32_t arg,
		     uint32_t blocks, uint32_t set_count)
{
	memset(m->memory + DATA_AT, 0xee, blocks * BLOCK_LEN);
	return move(m, index, arg, blocks, set_count, MODE_READ);
}

uint32_t driver_write(struct machine *m, uint8_t index, uint32_t arg,
		      uint32_t blocks, uint32_t set_count)
{
	return move(m, index, arg, blocks, set_count, 0);
}

uint16_t driver_tune(struct machine *m)
{
	machine_write(m, BLOCK_SIZE, 2, 64);
	check_eq(issue(m, 21, 0, MODE_READ, RESPONSE_SHORT | COMMAND_DATA),
		 INT_RESPONSE | INT_PORT_READABLE);
	return machine_read(m, HOST_CONTROL2, 2);
}

uint32_t driver_status(struct machine *m)
{
	check_eq(driver_command(m, 13, RCA << 16), INT_RESPONSE);
	return driver_response(m);
}

bool driver_switch(struct machine *m, uint8_t index, uint8_t value)
{
	check_eq(driver_command(m, 6, 3U << 24 | index << 16 | value << 8),
		 DONE);
	return !(driver_status(m) & SWITCH_ERROR);
}

uint32_t rpmb_send(struct machine *m, const void *frames, unsigned int nr)
{
	memcpy(m->memory + DATA_AT, frames, nr * sizeof(struct rpmb_frame));
	return driver_write(m, 25, 0, nr, nr | RELIABLE);
}

uint32_t rpmb_receive(struct machine *m, void *frames, unsigned int nr)
{
	uint32_t bits = driver_read(m, 18, 0, nr, nr);

	memcpy(frames, m->memory + DATA_AT, nr * sizeof(struct rpmb_frame));
	return bits;
}

static bool has_result_read(uint16_t type)
{
	return type == RPMB_PROGRAM_KEY || type == RPMB_WRITE_DATA ||
	       type == RPMB_CONFIG_WRITE;
}

struct rpmb_fields rpmb_exchange(struct machine *m, void *request,
				 unsigned int nr, void *response,
				 unsigned int response_nr)
{
	struct rpmb_frame result_read = {
		.req_resp = htobe16(RPMB_RESULT_READ),
	};
	struct rpmb_fields fields;

	rpmb_frames_parse(RPMB_FRAME_JEDEC, request, nr * 512, &fields);
	check_eq(rpmb_send(m, request, nr), DONE);
	if (has_result_read(fields.type))
		check_eq(rpmb_send(m, &result_read, 1), DONE);
	check_eq(rpmb_receive(m, response, response_nr), DONE);
	check(rpmb_frames_parse(RPMB_FRAME_JEDEC, response, response_nr * 512,
				&fields), "the response's frames differ");
	return fields;
}

uint16_t rpmb_program(struct machine *m)
{
	struct rpmb_frame frame = { .req_resp = htobe16(RPMB_PROGRAM_KEY) };

	memcpy(frame.key_mac, test_key, sizeof(test_key));
	return rpmb_exchange(m, &frame, 1, &frame, 1).result;
}

static void check_mac(const struct rpmb_frame *frames, unsigned int nr)
{
	uint8_t mac[RPMB_MAC_LEN];

	rpmb_frames_hmac(RPMB_FRAME_JEDEC, frames, nr * 512, test_key, mac);
	check(!memcmp(mac, frames[nr - 1].key_mac, sizeof(mac)),
	      "the response has no right MAC");
}

uint32_t rpmb_counter(struct machine *m)
{
	struct rpmb_frame frame = {
		.nonce = "a nonce, 16 byte",
		.req_resp = htobe16(RPMB_GET_WRITE_COUNTER),
	};
	struct rpmb_fields fields = rpmb_exchange(m, &frame, 1, &frame, 1);

	check_eq(fields.type, RPMB_GET_WRITE_COUNTER << 8);
	check_eq(fields.result & ~RPMB_RES_EXPIRED, RPMB_RES_OK);
	check(!memcmp(fields.nonce, "a nonce, 16 byte", 16), "nonce");
	check_mac(&frame, 1);
	return fields.counter;
}

void rpmb_make_write(struct rpmb_frame *frames, uint32_t counter, uint32_t addr,
		     unsigned int nr, uint8_t fill)
{
	struct rpmb_fields fields = {
		.type = RPMB_WRITE_DATA,
		.counter = counter,
		.addr = addr,
		.count = nr,
	};
	unsigned int i;

	rpmb_frames_init(RPMB_FRAME_JEDEC, frames, nr * 512, &fields);
	for (i = 0; i < nr; i++)
		memset(frames[i].data, fill, sizeof(frames[i].data));
	rpmb_frames_hmac(RPMB_FRAME_JEDEC, frames, nr * 512, test_key,
			 frames[nr - 1].key_mac);
}

uint16_t rpmb_write(struct machine *m, uint32_t counter, uint32_t addr,
		    unsigned int nr, uint8_t fill)
{
	struct rpmb_frame frames[64], response;
	struct rpmb_fields fields;

	rpmb_make_write(frames, counter, addr, nr, fill);
	fields = rpmb_exchange(m, frames, nr, &response, 1);
	check_eq(fields.type, RPMB_WRITE_DATA << 8);
	if (!fields.result) {
		check_mac(&response, 1);
		check_eq(fields.counter, counter + 1);
		check_eq(fields.addr, addr);
	}
	return fields.result;
}

int rpmb_read(struct machine *m, uint32_t addr)
{
	struct rpmb_frame frame = {
		.nonce = "another, 16 byte",
		.addr = htobe16(addr),
		.req_resp = htobe16(RPMB_READ_DATA),
	};
	struct rpmb_fields fields = rpmb_exchange(m, &frame, 1, &frame, 1);
	unsigned int i;

	check_eq(fields.type, RPMB_READ_DATA << 8);
	check_eq(fields.result & ~RPMB_RES_EXPIRED, RPMB_RES_OK);
	check_eq(fields.addr, addr);
	check_eq(fields.count, 1);
	check_mac(&frame, 1);
	for (i = 1; i < sizeof(frame.data); i++)
		if (frame.data[i] != frame.data[0])
			return -1;
	return frame.data[0];
}
