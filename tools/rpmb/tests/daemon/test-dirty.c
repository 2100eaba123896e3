// SPDX-License-Identifier: GPL-2.0-only
/*
 * The log of what the daemon writes to the guest's memory, which a front-end needs to
 * move a guest that runs
 */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/vhost_types.h>
#include <linux/virtio_config.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client.h"
#include "fixture.h"

#define PROTOCOL (BIT(VU_PROTOCOL_F_REPLY_ACK) | BIT(VU_PROTOCOL_F_CONFIG) | \
		  BIT(VU_PROTOCOL_F_LOG_SHMFD))
#define RING_FEATURES (BIT(VIRTIO_RING_F_INDIRECT_DESC) | \
		       BIT(VIRTIO_RING_F_EVENT_IDX))
#define LOG_ALL BIT(VHOST_F_LOG_ALL)
#define RING_LOGGED (1U << VHOST_VRING_F_LOG)

#define PAGE 0x1000
#define MEM_PAGES (MEM_SIZE / PAGE)

/* Of both regions, and of a page behind them that is no memory */
#define FAR_ADDR (GUEST_1 + REGION_SIZE)
#define LOG_SIZE ((FAR_ADDR / PAGE + 8) / 8)
/* A log begins anywhere in its file */
#define LOG_OFFSET 1234

/* A front-end's log, and what was in memory before the daemon wrote */
struct log {
	int fd;
	uint8_t *bits;
	uint8_t before[MEM_SIZE];
};

static struct daemon d;
static struct frontend fe;
static struct log log;

static void make_log(void)
{
	uint8_t *file;

	log.fd = memfd_create("log", MFD_CLOEXEC);
	check(log.fd >= 0 && !ftruncate(log.fd, LOG_OFFSET + LOG_SIZE), "%s",
	      strerror(errno));
	file = mmap(NULL, LOG_OFFSET + LOG_SIZE, PROT_READ | PROT_WRITE,
		    MAP_SHARED, log.fd, 0);
	check(file != MAP_FAILED, "%s", strerror(errno));
	log.bits = file + LOG_OFFSET;
}

/* Returns what the daemon says: 0 or not */
static uint64_t set_log(int fd, uint64_t offset, uint64_t size)
{
	union vu_payload payload = { .log = { size, offset } };
	struct vu_header hdr;

	vu_send(fe.sock, VU_SET_LOG_BASE, 0, &payload, sizeof(payload.log), &fd,
		1);
	check(vu_recv(fe.sock, &hdr, &payload), "closed");
	check_eq(hdr.request, VU_SET_LOG_BASE);
	check_eq(hdr.flags, VU_VERSION | VU_REPLY);
	check_eq(hdr.size, sizeof(payload.u64));
	return payload.u64;
}

static void log_to_ours(void)
{
	check_eq(set_log(log.fd, LOG_OFFSET, LOG_SIZE), 0);
}

static void set_features(uint64_t more)
{
	uint64_t features = (fe.features & ~LOG_ALL) | more;

	check(!fe_tell(&fe, VU_SET_FEATURES, &features, sizeof(features), NULL,
		       0), "refused");
}

/* Without a log; the ring has not begun yet */
static void connect_with(uint64_t more, uint32_t ring_flags)
{
	daemon_start(&d, "--capacity", "1");
	fe_connect(&fe, &d);
	fe_negotiate_ring(&fe, PROTOCOL, RING_FEATURES);
	fe.ring_flags = ring_flags;
	fe.log_addr = guest_addr(USED_OFF);
	set_features(more);
	fe_set_memory(&fe);
	make_log();
}

static void begin_ring(void)
{
	fe_set_ring(&fe, QUEUE_SIZE);
	fe_start_ring(&fe);
}

/* A device with a key, whose writes to memory go to our log as a front-end wants it */
static void open_logged(uint64_t more, uint32_t ring_flags)
{
	connect_with(more, ring_flags);
	log_to_ours();
	begin_ring();
	must_program_key(&fe);
}

