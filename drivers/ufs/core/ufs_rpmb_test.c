// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of ufs_rpmb.c, which includes this file: the driver under the real
 * SCSI midlayer, on a host whose device says what the tests tell it to say
 */
#include <kunit/device.h>
#include <kunit/test.h>
#include <linux/async.h>
#include <linux/completion.h>
#include <linux/iopoll.h>
#include <linux/scatterlist.h>
#include <linux/vmalloc.h>
#include <scsi/scsi_cmnd.h>
#include <scsi/scsi_eh.h>

#include "../../rpmb/tests/call.h"
#include "../../rpmb/tests/ufs_ids.h"

#define TEST_TIMEOUT	60000
#define TEST_CMDS	48
#define TEST_FRAME	sizeof(struct rpmb_frame)
#define TEST_MAX_BLOCKS	8	/* the midlayer wants as many as fit in a page */
#define TEST_ID		"01AB-0400-MODEL-73006E00-0102-2631"

/* What responses are full of */
#define TEST_ANSWER	0x5a

/**
 * struct test_step - what the device says to one command
 * @result: of the command; 0 is success
 * @key: sense key
 * @asc: additional sense code
 * @resid: bytes that were not moved
 * @hang: it says nothing
 * @gone: the RPMB device is being unregistered meanwhile
 */
struct test_step {
	int result;
	u8 key;
	u8 asc;
	unsigned int resid;
	bool hang;
	bool gone;
};

#define TEST_GOOD		{ .result = SAM_STAT_GOOD }
#define TEST_SENSE(_key, _asc)	{ .result = SAM_STAT_CHECK_CONDITION, \
				  .key = (_key), .asc = (_asc) }
#define TEST_RESET		TEST_SENSE(UNIT_ATTENTION, UFS_RPMB_ASC_RESET)
#define TEST_CHANGED		TEST_SENSE(UNIT_ATTENTION, 0x2a)
#define TEST_HOST(_byte)	{ .result = (_byte) << 16 }

/**
 * struct test_cmd - a command as the device saw it
 * @cdb: the command
 * @len: bytes of data
 * @data: what was sent
 * @awake: a reference kept the logical unit from sleeping
 * @slept: for how long the unit had slept until then
 */
struct test_cmd {
	u8 cdb[UFS_RPMB_CDB_LEN];
	unsigned int len;
	u8 data[TEST_MAX_BLOCKS * TEST_FRAME];
	bool awake;
	u64 slept;
};

/**
 * struct test_ufs - a host with an RPMB logical unit
 * @test: who uses it
 * @shost: the host, while it is there
 * @sdev: the logical unit, to which a reference is held
 * @usage: runtime PM references to it that are not the driver's
 * @steps: what it says, one after the other; success when there is no more
 * @nr_steps: how many they are
 * @cmds: what it was told, INQUIRY apart
 * @nr_cmds: how many they are
 * @answer: type of its responses, 0 if they are only a pattern
 * @hung: the command that it says nothing to
 * @hanging: there is one
 * @rdev: who is marked as gone in a step
 * @nr_told: how many devices others were told of
 */
struct test_ufs {
	struct kunit *test;
	struct Scsi_Host *shost;
	struct scsi_device *sdev;
	int usage;
	const struct test_step *steps;
	unsigned int nr_steps;
	struct test_cmd cmds[TEST_CMDS];
	unsigned int nr_cmds;
	u16 answer;
	struct scsi_cmnd *hung;
	struct completion hanging;
	struct rpmb_dev *rdev;
	unsigned int nr_told;
};

/* What real hosts have comes first, since that is what the driver looks at */
struct test_host {
	struct ufs_hba hba;
	struct test_ufs *ufs;
};

/* The device */

static struct test_ufs *test_of_host(struct Scsi_Host *shost)
{
	struct test_host *host = shost_priv(shost);

	return host->ufs;
}

static void test_inquiry(struct scsi_cmnd *cmd)
{
	u8 answer[36] = {
		cmd->device->lun ? TYPE_WLUN : TYPE_DISK, 0, 6, 2, 31, 0, 0, 0,
		'L', 'I', 'N', 'U', 'X', ' ', ' ', ' ',
		'R', 'P', 'M', 'B', ' ', ' ', ' ', ' ',
		' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ',
		'1', '.', '0', ' ',
	};

	/* No vital product data */
	if (cmd->cmnd[1] & 1)
		scsi_build_sense(cmd, 0, ILLEGAL_REQUEST, 0x24, 0);
	else
		scsi_sg_copy_from_buffer(cmd, answer, sizeof(answer));
	scsi_done(cmd);
}

/* Logical unit 0: 16 blocks of 512 bytes, of zeros */
static void test_disk(struct scsi_cmnd *cmd)
{
	static const u8 capacity[8] = { [3] = 15, [6] = 2 };
	static const u8 zeros[TEST_MAX_BLOCKS * TEST_FRAME];

	switch (cmd->cmnd[0]) {
	case TEST_UNIT_READY:
		break;
	case READ_CAPACITY:
		scsi_sg_copy_from_buffer(cmd, capacity, sizeof(capacity));
		break;
	case READ_10:
		scsi_sg_copy_from_buffer(cmd, zeros, sizeof(zeros));
		break;
	default:
		scsi_build_sense(cmd, 0, ILLEGAL_REQUEST, 0x20, 0);
	}
	scsi_done(cmd);
}

static void test_record(struct test_ufs *ufs, struct scsi_cmnd *cmd)
{
	struct test_cmd *seen = &ufs->cmds[ufs->nr_cmds];
	struct device *dev = &cmd->device->sdev_gendev;

	if (ufs->nr_cmds == TEST_CMDS)
		return;
	memcpy(seen->cdb, cmd->cmnd, min(cmd->cmd_len, sizeof(seen->cdb)));
	seen->len = scsi_bufflen(cmd);
	seen->awake = atomic_read(&dev->power.usage_count) > ufs->usage;
	seen->slept = ufs_rpmb_slept(dev_get_drvdata(dev));
	if (cmd->sc_data_direction == DMA_TO_DEVICE)
		scsi_sg_copy_to_buffer(cmd, seen->data, sizeof(seen->data));
	ufs->nr_cmds++;
}

static void test_answer(struct scsi_cmnd *cmd, const struct test_step *step)
{
	static u8 answer[TEST_MAX_BLOCKS * TEST_FRAME];
	const struct test_ufs *ufs = test_of_host(cmd->device->host);

	if (cmd->sc_data_direction == DMA_FROM_DEVICE && !step->result) {
		memset(answer, TEST_ANSWER, sizeof(answer));
		if (ufs->answer)
			put_unaligned_be16(ufs->answer, &answer[TEST_FRAME - 2]);
		scsi_sg_copy_from_buffer(cmd, answer, sizeof(answer));
	}
	scsi_set_resid(cmd, step->resid);
	cmd->result = step->result;
	if (step->key)
		scsi_build_sense(cmd, 0, step->key, step->asc, 0);
	scsi_done(cmd);
}

/* With the host's lock held */
static int test_queuecommand_lck(struct scsi_cmnd *cmd)
{
	static const struct test_step good = TEST_GOOD;
	struct test_ufs *ufs = test_of_host(cmd->device->host);
	const struct test_step *step = &good;

	if (cmd->cmnd[0] == INQUIRY) {
		test_inquiry(cmd);
		return 0;
	}
	if (!cmd->device->lun) {
		test_disk(cmd);
		return 0;
	}
	if (ufs->nr_cmds < ufs->nr_steps)
		step = &ufs->steps[ufs->nr_cmds];
	test_record(ufs, cmd);
	if (step->gone)
		ufs->rdev->descr.abort(ufs->rdev);
	if (step->hang) {
		ufs->hung = cmd;
		complete(&ufs->hanging);
		return 0;
	}
	test_answer(cmd, step);
	return 0;
}

static DEF_SCSI_QCMD(test_queuecommand)

/* The midlayer finishes what was aborted */
static int test_eh_abort(struct scsi_cmnd *cmd)
{
	struct test_ufs *ufs = test_of_host(cmd->device->host);

	ufs->hung = NULL;
	return SUCCESS;
}

static const struct scsi_host_template test_template = {
	.module = THIS_MODULE,
	.name = "RPMB test",
	.proc_name = UFSHCD,
	.queuecommand = test_queuecommand,
	.eh_abort_handler = test_eh_abort,
	.can_queue = 4,
	.cmd_per_lun = 4,
	.this_id = -1,
	.sg_tablesize = SG_ALL,
	.max_sectors = TEST_MAX_BLOCKS,
};

static const struct ufs_dev_info test_info = {
	.wspecversion = 0x0400,
	.device_id = TEST_ID,
	.rpmb_io_size = TEST_MAX_BLOCKS,
	.rpmb_region_size = { 32, 0, 128, 1 },
};

