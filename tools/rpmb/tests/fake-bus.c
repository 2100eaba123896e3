// SPDX-License-Identifier: GPL-2.0-only
/*
 * A stand-in for the hardware behind the kernel's own interfaces: every field of
 * a command must be what the specification and the kernel want, else all ends here
 */
#include <endian.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <linux/bsg.h>
#include <linux/major.h>
#include <linux/mmc/ioctl.h>
#include <linux/nvme_ioctl.h>
#include <scsi/sg.h>

#include "fake.h"

#define must(cond) do {							\
	if (!(cond))							\
		errx(99, "%s:%d: a command is wrong: not so: %s",	\
		     __FILE__, __LINE__, #cond);			\
} while (0)

bool fake_is_bus_ioctl(unsigned long cmd)
{
	return cmd == MMC_IOC_MULTI_CMD || cmd == SG_IO ||
	       cmd == NVME_IOCTL_ADMIN_CMD;
}

/* The fault that is meant for this command */
static struct fake_command_fault take_fault(struct fake *fake)
{
	struct fake_command_fault *fault = &fake->command_fault;

	fake->nr_commands++;
	if (!fault->kind)
		return *fault;
	if (fault->skip) {
		fault->skip--;
		return (struct fake_command_fault) { .kind = COMMAND_OK };
	}
	if (!fault->times)
		return (struct fake_command_fault) { .kind = COMMAND_OK };
	fault->times--;
	return *fault;
}

static uint16_t type_of(const struct fake *fake, const void *frames, size_t len)
{
	struct rpmb_fields fields;

	must(rpmb_frames_parse(fake->frame_format, frames, len, &fields));
	return fields.type;
}

/* The device's part of a transfer; frames are the host's, so they are copied */
static void transfer(struct fake *fake, const struct fake_command_fault *fault,
		     bool out, void *buf, size_t len)
{
	uint8_t frames[RPMB_MAX_LEN];

	must(len && len <= sizeof(frames));
	if (fault->kind == COMMAND_EMPTY && !out)
		return;
	if (out) {
		memcpy(frames, buf, len);
		fake_send(fake, frames, len);
	} else {
		fake_receive(fake, buf, len);
	}
}

static bool changes_something(uint16_t type)
{
	return type == RPMB_PROGRAM_KEY || type == RPMB_WRITE_DATA ||
	       type == RPMB_CONFIG_WRITE;
}

/* An R1 response to a data command, in SPI as well; CMD23 is the kernel's */
static void check_mmc(const struct fake *fake, const struct mmc_ioc_cmd *cmd)
{
	bool out = cmd->write_flag;
	bool reliable = (uint32_t)cmd->write_flag & 1u << 31;
	void *buf = (void *)(uintptr_t)cmd->data_ptr;

	must(cmd->opcode == (out ? 25 : 18));
	must(cmd->flags == 0xb5);
	must(cmd->blksz == 512 && cmd->blocks);
	must(!cmd->is_acmd && !cmd->arg && !cmd->__pad);
	must(!cmd->postsleep_min_us && !cmd->postsleep_max_us);
	must(!cmd->data_timeout_ns && !cmd->cmd_timeout_ms);
	must(!out || (cmd->write_flag & 1));
	must(!out || reliable ==
	     changes_something(type_of(fake, buf, cmd->blocks * 512)));
}

static int mmc_ioctl(struct fake *fake, struct mmc_ioc_multi_cmd *multi)
{
	struct fake_command_fault fault = take_fault(fake);
	unsigned int i;

	must(multi->num_of_cmds >= 2 &&
	     multi->num_of_cmds <= MMC_IOC_MAX_CMDS);
	must(!multi->cmds[multi->num_of_cmds - 1].write_flag);
	if (fault.kind == COMMAND_ERRNO)
		return -(int)fault.value;
	if (fault.kind == COMMAND_OTHER_WRITER)
		fake_write_as_other(fake, fault.value);
	for (i = 0; i < multi->num_of_cmds; i++) {
		struct mmc_ioc_cmd *cmd = &multi->cmds[i];

		if (fault.kind == COMMAND_AMID_ERRNO && fault.value >> 16 == i)
			return -(int)(fault.value & 0xffff);
		check_mmc(fake, cmd);
		transfer(fake, &fault, cmd->write_flag,
			 (void *)(uintptr_t)cmd->data_ptr, cmd->blocks * 512);
	}
	return fault.kind == COMMAND_DONE_ERRNO ? -(int)fault.value : 0;
}

