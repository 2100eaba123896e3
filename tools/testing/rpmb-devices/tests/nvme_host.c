// SPDX-License-Identifier: GPL-2.0-only
#include <endian.h>
#include <string.h>

#include "../common/bytes.h"
#include "nvme_host.h"
#include "tap.h"

#define ENTRIES 16
#define PAGE 4096
#define ADMIN_SQ_AT 0x0000
#define ADMIN_CQ_AT 0x1000
#define IO_SQ_AT 0x2000
#define IO_CQ_AT 0x3000

#define PROTOCOL (0xeaU << 24 | 0x0001 << 8)
#define NONCE "sixteen bytelong"

const uint8_t nvme_test_key[RPMB_KEY_LEN] = "the key that all of these tests";

const struct machine_program nvme_program = {
	.variable = "RPMB_NVME",
	.options = (const char *const[]) {
		"--socket", "s", "--control", "c", "--device", "device", NULL
	},
};

static void write64(struct machine *m, uint32_t offset, uint64_t value)
{
	machine_write(m, offset, 4, value);
	machine_write(m, offset + 4, 4, value >> 32);
}

static struct nvme_queue make_pair(struct machine *m, uint16_t id, uint32_t sq,
				   uint32_t cq, uint32_t entries)
{
	memset(m->memory + cq, 0, PAGE);
	return (struct nvme_queue) {
		.id = id,
		.sq = sq,
		.cq = cq,
		.entries = entries,
		.phase = true,
	};
}

void nvme_host_enable(struct nvme_host *host, struct machine *m,
		      uint32_t entries)
{
	uint32_t size = entries - 1;

	*host = (struct nvme_host) { .m = m };
	host->admin = make_pair(m, 0, ADMIN_SQ_AT, ADMIN_CQ_AT, entries);
	machine_write(m, NVME_CC, 4, 0);
	check_eq(machine_read(m, NVME_CSTS, 4), 0);
	machine_write(m, NVME_ADMIN_SIZES, 4, size << 16 | size);
	write64(m, NVME_ADMIN_SQ, MEMORY_ADDR + ADMIN_SQ_AT);
	write64(m, NVME_ADMIN_CQ, MEMORY_ADDR + ADMIN_CQ_AT);
	machine_write(m, NVME_CC, 4, NVME_ENABLE);
	check_eq(machine_read(m, NVME_CSTS, 4), NVME_CSTS_READY);
}

void nvme_host_init(struct nvme_host *host, struct machine *m)
{
	uint32_t dw10 = (ENTRIES - 1) << 16 | 1;

	nvme_host_enable(host, m, ENTRIES);
	host->io = make_pair(m, 1, IO_SQ_AT, IO_CQ_AT, ENTRIES);
	check_eq(nvme_make_queue(host, NVME_CREATE_CQ, MEMORY_ADDR + IO_CQ_AT,
				 dw10, 3), NVME_SUCCESS);
	check_eq(nvme_make_queue(host, NVME_CREATE_SQ, MEMORY_ADDR + IO_SQ_AT,
				 dw10, 1 << 16 | 1), NVME_SUCCESS);
}

/* A list of so many pages, which has its place for itself */
static void make_list(struct machine *m, uint64_t addr, uint32_t pages)
{
	uint32_t i;

	check(pages <= PAGE / 8, "%u pages", pages);
	for (i = 0; i < pages; i++)
		put_le64(m->memory + NVME_LIST_AT + 8 * i, addr + i * PAGE);
}

void nvme_set_data(struct nvme_host *host, struct nvme_command *command,
		   uint32_t offset, uint32_t len)
{
	uint64_t addr = MEMORY_ADDR + NVME_DATA_AT + offset;
	uint32_t first = PAGE - addr % PAGE;
	uint64_t second = addr + first;

	put_le64(command->data, addr);
	if (len > first + PAGE) {
		make_list(host->m, second, (len - first + PAGE - 1) / PAGE);
		second = MEMORY_ADDR + NVME_LIST_AT;
	}
	put_le64(command->data + 8, len > first ? second : 0);
}

void nvme_put(struct nvme_host *host, struct nvme_queue *queue,
	      struct nvme_command *command)
{
	command->id = htole16(++host->next_id);
	memcpy(host->m->memory + queue->sq + queue->tail * sizeof(*command),
	       command, sizeof(*command));
	queue->tail = (queue->tail + 1) % queue->entries;
}

static void ring(struct nvme_host *host, uint32_t doorbell, uint32_t value)
{
	machine_write(host->m, NVME_DOORBELLS + 4 * doorbell, 4, value);
}

