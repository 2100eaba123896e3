// SPDX-License-Identifier: GPL-2.0-only
/*
 * The walk through the queue: all of the guest's memory is the input. Around it
 * there is nothing, so a step outside ends the program. If the input wants it,
 * another thread keeps rewriting the memory.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "fuzz.h"
#include "ring.h"

/* No ring is longer than that, and there is no buffer twice unless it is rewritten */
#define MAX_SERVED 65536

#define FEATURE_PACKED (UINT64_C(1) << VIRTIO_F_RING_PACKED)

static uint8_t *regions[2], *log_region;
static atomic_bool restless;

/* Rewrites addresses, lengths, flags and frames with what was there before */
static void *rewrite(void *arg)
{
	volatile uint64_t *words = (uint64_t *)regions[0];
	uint64_t seed = 1, word;

	(void)arg;
	for (;;) {
		while (!atomic_load(&restless))
			sched_yield();
		seed = seed * 6364136223846793005 + 1442695040888963407;
		word = words[(seed >> 33) % (FUZZ_REGION / 8)];
		words[(seed >> 48) % (FUZZ_REGION / 8)] = word ^ (seed & 0xff);
	}
	return NULL;
}

static uint8_t *make_region(void)
{
	const size_t guard = 1 << 20;
	uint8_t *area = mmap(NULL, FUZZ_REGION + 2 * guard, PROT_NONE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	must(area != MAP_FAILED);
	must(!mprotect(area + guard, FUZZ_REGION, PROT_READ | PROT_WRITE));
	return area + guard;
}

static void set_up(void)
{
	pthread_t thread;

	if (regions[0])
		return;
	regions[0] = make_region();
	regions[1] = make_region();
	log_region = make_region();
	must(!pthread_create(&thread, NULL, rewrite, NULL));
}

static struct memory_mapping mapping(uint8_t *host, uint64_t guest)
{
	return (struct memory_mapping) {
		.region = {
			.guest_addr = guest,
			.user_addr = guest,
			.size = FUZZ_REGION,
		},
		.shared.host = host,
	};
}

/* Behind its last byte there is nothing, either */
static struct dirty make_log(const struct fuzz_ring *what)
{
	const size_t len = what->log / FUZZ_LOG_LEN;

	return (struct dirty) {
		.log.host = log_region + FUZZ_REGION - len,
		.pages = 8 * len,
		.all = what->log & FUZZ_LOG_ALL,
		.event = -1,
	};
}

static struct device *device;
static bool in_group, undone;

static void begin(struct ring *ring)
{
	(void)ring;
	must(!in_group);
	in_group = true;
}

static bool commit(struct ring *ring)
{
	(void)ring;
	must(in_group);
	in_group = false;
	return !undone;
}

static size_t request(struct ring *ring, void *out, size_t out_len, void *in,
		      size_t in_len)
{
	(void)ring;
	return device_request(device, out, out_len, in, in_len);
}

static const struct backend_ops ops = {
	.begin = begin,
	.commit = commit,
	.request = request,
};

static void make_backend(struct backend *backend, struct ring *ring,
			 const struct fuzz_ring *what)
{
	device = fuzz_device(what->settings);
	undone = what->groups & FUZZ_UNDONE;
	*backend = (struct backend) {
		.ops = &ops,
		.max_len = DEVICE_MAX_LEN,
		.grouped = what->groups & FUZZ_GROUPED,
		.rings = ring,
		.nr_rings = 1,
		.memory = {
			.nr = 2,
			.mappings = {
				mapping(regions[0], FUZZ_GUEST),
				mapping(regions[1], FUZZ_GUEST_2),
			},
			.dirty = make_log(what),
		},
		.features = (uint64_t)what->features << 28,
		.request_fd = -1,
	};
}

static void make_ring(struct ring *ring, struct backend *backend,
		      const struct fuzz_ring *what)
{
	*ring = (struct ring) {
		.backend = backend,
		.num = 1U << what->num % 6,
		.desc_addr = FUZZ_GUEST + FUZZ_DESC,
		.avail_addr = FUZZ_GUEST + FUZZ_AVAIL,
		.used_addr = FUZZ_GUEST + FUZZ_USED,
		.logged = what->log & FUZZ_LOG_RING,
		.log_addr = (uint64_t)what->log << 12,
		.enabled = true,
		.call = { .fd = -1 },
		.err = { .fd = -1 },
		.started = true,
		.kicked = true,
	};
	if (backend->features & FEATURE_PACKED)
		ring_set_base(ring, 0x80008000);
}

/* How many buffers came back is how many were taken, not more than @calls could */
static void check_split(const struct ring *ring, uint16_t avail, uint16_t used,
			unsigned int calls)
{
	if (ring->backend->grouped)
		calls *= ring->num;
	must((uint16_t)(ring->next_avail - avail) <= calls);
	must((uint16_t)(ring->next_used - used) ==
	     (uint16_t)(ring->next_avail - avail));
}

/* A packed ring is in one place for both sides, and never behind its end */
static void check_packed(const struct ring *ring)
{
	must(ring->next_avail == ring->next_used);
	must((ring->next_used & 0x7fff) < ring->num);
}

/* Every buffer comes back, or the queue has stopped, or waits for a log */
static void serve_all(struct ring *ring)
{
	const struct vring_used *used = (const struct vring_used *)
					(regions[0] + FUZZ_USED);
	uint16_t avail = ring->next_avail, before = used->idx;
	bool packed = ring->backend->features & FEATURE_PACKED;
	unsigned int calls = 0;

	while (ring_serve(ring))
		must(++calls <= MAX_SERVED);
	must(ring->broken || !ring->kicked || ring->wait_logged);
	if (ring->mapped && packed)
		check_packed(ring);
	else if (ring->mapped && !atomic_load(&restless))
		check_split(ring, avail, before, calls);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, size };
	struct backend backend;
	struct fuzz_ring what;
	struct ring ring;

	set_up();
	input_take(&input, &what, sizeof(what));
	memset(regions[1], 0, FUZZ_REGION);
	input_take(&input, regions[0], FUZZ_REGION);
	make_backend(&backend, &ring, &what);
	make_ring(&ring, &backend, &what);
	atomic_store(&restless, what.restless & 1);
	serve_all(&ring);
	atomic_store(&restless, false);
	free(ring.pieces);
	return 0;
}
