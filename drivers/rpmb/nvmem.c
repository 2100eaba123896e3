// SPDX-License-Identifier: GPL-2.0-only
/*
 * Cells of an RPMB, through the kernel's nvmem framework
 *
 * mkdir /sys/kernel/config/rpmb-nvmem/NAME, say which device and key, mkdir cells in
 * NAME/cells, write 1 to enable: nvmem has a device NAME then, which is the RPMB.
 */
#define pr_fmt(fmt) "rpmb-nvmem: " fmt

#include <linux/cleanup.h>
#include <linux/configfs.h>
#include <linux/key.h>
#include <linux/kstrtox.h>
#include <linux/limits.h>
#include <linux/list.h>
#include <linux/math.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/nvmem-consumer.h>
#include <linux/nvmem-provider.h>
#include <linux/platform_device.h>
#include <linux/rpmb.h>
#include <linux/slab.h>
#include <linux/string.h>

/* How often blocks are read and changed anew that others write meanwhile */
#define RPMB_NVMEM_WRITE_TRIES	4

/**
 * struct rpmb_nvmem_area - what the framework's calls are given: an RPMB that is read and
 *	written by bytes
 * @lock: protects @rdev and @key; held during a read or a write, so that a write is done
 *	as one, and disabling waits for its end
 * @rdev: the RPMB, a reference; NULL once disabled, and then there is no @key
 * @key: its key, a reference
 * @block_size: bytes of a block
 * @size: bytes that can be addressed
 * @parent: parent of the nvmem device, and owner of this structure
 * @nvmem: the nvmem device
 * @retired: place in the list of those that are disabled
 *
 * Consumers may have the nvmem device, and so call with this structure, long after
 * nvmem_unregister(), and nobody is told when the last has let it go. But a child has a
 * reference to its parent until it is removed: this is the platform data of @parent,
 * which the platform bus frees with that. See rpmb_nvmem_reap() for when it goes.
 */
struct rpmb_nvmem_area {
	struct mutex lock;	/* rdev and key */
	struct rpmb_dev *rdev;
	struct key *key;
	unsigned int block_size;
	unsigned int size;
	struct platform_device *parent;
	struct nvmem_device *nvmem;
	struct list_head retired;
};

/**
 * struct rpmb_nvmem - a directory in configfs
 * @group: the directory; counts references to this structure
 * @cells_group: the directory "cells" in it
 * @lock: protects what follows, and what is in @cells; held while the nvmem device is
 *	registered and unregistered. Before an area's lock
 * @device: name of the RPMB
 * @key: its key, a reference, or NULL
 * @cells: the cells
 * @area: what is registered, NULL if not enabled. Settings and cells do not change while
 *	it is there, but that a cell can be removed from the directory
 */
struct rpmb_nvmem {
	struct config_group group;
	struct config_group cells_group;
	struct mutex lock;	/* device to area; before an area's lock */
	char device[32];
	struct key *key;
	struct list_head cells;
	struct rpmb_nvmem_area *area;
};

/**
 * struct rpmb_nvmem_cell - a directory in "cells"
 * @item: the directory; counts references to this structure
 * @owner: what it is a cell of. There while the directory is, hence for its attributes
 * @node: place in the owner's list
 * @offset: its first byte
 * @length: number of bytes
 */
struct rpmb_nvmem_cell {
	struct config_item item;
	struct rpmb_nvmem *owner;
	struct list_head node;
	u32 offset;
	u32 length;
};

/**
 * struct rpmb_nvmem_span - the blocks that a range of bytes touches
 * @addr: the first
 * @count: how many
 * @len: bytes in them
 * @blocks: memory for them
 * @data: where the range begins there
 */
struct rpmb_nvmem_span {
	u32 addr;
	u32 count;
	size_t len;
	void *blocks;
	void *data;
};

/* Disabled, but maybe held by a consumer */
static LIST_HEAD(rpmb_nvmem_retired);
static DEFINE_MUTEX(rpmb_nvmem_retired_lock);

static struct rpmb_nvmem *to_rpmb_nvmem(struct config_item *item)
{
	return container_of(to_config_group(item), struct rpmb_nvmem, group);
}

static struct rpmb_nvmem_cell *to_rpmb_nvmem_cell(struct config_item *item)
{
	return container_of(item, struct rpmb_nvmem_cell, item);
}

