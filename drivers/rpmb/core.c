// SPDX-License-Identifier: GPL-2.0-only
/*
 * RPMB core: class, registration, finding and lifetime of devices
 */
#define pr_fmt(fmt) "rpmb: " fmt

#include <kunit/visibility.h>
#include <linux/bitops.h>
#include <linux/fs.h>
#include <linux/idr.h>
#include <linux/init.h>
#include <linux/jiffies.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/pm.h>
#include <linux/slab.h>

#include "internal.h"

#define RPMB_MAX_DEVICES 4096
static_assert(RPMB_MAX_DEVICES < (1U << MINORBITS));

/* What the core can carry; a result read is not a request of its own */
#define RPMB_REQUEST_TYPES (GENMASK(RPMB_PURGE_STATUS, RPMB_PROGRAM_KEY) & \
			    ~BIT(RPMB_RESULT_READ))

VISIBLE_IF_KUNIT unsigned int rpmb_suspend_timeout = 10000;
EXPORT_SYMBOL_IF_KUNIT(rpmb_suspend_timeout);
module_param_named(suspend_timeout, rpmb_suspend_timeout, uint, 0644);
MODULE_PARM_DESC(suspend_timeout,
		 "milliseconds that suspend waits for a request to end before it fails (default 10000)");

static dev_t rpmb_devt;
static DEFINE_IDA(rpmb_ida);

/* Protects rpmb_list and rpmb_seq; innermost, nothing is called under it */
static DEFINE_MUTEX(rpmb_list_lock);
/* Devices that can be found, in the order of rpmb_dev_before() */
static LIST_HEAD(rpmb_list);
static u64 rpmb_seq;

/**
 * rpmb_dev_get() - take a reference to a device
 * @rdev: RPMB device, or NULL
 *
 * Return: @rdev
 */
struct rpmb_dev *rpmb_dev_get(struct rpmb_dev *rdev)
{
	if (rdev)
		get_device(&rdev->dev);
	return rdev;
}
EXPORT_SYMBOL_GPL(rpmb_dev_get);

/**
 * rpmb_dev_put() - give a reference back
 * @rdev: RPMB device, or NULL
 */
void rpmb_dev_put(struct rpmb_dev *rdev)
{
	if (rdev)
		put_device(&rdev->dev);
}
EXPORT_SYMBOL_GPL(rpmb_dev_put);

/* eMMC first: OP-TEE ends its scan at the first device of another type */
static bool rpmb_dev_before(const struct rpmb_dev *a, const struct rpmb_dev *b)
{
	if (a->descr.type != b->descr.type)
		return a->descr.type < b->descr.type;
	return a->seq < b->seq;
}

static int rpmb_list_add(struct device *dev)
{
	struct rpmb_dev *rdev = to_rpmb_dev(dev), *next;

	guard(mutex)(&rpmb_list_lock);
	rdev->seq = rpmb_seq++;
	list_for_each_entry(next, &rpmb_list, list_node)
		if (rpmb_dev_before(rdev, next))
			break;
	list_add_tail(&rdev->list_node, &next->list_node);
	return 0;
}

/*
 * The first of all interfaces. So who looks for a device finds one that is whole,
 * with its place in sysfs and in the order of suspend, and the other interfaces,
 * which are told of it after this, find it as well.
 */
static struct class_interface rpmb_list_interface = {
	.add_dev = rpmb_list_add,
};

static void rpmb_list_del(struct rpmb_dev *rdev)
{
	guard(mutex)(&rpmb_list_lock);
	list_del_init(&rdev->list_node);
}

/* A reference to the first device after @start, which need not be listed */
static struct rpmb_dev *rpmb_list_next(const struct rpmb_dev *start)
{
	struct rpmb_dev *rdev;

	guard(mutex)(&rpmb_list_lock);
	list_for_each_entry(rdev, &rpmb_list, list_node)
		if (!start || rpmb_dev_before(start, rdev))
			return rpmb_dev_get(rdev);
	return NULL;
}

/**
 * rpmb_dev_find_device() - find a device
 * @data: for @match
 * @start: go on after this device, NULL to begin; it may have been unregistered
 * @match: called for one device after the other; anything but 0 ends the search
 *
 * Devices come in the order eMMC, UFS, NVMe, and of their registration.
 *
 * Context: may sleep; @match is called without locks.
 * Return: a reference to the device, for rpmb_dev_put(), or NULL
 */