/* Both forms of a SCSI command in one */
struct scsi {
	const uint8_t *cdb;
	bool out;
	void *buf;
	uint32_t len;
	uint8_t *sense;

	uint8_t status;
	uint16_t host_status;
	uint16_t driver_status;
	int resid;
};

#define SECURITY_PROTOCOL_IN 0xa2
#define SECURITY_PROTOCOL_OUT 0xb5
#define INVALID_FIELD_IN_CDB (5 << 16 | 0x24)

static void check_cdb(const struct scsi *cmd)
{
	uint32_t len = (uint32_t)cmd->cdb[6] << 24 | cmd->cdb[7] << 16 |
		       cmd->cdb[8] << 8 | cmd->cdb[9];

	must(cmd->cdb[0] == (cmd->out ? SECURITY_PROTOCOL_OUT :
					SECURITY_PROTOCOL_IN));
	must(cmd->cdb[1] == 0xec && cmd->cdb[3] == 0x01);
	must(!cmd->cdb[4] && !cmd->cdb[5] && !cmd->cdb[10] && !cmd->cdb[11]);
	must(len == cmd->len && !(len % 512));
}

/* UFS wants a block count where there are blocks, and 0 where there are none */
static void check_count(const struct scsi *cmd)
{
	const struct rpmb_frame *frame = cmd->buf;

	switch (be16toh(frame->req_resp)) {
	case RPMB_PROGRAM_KEY:
	case RPMB_GET_WRITE_COUNTER:
	case RPMB_RESULT_READ:
		must(!frame->block_count);
		break;
	default:
		must(frame->block_count);
	}
}

static void put_sense(struct scsi *cmd, uint32_t key_and_asc, bool descriptors)
{
	memset(cmd->sense, 0, 18);
	cmd->sense[0] = descriptors ? 0x72 : 0x70;
	cmd->sense[descriptors ? 1 : 2] = key_and_asc >> 16;
	cmd->sense[descriptors ? 2 : 12] = key_and_asc & 0xff;
	cmd->status = 0x02;
	cmd->driver_status = 0x08;
}

/* A fault that is told in the command's status; false if there is none */
static bool fail_scsi(struct scsi *cmd, const struct fake_command_fault *fault)
{
	switch (fault->kind) {
	case COMMAND_STATUS:
	case COMMAND_DESCRIPTORS:
		put_sense(cmd, fault->value, fault->kind != COMMAND_STATUS);
		return true;
	case COMMAND_BYTE_STATUS:
		cmd->status = fault->value;
		return true;
	case COMMAND_HOST_STATUS:
		cmd->host_status = fault->value;
		return true;
	case COMMAND_DRIVER_STATUS:
		cmd->driver_status = fault->value;
		return false;
	case COMMAND_RESIDUAL:
		cmd->resid = fault->value;
		return false;
	default:
		return false;
	}
}

static int run_scsi(struct fake *fake, struct scsi *cmd)
{
	struct fake_command_fault fault = take_fault(fake);
	sigset_t blocked;

	check_cdb(cmd);
	/* Else a signal makes sg give up the command */
	sigprocmask(SIG_SETMASK, NULL, &blocked);
	must(sigismember(&blocked, SIGINT) == 1);
	if (fault.kind == COMMAND_ERRNO)
		return -(int)fault.value;
	if (cmd->cdb[2] != fake->target) {
		put_sense(cmd, INVALID_FIELD_IN_CDB, false);
		return 0;
	}
	if (fail_scsi(cmd, &fault))
		return 0;
	if (cmd->out)
		check_count(cmd);
	transfer(fake, &fault, cmd->out, cmd->buf, cmd->len);
	return fault.kind == COMMAND_DONE_ERRNO ? -(int)fault.value : 0;
}

static int sg_ioctl(struct fake *fake, struct sg_io_hdr *hdr)
{
	struct scsi cmd = {
		.cdb = hdr->cmdp,
		.out = hdr->dxfer_direction == SG_DXFER_TO_DEV,
		.buf = hdr->dxferp,
		.len = hdr->dxfer_len,
		.sense = hdr->sbp,
	};
	int ret;

	must(hdr->interface_id == 'S' && hdr->cmd_len == 12);
	must(cmd.out || hdr->dxfer_direction == SG_DXFER_FROM_DEV);
	must(hdr->mx_sb_len >= 18 && !hdr->iovec_count && !hdr->flags);
	must(hdr->timeout);
	ret = run_scsi(fake, &cmd);
	hdr->status = cmd.status;
	hdr->host_status = cmd.host_status;
	hdr->driver_status = cmd.driver_status;
	hdr->resid = cmd.resid;
	return ret;
}

