// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the PDUs of a connection say
 */
#include <stdlib.h>
#include <string.h>

#include "bytes.h"
#include "tcp_queue.h"

/* The SGL descriptor of a command */
enum sgl_offset {
	SGL_ADDR = 0,
	SGL_LEN = 8,
	SGL_TYPE = 15,
};

enum sgl_type {
	SGL_IN_CAPSULE = 0x01,	/* data block, at an offset */
	SGL_TRANSPORT = 0x5a,	/* transport data block: by R2T, or C2HData */
};

#define PSDT_SGL 0x40

_Static_assert(TCP_MAX_DATA == NVME_CAPSULE_DATA, "as Identify says");

static void fail(struct tcp_queue *queue, enum tcp_fatal fes, uint32_t fei)
{
	tcp_connection_fail(&queue->connection,
			    (struct tcp_error) { fes, fei });
}

static void handle_icreq(struct tcp_queue *queue, const struct tcp_ic *request)
{
	struct tcp_ic response = {
		.header = { .type = TCP_ICRESP, .hlen = sizeof(response) },
		.max = htole32(TCP_MAX_DATA),
	};

	if (queue->ready)
		fail(queue, TCP_SEQUENCE_ERROR, 0);
	else if (request->pfv)
		fail(queue, TCP_UNSUPPORTED, offsetof(struct tcp_ic, pfv));
	else if (request->pda)
		fail(queue, TCP_UNSUPPORTED, offsetof(struct tcp_ic, pda));
	else
		tcp_connection_send(&queue->connection, &response.header, NULL,
				    0);
	queue->ready = true;
}

/*
 * How much data the host has, or has room for; @sent is in the capsule. Returns a
 * status.
 */
static uint16_t check_sgl(const struct nvme_command *command, uint32_t sent)
{
	uint32_t len = get_le32(command->data + SGL_LEN);

	if ((command->flags & NVME_PSDT) != PSDT_SGL)
		return NVME_INVALID_FIELD;
	switch (command->data[SGL_TYPE]) {
	case SGL_IN_CAPSULE:
		if (get_le64(command->data + SGL_ADDR))
			return TCP_INVALID_SGL_OFFSET;
		return len == sent ? NVME_SUCCESS : TCP_INVALID_SGL_LEN;
	case SGL_TRANSPORT:
		return sent ? TCP_INVALID_SGL_LEN : NVME_SUCCESS;
	default:
		return TCP_INVALID_SGL_TYPE;
	}
}

/* The same, for a command that is about @len bytes */
static uint16_t check_data(const struct nvme_command *command, uint32_t sent,
			   uint64_t len)
{
	uint16_t status = check_sgl(command, sent);

	if (status || !len)
		return status;
	if (len > NVME_MAX_TRANSFER)
		return NVME_INVALID_FIELD;
	if (get_le32(command->data + SGL_LEN) < len)
		return TCP_INVALID_SGL_LEN;
	if (command->data[SGL_TYPE] == SGL_IN_CAPSULE &&
	    NVME_DIRECTION(command->opcode) != NVME_FROM_HOST)
		return TCP_INVALID_SGL_TYPE;
	return NVME_SUCCESS;
}

/* Ask for all data of a command at once; the transfer's number is its tag */
static void ask_for_data(struct tcp_queue *queue, struct nvme_request *req)
{
	struct tcp_data r2t = {
		.header = { .type = TCP_R2T, .hlen = sizeof(r2t) },
		.cccid = req->command.id,
		.len = htole32(req->len),
	};
	struct tcp_transfer *transfer = queue->transfers;

	while (transfer < queue->transfers + queue->entries && transfer->req)
		transfer++;
	if (transfer == queue->transfers + queue->entries) {
		free(req);
		fail(queue, TCP_SEQUENCE_ERROR, 0);
		return;
	}
	*transfer = (struct tcp_transfer) { .req = req };
	r2t.ttag = transfer - queue->transfers;
	tcp_connection_send(&queue->connection, &r2t.header, NULL, 0);
}

