// SPDX-License-Identifier: GPL-2.0-only
/*
 * virtio-rpmb: replay protected memory of a virtual machine
 *
 * Virtual I/O Device (VIRTIO) Version 1.2, section 5.12. A sequence of frames is
 * one descriptor chain: request, result read where there is one, response, each
 * frame a descriptor of its own.
 */
#include <linux/cleanup.h>
#include <linux/err.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/refcount.h>
#include <linux/rpmb.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/virtio.h>
#include <linux/virtio_config.h>
#include <linux/virtio_ids.h>
#include <linux/virtio_rpmb.h>
#include <linux/wait.h>
#include <crypto/sha2.h>

#define VIRTIO_RPMB_FRAME	sizeof(struct rpmb_frame)
#define VIRTIO_RPMB_MAX_UNITS	128
#define VIRTIO_RPMB_ID_LEN	16
/* Nobody wakes us when the transport breaks the queue, so look now and then */
#define VIRTIO_RPMB_POLL	HZ

static unsigned int timeout = 30000;
module_param(timeout, uint, 0644);
MODULE_PARM_DESC(timeout,
		 "milliseconds that a request may take, 0 for no limit (default 30000)");

static bool dev_id_config;
module_param(dev_id_config, bool, 0444);
MODULE_PARM_DESC(dev_id_config,
		 "take the identity from the 16 bytes behind the device's configuration (default: from its address)");

/**
 * struct virtio_rpmb - a virtio-rpmb device
 */
struct virtio_rpmb {
	/** @rdev: what the core made of it */
	struct rpmb_dev *rdev;
	/**
	 * @vq: Its queue; NULL from freeze to restore, and after a restore that
	 * failed. Constant while a transfer runs: the core lets none run from
	 * suspend to resume, nor after rpmb_dev_unregister().
	 */
	struct virtqueue *vq;
	/** @wait: where transfer() waits for the end of its sequence */
	wait_queue_head_t wait;
	/**
	 * @lock: Protects what follows, struct virtio_rpmb_seq, and the calls
	 * that work on @vq. Taken by the queue's callback, thus with interrupts
	 * off; not held when the device is notified, which may call back at once.
	 */
	spinlock_t lock;
	/** @busy: @vq has a sequence, maybe one that nobody waits for any more */
	bool busy;
	/** @gone: set once by abort(); nothing is started any more */
	bool gone;
};

/**
 * struct virtio_rpmb_seq - one sequence of frames
 * @refs: transfer() has one. The queue has one as long as it has the sequence;
 *	that is given back by who takes the sequence out: the callback, or
 *	virtio_rpmb_del_vq() after a reset. So @frames stay for as long as the
 *	device may touch them, whether transfer() still waits or not
 * @out_len: bytes of the request frames
 * @in_len: bytes of the response frames
 * @used_len: bytes that the device says it has written
 * @done: the device has returned the sequence
 * @frames: request frames, then response frames. Never shared with anybody but
 *	the device, and the two directions share no cache line
 */
struct virtio_rpmb_seq {
	refcount_t refs;
	unsigned int out_len;
	unsigned int in_len;
	unsigned int used_len;
	bool done;
	u8 frames[] __aligned(ARCH_DMA_MINALIGN);
};

/* The response is zeroed, since a device may claim to have written it */
static struct virtio_rpmb_seq *
virtio_rpmb_seq_alloc(const struct rpmb_xfer *xfers, unsigned int nr)
{
	const struct rpmb_xfer *recv = &xfers[nr - 1];
	struct virtio_rpmb_seq *seq;
	unsigned int out_len = 0;

	for (unsigned int i = 0; i < nr - 1; i++)
		out_len += xfers[i].len;
	/* A caller of large requests is told by -ENOMEM, and may try smaller ones */
	seq = kmalloc(struct_size(seq, frames, out_len + recv->len),
		      GFP_KERNEL | __GFP_NOWARN);
	if (!seq)
		return NULL;

	*seq = (struct virtio_rpmb_seq) {
		.refs = REFCOUNT_INIT(1),
		.in_len = recv->len,
	};
	for (unsigned int i = 0; i < nr - 1; i++) {
		memcpy(seq->frames + seq->out_len, xfers[i].buf, xfers[i].len);
		seq->out_len += xfers[i].len;
	}
	memset(seq->frames + out_len, 0, recv->len);
	return seq;
}

