// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the RPMB core and virtio_rpmb cost: time of a counter read through
 * rpmb_route_frames(), and of the same frames on the bare virtqueue; and of a read of
 * 192 blocks, as long as UEFI variables under OP-TEE, which shows what copying costs
 *
 * Reading /sys/kernel/debug/rpmb-bench/route or bare, or route-long or bare-long,
 * measures, and shows the shortest and the median time of a round trip in nanoseconds.
 * The bare ones take the device from virtio_rpmb meanwhile; nobody may remove the device
 * then. The long ones need a key in the device.
 *
 * Beside that: writing to "thread" has the kernel itself read the counter of the first
 * device there is, in no program's task, as a TEE's thread may do; reading it waits for
 * the end and fails as that has.
 */
#define pr_fmt(fmt) "rpmb-bench: " fmt

#include <linux/array_size.h>
#include <linux/cleanup.h>
#include <linux/completion.h>
#include <linux/debugfs.h>
#include <linux/ktime.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/rpmb.h>
#include <linux/scatterlist.h>
#include <linux/sched/signal.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/virtio.h>
#include <linux/virtio_config.h>
#include <linux/virtio_ids.h>
#include <linux/workqueue.h>

#include "../frame.h"

#define RPMB_BENCH_ROUNDS 2000
#define RPMB_BENCH_AFTER_KILL 10

/**
 * struct rpmb_bench_kind - what can be measured
 * @name: the file that measures it
 * @bare: on the virtqueue itself
 * @blocks: to read, at the beginning of the device; 0 reads the counter
 * @rounds: how often, RPMB_BENCH_ROUNDS at most
 */
struct rpmb_bench_kind {
	const char *name;
	bool bare;
	u16 blocks;
	unsigned int rounds;
};

static const struct rpmb_bench_kind rpmb_bench_kinds[] = {
	{ "bare", true, 0, RPMB_BENCH_ROUNDS },
	{ "route", false, 0, RPMB_BENCH_ROUNDS },
	{ "bare-long", true, 192, RPMB_BENCH_ROUNDS / 20 },
	{ "route-long", false, 192, RPMB_BENCH_ROUNDS / 20 },
};

/**
 * struct rpmb_bench - what one measurement needs
 * @kind: what is measured
 * @req: request
 * @resp: its response, in one piece
 * @resp_len: bytes of it
 * @done: the virtqueue has a used buffer
 * @vq: the bare virtqueue
 * @times: nanoseconds of each round
 */
struct rpmb_bench {
	const struct rpmb_bench_kind *kind;
	struct rpmb_frame req;
	struct rpmb_frame *resp;
	unsigned int resp_len;
	struct completion done;
	struct virtqueue *vq;
	u64 times[RPMB_BENCH_ROUNDS];
};

/* One measurement at a time; protects rpmb_bench, which the virtio driver uses */
static DEFINE_MUTEX(rpmb_bench_lock);
static struct rpmb_bench *rpmb_bench;
static struct dentry *rpmb_bench_dir;
/* Of rpmb_bench_work, whose end is waited for before this is read */
static int rpmb_bench_thread_ret;

static void rpmb_bench_done(struct virtqueue *vq)
{
	complete(&rpmb_bench->done);
}

static int rpmb_bench_bare_probe(struct virtio_device *vdev)
{
	struct virtqueue *vq;

	vq = virtio_find_single_vq(vdev, rpmb_bench_done, "bench");
	if (IS_ERR(vq))
		return PTR_ERR(vq);
	virtio_device_ready(vdev);
	rpmb_bench->vq = vq;
	return 0;
}

static void rpmb_bench_bare_remove(struct virtio_device *vdev)
{
	rpmb_bench->vq = NULL;
	virtio_reset_device(vdev);
	vdev->config->del_vqs(vdev);
}

static const struct virtio_device_id rpmb_bench_ids[] = {
	{ VIRTIO_ID_RPMB, VIRTIO_DEV_ANY_ID },
	{ }
};

