// SPDX-License-Identifier: GPL-2.0-only
/*
 * Servers that die while many guests write: what was acknowledged is there, no counter
 * goes back, and guests see nothing but a slow answer
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fixture.h"
#include "fleet.h"
#include "model.h"
#include "proxy.h"

#define MOST 32
#define ROUNDS 4		/* of writes, before and after a server dies */

static struct guest {
	struct host host;
	struct model model;
	char device[512];
} *guests;

static unsigned int port_of_a(void)
{
	return atoi(fleet_sql("a", "SHOW port"));
}

/* The device of a guest, by way of "a" and another server */
static void name_device(struct guest *guest, const char *other,
			unsigned int port)
{
	snprintf(guest->device, sizeof(guest->device),
		 "postgresql://postgres@/postgres?host=%s,%s&port=%u,%u#%s",
		 getenv("RPMB_FLEET"), other, port_of_a(), port,
		 strchr(fleet_device(), '#') + 1);
}

static void name_device_of_both(struct guest *guest)
{
	name_device(guest, getenv("RPMB_FLEET"), port_of_a() + 1);
}

static void begin(void)
{
	char owner[16];
	unsigned int i;

	guests = calloc(MOST, sizeof(*guests));
	check(guests, "no memory");
	for (i = 0; i < MOST; i++) {
		daemon_new_device();
		name_device_of_both(&guests[i]);
		snprintf(owner, sizeof(owner), "host-%u", i);
		serve_open(&guests[i].host, owner, guests[i].device,
			   "--single-server");
		must_program_key(&guests[i].host.fe);
	}
}

/* All of them have a write under way when it happens, and half of them are answered */
static void write_while(void (*happens)(void))
{
	unsigned int i, round;

	for (round = 0; round < 2 * ROUNDS; round++) {
		for (i = 0; i < MOST; i++)
			model_submit(&guests[i].model, &guests[i].host.fe);
		for (i = 0; i < MOST; i++) {
			if (round == ROUNDS && i == MOST / 2)
				happens();
			model_answer(&guests[i].model, &guests[i].host.fe);
		}
	}
}

static void check_all(void)
{
	unsigned int i;

	for (i = 0; i < MOST; i++) {
		model_check(&guests[i].model, &guests[i].host.fe, false);
		serve_stop(&guests[i].host);
	}
	free(guests);
}

/*
 * Nobody waits for the standby any more, as somebody has had the server give up: it takes
 * the write and warns that it may be lost. The guest hears nothing before it cannot be.
 */
static void standby_given_up(void)
{
	const char *waits = "FROM pg_stat_activity WHERE wait_event = 'SyncRep'";
	struct model model;
	struct host host;

	serve_begin(&host, fleet_device(), &model);
	fleet_do("kill", "b");
	model_submit(&model, &host.fe);
	while (!atoi(fleet_sql("a", "SELECT count(*) %s", waits)))
		;
	fleet_sql("a", "SELECT pg_cancel_backend(pid) %s", waits);
	daemon_wait_for_words("canceling wait for synchronous replication");
	check(!fe_used(&host.fe), "an answer to what the standby has not");
	fleet_do("start", "b");
	model_answer(&model, &host.fe);
	serve_goes_on(&host, &model, false);
	serve_stop(&host);
}

/* The primary comes back after its log was replayed */
static void crash(void)
{
	fleet_do("kill", "a");
	fleet_do("start", "a");
}

static void crashed(void)
{
	begin();
	write_while(crash);
	check_all();
}

static void fail_over(void)
{
	fleet_do("kill", "a");
	fleet_do("promote", "");
}

static void failed_over(void)
{
	begin();
	write_while(fail_over);
	check_all();
}

static void run(const char *line)
{
	fflush(stdout);
	check(!system(line), "%s", line);
}

/* A primary and its standby, as if none had ever failed */
static void renew(void)
{
	fleet_do("renew", "");
	run("\"$RPMB_STATE_TOOL\" setup \"$RPMB_DATABASE\"");
}

static void begin_alone(struct guest *guest, const char *option)
{
	serve_open(&guest->host, "one", guest->device, option);
	must_program_key(&guest->host.fe);
	while (guest->model.counter < 3)
		model_write(&guest->model, &guest->host.fe);
}

/*
 * The server that takes writes is lost with a request, and before it is back the daemon
 * has come to the one that was replaced
 */
