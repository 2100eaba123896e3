// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of mmc_rpmb.c, which includes this file: the driver on a real host
 * and card of the MMC core, behind which the tests are the hardware
 */
#include <kunit/device.h>
#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/platform_device.h>
#include <linux/unaligned.h>
#include <linux/vmalloc.h>
#include <linux/workqueue.h>

#include "../../rpmb/tests/call.h"

#define TEST_FRAMES	(RPMB_MAX_LEN / MMC_RPMB_FRAME)
#define TEST_WRITE	32	/* frames of the longest */
#define TEST_LOG	64

/* What the card answers in frame i */
#define TEST_ANSWER(i)	(0x50 + (i))

/* Busy until it is reset */
#define TEST_STUCK	UINT_MAX

#define TEST_RPMB	EXT_CSD_PART_CONFIG_ACC_RPMB
#define TEST_BOOT	0x48	/* of PARTITION_CONFIG: boot from boot0, acknowledge */

#define TEST_SWITCH(index, value) (MMC_SWITCH_MODE_WRITE_BYTE << 24 | \
				   (index) << 16 | (value) << 8 | \
				   EXT_CSD_CMD_SET_NORMAL)
#define TEST_PART(value)	TEST_SWITCH(EXT_CSD_PART_CONFIG, value)
#define TEST_CMDQ(value)	TEST_SWITCH(EXT_CSD_CMDQ_MODE_EN, value)

/**
 * struct test_cmd - a command that the card was sent
 * @opcode: CMD number
 * @arg: its argument
 */
struct test_cmd {
	u32 opcode;
	u32 arg;
};

/**
 * struct test_fault - what goes wrong
 * @cmd: at which command; argument 0 means any
 * @skip: how many such go well before
 * @times: how many go wrong
 * @error: the host's error, for a command of which the card saw nothing
 * @lost: the same, but the card has done what it says
 * @r1: bits in the response
 * @data: the host's error of the data
 * @less: the data has a frame less than it should
 * @busy: how many times the card then says that it is busy
 * @later: bits in the response after that
 * @gone: the card is no longer there
 * @stop_busy: how many times it says that it is busy after CMD12
 * @deaf: the command of which it sees nothing once the fault has happened
 * @misses: how many such
 */
struct test_fault {
	struct test_cmd cmd;
	unsigned int skip;
	unsigned int times;
	int error;
	int lost;
	u32 r1;
	int data;
	bool less;
	unsigned int busy;
	u32 later;
	bool gone;
	unsigned int stop_busy;
	u32 deaf;
	unsigned int misses;
};

/**
 * struct test_card - a card and its host
 * @test: who uses it
 * @host: the host
 * @caps: its capabilities
 * @caps2: more of them
 * @max_frames: how many it can move at once
 * @max_segs: in how many segments
 * @seg_size: of how many bytes each
 * @host_stops: it sends CMD12 itself when data goes wrong, as some drivers do
 * @added: to be removed
 * @ext_csd: registers of the card
 * @state: in which of its states it is; busy, it is in R1_STATE_PRG instead
 * @status: bits for its next response
 * @busy: how many times it says that it is busy
 * @illegal: how many commands it did not take, since they do not fit its state
 * @cached: what mmc_block has written is in its cache
 * @lost: how often that was lost
 * @count: what CMD23 said
 * @fault: what goes wrong
 * @task: whose commands are logged
 * @log: these, but for CMD13
 * @nr_log: how many
 * @written: what CMD25 brought
 * @len: bytes of it
 * @answer: type of its responses, 0 if they are only a pattern
 * @resets: power cycles
 * @tunings: how often the host tuned, all in all
 * @wait_for: if it is there, CMD25 lasts until this has been aborted
 * @waits: it does
 */
struct test_card {
	struct kunit *test;
	struct mmc_host *host;
	u32 caps;
	u32 caps2;
	unsigned int max_frames;
	unsigned int max_segs;
	unsigned int seg_size;
	bool host_stops;
	bool added;
	u8 ext_csd[512];
	u32 state;
	u32 status;
	unsigned int busy;
	unsigned int illegal;
	bool cached;
	unsigned int lost;
	u32 count;
	struct test_fault fault;
	struct task_struct *task;
	struct test_cmd log[TEST_LOG];
	unsigned int nr_log;
	u8 written[(TEST_WRITE + 1) * MMC_RPMB_FRAME];
	unsigned int len;
	u16 answer;
	unsigned int resets;
	unsigned int tunings;
	struct mmc_rpmb *wait_for;
	struct completion waits;
};

/* 16 bytes that are all different, as the host gives them */
static const u32 test_cid[4] = {
	0x11223344, 0x55667788, 0x99aabbcc, 0xddeeff01,
};

/* Version 4, 26 MHz, no commands of blocks, so that mmc_block does not want it */
static const u32 test_csd[4] = { 0xd0270032, 0x00190000, 0, 9 << 22 };

/* The card */

static u8 test_part(const struct test_card *card)
{
	return card->ext_csd[EXT_CSD_PART_CONFIG] &
	       EXT_CSD_PART_CONFIG_ACC_MASK;
}

static void test_reset(struct test_card *card)
{
	card->ext_csd[EXT_CSD_PART_CONFIG] &= ~EXT_CSD_PART_CONFIG_ACC_MASK;
	card->ext_csd[EXT_CSD_CMDQ_MODE_EN] = 0;
	card->state = R1_STATE_TRAN;
	card->status = 0;
	card->busy = 0;
	card->lost += card->cached;
	card->cached = false;
}

/* The RPMB partition and the command queue exclude each other */
static void test_switch(struct test_card *card, u8 index, u8 value)
{
	u8 old = card->ext_csd[index];

	if (index == EXT_CSD_FLUSH_CACHE)
		card->cached = false;
	card->ext_csd[index] = value;
	if (test_part(card) == TEST_RPMB &&
	    card->ext_csd[EXT_CSD_CMDQ_MODE_EN]) {
		card->ext_csd[index] = old;
		card->status |= R1_SWITCH_ERROR;
	}
}

static u32 test_state(const struct test_card *card)
{
	return card->busy ? R1_STATE_PRG : card->state;
}

static u32 test_status(struct test_card *card)
{
	u32 status = card->status | test_state(card) << 9;

	card->status = 0;
	if (!card->busy)
		status |= R1_READY_FOR_DATA;
	else if (card->busy != TEST_STUCK)
		card->busy--;
	return status;
}

/* What a card knows in which of its states */
static bool test_is_legal(const struct test_card *card, u32 opcode)
{
	u32 state = test_state(card);

	switch (opcode) {
	case MMC_SWITCH:
	case MMC_SEND_EXT_CSD:
	case MMC_SET_BLOCK_COUNT:
	case MMC_READ_MULTIPLE_BLOCK:
	case MMC_WRITE_MULTIPLE_BLOCK:
		return state == R1_STATE_TRAN;
	case MMC_STOP_TRANSMISSION:
		return state == R1_STATE_DATA || state == R1_STATE_RCV;
	default:
		return true;
	}
}

static void test_execute(struct test_card *card, struct mmc_command *cmd)
{
	switch (cmd->opcode) {
	case MMC_GO_IDLE_STATE:
		test_reset(card);
		break;
	case MMC_SEND_OP_COND:
		cmd->resp[0] = MMC_CARD_BUSY | BIT(30) | MMC_VDD_32_33;
		break;
	case MMC_ALL_SEND_CID:
		memcpy(cmd->resp, test_cid, sizeof(test_cid));
		break;
	case MMC_SEND_CSD:
		memcpy(cmd->resp, test_csd, sizeof(test_csd));
		break;
	case MMC_SWITCH:
		test_switch(card, cmd->arg >> 16, cmd->arg >> 8);
		break;
	case MMC_SET_BLOCK_COUNT:
		card->count = cmd->arg & U16_MAX;
		cmd->resp[0] = test_status(card);
		break;
	case MMC_READ_MULTIPLE_BLOCK:
		cmd->resp[0] = test_status(card);
		card->state = R1_STATE_DATA;
		break;
	case MMC_WRITE_MULTIPLE_BLOCK:
		cmd->resp[0] = test_status(card);
		card->state = R1_STATE_RCV;
		break;
	case MMC_STOP_TRANSMISSION:
		cmd->resp[0] = test_status(card);
		card->state = R1_STATE_TRAN;
		card->busy = card->fault.stop_busy;
		break;
	default:
		cmd->resp[0] = test_status(card);
	}
}

/* Does it go wrong this time? */
static bool test_fails(struct test_card *card, const struct mmc_command *cmd)
{
	struct test_fault *fault = &card->fault;

	if (!fault->times || cmd->opcode != fault->cmd.opcode ||
	    (fault->cmd.arg && cmd->arg != fault->cmd.arg))
		return false;
	if (fault->skip) {
		fault->skip--;
		return false;
	}
	fault->times--;
	return true;
}

/* It has gone wrong, and here is what comes after that */
static bool test_misses(struct test_card *card, const struct mmc_command *cmd)
{
	struct test_fault *fault = &card->fault;

	if (fault->times || !fault->misses || cmd->opcode != fault->deaf)
		return false;
	fault->misses--;
	return true;
}

static void test_log(struct test_card *card, const struct mmc_command *cmd)
{
	struct test_cmd logged = { cmd->opcode, cmd->arg };

	if (card->task != current || cmd->opcode == MMC_SEND_STATUS)
		return;
	if (card->nr_log < TEST_LOG)
		card->log[card->nr_log++] = logged;
}

/* Whether data follows, and whether that goes wrong, too */
static bool test_command(struct test_card *card, struct mmc_command *cmd,
			 bool *fails)
{
	*fails = test_fails(card, cmd);
	test_log(card, cmd);
	if (*fails)
		cmd->error = card->fault.error;
	else if (test_misses(card, cmd))
		cmd->error = -ETIMEDOUT;
	if (cmd->error)
		return false;
	if (!test_is_legal(card, cmd->opcode)) {
		card->illegal++;
		card->status |= R1_ILLEGAL_COMMAND;
		cmd->error = -ETIMEDOUT;
		return false;
	}

	test_execute(card, cmd);
	if (*fails) {
		cmd->error = card->fault.lost;
		cmd->resp[0] |= card->fault.r1;
		card->busy = card->fault.busy;
		card->status |= card->fault.later;
		if (card->fault.gone)
			mmc_card_set_removed(card->host->card);
	}
	return !cmd->error;
}

static void test_write(struct test_card *card, struct mmc_data *data)
{
	unsigned int len = data->blocks * data->blksz;

	KUNIT_ASSERT_LE(card->test, card->len + len, sizeof(card->written));
	sg_copy_to_buffer(data->sg, data->sg_len, card->written + card->len,
			  len);
	card->len += len;
}

