// SPDX-License-Identifier: GPL-2.0-only
/*
 * RPMB simulator: devices in memory, made through configfs
 *
 * mkdir /sys/kernel/config/rpmb-sim/NAME, set the attributes, write 1 to enable.
 * What was stored is gone when the device is.
 */
#define pr_fmt(fmt) "rpmb-sim: " fmt

#include <crypto/utils.h>
#include <linux/cleanup.h>
#include <linux/configfs.h>
#include <linux/kstrtox.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/platform_device.h>
#include <linux/rpmb.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#include "frame.h"

#define RPMB_SIM_TYPES (BIT(RPMB_PROGRAM_KEY) | BIT(RPMB_GET_WRITE_COUNTER) | \
			BIT(RPMB_WRITE_DATA) | BIT(RPMB_READ_DATA))
#define RPMB_SIM_COUNTED (BIT(RPMB_PROGRAM_KEY) | \
			  BIT(RPMB_GET_WRITE_COUNTER) | BIT(RPMB_READ_DATA) | \
			  BIT(RPMB_RESULT_READ))

/**
 * struct rpmb_sim - a simulated device
 * @item: its configfs directory; counts references to this structure
 * @config_lock: protects @type to @rdev; held while the device is registered and
 *	unregistered
 * @type: type of storage
 * @capacity: units of 128 KiB
 * @max_write: most blocks in a write, 0 means any number
 * @max_read: most blocks in a read, 0 means any number
 * @target: region or target
 * @dev_id: identity
 * @parent: parent of the RPMB device
 * @rdev: the RPMB device, NULL if not enabled. The settings above do not change
 *	while it is there, so transfers read them without a lock
 * @state_lock: protects what follows
 * @hmac: the key, NULL before one was programmed
 * @counter: write counter
 * @data: the storage, while the device is there
 * @answer: fields of the response to the request before
 */
struct rpmb_sim {
	struct config_item item;
	struct mutex config_lock;	/* type to rdev; before state_lock */
	enum rpmb_type type;
	u32 capacity;
	u32 max_write;
	u32 max_read;
	u32 target;
	char dev_id[64];
	struct platform_device *parent;
	struct rpmb_dev *rdev;
	struct mutex state_lock;	/* hmac to answer */
	struct rpmb_hmac *hmac;
	u32 counter;
	u8 *data;
	struct rpmb_fields answer;
};

static struct rpmb_sim *to_rpmb_sim(struct config_item *item)
{
	return container_of(item, struct rpmb_sim, item);
}

static enum rpmb_frame_format rpmb_sim_format(const struct rpmb_sim *sim)
{
	return sim->type == RPMB_TYPE_NVME ? RPMB_FRAME_NVME :
					     RPMB_FRAME_JEDEC;
}

static u8 *rpmb_sim_block(struct rpmb_sim *sim, u32 addr)
{
	return sim->data + (size_t)addr *
			   rpmb_block_size(rpmb_sim_format(sim));
}

static u16 rpmb_sim_check_range(const struct rpmb_sim *sim,
				const struct rpmb_fields *fields, u32 max)
{
	u32 blocks = sim->capacity *
		     (SZ_128K / rpmb_block_size(rpmb_sim_format(sim)));

	if (fields->addr >= blocks || fields->count > blocks - fields->addr)
		return RPMB_RES_ADDRESS;
	if (max && fields->count > max)
		return RPMB_RES_GENERAL;
	return RPMB_RES_OK;
}

static bool rpmb_sim_mac_ok(struct rpmb_sim *sim, void *frames,
			    unsigned int len)
{
	enum rpmb_frame_format format = rpmb_sim_format(sim);
	u8 mac[RPMB_KEY_SIZE];

	if (rpmb_frames_mac(format, frames, len, sim->hmac, mac))
		return false;
	return !crypto_memneq(rpmb_frames_key_mac(format, frames, len), mac,
			      sizeof(mac));
}

