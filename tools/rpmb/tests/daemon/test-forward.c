// SPDX-License-Identifier: GPL-2.0-only
/*
 * The daemon on a device of the host: what the guest signs gets there as it is,
 * and so does the answer
 *
 * The same tests run on the kernel's simulator and on a stand-in for the kernel;
 * faults happen on the latter only, and only the former keeps two guests apart.
 */
#include <endian.h>
#include <errno.h>
#include <linux/capability.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "client.h"
#include "fixture.h"
#include "group.h"
#include "host.h"

#define WRITES 200

static char *device;
static uint8_t block[2 * BLOCK];

static void start(struct daemon *d, const char *socket, const char *option)
{
	daemon_exec(d, NULL, (const char *const []){
		"--socket", socket, "--backend", device, option, NULL });
}

/* A new device behind a daemon that lets the guest program the key */
static void open_new(struct daemon *d, struct frontend *fe)
{
	device = host_device();
	start(d, SOCKET, "--allow-key");
	fe_open(fe, d);
}

static void open_keyed(struct daemon *d, struct frontend *fe)
{
	open_new(d, fe);
	must_program_key(fe);
}

static uint16_t result_of(const struct rpmb_frame *frame)
{
	return be16toh(frame->result);
}

/* eMMC's set of sizes is 1, 2 and 32: of any number up to it there is only 2 */
static void limits(void)
{
	uint8_t config[3], beyond;
	struct frontend fe;
	struct daemon d;

	open_new(&d, &fe);
	check(fe_config(&fe, 0, 3, config), "refused");
	check_eq(config[0], 1);
	check_eq(config[1], 2);
	check_eq(config[2], 64);
	check(!fe_config(&fe, 3, 1, &beyond), "more than the standard has");
}

/* A host's device that reads more at once than the byte for it can say */
static void long_reads(void)
{
	const unsigned int most = RPMB_MAX_LEN / FRAME;
	const struct chunk chunks[] = {
		{ guest_addr(OUT_OFF), FRAME, false },
		{ guest_addr(IN_OFF), most * FRAME, true },
	};
	struct rpmb_frame in[MAX_FRAMES];
	struct frontend fe;
	struct fake *fake;
	uint8_t config[3];
	struct daemon d;

	device = host_device();
	fake = host_fake(device);
	fake->capacity = 4 * HOST_BLOCKS;
	fake->max_read = 2 * most;
	check(!truncate("dev/rpmb0", sizeof(*fake) + fake->capacity * BLOCK),
	      "%s", strerror(errno));
	start(&d, SOCKET, "--allow-key");
	fe_open(&fe, &d);
	check(fe_config(&fe, 0, 3, config), "refused");
	check_eq(config[2], most <= UINT8_MAX ? most : 0);
	must_program_key(&fe);
	frames_init((void *)(fe.mem + OUT_OFF), 1, &(struct fields){
		.type = RPMB_READ_DATA, .count = most });
	check_eq(fe_submit(&fe, chunks, 2), most * FRAME);
	fetch_frames(&fe, in, most);
	check_eq(result_of(in), RPMB_RES_OK);
	check(frames_signed(in, most, test_key), "");
}

static void identity(void)
{
	uint8_t config[19];
	struct frontend fe;
	struct daemon d;

	device = host_device();
	start(&d, SOCKET, "--dev-id=000102030405060708090a0b0c0d0e0f");
	fe_open(&fe, &d);
	check(fe_config(&fe, 0, sizeof(config), config), "refused");
	for (unsigned int i = 0; i < 16; i++)
		check_eq(config[3 + i], i);
}

static void whole_life(void)
{
	struct frontend fe;
	struct daemon d;

	open_keyed(&d, &fe);
	check_eq(must_count(&fe), 0);
	pattern(block, 2, 0, 1);
	must_write(&fe, 10, 2, 0, block);
	check_eq(must_count(&fe), 1);
	must_hold(&fe, 10, 2, block);
	fe_close(&fe);
	daemon_stop(&d);
	start(&d, SOCKET, NULL);
	fe_open(&fe, &d);
	check_eq(must_count(&fe), 1);
	must_hold(&fe, 10, 2, block);
}