/* The host and its logical unit */

static void test_remove_host(struct test_ufs *ufs)
{
	if (!ufs->shost)
		return;
	scsi_remove_host(ufs->shost);
	scsi_host_put(ufs->shost);
	ufs->shost = NULL;
}

static void test_free(void *data)
{
	struct test_ufs *ufs = data;

	test_remove_host(ufs);
	if (ufs->sdev)
		put_device(&ufs->sdev->sdev_gendev);
}

static struct test_ufs *test_host_new(struct kunit *test,
				      const struct scsi_host_template *template,
				      const struct ufs_dev_info *info)
{
	struct test_ufs *ufs = kunit_kzalloc(test, sizeof(*ufs), GFP_KERNEL);
	struct test_host *host;

	KUNIT_ASSERT_NOT_NULL(test, ufs);
	ufs->test = test;
	init_completion(&ufs->hanging);
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, test_free, ufs));

	ufs->shost = scsi_host_alloc(template, sizeof(*host));
	KUNIT_ASSERT_NOT_NULL(test, ufs->shost);
	ufs->shost->max_lun = UFS_MAX_LUNS;
	host = shost_priv(ufs->shost);
	host->hba.dev_info = *info;
	host->ufs = ufs;
	KUNIT_ASSERT_EQ(test, 0, scsi_add_host(ufs->shost, test->priv));
	return ufs;
}

/* Commands of the test begin with @nr_steps at @steps */
static void test_script(struct test_ufs *ufs, const struct test_step *steps,
			unsigned int nr_steps)
{
	ufs->steps = steps;
	ufs->nr_steps = nr_steps;
	ufs->nr_cmds = 0;
}

#define TEST_SCRIPT(_ufs, ...)						\
do {									\
	static const struct test_step _steps[] = { __VA_ARGS__ };	\
									\
	test_script(_ufs, _steps, ARRAY_SIZE(_steps));			\
} while (0)

static void test_add_lun(struct test_ufs *ufs, u64 lun)
{
	struct scsi_device *sdev = __scsi_add_device(ufs->shost, 0, 0, lun, NULL);

	KUNIT_ASSERT_FALSE(ufs->test, IS_ERR(sdev));
	get_device(&sdev->sdev_gendev);
	scsi_device_put(sdev);
	/* The disk driver looks at each unit in its own time, and keeps it awake */
	async_synchronize_full();
	ufs->sdev = sdev;
	ufs->usage = atomic_read(&sdev->sdev_gendev.power.usage_count);
	test_script(ufs, NULL, 0);
}

static struct test_ufs *test_ufs_with(struct kunit *test,
				      const struct ufs_dev_info *info)
{
	struct test_ufs *ufs = test_host_new(test, &test_template, info);

	test_add_lun(ufs, UFS_RPMB_LUN);
	return ufs;
}

/* What the driver made of the logical unit; NULL if it does not want it */
static struct ufs_rpmb *test_unit(const struct test_ufs *ufs)
{
	return dev_get_drvdata(&ufs->sdev->sdev_gendev);
}

static struct rpmb_dev *test_region(struct test_ufs *ufs, unsigned int region)
{
	struct ufs_rpmb *ur = test_unit(ufs);

	KUNIT_ASSERT_NOT_NULL(ufs->test, ur);
	return ur->regions[region].rdev;
}

/* The caller */

static void test_set_type(struct rpmb_xfer *xfer, u16 type)
{
	struct rpmb_frame *frames = xfer->buf;

	for (unsigned int i = 0; i < xfer->len / TEST_FRAME; i++)
		frames[i].req_resp = cpu_to_be16(type);
}

static struct test_call *test_write(struct test_ufs *ufs, struct rpmb_dev *rdev,
				    unsigned int blocks)
{
	struct test_call *call = test_write_len(ufs->test, rdev,
						blocks * TEST_FRAME,
						TEST_FRAME);

	test_set_type(&call->xfers[0], RPMB_WRITE_DATA);
	test_set_type(&call->xfers[1], RPMB_RESULT_READ);
	ufs->rdev = rdev;
	return call;
}

static struct test_call *test_ask(struct test_ufs *ufs, struct rpmb_dev *rdev,
				  u16 type, unsigned int blocks)
{
	struct test_call *call = test_read_len(ufs->test, rdev, TEST_FRAME,
					       blocks * TEST_FRAME);

	test_set_type(&call->xfers[0], type);
	ufs->rdev = rdev;
	return call;
}

static struct test_call *test_read(struct test_ufs *ufs, struct rpmb_dev *rdev,
				   unsigned int blocks)
{
	return test_ask(ufs, rdev, RPMB_READ_DATA, blocks);
}

/* Whatever waits at first, a write takes it, and the device is settled */
static struct rpmb_dev *test_settled(struct test_ufs *ufs)
{
	struct rpmb_dev *rdev = test_region(ufs, 0);

	test_script(ufs, NULL, 0);
	KUNIT_ASSERT_EQ(ufs->test, 0, test_transfer(test_write(ufs, rdev, 1)));
	test_script(ufs, NULL, 0);
	return rdev;
}

/* The device was told the transfer in a command, with the bytes that it has */
static void test_expect_cmd(struct test_ufs *ufs, unsigned int i, u8 opcode,
			    u8 region, const struct rpmb_xfer *xfer)
{
	const u8 cdb[UFS_RPMB_CDB_LEN] = {
		opcode, 0xec, region, 0x01, 0, 0,
		0, 0, xfer->len >> 8, xfer->len & 0xff, 0, 0,
	};
	const struct test_cmd *cmd = &ufs->cmds[i];

	KUNIT_EXPECT_MEMEQ(ufs->test, cmd->cdb, cdb, sizeof(cdb));
	KUNIT_EXPECT_EQ(ufs->test, cmd->len, xfer->len);
	KUNIT_EXPECT_TRUE(ufs->test, cmd->awake);
	if (opcode != SECURITY_PROTOCOL_OUT)
		return;
	KUNIT_EXPECT_MEMEQ(ufs->test, cmd->data, (u8 *)xfer->buf, xfer->len);
	/* The midlayer may have zeroed both */
	KUNIT_EXPECT_NOT_NULL(ufs->test, memchr_inv(cmd->data, 0, xfer->len));
}

static void test_expect_answer(struct kunit *test, const struct rpmb_xfer *xfer)
{
	KUNIT_EXPECT_NULL(test, memchr_inv(xfer->buf, TEST_ANSWER, xfer->len));
}

static void test_expect_opcodes(struct test_ufs *ufs, const u8 *opcodes,
				unsigned int nr)
{
	KUNIT_EXPECT_EQ(ufs->test, ufs->nr_cmds, nr);
	for (unsigned int i = 0; i < nr; i++)
		KUNIT_EXPECT_EQ(ufs->test, ufs->cmds[i].cdb[0], opcodes[i]);
}

#define TEST_EXPECT_OPCODES(_ufs, ...)					\
do {									\
	static const u8 _opcodes[] = { __VA_ARGS__ };			\
									\
	test_expect_opcodes(_ufs, _opcodes, ARRAY_SIZE(_opcodes));	\
} while (0)

/* Requests become commands */

static void ufs_rpmb_test_write(struct kunit *test)
{
	struct test_ufs *ufs = test_ufs_with(test, &test_info);
	struct test_call *call;

	test_settled(ufs);
	call = test_write(ufs, test_region(ufs, 2), TEST_MAX_BLOCKS);
	KUNIT_EXPECT_EQ(test, 0, test_transfer(call));
	KUNIT_ASSERT_EQ(test, ufs->nr_cmds, 3);
	test_expect_cmd(ufs, 0, SECURITY_PROTOCOL_OUT, 2, &call->xfers[0]);
	test_expect_cmd(ufs, 1, SECURITY_PROTOCOL_OUT, 2, &call->xfers[1]);
	test_expect_cmd(ufs, 2, SECURITY_PROTOCOL_IN, 2, &call->xfers[2]);
	test_expect_answer(test, &call->xfers[2]);
	test_expect_started(test, call, 3);
}

static void ufs_rpmb_test_batch(struct kunit *test)
{
	struct test_ufs *ufs = test_ufs_with(test, &test_info);
	struct rpmb_route routes[3];
	unsigned int done;
	int turns;

	test_settled(ufs);
	turns = atomic_read(&test_unit(ufs)->tickets);
	ufs->answer = RPMB_GET_WRITE_COUNTER << 8;
	KUNIT_EXPECT_EQ(test, 0, test_route_counters(test, test_region(ufs, 2),
						     routes, 3, &done));
	KUNIT_EXPECT_EQ(test, done, 3);
	KUNIT_EXPECT_EQ(test, ufs->nr_cmds, 6);
	KUNIT_EXPECT_EQ(test, atomic_read(&test_unit(ufs)->tickets), turns + 1);
	for (unsigned int i = 0; i < ufs->nr_cmds; i++)
		KUNIT_EXPECT_TRUE(test, ufs->cmds[i].awake);
}

