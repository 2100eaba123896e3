/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A queue of a controller, which is a connection of NVMe over TCP
 */
#ifndef NVME_TCP_QUEUE_H
#define NVME_TCP_QUEUE_H

#include "nvme.h"
#include "tcp_connection.h"

/* Statuses that only fabrics have, or only SGLs */
enum tcp_status {
	TCP_INVALID_SGL_LEN = 0x0f,
	TCP_INVALID_SGL_TYPE = 0x11,
	TCP_INVALID_SGL_OFFSET = 0x16,
	TCP_CONNECT_FORMAT = 0x180,
	TCP_CONNECT_BUSY = 0x181,
	TCP_CONNECT_INVALID = 0x182,
};

struct tcp_queue;

/*
 * What a host has connected to a controller: queues by their numbers. There is none
 * without queue 0.
 */
struct tcp_association {
	struct nvme_controller *ctrl;
	struct tcp_queue *queues[1 + NVME_IO_QUEUES];
};

/* A command that waits for its data; @req is NULL if there is none */
struct tcp_transfer {
	struct nvme_request *req;
	uint32_t got;
};

/*
 * @association: of the controller that it leads to
 * @ready: ICReq has come
 * @connected: Connect has, and this is queue @id of the association
 * @entries, @head: of the submission queue
 */
struct tcp_queue {
	struct tcp_connection connection;
	struct tcp_association *association;
	bool ready;
	bool connected;
	uint16_t id;
	uint16_t entries;
	uint16_t head;
	struct tcp_transfer transfers[NVME_QUEUE_ENTRIES];
};

void tcp_queue_open(struct tcp_queue *queue, int fd,
		    struct tcp_association *association);

/* Hang up; if it is the admin queue of the association, this is its end as well */
void tcp_queue_close(struct tcp_queue *queue);

/* Hang up on all queues, and reset the controller */
void tcp_association_end(struct tcp_association *association);

/* Do what a PDU says */
void tcp_queue_handle(struct tcp_queue *queue, const union tcp_pdu *pdu);

/* Complete a command */
void tcp_queue_respond(struct tcp_queue *queue, uint16_t command_id,
		       uint64_t result, uint16_t status);

/* Do what a command of fabrics says, which has come with @len bytes of data */
void tcp_fabrics(struct tcp_queue *queue, const struct nvme_command *command,
		 const uint8_t *data, uint32_t len);

/* What the controller wants of TCP; the front is an association */
extern const struct nvme_front_ops tcp_front_ops;

#endif /* NVME_TCP_QUEUE_H */