static void key_refused(void)
{
	uint32_t counter;
	struct frontend fe;
	struct daemon d;

	device = host_device();
	start(&d, SOCKET, NULL);
	fe_open(&fe, &d);
	check_eq(guest_program_key(&fe, test_key), RPMB_RES_GENERAL);
	check(strstr(daemon_messages(), "--allow-key"), "no message");
	check_eq(guest_counter(&fe, test_key, &counter), RPMB_RES_NO_KEY);
}

/* What the device says of a request is what the guest hears, with its MAC */
static void refusals(void)
{
	static const uint8_t other_key[KEY_LEN] = "another one";
	struct frontend fe;
	struct daemon d;

	open_keyed(&d, &fe);
	pattern(block, 1, 0, 1);
	check_eq(guest_write(&fe, other_key, 0, 1, 0, block), RPMB_RES_AUTH);
	check_eq(guest_write(&fe, test_key, 0, 1, 5, block), RPMB_RES_COUNTER);
	check_eq(guest_write(&fe, test_key, HOST_BLOCKS, 1, 0, block),
		 RPMB_RES_ADDRESS);
	check_eq(must_count(&fe), 0);
}

/* The result of a request whose answer the daemon had to make up */
static uint16_t unsigned_result(const struct rpmb_frame *in)
{
	static const uint8_t none[32];

	check(!memcmp(in->key_mac, none, sizeof(none)), "it has a MAC");
	return result_of(in);
}

/* 5.12.6.1: requests that the device must not get */
static void malformed(void)
{
	struct rpmb_frame out[4], in[65];
	uint8_t data[3 * BLOCK];
	struct frontend fe;
	struct daemon d;

	open_keyed(&d, &fe);
	pattern(data, 3, 0, 1);
	make_write(out, 3, 0, 0, data, test_key);
	make_result_read(&out[3]);
	check_eq(transact(&fe, out, 4, in, 1), FRAME);
	check_eq(unsigned_result(in), RPMB_RES_GENERAL);

	make_write(out, 2, 0, 0, data, test_key);
	out[0].addr = htobe16(1);
	make_result_read(&out[2]);
	check_eq(transact(&fe, out, 3, in, 1), FRAME);
	check_eq(unsigned_result(in), RPMB_RES_GENERAL);

	frames_init(out, 1, &(struct fields){
		.type = RPMB_GET_WRITE_COUNTER, .count = 2 });
	check_eq(transact(&fe, out, 1, in, 1), FRAME);
	check_eq(unsigned_result(in), RPMB_RES_GENERAL);

	frames_init(out, 1, &(struct fields){
		.type = RPMB_READ_DATA, .count = 65 });
	check_eq(transact(&fe, out, 1, in, 65), 65 * FRAME);
	check_eq(unsigned_result(&in[0]), RPMB_RES_GENERAL);
	check_eq(unsigned_result(&in[64]), RPMB_RES_GENERAL);

	frames_init(out, 1, &(struct fields){
		.type = RPMB_CONFIG_READ, .count = 1 });
	check_eq(transact(&fe, out, 1, in, 1), FRAME);
	check_eq(unsigned_result(in), RPMB_RES_GENERAL);

	frames_init(out, 1, &(struct fields){
		.type = 0x100 | RPMB_READ_DATA, .count = 1 });
	check_eq(transact(&fe, out, 1, in, 2), FRAME);
	check_eq(be16toh(in->req_resp), 0);
	check_eq(unsigned_result(in), RPMB_RES_GENERAL);
	check_eq(must_count(&fe), 0);
}

/* What changes the device, and a result read without a count; its result */
static uint16_t uncounted_result(struct frontend *fe, struct rpmb_frame out[2])
{
	uint16_t type = be16toh(out->req_resp);
	struct rpmb_frame in;

	frames_init(&out[1], 1, &(struct fields){ .type = RPMB_RESULT_READ });
	check_eq(transact(fe, out, 2, &in, 1), FRAME);
	check_eq(be16toh(in.req_resp), type << 8);
	return result_of(&in);
}