static bool is_logged(uint64_t addr)
{
	uint64_t page = addr / PAGE;

	return log.bits[page / 8] & 1 << page % 8;
}

static unsigned int nr_logged(void)
{
	unsigned int nr = 0;

	for (size_t i = 0; i < LOG_SIZE; i++)
		nr += __builtin_popcount(log.bits[i]);
	return nr;
}

/*
 * From now on only the daemon writes, but for what the driver says it wants. Nothing that
 * it writes is there already.
 */
static void remember(void)
{
	static uint8_t fill;

	memset(fe.mem + IN_OFF, ++fill | 0x80, REGION_SIZE);
	memset(log.bits, 0, LOG_SIZE);
	memcpy(log.before, fe.mem, MEM_SIZE);
}

static bool has_changed(size_t off)
{
	return memcmp(fe.mem + off, log.before + off, PAGE);
}

/* Where the driver writes, too */
static bool is_drivers(size_t off)
{
	return off == AVAIL_OFF;
}

/* When nothing is on its way: each page that has changed is in the log */
static void must_be_logged(void)
{
	unsigned int nr = 0;

	fe_stop_ring(&fe);
	for (size_t off = 0; off < MEM_SIZE; off += PAGE) {
		if (is_drivers(off) || !has_changed(off))
			continue;
		nr++;
		check(is_logged(guest_addr(off)), "page at %#zx", off);
	}
	check(nr > 1, "nothing was written");
	check(nr_logged() <= nr + 1, "%u pages are in the log, %u have changed",
	      nr_logged(), nr);
	fe_set_ring(&fe, QUEUE_SIZE);
	fe_start_ring(&fe);
}

/* Read that many blocks of zeros, over the ends of pages */
static void read_frames(unsigned int nr)
{
	struct rpmb_frame out;

	frames_init(&out, 1, &(struct fields){
		.type = RPMB_READ_DATA, .count = nr });
	memcpy(fe.mem + OUT_OFF, &out, FRAME);
	fe_write_chain(&fe, 0, (struct chunk []){
		{ guest_addr(OUT_OFF), FRAME, false },
		{ guest_addr(IN_OFF) + 100, nr * FRAME, true } }, 2);
	fe_offer(&fe, 0);
	remember();
	fe_kick(&fe);
	check_eq(fe_wait_used(&fe, NULL), nr * FRAME);
}

static void offered(void)
{
	union vu_payload payload;

	connect_with(0, 0);
	fe_ask(&fe, VU_GET_FEATURES, &payload, 0);
	check(payload.u64 & LOG_ALL, "%#llx", (unsigned long long)payload.u64);
}

static void all_is_logged(void)
{
	open_logged(LOG_ALL, RING_LOGGED);
	read_frames(1);
	must_be_logged();
	read_frames(100);
	must_be_logged();
}

/* Some front-ends want to have everything, but say nothing of the rings */
static void rings_are_memory(void)
{
	open_logged(LOG_ALL, 0);
	read_frames(9);
	must_be_logged();
}

/* Begun when the ring has long been served, ended before it ends */
static void begun_and_ended(void)
{
	open_logged(0, 0);
	set_features(LOG_ALL);
	read_frames(9);
	must_be_logged();
	set_features(0);
	read_frames(9);
	fe_stop_ring(&fe);
	check_eq(nr_logged(), 0);
}

