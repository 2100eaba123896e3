// SPDX-License-Identifier: GPL-2.0-only
/*
 * UFS RPMB: the regions behind a device's RPMB well known logical unit
 *
 * Universal Flash Storage, JESD220G, section 12.4. Frames are sent by SECURITY
 * PROTOCOL OUT and come back by SECURITY PROTOCOL IN; each region has a key, a
 * write counter and a result register of its own.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/atomic.h>
#include <linux/blkdev.h>
#include <linux/cleanup.h>
#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/pm_runtime.h>
#include <linux/rpmb.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/unaligned.h>
#include <linux/wait.h>
#include <crypto/blake2b.h>
#include <scsi/scsi.h>
#include <scsi/scsi_common.h>
#include <scsi/scsi_device.h>
#include <scsi/scsi_driver.h>
#include <scsi/scsi_host.h>
#include <scsi/scsi_proto.h>
#include <ufs/ufs.h>
#include <ufs/ufshcd.h>

#define UFS_RPMB_LUN		(SCSI_W_LUN_BASE | \
				 (UFS_UPIU_RPMB_WLUN & ~UFS_UPIU_WLUN_ID))
#define UFS_RPMB_REGIONS	4
#define UFS_RPMB_PROTOCOL	0xec	/* SECURITY PROTOCOL: JEDEC UFS */
#define UFS_RPMB_PROTOCOL_ID	0x01	/* and what of it: RPMB */
#define UFS_RPMB_CDB_LEN	12
#define UFS_RPMB_ID_LEN		16
/* Unit attentions are queued; one for each thing that can happen is plenty */
#define UFS_RPMB_MAX_ATTENTIONS	8
/* Most sequences for which other regions wait */
#define UFS_RPMB_BATCH		16
/* Key, counter and result read have a block count of 0: JESD220G, 12.4.7.3 */
#define UFS_RPMB_COUNTED	(BIT(RPMB_READ_DATA) | BIT(RPMB_CONFIG_READ) | \
				 BIT(RPMB_PURGE_STATUS))
#define UFS_RPMB_ASC_RESET	0x29	/* power on, reset, or the like */

/* The first versions of the specification that have it */
#define UFS_RPMB_SPEC_CONFIG	0x0210	/* secure write protection */
#define UFS_RPMB_SPEC_PURGE	0x0400

/* 0 would be the block layer's own timeout, which is not what it says */
static int ufs_rpmb_set_timeout(const char *val, const struct kernel_param *kp)
{
	return param_set_uint_minmax(val, kp, 1, UINT_MAX);
}

static const struct kernel_param_ops ufs_rpmb_timeout_ops = {
	.set = ufs_rpmb_set_timeout,
	.get = param_get_uint,
};

static unsigned int timeout = 30000;
module_param_cb(timeout, &ufs_rpmb_timeout_ops, &timeout, 0644);
MODULE_PARM_DESC(timeout,
		 "milliseconds that a command may take, at least 1 (default 30000)");

static char *dev_id = "blake2b";
module_param(dev_id, charp, 0444);
MODULE_PARM_DESC(dev_id,
		 "identity of a region: \"string\", the device's with -R and the region's number, or \"blake2b\", the BLAKE2b-128 of that (default)");

/* What dev_id asks for; constant once the module is loaded */
static bool ufs_rpmb_hash_ids;

struct ufs_rpmb;

/**
 * struct ufs_rpmb_region - one region
 */
struct ufs_rpmb_region {
	/** @ur: the logical unit that it is in */
	struct ufs_rpmb *ur;
	/** @rdev: what the core made of it; NULL if there is no such region */
	struct rpmb_dev *rdev;
	/** @id: its number */
	u8 id;
	/** @gone: set once by abort(); no command is started any more */
	bool gone;
};

/**
 * struct ufs_rpmb - an RPMB well known logical unit
 */
