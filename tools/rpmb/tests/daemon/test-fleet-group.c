// SPDX-License-Identifier: GPL-2.0-only
/*
 * A full ring, and a database that is lost, slow, or somebody else's meanwhile: all of it
 * is done, or nothing, and nobody is told what could still go back
 */
#include "fixture.h"
#include "fleet.h"
#include "group.h"
#include "proxy.h"

#define FENCED 3

/* What guests ask for that have a device with three writes */
static void put_all(struct group *group, struct host *host)
{
	*group = (struct group) { .fe = &host->fe };
	group_put_count(group);
	group_put_write(group, 4);
	group_put_write(group, 5);
	group_put_read(group);
	group_put_count(group);
	group_go(group);
}

/* All of it was done, once, and in that order */
static void must_be_done(struct group *group, struct model *model)
{
	group_counted(group, 3);
	group_written(group, 0, 4);
	group_written(group, 0, 5);
	model_set(model, 5);
	group_holds(group, model);
	group_counted(group, 5);
}

/* The ring of a device that is reached through a proxy, which has stopped at these words */
static struct proxy *begin_held(struct host *host, struct model *model,
				struct group *group, enum proxy_place place,
				const char *words)
{
	struct proxy *proxy = proxy_new("x");

	serve_begin(host, fleet_device_by("x"), model);
	proxy_arm(proxy, place, words);
	put_all(group, host);
	proxy_wait_held(proxy);
	check(!fe_used(&host->fe), "an answer before all is durable");
	return proxy;
}

/* The connection is lost there, and then once more */
static void lost(enum proxy_place place, const char *words,
		 enum proxy_place then, const char *again)
{
	struct proxy *proxy;
	struct model model;
	struct group group;
	struct host one;

	proxy = begin_held(&one, &model, &group, place, words);
	if (again)
		proxy_arm(proxy, then, again);
	proxy_go_on(proxy, PROXY_CUT);
	if (again) {
		proxy_wait_held(proxy);
		check(!fe_used(&one.fe), "an answer, and nobody knows");
		proxy_go_on(proxy, PROXY_CUT);
	}
	must_be_done(&group, &model);
	serve_goes_on(&one, &model, false);
	serve_stop(&one);
}

static void lost_request(void)
{
	lost(PROXY_REQUEST, COMMITS, 0, NULL);
}

static void lost_answer(void)
{
	lost(PROXY_ANSWER, COMMITS, 0, NULL);
}

static void lost_settled(void)
{
	lost(PROXY_ANSWER, COMMITS, PROXY_ANSWER, SETTLES);
}

static void lost_settled_undone(void)
{
	lost(PROXY_REQUEST, COMMITS, PROXY_ANSWER, SETTLES);
}

static void lost_data(void)
{
	lost(PROXY_REQUEST, READS, PROXY_ANSWER, COMMITS);
}

/* What comes to the server when all is settled is not done then, too */
static void late(void)
{
	struct proxy *proxy;
	struct model model;
	struct group group;
	struct host one;

	proxy = begin_held(&one, &model, &group, PROXY_REQUEST, COMMITS);
	proxy_go_on(proxy, PROXY_LATE);
	must_be_done(&group, &model);
	proxy_go_on(proxy, PROXY_PASS);
	proxy_wait_done(proxy);
	serve_goes_on(&one, &model, false);
	serve_stop(&one);
}

/*
 * Another host takes the device, which has had so many writes then, and the connection
 * goes on or is lost: nothing is told
 */
static void overtaken(enum proxy_place place, const char *words,
		      uint32_t writes, enum proxy_action action)
{
	struct proxy *proxy;
	struct host one, two;
	struct model model;
	struct group group;

	proxy = begin_held(&one, &model, &group, place, words);
	serve_open(&two, "two", fleet_device(), "--take-over");
	model_set(&model, writes);
	serve_goes_on(&two, &model, false);
	proxy_go_on(proxy, action);
	serve_ends(&one, FENCED, "taken over by two");
	check(!fe_used(&one.fe), "an answer of who has lost the device");
	serve_goes_on(&two, &model, false);
}

static void overtaken_before(void)
{
	overtaken(PROXY_REQUEST, COMMITS, 3, PROXY_PASS);
}

static void overtaken_data(void)
{
	overtaken(PROXY_ANSWER, READS, 3, PROXY_PASS);
}

/* It was done, but who has lost the connection does not know that it was his */
static void overtaken_lost(void)
{
	overtaken(PROXY_ANSWER, COMMITS, 5, PROXY_CUT);
}

/* All of it was done before, so the new owner has it, and the guest is told */
static void overtaken_after(void)
{
	struct proxy *proxy;
	struct host one, two;
	struct model model;
	struct group group;

	proxy = begin_held(&one, &model, &group, PROXY_ANSWER, COMMITS);
	serve_open(&two, "two", fleet_device(), "--take-over");
	proxy_go_on(proxy, PROXY_PASS);
	must_be_done(&group, &model);
	serve_goes_on(&two, &model, false);
	submit_count(&one.fe);
	serve_ends(&one, FENCED, "taken over by two");
}

static const struct test tests[] = {
	{ "a full ring, connection lost before it is done", lost_request },
	{ "a full ring, connection lost after it is done", lost_answer },
	{ "a full ring, connection lost after, and when that is settled",
	  lost_settled },
	{ "a full ring, connection lost before, and when that is settled",
	  lost_settled_undone },
	{ "a full ring, connection lost before its data is read, and after it is done",
	  lost_data },
	{ "a full ring that comes late is not done", late },
	{ "a full ring, another takes the device: not done", overtaken_before },
	{ "a full ring, another takes the device when data is found: not done",
	  overtaken_data },
	{ "a full ring, another takes the device when it is done: it has all",
	  overtaken_after },
	{ "a full ring that is done, connection lost, another takes the device: no answer",
	  overtaken_lost },
};

int main(int argc, char **argv)
{
	return run_daemon_tests(argc, argv, tests, ARRAY_SIZE(tests));
}
