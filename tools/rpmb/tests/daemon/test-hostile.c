// SPDX-License-Identifier: GPL-2.0-only
/*
 * A hostile guest: whatever it puts into its rings and its memory, the daemon
 * stays, nothing that was not signed is stored, and a well-behaved client is
 * served afterwards
 */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client.h"
#include "fixture.h"
#include "model.h"

static struct daemon victim;

/* A device with a key and a first write, of data[] at 0 */
static uint8_t data[BLOCK];

static void open_victim(struct frontend *fe)
{
	daemon_start(&victim, "--capacity", "1");
	fe_open(fe, &victim);
	must_program_key(fe);
	pattern(data, 1, 0, 1);
	must_write(fe, 0, 1, 0, data);
}

/* The device is as open_victim() left it, for a client that knows the rules */
static void must_be_unharmed(struct frontend *fe)
{
	fe_close(fe);
	check(daemon_alive(&victim), "the daemon has ended");
	fe_open(fe, &victim);
	check_eq(must_count(fe), 1);
	must_hold(fe, 0, 1, data);
	must_write(fe, 0, 1, 1, data);
	check(daemon_alive(&victim), "the daemon has ended");
}

static void set_desc(struct vring_desc *desc, uint64_t addr, uint32_t len,
		     uint16_t flags, uint16_t next)
{
	desc->addr = htole64(addr);
	desc->len = htole32(len);
	desc->flags = htole16(flags);
	desc->next = htole16(next);
}

/*
 * Offer the chain at descriptor 0. Whether the daemon gives it back or ends its
 * service is its choice; a control message that is answered shows that it has
 * not got stuck.
 */
static void offer_hostile(struct frontend *fe)
{
	uint8_t config;

	fe_offer(fe, 0);
	fe_kick(fe);
	check(fe_config(fe, 0, 1, &config), "refused");
	fe_stop_ring(fe);
}

static void put_write_request(struct frontend *fe, uint32_t counter)
{
	struct rpmb_frame out[2];
	uint8_t other[BLOCK];

	pattern(other, 1, 0, 99);
	make_write(out, 1, 0, counter, other, test_key);
	make_result_read(&out[1]);
	memcpy(fe->mem + OUT_OFF, out, sizeof(out));
}

/* What only a split ring can have in it */
static bool is_split(const struct frontend *fe)
{
	if (!fe_is_packed(fe))
		return true;
	tap_note("there is none in a packed ring");
	return false;
}

/* One chain of chunks that is not a proper request, with a write in OUT_OFF */
static void hostile_chain(const struct chunk *chunks, unsigned int nr)
{
	struct frontend fe;

	open_victim(&fe);
	put_write_request(&fe, 1);
	fe_write_chain(&fe, 0, chunks, nr);
	offer_hostile(&fe);
	must_be_unharmed(&fe);
}

#define HOSTILE_CHAIN(...) do {						\
	const struct chunk chunks[] = { __VA_ARGS__ };			\
									\
	hostile_chain(chunks, ARRAY_SIZE(chunks));			\
} while (0)

#define GOOD_OUT { guest_addr(OUT_OFF), FRAME, false }
#define GOOD_RESULT_READ { guest_addr(OUT_OFF + FRAME), FRAME, false }
#define GOOD_IN { guest_addr(IN_OFF), FRAME, true }

static void loop_of_one(void)
{
	struct frontend fe;

	open_victim(&fe);
	set_desc(&fe.desc[0], guest_addr(OUT_OFF), FRAME, VRING_DESC_F_NEXT,
		 0);
	offer_hostile(&fe);
	must_be_unharmed(&fe);
}

static void loop_of_three(void)
{
	struct frontend fe;

	open_victim(&fe);
	for (unsigned int i = 0; i < 3; i++)
		set_desc(&fe.desc[i], guest_addr(OUT_OFF), FRAME,
			 VRING_DESC_F_NEXT, (i + 1) % 3);
	offer_hostile(&fe);
	must_be_unharmed(&fe);
}