static void uncounted(void)
{
	struct rpmb_frame change[2], out, in[4];
	uint8_t found[4 * BLOCK];
	struct frontend fe;
	struct daemon d;

	open_new(&d, &fe);
	frames_init(change, 1, &(struct fields){ .type = RPMB_PROGRAM_KEY });
	memcpy(change->key_mac, test_key, KEY_LEN);
	check_eq(uncounted_result(&fe, change), RPMB_RES_OK);
	make_write(change, 1, 0, 0, block, test_key);
	check_eq(uncounted_result(&fe, change), RPMB_RES_OK);
	frames_init(&out, 1, &(struct fields){
		.type = RPMB_GET_WRITE_COUNTER });
	check_eq(transact(&fe, &out, 1, in, 1), FRAME);
	check_eq(result_of(in), RPMB_RES_OK);
	frames_init(&out, 1, &(struct fields){ .type = RPMB_READ_DATA });
	check_eq(transact(&fe, &out, 1, in, 4), 4 * FRAME);
	check_eq(result_of(in), RPMB_RES_OK);
	check(frames_signed(in, 4, test_key), "");
	must_read(&fe, 0, 4, found);
}

/* A request without a result read is done, and gets no answer until asked for */
static void result_read_later(void)
{
	struct rpmb_frame out, in;
	struct frontend fe;
	struct daemon d;

	open_keyed(&d, &fe);
	pattern(block, 1, 0, 1);
	make_write(&out, 1, 7, 0, block, test_key);
	check_eq(transact(&fe, &out, 1, &in, 0), 0);
	make_result_read(&out);
	check_eq(transact(&fe, &out, 1, &in, 1), FRAME);
	check_eq(be16toh(in.req_resp), RPMB_WRITE_DATA << 8);
	check_eq(result_of(&in), RPMB_RES_OK);
	check_eq(be16toh(in.addr), 7);
	check(frames_signed(&in, 1, test_key), "");
	out.block_count = htobe16(2);
	check_eq(transact(&fe, &out, 1, &in, 1), FRAME);
	check_eq(be16toh(in.req_resp), RPMB_WRITE_DATA << 8);
	check_eq(result_of(&in), RPMB_RES_GENERAL);
	must_hold(&fe, 7, 1, block);
}

/* A guest among several, with blocks of its own */
struct guest {
	struct daemon daemon;
	struct frontend fe;
	pthread_t thread;
	uint16_t addr;
	unsigned int written;
	unsigned int refused;
	bool wrong;
};

/*
 * Not by check(), which is for the thread of the test: read the counter, write
 * with it, and again if somebody else was faster
 */
static void write_once(struct guest *guest)
{
	uint8_t data[BLOCK], nonce[NONCE_LEN] = { guest->written };
	struct rpmb_frame out[2], in;
	uint32_t counter;

	frames_init(out, 1, &(struct fields){
		.type = RPMB_GET_WRITE_COUNTER, .count = 1, .nonce = nonce });
	transact(&guest->fe, out, 1, &in, 1);
	if (result_of(&in) || memcmp(in.nonce, nonce, sizeof(nonce)) ||
	    !frames_signed(&in, 1, test_key))
		guest->wrong = true;
	counter = be32toh(in.write_counter);

	pattern(data, 1, guest->addr, guest->written + 1);
	make_write(out, 1, guest->addr, counter, data, test_key);
	make_result_read(&out[1]);
	transact(&guest->fe, out, 2, &in, 1);
	if (be16toh(in.addr) != guest->addr ||
	    be16toh(in.req_resp) != RPMB_WRITE_DATA << 8 ||
	    !frames_signed(&in, 1, test_key))
		guest->wrong = true;
	if (result_of(&in) == RPMB_RES_COUNTER)
		guest->refused++;
	else if (!in.result && be32toh(in.write_counter) == counter + 1)
		guest->written++;
	else
		guest->wrong = true;
}

static void *write_many(void *arg)
{
	struct guest *guest = arg;

	while (guest->written < WRITES && !guest->wrong)
		write_once(guest);
	return NULL;
}

/* Two guests on one device, with one key, at the same time */
static void two_guests(void)
{
	static const char *const sockets[] = { "socket0", "socket1" };
	struct guest guests[2] = { { .addr = 20 }, { .addr = 30 } };
	struct frontend fe;
	struct daemon d;

	open_keyed(&d, &fe);
	for (unsigned int i = 0; i < ARRAY_SIZE(guests); i++) {
		start(&guests[i].daemon, sockets[i], NULL);
		fe_open_at(&guests[i].fe, &guests[i].daemon, sockets[i]);
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(guests); i++)
		check(!pthread_create(&guests[i].thread, NULL, write_many,
				      &guests[i]), "no thread");
	for (unsigned int i = 0; i < ARRAY_SIZE(guests); i++) {
		pthread_join(guests[i].thread, NULL);
		check(!guests[i].wrong, "guest %u got a wrong answer", i);
		pattern(block, 1, guests[i].addr, WRITES);
		must_hold(&fe, guests[i].addr, 1, block);
	}
	check_eq(must_count(&fe), 2 * WRITES);
	tap_note("refused for their counter: %u and %u", guests[0].refused,
		 guests[1].refused);
}

