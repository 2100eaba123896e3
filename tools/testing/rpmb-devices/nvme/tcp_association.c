// SPDX-License-Identifier: GPL-2.0-only
/*
 * Queues that a host has connected: how they begin and end, and what they respond
 */
#include <stdlib.h>
#include <string.h>

#include "bytes.h"
#include "tcp_queue.h"

void tcp_queue_open(struct tcp_queue *queue, int fd,
		    struct tcp_association *association)
{
	memset(queue, 0, sizeof(*queue));
	queue->association = association;
	tcp_connection_open(&queue->connection, fd);
}

static void forget_transfers(struct tcp_queue *queue)
{
	struct tcp_transfer *transfer;

	for (transfer = queue->transfers;
	     transfer < queue->transfers + NVME_QUEUE_ENTRIES; transfer++) {
		free(transfer->req);
		transfer->req = NULL;
	}
}

static void hang_up(struct tcp_queue *queue)
{
	forget_transfers(queue);
	tcp_connection_close(&queue->connection);
}

/* From the one with that number on */
static void hang_up_queues(struct tcp_association *association, unsigned int i)
{
	for (; i <= NVME_IO_QUEUES; i++) {
		if (association->queues[i])
			hang_up(association->queues[i]);
		association->queues[i] = NULL;
	}
}

void tcp_association_end(struct tcp_association *association)
{
	hang_up_queues(association, 0);
	nvme_reset(association->ctrl);
}

void tcp_queue_close(struct tcp_queue *queue)
{
	struct tcp_association *association = queue->association;

	if (queue->connected && !queue->id) {
		tcp_association_end(association);
		return;
	}
	if (queue->connected) {
		association->queues[queue->id] = NULL;
		nvme_forget(association->ctrl, queue->id);
	}
	hang_up(queue);
}

/* After a reset by the host: it connects the queues for I/O anew */
static void stop(void *front)
{
	struct tcp_association *association = front;

	if (association->queues[0])
		forget_transfers(association->queues[0]);
	hang_up_queues(association, 1);
}

static bool start(void *front)
{
	(void)front;
	return true;
}

static void gone(void *front)
{
	tcp_association_end(front);
}

void tcp_queue_respond(struct tcp_queue *queue, uint16_t command_id,
		       uint64_t result, uint16_t status)
{
	struct tcp_response response = {
		.header = {
			.type = TCP_RESPONSE,
			.hlen = sizeof(response),
		},
	};

	if (queue->entries)
		queue->head = (queue->head + 1) % queue->entries;
	put_le64(response.cqe, result);
	put_le16(response.cqe + 8, queue->head);
	memcpy(response.cqe + 12, &command_id, sizeof(command_id));
	put_le16(response.cqe + 14, status << 1);
	tcp_connection_send(&queue->connection, &response.header, NULL, 0);
}

static void complete(void *front, const struct nvme_request *req)
{
	struct tcp_association *association = front;
	struct tcp_queue *queue = association->queues[req->queue];
	struct tcp_data data = {
		.header = {
			.type = TCP_C2H_DATA,
			.flags = TCP_LAST,
			.hlen = sizeof(data),
		},
		.cccid = req->command.id,
		.len = htole32(req->moved),
	};

	if (req->moved)
		tcp_connection_send(&queue->connection, &data.header,
				    req->data, req->moved);
	tcp_queue_respond(queue, req->command.id, req->result, req->status);
}

/* What there is comes as commands of fabrics, which do not come this far */
static uint16_t execute(void *front, struct nvme_request *req)
{
	(void)front;
	(void)req;
	return NVME_INVALID_OPCODE;
}

const struct nvme_front_ops tcp_front_ops = {
	.complete = complete,
	.start = start,
	.stop = stop,
	.gone = gone,
	.execute = execute,
};