/* A program key request has the key in it, so nothing is left in memory */
static void virtio_rpmb_seq_put(struct virtio_rpmb_seq *seq)
{
	if (!seq || !refcount_dec_and_test(&seq->refs))
		return;
	memzero_explicit(seq->frames, seq->out_len);
	kfree(seq);
}

DEFINE_FREE(virtio_rpmb_seq, struct virtio_rpmb_seq *,
	    virtio_rpmb_seq_put(_T))

static unsigned int virtio_rpmb_nr_frames(const struct virtio_rpmb_seq *seq)
{
	return (seq->out_len + seq->in_len) / VIRTIO_RPMB_FRAME;
}

/* One entry for each frame, in two lists: the request, then the response */
static struct scatterlist *
virtio_rpmb_map_frames(struct virtio_rpmb_seq *seq)
{
	unsigned int nr_out = seq->out_len / VIRTIO_RPMB_FRAME;
	unsigned int nr = virtio_rpmb_nr_frames(seq);
	struct scatterlist *sg;

	sg = kmalloc_array(nr, sizeof(*sg), GFP_KERNEL);
	if (!sg)
		return NULL;

	sg_init_table(sg, nr_out);
	sg_init_table(sg + nr_out, nr - nr_out);
	for (unsigned int i = 0; i < nr; i++)
		sg_set_buf(&sg[i], seq->frames + i * VIRTIO_RPMB_FRAME,
			   VIRTIO_RPMB_FRAME);
	return sg;
}

static int virtio_rpmb_check_queue(const struct virtio_rpmb *vr)
{
	if (vr->gone)
		return -ENODEV;
	if (virtqueue_is_broken(vr->vq))
		return -EIO;
	return vr->busy ? -EBUSY : 0;
}

/* Give the sequence to the queue. Returns whether to notify, or an error. */
static int virtio_rpmb_add(struct virtio_rpmb *vr, struct virtio_rpmb_seq *seq,
			   struct scatterlist *sg)
{
	struct scatterlist *sgs[] = {
		sg, sg + seq->out_len / VIRTIO_RPMB_FRAME,
	};
	int ret;

	scoped_guard(spinlock_irq, &vr->lock) {
		ret = virtio_rpmb_check_queue(vr) ?:
		      virtqueue_add_sgs(vr->vq, sgs, 1, 1, seq, GFP_ATOMIC);
		if (!ret) {
			refcount_inc(&seq->refs);
			vr->busy = true;
			ret = virtqueue_kick_prepare(vr->vq);
		}
	}
	return ret;
}

/* 0: the device may have the sequence; else it has seen nothing of it */
static int virtio_rpmb_submit(struct virtio_rpmb *vr,
			      struct virtio_rpmb_seq *seq)
{
	int notify;

	if (!vr->vq)
		return -EIO;
	/* Goes for chains in indirect descriptors as well */
	if (virtio_rpmb_nr_frames(seq) > virtqueue_get_vring_size(vr->vq))
		return -EMSGSIZE;

	struct scatterlist *sg __free(kfree) = virtio_rpmb_map_frames(seq);
	if (!sg)
		return -ENOMEM;

	notify = virtio_rpmb_add(vr, seq, sg);
	if (notify < 0)
		return notify;
	/* If this fails the queue is broken, which ends the wait */
	if (notify)
		virtqueue_notify(vr->vq);
	return 0;
}

