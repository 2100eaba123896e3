// SPDX-License-Identifier: GPL-2.0-only
/*
 * Descriptors, attributes and flags, JESD220G sections 10.7.8 and 14
 */
#include <endian.h>
#include <string.h>

#include "bytes.h"
#include "internal.h"

#define LOG2_BLOCK_LEN 12
#define LOG2_RPMB_BLOCK_LEN 8
#define RPMB_BLOCKS_PER_UNIT 512
#define DISABLED_UNITS 8
#define SPEC_REGIONS 0x0300	/* the first with more than one */
#define ADVANCED (1 << 4)

enum opcode {
	READ_DESCRIPTOR = 1,
	READ_ATTRIBUTE = 3,
	WRITE_ATTRIBUTE = 4,
	READ_FLAG = 5,
	SET_FLAG = 6,
	CLEAR_FLAG = 7,
	TOGGLE_FLAG = 8,
};

enum query_result {
	QUERY_SUCCESS = 0x00,
	QUERY_INVALID_IDN = 0xfd,
	QUERY_INVALID_OPCODE = 0xfe,
};

enum descriptor_idn {
	DESCRIPTOR_DEVICE = 0,
	DESCRIPTOR_UNIT = 2,
	DESCRIPTOR_INTERCONNECT = 4,
	DESCRIPTOR_STRING = 5,
	DESCRIPTOR_GEOMETRY = 7,
	DESCRIPTOR_POWER = 8,
	DESCRIPTOR_HEALTH = 9,
};

/* fDeviceInit is cleared by the device when it is initialised: at once */
#define FLAG_DEVICE_INIT 1

/* By the indexes that the device descriptor has */
static const char *const strings[] = {
	NULL, "RPMBTEST", "UFS MODEL", "0000000001", "OEM", "0001",
};

#define NR_STRINGS (sizeof(strings) / sizeof(strings[0]))

static uint8_t device_descriptor(const struct ufs *ufs, uint8_t *descriptor)
{
	descriptor[0x06] = 1;			/* ordinary logical units */
	descriptor[0x07] = 4;			/* well known ones */
	descriptor[0x0a] = 1;			/* active after power on */
	put_be16(descriptor + 0x10, ufs->config.spec);
	put_be16(descriptor + 0x12, 0x0126);	/* January 2026 */
	descriptor[0x14] = 1;			/* strings, by their index */
	descriptor[0x15] = 2;
	descriptor[0x16] = 3;
	descriptor[0x17] = 4;
	put_be16(descriptor + 0x18, 0x00fe);	/* manufacturer */
	descriptor[0x1a] = 0x16;		/* units' in configuration */
	descriptor[0x1b] = 0x1a;
	put_be16(descriptor + 0x22, 0x0100);	/* version of the device */
	descriptor[0x2a] = 5;
	return 0x59;
}

/* 4096 blocks of RPMB are what a device of version 2.2 says that has 8 units */
static uint8_t rpmb_descriptor(const struct ufs *ufs, uint8_t *descriptor)
{
	const struct ufs_config *config = &ufs->config;
	uint32_t units = 0;
	int i;

	for (i = 0; i < UFS_REGIONS; i++)
		units += config->regions[i];
	descriptor[0x02] = UFS_LUN_RPMB;
	descriptor[0x03] = 1;
	descriptor[0x0a] = LOG2_RPMB_BLOCK_LEN;
	put_be32(descriptor + 0x0f, units * RPMB_BLOCKS_PER_UNIT);
	if (config->spec < SPEC_REGIONS)
		return 0x23;

	/* Region 0's bit means nothing, nor does the size of a region without its bit */
	descriptor[0x13] = config->regions[0];
	for (i = 1; i < UFS_REGIONS; i++) {
		descriptor[0x09] |= (config->regions[i] != 0) << i;
		descriptor[0x13 + i] = config->regions[i] ?: DISABLED_UNITS;
	}
	if (config->advanced)
		descriptor[0x09] |= ADVANCED;
	return 0x23;
}

