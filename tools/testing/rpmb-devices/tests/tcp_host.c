// SPDX-License-Identifier: GPL-2.0-only
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../common/bytes.h"
#include "tap.h"
#include "tcp_host.h"

#define WAIT_SECONDS 300
#define CONTROLLER_ENABLE 0x00460001	/* entries of 64 and 16 bytes */
#define SECURITY_RPMB (0xeaU << 24 | 0x0001 << 8)

/* Type and identifier of an SGL descriptor */
#define SGL_IN_CAPSULE 0x01
#define SGL_TRANSPORT 0x5a
#define FLAG_SGL 0x40

static const uint8_t key[RPMB_KEY_LEN] = "the key that the tests program";

static const struct machine_program program = {
	.variable = "RPMB_NVME",
	.options = (const char *const[]) {
		"--tcp", "--control", "c", "--device", "device",
		"--controllers", "2", "--access", "64", NULL
	},
};

void tcp_start(struct machine *m)
{
	machine_use(&program);
	machine_spawn(m, NONE);
}

bool tcp_try_dial(struct machine *m, struct tcp_host *host,
		  unsigned int controller)
{
	struct timeval patience = { .tv_sec = WAIT_SECONDS };
	struct sockaddr_in addr = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	char name[16];

	snprintf(name, sizeof(name), "port%u", controller);
	addr.sin_port = htons(machine_tell(m, "ports", name));
	*host = (struct tcp_host) {
		.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0),
	};
	check(host->fd >= 0, "%s", strerror(errno));
	setsockopt(host->fd, SOL_SOCKET, SO_RCVTIMEO, &patience,
		   sizeof(patience));
	setsockopt(host->fd, SOL_SOCKET, SO_SNDTIMEO, &patience,
		   sizeof(patience));
	return !connect(host->fd, (struct sockaddr *)&addr, sizeof(addr));
}

void tcp_dial(struct machine *m, struct tcp_host *host, unsigned int controller)
{
	check(tcp_try_dial(m, host, controller), "%s", strerror(errno));
}

void tcp_hang_up(struct tcp_host *host)
{
	close(host->fd);
	host->fd = -1;
}

bool tcp_hung_up(struct tcp_host *host)
{
	uint8_t byte;
	ssize_t got = recv(host->fd, &byte, 1, 0);

	return !got || (got < 0 && errno == ECONNRESET);
}

void tcp_send(struct tcp_host *host, const void *bytes, size_t len)
{
	check(send(host->fd, bytes, len, MSG_NOSIGNAL) == (ssize_t)len, "%s",
	      strerror(errno));
}

void tcp_send_pdu(struct tcp_host *host, struct tcp_header *header,
		  enum tcp_type type, uint8_t hlen, const void *data,
		  size_t len)
{
	header->type = type;
	header->hlen = hlen;
	header->pdo = len ? hlen : 0;
	header->plen = htole32(hlen + len);
	tcp_send(host, header, hlen);
	if (len)
		tcp_send(host, data, len);
}

static void receive(struct tcp_host *host, void *to, size_t len)
{
	check(recv(host->fd, to, len, MSG_WAITALL) == (ssize_t)len,
	      "no answer: %s", strerror(errno));
}

static void receive_rest(struct tcp_host *host, struct tcp_header *header,
			 void *data, size_t *len)
{
	size_t rest = le32toh(header->plen) - header->hlen;

	receive(host, header + 1, header->hlen - sizeof(*header));
	if (rest) {
		check_eq(header->pdo, header->hlen);
		check(len && rest <= *len, "%zu bytes of data", rest);
		receive(host, data, rest);
	}
	if (len)
		*len = rest;
}

void tcp_receive(struct tcp_host *host, enum tcp_type type, void *pdu,
		 uint8_t hlen, void *data, size_t *len)
{
	struct tcp_header *header = pdu;

	receive(host, header, sizeof(*header));
	check_eq(header->type, type);
	check_eq(header->hlen, hlen);
	receive_rest(host, header, data, len);
}

void tcp_expect_fatal(struct tcp_host *host, enum tcp_fatal fes, uint32_t fei)
{
	uint8_t wrong[TCP_MAX_TERM_DATA];
	size_t len = sizeof(wrong);
	struct tcp_term term;

	tcp_receive(host, TCP_C2H_TERM, &term, sizeof(term), wrong, &len);
	check_eq(le16toh(term.fes), fes);
	check_eq(get_le32(term.fei), fei);
	check(tcp_hung_up(host), "it goes on");
}

