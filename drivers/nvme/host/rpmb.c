// SPDX-License-Identifier: GPL-2.0-only
/*
 * RPMB targets of NVMe subsystems
 *
 * NVM Express Base Specification 2.1, section 8.1.21. A target belongs to the
 * subsystem, and each of its controllers leads there. So there is one rpmbN for
 * each target, however many controllers there are, and it stays until the last of
 * them goes.
 */
#include <linux/bitfield.h>
#include <linux/blkdev.h>
#include <linux/build_bug.h>
#include <linux/cleanup.h>
#include <linux/device.h>
#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/list.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/mutex.h>
#include <linux/rpmb.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "nvme.h"

/* RPMBS of Identify Controller; sizes are 0's based */
#define NVME_RPMBS_TARGETS	GENMASK(2, 0)
#define NVME_RPMBS_AUTH		GENMASK(5, 3)
#define NVME_RPMBS_SIZE		GENMASK(23, 16)	/* 128 KiB */
#define NVME_RPMBS_ACCESS	GENMASK(31, 24)	/* 512 bytes */
#define NVME_RPMBS_AUTH_HMAC	0
#define NVME_RPMBS_NONE		U32_MAX		/* has reserved bits */

#define NVME_RPMB_TARGETS	7
#define NVME_RPMB_SECTOR	512
#define NVME_RPMB_HEADER	sizeof(struct rpmb_nvme_frame)

/* Dword 10 of Security Send and Security Receive */
#define NVME_SECURITY_SECP	GENMASK(31, 24)
#define NVME_SECURITY_SPSP	GENMASK(23, 8)
#define NVME_SECURITY_NSSF	GENMASK(7, 0)
#define NVME_SECP_NVME		0xea
#define NVME_SPSP_RPMB		0x0001

/* Most sequences in a row on one controller, which may have others to do */
#define NVME_RPMB_BATCH		16

/* OP-TEE gives up its search for an eMMC at a shorter identity than this */
#define NVME_RPMB_MIN_ID	17

/* Not every change of a controller's state wakes us, so look now and then */
#define NVME_RPMB_POLL		HZ

/**
 * struct nvme_rpmb - the RPMB targets of a subsystem
 *
 * There from when it is first needed until the subsystem goes. A controller that
 * leads to the targets has ctrl->rpmb set, from its rpmb_work to nvme_rpmb_exit().
 */
struct nvme_rpmb {
	/** @subsys: whose targets they are */
	struct nvme_subsystem *subsys;
	/**
	 * @lock: Makes it one thing to add a controller, and to remove one. Never
	 * taken on the way of a request or a reset: it is held while a device is
	 * registered, which clients may use at once, and unregistered, which waits
	 * for them.
	 */
	struct mutex lock;
	/** @targets: the devices, NULL where there is none; see @lock */
	struct rpmb_dev *targets[NVME_RPMB_TARGETS];
	/**
	 * @wait: where sequences wait for a live controller, and a controller's
	 * removal for its sequences
	 */
	wait_queue_head_t wait;
	/** @ctrls_lock: protects what follows, and ctrl->rpmb_users; innermost */
	spinlock_t ctrls_lock;
	/**
	 * @ctrls: Controllers that lead to the targets; changed under @lock as
	 * well. A sequence finds its controller here and is counted in
	 * ctrl->rpmb_users. As long as it is, it may use the controller and the
	 * module of the controller's transport, since nvme_rpmb_exit() waits for
	 * it.
	 */
	struct list_head ctrls;
	/** @rpmbs: RPMBS that the devices were made for */
	u32 rpmbs;
	/** @gone: BIT(n) once abort() was called for target n */
	unsigned int gone;
};

/* A live controller, NULL if there may be one later, or -ENODEV */
static struct nvme_ctrl *nvme_rpmb_find_live(const struct nvme_rpmb *rpmb,
					     u8 target)
{
	struct nvme_ctrl *ctrl;
	bool hope = false;

	if (rpmb->gone & BIT(target))
		return ERR_PTR(-ENODEV);
	list_for_each_entry(ctrl, &rpmb->ctrls, rpmb_entry) {
		if (nvme_state_terminal(ctrl))
			continue;
		if (nvme_ctrl_state(ctrl) != NVME_CTRL_LIVE)
			hope = true;
		else if (READ_ONCE(ctrl->rpmbs) == rpmb->rpmbs)
			return ctrl;
	}
	return hope ? NULL : ERR_PTR(-ENODEV);
}

