// SPDX-License-Identifier: GPL-2.0-only
/*
 * Records of devices that have been provisioned
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "file.h"
#include "hmac.h"
#include "identity.h"
#include "json.h"
#include "master.h"
#include "record.h"

/* What a record says that it is: of what was done, or of what is to be done next */
#define DONE "rpmb provision"
#define BEGUN "rpmb provision, begun"

/* In front of what is signed, so that no record is a derivation of a key */
static const char label[] = "linux-rpmb record";

/* Far more than any record has */
#define MOST 65536

/* Bytes of the HMAC of the label under a key, by which a key can be known again */
#define KEY_CHECK 8

/* In hexadecimal, with a newline */
#define SIGNATURE_LEN (2 * LIBRPMB_KEY_LEN + 1)

static void add_now(struct json_object *object)
{
	time_t now = time(NULL);
	char text[32];

	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", gmtime(&now));
	add_text(object, "time", text);
}

/* What a record has, and what makes it this device's with this key */
static const char * const identity[] = {
	"record", "id", "transport", "target", "scheme", "context", "key_check",
};

static struct json_object *make_record(const struct session *session,
				       const struct record *record,
				       const char *kind)
{
	const struct rpmb_info *info = session->info;
	struct json_object *object = json_object_new_object();
	uint8_t check[HMAC_LEN], id[LIBRPMB_ID_LEN];
	char host[65] = "";

	gethostname(host, sizeof(host) - 1);
	hmac(record->key, LIBRPMB_KEY_LEN, label, sizeof(label), check);
	add_text(object, "record", kind);
	add_now(object);
	add_text(object, "host", host);
	lasting_id(info, id);
	add_hex(object, "id", id, info->dev_id_len);
	add_text(object, "transport", rpmb_transport_name(info->transport));
	add_number(object, "target", info->target);
	add_number(object, "bytes", capacity_bytes(info));
	add_text(object, "scheme", session->args->scheme ?: "rpmb-1");
	add_text(object, "context", session->args->context ?: "");
	add_hex(object, "key_check", check, KEY_CHECK);
	add_bool(object, "programmed", record->programmed);
	add_number(object, "counter", record->counter);
	return object;
}

static const char *record_text(struct json_object *object)
{
	return json_object_to_json_string_ext(object,
					      JSON_C_TO_STRING_PRETTY |
					      JSON_C_TO_STRING_SPACED |
					      JSON_C_TO_STRING_NOSLASHESCAPE);
}

/* The HMAC of the label, with the 0 at its end, and the text */
static int sign(const struct session *session, const char *text, size_t len,
		char signature[SIGNATURE_LEN + 1])
{
	uint8_t *message = malloc(sizeof(label) + len);
	uint8_t mac[LIBRPMB_KEY_LEN];
	int ret;

	if (!message)
		return complain(EXIT_OTHER, "record", "%m");
	memcpy(message, label, sizeof(label));
	memcpy(message + sizeof(label), text, len);
	ret = master_hmac(session->args, session->args->master, message,
			  sizeof(label) + len, mac);
	free(message);
	if (!ret)
		strcpy(put_hex(signature, mac, sizeof(mac)), "\n");
	return ret;
}

/* A record that is there, and that somebody with the master has made; NULL if there is none */
static struct json_object *load_genuine(const struct session *session,
					const char *path)
{
	char hmac_path[RECORD_PATH + 8], has[SIGNATURE_LEN + 1] = "";
	char wants[SIGNATURE_LEN + 1], *text;
	struct json_object *object = NULL;
	size_t len;

	snprintf(hmac_path, sizeof(hmac_path), "%s.hmac", path);
	if (access(path, F_OK) || access(hmac_path, F_OK))
		return NULL;
	text = calloc(1, MOST + 1);
	if (text && !load_file(path, text, MOST, &len) &&
	    !sign(session, text, len, wants) &&
	    !load_file(hmac_path, has, SIGNATURE_LEN, &len) &&
	    !strcmp(has, wants))
		object = json_tokener_parse(text);
	free(text);
	return object;
}