static char *rpmb_nvmem_name(struct rpmb_nvmem *cfg)
{
	return config_item_name(&cfg->group.cg_item);
}

static int rpmb_nvmem_span_alloc(const struct rpmb_nvmem_area *area,
				 unsigned int offset, size_t bytes,
				 struct rpmb_nvmem_span *span)
{
	unsigned int size = area->block_size;

	if (offset > area->size || bytes > area->size - offset)
		return -ERANGE;
	span->addr = offset / size;
	span->count = DIV_ROUND_UP(offset + bytes, size) - span->addr;
	span->len = (size_t)span->count * size;
	span->blocks = kvmalloc(span->len, GFP_KERNEL);
	if (!span->blocks)
		return -ENOMEM;
	span->data = span->blocks + offset % size;
	return 0;
}

static void rpmb_nvmem_span_free(struct rpmb_nvmem_span *span)
{
	kvfree_sensitive(span->blocks, span->len);
}

static int rpmb_nvmem_span_read(const struct rpmb_nvmem_area *area,
				const struct rpmb_nvmem_span *span)
{
	return rpmb_read_blocks(area->rdev, area->key, span->addr, span->count,
				span->blocks);
}

/* Nothing is put into @val that is not authentic */
static int rpmb_nvmem_read(void *priv, unsigned int offset, void *val,
			   size_t bytes)
{
	struct rpmb_nvmem_area *area = priv;
	struct rpmb_nvmem_span span;
	int ret;

	ret = rpmb_nvmem_span_alloc(area, offset, bytes, &span);
	if (ret)
		return ret;
	scoped_guard(mutex, &area->lock)
		ret = area->rdev ? rpmb_nvmem_span_read(area, &span) : -ENODEV;
	if (!ret)
		memcpy(val, span.data, bytes);
	rpmb_nvmem_span_free(&span);
	return ret;
}

/*
 * The counter is read before the blocks, and they are written for that counter alone: if
 * somebody else with the key writes in between, the device refuses it (-ESTALE). What
 * counts is what is stored, which has been read back if the device's answer was none, or
 * not authentic: if it is all there, the write is done. -EAGAIN: it is known what was
 * stored, so that all can be done anew.
 */
static int rpmb_nvmem_update(const struct rpmb_nvmem_area *area,
			     const struct rpmb_nvmem_span *span,
			     const void *val, size_t bytes)
{
	struct rpmb_outcome outcome;
	u32 counter;
	int ret;

	ret = rpmb_get_write_count(area->rdev, area->key, &counter) ?:
	      rpmb_nvmem_span_read(area, span);
	if (ret)
		return ret;
	/* A device does only so many writes */
	if (!memcmp(span->data, val, bytes))
		return 0;
	memcpy(span->data, val, bytes);
	ret = rpmb_write_blocks(area->rdev, area->key, span->addr, span->count,
				span->blocks, &counter, &outcome);
	if (ret && outcome.stored == span->count) {
		dev_warn(&area->parent->dev, "a write is stored, but its answer was lost or bad: %d\n",
			 ret);
		return 0;
	}
	return ret == -ESTALE && !outcome.unknown ? -EAGAIN : ret;
}

static int rpmb_nvmem_write(void *priv, unsigned int offset, void *val,
			    size_t bytes)
{
	struct rpmb_nvmem_area *area = priv;
	struct rpmb_nvmem_span span;
	int tries = RPMB_NVMEM_WRITE_TRIES;
	int ret;

	ret = rpmb_nvmem_span_alloc(area, offset, bytes, &span);
	if (ret)
		return ret;
	scoped_guard(mutex, &area->lock)
		do
			ret = area->rdev ? rpmb_nvmem_update(area, &span, val,
							     bytes) : -ENODEV;
		while (ret == -EAGAIN && --tries);
	rpmb_nvmem_span_free(&span);
	return ret == -EAGAIN ? -ESTALE : ret;
}

static bool rpmb_nvmem_is_held(const struct rpmb_nvmem_area *area)
{
	struct device *child = device_find_any_child(&area->parent->dev);

	put_device(child);
	return child;
}

/*
 * Remove the parents whose nvmem device has gone. Where a consumer still has it the parent
 * stays, because a device must not be removed before its child.
 */
