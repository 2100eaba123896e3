// SPDX-License-Identifier: GPL-2.0-only
/*
 * Many callers at once: writers with a range each and readers of all ranges
 *
 *	rpmb-callers DEVICE KEY WHEN [BLOCKS]
 *
 * Each caller is a process with a file of its own. Writers agree among themselves
 * whose turn it is, since a write carries the counter, so their requests compete
 * with the readers' only. All responses are authenticated against nonce, address
 * and counter: one that went to the wrong caller shows at once.
 *
 * WHEN they end: after a number of writes each; until-told, by SIGTERM; until-gone, when
 * the device is removed; until-lost, when it does not answer any more. Any other failure
 * is one. Those that are to end despite-resets or despite-strangers are told, too, and
 * take failures of the device or its path, or answers to requests of others, as they
 * come.
 *
 * Prints how many writes were acknowledged, or turned out to be there after a failure;
 * how many may be there; and how many requests failed. A request is of 4 blocks, or of
 * BLOCKS, of which the device says how long they are.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common.h"

#define MAX_BLOCK 512
#define FIRST 256	/* block of the first range; other tests use those before */
#define MAX_RANGE 4
#define WRITERS 4
#define READERS 2

/* When the callers end, other than by a number of writes */
enum until {
	UNTIL_DONE,
	UNTIL_TOLD,
	UNTIL_GONE,
	UNTIL_LOST,
	DESPITE_RESETS,
	DESPITE_STRANGERS,
	NR_CONDITIONS
};

static const char *const conditions[NR_CONDITIONS] = {
	[UNTIL_TOLD] = "until-told",
	[UNTIL_GONE] = "until-gone",
	[UNTIL_LOST] = "until-lost",
	[DESPITE_RESETS] = "despite-resets",
	[DESPITE_STRANGERS] = "despite-strangers",
};

/*
 * Shared by all processes; lock guards writing to the device and what is counted of
 * that, told is set once
 */
struct shared {
	pthread_mutex_t lock;
	unsigned int acknowledged;
	unsigned int unknown;
	atomic_uint failed;
	volatile sig_atomic_t told;
};

static const char *device;
static uint8_t key[LIBRPMB_KEY_LEN];
static enum until until;
static unsigned long writes;	/* of each writer, and rounds of each reader */
static unsigned int range = MAX_RANGE;	/* blocks of a writer */
static unsigned int words;	/* of a range; who opens the device sets it */
static struct shared *shared;

/* Every block says in each of its words who wrote it, and when */
static uint32_t stamp(unsigned int writer, uint32_t round)
{
	return writer << 24 | (round & 0xffffff);
}

static unsigned int address(unsigned int writer)
{
	return FIRST + writer * range;
}

static void fill(uint32_t *data, uint32_t value)
{
	unsigned int i;

	for (i = 0; i < words; i++)
		data[i] = value;
}

/* A request writes all of a range: a mixture of two rounds is a torn write */
static void check(const uint32_t *data, unsigned int writer)
{
	unsigned int i;

	if (data[0] && data[0] >> 24 != writer)
		errx(1, "range %u has the data of %u", writer, data[0] >> 24);
	for (i = 1; i < words; i++)
		if (data[i] != data[0])
			errx(1, "range %u is torn at word %u", writer, i);
}

static bool is_lost(int error)
{
	switch (error) {
	case RPMB_ERR_GONE:
	case RPMB_ERR_NO_DEVICE:
		return until == UNTIL_GONE || until == UNTIL_LOST;
	case RPMB_ERR_TIMEOUT:
	case RPMB_ERR_BUSY:
	case RPMB_ERR_SYSTEM:
		return until == UNTIL_LOST;
	default:
		return false;
	}
}

/* The path or the device failed, as resets make them, and may work the next time */
static bool is_reset(int error)
{
	return error == RPMB_ERR_TIMEOUT ||
	       (error == RPMB_ERR_SYSTEM && errno == EIO);
}

/* The answer was to somebody else's request, or there was none any more */
static bool is_strange(int error)
{
	return error == RPMB_ERR_MIXED_UP ||
	       (error == RPMB_ERR_SYSTEM && errno == EIO) ||
	       (error <= RPMB_ERR_RESPONSE_TYPE &&
		error >= RPMB_ERR_RESPONSE_COUNTER);
}

static bool is_expected(int error)
{
	return (until == DESPITE_RESETS && is_reset(error)) ||
	       (until == DESPITE_STRANGERS && is_strange(error));
}

