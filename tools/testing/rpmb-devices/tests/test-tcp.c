// SPDX-License-Identifier: GPL-2.0-only
/*
 * NVMe over TCP, as hosts use it: associations, commands, and links that are lost
 */
#include <errno.h>
#include <string.h>

#include "../common/bytes.h"
#include "tap.h"
#include "tcp_host.h"

/* The statuses of Connect, with the bit that says not to try again */
#define FINAL NVME_DO_NOT_RETRY
#define CONNECT_FORMAT (0x180 | FINAL)
#define CONNECT_INVALID (0x182 | FINAL)

#define NORMAL_SHUTDOWN (1U << 14) /* of CC */

static struct machine m;
static struct tcp_host host, other;

static void start(void)
{
	tcp_start(&m);
	tcp_attach(&m, &host, 1);
}

static void greeting(void)
{
	tcp_start(&m);
	tcp_greet(&m, &host, 1);
}

static struct completion connect_with(struct nvme_command *command,
				      const uint8_t *data)
{
	tcp_greet(&m, &host, 1);
	tcp_post(&host, command, data, CONNECT_LEN);
	return tcp_complete(&host, NULL, 0);
}

static void check_refused(struct nvme_command *command, const uint8_t *data,
			  uint16_t status, uint32_t what)
{
	struct completion completion = connect_with(command, data);

	check_eq(completion.status, status);
	check_eq(completion.result, what);
	tcp_hang_up(&host);
}

/* A field of the command, or with bit 16 of the data */
static void wrong_connects(void)
{
	struct nvme_command command;
	uint8_t *bytes = (uint8_t *)&command;
	uint8_t data[CONNECT_LEN];

	tcp_start(&m);
	tcp_make_connect(&command, data, 0, ANY_CONTROLLER);
	put_le16(bytes + 40, 1);
	check_refused(&command, data, CONNECT_FORMAT, 0);
	tcp_make_connect(&command, data, 0, ANY_CONTROLLER);
	put_le16(bytes + 44, 0);
	check_refused(&command, data, CONNECT_INVALID, 44);
	tcp_make_connect(&command, data, 0, ANY_CONTROLLER);
	put_le16(bytes + 44, 256);
	check_refused(&command, data, CONNECT_INVALID, 44);
	tcp_make_connect(&command, data, 0, 2);
	check_refused(&command, data, CONNECT_INVALID, 1 << 16 | 16);
	tcp_make_connect(&command, data, 0, ANY_CONTROLLER);
	data[256 + strlen(SUBSYSTEM_NQN)] = 'x';
	check_refused(&command, data, CONNECT_INVALID, 1 << 16 | 256);
	memset(data + 256, 'x', 256);
	check_refused(&command, data, CONNECT_INVALID, 1 << 16 | 256);
	tcp_make_connect(&command, data, 0, ANY_CONTROLLER);
	data[512] = '\0';
	check_refused(&command, data, CONNECT_INVALID, 1 << 16 | 512);
	tcp_make_connect(&command, data, 0, 1);
	check_eq(connect_with(&command, data).status, NVME_SUCCESS);
}

static uint16_t connect_io(uint16_t queue, uint16_t controller)
{
	tcp_greet(&m, &other, 1);
	return tcp_connect(&other, queue, controller).status;
}

/* Those for I/O come after the one for admin commands, and once */
static void queues(void)
{
	tcp_start(&m);
	check_eq(connect_io(1, 1), NVME_SEQUENCE_ERROR | FINAL);
	tcp_attach(&m, &host, 1);
	check_eq(tcp_connect(&host, 1, 1).status, NVME_SEQUENCE_ERROR | FINAL);
	check_eq(connect_io(1, 2), CONNECT_INVALID);
	check_eq(connect_io(17, 1), CONNECT_INVALID);
	check_eq(connect_io(UINT16_MAX, 1), CONNECT_INVALID);
	check_eq(connect_io(16, 1), NVME_SUCCESS);
	check_eq(connect_io(16, 1), CONNECT_INVALID);
	check_eq(tcp_program(&host), RPMB_RES_OK);
}

