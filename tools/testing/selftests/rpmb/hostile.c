// SPDX-License-Identifier: GPL-2.0-only
/*
 * Programs that mean harm, and kernels that run out of memory, on a simulated device:
 * random arguments of every ioctl, and each allocation of each ioctl failing in turn.
 * Whatever comes of it is an error that the interface knows, nothing is written where
 * it should not be, and the device works afterwards.
 */
#define _GNU_SOURCE
#include <endian.h>
#include <errno.h>
#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>
#include <linux/keyctl.h>
#include <linux/rpmb.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "../kselftest_harness.h"
#include "log.h"
#include "sim.h"

#define ROUNDS 20000
#define REQUESTS 4
#define FRAMES 4
#define UNTOUCHED 0xa5

/* In random calls one of so many allocations fails; no ioctl makes as many as the second */
#define SOME_ALLOCATIONS 12
#define MOST_ALLOCATIONS 1000

/* Most bytes that a structure may say that it has */
#define MOST_SIZE 8192

#define DEBUG_DIR "/sys/kernel/debug"

/*
 * @page: what programs hand to the kernel; a page that they do not have follows
 * @other: nothing that the kernel is told of
 * @fail_nth: which of this task's allocations is to fail, if the kernel can do that
 */
FIXTURE(hostile) {
	struct sim sim;
	int fd;
	int key;
	struct rpmb_frame *page;
	unsigned char *other;
	int fail_nth;
};

static long page_size(void)
{
	return sysconf(_SC_PAGESIZE);
}

