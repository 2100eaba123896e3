// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "control.h"
#include "guest.h"
#include "log.h"
#include "members.h"
#include "tenant.h"

/* In the directory of the server */
#define SOCKET "control"

/* Answers to one request; who wants more asks again, from where they end */
#define PAGE 64

#define MAX_CAPACITY 128		/* units: more cannot be addressed */

/*
 * @session: one administrator at a time; meanwhile @listener is not looked at
 * @request: what he wants, until it is done
 * @to_answer: it is being made durable, and he is still there
 * @guid: of the anchor that is changed
 */
struct control {
	struct server *server;
	struct watch listener;
	struct watch session;
	struct json_object *request;
	bool to_answer;
	uint8_t guid[LIBRPMB_GUID_LEN];
};

static void forget_request(struct control *control)
{
	json_object_put(control->request);
	control->request = NULL;
}

static void end_session(struct control *control)
{
	if (control->session.fd < 0)
		return;
	watch_end(&control->session);
	forget_request(control);
	control->to_answer = false;
	watch_resume(control->server, &control->listener);
}

/* Takes over @object */
static void send_object(struct control *control, struct json_object *object)
{
	const char *text = json_object_to_json_string_ext(object,
							  JSON_C_TO_STRING_PLAIN);

	if (control->session.fd >= 0 &&
	    send(control->session.fd, text, strlen(text),
		 MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		end_session(control);
	json_object_put(object);
}

/* The last answer; with a number to go on from if there is more */
static void finish(struct control *control, uint64_t next)
{
	struct json_object *object = json_object_new_object();

	add_bool(object, "done", true);
	if (next)
		add_number(object, "next", next);
	send_object(control, object);
	forget_request(control);
}

static bool refuse(struct control *control, const char *why)
{
	struct json_object *object = json_object_new_object();

	add_text(object, "error", why);
	send_object(control, object);
	forget_request(control);
	return false;
}

static const char *get_text(const struct control *control, const char *name)
{
	struct json_object *value;

	if (!json_object_object_get_ex(control->request, name, &value) ||
	    !json_object_is_type(value, json_type_string))
		return NULL;
	return json_object_get_string(value);
}

static bool get_number(const struct control *control, const char *name,
		       uint64_t *number)
{
	struct json_object *value;

	if (!json_object_object_get_ex(control->request, name, &value) ||
	    !json_object_is_type(value, json_type_int))
		return false;
	*number = json_object_get_uint64(value);
	return true;
}

static const char *const state_names[] = {
	[ENTRY_READY] = "ready",
	[ENTRY_NEW] = "being made",
	[ENTRY_LEAVING] = "being removed",
};

/* What it is at is known only if it could be read */
static void add_device(struct json_object *object, const struct guest *guest,
		       const struct entry *entry)
{
	add_number(object, "capacity", entry->capacity);
	add_text(object, "state", state_names[entry->state]);
	add_bool(object, "served", !!guest);
	if (!guest)
		return;
	add_number(object, "counter", guest->tenant->dev.counter);
	add_bool(object, "has_key", guest->tenant->dev.has_key);
	add_number(object, "writes", guest->tenant->dev.writes);
}

static void send_entry(struct control *control, const struct server *server,
		       const struct entry *entry)
{
	struct json_object *object = json_object_new_object();
	char guid[LIBRPMB_GUID_TEXT], path[PATH_MAX];

	rpmb_guid_to_text(guid, entry->guid);
	snprintf(path, sizeof(path), "%s/%s/socket", server->directory, guid);
	add_text(object, "guid", guid);
	add_text(object, "title", entry->title);
	add_text(object, "socket", path);
	add_text(object, "kind", entry->capacity ? "device" : "anchor");
	add_number(object, "uid", entry->uid);
	if (entry->capacity)
		add_device(object, guest_find(server, entry->guid), entry);
	else
		add_number(object, "steps", entry->number);
	add_number(object, "share", entry->share);
	add_number(object, "per_day", entry->per_day);
	add_bool(object, "may_step_back", entry->may_step_back);
	send_object(control, object);
}

static void list(struct server *server)
{
	struct control *control = server->control;
	uint64_t from = 0, i;

	get_number(control, "from", &from);
	for (i = from; i < server->table.nr && i < from + PAGE; i++)
		send_entry(control, server, &server->table.entries[i]);
	finish(control, i < server->table.nr ? i : 0);
}

struct log_page {
	struct control *control;
	uint64_t sent;
};

static bool send_note(void *arg, const struct note *note)
{
	struct json_object *object;
	struct log_page *page = arg;

	if (page->sent == PAGE)
		return false;
	object = json_object_new_object();
	add_number(object, "time", note->time);
	add_text(object, "text", note->text);
	send_object(page->control, object);
	page->sent++;
	return true;
}

static void send_log(struct server *server)
{
	struct log_page page = { .control = server->control };
	uint64_t from = 0;

	if (!ledger_has_log_of(&server->ledger, &server->table)) {
		refuse(server->control, "the log was changed by somebody");
		return;
	}
	get_number(server->control, "from", &from);
	ledger_each_note(&server->ledger, from, send_note, &page);
	from += page.sent;
	finish(server->control, from < server->table.log_length ? from : 0);
}

/* What there was, what is left of it, and what all may use of it */
static void forecast(struct server *server)
{
	struct json_object *object = json_object_new_object();
	const struct table *table = &server->table;
	uint64_t shares = 0, per_day = 0, used;
	bool unbounded = false;
	unsigned int i;

	for (i = 0; i < table->nr; i++) {
		const struct entry *entry = &table->entries[i];

		used = guest_used(server, entry);
		if (entry->share > used)
			shares += entry->share - used;
		per_day += entry->per_day;
		unbounded |= !entry->per_day;
	}
	add_number(object, "counter", server->hw.counter);
	add_number(object, "left", UINT32_MAX - server->hw.counter);
	add_number(object, "since", table->began);
	add_number(object, "since_counter", table->began_counter);
	add_number(object, "now", time(NULL));
	add_number(object, "shares_left", shares);
	add_number(object, "per_day", per_day);
	add_bool(object, "unbounded", unbounded);
	send_object(server->control, object);
	finish(server->control, 0);
}

static bool is_title(const char *title)
{
	size_t i, len = strlen(title);

	for (i = 0; i < len; i++)
		if ((uint8_t)title[i] < ' ' || title[i] == 0x7f)
			return false;
	return len <= TITLE_LEN;
}

/* All that is given, or nothing and a text in words if one of it is not possible */
static const char *take_settings(const struct control *control,
				 struct entry *entry)
{
	const char *title = get_text(control, "title");
	uint64_t uid = entry->uid;

	get_number(control, "uid", &uid);
	if (uid >= UINT32_MAX)
		return "no such user";
	if (title && !is_title(title))
		return "a title is at most 36 bytes of text";
	get_number(control, "share", &entry->share);
	get_number(control, "per_day", &entry->per_day);
	entry->uid = uid;
	if (title) {
		memset(entry->title, 0, sizeof(entry->title));
		strcpy(entry->title, title);
	}
	return NULL;
}

static void note_entry(struct note *note, const char *what,
		       const struct entry *entry)
{
	char guid[LIBRPMB_GUID_TEXT], at[40];

	rpmb_guid_to_text(guid, entry->guid);
	if (entry->capacity)
		snprintf(at, sizeof(at), "device of %u units", entry->capacity);
	else
		snprintf(at, sizeof(at), "at step %" PRIu64, entry->number);
	*note = (struct note) { .time = time(NULL) };
	snprintf(note->text, sizeof(note->text),
		 "%s %s %s: uid %u, share %" PRIu64 ", %" PRIu64
		 " a day, \"%s\"", what, guid, at, entry->uid, entry->share,
		 entry->per_day, entry->title);
}

static bool change(struct server *server, struct table *next, struct note *note,
		   const char *what, const struct entry *entry)
{
	memcpy(server->control->guid, entry->guid, sizeof(entry->guid));
	note_entry(note, what, entry);
	table_log(next, note);
	server->control->to_answer = true;
	return true;
}

/* No anchor has the GUID that is all zero, as no partition has it */
static bool has_guid(const struct entry *entry)
{
	static const uint8_t no_guid[LIBRPMB_GUID_LEN];

	return memcmp(entry->guid, no_guid, sizeof(no_guid));
}

/* NULL, or in words why there cannot be such a device; an anchor needs no place */
static const char *take_place(const struct server *server, struct entry *entry)
{
	uint64_t capacity = 0;
	int ret;

	if (!get_number(server->control, "capacity", &capacity))
		return NULL;
	if (!capacity || capacity > MAX_CAPACITY)
		return "a device has 1 to 128 units of 128 KiB";
	entry->capacity = capacity;
	entry->state = ENTRY_NEW;
	ret = vrpmb_try(&server->hw, entry);
	return ret ? rpmb_strerror(ret) : NULL;
}

static bool add(struct server *server, struct table *next, struct note *note)
{
	struct control *control = server->control;
	const char *guid = get_text(control, "guid"), *wrong;
	struct entry entry = {};

	if ((guid ? rpmb_guid_from_text(entry.guid, guid) :
		    rpmb_guid_make(entry.guid)) || !has_guid(&entry))
		return refuse(control, "not a GUID");
	if (table_find(next, entry.guid))
		return refuse(control, "there is one with this GUID already");
	if (next->nr == TABLE_MAX)
		return refuse(control, "there are as many as there can be");
	wrong = take_settings(control, &entry) ?: take_place(server, &entry);
	if (wrong)
		return refuse(control, wrong);
	if (getrandom(entry.salt, sizeof(entry.salt), 0) != sizeof(entry.salt))
		return refuse(control, strerror(errno));
	table_add(next, &entry);
	return change(server, next, note, "add", &entry);
}

/* By GUID, or by a title that no other has */
static struct entry *find(const struct control *control,
			  const struct table *table)
{
	const char *wanted = get_text(control, "anchor");
	uint8_t guid[LIBRPMB_GUID_LEN];
	struct entry *found = NULL;
	unsigned int i;

	if (!wanted)
		return NULL;
	if (!rpmb_guid_from_text(guid, wanted))
		return table_find(table, guid);
	for (i = 0; i < table->nr; i++) {
		if (strcmp(table->entries[i].title, wanted))
			continue;
		if (found)
			return NULL;
		found = &table->entries[i];
	}
	return found;
}

static bool change_one(struct server *server, struct table *next,
		       struct note *note, const char *command)
{
	struct control *control = server->control;
	struct entry *entry = find(control, next);
	const char *wrong;

	if (!entry)
		return refuse(control, "no such anchor, or several with this title;"
				       " see rpmb-anchor list");
	if (entry->state != ENTRY_READY)
		return refuse(control, "it is being made or removed");
	if (!strcmp(command, "remove")) {
		change(server, next, note, command, entry);
		if (entry->capacity)
			entry->state = ENTRY_LEAVING;
		else
			table_remove(next, entry);
		return true;
	}
	if (!strcmp(command, "accept")) {
		if (entry->capacity)
			return refuse(control, "a device has no older versions");
		entry->may_step_back = true;
	} else {
		wrong = take_settings(control, entry);
		if (wrong)
			return refuse(control, wrong);
	}
	return change(server, next, note, command, entry);
}

bool control_apply(struct server *server, struct table *next, struct note *note)
{
	struct control *control = server->control;
	const char *command;

	if (!control || !control->request || control->to_answer)
		return false;
	command = get_text(control, "command");
	if (!command)
		return refuse(control, "no command");
	if (!strcmp(command, "add"))
		return add(server, next, note);
	if (!strcmp(command, "remove") || !strcmp(command, "accept") ||
	    !strcmp(command, "set"))
		return change_one(server, next, note, command);
	if (!strcmp(command, "list"))
		list(server);
	else if (!strcmp(command, "log"))
		send_log(server);
	else if (!strcmp(command, "forecast"))
		forecast(server);
	else
		refuse(control, "no such command");
	return false;
}

/* The sockets are those of the entries that there are for anybody to have */
static const char *follow(struct server *server, const struct entry *entry)
{
	struct guest *guest = guest_find(server, server->control->guid);
	bool ready = entry && entry->state == ENTRY_READY;

	if (guest && !ready)
		guest_remove(server, guest);
	else if (guest)
		pace_set(&guest->pace, entry->per_day, server_now());
	else if (ready && !entry->capacity && !guest_add(server, entry))
		return "the anchor is made, but its socket is not; see the log";
	return NULL;
}

static void answer_change(struct server *server, const struct entry *entry,
			  const char *wrong)
{
	struct control *control = server->control;

	control->to_answer = false;
	if (wrong) {
		refuse(control, wrong);
		return;
	}
	if (entry)
		send_entry(control, server, entry);
	finish(control, 0);
}

void control_done(struct server *server)
{
	struct control *control = server->control;
	const struct entry *entry = table_find(&server->table, control->guid);
	const char *wrong = follow(server, entry);

	/* A partition is still to be made or given up */
	if (entry && entry->state != ENTRY_READY)
		return;
	if (control->to_answer)
		answer_change(server, entry, wrong);
}

void control_settled(struct server *server, const struct entry *settled)
{
	const struct entry *entry = table_find(&server->table, settled->guid);
	struct control *control = server->control;
	const char *wrong = NULL;

	if (entry && !guest_add(server, entry))
		wrong = "the device is made, but is not served; see the log";
	else if (!entry && settled->state == ENTRY_NEW)
		wrong = "there is no room for it any more";
	if (control->to_answer &&
	    !memcmp(control->guid, settled->guid, sizeof(control->guid)))
		answer_change(server, entry, wrong);
}

static void session_ready(struct server *server, struct watch *watch)
{
	struct control *control = server->control;
	char text[CONTROL_MAX];
	ssize_t len;

	len = recv(watch->fd, text, sizeof(text) - 1, MSG_DONTWAIT | MSG_TRUNC);
	if (len < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (len <= 0 || (size_t)len >= sizeof(text) || control->request) {
		end_session(control);
		return;
	}
	text[len] = '\0';
	control->request = json_tokener_parse(text);
	if (json_object_is_type(control->request, json_type_object))
		server_go_on(server);
	else
		refuse(control, "not a JSON object");
}

static void listener_ready(struct server *server, struct watch *watch)
{
	struct control *control = server->control;
	int sock;

	sock = watch_accept(server, watch);
	if (sock >= 0 &&
	    watch_begin(server, &control->session, sock, session_ready))
		watch_pause(server, watch);
}

bool control_begin(struct server *server)
{
	struct control *control = calloc(1, sizeof(*control));

	if (!control) {
		log_line("out of memory");
		return false;
	}
	control->server = server;
	control->listener = WATCH_NONE;
	control->session = WATCH_NONE;
	server->control = control;
	return watch_begin(server, &control->listener,
			   watch_socket(SOCKET, 0600), listener_ready);
}

void control_end(struct server *server)
{
	struct control *control = server->control;

	if (!control)
		return;
	end_session(control);
	watch_end(&control->listener);
	unlink(SOCKET);
	free(control);
	server->control = NULL;
}
