// SPDX-License-Identifier: GPL-2.0-only
/*
 * RPMB_IOC_KEYED
 */
#include <kunit/visibility.h>
#include <linux/fs.h>
#include <linux/key.h>
#include <linux/slab.h>
#include <linux/stddef.h>
#include <linux/uaccess.h>
#include <linux/uio.h>

#include "internal.h"

/* What the structure was when it was new; never changed */
#define RPMB_KEYED_MIN_SIZE	offsetofend(struct rpmb_ioc_keyed, mismatch)

/* Those of a range, which may take several requests */
#define RPMB_RANGE_TYPES	(BIT(RPMB_WRITE_DATA) | BIT(RPMB_READ_DATA))

/* Those for which the counter is not read */
#define RPMB_NAMED_TYPES	(BIT(RPMB_CONFIG_WRITE) | BIT(RPMB_PURGE_ENABLE))

/* Those of one request, with one block */
#define RPMB_BLOCK_TYPES	(BIT(RPMB_CONFIG_READ) | BIT(RPMB_PURGE_STATUS) | \
				 RPMB_NAMED_TYPES)

#define RPMB_COUNTER_TYPES	(BIT(RPMB_WRITE_DATA) | RPMB_NAMED_TYPES)

/* Those that put something over the block */
#define RPMB_ANSWER_TYPES	(BIT(RPMB_CONFIG_READ) | BIT(RPMB_PURGE_STATUS))

static bool rpmb_keyed_has(u32 types, const struct rpmb_ioc_keyed *cmd)
{
	return types & BIT(cmd->type);
}

/* One request is what it says, to the bit, or it is not made */
static int rpmb_keyed_check_block(const struct rpmb_dev *rdev,
				  const struct rpmb_ioc_keyed *cmd)
{
	if (rdev->descr.frame_format == RPMB_FRAME_JEDEC &&
	    (cmd->addr > U16_MAX || cmd->count > U16_MAX))
		return -EINVAL;
	return cmd->data || cmd->type == RPMB_PURGE_ENABLE ? 0 : -EINVAL;
}

static int rpmb_keyed_check(const struct rpmb_dev *rdev,
			    const struct rpmb_ioc_keyed *cmd)
{
	bool named = cmd->flags & RPMB_KEYED_COUNTER;

	if (cmd->flags & ~RPMB_KEYED_COUNTER)
		return -EOPNOTSUPP;
	if (cmd->type > RPMB_PURGE_STATUS ||
	    !rpmb_keyed_has(rdev->descr.request_types, cmd))
		return -EOPNOTSUPP;
	if (cmd->key <= 0)
		return -EINVAL;
	if (named ? !rpmb_keyed_has(RPMB_COUNTER_TYPES, cmd) :
		    rpmb_keyed_has(RPMB_NAMED_TYPES, cmd))
		return -EINVAL;
	if (rpmb_keyed_has(RPMB_BLOCK_TYPES, cmd))
		return rpmb_keyed_check_block(rdev, cmd);
	if (!rpmb_keyed_has(RPMB_RANGE_TYPES, cmd) &&
	    (cmd->addr || cmd->count || cmd->data))
		return -EINVAL;
	return 0;
}

static int rpmb_keyed_range(struct rpmb_keyed *k, struct rpmb_ioc_keyed *cmd)
{
	size_t block = rpmb_block_size(k->rdev->descr.frame_format);
	bool write = cmd->type == RPMB_WRITE_DATA;
	struct iov_iter iter;
	int ret;

	ret = rpmb_keyed_check_range(k) ?:
	      import_ubuf(write ? ITER_SOURCE : ITER_DEST,
			  u64_to_user_ptr(cmd->data), k->count * block, &iter);
	if (ret)
		return ret;
	return write ? rpmb_keyed_write(k, &iter) : rpmb_keyed_read(k, &iter);
}

