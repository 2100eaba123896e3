// SPDX-License-Identifier: GPL-2.0-only
/*
 * Commands that belong to fabrics: Connect, and access to properties
 */
#include <string.h>

#include "bytes.h"
#include "tcp_queue.h"

enum fabrics_type {
	PROPERTY_SET = 0x00,
	CONNECT = 0x01,
	PROPERTY_GET = 0x04,
};

/* Where commands have their fields */
enum fabrics_offset {
	FABRICS_TYPE = 4,
	CONNECT_RECORD_FORMAT = 40,
	CONNECT_QUEUE = 42,
	CONNECT_SIZE = 44,
	PROPERTY_SIZE = 40,
	PROPERTY_OFFSET = 44,
	PROPERTY_VALUE = 48,
};

/* The data of Connect */
enum connect_offset {
	CONNECT_CONTROLLER = 16,
	CONNECT_SUBSYSTEM = 256,
	CONNECT_HOST = 512,
	CONNECT_LEN = 1024,
};

#define ANY_CONTROLLER 0xffff

/* What is wrong with a Connect: a field of the command, or of its data */
#define WRONG_FIELD(offset) (offset)
#define WRONG_DATA(offset) (1U << 16 | (offset))

static uint16_t refuse_connect(uint64_t *result, uint32_t what)
{
	*result = what;
	return TCP_CONNECT_INVALID | NVME_DO_NOT_RETRY;
}

static bool is_our_name(const struct tcp_association *association,
			const uint8_t *name)
{
	const char *nqn = association->ctrl->subsys->config.nqn;

	return !strncmp((const char *)name, nqn, NVME_NQN_LEN);
}

/* The admin queue, and with it the association: one that there was ends */
static uint16_t connect_admin(struct tcp_queue *queue, const uint8_t *data,
			      uint64_t *result)
{
	struct tcp_association *association = queue->association;
	uint16_t wanted = get_le16(data + CONNECT_CONTROLLER);

	if (wanted != ANY_CONTROLLER && wanted != association->ctrl->id)
		return refuse_connect(result, WRONG_DATA(CONNECT_CONTROLLER));
	tcp_association_end(association);
	return NVME_SUCCESS;
}

/* Another queue of an association */
static uint16_t connect_io(struct tcp_queue *queue, uint16_t id,
			   const uint8_t *data, uint64_t *result)
{
	struct tcp_association *association = queue->association;

	if (!association->queues[0] ||
	    !(association->ctrl->csts & NVME_CSTS_READY))
		return NVME_SEQUENCE_ERROR | NVME_DO_NOT_RETRY;
	if (get_le16(data + CONNECT_CONTROLLER) != association->ctrl->id)
		return refuse_connect(result, WRONG_DATA(CONNECT_CONTROLLER));
	if (id > NVME_IO_QUEUES || association->queues[id])
		return refuse_connect(result, WRONG_FIELD(CONNECT_QUEUE));
	return NVME_SUCCESS;
}

static uint16_t check_connect(struct tcp_queue *queue, const uint8_t *command,
			      const uint8_t *data, uint32_t len,
			      uint64_t *result)
{
	uint16_t size = get_le16(command + CONNECT_SIZE);

	if (queue->connected)
		return NVME_SEQUENCE_ERROR | NVME_DO_NOT_RETRY;
	if (get_le16(command + CONNECT_RECORD_FORMAT))
		return TCP_CONNECT_FORMAT | NVME_DO_NOT_RETRY;
	if (len != CONNECT_LEN)
		return TCP_INVALID_SGL_LEN | NVME_DO_NOT_RETRY;
	if (!size || size >= NVME_QUEUE_ENTRIES)
		return refuse_connect(result, WRONG_FIELD(CONNECT_SIZE));
	if (!is_our_name(queue->association, data + CONNECT_SUBSYSTEM))
		return refuse_connect(result, WRONG_DATA(CONNECT_SUBSYSTEM));
	if (!data[CONNECT_HOST])
		return refuse_connect(result, WRONG_DATA(CONNECT_HOST));
	if (queue->association->ctrl->removed)
		return TCP_CONNECT_BUSY;
	return NVME_SUCCESS;
}

static uint16_t connect_queue(struct tcp_queue *queue, const uint8_t *command,
			      const uint8_t *data, uint32_t len,
			      uint64_t *result)
{
	uint16_t status = check_connect(queue, command, data, len, result);
	uint16_t id = get_le16(command + CONNECT_QUEUE);

	if (!status)
		status = id ? connect_io(queue, id, data, result) :
			      connect_admin(queue, data, result);
	if (status)
		return status;
	queue->association->queues[id] = queue;
	queue->connected = true;
	queue->id = id;
	queue->entries = get_le16(command + CONNECT_SIZE) + 1;
	*result = queue->association->ctrl->id;
	return NVME_SUCCESS;
}

/* CAP has 8 bytes, the others have 4 */
static bool has_size(const uint8_t *command)
{
	return (command[PROPERTY_SIZE] & 7) ==
	       (get_le32(command + PROPERTY_OFFSET) == NVME_CAP);
}

static bool get_property(const struct tcp_queue *queue, const uint8_t *command,
			 uint64_t *result)
{
	return has_size(command) &&
	       nvme_get_property(queue->association->ctrl,
				 get_le32(command + PROPERTY_OFFSET), result);
}

static bool set_property(const struct tcp_queue *queue, const uint8_t *command)
{
	return has_size(command) &&
	       nvme_set_property(queue->association->ctrl,
				 get_le32(command + PROPERTY_OFFSET),
				 get_le64(command + PROPERTY_VALUE));
}

static uint16_t access_property(struct tcp_queue *queue, const uint8_t *command,
				uint64_t *result)
{
	bool ok;

	if (!queue->connected || queue->id)
		return NVME_SEQUENCE_ERROR | NVME_DO_NOT_RETRY;
	ok = command[FABRICS_TYPE] == PROPERTY_GET ?
	     get_property(queue, command, result) :
	     set_property(queue, command);
	return ok ? NVME_SUCCESS : NVME_INVALID_FIELD | NVME_DO_NOT_RETRY;
}

void tcp_fabrics(struct tcp_queue *queue, const struct nvme_command *command,
		 const uint8_t *data, uint32_t len)
{
	const uint8_t *bytes = (const uint8_t *)command;
	uint64_t result = 0;
	uint16_t status;

	switch (bytes[FABRICS_TYPE]) {
	case CONNECT:
		status = connect_queue(queue, bytes, data, len, &result);
		break;
	case PROPERTY_GET:
	case PROPERTY_SET:
		status = access_property(queue, bytes, &result);
		break;
	default:
		status = NVME_INVALID_OPCODE | NVME_DO_NOT_RETRY;
	}
	tcp_queue_respond(queue, command->id, result, status);
}