static u16 rpmb_sim_program_key(struct rpmb_sim *sim, void *frames,
				unsigned int len)
{
	u8 *key = rpmb_frames_key_mac(rpmb_sim_format(sim), frames, len);
	struct rpmb_hmac *hmac;

	if (sim->hmac)
		return RPMB_RES_GENERAL;
	hmac = rpmb_hmac_alloc(key);
	if (IS_ERR(hmac))
		return RPMB_RES_WRITE;
	sim->hmac = hmac;
	return RPMB_RES_OK;
}

/* The order of the checks is that of JESD220G section 12.4.7.3 */
static u16 rpmb_sim_check_write(struct rpmb_sim *sim, void *frames,
				unsigned int len,
				const struct rpmb_fields *fields)
{
	u16 result;

	if (sim->counter == U32_MAX)
		return RPMB_RES_WRITE;
	result = rpmb_sim_check_range(sim, fields, sim->max_write);
	if (result)
		return result;
	if (!rpmb_sim_mac_ok(sim, frames, len))
		return RPMB_RES_AUTH;
	if (fields->counter != sim->counter)
		return RPMB_RES_COUNTER;
	return RPMB_RES_OK;
}

static u16 rpmb_sim_write(struct rpmb_sim *sim, void *frames, unsigned int len,
			  const struct rpmb_fields *fields)
{
	enum rpmb_frame_format format = rpmb_sim_format(sim);
	u16 result = rpmb_sim_check_write(sim, frames, len, fields);
	u32 i;

	if (result)
		return result;
	for (i = 0; i < fields->count; i++)
		memcpy(rpmb_sim_block(sim, fields->addr + i),
		       rpmb_frames_data(format, frames, i),
		       rpmb_block_size(format));
	sim->counter++;
	return RPMB_RES_OK;
}

static u16 rpmb_sim_execute(struct rpmb_sim *sim, void *frames,
			    unsigned int len, const struct rpmb_fields *fields)
{
	if (fields->type == RPMB_PROGRAM_KEY)
		return rpmb_sim_program_key(sim, frames, len);
	if (!sim->hmac)
		return RPMB_RES_NO_KEY;

	switch (fields->type) {
	case RPMB_GET_WRITE_COUNTER:
		return RPMB_RES_OK;
	case RPMB_WRITE_DATA:
		return rpmb_sim_write(sim, frames, len, fields);
	case RPMB_READ_DATA:
		return rpmb_sim_check_range(sim, fields, sim->max_read);
	default:
		return RPMB_RES_GENERAL;
	}
}

/* The request is done here; its answer waits until it is asked for */
static void rpmb_sim_send(struct rpmb_sim *sim, const struct rpmb_xfer *xfer)
{
	struct rpmb_fields fields;
	u16 result;

	rpmb_frames_get(rpmb_sim_format(sim), xfer->buf, &fields);
	result = rpmb_sim_execute(sim, xfer->buf, xfer->len, &fields);
	if (sim->hmac && sim->counter == U32_MAX)
		result |= RPMB_RES_EXPIRED;

	sim->answer = (struct rpmb_fields) {
		.type = fields.type << 8,
		.result = result,
		.target = fields.target,
	};
	if (fields.type == RPMB_WRITE_DATA || fields.type == RPMB_READ_DATA)
		sim->answer.addr = fields.addr;
	if (fields.type == RPMB_READ_DATA)
		sim->answer.count = fields.count;
	if (fields.type == RPMB_WRITE_DATA ||
	    fields.type == RPMB_GET_WRITE_COUNTER)
		sim->answer.counter = sim->counter;
	if (fields.type == RPMB_READ_DATA ||
	    fields.type == RPMB_GET_WRITE_COUNTER)
		memcpy(sim->answer.nonce, fields.nonce, sizeof(fields.nonce));
}

static void rpmb_sim_copy_data(struct rpmb_sim *sim, void *frames,
			       unsigned int len)
{
	enum rpmb_frame_format format = rpmb_sim_format(sim);
	u32 i, count = min_t(u32, sim->answer.count,
			     rpmb_frames_blocks(format, len));

	for (i = 0; i < count; i++)
		memcpy(rpmb_frames_data(format, frames, i),
		       rpmb_sim_block(sim, sim->answer.addr + i),
		       rpmb_block_size(format));
}