/* Configuration and purge: what goes out and what comes back is one block */
static int rpmb_keyed_block(struct rpmb_keyed *k, struct rpmb_ioc_keyed *cmd)
{
	unsigned int size = rpmb_block_size(k->rdev->descr.frame_format);
	void __user *data = u64_to_user_ptr(cmd->data);
	void *block;
	int ret;

	block = kzalloc(size, GFP_KERNEL);
	if (!block)
		return -ENOMEM;
	if (data && copy_from_user(block, data, size))
		ret = -EFAULT;
	else
		ret = rpmb_keyed_request(k, cmd->type, block);
	if (!ret && rpmb_keyed_has(RPMB_ANSWER_TYPES, cmd) &&
	    copy_to_user(data, block, size))
		ret = -EFAULT;
	kfree_sensitive(block);
	return ret;
}

static int rpmb_keyed_do(struct rpmb_keyed *k, struct rpmb_ioc_keyed *cmd)
{
	int ret;

	if (cmd->type == RPMB_PROGRAM_KEY)
		return rpmb_keyed_program_key(k);
	ret = rpmb_keyed_begin(k);
	if (ret)
		return ret;

	switch (cmd->type) {
	case RPMB_GET_WRITE_COUNTER:
		return rpmb_keyed_get_counter(k);
	case RPMB_WRITE_DATA:
	case RPMB_READ_DATA:
		return rpmb_keyed_range(k, cmd);
	default:
		return rpmb_keyed_block(k, cmd);
	}
}

static int rpmb_keyed_with(struct rpmb_dev *rdev, struct key *key,
			   struct rpmb_ioc_keyed *cmd)
{
	bool named = cmd->flags & RPMB_KEYED_COUNTER;
	struct rpmb_keyed k __free(rpmb_keyed) = {
		.rdev = rdev,
		.key = key,
		.user = true,
		.addr = cmd->addr,
		.count = cmd->count,
		.named = named,
		.counter = named ? cmd->counter : 0,
	};
	int ret = rpmb_keyed_do(&k, cmd);

	cmd->counter = k.counter;
	cmd->out_flags = k.started ? RPMB_ROUTE_STARTED : 0;
	cmd->done = k.done;
	cmd->unknown = k.unknown;
	cmd->result = k.result;
	cmd->mismatch = k.mismatch;
	return ret;
}

/*
 * To use a key without seeing it takes the right to find it. A device that is given the
 * key may be one that shows it: that is for whoever decides about the key.
 */
static enum key_need_perm rpmb_keyed_need(const struct rpmb_ioc_keyed *cmd)
{
	return cmd->type == RPMB_PROGRAM_KEY ? KEY_NEED_SETATTR :
					       KEY_NEED_SEARCH;
}

static int rpmb_keyed_user(const struct file *filp, struct rpmb_ioc_keyed *cmd)
{
	struct rpmb_dev *rdev = filp->private_data;
	key_ref_t ref;
	int ret;

	ret = rpmb_keyed_check(rdev, cmd) ?: rpmb_may_route(filp, cmd->type);
	if (ret)
		return ret;
	ref = lookup_user_key(cmd->key, 0, rpmb_keyed_need(cmd));
	if (IS_ERR(ref))
		return PTR_ERR(ref);
	ret = rpmb_keyed_with(rdev, key_ref_to_ptr(ref), cmd);
	key_ref_put(ref);
	return ret;
}

/* What a program asks for by RPMB_IOC_KEYED; says how far it got also on failure */
int rpmb_ioctl_keyed(const struct file *filp, void __user *argp)
{
	struct rpmb_ioc_keyed cmd;
	u32 user_size;
	int ret;

	ret = rpmb_copy_cmd(&cmd, sizeof(cmd), RPMB_KEYED_MIN_SIZE, argp,
			    &user_size);
	if (ret)
		return ret;
	cmd.out_flags = 0;
	cmd.done = 0;
	cmd.unknown = 0;
	cmd.result = 0;
	cmd.mismatch = 0;
	/* Nothing is sent if it could not be said afterwards that it was */
	if (rpmb_copy_result(argp, &cmd, sizeof(cmd), user_size))
		return -EFAULT;
	ret = rpmb_keyed_user(filp, &cmd);
	if (rpmb_copy_result(argp, &cmd, sizeof(cmd), user_size))
		return -EFAULT;
	return ret;
}
EXPORT_SYMBOL_IF_KUNIT(rpmb_ioctl_keyed);
