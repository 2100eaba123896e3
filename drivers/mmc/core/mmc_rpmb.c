// SPDX-License-Identifier: GPL-2.0-only
/*
 * RPMB of eMMC cards (JESD84-B51), beside mmc_block or without it
 *
 * Sequences of frames, one or a batch, are one claim of the card: the command queue is
 * switched off, the RPMB partition selected, each transfer is CMD23 with CMD25 or CMD18,
 * and all is put back. Who claims the card next, mmc_block most of all, takes for
 * granted that the card is as it was left.
 */
#include <linux/array_size.h>
#include <linux/atomic.h>
#include <linux/blk-mq.h>
#include <linux/blkdev.h>
#include <linux/cleanup.h>
#include <linux/device.h>
#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/list.h>
#include <linux/log2.h>
#include <linux/math.h>
#include <linux/minmax.h>
#include <linux/mmc/card.h>
#include <linux/mmc/core.h>
#include <linux/mmc/host.h>
#include <linux/mmc/mmc.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/notifier.h>
#include <linux/pm_runtime.h>
#include <linux/rpmb.h>
#include <linux/scatterlist.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/timer.h>
#include <linux/wait.h>

#include "bus.h"
#include "card.h"
#include "core.h"
#include "host.h"
#include "mmc_ops.h"

#define MMC_RPMB_FRAME		sizeof(struct rpmb_frame)

/* Milliseconds for which a batch keeps the card from others who wait for it */
#define MMC_RPMB_SHARE		50

/* Milliseconds in which mmc_block should be done with what it has started */
#define MMC_RPMB_PATIENCE	20

/* As long as mmc_block gives a card to end what an ioctl asked for */
static unsigned int busy_timeout = 10000;
module_param(busy_timeout, uint, 0644);
MODULE_PARM_DESC(busy_timeout,
		 "milliseconds that a card may be busy after a transfer, at least 1 (default 10000)");

/* With 0 a card would have to be done at once */
static unsigned int mmc_rpmb_busy_timeout(void)
{
	return max(READ_ONCE(busy_timeout), 1U);
}

/**
 * struct mmc_rpmb - the RPMB of a card
 * @node: in mmc_rpmb_list
 * @busy: somebody registers or unregisters @rdev, or is about to; nobody else does
 * @card: the card; it and its host are there until mmc_rpmb_del() returns
 * @rdev: what the core made of it; NULL until then, and whoever made it busy owns it
 * @gone: set once by abort(); ends a wait for the host, and nothing more is started
 * @patience: runs for the first such wait of a sequence, which ends by @over
 * @over: set when it has run out
 * @max_segs: entries of @sg, as many as one request to the host may have
 * @sg: what is moved; as @bounce it belongs to who has the device's turn
 * @bounce: for what is in more pieces than that; NULL if there is no need
 */
struct mmc_rpmb {
	struct list_head node;
	bool busy;
	struct mmc_card *card;
	struct rpmb_dev *rdev;
	atomic_t gone;
	struct timer_list patience;
	atomic_t over;
	unsigned int max_segs;
	struct scatterlist *sg;
	void *bounce;
};

/**
 * struct mmc_rpmb_found - how a sequence finds the card, and leaves it
 * @part_config: PARTITION_CONFIG
 * @cmdq: the command queue is on
 * @retune_paused: the host does not tune
 */
struct mmc_rpmb_found {
	u8 part_config;
	bool cmdq;
	bool retune_paused;
};

/*
 * Protects mmc_rpmb_list, mmc_rpmb_closed and @busy. Cards of all hosts come and go
 * under it, so it is not held while a device is registered or unregistered, which
 * may wait for a card or for a client. Not taken by transfers.
 */
static DEFINE_MUTEX(mmc_rpmb_lock);
/* Each card has one entry at most, from before it is registered until it is no more */
static LIST_HEAD(mmc_rpmb_list);
/* An entry is not busy any more, or off the list */
static DECLARE_WAIT_QUEUE_HEAD(mmc_rpmb_settled);
/* Nothing is registered before mmc_rpmb_watch() and once mmc_rpmb_close() was there */
static bool mmc_rpmb_closed;

/* All that sleeps is awake */
static int mmc_rpmb_check_card(struct mmc_card *card)
{
	/* The system has slept, and without mmc_block nothing has woken the card up */
	if (mmc_card_suspended(card))
		return -ESHUTDOWN;
	/* True without runtime PM, false if waking up has failed */
	if (!pm_runtime_active(&card->dev) ||
	    !pm_runtime_active(mmc_dev(card->host)))
		return -EIO;
	return 0;
}

