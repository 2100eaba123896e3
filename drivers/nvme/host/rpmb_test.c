// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of rpmb.c, which includes this file: real controllers of nvme-core,
 * whose admin queue is served by the tests. What Identify would have said is set
 * by the tests as well.
 */
#include <kunit/test.h>
#include <linux/bvec.h>
#include <linux/completion.h>
#include <linux/vmalloc.h>

#include "../../rpmb/tests/call.h"

#define TEST_CMDS	8
#define TEST_MAX_SENT	(4 * 256 + 256 * 512)
#define TEST_ANSWER	0x5a
#define TEST_NQN	"nqn.2014-08.org.nvmexpress:rpmb-test"

/* 4 MiB each, @targets of them, up to @access sectors at once */
#define TEST_RPMBS(targets, access) \
	((targets) | 31 << 16 | (u32)((access) - 1) << 24)

/**
 * struct test_ctrl - a controller
 * @ctrl: what nvme-core knows of it
 * @admin_set: tags of its admin queue
 * @parent: the device that it is in
 * @cmds: commands that it has got
 * @nr_cmds: how many
 * @timeout: of the last, in jiffies
 * @sent: data of the commands that send, one after the other
 * @sent_len: bytes of that
 * @answer: type of its responses, 0 if they are only a pattern
 * @fail_at: answer command number n with @status, counted from 1
 * @status: an NVMe status
 * @hold_at: do not answer command number n, counted from 1
 * @held: a command is held
 * @reset_at: a reset begins right after command number n, counted from 1
 * @reset_ends: and ends at once
 * @released: nobody knows @ctrl any more
 */
struct test_ctrl {
	struct nvme_ctrl ctrl;
	struct blk_mq_tag_set admin_set;
	struct device *parent;
	struct nvme_command cmds[TEST_CMDS];
	unsigned int nr_cmds;
	unsigned int timeout;
	u8 sent[TEST_MAX_SENT];
	unsigned int sent_len;
	u16 answer;
	unsigned int fail_at;
	u16 status;
	unsigned int hold_at;
	struct completion held;
	unsigned int reset_at;
	bool reset_ends;
	struct completion released;
};

struct test_pdu {
	struct nvme_request req;
	struct nvme_command cmd;
};

#define to_test_ctrl(x)	container_of((x), struct test_ctrl, ctrl)

/* The subsystem */

static void test_release_subsys(struct device *dev)
{
	struct nvme_subsystem *subsys = container_of(dev, struct nvme_subsystem,
						     dev);

	nvme_rpmb_release(subsys);
	kfree(subsys);
}

static struct nvme_subsystem *test_new_subsys(const char *name)
{
	struct nvme_subsystem *subsys = kzalloc(sizeof(*subsys), GFP_KERNEL);

	if (!subsys)
		return NULL;
	mutex_init(&subsys->lock);
	subsys->subtype = NVME_NQN_NVME;
	strscpy(subsys->subnqn, TEST_NQN);
	subsys->dev.release = test_release_subsys;
	dev_set_name(&subsys->dev, name);
	if (!device_register(&subsys->dev))
		return subsys;
	put_device(&subsys->dev);
	return NULL;
}

static void test_remove_subsys(void *data)
{
	struct nvme_subsystem *subsys = data;

	device_unregister(&subsys->dev);
}

static struct nvme_subsystem *test_add_subsys(struct kunit *test,
					      const char *name)
{
	struct nvme_subsystem *subsys = test_new_subsys(name);

	KUNIT_ASSERT_NOT_NULL(test, subsys);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, test_remove_subsys,
							subsys), 0);
	return subsys;
}

/* The controller */

static int test_reg_read32(struct nvme_ctrl *ctrl, u32 off, u32 *val)
{
	*val = 0;
	return 0;
}

static void test_free_ctrl(struct nvme_ctrl *ctrl)
{
	complete(&to_test_ctrl(ctrl)->released);
}

static const struct nvme_ctrl_ops test_ctrl_ops = {
	.name = "test",
	.module = THIS_MODULE,
	.reg_read32 = test_reg_read32,
	.free_ctrl = test_free_ctrl,
};

static void test_move_data(struct test_ctrl *tc, struct request *rq)
{
	struct req_iterator iter;
	struct bio_vec bvec;

	rq_for_each_segment(bvec, rq, iter) {
		void *data = bvec_kmap_local(&bvec);

		if (rq_data_dir(rq) == READ) {
			memset(data, TEST_ANSWER, bvec.bv_len);
			if (tc->answer && bvec.bv_len >= NVME_RPMB_HEADER)
				((struct rpmb_nvme_frame *)data)->req_resp =
					cpu_to_le16(tc->answer);
		} else if (tc->sent_len + bvec.bv_len <= TEST_MAX_SENT) {
			memcpy(tc->sent + tc->sent_len, data, bvec.bv_len);
			tc->sent_len += bvec.bv_len;
		}
		kunmap_local(data);
	}
}

/* From one of its commands to the next */
static void test_pass_reset(struct test_ctrl *tc)
{
	nvme_change_ctrl_state(&tc->ctrl, NVME_CTRL_RESETTING);
	if (!tc->reset_ends)
		return;
	nvme_change_ctrl_state(&tc->ctrl, NVME_CTRL_CONNECTING);
	nvme_rpmb_identify(&tc->ctrl, tc->ctrl.rpmbs);
	nvme_change_ctrl_state(&tc->ctrl, NVME_CTRL_LIVE);
}

static blk_status_t test_queue_rq(struct blk_mq_hw_ctx *hctx,
				  const struct blk_mq_queue_data *bd)
{
	struct nvme_ctrl *ctrl = hctx->queue->tag_set->driver_data;
	struct test_ctrl *tc = to_test_ctrl(ctrl);
	union nvme_result result = { };
	blk_status_t ret;
	unsigned int n;
	u16 status;

	if (!nvme_check_ready(ctrl, bd->rq, true))
		return nvme_fail_nonready_command(ctrl, bd->rq);
	ret = nvme_setup_cmd(NULL, bd->rq);
	if (ret)
		return ret;
	nvme_start_request(bd->rq);
	tc->timeout = bd->rq->timeout;
	n = ++tc->nr_cmds;
	status = n == tc->fail_at ? tc->status : 0;
	if (n <= TEST_CMDS)
		tc->cmds[n - 1] = *nvme_req(bd->rq)->cmd;
	test_move_data(tc, bd->rq);
	if (n == tc->reset_at)
		test_pass_reset(tc);
	if (n == tc->hold_at)
		complete(&tc->held);
	else if (!nvme_try_complete_req(bd->rq, cpu_to_le16(status << 1), result))
		nvme_complete_rq(bd->rq);
	return BLK_STS_OK;
}