/* -EINPROGRESS: wait on; else what has become of the sequence */
static int virtio_rpmb_status(struct virtio_rpmb *vr,
			      const struct virtio_rpmb_seq *seq)
{
	int status = -EINPROGRESS;

	scoped_guard(spinlock_irq, &vr->lock) {
		if (seq->done)
			status = seq->used_len == seq->in_len ? 0 : -EIO;
		else if (vr->gone)
			status = -ENODEV;
		else if (virtqueue_is_broken(vr->vq))
			status = -EIO;
	}
	return status;
}

/*
 * 0: all of the response is there. Whatever it is else, the sequence is the
 * device's until the queue gives it back.
 */
static int virtio_rpmb_wait(struct virtio_rpmb *vr,
			    const struct virtio_rpmb_seq *seq)
{
	unsigned int limit = READ_ONCE(timeout);
	long left = limit ? msecs_to_jiffies(limit) : MAX_SCHEDULE_TIMEOUT;
	long ret = 0;
	int status;

	for (; left > 0 && !ret; left -= VIRTIO_RPMB_POLL)
		ret = wait_event_killable_timeout(vr->wait,
						  virtio_rpmb_status(vr, seq) !=
						  -EINPROGRESS,
						  min(left, VIRTIO_RPMB_POLL));
	status = virtio_rpmb_status(vr, seq);
	if (status != -EINPROGRESS)
		return status;
	return ret < 0 ? -EINTR : -ETIMEDOUT;
}

static int virtio_rpmb_transfer(struct rpmb_dev *rdev, struct rpmb_xfer *xfers,
				unsigned int nr)
{
	struct virtio_rpmb *vr = rdev->descr.priv;
	int ret;

	struct virtio_rpmb_seq *seq __free(virtio_rpmb_seq) =
		virtio_rpmb_seq_alloc(xfers, nr);
	if (!seq)
		return -ENOMEM;

	ret = virtio_rpmb_submit(vr, seq);
	if (ret)
		return ret;
	/* The chain goes as a whole. Nobody reads this before we return. */
	for (unsigned int i = 0; i < nr; i++)
		xfers[i].started = true;

	ret = virtio_rpmb_wait(vr, seq);
	if (ret)
		return ret;
	memcpy(xfers[nr - 1].buf, seq->frames + seq->out_len, seq->in_len);
	return 0;
}

static void virtio_rpmb_abort(struct rpmb_dev *rdev)
{
	struct virtio_rpmb *vr = rdev->descr.priv;

	scoped_guard(spinlock_irq, &vr->lock)
		vr->gone = true;
	wake_up(&vr->wait);
}

/* The queue's callback, in interrupt context or, with some transports, in any */
static void virtio_rpmb_done(struct virtqueue *vq)
{
	struct virtio_rpmb *vr = vq->vdev->priv;
	struct virtio_rpmb_seq *seq;
	unsigned int len;

	scoped_guard(spinlock_irqsave, &vr->lock) {
		while ((seq = virtqueue_get_buf(vq, &len))) {
			seq->used_len = len;
			seq->done = true;
			vr->busy = false;
			virtio_rpmb_seq_put(seq);
		}
	}
	/* Also if there was none: the queue may have turned out to be broken */
	wake_up(&vr->wait);
}

/*
 * The identity must be the same on every kernel and at every boot. The address
 * is, as long as nobody moves the device to another slot: "pci:0000:00:03.0",
 * "platform:a003e00.virtio_mmio", "platform:virtio-uml.0".
 */
static int virtio_rpmb_id_from_address(struct virtio_device *vdev, u8 *id)
{
	u8 digest[SHA256_DIGEST_SIZE];

	char *address __free(kfree) =
		kasprintf(GFP_KERNEL, "%s:%s", dev_bus_name(vdev->dev.parent),
			  dev_name(vdev->dev.parent));
	if (!address)
		return -ENOMEM;

	sha256(address, strlen(address), digest);
	memcpy(id, digest, VIRTIO_RPMB_ID_LEN);
	return 0;
}

/*
 * Reading what the device does not have gives zeroes, ones, or, where a transport
 * reports nothing, what was there before. Where the PCI capability ends before,
 * virtio-pci stops the kernel, and nobody can ask how long it is: hence an option.
 */