struct ufs_rpmb {
	/**
	 * @sdev: The logical unit. It is there from probe() to the end of remove(),
	 * which waits for the last transfer, so no reference is held.
	 */
	struct scsi_device *sdev;
	/** @max_frames: most that a command can carry, by device and host */
	unsigned int max_frames;
	/**
	 * @line: Who waits for the unit: before version 4.1 of the specification it
	 * has one operation at a time, not one for each region.
	 */
	struct wait_queue_head line;
	/** @tickets: taken so far, one for each sequence, in the order they came */
	atomic_t tickets;
	/** @served: the ticket whose turn it is */
	unsigned int served;
	/**
	 * @unsettled: The device may have a unit attention to report. Set by
	 * anybody, at any time; cleared by who has the unit, if he finds it set,
	 * before he asks the device, so that what happens meanwhile is not forgotten.
	 */
	bool unsettled;
	/** @slept: for how long it had when it was looked at last, in ns */
	u64 slept;
	/** @regions: all that a device can have */
	struct ufs_rpmb_region regions[UFS_RPMB_REGIONS];
};

/*
 * Wait for the unit. With four regions, four timeouts may be ahead; who is idle is no
 * hung task. Nobody gives up: who is ahead ends by its timeout, or is gone as well.
 */
static void ufs_rpmb_take(struct ufs_rpmb *ur)
{
	unsigned int ticket = atomic_fetch_inc(&ur->tickets);

	/* Pairs with ufs_rpmb_give(): what was done with the unit is seen */
	wait_event_idle(ur->line, smp_load_acquire(&ur->served) == ticket);
}

static void ufs_rpmb_give(struct ufs_rpmb *ur)
{
	/* Pairs with ufs_rpmb_take() */
	smp_store_release(&ur->served, ur->served + 1);
	wake_up_all(&ur->line);
}

/*
 * What became of a command that has a result. -EAGAIN: the device had a unit
 * attention to report, and did nothing else.
 */
static int ufs_rpmb_error(int result, const struct scsi_sense_hdr *sshdr,
			  int resid)
{
	switch (host_byte(result)) {
	case DID_OK:
		break;
	case DID_NO_CONNECT:
	case DID_BAD_TARGET:
		return -ENODEV;
	case DID_TIME_OUT:
		return -ETIMEDOUT;
	default:
		return -EIO;
	}
	if (scsi_status_is_check_condition(result) && scsi_sense_valid(sshdr) &&
	    sshdr->sense_key == UNIT_ATTENTION)
		return -EAGAIN;
	return result || resid ? -EIO : 0;
}

/*
 * Start a command and wait for it, at most for as long as the host's error handling
 * takes. @started becomes true if the device may have seen it.
 */
static int ufs_rpmb_command(struct ufs_rpmb_region *region, const u8 *cdb,
			    blk_opf_t opf, void *buf, unsigned int len,
			    bool *started, struct scsi_sense_hdr *sshdr)
{
	int resid = 0;
	const struct scsi_exec_args args = {
		.sshdr = sshdr,
		.resid = &resid,
	};
	bool before = *started;
	int result;

	if (READ_ONCE(region->gone))
		return -ENODEV;
	*started = true;
	result = scsi_execute_cmd(region->ur->sdev, cdb, opf, buf, len,
				  msecs_to_jiffies(READ_ONCE(timeout)), 0,
				  &args);
	if (result < 0) {
		*started = before;
		return result;
	}
	return ufs_rpmb_error(result, sshdr, resid);
}

/*
 * Take the unit attentions that wait after power on, a reset or an error, and that
 * would hit the request.
 */
static int ufs_rpmb_settle(struct ufs_rpmb_region *region)
{
	static const u8 cdb[6] = { TEST_UNIT_READY };
	struct scsi_sense_hdr sshdr;
	bool started = false;
	int ret = -EAGAIN;

	for (int i = 0; ret == -EAGAIN && i <= UFS_RPMB_MAX_ATTENTIONS; i++)
		ret = ufs_rpmb_command(region, cdb, REQ_OP_DRV_IN, NULL, 0,
				       &started, &sshdr);
	return ret;
}

/*
 * What is sent is always a copy: when a device leaves bytes alone, scsi_execute_cmd()
 * zeroes them in the buffer, for writes as well.
 */
