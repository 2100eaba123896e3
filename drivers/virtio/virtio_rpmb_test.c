// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of virtio_rpmb.c, which includes this file: the driver on a real
 * virtqueue, whose other side is served by the tests
 */
#include <kunit/device.h>
#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/gfp.h>
#include <linux/dma-mapping.h>
#include <linux/io.h>
#include <linux/swiotlb.h>
#include <linux/virtio_ring.h>
#include <linux/vmalloc.h>
#include <linux/vringh.h>

#include "../rpmb/tests/call.h"
#include "../rpmb/tests/occupy.h"

#define TEST_RING	64
#define TEST_FRAMES	1026
/* A bound of a call, not a measure of how fast it is */
#define TEST_TIMEOUT	60000

/* What the device writes into frame i of a response */
#define TEST_ANSWER(i)	(0x50 + (i))

struct test_config {
	struct virtio_rpmb_config rpmb;
	u8 dev_id[VIRTIO_RPMB_ID_LEN];
} __packed;

/**
 * struct test_dev - a virtio-rpmb device
 * @vdev: on the virtio bus while @registered
 * @test: who uses it
 * @config: its configuration space
 * @ring_size: descriptors that its queue has
 * @features: what it offers beside VIRTIO_F_VERSION_1
 * @legacy: it does not offer that one
 * @agreed: features that it was told since its last reset
 * @find_vqs_error: what setting up the queue fails with
 * @features_error: what telling it the features fails with
 * @refuses_features: it does not accept what it was told
 * @nr_resets: how often it was reset
 * @registered: to be unregistered
 * @status: device status
 * @ring: memory of the queue
 * @vq: the driver's side of the queue
 * @vringh: the device's side, if the ring is split
 * @packed: the descriptors, if it is packed
 * @next: where the next chain begins, in @packed
 * @wrap: what of a descriptor says that it is new, in @packed
 * @nr_descs: descriptors in @packed of the chain that the device has
 * @out: request frames of the chain that the device has
 * @in: response frames of it
 * @out_vec: memory for @out
 * @in_vec: memory for @in
 * @head: the chain
 * @has_chain: the device has a chain, and writes into it until it is stopped
 * @takes: it takes what it is notified of at once, before the call waits for it
 * @notified: the driver has notified the queue
 * @sleeper: sleeps beside a call; see test_wait_in_queue()
 * @woken: @sleeper was woken
 * @released: nobody knows @vdev any more
 */
struct test_dev {
	struct virtio_device vdev;
	struct kunit *test;
	struct test_config config;
	unsigned int ring_size;
	u64 features;
	bool legacy;
	u64 agreed;
	int find_vqs_error;
	int features_error;
	bool refuses_features;
	unsigned int nr_resets;
	bool registered;
	u8 status;
	void *ring;
	struct virtqueue *vq;
	struct vringh vringh;
	struct vring_packed_desc *packed;
	u16 next;
	bool wrap;
	u16 nr_descs;
	struct vringh_kiov out;
	struct vringh_kiov in;
	struct kvec out_vec[TEST_FRAMES];
	struct kvec in_vec[TEST_FRAMES];
	u16 head;
	bool has_chain;
	bool takes;
	struct completion notified;
	struct wait_queue_entry sleeper;
	bool woken;
	struct completion released;
};

#define to_test_dev(x)	container_of((x), struct test_dev, vdev)

/* The transport */

static void test_get(struct virtio_device *vdev, unsigned int offset, void *buf,
		     unsigned int len)
{
	struct test_dev *dev = to_test_dev(vdev);

	KUNIT_EXPECT_LE(dev->test, offset + len, sizeof(dev->config));
	memcpy(buf, (u8 *)&dev->config + offset, len);
}

/* Some transports sleep here */
static u8 test_get_status(struct virtio_device *vdev)
{
	KUNIT_EXPECT_FALSE(to_test_dev(vdev)->test, irqs_disabled());
	return to_test_dev(vdev)->status;
}

/* A device that was reset has forgotten all that it was told, and is told in order */
static void test_set_status(struct virtio_device *vdev, u8 status)
{
	struct test_dev *dev = to_test_dev(vdev);
	u8 set = status & ~dev->status;

	if (set & VIRTIO_CONFIG_S_DRIVER)
		KUNIT_EXPECT_TRUE(dev->test, status &
				  VIRTIO_CONFIG_S_ACKNOWLEDGE);
	if (set & VIRTIO_CONFIG_S_FEATURES_OK) {
		KUNIT_EXPECT_TRUE(dev->test, status & VIRTIO_CONFIG_S_DRIVER);
		KUNIT_EXPECT_TRUE(dev->test,
				  dev->agreed & BIT_ULL(VIRTIO_F_VERSION_1));
		if (dev->refuses_features)
			status &= ~VIRTIO_CONFIG_S_FEATURES_OK;
	}
	if (set & VIRTIO_CONFIG_S_DRIVER_OK)
		KUNIT_EXPECT_TRUE(dev->test, dev->vq && (dev->legacy || status &
				  VIRTIO_CONFIG_S_FEATURES_OK));
	dev->status = status;
}

static void test_reset(struct virtio_device *vdev)
{
	struct test_dev *dev = to_test_dev(vdev);

	dev->nr_resets++;
	dev->status = 0;
	dev->agreed = 0;
}

static u64 test_get_features(struct virtio_device *vdev)
{
	struct test_dev *dev = to_test_dev(vdev);

	return (dev->legacy ? 0 : BIT_ULL(VIRTIO_F_VERSION_1)) | dev->features;
}

static int test_finalize_features(struct virtio_device *vdev)
{
	struct test_dev *dev = to_test_dev(vdev);

	if (dev->features_error)
		return dev->features_error;
	vring_transport_features(vdev);
	dev->agreed = vdev->features;
	return 0;
}

static void test_take_chain(struct test_dev *dev);

static bool test_notify(struct virtqueue *vq)
{
	struct test_dev *dev = to_test_dev(vq->vdev);

	/* Some transports call back from here, where the driver's lock is taken */
	KUNIT_EXPECT_FALSE(dev->test, irqs_disabled());
	if (dev->takes)
		test_take_chain(dev);
	complete(&dev->notified);
	return true;
}

static int test_find_split(struct test_dev *dev, struct virtqueue_info *info)
{
	const struct vring *vring;

	dev->ring = alloc_pages_exact(vring_size(dev->ring_size, PAGE_SIZE),
				      GFP_KERNEL | __GFP_ZERO);
	if (!dev->ring)
		return -ENOMEM;
	dev->vq = vring_new_virtqueue(0, dev->ring_size, PAGE_SIZE, &dev->vdev,
				      true, false, dev->ring, test_notify,
				      info->callback, info->name);
	if (!dev->vq) {
		free_pages_exact(dev->ring,
				 vring_size(dev->ring_size, PAGE_SIZE));
		return -ENOMEM;
	}
	vring = virtqueue_get_vring(dev->vq);
	return vringh_init_kern(&dev->vringh, dev->vdev.features,
				dev->ring_size, true, vring->desc, vring->avail,
				vring->used);
}

static int test_find_packed(struct test_dev *dev, struct virtqueue_info *info)
{
	dev->ring = NULL;
	dev->vq = vring_create_virtqueue(0, dev->ring_size, PAGE_SIZE,
					 &dev->vdev, true, false, false,
					 test_notify, info->callback,
					 info->name);
	if (!dev->vq)
		return -ENOMEM;
	dev->packed = phys_to_virt(virtqueue_get_desc_addr(dev->vq));
	dev->next = 0;
	dev->wrap = true;
	return 0;
}

static int test_find_vqs(struct virtio_device *vdev, unsigned int nvqs,
			 struct virtqueue *vqs[],
			 struct virtqueue_info vqs_info[],
			 struct irq_affinity *desc)
{
	struct test_dev *dev = to_test_dev(vdev);
	int ret;

	if (dev->find_vqs_error)
		return dev->find_vqs_error;
	KUNIT_EXPECT_EQ(dev->test, nvqs, 1);
	KUNIT_EXPECT_TRUE(dev->test, dev->legacy || dev->status &
			  VIRTIO_CONFIG_S_FEATURES_OK);

	dev->packed = NULL;
	ret = virtio_has_feature(vdev, VIRTIO_F_RING_PACKED) ?
	      test_find_packed(dev, &vqs_info[0]) :
	      test_find_split(dev, &vqs_info[0]);
	vqs[0] = dev->vq;
	return ret;
}

static void test_fill_answer(struct test_dev *dev)
{
	for (unsigned int i = 0; i < dev->in.used; i++)
		memset(dev->in.iov[i].iov_base, TEST_ANSWER(i),
		       dev->in.iov[i].iov_len);
}

/*
 * The device is stopped here and no earlier, as with UML: until now it may write
 * into a chain that it has, which KASAN sees if the chain was freed too early.
 */
static void test_del_vqs(struct virtio_device *vdev)
{
	struct test_dev *dev = to_test_dev(vdev);

	KUNIT_EXPECT_EQ(dev->test, dev->status, 0);
	if (dev->has_chain)
		test_fill_answer(dev);
	dev->has_chain = false;
	if (!dev->vq)
		return;

	/* The last interrupt may come late */
	dev->vq->callback(dev->vq);
	/* Nothing is forgotten in the queue */
	KUNIT_EXPECT_NULL(dev->test, virtqueue_detach_unused_buf(dev->vq));
	vring_del_virtqueue(dev->vq);
	if (dev->ring)
		free_pages_exact(dev->ring,
				 vring_size(dev->ring_size, PAGE_SIZE));
	dev->vq = NULL;
}