static int rpmb_sim_recv(struct rpmb_sim *sim, const struct rpmb_xfer *xfer)
{
	enum rpmb_frame_format format = rpmb_sim_format(sim);
	u16 result = sim->answer.result & ~RPMB_RES_EXPIRED;

	memset(xfer->buf, 0, xfer->len);
	if (sim->answer.type == RPMB_READ_DATA << 8 && !result)
		rpmb_sim_copy_data(sim, xfer->buf, xfer->len);
	rpmb_frames_set(format, xfer->buf, xfer->len, &sim->answer);
	if (!sim->hmac || sim->answer.type == RPMB_PROGRAM_KEY << 8)
		return 0;
	return rpmb_frames_mac(format, xfer->buf, xfer->len, sim->hmac,
			       rpmb_frames_key_mac(format, xfer->buf,
						   xfer->len));
}

static int rpmb_sim_transfer(struct rpmb_dev *rdev, struct rpmb_xfer *xfers,
			     unsigned int nr)
{
	struct rpmb_sim *sim = rdev->descr.priv;
	struct rpmb_xfer *xfer;
	int ret = 0;

	guard(mutex)(&sim->state_lock);
	for (xfer = xfers; !ret && xfer < xfers + nr; xfer++) {
		xfer->started = true;
		if (xfer->kind == RPMB_XFER_SEND)
			rpmb_sim_send(sim, xfer);
		else if (xfer->kind == RPMB_XFER_RECV)
			ret = rpmb_sim_recv(sim, xfer);
	}
	return ret;
}

/* Most blocks in a write; what limits it if nothing else does is the core */
static u32 rpmb_sim_max_write(const struct rpmb_sim *sim)
{
	return sim->max_write ?: rpmb_frames_max_blocks(rpmb_sim_format(sim));
}

static struct rpmb_dev *rpmb_sim_register(struct rpmb_sim *sim)
{
	enum rpmb_frame_format format = rpmb_sim_format(sim);
	u32 max_write = rpmb_sim_max_write(sim);
	struct rpmb_descr descr = {
		.type = sim->type,
		.transfer = rpmb_sim_transfer,
		.priv = sim,
		.dev_id = (u8 *)sim->dev_id,
		.dev_id_len = strlen(sim->dev_id),
		.capacity = sim->capacity,
		.reliable_wr_count = max_write * rpmb_block_size(format) /
				     SZ_512,
		.frame_format = format,
		.transport = RPMB_TRANSPORT_SIM,
		.request_types = RPMB_SIM_TYPES,
		.write_sizes = BIT(fls(max_write)) - 1,
		.max_write = max_write,
		.max_read = sim->max_read,
		.target = sim->target,
		.fill_block_count = RPMB_SIM_COUNTED,
	};

	return rpmb_dev_register(&sim->parent->dev, &descr);
}

static int rpmb_sim_enable(struct rpmb_sim *sim)
{
	struct rpmb_dev *rdev;

	lockdep_assert_held(&sim->config_lock);
	if (sim->rdev)
		return 0;

	sim->data = vzalloc(sim->capacity * SZ_128K);
	if (!sim->data)
		return -ENOMEM;
	sim->parent = platform_device_register_simple("rpmb-sim",
						      PLATFORM_DEVID_AUTO,
						      NULL, 0);
	if (IS_ERR(sim->parent)) {
		vfree(sim->data);
		return PTR_ERR(sim->parent);
	}
	rdev = rpmb_sim_register(sim);
	if (IS_ERR(rdev)) {
		platform_device_unregister(sim->parent);
		vfree(sim->data);
		return PTR_ERR(rdev);
	}
	sim->rdev = rdev;
	return 0;
}

static void rpmb_sim_disable(struct rpmb_sim *sim)
{
	lockdep_assert_held(&sim->config_lock);
	if (!sim->rdev)
		return;

	rpmb_dev_unregister(sim->rdev);
	sim->rdev = NULL;
	platform_device_unregister(sim->parent);
	vfree(sim->data);
	rpmb_hmac_free(sim->hmac);
	sim->hmac = NULL;
	sim->counter = 0;
}

