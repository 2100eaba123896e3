// SPDX-License-Identifier: GPL-2.0-only
/*
 * make-seeds DIRECTORY: inputs to begin with, in a directory for each target. They
 * are what a driver does.
 */
#include <err.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <linux/vhost_types.h>
#include <linux/virtio_config.h>
#include <linux/virtio_ring.h>

#include "fuzz.h"
#include "vhost_user.h"

static const char *directory;

static void put(const char *target, unsigned int nr, const void *data,
		size_t len)
{
	char path[4096];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", directory, target);
	mkdir(path, 0777);
	snprintf(path, sizeof(path), "%s/%s/seed-%u", directory, target, nr);
	f = fopen(path, "w");
	if (!f || fwrite(data, len, 1, f) != 1 || fclose(f))
		err(1, "%s", path);
}

/*
 * Settings, then a life: key, counter, write, a result read alone, read, and both
 * beyond the end
 */
static void requests(void)
{
	const struct fuzz_request life[] = {
		{ RPMB_PROGRAM_KEY, 1, 1, FUZZ_RESULT_READ, 0, 1, 0, 0 },
		{ RPMB_GET_WRITE_COUNTER, 1, 1, 0, 0, 1, 0, 0 },
		{ RPMB_WRITE_DATA, 2, 1, FUZZ_SIGNED | FUZZ_RESULT_READ, 9, 2,
		  0, 0 },
		{ RPMB_WRITE_DATA, 1, 0, FUZZ_SIGNED, 9, 1, 1, 0 },
		{ RPMB_RESULT_READ, 1, 1, 0, 0, 1, 0, 0 },
		{ RPMB_READ_DATA, 1, 2, 0, 9, 2, 0, 0 },
		{ RPMB_READ_DATA, 1, 3, 0, 9, 0, 0, 0 },
		{ RPMB_WRITE_DATA, 2, 1, FUZZ_SIGNED | FUZZ_RESULT_READ,
		  FUZZ_BLOCKS - 1, 2, 1, 0 },
		{ RPMB_READ_DATA, 1, 2, 0, FUZZ_BLOCKS - 1, 2, 0, 0 },
	};
	uint8_t seed[1 + sizeof(life)];
	unsigned int i;

	memcpy(seed + 1, life, sizeof(life));
	for (i = 0; i < 16; i++) {
		seed[0] = i;
		put("engine", i, seed, sizeof(seed));
		put("forward", i, seed, sizeof(seed));
	}
}

struct ring_seed {
	struct fuzz_ring what;
	uint8_t memory[FUZZ_DATA + 4 * FRAME_LEN];
} __attribute__((aligned(8)));

/* Bits of fuzz_ring's features */
#define INDIRECT_AND_INDEX 3
#define PACKED (1 << (VIRTIO_F_RING_PACKED - 28))

/* Descriptor @i of the table; split and packed ones differ in their ends */
static void set_desc(struct ring_seed *seed, unsigned int i, uint64_t addr,
		     uint32_t len, uint16_t flags)
{
	void *where = seed->memory + FUZZ_DESC + i * sizeof(struct vring_desc);
	const struct vring_desc split = { addr, len, flags, i + 1 };
	const struct vring_packed_desc packed = {
		addr, len, i, flags | 1 << VRING_PACKED_DESC_F_AVAIL
	};

	if (seed->what.features & PACKED)
		memcpy(where, &packed, sizeof(packed));
	else
		memcpy(where, &split, sizeof(split));
}

/* A write request with its result read */
static void put_frames(struct ring_seed *seed)
{
	const struct rpmb_fields write = { .type = RPMB_WRITE_DATA, .count = 1 };
	const struct rpmb_fields result = { .type = RPMB_RESULT_READ, .count = 1 };
	uint8_t *frames = seed->memory + FUZZ_DATA;

	rpmb_frames_init(RPMB_FRAME_JEDEC, frames, FRAME_LEN, &write);
	rpmb_frames_hmac(RPMB_FRAME_JEDEC, frames, FRAME_LEN, fuzz_key,
			 rpmb_frames_mac(RPMB_FRAME_JEDEC, frames, FRAME_LEN));
	rpmb_frames_init(RPMB_FRAME_JEDEC, frames + FRAME_LEN, FRAME_LEN,
			 &result);
}

