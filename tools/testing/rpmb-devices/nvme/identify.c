// SPDX-License-Identifier: GPL-2.0-only
/*
 * Identify: what the controller and the namespace say of themselves
 */
#include <endian.h>
#include <string.h>
#include <nettle/sha2.h>

#include "bytes.h"
#include "internal.h"

/* What is asked for */
enum identify {
	IDENTIFY_NAMESPACE = 0x00,
	IDENTIFY_CONTROLLER = 0x01,
	IDENTIFY_NAMESPACE_LIST = 0x02,
	IDENTIFY_NAMESPACE_IDS = 0x03,
};

/* Where it is in the data of a controller */
enum controller_offset {
	VENDOR = 0,
	SERIAL = 4,
	MODEL = 24,
	FIRMWARE = 64,
	MULTIPLE_CONTROLLERS = 76,
	MAX_TRANSFER = 77,
	CONTROLLER_ID = 78,
	VERSION = 80,
	CONTROLLER_TYPE = 111,
	ADMIN_SUPPORT = 256,
	ABORT_LIMIT = 258,
	EVENT_LIMIT = 259,
	FIRMWARE_UPDATES = 260,
	WARNING_TEMPERATURE = 266,
	CRITICAL_TEMPERATURE = 268,
	RPMB_SUPPORT = 312,
	KEEP_ALIVE = 320,
	SQ_ENTRY_SIZE = 512,
	CQ_ENTRY_SIZE = 513,
	MAX_COMMANDS = 514,
	NAMESPACES = 516,
	VOLATILE_CACHE = 525,
	SGL_SUPPORT = 536,
	NQN = 768,
	COMMAND_CAPSULE_SIZE = 1792,
	RESPONSE_CAPSULE_SIZE = 1796,
	MAX_DATA_DESCRIPTORS = 1803,
};

#define VENDOR_ID 0x1b36		/* Red Hat, as QEMU's own */
#define SEVERAL_CONTROLLERS (1 << 1)
#define TYPE_IO 1
#define SUPPORTS_SECURITY (1 << 0)
#define MAX_TRANSFER_SHIFT 6		/* pages of 4 KiB */
#define ENTRY_SIZE(shift) ((shift) << 4 | (shift))
#define HAS_CACHE 1
#define SGL_SUPPORTED (1U << 0)
#define SGL_OFFSETS (1U << 20)

_Static_assert(NVME_MAX_TRANSFER == 4096 << MAX_TRANSFER_SHIFT,
	       "as Identify says");

/* And in the data of a namespace */
enum namespace_offset {
	SIZE = 0,
	CAPACITY = 8,
	UTILIZATION = 16,
	SHARING = 30,
	NGUID = 104,
	FORMAT = 128,
};

#define SHARED 1
#define FORMAT_512 (9 << 16)

#define ID_NGUID 2
#define NGUID_LEN 16

/* Padded with spaces, and without an end */
static void put_text(uint8_t *to, const char *text, size_t room)
{
	size_t len = strnlen(text, room);

	memset(to, ' ', room);
	memcpy(to, text, len);
}

static uint32_t rpmbs(const struct nvme_config *config)
{
	if (!config->targets)
		return 0;
	return config->targets | config->method << 3 |
	       (config->capacity - 1) << 16 |
	       (uint32_t)(config->access - 1) << 24;
}

static void identify_fabrics(uint8_t *data)
{
	put_le32(data + SGL_SUPPORT, SGL_SUPPORTED | SGL_OFFSETS);
	put_le32(data + COMMAND_CAPSULE_SIZE,
		 (sizeof(struct nvme_command) + NVME_CAPSULE_DATA) / 16);
	put_le32(data + RESPONSE_CAPSULE_SIZE, 1);
	put_le16(data + KEEP_ALIVE, 10);	/* in units of 100 ms */
	put_le16(data + MAX_COMMANDS, NVME_QUEUE_ENTRIES);
	data[MAX_DATA_DESCRIPTORS] = 1;
}

