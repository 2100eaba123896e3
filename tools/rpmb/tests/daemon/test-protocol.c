// SPDX-License-Identifier: GPL-2.0-only
/*
 * vhost-user: what QEMU and UML ask of the daemon, and what they must not be able
 * to do to it
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/virtio_config.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "client.h"
#include "disk.h"
#include "fixture.h"

#define QEMU_PROTOCOL (BIT(VU_PROTOCOL_F_REPLY_ACK) | BIT(VU_PROTOCOL_F_CONFIG))
#define UML_PROTOCOL (QEMU_PROTOCOL | BIT(VU_PROTOCOL_F_BACKEND_REQ) | \
		      BIT(VU_PROTOCOL_F_INBAND_NOTIFICATIONS))

#define DEV_ID_HEX "000102030405060708090a0b0c0d0eff"

static void start(struct daemon *d)
{
	daemon_start(d, "--capacity", "1", "--max-write", "16",
		     "--max-read", "32", "--dev-id", DEV_ID_HEX);
}

/* The daemon is there, and a well-behaved frontend is served */
static void must_serve(struct daemon *d)
{
	struct frontend fe;
	uint32_t counter;

	check(daemon_alive(d), "the daemon has ended");
	fe_open(&fe, d);
	guest_counter(&fe, test_key, &counter);
	fe_close(&fe);
	check(daemon_alive(d), "the daemon has ended");
}

static void connect_and_negotiate(struct frontend *fe, struct daemon *d,
				  uint64_t protocol)
{
	start(d);
	fe_connect(fe, d);
	fe_negotiate(fe, protocol);
}

static void features(void)
{
	union vu_payload payload;
	struct frontend fe;
	struct daemon d;

	connect_and_negotiate(&fe, &d, UML_PROTOCOL);
	fe_ask(&fe, VU_GET_PROTOCOL_FEATURES, &payload, 0);
	check(!(payload.u64 & BIT(VU_PROTOCOL_F_DEVICE_STATE)), "%#llx",
	      (unsigned long long)payload.u64);
}

/*
 * User Mode Linux asks once, before protocol features are set, and would take what it
 * cannot use
 */
static void features_in_time(void)
{
	const uint64_t late = BIT(VIRTIO_F_RING_PACKED) |
			      BIT(VIRTIO_F_ACCESS_PLATFORM);
	union vu_payload payload;
	struct frontend fe;
	struct daemon d;

	start(&d);
	fe_connect(&fe, &d);
	fe_ask(&fe, VU_GET_FEATURES, &payload, 0);
	check_eq(payload.u64 & late, 0);
	fe_negotiate(&fe, QEMU_PROTOCOL);
	fe_ask(&fe, VU_GET_FEATURES, &payload, 0);
	check_eq(payload.u64 & late, late);
}

/* With this, addresses are those of an IOMMU, which is QEMU's to say */
static void behind_iommu(void)
{
	uint64_t bits = BIT(VIRTIO_F_VERSION_1) | BIT(VU_F_PROTOCOL_FEATURES) |
			BIT(VIRTIO_F_ACCESS_PLATFORM);
	struct frontend fe;
	struct daemon d;

	connect_and_negotiate(&fe, &d, QEMU_PROTOCOL);
	check(fe_tell(&fe, VU_SET_FEATURES, &bits, sizeof(bits), NULL, 0),
	      "accepted");
	check(strstr(daemon_messages(), "virtual IOMMU"), "no message");
	fe_close(&fe);
	must_serve(&d);
}

static void features_not_offered(void)
{
	uint64_t bogus = BIT(VIRTIO_F_VERSION_1) | BIT(60);
	struct frontend fe;
	struct daemon d;

	connect_and_negotiate(&fe, &d, QEMU_PROTOCOL);
	check(fe_tell(&fe, VU_SET_FEATURES, &bogus, sizeof(bogus), NULL, 0),
	      "accepted");
	fe_close(&fe);
	must_serve(&d);
}

/* UML's way: each field with all that is before it */
static void config_in_pieces(void)
{
	static const uint8_t expected[] = { 1, 16, 32 };
	struct frontend fe;
	uint8_t config[3];
	struct daemon d;

	connect_and_negotiate(&fe, &d, UML_PROTOCOL);
	for (unsigned int size = 1; size <= 3; size++) {
		memset(config, 0, sizeof(config));
		check(fe_config(&fe, 0, size, config), "%u refused", size);
		check(!memcmp(config, expected, size), "%u", size);
	}
	check(fe_config(&fe, 2, 1, config), "refused");
	check_eq(config[0], 32);
}

