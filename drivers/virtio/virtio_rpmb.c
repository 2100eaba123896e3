// SPDX-License-Identifier: GPL-2.0-only
/*
 * virtio-rpmb: replay protected memory of a virtual machine
 *
 * Virtual I/O Device (VIRTIO) Version 1.2, section 5.12. A sequence of frames is
 * one descriptor chain: request, result read where there is one, response, each
 * frame a descriptor of its own. The sequences of a batch are made available together,
 * as far as the ring has room.
 */
#include <linux/cleanup.h>
#include <linux/err.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/mutex.h>
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
/* Request, result read, response */
#define VIRTIO_RPMB_MAX_XFERS	3
/* A write of a block */
#define VIRTIO_RPMB_MIN_RING	3
/* What QEMU gives at most, which is a read of 1023 blocks */
#define VIRTIO_RPMB_GOOD_RING	1024
/* The longest request with the longest response */
#define VIRTIO_RPMB_MAX_FRAMES	(2 * RPMB_MAX_LEN / VIRTIO_RPMB_FRAME + 1)
/* Most sequences that are with the device at one time, and for which others wait */
#define VIRTIO_RPMB_BATCH	64
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
 * struct virtio_rpmb_chain - a sequence that is with the device
 * @done: the device has returned it
 * @used_len: bytes that it says it has written
 */
struct virtio_rpmb_chain {
	bool done;
	unsigned int used_len;
};

/**
 * struct virtio_rpmb - a virtio-rpmb device
 */
struct virtio_rpmb {
	/** @vdev: the virtio device */
	struct virtio_device *vdev;
	/** @rdev: what the core made of it */
	struct rpmb_dev *rdev;
	/**
	 * @vq: Its queue; NULL from freeze to restore, and while the device does
	 * not come back from a reset. Changed in the device's turn, or while
	 * @in_reset keeps who has that off, and under @lock when it goes, since the
	 * callback may still come.
	 */
	struct virtqueue *vq;
	/** @sg: Where the frames of a sequence are, one entry each; in the turn */
	struct scatterlist *sg;
	/** @nr_sg: entries of @sg: as many as the ring has, or the core may need */
	unsigned int nr_sg;
	/** @wait: where transfer() waits for the end of its sequences */
	wait_queue_head_t wait;
	/**
	 * @lock: Protects what follows, and the calls that work on @vq. Taken by
	 * the queue's callback, thus with interrupts off; not held when the device
	 * is notified, which may call back at once.
	 */
	spinlock_t lock;
	/** @chains: what the device was given last; the queue's tokens */
	struct virtio_rpmb_chain chains[VIRTIO_RPMB_BATCH];
	/** @changed: it has said something of itself that nobody has looked at */
	bool changed;
	/** @needs_reset: it has said that it works no more */
	bool needs_reset;
	/**
	 * @in_reset: its bus resets it, and makes all anew; changed by nobody else,
	 * and so under virtio_rpmb_bus_lock as well
	 */
	bool in_reset;
	/** @gone: set once by abort(); nothing is started any more */
	bool gone;
};

/* One entry for each frame; each transfer is a list of its own */
static int virtio_rpmb_map(struct virtio_rpmb *vr, struct rpmb_xfer *xfers,
			   unsigned int nr, struct scatterlist **sgs)
{
	/* Goes for chains in indirect descriptors as well */
	unsigned int room = min(vr->nr_sg, virtqueue_get_vring_size(vr->vq));
	struct scatterlist *sg = vr->sg;

	for (unsigned int i = 0; i < nr; i++) {
		unsigned int frames = xfers[i].len / VIRTIO_RPMB_FRAME;

		if (frames > room)
			return -EMSGSIZE;
		rpmb_xfer_map(&xfers[i], sg, frames, VIRTIO_RPMB_FRAME);
		sgs[i] = sg;
		sg += frames;
		room -= frames;
	}
	return 0;
}

/* Is there room for so many frames, also if they need a descriptor each? */
static bool virtio_rpmb_has_room(const struct virtio_rpmb *vr,
				 const struct rpmb_xfer *xfers, unsigned int nr)
{
	unsigned int frames = 0;

	for (unsigned int i = 0; i < nr; i++)
		frames += xfers[i].len / VIRTIO_RPMB_FRAME;
	return frames <= vr->vq->num_free;
}