static const struct virtio_config_ops test_config_ops = {
	.get = test_get,
	.get_status = test_get_status,
	.set_status = test_set_status,
	.reset = test_reset,
	.find_vqs = test_find_vqs,
	.del_vqs = test_del_vqs,
	.get_features = test_get_features,
	.finalize_features = test_finalize_features,
};

static void test_release(struct device *dev)
{
	complete(&to_test_dev(dev_to_virtio(dev))->released);
}

/* The device */

static void test_plug(struct test_dev *dev)
{
	memset(&dev->vdev, 0, sizeof(dev->vdev));
	dev->vdev.id.device = VIRTIO_ID_RPMB;
	dev->vdev.config = &test_config_ops;
	dev->vdev.dev.parent = dev->test->priv;
	dev->vdev.dev.release = test_release;
	reinit_completion(&dev->released);
	KUNIT_ASSERT_EQ(dev->test, register_virtio_device(&dev->vdev), 0);
	dev->registered = true;
}

static void test_unplug(void *data)
{
	struct test_dev *dev = data;

	if (!dev->registered)
		return;
	dev->registered = false;
	unregister_virtio_device(&dev->vdev);
	wait_for_completion(&dev->released);
}

/* A device that can be plugged in, and is unplugged when the test ends */
static struct test_dev *test_dev_alloc(struct kunit *test)
{
	struct test_dev *dev = kunit_kzalloc(test, sizeof(*dev), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, dev);
	dev->test = test;
	dev->ring_size = TEST_RING;
	dev->config.rpmb.capacity = 1;
	init_completion(&dev->notified);
	init_completion(&dev->released);
	KUNIT_ASSERT_EQ(test,
			kunit_add_action_or_reset(test, test_unplug, dev), 0);
	return dev;
}

static struct test_dev *test_dev_plugged(struct kunit *test)
{
	struct test_dev *dev = test_dev_alloc(test);

	test_plug(dev);
	return dev;
}

static int test_is_child(struct device *dev, const void *data)
{
	return dev->parent == data;
}

static void test_put_rdev(void *rdev)
{
	rpmb_dev_put(rdev);
}

/* What the driver has made of the device, NULL if nothing */
static struct rpmb_dev *test_find(struct test_dev *dev)
{
	struct rpmb_dev *rdev = rpmb_dev_find_device(&dev->vdev.dev, NULL,
						     test_is_child);

	if (rdev)
		KUNIT_ASSERT_EQ(dev->test,
				kunit_add_action_or_reset(dev->test,
							  test_put_rdev, rdev),
				0);
	return rdev;
}

/* Descriptors have physical addresses, vringh takes them as they are */
static void test_map(struct vringh_kiov *iov)
{
	for (unsigned int i = 0; i < iov->used; i++)
		iov->iov[i].iov_base =
			phys_to_virt((uintptr_t)iov->iov[i].iov_base);
}

/*
 * vringh looks for a table of descriptors where it sees memory, and not where the
 * device would.
 */
static void test_map_table(struct test_dev *dev)
{
	const struct vring *vring = virtqueue_get_vring(dev->vq);
	u16 slot = dev->vringh.last_avail_idx % dev->ring_size;
	u16 head = virtio16_to_cpu(&dev->vdev, vring->avail->ring[slot]);
	struct vring_desc *desc = &vring->desc[head];
	u64 addr = virtio64_to_cpu(&dev->vdev, desc->addr);

	if (virtio16_to_cpu(&dev->vdev, desc->flags) & VRING_DESC_F_INDIRECT)
		desc->addr = cpu_to_virtio64(&dev->vdev,
					     (uintptr_t)phys_to_virt(addr));
}

static void test_take_split(struct test_dev *dev)
{
	test_map_table(dev);
	KUNIT_ASSERT_EQ(dev->test,
			vringh_getdesc_kern(&dev->vringh, &dev->out, &dev->in,
					    &dev->head, GFP_KERNEL), 1);
}

static void test_add_frame(struct test_dev *dev,
			   const struct vring_packed_desc *desc)
{
	bool write = le16_to_cpu(desc->flags) & VRING_DESC_F_WRITE;
	struct vringh_kiov *iov = write ? &dev->in : &dev->out;

	KUNIT_ASSERT_LT(dev->test, iov->used, TEST_FRAMES);
	iov->iov[iov->used++] = (struct kvec) {
		.iov_base = (void *)(uintptr_t)le64_to_cpu(desc->addr),
		.iov_len = le32_to_cpu(desc->len),
	};
}

static void test_add_frames(struct test_dev *dev,
			    const struct vring_packed_desc *desc)
{
	const struct vring_packed_desc *table;

	if (!(le16_to_cpu(desc->flags) & VRING_DESC_F_INDIRECT)) {
		test_add_frame(dev, desc);
		return;
	}
	table = phys_to_virt(le64_to_cpu(desc->addr));
	for (u32 i = 0; i < le32_to_cpu(desc->len) / sizeof(*table); i++)
		test_add_frame(dev, &table[i]);
}

/* The next descriptors: virtio 1.2, section 2.8 */
static void test_take_packed(struct test_dev *dev)
{
	u16 flags;

	dev->nr_descs = 0;
	do {
		u16 at = dev->next + dev->nr_descs++;
		bool wrap = dev->wrap ^ (at >= dev->ring_size);
		struct vring_packed_desc *desc = &dev->packed[at % dev->ring_size];

		flags = le16_to_cpu(desc->flags);
		KUNIT_ASSERT_EQ(dev->test, wrap,
				!!(flags & BIT(VRING_PACKED_DESC_F_AVAIL)));
		KUNIT_ASSERT_NE(dev->test, wrap,
				!!(flags & BIT(VRING_PACKED_DESC_F_USED)));
		test_add_frames(dev, desc);
		dev->head = le16_to_cpu(desc->id);
	} while (flags & VRING_DESC_F_NEXT);
}

static void test_take_chain(struct test_dev *dev)
{
	vringh_kiov_init(&dev->out, dev->out_vec, TEST_FRAMES);
	vringh_kiov_init(&dev->in, dev->in_vec, TEST_FRAMES);
	if (dev->packed)
		test_take_packed(dev);
	else
		test_take_split(dev);
	test_map(&dev->out);
	test_map(&dev->in);
	dev->has_chain = true;
}

/* Wait for a chain and take it */
static void test_take(struct test_dev *dev)
{
	test_wait(dev->test, &dev->notified);
	test_take_chain(dev);
}

static void test_return_packed(struct test_dev *dev, u16 head, u32 len)
{
	struct vring_packed_desc *desc = &dev->packed[dev->next];

	desc->id = cpu_to_le16(head);
	desc->len = cpu_to_le32(len);
	/* What it says must be there before it is said to be there */
	virt_wmb();
	desc->flags = cpu_to_le16(dev->wrap ?
				  BIT(VRING_PACKED_DESC_F_AVAIL) |
				  BIT(VRING_PACKED_DESC_F_USED) : 0);
	dev->next += dev->nr_descs;
	if (dev->next >= dev->ring_size) {
		dev->next -= dev->ring_size;
		dev->wrap = !dev->wrap;
	}
}

static void test_interrupt(struct test_dev *dev)
{
	unsigned long flags;

	local_irq_save(flags);
	vring_interrupt(0, dev->vq);
	local_irq_restore(flags);
}

/* Put back what was taken as @head, saying that @len bytes were written */
static void test_put_back(struct test_dev *dev, u16 head, u32 len)
{
	dev->has_chain = false;
	if (dev->packed)
		test_return_packed(dev, head, len);
	else
		KUNIT_ASSERT_EQ(dev->test,
				vringh_complete_kern(&dev->vringh, head, len),
				0);
}

static void test_return(struct test_dev *dev, u16 head, u32 len)
{
	test_put_back(dev, head, len);
	test_interrupt(dev);
}

static void test_answer(struct test_dev *dev, u32 len)
{
	test_fill_answer(dev);
	test_return(dev, dev->head, len);
}

/* The caller */

static struct test_call *test_write(struct kunit *test, struct rpmb_dev *rdev,
				    unsigned int blocks)
{
	return test_write_len(test, rdev, blocks * VIRTIO_RPMB_FRAME,
			      VIRTIO_RPMB_FRAME);
}

static struct test_call *test_read(struct kunit *test, struct rpmb_dev *rdev,
				   unsigned int blocks)
{
	return test_read_len(test, rdev, VIRTIO_RPMB_FRAME,
			     blocks * VIRTIO_RPMB_FRAME);
}

static int test_note_woken(struct wait_queue_entry *entry, unsigned int mode,
			   int flags, void *key)
{
	container_of(entry, struct test_dev, sleeper)->woken = true;
	return 0;
}

/*
 * The call sleeps, until somebody wakes it or it looks for itself. Which of the
 * two it was cannot be seen of the call, so from now on there is a sleeper beside
 * it that does not look for itself.
 */