static const struct blk_mq_ops test_mq_ops = {
	.queue_rq = test_queue_rq,
	.complete = nvme_complete_rq,
};

static void test_init_request(struct blk_mq_tags *tags, unsigned int i,
			      struct nvme_ctrl *ctrl)
{
	struct test_pdu *pdu = blk_mq_rq_to_pdu(tags->static_rqs[i]);

	pdu->req.ctrl = ctrl;
	pdu->req.cmd = &pdu->cmd;
}

/* As transports do, up to what they wait for next */
static void test_end_commands(struct test_ctrl *tc)
{
	nvme_quiesce_admin_queue(&tc->ctrl);
	nvme_cancel_admin_tagset(&tc->ctrl);
	nvme_unquiesce_admin_queue(&tc->ctrl);
}

static void test_remove_ctrl(void *data)
{
	struct test_ctrl *tc = data;

	nvme_change_ctrl_state(&tc->ctrl, NVME_CTRL_DELETING);
	nvme_stop_ctrl(&tc->ctrl);
	test_end_commands(tc);
	nvme_remove_admin_tag_set(&tc->ctrl);
	nvme_uninit_ctrl(&tc->ctrl);
	tc->ctrl.subsys = NULL;
	nvme_put_ctrl(&tc->ctrl);
	wait_for_completion(&tc->released);
	put_device(tc->parent);
}

/* What nvme-core makes of a controller's limits */
static void test_set_limits(struct kunit *test, struct test_ctrl *tc,
			    unsigned int sectors, unsigned short segments)
{
	struct queue_limits lim = queue_limits_start_update(tc->ctrl.admin_q);

	lim.max_hw_sectors = sectors;
	lim.max_segments = segments;
	lim.virt_boundary_mask = NVME_CTRL_PAGE_SIZE - 1;
	KUNIT_ASSERT_EQ(test, queue_limits_commit_update(tc->ctrl.admin_q, &lim),
			0);
}

static struct test_ctrl *test_alloc_ctrl_of(struct kunit *test,
					    struct nvme_subsystem *subsys)
{
	struct test_ctrl *tc = kunit_kzalloc(test, sizeof(*tc), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, tc);
	init_completion(&tc->held);
	init_completion(&tc->released);
	tc->parent = get_device(&subsys->dev);
	KUNIT_ASSERT_EQ(test, nvme_init_ctrl(&tc->ctrl, tc->parent,
					     &test_ctrl_ops, 0), 0);
	KUNIT_ASSERT_EQ(test, nvme_add_ctrl(&tc->ctrl), 0);
	KUNIT_ASSERT_EQ(test, nvme_alloc_admin_tag_set(&tc->ctrl, &tc->admin_set,
						       &test_mq_ops,
						       sizeof(struct test_pdu)),
			0);
	for (unsigned int i = 0; i < tc->admin_set.queue_depth; i++)
		test_init_request(tc->admin_set.tags[0], i, &tc->ctrl);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, test_remove_ctrl,
							tc), 0);
	tc->ctrl.subsys = subsys;
	tc->ctrl.oacs = NVME_CTRL_OACS_SEC_SUPP;
	test_set_limits(test, tc, 512, 128);
	return tc;
}

static struct test_ctrl *test_alloc_ctrl(struct kunit *test)
{
	return test_alloc_ctrl_of(test, test->priv);
}

/* Its devices may still be on their way */
static void test_start_ctrl(struct test_ctrl *tc)
{
	nvme_change_ctrl_state(&tc->ctrl, NVME_CTRL_CONNECTING);
	nvme_change_ctrl_state(&tc->ctrl, NVME_CTRL_LIVE);
	nvme_start_ctrl(&tc->ctrl);
}

static void test_go_live(struct test_ctrl *tc)
{
	test_start_ctrl(tc);
	flush_work(&tc->ctrl.rpmb_work);
}

/* As if a reset had ended */
static void test_restart(struct nvme_ctrl *ctrl)
{
	nvme_rpmb_start(ctrl);
	flush_work(&ctrl->rpmb_work);
}

static struct test_ctrl *test_add_ctrl_of(struct kunit *test,
					  struct nvme_subsystem *subsys,
					  u32 rpmbs)
{
	struct test_ctrl *tc = test_alloc_ctrl_of(test, subsys);

	tc->ctrl.rpmbs = rpmbs;
	test_go_live(tc);
	return tc;
}

static struct test_ctrl *test_add_ctrl(struct kunit *test, u32 rpmbs)
{
	return test_add_ctrl_of(test, test->priv, rpmbs);
}

static void test_begin_reset(struct test_ctrl *tc)
{
	nvme_change_ctrl_state(&tc->ctrl, NVME_CTRL_RESETTING);
	test_end_commands(tc);
}

static struct rpmb_dev *test_rdev(struct kunit *test, struct test_ctrl *tc,
				  u8 target)
{
	KUNIT_ASSERT_NOT_NULL(test, tc->ctrl.rpmb);
	KUNIT_ASSERT_NOT_NULL(test, tc->ctrl.rpmb->targets[target]);
	return tc->ctrl.rpmb->targets[target];
}

/* Requests */

static unsigned int test_len(unsigned int sectors)
{
	return NVME_RPMB_HEADER + sectors * NVME_RPMB_SECTOR;
}

static struct test_call *test_write(struct kunit *test, struct rpmb_dev *rdev,
				    unsigned int sectors)
{
	return test_write_len(test, rdev, test_len(sectors), test_len(0));
}

static struct test_call *test_read(struct kunit *test, struct rpmb_dev *rdev,
				   unsigned int sectors)
{
	return test_read_len(test, rdev, test_len(0), test_len(sectors));
}

static void test_vfree(void *buf)
{
	vfree(buf);
}

/* Through the core */
static int test_route_thread(void *data)
{
	struct test_call *call = data;
	struct rpmb_nvme_frame *frame = call->xfers[0].buf;

	memset(frame, 0, sizeof(*frame));
	frame->target = call->rdev->descr.target;
	frame->req_resp = cpu_to_le16(RPMB_GET_WRITE_COUNTER);
	call->ret = rpmb_route_frames(call->rdev, (u8 *)frame, sizeof(*frame),
				      call->xfers[1].buf, call->xfers[1].len);
	complete_all(&call->done);
	return 0;
}

static void test_start_route(struct kunit *test, struct test_call *call)
{
	test_create(test, call, test_route_thread);
	test_wake(test, call);
}