static void indirect_is_logged(void)
{
	const struct chunk chunks[] = {
		{ guest_addr(OUT_OFF), FRAME, false },
		{ guest_addr(IN_OFF) + 5 * PAGE - 1, FRAME, true },
		{ guest_addr(IN_OFF) + 9 * PAGE - 1, FRAME, true },
	};
	struct rpmb_frame out;

	open_logged(LOG_ALL, RING_LOGGED);
	frames_init(&out, 1, &(struct fields){
		.type = RPMB_READ_DATA, .count = 2 });
	memcpy(fe.mem + OUT_OFF, &out, FRAME);
	fe_write_chain(&fe, 0, chunks, ARRAY_SIZE(chunks));
	memcpy(fe.mem + INDIRECT_OFF, fe.desc, sizeof(*fe.desc) * 3);
	fe.desc[0] = (struct vring_desc){
		.addr = htole64(guest_addr(INDIRECT_OFF)),
		.len = htole32(sizeof(*fe.desc) * 3),
		.flags = htole16(VRING_DESC_F_INDIRECT),
	};
	fe_offer(&fe, 0);
	remember();
	fe_kick(&fe);
	check_eq(fe_wait_used(&fe, NULL), 2 * FRAME);
	must_be_logged();
}

/* Many buffers at once, and a ring that begins anew again and again */
static void many_are_logged(void)
{
	struct rpmb_frame out;

	open_logged(LOG_ALL, RING_LOGGED);
	frames_init(&out, 1, &(struct fields){
		.type = RPMB_GET_WRITE_COUNTER, .count = 1 });
	memcpy(fe.mem + OUT_OFF, &out, FRAME);
	for (unsigned int round = 0; round < 10; round++) {
		for (unsigned int i = 0; i < 200; i++) {
			fe_write_chain(&fe, 2 * i, (struct chunk []){
				{ guest_addr(OUT_OFF), FRAME, false },
				{ guest_addr(IN_OFF + i * PAGE), FRAME, true },
				}, 2);
			fe_offer(&fe, 2 * i);
		}
		remember();
		fe_kick(&fe);
		for (unsigned int i = 0; i < 200; i++)
			fe_wait_used(&fe, NULL);
		must_be_logged();
	}
}

static void nothing_asked(void)
{
	open_logged(0, 0);
	read_frames(9);
	fe_stop_ring(&fe);
	check_eq(nr_logged(), 0);
}

/* The used part may have another address there, where the guest has no memory */
static void used_part_elsewhere(void)
{
	connect_with(0, RING_LOGGED);
	fe.log_addr = FAR_ADDR;
	log_to_ours();
	begin_ring();
	must_program_key(&fe);
	read_frames(1);
	fe_stop_ring(&fe);
	check(is_logged(FAR_ADDR), "not logged");
	check(!is_logged(guest_addr(IN_OFF)), "not asked for");
}

/* A log of which the used part is no part */
static void used_part_beyond(void)
{
	static const uint64_t addrs[] = {
		FAR_ADDR + 0x100000, FAR_ADDR * 8, UINT64_MAX, UINT64_MAX - 3,
	};

	connect_with(LOG_ALL, RING_LOGGED);
	log_to_ours();
	for (unsigned int i = 0; i < ARRAY_SIZE(addrs); i++) {
		fe.log_addr = addrs[i];
		begin_ring();
		if (!i)
			must_program_key(&fe);
		read_frames(9);
		must_be_logged();
		fe_stop_ring(&fe);
	}
}

static void must_wait(void)
{
	uint8_t config;

	submit_count(&fe);
	daemon_wait_for_words("no log of what is written");
	for (unsigned int i = 0; i < 1000; i++)
		check(fe_config(&fe, 0, 1, &config), "refused");
	check(!fe_used(&fe), "served");
}

/* A write that is in no log would not reach the new host */
static void waits_for_log(void)
{
	connect_with(LOG_ALL, 0);
	begin_ring();
	must_wait();
	log_to_ours();
	check_eq(fe_wait_used(&fe, NULL), FRAME);
	check(is_logged(guest_addr(IN_OFF)), "not logged");
}

static void waits_for_longer_log(void)
{
	connect_with(LOG_ALL, 0);
	check_eq(set_log(log.fd, 0, FAR_ADDR / PAGE / 8 - 1), 0);
	begin_ring();
	must_wait();
	log_to_ours();
	check_eq(fe_wait_used(&fe, NULL), FRAME);
}