static void test_read(const struct test_card *card, struct mmc_data *data)
{
	for (unsigned int i = 0; i < data->blocks; i++) {
		u8 frame[MMC_RPMB_FRAME];

		memset(frame, TEST_ANSWER(i), sizeof(frame));
		if (card->answer)
			put_unaligned_be16(card->answer,
					   frame + sizeof(frame) - 2);
		sg_pcopy_from_buffer(data->sg, data->sg_len, frame,
				     sizeof(frame), i * sizeof(frame));
	}
}

static void test_expect_rpmb(struct test_card *card, struct mmc_data *data)
{
	KUNIT_EXPECT_EQ(card->test, test_part(card), TEST_RPMB);
	KUNIT_EXPECT_EQ(card->test, card->count, data->blocks);
	KUNIT_EXPECT_EQ(card->test, data->blksz, MMC_RPMB_FRAME);
	KUNIT_EXPECT_GT(card->test, data->timeout_ns, 0);
	KUNIT_EXPECT_LE(card->test, data->sg_len, card->host->max_segs);
	for (unsigned int i = 0; i < data->sg_len; i++)
		KUNIT_EXPECT_LE(card->test, data->sg[i].length,
				card->host->max_seg_size);
	card->count = 0;
}

static void test_data(struct test_card *card, struct mmc_command *cmd,
		      struct mmc_data *data, bool fails)
{
	if (cmd->opcode == MMC_SEND_EXT_CSD) {
		sg_copy_from_buffer(data->sg, data->sg_len, card->ext_csd,
				    sizeof(card->ext_csd));
	} else {
		test_expect_rpmb(card, data);
		if (data->flags & MMC_DATA_WRITE)
			test_write(card, data);
		else
			test_read(card, data);
	}
	data->bytes_xfered = data->blocks * data->blksz;
	if (fails) {
		data->error = card->fault.data;
		if (card->fault.less)
			data->bytes_xfered -= data->blksz;
		if (data->error || card->fault.less)
			return;
	}
	card->state = R1_STATE_TRAN;
}

static void test_wait_until_aborted(struct test_card *card)
{
	unsigned long end = jiffies + TEST_BOUND;

	complete(&card->waits);
	while (!atomic_read(&card->wait_for->gone) && time_before(jiffies, end))
		schedule_timeout_uninterruptible(1);
	KUNIT_EXPECT_TRUE(card->test, atomic_read(&card->wait_for->gone));
}

/* Without CMD23 the rest is not sent */
static void test_request(struct mmc_host *host, struct mmc_request *mrq)
{
	struct test_card *card = *(struct test_card **)mmc_priv(host);
	struct mmc_command stop = { .opcode = MMC_STOP_TRANSMISSION };
	struct mmc_data *data = mrq->data;
	bool fails = false;

	if (mrq->sbc && !test_command(card, mrq->sbc, &fails))
		goto done;
	if (card->wait_for && mrq->cmd->opcode == MMC_WRITE_MULTIPLE_BLOCK)
		test_wait_until_aborted(card);
	if (!test_command(card, mrq->cmd, &fails) || !data)
		goto done;
	test_data(card, mrq->cmd, data, fails);
	if (data->error && card->host_stops)
		test_command(card, &stop, &fails);
done:
	mmc_request_done(host, mrq);
}

static void test_set_ios(struct mmc_host *host, struct mmc_ios *ios)
{
	struct test_card *card = *(struct test_card **)mmc_priv(host);

	if (ios->power_mode == MMC_POWER_OFF) {
		card->resets++;
		test_reset(card);
	}
}

static int test_tune(struct mmc_host *host, u32 opcode)
{
	struct test_card *card = *(struct test_card **)mmc_priv(host);

	card->tunings++;
	KUNIT_EXPECT_NE(card->test, test_part(card), TEST_RPMB);
	return 0;
}

static const struct mmc_host_ops test_host_ops = {
	.request = test_request,
	.set_ios = test_set_ios,
	.execute_tuning = test_tune,
};

static int test_cqe_enable(struct mmc_host *host, struct mmc_card *card)
{
	return card->ext_csd.cmdq_en ? 0 : -EINVAL;
}

static void test_cqe_disable(struct mmc_host *host)
{
}

static const struct mmc_cqe_ops test_cqe_ops = {
	.cqe_enable = test_cqe_enable,
	.cqe_disable = test_cqe_disable,
};

/* A host with the card in it, of which the driver has learnt when this returns */
static void test_plug(struct test_card *card)
{
	struct mmc_host *host;

	host = mmc_alloc_host(sizeof(card), card->test->priv);
	KUNIT_ASSERT_NOT_NULL(card->test, host);
	*(struct test_card **)mmc_priv(host) = card;
	card->host = host;
	host->ops = &test_host_ops;
	host->f_min = 400000;
	host->f_max = 26000000;
	host->ocr_avail = MMC_VDD_32_33;
	host->caps = card->caps;
	host->caps2 = card->caps2;
	if (host->caps2 & MMC_CAP2_CQE)
		host->cqe_ops = &test_cqe_ops;
	host->max_segs = card->max_segs;
	host->max_seg_size = card->seg_size;
	host->max_req_size = RPMB_MAX_LEN;
	host->max_blk_count = card->max_frames;
	if (mmc_add_host(host)) {
		mmc_free_host(host);
		KUNIT_FAIL_AND_ABORT(card->test, "there is no host");
	}
	card->added = true;
	flush_delayed_work(&host->detect);
	KUNIT_ASSERT_NOT_NULL(card->test, host->card);
	card->resets = 0;
}

static void test_unplug(void *data)
{
	struct test_card *card = data;

	if (!card->added)
		return;
	card->added = false;
	mmc_remove_host(card->host);
	mmc_free_host(card->host);
}

/* eMMC 5.1 that boots from a boot partition; the test may change what it is */
static struct test_card *test_card_alloc(struct kunit *test)
{
	struct test_card *card = kunit_kzalloc(test, sizeof(*card), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, card);
	card->test = test;
	card->caps = MMC_CAP_CMD23 | MMC_CAP_NONREMOVABLE;
	card->caps2 = MMC_CAP2_NO_SD | MMC_CAP2_NO_SDIO;
	card->max_frames = TEST_FRAMES;
	card->max_segs = TEST_FRAMES;
	card->seg_size = PAGE_SIZE;
	card->state = R1_STATE_TRAN;
	card->task = current;
	init_completion(&card->waits);
	put_unaligned_le32(65536, &card->ext_csd[EXT_CSD_SEC_CNT]);
	put_unaligned_le32(512, &card->ext_csd[EXT_CSD_CACHE_SIZE]);
	card->ext_csd[EXT_CSD_REV] = 8;
	card->ext_csd[EXT_CSD_GENERIC_CMD6_TIME] = 5;
	card->ext_csd[EXT_CSD_RPMB_MULT] = 2;
	card->ext_csd[EXT_CSD_PART_CONFIG] = TEST_BOOT;
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, test_unplug, card),
			0);
	return card;
}

static struct test_card *test_card_plugged(struct kunit *test)
{
	struct test_card *card = test_card_alloc(test);

	test_plug(card);
	return card;
}

static struct test_card *test_card_with_queue(struct kunit *test)
{
	struct test_card *card = test_card_alloc(test);

	card->caps2 |= MMC_CAP2_CQE;
	card->ext_csd[EXT_CSD_CMDQ_SUPPORT] = EXT_CSD_CMDQ_SUPPORTED;
	card->ext_csd[EXT_CSD_CMDQ_DEPTH] = 15;
	test_plug(card);
	KUNIT_ASSERT_EQ(test, card->ext_csd[EXT_CSD_CMDQ_MODE_EN], 1);
	return card;
}

/* The driver */

static int test_is_child(struct device *dev, const void *data)
{
	return dev->parent == data;
}

static void test_put_rdev(void *rdev)
{
	rpmb_dev_put(rdev);
}

/* What the driver has made of the card after @start, NULL if nothing */
static struct rpmb_dev *test_find_after(struct test_card *card,
					struct rpmb_dev *start)
{
	struct rpmb_dev *rdev = rpmb_dev_find_device(&card->host->card->dev,
						     start, test_is_child);

	if (rdev)
		KUNIT_ASSERT_EQ(card->test,
				kunit_add_action_or_reset(card->test,
							  test_put_rdev, rdev),
				0);
	return rdev;
}

static struct rpmb_dev *test_find(struct test_card *card)
{
	return test_find_after(card, NULL);
}

static struct rpmb_dev *test_find_only(struct test_card *card)
{
	struct rpmb_dev *rdev = test_find(card);

	KUNIT_ASSERT_NOT_NULL(card->test, rdev);
	KUNIT_EXPECT_NULL(card->test, test_find_after(card, rdev));
	return rdev;
}

/* The caller */

static struct test_call *test_write_call(struct kunit *test,
					 struct rpmb_dev *rdev,
					 unsigned int blocks)
{
	return test_write_len(test, rdev, blocks * MMC_RPMB_FRAME,
			      MMC_RPMB_FRAME);
}

static struct test_call *test_read_call(struct kunit *test,
					struct rpmb_dev *rdev,
					unsigned int blocks)
{
	return test_read_len(test, rdev, MMC_RPMB_FRAME,
			     blocks * MMC_RPMB_FRAME);
}

/* Another task calls, and its commands are logged */
static void test_start_logged(struct test_card *card, struct test_call *call)
{
	test_create(card->test, call, test_thread);
	card->task = call->task;
	test_wake(card->test, call);
}

static void test_expect_log(struct test_card *card, const struct test_cmd *cmds,
			    unsigned int nr)
{
	KUNIT_EXPECT_EQ(card->test, card->nr_log, nr);
	for (unsigned int i = 0; i < min(nr, card->nr_log); i++) {
		KUNIT_EXPECT_EQ_MSG(card->test, card->log[i].opcode,
				    cmds[i].opcode, "command %u", i);
		KUNIT_EXPECT_EQ_MSG(card->test, card->log[i].arg, cmds[i].arg,
				    "argument of command %u", i);
	}
	card->nr_log = 0;
}

/* Who comes next finds the card as it was */
static void test_expect_restored(struct test_card *card)
{
	struct mmc_card *mmc = card->host->card;

	KUNIT_EXPECT_EQ(card->test, card->ext_csd[EXT_CSD_PART_CONFIG],
			TEST_BOOT);
	KUNIT_EXPECT_EQ(card->test, mmc->ext_csd.part_config, TEST_BOOT);
	KUNIT_EXPECT_EQ(card->test, test_state(card), R1_STATE_TRAN);
	KUNIT_EXPECT_EQ(card->test, card->illegal, 0);
	KUNIT_EXPECT_EQ(card->test, card->lost, 0);
	KUNIT_EXPECT_EQ(card->test, card->ext_csd[EXT_CSD_CMDQ_MODE_EN],
			mmc->reenable_cmdq);
	KUNIT_EXPECT_EQ(card->test, mmc->ext_csd.cmdq_en, mmc->reenable_cmdq);
	KUNIT_EXPECT_EQ(card->test, card->host->cqe_enabled,
			mmc->ext_csd.cmdq_en);
	KUNIT_EXPECT_FALSE(card->test, card->host->retune_paused);
	KUNIT_EXPECT_EQ(card->test, card->host->hold_retune, 0);
	KUNIT_EXPECT_FALSE(card->test, card->host->claimed);
#ifdef CONFIG_PM
	KUNIT_EXPECT_EQ(card->test, atomic_read(&mmc->dev.power.usage_count), 0);
#endif
	KUNIT_EXPECT_FALSE(card->test, mmc_card_removed(mmc));
}