/* Its three buffers, in descriptors from @head on; the response goes to @response */
static void put_chain(struct ring_seed *seed, unsigned int head,
		      uint64_t response)
{
	const uint64_t data = FUZZ_GUEST + FUZZ_DATA;

	set_desc(seed, head, data, FRAME_LEN, VRING_DESC_F_NEXT);
	set_desc(seed, head + 1, data + FRAME_LEN, FRAME_LEN,
		 VRING_DESC_F_NEXT);
	set_desc(seed, head + 2, response, FRAME_LEN, VRING_DESC_F_WRITE);
}

/* The same in a table of its own, from descriptor 16 on, whose counting begins at 0 */
static void put_table(struct ring_seed *seed, uint64_t response)
{
	struct vring_desc *table = (struct vring_desc *)
				   (seed->memory + FUZZ_DESC) + 16;

	put_chain(seed, 16, response);
	if (!(seed->what.features & PACKED)) {
		table[0].next = 1;
		table[1].next = 2;
	}
	set_desc(seed, 0, FUZZ_GUEST + FUZZ_DESC + 16 * sizeof(*table),
		 3 * sizeof(*table), VRING_DESC_F_INDIRECT);
}

/* In a split ring a group has the same buffer twice */
static void put_ring(unsigned int nr, bool indirect, uint64_t response,
		     bool restless, uint8_t features, uint8_t groups)
{
	struct ring_seed seed = {
		.what = {
			.settings = 1,
			.num = 3,
			.features = features,
			.restless = restless,
			.groups = groups,
			.log = nr & 4 ? 0 : 255,
		},
	};

	if (indirect)
		put_table(&seed, response);
	else
		put_chain(&seed, 0, response);
	put_frames(&seed);
	if (!(features & PACKED))
		((struct vring_avail *)(seed.memory + FUZZ_AVAIL))->idx = groups ? 2 : 1;
	put("ring", nr, &seed, sizeof(seed));
}

static void rings(void)
{
	const uint64_t near = FUZZ_GUEST + FUZZ_DATA + 2 * FRAME_LEN;
	unsigned int i;

	_Static_assert(offsetof(struct ring_seed, memory) ==
		       sizeof(struct fuzz_ring), "one follows the other");
	for (i = 0; i < 64; i++)
		put_ring(i, i & 1, i & 2 ? FUZZ_GUEST_2 : near, i & 4,
			 (i & 1 ? INDIRECT_AND_INDEX : 0) |
			 (i & 8 ? PACKED : 0), i >> 4);
}

struct control_seed {
	uint8_t bytes[4096];
	size_t len;
};

static void add(struct control_seed *seed, uint8_t request, uint8_t fds,
		const void *payload, uint8_t size)
{
	const struct fuzz_message what = { request, 0, fds, 0, size };

	memcpy(seed->bytes + seed->len, &what, sizeof(what));
	memcpy(seed->bytes + seed->len + sizeof(what), payload, size);
	seed->len += sizeof(what) + size;
}

static void add_u64(struct control_seed *seed, uint8_t request, uint8_t fds,
		    uint64_t value)
{
	add(seed, request, fds, &value, sizeof(value));
}

static void add_state(struct control_seed *seed, uint8_t request, uint32_t num)
{
	const struct vhost_user_vring_state state = { 0, num };

	add(seed, request, 0, &state, sizeof(state));
}

/* Save or load through a pipe of that kind, and ask what became of it */
static void add_transfer(struct control_seed *seed, uint32_t direction,
			 uint8_t kind)
{
	const struct state_transfer transfer = { direction, 0 };

	add(seed, 42, kind << 4 | 1, &transfer, sizeof(transfer));
	add(seed, 43, 0, "", 0);
}