static void rpmb_nvmem_reap(void)
{
	struct rpmb_nvmem_area *area, *next;

	guard(mutex)(&rpmb_nvmem_retired_lock);
	list_for_each_entry_safe(area, next, &rpmb_nvmem_retired, retired) {
		if (rpmb_nvmem_is_held(area))
			continue;
		list_del(&area->retired);
		platform_device_unregister(area->parent);
	}
}

/* From now on, who still has the nvmem device gets -ENODEV */
static void rpmb_nvmem_close(struct rpmb_nvmem_area *area)
{
	guard(mutex)(&area->lock);
	rpmb_dev_unlink(area->rdev, &area->parent->dev);
	rpmb_dev_put(area->rdev);
	area->rdev = NULL;
	key_put(area->key);
	area->key = NULL;
}

static void rpmb_nvmem_retire(struct rpmb_nvmem_area *area)
{
	rpmb_nvmem_close(area);
	nvmem_unregister(area->nvmem);
	scoped_guard(mutex, &rpmb_nvmem_retired_lock)
		list_add(&area->retired, &rpmb_nvmem_retired);
	rpmb_nvmem_reap();
}

/*
 * The parent, with an area of which only what is in @from is known yet. It sleeps before
 * the RPMB, and so does who is linked to it.
 */
static struct rpmb_nvmem_area *
rpmb_nvmem_area_new(const struct rpmb_nvmem_area *from)
{
	struct rpmb_nvmem_area *area;
	struct platform_device *parent =
		platform_device_register_data(NULL, "rpmb-nvmem",
					      PLATFORM_DEVID_AUTO, from,
					      sizeof(*from));

	if (IS_ERR(parent))
		return ERR_CAST(parent);
	if (rpmb_dev_link(from->rdev, &parent->dev)) {
		platform_device_unregister(parent);
		return ERR_PTR(-ENOMEM);
	}
	area = dev_get_platdata(&parent->dev);
	mutex_init(&area->lock);
	area->parent = parent;
	return area;
}

/* That device and key fit together is seen here, not by the first consumer */
static struct rpmb_nvmem_area *rpmb_nvmem_open(const struct rpmb_nvmem *cfg)
{
	struct rpmb_nvmem_area *area, from = { };
	unsigned int blocks;
	u32 counter;
	int ret;

	if (!cfg->key)
		return ERR_PTR(-ENOKEY);
	from.rdev = rpmb_dev_find_device(cfg->device, NULL, device_match_name);
	if (!from.rdev)
		return ERR_PTR(-ENODEV);
	blocks = rpmb_get_capacity(from.rdev, &from.block_size);
	from.size = min_t(u64, (u64)blocks * from.block_size,
			  round_down(INT_MAX, from.block_size));
	from.key = key_get(cfg->key);
	ret = rpmb_get_write_count(from.rdev, from.key, &counter);
	area = ret ? ERR_PTR(ret) : rpmb_nvmem_area_new(&from);
	if (IS_ERR(area)) {
		key_put(from.key);
		rpmb_dev_put(from.rdev);
	}
	return area;
}

/* A cell is within one block, since only that is written as one by every device */
static int rpmb_nvmem_check_place(const struct rpmb_nvmem_cell *cell,
				  const struct rpmb_nvmem_area *area)
{
	if (!cell->length)
		return -EINVAL;
	if (cell->offset >= area->size ||
	    cell->length > area->size - cell->offset)
		return -ERANGE;
	if (cell->offset % area->block_size + cell->length > area->block_size)
		return -EINVAL;
	return 0;
}

/* Those before it in the list have been checked */
static int rpmb_nvmem_check_overlap(struct rpmb_nvmem_cell *cell)
{
	struct list_head *cells = &cell->owner->cells;
	struct rpmb_nvmem_cell *other = cell;

	list_for_each_entry_continue_reverse(other, cells, node)
		if (cell->offset < other->offset + other->length &&
		    other->offset < cell->offset + cell->length)
			return -EEXIST;
	return 0;
}

static int rpmb_nvmem_check_cells(struct rpmb_nvmem *cfg,
				  const struct rpmb_nvmem_area *area)
{
	struct rpmb_nvmem_cell *cell;
	int ret;

	list_for_each_entry(cell, &cfg->cells, node) {
		ret = rpmb_nvmem_check_place(cell, area) ?:
		      rpmb_nvmem_check_overlap(cell);
		if (!ret)
			continue;
		pr_warn("%s: cell %s of %u bytes at %u is refused: %d\n",
			rpmb_nvmem_name(cfg), config_item_name(&cell->item),
			cell->length, cell->offset, ret);
		return ret;
	}
	return 0;
}