/* Room is asked for first: without, virtqueue_add_sgs() notifies, here under the lock */
static int virtio_rpmb_add(struct virtio_rpmb *vr,
			   const struct rpmb_xfer *xfers,
			   struct scatterlist **sgs, unsigned int nr,
			   struct virtio_rpmb_chain *chain)
{
	int ret;

	scoped_guard(spinlock_irq, &vr->lock) {
		*chain = (struct virtio_rpmb_chain) { };
		if (vr->gone)
			ret = -ENODEV;
		else if (!virtio_rpmb_has_room(vr, xfers, nr))
			ret = -ENOSPC;
		else
			ret = virtqueue_add_sgs(vr->vq, sgs, nr - 1, 1, chain,
						GFP_ATOMIC);
	}
	return ret;
}

/* 0: the queue has the sequence, and the device may have it */
static int virtio_rpmb_submit(struct virtio_rpmb *vr, struct rpmb_xfer *xfers,
			      unsigned int nr, struct virtio_rpmb_chain *chain)
{
	struct scatterlist *sgs[VIRTIO_RPMB_MAX_XFERS];
	int ret;

	ret = virtio_rpmb_map(vr, xfers, nr, sgs) ?:
	      virtio_rpmb_add(vr, xfers, sgs, nr, chain);
	/* The chain goes as a whole. Nobody reads this before we return. */
	for (unsigned int i = 0; !ret && i < nr; i++)
		xfers[i].started = true;
	return ret;
}

static void virtio_rpmb_notify(struct virtio_rpmb *vr)
{
	bool notify;

	scoped_guard(spinlock_irq, &vr->lock)
		notify = virtqueue_kick_prepare(vr->vq);
	/* If this fails the queue is broken, which ends the wait */
	if (notify)
		virtqueue_notify(vr->vq);
}

/*
 * How many sequences may be with the device together. It carries out all of them,
 * whatever becomes of one, so a write is not to be behind one that could be refused
 * while it is not: whoever has signed both has foreseen the counter. If the device's is
 * some steps further, the first is refused and a later one hits it. Once the first write
 * of a batch was done, the counter is known to be right, and what is refused after that
 * leaves it where no write for a later counter can use it, unless a write of another
 * guest's, which has the same device and key, has come in between: see @runs_on.
 */
static unsigned int virtio_rpmb_may_submit(const struct rpmb_xfer *xfers,
					   unsigned int nr, bool proven)
{
	unsigned int len, count = 0;

	for (; nr && count < VIRTIO_RPMB_BATCH; xfers += len, nr -= len) {
		len = rpmb_sequence_len(xfers);
		count++;
		if (!proven && len == VIRTIO_RPMB_MAX_XFERS)
			break;
	}
	return count;
}

/*
 * What was published is final. A device that works no more is reset by the request that it
 * has, or by the next one. To read that, some transports sleep.
 */
static void virtio_rpmb_look(struct virtio_rpmb *vr)
{
	struct virtio_device *vdev = vr->vdev;
	bool changed;

	scoped_guard(spinlock_irq, &vr->lock) {
		changed = vr->changed;
		vr->changed = false;
	}
	if (!changed)
		return;
	if (!(vdev->config->get_status(vdev) & VIRTIO_CONFIG_S_NEEDS_RESET)) {
		dev_warn_ratelimited(&vdev->dev,
				     "new configuration ignored until the driver is bound again\n");
		return;
	}
	scoped_guard(spinlock_irq, &vr->lock)
		vr->needs_reset = true;
}

/* Returns how many sequences the device may have now, or why it has not even one */
static int virtio_rpmb_submit_some(struct virtio_rpmb *vr,
				   struct rpmb_xfer *xfers, unsigned int max)
{
	unsigned int i, len;
	int ret = 0;

	for (i = 0; i < max; i++, xfers += len) {
		len = rpmb_sequence_len(xfers);
		ret = virtio_rpmb_submit(vr, xfers, len, &vr->chains[i]);
		if (ret)
			break;
	}
	if (!i)
		return ret;
	virtio_rpmb_notify(vr);
	return i;
}

