// SPDX-License-Identifier: GPL-2.0-only
/*
 * /sys/class/rpmb/rpmbN: what udev rules and people want to know of a device
 */
#include <linux/device.h>
#include <linux/hex.h>
#include <linux/sysfs.h>

#include "internal.h"

static ssize_t transport_show(struct device *dev,
			      struct device_attribute *attr, char *buf)
{
	static const char * const names[] = {
		[RPMB_TRANSPORT_EMMC] = "emmc",
		[RPMB_TRANSPORT_UFS] = "ufs",
		[RPMB_TRANSPORT_NVME] = "nvme",
		[RPMB_TRANSPORT_VIRTIO] = "virtio",
		[RPMB_TRANSPORT_SIM] = "sim",
	};

	return sysfs_emit(buf, "%s\n", names[to_rpmb_dev(dev)->descr.transport]);
}
static DEVICE_ATTR_RO(transport);

static ssize_t frame_format_show(struct device *dev,
				 struct device_attribute *attr, char *buf)
{
	bool nvme = to_rpmb_dev(dev)->descr.frame_format == RPMB_FRAME_NVME;

	return sysfs_emit(buf, "%s\n", nvme ? "nvme" : "jedec");
}
static DEVICE_ATTR_RO(frame_format);

static ssize_t block_size_show(struct device *dev,
			       struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%u\n",
			  rpmb_block_size(to_rpmb_dev(dev)->descr.frame_format));
}
static DEVICE_ATTR_RO(block_size);

static ssize_t capacity_show(struct device *dev,
			     struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%u\n", rpmb_capacity_blocks(to_rpmb_dev(dev)));
}
static DEVICE_ATTR_RO(capacity);

static ssize_t target_show(struct device *dev, struct device_attribute *attr,
			   char *buf)
{
	return sysfs_emit(buf, "%u\n", to_rpmb_dev(dev)->descr.target);
}
static DEVICE_ATTR_RO(target);

/* An identity may hold any bytes, so it is shown in hexadecimal */
static ssize_t dev_id_show(struct device *dev, struct device_attribute *attr,
			   char *buf)
{
	const struct rpmb_descr *descr = &to_rpmb_dev(dev)->descr;
	size_t len = min_t(size_t, descr->dev_id_len, (PAGE_SIZE - 1) / 2);
	char *end = bin2hex(buf, descr->dev_id, len);

	*end++ = '\n';
	return end - buf;
}
static DEVICE_ATTR_RO(dev_id);

static struct attribute *rpmb_attrs[] = {
	&dev_attr_transport.attr,
	&dev_attr_frame_format.attr,
	&dev_attr_block_size.attr,
	&dev_attr_capacity.attr,
	&dev_attr_target.attr,
	&dev_attr_dev_id.attr,
	NULL
};

static const struct attribute_group rpmb_group = {
	.attrs = rpmb_attrs,
};

const struct attribute_group *rpmb_groups[] = {
	&rpmb_group,
	NULL
};