/* Not every type has a name: that of nvmem, which may be below a disk, has none */
static bool mmc_rpmb_is_disk(const struct device *dev)
{
	return dev->type && dev->type->name && !strcmp(dev->type->name, "disk");
}

/* For each disk of the card: those of boot partitions are below that of the user area */
static int mmc_rpmb_disks(struct device *dev, void *data)
{
	void (**apply)(struct request_queue *q) = data;

	if (mmc_rpmb_is_disk(dev))
		(*apply)(dev_to_disk(dev)->queue);
	return device_for_each_child(dev, data, mmc_rpmb_disks);
}

static void mmc_rpmb_apply(struct mmc_card *card,
			   void (*apply)(struct request_queue *q))
{
	if (IS_ENABLED(CONFIG_BLOCK))
		device_for_each_child(&card->dev, &apply, mmc_rpmb_disks);
}

static void mmc_rpmb_lose_patience(struct timer_list *timer)
{
	struct mmc_rpmb *mr = container_of(timer, struct mmc_rpmb, patience);

	atomic_set(&mr->over, 1);
	wake_up(&mr->card->host->wq);
}

static int mmc_rpmb_claim_soon(struct mmc_rpmb *mr)
{
	int ret;

	atomic_set(&mr->over, 0);
	mod_timer(&mr->patience,
		  jiffies + msecs_to_jiffies(MMC_RPMB_PATIENCE));
	ret = __mmc_claim_host(mr->card->host, NULL, &mr->over);
	timer_delete_sync(&mr->patience);
	return ret;
}

/*
 * The queues take in nothing more. Not done at once, since to end it takes a grace
 * period of RCU. Nobody waits for them to be empty, hence without an owner.
 */
static int mmc_rpmb_claim_alone(struct mmc_rpmb *mr)
{
	struct mmc_card *card = mr->card;
	int ret;

	mmc_rpmb_apply(card, blk_freeze_queue_start_non_owner);
	ret = __mmc_claim_host(card->host, NULL, &mr->gone);
	mmc_rpmb_apply(card, blk_mq_unfreeze_queue_non_owner);
	return ret;
}

/*
 * mmc_block keeps the host for as long as its queues do not run empty. So they start
 * nothing new until the host is ours: what they have started ends, and they get the
 * host again after us, since by then they wait for it. But who is at it, starting one
 * request after the other, goes on with all that come in, and so he is cut off from
 * new ones if it takes too long.
 *
 * The device's lock keeps mmc_block, and thus the disks, where they are. Who has it
 * brings or takes them, or puts them to sleep, and then there is nothing to hold back.
 *
 * abort() ends the wait for the host, but not for who needs the device's lock before he
 * can call that, as when the card is shut down or goes: there it ends when the host is free,
 * for which mmc_block waits there as well.
 */
static int mmc_rpmb_claim(struct mmc_rpmb *mr)
{
	struct mmc_card *card = mr->card;
	int ret;

	if (!device_trylock(&card->dev))
		return __mmc_claim_host(card->host, NULL, &mr->gone);

	mmc_rpmb_apply(card, blk_mq_quiesce_queue_nowait);
	ret = mmc_rpmb_claim_soon(mr);
	if (ret)
		ret = mmc_rpmb_claim_alone(mr);
	mmc_rpmb_apply(card, blk_mq_unquiesce_queue);
	device_unlock(&card->dev);
	return ret;
}

/* As mmc_get_card(), but in a bound, and errors are seen */
static int mmc_rpmb_get_card(struct mmc_rpmb *mr)
{
	struct mmc_card *card = mr->card;
	int ret;

	pm_runtime_get_sync(&card->dev);
	if (mmc_rpmb_claim(mr)) {
		pm_runtime_put_autosuspend(&card->dev);
		return -ENODEV;
	}
	ret = mmc_rpmb_check_card(card);
	if (ret)
		mmc_put_card(card, NULL);
	return ret;
}

/*
 * What is asked for is noted before it is known to be: if it fails, mmc_hw_reset()
 * has to expect the card outside of the user area.
 */
static int mmc_rpmb_select(struct mmc_card *card, u8 part_config)
{
	card->ext_csd.part_config = part_config;
	return mmc_switch(card, EXT_CSD_CMD_SET_NORMAL, EXT_CSD_PART_CONFIG,
			  part_config, card->ext_csd.part_time);
}