static void *map(size_t pages)
{
	return mmap(NULL, pages * page_size(), PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static int keyed(int fd, __u32 type, int key, __u32 count, void *data)
{
	struct rpmb_ioc_keyed cmd = {
		.size = sizeof(cmd),
		.type = type,
		.key = key,
		.count = count,
		.data = (uintptr_t)data,
	};
	int ret = ioctl(fd, RPMB_IOC_KEYED, &cmd) ? -errno : 0;

	/* What is not done is not half done, and everybody knows */
	return cmd.unknown || (!ret && cmd.done != count) ? -EBADE : ret;
}

/* Each kind can fail, without a word in the kernel's log; negative if the kernel cannot */
static int open_fail_nth(void)
{
	static const char *const kinds[] = {
		DEBUG_DIR "/failslab", DEBUG_DIR "/fail_page_alloc"
	};
	int ret = 0;

	mount("none", DEBUG_DIR, "debugfs", 0, NULL);
	for (unsigned int i = 0; !ret && i < ARRAY_SIZE(kinds); i++)
		ret = write_file(kinds[i], "ignore-gfp-wait", "N") ?:
		      write_file(kinds[i], "verbose", "0");
	ret = ret ?: write_file(kinds[1], "min-order", "0");
	return ret ?: open("/proc/self/fail-nth", O_RDWR);
}

FIXTURE_SETUP(hostile)
{
	mark_kernel_log("", _metadata->name);
	ASSERT_EQ(0, sim_make(&self->sim, "hostile", (const char *const []) {
		"type", "emmc", "max_write", "2", "max_read", "3", NULL
	}));
	self->fd = open(self->sim.node, O_RDWR);
	ASSERT_LE(0, self->fd);
	self->key = syscall(SYS_add_key, "user", "rpmb:hostile",
			    "thirty-two bytes, and no less...", 32,
			    KEY_SPEC_PROCESS_KEYRING);
	ASSERT_LT(0, self->key);
	ASSERT_EQ(0, keyed(self->fd, RPMB_PROGRAM_KEY, self->key, 0, NULL));
	self->page = map(2);
	self->other = map(1);
	ASSERT_NE(MAP_FAILED, (void *)self->page);
	ASSERT_NE(MAP_FAILED, (void *)self->other);
	ASSERT_EQ(0, mprotect((char *)self->page + page_size(), page_size(),
			      PROT_NONE));
	memset(self->other, UNTOUCHED, page_size());
	self->fail_nth = open_fail_nth();
}

FIXTURE_TEARDOWN(hostile)
{
	if (self->fd > 0)
		close(self->fd);
	EXPECT_EQ(0, sim_remove(&self->sim));
}

/* Number @n of this task's allocations fails, 0 for none */
static int set_fault(int fail_nth, unsigned int n)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%u", n);

	return pwrite(fail_nth, text, len, 0) == len ? 0 : -errno;
}

/* Has it failed? */
static bool was_fault(int fail_nth)
{
	char text[16] = "";

	return pread(fail_nth, text, sizeof(text) - 1, 0) > 0 && !atoi(text);
}

/* The requests that it makes are right; what is random comes on top */
static void make_request(struct rpmb_frame *frame, __u16 type)
{
	memset(frame, 0, sizeof(*frame));
	frame->req_resp = htobe16(type);
	frame->block_count = htobe16(type == RPMB_WRITE_DATA ||
				     type == RPMB_READ_DATA);
}

static bool is_untouched(const struct rpmb_frame *frame)
{
	const unsigned char *byte = (const unsigned char *)frame;

	return byte[0] == UNTOUCHED &&
	       !memcmp(byte, byte + 1, sizeof(*frame) - 1);
}

/* There is a response if, and only if, there is no error */
static int check_response(int ret, const struct rpmb_frame *resp)
{
	return !ret == is_untouched(resp) ? -EBADE : ret;
}

static int ask(int fd, int key, struct rpmb_frame *page)
{
	struct rpmb_ioc_route_frames cmd = {
		.size = sizeof(cmd),
		.req_len = sizeof(page[0]),
		.resp_len = sizeof(page[1]),
		.req = (uintptr_t)&page[0],
		.resp = (uintptr_t)&page[1],
	};

	make_request(&page[0], RPMB_GET_WRITE_COUNTER);
	return check_response(ioctl(fd, RPMB_IOC_ROUTE_FRAMES, &cmd) ?
			      -errno : 0, &page[1]);
}

static int ask_batch(int fd, int key, struct rpmb_frame *page)
{
	struct rpmb_batch_request requests[2] = {};
	struct rpmb_ioc_route_batch cmd = {
		.size = sizeof(cmd),
		.nr = ARRAY_SIZE(requests),
		.requests = (uintptr_t)requests,
		.request_size = sizeof(requests[0]),
	};

	make_request(&page[0], RPMB_GET_WRITE_COUNTER);
	for (unsigned int i = 0; i < ARRAY_SIZE(requests); i++) {
		requests[i].req_len = sizeof(page[0]);
		requests[i].resp_len = sizeof(page[1]);
		requests[i].req = (uintptr_t)&page[0];
		requests[i].resp = (uintptr_t)&page[1];
	}
	return check_response(ioctl(fd, RPMB_IOC_ROUTE_BATCH, &cmd) ?
			      -errno : 0, &page[1]);
}

static int ask_keyed(int fd, int key, struct rpmb_frame *page)
{
	return keyed(fd, RPMB_GET_WRITE_COUNTER, key, 0, NULL);
}

/* Several requests, since the device takes fewer blocks at once */
static int read_keyed(int fd, int key, struct rpmb_frame *page)
{
	return keyed(fd, RPMB_READ_DATA, key, 7, page);
}

static int write_keyed(int fd, int key, struct rpmb_frame *page)
{
	return keyed(fd, RPMB_WRITE_DATA, key, 5, page);
}

/* Random arguments */

static unsigned int at_most(unsigned int most)
{
	return rand() % (most + 1);
}

/* Mostly what a program would give, sometimes what it has not */
static __u64 some_address(struct rpmb_frame *page)
{
	const uintptr_t end = (uintptr_t)page + page_size();

	switch (at_most(39)) {
	case 0:
		return 0;
	case 1:
		return end - at_most(1024);
	case 2:
		return end + at_most(1024);
	case 3:
		return ~0ULL - at_most(1024);
	case 4:
		return 0xffff888000000000ULL + at_most(1 << 20);
	case 5:
		return (uintptr_t)page + at_most(1024);
	default:
		return (uintptr_t)&page[at_most(FRAMES - 1)];
	}
}

static __u32 some_len(void)
{
	switch (at_most(19)) {
	case 0:
		return 0;
	case 1:
		return rand();
	case 2:
		return RPMB_MAX_LEN + at_most(1);
	case 3:
		return at_most(2048);
	case 4:
		return sizeof(struct rpmb_frame) * (1 + at_most(3));
	default:
		return sizeof(struct rpmb_frame);
	}
}

/* What is given back is known, so that it can be told from what was there */
static void scramble(struct rpmb_frame *page)
{
	for (unsigned int i = 0; i < FRAMES; i++) {
		unsigned char *byte = (unsigned char *)&page[i];

		make_request(&page[i], at_most(9));
		for (unsigned int n = at_most(2); n; n--)
			byte[sizeof(page[i]) - 1 - at_most(40)] ^= rand();
	}
}

/*
 * One byte of some structures is none of what it should be. Pointers are set afterwards:
 * they are random, but what they point to is ours.
 */
static void damage(void *cmd, size_t size)
{
	if (!at_most(7))
		((unsigned char *)cmd)[at_most(size - 1)] ^= 1 << at_most(7);
}

/* Sometimes an older structure, or a newer one */
static __u32 some_size(__u32 size)
{
	return at_most(3) ? size : size + at_most(16) - 8;
}

/* Whatever size the structure says it has, that much of memory is there for it */
static int call(int fd, unsigned long nr, const void *cmd, size_t size)
{
	static alignas(8) unsigned char room[MOST_SIZE];

	memset(room, 0, sizeof(room));
	memcpy(room, cmd, size);
	return ioctl(fd, nr, room);
}

static int hostile_info(int fd, int key, struct rpmb_frame *page)
{
	struct rpmb_ioc_info cmd = {
		.size = some_size(sizeof(cmd)),
		.dev_id_len = at_most(3) ? 64 : some_len(),
	};

	damage(&cmd, sizeof(cmd));
	cmd.dev_id = some_address(page);
	return call(fd, RPMB_IOC_INFO, &cmd, sizeof(cmd));
}

static int hostile_route(int fd, int key, struct rpmb_frame *page)
{
	struct rpmb_ioc_route_frames cmd = {
		.size = some_size(sizeof(cmd)),
		.req_len = some_len(),
		.resp_len = some_len(),
	};

	scramble(page);
	damage(&cmd, sizeof(cmd));
	cmd.req = some_address(page);
	cmd.resp = some_address(page);
	return call(fd, RPMB_IOC_ROUTE_FRAMES, &cmd, sizeof(cmd));
}

static struct rpmb_batch_request some_request(struct rpmb_frame *page)
{
	struct rpmb_batch_request request = {
		.req_len = some_len(),
		.resp_len = some_len(),
	};

	damage(&request, sizeof(request));
	request.req = some_address(page);
	request.resp = some_address(page);
	return request;
}

/* The list may lie at the end of what the program has, too */
static int hostile_batch(int fd, int key, struct rpmb_frame *page)
{
	static struct rpmb_batch_request requests[RPMB_MAX_BATCH];
	struct rpmb_ioc_route_batch cmd = {
		.size = some_size(sizeof(cmd)),
		.request_size = some_size(sizeof(requests[0])),
		.nr = at_most(7) ? 1 + at_most(REQUESTS - 1) : some_len(),
	};

	scramble(page);
	for (unsigned int i = 0; i < REQUESTS; i++)
		requests[i] = some_request(page);
	damage(&cmd, sizeof(cmd));
	cmd.requests = at_most(7) ? (uintptr_t)requests : some_address(page);
	return call(fd, RPMB_IOC_ROUTE_BATCH, &cmd, sizeof(cmd));
}

static int hostile_keyed(int fd, int key, struct rpmb_frame *page)
{
	struct rpmb_ioc_keyed cmd = {
		.size = some_size(sizeof(cmd)),
		.flags = at_most(1) ? RPMB_KEYED_COUNTER : 0,
		.type = at_most(9),
		.key = at_most(3) ? key : rand(),
		.addr = at_most(7) ? at_most(8) : (__u32)rand(),
		.count = at_most(7) ? at_most(8) : (__u32)rand(),
	};

	damage(&cmd, sizeof(cmd));
	cmd.data = some_address(page);
	return call(fd, RPMB_IOC_KEYED, &cmd, sizeof(cmd));
}

/* Those that the interface has words for, and no other */
static int is_known(int error)
{
	switch (error) {
	case EINVAL:
	case EFAULT:
	case E2BIG:
	case EMSGSIZE:
	case EOPNOTSUPP:
	case ENOMEM:
	case EPROTO:
	case ENOKEY:
	case EKEYREJECTED:
	case EACCES:
	case ERANGE:
	case ESTALE:
	case EREMOTEIO:
	case EBADMSG:
	case EOVERFLOW:
	case EEXIST:
		return 1;
	default:
		return 0;
	}
}

static int (*const calls[])(int fd, int key, struct rpmb_frame *page) = {
	hostile_info, hostile_route, hostile_batch, hostile_keyed
};

/* The same calls with the same seed, which is said */
static void begin_random(struct __test_metadata *_metadata)
{
	const char *env = getenv("RPMB_TEST_SEED");
	unsigned int seed = env ? strtoul(env, NULL, 0) :
				  time(NULL) ^ getpid();

	TH_LOG("RPMB_TEST_SEED=%u", seed);
	srand(seed);
}

/* What became of the calls of a kind: how often all was well, or an allocation failed */
struct became {
	unsigned int right;
	unsigned int faults;
};

/* One call, in which no allocation fails if @n is 0 */
static void call_one(struct __test_metadata *_metadata,
		     FIXTURE_DATA(hostile) * self, unsigned int which,
		     unsigned int n, struct became *became)
{
	int ret;

	if (n)
		ASSERT_EQ(0, set_fault(self->fail_nth, n));
	ret = calls[which](self->fd, self->key, self->page) ? errno : 0;
	if (n) {
		became->faults += was_fault(self->fail_nth);
		ASSERT_EQ(0, set_fault(self->fail_nth, 0));
	}
	became->right += !ret;
	ASSERT_TRUE(!ret || is_known(ret)) {
		TH_LOG("call %u: %s", which, strerror(ret));
	}
}

/* Whatever was called, nothing else is changed, and the device works */
static void expect_unharmed(struct __test_metadata *_metadata,
			    FIXTURE_DATA(hostile) * self)
{
	for (long i = 0; i < page_size(); i++)
		ASSERT_EQ(UNTOUCHED, self->other[i]);
	memset(&self->page[1], UNTOUCHED, sizeof(self->page[1]));
	EXPECT_EQ(0, ask(self->fd, self->key, self->page));
	EXPECT_EQ(htobe16(RPMB_GET_WRITE_COUNTER << 8),
		  self->page[1].req_resp);
}

TEST_F_TIMEOUT(hostile, random, 600)
{
	struct became became[ARRAY_SIZE(calls)] = {};

	begin_random(_metadata);
	for (unsigned int i = 0; i < ROUNDS; i++) {
		unsigned int which = at_most(ARRAY_SIZE(calls) - 1);

		call_one(_metadata, self, which, 0, &became[which]);
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(calls); i++) {
		EXPECT_LT(ROUNDS / 1000, became[i].right) {
			TH_LOG("call %u: right %u times only", i,
			       became[i].right);
		}
	}
	expect_unharmed(_metadata, self);
}

TEST_F_TIMEOUT(hostile, random_without_memory, 600)
{
	struct became became[ARRAY_SIZE(calls)] = {};

	if (self->fail_nth < 0)
		SKIP(return, "no fault injection: CONFIG_FAILSLAB");

	begin_random(_metadata);
	for (unsigned int i = 0; i < ROUNDS; i++) {
		unsigned int which = at_most(ARRAY_SIZE(calls) - 1);

		call_one(_metadata, self, which,
			 1 + at_most(SOME_ALLOCATIONS - 1), &became[which]);
	}
	/* INFO takes no memory */
	for (unsigned int i = 1; i < ARRAY_SIZE(calls); i++) {
		TH_LOG("call %u: right %u times, %u failed allocations", i,
		       became[i].right, became[i].faults);
		EXPECT_LT(ROUNDS / 1000, became[i].faults);
	}
	expect_unharmed(_metadata, self);
}

/* Returns how many allocations there were of which the call told that they have failed */
static unsigned int fail_each(struct __test_metadata *_metadata,
			      FIXTURE_DATA(hostile) * self,
			      int (*call)(int fd, int key,
					  struct rpmb_frame *page))
{
	struct rpmb_frame *page = self->page;
	unsigned int failed = 0, n;
	bool was;
	int ret;

	for (n = 1; n < MOST_ALLOCATIONS; n++) {
		memset(&page[1], UNTOUCHED, sizeof(page[1]));
		ASSERT_EQ(0, set_fault(self->fail_nth, n));
		ret = call(self->fd, self->key, page);
		was = was_fault(self->fail_nth);
		ASSERT_EQ(0, set_fault(self->fail_nth, 0));
		if (!was)
			break;
		/* What could do without is no error */
		ASSERT_TRUE(!ret || ret == -ENOMEM) {
			TH_LOG("allocation %u: %s", n, strerror(-ret));
		}
		failed += !!ret;
		memset(&page[1], UNTOUCHED, sizeof(page[1]));
		ASSERT_EQ(0, call(self->fd, self->key, page));
	}
	EXPECT_EQ(0, ret);
	TH_LOG("%u allocations, %u errors", n - 1, failed);
	return failed;
}

TEST_F_TIMEOUT(hostile, no_memory, 600)
{
	if (self->fail_nth < 0)
		SKIP(return, "no fault injection: CONFIG_FAILSLAB");

	EXPECT_LE(1, fail_each(_metadata, self, ask));
	EXPECT_LE(2, fail_each(_metadata, self, ask_batch));
	EXPECT_LE(1, fail_each(_metadata, self, ask_keyed));
	EXPECT_LE(1, fail_each(_metadata, self, read_keyed));
	EXPECT_LE(1, fail_each(_metadata, self, write_keyed));
}

SIM_HARNESS_MAIN
