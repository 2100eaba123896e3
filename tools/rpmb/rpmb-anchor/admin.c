// SPDX-License-Identifier: GPL-2.0-only
/*
 * Commands of the administrator: a request to the server, and what it answers in words
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>
#include <json-c/json.h>

#include "control.h"
#include "log.h"
#include "options.h"

/* If nobody says otherwise: 1/64 of all writes, over ten years */
#define DEFAULT_SHARE (1 << 26)
#define DEFAULT_PER_DAY (DEFAULT_SHARE / 3650)

/*
 * @all: answers so far, for who wants JSON
 * @print: one in words
 */
struct talk {
	int sock;
	struct json_object *request;
	struct json_object *all;
	void (*print)(struct json_object *answer);
};

static const char *text_of(struct json_object *object, const char *name)
{
	return json_object_get_string(json_object_object_get(object, name));
}

static uint64_t number_of(struct json_object *object, const char *name)
{
	return json_object_get_uint64(json_object_object_get(object, name));
}

static bool is_true(struct json_object *object, const char *name)
{
	return json_object_get_boolean(json_object_object_get(object, name));
}

static void print_device(struct json_object *entry)
{
	const char *state = text_of(entry, "state");

	printf("  device of %" PRIu64 " units", number_of(entry, "capacity"));
	if (is_true(entry, "served"))
		printf(", %s key, counter %" PRIu64,
		       is_true(entry, "has_key") ? "with" : "without",
		       number_of(entry, "counter"));
	else
		printf(", %s", strcmp(state, "ready") ? state : "not served");
}

static void print_entry(struct json_object *entry)
{
	bool device = !strcmp(text_of(entry, "kind"), "device");

	printf("%s", text_of(entry, "guid"));
	if (device)
		print_device(entry);
	printf("  %" PRIu64 " of %" PRIu64 " %s, %" PRIu64 " a day  uid %" PRIu64 "%s  %s\n",
	       number_of(entry, device ? "writes" : "steps"),
	       number_of(entry, "share"), device ? "writes" : "steps",
	       number_of(entry, "per_day"), number_of(entry, "uid"),
	       is_true(entry, "may_step_back") ? "  may step back" : "",
	       text_of(entry, "title"));
}

static void print_new(struct json_object *entry)
{
	printf("%s\n%s\n", text_of(entry, "guid"), text_of(entry, "socket"));
}

static void print_day(const char *what, time_t when)
{
	char text[32] = "";
	struct tm tm;

	if (gmtime_r(&when, &tm))
		strftime(text, sizeof(text), "%F", &tm);
	printf("%s%s\n", what, text);
}

static void print_note(struct json_object *note)
{
	time_t when = number_of(note, "time");
	char text[32] = "";
	struct tm tm;

	if (gmtime_r(&when, &tm))
		strftime(text, sizeof(text), "%F %T", &tm);
	printf("%s  %s\n", text, text_of(note, "text"));
}

static void print_forecast(struct json_object *forecast)
{
	uint64_t left = number_of(forecast, "left");
	uint64_t now = number_of(forecast, "now");
	uint64_t used = number_of(forecast, "counter") -
			number_of(forecast, "since_counter");
	uint64_t seconds = now - number_of(forecast, "since");
	uint64_t per_day = number_of(forecast, "per_day");

	printf("write counter:    %" PRIu64 ", %" PRIu64 " writes are left\n",
	       number_of(forecast, "counter"), left);
	printf("so far:           %" PRIu64 " writes in %.1f days\n", used,
	       seconds / 86400.0);
	if (used && seconds)
		print_day("at this rate:     it ends on ",
			  now + (double)left * seconds / used);
	printf("shares:           %" PRIu64 " steps that may still be made\n",
	       number_of(forecast, "shares_left"));
	if (is_true(forecast, "unbounded"))
		printf("at most:          nobody knows; some may make any number of steps a day\n");
	else if (per_day)
		print_day("at most:          it ends on ",
			  now + (double)left * 86400 / per_day);
	if (number_of(forecast, "shares_left") > left)
		printf("warning:          the shares are more than what is left\n");
}

static bool connect_to(struct talk *talk, const struct options *options)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int len = snprintf(addr.sun_path, sizeof(addr.sun_path), "%s/control",
			   options->directory);

	talk->sock = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (len >= (int)sizeof(addr.sun_path))
		errno = ENAMETOOLONG;
	else if (talk->sock >= 0 && !connect(talk->sock, (struct sockaddr *)&addr,
					     sizeof(addr)))
		return true;
	log_line("%s: %s; does rpmb-anchor run?", addr.sun_path,
		 strerror(errno));
	return false;
}