static int mmc_rpmb_enter(struct mmc_card *card, struct mmc_rpmb_found *found)
{
	u8 part_config = card->ext_csd.part_config;
	int ret;

	found->part_config = part_config;
	found->cmdq = card->ext_csd.cmdq_en;
	found->retune_paused = card->host->retune_paused;

	/* The partition cannot be selected while there is a command queue */
	if (found->cmdq) {
		ret = mmc_cmdq_disable(card);
		if (ret)
			return ret;
	}
	/* The partition knows no tuning commands */
	mmc_retune_pause(card->host);
	part_config &= ~EXT_CSD_PART_CONFIG_ACC_MASK;
	return mmc_rpmb_select(card, part_config | EXT_CSD_PART_CONFIG_ACC_RPMB);
}

static int mmc_rpmb_wait_ready(struct mmc_card *card)
{
	return mmc_poll_for_busy(card, mmc_rpmb_busy_timeout(), false,
				 MMC_BUSY_IO);
}

/* As mmc_block does: whether the card is busy then is for its status to say */
static void mmc_rpmb_stop(struct mmc_card *card)
{
	struct mmc_command cmd = {
		.opcode = MMC_STOP_TRANSMISSION,
		.flags = MMC_RSP_R1 | MMC_CMD_AC,
		/* Some hosts wait in any case */
		.busy_timeout = mmc_rpmb_busy_timeout(),
	};

	mmc_wait_for_cmd(card->host, &cmd, MMC_CMD_RETRIES);
}

/*
 * After an error the card may still expect data, or have some to send, in which
 * state it knows no CMD6, not even the one that flushes its cache before a reset.
 * Some hosts' drivers send CMD12 then, others do not where there was a CMD23.
 * Returns true if it was sent here, and the card may be busy.
 */
static bool mmc_rpmb_end_data(struct mmc_card *card)
{
	u32 status;

	if (mmc_card_removed(card))
		return false;
	if (!mmc_send_status(card, &status) &&
	    R1_CURRENT_STATE(status) != R1_STATE_DATA &&
	    R1_CURRENT_STATE(status) != R1_STATE_RCV)
		return false;
	mmc_rpmb_stop(card);
	return true;
}

static void mmc_rpmb_restore_tuning(struct mmc_card *card,
				    const struct mmc_rpmb_found *found)
{
	if (found->retune_paused)
		mmc_retune_pause(card->host);
	else
		mmc_retune_unpause(card->host);
}

static int mmc_rpmb_restore(struct mmc_card *card,
			    const struct mmc_rpmb_found *found)
{
	int ret = mmc_rpmb_select(card, found->part_config);

	if (ret)
		return ret;
	mmc_rpmb_restore_tuning(card, found);
	return found->cmdq ? mmc_cmdq_enable(card) : 0;
}

/* mmc_block, too, is to know that the card does not take its queue any more */
static void mmc_rpmb_drop_queue(struct mmc_card *card)
{
	struct mmc_host *host = card->host;

	if (card->ext_csd.cmdq_en || !host->cqe_enabled || host->hsq_enabled)
		return;
	host->cqe_ops->cqe_disable(host);
	host->cqe_enabled = false;
}

/* This ends in the user area, with the queue, if the card takes it */
static int mmc_rpmb_reset(struct mmc_card *card,
			  const struct mmc_rpmb_found *found)
{
	int ret = mmc_hw_reset(card);

	if (!ret && card->ext_csd.part_config != found->part_config)
		ret = mmc_rpmb_select(card, found->part_config);
	if (ret)
		return ret;
	mmc_rpmb_restore_tuning(card, found);
	mmc_rpmb_drop_queue(card);
	return 0;
}

/*
 * mmc_block remembers the partition that it selected last. In another one its
 * blocks would be lost, or overwrite others, so rather no card than that. A reset
 * may cost what is in the card's cache, so that comes last.
 */
static void mmc_rpmb_leave(struct mmc_card *card,
			   const struct mmc_rpmb_found *found)
{
	if (!mmc_rpmb_restore(card, found))
		return;
	if (mmc_rpmb_end_data(card))
		mmc_rpmb_wait_ready(card);
	if (!mmc_rpmb_restore(card, found) || mmc_card_removed(card))
		return;

	dev_warn_ratelimited(&card->dev,
			     "does not leave the RPMB partition: reset\n");
	if (!mmc_rpmb_reset(card, found))
		return;

	dev_err(&card->dev, "cannot leave the RPMB partition: given up\n");
	mmc_card_set_removed(card);
	mmc_detect_change(card->host, 0);
}

