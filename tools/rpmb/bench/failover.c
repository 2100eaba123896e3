// SPDX-License-Identifier: GPL-2.0-only
/*
 * How long a guest waits for a write while the primary of its database dies and the standby
 * is promoted
 *
 * Run in an empty directory, with $RPMB_DAEMON and what the daemon's tests want for a
 * database; there is only one server afterwards.
 */
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"
#include "fleet.h"
#include "median.h"
#include "model.h"

#define GUESTS 100
#define WRITES 50		/* of each, before */

static struct guest {
	struct host host;
	struct model model;
	double submitted;
} guests[GUESTS];

/* By way of both servers */
static void begin(struct guest *guest, unsigned int i)
{
	const char *fleet = getenv("RPMB_FLEET");
	unsigned int port = atoi(fleet_sql("a", "SHOW port"));
	static char device[512];
	char owner[16];

	daemon_new_device();
	snprintf(owner, sizeof(owner), "host-%u", i);
	snprintf(device, sizeof(device),
		 "postgresql://postgres@/postgres?host=%s,%s&port=%u,%u%s",
		 fleet, fleet, port, port + 1, strchr(daemon_state(), '#'));
	serve_open(&guest->host, owner, device, "--single-server");
	must_program_key(&guest->host.fe);
}

static void submit(struct guest *guest)
{
	guest->submitted = now_ns();
	model_submit(&guest->model, &guest->host.fe);
}

/* Seconds of each write that is under way, as they are answered */
static void await_all(double *seconds)
{
	struct pollfd calls[GUESTS];
	unsigned int i, left = GUESTS;

	for (i = 0; i < GUESTS; i++)
		calls[i] = (struct pollfd){ .fd = guests[i].host.fe.call,
					    .events = POLLIN };
	while (left) {
		check(poll(calls, GUESTS, WAIT_MS) > 0, "nobody is answered");
		for (i = 0; i < GUESTS; i++) {
			struct guest *guest = &guests[i];

			if (calls[i].fd < 0 || !fe_used(&guest->host.fe))
				continue;
			seconds[i] = (now_ns() - guest->submitted) / 1e9;
			model_answer(&guest->model, &guest->host.fe);
			calls[i].fd = -1;
			left--;
		}
	}
}

static void write_all(double *seconds)
{
	unsigned int i;

	for (i = 0; i < GUESTS; i++)
		submit(&guests[i]);
	await_all(seconds);
}

static atomic_bool promoted;

/* What a tool that watches the servers would do, and how long that takes */
static void *fail_over(void *arg)
{
	double *seconds = arg, start = now_ns();

	fleet_do("kill", "a");
	fleet_do("promote", "");
	*seconds = (now_ns() - start) / 1e9;
	atomic_store(&promoted, true);
	return NULL;
}

/* The writes that met the end of the server are the round that took longest */
static void write_meanwhile(double *slowest)
{
	double round[GUESTS];

	do {
		write_all(round);
		if (median(round, GUESTS) > median(slowest, GUESTS))
			memcpy(slowest, round, sizeof(round));
	} while (!atomic_load(&promoted));
}

/* Of @nr values, which get sorted */
static double percentile99(double *values, unsigned int nr)
{
	median(values, nr);
	return values[(nr * 99 + 99) / 100 - 1];
}

static void measure(void)
{
	static double before[WRITES * GUESTS], meanwhile[GUESTS];
	double promoting;
	pthread_t thread;
	unsigned int i;

	for (i = 0; i < GUESTS; i++)
		begin(&guests[i], i);
	for (i = 0; i < WRITES; i++)
		write_all(&before[i * GUESTS]);
	check(!pthread_create(&thread, NULL, fail_over, &promoting), "");
	write_meanwhile(meanwhile);
	pthread_join(thread, NULL);
	printf("%u guests: p99 of a write %.3f s, while the primary fails over %.1f s"
	       " (the standby was promoted in %.1f s)\n", GUESTS,
	       percentile99(before, WRITES * GUESTS),
	       percentile99(meanwhile, GUESTS), promoting);
	for (i = 0; i < GUESTS; i++) {
		model_check(&guests[i].model, &guests[i].host.fe, false);
		serve_stop(&guests[i].host);
	}
}

int main(int argc, char **argv)
{
	static const struct test tests[] = { { "measure", measure } };

	return run_daemon_tests(argc, argv, tests, ARRAY_SIZE(tests));
}