static void config_dev_id(void)
{
	static const uint8_t expected[16] = {
		0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 255 };
	struct frontend fe;
	uint8_t config[19];
	struct daemon d;

	connect_and_negotiate(&fe, &d, QEMU_PROTOCOL);
	check(fe_config(&fe, 0, sizeof(config), config), "refused");
	check(!memcmp(config + 3, expected, 16), "");
	check(fe_config(&fe, 3, 16, config), "refused");
	check(!memcmp(config, expected, 16), "");
}

/* A frontend reads as much as it was told there is, whatever the device has */
static void config_beyond_end(void)
{
	static const uint8_t zero[64];
	struct frontend fe;
	uint8_t config[64];
	const char *said;
	struct daemon d;

	connect_and_negotiate(&fe, &d, QEMU_PROTOCOL);
	if (fe_config(&fe, 0, 64, config)) {
		check_eq(config[0], 1);
		check(!memcmp(config + 19, zero, 64 - 19), "not zero");
	}
	if (fe_config(&fe, 0xfffffff0, 64, config))
		check(!memcmp(config, zero, 64), "not zero");
	/* a guest does not fill the log */
	said = strstr(daemon_messages(), "configuration space has");
	check(!said || !strstr(said + 1, "configuration space has"),
	      "said again");
	fe_close(&fe);
	must_serve(&d);
}

static void reply_ack(void)
{
	union vu_payload payload = { .state = { 0, 0x10000 } };
	struct frontend fe;
	struct daemon d;

	connect_and_negotiate(&fe, &d, QEMU_PROTOCOL);
	/* too many, then fewer */
	check(fe_tell(&fe, VU_SET_VRING_NUM, &payload, 8, NULL, 0),
	      "accepted");
	fe_close(&fe);
	fe_connect(&fe, &d);
	fe_negotiate(&fe, QEMU_PROTOCOL);
	payload.state.num = 64;
	check(!fe_tell(&fe, VU_SET_VRING_NUM, &payload, 8, NULL, 0),
	      "refused");
	fe_close(&fe);
	must_serve(&d);
}

/* Without REPLY_ACK nothing but the replies proper may come */
static void no_reply_ack(void)
{
	struct frontend fe;
	struct daemon d;

	connect_and_negotiate(&fe, &d, BIT(VU_PROTOCOL_F_CONFIG));
	fe_set_memory(&fe);
	fe_set_ring(&fe, QUEUE_SIZE);
	fe_start_ring(&fe);
	must_program_key(&fe);
	check_eq(must_count(&fe), 0);
}

static void check_not_served(struct frontend *fe)
{
	uint8_t config;

	/* answers in between, so that the worker has had the time */
	for (unsigned int i = 0; i < 1000; i++)
		check(fe_config(fe, 0, 1, &config), "refused");
	check(!fe_used(fe), "served");
}

static void offer_counter_request(struct frontend *fe)
{
	struct rpmb_frame out;

	frames_init(&out, 1, &(struct fields){
		.type = RPMB_GET_WRITE_COUNTER, .count = 1 });
	submit_frames(fe, &out, 1, 1);
}

static void stop_ring(void)
{
	struct frontend fe;
	struct daemon d;
	uint32_t base;

	start(&d);
	fe_open(&fe, &d);
	must_program_key(&fe);
	check_eq(must_count(&fe), 0);
	base = fe_stop_ring(&fe);
	check_eq(base, fe_base(&fe));
	offer_counter_request(&fe);
	check_not_served(&fe);
	/* goes on where it was, as after a guest's suspend */
	fe_set_ring_at(&fe, QUEUE_SIZE, base);
	fe_start_ring(&fe);
	fe_kick(&fe);
	check_eq(fe_wait_used(&fe, NULL), FRAME);
	check_eq(must_count(&fe), 0);
}

/* Where it goes on is told in a way that knows the laps of a packed ring */
static void stop_anywhere(void)
{
	struct frontend fe;
	struct daemon d;

	connect_and_negotiate(&fe, &d, QEMU_PROTOCOL);
	fe_set_memory(&fe);
	fe_set_ring(&fe, 8);
	fe_start_ring(&fe);
	must_program_key(&fe);
	for (unsigned int i = 0; i < 40; i++) {
		check_eq(must_count(&fe), 0);
		check_eq(fe_stop_ring(&fe), fe_base(&fe));
		fe_set_ring(&fe, 8);
		fe_start_ring(&fe);
	}
}

