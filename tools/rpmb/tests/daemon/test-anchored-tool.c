// SPDX-License-Identifier: GPL-2.0-only
/*
 * rpmb-state and anchored states: what it makes the daemon serves, and it says what the
 * daemon would
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "anchor-client.h"
#include "anchor-host.h"
#include "anchored.h"
#include "fixture.h"
#include "served.h"
#include "state.h"

#define COPY "copy"
#define ANCHORED_AT							\
	"anchored:       in 00000000-0000-4000-8000-000000000000 at step "

static void tool(int status, const char *arguments, const char *words)
{
	check_eq(shell("$RPMB_STATE_TOOL %s", arguments), status);
	check(says(words), "%s: no \"%s\" in: %s", arguments, words, said());
}

/* The same with the anchor */
static void anchored_tool(int status, const char *arguments, const char *words)
{
	char with[256];

	snprintf(with, sizeof(with), "%s --anchor %s", arguments, socket_of(0));
	tool(status, with, words);
}

static void created(void)
{
	struct model model;

	anchored_host();
	anchored_tool(0, "create --capacity 1 " STATE, "created");
	tool(0, "inspect " STATE, ANCHORED_AT "1\n");
	anchored_tool(0, "check " STATE, "is sound, and the one that is anchored");
	anchored_tool(1, "create --capacity 1 " COPY, "it has a state, at step 1");
	check(access(COPY, F_OK), "another one was made");
	model_leave_state(&model, true);
	tool(0, "inspect " STATE, ANCHORED_AT "7\n");
	must_serve(&model, false);
}

/* Between these two the blocks have the same tree */
static void capacity_changed(void)
{
	anchored_host();
	anchored_tool(0, "create --capacity 3 " STATE, "created");
	state_sql("UPDATE meta SET capacity = 4");
	anchored_tool(1, "check " STATE, "or was changed");
	state_sql("UPDATE meta SET capacity = 3");
	anchored_tool(0, "check " STATE, "the one that is anchored");
}

/* Without the anchor nobody knows whether it is an old one */
static void checked_without_anchor(void)
{
	struct model model;

	anchored_host();
	model_leave_state(&model, true);
	tool(0, "check " STATE, "is sound; give --anchor to know whether");
	anchored_tool(64, "inspect " STATE, "inspect takes no --anchor");
	anchored_tool(64, "backup " STATE " " COPY, "backup takes no --anchor");
	check(access(COPY, F_OK), "there is a copy");
	must_serve(&model, false);
}

static void backed_up(void)
{
	struct model model;

	anchored_host();
	model_leave_state(&model, true);
	tool(0, "backup " STATE " " COPY, "");
	write_one(&model, true);
	check(!rename(COPY, STATE), "%s", strerror(errno));
	must_refuse("is a backup of");
	anchored_tool(1, "accept " STATE, "nobody has agreed");
	must_refuse("is a backup of");
	check(!admin("accept number-0"), "%s", said());
	anchored_tool(0, "accept " STATE, "the device is what it was then");
	tool(0, "inspect " STATE, "write counter 5, accepted at");
	model_set(&model, 5);
	must_serve(&model, false);
}

static const struct test tests[] = {
	{ "create: the first step of its anchor, and the only state", created },
	{ "check: a capacity that somebody has changed", capacity_changed },
	{ "check, inspect, backup: without the anchor", checked_without_anchor },
	{ "backup, accept: once both have agreed", backed_up },
};

int main(int argc, char **argv)
{
	return run_daemon_tests(argc, argv, tests, ARRAY_SIZE(tests));
}