/*
 * The first that went wrong: without CMD23 the others may not have been sent.
 *
 * No bit of R1 ends a sequence. COM_CRC_ERROR and ILLEGAL_COMMAND speak of the
 * command before; a command that the card does not take has no response. All others
 * may speak of what went before, or of addresses, which our commands do not have but
 * the frames do. If all frames were taken, the RPMB has a result, which the caller is
 * to get: it says what was done, and bears a MAC, a nonce or the counter, so that
 * nobody takes it for another's; R1 is not even protected. mmc_block ends no RPMB
 * command by it either, but gives it to its caller; mmc-utils and U-Boot do not look
 * at it.
 */
static int mmc_rpmb_request_error(const struct mmc_request *mrq)
{
	const struct mmc_data *data = mrq->data;

	return mrq->sbc->error ?: mrq->cmd->error ?: data->error ?:
	       data->bytes_xfered != data->blocks * data->blksz ? -EIO : 0;
}

/* Bytes that go into one segment of a request to the host */
static unsigned int mmc_rpmb_segment(const struct mmc_host *host)
{
	return rounddown(host->max_seg_size, MMC_RPMB_FRAME);
}

/* What is in too many pieces is to be moved from or to the bounce buffer */
static unsigned int mmc_rpmb_map(struct mmc_rpmb *mr, struct rpmb_xfer *xfer)
{
	unsigned int segment = mmc_rpmb_segment(mr->card->host);
	unsigned int nr = rpmb_xfer_map(xfer, mr->sg, mr->max_segs, segment);

	if (nr)
		return nr;
	xfer->buf = mr->bounce;
	return rpmb_xfer_map(xfer, mr->sg, mr->max_segs, segment);
}

/* CMD23, data and its count; CMD12 is ours to send */
static int mmc_rpmb_move(struct mmc_rpmb *mr, const struct rpmb_xfer *xfer,
			 unsigned int sg_len, bool reliable)
{
	bool write = xfer->kind != RPMB_XFER_RECV;
	struct mmc_command sbc = {
		.opcode = MMC_SET_BLOCK_COUNT,
		.flags = MMC_RSP_R1 | MMC_CMD_AC,
	};
	struct mmc_command cmd = {
		.opcode = write ? MMC_WRITE_MULTIPLE_BLOCK :
				  MMC_READ_MULTIPLE_BLOCK,
		.flags = MMC_RSP_R1 | MMC_CMD_ADTC,
	};
	struct mmc_data data = {
		.blksz = MMC_RPMB_FRAME,
		.blocks = xfer->len / MMC_RPMB_FRAME,
		.flags = write ? MMC_DATA_WRITE : MMC_DATA_READ,
		.sg = mr->sg,
		.sg_len = sg_len,
	};
	struct mmc_request mrq = {
		.sbc = &sbc,
		.cmd = &cmd,
		.data = &data,
	};

	sbc.arg = data.blocks | (reliable ? MMC_CMD23_ARG_REL_WR : 0);
	mmc_set_data_timeout(&data, mr->card);
	mmc_wait_for_req(mr->card->host, &mrq);
	return mmc_rpmb_request_error(&mrq);
}

/* The same by the bounce buffer, which keeps nothing of it */
static int mmc_rpmb_bounce(struct mmc_rpmb *mr, const struct rpmb_xfer *xfer,
			   unsigned int sg_len, bool reliable)
{
	int ret;

	if (xfer->kind != RPMB_XFER_RECV)
		memcpy(mr->bounce, xfer->buf, xfer->len);
	ret = mmc_rpmb_move(mr, xfer, sg_len, reliable);
	if (!ret && xfer->kind == RPMB_XFER_RECV)
		memcpy(xfer->buf, mr->bounce, xfer->len);
	memzero_explicit(mr->bounce, xfer->len);
	return ret;
}

/* One transfer, never repeated. What was read to its end leaves no card busy. */
static int mmc_rpmb_do_xfer(struct mmc_rpmb *mr, struct rpmb_xfer *xfer,
			    bool reliable)
{
	struct rpmb_xfer mapped = *xfer;
	unsigned int sg_len = mmc_rpmb_map(mr, &mapped);
	int ret, ready;

	xfer->started = true;
	if (mapped.buf == xfer->buf)
		ret = mmc_rpmb_move(mr, xfer, sg_len, reliable);
	else
		ret = mmc_rpmb_bounce(mr, xfer, sg_len, reliable);
	if (ret)
		mmc_rpmb_end_data(mr->card);
	else if (xfer->kind == RPMB_XFER_RECV)
		return 0;
	ready = mmc_rpmb_wait_ready(mr->card);
	return ret ?: ready;
}