static void test_wait_in_queue(struct test_dev *dev, struct test_call *call)
{
	struct virtio_rpmb *vr = call->rdev->descr.priv;

	test_wait_asleep(dev->test, &vr->wait, call);
	init_waitqueue_func_entry(&dev->sleeper, test_note_woken);
	add_wait_queue(&vr->wait, &dev->sleeper);
}

static void test_expect_woken(struct test_dev *dev, struct test_call *call)
{
	struct virtio_rpmb *vr = call->rdev->descr.priv;

	remove_wait_queue(&vr->wait, &dev->sleeper);
	KUNIT_EXPECT_TRUE(dev->test, dev->woken);
}

/* The device may have it: all of it, since it is one chain */
static void test_expect_failed(struct kunit *test, struct test_call *call,
			       int error)
{
	KUNIT_EXPECT_EQ(test, call->ret, error);
	test_expect_started(test, call, call->nr);
}

/* The device has seen nothing of it */
static void test_expect_refused(struct kunit *test, struct test_call *call,
				int error)
{
	test_start(test, call);
	test_finish(test, call);
	KUNIT_EXPECT_EQ(test, call->ret, error);
	test_expect_started(test, call, 0);
}

static void test_expect_answered(struct kunit *test, struct test_call *call)
{
	struct rpmb_xfer *recv = test_recv(call);

	KUNIT_EXPECT_EQ(test, call->ret, 0);
	test_expect_started(test, call, call->nr);
	for (unsigned int i = 0; i < recv->len / VIRTIO_RPMB_FRAME; i++)
		KUNIT_EXPECT_NULL(test,
				  memchr_inv(recv->buf + i * VIRTIO_RPMB_FRAME,
					     TEST_ANSWER(i),
					     VIRTIO_RPMB_FRAME));
}

/* The device serves, whatever went before */
static void test_expect_serves(struct kunit *test, struct test_dev *dev,
			       struct rpmb_dev *rdev)
{
	struct test_call *call = test_read(test, rdev, 1);

	test_start(test, call);
	test_take(dev);
	test_answer(dev, VIRTIO_RPMB_FRAME);
	test_finish(test, call);
	test_expect_answered(test, call);
}

/* A request that times out; the device has it */
static void test_time_out(struct kunit *test, struct test_dev *dev,
			  struct rpmb_dev *rdev)
{
	struct test_call *call = test_write(test, rdev, 2);

	timeout = 1;
	dev->takes = true;
	test_start(test, call);
	test_finish(test, call);
	test_wait(test, &dev->notified);
	dev->takes = false;
	timeout = TEST_TIMEOUT;
	test_expect_failed(test, call, -ETIMEDOUT);
}

/* Frames of the chain: those of the transfers, each in a descriptor of its own */
static void test_expect_frames(struct kunit *test, const struct vringh_kiov *iov,
			       const struct rpmb_xfer *xfers, unsigned int nr)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < nr; i++) {
		for (unsigned int pos = 0; pos < xfers[i].len;
		     pos += VIRTIO_RPMB_FRAME, n++) {
			KUNIT_ASSERT_LT(test, n, iov->used);
			KUNIT_EXPECT_EQ(test, iov->iov[n].iov_len,
					VIRTIO_RPMB_FRAME);
			KUNIT_EXPECT_MEMEQ(test, iov->iov[n].iov_base,
					   xfers[i].buf + pos,
					   VIRTIO_RPMB_FRAME);
		}
	}
	KUNIT_EXPECT_EQ(test, iov->used, n);
}

static void virtio_rpmb_test_write(struct kunit *test)
{
	struct test_dev *dev = test_dev_plugged(test);
	struct test_call *call = test_write(test, test_find(dev), 3);

	test_start(test, call);
	test_take(dev);
	test_expect_frames(test, &dev->out, call->xfers, 2);
	KUNIT_EXPECT_EQ(test, dev->out.used, 4);
	KUNIT_EXPECT_EQ(test, dev->in.used, 1);
	KUNIT_EXPECT_EQ(test, dev->in.iov[0].iov_len, VIRTIO_RPMB_FRAME);
	test_wait_in_queue(dev, call);
	test_answer(dev, VIRTIO_RPMB_FRAME);
	test_expect_woken(dev, call);
	test_finish(test, call);
	test_expect_answered(test, call);
}

static void virtio_rpmb_test_read(struct kunit *test)
{
	struct test_dev *dev = test_dev_plugged(test);
	struct test_call *call = test_read(test, test_find(dev), 5);

	test_start(test, call);
	test_take(dev);
	test_expect_frames(test, &dev->out, call->xfers, 1);
	KUNIT_EXPECT_EQ(test, dev->out.used, 1);
	KUNIT_EXPECT_EQ(test, dev->in.used, 5);
	for (unsigned int i = 0; i < dev->in.used; i++)
		KUNIT_EXPECT_EQ(test, dev->in.iov[i].iov_len,
				VIRTIO_RPMB_FRAME);
	test_answer(dev, 5 * VIRTIO_RPMB_FRAME);
	test_finish(test, call);
	test_expect_answered(test, call);
}

static void virtio_rpmb_test_used_len(struct kunit *test)
{
	static const u32 wrong[] = {
		0, VIRTIO_RPMB_FRAME, 2 * VIRTIO_RPMB_FRAME - 1,
		2 * VIRTIO_RPMB_FRAME + 1, 3 * VIRTIO_RPMB_FRAME, U32_MAX,
	};
	struct test_dev *dev = test_dev_plugged(test);
	struct rpmb_dev *rdev = test_find(dev);

	for (unsigned int i = 0; i < ARRAY_SIZE(wrong); i++) {
		struct test_call *call = test_read(test, rdev, 2);

		test_start(test, call);
		test_take(dev);
		test_answer(dev, wrong[i]);
		test_finish(test, call);
		test_expect_failed(test, call, -EIO);
	}
	test_expect_serves(test, dev, rdev);
}

/* The device has let go of a request, and is as good as new */
static void test_expect_renewed(struct kunit *test, struct test_dev *dev,
				struct rpmb_dev *rdev, unsigned int resets)
{
	KUNIT_EXPECT_EQ(test, dev->nr_resets, resets);
	KUNIT_EXPECT_FALSE(test, dev->has_chain);
	KUNIT_EXPECT_TRUE(test, dev->status & VIRTIO_CONFIG_S_DRIVER_OK);
	reinit_completion(&dev->notified);
	test_expect_serves(test, dev, rdev);
	KUNIT_EXPECT_EQ(test, dev->nr_resets, resets);
}

/* After a timeout the next caller finds a device that works, and so the one after */
static void virtio_rpmb_test_late(struct kunit *test)
{
	struct test_dev *dev = test_dev_plugged(test);
	struct rpmb_dev *rdev = test_find(dev);
	unsigned int resets = dev->nr_resets;

	test_time_out(test, dev, rdev);
	test_expect_renewed(test, dev, rdev, resets + 1);
	test_time_out(test, dev, rdev);
	test_expect_renewed(test, dev, rdev, resets + 2);
}

/* One that does not know what FEATURES_OK is */
static void virtio_rpmb_test_legacy(struct kunit *test)
{
	struct test_dev *dev = test_dev_alloc(test);
	struct rpmb_dev *rdev;
	unsigned int resets;

	dev->legacy = true;
	test_plug(dev);
	rdev = test_find(dev);
	KUNIT_ASSERT_NOT_NULL(test, rdev);
	resets = dev->nr_resets;
	test_time_out(test, dev, rdev);
	test_expect_renewed(test, dev, rdev, resets + 1);
}

/* Who waited in line behind a request that fails is served by the next queue */
static void virtio_rpmb_test_failed_neighbour(struct kunit *test)
{
	struct test_dev *dev = test_dev_plugged(test);
	struct rpmb_dev *rdev = test_find(dev);
	struct test_call *failed = test_write(test, rdev, 1);
	struct test_call *next = test_read(test, rdev, 1);

	test_start(test, failed);
	test_take(dev);
	test_start(test, next);
	dev->status |= VIRTIO_CONFIG_S_NEEDS_RESET;
	virtio_config_changed(&dev->vdev);
	test_finish(test, failed);
	test_expect_failed(test, failed, -EIO);
	test_take(dev);
	test_answer(dev, VIRTIO_RPMB_FRAME);
	test_finish(test, next);
	test_expect_answered(test, next);
}

/* The task is somebody's who was killed; the request is not */
static void virtio_rpmb_test_killed(struct kunit *test)
{
	struct test_dev *dev = test_dev_plugged(test);
	struct rpmb_dev *rdev = test_find(dev);
	struct test_call *call = test_write(test, rdev, 1);
	unsigned int resets = dev->nr_resets;

	test_start(test, call);
	test_take(dev);
	test_wait_in_queue(dev, call);
	send_sig(SIGKILL, call->task, 1);
	KUNIT_EXPECT_FALSE(test, completion_done(&call->done));
	test_answer(dev, VIRTIO_RPMB_FRAME);
	test_expect_woken(dev, call);
	test_finish(test, call);
	test_expect_answered(test, call);
	KUNIT_EXPECT_EQ(test, dev->nr_resets, resets);
	test_expect_serves(test, dev, rdev);
}