static void test_expect_cmd(struct kunit *test, const struct nvme_command *cmd,
			    u8 opcode, u8 target, u32 len)
{
	KUNIT_EXPECT_EQ(test, cmd->common.opcode, opcode);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(cmd->common.nsid), 0);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(cmd->common.cdw10),
			0xea000100 | target);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(cmd->common.cdw11), len);
}

/* Tests */

static void nvme_rpmb_test_write(struct kunit *test)
{
	struct test_ctrl *tc = test_add_ctrl(test, TEST_RPMBS(4, 16));
	struct test_call *call = test_write(test, test_rdev(test, tc, 3), 4);

	KUNIT_EXPECT_EQ(test, test_transfer(call), 0);
	test_expect_started(test, call, 3);
	KUNIT_ASSERT_EQ(test, tc->nr_cmds, 3);
	test_expect_cmd(test, &tc->cmds[0], 0x81, 3, 256 + 4 * 512);
	test_expect_cmd(test, &tc->cmds[1], 0x81, 3, 256);
	test_expect_cmd(test, &tc->cmds[2], 0x82, 3, 256);

	KUNIT_ASSERT_EQ(test, tc->sent_len, 256 + 4 * 512 + 256);
	KUNIT_EXPECT_MEMEQ(test, tc->sent, call->xfers[0].buf, 256 + 4 * 512);
	KUNIT_EXPECT_MEMEQ(test, tc->sent + 256 + 4 * 512, call->xfers[1].buf,
			   256);
	KUNIT_EXPECT_NULL(test, memchr_inv(call->xfers[2].buf, TEST_ANSWER, 256));
}

static void nvme_rpmb_test_read(struct kunit *test)
{
	struct test_ctrl *tc = test_add_ctrl(test, TEST_RPMBS(1, 128));
	struct test_call *call = test_read(test, test_rdev(test, tc, 0), 100);

	KUNIT_EXPECT_EQ(test, test_transfer(call), 0);
	test_expect_started(test, call, 2);
	KUNIT_ASSERT_EQ(test, tc->nr_cmds, 2);
	test_expect_cmd(test, &tc->cmds[0], 0x81, 0, 256);
	test_expect_cmd(test, &tc->cmds[1], 0x82, 0, 256 + 100 * 512);
	KUNIT_EXPECT_NULL(test, memchr_inv(call->xfers[1].buf, TEST_ANSWER,
					   256 + 100 * 512));
}

static void nvme_rpmb_test_batch(struct kunit *test)
{
	struct test_ctrl *tc = test_add_ctrl(test, TEST_RPMBS(1, 16));
	struct rpmb_dev *rdev = test_rdev(test, tc, 0);
	struct rpmb_route routes[3];
	unsigned int done;

	tc->answer = RPMB_GET_WRITE_COUNTER << 8;
	KUNIT_EXPECT_EQ(test, 0, test_route_counters(test, rdev, routes, 3,
						     &done));
	KUNIT_EXPECT_EQ(test, done, 3);
	KUNIT_EXPECT_EQ(test, tc->nr_cmds, 6);

	tc->fail_at = tc->nr_cmds + 3;
	tc->status = NVME_SC_INTERNAL;
	KUNIT_EXPECT_EQ(test, -EIO, test_route_counters(test, rdev, routes, 3,
							&done));
	KUNIT_EXPECT_EQ(test, done, 1);
	KUNIT_EXPECT_TRUE(test, routes[1].started);
	KUNIT_EXPECT_FALSE(test, routes[2].started);

	/* A response that is none ends it, too */
	tc->answer = RPMB_READ_DATA << 8;
	tc->nr_cmds = 0;
	KUNIT_EXPECT_EQ(test, -EPROTO, test_route_counters(test, rdev, routes,
							   3, &done));
	KUNIT_EXPECT_EQ(test, done, 0);
	KUNIT_EXPECT_EQ(test, tc->nr_cmds, 2);
	KUNIT_EXPECT_FALSE(test, routes[1].started);
}

/**
 * struct test_leaves - how often controllers were left by their last user
 * @entry: in the line of those who wait for that
 * @nr: how often
 */
struct test_leaves {
	struct wait_queue_entry entry;
	unsigned int nr;
};

static int test_note_leave(struct wait_queue_entry *entry, unsigned int mode,
			   int flags, void *key)
{
	container_of(entry, struct test_leaves, entry)->nr++;
	return 0;
}

/* A controller is found and left once for all requests of a list, not for each */
static void nvme_rpmb_test_batch_ctrl(struct kunit *test)
{
	struct test_ctrl *tc = test_add_ctrl(test, TEST_RPMBS(1, 16));
	struct rpmb_route routes[NVME_RPMB_BATCH + 1];
	struct nvme_rpmb *rpmb = tc->ctrl.rpmb;
	struct test_leaves leaves = { };
	unsigned int done;

	init_waitqueue_func_entry(&leaves.entry, test_note_leave);
	add_wait_queue(&rpmb->wait, &leaves.entry);
	tc->answer = RPMB_GET_WRITE_COUNTER << 8;
	KUNIT_EXPECT_EQ(test, 0, test_route_counters(test, test_rdev(test, tc, 0),
						     routes, ARRAY_SIZE(routes),
						     &done));
	remove_wait_queue(&rpmb->wait, &leaves.entry);
	KUNIT_EXPECT_EQ(test, done, ARRAY_SIZE(routes));
	KUNIT_EXPECT_EQ(test, leaves.nr, 2);
}

/* A reset between two requests of a batch is waited for, as between two others */
static void nvme_rpmb_test_batch_reset(struct kunit *test)
{
	struct test_ctrl *tc = test_add_ctrl(test, TEST_RPMBS(1, 16));
	struct test_counters *batch;

	tc->answer = RPMB_GET_WRITE_COUNTER << 8;
	tc->reset_at = 2;
	batch = test_start_counters(test, test_rdev(test, tc, 0), 3);
	test_wait_asleep(test, &tc->ctrl.rpmb->wait, &batch->call);
	KUNIT_EXPECT_EQ(test, tc->nr_cmds, 2);
	test_go_live(tc);
	test_finish(test, &batch->call);
	KUNIT_EXPECT_EQ(test, batch->call.ret, 0);
	KUNIT_EXPECT_EQ(test, batch->carried, 3);
	KUNIT_EXPECT_EQ(test, tc->nr_cmds, 6);
}

/* A status without "do not retry", which ends the sequence all the same */
static void nvme_rpmb_test_errors(struct kunit *test)
{
	for (unsigned int step = 1; step <= 3; step++) {
		struct test_ctrl *tc = test_add_ctrl(test, TEST_RPMBS(1, 16));
		struct test_call *call = test_write(test, test_rdev(test, tc, 0), 1);

		tc->fail_at = step;
		tc->status = NVME_SC_INTERNAL;
		KUNIT_EXPECT_EQ(test, test_transfer(call), -EIO);
		KUNIT_EXPECT_EQ(test, tc->nr_cmds, step);
		test_expect_started(test, call, step);
		kunit_release_action(test, test_remove_ctrl, tc);
	}
}