static void fall_back(struct proxy *proxy)
{
	char connected[256];

	snprintf(connected, sizeof(connected), "connected to %s",
		 getenv("RPMB_FLEET"));
	proxy_wait_held(proxy);
	daemon_forget_messages();
	proxy->refuses = true;
	proxy_go_on(proxy, PROXY_CUT);
	daemon_wait_for_words(connected);
	proxy->refuses = false;
}

static FILE *start_backup(const char *device)
{
	char line[1024];
	FILE *f;

	snprintf(line, sizeof(line),
		 "\"$RPMB_STATE_TOOL\" backup --single-server"
		 " --wrap-key=\"$RPMB_WRAP_KEY\" '%s' copy"
		 " && \"$RPMB_STATE_TOOL\" inspect copy", device);
	fflush(stdout);
	f = popen(line, "re");
	check(f, "no shell");
	return f;
}

static void end_backup(FILE *f, const struct model *model)
{
	char said[4096], words[64];

	said[fread(said, 1, sizeof(said) - 1, f)] = 0;
	check(!pclose(f), "no backup");
	snprintf(words, sizeof(words), "write counter:  %u\n", model->counter);
	check(strstr(said, words), "no \"%s\" in: %s", words, said);
}

/* One that was replaced, and does not know it, as nobody has told it to end */
static void replaced(void)
{
	struct proxy *proxy;
	struct guest guest = {};
	char *cwd = getcwd(NULL, 0), x[256];
	FILE *backup;

	renew();
	proxy = proxy_new("x");
	proxy_use(proxy, "b");
	snprintf(x, sizeof(x), "%s/x", cwd);
	free(cwd);
	name_device(&guest, x, 1);
	begin_alone(&guest, "--single-server");
	fleet_do("promote", "");
	/* Its data would be right still, but it cannot say whose it is */
	model_submit_read(&guest.host.fe);
	model_answer_read(&guest.model, &guest.host.fe);
	model_write(&guest.model, &guest.host.fe);
	model_check(&guest.model, &guest.host.fe, false);
	/* And then it would be old */
	proxy_arm(proxy, PROXY_REQUEST, "read");
	model_submit_read(&guest.host.fe);
	fall_back(proxy);
	model_answer_read(&guest.model, &guest.host.fe);
	serve_stop(&guest.host);
	/* Who begins now, and asks it first */
	backup = start_backup(guest.device);
	serve_open(&guest.host, "one", guest.device, "--single-server");
	model_check(&guest.model, &guest.host.fe, false);
	end_backup(backup, &guest.model);
	/* That the device is somebody else's it would say now */
	proxy_arm(proxy, PROXY_REQUEST, "commit");
	model_submit(&guest.model, &guest.host.fe);
	fall_back(proxy);
	model_answer(&guest.model, &guest.host.fe);
	model_check(&guest.model, &guest.host.fe, false);
	serve_stop(&guest.host);
}

/*
 * The standby that was promoted has none itself. Nothing is acknowledged before it has:
 * neither while it is set to want none, nor while it wants one.
 */
static void without_standby(void)
{
	struct guest guest = {};

	renew();
	name_device_of_both(&guest);
	begin_alone(&guest, NULL);
	fail_over();
	model_submit(&guest.model, &guest.host.fe);
	daemon_wait_for_words("synchronous_standby_names is empty");
	check(!fe_used(&guest.host.fe), "an answer that one server has");
	daemon_forget_messages();
	fleet_sql("b", "ALTER SYSTEM SET synchronous_standby_names = '*'");
	fleet_sql("b", "SELECT pg_reload_conf()");
	daemon_wait_for_words("connected to");
	check(!fe_used(&guest.host.fe), "an answer that one server has");
	fleet_do("follow", "");
	model_answer(&guest.model, &guest.host.fe);
	model_check(&guest.model, &guest.host.fe, false);
	serve_stop(&guest.host);
}

static const struct test tests[] = {
	{ "the standby is not waited for: the guest waits", standby_given_up },
	{ "the primary is killed and comes back", crashed },
	{ "the primary is killed and its standby promoted", failed_over },
	{ "the primary is replaced, and goes on: nobody believes it", replaced },
	{ "a standby is promoted that has none: guests wait for one",
	  without_standby },
};

int main(int argc, char **argv)
{
	return run_daemon_tests(argc, argv, tests, ARRAY_SIZE(tests));
}