static struct nvme_ctrl *nvme_rpmb_try_get_ctrl(struct nvme_rpmb *rpmb,
						u8 target)
{
	struct nvme_ctrl *ctrl;

	scoped_guard(spinlock, &rpmb->ctrls_lock) {
		ctrl = nvme_rpmb_find_live(rpmb, target);
		if (!IS_ERR_OR_NULL(ctrl))
			ctrl->rpmb_users++;
	}
	return ctrl;
}

/* In jiffies: a reset gets as long as a command to the most patient controller */
static long nvme_rpmb_patience(struct nvme_rpmb *rpmb)
{
	struct nvme_ctrl *ctrl;
	long timeout = 0;

	scoped_guard(spinlock, &rpmb->ctrls_lock)
		list_for_each_entry(ctrl, &rpmb->ctrls, rpmb_entry)
			timeout = max(timeout, (long)nvme_admin_timeout(ctrl));
	return timeout;
}

/* A controller until nvme_rpmb_put_ctrl(), after a reset if one is under way */
static struct nvme_ctrl *nvme_rpmb_get_ctrl(struct nvme_rpmb *rpmb, u8 target)
{
	long left = nvme_rpmb_patience(rpmb);
	struct nvme_ctrl *ctrl;

	do {
		wait_event_timeout(rpmb->wait,
				   (ctrl = nvme_rpmb_try_get_ctrl(rpmb, target)),
				   NVME_RPMB_POLL);
		if (ctrl)
			return ctrl;
		left -= NVME_RPMB_POLL;
	} while (left > 0);
	return ERR_PTR(-ETIMEDOUT);
}

static void nvme_rpmb_put_ctrl(struct nvme_rpmb *rpmb, struct nvme_ctrl *ctrl)
{
	/* Once it has no users, both may go as soon as the lock is free */
	scoped_guard(spinlock, &rpmb->ctrls_lock)
		if (!--ctrl->rpmb_users)
			wake_up_all(&rpmb->wait);
}

/*
 * Most sectors in a command: what target and controller take. Memory need not be
 * contiguous, and the header is half a sector.
 */
static unsigned int nvme_rpmb_max_sectors(const struct nvme_ctrl *ctrl,
					  u32 rpmbs)
{
	unsigned int access = FIELD_GET(NVME_RPMBS_ACCESS, rpmbs) + 1;
	unsigned int pages = queue_max_segments(ctrl->admin_q);

	/* Whatever a target takes, the core can carry */
	BUILD_BUG_ON(NVME_RPMB_HEADER + (FIELD_MAX(NVME_RPMBS_ACCESS) + 1) *
		     NVME_RPMB_SECTOR > RPMB_MAX_LEN);
	return min3(access, queue_max_hw_sectors(ctrl->admin_q) - 1,
		    pages * PAGE_SECTORS - 1);
}

static int nvme_rpmb_check_len(const struct nvme_ctrl *ctrl,
			       const struct rpmb_xfer *xfers, unsigned int nr)
{
	unsigned int sectors = nvme_rpmb_max_sectors(ctrl, ctrl->rpmb->rpmbs);
	unsigned int limit = NVME_RPMB_HEADER + sectors * NVME_RPMB_SECTOR;

	for (unsigned int i = 0; i < nr; i++)
		if (xfers[i].len > limit)
			return -EMSGSIZE;
	return 0;
}