/* The framework makes its own copy of all that it is told here */
static int rpmb_nvmem_register(struct rpmb_nvmem *cfg,
			       struct rpmb_nvmem_area *area)
{
	struct nvmem_config config = {
		.dev = &area->parent->dev,
		.name = rpmb_nvmem_name(cfg),
		.id = NVMEM_DEVID_NONE,
		.owner = THIS_MODULE,
		.root_only = true,
		.ignore_wp = true,
		.reg_read = rpmb_nvmem_read,
		.reg_write = rpmb_nvmem_write,
		.size = area->size,
		.priv = area,
	};
	struct nvmem_cell_info *infos __free(kfree) =
		kcalloc(list_count_nodes(&cfg->cells), sizeof(*infos),
			GFP_KERNEL);
	struct rpmb_nvmem_cell *cell;
	struct nvmem_device *nvmem;

	if (!infos)
		return -ENOMEM;
	list_for_each_entry(cell, &cfg->cells, node)
		infos[config.ncells++] = (struct nvmem_cell_info) {
			.name = config_item_name(&cell->item),
			.offset = cell->offset,
			.bytes = cell->length,
		};
	config.cells = infos;
	nvmem = nvmem_register(&config);
	if (IS_ERR(nvmem))
		return PTR_ERR(nvmem);
	area->nvmem = nvmem;
	return 0;
}

/* By somebody else's device, or by one of before that a consumer still has */
static bool rpmb_nvmem_name_is_taken(struct rpmb_nvmem *cfg)
{
	struct nvmem_device *other =
		nvmem_device_find(rpmb_nvmem_name(cfg), device_match_name);

	if (IS_ERR(other))
		return false;
	nvmem_device_put(other);
	return true;
}

static int rpmb_nvmem_enable(struct rpmb_nvmem *cfg)
{
	struct rpmb_nvmem_area *area;
	int ret;

	lockdep_assert_held(&cfg->lock);
	if (cfg->area)
		return 0;
	if (rpmb_nvmem_name_is_taken(cfg))
		return -EBUSY;
	area = rpmb_nvmem_open(cfg);
	if (IS_ERR(area))
		return PTR_ERR(area);
	ret = rpmb_nvmem_check_cells(cfg, area) ?:
	      rpmb_nvmem_register(cfg, area);
	if (ret)
		rpmb_nvmem_retire(area);
	else
		cfg->area = area;
	return ret;
}

static void rpmb_nvmem_disable(struct rpmb_nvmem *cfg)
{
	lockdep_assert_held(&cfg->lock);
	if (!cfg->area)
		return;
	rpmb_nvmem_retire(cfg->area);
	cfg->area = NULL;
}

static ssize_t rpmb_nvmem_cell_set(struct rpmb_nvmem_cell *cell, u32 *setting,
				   const char *page, size_t len)
{
	u32 value;
	int ret;

	ret = kstrtou32(page, 0, &value);
	if (ret)
		return ret;

	guard(mutex)(&cell->owner->lock);
	if (cell->owner->area)
		return -EBUSY;
	*setting = value;
	return len;
}

#define RPMB_NVMEM_CELL_SETTING(_name)					\
static ssize_t rpmb_nvmem_cell_##_name##_show(struct config_item *item,	\
					      char *page)		\
{									\
	return sysfs_emit(page, "%u\n", to_rpmb_nvmem_cell(item)->_name); \
}									\
									\
static ssize_t rpmb_nvmem_cell_##_name##_store(struct config_item *item, \
					       const char *page,	\
					       size_t len)		\
{									\
	struct rpmb_nvmem_cell *cell = to_rpmb_nvmem_cell(item);	\
									\
	return rpmb_nvmem_cell_set(cell, &cell->_name, page, len);	\
}									\
CONFIGFS_ATTR(rpmb_nvmem_cell_, _name)

RPMB_NVMEM_CELL_SETTING(offset);
RPMB_NVMEM_CELL_SETTING(length);