/* The sizes of packed rings are no powers of 2 */
static void odd_size(void)
{
	union vu_payload payload = { .state = { 0, 7 } };
	struct frontend fe;
	struct daemon d;

	connect_and_negotiate(&fe, &d, QEMU_PROTOCOL);
	if (!fe_is_packed(&fe)) {
		check(fe_tell(&fe, VU_SET_VRING_NUM, &payload, 8, NULL, 0),
		      "accepted");
		return;
	}
	fe_set_memory(&fe);
	fe_set_ring(&fe, 7);
	fe_start_ring(&fe);
	must_program_key(&fe);
	for (unsigned int i = 0; i < 40; i++)
		check_eq(must_count(&fe), 0);
}

static void disabled_ring(void)
{
	union vu_payload off = { .state = { 0, 0 } };
	union vu_payload on = { .state = { 0, 1 } };
	struct frontend fe;
	struct daemon d;

	start(&d);
	fe_open(&fe, &d);
	must_program_key(&fe);
	check(!fe_tell(&fe, VU_SET_VRING_ENABLE, &off, 8, NULL, 0), "refused");
	offer_counter_request(&fe);
	check_not_served(&fe);
	check(!fe_tell(&fe, VU_SET_VRING_ENABLE, &on, 8, NULL, 0), "refused");
	check_eq(fe_wait_used(&fe, NULL), FRAME);
}

/* The message for that is deprecated, and does what is left of it */
static void owner_resets(void)
{
	struct frontend fe;
	struct daemon d;

	start(&d);
	fe_open(&fe, &d);
	must_program_key(&fe);
	check(!fe_tell(&fe, VU_RESET_OWNER, NULL, 0, NULL, 0), "refused");
	offer_counter_request(&fe);
	check_not_served(&fe);
	fe_enable_ring(&fe);
	check_eq(fe_wait_used(&fe, NULL), FRAME);
}

/* @nr counter requests at once, each with descriptors of its own */
static void offer_batch(struct frontend *fe, unsigned int nr)
{
	struct rpmb_frame out;

	frames_init(&out, 1, &(struct fields){
		.type = RPMB_GET_WRITE_COUNTER, .count = 1 });
	memcpy(fe->mem + OUT_OFF, &out, FRAME);
	for (unsigned int i = 0; i < nr; i++) {
		fe_write_chain(fe, 2 * i, (struct chunk []){
			{ guest_addr(OUT_OFF), FRAME, false },
			{ guest_addr(IN_OFF + i * FRAME), FRAME, true } }, 2);
		fe_offer(fe, 2 * i);
		fe_kick_if_wanted(fe);
	}
}

static void open_with(struct frontend *fe, struct daemon *d,
		      uint64_t ring_features)
{
	start(d);
	fe_connect(fe, d);
	fe_negotiate_ring(fe, QEMU_PROTOCOL, ring_features);
	fe_set_memory(fe);
	fe_set_ring(fe, QUEUE_SIZE);
	fe_start_ring(fe);
	fe_kick(fe);
	must_program_key(fe);
}

/* A notification that is lost in either direction makes this wait for ever */
static void notifications(uint64_t ring_features)
{
	struct frontend fe;
	struct daemon d;

	open_with(&fe, &d, ring_features);
	/* the index wraps */
	for (unsigned int i = 0, nr; i < 70000; i += nr) {
		nr = i % 7 + 1;
		offer_batch(&fe, nr);
		for (unsigned int j = 0; j < nr; j++)
			check_eq(fe_wait_used(&fe, NULL), FRAME);
	}
}

/* The next request comes just when the daemon finds that there is none */
static void kicks_in_time(void)
{
	struct frontend fe;
	struct daemon d;

	open_with(&fe, &d, BIT(VIRTIO_RING_F_EVENT_IDX));
	for (unsigned int i = 0; i < 300000; i++) {
		time_t until = time(NULL) + WAIT_MS / 1000;
		uint16_t head;

		offer_batch(&fe, 1);
		while (!fe_used(&fe))
			check(time(NULL) <= until, "a kick is lost");
		fe_take_used(&fe, &head);
	}
}