static uint8_t unit_descriptor(const struct ufs *ufs, uint8_t index,
			       uint8_t *descriptor)
{
	if (index == UFS_LUN_RPMB)
		return ufs->config.no_rpmb_descriptor ?
		       0 : rpmb_descriptor(ufs, descriptor);
	if (index != UFS_LUN_DATA)
		return 0;
	descriptor[0x02] = index;
	descriptor[0x03] = 1;
	descriptor[0x0a] = LOG2_BLOCK_LEN;
	put_be32(descriptor + 0x0f, ufs->config.blocks);
	return 0x2d;
}

static uint8_t string_descriptor(uint8_t index, uint8_t *descriptor)
{
	const char *string = index < NR_STRINGS ? strings[index] : NULL;
	uint8_t len = 2;

	for (; string && *string; string++, len += 2)
		descriptor[len + 1] = *string;
	return string ? len : 0;
}

static uint8_t geometry_descriptor(const struct ufs *ufs, uint8_t *descriptor)
{
	put_be32(descriptor + 0x08, ufs->config.blocks * (UFS_BLOCK_LEN / 512));
	put_be32(descriptor + 0x0d, 0x2000);	/* segment: 4 MiB */
	descriptor[0x11] = 1;
	descriptor[0x12] = UFS_BLOCK_LEN / 512;
	descriptor[0x15] = UFS_BLOCK_LEN / 512;
	descriptor[0x16] = UFS_BLOCK_LEN / 512;
	descriptor[0x17] = ufs->config.io_size;
	return 0x57;
}

uint8_t ufs_descriptor(const struct ufs *ufs, uint8_t idn, uint8_t index,
		       uint8_t descriptor[UPIU_MAX_DATA])
{
	uint8_t len = 0;

	memset(descriptor, 0, UPIU_MAX_DATA);
	switch (idn) {
	case DESCRIPTOR_DEVICE:
		len = device_descriptor(ufs, descriptor);
		break;
	case DESCRIPTOR_UNIT:
		len = unit_descriptor(ufs, index, descriptor);
		break;
	case DESCRIPTOR_INTERCONNECT:
		put_be16(descriptor + 2, 0x0180);
		put_be16(descriptor + 4, 0x0410);
		len = 6;
		break;
	case DESCRIPTOR_STRING:
		len = string_descriptor(index, descriptor);
		break;
	case DESCRIPTOR_GEOMETRY:
		len = geometry_descriptor(ufs, descriptor);
		break;
	case DESCRIPTOR_POWER:
		len = 0x62;
		break;
	case DESCRIPTOR_HEALTH:
		len = 0x2d;
		break;
	}
	descriptor[0] = len;
	descriptor[1] = idn;
	return len;
}

static void read_descriptor(const struct ufs *ufs, const struct upiu *request,
			    struct upiu *response)
{
	uint16_t wanted = be16toh(request->query.len);
	uint8_t len;

	len = ufs_descriptor(ufs, request->query.idn, request->query.index,
			     response->data);
	if (!len)
		response->response = QUERY_INVALID_IDN;
	if (len > wanted)
		len = wanted;
	response->query.len = htobe16(len);
	response->data_len = htobe16(len);
}

static uint8_t change_flag(const struct ufs *ufs, uint8_t opcode, uint8_t idn)
{
	switch (opcode) {
	case SET_FLAG:
		return idn != FLAG_DEVICE_INIT;
	case TOGGLE_FLAG:
		return !ufs->flags[idn];
	default:
		return 0;
	}
}

void ufs_query(struct ufs *ufs, const struct upiu *request,
	       struct upiu *response)
{
	uint8_t opcode = request->query.opcode, idn = request->query.idn;

	response->code = UPIU_QUERY_RESPONSE;
	response->function = request->function;
	response->query = request->query;
	switch (opcode) {
	case READ_DESCRIPTOR:
		read_descriptor(ufs, request, response);
		return;
	case WRITE_ATTRIBUTE:
		ufs->attributes[idn] = be32toh(request->query.value);
		return;
	case READ_ATTRIBUTE:
		response->query.value = htobe32(ufs->attributes[idn]);
		return;
	case SET_FLAG:
	case CLEAR_FLAG:
	case TOGGLE_FLAG:
		ufs->flags[idn] = change_flag(ufs, opcode, idn);
		response->query.value = htobe32(ufs->flags[idn]);
		return;
	case READ_FLAG:
		response->query.value = htobe32(ufs->flags[idn]);
		return;
	default:
		response->response = QUERY_INVALID_OPCODE;
	}
}