static int virtio_rpmb_id_from_config(struct virtio_device *vdev, u8 *id)
{
	memset(id, 0, VIRTIO_RPMB_ID_LEN);
	virtio_cread_bytes(vdev, sizeof(struct virtio_rpmb_config), id,
			   VIRTIO_RPMB_ID_LEN);
	if (memchr_inv(id, 0, VIRTIO_RPMB_ID_LEN) &&
	    memchr_inv(id, 0xff, VIRTIO_RPMB_ID_LEN))
		return 0;

	dev_err(&vdev->dev, "dev_id_config is set, but the device has no identity\n");
	return -EINVAL;
}

static int virtio_rpmb_read_id(struct virtio_device *vdev, u8 *id)
{
	if (dev_id_config)
		return virtio_rpmb_id_from_config(vdev, id);
	return virtio_rpmb_id_from_address(vdev, id);
}

/* Most blocks of one request: what the device, the core and the ring can carry */
static unsigned int virtio_rpmb_limit(struct virtio_rpmb *vr, u8 max_cnt,
				      unsigned int nr_other)
{
	unsigned int ring = virtqueue_get_vring_size(vr->vq);
	unsigned int limit = RPMB_MAX_LEN / VIRTIO_RPMB_FRAME;

	limit = min_not_zero(limit, (unsigned int)max_cnt);
	return ring > nr_other ? min(limit, ring - nr_other) : 1;
}

/* The limits inform; what goes beyond them is the device's to refuse */
static void virtio_rpmb_read_limits(struct virtio_rpmb *vr,
				    struct rpmb_descr *descr)
{
	struct virtio_device *vdev = vr->vq->vdev;
	unsigned int max_wr;
	u8 wr_cnt, rd_cnt;

	virtio_cread_le(vdev, struct virtio_rpmb_config, max_wr_cnt, &wr_cnt);
	virtio_cread_le(vdev, struct virtio_rpmb_config, max_rd_cnt, &rd_cnt);

	/* Beside the blocks, a write takes two frames and a read one */
	max_wr = virtio_rpmb_limit(vr, wr_cnt, 2);
	descr->write_sizes = GENMASK(ilog2(max_wr), 0);
	descr->reliable_wr_count = max(max_wr / 2, 1);
	descr->max_read = virtio_rpmb_limit(vr, rd_cnt, 1);
}

static int virtio_rpmb_read_capacity(struct virtio_device *vdev,
				     struct rpmb_descr *descr)
{
	u8 capacity;

	virtio_cread_le(vdev, struct virtio_rpmb_config, capacity, &capacity);
	if (!capacity || capacity > VIRTIO_RPMB_MAX_UNITS) {
		dev_err(&vdev->dev, "capacity of %u units, must be 1 to %u\n",
			capacity, VIRTIO_RPMB_MAX_UNITS);
		return -EINVAL;
	}
	descr->capacity = capacity;
	return 0;
}

static int virtio_rpmb_find_vq(struct virtio_rpmb *vr,
			       struct virtio_device *vdev)
{
	struct virtqueue *vq;

	vq = virtio_find_single_vq(vdev, virtio_rpmb_done, "rpmb");
	if (IS_ERR(vq))
		return PTR_ERR(vq);
	vr->vq = vq;
	return 0;
}

/*
 * Reset the device and give up the queue, when no transfer runs. A sequence that
 * the device still had is freed last: some transports stop the device in
 * del_vqs().
 */
static void virtio_rpmb_del_vq(struct virtio_rpmb *vr,
			       struct virtio_device *vdev)
{
	struct virtio_rpmb_seq *seq __free(virtio_rpmb_seq) = NULL;
	bool has_vq = vr->vq;

	virtio_reset_device(vdev);
	/* After a restore that failed there is nothing more to give up */
	if (!has_vq)
		return;

