// SPDX-License-Identifier: GPL-2.0-only
/*
 * NVMe over TCP: rubbish from a host. It is told what was wrong and hung up on, and
 * others are served on.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "../common/bytes.h"
#include "noise.h"
#include "tap.h"
#include "tcp_host.h"

/* Statuses of commands whose SGL is wrong */
#define FINAL NVME_DO_NOT_RETRY
#define INVALID_SGL_LEN (0x0f | FINAL)
#define INVALID_SGL_TYPE (0x11 | FINAL)
#define INVALID_SGL_OFFSET (0x16 | FINAL)

#define MAX_CONNECTIONS 16

static struct machine m;
static struct tcp_host host, other;

/* Another host is there all the time */
static void start(void)
{
	tcp_start(&m);
	tcp_attach(&m, &other, 2);
	check_eq(tcp_program(&other), RPMB_RES_OK);
}

static void check_works(void)
{
	check_eq(tcp_counter(&other), 0);
	tcp_attach(&m, &host, 1);
	check_eq(tcp_counter(&host), 0);
	tcp_hang_up(&host);
}

/* The host is told what is wrong, and lets go */
static void expect_end(enum tcp_fatal fes, uint32_t fei)
{
	tcp_expect_fatal(&host, fes, fei);
	tcp_hang_up(&host);
}

/* Types, flags, header lengths, data offsets, lengths of all; and what is wrong */
static void wrong_headers(void)
{
	static const struct {
		struct tcp_header header;
		enum tcp_fatal fes;
		uint32_t fei;
	} wrong[] = {
		{ { 0x01, 0, 128, 0, 128 }, TCP_INVALID_HEADER, 0 },
		{ { 0x03, 0, 24, 0, 24 }, TCP_INVALID_HEADER, 0 },
		{ { 0x05, 0, 24, 0, 24 }, TCP_INVALID_HEADER, 0 },
		{ { 0x07, 0, 24, 24, 32 }, TCP_INVALID_HEADER, 0 },
		{ { 0x08, 0, 24, 0, 24 }, TCP_INVALID_HEADER, 0 },
		{ { 0x09, 0, 24, 0, 24 }, TCP_INVALID_HEADER, 0 },
		{ { 0xff, 0, 24, 0, 24 }, TCP_INVALID_HEADER, 0 },
		{ { 0x04, 1, 72, 0, 72 }, TCP_INVALID_HEADER, 1 },
		{ { 0x04, 2, 72, 0, 72 }, TCP_INVALID_HEADER, 1 },
		{ { 0x04, 0, 71, 0, 72 }, TCP_INVALID_HEADER, 2 },
		{ { 0x04, 0, 0, 0, 72 }, TCP_INVALID_HEADER, 2 },
		{ { 0x00, 0, 72, 0, 128 }, TCP_INVALID_HEADER, 2 },
		{ { 0x06, 0, 128, 24, 32 }, TCP_INVALID_HEADER, 2 },
		{ { 0x04, 0, 72, 0, 71 }, TCP_INVALID_HEADER, 4 },
		{ { 0x04, 0, 72, 0, 0 }, TCP_INVALID_HEADER, 4 },
		{ { 0x04, 0, 72, 0, 8 }, TCP_INVALID_HEADER, 4 },
		{ { 0x00, 0, 128, 0, 129 }, TCP_INVALID_HEADER, 4 },
		{ { 0x02, 0, 24, 0, 153 }, TCP_INVALID_HEADER, 4 },
		{ { 0x04, 0, 72, 0, 73 }, TCP_INVALID_HEADER, 3 },
		{ { 0x04, 0, 72, 76, 80 }, TCP_INVALID_HEADER, 3 },
		{ { 0x06, 0, 24, 20, 32 }, TCP_INVALID_HEADER, 3 },
		{ { 0x04, 0, 72, 72, 8265 }, TCP_LIMIT_EXCEEDED, 0 },
		{ { 0x04, 0, 72, 72, UINT32_MAX }, TCP_LIMIT_EXCEEDED, 0 },
		{ { 0x06, 0, 24, 24, 8217 }, TCP_LIMIT_EXCEEDED, 0 },
	};
	unsigned int i;

	start();
	for (i = 0; i < ARRAY_SIZE(wrong); i++) {
		struct tcp_header header = wrong[i].header;

		tap_note("header %u", i);
		header.plen = htole32(header.plen);
		tcp_greet(&m, &host, 1);
		tcp_send(&host, &header, sizeof(header));
		expect_end(wrong[i].fes, wrong[i].fei);
	}
	check_works();
}