static void nvme_rpmb_test_too_long(struct kunit *test)
{
	struct test_ctrl *tc = test_add_ctrl(test, TEST_RPMBS(1, 16));
	struct rpmb_dev *rdev = test_rdev(test, tc, 0);
	struct test_call *call = test_write(test, rdev, 17);

	KUNIT_EXPECT_EQ(test, test_transfer(call), -EMSGSIZE);
	test_expect_started(test, call, 0);
	KUNIT_EXPECT_EQ(test, test_transfer(test_read(test, rdev, 17)),
			-EMSGSIZE);
	KUNIT_EXPECT_EQ(test, tc->nr_cmds, 0);
	KUNIT_EXPECT_EQ(test, test_transfer(test_write(test, rdev, 16)), 0);

	/* A controller that takes no more than that without the header */
	test_set_limits(test, tc, 16, 128);
	call = test_write(test, rdev, 16);
	KUNIT_EXPECT_EQ(test, test_transfer(call), -EMSGSIZE);
	test_expect_started(test, call, 0);

	/* In so many pages */
	test_set_limits(test, tc, 512, 16 / PAGE_SECTORS);
	KUNIT_EXPECT_EQ(test, test_transfer(call), -EMSGSIZE);
	test_expect_started(test, call, 0);
	KUNIT_EXPECT_EQ(test, test_transfer(test_write(test, rdev, 15)), 0);
}

/* What the block layer does not take has not reached the controller */
static void nvme_rpmb_test_not_issued(struct kunit *test)
{
	struct test_ctrl *tc = test_add_ctrl(test, TEST_RPMBS(1, 16));
	struct test_call *call = test_write(test, test_rdev(test, tc, 0), 1);
	struct request_queue *q = tc->ctrl.admin_q;

	blk_freeze_queue_start_non_owner(q);
	blk_queue_flag_set(QUEUE_FLAG_DYING, q);
	KUNIT_EXPECT_EQ(test, test_transfer(call), -ENODEV);
	test_expect_started(test, call, 0);
	blk_queue_flag_clear(QUEUE_FLAG_DYING, q);
	blk_mq_unfreeze_queue_non_owner(q);
	KUNIT_EXPECT_EQ(test, test_transfer(call), 0);
}

/* In pieces, when there is no larger memory */
static void test_scatter(struct kunit *test, struct rpmb_xfer *xfer)
{
	void *buf = vmalloc(xfer->len);

	KUNIT_ASSERT_NOT_NULL(test, buf);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, test_vfree, buf), 0);
	memcpy(buf, xfer->buf, xfer->len);
	xfer->buf = buf;
}

/* The longest that a target can take, and not in one piece */
static void nvme_rpmb_test_longest(struct kunit *test)
{
	struct test_ctrl *tc = test_add_ctrl(test, TEST_RPMBS(1, 256));
	struct rpmb_dev *rdev = test_rdev(test, tc, 0);
	struct test_call *call = test_write(test, rdev, 256);
	unsigned int len = test_len(256);

	test_scatter(test, &call->xfers[0]);
	KUNIT_EXPECT_EQ(test, test_transfer(call), 0);
	KUNIT_ASSERT_GE(test, tc->sent_len, len);
	KUNIT_EXPECT_MEMEQ(test, tc->sent, call->xfers[0].buf, len);

	call = test_read(test, rdev, 256);
	test_scatter(test, test_recv(call));
	KUNIT_EXPECT_EQ(test, test_transfer(call), 0);
	KUNIT_EXPECT_NULL(test, memchr_inv(test_recv(call)->buf, TEST_ANSWER,
					   len));
}

static void nvme_rpmb_test_descr(struct kunit *test)
{
	/* 7 targets, HMAC-SHA256, 32 MiB, 256 sectors */
	struct test_ctrl *tc = test_add_ctrl(test, 0xffff0007);
	const struct rpmb_descr *descr = &test_rdev(test, tc, 0)->descr;

	KUNIT_EXPECT_EQ(test, descr->type, RPMB_TYPE_NVME);
	KUNIT_EXPECT_EQ(test, descr->frame_format, RPMB_FRAME_NVME);
	KUNIT_EXPECT_EQ(test, descr->capacity, 256);
	KUNIT_EXPECT_EQ(test, descr->max_read, 256);
	KUNIT_EXPECT_EQ(test, descr->max_write, 256);
	KUNIT_EXPECT_EQ(test, descr->write_sizes, 0x1ff);
	KUNIT_EXPECT_EQ(test, descr->reliable_wr_count, 256);
	KUNIT_EXPECT_EQ(test, descr->request_types, 0xde);
	KUNIT_EXPECT_EQ(test, descr->dev_id_len, strlen(TEST_NQN "-T0"));
	KUNIT_EXPECT_MEMEQ(test, descr->dev_id, TEST_NQN "-T0",
			   descr->dev_id_len);

	descr = &test_rdev(test, tc, 6)->descr;
	KUNIT_EXPECT_EQ(test, descr->target, 6);
	KUNIT_EXPECT_EQ(test, descr->request_types, 0x1e);
	KUNIT_EXPECT_MEMEQ(test, descr->dev_id, TEST_NQN "-T6",
			   descr->dev_id_len);
}

/* The smallest: one target of 128 KiB, one sector at once */
static void nvme_rpmb_test_descr_smallest(struct kunit *test)
{
	struct test_ctrl *tc = test_add_ctrl(test, 0x00000001);
	const struct rpmb_descr *descr = &test_rdev(test, tc, 0)->descr;

	KUNIT_EXPECT_NULL(test, tc->ctrl.rpmb->targets[1]);
	KUNIT_EXPECT_EQ(test, descr->capacity, 1);
	KUNIT_EXPECT_EQ(test, descr->max_read, 1);
	KUNIT_EXPECT_EQ(test, descr->write_sizes, 1);
	KUNIT_EXPECT_EQ(test, descr->max_write, 1);
	KUNIT_EXPECT_EQ(test, descr->reliable_wr_count, 1);
}

/* Targets that take more at once than their controller */
static void nvme_rpmb_test_descr_limited(struct kunit *test)
{
	struct test_ctrl *tc = test_alloc_ctrl(test);
	const struct rpmb_descr *descr;

	tc->ctrl.rpmbs = TEST_RPMBS(1, 256);
	test_set_limits(test, tc, 128, 128);
	test_go_live(tc);
	descr = &test_rdev(test, tc, 0)->descr;
	KUNIT_EXPECT_EQ(test, descr->max_read, 127);
	KUNIT_EXPECT_EQ(test, descr->max_write, 127);
	KUNIT_EXPECT_EQ(test, descr->write_sizes, 0x7f);
}