static void virtio_rpmb_test_killed_late(struct kunit *test)
{
	struct test_dev *dev = test_dev_plugged(test);
	struct rpmb_dev *rdev = test_find(dev);
	struct test_call *call = test_write(test, rdev, 1);
	unsigned int resets = dev->nr_resets;

	timeout = 1;
	dev->takes = true;
	test_start(test, call);
	send_sig(SIGKILL, call->task, 1);
	test_finish(test, call);
	test_wait(test, &dev->notified);
	dev->takes = false;
	timeout = TEST_TIMEOUT;
	test_expect_failed(test, call, -ETIMEDOUT);
	test_expect_renewed(test, dev, rdev, resets + 1);
}

/* It says that it works no more, while it has a request and while it has none */
static void virtio_rpmb_test_needs_reset(struct kunit *test)
{
	struct test_dev *dev = test_dev_plugged(test);
	struct rpmb_dev *rdev = test_find(dev);
	struct test_call *call = test_write(test, rdev, 1);
	unsigned int resets = dev->nr_resets;

	test_start(test, call);
	test_take(dev);
	test_wait_in_queue(dev, call);
	dev->status |= VIRTIO_CONFIG_S_NEEDS_RESET;
	virtio_config_changed(&dev->vdev);
	test_expect_woken(dev, call);
	test_finish(test, call);
	test_expect_failed(test, call, -EIO);
	test_expect_renewed(test, dev, rdev, resets + 1);

	dev->status |= VIRTIO_CONFIG_S_NEEDS_RESET;
	virtio_config_changed(&dev->vdev);
	KUNIT_EXPECT_EQ(test, dev->nr_resets, resets + 1);
	test_expect_serves(test, dev, rdev);
	KUNIT_EXPECT_EQ(test, dev->nr_resets, resets + 2);
}

/* A device that does not come back is tried again by each caller, who is told */
static void virtio_rpmb_test_stays_away(struct kunit *test)
{
	struct test_dev *dev = test_dev_plugged(test);
	struct rpmb_dev *rdev = test_find(dev);
	unsigned int resets = dev->nr_resets;

	dev->find_vqs_error = -ENOENT;
	test_time_out(test, dev, rdev);
	KUNIT_EXPECT_TRUE(test, dev->status & VIRTIO_CONFIG_S_FAILED);
	test_expect_refused(test, test_read(test, rdev, 1), -EIO);
	dev->find_vqs_error = 0;
	dev->features_error = -EINVAL;
	test_expect_refused(test, test_read(test, rdev, 1), -EIO);
	dev->features_error = 0;
	dev->refuses_features = true;
	test_expect_refused(test, test_write(test, rdev, 1), -EIO);
	dev->refuses_features = false;
	KUNIT_EXPECT_EQ(test, dev->nr_resets, resets + 4);
	reinit_completion(&dev->notified);
	test_expect_serves(test, dev, rdev);
	KUNIT_EXPECT_EQ(test, dev->nr_resets, resets + 5);
}

static void virtio_rpmb_test_remove_away(struct kunit *test)
{
	struct test_dev *dev = test_dev_plugged(test);

	dev->find_vqs_error = -ENOENT;
	test_time_out(test, dev, test_find(dev));
	test_unplug(dev);
	KUNIT_EXPECT_EQ(test, dev->status & ~VIRTIO_CONFIG_S_ACKNOWLEDGE, 0);
}

static void virtio_rpmb_test_remove(struct kunit *test)
{
	struct test_dev *dev = test_dev_plugged(test);
	struct test_call *call = test_write(test, test_find(dev), 2);

	test_start(test, call);
	test_take(dev);
	test_unplug(dev);
	test_finish(test, call);
	test_expect_failed(test, call, -ENODEV);
	KUNIT_EXPECT_FALSE(test, dev->has_chain);

	reinit_completion(&dev->notified);
	test_plug(dev);
	test_expect_serves(test, dev, test_find(dev));
}

static void virtio_rpmb_test_abort(struct kunit *test)
{
	struct test_dev *dev = test_dev_plugged(test);
	struct rpmb_dev *rdev = test_find(dev);
	struct test_call *call = test_write(test, rdev, 1);

	test_start(test, call);
	test_take(dev);
	test_wait_in_queue(dev, call);
	rdev->descr.abort(rdev);
	test_expect_woken(dev, call);
	test_finish(test, call);
	test_expect_failed(test, call, -ENODEV);
	/* It is not made anew for those who will be told that it is gone */
	KUNIT_EXPECT_EQ(test, dev->status, 0);
	KUNIT_EXPECT_FALSE(test, dev->has_chain);
	test_expect_refused(test, test_read(test, rdev, 1), -ENODEV);
	KUNIT_EXPECT_EQ(test, dev->status, 0);
}

static void virtio_rpmb_test_broken(struct kunit *test)
{
	struct test_dev *dev = test_dev_plugged(test);
	struct rpmb_dev *rdev = test_find(dev);
	struct test_call *call = test_write(test, rdev, 1);

	test_start(test, call);
	test_take(dev);
	virtio_break_device(&dev->vdev);
	test_finish(test, call);
	test_expect_failed(test, call, -EIO);
	reinit_completion(&dev->notified);
	test_expect_serves(test, dev, rdev);

	/* Broken between two requests */
	virtio_break_device(&dev->vdev);
	test_expect_serves(test, dev, rdev);
}

/* The device returns a chain that it was never given */
static void virtio_rpmb_test_wrong_head(struct kunit *test)
{
	struct test_dev *dev = test_dev_plugged(test);
	struct rpmb_dev *rdev = test_find(dev);
	struct test_call *call = test_write(test, rdev, 1);

	test_start(test, call);
	test_take(dev);
	test_wait_in_queue(dev, call);
	test_return(dev, TEST_RING - 1, VIRTIO_RPMB_FRAME);
	test_expect_woken(dev, call);
	test_finish(test, call);
	test_expect_failed(test, call, -EIO);
	reinit_completion(&dev->notified);
	test_expect_serves(test, dev, rdev);
}

/* An interrupt without anything to tell */
static void virtio_rpmb_test_spurious(struct kunit *test)
{
	struct test_dev *dev = test_dev_plugged(test);
	struct test_call *call = test_read(test, test_find(dev), 1);

	test_start(test, call);
	test_take(dev);
	dev->vq->callback(dev->vq);
	test_answer(dev, VIRTIO_RPMB_FRAME);
	dev->vq->callback(dev->vq);
	test_finish(test, call);
	test_expect_answered(test, call);
}

static void virtio_rpmb_test_ring_too_small(struct kunit *test)
{
	struct test_dev *dev = test_dev_alloc(test);
	struct test_call *fits;
	struct rpmb_dev *rdev;

	dev->ring_size = 4;
	test_plug(dev);
	rdev = test_find(dev);
	KUNIT_ASSERT_NOT_NULL(test, rdev);
	test_expect_refused(test, test_write(test, rdev, 3), -EMSGSIZE);
	test_expect_refused(test, test_read(test, rdev, 4), -EMSGSIZE);
	KUNIT_EXPECT_FALSE(test, completion_done(&dev->notified));

	KUNIT_EXPECT_EQ(test, rdev->descr.write_sizes, BIT(0) | BIT(1));
	KUNIT_EXPECT_EQ(test, rdev->descr.max_write, 2);
	KUNIT_EXPECT_EQ(test, rdev->descr.max_read, 3);
	fits = test_write(test, rdev, 2);
	test_start(test, fits);
	test_take(dev);
	test_answer(dev, VIRTIO_RPMB_FRAME);
	test_finish(test, fits);
	test_expect_answered(test, fits);
}

/* A write takes two frames and their answer; less is of no use to anybody */
static void virtio_rpmb_test_ring_useless(struct kunit *test)
{
	struct test_dev *dev = test_dev_alloc(test);

	dev->ring_size = 2;
	test_plug(dev);
	KUNIT_EXPECT_NULL(test, test_find(dev));
	KUNIT_EXPECT_NULL(test, dev->vdev.dev.driver);
	KUNIT_EXPECT_EQ(test, dev->status & VIRTIO_CONFIG_S_DRIVER_OK, 0);
	KUNIT_EXPECT_NULL(test, dev->vq);
}

/* A response of @blocks, in memory that is not contiguous if @vmem */
static void test_read_long(struct kunit *test, struct test_dev *dev,
			   struct rpmb_dev *rdev, unsigned int blocks,
			   bool vmem)
{
	struct test_call *call = test_read(test, rdev, blocks);
	struct rpmb_xfer *recv = test_recv(call);
	void *mem = NULL;

	if (vmem) {
		mem = vzalloc(recv->len);
		KUNIT_ASSERT_NOT_NULL(test, mem);
		recv->buf = mem;
	}
	test_start(test, call);
	test_take(dev);
	KUNIT_EXPECT_EQ(test, dev->out.used, 1);
	KUNIT_EXPECT_EQ(test, dev->in.used, blocks);
	test_answer(dev, recv->len);
	test_finish(test, call);
	test_expect_answered(test, call);
	vfree(mem);
}

/* As much as a request can be long, and as a ring can carry */
static void virtio_rpmb_test_longest(struct kunit *test)
{
	struct test_dev *dev = test_dev_alloc(test);
	struct rpmb_dev *rdev;

	dev->ring_size = 1024;
	test_plug(dev);
	rdev = test_find(dev);
	KUNIT_ASSERT_NOT_NULL(test, rdev);
	KUNIT_EXPECT_EQ(test, rdev->descr.max_read, 1023);
	KUNIT_EXPECT_EQ(test, rdev->descr.max_write, 1022);
	test_read_long(test, dev, rdev, 600, false);
	test_read_long(test, dev, rdev, 600, true);
	test_read_long(test, dev, rdev, 1023, true);
	reinit_completion(&dev->notified);
	test_expect_refused(test, test_read(test, rdev, 1024), -EMSGSIZE);
}

