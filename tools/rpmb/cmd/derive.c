// SPDX-License-Identifier: GPL-2.0-only
/*
 * Keys that are derived from a master secret and the identity of a device
 */
#include <string.h>

#include "derive.h"
#include "identity.h"

/* In front of the identity, so that the master is good for something else, too */
static const char label[] = "linux-rpmb key";

/* HUK_SUBKEY_RPMB of OP-TEE, as a word of the secure world, which is little-endian */
static const uint8_t optee_usage[4];

struct scheme {
	const char *name;
	bool half_master;	/* chips have such ones */
	const char *(*make)(const struct rpmb_info *info, const char *context,
			    struct derivation *derivation);
};

static void put(struct derivation *derivation, const void *bytes, size_t len)
{
	memcpy(derivation->message + derivation->len, bytes, len);
	derivation->len += len;
}

/* The label with the 0 at its end, the length of the identity, the identity, the context */
static const char *make_own(const struct rpmb_info *info, const char *context,
			    struct derivation *derivation)
{
	uint8_t len[2] = { info->dev_id_len >> 8, info->dev_id_len };
	uint8_t id[LIBRPMB_ID_LEN];

	if (!info->dev_id_len)
		return "the device has no identity, so no key can be derived";
	put(derivation, label, sizeof(label));
	put(derivation, len, sizeof(len));
	lasting_id(info, id);
	put(derivation, id, info->dev_id_len);
	put(derivation, context, strlen(context));
	return NULL;
}

/* If it is built with CFG_CORE_HUK_SUBKEY_COMPAT, as it is by default */
static const char *make_optee(const struct rpmb_info *info, const char *context,
			      struct derivation *derivation)
{
	uint8_t cid[CID_LEN];

	if (*context)
		return "OP-TEE's schemes have no context";
	if (info->dev_id_len != CID_LEN)
		return "OP-TEE's schemes are for identities of 16 bytes";
	memcpy(cid, info->dev_id, sizeof(cid));
	mask_cid(cid);
	put(derivation, cid, sizeof(cid));
	return NULL;
}

/* If it is built without */
static const char *make_optee_usage(const struct rpmb_info *info,
				    const char *context,
				    struct derivation *derivation)
{
	put(derivation, optee_usage, sizeof(optee_usage));
	return make_optee(info, context, derivation);
}

static const struct scheme schemes[] = {
	{ "rpmb-1", false, make_own },
	{ "optee", true, make_optee },
	{ "optee-usage", true, make_optee_usage },
};

const struct scheme *find_scheme(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(schemes); i++)
		if (!name || !strcmp(schemes[i].name, name))
			return &schemes[i];
	return NULL;
}

bool takes_half_master(const struct scheme *scheme)
{
	return scheme->half_master;
}

const char *make_derivation(const struct scheme *scheme,
			    const struct rpmb_info *info, const char *context,
			    struct derivation *derivation)
{
	derivation->len = 0;
	if (context && strlen(context) > DERIVE_CONTEXT)
		return "the context is too long";
	return scheme->make(info, context ?: "", derivation);
}