void tcp_hello(struct tcp_host *host)
{
	struct tcp_ic request = {}, response;

	tcp_send_pdu(host, &request.header, TCP_ICREQ, sizeof(request), NULL,
		     0);
	tcp_receive(host, TCP_ICRESP, &response, sizeof(response), NULL, NULL);
	check_eq(response.pfv, 0);
	check_eq(response.pda, 0);
	check_eq(response.digest, 0);
	check_eq(le32toh(response.max), TCP_MAX_DATA);
}

void tcp_greet(struct machine *m, struct tcp_host *host,
	       unsigned int controller)
{
	tcp_dial(m, host, controller);
	tcp_hello(host);
}

static void set_sgl(struct nvme_command *command, uint8_t type, uint32_t len)
{
	memset(command->data, 0, sizeof(command->data));
	put_le32(command->data + 8, len);
	command->data[15] = type;
	command->flags = FLAG_SGL;
}

void tcp_in_capsule(struct nvme_command *command, uint32_t len)
{
	set_sgl(command, SGL_IN_CAPSULE, len);
}

void tcp_by_pdus(struct nvme_command *command, uint32_t len)
{
	set_sgl(command, SGL_TRANSPORT, len);
}

uint16_t tcp_post(struct tcp_host *host, struct nvme_command *command,
		  const void *data, size_t len)
{
	struct tcp_command capsule = {};

	command->id = host->next_id++;
	memcpy(capsule.sqe, command, sizeof(*command));
	tcp_send_pdu(host, &capsule.header, TCP_COMMAND, sizeof(capsule), data,
		     len);
	return command->id;
}

/* As much as an H2CData may have, until it is all there */
static void send_data(struct tcp_host *host, const struct tcp_data *r2t,
		      const uint8_t *data, size_t room)
{
	uint32_t total = le32toh(r2t->len), done = 0;

	check(total <= room, "%u bytes are wanted", total);
	while (done < total) {
		uint32_t len = total - done;
		struct tcp_data pdu = {
			.cccid = r2t->cccid,
			.ttag = r2t->ttag,
			.offset = htole32(done),
		};

		if (len > TCP_MAX_DATA)
			len = TCP_MAX_DATA;
		else
			pdu.header.flags = TCP_LAST;
		pdu.len = htole32(len);
		tcp_send_pdu(host, &pdu.header, TCP_H2C_DATA, sizeof(pdu),
			     data + done, len);
		done += len;
	}
}

static struct completion parse_response(const struct tcp_response *response,
					uint32_t got)
{
	return (struct completion) {
		.result = get_le64(response->cqe),
		.status = get_le16(response->cqe + 14) >> 1,
		.id = get_le16(response->cqe + 12),
		.got = got,
	};
}

/* All of a PDU behind its common header, at most an R2T or a response */
struct completion tcp_complete(struct tcp_host *host, void *data, size_t room)
{
	union {
		struct tcp_header header;
		struct tcp_data data;
		struct tcp_response response;
	} pdu;
	uint32_t got = 0;
	size_t len;

	for (;;) {
		receive(host, &pdu.header, sizeof(pdu.header));
		check_eq(pdu.header.hlen, sizeof(pdu.data));
		len = room - got;
		receive_rest(host, &pdu.header, (uint8_t *)data + got, &len);
		switch (pdu.header.type) {
		case TCP_R2T:
			check_eq(le32toh(pdu.data.offset), 0);
			send_data(host, &pdu.data, data, room);
			break;
		case TCP_C2H_DATA:
			check_eq(le32toh(pdu.data.offset), got);
			check_eq(le32toh(pdu.data.len), len);
			got += len;
			break;
		case TCP_RESPONSE:
			return parse_response(&pdu.response, got);
		default:
			tap_fail("a PDU of type %u", pdu.header.type);
		}
	}
}

struct completion tcp_run(struct tcp_host *host, struct nvme_command *command,
			  void *data, uint32_t len)
{
	bool in_capsule = NVME_DIRECTION(command->opcode) == NVME_FROM_HOST &&
			  len <= TCP_MAX_DATA;
	struct completion completion;
	uint16_t id;

	if (in_capsule)
		tcp_in_capsule(command, len);
	else
		tcp_by_pdus(command, len);
	id = tcp_post(host, command, data, in_capsule ? len : 0);
	completion = tcp_complete(host, data, len);
	check_eq(completion.id, id);
	return completion;
}

