// SPDX-License-Identifier: GPL-2.0-only
/*
 * config read, config write
 */
#include <stdio.h>

#include "config.h"
#include "json.h"

static const char warning[] =
	"This changes what is protected from being written on the device. What writes\n"
	"there, a system update for one, may fail from now on.";

static const char warning_forever[] =
	"This changes what is protected from being written on the device, and it can never\n"
	"be undone: not by this command, not by the owner of the key, not by anybody.";

static const struct config_kind *find_kind(const struct rpmb_info *info)
{
	if (info->frame_format == RPMB_FRAME_NVME)
		return &nvme_config_kind;
	if (info->transport == RPMB_TRANSPORT_UFS)
		return &ufs_config_kind;
	return &emmc_config_kind;
}

/* On UFS each logical unit has its own */
static int read_config(const struct session *session, uint8_t *block)
{
	bool ufs = session->info->transport == RPMB_TRANSPORT_UFS;
	int ret;

	if (session->args->lun && !ufs)
		return complain(EXIT_USAGE, session->args->device,
				"--lun is for UFS; this device has no logical units");
	ret = rpmb_config_read(session->rpmb, session->key, session->args->lun,
			       block);
	return ret ? complain_error(session->args->device, ret) : 0;
}

int cmd_config_read(const struct session *session)
{
	const struct config_kind *kind = find_kind(session->info);
	struct json_object *object = NULL;
	uint8_t block[CONFIG_BLOCK];
	int ret;

	ret = read_config(session, block);
	if (ret)
		return ret;
	if (session->args->json)
		object = json_about(session);
	ret = kind->print(session, block, object);
	if (ret || !object) {
		json_object_put(object);
		return ret;
	}
	return print_json(object);
}

static int explain(const struct session *session,
		   const struct rpmb_outcome *outcome, int ret)
{
	const char *device = session->args->device;

	if (outcome->stored)
		return complain(EXIT_OK, device,
				"reading back shows that it is written");
	if (outcome->unknown)
		return complain(EXIT_UNKNOWN, device,
				"unknown whether it is written; 'rpmb config read' shows what is");
	return complain(ret, device, "it was not written");
}

static int write_all(const struct session *session,
		     const struct config_write *writes, unsigned int nr)
{
	struct rpmb_outcome outcome;
	unsigned int i;
	int ret;

	for (i = 0; i < nr; i++) {
		ret = rpmb_config_write(session->rpmb, session->key,
					writes[i].select, writes[i].block,
					&outcome);
		if (!ret)
			continue;
		if (nr > 1)
			complain(ret, session->args->device, "%s:",
				 session->args->operands[i]);
		ret = complain_error(session->args->device, ret);
		ret = explain(session, &outcome, ret);
		if (ret)
			return ret;
	}
	return EXIT_OK;
}

static int print_written(const struct session *session)
{
	struct json_object *object;

	if (!session->args->json) {
		printf("configuration written\n");
		return EXIT_OK;
	}
	object = json_about(session);
	add_bool(object, "config_written", true);
	return print_json(object);
}

int cmd_config_write(const struct session *session)
{
	const struct config_kind *kind = find_kind(session->info);
	struct config_write writes[MAX_OPERANDS];
	uint8_t block[CONFIG_BLOCK];
	bool forever = false;
	unsigned int nr;
	int ret;

	ret = read_config(session, block);
	if (ret)
		return ret;
	nr = kind->prepare(session, block, writes, &forever);
	if (!nr)
		return EXIT_USAGE;
	ret = confirm(session, forever ? warning_forever : warning);
	if (!ret && forever)
		ret = confirm_again(session);
	if (ret)
		return ret;
	ret = write_all(session, writes, nr);
	return ret ?: print_written(session);
}
