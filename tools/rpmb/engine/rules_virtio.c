// SPDX-License-Identifier: GPL-2.0-only
/*
 * The rules of virtio
 */
#include "rules.h"

/* Virtio 1.2, section 5.12.6.1.3, items 1 to 6 */
static const rpmb_check virtio_write[] = {
	rpmb_check_key, rpmb_check_count, rpmb_check_expiry, rpmb_check_address,
	rpmb_check_mac, rpmb_check_counter, NULL
};

const struct rpmb_rules rpmb_rules_virtio = {
	.types = BIT(RPMB_PROGRAM_KEY) | BIT(RPMB_GET_WRITE_COUNTER) |
		 BIT(RPMB_WRITE_DATA) | BIT(RPMB_READ_DATA),
	.counted = true,
	.key_mac = true,
	.write_expired = RPMB_RES_EXPIRED,
	.check_write = virtio_write,
};