struct rpmb_dev *rpmb_dev_find_device(const void *data,
				      const struct rpmb_dev *start,
				      int (*match)(struct device *dev,
						   const void *data))
{
	struct rpmb_dev *rdev = rpmb_list_next(start);

	while (rdev && !match(&rdev->dev, data)) {
		struct rpmb_dev *passed = rdev;

		rdev = rpmb_list_next(passed);
		rpmb_dev_put(passed);
	}
	return rdev;
}
EXPORT_SYMBOL_GPL(rpmb_dev_find_device);

/* What unregistering a suspended device does: nobody may resume it */
static void rpmb_end_suspend(struct rpmb_dev *rdev)
{
	if (atomic_xchg(&rdev->suspended, 0))
		rpmb_start_line(rdev);
}

/**
 * rpmb_dev_suspend() - wait for the end of the request that runs, and let none begin
 * @rdev: RPMB device
 *
 * For a backend whose device is about to lose what it has, as by a reset of its bus.
 * When the system goes to sleep, the core does it by itself. Requests wait until
 * rpmb_dev_resume(), or fail at rpmb_dev_unregister().
 *
 * Context: may sleep; not from an operation of the backend. Of suspending a device
 * that is suspended comes -EBUSY.
 * Return: 0, or -EBUSY if the request takes longer than the parameter
 * suspend_timeout says
 */
int rpmb_dev_suspend(struct rpmb_dev *rdev)
{
	unsigned int ms = READ_ONCE(rpmb_suspend_timeout);

	if (!rpmb_stop_line(rdev, msecs_to_jiffies(ms))) {
		dev_err(&rdev->dev, "no suspend: a request of type %u has not ended for %u ms\n",
			READ_ONCE(rdev->running), ms);
		return -EBUSY;
	}
	/* Pairs with rpmb_make_gone(): one of the two sees the other's store */
	atomic_xchg(&rdev->suspended, 1);
	if (READ_ONCE(rdev->gone))
		rpmb_end_suspend(rdev);
	return 0;
}
EXPORT_SYMBOL_GPL(rpmb_dev_suspend);

/**
 * rpmb_dev_resume() - end rpmb_dev_suspend()
 * @rdev: RPMB device, which may have been unregistered meanwhile
 *
 * Context: may sleep.
 */
void rpmb_dev_resume(struct rpmb_dev *rdev)
{
	if (!atomic_xchg(&rdev->suspended, 0))
		return;
	/* The turn is still ours, so the backend is there */
	if (rdev->descr.resumed)
		rdev->descr.resumed(rdev);
	rpmb_start_line(rdev);
}
EXPORT_SYMBOL_GPL(rpmb_dev_resume);

static int rpmb_suspend(struct device *dev)
{
	return rpmb_dev_suspend(to_rpmb_dev(dev));
}

static int rpmb_resume(struct device *dev)
{
	rpmb_dev_resume(to_rpmb_dev(dev));
	return 0;
}

static DEFINE_SIMPLE_DEV_PM_OPS(rpmb_pm_ops, rpmb_suspend, rpmb_resume);

static void rpmb_dev_release(struct device *dev)
{
	struct rpmb_dev *rdev = to_rpmb_dev(dev);

	ida_free(&rpmb_ida, rdev->id);
	kfree(rdev->descr.dev_id);
	kfree(rdev);
}

/* From here on new callers fail; those in line fail when they get the turn */
static void rpmb_make_gone(struct rpmb_dev *rdev)
{
	rpmb_list_del(rdev);
	WRITE_ONCE(rdev->gone, true);
	/* Pairs with the atomic_xchg() in rpmb_suspend() */
	smp_mb();
	if (rdev->descr.abort)
		rdev->descr.abort(rdev);
}

/* Wait for the last call of the backend */
static void rpmb_drain(struct rpmb_dev *rdev)
{
	rpmb_end_suspend(rdev);
	rpmb_stop_line(rdev, MAX_JIFFY_OFFSET);
	rpmb_start_line(rdev);
}

/*
 * The last request ends before the storage is shut down, which is our parent and
 * comes later. One that came after that could power it up again, and nobody would
 * tell it to write back what it holds.
 *
 * Called with the device's lock, for which rpmb_dev_unregister() waits once it has
 * set gone; if it was there before, the backend is not to be called any more.
 */
static int rpmb_shutdown(struct device *dev)
{
	struct rpmb_dev *rdev = to_rpmb_dev(dev);

	if (!READ_ONCE(rdev->gone))
		rpmb_make_gone(rdev);
	rpmb_drain(rdev);
	return 0;
}

