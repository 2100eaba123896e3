// SPDX-License-Identifier: GPL-2.0-only
/*
 * Many guests that write at once, each through a daemon of its own, with one rpmb-anchor:
 * no write is lost, nobody is left behind, and the hardware is written less often than
 * the guests are answered
 *
 * The daemons and rpmb-anchor are the programs that users run; the guests are front-ends of
 * the tests' own, without a kernel. The hardware is a stand-in for /dev/rpmbN: the engine
 * and the rules that the model of an eMMC in tools/testing/rpmb-devices has, too, but neither
 * its bus nor the kernel's drivers, and each of its writes takes a set time. With the model,
 * drivers and kernels the suite anchored-qemu has two guests write at once.
 */
#include <stdlib.h>
#include <unistd.h>

#include "anchor-host.h"
#include "fixture.h"
#include "many.h"

#define WRITES 12		/* of each guest, on average */

/* Longer than it takes all guests to come with the next write */
#define SLOW_WRITE 100000	/* microseconds */

static void check_fair(const struct many *guests, unsigned int nr)
{
	uint32_t least = UINT32_MAX, most = 0;
	unsigned int i;

	for (i = 0; i < nr; i++) {
		uint32_t counter = guests[i].model.counter;

		least = counter < least ? counter : least;
		most = counter > most ? counter : most;
	}
	tap_note("from %u to %u writes", least, most);
	check(most <= 3 * least, "from %u to %u", least, most);
}

/* Nothing is lost, and a write that was on its way may be there */
static void check_kept(struct many *guest, unsigned int i)
{
	many_open(guest, i);
	model_check(&guest->model, &guest->fe, true);
	many_kill(guest);
}

/* @share: of the writes of guests, so many go with one of the hardware, at least */
static void write_together(unsigned int nr, unsigned int share)
{
	unsigned int writes = nr * WRITES, i;
	struct many *guests;
	struct fake *fake;
	uint32_t before;

	check(!setenv("RPMB_FAKE", get_current_dir_name(), 1), "");
	fake = host_ready(nr);
	guests = many_start(nr, true);
	fake->delay = SLOW_WRITE;
	before = fake->counter;
	many_write(guests, nr, writes);
	before = fake->counter - before;
	fake->delay = 0;
	tap_note("%u writes of the hardware for %u", before, writes);
	check(before * share <= writes, "%u", before);
	check_fair(guests, nr);
	for (i = 0; i < nr; i++)
		many_kill(&guests[i]);
	host_stop();
	host_start();
	for (i = 0; i < nr; i++)
		check_kept(&guests[i], i);
	free(guests);
}

static void alone(void)
{
	write_together(1, 1);
}

/* Those who wait and those who are being written take turns: it is a quarter at best */
static void eight(void)
{
	write_together(8, 3);
}

static void sixty_four(void)
{
	write_together(64, 16);
}

static void most(void)
{
	write_together(MANY_MOST, 16);
}

static const struct test tests[] = {
	{ "many: one guest costs one write for each of its own", alone },
	{ "many: eight guests, a third at most", eight },
	{ "many: 64 guests, a sixteenth at most", sixty_four },
	{ "many: 256 guests, the same", most },
};

int main(int argc, char **argv)
{
	return run_daemon_tests(argc, argv, tests, ARRAY_SIZE(tests));
}