static int ufs_rpmb_move(struct ufs_rpmb_region *region, struct rpmb_xfer *xfer,
			 void *copy, struct scsi_sense_hdr *sshdr)
{
	bool recv = xfer->kind == RPMB_XFER_RECV;
	u8 cdb[UFS_RPMB_CDB_LEN] = {
		recv ? SECURITY_PROTOCOL_IN : SECURITY_PROTOCOL_OUT,
		UFS_RPMB_PROTOCOL, region->id, UFS_RPMB_PROTOCOL_ID,
	};

	put_unaligned_be32(xfer->len, &cdb[6]);
	if (!recv)
		memcpy(copy, xfer->buf, xfer->len);
	return ufs_rpmb_command(region, cdb,
				recv ? REQ_OP_DRV_IN : REQ_OP_DRV_OUT,
				recv ? xfer->buf : copy, xfer->len,
				&xfer->started, sshdr);
}

/* Does it leave the device as it is, so that it may be asked again? */
static bool ufs_rpmb_is_question(const struct rpmb_xfer *xfer)
{
	const struct rpmb_frame *frame = xfer->buf;

	return rpmb_is_question(be16_to_cpu(frame->req_resp));
}

/*
 * May what was answered by a unit attention be sent again? The device has not carried
 * it out, this time. But hosts abort commands and the midlayer sends them once more by
 * itself: if the device was reset, it may have carried out a write before that. And
 * then there may be no result to ask for or response to fetch any more.
 */
static bool ufs_rpmb_may_repeat(const struct rpmb_xfer *xfer,
				const struct scsi_sense_hdr *sshdr)
{
	return sshdr->asc != UFS_RPMB_ASC_RESET ||
	       (xfer->kind == RPMB_XFER_SEND && ufs_rpmb_is_question(xfer));
}

/*
 * May a unit attention hit a request that cannot be sent again? After a reset by the
 * host the midlayer expects one, until it sees it, which it does in any answer but that
 * to who tests for readiness. Its mark shares a word with others of its error handling,
 * so it is only looked at: questions, which take attentions by themselves, end it.
 */
static bool ufs_rpmb_must_settle(struct ufs_rpmb *ur,
				 const struct rpmb_xfer *request)
{
	bool unsettled = READ_ONCE(ur->unsettled);

	if (unsettled)
		WRITE_ONCE(ur->unsettled, false);
	return (unsettled || ur->sdev->expecting_cc_ua) &&
	       !ufs_rpmb_is_question(request);
}

/* Past the unit attentions that come meanwhile */
static int ufs_rpmb_do_xfer(struct ufs_rpmb_region *region,
			    struct rpmb_xfer *xfer, void *copy)
{
	struct scsi_sense_hdr sshdr;
	int ret;

	for (int i = 0; i <= UFS_RPMB_MAX_ATTENTIONS; i++) {
		ret = ufs_rpmb_move(region, xfer, copy, &sshdr);
		if (ret != -EAGAIN || !ufs_rpmb_may_repeat(xfer, &sshdr))
			break;
	}
	return ret;
}

/* What the caller is told of an error, if the unit's state says more than that */
static int ufs_rpmb_outcome(struct scsi_device *sdev, int ret)
{
	switch (READ_ONCE(sdev->sdev_state)) {
	case SDEV_CANCEL:
	case SDEV_DEL:
		/* Whatever it was, it was the end: nobody need try again */
		return -ENODEV;
	case SDEV_OFFLINE:
	case SDEV_TRANSPORT_OFFLINE:
		dev_err_ratelimited(&sdev->sdev_gendev,
				    "RPMB does not answer: the logical unit is offline\n");
		return -EIO;
	default:
		return ret == -EAGAIN ? -EIO : ret;
	}
}

static int ufs_rpmb_run(struct ufs_rpmb_region *region, struct rpmb_xfer *xfers,
			unsigned int nr, void *copy)
{
	struct ufs_rpmb *ur = region->ur;
	bool settle = ufs_rpmb_must_settle(ur, &xfers[0]);
	int ret;

	ret = settle ? ufs_rpmb_settle(region) : 0;
	for (unsigned int i = 0; !ret && i < nr; i++)
		ret = ufs_rpmb_do_xfer(region, &xfers[i], copy);
	if (!ret)
		return 0;
	WRITE_ONCE(ur->unsettled, true);
	return ufs_rpmb_outcome(ur->sdev, ret);
}