static void notifications_by_index(void)
{
	notifications(BIT(VIRTIO_RING_F_EVENT_IDX));
}

static void notifications_by_flag(void)
{
	notifications(0);
}

static void submit_write(struct frontend *fe, uint32_t counter, uint8_t fill)
{
	struct rpmb_frame out[2];
	uint8_t data[BLOCK];

	memset(data, fill, sizeof(data));
	make_write(out, 1, 0, counter, data, test_key);
	make_result_read(&out[1]);
	submit_frames(fe, out, 2, 1);
}

/* A daemon whose disk can be held, with a key and a write that waits for it */
static struct disk *open_with_held_write(struct frontend *fe, struct daemon *d)
{
	struct disk *disk = disk_new();

	start_on_disk(d);
	fe_open(fe, d);
	must_program_key(fe);
	disk->hold_sync = 1;
	submit_write(fe, 0, 1);
	disk_wait_held(disk);
	return disk;
}

static void release(struct disk *disk)
{
	disk->hold_sync = 0;
	sem_post(&disk->go);
}

static void slow_disk_config(void)
{
	struct frontend fe;
	struct disk *disk;
	struct daemon d;

	disk = open_with_held_write(&fe, &d);
	check_not_served(&fe);
	release(disk);
	check_eq(fe_wait_used(&fe, NULL), FRAME);
	check_eq(must_count(&fe), 1);
	disk_free(disk);
}

/* GET_VRING_BASE must not be answered before the write is with the guest */
static void slow_disk_stop(void)
{
	union vu_payload payload = { .state = { 0, 0 } };
	struct vu_header hdr;
	struct frontend fe;
	struct disk *disk;
	struct daemon d;
	struct pollfd pfd;

	disk = open_with_held_write(&fe, &d);
	vu_send(fe.sock, VU_GET_VRING_BASE, 0, &payload, 8, NULL, 0);
	pfd = (struct pollfd){ .fd = fe.sock, .events = POLLIN };
	/* no event tells that nothing happens: this catches most, not all */
	check(poll(&pfd, 1, 50) == 0, "answered");
	release(disk);
	check(vu_recv(fe.sock, &hdr, &payload), "closed");
	check(fe_used(&fe), "stopped before the write was done");
	check_eq(payload.state.num, fe_base(&fe));
	disk_free(disk);
}

/* The memory of a request in flight stays until the request is done */
static void slow_disk_memory(void)
{
	union vu_payload table;
	struct vu_header hdr;
	struct frontend fe;
	struct disk *disk;
	struct daemon d;
	int fds[2];

	disk = open_with_held_write(&fe, &d);
	fe_memory_table(&fe, &table);
	fds[0] = fe.memfd;
	fds[1] = fe.memfd;
	vu_send(fe.sock, VU_SET_MEM_TABLE, VU_NEED_REPLY, &table,
		8 + 2 * sizeof(struct vu_region), fds, 2);
	release(disk);
	check(vu_recv(fe.sock, &hdr, &table), "closed");
	check_eq(table.u64, 0);
	check_eq(fe_wait_used(&fe, NULL), FRAME);
	check_eq(must_count(&fe), 1);
	disk_free(disk);
}

/* A frontend that goes while its write is on the way: the write is whole */
static void slow_disk_disconnect(void)
{
	uint8_t data[BLOCK];
	struct frontend fe;
	struct disk *disk;
	struct daemon d;

	disk = open_with_held_write(&fe, &d);
	fe_close(&fe);
	release(disk);
	fe_open(&fe, &d);
	check_eq(must_count(&fe), 1);
	memset(data, 1, sizeof(data));
	must_hold(&fe, 0, 1, data);
	disk_free(disk);
}

/* No buffer comes back before its data is on the disk */
static void slow_disk_answer(void)
{
	struct frontend fe;
	struct disk *disk;
	struct daemon d;

	disk = open_with_held_write(&fe, &d);
	check_not_served(&fe);
	daemon_kill(&d);
	check(!fe_used(&fe), "served");
	disk_free(disk);
}

static void open_in_band(struct frontend *fe, struct daemon *d)
{
	connect_and_negotiate(fe, d, UML_PROTOCOL);
	fe_go_in_band(fe);
	fe_set_memory(fe);
	fe_set_ring(fe, QUEUE_SIZE);
	fe_enable_ring(fe);
}

