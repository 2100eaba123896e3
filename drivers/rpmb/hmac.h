/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * HMAC-SHA256 as the kernel has it: in its library, else in its crypto layer
 */
#ifndef __RPMB_HMAC_H
#define __RPMB_HMAC_H

#include <linux/types.h>

#define RPMB_KEY_SIZE 32

/* A key made ready to use; wiped when it is freed */
struct rpmb_hmac;

struct rpmb_hmac *rpmb_hmac_alloc(const u8 *key);
void rpmb_hmac_free(struct rpmb_hmac *hmac);
int rpmb_hmac_parts(struct rpmb_hmac *hmac, const u8 *first, size_t len,
		    size_t stride, unsigned int nr, u8 *mac);

#endif /* __RPMB_HMAC_H */