/* -EINPROGRESS: wait on; else what has become of the sequence */
static int virtio_rpmb_status(struct virtio_rpmb *vr,
			      const struct virtio_rpmb_chain *chain)
{
	int status = -EINPROGRESS;

	scoped_guard(spinlock_irq, &vr->lock) {
		if (chain->done)
			status = 0;
		else if (vr->gone)
			status = -ENODEV;
		else if (vr->needs_reset || vr->in_reset ||
			 virtqueue_is_broken(vr->vq))
			status = -EIO;
	}
	return status;
}

/* Has the wait ended, or is there something to look at? */
static bool virtio_rpmb_news(struct virtio_rpmb *vr,
			     const struct virtio_rpmb_chain *chain, int *status)
{
	*status = virtio_rpmb_status(vr, chain);
	return *status != -EINPROGRESS || READ_ONCE(vr->changed);
}

static long virtio_rpmb_patience(void)
{
	unsigned int limit = READ_ONCE(timeout);

	return limit ? msecs_to_jiffies(limit) : MAX_SCHEDULE_TIMEOUT;
}

/* 0: the device has returned the sequence; else it still has it */
static int virtio_rpmb_wait(struct virtio_rpmb *vr,
			    const struct virtio_rpmb_chain *chain)
{
	long left = virtio_rpmb_patience();
	int status = -EINPROGRESS;

	while (left > 0 && status == -EINPROGRESS) {
		long piece = min(left, VIRTIO_RPMB_POLL);

		left -= piece;
		left += wait_event_timeout(vr->wait,
					   virtio_rpmb_news(vr, chain, &status),
					   piece);
		virtio_rpmb_look(vr);
	}
	return status == -EINPROGRESS ? -ETIMEDOUT : status;
}

/* The queue's callback, in interrupt context or, with some transports, in any */
static void virtio_rpmb_done(struct virtqueue *vq)
{
	struct virtio_rpmb *vr = vq->vdev->priv;
	struct virtio_rpmb_chain *chain;
	unsigned int len;

	scoped_guard(spinlock_irqsave, &vr->lock) {
		/* Between the reset and the end of a queue, nothing in it is ours */
		while (vr->vq && (chain = virtqueue_get_buf(vr->vq, &len))) {
			chain->used_len = len;
			chain->done = true;
		}
	}
	/* Also if there was none: the queue may have turned out to be broken */
	wake_up(&vr->wait);
}

static int virtio_rpmb_find_vq(struct virtio_rpmb *vr)
{
	struct virtqueue *vq;

	vq = virtio_find_single_vq(vr->vdev, virtio_rpmb_done, "rpmb");
	if (IS_ERR(vq))
		return PTR_ERR(vq);
	vr->vq = vq;
	return 0;
}

/*
 * Reset the device and give up the queue. After this, all memory that the device was
 * given is ours; some transports stop it in del_vqs() and no earlier. How long they
 * wait for a device that does not answer is their business.
 */
static void virtio_rpmb_del_vq(struct virtio_rpmb *vr)
{
	bool has_vq = vr->vq;

	virtio_reset_device(vr->vdev);
	scoped_guard(spinlock_irq, &vr->lock) {
		while (has_vq && virtqueue_detach_unused_buf(vr->vq))
			;
		vr->vq = NULL;
		vr->needs_reset = false;
	}
	/* A device that has not come back has nothing more to give up */
	if (has_vq)
		vr->vdev->config->del_vqs(vr->vdev);
}

/* The features that were agreed upon at first. Without VERSION_1 none are. */
static int virtio_rpmb_set_features(struct virtio_device *vdev)
{
	int ret = vdev->config->finalize_features(vdev);

	if (ret || !virtio_has_feature(vdev, VIRTIO_F_VERSION_1))
		return ret;
	virtio_add_status(vdev, VIRTIO_CONFIG_S_FEATURES_OK);
	return vdev->config->get_status(vdev) & VIRTIO_CONFIG_S_FEATURES_OK ?
	       0 : -EIO;
}

/* From reset to ready: virtio 1.2, section 3.1.1 */
static int virtio_rpmb_start(struct virtio_rpmb *vr)
{
	struct virtio_device *vdev = vr->vdev;
	int ret;

	virtio_add_status(vdev, VIRTIO_CONFIG_S_ACKNOWLEDGE);
	virtio_add_status(vdev, VIRTIO_CONFIG_S_DRIVER);
	ret = virtio_rpmb_set_features(vdev) ?: virtio_rpmb_find_vq(vr);
	if (ret) {
		virtio_add_status(vdev, VIRTIO_CONFIG_S_FAILED);
		return ret;
	}
	virtio_device_ready(vdev);
	return 0;
}