/* The first thing by which it is another device's, or of another key; NULL if there is none */
static const char *find_difference(struct json_object *there,
				   struct json_object *wanted)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(identity); i++)
		if (!json_object_equal(json_object_object_get(there, identity[i]),
				       json_object_object_get(wanted, identity[i])))
			return identity[i];
	return NULL;
}

/* Records are files, and files are copied and renamed */
static int check_identity(const char *path, struct json_object *there,
			  struct json_object *wanted)
{
	const char *name = find_difference(there, wanted);

	if (!name)
		return EXIT_OK;
	return complain(EXIT_OTHER, path,
			"it is a record of something else: its %s is %s, not %s; move it away",
			name,
			json_object_to_json_string(json_object_object_get(there, name)),
			json_object_to_json_string(json_object_object_get(wanted, name)));
}

/* The record last: if it is there, all is */
static int put_record(const struct session *session, const char *path,
		      const char *text)
{
	char hmac_path[RECORD_PATH + 8], signature[SIGNATURE_LEN + 1];
	int ret;

	snprintf(hmac_path, sizeof(hmac_path), "%s.hmac", path);
	ret = sign(session, text, strlen(text), signature);
	ret = ret ?: replace_file(hmac_path, signature, 0600);
	return ret ?: replace_file(path, text, 0600);
}

static void make_path(const struct session *session, const char *suffix,
		      char path[RECORD_PATH])
{
	char name[ID_NAME];

	lasting_name(session->info, name);
	snprintf(path, RECORD_PATH, "%s/%s.%s", session->args->records, name,
		 suffix);
}

int check_records(const struct args *args)
{
	char path[RECORD_PATH];
	int ret;

	if (!args->records)
		return EXIT_OK;
	if (strlen(args->records) > RECORD_PATH / 2)
		return complain(EXIT_OTHER, "records", "the path is too long");
	snprintf(path, sizeof(path), "%s/test.%d", args->records, (int)getpid());
	ret = replace_file(path, label, 0600);
	unlink(path);
	return ret;
}

/* Nothing, or a genuine record of this device and key; @found says which */
static int check_there(const struct session *session, const char *path,
		       struct json_object *wanted, bool *found)
{
	struct json_object *there = load_genuine(session, path);
	int ret;

	*found = there;
	if (!there)
		return EXIT_OK;
	ret = check_identity(path, there, wanted);
	json_object_put(there);
	return ret;
}

int begin_record(const struct session *session, const struct record *record)
{
	struct json_object *object;
	char path[RECORD_PATH];
	bool found;
	int ret;

	if (!session->args->records)
		return EXIT_OK;
	make_path(session, "json", path);
	object = make_record(session, record, DONE);
	ret = check_there(session, path, object, &found);
	json_object_put(object);
	if (ret)
		return ret;
	make_path(session, "begun", path);
	object = make_record(session, record, BEGUN);
	ret = put_record(session, path, record_text(object));
	json_object_put(object);
	return ret;
}

/* The device had no key when this was noted, and has it now, so that was done here */
static bool was_begun(const struct session *session,
		      const struct record *record)
{
	struct json_object *there, *wanted;
	char path[RECORD_PATH];
	bool begun;

	make_path(session, "begun", path);
	there = load_genuine(session, path);
	if (!there)
		return false;
	wanted = make_record(session, record, BEGUN);
	begun = !find_difference(there, wanted);
	json_object_put(wanted);
	json_object_put(there);
	return begun;
}

static void end_begun(const struct session *session)
{
	char path[RECORD_PATH];

	make_path(session, "begun", path);
	unlink(path);
	make_path(session, "begun.hmac", path);
	unlink(path);
}

/* One that is there stays as it is */
static int keep(const struct session *session, const char *path,
		struct json_object *wanted)
{
	bool found;
	int ret = check_there(session, path, wanted, &found);

	return ret || found ? ret :
			      put_record(session, path, record_text(wanted));
}

int keep_record(const struct session *session, const struct record *record,
		char path[RECORD_PATH])
{
	struct record kept = *record;
	struct json_object *object;
	int ret;

	kept.programmed |= was_begun(session, record);
	make_path(session, "json", path);
	object = make_record(session, &kept, DONE);
	ret = keep(session, path, object);
	json_object_put(object);
	if (ret)
		path[0] = '\0';
	else
		end_begun(session);
	return ret;
}