/* What QEMU sends to bring a device up and to stop it */
static void messages(void)
{
	const struct vhost_vring_addr addr = {
		.desc_user_addr = 0x10000, .avail_user_addr = 0x11000,
		.used_user_addr = 0x12000,
	};
	const uint64_t table[] = { 1, 0x10000, 0x8000, 0x10000, 0 };
	const uint32_t config[] = { 0, 3, 0, 0 };
	const uint64_t log[] = { 0x1000, 0x1000 };
	struct control_seed seed = {};

	add(&seed, 1, 0, "", 0);
	add_u64(&seed, 16, 0, 1 << 1 | 1 << 3 | 1 << 5 | 1 << 9 | 1 << 14 |
			      1 << 19);
	add_u64(&seed, 2, 0, UINT64_C(1) << 32 | 1 << 30 | 3 << 28);
	put("control", 0, seed.bytes, seed.len);
	add(&seed, 24, 0, config, 15);
	add(&seed, 5, 0x01, table, sizeof(table));
	add(&seed, 21, 0x31, "", 0);
	add_state(&seed, 8, 256);
	add_state(&seed, 10, 0);
	add(&seed, 9, 0, &addr, sizeof(addr));
	add_u64(&seed, 13, 0x11, 0);
	add_u64(&seed, 14, 0x11, 0);
	add_u64(&seed, 12, 0x11, 0);
	add_state(&seed, 18, 1);
	put("control", 1, seed.bytes, seed.len);
	add_state(&seed, 35, 0);
	add_state(&seed, 11, 0);
	add(&seed, 4, 0, "", 0);
	put("control", 2, seed.bytes, seed.len);
	add(&seed, 6, 0x01, log, sizeof(log));
	add(&seed, 7, 0x11, "", 0);
	add_u64(&seed, 2, 0, UINT64_C(1) << 32 | 1 << 30 | 3 << 28 | 1 << 26);
	add_state(&seed, 18, 1);
	add_state(&seed, 35, 0);
	put("control", 3, seed.bytes, seed.len);
	add_state(&seed, 11, 0);
	add_transfer(&seed, 0, 6);
	add_transfer(&seed, 0, 13);
	add_transfer(&seed, 1, 5);
	add_transfer(&seed, 1, 4);
	put("control", 4, seed.bytes, seed.len);
}

/* Steps, right ones and wrong ones, and what an administrator says */
static void anchors(void)
{
	static const char *const commands[] = {
		"{\"command\":\"list\"}",
		"{\"command\":\"log\"}",
		"{\"command\":\"forecast\"}",
		"{\"command\":\"add\",\"title\":\"x\",\"share\":9,\"per_day\":1}",
		"{\"command\":\"set\",\"anchor\":\"fuzzed\",\"share\":9}",
		"{\"command\":\"accept\",\"anchor\":\"fuzzed\"}",
		"{\"command\":\"remove\",\"anchor\":\"fuzzed\"}",
		"{\"command\":\"remove\",\"anchor\":\"device\"}",
		"{\"command\":\"add\",\"title\":\"y\",\"capacity\":2}",
	};
	const uint8_t steps[] = {
		2, 0, 0, 1, 2, 0, 0, 2, 2, 9, 1, 3, 0, 2, 40, 4, 5, 2, 0, 0, 6,
	};
	/* key, write, read, write, all but the last as they are to be */
	const uint8_t requests[] = {
		7, 1, 0, 0, 0, 0, 7, 2, 1, 3, 0, 0, 7, 3, 0, 8, 0, 0,
		7, 2, 9, 2, 8, 1, 5, 7, 2, 255, 2, 0, 0, 6, 3, 1, 2, 3,
	};
	uint8_t seed[512];
	unsigned int i, len;

	put("anchor", 0, steps, sizeof(steps));
	put("anchor", 99, requests, sizeof(requests));
	for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		len = strlen(commands[i]);
		memcpy(seed, steps, sizeof(steps));
		seed[sizeof(steps)] = 4;
		seed[sizeof(steps) + 1] = len;
		memcpy(seed + sizeof(steps) + 2, commands[i], len);
		memcpy(seed + sizeof(steps) + 2 + len, steps, sizeof(steps));
		put("anchor", i + 1, seed, 2 * sizeof(steps) + 2 + len);
	}
}

int main(int argc, char **argv)
{
	if (argc != 2)
		errx(1, "usage: make-seeds DIRECTORY");
	directory = argv[1];
	mkdir(directory, 0777);
	requests();
	rings();
	messages();
	anchors();
	return 0;
}