static void in_band(void)
{
	uint8_t data[BLOCK];
	struct frontend fe;
	struct daemon d;

	open_in_band(&fe, &d);
	must_program_key(&fe);
	for (unsigned int i = 0; i < 20; i++) {
		pattern(data, 1, i, i);
		must_write(&fe, i, 1, i, data);
	}
	check_eq(must_count(&fe), 20);
}

/* It wants the two features that it builds on */
static void in_band_alone(void)
{
	uint64_t bits = BIT(VU_PROTOCOL_F_INBAND_NOTIFICATIONS);
	union vu_payload payload;
	struct frontend fe;
	struct daemon d;

	start(&d);
	fe_connect(&fe, &d);
	fe_ask(&fe, VU_GET_FEATURES, &payload, 0);
	vu_send(fe.sock, VU_SET_PROTOCOL_FEATURES, 0, &bits, 8, NULL, 0);
	vu_expect_closed(fe.sock);
	must_serve(&d);
}

/* UML's call descriptors are pipes */
static void call_by_pipe(void)
{
	uint64_t index = 0;
	struct frontend fe;
	struct daemon d;
	int fds[2];

	start(&d);
	fe_open(&fe, &d);
	check(!pipe2(fds, O_CLOEXEC), "%s", strerror(errno));
	check(!fe_tell(&fe, VU_SET_VRING_CALL, &index, 8, &fds[1], 1), "");
	close(fds[1]);
	close(fe.call);
	fe.call = fds[0];
	must_program_key(&fe);
	check_eq(must_count(&fe), 0);
}

/* With a chain that is in no table of descriptors */
static void break_ring(struct frontend *fe)
{
	fe_offer(fe, QUEUE_SIZE);
	fe_kick(fe);
}

/* It is told of mistakes of the guest, and of nothing else */
static void error_descriptor(void)
{
	struct pollfd err = { .events = POLLIN };
	uint64_t index = 0;
	struct frontend fe;
	struct daemon d;

	start(&d);
	fe_open(&fe, &d);
	err.fd = eventfd(0, EFD_CLOEXEC);
	check(!fe_tell(&fe, VU_SET_VRING_ERR, &index, 8, &err.fd, 1), "refused");
	must_program_key(&fe);
	check(poll(&err, 1, 0) == 0, "told of nothing");
	break_ring(&fe);
	check(poll(&err, 1, WAIT_MS) == 1, "not told");
	check(!fe_used(&fe), "served");
	close(err.fd);
}

static void error_in_band(void)
{
	union vu_payload payload;
	struct vu_header hdr;
	struct frontend fe;
	struct daemon d;

	open_in_band(&fe, &d);
	must_program_key(&fe);
	break_ring(&fe);
	do {
		check(vu_recv(fe.back, &hdr, &payload), "closed");
	} while (hdr.request == VU_BACKEND_VRING_CALL);
	check_eq(hdr.request, VU_BACKEND_VRING_ERR);
	check_eq(hdr.size, sizeof(payload.state));
	check_eq(payload.state.index, 0);
}

static void reconnect(void)
{
	struct frontend fe;
	struct daemon d;

	start(&d);
	for (unsigned int i = 0; i < 50; i++) {
		fe_open(&fe, &d);
		if (!i)
			must_program_key(&fe);
		check_eq(must_count(&fe), 0);
		fe_close(&fe);
	}
}

/* Nothing that a second frontend does may touch the first; later it is served */
static void second_frontend(void)
{
	union vu_payload payload;
	struct frontend fe;
	struct daemon d;
	int second;

	start(&d);
	fe_open(&fe, &d);
	must_program_key(&fe);
	second = vu_connect(SOCKET);
	if (second >= 0) {
		struct pollfd pfd = { .fd = second, .events = POLLIN };

		vu_send(second, VU_GET_FEATURES, 0, NULL, 0, NULL, 0);
		check_eq(must_count(&fe), 0);
		if (poll(&pfd, 1, 0))
			check(recv(second, &payload, 8, 0) <= 0, "answered");
		close(second);
	}
	check_eq(must_count(&fe), 0);
	fe_close(&fe);
	must_serve(&d);
}

static void refuse_table(struct vu_region region)
{
	union vu_payload table;
	struct frontend fe;
	struct daemon d;
	int fds[2];

	start(&d);
	fe_open(&fe, &d);
	fe_memory_table(&fe, &table);
	table.memory.regions[1] = region;
	fds[0] = fe.memfd;
	fds[1] = fe.memfd;
	check(fe_tell(&fe, VU_SET_MEM_TABLE, &table,
		      8 + 2 * sizeof(struct vu_region), fds, 2), "accepted");
	fe_close(&fe);
	must_serve(&d);
}