/* What a subsystem had before its last controller went is no matter to the next */
static void nvme_rpmb_test_fewer_targets(struct kunit *test)
{
	struct test_ctrl *tc = test_add_ctrl(test, TEST_RPMBS(7, 16));

	KUNIT_EXPECT_NOT_NULL(test, tc->ctrl.rpmb->targets[1]);
	kunit_release_action(test, test_remove_ctrl, tc);
	tc = test_add_ctrl(test, TEST_RPMBS(1, 32));
	KUNIT_EXPECT_EQ(test, test_rdev(test, tc, 0)->descr.max_read, 32);
	KUNIT_EXPECT_NULL(test, tc->ctrl.rpmb->targets[1]);
}

static void nvme_rpmb_test_refused(struct kunit *test)
{
	struct nvme_subsystem *subsys = test->priv;
	struct test_ctrl *tc = test_alloc_ctrl(test);
	struct nvme_ctrl *ctrl = &tc->ctrl;

	ctrl->rpmbs = TEST_RPMBS(0, 16);
	test_go_live(tc);
	KUNIT_EXPECT_NULL_MSG(test, ctrl->rpmb, "no targets");
	ctrl->rpmbs = TEST_RPMBS(1, 16) | 1 << 3;
	test_restart(ctrl);
	KUNIT_EXPECT_NULL_MSG(test, ctrl->rpmb, "authentication");

	ctrl->rpmbs = TEST_RPMBS(1, 16);
	ctrl->oacs = 0;
	test_restart(ctrl);
	KUNIT_EXPECT_NULL_MSG(test, ctrl->rpmb, "no security commands");
	ctrl->oacs = NVME_CTRL_OACS_SEC_SUPP;

	subsys->subtype = NVME_NQN_DISC;
	test_restart(ctrl);
	KUNIT_EXPECT_NULL_MSG(test, ctrl->rpmb, "discovery");
	subsys->subtype = NVME_NQN_NVME;

	ctrl->quirks |= NVME_QUIRK_IGNORE_DEV_SUBNQN;
	test_restart(ctrl);
	KUNIT_EXPECT_NULL_MSG(test, ctrl->rpmb, "NQN not unique");
	ctrl->quirks &= ~NVME_QUIRK_IGNORE_DEV_SUBNQN;

	/* With "-T0" 16 and 17 bytes */
	strscpy(subsys->subnqn, "nqn.123456789");
	test_restart(ctrl);
	KUNIT_EXPECT_NULL_MSG(test, ctrl->rpmb, "NQN too short");
	strscpy(subsys->subnqn, "nqn.1234567890");
	test_restart(ctrl);
	KUNIT_EXPECT_NOT_NULL(test, ctrl->rpmb);
}

/* The subsystem whose devices others are told of */
static struct nvme_subsystem *test_told;

/* A client that cannot wait; the answer is nonsense */
static int test_ask_at_once(struct device *dev)
{
	struct rpmb_dev *rdev = to_rpmb_dev(dev);
	struct rpmb_nvme_frame frame = {
		.target = rdev->descr.target,
		.req_resp = cpu_to_le16(RPMB_GET_WRITE_COUNTER),
	}, answer;

	if (dev->parent != &test_told->dev)
		return 0;
	rpmb_route_frames(rdev, (u8 *)&frame, sizeof(frame), (u8 *)&answer,
			  sizeof(answer));
	return 0;
}

static struct class_interface test_intf = {
	.add_dev = test_ask_at_once,
};

/* When others are told of a device, there is a way to its target */
static void nvme_rpmb_test_told(struct kunit *test)
{
	struct test_ctrl *tc = test_alloc_ctrl(test);

	test_told = test->priv;
	test_tell(test, &test_intf);
	tc->ctrl.rpmbs = TEST_RPMBS(2, 16);
	test_go_live(tc);
	KUNIT_ASSERT_EQ(test, tc->nr_cmds, 4);
	for (unsigned int i = 0; i < 2; i++) {
		test_expect_cmd(test, &tc->cmds[2 * i], 0x81, i, 256);
		test_expect_cmd(test, &tc->cmds[2 * i + 1], 0x82, i, 256);
	}
}

/* No reset waits for those who use a device as soon as it is there */
static void nvme_rpmb_test_told_during_reset(struct kunit *test)
{
	struct test_ctrl *tc = test_alloc_ctrl(test);

	test_told = test->priv;
	test_tell(test, &test_intf);
	tc->ctrl.rpmbs = TEST_RPMBS(2, 16);
	tc->hold_at = 1;
	test_start_ctrl(tc);
	test_wait(test, &tc->held);
	test_begin_reset(tc);
	test_go_live(tc);
	KUNIT_EXPECT_EQ(test, tc->nr_cmds, 3);
	test_rdev(test, tc, 0);
	test_rdev(test, tc, 1);
}

/* One device, which goes by the controller that is live and outlives the first */
static void nvme_rpmb_test_two_controllers(struct kunit *test)
{
	struct test_ctrl *first = test_add_ctrl(test, TEST_RPMBS(2, 16));
	struct test_ctrl *second = test_add_ctrl(test, TEST_RPMBS(2, 16));
	struct rpmb_dev *rdev = rpmb_dev_get(test_rdev(test, first, 1));

	KUNIT_EXPECT_PTR_EQ(test, test_rdev(test, second, 1), rdev);
	KUNIT_EXPECT_EQ(test, test_transfer(test_write(test, rdev, 1)), 0);
	KUNIT_EXPECT_EQ(test, first->nr_cmds, 3);

	test_begin_reset(first);
	KUNIT_EXPECT_EQ(test, test_transfer(test_write(test, rdev, 1)), 0);
	KUNIT_EXPECT_EQ(test, first->nr_cmds, 3);
	KUNIT_EXPECT_EQ(test, second->nr_cmds, 3);

	kunit_release_action(test, test_remove_ctrl, first);
	KUNIT_EXPECT_TRUE(test, device_is_registered(&rdev->dev));
	KUNIT_EXPECT_EQ(test, test_transfer(test_write(test, rdev, 1)), 0);
	KUNIT_EXPECT_EQ(test, second->nr_cmds, 6);

	kunit_release_action(test, test_remove_ctrl, second);
	KUNIT_EXPECT_FALSE(test, device_is_registered(&rdev->dev));
	rpmb_dev_put(rdev);
}