static void properties(void)
{
	struct completion completion;

	tcp_start(&m);
	tcp_greet(&m, &host, 1);
	check_eq(tcp_get_property(&host, NVME_CAP, true).status,
		 NVME_SEQUENCE_ERROR | FINAL);
	check_eq(tcp_connect(&host, 0, ANY_CONTROLLER).status, NVME_SUCCESS);
	completion = tcp_get_property(&host, NVME_CAP, true);
	check_eq(completion.status, NVME_SUCCESS);
	check_eq(completion.result & 0xffff, 255);
	check_eq(tcp_get_property(&host, NVME_CAP, false).status,
		 NVME_INVALID_FIELD | FINAL);
	check_eq(tcp_get_property(&host, NVME_VS, true).status,
		 NVME_INVALID_FIELD | FINAL);
	check_eq(tcp_get_property(&host, 0x1000, false).status,
		 NVME_INVALID_FIELD | FINAL);
	check_eq(tcp_set_property(&host, NVME_CAP, true, 0).status,
		 NVME_INVALID_FIELD | FINAL);
	check_eq(tcp_set_property(&host, NVME_CC, true, 0).status,
		 NVME_INVALID_FIELD | FINAL);
}

static struct completion identify(struct tcp_host *at, uint8_t *data)
{
	struct nvme_command command = {
		.opcode = NVME_IDENTIFY,
		.dw10 = htole32(1),
	};

	return tcp_run(at, &command, data, NVME_IDENTIFY_LEN);
}

static void not_ready(void)
{
	uint8_t data[NVME_IDENTIFY_LEN];

	tcp_start(&m);
	tcp_greet(&m, &host, 1);
	check_eq(identify(&host, data).status, NVME_SEQUENCE_ERROR | FINAL);
	check_eq(tcp_connect(&host, 0, ANY_CONTROLLER).status, NVME_SUCCESS);
	check_eq(identify(&host, data).status, NVME_SEQUENCE_ERROR | FINAL);
}

static void identity(void)
{
	uint8_t data[NVME_IDENTIFY_LEN];

	start();
	check_eq(identify(&host, data).status, NVME_SUCCESS);
	check_eq(identify(&host, data).got, NVME_IDENTIFY_LEN);
	check_eq(get_le16(data + 78), 1);
	check_eq(get_le32(data + 1792), (64 + TCP_MAX_DATA) / 16);
	check(!strcmp((char *)data + 768, SUBSYSTEM_NQN), "%s", data + 768);
}

static void keep_alive(void)
{
	struct nvme_command command = { .opcode = NVME_KEEP_ALIVE };

	start();
	check_eq(tcp_run(&host, &command, NULL, 0).status, NVME_SUCCESS);
}

/* Data in the capsule, in one PDU, and in several */
static void rpmb(void)
{
	start();
	check_eq(tcp_program(&host), RPMB_RES_OK);
	check_eq(tcp_write(&host, 0, 8, 1, 0x11), RPMB_RES_OK);
	check_eq(tcp_write(&host, 1, 16, 48, 0x22), RPMB_RES_OK);
	check_eq(tcp_write(&host, 1, 16, 48, 0x33), RPMB_RES_COUNTER);
	check_eq(tcp_read(&host, 8, 1), 0x11);
	check_eq(tcp_read(&host, 16, 48), 0x22);
	check_eq(tcp_counter(&host), 2);
}

static uint16_t io(struct tcp_host *at, uint8_t opcode, void *data,
		   uint32_t blocks)
{
	struct nvme_command command = {
		.opcode = opcode,
		.nsid = htole32(1),
		.dw12 = htole32(blocks - 1),
	};

	return tcp_run(at, &command, data, blocks * NVME_BLOCK_LEN).status;
}