/* May we make the device anew, or is it somebody else's to do, or nobody's? */
static bool virtio_rpmb_is_ours(struct virtio_rpmb *vr)
{
	bool ours;

	scoped_guard(spinlock_irq, &vr->lock)
		ours = !vr->gone && !vr->in_reset;
	return ours;
}

/*
 * Take back what the device has, and make it serve again, so that the next caller
 * need not pay for this one.
 */
static int virtio_rpmb_renew(struct virtio_rpmb *vr)
{
	int ret;

	virtio_rpmb_del_vq(vr);
	if (!virtio_rpmb_is_ours(vr))
		return -ENODEV;

	ret = virtio_rpmb_start(vr);
	if (!ret)
		return 0;
	dev_err_ratelimited(&vr->vdev->dev,
			    "does not come back from a reset, error %d\n", ret);
	return -EIO;
}

/* Does the device want what the end of the last request would have given it? */
static int virtio_rpmb_check(struct virtio_rpmb *vr)
{
	int ret = 0;

	scoped_guard(spinlock_irq, &vr->lock) {
		if (vr->gone)
			ret = -ENODEV;
		else if (vr->in_reset)
			ret = -EIO;
		else if (!vr->vq || vr->needs_reset ||
			 virtqueue_is_broken(vr->vq))
			ret = -EAGAIN;
	}
	return ret;
}

/* Whoever has to end it may never do that, if all does not go well */
static void virtio_rpmb_await_reset(struct virtio_rpmb *vr)
{
	wait_event_timeout(vr->wait,
			   !READ_ONCE(vr->in_reset) || READ_ONCE(vr->gone),
			   virtio_rpmb_patience());
}

static int virtio_rpmb_make_ready(struct virtio_rpmb *vr)
{
	int ret;

	virtio_rpmb_await_reset(vr);
	ret = virtio_rpmb_check(vr);
	if (!ret) {
		virtio_rpmb_look(vr);
		ret = virtio_rpmb_check(vr);
	}
	return ret == -EAGAIN ? virtio_rpmb_renew(vr) : ret;
}

/* The device has returned a sequence */
static int virtio_rpmb_complete(struct rpmb_dev *rdev,
				const struct rpmb_xfer *recv,
				const struct virtio_rpmb_chain *chain,
				bool *go_on)
{
	if (chain->used_len != recv->len)
		return -EIO;
	*go_on = rpmb_sequence_completed(rdev);
	return 0;
}

/*
 * Each sequence has its time, from the end of the one before it. The device has all of
 * them back before this ends, or the memory is ours again. What is behind one that ends
 * the batch is only waited for.
 */
static int virtio_rpmb_finish(struct rpmb_dev *rdev,
			      const struct rpmb_xfer *xfers, unsigned int count,
			      bool *go_on)
{
	struct virtio_rpmb *vr = rdev->descr.priv;
	int ret = 0, wrong = 0;

	for (unsigned int i = 0; i < count && !ret; i++) {
		xfers += rpmb_sequence_len(xfers);
		ret = virtio_rpmb_wait(vr, &vr->chains[i]);
		if (!ret && !wrong && *go_on)
			wrong = virtio_rpmb_complete(rdev, xfers - 1,
						     &vr->chains[i], go_on);
	}
	if (ret) {
		dev_warn_ratelimited(&vr->vdev->dev,
				     "no answer (%d): the device is reset\n",
				     ret);
		virtio_rpmb_renew(vr);
	}
	return wrong ?: ret;
}

static unsigned int virtio_rpmb_list_len(const struct rpmb_xfer *xfers,
					 unsigned int count)
{
	unsigned int len = 0;

	while (count--)
		len += rpmb_sequence_len(&xfers[len]);
	return len;
}