static void nvme_rpmb_command(struct nvme_command *cmd, u8 target,
			      const struct rpmb_xfer *xfer)
{
	*cmd = (struct nvme_command) {
		.common.opcode = xfer->kind == RPMB_XFER_RECV ?
				 nvme_admin_security_recv :
				 nvme_admin_security_send,
		.common.cdw10 =
			cpu_to_le32(FIELD_PREP(NVME_SECURITY_SECP, NVME_SECP_NVME) |
				    FIELD_PREP(NVME_SECURITY_SPSP, NVME_SPSP_RPMB) |
				    FIELD_PREP(NVME_SECURITY_NSSF, target)),
		.common.cdw11 = cpu_to_le32(xfer->len),
	};
}

/*
 * The command is never sent again: without NVME_SUBMIT_RETRY nvme-core does not. It
 * ends by its completion, its timeout, a reset, the loss of the link, or removal. It
 * never waits for the end of a reset, to go to a controller that has just begun.
 */
static int nvme_rpmb_submit(struct nvme_ctrl *ctrl, u8 target,
			    struct rpmb_xfer *xfer)
{
	struct nvme_command cmd;
	int ret;

	nvme_rpmb_command(&cmd, target, xfer);
	ret = __nvme_submit_sync_cmd(ctrl->admin_q, &cmd, NULL, xfer->buf,
				     xfer->len, NVME_QID_ANY, NVME_SUBMIT_LIVE);
	/*
	 * The controller's answer, or the end of a command that was with it. All
	 * other errors come before a transport has sent anything.
	 */
	xfer->started = ret >= 0 || ret == -EINTR;
	if (ret > 0)
		dev_warn_ratelimited(ctrl->device,
				     "RPMB target %u: security %s has failed, status %#x\n",
				     target,
				     xfer->kind == RPMB_XFER_RECV ? "receive" : "send",
				     ret);
	return ret > 0 || ret == -EINTR ? -EIO : ret;
}

/* Whether no reset has begun since there had been so many */
static bool nvme_rpmb_is_same(struct nvme_ctrl *ctrl, unsigned int resets)
{
	return nvme_ctrl_state(ctrl) == NVME_CTRL_LIVE &&
	       READ_ONCE(ctrl->rpmb_resets) == resets;
}

/*
 * All on one controller. If that is reset, the sequence has ended: the target's result
 * may be lost, and a command that had to wait could fail what the reset needs.
 */
static int nvme_rpmb_sequence(struct nvme_ctrl *ctrl, u8 target,
			      struct rpmb_xfer *xfers, unsigned int nr)
{
	unsigned int resets = READ_ONCE(ctrl->rpmb_resets);
	int ret = nvme_rpmb_check_len(ctrl, xfers, nr);

	for (unsigned int i = 0; i < nr && !ret; i++)
		ret = nvme_rpmb_is_same(ctrl, resets) ?
		      nvme_rpmb_submit(ctrl, target, &xfers[i]) : -EIO;
	return ret;
}

/*
 * All on one controller, as long as there is no error. If that has been reset, the core
 * comes back with the rest, for one that is live and has the same targets.
 */
static int nvme_rpmb_do_list(struct rpmb_dev *rdev, struct nvme_ctrl *ctrl,
			     struct rpmb_xfer *xfers, unsigned int nr)
{
	unsigned int resets = READ_ONCE(ctrl->rpmb_resets);
	unsigned int len;
	int ret;

	for (; nr; xfers += len, nr -= len) {
		len = rpmb_sequence_len(xfers);
		ret = nvme_rpmb_sequence(ctrl, rdev->descr.target, xfers, len);
		if (ret || !rpmb_sequence_completed(rdev) ||
		    !nvme_rpmb_is_same(ctrl, resets))
			return ret;
	}
	return 0;
}

static int nvme_rpmb_transfer(struct rpmb_dev *rdev, struct rpmb_xfer *xfers,
			      unsigned int nr)
{
	struct nvme_rpmb *rpmb = rdev->descr.priv;
	struct nvme_ctrl *ctrl;
	int ret;

	ctrl = nvme_rpmb_get_ctrl(rpmb, rdev->descr.target);
	if (IS_ERR(ctrl))
		return PTR_ERR(ctrl);
	ret = nvme_rpmb_do_list(rdev, ctrl, xfers, nr);
	nvme_rpmb_put_ctrl(rpmb, ctrl);
	return ret;
}