/* Writes and reads, short, and as long as the ring has entries, over its end and back */
static void test_expect_ring(struct kunit *test, u64 features)
{
	struct test_dev *dev = test_dev_alloc(test);
	struct rpmb_dev *rdev;

	dev->features = features;
	test_plug(dev);
	rdev = test_find(dev);
	KUNIT_ASSERT_NOT_NULL(test, rdev);
	KUNIT_ASSERT_EQ(test, dev->vdev.features & features, features);
	for (unsigned int i = 0; i < 5; i++) {
		struct test_call *call = test_write(test, rdev, 11);

		test_start(test, call);
		test_take(dev);
		test_expect_frames(test, &dev->out, call->xfers, 2);
		test_answer(dev, VIRTIO_RPMB_FRAME);
		test_finish(test, call);
		test_expect_answered(test, call);
		test_read_long(test, dev, rdev, TEST_RING - 1, i % 2);
		test_expect_serves(test, dev, rdev);
	}
	test_time_out(test, dev, rdev);
	reinit_completion(&dev->notified);
	test_expect_serves(test, dev, rdev);
	reinit_completion(&dev->notified);
	test_expect_refused(test, test_read(test, rdev, TEST_RING), -EMSGSIZE);
}

/* All in one descriptor of the ring */
static void virtio_rpmb_test_indirect(struct kunit *test)
{
	test_expect_ring(test, BIT_ULL(VIRTIO_RING_F_INDIRECT_DESC));
}

static void virtio_rpmb_test_packed(struct kunit *test)
{
	test_expect_ring(test, BIT_ULL(VIRTIO_F_RING_PACKED));
}

static void virtio_rpmb_test_packed_indirect(struct kunit *test)
{
	test_expect_ring(test, BIT_ULL(VIRTIO_F_RING_PACKED) |
			       BIT_ULL(VIRTIO_RING_F_INDIRECT_DESC));
}

/*
 * As in a confidential guest, the device sees no memory but that which is set apart for
 * it. "swiotlb=force" on the kernel's command line does that.
 */
static void virtio_rpmb_test_bounced(struct kunit *test)
{
	struct device *parent = test->priv;

	parent->dma_mask = &parent->coherent_dma_mask;
	KUNIT_ASSERT_EQ(test, dma_set_mask_and_coherent(parent,
							DMA_BIT_MASK(64)), 0);
	if (!is_swiotlb_force_bounce(parent))
		kunit_skip(test, "needs swiotlb=force");
	test_expect_ring(test, BIT_ULL(VIRTIO_F_ACCESS_PLATFORM));
	test_expect_ring(test, BIT_ULL(VIRTIO_F_ACCESS_PLATFORM) |
			       BIT_ULL(VIRTIO_F_RING_PACKED));
}

/* Something else is in the queue, so there is no room */
static void virtio_rpmb_test_add_fails(struct kunit *test)
{
	struct test_dev *dev = test_dev_plugged(test);
	u8 *other = kunit_kzalloc(test, 16, GFP_KERNEL);
	struct rpmb_dev *rdev = test_find(dev);
	struct scatterlist sg;

	KUNIT_ASSERT_NOT_NULL(test, other);
	sg_init_one(&sg, other, 16);
	KUNIT_ASSERT_EQ(test, virtqueue_add_inbuf(dev->vq, &sg, 1, other,
						  GFP_KERNEL), 0);
	test_expect_refused(test, test_write(test, rdev, TEST_RING - 2),
			    -ENOSPC);
	KUNIT_EXPECT_PTR_EQ(test, virtqueue_detach_unused_buf(dev->vq),
			    (void *)other);
	/* A queue that is full notifies, to be emptied */
	reinit_completion(&dev->notified);
	test_expect_serves(test, dev, rdev);
}

static void virtio_rpmb_test_capacity(struct kunit *test)
{
	static const struct {
		u8 capacity;
		bool good;
	} cases[] = {
		{ 0, false }, { 1, true }, { 128, true }, { 129, false },
		{ 255, false },
	};
	struct test_dev *dev = test_dev_alloc(test);

	for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++) {
		struct rpmb_dev *rdev;

		dev->config.rpmb.capacity = cases[i].capacity;
		test_plug(dev);
		rdev = test_find(dev);
		KUNIT_EXPECT_EQ(test, !!rdev, cases[i].good);
		KUNIT_EXPECT_EQ(test, !!dev->vdev.dev.driver, cases[i].good);
		if (rdev)
			KUNIT_EXPECT_EQ(test, rdev->descr.capacity,
					cases[i].capacity);
		test_unplug(dev);
	}
}

static void virtio_rpmb_test_limits(struct kunit *test)
{
	static const struct {
		u8 max_wr, max_rd;
		u16 sectors;
		u32 write_sizes, max_write, max_read;
	} cases[] = {
		{ 0, 0, 127, GENMASK(7, 0), 254, 255 },
		{ 1, 1, 1, BIT(0), 1, 1 },
		{ 2, 4, 1, GENMASK(1, 0), 2, 4 },
		{ 31, 33, 15, GENMASK(4, 0), 31, 33 },
		{ 32, 16, 16, GENMASK(5, 0), 32, 16 },
		{ 255, 255, 127, GENMASK(7, 0), 254, 255 },
	};
	struct test_dev *dev = test_dev_alloc(test);

	dev->ring_size = 256;
	for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++) {
		struct rpmb_dev *rdev;

		dev->config.rpmb.max_wr_cnt = cases[i].max_wr;
		dev->config.rpmb.max_rd_cnt = cases[i].max_rd;
		test_plug(dev);
		rdev = test_find(dev);
		KUNIT_ASSERT_NOT_NULL(test, rdev);
		KUNIT_EXPECT_EQ(test, rdev->descr.reliable_wr_count,
				cases[i].sectors);
		KUNIT_EXPECT_EQ(test, rdev->descr.write_sizes,
				cases[i].write_sizes);
		KUNIT_EXPECT_EQ(test, rdev->descr.max_write,
				cases[i].max_write);
		KUNIT_EXPECT_EQ(test, rdev->descr.max_read, cases[i].max_read);
		test_unplug(dev);
	}
}

/* What goes beyond the device's limits is the device's to refuse */
static void virtio_rpmb_test_beyond_limits(struct kunit *test)
{
	struct test_dev *dev = test_dev_alloc(test);
	struct test_call *call;

	dev->config.rpmb.max_rd_cnt = 2;
	test_plug(dev);
	call = test_read(test, test_find(dev), 3);
	test_start(test, call);
	test_take(dev);
	test_answer(dev, 3 * VIRTIO_RPMB_FRAME);
	test_finish(test, call);
	test_expect_answered(test, call);
}

/*
 * Requests that clients leave a count out of, as the device sees them when they have
 * come through the core: without, it would refuse them.
 */
static int test_route_thread(void *data)
{
	struct test_call *call = data;
	struct rpmb_xfer *recv = test_recv(call);

	call->ret = rpmb_route_frames(call->rdev, call->xfers[0].buf,
				      call->xfers[0].len, recv->buf, recv->len);
	complete_all(&call->done);
	return 0;
}

static void virtio_rpmb_test_count(struct kunit *test)
{
	static const struct {
		u16 type;
		unsigned int blocks, count, frames;
	} cases[] = {
		{ RPMB_PROGRAM_KEY, 1, 1, 2 },
		{ RPMB_GET_WRITE_COUNTER, 1, 1, 1 },
		{ RPMB_READ_DATA, 3, 3, 1 },
	};
	struct test_dev *dev = test_dev_plugged(test);
	struct rpmb_dev *rdev = test_find(dev);

	for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++) {
		struct test_call *call = test_read(test, rdev, cases[i].blocks);
		struct rpmb_frame *frame = call->xfers[0].buf;

		frame->req_resp = cpu_to_be16(cases[i].type);
		frame->block_count = 0;
		test_create(test, call, test_route_thread);
		test_wake(test, call);
		test_take(dev);
		KUNIT_ASSERT_EQ(test, dev->out.used, cases[i].frames);
		for (unsigned int j = 0; j < dev->out.used; j++) {
			frame = dev->out.iov[j].iov_base;
			KUNIT_EXPECT_EQ(test, be16_to_cpu(frame->req_resp),
					j ? RPMB_RESULT_READ : cases[i].type);
			KUNIT_EXPECT_EQ(test, be16_to_cpu(frame->block_count),
					cases[i].count);
		}
		/* Not the right type, so the core has the last word */
		test_answer(dev, cases[i].blocks * VIRTIO_RPMB_FRAME);
		test_finish(test, call);
		KUNIT_EXPECT_EQ(test, call->ret, -EPROTO);
	}
}

#define TEST_BATCH	4

/**
 * struct test_batch - writes that a task has carried
 * @call: the task
 * @req: the requests
 * @resp: their responses
 * @routes: the same as rpmb_route_batch() takes them
 * @carried: how many of them were
 */
struct test_batch {
	struct test_call call;
	struct rpmb_frame req[TEST_BATCH];
	struct rpmb_frame resp[TEST_BATCH];
	struct rpmb_route routes[TEST_BATCH];
	unsigned int carried;
};

