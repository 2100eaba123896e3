// SPDX-License-Identifier: GPL-2.0-only
/*
 * Many callers at once: writers with a range each and readers of all ranges
 *
 *	rpmb-callers DEVICE KEY {WRITES|until-told|until-gone|until-lost} [BLOCKS]
 *
 * Each caller is a process with a file of its own. Writers agree among themselves
 * whose turn it is, since a write carries the counter, so their requests compete
 * with the readers' only. All responses are authenticated against nonce, address
 * and counter: one that went to the wrong caller shows at once.
 *
 * They end after a number of writes each; when told by SIGTERM; when the device is
 * removed; or when it does not answer any more. Any other failure is one. Prints
 * how many writes were acknowledged. A request is of 4 blocks, or of BLOCKS.
 */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common.h"

#define BLOCK 256
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
};

/*
 * Shared by all processes; lock guards writing to the device and acknowledged,
 * told is set once
 */
struct shared {
	pthread_mutex_t lock;
	unsigned int acknowledged;
	volatile sig_atomic_t told;
};

static const char *device;
static uint8_t key[LIBRPMB_KEY_LEN];
static enum until until;
static unsigned long writes;	/* of each writer, and rounds of each reader */
static unsigned int range = MAX_RANGE;	/* blocks of a writer */
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

static void fill(uint32_t *words, uint32_t value)
{
	unsigned int i;

	for (i = 0; i < range * BLOCK / sizeof(*words); i++)
		words[i] = value;
}

/* A request writes all of a range: a mixture of two rounds is a torn write */
static void check(const uint32_t *words, unsigned int writer)
{
	unsigned int i;

	if (words[0] && words[0] >> 24 != writer)
		errx(1, "range %u has the data of %u", writer, words[0] >> 24);
	for (i = 1; i < range * BLOCK / sizeof(*words); i++)
		if (words[i] != words[0])
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

/* Ends the caller if the device is lost and that was to be */
static void must_work(int ret, const char *what)
{
	if (is_lost(ret))
		exit(0);
	if (ret)
		errx(1, "%s: %s", what, rpmb_strerror(ret));
}

static struct rpmb *open_device(void)
{
	struct rpmb *rpmb;

	must_work(rpmb_open(&rpmb, device, O_RDWR), device);
	return rpmb;
}

static bool go_on(unsigned long round)
{
	return until == UNTIL_DONE ? round <= writes : !shared->told;
}

static void write_range(struct rpmb *rpmb, unsigned int writer, uint32_t round)
{
	uint32_t words[MAX_RANGE * BLOCK / sizeof(uint32_t)];
	struct rpmb_outcome outcome;
	int ret;

	fill(words, stamp(writer, round));
	pthread_mutex_lock(&shared->lock);
	ret = rpmb_write(rpmb, key, address(writer), range, words, &outcome);
	if (!ret)
		shared->acknowledged++;
	pthread_mutex_unlock(&shared->lock);
	must_work(ret, "write");
}

static void read_range(struct rpmb *rpmb, unsigned int writer)
{
	uint32_t words[MAX_RANGE * BLOCK / sizeof(uint32_t)];

	must_work(rpmb_read(rpmb, key, address(writer), range, words), "read");
	check(words, writer);
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
		must_work(rpmb_read_counter(rpmb, key, &counter), "counter");
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
	if (!strcmp(arg, "until-told"))
		until = UNTIL_TOLD;
	else if (!strcmp(arg, "until-gone"))
		until = UNTIL_GONE;
	else if (!strcmp(arg, "until-lost"))
		until = UNTIL_LOST;
	else
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
		errx(TROUBLE, "usage: %s DEVICE KEY {WRITES|until-...} [BLOCKS]",
		     argv[0]);
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
	printf("%u writes acknowledged\n", shared->acknowledged);
	return failed;
}
