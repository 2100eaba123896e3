// SPDX-License-Identifier: GPL-2.0-only
/*
 * HMAC-SHA256 by the kernel's crypto layer, where the library has none
 */
#include <crypto/hash.h>

#include "frame.h"

/* Never defined: what is allocated is the transform */
static struct crypto_shash *rpmb_hmac_tfm(struct rpmb_hmac *hmac)
{
	return (struct crypto_shash *)hmac;
}

/**
 * rpmb_hmac_alloc() - make a key ready to use
 * @key: its RPMB_KEY_SIZE bytes
 *
 * Context: may sleep.
 * Return: what rpmb_hmac_free() takes, or an error
 */
struct rpmb_hmac *rpmb_hmac_alloc(const u8 *key)
{
	struct crypto_shash *tfm = crypto_alloc_shash("hmac(sha256)", 0, 0);
	int ret;

	if (IS_ERR(tfm))
		return ERR_CAST(tfm);
	ret = crypto_shash_setkey(tfm, key, RPMB_KEY_SIZE);
	if (ret) {
		crypto_free_shash(tfm);
		return ERR_PTR(ret);
	}
	return (struct rpmb_hmac *)tfm;
}
EXPORT_SYMBOL_RPMB(rpmb_hmac_alloc);

/**
 * rpmb_hmac_free() - wipe a key and free its memory
 * @hmac: from rpmb_hmac_alloc(), or NULL
 */
void rpmb_hmac_free(struct rpmb_hmac *hmac)
{
	crypto_free_shash(rpmb_hmac_tfm(hmac));
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
 * Return: 0 or a negative error of the crypto layer
 */
int rpmb_hmac_parts(struct rpmb_hmac *hmac, const u8 *first, size_t len,
		    size_t stride, unsigned int nr, u8 *mac)
{
	SHASH_DESC_ON_STACK(desc, rpmb_hmac_tfm(hmac));
	int ret;

	desc->tfm = rpmb_hmac_tfm(hmac);
	ret = crypto_shash_init(desc);
	for (unsigned int i = 0; !ret && i < nr; i++)
		ret = crypto_shash_update(desc, first + i * stride, len);
	if (!ret)
		ret = crypto_shash_final(desc, mac);
	shash_desc_zero(desc);
	return ret;
}