static int test_batch_thread(void *data)
{
	struct test_call *call = data;
	struct test_batch *batch = container_of(call, struct test_batch, call);

	call->ret = rpmb_route_batch(call->rdev, batch->routes, TEST_BATCH,
				     &batch->carried);
	complete_all(&call->done);
	return 0;
}

static struct test_batch *test_batch_start(struct kunit *test,
					   struct test_dev *dev)
{
	struct test_batch *batch = kunit_kzalloc(test, sizeof(*batch),
						 GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, batch);
	for (unsigned int i = 0; i < TEST_BATCH; i++) {
		batch->req[i].addr = cpu_to_be16(i);
		batch->req[i].block_count = cpu_to_be16(1);
		batch->req[i].req_resp = cpu_to_be16(RPMB_WRITE_DATA);
		batch->routes[i] = (struct rpmb_route) {
			.req = (u8 *)&batch->req[i],
			.req_len = sizeof(batch->req[i]),
			.resp = (u8 *)&batch->resp[i],
			.resp_len = sizeof(batch->resp[i]),
		};
	}
	batch->call.rdev = test_find(dev);
	init_completion(&batch->call.done);
	test_create(test, &batch->call, test_batch_thread);
	test_wake(test, &batch->call);
	return batch;
}

/* The chain that the device has is the write at @addr, whose answer has @result */
static void test_fill_write(struct test_dev *dev, u16 addr, u16 result)
{
	struct rpmb_frame *frame;

	KUNIT_ASSERT_EQ(dev->test, dev->out.used, 2);
	frame = dev->out.iov[0].iov_base;
	KUNIT_EXPECT_EQ(dev->test, be16_to_cpu(frame->addr), addr);
	frame = dev->in.iov[0].iov_base;
	frame->addr = cpu_to_be16(addr);
	frame->result = cpu_to_be16(result);
	frame->req_resp = cpu_to_be16(RPMB_WRITE_DATA << 8);
}

/* Take the next chain, which is the write at @addr, and answer it with @result */
static void test_answer_write(struct test_dev *dev, u16 addr, u16 result)
{
	test_take_chain(dev);
	test_fill_write(dev, addr, result);
	test_return(dev, dev->head, VIRTIO_RPMB_FRAME);
}

static void test_batch_finish(struct test_dev *dev, struct test_batch *batch,
			      int ret, unsigned int carried)
{
	test_finish(dev->test, &batch->call);
	KUNIT_EXPECT_EQ(dev->test, batch->call.ret, ret);
	KUNIT_EXPECT_EQ(dev->test, batch->carried, carried);
	for (unsigned int i = 0; i < TEST_BATCH; i++)
		KUNIT_EXPECT_EQ(dev->test, be16_to_cpu(batch->resp[i].addr),
				i < carried ? i : 0);
}

/* When the call waits for what the device has not answered yet */
static void test_batch_asleep(struct kunit *test, struct test_batch *batch)
{
	struct virtio_rpmb *vr = batch->call.rdev->descr.priv;

	test_wait_asleep(test, &vr->wait, &batch->call);
}

/* Until the first write is done, the device has no other */
static void test_expect_begun(struct kunit *test, const struct test_batch *batch,
			      unsigned int done)
{
	for (unsigned int i = 0; i < TEST_BATCH; i++)
		KUNIT_EXPECT_EQ_MSG(test, batch->routes[i].started, !i || done,
				    "write %u of which %u were done", i, done);
}

/* The first write alone, then all others with one notification */
static void virtio_rpmb_test_batch(struct kunit *test)
{
	struct test_dev *dev = test_dev_plugged(test);
	struct test_batch *batch = test_batch_start(test, dev);

	test_wait(test, &dev->notified);
	test_answer_write(dev, 0, RPMB_RES_OK);
	test_wait(test, &dev->notified);
	for (unsigned int i = 1; i < TEST_BATCH; i++)
		test_answer_write(dev, i, RPMB_RES_OK);
	KUNIT_EXPECT_FALSE(test, completion_done(&dev->notified));
	test_batch_finish(dev, batch, 0, TEST_BATCH);
}

/* In a small ring, as many as there is room for */
static void virtio_rpmb_test_batch_small_ring(struct kunit *test)
{
	struct test_dev *dev = test_dev_alloc(test);
	struct test_batch *batch;

	dev->ring_size = 8;
	test_plug(dev);
	batch = test_batch_start(test, dev);
	test_wait(test, &dev->notified);
	test_answer_write(dev, 0, RPMB_RES_OK);
	test_wait(test, &dev->notified);
	test_answer_write(dev, 1, RPMB_RES_OK);
	test_answer_write(dev, 2, RPMB_RES_OK);
	test_wait(test, &dev->notified);
	test_answer_write(dev, 3, RPMB_RES_OK);
	test_batch_finish(dev, batch, 0, TEST_BATCH);
}

/* The counter was not what the caller thought: the device sees no other write */
static void virtio_rpmb_test_batch_refused(struct kunit *test)
{
	struct test_dev *dev = test_dev_plugged(test);
	struct test_batch *batch = test_batch_start(test, dev);

	test_wait(test, &dev->notified);
	test_answer_write(dev, 0, RPMB_RES_COUNTER);
	test_batch_finish(dev, batch, 0, 1);
	KUNIT_EXPECT_FALSE(test, completion_done(&dev->notified));
	KUNIT_EXPECT_FALSE(test, batch->routes[1].started);
}

/* What the device has beyond one that it refuses comes back before the call ends */
static void virtio_rpmb_test_batch_refused_later(struct kunit *test)
{
	struct test_dev *dev = test_dev_plugged(test);
	struct test_batch *batch = test_batch_start(test, dev);

	test_wait(test, &dev->notified);
	test_answer_write(dev, 0, RPMB_RES_OK);
	test_wait(test, &dev->notified);
	test_answer_write(dev, 1, RPMB_RES_ADDRESS);
	test_answer_write(dev, 2, RPMB_RES_COUNTER);
	test_batch_asleep(test, batch);
	KUNIT_EXPECT_FALSE(test, completion_done(&batch->call.done));
	test_answer_write(dev, 3, RPMB_RES_COUNTER);
	test_batch_finish(dev, batch, 0, 2);
	KUNIT_EXPECT_TRUE(test, batch->routes[3].started);
	test_expect_serves(test, dev, batch->call.rdev);
}

/* @at comes back with a length that it cannot have, all others as they should */
static void test_batch_used_len(struct kunit *test, unsigned int at)
{
	struct test_dev *dev = test_dev_plugged(test);
	unsigned int resets = dev->nr_resets, last = at ? TEST_BATCH - 1 : 0;
	struct test_batch *batch = test_batch_start(test, dev);

	for (unsigned int i = 0; i <= last; i++) {
		/* One notification for the first write and one for all others */
		if (i < 2)
			test_wait(test, &dev->notified);
		if (i == last)
			test_batch_asleep(test, batch);
		test_take_chain(dev);
		test_fill_write(dev, i, RPMB_RES_OK);
		test_return(dev, dev->head, i == at ? 0 : VIRTIO_RPMB_FRAME);
	}
	test_batch_finish(dev, batch, -EIO, at);
	test_expect_begun(test, batch, at);
	KUNIT_EXPECT_EQ(test, dev->nr_resets, resets);
	test_expect_serves(test, dev, batch->call.rdev);
}

/* What is behind it is no more than waited for */
static void virtio_rpmb_test_batch_used_len(struct kunit *test)
{
	for (unsigned int at = 0; at < TEST_BATCH; at++)
		test_batch_used_len(test, at);
}

static void test_say_gone(struct test_dev *dev)
{
	struct rpmb_dev *rdev = test_find(dev);

	rdev->descr.abort(rdev);
}

static void test_say_needs_reset(struct test_dev *dev)
{
	dev->status |= VIRTIO_CONFIG_S_NEEDS_RESET;
	virtio_config_changed(&dev->vdev);
}

static void test_say_nonsense(struct test_dev *dev)
{
	test_return(dev, TEST_RING - 1, VIRTIO_RPMB_FRAME);
}

/**
 * struct test_ending - what happens while the device has some writes of a batch
 * @name: name
 * @say: how it does
 * @ret: what the batch returns
 */
struct test_ending {
	const char *name;
	void (*say)(struct test_dev *dev);
	int ret;
};

static const struct test_ending test_endings[] = {
	{ "gone", test_say_gone, -ENODEV },
	{ "needs reset", test_say_needs_reset, -EIO },
	{ "broken", test_say_nonsense, -EIO },
};

KUNIT_ARRAY_PARAM_DESC(test_ending, test_endings, name);

static void test_batch_ends(struct kunit *test, unsigned int at)
{
	const struct test_ending *ending = test->param_value;
	struct test_dev *dev = test_dev_plugged(test);
	unsigned int resets = dev->nr_resets;
	struct test_batch *batch = test_batch_start(test, dev);

	test_wait(test, &dev->notified);
	for (unsigned int i = 0; i < at; i++) {
		test_answer_write(dev, i, RPMB_RES_OK);
		if (!i)
			test_wait(test, &dev->notified);
	}
	test_take_chain(dev);
	ending->say(dev);
	test_batch_finish(dev, batch, ending->ret, at);
	test_expect_begun(test, batch, at);
	KUNIT_EXPECT_EQ(test, dev->nr_resets, resets + 1);
	if (ending->ret != -ENODEV)
		test_expect_renewed(test, dev, batch->call.rdev, resets + 1);
}