static void test_expect_answered(struct kunit *test, struct test_call *call)
{
	struct rpmb_xfer *recv = test_recv(call);

	KUNIT_EXPECT_EQ(test, call->ret, 0);
	test_expect_started(test, call, call->nr);
	for (unsigned int i = 0; i < recv->len / MMC_RPMB_FRAME; i++)
		KUNIT_EXPECT_NULL(test,
				  memchr_inv(recv->buf + i * MMC_RPMB_FRAME,
					     TEST_ANSWER(i), MMC_RPMB_FRAME));
}

/* It fails, having come so far, and leaves nothing behind */
static void test_expect_failed(struct test_card *card, struct test_call *call,
			       int error, unsigned int started)
{
	test_transfer(call);
	KUNIT_EXPECT_EQ(card->test, call->ret, error);
	test_expect_started(card->test, call, started);
	test_expect_restored(card);
}

static void test_expect_serves(struct test_card *card)
{
	struct test_call *call = test_read_call(card->test, test_find(card), 1);

	card->task = current;
	test_transfer(call);
	test_expect_answered(card->test, call);
	test_expect_restored(card);
	card->nr_log = 0;
}

/* Tests */

static void mmc_rpmb_test_write(struct kunit *test)
{
	static const struct test_cmd cmds[] = {
		{ MMC_SWITCH, TEST_PART(TEST_BOOT | TEST_RPMB) },
		{ MMC_SET_BLOCK_COUNT, MMC_CMD23_ARG_REL_WR | 2 },
		{ MMC_WRITE_MULTIPLE_BLOCK, 0 },
		{ MMC_SET_BLOCK_COUNT, 1 },
		{ MMC_WRITE_MULTIPLE_BLOCK, 0 },
		{ MMC_SET_BLOCK_COUNT, 1 },
		{ MMC_READ_MULTIPLE_BLOCK, 0 },
		{ MMC_SWITCH, TEST_PART(TEST_BOOT) },
	};
	struct test_card *card = test_card_plugged(test);
	struct test_call *call = test_write_call(test, test_find(card), 2);

	test_transfer(call);
	test_expect_answered(test, call);
	test_expect_log(card, cmds, ARRAY_SIZE(cmds));
	test_expect_restored(card);
	KUNIT_ASSERT_EQ(test, card->len, 3 * MMC_RPMB_FRAME);
	KUNIT_EXPECT_MEMEQ(test, card->written, call->xfers[0].buf,
			   2 * MMC_RPMB_FRAME);
	KUNIT_EXPECT_MEMEQ(test, card->written + 2 * MMC_RPMB_FRAME,
			   call->xfers[1].buf, MMC_RPMB_FRAME);
}

static void mmc_rpmb_test_read(struct kunit *test)
{
	static const struct test_cmd cmds[] = {
		{ MMC_SWITCH, TEST_PART(TEST_BOOT | TEST_RPMB) },
		{ MMC_SET_BLOCK_COUNT, 1 },
		{ MMC_WRITE_MULTIPLE_BLOCK, 0 },
		{ MMC_SET_BLOCK_COUNT, 5 },
		{ MMC_READ_MULTIPLE_BLOCK, 0 },
		{ MMC_SWITCH, TEST_PART(TEST_BOOT) },
	};
	struct test_card *card = test_card_plugged(test);
	struct test_call *call = test_read_call(test, test_find(card), 5);

	test_transfer(call);
	test_expect_answered(test, call);
	test_expect_log(card, cmds, ARRAY_SIZE(cmds));
	test_expect_restored(card);
	KUNIT_ASSERT_EQ(test, card->len, MMC_RPMB_FRAME);
	KUNIT_EXPECT_MEMEQ(test, card->written, call->xfers[0].buf,
			   MMC_RPMB_FRAME);
}

/* One claim, and one switch there and back, for both of a batch */
static const struct test_cmd test_batch_cmds[] = {
	{ MMC_SWITCH, TEST_PART(TEST_BOOT | TEST_RPMB) },
	{ MMC_SET_BLOCK_COUNT, 1 },
	{ MMC_WRITE_MULTIPLE_BLOCK, 0 },
	{ MMC_SET_BLOCK_COUNT, 1 },
	{ MMC_READ_MULTIPLE_BLOCK, 0 },
	{ MMC_SET_BLOCK_COUNT, 1 },
	{ MMC_WRITE_MULTIPLE_BLOCK, 0 },
	{ MMC_SET_BLOCK_COUNT, 1 },
	{ MMC_READ_MULTIPLE_BLOCK, 0 },
	{ MMC_SWITCH, TEST_PART(TEST_BOOT) },
};

static void test_expect_batch(struct test_card *card,
			      const struct test_cmd *cmds, unsigned int nr)
{
	struct kunit *test = card->test;
	struct rpmb_route routes[2];
	unsigned int done;

	card->answer = RPMB_GET_WRITE_COUNTER << 8;
	KUNIT_EXPECT_EQ(test, test_route_counters(test, test_find(card), routes,
						  2, &done), 0);
	KUNIT_EXPECT_EQ(test, done, 2);
	test_expect_log(card, cmds, nr);
	test_expect_restored(card);
}

static void mmc_rpmb_test_batch(struct kunit *test)
{
	test_expect_batch(test_card_plugged(test), test_batch_cmds,
			  ARRAY_SIZE(test_batch_cmds));
}

/* Whichever of its transfers fails: what was before is done, and the card as it was */
static void mmc_rpmb_test_batch_fails(struct kunit *test)
{
	static const u32 opcodes[] = {
		MMC_WRITE_MULTIPLE_BLOCK, MMC_READ_MULTIPLE_BLOCK,
	};
	struct test_card *card = test_card_plugged(test);
	struct rpmb_route routes[3];
	unsigned int done;

	card->answer = RPMB_GET_WRITE_COUNTER << 8;
	for (unsigned int i = 0; i < ARRAY_SIZE(opcodes); i++) {
		card->fault = (struct test_fault) {
			.cmd.opcode = opcodes[i],
			.skip = 1,
			.times = 1,
			.data = -EILSEQ,
		};
		KUNIT_EXPECT_EQ(test, test_route_counters(test, test_find(card),
							  routes, 3, &done),
				-EILSEQ);
		KUNIT_EXPECT_EQ(test, done, 1);
		KUNIT_EXPECT_TRUE(test, routes[1].started);
		KUNIT_EXPECT_FALSE(test, routes[2].started);
		test_expect_restored(card);
		card->len = 0;
	}
	card->answer = 0;
	test_expect_serves(card);
}

/* A response that is none ends it as well, and that is seen before the next begins */
static void mmc_rpmb_test_batch_ends(struct kunit *test)
{
	struct test_card *card = test_card_plugged(test);
	struct rpmb_route routes[2];
	unsigned int done;

	card->answer = RPMB_READ_DATA << 8;
	KUNIT_EXPECT_EQ(test, test_route_counters(test, test_find(card), routes,
						  2, &done), -EPROTO);
	KUNIT_EXPECT_EQ(test, done, 0);
	KUNIT_EXPECT_FALSE(test, routes[1].started);
	test_expect_restored(card);
}

/* More frames than a card writes at once, behind what was carried */
static void mmc_rpmb_test_batch_checked(struct kunit *test)
{
	struct test_card *card = test_card_plugged(test);
	struct rpmb_dev *rdev = test_find(card);
	struct rpmb_route routes[2];
	struct rpmb_frame *frames;
	unsigned int done;

	frames = kunit_kcalloc(test, 4, sizeof(*frames), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, frames);
	for (unsigned int i = 0; i < 3; i++) {
		frames[i].req_resp = cpu_to_be16(RPMB_WRITE_DATA);
		frames[i].block_count = cpu_to_be16(3);
	}
	card->answer = RPMB_GET_WRITE_COUNTER << 8;
	test_route_counters(test, rdev, routes, 1, &done);
	card->nr_log = 0;
	routes[1] = (struct rpmb_route) {
		.req = (u8 *)frames,
		.req_len = 3 * sizeof(*frames),
		.resp = (u8 *)&frames[3],
		.resp_len = sizeof(*frames),
	};
	KUNIT_EXPECT_EQ(test, rpmb_route_batch(rdev, routes, 2, &done),
			-EMSGSIZE);
	KUNIT_EXPECT_EQ(test, done, 1);
	KUNIT_EXPECT_FALSE(test, routes[1].started);
	test_expect_restored(card);
}

/*
 * The card is busy once, for longer than a batch has it: who asks waits for twice as long
 * each time, and at first for 32 microseconds
 */
static struct test_card *test_card_busy_long(struct kunit *test)
{
	struct test_card *card = test_card_plugged(test);

	card->fault = (struct test_fault) {
		.cmd.opcode = MMC_WRITE_MULTIPLE_BLOCK,
		.times = 1,
		.busy = 13,
	};
	return card;
}

/* The card is left between two requests if somebody waits for its host */
static void mmc_rpmb_test_batch_late(struct kunit *test)
{
	static const struct test_cmd cmds[] = {
		{ MMC_SWITCH, TEST_PART(TEST_BOOT | TEST_RPMB) },
		{ MMC_SET_BLOCK_COUNT, 1 },
		{ MMC_WRITE_MULTIPLE_BLOCK, 0 },
		{ MMC_SET_BLOCK_COUNT, 1 },
		{ MMC_READ_MULTIPLE_BLOCK, 0 },
		{ MMC_SWITCH, TEST_PART(TEST_BOOT) },
		{ MMC_SWITCH, TEST_PART(TEST_BOOT | TEST_RPMB) },
		{ MMC_SET_BLOCK_COUNT, 1 },
		{ MMC_WRITE_MULTIPLE_BLOCK, 0 },
		{ MMC_SET_BLOCK_COUNT, 1 },
		{ MMC_READ_MULTIPLE_BLOCK, 0 },
		{ MMC_SWITCH, TEST_PART(TEST_BOOT) },
	};
	struct test_card *card = test_card_busy_long(test);
	DEFINE_WAIT(other);

	add_wait_queue(&card->host->wq, &other);
	test_expect_batch(card, cmds, ARRAY_SIZE(cmds));
	finish_wait(&card->host->wq, &other);
}