/* The driver that adds a controller, and the end of its first reset */
static void nvme_rpmb_test_start_twice(struct kunit *test)
{
	struct nvme_subsystem *subsys = test->priv;
	struct test_ctrl *tc = test_add_ctrl(test, TEST_RPMBS(0, 16));

	tc->ctrl.rpmbs = TEST_RPMBS(1, 16);
	scoped_guard(mutex, &subsys->lock) {
		nvme_rpmb_start(&tc->ctrl);
		/* It has begun, so that it is done once more */
		while (work_pending(&tc->ctrl.rpmb_work))
			schedule_timeout_uninterruptible(1);
		nvme_rpmb_start(&tc->ctrl);
	}
	flush_work(&tc->ctrl.rpmb_work);

	KUNIT_ASSERT_NOT_NULL(test, tc->ctrl.rpmb);
	/* Not so if it was added twice, and then goes on for ever */
	KUNIT_ASSERT_TRUE(test, list_is_last(&tc->ctrl.rpmb_entry,
					     &tc->ctrl.rpmb->ctrls));
	KUNIT_EXPECT_EQ(test, test_transfer(test_write(test, test_rdev(test, tc, 0), 1)),
			0);
}

/* A transport has deleted it while it was being started, and nobody will again */
static void nvme_rpmb_test_start_deleted(struct kunit *test)
{
	struct test_ctrl *tc = test_add_ctrl(test, TEST_RPMBS(0, 16));

	tc->ctrl.rpmbs = TEST_RPMBS(1, 16);
	nvme_change_ctrl_state(&tc->ctrl, NVME_CTRL_DELETING);
	nvme_rpmb_exit(&tc->ctrl);
	test_restart(&tc->ctrl);
	KUNIT_EXPECT_NULL(test, tc->ctrl.rpmb);
}

/* Another RPMBS than the devices were made for: not a way to them */
static void nvme_rpmb_test_other_rpmbs(struct kunit *test)
{
	struct test_ctrl *first = test_add_ctrl(test, TEST_RPMBS(2, 16));
	struct test_ctrl *second = test_add_ctrl(test, TEST_RPMBS(2, 8));
	struct rpmb_dev *rdev = test_rdev(test, first, 0);

	test_begin_reset(first);
	first->ctrl.rpmbs = TEST_RPMBS(1, 16);
	test_go_live(first);
	KUNIT_EXPECT_EQ(test, test_transfer(test_write(test, rdev, 1)), -ENODEV);
	KUNIT_EXPECT_EQ(test, first->nr_cmds, 0);
	KUNIT_EXPECT_EQ(test, second->nr_cmds, 0);

	test_begin_reset(first);
	first->ctrl.rpmbs = TEST_RPMBS(2, 16);
	test_go_live(first);
	KUNIT_EXPECT_EQ(test, test_transfer(test_write(test, rdev, 1)), 0);
}

/* The device stays, and what was under way fails and is not sent again */
static void nvme_rpmb_test_reset(struct kunit *test)
{
	struct test_ctrl *tc = test_add_ctrl(test, TEST_RPMBS(1, 16));
	struct rpmb_dev *rdev = test_rdev(test, tc, 0);
	struct test_call *call = test_write(test, rdev, 1);

	tc->hold_at = 2;
	test_start(test, call);
	test_wait(test, &tc->held);
	test_begin_reset(tc);
	test_wait(test, &call->done);
	KUNIT_EXPECT_EQ(test, call->ret, -EIO);
	test_expect_started(test, call, 2);

	test_go_live(tc);
	KUNIT_EXPECT_PTR_EQ(test, test_rdev(test, tc, 0), rdev);
	KUNIT_EXPECT_EQ(test, tc->nr_cmds, 2);
	KUNIT_EXPECT_EQ(test, test_transfer(test_write(test, rdev, 1)), 0);
}

/* Under way or over when the next transfer would begin: that does not */
static void nvme_rpmb_test_reset_between(struct kunit *test)
{
	struct test_ctrl *tc = test_add_ctrl(test, TEST_RPMBS(1, 16));
	struct rpmb_dev *rdev = test_rdev(test, tc, 0);

	for (unsigned int i = 0; i < 2; i++) {
		struct test_call *call = test_write(test, rdev, 1);

		tc->reset_ends = i;
		tc->reset_at = tc->nr_cmds + 1 + i;
		KUNIT_EXPECT_EQ(test, test_transfer(call), -EIO);
		test_expect_started(test, call, 1 + i);
		KUNIT_EXPECT_EQ(test, tc->nr_cmds, tc->reset_at);
		test_go_live(tc);
	}
	KUNIT_EXPECT_EQ(test, test_transfer(test_write(test, rdev, 1)), 0);
}

/* Until nothing but an event can make it go on, or it has ended */
static void test_settle(struct kunit *test, struct test_call *call)
{
	unsigned long end = jiffies + TEST_BOUND;

	while (READ_ONCE(call->task->__state) != TASK_UNINTERRUPTIBLE &&
	       !completion_done(&call->done)) {
		KUNIT_ASSERT_TRUE(test, time_before(jiffies, end));
		schedule_timeout_uninterruptible(1);
	}
}

/* A command that a reset finds in the queue is not for who is initialising */
static void nvme_rpmb_test_reset_before(struct kunit *test)
{
	struct test_ctrl *tc = test_add_ctrl(test, TEST_RPMBS(1, 16));
	struct test_call *call = test_write(test, test_rdev(test, tc, 0), 1);

	nvme_quiesce_admin_queue(&tc->ctrl);
	test_start(test, call);
	test_settle(test, call);
	nvme_change_ctrl_state(&tc->ctrl, NVME_CTRL_RESETTING);
	nvme_change_ctrl_state(&tc->ctrl, NVME_CTRL_CONNECTING);
	nvme_unquiesce_admin_queue(&tc->ctrl);
	test_finish(test, call);
	KUNIT_EXPECT_EQ(test, call->ret, -EIO);
	KUNIT_EXPECT_EQ(test, tc->nr_cmds, 0);
}

/* Whoever kills the caller */
static void nvme_rpmb_test_wait_for_reset(struct kunit *test)
{
	struct test_ctrl *tc = test_add_ctrl(test, TEST_RPMBS(1, 16));
	struct test_call *call = test_write(test, test_rdev(test, tc, 0), 1);

	test_begin_reset(tc);
	test_start(test, call);
	test_wait_asleep(test, &tc->ctrl.rpmb->wait, call);
	send_sig(SIGKILL, call->task, 1);
	test_settle(test, call);
	KUNIT_EXPECT_FALSE(test, completion_done(&call->done));
	KUNIT_EXPECT_EQ(test, tc->nr_cmds, 0);
	test_go_live(tc);
	test_wait(test, &call->done);
	KUNIT_EXPECT_EQ(test, call->ret, 0);
	test_expect_started(test, call, 3);
}