/* The front-end takes another one now and then, when there is more memory */
static void another_log(void)
{
	open_logged(LOG_ALL, RING_LOGGED);
	for (unsigned int i = 0; i < 20; i++) {
		munmap(log.bits - LOG_OFFSET, LOG_OFFSET + LOG_SIZE);
		close(log.fd);
		make_log();
		log_to_ours();
		read_frames(9);
		must_be_logged();
	}
}

static void refuse(int fd, uint64_t offset, uint64_t size)
{
	check(set_log(fd, offset, size), "accepted");
	check(daemon_alive(&d), "the daemon has ended");
}

static void wrong_logs(void)
{
	int event = eventfd(0, EFD_CLOEXEC), null;

	connect_with(LOG_ALL, 0);
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	refuse(log.fd, LOG_OFFSET, LOG_SIZE + 1);
	refuse(log.fd, LOG_OFFSET + 1, LOG_SIZE);
	refuse(log.fd, 0, 0);
	refuse(log.fd, 0, UINT64_MAX);
	refuse(log.fd, 0, UINT64_MAX / 8);
	refuse(log.fd, UINT64_MAX - 99, 100);
	refuse(log.fd, -(uint64_t)PAGE, PAGE + LOG_SIZE);
	refuse(event, 0, LOG_SIZE);
	refuse(null, 0, LOG_SIZE);
	begin_ring();
	must_wait();
	log_to_ours();
	check_eq(fe_wait_used(&fe, NULL), FRAME);
	close(event);
	close(null);
}

/* Cut under the daemon: a message and a status, no crash */
static void log_truncated(void)
{
	int status;

	open_logged(LOG_ALL, RING_LOGGED);
	check(!ftruncate(log.fd, 0), "%s", strerror(errno));
	submit_count(&fe);
	status = daemon_wait(&d);
	check(WIFEXITED(status) && WEXITSTATUS(status) != 0, "status %#x",
	      status);
	check(strstr(daemon_messages(), "cut short"), "no message");
}

static void told_of_it(void)
{
	struct pollfd event = { .events = POLLIN };
	uint64_t many = UINT64_MAX - 1;

	open_logged(0, 0);
	event.fd = eventfd(0, EFD_CLOEXEC);
	check(!fe_tell(&fe, VU_SET_LOG_FD, NULL, 0, &event.fd, 1), "refused");
	read_frames(1);
	check(poll(&event, 1, 0) == 0, "told of nothing");
	set_features(LOG_ALL);
	read_frames(1);
	check(poll(&event, 1, WAIT_MS) == 1, "not told");
	/* one that nobody reads holds nobody up */
	check(write(event.fd, &many, sizeof(many)) < 0 ||
	      fcntl(event.fd, F_GETFL) & O_NONBLOCK, "it would block");
	for (unsigned int i = 0; i < 10; i++)
		read_frames(1);
	close(event.fd);
}

static void must_close(uint32_t request, uint32_t size, unsigned int nr_fds)
{
	static const uint8_t payload[32];
	const int fds[] = { fe.memfd, fe.memfd };

	vu_send(fe.sock, request, 0, payload, size, fds, nr_fds);
	vu_expect_closed(fe.sock);
	fe_close(&fe);
	check(daemon_alive(&d), "the daemon has ended");
	fe_connect(&fe, &d);
	fe_negotiate(&fe, PROTOCOL);
	fe_set_memory(&fe);
}

static void malformed(void)
{
	connect_with(0, 0);
	must_close(VU_SET_LOG_BASE, 16, 0);
	must_close(VU_SET_LOG_BASE, 16, 2);
	must_close(VU_SET_LOG_BASE, 8, 1);
	must_close(VU_SET_LOG_FD, 0, 0);
	must_close(VU_SET_LOG_FD, 0, 2);
	must_close(VU_SET_LOG_FD, 8, 1);
}