static int bsg_ioctl(struct fake *fake, struct sg_io_v4 *hdr)
{
	bool out = hdr->dout_xfer_len;
	struct scsi cmd = {
		.cdb = (void *)(uintptr_t)hdr->request,
		.out = out,
		.buf = (void *)(uintptr_t)(out ? hdr->dout_xferp :
						 hdr->din_xferp),
		.len = out ? hdr->dout_xfer_len : hdr->din_xfer_len,
		.sense = (void *)(uintptr_t)hdr->response,
	};
	int ret;

	must(hdr->guard == 'Q' && hdr->request_len == 12);
	must(hdr->protocol == BSG_PROTOCOL_SCSI &&
	     hdr->subprotocol == BSG_SUB_PROTOCOL_SCSI_CMD);
	must(!out != !hdr->din_xfer_len);
	must(hdr->max_response_len >= 18 && !hdr->flags);
	must(!hdr->dout_iovec_count && !hdr->din_iovec_count);
	must(hdr->timeout);
	ret = run_scsi(fake, &cmd);
	hdr->device_status = cmd.status;
	hdr->transport_status = cmd.host_status;
	hdr->driver_status = cmd.driver_status;
	*(out ? &hdr->dout_resid : &hdr->din_resid) = cmd.resid;
	return ret;
}

#define NVME_INVALID_FIELD 0x4002

/* Identify Controller: RPMBS, and nothing else that matters here */
static int identify(const struct fake *fake, const struct nvme_admin_cmd *cmd)
{
	uint8_t *data = (void *)(uintptr_t)cmd->addr;
	uint32_t rpmbs = (fake->target + 1) | (fake->advanced ? 1 << 3 : 0) |
			 (fake->capacity / 256 - 1) << 16 |
			 (fake->max_read - 1) << 24;

	must(cmd->data_len == 4096 && cmd->cdw10 == 1 && !cmd->cdw11);
	rpmbs = htole32(fake->old ? 0 : rpmbs);
	memset(data, 0, cmd->data_len);
	data[77] = fake->mdts;
	memcpy(data + 312, &rpmbs, sizeof(rpmbs));
	return 0;
}

static int security(struct fake *fake, const struct nvme_admin_cmd *cmd)
{
	struct fake_command_fault fault = take_fault(fake);
	bool out = cmd->opcode == 0x81;

	must(out || cmd->opcode == 0x82);
	must(cmd->cdw10 >> 8 == 0xea0001);
	must(cmd->cdw11 == cmd->data_len);
	if (fault.kind == COMMAND_ERRNO)
		return -(int)fault.value;
	if (fault.kind == COMMAND_STATUS)
		return fault.value;
	if ((cmd->cdw10 & 0xff) != fake->target)
		return NVME_INVALID_FIELD;
	transfer(fake, &fault, out, (void *)(uintptr_t)cmd->addr,
		 cmd->data_len);
	return fault.kind == COMMAND_DONE_ERRNO ? -(int)fault.value : 0;
}

static int nvme_ioctl(struct fake *fake, const struct nvme_admin_cmd *cmd)
{
	must(!cmd->flags && !cmd->rsvd1 && !cmd->nsid);
	must(!cmd->cdw2 && !cmd->cdw3 && !cmd->metadata && !cmd->metadata_len);
	must(!cmd->cdw12 && !cmd->cdw13 && !cmd->cdw14 && !cmd->cdw15);
	must(cmd->timeout_ms);
	return cmd->opcode == 0x06 ? identify(fake, cmd) : security(fake, cmd);
}

int fake_bus_ioctl(struct fake *fake, int access, unsigned long cmd, void *arg)
{
	if (fake->bus == FAKE_BUS_NVME && cmd == NVME_IOCTL_ADMIN_CMD)
		return nvme_ioctl(fake, arg);
	/* Any of the others is refused on a file that is not open for writing */
	must(access == O_RDWR);
	if (fake->bus == FAKE_BUS_MMC && cmd == MMC_IOC_MULTI_CMD)
		return mmc_ioctl(fake, arg);
	if (fake->bus == FAKE_BUS_SG && cmd == SG_IO)
		return sg_ioctl(fake, arg);
	if (fake->bus == FAKE_BUS_BSG && cmd == SG_IO)
		return bsg_ioctl(fake, arg);
	errx(99, "ioctl %#lx is not one of this device's", cmd);
}