/* The result of one guest's request is not another's */
static void two_results(void)
{
	struct rpmb_frame out, in;
	struct daemon d, other;
	struct frontend fe, fe2;

	open_keyed(&d, &fe);
	start(&other, "socket2", NULL);
	fe_open_at(&fe2, &other, "socket2");
	pattern(block, 1, 0, 1);
	make_write(&out, 1, 40, 0, block, test_key);
	check_eq(transact(&fe, &out, 1, &in, 0), 0);
	make_write(&out, 1, 50, 1, block, test_key);
	check_eq(transact(&fe2, &out, 1, &in, 0), 0);
	make_result_read(&out);
	check_eq(transact(&fe, &out, 1, &in, 1), FRAME);
	check_eq(be16toh(in.addr), 40);
	check_eq(be32toh(in.write_counter), 1);
	check(frames_signed(&in, 1, test_key), "");
	check_eq(transact(&fe2, &out, 1, &in, 1), FRAME);
	check_eq(be16toh(in.addr), 50);
	check_eq(be32toh(in.write_counter), 2);
}

/* The host refuses what only CAP_SYS_RAWIO allows. The last one on a simulator. */
static void key_without_right(void)
{
	struct fake *fake;
	struct frontend fe;
	uint32_t counter;
	struct daemon d;

	device = host_device();
	fake = host_fake(device);
	if (fake)
		fake->faults[0] = (struct fake_fault) {
			FAULT_BEFORE, RPMB_PROGRAM_KEY, 0, EPERM };
	else
		check(!prctl(PR_CAPBSET_DROP, CAP_SYS_RAWIO, 0, 0, 0), "%s",
		      strerror(errno));
	start(&d, SOCKET, "--allow-key");
	fe_open(&fe, &d);
	check_eq(guest_program_key(&fe, test_key), RPMB_RES_GENERAL);
	check(strstr(daemon_messages(), "permission"), "no message");
	check_eq(guest_counter(&fe, test_key, &counter), RPMB_RES_NO_KEY);
}

/* A guest that fills the ring */

/* A device that takes the writes of the model */
static struct fake *full_device(void)
{
	struct fake *fake;

	device = host_device();
	fake = host_fake(device);
	fake->transport = RPMB_TRANSPORT_SIM;
	fake->write_sizes = 0x1f;
	return fake;
}

static void open_full(struct daemon *d, struct frontend *fe,
		      struct group *group)
{
	start(d, SOCKET, "--allow-key");
	fe_open(fe, d);
	must_program_key(fe);
	*group = (struct group) { .fe = fe };
}

/* Each is answered as if it were alone */
static void fill_ring(struct fake *fake, unsigned int batches)
{
	const unsigned int writes = GROUP_MOST - 3;
	struct group group;
	struct frontend fe;
	struct model model;
	struct daemon d;

	open_full(&d, &fe, &group);
	group_put_count(&group);
	for (unsigned int i = 1; i <= writes; i++)
		group_put_write(&group, i);
	group_put_read(&group);
	group_put_count(&group);
	group_go(&group);
	group_counted(&group, 0);
	for (unsigned int i = 1; i <= writes; i++)
		group_written(&group, 0, i);
	model_set(&model, writes);
	group_holds(&group, &model);
	group_counted(&group, writes);
	check_eq(fake->nr_batches, batches);
}

static void full_ring(void)
{
	fill_ring(full_device(), 1);
}

static void full_ring_cut(void)
{
	struct fake *fake = full_device();

	fake->cut_after = 4;
	fill_ring(fake, GROUP_MOST / 4);
}

static void full_ring_apart(void)
{
	struct fake *fake = full_device();

	fake->batchless = true;
	fill_ring(fake, 0);
}