/* Where it is not negotiated the log would be an address of the front-end's */
static void not_negotiated(void)
{
	union vu_payload payload = { .log = { LOG_SIZE, LOG_OFFSET } };

	daemon_start(&d, "--capacity", "1");
	fe_connect(&fe, &d);
	fe_negotiate(&fe, BIT(VU_PROTOCOL_F_REPLY_ACK));
	make_log();
	vu_send(fe.sock, VU_SET_LOG_BASE, 0, &payload, sizeof(payload.log),
		&log.fd, 1);
	vu_expect_closed(fe.sock);
}

/* A log goes with its front-end */
static void next_frontend(void)
{
	open_logged(LOG_ALL, RING_LOGGED);
	fe_close(&fe);
	fe_open(&fe, &d);
	read_frames(9);
	fe_stop_ring(&fe);
	check_eq(nr_logged(), 0);
}

/* What a front-end does meanwhile: copy what is in the log, again and again */
struct copier {
	atomic_bool stop;
	uint8_t copy[MEM_SIZE];
};

static struct copier copier;

static void copy_logged(void)
{
	for (size_t off = 0; off < MEM_SIZE; off += PAGE) {
		uint64_t page = guest_addr(off) / PAGE;
		uint8_t bit = 1 << page % 8;
		uint8_t old = __atomic_fetch_and(&log.bits[page / 8], ~bit,
						 __ATOMIC_SEQ_CST);

		if (old & bit)
			memcpy(copier.copy + off, fe.mem + off, PAGE);
	}
}

static void *copy_all_along(void *arg)
{
	while (!atomic_load(&copier.stop))
		copy_logged();
	return arg;
}

/* So long that the copier may come while it is written */
#define LONG_READ 60

static void read_long(unsigned int place)
{
	const size_t at = IN_OFF + place * LONG_READ * FRAME;
	struct rpmb_frame out;

	frames_init(&out, 1, &(struct fields){
		.type = RPMB_READ_DATA, .count = LONG_READ });
	random_bytes(out.nonce, sizeof(out.nonce));
	memcpy(fe.mem + OUT_OFF, &out, FRAME);
	fe_write_chain(&fe, 0, (struct chunk []){
		{ guest_addr(OUT_OFF), FRAME, false },
		{ guest_addr(at), LONG_READ * FRAME, true } }, 2);
	fe_offer(&fe, 0);
	fe_kick(&fe);
	check_eq(fe_wait_used(&fe, NULL), LONG_READ * FRAME);
}

static void copy_while_it_runs(void)
{
	pthread_t thread;

	atomic_store(&copier.stop, false);
	check(!pthread_create(&thread, NULL, copy_all_along, NULL), "");
	for (unsigned int i = 0; i < 64; i++)
		read_long(i % 32);
	fe_stop_ring(&fe);
	atomic_store(&copier.stop, true);
	pthread_join(thread, NULL);
	copy_logged();
}

/* What only the daemon writes is the same in memory and copy when it is stopped */
static void copied_while_it_runs(void)
{
	open_logged(LOG_ALL, RING_LOGGED);
	memcpy(copier.copy, fe.mem, MEM_SIZE);
	for (unsigned int round = 0; round < 50; round++) {
		copy_while_it_runs();
		check(!memcmp(copier.copy + IN_OFF, fe.mem + IN_OFF,
			      REGION_SIZE), "data differs");
		check(!memcmp(copier.copy + USED_OFF, fe.mem + USED_OFF,
			      INDIRECT_OFF - USED_OFF), "the used part differs");
		begin_ring();
	}
}

/*
 * What other back-ends of the same machine do meanwhile: they set bits of theirs, which
 * lie in the same bytes. Only they clear them here, so each is there until then.
 */