static void test_reset_patience(void *seconds)
{
	admin_timeout = (unsigned long)seconds;
}

static void nvme_rpmb_test_reset_too_long(struct kunit *test)
{
	void *seconds = (void *)(unsigned long)admin_timeout;
	struct test_call *call;
	struct test_ctrl *tc;

	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, test_reset_patience,
							seconds), 0);
	admin_timeout = 1;
	tc = test_add_ctrl(test, TEST_RPMBS(1, 16));
	call = test_write(test, test_rdev(test, tc, 0), 1);
	test_begin_reset(tc);
	KUNIT_EXPECT_EQ(test, test_transfer(call), -ETIMEDOUT);
	test_expect_started(test, call, 0);
}

/* A reset may take as long as a command does, which nvme-core may have been told by then */
static void nvme_rpmb_test_patience(struct kunit *test)
{
	struct test_ctrl *tc = test_add_ctrl(test, TEST_RPMBS(1, 16));
	void *seconds = (void *)(unsigned long)admin_timeout;

	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, test_reset_patience,
							seconds), 0);
	admin_timeout += 7;
	KUNIT_ASSERT_EQ(test, test_transfer(test_read(test, test_rdev(test, tc, 0),
						      1)), 0);
	KUNIT_EXPECT_EQ(test, nvme_rpmb_patience(tc->ctrl.rpmb), tc->timeout);
}

/* A controller that will not be live again is not waited for */
static void nvme_rpmb_test_terminal(struct kunit *test)
{
	struct test_ctrl *tc = test_add_ctrl(test, TEST_RPMBS(1, 16));
	struct test_call *call = test_write(test, test_rdev(test, tc, 0), 1);

	nvme_change_ctrl_state(&tc->ctrl, NVME_CTRL_DELETING);
	KUNIT_EXPECT_EQ(test, test_transfer(call), -ENODEV);
	test_expect_started(test, call, 0);
}

/* Removal ends a command that the controller has, and waits for its end */
static void nvme_rpmb_test_remove_busy(struct kunit *test)
{
	struct test_ctrl *tc = test_add_ctrl(test, TEST_RPMBS(1, 16));
	struct rpmb_dev *rdev = rpmb_dev_get(test_rdev(test, tc, 0));
	struct test_call *call = test_read(test, rdev, 0);

	tc->hold_at = 1;
	test_start_route(test, call);
	test_wait(test, &tc->held);
	kunit_release_action(test, test_remove_ctrl, tc);
	test_wait(test, &call->done);
	KUNIT_EXPECT_EQ(test, call->ret, -EIO);
	KUNIT_EXPECT_FALSE(test, device_is_registered(&rdev->dev));

	test_route_thread(call);
	KUNIT_EXPECT_EQ(test, call->ret, -ENODEV);
	rpmb_dev_put(rdev);
}

static void nvme_rpmb_test_remove_waiting(struct kunit *test)
{
	struct test_ctrl *tc = test_add_ctrl(test, TEST_RPMBS(1, 16));
	struct rpmb_dev *rdev = rpmb_dev_get(test_rdev(test, tc, 0));
	struct test_call *call = test_read(test, rdev, 0);

	test_begin_reset(tc);
	test_start_route(test, call);
	test_wait_asleep(test, &tc->ctrl.rpmb->wait, call);
	kunit_release_action(test, test_remove_ctrl, tc);
	test_wait(test, &call->done);
	KUNIT_EXPECT_EQ(test, call->ret, -ENODEV);
	KUNIT_EXPECT_EQ(test, tc->nr_cmds, 0);
	rpmb_dev_put(rdev);
}

/* A target that is shut down does not wait for a controller; others go on */
static void nvme_rpmb_test_abort(struct kunit *test)
{
	struct test_ctrl *tc = test_add_ctrl(test, TEST_RPMBS(2, 16));
	struct rpmb_dev *rdev = test_rdev(test, tc, 1);
	struct test_call *call = test_write(test, rdev, 1);

	test_begin_reset(tc);
	test_start(test, call);
	test_wait_asleep(test, &tc->ctrl.rpmb->wait, call);
	rdev->descr.abort(rdev);
	test_finish(test, call);
	KUNIT_EXPECT_EQ(test, call->ret, -ENODEV);
	test_expect_started(test, call, 0);

	test_go_live(tc);
	KUNIT_EXPECT_EQ(test, test_transfer(test_write(test, rdev, 1)), -ENODEV);
	KUNIT_EXPECT_EQ(test, tc->nr_cmds, 0);
	rdev = test_rdev(test, tc, 0);
	KUNIT_EXPECT_EQ(test, test_transfer(test_write(test, rdev, 1)), 0);
}

/* The driver of the first controller lets it go */
static int test_exit_thread(void *data)
{
	struct test_call *call = data;
	struct nvme_rpmb *rpmb = call->rdev->descr.priv;

	nvme_rpmb_exit(list_first_entry(&rpmb->ctrls, struct nvme_ctrl,
					rpmb_entry));
	complete_all(&call->done);
	return 0;
}

/* Up to where it waits for the controller's sequences */
static void test_start_exit(struct kunit *test, struct nvme_rpmb *rpmb,
			    struct test_call *call)
{
	test_create(test, call, test_exit_thread);
	test_wake(test, call);
	test_wait_asleep(test, &rpmb->wait, call);
}

/* A controller goes after its last sequence, even when the devices stay */
static void nvme_rpmb_test_exit_busy(struct kunit *test)
{
	struct test_ctrl *first = test_add_ctrl(test, TEST_RPMBS(1, 16));
	struct test_ctrl *second = test_add_ctrl(test, TEST_RPMBS(1, 16));
	struct test_call *call = test_call_alloc(test, test_rdev(test, second, 0));
	struct nvme_rpmb *rpmb = second->ctrl.rpmb;

	KUNIT_ASSERT_PTR_EQ(test, nvme_rpmb_get_ctrl(rpmb, 0), &first->ctrl);
	test_start_exit(test, rpmb, call);
	nvme_rpmb_put_ctrl(rpmb, &first->ctrl);
	test_finish(test, call);
	KUNIT_EXPECT_NULL(test, first->ctrl.rpmb);
}

/**
 * struct test_other - what goes on while a subsystem hangs
 * @tc: a controller of another one
 * @task: who resets and removes it
 * @done: both have been done
 */
struct test_other {
	struct test_ctrl *tc;
	struct task_struct *task;
	struct completion done;
};