/* Who waits for a controller is woken; commands end with their controller */
static void nvme_rpmb_abort(struct rpmb_dev *rdev)
{
	struct nvme_rpmb *rpmb = rdev->descr.priv;

	scoped_guard(spinlock, &rpmb->ctrls_lock)
		rpmb->gone |= BIT(rdev->descr.target);
	wake_up_all(&rpmb->wait);
}

static struct rpmb_dev *nvme_rpmb_register(struct nvme_rpmb *rpmb,
					   struct nvme_ctrl *ctrl, u8 target)
{
	unsigned int max_sectors = nvme_rpmb_max_sectors(ctrl, rpmb->rpmbs);
	struct rpmb_descr descr = {
		.type = RPMB_TYPE_NVME,
		.transfer = nvme_rpmb_transfer,
		.max_batch = NVME_RPMB_BATCH,
		.abort = nvme_rpmb_abort,
		.priv = rpmb,
		.frame_format = RPMB_FRAME_NVME,
		.capacity = FIELD_GET(NVME_RPMBS_SIZE, rpmb->rpmbs) + 1,
		.request_types = GENMASK(RPMB_READ_DATA, RPMB_PROGRAM_KEY),
		.reliable_wr_count = max_sectors,
		.write_sizes = GENMASK(ilog2(max_sectors), 0),
		.max_write = max_sectors,
		.max_read = max_sectors,
		.target = target,
	};

	char *id __free(kfree) = kasprintf(GFP_KERNEL, "%s-T%u",
					   rpmb->subsys->subnqn, target);
	if (!id)
		return ERR_PTR(-ENOMEM);
	descr.dev_id = id;
	descr.dev_id_len = strlen(id);
	/* The Device Configuration Block is the subsystem's, and target 0 has it */
	if (!target)
		descr.request_types |= BIT(RPMB_CONFIG_WRITE) |
				       BIT(RPMB_CONFIG_READ);
	return rpmb_dev_register(&rpmb->subsys->dev, &descr);
}

/*
 * The subsystem has nothing to do with power, its controllers have: before one of
 * them sleeps, rpmbN has to. The link is to what the controller is in, and not to
 * ctrl->device: a work lets the ends of a link go some time after it is removed,
 * when the controller's transport, which frees ctrl, may have been unloaded.
 */
static void nvme_rpmb_link(const struct nvme_rpmb *rpmb, struct nvme_ctrl *ctrl)
{
	for (unsigned int i = 0; i < NVME_RPMB_TARGETS; i++) {
		struct rpmb_dev *rdev = rpmb->targets[i];

		if (rdev && !device_link_add(&rdev->dev, ctrl->dev,
					     DL_FLAG_STATELESS))
			dev_warn(ctrl->device, "%s may be in use during suspend\n",
				 dev_name(&rdev->dev));
	}
}

static void nvme_rpmb_unlink(const struct nvme_rpmb *rpmb,
			     struct nvme_ctrl *ctrl)
{
	for (unsigned int i = 0; i < NVME_RPMB_TARGETS; i++)
		if (rpmb->targets[i])
			device_link_remove(&rpmb->targets[i]->dev, ctrl->dev);
}

static void nvme_rpmb_register_targets(struct nvme_rpmb *rpmb,
				       struct nvme_ctrl *ctrl)
{
	unsigned int nr = FIELD_GET(NVME_RPMBS_TARGETS, rpmb->rpmbs);
	struct rpmb_dev *rdev;

	for (unsigned int i = 0; i < nr; i++) {
		rdev = nvme_rpmb_register(rpmb, ctrl, i);
		if (IS_ERR(rdev))
			dev_err(ctrl->device,
				"RPMB target %u cannot be used, error %ld\n", i,
				PTR_ERR(rdev));
		else
			rpmb->targets[i] = rdev;
	}
}

static void nvme_rpmb_unregister_targets(struct nvme_rpmb *rpmb)
{
	for (unsigned int i = 0; i < NVME_RPMB_TARGETS; i++) {
		if (rpmb->targets[i])
			rpmb_dev_unregister(rpmb->targets[i]);
		rpmb->targets[i] = NULL;
	}
}