/* A command of fabrics: where its fields are */
static void set_fabrics(struct nvme_command *command, uint8_t type)
{
	*command = (struct nvme_command) { .opcode = NVME_FABRICS };
	((uint8_t *)command)[4] = type;
}

void tcp_make_connect(struct nvme_command *command, uint8_t data[CONNECT_LEN],
		      uint16_t queue, uint16_t controller)
{
	uint8_t *bytes = (uint8_t *)command;

	set_fabrics(command, 0x01);
	put_le16(bytes + 42, queue);
	put_le16(bytes + 44, 31);
	memset(data, 0, CONNECT_LEN);
	put_le16(data + 16, controller);
	strcpy((char *)data + 256, SUBSYSTEM_NQN);
	strcpy((char *)data + 512, HOST_NQN);
	tcp_in_capsule(command, CONNECT_LEN);
}

struct completion tcp_connect(struct tcp_host *host, uint16_t queue,
			      uint16_t controller)
{
	struct nvme_command command;
	uint8_t data[CONNECT_LEN];

	tcp_make_connect(&command, data, queue, controller);
	tcp_post(host, &command, data, sizeof(data));
	return tcp_complete(host, NULL, 0);
}

struct completion tcp_get_property(struct tcp_host *host, uint32_t offset,
				   bool wide)
{
	struct nvme_command command;

	set_fabrics(&command, 0x04);
	command.dw10 = wide;
	command.dw11 = htole32(offset);
	return tcp_run(host, &command, NULL, 0);
}

struct completion tcp_set_property(struct tcp_host *host, uint32_t offset,
				   bool wide, uint64_t value)
{
	struct nvme_command command;

	set_fabrics(&command, 0x00);
	command.dw10 = wide;
	command.dw11 = htole32(offset);
	command.dw12 = htole32(value);
	command.dw13 = htole32(value >> 32);
	return tcp_run(host, &command, NULL, 0);
}

void tcp_attach(struct machine *m, struct tcp_host *host,
		unsigned int controller)
{
	struct completion completion;

	tcp_greet(m, host, controller);
	completion = tcp_connect(host, 0, ANY_CONTROLLER);
	check_eq(completion.status, NVME_SUCCESS);
	check_eq(completion.result, controller);
	completion = tcp_set_property(host, NVME_CC, false, CONTROLLER_ENABLE);
	check_eq(completion.status, NVME_SUCCESS);
	completion = tcp_get_property(host, NVME_CSTS, false);
	check_eq(completion.status, NVME_SUCCESS);
	check_eq(completion.result, NVME_CSTS_READY);
}

void tcp_attach_io(struct machine *m, struct tcp_host *host,
		   unsigned int controller, uint16_t queue)
{
	tcp_greet(m, host, controller);
	check_eq(tcp_connect(host, queue, controller).status, NVME_SUCCESS);
}

struct nvme_command tcp_security(uint8_t opcode, uint8_t target, uint32_t len)
{
	return (struct nvme_command) {
		.opcode = opcode,
		.dw10 = htole32(SECURITY_RPMB | target),
		.dw11 = htole32(len),
	};
}

uint16_t tcp_security_send(struct tcp_host *host, uint8_t target, void *frames,
			   uint32_t len)
{
	struct nvme_command command =
		tcp_security(NVME_SECURITY_SEND, target, len);

	return tcp_run(host, &command, frames, len).status;
}

struct completion tcp_security_receive(struct tcp_host *host, uint8_t target,
				       void *frames, uint32_t len)
{
	struct nvme_command command =
		tcp_security(NVME_SECURITY_RECEIVE, target, len);

	return tcp_run(host, &command, frames, len);
}

/* The response to what was sent, which has to have the right MAC */
static struct rpmb_fields receive_response(struct tcp_host *host, void *frames,
					   size_t len, bool has_mac)
{
	struct rpmb_fields fields;
	uint8_t mac[RPMB_MAC_LEN];

	check_eq(tcp_security_receive(host, 0, frames, len).status,
		 NVME_SUCCESS);
	check(rpmb_frames_parse(RPMB_FRAME_NVME, frames, len, &fields),
	      "no response");
	rpmb_frames_hmac(RPMB_FRAME_NVME, frames, len, key, mac);
	check(!has_mac || fields.result ||
	      !memcmp(rpmb_frames_mac(RPMB_FRAME_NVME, frames, len), mac,
		      sizeof(mac)), "the response has no right MAC");
	return fields;
}

