// SPDX-License-Identifier: GPL-2.0-only
/*
 * I/O commands: the namespace is a file
 */
#include <endian.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"
#include "log.h"

/* Bits of dword 12 */
#define BLOCKS(dw12) (((dw12) & 0xffff) + 1)
#define UNIT_ACCESS (1U << 30)

static uint16_t failed(const char *what)
{
	log_line("data: cannot %s: %s", what, strerror(errno));
	return NVME_INTERNAL_ERROR;
}

static bool in_range(const struct nvme_request *req, uint64_t first,
		     uint32_t blocks)
{
	uint64_t size = req->ctrl->subsys->config.blocks;

	return first < size && blocks <= size - first;
}

static uint16_t flush(const struct nvme_request *req)
{
	return fdatasync(req->ctrl->subsys->data) ? failed("sync") :
						     NVME_SUCCESS;
}

static uint16_t read_blocks(struct nvme_request *req, uint64_t first,
			    uint32_t len)
{
	if (pread(req->ctrl->subsys->data, req->data, len,
		  first * NVME_BLOCK_LEN) != len)
		return failed("read");
	req->moved = len;
	return NVME_SUCCESS;
}

static uint16_t write_blocks(const struct nvme_request *req, uint64_t first,
			     uint32_t len)
{
	if (pwrite(req->ctrl->subsys->data, req->data, len,
		   first * NVME_BLOCK_LEN) != len)
		return failed("write");
	return le32toh(req->command.dw12) & UNIT_ACCESS ? flush(req) :
							  NVME_SUCCESS;
}

static uint16_t move_blocks(struct nvme_request *req)
{
	uint32_t blocks = BLOCKS(le32toh(req->command.dw12));
	uint64_t first = (uint64_t)le32toh(req->command.dw11) << 32 |
			 le32toh(req->command.dw10);

	if (!in_range(req, first, blocks))
		return NVME_LBA_OUT_OF_RANGE;
	return req->command.opcode == NVME_READ ?
	       read_blocks(req, first, blocks * NVME_BLOCK_LEN) :
	       write_blocks(req, first, blocks * NVME_BLOCK_LEN);
}

uint16_t nvme_execute_io(struct nvme_request *req)
{
	uint32_t nsid = le32toh(req->command.nsid);
	uint8_t opcode = req->command.opcode;

	if (opcode != NVME_FLUSH && opcode != NVME_READ && opcode != NVME_WRITE)
		return NVME_INVALID_OPCODE;
	if (nsid != NVME_NAMESPACE &&
	    !(opcode == NVME_FLUSH && nsid == NVME_ALL_NAMESPACES))
		return NVME_INVALID_NAMESPACE;
	return opcode == NVME_FLUSH ? flush(req) : move_blocks(req);
}