static ssize_t rpmb_sim_set(struct rpmb_sim *sim, u32 *setting,
			    const char *page, size_t len, u32 min, u32 max)
{
	u32 value;
	int ret;

	ret = kstrtou32(page, 0, &value);
	if (ret)
		return ret;
	if (value < min || value > max)
		return -ERANGE;

	guard(mutex)(&sim->config_lock);
	if (sim->rdev)
		return -EBUSY;
	*setting = value;
	return len;
}

/* A number that is final once the device is enabled */
#define RPMB_SIM_SETTING(_name, _min, _max)				\
static ssize_t rpmb_sim_##_name##_show(struct config_item *item,	\
				       char *page)			\
{									\
	return sysfs_emit(page, "%u\n", to_rpmb_sim(item)->_name);	\
}									\
									\
static ssize_t rpmb_sim_##_name##_store(struct config_item *item,	\
					const char *page, size_t len)	\
{									\
	struct rpmb_sim *sim = to_rpmb_sim(item);			\
									\
	return rpmb_sim_set(sim, &sim->_name, page, len, _min, _max);	\
}									\
CONFIGFS_ATTR(rpmb_sim_, _name)

RPMB_SIM_SETTING(capacity, 1, 256);
RPMB_SIM_SETTING(max_write, 0, U16_MAX);
RPMB_SIM_SETTING(max_read, 0, U16_MAX);
RPMB_SIM_SETTING(target, 0, 6);

static const char * const rpmb_sim_types[] = {
	[RPMB_TYPE_EMMC] = "emmc",
	[RPMB_TYPE_UFS] = "ufs",
	[RPMB_TYPE_NVME] = "nvme",
};

static ssize_t rpmb_sim_type_show(struct config_item *item, char *page)
{
	return sysfs_emit(page, "%s\n",
			  rpmb_sim_types[to_rpmb_sim(item)->type]);
}

static ssize_t rpmb_sim_type_store(struct config_item *item, const char *page,
				   size_t len)
{
	struct rpmb_sim *sim = to_rpmb_sim(item);
	int type = sysfs_match_string(rpmb_sim_types, page);

	if (type < 0)
		return type;

	guard(mutex)(&sim->config_lock);
	if (sim->rdev)
		return -EBUSY;
	sim->type = type;
	return len;
}
CONFIGFS_ATTR(rpmb_sim_, type);

static ssize_t rpmb_sim_dev_id_show(struct config_item *item, char *page)
{
	struct rpmb_sim *sim = to_rpmb_sim(item);

	guard(mutex)(&sim->config_lock);
	return sysfs_emit(page, "%s\n", sim->dev_id);
}

static ssize_t rpmb_sim_dev_id_store(struct config_item *item,
				     const char *page, size_t len)
{
	struct rpmb_sim *sim = to_rpmb_sim(item);
	size_t id_len = strcspn(page, "\n");

	if (!id_len || id_len >= sizeof(sim->dev_id))
		return -EINVAL;

	guard(mutex)(&sim->config_lock);
	if (sim->rdev)
		return -EBUSY;
	strscpy(sim->dev_id, page, id_len + 1);
	return len;
}
CONFIGFS_ATTR(rpmb_sim_, dev_id);

static ssize_t rpmb_sim_write_counter_show(struct config_item *item,
					   char *page)
{
	struct rpmb_sim *sim = to_rpmb_sim(item);

	guard(mutex)(&sim->state_lock);
	return sysfs_emit(page, "%u\n", sim->counter);
}

static ssize_t rpmb_sim_write_counter_store(struct config_item *item,
					    const char *page, size_t len)
{
	struct rpmb_sim *sim = to_rpmb_sim(item);
	u32 counter;
	int ret;

	ret = kstrtou32(page, 0, &counter);
	if (ret)
		return ret;

	guard(mutex)(&sim->state_lock);
	sim->counter = counter;
	return len;
}
CONFIGFS_ATTR(rpmb_sim_, write_counter);

static ssize_t rpmb_sim_enable_show(struct config_item *item, char *page)
{
	struct rpmb_sim *sim = to_rpmb_sim(item);

	guard(mutex)(&sim->config_lock);
	return sysfs_emit(page, "%d\n", !!sim->rdev);
}

