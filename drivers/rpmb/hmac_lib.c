// SPDX-License-Identifier: GPL-2.0-only
/*
 * HMAC-SHA256 by the kernel's library, which has it since 6.17
 */
#include <crypto/sha2.h>
#include <linux/err.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "frame.h"

struct rpmb_hmac {
	struct hmac_sha256_key key;
};

/**
 * rpmb_hmac_alloc() - make a key ready to use
 * @key: its RPMB_KEY_SIZE bytes
 *
 * Context: may sleep.
 * Return: what rpmb_hmac_free() takes, or an error
 */
struct rpmb_hmac *rpmb_hmac_alloc(const u8 *key)
{
	struct rpmb_hmac *hmac = kmalloc(sizeof(*hmac), GFP_KERNEL);

	if (!hmac)
		return ERR_PTR(-ENOMEM);
	hmac_sha256_preparekey(&hmac->key, key, RPMB_KEY_SIZE);
	return hmac;
}
EXPORT_SYMBOL_RPMB(rpmb_hmac_alloc);

/**
 * rpmb_hmac_free() - wipe a key and free its memory
 * @hmac: from rpmb_hmac_alloc(), or NULL
 */
void rpmb_hmac_free(struct rpmb_hmac *hmac)
{
	kfree_sensitive(hmac);
}
EXPORT_SYMBOL_RPMB(rpmb_hmac_free);

/**
 * rpmb_hmac_parts() - calculate a MAC over parts of a memory
 * @hmac: key
 * @first: the first part
 * @len: bytes of each part
 * @stride: bytes from the beginning of one part to that of the next
 * @nr: number of parts
 * @mac: where to put the RPMB_KEY_SIZE bytes; may lie between the parts
 *
 * Context: may sleep.
 * Return: 0
 */
int rpmb_hmac_parts(struct rpmb_hmac *hmac, const u8 *first, size_t len,
		    size_t stride, unsigned int nr, u8 *mac)
{
	struct hmac_sha256_ctx ctx;

	hmac_sha256_init(&ctx, &hmac->key);
	for (unsigned int i = 0; i < nr; i++)
		hmac_sha256_update(&ctx, first + i * stride, len);
	hmac_sha256_final(&ctx, mac);
	return 0;
}