/* Then the card takes the request as a reliable write */
static bool mmc_rpmb_has_result_read(const struct rpmb_xfer *xfers)
{
	return xfers[1].kind == RPMB_XFER_SEND_RESULT_READ;
}

/*
 * What is under way ends when the host's driver says so, which all of them do
 * after some time, or when the card was busy for too long; abort() does not change
 * that, since the card is to be left as it was found.
 */
static int mmc_rpmb_do_xfers(struct mmc_rpmb *mr, struct rpmb_xfer *xfers,
			     unsigned int nr)
{
	int ret = 0;

	for (unsigned int i = 0; i < nr && !ret; i++) {
		if (atomic_read(&mr->gone))
			return -ENODEV;
		ret = mmc_rpmb_do_xfer(mr, &xfers[i],
				       !i && mmc_rpmb_has_result_read(xfers));
	}
	return ret;
}

static unsigned int mmc_rpmb_frames(const struct rpmb_xfer *xfer)
{
	return xfer->len / MMC_RPMB_FRAME;
}

/* A card takes other numbers of frames as ordinary blocks, or not at all */
static int mmc_rpmb_check_write(const struct rpmb_descr *descr,
				unsigned int frames)
{
	if (frames > BIT(ilog2(descr->write_sizes)))
		return -EMSGSIZE;
	if (!is_power_of_2(frames) ||
	    !(descr->write_sizes & BIT(ilog2(frames))))
		return -EINVAL;
	return 0;
}

static int mmc_rpmb_check_xfers(const struct rpmb_descr *descr,
				const struct rpmb_xfer *xfers, unsigned int nr)
{
	if (mmc_rpmb_has_result_read(xfers))
		return mmc_rpmb_check_write(descr, mmc_rpmb_frames(&xfers[0]));
	return mmc_rpmb_frames(&xfers[nr - 1]) > descr->max_read ? -EMSGSIZE : 0;
}

/* Has somebody to wait for whom the card is kept for too long? */
static bool mmc_rpmb_is_late(const struct mmc_rpmb *mr, unsigned long end)
{
	if (!time_after(jiffies, end))
		return false;
	/* Who is missed here is seen after the next sequence */
	return waitqueue_active(&mr->card->host->wq);
}

/* Sequences, until the batch or our time is over; @late: it is the latter */
static int mmc_rpmb_do_list(struct rpmb_dev *rdev, struct rpmb_xfer *xfers,
			    unsigned int nr, bool *late)
{
	unsigned long end = jiffies + msecs_to_jiffies(MMC_RPMB_SHARE);
	unsigned int len;
	int ret;

	for (; nr; xfers += len, nr -= len) {
		len = rpmb_sequence_len(xfers);
		ret = mmc_rpmb_check_xfers(&rdev->descr, xfers, len) ?:
		      mmc_rpmb_do_xfers(rdev->descr.priv, xfers, len);
		if (ret)
			return ret;
		if (!rpmb_sequence_completed(rdev))
			return 0;
		*late = mmc_rpmb_is_late(rdev->descr.priv, end);
		if (*late)
			return 0;
	}
	return 0;
}

/*
 * There is no line for the host: whoever looks first gets it. We come back at once, and
 * who waits may have to wake up first.
 */
static void mmc_rpmb_let_others(struct mmc_rpmb *mr)
{
	/* Who is missed here is awake, or comes later */
	if (waitqueue_active(&mr->card->host->wq))
		schedule_timeout_uninterruptible(1);
}

static int mmc_rpmb_transfer(struct rpmb_dev *rdev, struct rpmb_xfer *xfers,
			     unsigned int nr)
{
	const struct rpmb_descr *descr = &rdev->descr;
	struct mmc_rpmb *mr = descr->priv;
	struct mmc_rpmb_found found;
	bool late = false;
	int ret;

	/* Not worth a claim */
	ret = mmc_rpmb_check_xfers(descr, xfers, rpmb_sequence_len(xfers));
	if (ret)
		return ret;
	ret = mmc_rpmb_get_card(mr);
	if (ret)
		return ret;
	ret = mmc_rpmb_enter(mr->card, &found);
	if (!ret)
		ret = mmc_rpmb_do_list(rdev, xfers, nr, &late);
	mmc_rpmb_leave(mr->card, &found);
	mmc_put_card(mr->card, NULL);
	if (late)
		mmc_rpmb_let_others(mr);
	return ret;
}