static void identify_controller(const struct nvme_controller *ctrl,
				uint8_t *data)
{
	const struct nvme_config *config = &ctrl->subsys->config;

	put_le16(data + VENDOR, VENDOR_ID);
	put_le16(data + VENDOR + 2, VENDOR_ID);
	put_text(data + SERIAL, config->serial, 20);
	put_text(data + MODEL, "RPMB test device", 40);
	put_text(data + FIRMWARE, NVME_FIRMWARE, 8);
	data[MULTIPLE_CONTROLLERS] = SEVERAL_CONTROLLERS;
	data[MAX_TRANSFER] = MAX_TRANSFER_SHIFT;
	put_le16(data + CONTROLLER_ID, ctrl->id);
	put_le32(data + VERSION, NVME_VERSION);
	data[CONTROLLER_TYPE] = TYPE_IO;
	data[ADMIN_SUPPORT] = config->security ? SUPPORTS_SECURITY : 0;
	data[ABORT_LIMIT] = 3;			/* 0's based, as the next one */
	data[EVENT_LIMIT] = NVME_MAX_EVENTS - 1;
	data[FIRMWARE_UPDATES] = 1 << 1 | 1;	/* a slot, which is read-only */
	put_le16(data + WARNING_TEMPERATURE, 350);
	put_le16(data + CRITICAL_TEMPERATURE, 360);
	put_le32(data + RPMB_SUPPORT, rpmbs(config));
	data[SQ_ENTRY_SIZE] = ENTRY_SIZE(NVME_SQ_ENTRY_SHIFT);
	data[CQ_ENTRY_SIZE] = ENTRY_SIZE(NVME_CQ_ENTRY_SHIFT);
	put_le32(data + NAMESPACES, 1);
	data[VOLATILE_CACHE] = HAS_CACHE;
	strcpy((char *)data + NQN, config->nqn);
	if (ctrl->fabrics)
		identify_fabrics(data);
}

/* The same at every start, and no other subsystem's */
static void make_nguid(const struct nvme_config *config,
		       uint8_t nguid[NGUID_LEN])
{
	struct sha256_ctx ctx;

	sha256_init(&ctx);
	sha256_update(&ctx, strlen(config->nqn), (const uint8_t *)config->nqn);
	sha256_digest(&ctx, NGUID_LEN, nguid);
}

static void identify_namespace(const struct nvme_config *config, uint8_t *data)
{
	put_le32(data + SIZE, config->blocks);
	put_le32(data + CAPACITY, config->blocks);
	put_le32(data + UTILIZATION, config->blocks);
	data[SHARING] = SHARED;
	make_nguid(config, data + NGUID);
	put_le32(data + FORMAT, FORMAT_512);
}

static void identify_ids(const struct nvme_config *config, uint8_t *data)
{
	data[0] = ID_NGUID;
	data[1] = NGUID_LEN;
	make_nguid(config, data + 4);
}

static uint16_t identify(const struct nvme_request *req, uint8_t *data)
{
	const struct nvme_config *config = &req->ctrl->subsys->config;
	uint32_t nsid = le32toh(req->command.nsid);

	switch (le32toh(req->command.dw10) & 0xff) {
	case IDENTIFY_CONTROLLER:
		identify_controller(req->ctrl, data);
		return NVME_SUCCESS;
	case IDENTIFY_NAMESPACE:
		if (!nsid || nsid == NVME_ALL_NAMESPACES)
			return NVME_INVALID_NAMESPACE;
		/* Others are not active: all zero */
		if (nsid == NVME_NAMESPACE)
			identify_namespace(config, data);
		return NVME_SUCCESS;
	case IDENTIFY_NAMESPACE_LIST:
		if (nsid >= NVME_ALL_NAMESPACES - 1)
			return NVME_INVALID_NAMESPACE;
		put_le32(data, nsid < NVME_NAMESPACE ? NVME_NAMESPACE : 0);
		return NVME_SUCCESS;
	case IDENTIFY_NAMESPACE_IDS:
		if (nsid != NVME_NAMESPACE)
			return NVME_INVALID_NAMESPACE;
		identify_ids(config, data);
		return NVME_SUCCESS;
	default:
		return NVME_INVALID_FIELD;
	}
}

uint16_t nvme_identify(struct nvme_request *req)
{
	uint8_t data[NVME_IDENTIFY_LEN] = {};
	uint16_t status = identify(req, data);

	if (!status)
		nvme_reply(req, data, sizeof(data));
	return status;
}
