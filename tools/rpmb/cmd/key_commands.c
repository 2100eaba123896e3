// SPDX-License-Identifier: GPL-2.0-only
/*
 * program-key, counter
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "cmd.h"

static bool confirmed(const struct rpmb_info *info)
{
	char answer[64] = "";

	fprintf(stderr,
		"A key can be programmed once in the life of a device and never be changed or\n"
		"removed. Who loses it can never write to %s again.\n"
		"Type the name of the device to go on: ", info->name);
	if (!fgets(answer, sizeof(answer), stdin))
		return false;
	answer[strcspn(answer, "\n")] = '\0';
	return !strcmp(answer, info->name);
}

static int program_key(const struct args *args, struct rpmb *rpmb,
		       const uint8_t key[LIBRPMB_KEY_LEN])
{
	uint32_t counter;
	int ret;

	/* A device that has a counter has a key */
	ret = rpmb_read_counter(rpmb, NULL, &counter);
	if (!ret)
		return complain(EXIT_REFUSED, args->device,
				"a key is programmed already and cannot be changed");
	if (ret != RPMB_ERR_NO_KEY)
		return complain_error(args->device, ret);
	if (!args->yes && !confirmed(rpmb_info(rpmb)))
		return complain(EXIT_OTHER, args->device,
				"not confirmed; nothing was done");

	ret = rpmb_program_key(rpmb, key);
	if (ret) {
		ret = complain_error(args->device, ret);
		return complain(ret, args->device,
				"keep the key: 'rpmb counter --key' says whether the device has it");
	}
	printf("key programmed and verified\n");
	return EXIT_OK;
}

int cmd_program_key(const struct args *args)
{
	uint8_t key[LIBRPMB_KEY_LEN];
	struct rpmb *rpmb;
	int ret;

	ret = open_device(args, O_RDWR, &rpmb, key);
	if (!ret) {
		ret = program_key(args, rpmb, key);
		rpmb_close(rpmb);
	}
	explicit_bzero(key, sizeof(key));
	return ret;
}

static int print_counter(const struct args *args, struct rpmb *rpmb,
			 const uint8_t *key)
{
	uint32_t counter;
	int ret;

	ret = rpmb_read_counter(rpmb, key, &counter);
	if (ret)
		return complain_error(args->device, ret);
	printf("%u%s\n", counter, key ? "" : " (not verified: no --key)");
	return EXIT_OK;
}

int cmd_counter(const struct args *args)
{
	uint8_t key[LIBRPMB_KEY_LEN];
	struct rpmb *rpmb;
	int ret;

	ret = open_device(args, O_RDONLY, &rpmb, key);
	if (!ret) {
		ret = print_counter(args, rpmb, args->key_file ? key : NULL);
		rpmb_close(rpmb);
	}
	explicit_bzero(key, sizeof(key));
	return ret;
}
