// SPDX-License-Identifier: GPL-2.0-only
/*
 * How fast vhost-user-rpmb writes, compared with what its disk can do
 *
 * Run in a directory on the disk in question, with the daemon in $RPMB_DAEMON.
 * The rounds of the things that are compared alternate, so that whatever else the
 * machine does meanwhile meets all of them.
 */
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "client.h"
#include "median.h"
#include "fixture.h"

#define ROUNDS 15
#define WRITES 100
#define MANY 16

static struct frontend fe;
static uint32_t counter;

/* Writes per second of @blocks blocks each */
static double write_rate(unsigned int blocks)
{
	static uint8_t data[MANY * BLOCK];
	double start = now_ns();

	for (unsigned int i = 0; i < WRITES; i++)
		must_write(&fe, i * blocks % UNIT_BLOCKS, blocks, counter++,
			   data);
	return WRITES / ((now_ns() - start) / 1e9);
}

/* Appends of 4 KiB per second that reach the disk */
static double append_rate(int fd)
{
	static char page[4096];
	double start = now_ns();

	for (unsigned int i = 0; i < WRITES; i++)
		if (write(fd, page, sizeof(page)) != sizeof(page) ||
		    fdatasync(fd))
			err(1, "append");
	return WRITES / ((now_ns() - start) / 1e9);
}

static void print_memory(const struct daemon *d)
{
	char path[32], line[128];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", d->pid);
	f = fopen(path, "r");
	if (!f)
		err(1, "%s", path);
	while (fgets(line, sizeof(line), f))
		if (!strncmp(line, "VmRSS:", 6))
			printf("resident memory of the daemon: %s",
			       line + strspn(line, "VmRSS: \t"));
	fclose(f);
}

static void measure(void)
{
	static double append[ROUNDS], single[ROUNDS], many[ROUNDS];
	double appends, writes;
	struct daemon d;
	int fd;

	fd = open("append", O_CREAT | O_TRUNC | O_WRONLY | O_APPEND, 0600);
	if (fd < 0)
		err(1, "append");
	daemon_start(&d, "--capacity", "1");
	fe_open(&fe, &d);
	must_program_key(&fe);

	for (unsigned int i = 0; i < ROUNDS; i++) {
		append[i] = append_rate(fd);
		single[i] = write_rate(1);
		many[i] = write_rate(MANY);
	}
	print_memory(&d);
	daemon_stop(&d);

	appends = median(append, ROUNDS);
	writes = median(single, ROUNDS);
	printf("4 KiB appends and fdatasync: %.0f/s; authenticated writes: %.0f/s\n",
	       appends, writes);
	printf("ratio %.2f (target at least 0.7)\n", writes / appends);
	printf("bytes per second, %d frames a request against 1:\n", MANY);
	printf("ratio %.1f (target at least 8)\n",
	       median(many, ROUNDS) * MANY / writes);
}

int main(int argc, char **argv)
{
	static const struct test tests[] = { { "measure", measure } };

	return run_daemon_tests(argc, argv, tests, ARRAY_SIZE(tests));
}
