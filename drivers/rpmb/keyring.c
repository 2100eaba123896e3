// SPDX-License-Identifier: GPL-2.0-only
/*
 * Keys of the kernel's keyring that are meant for RPMBs
 */
#include <keys/encrypted-type.h>
#include <keys/trusted-type.h>
#include <keys/user-type.h>
#include <kunit/visibility.h>
#include <linux/key-type.h>
#include <linux/string.h>

#include "internal.h"

/* What a description must begin with, so that no key made for something else is sent */
#define RPMB_KEY_PREFIX "rpmb:"

/**
 * struct rpmb_key_type - where the keys of a type have their bytes
 * @name: name of the type, which is the only one of that name
 * @payload: find the bytes and their number; NULL if they are gone. Called with the
 *	key's semaphore held
 */
struct rpmb_key_type {
	const char *name;
	const u8 *(*payload)(const struct key *key, size_t *len);
};

static const u8 *rpmb_user_payload(const struct key *key, size_t *len)
{
	const struct user_key_payload *payload = user_key_payload_locked(key);

	if (!payload)
		return NULL;
	*len = payload->datalen;
	return payload->data;
}

static const u8 *rpmb_encrypted_payload(const struct key *key, size_t *len)
{
	const struct encrypted_key_payload *payload =
		dereference_key_locked(key);

	if (!payload)
		return NULL;
	*len = payload->decrypted_datalen;
	return payload->decrypted_data;
}

static const u8 *rpmb_trusted_payload(const struct key *key, size_t *len)
{
	const struct trusted_key_payload *payload = dereference_key_locked(key);

	if (!payload)
		return NULL;
	*len = payload->key_len;
	return payload->key;
}

/* By name: to know trusted keys must not take the module, and the TPM's with it */
static const struct rpmb_key_type rpmb_key_types[] = {
	{ "trusted", rpmb_trusted_payload },
	{ "encrypted", rpmb_encrypted_payload },
	{ "logon", rpmb_user_payload },
	{ "user", rpmb_user_payload },
};

static const struct rpmb_key_type *rpmb_key_type(const struct key *key)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(rpmb_key_types); i++)
		if (!strcmp(rpmb_key_types[i].name, key->type->name))
			return &rpmb_key_types[i];
	return NULL;
}

/* With the semaphore, without which the key's type could go with its module */
static int rpmb_key_read_locked(const struct key *key, u8 *raw)
{
	const struct rpmb_key_type *type = rpmb_key_type(key);
	const u8 *payload;
	size_t len;
	int ret;

	if (!type || !strstarts(key->description, RPMB_KEY_PREFIX))
		return -EKEYREJECTED;
	if (!key_is_positive(key))
		return -ENOKEY;
	ret = key_validate(key);
	if (ret)
		return ret;

	payload = type->payload(key, &len);
	if (!payload)
		return -EKEYREVOKED;
	if (len != RPMB_KEY_SIZE)
		return -EKEYREJECTED;
	memcpy(raw, payload, RPMB_KEY_SIZE);
	return 0;
}

/**
 * rpmb_key_read() - copy the bytes of a key to where they are used
 * @key: the key, to which the caller holds a reference
 * @raw: where to put the RPMB_KEY_SIZE bytes, which the caller wipes
 *
 * Context: may sleep.
 * Return: 0, -EKEYREJECTED (not a key for an RPMB), -ENOKEY (it has no bytes),
 * -EKEYREVOKED or -EKEYEXPIRED
 */
int rpmb_key_read(struct key *key, u8 *raw)
{
	int ret;

	down_read(&key->sem);
	ret = rpmb_key_read_locked(key, raw);
	up_read(&key->sem);
	return ret;
}
EXPORT_SYMBOL_IF_KUNIT(rpmb_key_read);