static void full_ring_virtio(void)
{
	struct fake *fake = full_device();

	fake->transport = RPMB_TRANSPORT_VIRTIO;
	fill_ring(fake, 0);
}

/* What is refused keeps no other from the device, nor from its answer */
static void refused_amid(void)
{
	struct group group;
	struct frontend fe;
	struct model model;
	struct daemon d;
	struct fake *fake = full_device();

	open_full(&d, &fe, &group);
	group_put_count(&group);
	group_put_write(&group, 1);
	group_put_write(&group, 1);
	group_put_write(&group, 3);
	group_put_read(&group);
	group_put_write(&group, 2);
	group_put_count(&group);
	group_go(&group);
	group_counted(&group, 0);
	group_written(&group, 0, 1);
	group_written(&group, RPMB_RES_COUNTER, 1);
	group_written(&group, RPMB_RES_COUNTER, 1);
	model_set(&model, 1);
	group_holds(&group, &model);
	group_written(&group, 0, 2);
	group_counted(&group, 2);
	check_eq(fake->nr_batches, 3);
}

/* The result of a write is asked for later, the first one's with what comes after it */
static void results_apart(void)
{
	struct rpmb_frame out, ask, in;
	struct group group;
	struct frontend fe;
	struct daemon d;

	full_device();
	open_full(&d, &fe, &group);
	pattern(block, 1, 0, 1);
	make_write(&out, 1, 7, 0, block, test_key);
	check_eq(transact(&fe, &out, 1, &in, 0), 0);
	make_result_read(&ask);
	group_put(&group, &ask, 1, 1);
	make_write(&out, 1, 8, 1, block, test_key);
	group_put(&group, &out, 1, 0);
	group_put_count(&group);
	group_put(&group, &ask, 1, 1);
	group_go(&group);
	group_answer(&group, &in, 1);
	check_eq(be16toh(in.addr), 7);
	check_eq(fe_wait_used(&fe, NULL), 0);
	group.answered++;
	group_counted(&group, 2);
	check_eq(fe_wait_used(&fe, NULL), FRAME);
	must_hold(&fe, 8, 1, block);
}

/* Errors of the host */

static void set_fault(uint32_t kind, uint32_t type, uint32_t err)
{
	host_fake(device)->faults[0] =
		(struct fake_fault) { kind, type, 0, err };
}

static void write_not_started(void)
{
	struct rpmb_frame out[2], in;
	struct frontend fe;
	struct daemon d;

	open_keyed(&d, &fe);
	make_write(out, 1, 0, 0, block, test_key);
	make_result_read(&out[1]);
	set_fault(FAULT_BEFORE, RPMB_WRITE_DATA, EBUSY);
	check_eq(transact(&fe, out, 2, &in, 1), FRAME);
	check_eq(be16toh(in.req_resp), RPMB_WRITE_DATA << 8);
	check_eq(unsigned_result(&in), RPMB_RES_WRITE);
	check(strstr(daemon_messages(), "earlier request"), "no message");
	check(!strstr(daemon_messages(), "may have been done"), "it has not");
	check_eq(must_count(&fe), 0);
	set_fault(FAULT_BEFORE, RPMB_WRITE_DATA, EMSGSIZE);
	check_eq(transact(&fe, out, 2, &in, 1), FRAME);
	check_eq(unsigned_result(&in), RPMB_RES_GENERAL);
}

/* Neither done nor failed is true, so there is no answer */
static void outcome_unknown(uint32_t kind, uint32_t counter)
{
	struct rpmb_frame out[2], in;
	struct frontend fe;
	struct daemon d;

	open_keyed(&d, &fe);
	make_write(out, 1, 0, 0, block, test_key);
	make_result_read(&out[1]);
	set_fault(kind, RPMB_WRITE_DATA, ETIMEDOUT);
	check_eq(transact(&fe, out, 2, &in, 1), 0);
	check(strstr(daemon_messages(), "may have been done"), "no message");
	check_eq(must_count(&fe), counter);
	/* nor later */
	set_fault(kind, RPMB_WRITE_DATA, ETIMEDOUT);
	make_write(out, 1, 0, counter, block, test_key);
	check_eq(transact(&fe, out, 1, &in, 0), 0);
	make_result_read(out);
	check_eq(transact(&fe, out, 1, &in, 1), 0);
}