/*
 * What is wrong with the RPMB of a controller, or NULL. The identity must be the same
 * on every kernel and at every boot, and belong to one subsystem: an NQN that this
 * kernel takes for ambiguous is neither.
 */
static const char *nvme_rpmb_obstacle(const struct nvme_ctrl *ctrl, u32 rpmbs)
{
	if (!(ctrl->oacs & NVME_CTRL_OACS_SEC_SUPP))
		return "no security commands";
	if (FIELD_GET(NVME_RPMBS_AUTH, rpmbs) != NVME_RPMBS_AUTH_HMAC)
		return "authentication is not by HMAC-SHA256";
	if (ctrl->quirks & NVME_QUIRK_IGNORE_DEV_SUBNQN)
		return "the NQN is not unique";
	if (strlen(ctrl->subsys->subnqn) + strlen("-T0") < NVME_RPMB_MIN_ID)
		return "the NQN is too short";
	return NULL;
}

/* Once, not at each reset, unless RPMBS has changed */
static void nvme_rpmb_refuse(struct nvme_ctrl *ctrl, u32 rpmbs, const char *why)
{
	if (ctrl->rpmb_refused != rpmbs)
		dev_err(ctrl->device, "RPMB not used, RPMBS %#x: %s\n", rpmbs,
			why);
	ctrl->rpmb_refused = rpmbs;
}

/* The subsystem's, made if there is none yet, or NULL */
static struct nvme_rpmb *nvme_rpmb_of(struct nvme_subsystem *subsys)
{
	struct nvme_rpmb *rpmb;

	guard(mutex)(&subsys->lock);
	if (subsys->rpmb)
		return subsys->rpmb;
	rpmb = kzalloc(sizeof(*rpmb), GFP_KERNEL);
	if (!rpmb)
		return NULL;
	rpmb->subsys = subsys;
	mutex_init(&rpmb->lock);
	init_waitqueue_head(&rpmb->wait);
	spin_lock_init(&rpmb->ctrls_lock);
	INIT_LIST_HEAD(&rpmb->ctrls);
	subsys->rpmb = rpmb;
	return rpmb;
}

/* The first says what there is */
static void nvme_rpmb_add_ctrl(struct nvme_rpmb *rpmb, struct nvme_ctrl *ctrl,
			       u32 rpmbs)
{
	WRITE_ONCE(ctrl->rpmb, rpmb);
	scoped_guard(spinlock, &rpmb->ctrls_lock) {
		if (list_empty(&rpmb->ctrls)) {
			rpmb->rpmbs = rpmbs;
			rpmb->gone = 0;
		}
		list_add_tail(&ctrl->rpmb_entry, &rpmb->ctrls);
	}
}

static bool nvme_rpmb_is_idle(struct nvme_rpmb *rpmb,
			      const struct nvme_ctrl *ctrl)
{
	bool idle;

	scoped_guard(spinlock, &rpmb->ctrls_lock)
		idle = !ctrl->rpmb_users;
	return idle;
}

/* New sequences take other controllers; those on this one fail at once */
static void nvme_rpmb_del_ctrl(struct nvme_rpmb *rpmb, struct nvme_ctrl *ctrl)
{
	scoped_guard(spinlock, &rpmb->ctrls_lock)
		list_del(&ctrl->rpmb_entry);
	wake_up_all(&rpmb->wait);
	wait_event(rpmb->wait, nvme_rpmb_is_idle(rpmb, ctrl));
	WRITE_ONCE(ctrl->rpmb, NULL);
}

/* Returns why it cannot be, or NULL */
static const char *nvme_rpmb_attach(struct nvme_ctrl *ctrl, u32 rpmbs)
{
	struct nvme_rpmb *rpmb = nvme_rpmb_of(ctrl->subsys);

	if (!rpmb)
		return "out of memory";

	guard(mutex)(&rpmb->lock);
	nvme_rpmb_add_ctrl(rpmb, ctrl, rpmbs);
	if (list_is_singular(&rpmb->ctrls))
		nvme_rpmb_register_targets(rpmb, ctrl);
	nvme_rpmb_link(rpmb, ctrl);
	return NULL;
}