/* Those that the device has answered before count */
static void virtio_rpmb_test_batch_ends(struct kunit *test)
{
	for (unsigned int at = 0; at < TEST_BATCH; at++)
		test_batch_ends(test, at);
}

/*
 * The call waits for the write @from, which the device has taken: answer those up to
 * @to with one interrupt, so that @to is what it waits for next, and no longer than
 * @limit.
 */
static void test_answer_up_to(struct test_dev *dev, struct test_batch *batch,
			      unsigned int from, unsigned int to,
			      unsigned int limit)
{
	test_wait(dev->test, &dev->notified);
	test_batch_asleep(dev->test, batch);
	for (unsigned int i = from; i < to; i++) {
		if (i > from)
			test_take_chain(dev);
		test_fill_write(dev, i, RPMB_RES_OK);
		test_put_back(dev, dev->head, VIRTIO_RPMB_FRAME);
	}
	timeout = limit;
	test_interrupt(dev);
}

static void test_batch_late(struct kunit *test, unsigned int at)
{
	struct test_dev *dev = test_dev_plugged(test);
	unsigned int resets = dev->nr_resets;
	struct test_batch *batch;

	dev->takes = true;
	timeout = at ? TEST_TIMEOUT : 1;
	batch = test_batch_start(test, dev);
	if (at)
		test_answer_up_to(dev, batch, 0, 1, at > 1 ? TEST_TIMEOUT : 1);
	if (at > 1)
		test_answer_up_to(dev, batch, 1, at, 1);
	test_batch_finish(dev, batch, -ETIMEDOUT, at);
	timeout = TEST_TIMEOUT;
	dev->takes = false;
	test_expect_begun(test, batch, at);
	test_expect_renewed(test, dev, batch->call.rdev, resets + 1);
}

/* No time is left for the others, whose memory is taken back with one reset */
static void virtio_rpmb_test_batch_late(struct kunit *test)
{
	for (unsigned int at = 0; at < TEST_BATCH; at++)
		test_batch_late(test, at);
}

/* TEEs look for this type, and the specification has no other requests */
static void virtio_rpmb_test_refused_types(struct kunit *test)
{
	static const u16 types[] = {
		RPMB_RESULT_READ, RPMB_CONFIG_WRITE, RPMB_CONFIG_READ,
		RPMB_PURGE_ENABLE, RPMB_PURGE_STATUS,
	};
	struct test_dev *dev = test_dev_plugged(test);
	struct rpmb_dev *rdev = test_find(dev);

	KUNIT_ASSERT_NOT_NULL(test, rdev);
	KUNIT_EXPECT_EQ(test, rdev->descr.type, RPMB_TYPE_EMMC);
	for (unsigned int i = 0; i < ARRAY_SIZE(types); i++) {
		struct rpmb_frame frame = {
			.req_resp = cpu_to_be16(types[i]),
			.block_count = cpu_to_be16(1),
		};

		KUNIT_EXPECT_EQ(test, -EOPNOTSUPP,
				rpmb_route_frames(rdev, (u8 *)&frame,
						  sizeof(frame), (u8 *)&frame,
						  sizeof(frame)));
	}
	KUNIT_EXPECT_FALSE(test, completion_done(&dev->notified));
}

/* The device whose publication is watched, and its status at that time */
static struct test_dev *test_watched;
static u8 test_published_status;

static int test_published(struct device *dev)
{
	if (dev->parent == &test_watched->vdev.dev)
		test_published_status = test_watched->status;
	return 0;
}

/* Plug it in, and have @published called while it is being registered */
static void test_plug_watched(struct kunit *test, struct test_dev *dev,
			      int (*published)(struct device *dev))
{
	struct class_interface watcher = { .add_dev = published };

	test_watched = dev;
	KUNIT_ASSERT_EQ(test, rpmb_interface_register(&watcher), 0);
	test_plug(dev);
	rpmb_interface_unregister(&watcher);
}

/* Who sees the device may use it at once */
static void virtio_rpmb_test_published_ready(struct kunit *test)
{
	test_published_status = 0;
	test_plug_watched(test, test_dev_alloc(test), test_published);
	KUNIT_EXPECT_TRUE(test,
			  test_published_status & VIRTIO_CONFIG_S_DRIVER_OK);
}

static void virtio_rpmb_test_config_changed(struct kunit *test)
{
	struct test_dev *dev = test_dev_plugged(test);
	struct rpmb_dev *rdev = test_find(dev);

	unsigned int resets = dev->nr_resets;

	KUNIT_ASSERT_NOT_NULL(test, rdev);
	dev->config.rpmb.capacity = 2;
	virtio_config_changed(&dev->vdev);
	KUNIT_EXPECT_EQ(test, rdev->descr.capacity, 1);
	test_expect_serves(test, dev, rdev);
	KUNIT_EXPECT_EQ(test, dev->nr_resets, resets);
}

/*
 * Keys are derived from this: the first half of
 * printf kunit:virtio_rpmb_test_id_address.rpmb | sha256sum
 */
static void virtio_rpmb_test_id_address(struct kunit *test)
{
	static const u8 id[VIRTIO_RPMB_ID_LEN] = {
		0x46, 0x62, 0x00, 0xf2, 0x4c, 0x79, 0x48, 0x36,
		0x1b, 0x26, 0x3b, 0x0d, 0xd9, 0xba, 0x67, 0x2b,
	};
	struct test_dev *dev = test_dev_alloc(test);

	/* The second time, virtio has another number for the device */
	for (unsigned int i = 0; i < 2; i++) {
		struct rpmb_dev *rdev;

		test_plug(dev);
		rdev = test_find(dev);
		KUNIT_ASSERT_NOT_NULL(test, rdev);
		KUNIT_ASSERT_EQ(test, rdev->descr.dev_id_len, sizeof(id));
		KUNIT_EXPECT_MEMEQ(test, rdev->descr.dev_id, id, sizeof(id));
		test_unplug(dev);
	}
}

static void virtio_rpmb_test_id_config(struct kunit *test)
{
	struct test_dev *dev = test_dev_alloc(test);
	struct rpmb_dev *rdev;

	for (unsigned int i = 0; i < VIRTIO_RPMB_ID_LEN; i++)
		dev->config.dev_id[i] = 0xf0 + i;
	dev_id_config = true;
	test_plug(dev);
	rdev = test_find(dev);
	KUNIT_ASSERT_NOT_NULL(test, rdev);
	KUNIT_ASSERT_EQ(test, rdev->descr.dev_id_len, VIRTIO_RPMB_ID_LEN);
	KUNIT_EXPECT_MEMEQ(test, rdev->descr.dev_id, dev->config.dev_id,
			   VIRTIO_RPMB_ID_LEN);
}

/* A device that has none must not get the same as all others that have none */
static void virtio_rpmb_test_id_config_missing(struct kunit *test)
{
	struct test_dev *dev = test_dev_alloc(test);

	dev_id_config = true;
	test_plug(dev);
	KUNIT_EXPECT_NULL(test, test_find(dev));
	test_unplug(dev);

	memset(dev->config.dev_id, 0xff, VIRTIO_RPMB_ID_LEN);
	test_plug(dev);
	KUNIT_EXPECT_NULL(test, test_find(dev));
}

static void virtio_rpmb_test_no_queue(struct kunit *test)
{
	struct test_dev *dev = test_dev_alloc(test);

	dev->find_vqs_error = -ENOENT;
	test_plug(dev);
	KUNIT_EXPECT_NULL(test, test_find(dev));
	KUNIT_EXPECT_NULL(test, dev->vdev.dev.driver);
}

/* The core cannot take it now, but later */
static void virtio_rpmb_test_not_registered(struct kunit *test)
{
	struct test_dev *dev = test_dev_plugged(test);
	struct virtio_rpmb *vr = dev->vdev.priv;
	dev_t devt = vr->rdev->dev.devt;
	struct class *occupied;

	test_unplug(dev);
	occupied = test_occupy(test, devt);
	test_plug(dev);
	KUNIT_EXPECT_NULL(test, dev->vdev.dev.driver);
	KUNIT_EXPECT_NULL(test, dev->vq);
	test_unplug(dev);
	test_vacate(occupied, devt);
	test_plug(dev);
	test_expect_serves(test, dev, test_find(dev));
}

#ifdef CONFIG_PM_SLEEP
static void virtio_rpmb_test_suspend(struct kunit *test)
{
	struct test_dev *dev = test_dev_plugged(test);
	struct rpmb_dev *rdev = test_find(dev);

	test_time_out(test, dev, rdev);
	KUNIT_ASSERT_EQ(test, virtio_device_freeze(&dev->vdev), 0);
	KUNIT_EXPECT_EQ(test, dev->status, 0);
	KUNIT_EXPECT_FALSE(test, dev->has_chain);
	KUNIT_ASSERT_EQ(test, virtio_device_restore(&dev->vdev), 0);
	KUNIT_EXPECT_TRUE(test, dev->status & VIRTIO_CONFIG_S_DRIVER_OK);
	test_expect_serves(test, dev, rdev);
}

