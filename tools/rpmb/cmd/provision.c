// SPDX-License-Identifier: GPL-2.0-only
/*
 * provision: give devices the keys that are theirs
 *
 * Whatever ends it, the next run goes on: a device that has its key already is found to have
 * it, and one that has another is left alone.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "device_list.h"
#include "doctor.h"
#include "identity.h"
#include "json.h"
#include "master.h"
#include "record.h"
#include "secret.h"

static const char warning[] =
	"A key can be programmed once in the life of a device and never be changed or\n"
	"removed. Who loses the master can never write to the device again.";

/* What became of one device */
struct result {
	char id[2 * LIBRPMB_ID_LEN + 1];
	bool programmed;
	char record[RECORD_PATH];	/* empty if there is none */
};

static bool makes_optees_keys(const struct args *args)
{
	return args->scheme && !strncmp(args->scheme, "optee", strlen("optee"));
}

/* What OP-TEE would use is spoilt for it by another key, and nobody can undo that */
static int check_owner(const struct session *session)
{
	const struct args *args = session->args;

	if (args->despite_tee || makes_optees_keys(args) ||
	    !optee_would_take(session->info))
		return EXIT_OK;
	return complain(EXIT_ERROR, args->device,
			"OP-TEE is there, and would use this device with a key of its own; nothing was done: see --scheme=optee and --despite-tee");
}

static int program_key(const struct session *session, struct record *record)
{
	const char *device = session->args->device;
	int ret;

	ret = check_owner(session) ?: confirm(session, warning) ?:
	      begin_record(session, record);
	if (ret)
		return ret;
	ret = rpmb_program_key(session->rpmb, record->key) ?:
	      rpmb_read_counter(session->rpmb, record->key, &record->counter);
	record->programmed = !ret;
	return ret ? complain_error(device, ret) : EXIT_OK;
}

/* Program the key, unless it is there. That another one is there is an error. */
static int bring_key(const struct session *session, struct record *record)
{
	const char *device = session->args->device;
	int ret;

	ret = rpmb_read_counter(session->rpmb, record->key, &record->counter);
	if (ret == RPMB_ERR_RESPONSE_MAC)
		return complain(EXIT_FORGED, device,
				"another key is programmed, and cannot be changed");
	if (ret == RPMB_ERR_NO_KEY)
		return program_key(session, record);
	return ret ? complain_error(device, ret) : EXIT_OK;
}

static int keep(const struct session *session, const struct record *record,
		struct result *result)
{
	int ret = keep_record(session, record, result->record);

	if (ret && record->programmed)
		complain(ret, session->args->device,
			 "its key is programmed; run this again to keep its record");
	return ret;
}

/* With the device open */
static int provision_open(struct session *session, struct secret *secret,
			  struct result *result)
{
	struct record record = { .key = secret->key };
	const struct rpmb_info *info = session->info;
	int ret;

	put_hex(result->id, info->dev_id, info->dev_id_len);
	ret = derive_from(session, session->args->master, secret->key);
	ret = ret ?: bring_key(session, &record);
	result->programmed = record.programmed;
	if (!ret && session->args->records)
		ret = keep(session, &record, result);
	return ret;
}

static int provision_one(const struct args *args, struct result *result)
{
	struct session session = { .args = args };
	struct secret *secret;
	int ret;

	ret = examine(args->device);
	if (ret)
		return ret;
	ret = rpmb_open(&session.rpmb, args->device, O_RDWR);
	if (ret)
		return complain_error(args->device, ret);
	session.info = rpmb_info(session.rpmb);
	secret = secret_new();
	ret = secret ? provision_open(&session, secret, result) :
		       complain(EXIT_OTHER, "key", "%m");
	if (secret)
		secret_free(secret);
	rpmb_close(session.rpmb);
	return ret;
}

static void print_result(const char *device, const struct result *result)
{
	printf("%s: %s%s%s\n", device,
	       result->programmed ? "key programmed and verified" :
				    "has its key already, verified",
	       *result->record ? ", record in " : "", result->record);
	/* Before the next one, which may take its time */
	fflush(stdout);
}

static struct json_object *result_json(const char *device, int code,
				       const struct result *result)
{
	struct json_object *object = json_object_new_object();

	add_text(object, "device", device);
	if (*result->id)
		add_text(object, "id", result->id);
	add_text(object, "result", code ? "failed" :
		 result->programmed ? "programmed" : "was there");
	add_number(object, "exit_code", code);
	if (*result->record)
		add_text(object, "record", result->record);
	return object;
}

/*
 * Each for itself: what is wrong with one says nothing of the others. What is wrong with the
 * master does, and a token counts the wrong PINs.
 */
struct tray {
	struct args args;	/* of the device that is at it */
	struct device_list devices;
	struct json_object *results;
	int code;		/* of the first that failed */
};

static int provision(struct tray *tray, const char *device)
{
	struct result result = { .programmed = false };
	int code;

	tray->args.device = device;
	code = provision_one(&tray->args, &result);
	if (!tray->code)
		tray->code = code;
	if (tray->args.json)
		json_object_array_add(tray->results,
				      result_json(device, code, &result));
	else if (!code)
		print_result(device, &result);
	return code;
}

static int check_args(const struct args *args)
{
	if (!args->devices && !args->nr_operands)
		return complain(EXIT_USAGE, "provision",
				"name devices, or a list of them: --devices FILE");
	if (is_stdio(args->master))
		return complain(EXIT_USAGE, "provision",
				"a master is needed more than once, so it cannot come from stdin");
	if ((args->devices || args->nr_operands > 1) && !args->yes)
		return complain(EXIT_USAGE, "provision",
				"nobody is asked for several devices: give --yes");
	return EXIT_OK;
}

/* All that are named, before the first of them is touched */
static int list_all(struct device_list *list, const struct args *args)
{
	unsigned int i;
	int ret = EXIT_OK;

	for (i = 0; !ret && i < args->nr_operands; i++)
		ret = list_device(list, "provision", args->operands[i]);
	if (!ret && args->devices)
		ret = list_devices_of(list, args->devices);
	if (!ret && !list->nr)
		ret = complain(EXIT_USAGE, args->devices, "names no devices");
	return ret;
}

static void provision_all(struct tray *tray)
{
	size_t i;

	for (i = 0; i < tray->devices.nr; i++)
		if (provision(tray, tray->devices.names[i]) == EXIT_KEY)
			return;
}

static void print_results(const struct tray *tray)
{
	struct json_object *object = json_object_new_object();

	json_object_object_add(object, "devices", json_object_get(tray->results));
	print_json(object);
}

int cmd_provision(const struct session *session)
{
	const struct args *args = session->args;
	struct tray tray = { .args = *args };
	int ret;

	ret = check_args(args) ?: list_all(&tray.devices, args) ?:
	      check_master(args) ?: check_records(args);
	if (!ret) {
		tray.results = json_object_new_array();
		provision_all(&tray);
		if (args->json)
			print_results(&tray);
		json_object_put(tray.results);
		ret = tray.code;
	}
	clear_device_list(&tray.devices);
	return ret;
}
