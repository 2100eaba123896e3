// SPDX-License-Identifier: GPL-2.0-only
/*
 * /dev/rpmbN
 */
#include <kunit/visibility.h>
#include <linux/capability.h>
#include <linux/export.h>
#include <linux/fs.h>
#include <linux/stddef.h>
#include <linux/uaccess.h>

#include "internal.h"

/* What the structures of the ioctls were when they were new; never changed */
#define RPMB_INFO_MIN_SIZE	offsetofend(struct rpmb_ioc_info, dev_id)
#define RPMB_ROUTE_MIN_SIZE	offsetofend(struct rpmb_ioc_route_frames, resp)

static int rpmb_fops_open(struct inode *inode, struct file *filp)
{
	struct rpmb_dev *rdev = container_of(inode->i_cdev, struct rpmb_dev,
					     cdev);

	if (READ_ONCE(rdev->gone))
		return -ENODEV;
	filp->private_data = rpmb_dev_get(rdev);
	return 0;
}

static int rpmb_fops_release(struct inode *inode, struct file *filp)
{
	rpmb_dev_put(filp->private_data);
	return 0;
}

/*
 * Copy the structure of an ioctl in, by the rules for extension in uapi/linux/rpmb.h.
 * @size: bytes that this kernel knows
 * @min_size: bytes that the first kernel knew; what comes behind them may be missing
 * @user_size: bytes that the caller has, and the most that may be copied out
 */
int rpmb_copy_cmd(void *cmd, size_t size, size_t min_size,
		  const void __user *argp, u32 *user_size)
{
	if (get_user(*user_size, (const u32 __user *)argp))
		return -EFAULT;
	if (*user_size < min_size)
		return -EINVAL;
	if (*user_size > PAGE_SIZE)
		return -E2BIG;
	return copy_struct_from_user(cmd, size, argp, *user_size);
}
EXPORT_SYMBOL_IF_KUNIT(rpmb_copy_cmd);

/* Copy it back, as far as the caller has room for it; its size is what he gave */
int rpmb_copy_result(void __user *argp, const void *cmd, size_t size,
		     u32 user_size)
{
	return copy_to_user(argp, cmd, min_t(size_t, size, user_size)) ?
	       -EFAULT : 0;
}
EXPORT_SYMBOL_IF_KUNIT(rpmb_copy_result);

static int rpmb_copy_dev_id(const struct rpmb_descr *descr, void __user *to,
			    size_t len)
{
	size_t copied = min(len, descr->dev_id_len);

	if (copy_to_user(to, descr->dev_id, copied) ||
	    clear_user(to + copied, len - copied))
		return -EFAULT;
	return 0;
}

static void rpmb_get_info(const struct rpmb_dev *rdev,
			  struct rpmb_ioc_info *info)
{
	const struct rpmb_descr *descr = &rdev->descr;

	info->frame_format = descr->frame_format;
	info->transport = descr->transport;
	info->block_size = rpmb_block_size(descr->frame_format);
	info->capacity = rpmb_capacity_blocks(rdev);
	info->write_sizes = descr->write_sizes;
	info->max_read = descr->max_read;
	info->request_types = descr->request_types;
	info->target = descr->target;
	info->dev_id_len = descr->dev_id_len;
	info->max_write = descr->max_write;
	info->keyed_types = IS_ENABLED(CONFIG_RPMB_KEYED) ?
			    descr->request_types : 0;
	info->max_batch = RPMB_MAX_BATCH;
}

static int rpmb_ioctl_info(struct rpmb_dev *rdev,
			   struct rpmb_ioc_info __user *argp)
{
	struct rpmb_ioc_info info;
	u32 user_size;
	int ret;

	ret = rpmb_copy_cmd(&info, sizeof(info), RPMB_INFO_MIN_SIZE, argp,
			    &user_size);
	if (ret)
		return ret;
	if (info.flags)
		return -EOPNOTSUPP;
	if (info.dev_id_len > RPMB_MAX_ID_LEN)
		return -EINVAL;
	if (READ_ONCE(rdev->gone))
		return -ENODEV;

