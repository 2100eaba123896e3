// SPDX-License-Identifier: GPL-2.0-only
/*
 * MACs of RPMB frames in both formats
 */
#include <crypto/hash.h>
#include <linux/stddef.h>

#include "frame.h"

static int jedec_mac(const struct rpmb_frame *frame, unsigned int nr,
		     struct shash_desc *desc)
{
	size_t offset = offsetof(struct rpmb_frame, data);
	unsigned int i;
	int ret = 0;

	for (i = 0; !ret && i < nr; i++)
		ret = crypto_shash_update(desc, frame[i].data,
					  sizeof(*frame) - offset);
	return ret;
}

static int nvme_mac(const struct rpmb_nvme_frame *frame, unsigned int len,
		    struct shash_desc *desc)
{
	size_t offset = offsetof(struct rpmb_nvme_frame, target);

	return crypto_shash_update(desc, &frame->target, len - offset);
}

/**
 * rpmb_frames_mac() - calculate the MAC of an access
 * @format: frame format
 * @frames: the access
 * @len: its bytes
 * @hmac: "hmac(sha256)" with the key set
 * @mac: where to put the RPMB_KEY_SIZE bytes; not read from @frames
 *
 * Context: may sleep.
 * Return: 0 or a negative error of the crypto layer
 */
int rpmb_frames_mac(enum rpmb_frame_format format, const void *frames,
		    unsigned int len, struct crypto_shash *hmac, u8 *mac)
{
	SHASH_DESC_ON_STACK(desc, hmac);
	int ret;

	desc->tfm = hmac;
	ret = crypto_shash_init(desc);
	if (!ret)
		ret = format == RPMB_FRAME_NVME ?
			nvme_mac(frames, len, desc) :
			jedec_mac(frames, len / sizeof(struct rpmb_frame), desc);
	if (!ret)
		ret = crypto_shash_final(desc, mac);
	shash_desc_zero(desc);
	return ret;
}
EXPORT_SYMBOL_RPMB(rpmb_frames_mac);