static struct virtio_driver rpmb_bench_bare_driver = {
	.driver.name = "rpmb_bench",
	.id_table = rpmb_bench_ids,
	.probe = rpmb_bench_bare_probe,
	.remove = rpmb_bench_bare_remove,
};

/* Waits for the interrupt, as virtio_rpmb does, also if the device is faster */
static int rpmb_bench_round_bare(struct rpmb_bench *bench,
				 struct rpmb_dev *rdev)
{
	struct scatterlist out, in, *sgs[] = { &out, &in };
	unsigned int len;
	int ret;

	sg_init_one(&out, &bench->req, sizeof(bench->req));
	sg_init_one(&in, bench->resp, bench->resp_len);
	ret = virtqueue_add_sgs(bench->vq, sgs, 1, 1, bench, GFP_KERNEL);
	if (ret)
		return ret;
	virtqueue_kick(bench->vq);
	do {
		if (!wait_for_completion_timeout(&bench->done, 30 * HZ))
			return -ETIMEDOUT;
	} while (!virtqueue_get_buf(bench->vq, &len));
	return len == bench->resp_len ? 0 : -EIO;
}

static int rpmb_bench_round_route(struct rpmb_bench *bench,
				  struct rpmb_dev *rdev)
{
	return rpmb_route_frames(rdev, (u8 *)&bench->req, sizeof(bench->req),
				 (u8 *)bench->resp, bench->resp_len);
}

static int rpmb_bench_cmp(const void *a, const void *b)
{
	u64 x = *(const u64 *)a, y = *(const u64 *)b;

	return x < y ? -1 : x > y;
}

static int rpmb_bench_measure(struct seq_file *m, struct rpmb_dev *rdev,
			      int (*round)(struct rpmb_bench *bench,
					   struct rpmb_dev *rdev))
{
	struct rpmb_bench *bench = rpmb_bench;
	unsigned int i, rounds = bench->kind->rounds, last = rounds;

	for (i = 0; i < last; i++) {
		u64 start = ktime_get_ns();
		int ret = round(bench, rdev);

		if (ret)
			return ret;
		bench->times[i] = ktime_get_ns() - start;
		/* As a TEE does that was called by a task which is killed */
		if (last == rounds && fatal_signal_pending(current))
			last = min(last, i + RPMB_BENCH_AFTER_KILL);
	}
	if (last < rounds)
		return -EINTR;
	if (bench->kind->blocks && bench->resp->result)
		return -EIO;

	sort(bench->times, rounds, sizeof(u64), rpmb_bench_cmp, NULL);
	seq_printf(m, "%llu %llu\n", bench->times[0], bench->times[rounds / 2]);
	return 0;
}

static int rpmb_bench_measure_bare(struct seq_file *m, struct rpmb_dev *rdev)
{
	struct device *vdev = get_device(rdev->dev.parent);
	int ret, ret2;

	device_release_driver(vdev);
	ret = register_virtio_driver(&rpmb_bench_bare_driver);
	if (!ret) {
		ret = rpmb_bench->vq ?
		      rpmb_bench_measure(m, rdev, rpmb_bench_round_bare) :
		      -ENXIO;
		unregister_virtio_driver(&rpmb_bench_bare_driver);
	}
	/* virtio_rpmb takes the device back */
	ret2 = device_attach(vdev);
	put_device(vdev);
	return ret ?: ret2 < 0 ? ret2 : 0;
}

static int rpmb_bench_is_virtio(struct device *dev, const void *data)
{
	return to_rpmb_dev(dev)->descr.transport == RPMB_TRANSPORT_VIRTIO;
}

static struct rpmb_bench *rpmb_bench_alloc(const struct rpmb_bench_kind *kind)
{
	struct rpmb_bench *bench __free(kfree) = kzalloc(sizeof(*bench), GFP_KERNEL);