static ssize_t rpmb_sim_enable_store(struct config_item *item,
				     const char *page, size_t len)
{
	struct rpmb_sim *sim = to_rpmb_sim(item);
	bool enable;
	int ret;

	ret = kstrtobool(page, &enable);
	if (ret)
		return ret;

	guard(mutex)(&sim->config_lock);
	if (enable)
		ret = rpmb_sim_enable(sim);
	else
		rpmb_sim_disable(sim);
	return ret ?: len;
}
CONFIGFS_ATTR(rpmb_sim_, enable);

static ssize_t rpmb_sim_device_show(struct config_item *item, char *page)
{
	struct rpmb_sim *sim = to_rpmb_sim(item);

	guard(mutex)(&sim->config_lock);
	if (!sim->rdev)
		return -ENODEV;
	return sysfs_emit(page, "%s\n", dev_name(&sim->rdev->dev));
}
CONFIGFS_ATTR_RO(rpmb_sim_, device);

static struct configfs_attribute *rpmb_sim_attrs[] = {
	&rpmb_sim_attr_type,
	&rpmb_sim_attr_capacity,
	&rpmb_sim_attr_max_write,
	&rpmb_sim_attr_max_read,
	&rpmb_sim_attr_target,
	&rpmb_sim_attr_dev_id,
	&rpmb_sim_attr_write_counter,
	&rpmb_sim_attr_enable,
	&rpmb_sim_attr_device,
	NULL
};

static void rpmb_sim_release(struct config_item *item)
{
	struct rpmb_sim *sim = to_rpmb_sim(item);

	mutex_destroy(&sim->state_lock);
	mutex_destroy(&sim->config_lock);
	kfree(sim);
}

static struct configfs_item_operations rpmb_sim_item_ops = {
	.release = rpmb_sim_release,
};

static const struct config_item_type rpmb_sim_item_type = {
	.ct_item_ops = &rpmb_sim_item_ops,
	.ct_attrs = rpmb_sim_attrs,
	.ct_owner = THIS_MODULE,
};

static struct config_item *rpmb_sim_make(struct config_group *group,
					 const char *name)
{
	struct rpmb_sim *sim __free(kfree) = kzalloc(sizeof(*sim), GFP_KERNEL);

	if (!sim)
		return ERR_PTR(-ENOMEM);
	mutex_init(&sim->config_lock);
	mutex_init(&sim->state_lock);
	sim->capacity = 1;
	strscpy(sim->dev_id, name);
	config_item_init_type_name(&sim->item, name, &rpmb_sim_item_type);
	return &no_free_ptr(sim)->item;
}

static void rpmb_sim_drop(struct config_group *group, struct config_item *item)
{
	struct rpmb_sim *sim = to_rpmb_sim(item);

	scoped_guard(mutex, &sim->config_lock)
		rpmb_sim_disable(sim);
	config_item_put(item);
}

static struct configfs_group_operations rpmb_sim_group_ops = {
	.make_item = rpmb_sim_make,
	.drop_item = rpmb_sim_drop,
};

static const struct config_item_type rpmb_sim_group_type = {
	.ct_group_ops = &rpmb_sim_group_ops,
	.ct_owner = THIS_MODULE,
};

static struct configfs_subsystem rpmb_sim_subsystem = {
	.su_group = {
		.cg_item = {
			.ci_namebuf = "rpmb-sim",
			.ci_type = &rpmb_sim_group_type,
		},
	},
};

static int __init rpmb_sim_init(void)
{
	config_group_init(&rpmb_sim_subsystem.su_group);
	mutex_init(&rpmb_sim_subsystem.su_mutex);
	return configfs_register_subsystem(&rpmb_sim_subsystem);
}

static void __exit rpmb_sim_exit(void)
{
	configfs_unregister_subsystem(&rpmb_sim_subsystem);
}

module_init(rpmb_sim_init);
module_exit(rpmb_sim_exit);

MODULE_INFO(import_ns, RPMB_NAMESPACE);
MODULE_DESCRIPTION("RPMB simulator");
MODULE_LICENSE("GPL");