#define SHARED_BYTES (REGION_SIZE / PAGE / 8)
#define THEIR_BIT 0x80
#define DAEMONS_BIT 0x01
/* So often both are to be at the same byte, as long as two processors run them */
#define MEETINGS 1000
#define MOST_READS 50000

struct others {
	atomic_bool stop;
	atomic_uint met;
	unsigned int lost;
};

static uint8_t *shared_bytes(void)
{
	return &log.bits[guest_addr(IN_OFF) / PAGE / 8];
}

static void set_and_clear(struct others *others, uint8_t *byte)
{
	uint8_t before = __atomic_fetch_or(byte, THEIR_BIT, __ATOMIC_SEQ_CST);
	uint8_t after = __atomic_fetch_and(byte, ~(THEIR_BIT | DAEMONS_BIT),
					   __ATOMIC_SEQ_CST);

	others->lost += !(after & THEIR_BIT);
	if (after & ~before & DAEMONS_BIT)
		atomic_fetch_add(&others->met, 1);
}

static void *set_others(void *arg)
{
	struct others *others = arg;

	while (!atomic_load(&others->stop))
		for (unsigned int i = 0; i < SHARED_BYTES; i++)
			set_and_clear(others, &shared_bytes()[i]);
	return NULL;
}

/* A block into the first page of each byte */
static void read_all_over(void)
{
	struct chunk chunks[1 + SHARED_BYTES];
	struct rpmb_frame out;

	frames_init(&out, 1, &(struct fields){
		.type = RPMB_READ_DATA, .count = SHARED_BYTES });
	memcpy(fe.mem + OUT_OFF, &out, FRAME);
	chunks[0] = (struct chunk){ guest_addr(OUT_OFF), FRAME, false };
	for (unsigned int i = 0; i < SHARED_BYTES; i++)
		chunks[1 + i] = (struct chunk){
			guest_addr(IN_OFF + i * 8 * PAGE), FRAME, true };
	check_eq(fe_submit(&fe, chunks, ARRAY_SIZE(chunks)),
		 SHARED_BYTES * FRAME);
}

static void shared_with_others(void)
{
	struct others others = {};
	unsigned int reads = 0;
	pthread_t thread;

	open_logged(LOG_ALL, RING_LOGGED);
	check(!pthread_create(&thread, NULL, set_others, &others), "");
	while (atomic_load(&others.met) < MEETINGS && reads++ < MOST_READS)
		read_all_over();
	atomic_store(&others.stop, true);
	pthread_join(thread, NULL);
	tap_note("%u reads, met %u times", reads, others.met);
	check(!others.lost, "%u bits of others are lost", others.lost);
}

static const struct test tests[] = {
	{ "log: offered", offered },
	{ "log: all that is written", all_is_logged },
	{ "log: the ring, too, if nothing is said of it", rings_are_memory },
	{ "log: begun and ended while it is served", begun_and_ended },
	{ "log: buffers of an indirect table", indirect_is_logged },
	{ "log: hundreds of buffers at once", many_are_logged },
	{ "log: nothing unless asked", nothing_asked },
	{ "log: the used part at an address of its own", used_part_elsewhere },
	{ "log: the used part beyond its end", used_part_beyond },
	{ "log: nothing is written before there is one", waits_for_log },
	{ "log: nothing is written while it is too short",
	  waits_for_longer_log },
	{ "log: another one, while the ring is served", another_log },
	{ "log: not in its file, or in none", wrong_logs },
	{ "log: its file is cut", log_truncated },
	{ "log: the front-end is told of it", told_of_it },
	{ "log: malformed messages", malformed },
	{ "log: not negotiated", not_negotiated },
	{ "log: forgotten with its front-end", next_frontend },
	{ "log: a copy that is made meanwhile is whole",
	  copied_while_it_runs },
	{ "log: bits of others in the same bytes stay", shared_with_others },
};

int main(int argc, char **argv)
{
	return run_daemon_tests(argc, argv, tests, ARRAY_SIZE(tests));
}