static int test_other_thread(void *data)
{
	struct test_other *other = data;

	test_begin_reset(other->tc);
	test_go_live(other->tc);
	nvme_rpmb_exit(&other->tc->ctrl);
	complete_all(&other->done);
	return 0;
}

static void test_start_other(struct kunit *test, struct test_other *other)
{
	init_completion(&other->done);
	other->task = kthread_run(test_other_thread, other, "nvme_rpmb_test");
	KUNIT_ASSERT_FALSE(test, IS_ERR(other->task));
}

/* Controllers of other subsystems are reset, and go, while one waits for its sequences */
static void nvme_rpmb_test_hung_subsystem(struct kunit *test)
{
	struct nvme_subsystem *subsys = test_add_subsys(test, "nvme-rpmb-other");
	struct test_other other = {
		.tc = test_add_ctrl_of(test, subsys, TEST_RPMBS(1, 16)),
	};
	struct test_ctrl *tc = test_add_ctrl(test, TEST_RPMBS(1, 16));
	struct rpmb_dev *rdev = rpmb_dev_get(test_rdev(test, other.tc, 0));
	struct test_call *call = test_call_alloc(test, test_rdev(test, tc, 0));
	struct nvme_rpmb *rpmb = tc->ctrl.rpmb;

	KUNIT_ASSERT_PTR_EQ(test, nvme_rpmb_get_ctrl(rpmb, 0), &tc->ctrl);
	test_start_exit(test, rpmb, call);

	test_start_other(test, &other);
	KUNIT_EXPECT_NE(test, wait_for_completion_timeout(&other.done, TEST_BOUND),
			0);
	KUNIT_EXPECT_FALSE(test, completion_done(&call->done));
	nvme_rpmb_put_ctrl(rpmb, &tc->ctrl);
	test_finish(test, call);
	wait_for_completion(&other.done);
	KUNIT_EXPECT_FALSE(test, device_is_registered(&rdev->dev));
	rpmb_dev_put(rdev);
}

/* When a transport lets a controller go it is freed at once, so nobody else holds it */
static void nvme_rpmb_test_holds_no_ctrl(struct kunit *test)
{
	struct test_ctrl *tc = test_alloc_ctrl(test);
	unsigned int refs = kref_read(&tc->ctrl.device->kobj.kref);

	tc->ctrl.rpmbs = TEST_RPMBS(7, 16);
	test_go_live(tc);
	KUNIT_EXPECT_NOT_NULL(test, tc->ctrl.rpmb);
	KUNIT_EXPECT_EQ(test, kref_read(&tc->ctrl.device->kobj.kref), refs);
}

/* What controllers are in sleeps only after the device does, until they go */
static void nvme_rpmb_test_power_order(struct kunit *test)
{
	struct test_ctrl *first = test_add_ctrl(test, TEST_RPMBS(1, 16));
	struct test_ctrl *second = test_add_ctrl(test, TEST_RPMBS(1, 16));
	struct rpmb_dev *rdev = test_rdev(test, first, 0);
	struct device_link *link;

	KUNIT_ASSERT_PTR_EQ(test, first->ctrl.dev, second->ctrl.dev);
	link = list_first_entry_or_null(&first->ctrl.dev->links.consumers,
					struct device_link, s_node);
	KUNIT_ASSERT_NOT_NULL(test, link);
	KUNIT_EXPECT_PTR_EQ(test, link->consumer, &rdev->dev);
	KUNIT_EXPECT_EQ(test, kref_read(&link->kref), 2);

	nvme_rpmb_exit(&first->ctrl);
	KUNIT_EXPECT_EQ(test, kref_read(&link->kref), 1);
}

static int nvme_rpmb_test_init(struct kunit *test)
{
	test->priv = test_new_subsys("nvme-rpmb-test");
	return test->priv ? 0 : -ENOMEM;
}

static void nvme_rpmb_test_exit(struct kunit *test)
{
	test_remove_subsys(test->priv);
}

static struct kunit_case nvme_rpmb_test_cases[] = {
	KUNIT_CASE(nvme_rpmb_test_write),
	KUNIT_CASE(nvme_rpmb_test_read),
	KUNIT_CASE(nvme_rpmb_test_batch),
	KUNIT_CASE(nvme_rpmb_test_batch_ctrl),
	KUNIT_CASE(nvme_rpmb_test_batch_reset),
	KUNIT_CASE(nvme_rpmb_test_errors),
	KUNIT_CASE(nvme_rpmb_test_too_long),
	KUNIT_CASE(nvme_rpmb_test_not_issued),
	KUNIT_CASE(nvme_rpmb_test_longest),
	KUNIT_CASE(nvme_rpmb_test_descr),
	KUNIT_CASE(nvme_rpmb_test_descr_smallest),
	KUNIT_CASE(nvme_rpmb_test_descr_limited),
	KUNIT_CASE(nvme_rpmb_test_fewer_targets),
	KUNIT_CASE(nvme_rpmb_test_refused),
	KUNIT_CASE(nvme_rpmb_test_told),
	KUNIT_CASE(nvme_rpmb_test_told_during_reset),
	KUNIT_CASE(nvme_rpmb_test_two_controllers),
	KUNIT_CASE(nvme_rpmb_test_start_twice),
	KUNIT_CASE(nvme_rpmb_test_start_deleted),
	KUNIT_CASE(nvme_rpmb_test_other_rpmbs),
	KUNIT_CASE(nvme_rpmb_test_reset),
	KUNIT_CASE(nvme_rpmb_test_reset_between),
	KUNIT_CASE(nvme_rpmb_test_reset_before),
	KUNIT_CASE(nvme_rpmb_test_wait_for_reset),
	KUNIT_CASE(nvme_rpmb_test_reset_too_long),
	KUNIT_CASE(nvme_rpmb_test_patience),
	KUNIT_CASE(nvme_rpmb_test_terminal),
	KUNIT_CASE(nvme_rpmb_test_remove_busy),
	KUNIT_CASE(nvme_rpmb_test_remove_waiting),
	KUNIT_CASE(nvme_rpmb_test_abort),
	KUNIT_CASE(nvme_rpmb_test_exit_busy),
	KUNIT_CASE(nvme_rpmb_test_hung_subsystem),
	KUNIT_CASE(nvme_rpmb_test_holds_no_ctrl),
	KUNIT_CASE(nvme_rpmb_test_power_order),
	{ }
};

static struct kunit_suite nvme_rpmb_test_suite = {
	.name = "nvme_rpmb",
	.init = nvme_rpmb_test_init,
	.exit = nvme_rpmb_test_exit,
	.test_cases = nvme_rpmb_test_cases,
};

kunit_test_suite(nvme_rpmb_test_suite);