static bool ask(struct talk *talk)
{
	const char *text = json_object_to_json_string(talk->request);

	if (send(talk->sock, text, strlen(text), MSG_NOSIGNAL) >= 0)
		return true;
	log_line("rpmb-anchor is gone: %s", strerror(errno));
	return false;
}

static struct json_object *next_answer(struct talk *talk)
{
	char text[CONTROL_MAX];
	struct json_object *answer = NULL;
	ssize_t len = recv(talk->sock, text, sizeof(text) - 1, 0);

	if (len > 0) {
		text[len] = '\0';
		answer = json_tokener_parse(text);
	}
	if (!answer)
		log_line("rpmb-anchor has gone before it was done");
	return answer;
}

/* An answer; false if it is the last one */
static bool take_answer(struct talk *talk, struct json_object *answer, bool *ok)
{
	struct json_object *next = json_object_object_get(answer, "next");

	if (text_of(answer, "error")) {
		log_line("%s", text_of(answer, "error"));
		*ok = false;
		return false;
	}
	if (next) {
		json_object_object_add(talk->request, "from",
				       json_object_get(next));
		*ok = ask(talk);
		return *ok;
	}
	if (json_object_object_get(answer, "done"))
		return false;
	if (talk->all)
		json_object_array_add(talk->all, json_object_get(answer));
	else if (talk->print)
		talk->print(answer);
	return true;
}

static bool converse(struct talk *talk)
{
	struct json_object *answer;
	bool ok = ask(talk), more = ok;

	while (more) {
		answer = next_answer(talk);
		ok = answer;
		more = answer && take_answer(talk, answer, &ok);
		json_object_put(answer);
	}
	return ok;
}

/* Takes over @request */
static int run(const struct options *options, struct json_object *request,
	       void (*print)(struct json_object *answer))
{
	struct talk talk = {
		.request = request,
		.all = options->json ? json_object_new_array() : NULL,
		.print = print,
	};
	bool ok = connect_to(&talk, options) && converse(&talk);

	if (ok && talk.all)
		puts(json_object_to_json_string_ext(talk.all,
						    JSON_C_TO_STRING_PRETTY));
	json_object_put(talk.all);
	json_object_put(talk.request);
	if (talk.sock >= 0)
		close(talk.sock);
	return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}

static struct json_object *make_request(const char *command, const char *anchor)
{
	struct json_object *request = json_object_new_object();

	json_object_object_add(request, "command",
			       json_object_new_string(command));
	if (anchor)
		json_object_object_add(request, "anchor",
				       json_object_new_string(anchor));
	return request;
}

static void add_number(struct json_object *request, const char *name,
		       uint64_t value)
{
	if (value != UINT64_MAX)
		json_object_object_add(request, name,
				       json_object_new_uint64(value));
}

static void add_settings(struct json_object *request,
			 const struct options *options, const char *title)
{
	add_number(request, "uid", options->uid);
	add_number(request, "share", options->share);
	add_number(request, "per_day", options->per_day);
	if (title)
		json_object_object_add(request, "title",
				       json_object_new_string(title));
}

int command_list(const struct options *options)
{
	return run(options, make_request("list", NULL), print_entry);
}

int command_add(const struct options *options)
{
	struct json_object *request = make_request("add", NULL);
	struct options all = *options;

	if (all.share == UINT64_MAX)
		all.share = DEFAULT_SHARE;
	if (all.per_day == UINT64_MAX)
		all.per_day = DEFAULT_PER_DAY;
	if (all.uid == UINT64_MAX)
		all.uid = 0;
	add_settings(request, &all, options->argument);
	add_number(request, "capacity", options->capacity);
	if (options->guid)
		json_object_object_add(request, "guid",
				       json_object_new_string(options->guid));
	return run(options, request, print_new);
}

int command_remove(const struct options *options)
{
	return run(options, make_request("remove", options->argument), NULL);
}

int command_set(const struct options *options)
{
	struct json_object *request = make_request("set", options->argument);

	add_settings(request, options, options->title);
	return run(options, request, print_entry);
}

int command_accept(const struct options *options)
{
	return run(options, make_request("accept", options->argument), NULL);
}

int command_log(const struct options *options)
{
	return run(options, make_request("log", NULL), print_note);
}

int command_forecast(const struct options *options)
{
	return run(options, make_request("forecast", NULL), print_forecast);
}