void nvme_ring(struct nvme_host *host, const struct nvme_queue *queue)
{
	ring(host, 2 * queue->id, queue->tail);
}

int nvme_take(struct nvme_host *host, struct nvme_queue *queue)
{
	uint16_t entry[8];

	memcpy(entry, host->m->memory + queue->cq + queue->head * sizeof(entry),
	       sizeof(entry));
	if ((le16toh(entry[7]) & 1) != queue->phase)
		return NO_ANSWER;
	check_eq(le16toh(entry[5]), queue->id);
	host->result = le16toh(entry[1]) << 16 | le16toh(entry[0]);
	host->answered = le16toh(entry[6]);
	queue->head = (queue->head + 1) % queue->entries;
	queue->phase ^= !queue->head;
	ring(host, 2 * queue->id + 1, queue->head);
	return le16toh(entry[7]) >> 1;
}

static int run(struct nvme_host *host, struct nvme_queue *queue,
	       struct nvme_command *command)
{
	int status;

	nvme_put(host, queue, command);
	nvme_ring(host, queue);
	status = nvme_take(host, queue);
	check(status == NO_ANSWER || host->answered == host->next_id,
	      "command %u is answered, not %u", host->answered, host->next_id);
	return status;
}

int nvme_admin(struct nvme_host *host, struct nvme_command *command)
{
	return run(host, &host->admin, command);
}

int nvme_io(struct nvme_host *host, struct nvme_command *command)
{
	return run(host, &host->io, command);
}

int nvme_make_queue(struct nvme_host *host, uint8_t opcode, uint64_t base,
		    uint32_t dw10, uint32_t dw11)
{
	struct nvme_command command = {
		.opcode = opcode,
		.dw10 = htole32(dw10),
		.dw11 = htole32(dw11),
	};

	put_le64(command.data, base);
	return nvme_admin(host, &command);
}

int nvme_identify(struct nvme_host *host, uint8_t what, uint32_t nsid)
{
	struct nvme_command command = {
		.opcode = NVME_IDENTIFY,
		.nsid = htole32(nsid),
		.dw10 = htole32(what),
	};

	memset(host->m->memory + NVME_DATA_AT, 0xee, NVME_IDENTIFY_LEN);
	nvme_set_data(host, &command, 0, NVME_IDENTIFY_LEN);
	return nvme_admin(host, &command);
}

int nvme_blocks(struct nvme_host *host, uint8_t opcode, uint64_t first,
		uint32_t blocks, uint32_t offset)
{
	struct nvme_command command = {
		.opcode = opcode,
		.nsid = htole32(1),
		.dw10 = htole32(first),
		.dw11 = htole32(first >> 32),
		.dw12 = htole32(blocks - 1),
	};

	nvme_set_data(host, &command, offset, blocks * NVME_BLOCK_LEN);
	return nvme_io(host, &command);
}

int nvme_security(struct nvme_host *host, uint8_t opcode, uint8_t target,
		  uint32_t len)
{
	struct nvme_command command = {
		.opcode = opcode,
		.dw10 = htole32(PROTOCOL | target),
		.dw11 = htole32(len),
	};

	nvme_set_data(host, &command, 0, len);
	return nvme_admin(host, &command);
}

static uint8_t *frames_of(const struct nvme_host *host)
{
	return host->m->memory + NVME_DATA_AT;
}

int target_send(struct nvme_host *host, const struct rpmb_fields *fields)
{
	uint32_t len = rpmb_frames_len(RPMB_FRAME_NVME, 0);

	rpmb_frames_init(RPMB_FRAME_NVME, frames_of(host), len, fields);
	if (fields->type == RPMB_PROGRAM_KEY)
		memcpy(rpmb_frames_mac(RPMB_FRAME_NVME, frames_of(host), len),
		       nvme_test_key, RPMB_KEY_LEN);
	return nvme_security(host, NVME_SECURITY_SEND, fields->target, len);
}

int target_send_result_read(struct nvme_host *host, uint8_t target)
{
	return target_send(host, &(struct rpmb_fields) {
		.type = RPMB_RESULT_READ,
		.target = target,
	});
}