static struct configfs_attribute *rpmb_nvmem_cell_attrs[] = {
	&rpmb_nvmem_cell_attr_offset,
	&rpmb_nvmem_cell_attr_length,
	NULL
};

static void rpmb_nvmem_cell_release(struct config_item *item)
{
	kfree(to_rpmb_nvmem_cell(item));
}

static struct configfs_item_operations rpmb_nvmem_cell_item_ops = {
	.release = rpmb_nvmem_cell_release,
};

static const struct config_item_type rpmb_nvmem_cell_type = {
	.ct_item_ops = &rpmb_nvmem_cell_item_ops,
	.ct_attrs = rpmb_nvmem_cell_attrs,
	.ct_owner = THIS_MODULE,
};

static struct config_item *rpmb_nvmem_cell_make(struct config_group *group,
						const char *name)
{
	struct rpmb_nvmem *cfg = container_of(group, struct rpmb_nvmem,
					      cells_group);
	struct rpmb_nvmem_cell *cell __free(kfree) = kzalloc(sizeof(*cell),
							     GFP_KERNEL);

	if (!cell)
		return ERR_PTR(-ENOMEM);
	cell->owner = cfg;
	guard(mutex)(&cfg->lock);
	if (cfg->area)
		return ERR_PTR(-EBUSY);
	config_item_init_type_name(&cell->item, name, &rpmb_nvmem_cell_type);
	list_add_tail(&cell->node, &cfg->cells);
	return &no_free_ptr(cell)->item;
}

static void rpmb_nvmem_cell_drop(struct config_group *group,
				 struct config_item *item)
{
	struct rpmb_nvmem_cell *cell = to_rpmb_nvmem_cell(item);

	scoped_guard(mutex, &cell->owner->lock)
		list_del(&cell->node);
	config_item_put(item);
}

static struct configfs_group_operations rpmb_nvmem_cells_group_ops = {
	.make_item = rpmb_nvmem_cell_make,
	.drop_item = rpmb_nvmem_cell_drop,
};

static const struct config_item_type rpmb_nvmem_cells_type = {
	.ct_group_ops = &rpmb_nvmem_cells_group_ops,
	.ct_owner = THIS_MODULE,
};

static ssize_t rpmb_nvmem_device_show(struct config_item *item, char *page)
{
	struct rpmb_nvmem *cfg = to_rpmb_nvmem(item);

	guard(mutex)(&cfg->lock);
	return sysfs_emit(page, "%s\n", cfg->device);
}

static ssize_t rpmb_nvmem_device_store(struct config_item *item,
				       const char *page, size_t len)
{
	struct rpmb_nvmem *cfg = to_rpmb_nvmem(item);
	size_t name_len = strcspn(page, "\n");

	if (!name_len || name_len >= sizeof(cfg->device))
		return -EINVAL;

	guard(mutex)(&cfg->lock);
	if (cfg->area)
		return -EBUSY;
	strscpy(cfg->device, page, name_len + 1);
	return len;
}
CONFIGFS_ATTR(rpmb_nvmem_, device);

static ssize_t rpmb_nvmem_key_show(struct config_item *item, char *page)
{
	struct rpmb_nvmem *cfg = to_rpmb_nvmem(item);

	guard(mutex)(&cfg->lock);
	return sysfs_emit(page, "%d\n", key_serial(cfg->key));
}

static int rpmb_nvmem_set_key(struct rpmb_nvmem *cfg, struct key *key)
{
	guard(mutex)(&cfg->lock);
	if (cfg->area)
		return -EBUSY;
	key_put(cfg->key);
	cfg->key = key_get(key);
	return 0;
}

/* Whoever may search the key may have the kernel use it here */
static ssize_t rpmb_nvmem_key_store(struct config_item *item, const char *page,
				    size_t len)
{
	key_serial_t serial;
	key_ref_t ref;
	int ret;

	ret = kstrtos32(page, 0, &serial);
	if (ret)
		return ret;
	if (serial <= 0)
		return -EINVAL;
	ref = lookup_user_key(serial, 0, KEY_NEED_SEARCH);
	if (IS_ERR(ref))
		return PTR_ERR(ref);
	ret = rpmb_nvmem_set_key(to_rpmb_nvmem(item), key_ref_to_ptr(ref));
	key_ref_put(ref);
	return ret ?: len;
}
CONFIGFS_ATTR(rpmb_nvmem_, key);