static void region_too_long(void)
{
	refuse_table((struct vu_region){
		GUEST_1, REGION_SIZE + 4096, USER_1, REGION_SIZE });
}

static void region_too_far(void)
{
	refuse_table((struct vu_region){
		GUEST_1, REGION_SIZE, USER_1, REGION_SIZE + 4096 });
}

static void region_overflow(void)
{
	refuse_table((struct vu_region){
		GUEST_1, UINT64_MAX - 4095, USER_1, 8192 });
}

static void region_offset_overflow(void)
{
	refuse_table((struct vu_region){
		GUEST_1, REGION_SIZE, USER_1, -(uint64_t)REGION_SIZE });
}

static void region_address_overflow(void)
{
	refuse_table((struct vu_region){
		UINT64_MAX - 4095, REGION_SIZE, USER_1, REGION_SIZE });
}

static void too_many_regions(void)
{
	struct frontend fe;
	struct daemon d;
	struct {
		uint32_t nregions;
		uint32_t padding;
		struct vu_region regions[16];
	} table = { .nregions = 16 };
	int fds[16];

	start(&d);
	fe_open(&fe, &d);
	for (unsigned int i = 0; i < 16; i++) {
		fds[i] = fe.memfd;
		table.regions[i] = (struct vu_region){
			i * 0x100000, 4096, USER_0 + i * 0x100000, 0 };
	}
	vu_send(fe.sock, VU_SET_MEM_TABLE, 0, &table, sizeof(table), fds, 16);
	vu_expect_closed(fe.sock);
	must_serve(&d);
}

/* Another number of descriptors than of regions */
static void region_without_fd(void)
{
	union vu_payload table;
	struct frontend fe;
	struct daemon d;

	start(&d);
	fe_open(&fe, &d);
	fe_memory_table(&fe, &table);
	vu_send(fe.sock, VU_SET_MEM_TABLE, 0, &table,
		8 + 2 * sizeof(struct vu_region), &fe.memfd, 1);
	vu_expect_closed(fe.sock);
	must_serve(&d);
}

/* Each is sent on a connection of its own that has been set up */
static void malformed(uint32_t request, uint32_t flags, uint32_t size,
		      unsigned int nfds)
{
	uint8_t payload[4096] = { 0 };
	struct frontend fe;
	int fds[32];
	struct daemon d;

	start(&d);
	fe_open(&fe, &d);
	must_program_key(&fe);
	for (unsigned int i = 0; i < 32; i++)
		fds[i] = fe.kick;
	vu_send(fe.sock, request, flags, size > sizeof(payload) ? NULL :
		payload, size, fds, nfds);
	vu_expect_closed(fe.sock);
	fe_close(&fe);
	must_serve(&d);
}

static void size_huge(void)
{
	malformed(VU_SET_FEATURES, 0, 0xffffffff, 0);
}

static void size_above_any(void)
{
	malformed(VU_SET_FEATURES, 0, 4096, 0);
}

static void size_short(void)
{
	malformed(VU_SET_VRING_ADDR, 0, 8, 0);
}

static void size_long(void)
{
	malformed(VU_SET_VRING_NUM, 0, 40, 0);
}

static void table_short(void)
{
	malformed(VU_SET_MEM_TABLE, 0, 4, 0);
}

static void config_short(void)
{
	malformed(VU_GET_CONFIG, 0, 4, 0);
}

static void bad_version(void)
{
	malformed(VU_GET_FEATURES, 3, 0, 0);
}

static void bad_request(void)
{
	malformed(4711, 0, 0, 0);
}

static void request_zero(void)
{
	malformed(0, 0, 0, 0);
}

static void fds_too_many(void)
{
	malformed(VU_SET_VRING_KICK, 0, 8, 32);
}

static void fd_missing(void)
{
	malformed(VU_SET_VRING_KICK, 0, 8, 0);
}