static void mmc_rpmb_end(struct mmc_rpmb *mr)
{
	atomic_set(&mr->gone, 1);
	/* Where __mmc_claim_host() waits, and looks at this */
	wake_up(&mr->card->host->wq);
}

static void mmc_rpmb_abort(struct rpmb_dev *rdev)
{
	mmc_rpmb_end(rdev->descr.priv);
}

static u32 mmc_rpmb_request_types(const struct mmc_card *card)
{
	u32 types = GENMASK(RPMB_READ_DATA, RPMB_PROGRAM_KEY);

	if (mmc_card_secure_wp(card))
		types |= BIT(RPMB_CONFIG_WRITE) | BIT(RPMB_CONFIG_READ);
	return types;
}

/* Most frames that the host can move at once, if memory is in pieces of this size */
static unsigned int mmc_rpmb_limit(const struct mmc_host *host,
				   unsigned int piece)
{
	unsigned int frames = min(mmc_rpmb_segment(host), piece) / MMC_RPMB_FRAME;
	unsigned int limit = RPMB_MAX_LEN / MMC_RPMB_FRAME;

	limit = min(limit, host->max_blk_count);
	limit = min(limit, host->max_req_size / MMC_RPMB_FRAME);
	return frames < limit ? min(limit, frames * host->max_segs) : limit;
}

/* If there is only memory in pages, each of which may have to be cut */
static unsigned int mmc_rpmb_limit_paged(const struct mmc_host *host)
{
	unsigned int cut = rounddown_pow_of_two(mmc_rpmb_segment(host));

	return mmc_rpmb_limit(host, min(cut, PAGE_SIZE));
}

/*
 * Memory for what the host does not take in pieces, as much as there is; it may be
 * less when it is needed. Returns how many frames can be moved at once.
 */
static unsigned int mmc_rpmb_get_bounce(struct mmc_rpmb *mr)
{
	const struct mmc_host *host = mr->card->host;
	unsigned int frames = mmc_rpmb_limit(host, RPMB_MAX_LEN);
	unsigned int paged = mmc_rpmb_limit_paged(host);

	for (; frames > paged; frames /= 2) {
		mr->bounce = kmalloc(frames * MMC_RPMB_FRAME,
				     GFP_KERNEL | __GFP_NOWARN | __GFP_NORETRY);
		if (mr->bounce)
			return frames;
	}
	return paged;
}

static u32 mmc_rpmb_write_sizes(const struct mmc_card *card, unsigned int limit)
{
	u32 sizes = BIT(ilog2(1)) | BIT(ilog2(2));

	/* EN_RPMB_REL_WR */
	if (card->ext_csd.enhanced_rpmb_supported)
		sizes |= BIT(ilog2(32));
	return sizes & GENMASK(ilog2(limit), 0);
}

/* The kernel's own rule for /dev/mmcblkNrpmb, and a host that can move a frame */
static bool mmc_rpmb_exists(const struct mmc_card *card)
{
	return mmc_card_mmc(card) && card->ext_csd.raw_rpmb_size_mult &&
	       card->host->caps & MMC_CAP_CMD23 &&
	       mmc_rpmb_limit(card->host, MMC_RPMB_FRAME);
}

static struct rpmb_dev *mmc_rpmb_register(struct mmc_rpmb *mr)
{
	struct mmc_card *card = mr->card;
	__be32 cid[ARRAY_SIZE(card->raw_cid)];
	struct rpmb_descr descr = {
		.type = RPMB_TYPE_EMMC,
		.dev_id = (u8 *)cid,
		.dev_id_len = sizeof(cid),
		.reliable_wr_count = 1,
		.capacity = card->ext_csd.raw_rpmb_size_mult,
		.transfer = mmc_rpmb_transfer,
		.max_batch = RPMB_MAX_BATCH,
		.abort = mmc_rpmb_abort,
		.priv = mr,
		.frame_format = RPMB_FRAME_JEDEC,
		.transport = RPMB_TRANSPORT_EMMC,
		.request_types = mmc_rpmb_request_types(card),
		.max_read = mmc_rpmb_get_bounce(mr),
	};