static const struct class rpmb_class = {
	.name = "rpmb",
	.dev_release = rpmb_dev_release,
	.dev_groups = rpmb_groups,
	.shutdown_pre = rpmb_shutdown,
	.pm = pm_sleep_ptr(&rpmb_pm_ops),
};

/**
 * rpmb_interface_register() - be told of every device
 * @intf: add_dev() and remove_dev() to call, for devices that are there as well;
 *	to_rpmb_dev() of their argument is ready to serve
 *
 * Return: 0 or a negative error
 */
int rpmb_interface_register(struct class_interface *intf)
{
	intf->class = &rpmb_class;
	return class_interface_register(intf);
}
EXPORT_SYMBOL_GPL(rpmb_interface_register);

/**
 * rpmb_interface_unregister() - end rpmb_interface_register()
 * @intf: the interface
 */
void rpmb_interface_unregister(struct class_interface *intf)
{
	class_interface_unregister(intf);
}
EXPORT_SYMBOL_GPL(rpmb_interface_unregister);

/**
 * rpmb_dev_unregister() - take a device back
 * @rdev: RPMB device of rpmb_dev_register(), or NULL
 *
 * When this returns, no operation of the backend runs and none can start, and the
 * backend may be unloaded. Whoever has a reference or an open file gets -ENODEV.
 * To be called while the device's parent is still there.
 *
 * Context: may sleep; not from an operation of the backend, nor from a class
 * interface's add_dev() or remove_dev().
 * Return: 0, or -EINVAL if @rdev is NULL
 */
int rpmb_dev_unregister(struct rpmb_dev *rdev)
{
	if (!rdev)
		return -EINVAL;

	rpmb_make_gone(rdev);
	cdev_device_del(&rdev->cdev, &rdev->dev);
	rpmb_drain(rdev);
	rpmb_dev_put(rdev);
	return 0;
}
EXPORT_SYMBOL_GPL(rpmb_dev_unregister);

/**
 * rpmb_dev_link() - sleep before a device does
 * @rdev: RPMB device
 * @client: who uses it, a device that is registered
 *
 * While the system sleeps, requests wait until @rdev is awake again. A client that
 * has a request of its own to wait for when it goes to sleep, or that has one before
 * it is awake, would wait for ever. From now on @client goes to sleep before @rdev
 * and wakes up after it. This ends with either of them, or by rpmb_dev_unlink(); once
 * for each call.
 *
 * Context: may sleep.
 * Return: 0, or -EINVAL if @rdev depends on @client, or there is no memory
 */
int rpmb_dev_link(struct rpmb_dev *rdev, struct device *client)
{
	return device_link_add(client, &rdev->dev, DL_FLAG_STATELESS) ? 0 :
								       -EINVAL;
}
EXPORT_SYMBOL_GPL(rpmb_dev_link);

/**
 * rpmb_dev_unlink() - end rpmb_dev_link()
 * @rdev: RPMB device, which may be gone
 * @client: as it was given
 *
 * Context: may sleep.
 */
void rpmb_dev_unlink(struct rpmb_dev *rdev, struct device *client)
{
	device_link_remove(client, &rdev->dev);
}
EXPORT_SYMBOL_GPL(rpmb_dev_unlink);

static enum rpmb_transport rpmb_default_transport(enum rpmb_type type)
{
	static const enum rpmb_transport transports[] = {
		[RPMB_TYPE_EMMC] = RPMB_TRANSPORT_EMMC,
		[RPMB_TYPE_UFS] = RPMB_TRANSPORT_UFS,
		[RPMB_TYPE_NVME] = RPMB_TRANSPORT_NVME,
	};

	return transports[type];
}

static u32 rpmb_default_write_sizes(const struct rpmb_descr *descr)
{
	unsigned int block = rpmb_block_size(descr->frame_format);

	/*
	 * mmc_block says 32 of a card that takes 1 or 2 blocks, and 2 of one that
	 * takes 32 as well. One block is right for all.
	 */
	if (descr->type == RPMB_TYPE_EMMC && descr->route_frames)
		return BIT(0);
	return BIT(fls(descr->reliable_wr_count * SZ_512 / block)) - 1;
}

/* Put in words what a backend, maybe of the older kind, left at 0 */
static void rpmb_descr_complete(struct rpmb_descr *descr)
{
	if (!descr->transport)
		descr->transport = rpmb_default_transport(descr->type);
	if (!descr->reliable_wr_count)
		descr->reliable_wr_count = 1;
	if (!descr->request_types)
		descr->request_types = GENMASK(RPMB_READ_DATA, RPMB_PROGRAM_KEY);
	descr->request_types &= RPMB_REQUEST_TYPES;
	if (!descr->write_sizes)
		descr->write_sizes = rpmb_default_write_sizes(descr);
	if (!descr->max_read)
		descr->max_read = rpmb_frames_max_blocks(descr->frame_format);
}