static void mmc_rpmb_test_batch_alone(struct kunit *test)
{
	test_expect_batch(test_card_busy_long(test), test_batch_cmds,
			  ARRAY_SIZE(test_batch_cmds));
}

/* The longest request in segments of a page, which is as much as some hosts take */
static void mmc_rpmb_test_segments(struct kunit *test)
{
	struct test_card *card = test_card_plugged(test);
	struct test_call *call = test_read_call(test, test_find(card),
						TEST_FRAMES);

	KUNIT_EXPECT_LT(test, card->host->max_seg_size, RPMB_MAX_LEN);
	test_transfer(call);
	test_expect_answered(test, call);
}

static void mmc_rpmb_test_queue(struct kunit *test)
{
	static const struct test_cmd cmds[] = {
		{ MMC_SWITCH, TEST_CMDQ(0) },
		{ MMC_SWITCH, TEST_PART(TEST_BOOT | TEST_RPMB) },
		{ MMC_SET_BLOCK_COUNT, 1 },
		{ MMC_WRITE_MULTIPLE_BLOCK, 0 },
		{ MMC_SET_BLOCK_COUNT, 1 },
		{ MMC_READ_MULTIPLE_BLOCK, 0 },
		{ MMC_SWITCH, TEST_PART(TEST_BOOT) },
		{ MMC_SWITCH, TEST_CMDQ(1) },
	};
	struct test_card *card = test_card_with_queue(test);
	struct test_call *call = test_read_call(test, test_find(card), 1);

	test_transfer(call);
	test_expect_answered(test, call);
	test_expect_log(card, cmds, ARRAY_SIZE(cmds));
	test_expect_restored(card);
}

/* mmc_block reads and writes a boot partition, and believes that it still does */
static void mmc_rpmb_test_boot_partition(struct kunit *test)
{
	static const u8 boot0 = TEST_BOOT | EXT_CSD_PART_CONFIG_ACC_BOOT0;
	struct test_card *card = test_card_plugged(test);
	struct test_call *call = test_read_call(test, test_find(card), 1);

	card->ext_csd[EXT_CSD_PART_CONFIG] = boot0;
	card->host->card->ext_csd.part_config = boot0;
	test_transfer(call);
	test_expect_answered(test, call);
	KUNIT_EXPECT_EQ(test, card->ext_csd[EXT_CSD_PART_CONFIG], boot0);
	KUNIT_EXPECT_EQ(test, card->host->card->ext_csd.part_config, boot0);
}

/* The host is tuned before or after, but not where the card does not know how */
static void mmc_rpmb_test_tuning(struct kunit *test)
{
	struct test_card *card = test_card_plugged(test);
	struct test_call *call = test_write_call(test, test_find(card), 1);

	card->fault = (struct test_fault) {
		.cmd.opcode = MMC_WRITE_MULTIPLE_BLOCK,
		.times = 1,
		.data = -EILSEQ,
	};
	card->host->can_retune = 1;
	test_expect_failed(card, call, -EILSEQ, 1);
	KUNIT_EXPECT_TRUE(test, card->host->need_retune);
	KUNIT_EXPECT_EQ(test, card->tunings, 0);
	test_expect_serves(card);
	KUNIT_EXPECT_EQ(test, card->tunings, 1);
	card->host->can_retune = 0;
}

/* mmc_block could not leave the RPMB partition, and has paused tuning there */
static void mmc_rpmb_test_found_in_rpmb(struct kunit *test)
{
	static const u8 rpmb = TEST_BOOT | TEST_RPMB;
	struct test_card *card = test_card_plugged(test);
	struct test_call *call = test_read_call(test, test_find(card), 1);

	card->ext_csd[EXT_CSD_PART_CONFIG] = rpmb;
	card->host->card->ext_csd.part_config = rpmb;
	mmc_retune_pause(card->host);
	test_transfer(call);
	test_expect_answered(test, call);
	KUNIT_EXPECT_EQ(test, card->ext_csd[EXT_CSD_PART_CONFIG], rpmb);
	KUNIT_EXPECT_EQ(test, card->host->card->ext_csd.part_config, rpmb);
	KUNIT_EXPECT_TRUE(test, card->host->retune_paused);
	mmc_retune_unpause(card->host);
}

static void mmc_rpmb_test_busy(struct kunit *test)
{
	struct test_card *card = test_card_plugged(test);
	struct test_call *call = test_write_call(test, test_find(card), 1);

	card->fault = (struct test_fault) {
		.cmd.opcode = MMC_WRITE_MULTIPLE_BLOCK,
		.times = 2,
		.busy = 5,
	};
	test_transfer(call);
	test_expect_answered(test, call);
	test_expect_restored(card);
}

/* Then nothing but a reset helps, and what is in the cache is lost */
static void mmc_rpmb_test_always_busy(struct kunit *test)
{
	unsigned int limit = busy_timeout;
	struct test_card *card = test_card_plugged(test);
	struct test_call *call = test_write_call(test, test_find(card), 1);

	card->fault = (struct test_fault) {
		.cmd.opcode = MMC_WRITE_MULTIPLE_BLOCK,
		.times = 1,
		.busy = TEST_STUCK,
	};
	busy_timeout = 1;
	test_transfer(call);
	busy_timeout = limit;
	KUNIT_EXPECT_EQ(test, call->ret, -ETIMEDOUT);
	test_expect_started(test, call, 1);
	KUNIT_EXPECT_EQ(test, card->resets, 1);
	card->illegal = 0;
	test_expect_restored(card);
	test_expect_serves(card);
}

static const struct test_fault test_faults[] = {
	{ .cmd.opcode = MMC_SET_BLOCK_COUNT, .error = -ETIMEDOUT },
	{ .cmd.opcode = MMC_SET_BLOCK_COUNT, .error = -EILSEQ },
	{ .cmd.opcode = MMC_SET_BLOCK_COUNT, .lost = -EILSEQ },
	{ .cmd.opcode = MMC_WRITE_MULTIPLE_BLOCK, .error = -ETIMEDOUT },
	{ .cmd.opcode = MMC_WRITE_MULTIPLE_BLOCK, .lost = -EILSEQ },
	{ .cmd.opcode = MMC_WRITE_MULTIPLE_BLOCK, .data = -ETIMEDOUT },
	{ .cmd.opcode = MMC_WRITE_MULTIPLE_BLOCK, .less = true },
	{ .cmd.opcode = MMC_READ_MULTIPLE_BLOCK, .error = -ETIMEDOUT },
	{ .cmd.opcode = MMC_READ_MULTIPLE_BLOCK, .lost = -EILSEQ },
	{ .cmd.opcode = MMC_READ_MULTIPLE_BLOCK, .data = -EILSEQ },
	{ .cmd.opcode = MMC_READ_MULTIPLE_BLOCK, .less = true },
};

/*
 * The transfer @at of a write fails. The card moves no data after that, whatever the
 * host has done about it, so nothing but CMD6 is needed to leave.
 */
static void test_fail_transfer(struct test_card *card, struct rpmb_dev *rdev,
			       const struct test_fault *fault, unsigned int at)
{
	bool read = fault->cmd.opcode == MMC_READ_MULTIPLE_BLOCK;

	card->fault = *fault;
	card->fault.times = 1;
	card->fault.skip = read ? 0 : at;
	card->len = 0;
	card->cached = true;
	test_expect_failed(card, test_write_call(card->test, rdev, 1),
			   fault->error ?: fault->lost ?: fault->data ?: -EIO,
			   at + 1);
	KUNIT_EXPECT_TRUE(card->test, card->cached);
	KUNIT_EXPECT_EQ(card->test, card->resets, 0);
}

/* Each of the transfers, each of the ways in which it can fail, and each kind of host */
static void mmc_rpmb_test_errors(struct kunit *test)
{
	struct test_card *card = test_card_plugged(test);
	struct rpmb_dev *rdev = test_find(card);

	for (unsigned int i = 0; i < 6 * ARRAY_SIZE(test_faults); i++) {
		const struct test_fault *fault = &test_faults[i / 6];
		unsigned int at = i % 3;

		if (at == 2 ? fault->cmd.opcode == MMC_WRITE_MULTIPLE_BLOCK :
			      fault->cmd.opcode == MMC_READ_MULTIPLE_BLOCK)
			continue;
		card->host_stops = i / 3 % 2;
		kunit_info(test, "fault %u at transfer %u, host %u", i / 6, at,
			   card->host_stops);
		test_fail_transfer(card, rdev, fault, at);
	}
	test_expect_serves(card);
}

/*
 * They may speak of the command before, or of what the frames say. What has become of
 * these the response says, and it bears a MAC.
 */
static void mmc_rpmb_test_r1(struct kunit *test)
{
	static const u32 bits[] = {
		R1_OUT_OF_RANGE, R1_ADDRESS_ERROR, R1_BLOCK_LEN_ERROR,
		R1_WP_VIOLATION, R1_COM_CRC_ERROR, R1_ILLEGAL_COMMAND,
		R1_CARD_ECC_FAILED, R1_CC_ERROR, R1_ERROR,
	};
	static const u32 opcodes[] = {
		MMC_SET_BLOCK_COUNT, MMC_WRITE_MULTIPLE_BLOCK,
		MMC_READ_MULTIPLE_BLOCK,
	};
	struct test_card *card = test_card_plugged(test);
	struct rpmb_dev *rdev = test_find(card);

	for (unsigned int i = 0; i < 2 * ARRAY_SIZE(bits); i++) {
		for (unsigned int j = 0; j < ARRAY_SIZE(opcodes); j++) {
			struct test_call *call = test_write_call(test, rdev, 1);

			card->len = 0;
			card->fault = (struct test_fault) {
				.cmd.opcode = opcodes[j],
				.times = 1,
				.r1 = i % 2 ? bits[i / 2] : 0,
				.later = i % 2 ? 0 : bits[i / 2],
			};
			test_transfer(call);
			test_expect_answered(test, call);
			test_expect_restored(card);
		}
	}
}

/* CMD12 is sent once, by whoever it is */
static void mmc_rpmb_test_stop(struct kunit *test)
{
	static const struct test_cmd cmds[] = {
		{ MMC_SWITCH, TEST_PART(TEST_BOOT | TEST_RPMB) },
		{ MMC_SET_BLOCK_COUNT, MMC_CMD23_ARG_REL_WR | 1 },
		{ MMC_WRITE_MULTIPLE_BLOCK, 0 },
		{ MMC_STOP_TRANSMISSION, 0 },
		{ MMC_SWITCH, TEST_PART(TEST_BOOT) },
	};
	struct test_card *card = test_card_plugged(test);

	for (unsigned int i = 0; i < 2; i++) {
		card->host_stops = i;
		card->fault = (struct test_fault) {
			.cmd.opcode = MMC_WRITE_MULTIPLE_BLOCK,
			.times = 1,
			.data = -EILSEQ,
		};
		test_expect_failed(card, test_write_call(test, test_find(card), 1),
				   -EILSEQ, 1);
		test_expect_log(card, cmds, ARRAY_SIZE(cmds));
	}
}