/* For how long the unit has slept so far, in ns */
static u64 ufs_rpmb_slept(const struct ufs_rpmb *ur)
{
#ifdef CONFIG_PM
	return pm_runtime_suspended_time(&ur->sdev->sdev_gendev);
#else
	return 0;
#endif
}

/*
 * A device that has slept may report it, whoever has woken it. Runtime PM's own errors
 * would tell callers something else: after a resume that failed it says -EINVAL.
 */
static int ufs_rpmb_wake(struct ufs_rpmb *ur)
{
	u64 slept;

	if (scsi_autopm_get_device(ur->sdev))
		return -EIO;
	slept = ufs_rpmb_slept(ur);
	if (slept != ur->slept)
		WRITE_ONCE(ur->unsettled, true);
	ur->slept = slept;
	return 0;
}

static bool ufs_rpmb_fits(const struct ufs_rpmb *ur,
			  const struct rpmb_xfer *xfers, unsigned int nr)
{
	unsigned int max = ur->max_frames * sizeof(struct rpmb_frame);

	return xfers[0].len <= max && xfers[nr - 1].len <= max;
}

static int ufs_rpmb_do_list(struct rpmb_dev *rdev, struct rpmb_xfer *xfers,
			    unsigned int nr, void *copy)
{
	struct ufs_rpmb_region *region = rdev->descr.priv;
	unsigned int len;
	int ret;

	for (; nr; xfers += len, nr -= len) {
		len = rpmb_sequence_len(xfers);
		if (!ufs_rpmb_fits(region->ur, xfers, len))
			return -EMSGSIZE;
		ret = ufs_rpmb_run(region, xfers, len, copy);
		if (ret || !rpmb_sequence_completed(rdev))
			return ret;
	}
	return 0;
}

/* In the unit's turn */
static int ufs_rpmb_carry(struct rpmb_dev *rdev, struct rpmb_xfer *xfers,
			  unsigned int nr, void *copy)
{
	struct ufs_rpmb_region *region = rdev->descr.priv;
	struct scsi_device *sdev = region->ur->sdev;
	int ret;

	/* Nothing of it would reach the device */
	if (!scsi_device_online(sdev))
		return ufs_rpmb_outcome(sdev, -EIO);
	ret = ufs_rpmb_wake(region->ur);
	if (ret)
		return ret;
	ret = ufs_rpmb_do_list(rdev, xfers, nr, copy);
	scsi_autopm_put_device(sdev);
	return ret;
}

/* Of the longest that is sent of a list */
static unsigned int ufs_rpmb_copy_len(const struct rpmb_xfer *xfers,
				      unsigned int nr)
{
	unsigned int len = 0;

	for (unsigned int i = 0; i < nr; i++)
		if (xfers[i].kind != RPMB_XFER_RECV)
			len = max(len, xfers[i].len);
	return len;
}

static int ufs_rpmb_transfer(struct rpmb_dev *rdev, struct rpmb_xfer *xfers,
			     unsigned int nr)
{
	struct ufs_rpmb_region *region = rdev->descr.priv;
	unsigned int copy_len = ufs_rpmb_copy_len(xfers, nr);
	void *copy;
	int ret;

	if (!ufs_rpmb_fits(region->ur, xfers, rpmb_sequence_len(xfers)))
		return -EMSGSIZE;
	copy = kvmalloc(copy_len, GFP_KERNEL);
	if (!copy)
		return -ENOMEM;

	ufs_rpmb_take(region->ur);
	ret = ufs_rpmb_carry(rdev, xfers, nr, copy);
	ufs_rpmb_give(region->ur);
	/* A program key request has the key in it */
	kvfree_sensitive(copy, copy_len);
	return ret;
}

/* A command that runs ends when the device or the host's error handling ends it */
static void ufs_rpmb_abort(struct rpmb_dev *rdev)
{
	struct ufs_rpmb_region *region = rdev->descr.priv;

	WRITE_ONCE(region->gone, true);
}