static bool rpmb_descr_valid(const struct rpmb_descr *descr)
{
	return descr->dev_id && descr->dev_id_len &&
	       descr->dev_id_len <= RPMB_MAX_ID_LEN &&
	       descr->type <= RPMB_TYPE_NVME &&
	       descr->frame_format <= RPMB_FRAME_NVME &&
	       descr->transport <= RPMB_TRANSPORT_SIM &&
	       !descr->transfer != !descr->route_frames;
}

static struct rpmb_dev *rpmb_dev_alloc(struct device *parent,
				       const struct rpmb_descr *descr)
{
	struct rpmb_dev *rdev __free(kfree) = kzalloc(sizeof(*rdev),
						      GFP_KERNEL);
	u8 *dev_id __free(kfree) = kmemdup(descr->dev_id, descr->dev_id_len,
					   GFP_KERNEL);
	int id;

	if (!rdev || !dev_id)
		return ERR_PTR(-ENOMEM);
	id = ida_alloc_max(&rpmb_ida, RPMB_MAX_DEVICES - 1, GFP_KERNEL);
	if (id < 0)
		return ERR_PTR(id);

	rdev->id = id;
	rdev->descr = *descr;
	rdev->descr.dev_id = no_free_ptr(dev_id);
	rpmb_descr_complete(&rdev->descr);
	rpmb_turn_init(&rdev->turn);
	INIT_LIST_HEAD(&rdev->list_node);
	cdev_init(&rdev->cdev, &rpmb_fops);
	rdev->cdev.owner = THIS_MODULE;

	rdev->dev.devt = rpmb_devt + id;
	rdev->dev.class = &rpmb_class;
	rdev->dev.parent = parent;
	device_initialize(&rdev->dev);
	return_ptr(rdev);
}

/**
 * rpmb_dev_register() - publish a device
 * @dev: its parent, the storage device; to be there until
 *	rpmb_dev_unregister() returns
 * @descr: what it is; copied
 *
 * Clients may call the backend before this returns.
 *
 * Context: may sleep.
 * Return: the device, for rpmb_dev_unregister(), or an ERR_PTR
 */
struct rpmb_dev *rpmb_dev_register(struct device *dev,
				   struct rpmb_descr *descr)
{
	struct rpmb_dev *rdev;
	int ret;

	if (!dev || !descr || !rpmb_descr_valid(descr))
		return ERR_PTR(-EINVAL);

	rdev = rpmb_dev_alloc(dev, descr);
	if (IS_ERR(rdev))
		return rdev;
	ret = dev_set_name(&rdev->dev, "rpmb%d", rdev->id);
	if (ret)
		goto err_put;

	ret = cdev_device_add(&rdev->cdev, &rdev->dev);
	if (ret)
		goto err_gone;
	return rdev;

err_gone:
	rpmb_make_gone(rdev);
	rpmb_drain(rdev);
err_put:
	rpmb_dev_put(rdev);
	return ERR_PTR(ret);
}
EXPORT_SYMBOL_GPL(rpmb_dev_register);

static int __init rpmb_init(void)
{
	int ret;

	ret = alloc_chrdev_region(&rpmb_devt, 0, RPMB_MAX_DEVICES, "rpmb");
	if (ret)
		return ret;

	ret = class_register(&rpmb_class);
	if (ret)
		goto err_region;
	ret = rpmb_interface_register(&rpmb_list_interface);
	if (ret)
		goto err_class;
	return 0;

err_class:
	class_unregister(&rpmb_class);
err_region:
	unregister_chrdev_region(rpmb_devt, RPMB_MAX_DEVICES);
	return ret;
}

static void __exit rpmb_exit(void)
{
	/* Devices that had links to others are let go by a work of the driver core */
	device_link_wait_removal();
	rpmb_interface_unregister(&rpmb_list_interface);
	class_unregister(&rpmb_class);
	unregister_chrdev_region(rpmb_devt, RPMB_MAX_DEVICES);
	ida_destroy(&rpmb_ida);
}

subsys_initcall(rpmb_init);
module_exit(rpmb_exit);

MODULE_DESCRIPTION("Replay Protected Memory Block core");
MODULE_LICENSE("GPL");
