/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Numbers and layouts of NVM Express: Base Specification 2.1 and NVM Command Set
 * Specification 1.1; all numbers are little-endian
 */
#ifndef NVME_SPEC_H
#define NVME_SPEC_H

#include <stdint.h>

/* 1.4, which has all that there is here */
#define NVME_VERSION 0x10400

#define NVME_BLOCK_LEN 512
#define NVME_IDENTIFY_LEN 4096
#define NVME_NQN_LEN 256

/* An entry of a submission queue, as every transport carries it */
struct nvme_command {
	uint8_t opcode;
	uint8_t flags;
	uint16_t id;
	uint32_t nsid;
	uint32_t dw2[2];
	uint64_t metadata;
	uint8_t data[16];	/* two PRP entries or an SGL descriptor */
	uint32_t dw10;
	uint32_t dw11;
	uint32_t dw12;
	uint32_t dw13;
	uint32_t dw14;
	uint32_t dw15;
};

_Static_assert(sizeof(struct nvme_command) == 64, "an entry has 64 bytes");

/* Flags of a command: fused operations, and how it says where its data is */
#define NVME_FUSE 0x03
#define NVME_PSDT 0xc0

/* Which way the data goes: the lowest bits of an opcode */
enum nvme_direction {
	NVME_NO_DATA = 0,
	NVME_FROM_HOST = 1,
	NVME_TO_HOST = 2,
	NVME_BOTH_WAYS = 3,
};

#define NVME_DIRECTION(opcode) ((enum nvme_direction)((opcode) & 3))

enum nvme_admin_opcode {
	NVME_DELETE_SQ = 0x00,
	NVME_CREATE_SQ = 0x01,
	NVME_GET_LOG_PAGE = 0x02,
	NVME_DELETE_CQ = 0x04,
	NVME_CREATE_CQ = 0x05,
	NVME_IDENTIFY = 0x06,
	NVME_ABORT = 0x08,
	NVME_SET_FEATURES = 0x09,
	NVME_GET_FEATURES = 0x0a,
	NVME_ASYNC_EVENT = 0x0c,
	NVME_KEEP_ALIVE = 0x18,
	NVME_FABRICS = 0x7f,
	NVME_SECURITY_SEND = 0x81,
	NVME_SECURITY_RECEIVE = 0x82,
};

enum nvme_io_opcode {
	NVME_FLUSH = 0x00,
	NVME_WRITE = 0x01,
	NVME_READ = 0x02,
};

/* The status field: code, type << 8, and the host need not try again */
enum nvme_status {
	NVME_SUCCESS = 0,
	NVME_INVALID_OPCODE = 0x01,
	NVME_INVALID_FIELD = 0x02,
	NVME_DATA_TRANSFER_ERROR = 0x04,
	NVME_INTERNAL_ERROR = 0x06,
	NVME_ABORT_REQUESTED = 0x07,
	NVME_SQ_DELETED = 0x08,
	NVME_INVALID_NAMESPACE = 0x0b,
	NVME_SEQUENCE_ERROR = 0x0c,
	NVME_INVALID_PRP_OFFSET = 0x13,
	NVME_LBA_OUT_OF_RANGE = 0x80,
	NVME_INVALID_CQ = 0x100,
	NVME_INVALID_QUEUE_ID = 0x101,
	NVME_INVALID_QUEUE_SIZE = 0x102,
	NVME_ASYNC_EVENT_LIMIT = 0x105,
	NVME_INVALID_VECTOR = 0x108,
	NVME_INVALID_LOG_PAGE = 0x109,
	NVME_INVALID_QUEUE_DELETION = 0x10c,
	NVME_NOT_SAVEABLE = 0x10d,
	NVME_DO_NOT_RETRY = 0x4000,
};

#define NVME_STATUS_MASK 0x7fff

/* Properties that controllers of all transports have */
enum nvme_property {
	NVME_CAP = 0x00,
	NVME_VS = 0x08,
	NVME_CC = 0x14,
	NVME_CSTS = 0x1c,
};

#define NVME_CAP_QUEUES_CONTIGUOUS (1ULL << 16)
#define NVME_CAP_TIMEOUT(half_seconds) ((uint64_t)(half_seconds) << 24)
#define NVME_CAP_NVM_COMMAND_SET (1ULL << 37)

#define NVME_CC_ENABLE (1U << 0)
#define NVME_CC_COMMAND_SET (7U << 4)
#define NVME_CC_PAGE_SIZE (0xfU << 7)
#define NVME_CC_SHUTDOWN (3U << 14)

#define NVME_CSTS_READY (1U << 0)
#define NVME_CSTS_FATAL (1U << 1)
#define NVME_CSTS_SHUTDOWN_COMPLETE (2U << 2)

/* Sizes of queue entries, as powers of 2 */
#define NVME_SQ_ENTRY_SHIFT 6
#define NVME_CQ_ENTRY_SHIFT 4

#endif /* NVME_SPEC_H */