/* Descriptors of no length make a loop that never grows too long in bytes */
static void loop_of_nothing(void)
{
	struct frontend fe;

	open_victim(&fe);
	for (unsigned int i = 0; i < QUEUE_SIZE; i++)
		set_desc(&fe.desc[i], guest_addr(OUT_OFF), 0,
			 VRING_DESC_F_NEXT, (i + 1) % QUEUE_SIZE);
	offer_hostile(&fe);
	must_be_unharmed(&fe);
}

static void next_outside(void)
{
	static const uint16_t next[] = { QUEUE_SIZE, QUEUE_SIZE + 1, 0x7fff,
		0xffff };

	for (unsigned int i = 0; i < ARRAY_SIZE(next); i++) {
		struct frontend fe;

		if (i)
			daemon_kill(&victim);
		unlink(STATE);
		unlink(STATE "-wal");
		open_victim(&fe);
		set_desc(&fe.desc[0], guest_addr(OUT_OFF), FRAME,
			 VRING_DESC_F_NEXT, next[i]);
		offer_hostile(&fe);
		must_be_unharmed(&fe);
		fe_close(&fe);
	}
}

static void head_outside(void)
{
	static const uint16_t heads[] = { QUEUE_SIZE, 0xffff };
	struct frontend fe;
	uint8_t config;

	open_victim(&fe);
	for (unsigned int i = 0; i < ARRAY_SIZE(heads); i++)
		fe_offer(&fe, heads[i]);
	fe_kick(&fe);
	check(fe_config(&fe, 0, 1, &config), "refused");
	fe_stop_ring(&fe);
	must_be_unharmed(&fe);
}

static void address_in_hole(void)
{
	HOSTILE_CHAIN({ GUEST_0 + REGION_SIZE, FRAME, false },
		      GOOD_RESULT_READ, GOOD_IN);
}

static void address_null(void)
{
	HOSTILE_CHAIN({ 0, FRAME, false }, GOOD_RESULT_READ, GOOD_IN);
}

static void address_before(void)
{
	HOSTILE_CHAIN({ GUEST_0 - 1, FRAME, false }, GOOD_RESULT_READ,
		      GOOD_IN);
}

static void address_over_end(void)
{
	HOSTILE_CHAIN({ GUEST_0 + REGION_SIZE - FRAME + 1, FRAME, false },
		      GOOD_RESULT_READ, GOOD_IN);
}

static void response_over_end(void)
{
	HOSTILE_CHAIN(GOOD_OUT, GOOD_RESULT_READ,
		      { GUEST_1 + REGION_SIZE - FRAME + 1, FRAME, true });
}

static void address_wraps(void)
{
	HOSTILE_CHAIN({ UINT64_MAX - 255, FRAME, false }, GOOD_RESULT_READ,
		      GOOD_IN);
}

static void length_wraps(void)
{
	HOSTILE_CHAIN({ guest_addr(OUT_OFF), UINT32_MAX, false },
		      GOOD_RESULT_READ, GOOD_IN);
}

/* Lengths whose sum is 512 in 32 bits */
static void sum_wraps(void)
{
	HOSTILE_CHAIN({ guest_addr(OUT_OFF), 0x80000000, false },
		      { guest_addr(OUT_OFF), 0x80000000, false },
		      GOOD_OUT, GOOD_RESULT_READ, GOOD_IN);
}

static void no_buffers_in(void)
{
	HOSTILE_CHAIN({ guest_addr(OUT_OFF), 0, false });
}

static void only_in(void)
{
	HOSTILE_CHAIN(GOOD_IN);
}

/* Whoever takes the first two as what goes out finds a proper request there */
static void in_before_out(void)
{
	HOSTILE_CHAIN({ guest_addr(OUT_OFF), FRAME, true }, GOOD_RESULT_READ,
		      { guest_addr(IN_OFF), FRAME, false });
}

static void half_a_frame(void)
{
	HOSTILE_CHAIN({ guest_addr(OUT_OFF), FRAME / 2, false }, GOOD_IN);
}

static void frame_and_a_half(void)
{
	HOSTILE_CHAIN({ guest_addr(OUT_OFF), FRAME + FRAME / 2, false },
		      GOOD_IN);
}

static void half_room_for_result(void)
{
	HOSTILE_CHAIN(GOOD_OUT, GOOD_RESULT_READ,
		      { guest_addr(IN_OFF), FRAME / 2, true });
}