	/* Keys are derived from this, so it has to be what mmc_block gives */
	for (unsigned int i = 0; i < ARRAY_SIZE(cid); i++)
		cid[i] = cpu_to_be32(card->raw_cid[i]);
	descr.write_sizes = mmc_rpmb_write_sizes(card, descr.max_read);
	return rpmb_dev_register(&card->dev, &descr);
}

/* That of @card, or the first of all if that is NULL */
static struct mmc_rpmb *mmc_rpmb_find(const struct mmc_card *card)
{
	struct mmc_rpmb *mr;

	lockdep_assert_held(&mmc_rpmb_lock);
	list_for_each_entry(mr, &mmc_rpmb_list, node)
		if (!card || mr->card == card)
			return mr;
	return NULL;
}

static void mmc_rpmb_free(struct mmc_rpmb *mr)
{
	if (!mr)
		return;
	kfree(mr->bounce);
	kvfree(mr->sg);
	kfree(mr);
}

DEFINE_FREE(mmc_rpmb_free, struct mmc_rpmb *, mmc_rpmb_free(_T))

static struct mmc_rpmb *mmc_rpmb_alloc(struct mmc_card *card)
{
	struct mmc_rpmb *mr __free(mmc_rpmb_free) =
		kzalloc(sizeof(*mr), GFP_KERNEL);

	if (!mr)
		return NULL;
	mr->card = card;
	timer_setup(&mr->patience, mmc_rpmb_lose_patience, 0);
	mr->max_segs = min(card->host->max_segs, RPMB_MAX_LEN / MMC_RPMB_FRAME);
	mr->sg = kvmalloc_array(mr->max_segs, sizeof(*mr->sg), GFP_KERNEL);
	return mr->sg ? no_free_ptr(mr) : NULL;
}

/* A card that is to be registered; not yet, since that may wait */
static void mmc_rpmb_enlist(struct mmc_card *card)
{
	lockdep_assert_held(&mmc_rpmb_lock);
	if (mmc_rpmb_closed || !mmc_rpmb_exists(card) || mmc_rpmb_find(card))
		return;

	struct mmc_rpmb *mr = mmc_rpmb_alloc(card);

	if (mr)
		list_add_tail(&mr->node, &mmc_rpmb_list);
}

/* Off the list, if it was registered not any more */
static void mmc_rpmb_drop(struct mmc_rpmb *mr)
{
	scoped_guard(mutex, &mmc_rpmb_lock)
		list_del(&mr->node);
	wake_up_all(&mmc_rpmb_settled);
	mmc_rpmb_free(mr);
}

/* Take that of @card, or any if that is NULL, of those that are to be registered */
static struct mmc_rpmb *mmc_rpmb_take_new(const struct mmc_card *card)
{
	struct mmc_rpmb *mr;

	guard(mutex)(&mmc_rpmb_lock);
	list_for_each_entry(mr, &mmc_rpmb_list, node) {
		if ((card && mr->card != card) || mr->rdev || mr->busy)
			continue;
		mr->busy = true;
		return mr;
	}
	return NULL;
}

static void mmc_rpmb_publish(struct mmc_rpmb *mr)
{
	struct rpmb_dev *rdev = mmc_rpmb_register(mr);

	if (IS_ERR(rdev)) {
		dev_err(&mr->card->dev, "cannot register the RPMB: %pe\n", rdev);
		mmc_rpmb_drop(mr);
		return;
	}
	scoped_guard(mutex, &mmc_rpmb_lock) {
		mr->rdev = rdev;
		mr->busy = false;
	}
	wake_up_all(&mmc_rpmb_settled);
}

static void mmc_rpmb_add(struct mmc_card *card)
{
	struct mmc_rpmb *mr;

	scoped_guard(mutex, &mmc_rpmb_lock)
		mmc_rpmb_enlist(card);
	mr = mmc_rpmb_take_new(card);
	if (mr)
		mmc_rpmb_publish(mr);
}

/* Take what there is, once nobody else has it. Waits for this card alone. */
static struct mmc_rpmb *mmc_rpmb_take(const struct mmc_card *card)
{
	struct mmc_rpmb *mr;

	guard(mutex)(&mmc_rpmb_lock);
	wait_event_cmd(mmc_rpmb_settled,
		       !(mr = mmc_rpmb_find(card)) || !mr->busy,
		       mutex_unlock(&mmc_rpmb_lock),
		       mutex_lock(&mmc_rpmb_lock));
	if (mr)
		mr->busy = true;
	return mr;
}