static void send_greeting(uint16_t version, uint8_t alignment)
{
	struct tcp_ic request = {
		.pfv = htole16(version),
		.pda = alignment,
	};

	tcp_send_pdu(&host, &request.header, TCP_ICREQ, sizeof(request), NULL,
		     0);
}

static void wrong_greetings(void)
{
	struct tcp_command command = {};

	start();
	tcp_dial(&m, &host, 1);
	tcp_send_pdu(&host, &command.header, TCP_COMMAND, sizeof(command), NULL,
		     0);
	expect_end(TCP_SEQUENCE_ERROR, 0);
	tcp_greet(&m, &host, 1);
	send_greeting(0, 0);
	expect_end(TCP_SEQUENCE_ERROR, 0);
	tcp_dial(&m, &host, 1);
	send_greeting(1, 0);
	expect_end(TCP_UNSUPPORTED, 8);
	tcp_dial(&m, &host, 1);
	send_greeting(0, 1);
	expect_end(TCP_UNSUPPORTED, 10);
	check_works();
}

/* A host that dies at any byte of a PDU, and one that is slow */
static void cut_pdus(void)
{
	struct tcp_ic request = {
		.header = { .hlen = sizeof(request) },
	}, response;
	const uint8_t *bytes = (const uint8_t *)&request;
	unsigned int i;

	request.header.plen = htole32(sizeof(request));
	start();
	for (i = 0; i < sizeof(request); i += 7) {
		tcp_dial(&m, &host, 1);
		tcp_send(&host, &request, i);
		tcp_hang_up(&host);
	}
	tcp_dial(&m, &host, 1);
	for (i = 0; i < sizeof(request); i++)
		tcp_send(&host, bytes + i, 1);
	tcp_receive(&host, TCP_ICRESP, &response, sizeof(response), NULL, NULL);
	tcp_hang_up(&host);
	check_works();
}

/* What is wrong with it is the command's status, and the connection goes on */
static void wrong_sgls(void)
{
	static const struct {
		uint8_t flags;
		uint8_t type;
		uint8_t addr;
		uint32_t len;
		uint16_t status;
	} wrong[] = {
		{ 0x00, 0x01, 0, 256, NVME_INVALID_FIELD | FINAL },
		{ 0x80, 0x01, 0, 256, NVME_INVALID_FIELD | FINAL },
		{ 0x40, 0x00, 0, 256, INVALID_SGL_TYPE },
		{ 0x40, 0x02, 0, 256, INVALID_SGL_TYPE },
		{ 0x40, 0xff, 0, 256, INVALID_SGL_TYPE },
		{ 0x40, 0x01, 8, 256, INVALID_SGL_OFFSET },
		{ 0x40, 0x01, 0, 255, INVALID_SGL_LEN },
		{ 0x40, 0x01, 0, 257, INVALID_SGL_LEN },
		{ 0x40, 0x01, 0, UINT32_MAX, INVALID_SGL_LEN },
		{ 0x40, 0x5a, 0, 256, INVALID_SGL_LEN },
	};
	struct rpmb_nvme_frame frame = {};
	unsigned int i;

	start();
	tcp_attach(&m, &host, 1);
	for (i = 0; i < ARRAY_SIZE(wrong); i++) {
		struct nvme_command command =
			tcp_security(NVME_SECURITY_SEND, 0, sizeof(frame));

		tap_note("SGL %u", i);
		command.flags = wrong[i].flags;
		command.data[0] = wrong[i].addr;
		put_le32(command.data + 8, wrong[i].len);
		command.data[15] = wrong[i].type;
		tcp_post(&host, &command, &frame, sizeof(frame));
		check_eq(tcp_complete(&host, NULL, 0).status, wrong[i].status);
	}
	check_eq(tcp_counter(&host), 0);
	check_eq(machine_tell(&m, "stats", "target0.request0"), 0);
}