static void zero_lengths_between(void)
{
	struct rpmb_frame in;
	struct frontend fe;
	struct chunk chunks[] = {
		{ guest_addr(OUT_OFF), 0, false }, GOOD_OUT,
		{ 0, 0, false }, GOOD_RESULT_READ,
		{ guest_addr(IN_OFF), 0, true }, GOOD_IN,
	};

	open_victim(&fe);
	put_write_request(&fe, 7);
	fe_write_chain(&fe, 0, chunks, ARRAY_SIZE(chunks));
	offer_hostile(&fe);
	fetch_frames(&fe, &in, 1);
	must_be_unharmed(&fe);
}

/* More descriptors than the ring has, with room for all of them in the table */
static void longer_than_ring(void)
{
	struct frontend fe;

	daemon_start(&victim, "--capacity", "1");
	fe_connect(&fe, &victim);
	fe_negotiate(&fe, BIT(VU_PROTOCOL_F_REPLY_ACK) |
			  BIT(VU_PROTOCOL_F_CONFIG));
	fe_set_memory(&fe);
	fe_set_ring(&fe, 4);
	fe_start_ring(&fe);
	for (unsigned int i = 0; i < 64; i++)
		set_desc(&fe.desc[i], guest_addr(OUT_OFF), FRAME,
			 VRING_DESC_F_NEXT, i + 1);
	set_desc(&fe.desc[64], guest_addr(IN_OFF), FRAME, VRING_DESC_F_WRITE,
		 0);
	offer_hostile(&fe);
	fe_close(&fe);
	fe_open(&fe, &victim);
	must_program_key(&fe);
	check_eq(must_count(&fe), 0);
}

static void index_jumps(void)
{
	static const uint16_t jumps[] = { QUEUE_SIZE + 1, 0x7fff, 0x8000,
		0xffff };
	const struct chunk chunks[] = { GOOD_OUT, GOOD_RESULT_READ, GOOD_IN };
	struct frontend fe;
	uint8_t config;

	open_victim(&fe);
	if (!is_split(&fe))
		return;
	put_write_request(&fe, 1);
	fe_write_chain(&fe, 0, chunks, ARRAY_SIZE(chunks));
	for (unsigned int i = 0; i < ARRAY_SIZE(jumps); i++) {
		__atomic_store_n(&fe.avail->idx,
				 htole16(fe.next_avail + jumps[i]),
				 __ATOMIC_RELEASE);
		fe_kick(&fe);
		check(fe_config(&fe, 0, 1, &config), "refused");
	}
	fe_stop_ring(&fe);
	must_be_unharmed(&fe);
}

/* Whether a file blocks is a flag of the front-end's as well, which it takes away */
static void blocking_kick(void)
{
	struct frontend fe;
	int i;

	open_victim(&fe);
	check(!fcntl(fe.kick, F_SETFL, 0), "%s", strerror(errno));
	for (i = 0; i < 100; i++)
		fe_enable_ring(&fe);
	must_be_unharmed(&fe);
}

/* All of memory as one buffer, and much more */
static void huge_count(void)
{
	struct chunk chunks[QUEUE_SIZE];

	for (unsigned int i = 0; i < QUEUE_SIZE; i++)
		chunks[i] = (struct chunk){ guest_addr(0), REGION_SIZE,
					    i >= QUEUE_SIZE / 2 };
	hostile_chain(chunks, QUEUE_SIZE);
}

/* A read whose count is right, of all that 16 bits can say */
static void read_of_everything(void)
{
	struct chunk chunks[256];
	struct frontend fe;
	struct rpmb_frame out;

	open_victim(&fe);
	frames_init(&out, 1, &(struct fields){
		.type = RPMB_READ_DATA, .count = 0xffff });
	memcpy(fe.mem + OUT_OFF, &out, FRAME);
	chunks[0] = (struct chunk)GOOD_OUT;
	for (unsigned int i = 1; i < ARRAY_SIZE(chunks); i++)
		chunks[i] = (struct chunk){ guest_addr(IN_OFF),
			0xffff / 255 * FRAME, true };
	fe_write_chain(&fe, 0, chunks, ARRAY_SIZE(chunks));
	offer_hostile(&fe);
	must_be_unharmed(&fe);
}

