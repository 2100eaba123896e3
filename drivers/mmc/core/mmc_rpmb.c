// SPDX-License-Identifier: GPL-2.0-only
/*
 * RPMB of eMMC cards (JESD84-B51), beside mmc_block or without it
 *
 * A sequence of frames is one claim of the card: the command queue is switched
 * off, the RPMB partition selected, each transfer is CMD23 with CMD25 or CMD18, and
 * all is put back. Who claims the card next, mmc_block most of all, takes for
 * granted that the card is as it was left.
 */
#include <linux/array_size.h>
#include <linux/atomic.h>
#include <linux/cleanup.h>
#include <linux/device.h>
#include <linux/err.h>
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
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/wait.h>

#include "bus.h"
#include "card.h"
#include "core.h"
#include "host.h"
#include "mmc_ops.h"

#define MMC_RPMB_FRAME		sizeof(struct rpmb_frame)

/* Secure write protect: since EXT_CSD revision 7, eMMC 5.0 */
#define MMC_RPMB_SWP_REV	7
#define EXT_CSD_SECURE_WP_INFO	211
#define EXT_CSD_SECURE_WP_SUPPORT BIT(0)

/*
 * What R1 can have against a command, or against what went before it. Of addresses
 * there is none in our commands. Those in frames are for the response to judge, which
 * has a MAC, but some cards have them in their status after the frames as well.
 */
#define MMC_RPMB_R1_ADDRESS (R1_OUT_OF_RANGE | R1_ADDRESS_ERROR)
#define MMC_RPMB_R1_ERRORS (R1_OUT_OF_RANGE | R1_ADDRESS_ERROR | \
			    R1_BLOCK_LEN_ERROR | R1_WP_VIOLATION | \
			    R1_COM_CRC_ERROR | R1_ILLEGAL_COMMAND | \
			    R1_CARD_ECC_FAILED | R1_CC_ERROR | R1_ERROR)

/* As long as mmc_block gives a card to end what an ioctl asked for */
static unsigned int busy_timeout = 10000;
module_param(busy_timeout, uint, 0644);
MODULE_PARM_DESC(busy_timeout,
		 "milliseconds that a card may be busy after a transfer (default 10000)");

/**
 * struct mmc_rpmb - the RPMB of a card
 * @node: in mmc_rpmb_list
 * @card: the card; it and its host are there until mmc_rpmb_del() returns
 * @rdev: what the core made of it
 * @gone: set once by abort(); ends a wait for the host, and nothing more is started
 */
struct mmc_rpmb {
	struct list_head node;
	struct mmc_card *card;
	struct rpmb_dev *rdev;
	atomic_t gone;
};

/**
 * struct mmc_rpmb_status - what the card says while it is waited for
 * @card: the card
 * @errors: what it had against the transfer; it says so once
 */