/* Less room than the command is about, or more than there may be */
static void wrong_lengths(void)
{
	static uint8_t data[NVME_IDENTIFY_LEN];
	struct nvme_command identify = { .opcode = NVME_IDENTIFY };
	struct nvme_command send =
		tcp_security(NVME_SECURITY_SEND, 0, UINT32_MAX);
	struct nvme_command receive =
		tcp_security(NVME_SECURITY_RECEIVE, 0, 256 * 1024 + 1);

	start();
	tcp_attach(&m, &host, 1);
	tcp_by_pdus(&identify, NVME_IDENTIFY_LEN - 1);
	tcp_post(&host, &identify, NULL, 0);
	check_eq(tcp_complete(&host, data, sizeof(data)).status,
		 INVALID_SGL_LEN);
	tcp_in_capsule(&identify, NVME_IDENTIFY_LEN);
	tcp_post(&host, &identify, data, NVME_IDENTIFY_LEN);
	check_eq(tcp_complete(&host, data, sizeof(data)).status,
		 INVALID_SGL_TYPE);
	tcp_by_pdus(&send, UINT32_MAX);
	tcp_post(&host, &send, NULL, 0);
	check_eq(tcp_complete(&host, NULL, 0).status,
		 NVME_INVALID_FIELD | FINAL);
	tcp_by_pdus(&receive, UINT32_MAX);
	tcp_post(&host, &receive, NULL, 0);
	check_eq(tcp_complete(&host, NULL, 0).status,
		 NVME_INVALID_FIELD | FINAL);
	check_eq(tcp_counter(&host), 0);
}

#define WRITE_LEN (2 * TCP_MAX_DATA)

static void post_send(void)
{
	struct nvme_command command = tcp_security(NVME_SECURITY_SEND, 0,
						   WRITE_LEN);

	tcp_by_pdus(&command, WRITE_LEN);
	tcp_post(&host, &command, NULL, 0);
}

/* A command that waits for its data */
static struct tcp_data ask(void)
{
	struct tcp_data r2t;

	post_send();
	tcp_receive(&host, TCP_R2T, &r2t, sizeof(r2t), NULL, NULL);
	check_eq(le32toh(r2t.offset), 0);
	check_eq(le32toh(r2t.len), WRITE_LEN);
	return r2t;
}

static struct tcp_data attach_and_ask(void)
{
	tcp_attach(&m, &host, 1);
	return ask();
}

static void send_data(struct tcp_data pdu, uint32_t len)
{
	static const uint8_t data[TCP_MAX_DATA];

	tcp_send_pdu(&host, &pdu.header, TCP_H2C_DATA, sizeof(pdu), data, len);
}

/* Some of what was asked for, with the right length */
static void send_part(struct tcp_data pdu, uint32_t offset, uint32_t len)
{
	pdu.offset = htole32(offset);
	pdu.len = htole32(len);
	send_data(pdu, len);
}

static void send_last(struct tcp_data pdu, uint32_t offset, uint32_t len)
{
	pdu.header.flags = TCP_LAST;
	send_part(pdu, offset, len);
}