/*
 * Who registers devices may wait for long, and no reset has to. So a reset may change
 * what the controller says meanwhile, and then there is this work to do again.
 */
static void nvme_rpmb_work(struct work_struct *work)
{
	struct nvme_ctrl *ctrl = container_of(work, struct nvme_ctrl, rpmb_work);
	u32 rpmbs = READ_ONCE(ctrl->rpmbs);
	const char *why = nvme_rpmb_obstacle(ctrl, rpmbs);

	if (!why && !ctrl->rpmb)
		why = nvme_rpmb_attach(ctrl, rpmbs);
	/* What was published is final, so this one cannot be used as it is now */
	if (!why && ctrl->rpmb->rpmbs != rpmbs)
		why = "its devices were made for another RPMBS";
	if (why)
		nvme_rpmb_refuse(ctrl, rpmbs, why);
}

/**
 * nvme_rpmb_init() - prepare a controller for the functions below
 * @ctrl: the controller, which nobody else knows yet
 */
void nvme_rpmb_init(struct nvme_ctrl *ctrl)
{
	INIT_WORK(&ctrl->rpmb_work, nvme_rpmb_work);
	ctrl->rpmb_refused = NVME_RPMBS_NONE;
}

/**
 * nvme_rpmb_identify() - what a controller says of its targets
 * @ctrl: the controller, which is being initialised: it is not live
 * @rpmbs: RPMBS of Identify Controller
 */
void nvme_rpmb_identify(struct nvme_ctrl *ctrl, u32 rpmbs)
{
	WRITE_ONCE(ctrl->rpmbs, rpmbs);
	WRITE_ONCE(ctrl->rpmb_resets, ctrl->rpmb_resets + 1);
}

/**
 * nvme_rpmb_start() - use the RPMB of a controller that has become live
 * @ctrl: the controller
 *
 * For each controller, and again after each reset of it. Waits for nothing: devices
 * are registered by a work. A first reset may end while the controller's driver is
 * still here, and a transport that loses its link may delete the controller meanwhile:
 * nothing is begun twice, or after nvme_rpmb_exit().
 */
void nvme_rpmb_start(struct nvme_ctrl *ctrl)
{
	struct nvme_rpmb *rpmb = READ_ONCE(ctrl->rpmb);

	if (ctrl->subsys->subtype != NVME_NQN_NVME)
		return;
	if (FIELD_GET(NVME_RPMBS_TARGETS, ctrl->rpmbs) || rpmb)
		queue_work(nvme_wq, &ctrl->rpmb_work);
	if (rpmb)
		wake_up_all(&rpmb->wait);
}

/**
 * nvme_rpmb_exit() - end what nvme_rpmb_start() has begun
 * @ctrl: the controller, which will not be live again; all commands to it have
 *	ended, and new ones fail
 *
 * When this returns, nothing of the RPMB uses or holds @ctrl any more. The devices
 * go with the last controller of the subsystem.
 *
 * Context: may sleep.
 */
void nvme_rpmb_exit(struct nvme_ctrl *ctrl)
{
	struct nvme_rpmb *rpmb;

	disable_work_sync(&ctrl->rpmb_work);
	rpmb = ctrl->rpmb;
	if (!rpmb)
		return;

	guard(mutex)(&rpmb->lock);
	nvme_rpmb_del_ctrl(rpmb, ctrl);
	nvme_rpmb_unlink(rpmb, ctrl);
	if (list_empty(&rpmb->ctrls))
		nvme_rpmb_unregister_targets(rpmb);
}

/**
 * nvme_rpmb_release() - the end of a subsystem
 * @subsys: the subsystem, which has no controller any more
 */
void nvme_rpmb_release(struct nvme_subsystem *subsys)
{
	kfree(subsys->rpmb);
}

#ifdef CONFIG_NVME_RPMB_KUNIT_TEST
#include "rpmb_test.c"
#endif