	if (!bench)
		return NULL;
	bench->kind = kind;
	bench->resp_len = max(kind->blocks, 1) * sizeof(*bench->resp);
	bench->resp = kzalloc(bench->resp_len, GFP_KERNEL);
	if (!bench->resp)
		return NULL;
	init_completion(&bench->done);
	bench->req.req_resp = cpu_to_be16(kind->blocks ? RPMB_READ_DATA :
							 RPMB_GET_WRITE_COUNTER);
	bench->req.block_count = cpu_to_be16(max(kind->blocks, 1));
	return_ptr(bench);
}

static int measure_show(struct seq_file *m, void *v)
{
	const struct rpmb_bench_kind *kind = m->private;
	struct rpmb_dev *rdev;
	int ret;

	guard(mutex)(&rpmb_bench_lock);
	rdev = rpmb_dev_find_device(NULL, NULL, rpmb_bench_is_virtio);
	if (!rdev)
		return -ENODEV;

	rpmb_bench = rpmb_bench_alloc(kind);
	if (!rpmb_bench) {
		rpmb_dev_put(rdev);
		return -ENOMEM;
	}
	ret = kind->bare ? rpmb_bench_measure_bare(m, rdev) :
			   rpmb_bench_measure(m, rdev, rpmb_bench_round_route);
	rpmb_dev_put(rdev);
	kfree(rpmb_bench->resp);
	kfree(rpmb_bench);
	rpmb_bench = NULL;
	return ret;
}
DEFINE_SHOW_ATTRIBUTE(measure);

static int rpmb_bench_read_counter(struct rpmb_dev *rdev)
{
	enum rpmb_frame_format format = rdev->descr.frame_format;
	const struct rpmb_fields fields = {
		.type = RPMB_GET_WRITE_COUNTER,
		.target = rdev->descr.target,
	};
	unsigned int len = rpmb_frames_len(format, 0);

	u8 *frames __free(kfree) = kzalloc(2 * len, GFP_KERNEL);
	if (!frames)
		return -ENOMEM;
	rpmb_frames_set(format, frames, len, &fields);
	return rpmb_route_frames(rdev, frames, len, frames + len, len);
}

static int rpmb_bench_is_any(struct device *dev, const void *data)
{
	return true;
}

static void rpmb_bench_thread(struct work_struct *work)
{
	struct rpmb_dev *rdev = rpmb_dev_find_device(NULL, NULL,
						     rpmb_bench_is_any);

	rpmb_bench_thread_ret = rdev ? rpmb_bench_read_counter(rdev) : -ENODEV;
	rpmb_dev_put(rdev);
}

static DECLARE_WORK(rpmb_bench_work, rpmb_bench_thread);

static ssize_t thread_write(struct file *file, const char __user *buf,
			    size_t len, loff_t *pos)
{
	schedule_work(&rpmb_bench_work);
	return len;
}

static int thread_show(struct seq_file *m, void *v)
{
	flush_work(&rpmb_bench_work);
	return rpmb_bench_thread_ret;
}
DEFINE_SHOW_STORE_ATTRIBUTE(thread);

static int __init rpmb_bench_init(void)
{
	const struct rpmb_bench_kind *kind = rpmb_bench_kinds;

	rpmb_bench_dir = debugfs_create_dir("rpmb-bench", NULL);
	for (; kind < rpmb_bench_kinds + ARRAY_SIZE(rpmb_bench_kinds); kind++)
		debugfs_create_file(kind->name, 0400, rpmb_bench_dir,
				    (void *)kind, &measure_fops);
	debugfs_create_file("thread", 0600, rpmb_bench_dir, NULL, &thread_fops);
	return 0;
}

static void __exit rpmb_bench_exit(void)
{
	debugfs_remove(rpmb_bench_dir);
	flush_work(&rpmb_bench_work);
}

module_init(rpmb_bench_init);
module_exit(rpmb_bench_exit);

MODULE_DESCRIPTION("RPMB measurements");
MODULE_INFO(import_ns, RPMB_NAMESPACE);
MODULE_LICENSE("GPL");