/* The second one fails, and nothing behind it begins */
static void ufs_rpmb_test_batch_fails(struct kunit *test)
{
	struct test_ufs *ufs = test_ufs_with(test, &test_info);
	struct rpmb_route routes[3];
	unsigned int done;

	test_settled(ufs);
	TEST_SCRIPT(ufs, TEST_GOOD, TEST_GOOD,
		    TEST_SENSE(HARDWARE_ERROR, 0x44));
	ufs->answer = RPMB_GET_WRITE_COUNTER << 8;
	KUNIT_EXPECT_EQ(test, -EIO, test_route_counters(test, test_region(ufs, 2),
							routes, 3, &done));
	KUNIT_EXPECT_EQ(test, done, 1);
	KUNIT_EXPECT_EQ(test, ufs->nr_cmds, 3);
	KUNIT_EXPECT_TRUE(test, routes[1].started);
	KUNIT_EXPECT_FALSE(test, routes[2].started);
}

/* So it is with a response that is none */
static void ufs_rpmb_test_batch_ends(struct kunit *test)
{
	struct test_ufs *ufs = test_ufs_with(test, &test_info);
	struct rpmb_route routes[3];
	unsigned int done;

	test_settled(ufs);
	ufs->answer = RPMB_READ_DATA << 8;
	KUNIT_EXPECT_EQ(test, -EPROTO,
			test_route_counters(test, test_region(ufs, 2), routes,
					    3, &done));
	KUNIT_EXPECT_EQ(test, done, 0);
	KUNIT_EXPECT_EQ(test, ufs->nr_cmds, 2);
	KUNIT_EXPECT_FALSE(test, routes[1].started);
}

static void ufs_rpmb_test_read(struct kunit *test)
{
	struct test_ufs *ufs = test_ufs_with(test, &test_info);
	struct test_call *call;

	test_settled(ufs);
	call = test_read(ufs, test_region(ufs, 3), TEST_MAX_BLOCKS);
	KUNIT_EXPECT_EQ(test, 0, test_transfer(call));
	KUNIT_ASSERT_EQ(test, ufs->nr_cmds, 2);
	test_expect_cmd(ufs, 0, SECURITY_PROTOCOL_OUT, 3, &call->xfers[0]);
	test_expect_cmd(ufs, 1, SECURITY_PROTOCOL_IN, 3, &call->xfers[1]);
	test_expect_answer(test, &call->xfers[1]);
	test_expect_started(test, call, 2);
}

/* More than the host can carry in a command is not begun, in either direction */
static void ufs_rpmb_test_too_long(struct kunit *test)
{
	struct test_ufs *ufs = test_ufs_with(test, &test_info);
	struct rpmb_dev *rdev = test_settled(ufs);
	struct test_call *write = test_write(ufs, rdev, TEST_MAX_BLOCKS + 1);
	struct test_call *read = test_read(ufs, rdev, TEST_MAX_BLOCKS + 1);

	KUNIT_EXPECT_EQ(test, -EMSGSIZE, test_transfer(write));
	test_expect_started(test, write, 0);
	KUNIT_EXPECT_EQ(test, -EMSGSIZE, test_transfer(read));
	test_expect_started(test, read, 0);
	KUNIT_EXPECT_EQ(test, 0, ufs->nr_cmds);
}

/* In a batch that is found when its turn comes, and what was before it is done */
static void ufs_rpmb_test_batch_too_long(struct kunit *test)
{
	struct test_ufs *ufs = test_ufs_with(test, &test_info);
	unsigned int len = (TEST_MAX_BLOCKS + 1) * TEST_FRAME, done;
	struct rpmb_frame counter = {
		.req_resp = cpu_to_be16(RPMB_GET_WRITE_COUNTER),
	};
	struct rpmb_frame read = {
		.req_resp = cpu_to_be16(RPMB_READ_DATA),
	};
	struct rpmb_frame *resp = kunit_kmalloc(test, len, GFP_KERNEL);
	struct rpmb_route routes[] = {
		{ (u8 *)&counter, TEST_FRAME, (u8 *)resp, TEST_FRAME },
		{ (u8 *)&read, TEST_FRAME, (u8 *)resp, len },
	};

	KUNIT_ASSERT_NOT_NULL(test, resp);
	test_settled(ufs);
	ufs->answer = RPMB_GET_WRITE_COUNTER << 8;
	KUNIT_EXPECT_EQ(test, -EMSGSIZE,
			rpmb_route_batch(test_region(ufs, 2), routes, 2, &done));
	KUNIT_EXPECT_EQ(test, done, 1);
	KUNIT_EXPECT_EQ(test, ufs->nr_cmds, 2);
	KUNIT_EXPECT_FALSE(test, routes[1].started);
}

/* A command that the midlayer could not even begin has not reached the device */
static void ufs_rpmb_test_not_issued(struct kunit *test)
{
	struct test_ufs *ufs = test_ufs_with(test, &test_info);
	struct test_call *call = test_write(ufs, test_settled(ufs), 1);

	/* The core makes none like this: the midlayer cannot map it */
	call->xfers[1].len = (TEST_MAX_BLOCKS + 1) * TEST_FRAME;
	call->xfers[1].buf = kunit_kzalloc(test, call->xfers[1].len, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, call->xfers[1].buf);
	KUNIT_EXPECT_LT(test, test_transfer(call), 0);
	KUNIT_EXPECT_EQ(test, 1, ufs->nr_cmds);
	test_expect_started(test, call, 1);
}

/* Errors */

/**
 * struct test_error - a way to fail, and what has to become of it
 * @what: its name
 * @step: what the device says
 * @ret: what the caller gets
 */
struct test_error {
	const char *what;
	struct test_step step;
	int ret;
};

static const struct test_error test_errors[] = {
	{ "illegal request", TEST_SENSE(ILLEGAL_REQUEST, 0x24), -EIO },
	{ "not ready", TEST_SENSE(NOT_READY, 0x04), -EIO },
	{ "hardware error", TEST_SENSE(HARDWARE_ERROR, 0x44), -EIO },
	{ "aborted command", TEST_SENSE(ABORTED_COMMAND, 0x47), -EIO },
	{ "data protect", TEST_SENSE(DATA_PROTECT, 0x27), -EIO },
	{ "reservation conflict", { .result = SAM_STAT_RESERVATION_CONFLICT },
	  -EIO },
	{ "task aborted", { .result = SAM_STAT_TASK_ABORTED }, -EIO },
	{ "one byte too few", { .resid = 1 }, -EIO },
	{ "a frame too few", { .resid = TEST_FRAME }, -EIO },
	{ "host error", TEST_HOST(DID_ERROR), -EIO },
	{ "aborted", TEST_HOST(DID_ABORT), -EIO },
	{ "no device", TEST_HOST(DID_NO_CONNECT), -ENODEV },
	{ "bad target", TEST_HOST(DID_BAD_TARGET), -ENODEV },
};

