// SPDX-License-Identifier: GPL-2.0-only
/*
 * program-key, counter
 */
#include <stdio.h>

#include "doctor.h"
#include "json.h"

static const char warning[] =
	"A key can be programmed once in the life of a device and never be changed or\n"
	"removed. Who loses it can never write to the device again.";

/* A device that has a counter has a key */
static int check_no_key(const struct session *session)
{
	const char *device = session->args->device;
	uint32_t counter;
	int ret;

	ret = read_unsigned_counter(session, &counter);
	if (!ret)
		return complain(EXIT_REFUSED, device,
				"a key is programmed already and cannot be changed");
	return ret == RPMB_ERR_NO_KEY ? EXIT_OK : complain_error(device, ret);
}

static int print_programmed(const struct session *session)
{
	struct json_object *object;

	if (!session->args->json) {
		printf("key programmed and verified\n");
		return EXIT_OK;
	}
	object = json_about(session);
	add_bool(object, "key_programmed", true);
	return print_json(object);
}

int cmd_program_key(const struct session *session)
{
	const char *device = session->args->device;
	int ret;

	ret = check_no_key(session);
	if (ret)
		return ret;
	if (optee_would_take(session->info))
		complain(EXIT_OK, device,
			 "OP-TEE is there, and would use this device: with any key but its own it never can");
	ret = confirm(session, warning);
	if (ret)
		return ret;
	ret = rpmb_program_key(session->rpmb, session->key);
	if (ret) {
		ret = complain_error(device, ret);
		return complain(ret, device,
				"keep the key: 'rpmb counter --key' says whether the device has it");
	}
	return print_programmed(session);
}

/* Some tools program a key of zeros, which is what everybody tries first */
static bool has_key_of_zeros(const struct session *session)
{
	static const uint8_t zeros[LIBRPMB_KEY_LEN];
	uint32_t counter;

	return !rpmb_read_counter(session->rpmb, zeros, &counter);
}

static int print_counter(const struct session *session, uint32_t counter,
			 bool zeros)
{
	struct json_object *object;

	if (!session->args->json) {
		printf("%u%s\n", counter,
		       has_key(session->args) ? "" :
						" (not verified: no --key)");
		return EXIT_OK;
	}
	object = json_about(session);
	add_number(object, "counter", counter);
	add_bool(object, "verified", has_key(session->args));
	add_bool(object, "key_of_zeros", zeros);
	return print_json(object);
}

int cmd_counter(const struct session *session)
{
	const char *device = session->args->device;
	uint32_t counter;
	bool zeros;
	int ret;

	ret = rpmb_read_counter(session->rpmb, session->key, &counter);
	if (ret && ret != RPMB_ERR_RESPONSE_MAC)
		return complain_error(device, ret);
	zeros = has_key_of_zeros(session);
	ret = ret ? complain_error(device, ret) :
		    print_counter(session, counter, zeros);
	if (zeros)
		complain(ret, device,
			 "the device's key is 32 bytes of zeros: anybody can write to it, and forge what it says");
	return ret;
}
