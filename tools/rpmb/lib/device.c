// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * /dev/rpmbN, which takes whole requests
 */
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>

#include "interface.h"
#include "sysfs.h"

static unsigned int transport_by_name(const char *name)
{
	unsigned int i;

	for (i = RPMB_TRANSPORT_EMMC; i <= RPMB_TRANSPORT_SIM; i++)
		if (!strcmp(rpmb_transport_name(i), name))
			return i;
	return 0;
}

static unsigned int read_number(const char *dir, const char *attr)
{
	unsigned long long number;

	rpmb_attr_number(dir, attr, &number);
	return number;
}

static int device_list_info(const struct rpmb_place *place,
			    struct rpmb_info *info)
{
	char text[2 * LIBRPMB_ID_LEN + 2];

	/* Mainline's class has the same name, and nothing in it for programs */
	if (!rpmb_attr(place->dir, "transport", text, sizeof(text)))
		return RPMB_ERR_DRIVERS_ONLY;
	info->transport = transport_by_name(text);
	rpmb_attr(place->dir, "frame_format", text, sizeof(text));
	info->frame_format = !strcmp(text, "nvme") ? RPMB_FRAME_NVME :
						     RPMB_FRAME_JEDEC;
	info->block_size = read_number(place->dir, "block_size");
	info->capacity = read_number(place->dir, "capacity");
	info->target = read_number(place->dir, "target");
	rpmb_attr(place->dir, "dev_id", text, sizeof(text));
	info->dev_id_len = rpmb_from_hex(text, info->dev_id,
					 sizeof(info->dev_id));
	return 0;
}

static int device_get_info(const struct rpmb_place *place,
			   struct rpmb_info *info)
{
	struct rpmb_ioc_info ioc = {
		.size = sizeof(ioc),
		.dev_id = (uintptr_t)info->dev_id,
		.dev_id_len = sizeof(info->dev_id),
	};

	if (ioctl(place->fd, RPMB_IOC_INFO, &ioc))
		return rpmb_system_error(errno);
	if (ioc.dev_id_len > sizeof(info->dev_id) ||
	    ioc.frame_format > RPMB_FRAME_NVME ||
	    ioc.block_size != rpmb_block_size(ioc.frame_format))
		return RPMB_ERR_UNSUPPORTED;

	info->frame_format = ioc.frame_format;
	info->transport = ioc.transport;
	info->block_size = ioc.block_size;
	info->capacity = ioc.capacity;
	info->write_sizes = ioc.write_sizes;
	info->max_write = ioc.max_write;
	info->max_read = ioc.max_read;
	info->request_types = ioc.request_types;
	info->target = ioc.target;
	info->dev_id_len = ioc.dev_id_len;
	info->keyed_types = ioc.keyed_types;
	info->max_batch = ioc.max_batch;
	return 0;
}

static int device_carry(struct rpmb *rpmb, struct rpmb_request *rq)
{
	struct rpmb_ioc_route_frames ioc = {
		.size = sizeof(ioc),
		.req_len = rq->req_len,
		.resp_len = rq->resp_len,
		.req = (uintptr_t)rq->req,
		.resp = (uintptr_t)rq->resp,
	};
	int ret = 0;

	if (ioctl(rpmb->fd, RPMB_IOC_ROUTE_FRAMES, &ioc))
		ret = rpmb_system_error(errno);
	rq->started = ioc.out_flags & RPMB_ROUTE_STARTED;
	return ret;
}

static int device_carry_batch(struct rpmb *rpmb, struct rpmb_request *rqs,
			      unsigned int nr, unsigned int *done)
{
	struct rpmb_batch_request requests[RPMB_MAX_BATCH] = {};
	struct rpmb_ioc_route_batch ioc = {
		.size = sizeof(ioc),
		.nr = nr,
		.requests = (uintptr_t)requests,
		.request_size = sizeof(*requests),
	};
	unsigned int i;
	int ret = 0;

	for (i = 0; i < nr; i++) {
		requests[i].req_len = rqs[i].req_len;
		requests[i].resp_len = rqs[i].resp_len;
		requests[i].req = (uintptr_t)rqs[i].req;
		requests[i].resp = (uintptr_t)rqs[i].resp;
	}
	if (ioctl(rpmb->fd, RPMB_IOC_ROUTE_BATCH, &ioc))
		ret = rpmb_system_error(errno);
	for (i = 0; i < nr; i++)
		rqs[i].started = requests[i].out_flags & RPMB_ROUTE_STARTED;
	*done = ioc.done;
	return ret;
}

const struct rpmb_interface rpmb_device_interface = {
	.subsystem = "rpmb",
	.sys_dir = "/sys/class/rpmb",
	.dev_dir = "/dev",
	.list_info = device_list_info,
	.get_info = device_get_info,
	.carry = device_carry,
	.carry_batch = device_carry_batch,
};