/* The data of a write, and of the response, goes wrong, and then something else, too */
static void test_fail_data(struct test_card *card, struct test_fault *fault)
{
	struct rpmb_dev *rdev = test_find(card);

	fault->data = -EILSEQ;
	fault->cmd.opcode = MMC_WRITE_MULTIPLE_BLOCK;
	test_fail_transfer(card, rdev, fault, 0);
	fault->cmd.opcode = MMC_READ_MULTIPLE_BLOCK;
	test_fail_transfer(card, rdev, fault, 2);
}

/* While it is, it takes no CMD6 */
static void mmc_rpmb_test_stop_busy(struct kunit *test)
{
	struct test_fault fault = { .stop_busy = 1 };

	test_fail_data(test_card_plugged(test), &fault);
}

/* Nobody knows whether the card has data to move, so it is told to stop */
static void mmc_rpmb_test_state_unknown(struct kunit *test)
{
	struct test_fault fault = {
		.stop_busy = 1,
		.deaf = MMC_SEND_STATUS,
		.misses = 1 + MMC_CMD_RETRIES,
	};

	test_fail_data(test_card_plugged(test), &fault);
}

/* The card goes on with its data, takes no CMD6, and is told again */
static void mmc_rpmb_test_stop_again(struct kunit *test)
{
	unsigned int limit = busy_timeout;
	struct test_card *card = test_card_plugged(test);
	struct test_call *call = test_write_call(test, test_find(card), 1);

	card->fault = (struct test_fault) {
		.cmd.opcode = MMC_READ_MULTIPLE_BLOCK,
		.times = 1,
		.data = -EILSEQ,
		.stop_busy = 1,
		.deaf = MMC_STOP_TRANSMISSION,
		.misses = 1 + MMC_CMD_RETRIES,
	};
	card->cached = true;
	busy_timeout = 1;
	test_transfer(call);
	busy_timeout = limit;
	KUNIT_EXPECT_EQ(test, call->ret, -EILSEQ);
	KUNIT_EXPECT_TRUE(test, card->cached);
	KUNIT_EXPECT_EQ(test, card->resets, 0);
	KUNIT_EXPECT_EQ(test, card->illegal, 1 + MMC_CMD_RETRIES);
	card->illegal = 0;
	test_expect_restored(card);
	test_expect_serves(card);
}

/* The card may have switched, though nobody has heard of it */
static void mmc_rpmb_test_not_entered(struct kunit *test)
{
	struct test_card *card = test_card_plugged(test);

	card->fault = (struct test_fault) {
		.cmd = { MMC_SWITCH, TEST_PART(TEST_BOOT | TEST_RPMB) },
		.times = UINT_MAX,
		.lost = -ETIMEDOUT,
	};
	test_expect_failed(card, test_write_call(test, test_find(card), 1),
			   -ETIMEDOUT, 0);
	KUNIT_EXPECT_EQ(test, card->len, 0);
	KUNIT_EXPECT_EQ(test, card->resets, 0);
}

static void mmc_rpmb_test_queue_stays_on(struct kunit *test)
{
	struct test_card *card = test_card_with_queue(test);

	card->fault = (struct test_fault) {
		.cmd = { MMC_SWITCH, TEST_CMDQ(0) },
		.times = UINT_MAX,
		.lost = -ETIMEDOUT,
	};
	test_expect_failed(card, test_write_call(test, test_find(card), 1),
			   -ETIMEDOUT, 0);
	KUNIT_EXPECT_EQ(test, card->len, 0);
}

/* What was answered is answered, whatever it takes to leave; a reset comes last */
static void mmc_rpmb_test_leave_again(struct kunit *test)
{
	struct test_card *card = test_card_with_queue(test);
	struct rpmb_dev *rdev = test_find(card);
	static const u32 args[] = { TEST_PART(TEST_BOOT), TEST_CMDQ(1) };

	card->host->can_retune = 1;
	for (unsigned int i = 0; i < ARRAY_SIZE(args); i++) {
		struct test_call *call = test_write_call(test, rdev, 1);

		card->cached = true;
		card->fault = (struct test_fault) {
			.cmd = { MMC_SWITCH, args[i] },
			.times = 1 + MMC_CMD_RETRIES,
			.error = -EILSEQ,
		};
		test_transfer(call);
		test_expect_answered(test, call);
		test_expect_restored(card);
		KUNIT_EXPECT_TRUE(test, card->cached);
		KUNIT_EXPECT_EQ(test, card->resets, 0);
	}
	card->host->can_retune = 0;
}

/* Before it, the cache is flushed */
static void mmc_rpmb_test_reset(struct kunit *test)
{
	struct test_card *card = test_card_with_queue(test);
	struct rpmb_dev *rdev = test_find(card);
	static const u32 args[] = { TEST_PART(TEST_BOOT), TEST_CMDQ(1) };

	for (unsigned int i = 0; i < ARRAY_SIZE(args); i++) {
		struct test_call *call = test_write_call(test, rdev, 1);

		card->resets = 0;
		card->cached = true;
		card->fault = (struct test_fault) {
			.cmd = { MMC_SWITCH, args[i] },
			.times = 2 * (1 + MMC_CMD_RETRIES),
			.error = -ETIMEDOUT,
		};
		test_transfer(call);
		test_expect_answered(test, call);
		KUNIT_EXPECT_EQ(test, card->resets, 1);
		test_expect_restored(card);
		test_expect_serves(card);
	}
}

/* Then the kernel goes on without the queue, and so does the card */
static void mmc_rpmb_test_queue_stays_off(struct kunit *test)
{
	struct test_card *card = test_card_with_queue(test);
	struct test_call *call = test_write_call(test, test_find(card), 1);

	card->fault = (struct test_fault) {
		.cmd = { MMC_SWITCH, TEST_CMDQ(1) },
		.times = UINT_MAX,
		.later = R1_SWITCH_ERROR,
	};
	test_transfer(call);
	test_expect_answered(test, call);
	KUNIT_EXPECT_EQ(test, card->resets, 1);
	KUNIT_EXPECT_FALSE(test, card->host->card->ext_csd.cmdq_en);
	KUNIT_EXPECT_FALSE(test, card->host->cqe_enabled);
	KUNIT_EXPECT_FALSE(test, mmc_card_removed(card->host->card));
	card->ext_csd[EXT_CSD_CMDQ_MODE_EN] = 0;
	test_expect_serves(card);
}

static void mmc_rpmb_test_reset_to_boot_partition(struct kunit *test)
{
	static const u8 boot0 = TEST_BOOT | EXT_CSD_PART_CONFIG_ACC_BOOT0;
	struct test_card *card = test_card_plugged(test);
	struct test_call *call = test_read_call(test, test_find(card), 1);

	card->ext_csd[EXT_CSD_PART_CONFIG] = boot0;
	card->host->card->ext_csd.part_config = boot0;
	card->fault = (struct test_fault) {
		.cmd = { MMC_SWITCH, TEST_PART(boot0) },
		.times = 2 * (1 + MMC_CMD_RETRIES),
		.error = -ETIMEDOUT,
	};
	test_transfer(call);
	test_expect_answered(test, call);
	KUNIT_EXPECT_EQ(test, card->resets, 1);
	KUNIT_EXPECT_EQ(test, card->ext_csd[EXT_CSD_PART_CONFIG], boot0);
	KUNIT_EXPECT_EQ(test, card->host->card->ext_csd.part_config, boot0);
}

/* The reset has shown that the card is in the user area */
static void mmc_rpmb_test_reset_is_enough(struct kunit *test)
{
	struct test_card *card = test_card_plugged(test);
	struct test_call *call = test_read_call(test, test_find(card), 1);

	card->fault = (struct test_fault) {
		.cmd = { MMC_SWITCH, TEST_PART(TEST_BOOT) },
		.times = UINT_MAX,
		.error = -ETIMEDOUT,
	};
	test_transfer(call);
	card->fault.times = 0;
	test_expect_answered(test, call);
	KUNIT_EXPECT_EQ(test, card->resets, 1);
	test_expect_restored(card);
	test_expect_serves(card);
}

/* Nobody may write to a card that is in nobody knows what partition */
static void mmc_rpmb_test_given_up(struct kunit *test)
{
	static const u8 boot0 = TEST_BOOT | EXT_CSD_PART_CONFIG_ACC_BOOT0;
	struct test_card *card = test_card_plugged(test);
	struct rpmb_dev *rdev = test_find(card);
	struct test_call *call = test_read_call(test, rdev, 1);
	struct test_call *next = test_read_call(test, rdev, 1);

	card->ext_csd[EXT_CSD_PART_CONFIG] = boot0;
	card->host->card->ext_csd.part_config = boot0;
	card->fault = (struct test_fault) {
		.cmd = { MMC_SWITCH, TEST_PART(boot0) },
		.times = UINT_MAX,
		.error = -ETIMEDOUT,
	};
	test_transfer(call);
	test_expect_answered(test, call);
	KUNIT_EXPECT_EQ(test, card->resets, 1);
	KUNIT_EXPECT_TRUE(test, mmc_card_removed(card->host->card));

	card->nr_log = 0;
	test_transfer(next);
	KUNIT_EXPECT_EQ(test, next->ret, -ENOMEDIUM);
	test_expect_started(test, next, 0);
	KUNIT_EXPECT_EQ(test, card->nr_log, 0);
}

/* Not for us to reset: there is nothing there */
static void mmc_rpmb_test_pulled_out(struct kunit *test)
{
	struct test_card *card = test_card_plugged(test);
	struct test_call *call = test_write_call(test, test_find(card), 1);

	card->fault = (struct test_fault) {
		.cmd.opcode = MMC_WRITE_MULTIPLE_BLOCK,
		.times = 1,
		.lost = -ENOMEDIUM,
		.gone = true,
	};
	test_transfer(call);
	KUNIT_EXPECT_EQ(test, call->ret, -ENOMEDIUM);
	test_expect_started(test, call, 1);
	KUNIT_EXPECT_EQ(test, card->resets, 0);
	KUNIT_EXPECT_FALSE(test, card->host->claimed);
}

static void test_expect_refused(struct test_card *card, struct test_call *call,
				int error)
{
	test_expect_failed(card, call, error, 0);
	KUNIT_EXPECT_EQ(card->test, card->nr_log, 0);
}