static void namespace_data(void)
{
	static uint8_t data[64 * NVME_BLOCK_LEN], back[sizeof(data)];

	start();
	tcp_attach_io(&m, &other, 1, 1);
	memset(data, 0x5a, sizeof(data));
	check_eq(io(&other, NVME_WRITE, data, 64), NVME_SUCCESS);
	check_eq(io(&other, NVME_READ, back, 64), NVME_SUCCESS);
	check(!memcmp(data, back, sizeof(data)), "what is read is not that");
	check_eq(io(&other, NVME_WRITE, data, 1), NVME_SUCCESS);
}

/* Send a write to target 0, and wait for no answer */
static void post_write(struct tcp_host *at, uint32_t counter)
{
	uint8_t frames[1024];
	size_t len = tcp_make_write(frames, counter, 0, 1, counter);
	struct nvme_command command = tcp_security(NVME_SECURITY_SEND, 0, len);

	tcp_in_capsule(&command, len);
	tcp_post(at, &command, frames, len);
}

/* Both controllers lead to the same targets, and one goes without the other */
static void two_paths(void)
{
	start();
	tcp_attach(&m, &other, 2);
	check_eq(tcp_program(&host), RPMB_RES_OK);
	check_eq(tcp_write(&other, 0, 0, 1, 0x44), RPMB_RES_OK);
	check_eq(tcp_read(&host, 0, 1), 0x44);
	machine_tell(&m, "link 1 refuse", NULL);
	check(tcp_hung_up(&host), "it is still connected");
	check_eq(tcp_counter(&other), 1);
}

/* What was carried out stays so, whether the host has heard of it or not */
static void lost_after(void)
{
	start();
	check_eq(tcp_program(&host), RPMB_RES_OK);
	machine_tell(&m, "fault delay-after cmd=129 type=3", NULL);
	post_write(&host, 0);
	machine_tell(&m, "wait", NULL);
	machine_tell(&m, "link 1 drop", NULL);
	check(tcp_hung_up(&host), "it is still connected");
	tcp_attach(&m, &host, 1);
	check_eq(tcp_counter(&host), 1);
	machine_tell(&m, "release", NULL);
	check_eq(tcp_counter(&host), 1);
}

/* And what was not is never carried out */
static void lost_before(void)
{
	start();
	check_eq(tcp_program(&host), RPMB_RES_OK);
	machine_tell(&m, "fault delay-before cmd=129 type=3", NULL);
	post_write(&host, 0);
	machine_tell(&m, "wait", NULL);
	machine_tell(&m, "link 1 drop", NULL);
	tcp_attach(&m, &host, 1);
	machine_tell(&m, "release", NULL);
	check_eq(tcp_counter(&host), 0);
}

static void refused(void)
{
	start();
	machine_tell(&m, "link 1 refuse", NULL);
	check(tcp_hung_up(&host), "it is still connected");
	check(!tcp_try_dial(&m, &host, 1), "it accepts");
	check_eq(errno, ECONNREFUSED);
	machine_tell(&m, "link 1 up", NULL);
	tcp_attach(&m, &host, 1);
}

/* Neither heard nor answered, then or later */
static void hole(void)
{
	start();
	check_eq(tcp_program(&host), RPMB_RES_OK);
	machine_tell(&m, "link 1 hole", NULL);
	post_write(&host, 0);
	tcp_dial(&m, &other, 1);
	machine_tell(&m, "link 1 up", NULL);
	check(tcp_hung_up(&host), "it is still connected");
	check(tcp_hung_up(&other), "this one, too");
	tcp_attach(&m, &host, 1);
	check_eq(tcp_counter(&host), 0);
	check_eq(machine_tell(&m, "stats", "target0.request3"), 0);
}

/* One host at a time, the last one */
static void taken_over(void)
{
	struct tcp_host queue;

	start();
	tcp_attach_io(&m, &queue, 1, 1);
	check_eq(tcp_program(&host), RPMB_RES_OK);
	tcp_attach(&m, &other, 1);
	check(tcp_hung_up(&host), "the first host is still connected");
	check(tcp_hung_up(&queue), "and its other queue");
	check_eq(tcp_counter(&other), 0);
}