/* Changes of what has to come first: flags, tag, command, offset, length, data */
static void wrong_data(void)
{
	static const struct {
		uint8_t flags;
		uint16_t ttag;
		uint16_t cccid;
		uint32_t offset;
		uint32_t len;
		uint32_t sent;
		enum tcp_fatal fes;
		uint32_t fei;
	} wrong[] = {
		{ 0, 1, 0, 0, 64, 64, TCP_INVALID_HEADER, 10 },
		{ 0, 256, 0, 0, 64, 64, TCP_INVALID_HEADER, 10 },
		{ 0, UINT16_MAX, 0, 0, 64, 64, TCP_INVALID_HEADER, 10 },
		{ 0, 0, 1, 0, 64, 64, TCP_INVALID_HEADER, 8 },
		{ 0, 0, 0, 0, 0, 0, TCP_INVALID_HEADER, 16 },
		{ 0, 0, 0, 0, 65, 64, TCP_INVALID_HEADER, 16 },
		{ 0, 0, 0, 0, UINT32_MAX, 64, TCP_INVALID_HEADER, 16 },
		{ 0, 0, 0, 64, 64, 64, TCP_OUT_OF_RANGE, 12 },
		{ 0, 0, 0, UINT32_MAX, 64, 64, TCP_OUT_OF_RANGE, 12 },
		{ TCP_LAST, 0, 0, 0, 64, 64, TCP_INVALID_HEADER, 1 },
	};
	unsigned int i;

	start();
	for (i = 0; i < ARRAY_SIZE(wrong); i++) {
		struct tcp_data pdu;

		tap_note("data %u", i);
		pdu = attach_and_ask();
		pdu.header.flags = wrong[i].flags;
		pdu.ttag += wrong[i].ttag;
		pdu.cccid += wrong[i].cccid;
		pdu.offset = htole32(wrong[i].offset);
		pdu.len = htole32(wrong[i].len);
		send_data(pdu, wrong[i].sent);
		expect_end(wrong[i].fes, wrong[i].fei);
	}
	check_works();
}

static void too_much_data(void)
{
	struct tcp_data r2t;

	start();
	r2t = attach_and_ask();
	send_part(r2t, 0, 64);
	send_part(r2t, 64, TCP_MAX_DATA);
	send_part(r2t, 64 + TCP_MAX_DATA, TCP_MAX_DATA);
	expect_end(TCP_OUT_OF_RANGE, 12);
	check_works();
}

/* The last of it without saying so, and twice */
static void wrong_last_data(void)
{
	struct tcp_data r2t;

	start();
	r2t = attach_and_ask();
	send_part(r2t, 0, TCP_MAX_DATA);
	send_part(r2t, TCP_MAX_DATA, TCP_MAX_DATA);
	expect_end(TCP_INVALID_HEADER, 1);

	r2t = attach_and_ask();
	send_part(r2t, 0, TCP_MAX_DATA);
	send_last(r2t, TCP_MAX_DATA, TCP_MAX_DATA);
	check_eq(tcp_complete(&host, NULL, 0).status, NVME_SUCCESS);
	send_last(r2t, TCP_MAX_DATA, TCP_MAX_DATA);
	expect_end(TCP_INVALID_HEADER, 10);
	check_works();
}

/* What waited for its data is forgotten: its tag is wrong before all else */
static void reset_before_data(void)
{
	struct tcp_data r2t;

	start();
	r2t = attach_and_ask();
	check_eq(tcp_set_property(&host, NVME_CC, false, 0).status,
		 NVME_SUCCESS);
	r2t.cccid++;
	send_part(r2t, 0, 64);
	expect_end(TCP_INVALID_HEADER, 10);
	check_works();
}

/* As many as the queue has entries, and then one more */
static void too_many_commands(void)
{
	unsigned int i;

	start();
	tcp_attach(&m, &host, 1);
	for (i = 0; i < 32; i++)
		check_eq(ask().ttag, i);
	post_send();
	expect_end(TCP_SEQUENCE_ERROR, 0);
	check_works();
}

static void host_gives_up(void)
{
	struct tcp_term term = { .fes = htole16(TCP_INVALID_HEADER) };
	uint8_t header[16] = {};

	start();
	tcp_attach(&m, &host, 1);
	ask();
	tcp_send_pdu(&host, &term.header, TCP_H2C_TERM, sizeof(term), header,
		     sizeof(header));
	check(tcp_hung_up(&host), "it goes on");
	check_works();
}