/*
 * Out and in buffers are the same memory: a frame is read once, so the answer is
 * that to what was there before
 */
static void overlapping_buffers(void)
{
	const struct chunk chunks[] = { GOOD_OUT, GOOD_RESULT_READ,
		{ guest_addr(OUT_OFF), FRAME, true } };
	struct rpmb_frame out[2], in;
	struct frontend fe;

	open_victim(&fe);
	make_write(out, 1, 0, 1, data, test_key);
	make_result_read(&out[1]);
	memcpy(fe.mem + OUT_OFF, out, sizeof(out));
	fe_submit(&fe, chunks, ARRAY_SIZE(chunks));
	memcpy(&in, fe.mem + OUT_OFF, FRAME);
	check_eq(be16toh(in.result), RPMB_RES_OK);
	check(frames_signed(&in, 1, test_key), "");
	check_eq(must_count(&fe), 2);
	must_hold(&fe, 0, 1, data);
}

/* The response goes over the rings themselves */
static void response_over_rings(void)
{
	static const size_t targets[] = { DESC_OFF, AVAIL_OFF, USED_OFF };
	struct frontend fe;
	struct chunk chunks[3] = { GOOD_OUT, GOOD_RESULT_READ };

	open_victim(&fe);
	for (unsigned int i = 0; i < ARRAY_SIZE(targets); i++) {
		put_write_request(&fe, 9);
		chunks[2] = (struct chunk){ guest_addr(targets[i]), FRAME,
					    true };
		fe_write_chain(&fe, 0, chunks, 3);
		offer_hostile(&fe);
		fe_close(&fe);
		fe_open(&fe, &victim);
	}
	must_be_unharmed(&fe);
}

/* Indirect tables, where they are offered */

static bool has_indirect(const struct frontend *fe)
{
	if (fe->features & BIT(VIRTIO_RING_F_INDIRECT_DESC))
		return true;
	tap_note("not offered");
	return false;
}

static struct vring_desc *indirect_table(struct frontend *fe)
{
	return (void *)(fe->mem + INDIRECT_OFF);
}

static void put_indirect(struct frontend *fe)
{
	struct vring_desc *table = indirect_table(fe);

	set_desc(&table[0], guest_addr(OUT_OFF), FRAME, VRING_DESC_F_NEXT, 1);
	set_desc(&table[1], guest_addr(OUT_OFF + FRAME), FRAME,
		 VRING_DESC_F_NEXT, 2);
	set_desc(&table[2], guest_addr(IN_OFF), FRAME, VRING_DESC_F_WRITE, 0);
	set_desc(&fe->desc[0], guest_addr(INDIRECT_OFF), 3 * sizeof(*table),
		 VRING_DESC_F_INDIRECT, 0);
}

static void indirect_good(void)
{
	struct rpmb_frame in;
	struct frontend fe;

	open_victim(&fe);
	if (!has_indirect(&fe))
		return;
	put_write_request(&fe, 1);
	put_indirect(&fe);
	fe_offer(&fe, 0);
	fe_kick(&fe);
	check_eq(fe_wait_used(&fe, NULL), FRAME);
	fetch_frames(&fe, &in, 1);
	check_eq(be16toh(in.result), RPMB_RES_OK);
	check_eq(must_count(&fe), 2);
}

static void spoil_next(struct frontend *fe)
{
	indirect_table(fe)[1].next = htole16(3);
}

static void spoil_loop(struct frontend *fe)
{
	indirect_table(fe)[1].next = 0;
}

/* put_indirect() made wrong; also if not offered, when it is plainly wrong */
static void hostile_indirect(void (*spoil)(struct frontend *fe))
{
	struct frontend fe;

	open_victim(&fe);
	if ((spoil == spoil_next || spoil == spoil_loop) && !is_split(&fe))
		return;
	put_write_request(&fe, 1);
	put_indirect(&fe);
	spoil(&fe);
	offer_hostile(&fe);
	must_be_unharmed(&fe);
}

/* The second table is a proper one */
static void spoil_nested(struct frontend *fe)
{
	struct vring_desc *table = indirect_table(fe);

	memcpy(table + 16, table, 3 * sizeof(*table));
	set_desc(&table[0], guest_addr(INDIRECT_OFF + 16 * sizeof(*table)),
		 3 * sizeof(*table), VRING_DESC_F_INDIRECT, 0);
}