static ssize_t rpmb_nvmem_enable_show(struct config_item *item, char *page)
{
	struct rpmb_nvmem *cfg = to_rpmb_nvmem(item);

	guard(mutex)(&cfg->lock);
	return sysfs_emit(page, "%d\n", !!cfg->area);
}

static ssize_t rpmb_nvmem_enable_store(struct config_item *item,
				       const char *page, size_t len)
{
	struct rpmb_nvmem *cfg = to_rpmb_nvmem(item);
	bool enable;
	int ret;

	ret = kstrtobool(page, &enable);
	if (ret)
		return ret;

	guard(mutex)(&cfg->lock);
	if (enable)
		ret = rpmb_nvmem_enable(cfg);
	else
		rpmb_nvmem_disable(cfg);
	return ret ?: len;
}
CONFIGFS_ATTR(rpmb_nvmem_, enable);

static struct configfs_attribute *rpmb_nvmem_attrs[] = {
	&rpmb_nvmem_attr_device,
	&rpmb_nvmem_attr_key,
	&rpmb_nvmem_attr_enable,
	NULL
};

static void rpmb_nvmem_release(struct config_item *item)
{
	struct rpmb_nvmem *cfg = to_rpmb_nvmem(item);

	key_put(cfg->key);
	mutex_destroy(&cfg->lock);
	kfree(cfg);
}

static struct configfs_item_operations rpmb_nvmem_item_ops = {
	.release = rpmb_nvmem_release,
};

static const struct config_item_type rpmb_nvmem_type = {
	.ct_item_ops = &rpmb_nvmem_item_ops,
	.ct_attrs = rpmb_nvmem_attrs,
	.ct_owner = THIS_MODULE,
};

static struct config_group *rpmb_nvmem_make(struct config_group *group,
					    const char *name)
{
	struct rpmb_nvmem *cfg = kzalloc(sizeof(*cfg), GFP_KERNEL);

	if (!cfg)
		return ERR_PTR(-ENOMEM);
	mutex_init(&cfg->lock);
	INIT_LIST_HEAD(&cfg->cells);
	config_group_init_type_name(&cfg->group, name, &rpmb_nvmem_type);
	config_group_init_type_name(&cfg->cells_group, "cells",
				    &rpmb_nvmem_cells_type);
	configfs_add_default_group(&cfg->cells_group, &cfg->group);
	return &cfg->group;
}

/* configfs lets no directory go that has cells */
static void rpmb_nvmem_drop(struct config_group *group,
			    struct config_item *item)
{
	struct rpmb_nvmem *cfg = to_rpmb_nvmem(item);

	scoped_guard(mutex, &cfg->lock)
		rpmb_nvmem_disable(cfg);
	config_item_put(item);
}

static struct configfs_group_operations rpmb_nvmem_group_ops = {
	.make_group = rpmb_nvmem_make,
	.drop_item = rpmb_nvmem_drop,
};

static const struct config_item_type rpmb_nvmem_subsystem_type = {
	.ct_group_ops = &rpmb_nvmem_group_ops,
	.ct_owner = THIS_MODULE,
};

static struct configfs_subsystem rpmb_nvmem_subsystem = {
	.su_group = {
		.cg_item = {
			.ci_namebuf = "rpmb-nvmem",
			.ci_type = &rpmb_nvmem_subsystem_type,
		},
	},
};

static int __init rpmb_nvmem_init(void)
{
	config_group_init(&rpmb_nvmem_subsystem.su_group);
	mutex_init(&rpmb_nvmem_subsystem.su_mutex);
	return configfs_register_subsystem(&rpmb_nvmem_subsystem);
}

/*
 * Directories and consumers have references to the module, so there are none. But the last
 * consumer lets the module go before the device: he may be just there.
 */
static void __exit rpmb_nvmem_exit(void)
{
	configfs_unregister_subsystem(&rpmb_nvmem_subsystem);
	rpmb_nvmem_reap();
	while (!list_empty(&rpmb_nvmem_retired)) {
		schedule_timeout_uninterruptible(1);
		rpmb_nvmem_reap();
	}
}

module_init(rpmb_nvmem_init);
module_exit(rpmb_nvmem_exit);

MODULE_DESCRIPTION("Cells of an RPMB for nvmem");
MODULE_LICENSE("GPL");
