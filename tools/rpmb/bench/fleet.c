// SPDX-License-Identifier: GPL-2.0-only
/*
 * How fast devices in a database are written, compared with what pgbench makes of the same
 * rows with a prepared transaction
 *
 * Run in an empty directory, with $RPMB_DAEMON and what the daemon's tests want for a
 * database. The rounds of both alternate.
 */
#include <err.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"
#include "fleet.h"
#include "median.h"

#define ROUNDS 5
#define SECONDS 2
#define MOST 32

static struct guest {
	struct host host;
	uint32_t counter;
} guests[MOST];

static void begin(struct guest *guest, unsigned int i)
{
	char owner[16];

	daemon_new_device();
	snprintf(owner, sizeof(owner), "host-%u", i);
	serve_open(&guest->host, owner, fleet_device(), NULL);
	must_program_key(&guest->host.fe);
}

static void submit(struct guest *guest)
{
	static const uint8_t data[BLOCK];
	struct rpmb_frame out[2];

	make_write(out, 1, guest->counter % UNIT_BLOCKS, guest->counter, data,
		   test_key);
	make_result_read(&out[1]);
	submit_frames(&guest->host.fe, out, 2, 1);
}

static void answer(struct guest *guest)
{
	struct rpmb_frame in;

	check_eq(fe_wait_used(&guest->host.fe, NULL), FRAME);
	fetch_frames(&guest->host.fe, &in, 1);
	check_eq(in.result, 0);
	guest->counter++;
}

/* Writes per second of so many guests, each of which asks again when it is answered */
static double write_rate(unsigned int nr)
{
	struct pollfd calls[MOST];
	double start = now_ns(), end = start + SECONDS * 1e9;
	unsigned int i, done = 0;

	for (i = 0; i < nr; i++) {
		calls[i] = (struct pollfd){ .fd = guests[i].host.fe.call,
					    .events = POLLIN };
		submit(&guests[i]);
	}
	while (now_ns() < end) {
		check(poll(calls, nr, WAIT_MS) > 0, "nobody is answered");
		for (i = 0; i < nr; i++) {
			if (!fe_used(&guests[i].host.fe))
				continue;
			answer(&guests[i]);
			submit(&guests[i]);
			done++;
		}
	}
	for (i = 0; i < nr; i++)
		answer(&guests[i]);
	return (done + nr) / ((now_ns() - start) / 1e9);
}

/* A row for each of pgbench's clients, like those of devices */
static void make_rows(void)
{
	FILE *f = fopen("transaction", "w");

	fleet_sql("a", "INSERT INTO rpmb_devices"
		  " (guid, capacity, sealed, counter, epoch, token)"
		  " SELECT ('00000000-0000-4000-8000-' ||"
		  " lpad(i::TEXT, 12, '0'))::UUID, 1,"
		  " decode(repeat('00', 60), 'hex'), 0, 1, 'bench'"
		  " FROM generate_series(0, %d) AS i", MOST - 1);
	if (!f)
		err(1, "transaction");
	fputs("\\set addr random(0, 511)\n"
	      "BEGIN;\n"
	      "UPDATE rpmb_devices SET counter = counter + 1"
	      " WHERE guid = ('00000000-0000-4000-8000-' ||"
	      " lpad(:client_id::TEXT, 12, '0'))::UUID"
	      " AND epoch = 1 AND token = 'bench';\n"
	      "INSERT INTO rpmb_blocks (guid, addr, data) VALUES"
	      " (('00000000-0000-4000-8000-' ||"
	      " lpad(:client_id::TEXT, 12, '0'))::UUID, :addr,"
	      " decode(repeat('5a', 256), 'hex'))"
	      " ON CONFLICT (guid, addr) DO UPDATE SET data = excluded.data;\n"
	      "COMMIT;\n", f);
	fclose(f);
}

static double pgbench_rate(unsigned int clients)
{
	const char *rest = strchr(fleet_device(), '?');
	char command[1024];
	double rate = 0;
	FILE *f;

	snprintf(command, sizeof(command),
		 "pgbench -n -M prepared -c %u -T %d -f transaction"
		 " 'postgresql://postgres@/postgres%.*s' 2>&1 |"
		 " sed -n 's/^tps = \\([0-9.]*\\).*/\\1/p'", clients, SECONDS,
		 (int)strcspn(rest, "#"), rest);
	fflush(stdout);
	f = popen(command, "r");
	if (!f || fscanf(f, "%lf", &rate) != 1)
		errx(1, "pgbench does not measure");
	pclose(f);
	return rate;
}

static void compare(unsigned int nr)
{
	double ours[ROUNDS], theirs[ROUNDS];
	unsigned int i;

	for (i = 0; i < ROUNDS; i++) {
		theirs[i] = pgbench_rate(nr);
		ours[i] = write_rate(nr);
	}
	printf("%2u clients: pgbench %.0f/s, authenticated writes %.0f/s:"
	       " ratio %.2f (target at least 0.7)\n",
	       nr, median(theirs, ROUNDS), median(ours, ROUNDS),
	       median(ours, ROUNDS) / median(theirs, ROUNDS));
}

static void measure(void)
{
	unsigned int i;

	for (i = 0; i < MOST; i++)
		begin(&guests[i], i);
	make_rows();
	compare(1);
	compare(MOST);
	for (i = 0; i < MOST; i++)
		serve_stop(&guests[i].host);
}

int main(int argc, char **argv)
{
	static const struct test tests[] = { { "measure", measure } };

	return run_daemon_tests(argc, argv, tests, ARRAY_SIZE(tests));
}
