// SPDX-License-Identifier: GPL-2.0-only
/*
 * MACs of RPMB frames in both formats
 */
#include <linux/stddef.h>

#include "frame.h"

static int jedec_mac(const struct rpmb_frame *frame, unsigned int nr,
		     struct rpmb_hmac *hmac, u8 *mac)
{
	size_t offset = offsetof(struct rpmb_frame, data);

	return rpmb_hmac_parts(hmac, frame->data, sizeof(*frame) - offset,
			       sizeof(*frame), nr, mac);
}

static int nvme_mac(const struct rpmb_nvme_frame *frame, unsigned int len,
		    struct rpmb_hmac *hmac, u8 *mac)
{
	size_t offset = offsetof(struct rpmb_nvme_frame, target);

	return rpmb_hmac_parts(hmac, &frame->target, len - offset, 0, 1, mac);
}

/**
 * rpmb_frames_mac() - calculate the MAC of an access
 * @format: frame format
 * @frames: the access
 * @len: its bytes
 * @hmac: the key
 * @mac: where to put the RPMB_KEY_SIZE bytes; not read from @frames
 *
 * Context: may sleep.
 * Return: 0 or a negative error of the crypto layer
 */
int rpmb_frames_mac(enum rpmb_frame_format format, const void *frames,
		    unsigned int len, struct rpmb_hmac *hmac, u8 *mac)
{
	if (format == RPMB_FRAME_NVME)
		return nvme_mac(frames, len, hmac, mac);
	return jedec_mac(frames, len / sizeof(struct rpmb_frame), hmac, mac);
}
EXPORT_SYMBOL_RPMB(rpmb_frames_mac);
