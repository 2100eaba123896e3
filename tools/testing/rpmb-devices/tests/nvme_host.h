/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A driver for an NVMe controller, as small as tests need it
 */
#ifndef NVME_HOST_H
#define NVME_HOST_H

#include <linux/rpmb.h>

#include "../nvme/spec.h"
#include "frame.h"
#include "machine.h"

/* Registers beside enum nvme_property */
#define NVME_MASK_SET 0x0c
#define NVME_MASK_CLEAR 0x10
#define NVME_ADMIN_SIZES 0x24
#define NVME_ADMIN_SQ 0x28
#define NVME_ADMIN_CQ 0x30
#define NVME_DOORBELLS 0x1000

#define NVME_ENABLE 0x460001		/* with the sizes of queue entries */

/* Where things are in the machine's memory */
#define NVME_LIST_AT 0x8000
#define NVME_DATA_AT 0x100000
#define NVME_DATA_LEN 0x80000

/* Instead of a status */
#define NO_ANSWER (-1)

/* What it refuses will be refused next time, too */
#define REFUSED(status) ((status) | NVME_DO_NOT_RETRY)

/*
 * A pair of queues
 *
 * @sq, @cq: where they are in the machine's memory
 */
struct nvme_queue {
	uint16_t id;
	uint32_t sq;
	uint32_t cq;
	uint32_t entries;
	uint32_t tail;
	uint32_t head;
	bool phase;
};

/*
 * @next_id: of the next command
 * @result: dword 0 of the last completion
 * @answered: the command that it was about
 */
struct nvme_host {
	struct machine *m;
	struct nvme_queue admin;
	struct nvme_queue io;
	uint16_t next_id;
	uint32_t result;
	uint16_t answered;
};

/* rpmb-nvme for machine_start(), in the file that $RPMB_NVME names */
extern const struct machine_program nvme_program;

/* Enable the controller, with admin queues and a pair of I/O queues */
void nvme_host_init(struct nvme_host *host, struct machine *m);

/* Only the admin queues, of so many entries */
void nvme_host_enable(struct nvme_host *host, struct machine *m,
		      uint32_t entries);

/* Where the data of a command is, for PRP entries: of NVME_DATA_AT from @offset on */
void nvme_set_data(struct nvme_host *host, struct nvme_command *command,
		   uint32_t offset, uint32_t len);

/* Put a command into a queue without ringing, and ring */
void nvme_put(struct nvme_host *host, struct nvme_queue *queue,
	      struct nvme_command *command);
void nvme_ring(struct nvme_host *host, const struct nvme_queue *queue);

/* The status of the next completion, and make room for another */
int nvme_take(struct nvme_host *host, struct nvme_queue *queue);

/* A whole command; its status, or NO_ANSWER */
int nvme_admin(struct nvme_host *host, struct nvme_command *command);
int nvme_io(struct nvme_host *host, struct nvme_command *command);

/* Commands that have their data at NVME_DATA_AT */
int nvme_identify(struct nvme_host *host, uint8_t what, uint32_t nsid);
int nvme_blocks(struct nvme_host *host, uint8_t opcode, uint64_t first,
		uint32_t blocks, uint32_t offset);
int nvme_security(struct nvme_host *host, uint8_t opcode, uint8_t target,
		  uint32_t len);

/* Admin commands for I/O queues; @dw11 as the specification has it */
int nvme_make_queue(struct nvme_host *host, uint8_t opcode, uint64_t base,
		    uint32_t dw10, uint32_t dw11);

/* The key that all tests program, and what they do with it: result codes */
extern const uint8_t nvme_test_key[RPMB_KEY_LEN];

uint16_t target_program(struct nvme_host *host, uint8_t target);
uint32_t target_counter(struct nvme_host *host, uint8_t target);
uint16_t target_write(struct nvme_host *host, uint8_t target, uint32_t counter,
		      uint32_t addr, uint32_t sectors, uint8_t fill);

/* Send a request that has no data; the status of the command, as of those below */
int target_send(struct nvme_host *host, const struct rpmb_fields *fields);

/* The parts of a write */
int target_send_write(struct nvme_host *host, uint8_t target, uint32_t counter,
		      uint32_t addr, uint32_t sectors, uint8_t fill);
int target_send_result_read(struct nvme_host *host, uint8_t target);
int target_receive(struct nvme_host *host, uint8_t target, uint32_t sectors,
		   struct rpmb_fields *fields);

/* The byte that all of a sector is filled with, -1 if there are several */
int target_read(struct nvme_host *host, uint8_t target, uint32_t addr);

#endif /* NVME_HOST_H */
