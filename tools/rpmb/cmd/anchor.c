// SPDX-License-Identifier: GPL-2.0-only
/*
 * Files that rpmb-anchor keeps from being put back
 */
#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "json.h"

#define DIRECTORY "/run/rpmb-anchor"

/* A new string: what is named by its GUID has its socket in the usual place */
static char *socket_path(const char *name)
{
	uint8_t guid[LIBRPMB_GUID_LEN];
	char *path;

	if (rpmb_guid_from_text(guid, name))
		return strdup(name);
	return asprintf(&path, DIRECTORY "/%s/socket", name) < 0 ? NULL : path;
}

static int connect_to(const char *name, struct rpmb_anchor **anchor)
{
	char *path = socket_path(name);
	int ret = RPMB_ERR_MEMORY;

	*anchor = rpmb_anchor_new(-1);
	if (path && *anchor)
		ret = rpmb_anchor_connect(*anchor, path);
	free(path);
	return ret;
}

static int print_done(const struct session *session, const char *done)
{
	const char *const *operands = session->args->operands;
	struct json_object *object;

	if (!session->args->json) {
		printf("%s is %s\n", operands[1], done);
		return EXIT_OK;
	}
	object = json_object_new_object();
	add_text(object, "anchor", operands[0]);
	add_text(object, "file", operands[1]);
	return print_json(object);
}

/* Connect to the anchor that is named first, and do it with the file named next */
static int with_file(const struct session *session,
		     int (*run)(struct rpmb_anchor *anchor, const char *path,
				const char *from), const char *done)
{
	const char *const *operands = session->args->operands;
	const char *what = operands[0];
	struct rpmb_anchor *anchor;
	int ret;

	if (session->args->nr_operands < 2)
		return complain(EXIT_USAGE, operands[0], "name a file as well");
	ret = connect_to(operands[0], &anchor);
	if (!ret) {
		what = operands[1];
		ret = run(anchor, what, operands[2]);
	}
	rpmb_anchor_free(anchor);
	return ret ? complain_error(what, ret) : print_done(session, done);
}

static int verify(struct rpmb_anchor *anchor, const char *path, const char *from)
{
	(void)from;
	return rpmb_anchor_file_verify(anchor, path);
}

int cmd_anchor_verify(const struct session *session)
{
	return with_file(session, verify, "what is anchored");
}

int cmd_anchor_advance(const struct session *session)
{
	return with_file(session, rpmb_anchor_file_advance, "anchored");
}

static int accept_file(struct rpmb_anchor *anchor, const char *path,
		       const char *from)
{
	(void)from;
	return rpmb_anchor_file_accept(anchor, path);
}

int cmd_anchor_accept(const struct session *session)
{
	return with_file(session, accept_file, "anchored as it is");
}

/* What is known of an anchor by who may have it; @error says why nothing else is */
static void print_anchor(struct json_object *list, const char *guid,
			 const struct rpmb_step *step, uint64_t left, int error)
{
	struct json_object *object;

	if (!list) {
		if (error)
			printf("%s  %s\n", guid, rpmb_strerror(error));
		else
			printf("%s  step %" PRIu64 ", %" PRIu64 " are left\n",
			       guid, step->number, left);
		return;
	}
	object = json_object_new_object();
	add_text(object, "guid", guid);
	if (error) {
		add_text(object, "error", rpmb_strerror(error));
	} else {
		add_number(object, "step", step->number);
		add_number(object, "left", left);
	}
	json_object_array_add(list, object);
}

static void list_one(struct json_object *list, const char *directory,
		     const char *guid)
{
	struct rpmb_anchor *anchor = NULL;
	struct rpmb_step step = { 0 };
	char path[4096];
	int ret;

	snprintf(path, sizeof(path), "%s/%s/socket", directory, guid);
	ret = connect_to(path, &anchor);
	if (!ret)
		ret = rpmb_anchor_get(anchor, &step);
	print_anchor(list, guid, &step, ret ? 0 : rpmb_anchor_left(anchor), ret);
	rpmb_anchor_free(anchor);
}

static int print_list(struct json_object *list)
{
	struct json_object *object = json_object_new_object();

	json_object_object_add(object, "anchors", list);
	return print_json(object);
}

static int is_anchor(const struct dirent *entry)
{
	uint8_t guid[LIBRPMB_GUID_LEN];

	return !rpmb_guid_from_text(guid, entry->d_name);
}

int cmd_anchor_list(const struct session *session)
{
	const char *directory = session->args->operands[0] ?: DIRECTORY;
	struct json_object *list = NULL;
	struct dirent **entries;
	int i, nr;

	nr = scandir(directory, &entries, is_anchor, alphasort);
	if (nr < 0)
		return complain(EXIT_ANCHOR, directory, "%m");
	if (session->args->json)
		list = json_object_new_array();
	for (i = 0; i < nr; i++) {
		list_one(list, directory, entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
	return list ? print_list(list) : EXIT_OK;
}