/* The whole association ends with its admin queue, and no other */
static void admin_queue_lost(void)
{
	struct tcp_host queue;

	start();
	tcp_attach(&m, &other, 2);
	tcp_attach_io(&m, &queue, 1, 1);
	tcp_hang_up(&host);
	check(tcp_hung_up(&queue), "the queue for I/O is still connected");
	check_eq(tcp_program(&other), RPMB_RES_OK);
}

/* A queue for I/O goes alone, with what it had to do, and comes back alone */
static void io_queue_lost(void)
{
	struct nvme_command command = {
		.opcode = NVME_WRITE,
		.nsid = htole32(1),
	};
	uint8_t block[NVME_BLOCK_LEN] = { 0x5a };

	start();
	tcp_attach_io(&m, &other, 1, 1);
	machine_tell(&m, "fault delay-before cmd=1", NULL);
	tcp_in_capsule(&command, sizeof(block));
	tcp_post(&other, &command, block, sizeof(block));
	machine_tell(&m, "wait", NULL);
	tcp_hang_up(&other);
	tcp_attach_io(&m, &other, 1, 1);
	machine_tell(&m, "release", NULL);
	check_eq(io(&other, NVME_READ, block, 1), NVME_SUCCESS);
	check_eq(block[0], 0);

	tcp_hang_up(&other);
	check_eq(tcp_set_property(&host, NVME_CC, false,
				  NVME_CC_ENABLE | NORMAL_SHUTDOWN).status,
		 NVME_SUCCESS);
	check_eq(tcp_get_property(&host, NVME_CSTS, false).result,
		 NVME_CSTS_READY | NVME_CSTS_SHUTDOWN_COMPLETE);
}

/* A reset by the host takes the queues for I/O, and leaves the one for admin commands */
static void reset(void)
{
	uint8_t data[NVME_IDENTIFY_LEN];

	start();
	tcp_attach_io(&m, &other, 1, 1);
	check_eq(tcp_set_property(&host, NVME_CC, false, 0).status,
		 NVME_SUCCESS);
	check(tcp_hung_up(&other), "the queue for I/O is still there");
	check_eq(tcp_get_property(&host, NVME_CSTS, false).result, 0);
	check_eq(identify(&host, data).status, NVME_SEQUENCE_ERROR | FINAL);
}

static void removed(void)
{
	struct nvme_command command = { .opcode = NVME_IDENTIFY };

	start();
	tcp_attach(&m, &other, 2);
	machine_tell(&m, "fault remove-before cmd=6", NULL);
	tcp_by_pdus(&command, NVME_IDENTIFY_LEN);
	tcp_post(&host, &command, NULL, 0);
	check(tcp_hung_up(&host), "it is still connected");
	tcp_dial(&m, &host, 1);
	check(tcp_hung_up(&host), "it serves, although it was removed");
	machine_tell(&m, "insert", NULL);
	tcp_attach(&m, &host, 1);
	check_eq(tcp_program(&other), RPMB_RES_OK);
}

static const struct test tests[] = {
	{ "ICReq is answered", greeting },
	{ "Connect: what is wrong is refused, and said", wrong_connects },
	{ "Connect: which queue, and when", queues },
	{ "properties", properties },
	{ "no command before the controller is enabled", not_ready },
	{ "Identify", identity },
	{ "Keep Alive", keep_alive },
	{ "RPMB: data in capsules and by R2T", rpmb },
	{ "the namespace", namespace_data },
	{ "two controllers are two ways to one target", two_paths },
	{ "the link is lost after a write", lost_after },
	{ "the link is lost before a write", lost_before },
	{ "the link refuses, and accepts again", refused },
	{ "the link is a hole, and accepts again", hole },
	{ "another host takes over", taken_over },
	{ "the admin queue is lost, and its association", admin_queue_lost },
	{ "a queue for I/O is lost, alone", io_queue_lost },
	{ "a reset by the host", reset },
	{ "the controller is removed, and comes back", removed },
};

int main(int argc, char **argv)
{
	return machine_run_tests(argc, argv, tests, ARRAY_SIZE(tests));
}