static void ufs_rpmb_resumed(struct rpmb_dev *rdev)
{
	struct ufs_rpmb_region *region = rdev->descr.priv;

	WRITE_ONCE(region->ur->unsettled, true);
}

/* Secure write protection is configured through region 0 */
static u32 ufs_rpmb_request_types(const struct ufs_dev_info *info, u8 region)
{
	u32 types = GENMASK(RPMB_READ_DATA, RPMB_PROGRAM_KEY);

	if (info->wspecversion >= UFS_RPMB_SPEC_CONFIG && !region)
		types |= BIT(RPMB_CONFIG_WRITE) | BIT(RPMB_CONFIG_READ);
	if (info->wspecversion >= UFS_RPMB_SPEC_PURGE)
		types |= BIT(RPMB_PURGE_ENABLE) | BIT(RPMB_PURGE_STATUS);
	return types;
}

static void ufs_rpmb_hash_id(struct rpmb_descr *descr)
{
	u8 hash[UFS_RPMB_ID_LEN];

	blake2b(NULL, 0, descr->dev_id, descr->dev_id_len, hash, sizeof(hash));
	memcpy(descr->dev_id, hash, sizeof(hash));
	descr->dev_id_len = sizeof(hash);
}

/* The string is longer than what becomes of it: it has six fields and more */
static struct rpmb_dev *ufs_rpmb_register(struct ufs_rpmb_region *region,
					  struct rpmb_descr *descr,
					  const char *device_id)
{
	char *id __free(kfree) = kasprintf(GFP_KERNEL, "%s-R%u", device_id,
					   region->id);

	if (!id)
		return ERR_PTR(-ENOMEM);
	descr->dev_id = (u8 *)id;
	descr->dev_id_len = strlen(id);
	if (ufs_rpmb_hash_ids)
		ufs_rpmb_hash_id(descr);
	return rpmb_dev_register(&region->ur->sdev->sdev_gendev, descr);
}

static void ufs_rpmb_add_region(struct ufs_rpmb_region *region,
				const struct ufs_dev_info *info)
{
	unsigned int max = region->ur->max_frames;
	struct rpmb_descr descr = {
		.type = RPMB_TYPE_UFS,
		.reliable_wr_count = max(max / 2, 1),
		.capacity = info->rpmb_region_size[region->id],
		.transfer = ufs_rpmb_transfer,
		.max_batch = UFS_RPMB_BATCH,
		.abort = ufs_rpmb_abort,
		.resumed = ufs_rpmb_resumed,
		.priv = region,
		.frame_format = RPMB_FRAME_JEDEC,
		.request_types = ufs_rpmb_request_types(info, region->id),
		.write_sizes = GENMASK(ilog2(max), 0),
		.max_write = max,
		.max_read = max,
		.target = region->id,
		.fill_block_count = UFS_RPMB_COUNTED,
	};
	struct rpmb_dev *rdev;

	rdev = ufs_rpmb_register(region, &descr, info->device_id);
	if (IS_ERR(rdev)) {
		sdev_printk(KERN_ERR, region->ur->sdev,
			    "RPMB region %u: cannot be registered: %pe\n",
			    region->id, rdev);
		return;
	}
	region->rdev = rdev;
}

/* The device's description, if its RPMB is one that we can serve */
static const struct ufs_dev_info *ufs_rpmb_info(struct scsi_device *sdev)
{
	const struct ufs_hba *hba = shost_priv(sdev->host);

	if (hba->dev_info.b_advanced_rpmb_en) {
		sdev_printk(KERN_NOTICE, sdev,
			    "RPMB is in advanced mode, which is not supported\n");
		return NULL;
	}
	/* Keys are derived from it, so nothing else can take its place */
	if (!hba->dev_info.device_id) {
		sdev_printk(KERN_ERR, sdev,
			    "RPMB cannot be used: the device's identity could not be read\n");
		return NULL;
	}
	if (!memchr_inv(hba->dev_info.rpmb_region_size, 0,
			sizeof(hba->dev_info.rpmb_region_size))) {
		sdev_printk(KERN_ERR, sdev,
			    "RPMB cannot be used: no region has a size, or the unit's descriptor could not be read\n");
		return NULL;
	}
	return &hba->dev_info;
}