/* Descriptors that come with messages are closed: this daemon may have few */
static void fds_not_kept(void)
{
	const struct rlimit few = { 64, 64 };
	struct rlimit limit;
	struct frontend fe;
	struct daemon d;
	int fds[8];

	start(&d);
	must_serve(&d);
	check(!prlimit(d.pid, RLIMIT_NOFILE, &few, &limit), "%s",
	      strerror(errno));
	for (unsigned int i = 0; i < 20; i++) {
		fe_open(&fe, &d);
		for (unsigned int j = 0; j < 8; j++)
			fds[j] = fe.call;
		vu_send(fe.sock, VU_SET_OWNER, 0, NULL, 0, fds, 8);
		vu_send(fe.sock, VU_SET_VRING_KICK, 0, NULL, 0, fds, 8);
		fe_close(&fe);
		must_serve(&d);
	}
}

/* The connection ends in the middle of a header, then of a payload */
static void cut_off(void)
{
	struct vu_header hdr = { VU_SET_FEATURES, VU_VERSION, 8 };
	struct frontend fe;
	struct daemon d;

	start(&d);
	fe_connect(&fe, &d);
	check(send(fe.sock, &hdr, 5, 0) == 5, "%s", strerror(errno));
	fe_close(&fe);
	fe_connect(&fe, &d);
	check(send(fe.sock, &hdr, sizeof(hdr), 0) == sizeof(hdr), "%s",
	      strerror(errno));
	fe_close(&fe);
	must_serve(&d);
}

/* A message that comes byte by byte is one all the same */
static void byte_by_byte(void)
{
	struct vu_header hdr = { VU_GET_FEATURES, VU_VERSION, 0 };
	union vu_payload payload;
	struct frontend fe;
	struct daemon d;

	start(&d);
	fe_connect(&fe, &d);
	for (unsigned int i = 0; i < sizeof(hdr); i++)
		check(send(fe.sock, (char *)&hdr + i, 1, 0) == 1, "%s",
		      strerror(errno));
	check(vu_recv(fe.sock, &hdr, &payload), "closed");
	check_eq(hdr.size, 8);
}

/* A request in rings that are not in guest memory, or misaligned, stays there */
static void wrong_ring(uint64_t desc, uint64_t avail, uint64_t used)
{
	union vu_payload payload = { .addr = {
		.desc = desc, .avail = avail, .used = used } };
	struct frontend fe;
	struct daemon d;

	connect_and_negotiate(&fe, &d, QEMU_PROTOCOL);
	fe_set_memory(&fe);
	fe_set_ring(&fe, QUEUE_SIZE);
	fe.used = (void *)(fe.mem + used - USER_0);
	fe_tell(&fe, VU_SET_VRING_ADDR, &payload, sizeof(payload.addr), NULL,
		0);
	fe_start_ring(&fe);
	offer_counter_request(&fe);
	check_not_served(&fe);
	fe_stop_ring(&fe);
	check(!fe_used(&fe), "served");
	fe_close(&fe);
	must_serve(&d);
}

static void ring_outside(void)
{
	wrong_ring(USER_0 - 4096, user_addr(AVAIL_OFF), user_addr(USED_OFF));
}

static void ring_over_the_end(void)
{
	wrong_ring(USER_0 + REGION_SIZE - 64, user_addr(AVAIL_OFF),
		   user_addr(USED_OFF));
}

/* In a packed ring that part is small, and has to be misaligned for that */
static void used_over_the_end(void)
{
	wrong_ring(user_addr(DESC_OFF), user_addr(AVAIL_OFF),
		   USER_0 + REGION_SIZE - (fe_wants_packed() ? 2 : 64));
}

/* Only a packed ring can say that */
static void ring_begins_behind(void)
{
	struct frontend fe;
	struct daemon d;

	connect_and_negotiate(&fe, &d, QEMU_PROTOCOL);
	if (!fe_is_packed(&fe))
		return;
	fe_set_memory(&fe);
	fe_set_ring_at(&fe, 8, 0x80088008);
	fe_start_ring(&fe);
	/* The request is there */
	fe.num = 16;
	fe.next_avail = 0x8008;
	fe.next_used = fe.next_avail;
	offer_counter_request(&fe);
	check_not_served(&fe);
	fe_close(&fe);
	must_serve(&d);
}

static void ring_misaligned(void)
{
	wrong_ring(user_addr(DESC_OFF) + 4, user_addr(AVAIL_OFF),
		   user_addr(USED_OFF));
}