static void response_lost(void)
{
	outcome_unknown(FAULT_LOST_RESPONSE, 1);
}

static void request_lost(void)
{
	outcome_unknown(FAULT_LOST_REQUEST, 0);
}

/* The same amid others, which have their answers */
static void response_lost_amid(void)
{
	struct group group;
	struct frontend fe;
	struct daemon d;
	struct fake *fake = full_device();

	open_full(&d, &fe, &group);
	for (unsigned int i = 1; i <= 4; i++)
		group_put_write(&group, i);
	set_fault(FAULT_LOST_RESPONSE, RPMB_WRITE_DATA, ETIMEDOUT);
	fake->faults[0].skip = 1;
	group_go(&group);
	group_written(&group, 0, 1);
	check_eq(fe_wait_used(&fe, NULL), 0);
	group.answered++;
	group_written(&group, 0, 3);
	group_written(&group, 0, 4);
	check(strstr(daemon_messages(), "may have been done"), "no message");
	check_eq(must_count(&fe), 4);
}

/* One that cannot be begun fails, and none of the others does */
static void not_started_amid(void)
{
	struct rpmb_frame in;
	struct group group;
	struct frontend fe;
	struct daemon d;
	struct fake *fake = full_device();

	open_full(&d, &fe, &group);
	group_put_write(&group, 1);
	group_put_write(&group, 1);
	group_put_write(&group, 2);
	set_fault(FAULT_BEFORE, RPMB_WRITE_DATA, EMSGSIZE);
	fake->faults[1] = fake->faults[0];
	group_go(&group);
	check_eq(fe_wait_used(&fe, NULL), FRAME);
	memcpy(&in, fe.mem + IN_OFF, FRAME);
	check_eq(unsigned_result(&in), RPMB_RES_GENERAL);
	group.answered++;
	group_written(&group, 0, 1);
	group_written(&group, 0, 2);
	check_eq(must_count(&fe), 2);
}

static void key_unknown(void)
{
	struct rpmb_frame out[2], in;
	struct frontend fe;
	struct daemon d;

	open_new(&d, &fe);
	frames_init(out, 1, &(struct fields){
		.type = RPMB_PROGRAM_KEY, .count = 1 });
	memcpy(out[0].key_mac, test_key, KEY_LEN);
	make_result_read(&out[1]);
	set_fault(FAULT_LOST_RESPONSE, RPMB_PROGRAM_KEY, EIO);
	check_eq(transact(&fe, out, 2, &in, 1), 0);
	check_eq(must_count(&fe), 0);
}

static void read_failed(void)
{
	struct rpmb_frame out, in[3];
	struct frontend fe;
	struct daemon d;

	open_keyed(&d, &fe);
	frames_init(&out, 1, &(struct fields){
		.type = RPMB_READ_DATA, .addr = 5, .count = 3,
		.nonce = test_key });
	set_fault(FAULT_LOST_RESPONSE, RPMB_READ_DATA, ETIMEDOUT);
	check_eq(transact(&fe, &out, 1, in, 3), 3 * FRAME);
	for (unsigned int i = 0; i < 3; i++) {
		check_eq(be16toh(in[i].req_resp), RPMB_READ_DATA << 8);
		check_eq(unsigned_result(&in[i]), RPMB_RES_READ);
		check_eq(be16toh(in[i].addr), 5);
		check(!memcmp(in[i].nonce, test_key, NONCE_LEN), "");
	}
	set_fault(FAULT_BEFORE, RPMB_GET_WRITE_COUNTER, ENODEV);
	frames_init(&out, 1, &(struct fields){
		.type = RPMB_GET_WRITE_COUNTER, .count = 1 });
	check_eq(transact(&fe, &out, 1, in, 1), FRAME);
	check_eq(unsigned_result(in), RPMB_RES_GENERAL);
	check(strstr(daemon_messages(), "removed"), "no message");
}

/* A guest cannot fill the host's log */
static void log_is_bounded(void)
{
	struct frontend fe;
	struct daemon d;
	size_t len;

	device = host_device();
	start(&d, SOCKET, NULL);
	fe_open(&fe, &d);
	check_eq(guest_program_key(&fe, test_key), RPMB_RES_GENERAL);
	len = strlen(daemon_messages());
	for (unsigned int i = 0; i < 100; i++)
		check_eq(guest_program_key(&fe, test_key), RPMB_RES_GENERAL);
	/* on a slow machine, the same may be said again after a while */
	check(strlen(daemon_messages()) < 10 * len, "%s", daemon_messages());
}

