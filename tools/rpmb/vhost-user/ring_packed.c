// SPDX-License-Identifier: GPL-2.0-only
/*
 * Packed virtqueues: one ring of descriptors, which the driver makes available and the
 * device used. Which of both a descriptor is depends on the lap: each side has a wrap
 * counter of one bit.
 *
 * Section numbers are those of the Virtual I/O Device specification, version 1.2
 */
#include <stdatomic.h>

#include "ring_layout.h"

#define AVAIL (1U << VRING_PACKED_DESC_F_AVAIL)
#define USED (1U << VRING_PACKED_DESC_F_USED)
#define WRAP (1U << VRING_PACKED_EVENT_F_WRAP_CTR)

/* A place is an index and the wrap counter of its lap */
static uint32_t index_of(uint16_t place)
{
	return place & ~WRAP;
}

static uint16_t advance(const struct ring *ring, uint16_t place,
			uint32_t slots)
{
	uint32_t index = index_of(place) + slots;
	uint16_t wrap = place & WRAP;

	if (index < ring->num)
		return index | wrap;
	return (index - ring->num) | (wrap ^ WRAP);
}

/* 2.8; the front-end may have set up any place */
static bool map(struct ring *ring)
{
	const size_t event_len = sizeof(*ring->packed.driver);

	ring->packed.desc = ring_part(ring, ring->desc_addr,
				      ring->num * sizeof(*ring->packed.desc),
				      VRING_DESC_ALIGN_SIZE);
	ring->packed.driver = ring_part(ring, ring->avail_addr, event_len,
					event_len);
	ring->packed.device = ring_part(ring, ring->used_addr, event_len,
					event_len);
	return ring->packed.desc && ring->packed.driver &&
	       ring->packed.device && index_of(ring->next_avail) < ring->num &&
	       index_of(ring->next_used) < ring->num;
}

/* 2.8.1: its bit is the wrap counter, and the device's is not */
static bool is_available(const struct ring *ring)
{
	uint32_t i = index_of(ring->next_avail);
	uint16_t flags = load16(&ring->packed.desc[i].flags);
	bool wrap = ring->next_avail & WRAP;

	return !!(flags & AVAIL) == wrap && !!(flags & USED) != wrap;
}

/* 2.8.10: the place is written before the flag that makes it count */
static void ask_for_kick(struct ring *ring)
{
	struct vring_packed_desc_event *event = ring->packed.device;
	uint16_t flags = VRING_PACKED_EVENT_FLAG_ENABLE;

	if (ring_has_feature(ring, VIRTIO_RING_F_EVENT_IDX)) {
		store16(&event->off_wrap, ring->next_avail);
		flags = VRING_PACKED_EVENT_FLAG_DESC;
	}
	store16(&event->flags, flags);
	ring_wrote_used(ring, 0, sizeof(*event));
	/* Before looking for the last time */
	atomic_thread_fence(memory_order_seq_cst);
}

static bool has_buffer(struct ring *ring)
{
	if (is_available(ring))
		return true;
	ask_for_kick(ring);
	return is_available(ring);
}

static struct ring_piece piece_of(const struct vring_packed_desc *desc)
{
	return (struct ring_piece) { le64toh(desc->addr), le32toh(desc->len) };
}

/*
 * 2.8.7: what an indirect descriptor refers to, one after the other. Of their flags only
 * one means anything.
 */
static bool add_table(struct ring *ring, struct chain *chain,
		      const struct vring_packed_desc *indirect)
{
	struct ring_piece table = piece_of(indirect);
	uint32_t nr = ring_table_size(ring, table, le16toh(indirect->flags));
	struct vring_packed_desc desc;
	uint32_t i;

	for (i = 0; i < nr; i++) {
		if (!ring_read_table(ring, table, i, &desc))
			return false;
		if (!ring_add_piece(ring, chain, piece_of(&desc),
				    le16toh(desc.flags)))
			return false;
	}
	return nr;
}

/* 2.8.6: the last descriptor of a chain has its id */
static bool get_chain(struct ring *ring, struct chain *chain)
{
	struct vring_packed_desc desc;
	uint16_t flags, place;
	bool ok;

	do {
		place = advance(ring, ring->next_avail, chain->slots++);
		copy_once(&desc, &ring->packed.desc[index_of(place)],
			  sizeof(desc));
		flags = le16toh(desc.flags);
		ok = flags & VRING_DESC_F_INDIRECT ?
		     add_table(ring, chain, &desc) :
		     ring_add_piece(ring, chain, piece_of(&desc), flags);
	} while (ok && flags & VRING_DESC_F_NEXT);
	chain->id = le16toh(desc.id);
	return ok;
}

static void take(struct ring *ring, const struct chain *chain)
{
	ring->next_avail = advance(ring, ring->next_avail, chain->slots);
}

/* 2.8.10: the place that the driver waits for may be one of the lap before */
static bool is_passed(const struct ring *ring, uint16_t wanted, uint16_t slots)
{
	uint16_t now = index_of(ring->next_used);
	uint16_t event = index_of(wanted);

	if ((wanted ^ ring->next_used) & WRAP)
		event -= ring->num;
	return vring_need_event(event, now, now - slots);
}

/* Does the driver want to know of the buffer before this place? */
static bool wants_interrupt(const struct ring *ring, uint16_t slots)
{
	const uint32_t *driver = (const uint32_t *)ring->packed.driver;
	uint32_t event;

	/* The descriptor must be visible before the driver's wish is read */
	atomic_thread_fence(memory_order_seq_cst);
	event = le32toh(__atomic_load_n(driver, __ATOMIC_ACQUIRE));
	switch (event >> 16 & 3) {
	case VRING_PACKED_EVENT_FLAG_DISABLE:
		return false;
	case VRING_PACKED_EVENT_FLAG_DESC:
		return !ring_has_feature(ring, VIRTIO_RING_F_EVENT_IDX) ||
		       is_passed(ring, event, slots);
	default:
		return true;
	}
}

/* 2.8.1: the flags make it used, so they come last */
static bool give_back(struct ring *ring, const struct chain *chain,
		      uint32_t len)
{
	uint32_t slot = index_of(ring->next_used);
	struct vring_packed_desc *desc = &ring->packed.desc[slot];
	uint16_t flags = len ? VRING_DESC_F_WRITE : 0;

	if (ring->next_used & WRAP)
		flags |= AVAIL | USED;
	desc->id = htole16(chain->id);
	desc->len = htole32(len);
	store16(&desc->flags, flags);
	ring_wrote_desc(ring, slot * sizeof(*desc), sizeof(*desc));
	ring->next_used = advance(ring, ring->next_used, chain->slots);
	return wants_interrupt(ring, chain->slots);
}

static uint32_t base(const struct ring *ring)
{
	return ring->next_avail | (uint32_t)ring->next_used << 16;
}

const struct ring_layout ring_packed = {
	.map = map,
	.has_buffer = has_buffer,
	.get_chain = get_chain,
	.take = take,
	.give_back = give_back,
	.base = base,
};