/*
 * What the device takes at once, and the host can carry in one command, where pages may
 * lie anywhere; a frame is what every device takes.
 */
static unsigned int ufs_rpmb_max_frames(const struct scsi_device *sdev,
					const struct ufs_dev_info *info)
{
	const struct request_queue *q = sdev->request_queue;
	unsigned int max = min(queue_max_hw_sectors(q),
			       queue_max_segments(q) * PAGE_SECTORS);

	return clamp_t(unsigned int, info->rpmb_io_size, 1, max);
}

static bool ufs_rpmb_is_ours(const struct scsi_device *sdev)
{
	const char *host = sdev->host->hostt->proc_name;

	return sdev->lun == UFS_RPMB_LUN && host && !strcmp(host, UFSHCD);
}

static int ufs_rpmb_probe(struct scsi_device *sdev)
{
	const struct ufs_dev_info *info;
	struct ufs_rpmb *ur;

	if (!ufs_rpmb_is_ours(sdev))
		return -ENODEV;
	info = ufs_rpmb_info(sdev);
	if (!info)
		return -ENODEV;
	ur = kzalloc(sizeof(*ur), GFP_KERNEL);
	if (!ur)
		return -ENOMEM;

	ur->sdev = sdev;
	ur->max_frames = ufs_rpmb_max_frames(sdev, info);
	init_waitqueue_head(&ur->line);
	ur->unsettled = true;
	dev_set_drvdata(&sdev->sdev_gendev, ur);
	for (int i = 0; i < UFS_RPMB_REGIONS; i++) {
		ur->regions[i].ur = ur;
		ur->regions[i].id = i;
		if (info->rpmb_region_size[i])
			ufs_rpmb_add_region(&ur->regions[i], info);
	}
	return 0;
}

static void ufs_rpmb_remove(struct scsi_device *sdev)
{
	struct ufs_rpmb *ur = dev_get_drvdata(&sdev->sdev_gendev);

	/* All before the first is waited for, so that waits do not add up */
	for (int i = 0; i < UFS_RPMB_REGIONS; i++)
		WRITE_ONCE(ur->regions[i].gone, true);
	for (int i = 0; i < UFS_RPMB_REGIONS; i++)
		rpmb_dev_unregister(ur->regions[i].rdev);
	kfree(ur);
}

/*
 * Nobody else wants this unit. A driver's remove() may wait for a command that hangs:
 * other hosts' devices come and go meanwhile, which a class interface's would keep
 * from that.
 */
static struct scsi_driver ufs_rpmb_driver = {
	.gendrv = {
		.name = KBUILD_MODNAME,
	},
	.probe = ufs_rpmb_probe,
	.remove = ufs_rpmb_remove,
};

static int ufs_rpmb_parse_dev_id(void)
{
	static const char * const names[] = { "string", "blake2b" };
	int ret = match_string(names, ARRAY_SIZE(names), dev_id);

	if (ret < 0) {
		pr_err("dev_id=%s is neither \"string\" nor \"blake2b\"\n",
		       dev_id);
		return ret;
	}
	ufs_rpmb_hash_ids = ret;
	return 0;
}

static int __init ufs_rpmb_init(void)
{
	return ufs_rpmb_parse_dev_id() ?:
	       scsi_register_driver(&ufs_rpmb_driver);
}

static void __exit ufs_rpmb_exit(void)
{
	scsi_unregister_driver(&ufs_rpmb_driver);
}

module_init(ufs_rpmb_init);
module_exit(ufs_rpmb_exit);

#ifdef CONFIG_SCSI_UFS_RPMB_KUNIT_TEST
#include "ufs_rpmb_test.c"
#endif

MODULE_ALIAS_SCSI_DEVICE(TYPE_WLUN);
MODULE_DESCRIPTION("UFS RPMB driver");
MODULE_LICENSE("GPL");