/* What cannot be a virtio device, or cannot be opened */
static void refused(const char *name, const char *word)
{
	struct daemon d;

	device = strdup(name);
	start(&d, SOCKET, NULL);
	check_eq(WEXITSTATUS(daemon_wait(&d)), 1);
	check(strstr(daemon_messages(), word), "no \"%s\" in the message", word);
}

static void bad_devices(void)
{
	struct fake *fake = host_fake(host_device());

	refused("rpmb9", "no such device");
	fake->write_sizes = 1 << 5;
	refused("rpmb0", "cannot be written");
	fake->write_sizes = 1;
	fake->capacity = HOST_BLOCKS - 1;
	refused("rpmb0", "128 KiB");
	fake->frame_format = RPMB_FRAME_NVME;
	refused("rpmb0", "NVMe");
}

/* A card, by each of the ways to it that the kernel has */
static void card(void)
{
	char *ways = strdup(getenv("RPMB_CARD"));
	uint32_t written = 0;
	struct frontend fe;
	struct daemon d;

	for (device = strtok(ways, " "); device; device = strtok(NULL, " ")) {
		start(&d, SOCKET, "--allow-key");
		fe_open(&fe, &d);
		if (!written)
			must_program_key(&fe);
		else
			must_hold(&fe, 6, 1, block);
		check_eq(must_count(&fe), written);
		pattern(block, 1, 6, ++written);
		must_write(&fe, 6, 1, written - 1, block);
		must_hold(&fe, 6, 1, block);
		check_eq(guest_write(&fe, test_key, 6, 1, written - 1, block),
			 RPMB_RES_COUNTER);
		fe_close(&fe);
		daemon_stop(&d);
	}
	check(written > 1, "no ways");
}

static const struct test card_tests[] = {
	{ "card: by /dev/mmcblkNrpmb and by /dev/rpmbN", card },
};

/* Of a kernel, of both, and of the stand-in; bounds are below */
static const struct test tests[] = {
	{ "device: two guests write at the same time", two_guests },
	{ "device: its limits are the guest's", limits },
	{ "device: identity", identity },
	{ "device: key, counter, write, read, and again", whole_life },
	{ "device: no key is programmed without --allow-key", key_refused },
	{ "device: its refusals are the guest's", refusals },
	{ "device: what is malformed does not get there", malformed },
	{ "device: unsigned counts of 0", uncounted },
	{ "device: the result is asked for later", result_read_later },
	{ "device: two guests, each has its own result", two_results },
	{ "device: the host has no right to program a key",
	  key_without_right },
	{ "device: as long a read as a request carries", long_reads },
	{ "full ring: one call, each its answer", full_ring },
	{ "full ring: others have their turn meanwhile", full_ring_cut },
	{ "full ring: a kernel that takes one at a time", full_ring_apart },
	{ "full ring: a device that goes on behind a refusal", full_ring_virtio },
	{ "full ring: what is refused is refused alone", refused_amid },
	{ "full ring: results are asked for apart", results_apart },
	{ "full ring: a response is lost", response_lost_amid },
	{ "full ring: one cannot be begun", not_started_amid },
	{ "fault: a write that did not start has failed", write_not_started },
	{ "fault: a write whose response is lost gets none", response_lost },
	{ "fault: a write that is lost on its way gets none", request_lost },
	{ "fault: a key whose response is lost gets none", key_unknown },
	{ "fault: reads and counters fail", read_failed },
	{ "fault: nobody can fill the log", log_is_bounded },
	{ "start: devices that will not do", bad_devices },
};

#define BOTH 1
#define STAND_IN 11

int main(int argc, char **argv)
{
	if (getenv("RPMB_CARD"))
		return run_daemon_tests(argc, argv, card_tests,
					ARRAY_SIZE(card_tests));
	if (getenv("RPMB_SIM"))
		return run_daemon_tests(argc, argv, tests, STAND_IN);
	return run_daemon_tests(argc, argv, tests + BOTH,
				ARRAY_SIZE(tests) - BOTH);
}