static void mmc_rpmb_test_write_sizes(struct kunit *test)
{
	static const unsigned int others[] = { 3, 4, 5, 7, 8, 16, 31 };
	struct test_card *card = test_card_alloc(test);
	struct rpmb_dev *rdev;
	struct test_call *call;

	card->ext_csd[EXT_CSD_WR_REL_PARAM] =
		EXT_CSD_WR_REL_PARAM_EN_RPMB_REL_WR;
	test_plug(card);
	rdev = test_find_only(card);
	KUNIT_EXPECT_EQ(test, rdev->descr.write_sizes, BIT(0) | BIT(1) | BIT(5));
	for (unsigned int i = 0; i < ARRAY_SIZE(others); i++)
		test_expect_refused(card,
				    test_write_call(test, rdev, others[i]),
				    -EINVAL);
	test_expect_refused(card, test_write_call(test, rdev, 33), -EMSGSIZE);
	test_expect_refused(card, test_write_call(test, rdev, 64), -EMSGSIZE);

	call = test_write_call(test, rdev, 32);
	test_transfer(call);
	test_expect_answered(test, call);
	KUNIT_EXPECT_EQ(test, card->log[1].arg, MMC_CMD23_ARG_REL_WR | 32);
	KUNIT_EXPECT_MEMEQ(test, card->written, call->xfers[0].buf,
			   32 * MMC_RPMB_FRAME);
}

static void mmc_rpmb_test_small_writes(struct kunit *test)
{
	struct test_card *card = test_card_plugged(test);
	struct rpmb_dev *rdev = test_find_only(card);

	KUNIT_EXPECT_EQ(test, rdev->descr.write_sizes, BIT(0) | BIT(1));
	test_expect_refused(card, test_write_call(test, rdev, 32), -EMSGSIZE);
	test_expect_refused(card, test_write_call(test, rdev, 3), -EMSGSIZE);
}

/* What the host cannot move is not started */
static void mmc_rpmb_test_host_limits(struct kunit *test)
{
	static const struct {
		unsigned int blk_count, req_size, segs, seg_size, frames, paged;
	} cases[] = {
		{ 65535, SZ_512K, 128, SZ_64K, 1024, 1024 },
		{ 65535, SZ_512K, 64, UINT_MAX, 1024, 512 },
		{ 65535, SZ_512K, 128, SZ_4K, 1024, 1024 },
		{ 16, SZ_512K, 128, SZ_64K, 16, 16 },
		{ 65535, SZ_4K, 128, SZ_64K, 8, 8 },
		{ 65535, SZ_512K, 1, SZ_512K, 1024, 8 },
		{ 65535, SZ_512K, 1, SZ_4K, 8, 8 },
		{ 65535, SZ_512K, 3, 1000, 3, 3 },
		{ 65535, SZ_512K, 6, 1536, 18, 12 },
	};
	struct test_card *card = test_card_plugged(test);
	struct mmc_host *host = card->host;

	BUILD_BUG_ON(PAGE_SIZE != SZ_4K);
	for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++) {
		host->max_blk_count = cases[i].blk_count;
		host->max_req_size = cases[i].req_size;
		host->max_segs = cases[i].segs;
		host->max_seg_size = cases[i].seg_size;
		KUNIT_EXPECT_EQ_MSG(test, mmc_rpmb_limit(host, RPMB_MAX_LEN),
				    cases[i].frames, "case %u", i);
		KUNIT_EXPECT_EQ_MSG(test, mmc_rpmb_limit_paged(host),
				    cases[i].paged, "case %u, in pages", i);
	}
	host->max_seg_size = 511;
	KUNIT_EXPECT_FALSE(test, mmc_rpmb_exists(host->card));
	KUNIT_EXPECT_EQ(test, mmc_rpmb_write_sizes(host->card, 1), BIT(0));
}

static void test_vfree(void *buf)
{
	vfree(buf);
}

/* The transfer's memory is anywhere, page by page */
static void test_scatter(struct kunit *test, struct rpmb_xfer *xfer)
{
	void *buf = vmalloc(xfer->len);

	KUNIT_ASSERT_NOT_NULL(test, buf);
	memcpy(buf, xfer->buf, xfer->len);
	xfer->buf = buf;
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, test_vfree, buf),
			0);
}

/* Objects of every length, and hosts that take many segments, few, or one */
static void mmc_rpmb_test_scattered(struct kunit *test)
{
	static const unsigned int frames[] = { 1, 7, 8, 9, 63, 64, 129, 600 };
	static const struct {
		unsigned int segs, size;
	} hosts[] = { { 128, SZ_64K }, { 7, SZ_512K }, { 1, SZ_512K } };

	for (unsigned int i = 0; i < ARRAY_SIZE(hosts); i++) {
		struct test_card *card = test_card_alloc(test);
		struct rpmb_dev *rdev;
		struct mmc_rpmb *mr;

		card->max_segs = hosts[i].segs;
		card->seg_size = hosts[i].size;
		test_plug(card);
		rdev = test_find_only(card);
		mr = rdev->descr.priv;
		KUNIT_EXPECT_EQ(test, !mr->bounce, hosts[i].segs == 128);
		for (unsigned int j = 0; j < ARRAY_SIZE(frames); j++) {
			struct test_call *call = test_read_call(test, rdev,
								frames[j]);

			KUNIT_ASSERT_LE(test, frames[j], rdev->descr.max_read);
			test_scatter(test, test_recv(call));
			test_transfer(call);
			test_expect_answered(test, call);
		}
		test_unplug(card);
	}
}

/* A write by the bounce buffer, which may have a key in it and keeps none */
static void mmc_rpmb_test_bounced_write(struct kunit *test)
{
	struct test_card *card = test_card_alloc(test);
	struct rpmb_dev *rdev;
	struct test_call *call;
	struct mmc_rpmb *mr;

	card->ext_csd[EXT_CSD_WR_REL_PARAM] =
		EXT_CSD_WR_REL_PARAM_EN_RPMB_REL_WR;
	card->max_segs = 1;
	card->seg_size = SZ_512K;
	test_plug(card);
	rdev = test_find_only(card);
	mr = rdev->descr.priv;
	call = test_write_call(test, rdev, TEST_WRITE);
	test_scatter(test, &call->xfers[0]);
	memset(mr->bounce, 0, call->xfers[0].len);
	test_transfer(call);
	test_expect_answered(test, call);
	KUNIT_EXPECT_MEMEQ(test, card->written, call->xfers[0].buf,
			   TEST_WRITE * MMC_RPMB_FRAME);
	KUNIT_EXPECT_NULL(test, memchr_inv(mr->bounce, 0, call->xfers[0].len));
}

static void mmc_rpmb_test_small_host(struct kunit *test)
{
	struct test_card *card = test_card_alloc(test);
	struct rpmb_dev *rdev;
	struct test_call *call;

	card->ext_csd[EXT_CSD_WR_REL_PARAM] =
		EXT_CSD_WR_REL_PARAM_EN_RPMB_REL_WR;
	card->max_frames = 8;
	test_plug(card);
	rdev = test_find_only(card);
	KUNIT_EXPECT_EQ(test, rdev->descr.max_read, 8);
	KUNIT_EXPECT_EQ(test, rdev->descr.write_sizes, BIT(0) | BIT(1));
	test_expect_refused(card, test_read_call(test, rdev, 9), -EMSGSIZE);
	test_expect_refused(card, test_write_call(test, rdev, 32), -EMSGSIZE);

	call = test_read_call(test, rdev, 8);
	test_transfer(call);
	test_expect_answered(test, call);
}

static void mmc_rpmb_test_descr(struct kunit *test)
{
	static const u8 id[16] = {
		0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88,
		0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff, 0x01,
	};
	struct test_card *card = test_card_plugged(test);
	struct rpmb_dev *rdev = test_find_only(card);

	KUNIT_EXPECT_EQ(test, rdev->descr.type, RPMB_TYPE_EMMC);
	KUNIT_EXPECT_EQ(test, rdev->descr.frame_format, RPMB_FRAME_JEDEC);
	KUNIT_EXPECT_EQ(test, rdev->descr.transport, RPMB_TRANSPORT_EMMC);
	KUNIT_EXPECT_EQ(test, rdev->descr.capacity, 2);
	KUNIT_EXPECT_EQ(test, rdev->descr.reliable_wr_count, 1);
	KUNIT_EXPECT_EQ(test, rdev->descr.request_types, GENMASK(4, 1));
	KUNIT_EXPECT_EQ(test, rdev->descr.max_read, TEST_FRAMES);
	KUNIT_EXPECT_EQ(test, rdev->descr.fill_block_count, 0);
	KUNIT_ASSERT_EQ(test, rdev->descr.dev_id_len, sizeof(id));
	KUNIT_EXPECT_MEMEQ(test, rdev->descr.dev_id, id, sizeof(id));
	/* Found, but not taken */
	KUNIT_EXPECT_NULL(test, card->host->card->dev.driver);
}

static void mmc_rpmb_test_secure_write_protect(struct kunit *test)
{
	static const struct {
		u8 rev, info;
		u32 types;
	} cases[] = {
		{ 8, 1, 0xde }, { 7, 0xff, 0xde }, { 8, 0xfe, 0x1e },
		{ 6, 1, 0x1e },
	};
	struct test_card *card = test_card_alloc(test);

	for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++) {
		card->ext_csd[EXT_CSD_REV] = cases[i].rev;
		card->ext_csd[EXT_CSD_SECURE_WP_INFO] = cases[i].info;
		test_plug(card);
		KUNIT_EXPECT_EQ_MSG(test,
				    test_find_only(card)->descr.request_types,
				    cases[i].types, "case %u", i);
		test_unplug(card);
	}
}

/* The module comes while the host is somebody else's, and waits for nothing */
static void mmc_rpmb_test_load_beside(struct kunit *test)
{
	struct test_card *card = test_card_plugged(test);
	struct mmc_ctx other = {};

	mmc_rpmb_unwatch();
	__mmc_claim_host(card->host, &other, NULL);
	KUNIT_EXPECT_EQ(test, mmc_rpmb_watch(), 0);
	test_find_only(card);
	mmc_release_host(card->host);
	test_expect_serves(card);
}

static void mmc_rpmb_test_no_cmd23(struct kunit *test)
{
	struct test_card *card = test_card_alloc(test);

	card->caps &= ~MMC_CAP_CMD23;
	test_plug(card);
	KUNIT_EXPECT_NULL(test, test_find(card));
}

static void mmc_rpmb_test_no_rpmb(struct kunit *test)
{
	struct test_card *card = test_card_alloc(test);

	card->ext_csd[EXT_CSD_RPMB_MULT] = 0;
	test_plug(card);
	KUNIT_EXPECT_NULL(test, test_find(card));
}

