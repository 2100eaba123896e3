// SPDX-License-Identifier: GPL-2.0-only
/*
 * Servers that die while many guests write: what was acknowledged is there, no counter
 * goes back, and guests see nothing but a slow answer
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"
#include "fleet.h"
#include "model.h"

#define MOST 32
#define ROUNDS 4		/* of writes, before and after a server dies */

static struct guest {
	struct host host;
	struct model model;
	char device[512];
} *guests;

/* The device of a guest, by way of both servers */
static void name_device(struct guest *guest)
{
	const char *fleet = getenv("RPMB_FLEET");
	unsigned int a, b;

	daemon_new_device();
	a = atoi(fleet_sql("a", "SHOW port"));
	b = a + 1;
	snprintf(guest->device, sizeof(guest->device),
		 "postgresql://postgres@/postgres?host=%s,%s&port=%u,%u#%s",
		 fleet, fleet, a, b, strchr(daemon_state(), '#') + 1);
}

static void begin(void)
{
	char owner[16];
	unsigned int i;

	guests = calloc(MOST, sizeof(*guests));
	check(guests, "no memory");
	for (i = 0; i < MOST; i++) {
		name_device(&guests[i]);
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

static const struct test tests[] = {
	{ "the primary is killed and comes back", crashed },
	{ "the primary is killed and its standby promoted", failed_over },
};

int main(int argc, char **argv)
{
	return run_daemon_tests(argc, argv, tests, ARRAY_SIZE(tests));
}