static void test_error_desc(const struct test_error *error, char *desc)
{
	strscpy(desc, error->what, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(test_error, test_errors, test_error_desc);

/* In each step of a write: how far it got is told, and it goes no further */
static void ufs_rpmb_test_error(struct kunit *test)
{
	const struct test_error *error = test->param_value;
	struct test_ufs *ufs = test_ufs_with(test, &test_info);
	struct rpmb_dev *rdev = test_settled(ufs);
	struct test_step steps[3];
	struct test_call *call;

	for (unsigned int at = 0; at < ARRAY_SIZE(steps); at++) {
		memset(steps, 0, sizeof(steps));
		steps[at] = error->step;
		call = test_write(ufs, rdev, 1);
		test_script(ufs, steps, ARRAY_SIZE(steps));
		KUNIT_EXPECT_EQ(test, error->ret, test_transfer(call));
		KUNIT_EXPECT_EQ(test, at + 1, ufs->nr_cmds);
		test_expect_started(test, call, at + 1);
		test_settled(ufs);
	}
}

/* Unit attentions */

/* What waits since power on is taken before the first request */
static void ufs_rpmb_test_power_on(struct kunit *test)
{
	struct test_ufs *ufs = test_ufs_with(test, &test_info);
	struct test_call *call = test_write(ufs, test_region(ufs, 0), 1);

	TEST_SCRIPT(ufs, TEST_RESET, TEST_CHANGED, TEST_RESET);
	KUNIT_EXPECT_EQ(test, 0, test_transfer(call));
	TEST_EXPECT_OPCODES(ufs, TEST_UNIT_READY, TEST_UNIT_READY,
			    TEST_UNIT_READY, TEST_UNIT_READY,
			    SECURITY_PROTOCOL_OUT, SECURITY_PROTOCOL_OUT,
			    SECURITY_PROTOCOL_IN);

	/* And that was that */
	test_script(ufs, NULL, 0);
	KUNIT_EXPECT_EQ(test, 0, test_transfer(call));
	KUNIT_EXPECT_EQ(test, 3, ufs->nr_cmds);
}

/* A device that is not ready gets no request, and nothing has happened */
static void ufs_rpmb_test_not_ready(struct kunit *test)
{
	struct test_ufs *ufs = test_ufs_with(test, &test_info);
	struct test_call *call = test_write(ufs, test_region(ufs, 0), 1);

	TEST_SCRIPT(ufs, TEST_SENSE(NOT_READY, 0x04));
	KUNIT_EXPECT_EQ(test, -EIO, test_transfer(call));
	KUNIT_EXPECT_EQ(test, 1, ufs->nr_cmds);
	test_expect_started(test, call, 0);

	TEST_SCRIPT(ufs, TEST_HOST(DID_NO_CONNECT));
	KUNIT_EXPECT_EQ(test, -ENODEV, test_transfer(call));
	test_expect_started(test, call, 0);

	/* It is asked again until it is */
	test_script(ufs, NULL, 0);
	KUNIT_EXPECT_EQ(test, 0, test_transfer(call));
	KUNIT_EXPECT_EQ(test, ufs->cmds[0].cdb[0], TEST_UNIT_READY);
}

/* A device that never stops is left alone */
static void ufs_rpmb_test_endless(struct kunit *test)
{
	struct test_ufs *ufs = test_ufs_with(test, &test_info);
	struct test_call *write = test_write(ufs, test_region(ufs, 0), 1);
	struct test_call *read = test_read(ufs, test_region(ufs, 0), 1);
	static struct test_step steps[TEST_CMDS];

	for (unsigned int i = 0; i < TEST_CMDS; i++)
		steps[i] = (struct test_step)TEST_RESET;
	test_script(ufs, steps, TEST_CMDS);
	KUNIT_EXPECT_EQ(test, -EIO, test_transfer(write));
	KUNIT_EXPECT_EQ(test, ufs->nr_cmds, UFS_RPMB_MAX_ATTENTIONS + 1);
	test_expect_started(test, write, 0);

	test_script(ufs, steps, TEST_CMDS);
	KUNIT_EXPECT_EQ(test, -EIO, test_transfer(read));
	KUNIT_EXPECT_EQ(test, ufs->nr_cmds, UFS_RPMB_MAX_ATTENTIONS + 1);
	test_expect_started(test, read, 1);
}

/* A write that meets a reset may have been carried out before: not once more */
static void ufs_rpmb_test_reset_write(struct kunit *test)
{
	struct test_ufs *ufs = test_ufs_with(test, &test_info);
	struct test_call *call = test_write(ufs, test_settled(ufs), 1);

	TEST_SCRIPT(ufs, TEST_RESET);
	KUNIT_EXPECT_EQ(test, -EIO, test_transfer(call));
	KUNIT_EXPECT_EQ(test, 1, ufs->nr_cmds);
	test_expect_started(test, call, 1);
}

/* What has no result read may change the device as well */
static void ufs_rpmb_test_reset_purge(struct kunit *test)
{
	struct test_ufs *ufs = test_ufs_with(test, &test_info);
	struct rpmb_dev *rdev = test_settled(ufs);
	struct test_call *call = test_ask(ufs, rdev, RPMB_PURGE_ENABLE, 1);

	TEST_SCRIPT(ufs, TEST_RESET);
	KUNIT_EXPECT_EQ(test, -EIO, test_transfer(call));
	KUNIT_EXPECT_EQ(test, 1, ufs->nr_cmds);
	test_expect_started(test, call, 1);
}

static const u16 test_questions[] = {
	RPMB_GET_WRITE_COUNTER, RPMB_READ_DATA, RPMB_CONFIG_READ,
	RPMB_PURGE_STATUS,
};

/*
 * Questions may be asked again, and come whole: the first command has moved nothing,
 * and the midlayer zeroes what was not moved.
 */
static void ufs_rpmb_test_reset_read(struct kunit *test)
{
	struct test_ufs *ufs = test_ufs_with(test, &test_info);
	struct rpmb_dev *rdev = test_settled(ufs);
	struct test_step steps[2] = { TEST_RESET, TEST_GOOD };
	struct test_call *call;

	steps[0].resid = TEST_FRAME;
	for (unsigned int i = 0; i < ARRAY_SIZE(test_questions); i++) {
		call = test_ask(ufs, rdev, test_questions[i], 1);
		test_script(ufs, steps, ARRAY_SIZE(steps));
		KUNIT_EXPECT_EQ(test, 0, test_transfer(call));
		KUNIT_ASSERT_EQ(test, ufs->nr_cmds, 3);
		test_expect_cmd(ufs, 1, SECURITY_PROTOCOL_OUT, 0,
				&call->xfers[0]);
		test_expect_answer(test, &call->xfers[1]);
	}
}

/* So may a write that has met something else than a reset */
static void ufs_rpmb_test_changed_write(struct kunit *test)
{
	struct test_ufs *ufs = test_ufs_with(test, &test_info);
	struct test_call *call = test_write(ufs, test_settled(ufs), 2);
	struct test_step steps[2] = { TEST_CHANGED, TEST_GOOD };

	steps[0].resid = 2 * TEST_FRAME;
	test_script(ufs, steps, ARRAY_SIZE(steps));
	KUNIT_EXPECT_EQ(test, 0, test_transfer(call));
	KUNIT_ASSERT_EQ(test, ufs->nr_cmds, 4);
	test_expect_cmd(ufs, 1, SECURITY_PROTOCOL_OUT, 0, &call->xfers[0]);
	test_expect_answer(test, &call->xfers[2]);
}

/* After a reset there may be nothing to ask for or to fetch any more */
static void ufs_rpmb_test_reset_later(struct kunit *test)
{
	struct test_ufs *ufs = test_ufs_with(test, &test_info);
	struct rpmb_dev *rdev = test_settled(ufs);
	struct test_call *call = test_write(ufs, rdev, 1);

	TEST_SCRIPT(ufs, TEST_GOOD, TEST_RESET);
	KUNIT_EXPECT_EQ(test, -EIO, test_transfer(call));
	KUNIT_EXPECT_EQ(test, 2, ufs->nr_cmds);
	test_expect_started(test, call, 2);

	test_settled(ufs);
	TEST_SCRIPT(ufs, TEST_GOOD, TEST_GOOD, TEST_RESET);
	KUNIT_EXPECT_EQ(test, -EIO, test_transfer(call));
	KUNIT_EXPECT_EQ(test, 3, ufs->nr_cmds);

	test_settled(ufs);
	call = test_read(ufs, rdev, 1);
	TEST_SCRIPT(ufs, TEST_GOOD, TEST_RESET);
	KUNIT_EXPECT_EQ(test, -EIO, test_transfer(call));
	KUNIT_EXPECT_EQ(test, 2, ufs->nr_cmds);
	test_expect_started(test, call, 2);
}

/* Anything else leaves the sequence as it is: it goes on, and what is sent is whole */
static void ufs_rpmb_test_changed_later(struct kunit *test)
{
	struct test_ufs *ufs = test_ufs_with(test, &test_info);
	struct test_call *call = test_write(ufs, test_settled(ufs), 2);
	struct test_step steps[] = {
		TEST_GOOD, TEST_CHANGED, TEST_GOOD, TEST_CHANGED,
	};

	steps[1].resid = TEST_FRAME;
	steps[3].resid = TEST_FRAME;
	test_script(ufs, steps, ARRAY_SIZE(steps));
	KUNIT_EXPECT_EQ(test, 0, test_transfer(call));
	TEST_EXPECT_OPCODES(ufs, SECURITY_PROTOCOL_OUT, SECURITY_PROTOCOL_OUT,
			    SECURITY_PROTOCOL_OUT, SECURITY_PROTOCOL_IN,
			    SECURITY_PROTOCOL_IN);
	test_expect_cmd(ufs, 2, SECURITY_PROTOCOL_OUT, 0, &call->xfers[1]);
	test_expect_answer(test, &call->xfers[2]);
}

static void test_expect_settles(struct test_ufs *ufs, struct rpmb_dev *rdev,
				bool settles)
{
	test_script(ufs, NULL, 0);
	KUNIT_EXPECT_EQ(ufs->test, 0, test_transfer(test_write(ufs, rdev, 1)));
	KUNIT_EXPECT_EQ(ufs->test, settles,
			ufs->cmds[0].cdb[0] == TEST_UNIT_READY);
}

/* Everything after which a unit attention may wait; regions share them */
static void ufs_rpmb_test_unsettled(struct kunit *test)
{
	struct test_ufs *ufs = test_ufs_with(test, &test_info);
	struct rpmb_dev *rdev = test_settled(ufs);
	struct rpmb_dev *other = test_region(ufs, 3);

	test_expect_settles(ufs, other, false);
	TEST_SCRIPT(ufs, TEST_HOST(DID_ERROR));
	KUNIT_EXPECT_EQ(test, -EIO, test_transfer(test_read(ufs, rdev, 1)));
	test_expect_settles(ufs, other, true);
	test_expect_settles(ufs, rdev, false);

	rdev->descr.resumed(rdev);
	test_expect_settles(ufs, other, true);
	test_expect_settles(ufs, rdev, false);
}

/* Questions take attentions themselves, and what waited is no matter any more */
static void ufs_rpmb_test_question_settles(struct kunit *test)
{
	struct test_ufs *ufs = test_ufs_with(test, &test_info);
	struct rpmb_dev *rdev = test_settled(ufs);

	rdev->descr.resumed(rdev);
	TEST_SCRIPT(ufs, TEST_RESET, TEST_CHANGED);
	KUNIT_EXPECT_EQ(test, 0, test_transfer(test_read(ufs, rdev, 1)));
	TEST_EXPECT_OPCODES(ufs, SECURITY_PROTOCOL_OUT, SECURITY_PROTOCOL_OUT,
			    SECURITY_PROTOCOL_OUT, SECURITY_PROTOCOL_IN);
	test_expect_settles(ufs, rdev, false);
}

/*
 * After a reset by the host the midlayer expects an attention, and says so in a word
 * that is its own: it is the midlayer that sees it come.
 */
static void ufs_rpmb_test_expected(struct kunit *test)
{
	struct test_ufs *ufs = test_ufs_with(test, &test_info);
	struct rpmb_dev *rdev = test_settled(ufs);

	scsi_report_bus_reset(ufs->shost, 0);
	test_expect_settles(ufs, rdev, true);
	KUNIT_EXPECT_TRUE(test, ufs->sdev->expecting_cc_ua);
	TEST_SCRIPT(ufs, TEST_RESET);
	KUNIT_EXPECT_EQ(test, 0, test_transfer(test_read(ufs, rdev, 1)));
	KUNIT_EXPECT_FALSE(test, ufs->sdev->expecting_cc_ua);
	test_expect_settles(ufs, rdev, false);
}

/* A unit that error handling, or somebody, has taken offline is no device that went */
static void ufs_rpmb_test_offline(struct kunit *test)
{
	struct test_ufs *ufs = test_ufs_with(test, &test_info);
	struct test_call *call = test_write(ufs, test_settled(ufs), 1);

	KUNIT_ASSERT_EQ(test, 0, scsi_device_set_state(ufs->sdev, SDEV_OFFLINE));
	KUNIT_EXPECT_EQ(test, -EIO, test_transfer(call));
	KUNIT_EXPECT_EQ(test, 0, ufs->nr_cmds);
	test_expect_started(test, call, 0);
	/* Whatever became of a command that had it */
	KUNIT_EXPECT_EQ(test, -EIO, ufs_rpmb_outcome(ufs->sdev, -ENODEV));
	KUNIT_EXPECT_EQ(test, -EIO, ufs_rpmb_outcome(ufs->sdev, -ETIMEDOUT));

	KUNIT_ASSERT_EQ(test, 0, scsi_device_set_state(ufs->sdev, SDEV_RUNNING));
	KUNIT_EXPECT_EQ(test, 0, test_transfer(call));
}

/* One operation at a time */

/* Wait until so many wait in line, or have been there */
static void test_wait_in_line(struct kunit *test, struct ufs_rpmb *ur,
			      unsigned int nr)
{
	int tickets;

	KUNIT_ASSERT_EQ(test, 0,
			read_poll_timeout(atomic_read, tickets, tickets >= nr,
					  1000, 30 * USEC_PER_SEC, false,
					  &ur->tickets));
}

/* The host answers what hung */
static void test_answer_hung(struct test_ufs *ufs,
			     const struct test_step *step)
{
	struct scsi_cmnd *cmd = ufs->hung;

	ufs->hung = NULL;
	test_answer(cmd, step);
}

/* A sequence has the unit to itself; others go in the order they came */
static void ufs_rpmb_test_one_at_a_time(struct kunit *test)
{
	static const struct test_step good = TEST_GOOD;
	static const u8 regions[] = { 2, 2, 2, 3, 3, 3, 0, 0 };
	struct test_ufs *ufs = test_ufs_with(test, &test_info);
	struct ufs_rpmb *ur = test_unit(ufs);
	struct test_call *calls[3];
	unsigned int before;

	test_settled(ufs);
	before = atomic_read(&ur->tickets);
	calls[0] = test_write(ufs, test_region(ufs, 2), 1);
	calls[1] = test_write(ufs, test_region(ufs, 3), 1);
	calls[2] = test_read(ufs, test_region(ufs, 0), 1);
	TEST_SCRIPT(ufs, { .hang = true });
	for (unsigned int i = 0; i < ARRAY_SIZE(calls); i++) {
		test_start(test, calls[i]);
		test_wait_in_line(test, ur, before + i + 1);
	}
	test_wait(test, &ufs->hanging);
	KUNIT_EXPECT_EQ(test, 1, ufs->nr_cmds);
	test_answer_hung(ufs, &good);
	for (unsigned int i = 0; i < ARRAY_SIZE(calls); i++) {
		test_finish(test, calls[i]);
		KUNIT_EXPECT_EQ(test, 0, calls[i]->ret);
	}
	KUNIT_ASSERT_EQ(test, ufs->nr_cmds, ARRAY_SIZE(regions));
	for (unsigned int i = 0; i < ARRAY_SIZE(regions); i++)
		KUNIT_EXPECT_EQ(test, ufs->cmds[i].cdb[2], regions[i]);
}

/* Whoever waits for the unit has it after 16 requests of another region's batch */
static void ufs_rpmb_test_beside_batch(struct kunit *test)
{
	static const struct test_step good = TEST_GOOD;
	struct test_ufs *ufs = test_ufs_with(test, &test_info);
	struct test_counters *batch;
	struct test_call *call;

	test_settled(ufs);
	ufs->answer = RPMB_GET_WRITE_COUNTER << 8;
	call = test_read(ufs, test_region(ufs, 3), 1);
	TEST_SCRIPT(ufs, { .hang = true });
	batch = test_start_counters(test, test_region(ufs, 2), 20);
	test_wait(test, &ufs->hanging);
	test_start(test, call);
	test_wait_asleep(test, &test_unit(ufs)->line, call);
	test_answer_hung(ufs, &good);
	test_finish(test, call);
	test_finish(test, &batch->call);
	KUNIT_EXPECT_EQ(test, 0, batch->call.ret);
	KUNIT_EXPECT_EQ(test, 20, batch->carried);
	KUNIT_ASSERT_EQ(test, 2 * 21, ufs->nr_cmds);
	for (unsigned int i = 0; i < ufs->nr_cmds; i++)
		KUNIT_EXPECT_EQ_MSG(test, i / 2 == 16 ? 3 : 2,
				    ufs->cmds[i].cdb[2], "command %u", i);
}

/* Who waits for that long must not be taken for a hung task */
static void ufs_rpmb_test_idle_in_line(struct kunit *test)
{
	static const struct test_step good = TEST_GOOD;
	struct test_ufs *ufs = test_ufs_with(test, &test_info);
	struct test_call *first, *second;

	test_settled(ufs);
	first = test_write(ufs, test_region(ufs, 2), 1);
	second = test_write(ufs, test_region(ufs, 3), 1);
	TEST_SCRIPT(ufs, { .hang = true });
	test_start(test, first);
	test_wait(test, &ufs->hanging);
	test_start(test, second);
	test_wait_asleep(test, &test_unit(ufs)->line, second);
	KUNIT_EXPECT_EQ(test, READ_ONCE(second->task->__state), TASK_IDLE);
	test_answer_hung(ufs, &good);
	test_finish(test, first);
	test_finish(test, second);
	KUNIT_EXPECT_EQ(test, 0, second->ret);
}

/* Memory in pieces, as large requests have it */
static void ufs_rpmb_test_pieces(struct kunit *test)
{
	struct test_ufs *ufs = test_ufs_with(test, &test_info);
	struct test_call *call = test_write(ufs, test_settled(ufs),
					    TEST_MAX_BLOCKS);
	struct rpmb_xfer *xfer = &call->xfers[0];
	void *pieces = vmalloc(xfer->len);
	void *whole = xfer->buf;

	KUNIT_ASSERT_NOT_NULL(test, pieces);
	memcpy(pieces, whole, xfer->len);
	xfer->buf = pieces;
	KUNIT_EXPECT_EQ(test, 0, test_transfer(call));
	KUNIT_EXPECT_EQ(test, ufs->nr_cmds, 3);
	test_expect_cmd(ufs, 0, SECURITY_PROTOCOL_OUT, 0, xfer);
	xfer->buf = whole;

	call = test_read(ufs, call->rdev, TEST_MAX_BLOCKS);
	xfer = test_recv(call);
	whole = xfer->buf;
	xfer->buf = pieces;
	KUNIT_EXPECT_EQ(test, 0, test_transfer(call));
	test_expect_answer(test, xfer);
	xfer->buf = whole;
	vfree(pieces);
}

#ifdef CONFIG_PM
/* It is woken for a sequence, may have lost power, and may sleep afterwards */
static void ufs_rpmb_test_sleeping(struct kunit *test)
{
	struct test_ufs *ufs = test_ufs_with(test, &test_info);
	struct rpmb_dev *rdev = test_settled(ufs);
	struct device *dev = &ufs->sdev->sdev_gendev;

	pm_runtime_allow(dev);
	ufs->usage = 0;
	/* 1: it sleeps already */
	KUNIT_ASSERT_GE(test, pm_runtime_suspend(dev), 0);
	test_expect_settles(ufs, rdev, true);
	for (unsigned int i = 0; i < ufs->nr_cmds; i++)
		KUNIT_EXPECT_TRUE(test, ufs->cmds[i].awake);
	KUNIT_EXPECT_EQ(test, 0, atomic_read(&dev->power.usage_count));

	/* Somebody else has woken it, and keeps it awake */
	KUNIT_ASSERT_GE(test, pm_runtime_suspend(dev), 0);
	pm_runtime_forbid(dev);
	test_expect_settles(ufs, rdev, true);
	test_expect_settles(ufs, rdev, false);
}

/* It is woken for all requests of a list at once, and does not sleep between them */
static void ufs_rpmb_test_batch_sleeping(struct kunit *test)
{
	struct test_ufs *ufs = test_ufs_with(test, &test_info);
	struct device *dev = &ufs->sdev->sdev_gendev;
	struct rpmb_route routes[3];
	unsigned int done;

	test_settled(ufs);
	pm_runtime_allow(dev);
	ufs->usage = 0;
	KUNIT_ASSERT_GE(test, pm_runtime_suspend(dev), 0);
	ufs->answer = RPMB_GET_WRITE_COUNTER << 8;
	KUNIT_EXPECT_EQ(test, 0, test_route_counters(test, test_region(ufs, 2),
						     routes, 3, &done));
	KUNIT_ASSERT_EQ(test, ufs->nr_cmds, 6);
	for (unsigned int i = 0; i < ufs->nr_cmds; i++) {
		KUNIT_EXPECT_TRUE(test, ufs->cmds[i].awake);
		KUNIT_EXPECT_EQ(test, ufs->cmds[i].slept, ufs->cmds[0].slept);
	}
	KUNIT_EXPECT_EQ(test, 0, atomic_read(&dev->power.usage_count));
	pm_runtime_forbid(dev);
}

/* Who cannot be woken gets no request; -EINVAL would be about the frames */
static void ufs_rpmb_test_not_woken(struct kunit *test)
{
	struct test_ufs *ufs = test_ufs_with(test, &test_info);
	struct test_call *call = test_write(ufs, test_settled(ufs), 1);
	struct device *dev = &ufs->sdev->sdev_gendev;

	pm_runtime_allow(dev);
	KUNIT_ASSERT_GE(test, pm_runtime_suspend(dev), 0);
	dev->power.runtime_error = -EIO;
	KUNIT_EXPECT_EQ(test, -EIO, test_transfer(call));
	KUNIT_EXPECT_EQ(test, 0, ufs->nr_cmds);
	test_expect_started(test, call, 0);
	dev->power.runtime_error = 0;
	pm_runtime_forbid(dev);
}
#endif

/* Ends that the midlayer and the host bring about */

/*
 * The host aborted a write that the device had carried out, by a reset, and the
 * midlayer sends it again by itself
 */
static void ufs_rpmb_test_requeued(struct kunit *test)
{
	struct test_ufs *ufs = test_ufs_with(test, &test_info);
	struct test_call *call = test_write(ufs, test_settled(ufs), 1);

	TEST_SCRIPT(ufs, TEST_HOST(DID_REQUEUE), TEST_RESET);
	KUNIT_EXPECT_EQ(test, -EIO, test_transfer(call));
	KUNIT_ASSERT_EQ(test, 2, ufs->nr_cmds);
	test_expect_cmd(ufs, 1, SECURITY_PROTOCOL_OUT, 0, &call->xfers[0]);
	test_expect_started(test, call, 1);
}

static void ufs_rpmb_test_timeout(struct kunit *test)
{
	struct test_ufs *ufs = test_ufs_with(test, &test_info);
	struct test_call *call = test_write(ufs, test_settled(ufs), 1);

	timeout = 1000;
	TEST_SCRIPT(ufs, TEST_GOOD, { .hang = true });
	KUNIT_EXPECT_EQ(test, -ETIMEDOUT, test_transfer(call));
	KUNIT_EXPECT_EQ(test, 2, ufs->nr_cmds);
	test_expect_started(test, call, 2);
}

/* When the device is being unregistered, a sequence ends with its command */
static void ufs_rpmb_test_abort(struct kunit *test)
{
	struct test_ufs *ufs = test_ufs_with(test, &test_info);
	struct test_call *call = test_write(ufs, test_settled(ufs), 1);
	struct test_step step = TEST_RESET;

	TEST_SCRIPT(ufs, { .gone = true });
	KUNIT_EXPECT_EQ(test, -ENODEV, test_transfer(call));
	KUNIT_EXPECT_EQ(test, 1, ufs->nr_cmds);
	test_expect_started(test, call, 1);

	/* So does the asking for unit attentions, before the request */
	call = test_write(ufs, test_region(ufs, 3), 1);
	call->rdev->descr.resumed(call->rdev);
	step.gone = true;
	test_script(ufs, &step, 1);
	KUNIT_EXPECT_EQ(test, -ENODEV, test_transfer(call));
	KUNIT_EXPECT_EQ(test, 1, ufs->nr_cmds);
	test_expect_started(test, call, 0);

	/* Other regions go on */
	call = test_read(ufs, test_region(ufs, 2), 1);
	KUNIT_EXPECT_EQ(test, 0, test_transfer(call));
}

static int test_remover(void *data)
{
	test_remove_host(data);
	return 0;
}

static void test_join(void *thread)
{
	kthread_stop_put(thread);
}

static struct task_struct *test_start_removal(struct test_ufs *ufs)
{
	struct task_struct *thread = kthread_create(test_remover, ufs,
						    "rpmb_test");

	KUNIT_ASSERT_FALSE(ufs->test, IS_ERR(thread));
	get_task_struct(thread);
	wake_up_process(thread);
	KUNIT_ASSERT_EQ(ufs->test, 0,
			kunit_add_action_or_reset(ufs->test, test_join, thread));
	return thread;
}

static const struct test_step test_aborted = TEST_HOST(DID_ABORT);

/* All regions are told before the first, which hangs, is waited for */
static void test_wait_gone(struct kunit *test,
			   const struct ufs_rpmb_region *region)
{
	bool gone;

	KUNIT_ASSERT_EQ(test, 0, read_poll_timeout(READ_ONCE, gone, gone, 1000,
						   30 * USEC_PER_SEC, false,
						   region->gone));
}

/* The host goes while a command hangs; the RPMB device is still known to somebody */
static void ufs_rpmb_test_remove(struct kunit *test)
{
	struct test_ufs *ufs = test_ufs_with(test, &test_info);
	struct rpmb_dev *rdev = rpmb_dev_get(test_settled(ufs));
	struct ufs_rpmb_region *last = test_region(ufs, 3)->descr.priv;
	struct test_call *call = test_write(ufs, rdev, 1);
	struct test_call *late = test_ask(ufs, rdev, RPMB_GET_WRITE_COUNTER, 1);
	struct task_struct *remover;

	TEST_SCRIPT(ufs, { .hang = true });
	test_start(test, call);
	test_wait(test, &ufs->hanging);
	remover = test_start_removal(ufs);
	test_wait_gone(test, last);
	test_answer_hung(ufs, &test_aborted);
	kunit_release_action(test, test_join, remover);
	KUNIT_EXPECT_TRUE(test, completion_done(&call->done));
	test_finish(test, call);
	KUNIT_EXPECT_EQ(test, -ENODEV, call->ret);
	KUNIT_EXPECT_EQ(test, 1, ufs->nr_cmds);
	test_expect_started(test, call, 1);

	KUNIT_EXPECT_NULL(test, test_unit(ufs));
	KUNIT_EXPECT_FALSE(test, device_is_registered(&rdev->dev));
	KUNIT_EXPECT_EQ(test, -ENODEV,
			rpmb_route_frames(rdev, late->xfers[0].buf, TEST_FRAME,
					  late->xfers[1].buf, TEST_FRAME));
	rpmb_dev_put(rdev);
}

/**
 * struct test_visit - a disk of another host comes and goes
 * @shost: the host
 * @done: it has
 * @ret: 0, or why not
 * @is_disk: the disk driver has taken it
 */
struct test_visit {
	struct Scsi_Host *shost;
	struct completion done;
	int ret;
	bool is_disk;
};

static int test_visitor(void *data)
{
	struct test_visit *visit = data;
	struct scsi_device *sdev = __scsi_add_device(visit->shost, 0, 0, 0, NULL);

	visit->ret = PTR_ERR_OR_ZERO(sdev);
	if (!visit->ret) {
		/* The disk driver looks at it in its own time */
		async_synchronize_full();
		visit->is_disk = sdev->sdev_gendev.driver;
		scsi_device_put(sdev);
		scsi_remove_device(sdev);
	}
	complete(&visit->done);
	return 0;
}

static void test_let_visit(struct test_ufs *host)
{
	struct test_visit *visit = kunit_kzalloc(host->test, sizeof(*visit),
						 GFP_KERNEL);
	struct task_struct *task;

	KUNIT_ASSERT_NOT_NULL(host->test, visit);
	visit->shost = host->shost;
	init_completion(&visit->done);
	task = kthread_run(test_visitor, visit, "rpmb_test");
	KUNIT_ASSERT_FALSE(host->test, IS_ERR(task));
	test_wait(host->test, &visit->done);
	KUNIT_EXPECT_EQ(host->test, 0, visit->ret);
	if (IS_BUILTIN(CONFIG_BLK_DEV_SD))
		KUNIT_EXPECT_TRUE(host->test, visit->is_disk);
}

/* While a host waits for a command that hangs, others' disks come and go */
static void ufs_rpmb_test_remove_beside(struct kunit *test)
{
	struct test_ufs *ufs = test_ufs_with(test, &test_info);
	struct test_ufs *other = test_host_new(test, &test_template, &test_info);
	struct ufs_rpmb_region *last = test_region(ufs, 3)->descr.priv;
	struct test_call *call = test_write(ufs, test_settled(ufs), 1);
	struct task_struct *remover;

	TEST_SCRIPT(ufs, { .hang = true });
	test_start(test, call);
	test_wait(test, &ufs->hanging);
	remover = test_start_removal(ufs);
	test_wait_gone(test, last);
	test_let_visit(other);
	KUNIT_ASSERT_FALSE(test, completion_done(&call->done));
	test_answer_hung(ufs, &test_aborted);
	kunit_release_action(test, test_join, remover);
	test_finish(test, call);
	KUNIT_EXPECT_EQ(test, -ENODEV, call->ret);
}

/* What becomes of a device */

static void test_expect_region(struct test_ufs *ufs, unsigned int region,
			       u16 capacity, u32 types)
{
	struct rpmb_dev *rdev = test_region(ufs, region);
	struct kunit *test = ufs->test;
	char id[] = TEST_ID "-R0";

	id[sizeof(id) - 2] += region;
	KUNIT_ASSERT_NOT_NULL(test, rdev);
	KUNIT_EXPECT_PTR_EQ(test, rdev->dev.parent, &ufs->sdev->sdev_gendev);
	KUNIT_EXPECT_EQ(test, rdev->descr.type, RPMB_TYPE_UFS);
	KUNIT_EXPECT_EQ(test, rdev->descr.transport, RPMB_TRANSPORT_UFS);
	KUNIT_EXPECT_EQ(test, rdev->descr.target, region);
	KUNIT_EXPECT_EQ(test, rdev->descr.capacity, capacity);
	KUNIT_EXPECT_EQ(test, rdev->descr.request_types, types);
	KUNIT_EXPECT_EQ(test, rdev->descr.fill_block_count, 0x290);
	KUNIT_ASSERT_EQ(test, rdev->descr.dev_id_len, strlen(id));
	KUNIT_EXPECT_MEMEQ(test, rdev->descr.dev_id, (u8 *)id, strlen(id));
}

/* One for each region that there is; types 6 and 7 are region 0's */
static void ufs_rpmb_test_regions(struct kunit *test)
{
	struct test_ufs *ufs = test_ufs_with(test, &test_info);

	test_expect_region(ufs, 0, 32, 0x3de);
	KUNIT_EXPECT_NULL(test, test_region(ufs, 1));
	test_expect_region(ufs, 2, 128, 0x31e);
	test_expect_region(ufs, 3, 1, 0x31e);
}

/* The host of the device that others are told of */
static struct test_ufs *test_told;

/* The region that the last command was for */
static int test_last_region(const struct test_ufs *ufs)
{
	return ufs->nr_cmds ? ufs->cmds[ufs->nr_cmds - 1].cdb[2] : -1;
}

/* A client that cannot wait; the answer is nonsense */
static int test_ask_at_once(struct device *dev)
{
	static struct rpmb_frame frame = {
		.req_resp = cpu_to_be16(RPMB_GET_WRITE_COUNTER),
	}, answer;
	struct rpmb_dev *rdev = to_rpmb_dev(dev);

	if (!scsi_is_sdev_device(dev->parent) ||
	    to_scsi_device(dev->parent)->host != test_told->shost)
		return 0;
	rpmb_route_frames(rdev, (u8 *)&frame, TEST_FRAME, (u8 *)&answer,
			  TEST_FRAME);
	KUNIT_EXPECT_EQ(test_told->test, test_last_region(test_told),
			rdev->descr.target);
	test_told->nr_told++;
	return 0;
}

static struct class_interface test_intf = {
	.add_dev = test_ask_at_once,
};

/* When others are told of a region, it is that region that they reach */
static void ufs_rpmb_test_told(struct kunit *test)
{
	struct test_ufs *ufs = test_host_new(test, &test_template, &test_info);

	test_told = ufs;
	test_tell(test, &test_intf);
	test_add_lun(ufs, UFS_RPMB_LUN);
	KUNIT_EXPECT_EQ(test, ufs->nr_told, 3);
}

/* Before purge, and before secure write protection */
static void ufs_rpmb_test_old(struct kunit *test)
{
	struct ufs_dev_info info = test_info;

	info.wspecversion = 0x0310;
	test_expect_region(test_ufs_with(test, &info), 0, 32, 0xde);
	info.wspecversion = 0x0200;
	test_expect_region(test_ufs_with(test, &info), 0, 32, 0x1e);
}

/* With a host that carries so many sectors, in so many pieces */
static void test_expect_host_limits(struct kunit *test, u8 io_size,
				    unsigned int sectors, unsigned short pieces,
				    u32 write_sizes, u32 max,
				    u16 reliable_wr_count)
{
	struct scsi_host_template *template;
	struct ufs_dev_info info = test_info;
	struct test_ufs *ufs;
	struct rpmb_dev *rdev;

	template = kunit_kmalloc(test, sizeof(*template), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, template);
	*template = test_template;
	template->max_sectors = sectors;
	template->sg_tablesize = pieces;
	info.rpmb_io_size = io_size;
	ufs = test_host_new(test, template, &info);
	test_add_lun(ufs, UFS_RPMB_LUN);
	rdev = test_region(ufs, 0);
	KUNIT_ASSERT_NOT_NULL(test, rdev);
	KUNIT_EXPECT_EQ(test, rdev->descr.write_sizes, write_sizes);
	KUNIT_EXPECT_EQ(test, rdev->descr.max_write, max);
	KUNIT_EXPECT_EQ(test, rdev->descr.max_read, max);
	KUNIT_EXPECT_EQ(test, rdev->descr.reliable_wr_count, reliable_wr_count);
	test_remove_host(ufs);
}

static void test_expect_limits(struct kunit *test, u8 io_size, u32 write_sizes,
			       u32 max, u16 reliable_wr_count)
{
	test_expect_host_limits(test, io_size, 1024, SG_ALL, write_sizes, max,
				reliable_wr_count);
}

static void ufs_rpmb_test_limits(struct kunit *test)
{
	test_expect_limits(test, 1, 0x1, 1, 1);
	test_expect_limits(test, 64, 0x7f, 64, 32);
	test_expect_limits(test, 100, 0x7f, 100, 50);
	test_expect_limits(test, 255, 0xff, 255, 127);
	/* One frame is what every device takes */
	test_expect_limits(test, 0, 0x1, 1, 1);
	/* The host's, if it carries less; what lies in pages that may be anywhere */
	test_expect_host_limits(test, 255, 64, SG_ALL, 0x7f, 64, 32);
	test_expect_host_limits(test, 255, 1024, 4, 0x3f,
				4 * PAGE_SECTORS, 2 * PAGE_SECTORS);
}

static void test_expect_none(struct test_ufs *ufs)
{
	KUNIT_EXPECT_NULL(ufs->test, test_unit(ufs));
	KUNIT_EXPECT_EQ(ufs->test, 0, ufs->nr_cmds);
}

/* Advanced mode speaks another language */
static void ufs_rpmb_test_advanced(struct kunit *test)
{
	struct ufs_dev_info info = test_info;

	info.b_advanced_rpmb_en = true;
	test_expect_none(test_ufs_with(test, &info));
}

/* Who derived a key from another identity would lose the device */
static void ufs_rpmb_test_no_identity(struct kunit *test)
{
	struct ufs_dev_info info = test_info;

	info.device_id = NULL;
	test_expect_none(test_ufs_with(test, &info));
}

/* A device without regions, or whose unit's descriptor could not be read */
static void ufs_rpmb_test_no_region(struct kunit *test)
{
	struct ufs_dev_info info = test_info;

	memset(info.rpmb_region_size, 0, sizeof(info.rpmb_region_size));
	test_expect_none(test_ufs_with(test, &info));
}

/* What is behind other hosts' structure is not ours to read */
static void ufs_rpmb_test_other_host(struct kunit *test)
{
	static struct scsi_host_template template;
	struct test_ufs *ufs;

	template = test_template;
	template.proc_name = "ufshcd-not";
	ufs = test_host_new(test, &template, &test_info);
	test_add_lun(ufs, UFS_RPMB_LUN);
	test_expect_none(ufs);
	test_remove_host(ufs);

	template.proc_name = NULL;
	ufs = test_host_new(test, &template, &test_info);
	test_add_lun(ufs, UFS_RPMB_LUN);
	test_expect_none(ufs);
	test_remove_host(ufs);
}

static void ufs_rpmb_test_other_lun(struct kunit *test)
{
	struct test_ufs *ufs = test_host_new(test, &test_template, &test_info);

	test_add_lun(ufs, SCSI_W_LUN_BASE |
			  (UFS_UPIU_BOOT_WLUN & ~UFS_UPIU_WLUN_ID));
	test_expect_none(ufs);
}

static void ufs_rpmb_test_dev_id(struct kunit *test)
{
	dev_id = "string";
	KUNIT_EXPECT_EQ(test, 0, ufs_rpmb_parse_dev_id());
	KUNIT_EXPECT_FALSE(test, ufs_rpmb_hash_ids);
	dev_id = "blake2b";
	KUNIT_EXPECT_EQ(test, 0, ufs_rpmb_parse_dev_id());
	KUNIT_EXPECT_TRUE(test, ufs_rpmb_hash_ids);
	dev_id = "blake2";
	KUNIT_EXPECT_EQ(test, -EINVAL, ufs_rpmb_parse_dev_id());
}

static void test_id_desc(const struct ufs_id_vector *vector, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%zu bytes, region %u",
		 strlen(vector->device_id) + 3, vector->region);
}

KUNIT_ARRAY_PARAM(test_id, ufs_id_vectors, test_id_desc);

/* By another implementation, see the header */
static void ufs_rpmb_test_blake2b(struct kunit *test)
{
	const struct ufs_id_vector *vector = test->param_value;
	struct ufs_dev_info info = test_info;
	struct rpmb_dev *rdev;

	ufs_rpmb_hash_ids = true;
	info.device_id = (char *)vector->device_id;
	info.rpmb_region_size[vector->region] = 1;
	rdev = test_region(test_ufs_with(test, &info), vector->region);
	KUNIT_ASSERT_NOT_NULL(test, rdev);
	KUNIT_ASSERT_EQ(test, rdev->descr.dev_id_len, sizeof(vector->id));
	KUNIT_EXPECT_MEMEQ(test, rdev->descr.dev_id, vector->id,
			   sizeof(vector->id));
}

static void ufs_rpmb_test_set_timeout(struct kunit *test)
{
	static const struct kernel_param param = { .arg = &timeout };

	KUNIT_EXPECT_EQ(test, -EINVAL, ufs_rpmb_set_timeout("0", &param));
	KUNIT_EXPECT_EQ(test, timeout, TEST_TIMEOUT);
	KUNIT_EXPECT_EQ(test, 0, ufs_rpmb_set_timeout("1", &param));
	KUNIT_EXPECT_EQ(test, timeout, 1);
}

static struct kunit_case ufs_rpmb_test_cases[] = {
	KUNIT_CASE(ufs_rpmb_test_write),
	KUNIT_CASE(ufs_rpmb_test_read),
	KUNIT_CASE(ufs_rpmb_test_batch),
	KUNIT_CASE(ufs_rpmb_test_batch_fails),
	KUNIT_CASE(ufs_rpmb_test_batch_ends),
	KUNIT_CASE(ufs_rpmb_test_too_long),
	KUNIT_CASE(ufs_rpmb_test_batch_too_long),
	KUNIT_CASE(ufs_rpmb_test_not_issued),
	KUNIT_CASE_PARAM(ufs_rpmb_test_error, test_error_gen_params),
	KUNIT_CASE(ufs_rpmb_test_power_on),
	KUNIT_CASE(ufs_rpmb_test_not_ready),
	KUNIT_CASE(ufs_rpmb_test_endless),
	KUNIT_CASE(ufs_rpmb_test_reset_write),
	KUNIT_CASE(ufs_rpmb_test_reset_purge),
	KUNIT_CASE(ufs_rpmb_test_reset_read),
	KUNIT_CASE(ufs_rpmb_test_changed_write),
	KUNIT_CASE(ufs_rpmb_test_reset_later),
	KUNIT_CASE(ufs_rpmb_test_changed_later),
	KUNIT_CASE(ufs_rpmb_test_unsettled),
	KUNIT_CASE(ufs_rpmb_test_question_settles),
	KUNIT_CASE(ufs_rpmb_test_expected),
	KUNIT_CASE(ufs_rpmb_test_offline),
	KUNIT_CASE(ufs_rpmb_test_one_at_a_time),
	KUNIT_CASE(ufs_rpmb_test_beside_batch),
	KUNIT_CASE(ufs_rpmb_test_idle_in_line),
	KUNIT_CASE(ufs_rpmb_test_pieces),
#ifdef CONFIG_PM
	KUNIT_CASE(ufs_rpmb_test_sleeping),
	KUNIT_CASE(ufs_rpmb_test_batch_sleeping),
	KUNIT_CASE(ufs_rpmb_test_not_woken),
#endif
	KUNIT_CASE(ufs_rpmb_test_requeued),
	KUNIT_CASE(ufs_rpmb_test_timeout),
	KUNIT_CASE(ufs_rpmb_test_abort),
	KUNIT_CASE(ufs_rpmb_test_remove),
	KUNIT_CASE(ufs_rpmb_test_remove_beside),
	KUNIT_CASE(ufs_rpmb_test_regions),
	KUNIT_CASE(ufs_rpmb_test_told),
	KUNIT_CASE(ufs_rpmb_test_old),
	KUNIT_CASE(ufs_rpmb_test_limits),
	KUNIT_CASE(ufs_rpmb_test_advanced),
	KUNIT_CASE(ufs_rpmb_test_no_identity),
	KUNIT_CASE(ufs_rpmb_test_no_region),
	KUNIT_CASE(ufs_rpmb_test_other_host),
	KUNIT_CASE(ufs_rpmb_test_other_lun),
	KUNIT_CASE(ufs_rpmb_test_dev_id),
	KUNIT_CASE_PARAM(ufs_rpmb_test_blake2b, test_id_gen_params),
	KUNIT_CASE(ufs_rpmb_test_set_timeout),
	{ }
};

/**
 * struct test_params - what tests change of the driver
 * @timeout: as it was
 * @dev_id: as it was
 * @hash_ids: as it was
 */
static struct test_params {
	unsigned int timeout;
	char *dev_id;
	bool hash_ids;
} test_params;

static int ufs_rpmb_test_init(struct kunit *test)
{
	struct device *parent = kunit_device_register(test, "ufs-rpmb");

	if (IS_ERR(parent))
		return PTR_ERR(parent);
	test->priv = parent;
	test_params.timeout = timeout;
	test_params.dev_id = dev_id;
	test_params.hash_ids = ufs_rpmb_hash_ids;
	timeout = TEST_TIMEOUT;
	ufs_rpmb_hash_ids = false;
	return 0;
}

static void ufs_rpmb_test_exit(struct kunit *test)
{
	timeout = test_params.timeout;
	dev_id = test_params.dev_id;
	ufs_rpmb_hash_ids = test_params.hash_ids;
}

static struct kunit_suite ufs_rpmb_test_suite = {
	.name = "ufs_rpmb",
	.init = ufs_rpmb_test_init,
	.exit = ufs_rpmb_test_exit,
	.test_cases = ufs_rpmb_test_cases,
};

kunit_test_suite(ufs_rpmb_test_suite);