static int virtio_rpmb_transfer(struct rpmb_dev *rdev, struct rpmb_xfer *xfers,
				unsigned int nr)
{
	struct virtio_rpmb *vr = rdev->descr.priv;
	bool proven = false, go_on = true;
	int ret = 0;

	while (!ret && nr && go_on) {
		unsigned int most = virtio_rpmb_may_submit(xfers, nr, proven);
		unsigned int len;
		int count;

		count = virtio_rpmb_make_ready(vr) ?:
			virtio_rpmb_submit_some(vr, xfers, most);
		if (count < 0)
			return count;
		len = virtio_rpmb_list_len(xfers, count);
		ret = virtio_rpmb_finish(rdev, xfers, count, &go_on);
		proven |= xfers[len - 2].kind == RPMB_XFER_SEND_RESULT_READ;
		xfers += len;
		nr -= len;
	}
	return ret;
}

static void virtio_rpmb_abort(struct rpmb_dev *rdev)
{
	struct virtio_rpmb *vr = rdev->descr.priv;

	scoped_guard(spinlock_irq, &vr->lock)
		vr->gone = true;
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
	return min(limit, ring - nr_other);
}

/* The limits inform; what goes beyond them is the device's to refuse */
static void virtio_rpmb_read_limits(struct virtio_rpmb *vr,
				    struct rpmb_descr *descr)
{
	u8 wr_cnt, rd_cnt;

	virtio_cread_le(vr->vdev, struct virtio_rpmb_config, max_wr_cnt,
			&wr_cnt);
	virtio_cread_le(vr->vdev, struct virtio_rpmb_config, max_rd_cnt,
			&rd_cnt);

	/* Beside the blocks, a write takes two frames and a read one */
	descr->max_write = virtio_rpmb_limit(vr, wr_cnt, 2);
	descr->write_sizes = GENMASK(ilog2(descr->max_write), 0);
	descr->reliable_wr_count = max(descr->max_write / 2, 1);
	descr->max_read = virtio_rpmb_limit(vr, rd_cnt, 1);
}

/*
 * The ring bounds what one request can carry. OP-TEE reads an object in one, however
 * long it is, so a small ring makes objects that can be written and never read.
 */
static int virtio_rpmb_check_ring(struct virtio_rpmb *vr)
{
	unsigned int ring = virtqueue_get_vring_size(vr->vq);

	if (ring < VIRTIO_RPMB_MIN_RING) {
		dev_err(&vr->vdev->dev,
			"a ring of %u cannot carry a write and its result\n", ring);
		return -EINVAL;
	}
	if (ring < VIRTIO_RPMB_GOOD_RING)
		dev_notice(&vr->vdev->dev,
			   "a ring of %u limits reads to %u blocks, which may be too few for secure storage; %u are good\n",
			   ring, ring - 1, VIRTIO_RPMB_GOOD_RING);
	return 0;
}