/* Guest memory whose file is cut: a message and a status, no crash */
static void memory_truncated(void)
{
	struct rpmb_frame out;
	struct frontend fe;
	struct daemon d;
	int status;

	start(&d);
	fe_open(&fe, &d);
	frames_init(&out, 1, &(struct fields){
		.type = RPMB_GET_WRITE_COUNTER, .count = 1 });
	check(!ftruncate(fe.memfd, REGION_SIZE), "%s", strerror(errno));
	memcpy(fe.mem + OUT_OFF, &out, sizeof(out));
	fe_write_chain(&fe, 0, (struct chunk []){
		{ guest_addr(OUT_OFF), FRAME, false },
		{ guest_addr(IN_OFF), FRAME, true } }, 2);
	fe_offer(&fe, 0);
	fe_kick(&fe);
	status = daemon_wait(&d);
	check(WIFEXITED(status) && WEXITSTATUS(status) != 0, "status %#x",
	      status);
	check(strlen(daemon_messages()), "no message");
}

static const struct test tests[] = {
	{ "features: VERSION_1 and what QEMU and UML need", features },
	{ "features: packed rings and DMA for those who ask late",
	  features_in_time },
	{ "features: a virtual IOMMU is refused in words", behind_iommu },
	{ "features: one that was not offered is refused",
	  features_not_offered },
	{ "config: in growing pieces of 1, 2, 3 bytes", config_in_pieces },
	{ "config: the device id follows the fields", config_dev_id },
	{ "config: beyond the end nothing is told", config_beyond_end },
	{ "REPLY_ACK: says what went wrong", reply_ack },
	{ "REPLY_ACK: not negotiated, not sent", no_reply_ack },
	{ "ring: GET_VRING_BASE stops it, it can go on", stop_ring },
	{ "ring: it can be stopped anywhere", stop_anywhere },
	{ "ring: a size of 7", odd_size },
	{ "ring: disabled it is not served", disabled_ring },
	{ "ring: RESET_OWNER disables it", owner_resets },
	{ "ring: notifications by event index", notifications_by_index },
	{ "ring: notifications by flag", notifications_by_flag },
	{ "ring: no kick is lost", kicks_in_time },
	{ "slow disk: config is answered meanwhile", slow_disk_config },
	{ "slow disk: GET_VRING_BASE waits for the write", slow_disk_stop },
	{ "slow disk: changing memory waits for the write",
	  slow_disk_memory },
	{ "slow disk: frontend gone meanwhile, the write is whole",
	  slow_disk_disconnect },
	{ "slow disk: no answer before data is on the disk",
	  slow_disk_answer },
	{ "in-band notifications", in_band },
	{ "in-band notifications without BACKEND_REQ are refused",
	  in_band_alone },
	{ "call descriptor is a pipe", call_by_pipe },
	{ "error descriptor: the guest has broken a ring", error_descriptor },
	{ "error in band: the guest has broken a ring", error_in_band },
	{ "fifty frontends, one after the other", reconnect },
	{ "a second frontend cannot disturb the first", second_frontend },
	{ "memory: region longer than its file", region_too_long },
	{ "memory: region behind the end of its file", region_too_far },
	{ "memory: a size of nearly everything", region_overflow },
	{ "memory: offset and size overflow", region_offset_overflow },
	{ "memory: guest address overflows", region_address_overflow },
	{ "memory: more regions than there may be", too_many_regions },
	{ "memory: region without a descriptor", region_without_fd },
	{ "memory: file truncated ends the daemon with a message",
	  memory_truncated },
	{ "message: size of 4 GiB", size_huge },
	{ "message: size above that of any", size_above_any },
	{ "message: too short for its request", size_short },
	{ "message: too long for its request", size_long },
	{ "message: memory table without a table", table_short },
	{ "message: config request without its header", config_short },
	{ "message: wrong version", bad_version },
	{ "message: unknown request", bad_request },
	{ "message: request 0", request_zero },
	{ "message: too many descriptors", fds_too_many },
	{ "message: kick without its descriptor", fd_missing },
	{ "message: descriptors are not kept", fds_not_kept },
	{ "message: cut off", cut_off },
	{ "message: byte by byte", byte_by_byte },
	{ "ring: outside guest memory", ring_outside },
	{ "ring: over the end of guest memory", ring_over_the_end },
	{ "ring: its last part over the end of guest memory",
	  used_over_the_end },
	{ "ring: begins behind its end", ring_begins_behind },
	{ "ring: misaligned", ring_misaligned },
};

int main(int argc, char **argv)
{
	return run_daemon_tests(argc, argv, tests, ARRAY_SIZE(tests));
}