/* The module comes after the card, and goes before it */
static void mmc_rpmb_test_module(struct kunit *test)
{
	struct test_card *card = test_card_plugged(test);
	struct rpmb_dev *rdev = test_find_only(card);

	for (unsigned int i = 0; i < 2; i++) {
		mmc_rpmb_unwatch();
		KUNIT_EXPECT_NULL(test, test_find(card));
		KUNIT_EXPECT_TRUE(test, rdev->gone);
		KUNIT_ASSERT_EQ(test, mmc_rpmb_watch(), 0);
		rdev = test_find_only(card);
		test_expect_serves(card);
	}
}

/* The scan and the notifier may both see a card, before and after each other */
static void mmc_rpmb_test_once(struct kunit *test)
{
	struct test_card *card = test_card_plugged(test);
	struct device *dev = &card->host->card->dev;

	test_find_only(card);
	KUNIT_EXPECT_EQ(test, mmc_rpmb_scan(), 0);
	test_find_only(card);
	mmc_rpmb_notify(&mmc_rpmb_notifier, BUS_NOTIFY_ADD_DEVICE, dev);
	test_find_only(card);
	test_expect_serves(card);

	mmc_rpmb_notify(&mmc_rpmb_notifier, BUS_NOTIFY_DEL_DEVICE, dev);
	KUNIT_EXPECT_NULL(test, test_find(card));
	KUNIT_EXPECT_EQ(test, mmc_rpmb_scan(), 0);
	test_find_only(card);
	mmc_rpmb_notify(&mmc_rpmb_notifier, BUS_NOTIFY_REMOVED_DEVICE, dev);
	KUNIT_EXPECT_NULL(test, test_find(card));

	/* The module is about to go */
	mmc_rpmb_close();
	mmc_rpmb_notify(&mmc_rpmb_notifier, BUS_NOTIFY_ADD_DEVICE, dev);
	KUNIT_EXPECT_NULL(test, test_find(card));
	mmc_rpmb_unwatch();
	KUNIT_ASSERT_EQ(test, mmc_rpmb_watch(), 0);
	test_find_only(card);
}

/* Drivers of the card come and go, which does not concern its RPMB */
static void mmc_rpmb_test_driver(struct kunit *test)
{
	struct test_card *card = test_card_plugged(test);
	struct rpmb_dev *rdev = test_find_only(card);
	struct device *dev = &card->host->card->dev;

	mmc_rpmb_notify(&mmc_rpmb_notifier, BUS_NOTIFY_BOUND_DRIVER, dev);
	mmc_rpmb_notify(&mmc_rpmb_notifier, BUS_NOTIFY_UNBIND_DRIVER, dev);
	mmc_rpmb_notify(&mmc_rpmb_notifier, BUS_NOTIFY_UNBOUND_DRIVER, dev);
	KUNIT_EXPECT_PTR_EQ(test, test_find_only(card), rdev);
	KUNIT_EXPECT_FALSE(test, rdev->gone);
}

/* What is under way ends, and the card is put back before it goes */
static void mmc_rpmb_test_remove(struct kunit *test)
{
	static const struct test_cmd cmds[] = {
		{ MMC_SWITCH, TEST_PART(TEST_BOOT | TEST_RPMB) },
		{ MMC_SET_BLOCK_COUNT, MMC_CMD23_ARG_REL_WR | 1 },
		{ MMC_WRITE_MULTIPLE_BLOCK, 0 },
		{ MMC_SWITCH, TEST_PART(TEST_BOOT) },
	};
	struct test_card *card = test_card_plugged(test);
	struct rpmb_dev *rdev = test_find_only(card);
	struct test_call *call = test_write_call(test, rdev, 1);

	card->wait_for = rdev->descr.priv;
	test_start_logged(card, call);
	test_wait(test, &card->waits);
	test_unplug(card);
	KUNIT_EXPECT_TRUE(test, completion_done(&call->done));
	test_finish(test, call);
	KUNIT_EXPECT_EQ(test, call->ret, -ENODEV);
	test_expect_started(test, call, 1);
	test_expect_log(card, cmds, ARRAY_SIZE(cmds));
	KUNIT_EXPECT_TRUE(test, rdev->gone);
}

/* When the module goes, no card waits for another one's to end */
static void mmc_rpmb_test_close(struct kunit *test)
{
	struct test_card *first = test_card_plugged(test);
	struct test_card *second = test_card_plugged(test);
	struct test_call *call = test_write_call(test, test_find(first), 1);

	first->wait_for = test_find(second)->descr.priv;
	test_start_logged(first, call);
	test_wait(test, &first->waits);
	mmc_rpmb_unwatch();
	test_finish(test, call);
	KUNIT_EXPECT_EQ(test, call->ret, -ENODEV);
	first->wait_for = NULL;
	KUNIT_ASSERT_EQ(test, mmc_rpmb_watch(), 0);
	test_expect_serves(first);
	test_expect_serves(second);
}

/**
 * struct test_event - something that the driver is told of a card, in another task
 * @work: the task
 * @card: the card
 * @action: what the bus says
 * @done: the driver is done with it
 */
struct test_event {
	struct work_struct work;
	struct test_card *card;
	unsigned long action;
	struct completion done;
};

static void test_notify(struct work_struct *work)
{
	struct test_event *event = container_of(work, struct test_event, work);

	mmc_rpmb_notify(&mmc_rpmb_notifier, event->action,
			&event->card->host->card->dev);
	complete(&event->done);
}

static void test_start_event(struct test_event *event, struct test_card *card,
			     unsigned long action)
{
	event->card = card;
	event->action = action;
	init_completion(&event->done);
	INIT_WORK_ONSTACK(&event->work, test_notify);
	schedule_work(&event->work);
}

static void test_end_event(struct test_event *event)
{
	flush_work(&event->work);
	destroy_work_on_stack(&event->work);
}

/* Unlike test_wait(), it goes on: there is somebody to be let go */
static void test_expect_soon(struct kunit *test, struct completion *event)
{
	KUNIT_EXPECT_NE(test, wait_for_completion_timeout(event, TEST_BOUND), 0);
}

static void test_expect_gone(struct kunit *test, const struct rpmb_dev *rdev)
{
	unsigned long end = jiffies + TEST_BOUND;

	while (!READ_ONCE(rdev->gone) && time_before(jiffies, end))
		schedule_timeout_uninterruptible(1);
	KUNIT_EXPECT_TRUE(test, READ_ONCE(rdev->gone));
}

/* A card goes, and waits for its request to end; meanwhile others come and go */
static void mmc_rpmb_test_apart(struct kunit *test)
{
	struct test_card *sick = test_card_plugged(test);
	struct test_card *well = test_card_plugged(test);
	struct rpmb_dev *rdev = test_find_only(sick);
	struct test_event goes, comes;

	KUNIT_ASSERT_EQ(test, rpmb_get_turn(rdev, false), 0);
	test_start_event(&goes, sick, BUS_NOTIFY_DEL_DEVICE);
	test_expect_gone(test, rdev);
	/* This takes away what there is first */
	test_start_event(&comes, well, BUS_NOTIFY_ADD_DEVICE);
	test_expect_soon(test, &comes.done);
	KUNIT_EXPECT_FALSE(test, completion_done(&goes.done));
	rpmb_put_turn(rdev);
	test_end_event(&comes);
	test_end_event(&goes);
	KUNIT_EXPECT_NULL(test, test_find(sick));
	test_find_only(well);
	test_expect_serves(well);
}

/* A client of rpmbN that takes its time, with the card that has this device */
static struct {
	struct device *card;
	struct completion told;
	struct completion proceed;
} test_client;

static int test_client_add(struct device *dev)
{
	if (dev->parent == test_client.card) {
		complete(&test_client.told);
		wait_for_completion(&test_client.proceed);
	}
	return 0;
}

static struct class_interface test_client_interface = {
	.add_dev = test_client_add,
};

/* Cards that have no RPMB do not wait for a client; the core has one at a time add */
static void mmc_rpmb_test_slow_client(struct kunit *test)
{
	struct test_card *slow = test_card_plugged(test);
	struct test_card *plain = test_card_alloc(test);
	struct test_event comes, goes;

	plain->caps &= ~MMC_CAP_CMD23;
	test_plug(plain);
	init_completion(&test_client.told);
	init_completion(&test_client.proceed);
	test_tell(test, &test_client_interface);

	test_client.card = &slow->host->card->dev;
	test_start_event(&comes, slow, BUS_NOTIFY_ADD_DEVICE);
	test_expect_soon(test, &test_client.told);
	test_start_event(&goes, plain, BUS_NOTIFY_DEL_DEVICE);
	test_expect_soon(test, &goes.done);
	KUNIT_EXPECT_FALSE(test, completion_done(&comes.done));
	complete(&test_client.proceed);
	test_end_event(&goes);
	test_end_event(&comes);
	test_client.card = NULL;
	test_find_only(slow);
	test_expect_serves(slow);
}

/* The host is somebody else's, for as long as he likes */
static void mmc_rpmb_test_abort_wait(struct kunit *test)
{
	struct test_card *card = test_card_plugged(test);
	struct test_call *call = test_write_call(test, test_find(card), 1);

	mmc_claim_host(card->host);
	test_start_logged(card, call);
	test_wait_asleep(test, &card->host->wq, call);
	mmc_rpmb_unwatch();
	test_finish(test, call);
	mmc_release_host(card->host);
	KUNIT_EXPECT_EQ(test, call->ret, -ENODEV);
	test_expect_started(test, call, 0);
	KUNIT_EXPECT_EQ(test, card->nr_log, 0);
	KUNIT_ASSERT_EQ(test, mmc_rpmb_watch(), 0);
	test_expect_serves(card);
}

#ifdef CONFIG_BLOCK
/**
 * struct test_disk - a disk of a card, of which nobody reads
 * @set: its queue's
 * @disk: the disk
 */
struct test_disk {
	struct blk_mq_tag_set set;
	struct gendisk *disk;
};

static blk_status_t test_queue_rq(struct blk_mq_hw_ctx *hctx,
				  const struct blk_mq_queue_data *bd)
{
	return BLK_STS_IOERR;
}

static const struct blk_mq_ops test_mq_ops = {
	.queue_rq = test_queue_rq,
};

static const struct block_device_operations test_disk_ops = {
};

static void test_free_set(void *set)
{
	blk_mq_free_tag_set(set);
}

static void test_put_disk(void *disk)
{
	put_disk(disk);
}

static void test_del_disk(void *disk)
{
	del_gendisk(disk);
}

static struct gendisk *test_add_disk(struct kunit *test, struct device *parent,
				     const char *name)
{
	struct test_disk *disk = kunit_kzalloc(test, sizeof(*disk), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, disk);
	disk->set.ops = &test_mq_ops;
	disk->set.nr_hw_queues = 1;
	disk->set.queue_depth = 1;
	disk->set.numa_node = NUMA_NO_NODE;
	KUNIT_ASSERT_EQ(test, blk_mq_alloc_tag_set(&disk->set), 0);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, test_free_set,
							&disk->set), 0);
	disk->disk = blk_mq_alloc_disk(&disk->set, NULL, NULL);
	KUNIT_ASSERT_FALSE(test, IS_ERR(disk->disk));
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, test_put_disk,
							disk->disk), 0);
	strscpy(disk->disk->disk_name, name);
	disk->disk->fops = &test_disk_ops;
	disk->disk->flags = GENHD_FL_NO_PART;
	KUNIT_ASSERT_EQ(test, device_add_disk(parent, disk->disk, NULL), 0);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, test_del_disk,
							disk->disk), 0);
	return disk->disk;
}