struct mmc_rpmb_status {
	struct mmc_card *card;
	u32 errors;
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
 * Protects mmc_rpmb_list and mmc_rpmb_closed, and is held while a device is
 * registered or unregistered, so that each card has one. Not taken by transfers.
 */
static DEFINE_MUTEX(mmc_rpmb_lock);
static LIST_HEAD(mmc_rpmb_list);
/* Nothing is registered before mmc_rpmb_watch() and once mmc_rpmb_close() was there */
static bool mmc_rpmb_closed;

/* Whoever called did not give up while waiting, and all that sleeps is awake */
static int mmc_rpmb_check_card(struct mmc_card *card)
{
	/* The system has slept, and without mmc_block nothing has woken the card up */
	if (mmc_card_suspended(card))
		return -ESHUTDOWN;
	/* True without runtime PM, false if waking up has failed */
	if (!pm_runtime_active(&card->dev) ||
	    !pm_runtime_active(mmc_dev(card->host)))
		return -EIO;
	return fatal_signal_pending(current) ? -EINTR : 0;
}

/*
 * As mmc_get_card(), but errors are seen, and abort() ends the wait for the host. A
 * fatal signal does not, since waiting for a host knows none: that takes as long as
 * what others do with it, and the signal is heeded then. mmc_block keeps the host for
 * as long as its queue does not run empty.
 */
static int mmc_rpmb_get_card(struct mmc_rpmb *mr)
{
	struct mmc_card *card = mr->card;
	int ret;

	pm_runtime_get_sync(&card->dev);
	if (__mmc_claim_host(card->host, NULL, &mr->gone)) {
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

static int mmc_rpmb_restore(struct mmc_card *card,
			    const struct mmc_rpmb_found *found)
{
	int ret = mmc_rpmb_select(card, found->part_config);

	if (found->retune_paused)
		mmc_retune_pause(card->host);
	else
		mmc_retune_unpause(card->host);
	if (!ret && found->cmdq)
		ret = mmc_cmdq_enable(card);
	return ret;
}

/*
 * mmc_block remembers the partition that it selected last. In another one its
 * blocks would be lost, or overwrite others, so rather no card than that.
 */
static void mmc_rpmb_leave(struct mmc_card *card, struct mmc_rpmb_found *found)
{
	int ret;

	if (!mmc_rpmb_restore(card, found) || mmc_card_removed(card))
		return;

	dev_warn_ratelimited(&card->dev,
			     "does not leave the RPMB partition: reset\n");
	ret = mmc_hw_reset(card);
	/* A card that takes the queue no more is used without it */
	found->cmdq = card->ext_csd.cmdq_en;
	if (!ret && !mmc_rpmb_restore(card, found))
		return;

	dev_err(&card->dev, "cannot leave the RPMB partition: given up\n");
	mmc_card_set_removed(card);
	mmc_detect_change(card->host, 0);
}

static int mmc_rpmb_command_error(const struct mmc_command *cmd)
{
	if (cmd->error)
		return cmd->error;
	return cmd->resp[0] & MMC_RPMB_R1_ERRORS ? -EIO : 0;
}

/* The first that went wrong: without CMD23 the others may not have been sent */
static int mmc_rpmb_request_error(const struct mmc_request *mrq)
{
	const struct mmc_data *data = mrq->data;

	return mmc_rpmb_command_error(mrq->sbc) ?:
	       mmc_rpmb_command_error(mrq->cmd) ?:
	       data->error ?:
	       mmc_rpmb_command_error(mrq->stop) ?:
	       data->bytes_xfered != data->blocks * data->blksz ? -EIO : 0;
}

/* Errors do not end this: a busy card takes no command by which to leave it */
static int mmc_rpmb_busy(void *data, bool *busy)
{
	struct mmc_rpmb_status *status = data;
	u32 r1;
	int ret;

	ret = mmc_send_status(status->card, &r1);
	if (ret)
		return ret;
	*busy = !mmc_ready_for_data(r1);
	status->errors |= r1 & MMC_RPMB_R1_ERRORS & ~MMC_RPMB_R1_ADDRESS;
	return 0;
}

/* Errors during the data come with the next response, thus with this one */
static int mmc_rpmb_wait_ready(struct mmc_card *card)
{
	struct mmc_rpmb_status status = { .card = card };
	int ret;

	ret = __mmc_poll_for_busy(card->host, 0, READ_ONCE(busy_timeout),
				  mmc_rpmb_busy, &status);
	return ret ?: status.errors ? -EIO : 0;
}

/* Bytes that go into one segment of a request to the host */
static unsigned int mmc_rpmb_segment(const struct mmc_host *host)
{
	return rounddown(host->max_seg_size, MMC_RPMB_FRAME);
}

static unsigned int mmc_rpmb_map(const struct mmc_host *host,
				 const struct rpmb_xfer *xfer,
				 struct scatterlist *sg)
{
	unsigned int segment = mmc_rpmb_segment(host);
	unsigned int nr = DIV_ROUND_UP(xfer->len, segment);

	sg_init_table(sg, nr);
	for (unsigned int i = 0; i < nr; i++)
		sg_set_buf(&sg[i], xfer->buf + i * segment,
			   min(segment, xfer->len - i * segment));
	return nr;
}

/*
 * One transfer, never repeated. CMD12 is for the host to send if the data goes
 * wrong; otherwise the count of CMD23 ends it. The core's buffers are fit for DMA.
 */
static int mmc_rpmb_do_xfer(struct mmc_card *card, struct rpmb_xfer *xfer,
			    bool reliable, struct scatterlist *sg)
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
	struct mmc_command stop = {
		.opcode = MMC_STOP_TRANSMISSION,
		.flags = (write ? MMC_RSP_R1B : MMC_RSP_R1) | MMC_CMD_AC,
	};
	struct mmc_data data = {
		.blksz = MMC_RPMB_FRAME,
		.blocks = xfer->len / MMC_RPMB_FRAME,
		.flags = write ? MMC_DATA_WRITE : MMC_DATA_READ,
		.sg = sg,
		.sg_len = mmc_rpmb_map(card->host, xfer, sg),
	};
	struct mmc_request mrq = {
		.sbc = &sbc,
		.cmd = &cmd,
		.data = &data,
		.stop = &stop,
	};
	int ret, busy;

	sbc.arg = data.blocks | (reliable ? MMC_CMD23_ARG_REL_WR : 0);
	mmc_set_data_timeout(&data, card);
	xfer->started = true;
	mmc_wait_for_req(card->host, &mrq);

	ret = mmc_rpmb_request_error(&mrq);
	busy = mmc_rpmb_wait_ready(card);
	return ret ?: busy;
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
			     unsigned int nr, struct scatterlist *sg)
{
	int ret = 0;

	for (unsigned int i = 0; i < nr && !ret; i++) {
		if (atomic_read(&mr->gone))
			return -ENODEV;
		ret = mmc_rpmb_do_xfer(mr->card, &xfers[i],
				       !i && mmc_rpmb_has_result_read(xfers),
				       sg);
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

static int mmc_rpmb_transfer(struct rpmb_dev *rdev, struct rpmb_xfer *xfers,
			     unsigned int nr)
{
	const struct rpmb_descr *descr = &rdev->descr;
	struct mmc_rpmb *mr = descr->priv;
	struct mmc_rpmb_found found;
	int ret;

	ret = mmc_rpmb_check_xfers(descr, xfers, nr);
	if (ret)
		return ret;
	/* More than one segment for each frame there is not */
	struct scatterlist *sg __free(kfree) =
		kmalloc_array(RPMB_MAX_LEN / MMC_RPMB_FRAME, sizeof(*sg),
			      GFP_KERNEL);
	if (!sg)
		return -ENOMEM;

	ret = mmc_rpmb_get_card(mr);
	if (ret)
		return ret;
	ret = mmc_rpmb_enter(mr->card, &found);
	if (!ret)
		ret = mmc_rpmb_do_xfers(mr, xfers, nr, sg);
	mmc_rpmb_leave(mr->card, &found);
	mmc_put_card(mr->card, NULL);
	return ret;
}

static void mmc_rpmb_abort(struct rpmb_dev *rdev)
{
	struct mmc_rpmb *mr = rdev->descr.priv;

	atomic_set(&mr->gone, 1);
	/* Where __mmc_claim_host() waits, and looks at this */
	wake_up(&mr->card->host->wq);
}

/* Of EXT_CSD the kernel keeps a part, in which this is not */
static int mmc_rpmb_read_swp(struct mmc_rpmb *mr, bool *swp)
{
	unsigned int noio;
	u8 *ext_csd;
	int ret;

	ret = mmc_rpmb_get_card(mr);
	if (ret)
		return ret;
	/* Writing back to this card would wait for us */
	noio = memalloc_noio_save();
	ret = mmc_get_ext_csd(mr->card, &ext_csd);
	memalloc_noio_restore(noio);
	mmc_put_card(mr->card, NULL);
	if (ret)
		return ret;

	*swp = ext_csd[EXT_CSD_SECURE_WP_INFO] & EXT_CSD_SECURE_WP_SUPPORT;
	kfree(ext_csd);
	return 0;
}

/* A card whose EXT_CSD cannot be read now is as good as one without */
static u32 mmc_rpmb_request_types(struct mmc_rpmb *mr)
{
	u32 types = GENMASK(RPMB_READ_DATA, RPMB_PROGRAM_KEY);
	struct mmc_card *card = mr->card;
	bool swp = false;
	int ret;

	if (card->ext_csd.rev < MMC_RPMB_SWP_REV)
		return types;
	ret = mmc_rpmb_read_swp(mr, &swp);
	if (ret)
		dev_warn(&card->dev,
			 "no EXT_CSD (%d), thus no secure write protect by RPMB\n",
			 ret);
	return swp ? types | BIT(RPMB_CONFIG_WRITE) | BIT(RPMB_CONFIG_READ) :
		     types;
}

/* Most frames that the host can move at once */
static unsigned int mmc_rpmb_limit(const struct mmc_host *host)
{
	unsigned int segment = mmc_rpmb_segment(host) / MMC_RPMB_FRAME;
	unsigned int limit = RPMB_MAX_LEN / MMC_RPMB_FRAME;

	limit = min(limit, host->max_blk_count);
	limit = min(limit, host->max_req_size / MMC_RPMB_FRAME);
	return segment < limit ? min(limit, segment * host->max_segs) : limit;
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
	       card->host->caps & MMC_CAP_CMD23 && mmc_rpmb_limit(card->host);
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
		.abort = mmc_rpmb_abort,
		.priv = mr,
		.frame_format = RPMB_FRAME_JEDEC,
		.transport = RPMB_TRANSPORT_EMMC,
		.request_types = mmc_rpmb_request_types(mr),
		.max_read = mmc_rpmb_limit(card->host),
	};

	/* Keys are derived from this, so it has to be what mmc_block gives */
	for (unsigned int i = 0; i < ARRAY_SIZE(cid); i++)
		cid[i] = cpu_to_be32(card->raw_cid[i]);
	descr.write_sizes = mmc_rpmb_write_sizes(card, descr.max_read);
	return rpmb_dev_register(&card->dev, &descr);
}

static struct mmc_rpmb *mmc_rpmb_find(const struct mmc_card *card)
{
	struct mmc_rpmb *mr;

	list_for_each_entry(mr, &mmc_rpmb_list, node)
		if (mr->card == card)
			return mr;
	return NULL;
}

static void mmc_rpmb_add(struct mmc_card *card)
{
	struct mmc_rpmb *mr;

	lockdep_assert_held(&mmc_rpmb_lock);
	if (mmc_rpmb_closed || !mmc_rpmb_exists(card) || mmc_rpmb_find(card))
		return;

	mr = kzalloc(sizeof(*mr), GFP_KERNEL);
	if (!mr)
		return;
	mr->card = card;
	mr->rdev = mmc_rpmb_register(mr);
	if (IS_ERR(mr->rdev)) {
		dev_err(&card->dev, "cannot register the RPMB: %pe\n", mr->rdev);
		kfree(mr);
		return;
	}
	list_add_tail(&mr->node, &mmc_rpmb_list);
}

static void mmc_rpmb_del(struct mmc_rpmb *mr)
{
	lockdep_assert_held(&mmc_rpmb_lock);
	if (!mr)
		return;
	list_del(&mr->node);
	rpmb_dev_unregister(mr->rdev);
	kfree(mr);
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

	guard(mutex)(&mmc_rpmb_lock);
	switch (event) {
	case BUS_NOTIFY_ADD_DEVICE:
		mmc_rpmb_del(mmc_rpmb_find(card));
		mmc_rpmb_add(card);
		break;
	case BUS_NOTIFY_DEL_DEVICE:
	case BUS_NOTIFY_REMOVED_DEVICE:
		mmc_rpmb_del(mmc_rpmb_find(card));
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
	mmc_rpmb_add(mmc_dev_to_card(dev));
	return 0;
}

/*
 * Under the lock all along: who is found on the bus and leaves it meanwhile is
 * still to be notified of.
 */
static int mmc_rpmb_scan(void)
{
	guard(mutex)(&mmc_rpmb_lock);
	return bus_for_each_dev(mmc_rpmb_driver.drv.bus, NULL, NULL,
				mmc_rpmb_scan_one);
}

/* While there still is the notifier, so that no card goes before its RPMB */
static void mmc_rpmb_close(void)
{
	struct mmc_rpmb *mr, *next;

	guard(mutex)(&mmc_rpmb_lock);
	mmc_rpmb_closed = true;
	/* All before the first is waited for, so that waits do not add up */
	list_for_each_entry(mr, &mmc_rpmb_list, node)
		mmc_rpmb_abort(mr->rdev);
	list_for_each_entry_safe(mr, next, &mmc_rpmb_list, node)
		mmc_rpmb_del(mr);
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