/* A command for the controller */
static void handle_command(struct tcp_queue *queue,
			   const struct nvme_command *command,
			   const uint8_t *data, uint32_t sent)
{
	struct nvme_controller *ctrl = queue->association->ctrl;
	uint64_t len = nvme_data_len(queue->id, command);
	uint16_t status = check_data(command, sent, len);
	struct nvme_request *req;

	if (!queue->connected || !(ctrl->csts & NVME_CSTS_READY))
		status = NVME_SEQUENCE_ERROR;
	if (status) {
		tcp_queue_respond(queue, command->id, 0,
				  status | NVME_DO_NOT_RETRY);
		return;
	}
	req = nvme_request_new(ctrl, queue->id, command, len);
	if (!req) {
		tcp_queue_respond(queue, command->id, 0, NVME_INTERNAL_ERROR);
		return;
	}
	if (len && !sent && NVME_DIRECTION(command->opcode) == NVME_FROM_HOST) {
		ask_for_data(queue, req);
		return;
	}
	if (sent)
		memcpy(req->data, data, len);
	nvme_submit(req);
}

static void handle_capsule(struct tcp_queue *queue, const union tcp_pdu *pdu)
{
	const uint8_t *data = pdu->bytes + sizeof(pdu->command);
	uint32_t len = tcp_data_len(&pdu->header);
	struct nvme_command command;

	memcpy(&command, pdu->command.sqe, sizeof(command));
	if (command.opcode == NVME_FABRICS)
		tcp_fabrics(queue, &command, data, len);
	else
		handle_command(queue, &command, data, len);
}

/* The transfer that data belongs to; NULL if it does not fit there */
static struct tcp_transfer *find_transfer(struct tcp_queue *queue,
					  const struct tcp_data *data)
{
	uint32_t len = le32toh(data->len);
	struct tcp_transfer *transfer;

	if (data->ttag >= NVME_QUEUE_ENTRIES ||
	    !queue->transfers[data->ttag].req) {
		fail(queue, TCP_INVALID_HEADER, offsetof(struct tcp_data, ttag));
		return NULL;
	}
	transfer = &queue->transfers[data->ttag];
	if (data->cccid != transfer->req->command.id) {
		fail(queue, TCP_INVALID_HEADER,
		     offsetof(struct tcp_data, cccid));
		return NULL;
	}
	if (!len || len != tcp_data_len(&data->header)) {
		fail(queue, TCP_INVALID_HEADER, offsetof(struct tcp_data, len));
		return NULL;
	}
	if (le32toh(data->offset) != transfer->got ||
	    len > transfer->req->len - transfer->got) {
		fail(queue, TCP_OUT_OF_RANGE, offsetof(struct tcp_data, offset));
		return NULL;
	}
	return transfer;
}

static void handle_data(struct tcp_queue *queue, const union tcp_pdu *pdu)
{
	struct tcp_transfer *transfer = find_transfer(queue, &pdu->data);
	struct nvme_request *req;
	uint32_t len;
	bool is_last;

	if (!transfer)
		return;
	req = transfer->req;
	len = le32toh(pdu->data.len);
	memcpy(req->data + transfer->got, pdu->bytes + sizeof(pdu->data), len);
	transfer->got += len;
	is_last = transfer->got == req->len;
	if (is_last != !!(pdu->header.flags & TCP_LAST)) {
		fail(queue, TCP_INVALID_HEADER,
		     offsetof(struct tcp_header, flags));
	} else if (is_last) {
		transfer->req = NULL;
		nvme_submit(req);
	}
}

void tcp_queue_handle(struct tcp_queue *queue, const union tcp_pdu *pdu)
{
	if (!queue->ready && pdu->header.type != TCP_ICREQ) {
		fail(queue, TCP_SEQUENCE_ERROR, 0);
		return;
	}
	switch (pdu->header.type) {
	case TCP_ICREQ:
		handle_icreq(queue, &pdu->ic);
		break;
	case TCP_COMMAND:
		handle_capsule(queue, pdu);
		break;
	case TCP_H2C_DATA:
		handle_data(queue, pdu);
		break;
	case TCP_H2C_TERM:
		tcp_queue_close(queue);
		break;
	}
}
