// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Purge, which UFS has since 4.0
 */
#include "internal.h"

/* Where the answer to a status request has its words */
#define PURGE_STATE 0
#define PURGE_LIFE_TIME 1

int rpmb_purge_start(struct rpmb *rpmb, const uint8_t *key)
{
	struct rpmb_exchange x = {
		.req.type = RPMB_PURGE_ENABLE,
		.req.count = 1,
	};
	int ret;

	RPMB_GUARD(rpmb);
	ret = rpmb_get_counter(rpmb, key, &x.req.counter);
	if (ret)
		return ret;
	if (x.req.counter == UINT32_MAX)
		return RPMB_ERR_EXPIRED;
	ret = rpmb_begin(rpmb, &x, 0);
	if (ret)
		return ret;
	rpmb_sign(rpmb, key, 0);
	return rpmb_exchange(rpmb, &x, key, 0, 0);
}

int rpmb_purge_status(struct rpmb *rpmb, const uint8_t *key,
		      struct rpmb_purge *purge)
{
	struct rpmb_exchange x = { .req.type = RPMB_PURGE_STATUS };
	const uint8_t *data;
	int ret;

	RPMB_GUARD(rpmb);
	ret = rpmb_begin(rpmb, &x, 0);
	if (ret)
		return ret;
	ret = rpmb_exchange(rpmb, &x, key, 0, 0);
	if (ret)
		return ret;
	data = rpmb_frames_data(rpmb->info.frame_format, rpmb->resp, 0);
	purge->state = data[PURGE_STATE];
	purge->life_time = data[PURGE_LIFE_TIME];
	return 0;
}