static void indirect_nested(void)
{
	hostile_indirect(spoil_nested);
}

static void spoil_with_next(struct frontend *fe)
{
	fe->desc[0].flags = htole16(VRING_DESC_F_INDIRECT | VRING_DESC_F_NEXT);
	fe->desc[0].next = htole16(1);
	set_desc(&fe->desc[1], guest_addr(IN_OFF), FRAME, VRING_DESC_F_WRITE,
		 0);
}

static void indirect_with_next(void)
{
	hostile_indirect(spoil_with_next);
}

static void indirect_next_outside(void)
{
	hostile_indirect(spoil_next);
}

static void indirect_loop(void)
{
	hostile_indirect(spoil_loop);
}

static void spoil_length(struct frontend *fe)
{
	fe->desc[0].len = htole32(3 * sizeof(struct vring_desc) - 1);
}

static void indirect_odd_length(void)
{
	hostile_indirect(spoil_length);
}

static void spoil_length_zero(struct frontend *fe)
{
	fe->desc[0].len = 0;
}

static void indirect_no_length(void)
{
	hostile_indirect(spoil_length_zero);
}

static void spoil_length_huge(struct frontend *fe)
{
	fe->desc[0].len = htole32(0xfffffff0);
	indirect_table(fe)[1].next = htole16(0xffff);
}

static void indirect_huge(void)
{
	hostile_indirect(spoil_length_huge);
}

static void spoil_address(struct frontend *fe)
{
	fe->desc[0].addr = htole64(GUEST_0 + REGION_SIZE - 16);
}

static void indirect_outside(void)
{
	hostile_indirect(spoil_address);
}

/*
 * A second thread changes a write's frames while the daemon reads them. Whatever
 * it decides, what is stored is what was signed.
 */
struct flipper {
	uint8_t *byte;
	uint8_t values[2];
	int stop;
};

static void *flip(void *arg)
{
	struct flipper *flipper = arg;

	while (!__atomic_load_n(&flipper->stop, __ATOMIC_RELAXED)) {
		for (unsigned int i = 0; i < 2; i++)
			__atomic_store_n(flipper->byte, flipper->values[i],
					 __ATOMIC_RELAXED);
	}
	return NULL;
}

#define FLIPS 400
#define MOST_FLIPS 20000