	scoped_guard(spinlock_irq, &vr->lock) {
		seq = virtqueue_detach_unused_buf(vr->vq);
		vr->vq = NULL;
		vr->busy = false;
	}
	vdev->config->del_vqs(vdev);
}

static int virtio_rpmb_probe(struct virtio_device *vdev)
{
	u8 id[VIRTIO_RPMB_ID_LEN];
	struct rpmb_descr descr = {
		.type = RPMB_TYPE_EMMC,
		.dev_id = id,
		.dev_id_len = sizeof(id),
		.transfer = virtio_rpmb_transfer,
		.abort = virtio_rpmb_abort,
		.frame_format = RPMB_FRAME_JEDEC,
		.transport = RPMB_TRANSPORT_VIRTIO,
		.request_types = GENMASK(RPMB_READ_DATA, RPMB_PROGRAM_KEY),
		.fill_block_count = BIT(RPMB_PROGRAM_KEY) |
				    BIT(RPMB_GET_WRITE_COUNTER) |
				    BIT(RPMB_READ_DATA) | BIT(RPMB_RESULT_READ),
	};
	struct virtio_rpmb *vr;
	int ret;

	vr = devm_kzalloc(&vdev->dev, sizeof(*vr), GFP_KERNEL);
	if (!vr)
		return -ENOMEM;
	spin_lock_init(&vr->lock);
	init_waitqueue_head(&vr->wait);
	vdev->priv = vr;
	descr.priv = vr;

	ret = virtio_rpmb_read_capacity(vdev, &descr) ?:
	      virtio_rpmb_read_id(vdev, id) ?:
	      virtio_rpmb_find_vq(vr, vdev);
	if (ret)
		return ret;
	virtio_rpmb_read_limits(vr, &descr);

	/* Who sees the device may use it at once */
	virtio_device_ready(vdev);
	vr->rdev = rpmb_dev_register(&vdev->dev, &descr);
	if (IS_ERR(vr->rdev)) {
		virtio_rpmb_del_vq(vr, vdev);
		return PTR_ERR(vr->rdev);
	}
	return 0;
}

static void virtio_rpmb_remove(struct virtio_device *vdev)
{
	struct virtio_rpmb *vr = vdev->priv;

	rpmb_dev_unregister(vr->rdev);
	virtio_rpmb_del_vq(vr, vdev);
}

static int virtio_rpmb_freeze(struct virtio_device *vdev)
{
	virtio_rpmb_del_vq(vdev->priv, vdev);
	return 0;
}

static int virtio_rpmb_restore(struct virtio_device *vdev)
{
	int ret = virtio_rpmb_find_vq(vdev->priv, vdev);

	if (ret)
		return ret;
	virtio_device_ready(vdev);
	return 0;
}

/* What was published is final. In interrupt context. */
static void virtio_rpmb_config_changed(struct virtio_device *vdev)
{
	dev_warn_ratelimited(&vdev->dev,
			     "new configuration ignored until the driver is bound again\n");
}

static const struct virtio_device_id virtio_rpmb_ids[] = {
	{ VIRTIO_ID_RPMB, VIRTIO_DEV_ANY_ID },
	{ }
};
MODULE_DEVICE_TABLE(virtio, virtio_rpmb_ids);

static struct virtio_driver virtio_rpmb_driver = {
	.driver.name = KBUILD_MODNAME,
	.id_table = virtio_rpmb_ids,
	.probe = virtio_rpmb_probe,
	.remove = virtio_rpmb_remove,
	.config_changed = virtio_rpmb_config_changed,
	.freeze = pm_sleep_ptr(virtio_rpmb_freeze),
	.restore = pm_sleep_ptr(virtio_rpmb_restore),
};
module_virtio_driver(virtio_rpmb_driver);

#ifdef CONFIG_VIRTIO_RPMB_KUNIT_TEST
#include "virtio_rpmb_test.c"
#endif

MODULE_DESCRIPTION("Virtio RPMB driver");
MODULE_LICENSE("GPL");