	ret = rpmb_copy_dev_id(&rdev->descr, u64_to_user_ptr(info.dev_id),
			       info.dev_id_len);
	if (ret)
		return ret;
	rpmb_get_info(rdev, &info);
	return rpmb_copy_result(argp, &info, sizeof(info), user_size);
}

/* May a request of this type be made by way of this file? 0, -EBADF or -EPERM */
int rpmb_may_route(const struct file *filp, u16 type)
{
	if (rpmb_is_question(type))
		return filp->f_mode & FMODE_READ ? 0 : -EBADF;
	if (!(filp->f_mode & FMODE_WRITE))
		return -EBADF;
	/* Once in a device's life */
	if (type == RPMB_PROGRAM_KEY && !capable(CAP_SYS_RAWIO))
		return -EPERM;
	return 0;
}

/* The request is judged by the core's copy, which the caller cannot change */
static int rpmb_route_user(const struct file *filp,
			   struct rpmb_ioc_route_frames *cmd)
{
	struct rpmb_dev *rdev = filp->private_data;
	struct rpmb_request *rq __free(rpmb_request) =
		rpmb_request_alloc(cmd->req_len, cmd->resp_len,
				   GFP_KERNEL_ACCOUNT);
	int ret;

	if (IS_ERR(rq))
		return PTR_ERR(rq);
	if (copy_from_user(rq->req, u64_to_user_ptr(cmd->req), cmd->req_len))
		return -EFAULT;

	ret = rpmb_request_prepare(rdev, rq);
	if (ret)
		return ret;
	ret = rpmb_may_route(filp, rq->type);
	if (ret)
		return ret;

	ret = rpmb_request_run(rdev, rq, true);
	if (rq->xfers[0].started)
		cmd->out_flags |= RPMB_ROUTE_STARTED;
	if (ret)
		return ret;
	return copy_to_user(u64_to_user_ptr(cmd->resp), rq->resp,
			    cmd->resp_len) ? -EFAULT : 0;
}

static int rpmb_ioctl_route_frames(const struct file *filp,
				   struct rpmb_ioc_route_frames __user *argp)
{
	struct rpmb_ioc_route_frames cmd;
	u32 user_size;
	int ret;

	ret = rpmb_copy_cmd(&cmd, sizeof(cmd), RPMB_ROUTE_MIN_SIZE, argp,
			    &user_size);
	if (ret)
		return ret;

	cmd.out_flags = 0;
	/* Nothing is sent if it could not be said afterwards that it was */
	if (put_user(cmd.out_flags, &argp->out_flags))
		return -EFAULT;
	if (cmd.flags || cmd.__reserved)
		ret = -EOPNOTSUPP;
	else
		ret = rpmb_route_user(filp, &cmd);
	/* How far it got is said also, and above all, on failure */
	if (put_user(cmd.out_flags, &argp->out_flags))
		return -EFAULT;
	return ret;
}

static long rpmb_fops_ioctl(struct file *filp, unsigned int cmd,
			    unsigned long arg)
{
	void __user *argp = (void __user *)arg;

	switch (cmd) {
	case RPMB_IOC_INFO:
		return rpmb_ioctl_info(filp->private_data, argp);
	case RPMB_IOC_ROUTE_FRAMES:
		return rpmb_ioctl_route_frames(filp, argp);
	case RPMB_IOC_ROUTE_BATCH:
		return rpmb_ioctl_route_batch(filp, argp);
	case RPMB_IOC_KEYED:
		return rpmb_ioctl_keyed(filp, argp);
	default:
		return -ENOTTY;
	}
}

const struct file_operations rpmb_fops = {
	.owner = THIS_MODULE,
	.open = rpmb_fops_open,
	.release = rpmb_fops_release,
	.unlocked_ioctl = rpmb_fops_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};