/* One write with byte @at of its first frame flipping; true if it was taken */
static bool write_while_flipping(struct frontend *fe, size_t at,
				 uint32_t counter, const uint8_t *block)
{
	struct rpmb_frame out[17], in;
	struct flipper flipper = { .byte = fe->mem + OUT_OFF + at };
	uint16_t result;
	pthread_t thread;

	make_write(out, 16, 0, counter, block, test_key);
	make_result_read(&out[16]);
	flipper.values[0] = ((uint8_t *)out)[at];
	flipper.values[1] = flipper.values[0] ^ 0x80;
	memcpy(fe->mem + OUT_OFF, out, sizeof(out));
	check(!pthread_create(&thread, NULL, flip, &flipper), "no thread");
	submit_frames(fe, out, 17, 1);
	fe_wait_used(fe, NULL);
	__atomic_store_n(&flipper.stop, 1, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	fetch_frames(fe, &in, 1);
	result = be16toh(in.result);
	check(result == RPMB_RES_OK || result == RPMB_RES_AUTH ||
	      result == RPMB_RES_GENERAL || result == RPMB_RES_COUNTER ||
	      result == RPMB_RES_ADDRESS || be16toh(in.req_resp) != 0x300,
	      "%#x", result);
	return result == RPMB_RES_OK && be16toh(in.req_resp) == 0x300;
}

/* Some writes must be taken and some refused: else nothing changed in time */
static void flipping_at(size_t at)
{
	uint8_t stored[16 * BLOCK] = { 0 }, block[16 * BLOCK];
	unsigned int taken = 0, i;
	struct frontend fe;

	daemon_start(&victim, "--capacity", "1");
	fe_open(&fe, &victim);
	must_program_key(&fe);
	for (i = 0; i < FLIPS || !taken || taken == i; i++) {
		check(i < MOST_FLIPS, "%u of %u taken", taken, i);
		pattern(block, 16, 0, i + 1);
		if (write_while_flipping(&fe, at, taken, block)) {
			memcpy(stored, block, sizeof(stored));
			taken++;
		}
		if (i % 20 == 0)
			must_hold(&fe, 0, 16, stored);
		check_eq(must_count(&fe), taken);
	}
	tap_note("%u of %u taken", taken, i);
}

static void flip_data(void)
{
	flipping_at(offsetof(struct rpmb_frame, data));
}

static void flip_address(void)
{
	flipping_at(offsetof(struct rpmb_frame, addr));
}

static void flip_count(void)
{
	flipping_at(offsetof(struct rpmb_frame, block_count) + 1);
}

static void flip_type(void)
{
	flipping_at(offsetof(struct rpmb_frame, req_resp) + 1);
}

static void flip_counter(void)
{
	flipping_at(offsetof(struct rpmb_frame, write_counter));
}

/* Random bytes as descriptors and rings */
static void random_rings(void)
{
	struct frontend fe;
	uint8_t config;

	model_seed();
	open_victim(&fe);
	for (unsigned int round = 0; round < 300; round++) {
		for (unsigned int i = 0; i < 16; i++)
			set_desc(&fe.desc[i], random() & 1 ?
				 guest_addr(random() % MEM_SIZE) :
				 ((uint64_t)random() << 32) | random(),
				 random() & 3 ? random() % 2048 : random(),
				 random() & 7, random() % 17);
		fe_offer(&fe, random() % 16);
		fe_kick(&fe);
		if (round % 10)
			continue;
		check(fe_config(&fe, 0, 1, &config), "refused");
		fe_close(&fe);
		fe_open(&fe, &victim);
	}
	must_be_unharmed(&fe);
}

static const struct test tests[] = {
	{ "chain: a descriptor that follows itself", loop_of_one },
	{ "chain: a loop of three", loop_of_three },
	{ "chain: a loop of empty buffers", loop_of_nothing },
	{ "chain: next is no descriptor", next_outside },
	{ "chain: head is no descriptor", head_outside },
	{ "chain: longer than the ring", longer_than_ring },
	{ "chain: nothing in it", no_buffers_in },
	{ "chain: only buffers to write to", only_in },
	{ "chain: buffers to write to come first", in_before_out },
	{ "chain: half a frame", half_a_frame },
	{ "chain: one frame and a half", frame_and_a_half },
	{ "chain: too little room for the result", half_room_for_result },
	{ "chain: empty buffers between the others", zero_lengths_between },
	{ "chain: 256 MiB of buffers", huge_count },
	{ "chain: a read of 65535 blocks", read_of_everything },
	{ "address: between the regions", address_in_hole },
	{ "address: 0", address_null },
	{ "address: just before a region", address_before },
	{ "address: over the end of a region", address_over_end },
	{ "address: response over the end of a region", response_over_end },
	{ "address: address and length overflow", address_wraps },
	{ "address: a length of 4 GiB", length_wraps },
	{ "address: lengths whose sum overflows", sum_wraps },
	{ "avail: the index jumps", index_jumps },
	{ "overlap: response over the request", overlapping_buffers },
	{ "overlap: response over the rings", response_over_rings },
	{ "indirect: a proper table", indirect_good },
	{ "indirect: nested", indirect_nested },
	{ "indirect: together with next", indirect_with_next },
	{ "indirect: next outside the table", indirect_next_outside },
	{ "indirect: a loop", indirect_loop },
	{ "indirect: length is no multiple of 16", indirect_odd_length },
	{ "indirect: length 0", indirect_no_length },
	{ "indirect: a table of 4 GiB", indirect_huge },
	{ "indirect: outside memory", indirect_outside },
	{ "race: data changes while it is read", flip_data },
	{ "race: address changes while it is read", flip_address },
	{ "race: block count changes while it is read", flip_count },
	{ "race: type changes while it is read", flip_type },
	{ "race: counter changes while it is read", flip_counter },
	{ "a kick that blocks who reads it", blocking_kick },
	{ "random rings", random_rings },
};

int main(int argc, char **argv)
{
	return run_daemon_tests(argc, argv, tests, ARRAY_SIZE(tests));
}
