/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * virtio-rpmb: configuration space of the RPMB device
 */
#ifndef _UAPI_LINUX_VIRTIO_RPMB_H
#define _UAPI_LINUX_VIRTIO_RPMB_H

#include <linux/types.h>

/**
 * struct virtio_rpmb_config - configuration space
 * @capacity: size of the device in units of 128 KiB, 1 to 128
 * @max_wr_cnt: most blocks of 256 bytes that one request can write; 0 means
 *	unlimited
 * @max_rd_cnt: most blocks of 256 bytes that one request can read; 0 means
 *	unlimited
 *
 * Virtual I/O Device (VIRTIO) Version 1.2, section 5.12.4.
 */
struct virtio_rpmb_config {
	__u8 capacity;
	__u8 max_wr_cnt;
	__u8 max_rd_cnt;
};

#endif /* _UAPI_LINUX_VIRTIO_RPMB_H */