static void send_fields(struct tcp_host *host, const struct rpmb_fields *fields)
{
	struct rpmb_nvme_frame frame;

	rpmb_frames_init(RPMB_FRAME_NVME, &frame, sizeof(frame), fields);
	check_eq(tcp_security_send(host, 0, &frame, sizeof(frame)),
		 NVME_SUCCESS);
}

static uint16_t read_result(struct tcp_host *host, uint16_t type, bool has_mac)
{
	const struct rpmb_fields result_read = { .type = RPMB_RESULT_READ };
	struct rpmb_nvme_frame frame;
	struct rpmb_fields fields;

	send_fields(host, &result_read);
	fields = receive_response(host, &frame, sizeof(frame), has_mac);
	check_eq(fields.type, type << 8);
	return fields.result;
}

uint16_t tcp_program(struct tcp_host *host)
{
	const struct rpmb_fields fields = { .type = RPMB_PROGRAM_KEY };
	struct rpmb_nvme_frame frame;

	rpmb_frames_init(RPMB_FRAME_NVME, &frame, sizeof(frame), &fields);
	memcpy(rpmb_frames_mac(RPMB_FRAME_NVME, &frame, sizeof(frame)),
	       key, sizeof(key));
	check_eq(tcp_security_send(host, 0, &frame, sizeof(frame)),
		 NVME_SUCCESS);
	return read_result(host, RPMB_PROGRAM_KEY, false);
}

uint32_t tcp_counter(struct tcp_host *host)
{
	const struct rpmb_fields request = {
		.type = RPMB_GET_WRITE_COUNTER,
		.nonce = "a nonce, 16 byte",
	};
	struct rpmb_nvme_frame frame;
	struct rpmb_fields fields;

	send_fields(host, &request);
	fields = receive_response(host, &frame, sizeof(frame), true);
	check_eq(fields.type, RPMB_GET_WRITE_COUNTER << 8);
	check_eq(fields.result, RPMB_RES_OK);
	check(!memcmp(fields.nonce, request.nonce, 16), "nonce");
	return fields.counter;
}

size_t tcp_make_write(void *frames, uint32_t counter, uint32_t addr,
		      unsigned int nr, uint8_t fill)
{
	size_t len = rpmb_frames_len(RPMB_FRAME_NVME, nr);
	const struct rpmb_fields fields = {
		.type = RPMB_WRITE_DATA,
		.counter = counter,
		.addr = addr,
		.count = nr,
	};

	rpmb_frames_init(RPMB_FRAME_NVME, frames, len, &fields);
	memset(rpmb_frames_data(RPMB_FRAME_NVME, frames, 0), fill, nr * 512);
	rpmb_frames_hmac(RPMB_FRAME_NVME, frames, len, key,
			 rpmb_frames_mac(RPMB_FRAME_NVME, frames, len));
	return len;
}

uint16_t tcp_write(struct tcp_host *host, uint32_t counter, uint32_t addr,
		   unsigned int nr, uint8_t fill)
{
	static uint8_t frames[NVME_MAX_FRAMES];
	size_t len = tcp_make_write(frames, counter, addr, nr, fill);

	check_eq(tcp_security_send(host, 0, frames, len), NVME_SUCCESS);
	return read_result(host, RPMB_WRITE_DATA, true);
}

int tcp_read(struct tcp_host *host, uint32_t addr, unsigned int nr)
{
	static uint8_t frames[NVME_MAX_FRAMES];
	size_t len = rpmb_frames_len(RPMB_FRAME_NVME, nr);
	const struct rpmb_fields request = {
		.type = RPMB_READ_DATA,
		.nonce = "another, 16 byte",
		.addr = addr,
		.count = nr,
	};
	const uint8_t *data = rpmb_frames_data(RPMB_FRAME_NVME, frames, 0);
	struct rpmb_fields fields;
	unsigned int i;

	send_fields(host, &request);
	fields = receive_response(host, frames, len, true);
	check_eq(fields.type, RPMB_READ_DATA << 8);
	check_eq(fields.result, RPMB_RES_OK);
	for (i = 1; i < nr * 512; i++)
		if (data[i] != data[0])
			return -1;
	return data[0];
}