static int virtio_rpmb_alloc_sg(struct virtio_rpmb *vr)
{
	unsigned int ring = virtqueue_get_vring_size(vr->vq);

	vr->nr_sg = min(ring, VIRTIO_RPMB_MAX_FRAMES);
	vr->sg = devm_kcalloc(&vr->vdev->dev, vr->nr_sg, sizeof(*vr->sg),
			      GFP_KERNEL);
	return vr->sg ? 0 : -ENOMEM;
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

/*
 * A bus that resets its devices does not keep their driver from coming and going meanwhile.
 * So it finds a device only from its registration until it goes, and holds this while it
 * works on what it has found.
 */
static DEFINE_MUTEX(virtio_rpmb_bus_lock);

static void virtio_rpmb_show_to_bus(struct virtio_device *vdev,
				    struct virtio_rpmb *vr)
{
	guard(mutex)(&virtio_rpmb_bus_lock);
	dev_set_drvdata(&vdev->dev, vr);
}

static int virtio_rpmb_probe(struct virtio_device *vdev)
{
	u8 id[VIRTIO_RPMB_ID_LEN];
	struct rpmb_descr descr = {
		.type = RPMB_TYPE_EMMC,
		.dev_id = id,
		.dev_id_len = sizeof(id),
		.transfer = virtio_rpmb_transfer,
		.max_batch = RPMB_MAX_BATCH,
		.abort = virtio_rpmb_abort,
		.frame_format = RPMB_FRAME_JEDEC,
		.transport = RPMB_TRANSPORT_VIRTIO,
		.runs_on = true,
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
	vr->vdev = vdev;
	vdev->priv = vr;
	descr.priv = vr;

	ret = virtio_rpmb_read_capacity(vdev, &descr) ?:
	      virtio_rpmb_read_id(vdev, id) ?:
	      virtio_rpmb_find_vq(vr);
	if (ret)
		return ret;
	ret = virtio_rpmb_check_ring(vr) ?: virtio_rpmb_alloc_sg(vr);
	if (ret)
		goto err_vq;
	virtio_rpmb_read_limits(vr, &descr);

	/* Who sees the device may use it at once */
	virtio_device_ready(vdev);
	vr->rdev = rpmb_dev_register(&vdev->dev, &descr);
	if (IS_ERR(vr->rdev)) {
		ret = PTR_ERR(vr->rdev);
		goto err_vq;
	}
	virtio_rpmb_show_to_bus(vdev, vr);
	return 0;

err_vq:
	virtio_rpmb_del_vq(vr);
	return ret;
}

static void virtio_rpmb_remove(struct virtio_device *vdev)
{
	struct virtio_rpmb *vr = vdev->priv;

	virtio_rpmb_show_to_bus(vdev, NULL);
	rpmb_dev_unregister(vr->rdev);
	virtio_rpmb_del_vq(vr);
}

/* No transfer runs: the core sleeps */
static int virtio_rpmb_freeze(struct virtio_device *vdev)
{
	virtio_rpmb_del_vq(vdev->priv);
	return 0;
}

static int virtio_rpmb_restore(struct virtio_device *vdev)
{
	int ret = virtio_rpmb_find_vq(vdev->priv);

	if (ret)
		return ret;
	virtio_device_ready(vdev);
	return 0;
}

#ifdef VIRTIO_DRIVER_HAS_RESET
static void virtio_rpmb_set_in_reset(struct virtio_rpmb *vr, bool in_reset)
{
	scoped_guard(spinlock_irq, &vr->lock)
		vr->in_reset = in_reset;
	wake_up(&vr->wait);
}

/*
 * The bus is about to reset the device: a sequence that it has ends now. If there is no
 * driver, or none yet, whoever asks the device when it is reset finds that out by himself.
 */
static int virtio_rpmb_reset_prepare(struct virtio_device *vdev)
{
	struct virtio_rpmb *vr;
	int ret;

	guard(mutex)(&virtio_rpmb_bus_lock);
	vr = dev_get_drvdata(&vdev->dev);
	if (!vr)
		return -ENODEV;
	virtio_rpmb_set_in_reset(vr, true);
	ret = rpmb_dev_suspend(vr->rdev);
	if (ret) {
		virtio_rpmb_set_in_reset(vr, false);
		return ret;
	}
	virtio_rpmb_del_vq(vr);
	/* Not kept until the end of the reset, of which we may not hear */
	rpmb_dev_resume(vr->rdev);
	return 0;
}

/*
 * If this fails, the next request tries again. A driver that has come since the reset began
 * has nothing to be restored.
 */
static int virtio_rpmb_reset_done(struct virtio_device *vdev)
{
	struct virtio_rpmb *vr;
	int ret;

	guard(mutex)(&virtio_rpmb_bus_lock);
	vr = dev_get_drvdata(&vdev->dev);
	if (!vr || !vr->in_reset)
		return -ENODEV;
	ret = virtio_rpmb_restore(vdev);
	virtio_rpmb_set_in_reset(vr, false);
	return ret;
}
#endif

/* In interrupt context, or under a lock: it is looked at by who has a request */
static void virtio_rpmb_config_changed(struct virtio_device *vdev)
{
	struct virtio_rpmb *vr = vdev->priv;

	scoped_guard(spinlock_irqsave, &vr->lock)
		vr->changed = true;
	wake_up(&vr->wait);
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
#ifdef VIRTIO_DRIVER_HAS_RESET
	.reset_prepare = virtio_rpmb_reset_prepare,
	.reset_done = virtio_rpmb_reset_done,
#endif
};
module_virtio_driver(virtio_rpmb_driver);

#ifdef CONFIG_VIRTIO_RPMB_KUNIT_TEST
#include "virtio_rpmb_test.c"
#endif

MODULE_DESCRIPTION("Virtio RPMB driver");
MODULE_LICENSE("GPL");