/* Ends the caller if the device is lost and that was to be. False if it may go on. */
static bool worked(int ret, const char *what)
{
	if (!ret)
		return true;
	if (is_lost(ret))
		exit(0);
	if (!is_expected(ret))
		errx(1, "%s: %s", what, ret == RPMB_ERR_SYSTEM ?
		     strerror(errno) : rpmb_strerror(ret));
	shared->failed++;
	return false;
}

static struct rpmb *open_device(void)
{
	struct rpmb *rpmb;

	if (!worked(rpmb_open(&rpmb, device, O_RDWR), device))
		errx(1, "%s cannot be opened", device);
	words = range * rpmb_info(rpmb)->block_size / sizeof(uint32_t);
	return rpmb;
}

static bool go_on(unsigned long round)
{
	return until == UNTIL_DONE ? round <= writes : !shared->told;
}

static void write_range(struct rpmb *rpmb, unsigned int writer, uint32_t round)
{
	uint32_t data[MAX_RANGE * MAX_BLOCK / sizeof(uint32_t)];
	struct rpmb_outcome outcome;
	int ret;

	fill(data, stamp(writer, round));
	pthread_mutex_lock(&shared->lock);
	ret = rpmb_write(rpmb, key, address(writer), range, data, &outcome);
	if (outcome.stored == range)
		shared->acknowledged++;
	else if (outcome.unknown)
		shared->unknown++;
	pthread_mutex_unlock(&shared->lock);
	worked(ret, "write");
}

static void read_range(struct rpmb *rpmb, unsigned int writer)
{
	uint32_t data[MAX_RANGE * MAX_BLOCK / sizeof(uint32_t)];

	if (worked(rpmb_read(rpmb, key, address(writer), range, data), "read"))
		check(data, writer);
}

static void write_all(unsigned int writer)
{
	struct rpmb *rpmb = open_device();
	uint32_t round;

	for (round = 1; go_on(round); round++)
		write_range(rpmb, writer, round);
	rpmb_close(rpmb);
}

static void read_all(void)
{
	struct rpmb *rpmb = open_device();
	uint32_t counter;
	unsigned long round;

	for (round = 1; go_on(round); round++) {
		read_range(rpmb, 1 + round % WRITERS);
		worked(rpmb_read_counter(rpmb, key, &counter), "counter");
	}
	rpmb_close(rpmb);
}

static void start(unsigned int caller)
{
	pid_t pid = fork();

	if (pid < 0)
		err(1, "fork");
	if (pid)
		return;
	if (caller < WRITERS)
		write_all(1 + caller);
	else
		read_all();
	exit(0);
}

static int wait_all(void)
{
	int status, failed = 0;

	while (wait(&status) > 0)
		if (!WIFEXITED(status) || WEXITSTATUS(status))
			failed = 1;
	return failed;
}

static void tell(int signal)
{
	(void)signal;
	shared->told = 1;
}

static void parse_until(const char *arg)
{
	unsigned int i;

	for (i = UNTIL_TOLD; i < NR_CONDITIONS; i++)
		if (!strcmp(arg, conditions[i]))
			until = i;
	writes = strtoul(arg, NULL, 0);
	if (until == UNTIL_DONE && !writes)
		errx(TROUBLE, "%s: neither a number nor a condition", arg);
}

static void parse_range(const char *arg)
{
	range = strtoul(arg, NULL, 0);
	if (!range || range > MAX_RANGE)
		errx(TROUBLE, "%s: must be 1 to %u blocks", arg, MAX_RANGE);
}

static void share_lock(void)
{
	pthread_mutexattr_t attr;

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		err(1, "mmap");
	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	pthread_mutex_init(&shared->lock, &attr);
}

int main(int argc, char **argv)
{
	unsigned int i;
	int failed;

	if (argc < 4 || argc > 5)
		errx(TROUBLE, "usage: %s DEVICE KEY WHEN [BLOCKS]", argv[0]);
	device = argv[1];
	load_key(argv[2], key);
	parse_until(argv[3]);
	if (argc > 4)
		parse_range(argv[4]);
	share_lock();
	signal(SIGTERM, tell);
	for (i = 0; i < WRITERS + READERS; i++)
		start(i);
	failed = wait_all();
	printf("%u writes acknowledged\n%u writes unknown\n%u requests failed\n",
	       shared->acknowledged, shared->unknown, shared->failed);
	return failed;
}