static void virtio_rpmb_test_resume_fails(struct kunit *test)
{
	struct test_dev *dev = test_dev_plugged(test);
	struct rpmb_dev *rdev = test_find(dev);

	KUNIT_ASSERT_EQ(test, virtio_device_freeze(&dev->vdev), 0);
	dev->find_vqs_error = -ENOENT;
	KUNIT_EXPECT_EQ(test, virtio_device_restore(&dev->vdev), -ENOENT);
	test_expect_refused(test, test_read(test, rdev, 1), -EIO);
}
#endif

#ifdef VIRTIO_DRIVER_HAS_RESET
/* The bus resets the device while it has a request, and while one waits */
static void virtio_rpmb_test_bus_reset(struct kunit *test)
{
	struct test_dev *dev = test_dev_plugged(test);
	struct rpmb_dev *rdev = test_find(dev);
	struct test_call *running = test_write(test, rdev, 1);
	struct test_call *waiting = test_read(test, rdev, 1);

	test_start(test, running);
	test_take(dev);
	KUNIT_ASSERT_EQ(test, virtio_device_reset_prepare(&dev->vdev), 0);
	test_finish(test, running);
	test_expect_failed(test, running, -EIO);
	KUNIT_EXPECT_FALSE(test, dev->has_chain);
	KUNIT_EXPECT_EQ(test, dev->status, 0);

	test_start(test, waiting);
	KUNIT_ASSERT_EQ(test, virtio_device_reset_done(&dev->vdev), 0);
	test_take(dev);
	test_answer(dev, VIRTIO_RPMB_FRAME);
	test_finish(test, waiting);
	test_expect_answered(test, waiting);
}

/* Nobody says that it has ended: who asks meanwhile waits in a bound, and so can all else */
static void virtio_rpmb_test_bus_reset_lost(struct kunit *test)
{
	struct test_dev *dev = test_dev_plugged(test);
	struct rpmb_dev *rdev = test_find(dev);

	KUNIT_ASSERT_EQ(test, virtio_device_reset_prepare(&dev->vdev), 0);
	timeout = 1;
	test_expect_refused(test, test_read(test, rdev, 1), -EIO);
	test_expect_refused(test, test_read(test, rdev, 1), -EIO);
	timeout = TEST_TIMEOUT;
	KUNIT_ASSERT_EQ(test, rpmb_dev_suspend(rdev), 0);
	rpmb_dev_resume(rdev);
	KUNIT_ASSERT_EQ(test, virtio_device_reset_done(&dev->vdev), 0);
	test_expect_serves(test, dev, rdev);
}

static void virtio_rpmb_test_bus_reset_fails(struct kunit *test)
{
	struct test_dev *dev = test_dev_plugged(test);
	struct rpmb_dev *rdev = test_find(dev);

	KUNIT_ASSERT_EQ(test, virtio_device_reset_prepare(&dev->vdev), 0);
	dev->find_vqs_error = -ENOENT;
	KUNIT_EXPECT_EQ(test, virtio_device_reset_done(&dev->vdev), -ENOENT);
	test_expect_refused(test, test_read(test, rdev, 1), -EIO);
	dev->find_vqs_error = 0;
	test_expect_serves(test, dev, rdev);
}

static int test_reset_error;

static int test_reset_published(struct device *dev)
{
	if (dev->parent == &test_watched->vdev.dev)
		test_reset_error =
			virtio_device_reset_prepare(&test_watched->vdev);
	return 0;
}

/* The bus resets the device while its driver is still about to come */
static void virtio_rpmb_test_bus_reset_early(struct kunit *test)
{
	struct test_dev *dev = test_dev_alloc(test);

	test_reset_error = 0;
	test_plug_watched(test, dev, test_reset_published);
	KUNIT_EXPECT_EQ(test, test_reset_error, -ENODEV);
	test_expect_serves(test, dev, test_find(dev));
}

/* It goes while the device is reset, and comes back before that is done */
static void virtio_rpmb_test_bus_reset_rebound(struct kunit *test)
{
	struct test_dev *dev = test_dev_plugged(test);

	KUNIT_ASSERT_EQ(test, virtio_device_reset_prepare(&dev->vdev), 0);
	test_unplug(dev);
	KUNIT_EXPECT_EQ(test, virtio_rpmb_reset_prepare(&dev->vdev), -ENODEV);
	KUNIT_EXPECT_EQ(test, virtio_rpmb_reset_done(&dev->vdev), -ENODEV);
	test_plug(dev);
	KUNIT_EXPECT_EQ(test, virtio_rpmb_reset_done(&dev->vdev), -ENODEV);
	test_expect_serves(test, dev, test_find(dev));
}
#endif

static struct kunit_case virtio_rpmb_test_cases[] = {
	KUNIT_CASE(virtio_rpmb_test_write),
	KUNIT_CASE(virtio_rpmb_test_read),
	KUNIT_CASE(virtio_rpmb_test_used_len),
	KUNIT_CASE(virtio_rpmb_test_late),
	KUNIT_CASE(virtio_rpmb_test_legacy),
	KUNIT_CASE(virtio_rpmb_test_failed_neighbour),
	KUNIT_CASE(virtio_rpmb_test_killed),
	KUNIT_CASE(virtio_rpmb_test_killed_late),
	KUNIT_CASE(virtio_rpmb_test_needs_reset),
	KUNIT_CASE(virtio_rpmb_test_stays_away),
	KUNIT_CASE(virtio_rpmb_test_remove),
	KUNIT_CASE(virtio_rpmb_test_remove_away),
	KUNIT_CASE(virtio_rpmb_test_abort),
	KUNIT_CASE(virtio_rpmb_test_broken),
	KUNIT_CASE(virtio_rpmb_test_wrong_head),
	KUNIT_CASE(virtio_rpmb_test_spurious),
	KUNIT_CASE(virtio_rpmb_test_ring_too_small),
	KUNIT_CASE(virtio_rpmb_test_ring_useless),
	KUNIT_CASE(virtio_rpmb_test_longest),
	KUNIT_CASE(virtio_rpmb_test_indirect),
	KUNIT_CASE(virtio_rpmb_test_packed),
	KUNIT_CASE(virtio_rpmb_test_packed_indirect),
	KUNIT_CASE(virtio_rpmb_test_bounced),
	KUNIT_CASE(virtio_rpmb_test_add_fails),
	KUNIT_CASE(virtio_rpmb_test_capacity),
	KUNIT_CASE(virtio_rpmb_test_limits),
	KUNIT_CASE(virtio_rpmb_test_beyond_limits),
	KUNIT_CASE(virtio_rpmb_test_count),
	KUNIT_CASE(virtio_rpmb_test_batch),
	KUNIT_CASE(virtio_rpmb_test_batch_small_ring),
	KUNIT_CASE(virtio_rpmb_test_batch_refused),
	KUNIT_CASE(virtio_rpmb_test_batch_refused_later),
	KUNIT_CASE(virtio_rpmb_test_batch_used_len),
	KUNIT_CASE_PARAM(virtio_rpmb_test_batch_ends, test_ending_gen_params),
	KUNIT_CASE(virtio_rpmb_test_batch_late),
	KUNIT_CASE(virtio_rpmb_test_refused_types),
	KUNIT_CASE(virtio_rpmb_test_published_ready),
	KUNIT_CASE(virtio_rpmb_test_config_changed),
	KUNIT_CASE(virtio_rpmb_test_id_address),
	KUNIT_CASE(virtio_rpmb_test_id_config),
	KUNIT_CASE(virtio_rpmb_test_id_config_missing),
	KUNIT_CASE(virtio_rpmb_test_no_queue),
	KUNIT_CASE(virtio_rpmb_test_not_registered),
#ifdef CONFIG_PM_SLEEP
	KUNIT_CASE(virtio_rpmb_test_suspend),
	KUNIT_CASE(virtio_rpmb_test_resume_fails),
#endif
#ifdef VIRTIO_DRIVER_HAS_RESET
	KUNIT_CASE(virtio_rpmb_test_bus_reset),
	KUNIT_CASE(virtio_rpmb_test_bus_reset_lost),
	KUNIT_CASE(virtio_rpmb_test_bus_reset_fails),
	KUNIT_CASE(virtio_rpmb_test_bus_reset_early),
	KUNIT_CASE(virtio_rpmb_test_bus_reset_rebound),
#endif
	{ }
};

/**
 * struct test_params - the driver's parameters, which tests change
 * @timeout: as it was
 * @dev_id_config: as it was
 */
static struct test_params {
	unsigned int timeout;
	bool dev_id_config;
} test_params;

static int virtio_rpmb_test_init(struct kunit *test)
{
	struct device *parent = kunit_device_register(test, "rpmb");

	if (IS_ERR(parent))
		return PTR_ERR(parent);
	test->priv = parent;
	test_params.timeout = timeout;
	test_params.dev_id_config = dev_id_config;
	timeout = TEST_TIMEOUT;
	dev_id_config = false;
	return 0;
}

static void virtio_rpmb_test_exit(struct kunit *test)
{
	timeout = test_params.timeout;
	dev_id_config = test_params.dev_id_config;
}

static struct kunit_suite virtio_rpmb_test_suite = {
	.name = "virtio_rpmb",
	.init = virtio_rpmb_test_init,
	.exit = virtio_rpmb_test_exit,
	.test_cases = virtio_rpmb_test_cases,
};

kunit_test_suite(virtio_rpmb_test_suite);