/* Of @card, or any if that is NULL; false if there was none */
static bool mmc_rpmb_del(const struct mmc_card *card)
{
	struct mmc_rpmb *mr = mmc_rpmb_take(card);

	if (!mr)
		return false;
	if (mr->rdev)
		rpmb_dev_unregister(mr->rdev);
	mmc_rpmb_drop(mr);
	return true;
}

/*
 * A card goes: at DEL_DEVICE it is whole, mmc_block still bound, its host serves,
 * and nobody gets on before we return. The scan may find it after that; it is then
 * off the bus before REMOVED_DEVICE, when memory and host are still there.
 *
 * A card comes: the scan may have found it before it had its place in the order of
 * suspend, which its RPMB needs to come after.
 */
static int mmc_rpmb_notify(struct notifier_block *nb, unsigned long event,
			   void *dev)
{
	struct mmc_card *card = mmc_dev_to_card((struct device *)dev);

	switch (event) {
	case BUS_NOTIFY_ADD_DEVICE:
		mmc_rpmb_del(card);
		mmc_rpmb_add(card);
		break;
	case BUS_NOTIFY_DEL_DEVICE:
	case BUS_NOTIFY_REMOVED_DEVICE:
		mmc_rpmb_del(card);
		break;
	}
	return NOTIFY_DONE;
}

static struct notifier_block mmc_rpmb_notifier = {
	.notifier_call = mmc_rpmb_notify,
};

/* Cards are mmc_block's; this driver is there to know their bus */
static int mmc_rpmb_probe(struct mmc_card *card)
{
	return -ENODEV;
}

static struct mmc_driver mmc_rpmb_driver = {
	.drv = {
		.name = KBUILD_MODNAME,
		.suppress_bind_attrs = true,
	},
	.probe = mmc_rpmb_probe,
};

static int mmc_rpmb_scan_one(struct device *dev, void *data)
{
	mmc_rpmb_enlist(mmc_dev_to_card(dev));
	return 0;
}

/*
 * Under the lock as long as there are cards to be found: who is found on the bus and
 * leaves it meanwhile is still to be notified of, and then on the list.
 */
static int mmc_rpmb_scan(void)
{
	struct mmc_rpmb *mr;
	int ret;

	scoped_guard(mutex, &mmc_rpmb_lock)
		ret = bus_for_each_dev(mmc_rpmb_driver.drv.bus, NULL, NULL,
				       mmc_rpmb_scan_one);
	while ((mr = mmc_rpmb_take_new(NULL)))
		mmc_rpmb_publish(mr);
	return ret;
}

/* While there still is the notifier, so that no card goes before its RPMB */
static void mmc_rpmb_close(void)
{
	struct mmc_rpmb *mr;

	scoped_guard(mutex, &mmc_rpmb_lock) {
		mmc_rpmb_closed = true;
		/* All before the first is waited for, so that waits do not add up */
		list_for_each_entry(mr, &mmc_rpmb_list, node)
			mmc_rpmb_end(mr);
	}
	while (mmc_rpmb_del(NULL))
		;
}

static void mmc_rpmb_unwatch(void)
{
	mmc_rpmb_close();
	bus_unregister_notifier(mmc_rpmb_driver.drv.bus, &mmc_rpmb_notifier);
	mmc_unregister_driver(&mmc_rpmb_driver);
}

static int mmc_rpmb_watch(void)
{
	int ret;

	mmc_rpmb_closed = false;
	ret = mmc_register_driver(&mmc_rpmb_driver);
	if (ret)
		return ret;
	ret = bus_register_notifier(mmc_rpmb_driver.drv.bus,
				    &mmc_rpmb_notifier);
	if (ret) {
		mmc_unregister_driver(&mmc_rpmb_driver);
		return ret;
	}
	ret = mmc_rpmb_scan();
	if (ret)
		mmc_rpmb_unwatch();
	return ret;
}

static int __init mmc_rpmb_init(void)
{
	return mmc_rpmb_watch();
}

static void __exit mmc_rpmb_exit(void)
{
	mmc_rpmb_unwatch();
}

module_init(mmc_rpmb_init);
module_exit(mmc_rpmb_exit);

#ifdef CONFIG_MMC_RPMB_KUNIT_TEST
#include "mmc_rpmb_test.c"
#endif

/* What a card asks for; mmc_block is loaded beside this */
MODULE_ALIAS("mmc:block");
MODULE_DESCRIPTION("RPMB of eMMC cards");
MODULE_LICENSE("GPL");