/* A disk for the user area and, below it, one for a boot partition, as mmc_block has */
static void test_add_disks(struct test_card *card, struct gendisk *disks[2])
{
	disks[0] = test_add_disk(card->test, &card->host->card->dev, "test-mmc");
	disks[1] = test_add_disk(card->test, disk_to_dev(disks[0]),
				 "test-mmcboot");
}

static const struct device_type test_nameless_type = {
};

static void test_del_device(void *device)
{
	platform_device_unregister(device);
}

/* Below a disk there may be devices of any type, also of one that has no name */
static void test_add_nameless(struct kunit *test, struct gendisk *disk)
{
	struct platform_device *device =
		platform_device_register_data(disk_to_dev(disk), "rpmb-test",
					      PLATFORM_DEVID_NONE, NULL, 0);

	KUNIT_ASSERT_FALSE(test, IS_ERR(device));
	device->dev.type = &test_nameless_type;
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, test_del_device,
							device), 0);
}

static void test_expect_held(struct kunit *test, struct gendisk *disks[2],
			     bool held)
{
	for (unsigned int i = 0; i < 2; i++) {
		KUNIT_EXPECT_EQ_MSG(test, blk_queue_quiesced(disks[i]->queue),
				    held, "disk %u", i);
		if (!held)
			KUNIT_EXPECT_EQ_MSG(test, 0,
					    disks[i]->queue->mq_freeze_depth,
					    "disk %u", i);
	}
}

/* If the card is not ours soon, its queues take in nothing more, either */
static void test_expect_shut(struct kunit *test, struct gendisk *disks[2])
{
	unsigned long end = jiffies + TEST_BOUND;

	for (unsigned int i = 0; i < 2; i++) {
		struct request_queue *queue = disks[i]->queue;

		while (!READ_ONCE(queue->mq_freeze_depth) &&
		       time_before(jiffies, end))
			schedule_timeout_uninterruptible(1);
		KUNIT_EXPECT_EQ_MSG(test, 1, queue->mq_freeze_depth,
				    "disk %u", i);
	}
}

/* Until the card is ours its queues start nothing new, and not a moment longer */
static void mmc_rpmb_test_queues(struct kunit *test)
{
	struct test_card *card = test_card_plugged(test);
	struct test_call *call = test_write_call(test, test_find(card), 1);
	struct gendisk *disks[2];

	test_add_disks(card, disks);
	test_add_nameless(test, disks[0]);
	mmc_claim_host(card->host);
	test_start_logged(card, call);
	test_wait_asleep(test, &card->host->wq, call);
	test_expect_held(test, disks, true);
	test_expect_shut(test, disks);
	card->wait_for = test_find(card)->descr.priv;
	mmc_release_host(card->host);
	test_wait(test, &card->waits);
	test_expect_held(test, disks, false);
	mmc_rpmb_unwatch();
	test_finish(test, call);
	card->wait_for = NULL;
	KUNIT_ASSERT_EQ(test, mmc_rpmb_watch(), 0);
	test_expect_serves(card);
	test_expect_held(test, disks, false);
}

/* A removal, of either driver, finds nothing held */
static void mmc_rpmb_test_queues_go(struct kunit *test)
{
	struct test_card *card = test_card_plugged(test);
	struct test_call *call = test_write_call(test, test_find(card), 1);
	struct test_call *beside = test_write_call(test, test_find(card), 1);
	struct gendisk *disks[2];

	test_add_disks(card, disks);
	mmc_claim_host(card->host);
	test_start_logged(card, call);
	test_wait_asleep(test, &card->host->wq, call);
	test_expect_shut(test, disks);
	mmc_rpmb_unwatch();
	test_finish(test, call);
	test_expect_held(test, disks, false);
	KUNIT_EXPECT_EQ(test, call->ret, -ENODEV);

	/* mmc_block comes or goes */
	KUNIT_ASSERT_EQ(test, mmc_rpmb_watch(), 0);
	beside->rdev = test_find(card);
	device_lock(&card->host->card->dev);
	test_start_logged(card, beside);
	test_wait_asleep(test, &card->host->wq, beside);
	test_expect_held(test, disks, false);
	mmc_release_host(card->host);
	test_finish(test, beside);
	device_unlock(&card->host->card->dev);
	test_expect_answered(test, beside);
	test_expect_held(test, disks, false);
}
#endif

/* Who is killed while waiting gets his answer all the same */
static void mmc_rpmb_test_killed(struct kunit *test)
{
	struct test_card *card = test_card_plugged(test);
	struct test_call *call = test_write_call(test, test_find(card), 1);

	mmc_claim_host(card->host);
	test_start_logged(card, call);
	test_wait_asleep(test, &card->host->wq, call);
	send_sig(SIGKILL, call->task, 1);
	mmc_release_host(card->host);
	test_finish(test, call);
	test_expect_answered(test, call);
	test_expect_restored(card);
	test_expect_serves(card);
}

#ifdef CONFIG_PM
static int test_no_resume(struct device *dev)
{
	return -EIO;
}

/* The host's controller does not wake up */
static void mmc_rpmb_test_asleep(struct kunit *test)
{
	struct dev_pm_domain domain = { .ops.runtime_resume = test_no_resume };
	struct test_card *card = test_card_plugged(test);
	struct test_call *call = test_write_call(test, test_find(card), 1);
	struct device *parent = test->priv;

	parent->pm_domain = &domain;
	pm_runtime_enable(parent);
	test_expect_refused(card, call, -EIO);
	pm_runtime_disable(parent);
	parent->pm_domain = NULL;
	test_expect_serves(card);
}

/* The system has slept, and nothing has woken the card up */
static void mmc_rpmb_test_not_woken(struct kunit *test)
{
	struct test_card *card = test_card_plugged(test);
	struct test_call *call = test_write_call(test, test_find(card), 1);

	mmc_card_set_suspended(card->host->card);
	test_expect_refused(card, call, -ESHUTDOWN);
	mmc_card_clr_suspended(card->host->card);
}
#endif

static struct kunit_case mmc_rpmb_test_cases[] = {
	KUNIT_CASE(mmc_rpmb_test_write),
	KUNIT_CASE(mmc_rpmb_test_read),
	KUNIT_CASE(mmc_rpmb_test_batch),
	KUNIT_CASE(mmc_rpmb_test_batch_fails),
	KUNIT_CASE(mmc_rpmb_test_batch_ends),
	KUNIT_CASE(mmc_rpmb_test_batch_checked),
	KUNIT_CASE(mmc_rpmb_test_batch_late),
	KUNIT_CASE(mmc_rpmb_test_batch_alone),
	KUNIT_CASE(mmc_rpmb_test_segments),
	KUNIT_CASE(mmc_rpmb_test_queue),
	KUNIT_CASE(mmc_rpmb_test_boot_partition),
	KUNIT_CASE(mmc_rpmb_test_tuning),
	KUNIT_CASE(mmc_rpmb_test_found_in_rpmb),
	KUNIT_CASE(mmc_rpmb_test_busy),
	KUNIT_CASE(mmc_rpmb_test_always_busy),
	KUNIT_CASE(mmc_rpmb_test_errors),
	KUNIT_CASE(mmc_rpmb_test_r1),
	KUNIT_CASE(mmc_rpmb_test_stop),
	KUNIT_CASE(mmc_rpmb_test_stop_busy),
	KUNIT_CASE(mmc_rpmb_test_state_unknown),
	KUNIT_CASE(mmc_rpmb_test_stop_again),
	KUNIT_CASE(mmc_rpmb_test_not_entered),
	KUNIT_CASE(mmc_rpmb_test_queue_stays_on),
	KUNIT_CASE(mmc_rpmb_test_leave_again),
	KUNIT_CASE(mmc_rpmb_test_reset),
	KUNIT_CASE(mmc_rpmb_test_queue_stays_off),
	KUNIT_CASE(mmc_rpmb_test_reset_to_boot_partition),
	KUNIT_CASE(mmc_rpmb_test_reset_is_enough),
	KUNIT_CASE(mmc_rpmb_test_given_up),
	KUNIT_CASE(mmc_rpmb_test_pulled_out),
	KUNIT_CASE(mmc_rpmb_test_write_sizes),
	KUNIT_CASE(mmc_rpmb_test_small_writes),
	KUNIT_CASE(mmc_rpmb_test_host_limits),
	KUNIT_CASE(mmc_rpmb_test_small_host),
	KUNIT_CASE(mmc_rpmb_test_scattered),
	KUNIT_CASE(mmc_rpmb_test_bounced_write),
	KUNIT_CASE(mmc_rpmb_test_descr),
	KUNIT_CASE(mmc_rpmb_test_secure_write_protect),
	KUNIT_CASE(mmc_rpmb_test_load_beside),
	KUNIT_CASE(mmc_rpmb_test_no_cmd23),
	KUNIT_CASE(mmc_rpmb_test_no_rpmb),
	KUNIT_CASE(mmc_rpmb_test_module),
	KUNIT_CASE(mmc_rpmb_test_once),
	KUNIT_CASE(mmc_rpmb_test_driver),
	KUNIT_CASE(mmc_rpmb_test_remove),
	KUNIT_CASE(mmc_rpmb_test_close),
	KUNIT_CASE(mmc_rpmb_test_apart),
	KUNIT_CASE(mmc_rpmb_test_slow_client),
	KUNIT_CASE(mmc_rpmb_test_abort_wait),
#ifdef CONFIG_BLOCK
	KUNIT_CASE(mmc_rpmb_test_queues),
	KUNIT_CASE(mmc_rpmb_test_queues_go),
#endif
	KUNIT_CASE(mmc_rpmb_test_killed),
#ifdef CONFIG_PM
	KUNIT_CASE(mmc_rpmb_test_asleep),
	KUNIT_CASE(mmc_rpmb_test_not_woken),
#endif
	{ }
};

static int mmc_rpmb_test_init(struct kunit *test)
{
	struct device *parent = kunit_device_register(test, "mmc");

	if (IS_ERR(parent))
		return PTR_ERR(parent);
	test->priv = parent;
	return 0;
}

static struct kunit_suite mmc_rpmb_test_suite = {
	.name = "mmc_rpmb",
	.init = mmc_rpmb_test_init,
	.test_cases = mmc_rpmb_test_cases,
};

kunit_test_suite(mmc_rpmb_test_suite);