int target_send_write(struct nvme_host *host, uint8_t target, uint32_t counter,
		      uint32_t addr, uint32_t sectors, uint8_t fill)
{
	uint32_t len = rpmb_frames_len(RPMB_FRAME_NVME, sectors);
	uint8_t *frames = frames_of(host);
	struct rpmb_fields fields = {
		.type = RPMB_WRITE_DATA,
		.counter = counter,
		.addr = addr,
		.count = sectors,
		.target = target,
	};

	rpmb_frames_init(RPMB_FRAME_NVME, frames, len, &fields);
	memset(rpmb_frames_data(RPMB_FRAME_NVME, frames, 0), fill,
	       sectors * NVME_BLOCK_LEN);
	rpmb_frames_hmac(RPMB_FRAME_NVME, frames, len, nvme_test_key,
			 rpmb_frames_mac(RPMB_FRAME_NVME, frames, len));
	return nvme_security(host, NVME_SECURITY_SEND, target, len);
}

int target_receive(struct nvme_host *host, uint8_t target, uint32_t sectors,
		   struct rpmb_fields *fields)
{
	uint32_t len = rpmb_frames_len(RPMB_FRAME_NVME, sectors);
	int status;

	memset(frames_of(host), 0xee, len);
	status = nvme_security(host, NVME_SECURITY_RECEIVE, target, len);
	rpmb_frames_parse(RPMB_FRAME_NVME, frames_of(host), len, fields);
	return status;
}

static void check_mac(const struct nvme_host *host, uint32_t sectors)
{
	uint32_t len = rpmb_frames_len(RPMB_FRAME_NVME, sectors);
	uint8_t mac[RPMB_MAC_LEN];

	rpmb_frames_hmac(RPMB_FRAME_NVME, frames_of(host), len, nvme_test_key, mac);
	check(!memcmp(mac, rpmb_frames_mac(RPMB_FRAME_NVME, frames_of(host),
					   len), sizeof(mac)),
	      "the response has no right MAC");
}

uint16_t target_program(struct nvme_host *host, uint8_t target)
{
	struct rpmb_fields fields = {
		.type = RPMB_PROGRAM_KEY,
		.target = target,
	};

	check_eq(target_send(host, &fields), NVME_SUCCESS);
	check_eq(target_send_result_read(host, target), NVME_SUCCESS);
	check_eq(target_receive(host, target, 0, &fields), NVME_SUCCESS);
	check_eq(fields.type, RPMB_PROGRAM_KEY << 8);
	return fields.result;
}

uint32_t target_counter(struct nvme_host *host, uint8_t target)
{
	struct rpmb_fields fields = {
		.type = RPMB_GET_WRITE_COUNTER,
		.target = target,
		.nonce = NONCE,
	};

	check_eq(target_send(host, &fields), NVME_SUCCESS);
	check_eq(target_receive(host, target, 0, &fields), NVME_SUCCESS);
	check_eq(fields.type, RPMB_GET_WRITE_COUNTER << 8);
	check_eq(fields.result, RPMB_RES_OK);
	check_eq(fields.target, target);
	check(!memcmp(fields.nonce, NONCE, 16), "nonce");
	check_mac(host, 0);
	return fields.counter;
}

uint16_t target_write(struct nvme_host *host, uint8_t target, uint32_t counter,
		      uint32_t addr, uint32_t sectors, uint8_t fill)
{
	struct rpmb_fields fields;

	check_eq(target_send_write(host, target, counter, addr, sectors, fill),
		 NVME_SUCCESS);
	check_eq(target_send_result_read(host, target), NVME_SUCCESS);
	check_eq(target_receive(host, target, 0, &fields), NVME_SUCCESS);
	check_eq(fields.type, RPMB_WRITE_DATA << 8);
	if (!fields.result) {
		check_mac(host, 0);
		check_eq(fields.counter, counter + 1);
		check_eq(fields.addr, addr);
	}
	return fields.result;
}

int target_read(struct nvme_host *host, uint8_t target, uint32_t addr)
{
	const uint8_t *data = rpmb_frames_data(RPMB_FRAME_NVME, frames_of(host),
					       0);
	struct rpmb_fields fields = {
		.type = RPMB_READ_DATA,
		.target = target,
		.addr = addr,
		.count = 1,
		.nonce = NONCE,
	};
	unsigned int i;

	check_eq(target_send(host, &fields), NVME_SUCCESS);
	check_eq(target_receive(host, target, 1, &fields), NVME_SUCCESS);
	check_eq(fields.type, RPMB_READ_DATA << 8);
	check_eq(fields.result, RPMB_RES_OK);
	check_mac(host, 1);
	for (i = 1; i < NVME_BLOCK_LEN; i++)
		if (data[i] != data[0])
			return -1;
	return data[0];
}