/* One more than it has room for; when one goes, there is room again */
static void too_many_connections(void)
{
	struct tcp_host hosts[MAX_CONNECTIONS];
	unsigned int i;

	start();
	for (i = 0; i < MAX_CONNECTIONS; i++)
		tcp_greet(&m, &hosts[i], 1);
	tcp_dial(&m, &host, 1);
	check(tcp_hung_up(&host), "it serves more");
	for (i = 0; i < MAX_CONNECTIONS; i++)
		tcp_hang_up(&hosts[i]);
	machine_tell(&m, "link 1 drop", NULL);
	check_works();
}

/* Commands without end, and nobody who reads the answers */
static void deaf_host(void)
{
	struct timeval now = { .tv_usec = 1 };
	struct nvme_command command = {
		.opcode = NVME_IDENTIFY,
		.dw10 = htole32(1),
	};
	struct tcp_command capsule = {
		.header = {
			.type = TCP_COMMAND,
			.hlen = sizeof(capsule),
			.plen = htole32(sizeof(capsule)),
		},
	};

	start();
	tcp_attach(&m, &host, 1);
	tcp_by_pdus(&command, NVME_IDENTIFY_LEN);
	memcpy(capsule.sqe, &command, sizeof(command));
	setsockopt(host.fd, SOL_SOCKET, SO_SNDTIMEO, &now, sizeof(now));
	while (send(host.fd, &capsule, sizeof(capsule), MSG_NOSIGNAL) > 0)
		;
	check_eq(errno, EAGAIN);
	check_eq(tcp_counter(&other), 0);
	tcp_hang_up(&host);
	check_works();
}

/* Right in what comes first, mostly; the rest is anything */
static void send_noise(void)
{
	static const uint8_t types[] = { 0, 2, 4, 4, 4, 4, 6, 6 };
	static const uint8_t lens[] = { [0] = 128, [2] = 24, [4] = 72, [6] = 24 };
	uint32_t pdu[64];
	struct tcp_header *header = (struct tcp_header *)pdu;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(pdu); i++)
		pdu[i] = noise() % 4 ? noise() % 4 : noise();
	header->type = types[noise() % ARRAY_SIZE(types)];
	header->flags = noise() % 8 ? 0 : noise();
	header->hlen = lens[header->type];
	header->pdo = header->hlen;
	header->plen = htole32(header->hlen + (noise() % 4 ? 0 : noise() % 64));
	if (header->type == 4 && noise() % 2)
		((uint8_t *)pdu)[9] = 0x40;
	send(host.fd, pdu, le32toh(header->plen), MSG_NOSIGNAL);
}

static void fuzz(void)
{
	unsigned int i;

	start();
	for (i = 0; i < 500; i++) {
		tcp_dial(&m, &host, 1);
		if (i % 4)
			tcp_hello(&host);
		if (i % 4 > 1)
			tcp_connect(&host, 0, ANY_CONTROLLER);
		if (i % 4 > 2)
			tcp_set_property(&host, NVME_CC, false, 0x00460001);
		while (noise() % 16)
			send_noise();
		tcp_hang_up(&host);
	}
	check_works();
}

static const struct test tests[] = {
	{ "headers that are wrong", wrong_headers },
	{ "greetings that are wrong", wrong_greetings },
	{ "PDUs that are cut, and a host that is slow", cut_pdus },
	{ "SGLs that are wrong", wrong_sgls },
	{ "lengths that do not fit the command", wrong_lengths },
	{ "data that was not asked for", wrong_data },
	{ "data beyond what was asked for", too_much_data },
	{ "data whose end is not said, or twice", wrong_last_data },
	{ "a reset while data is awaited", reset_before_data },
	{ "more commands than the queue has entries", too_many_commands },
	{ "a host that gives up", host_gives_up },
	{ "too many connections", too_many_connections },
	{ "a host that does not listen", deaf_host },
	{ "500 hosts with random PDUs", fuzz },
};

int main(int argc, char **argv)
{
	return machine_run_tests(argc, argv, tests, ARRAY_SIZE(tests));
}
