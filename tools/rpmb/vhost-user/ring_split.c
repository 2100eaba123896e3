// SPDX-License-Identifier: GPL-2.0-only
/*
 * Split virtqueues: a table of descriptors, a ring of those that are available, and
 * one of those that have been used
 *
 * Section numbers are those of the Virtual I/O Device specification, version 1.2
 */
#include <stdatomic.h>

#include "ring_layout.h"

/* 2.7; the event fields at the ends are there in any case */
static bool map(struct ring *ring)
{
	size_t num = ring->num;

	ring->split.desc = ring_part(ring, ring->desc_addr,
				     num * sizeof(*ring->split.desc),
				     VRING_DESC_ALIGN_SIZE);
	ring->split.avail = ring_part(ring, ring->avail_addr,
				      sizeof(*ring->split.avail) + (num + 1) * 2,
				      VRING_AVAIL_ALIGN_SIZE);
	ring->split.used = ring_part(ring, ring->used_addr,
				     sizeof(*ring->split.used) + 2 +
				     num * sizeof(ring->split.used->ring[0]),
				     VRING_USED_ALIGN_SIZE);
	if (!ring->split.desc || !ring->split.avail || !ring->split.used)
		return false;
	ring->next_used = load16(&ring->split.used->idx);
	return true;
}

static uint16_t available(const struct ring *ring)
{
	return load16(&ring->split.avail->idx) - ring->next_avail;
}

static bool has_buffer(struct ring *ring)
{
	uint16_t nr = available(ring);

	if (!nr && ring_has_feature(ring, VIRTIO_RING_F_EVENT_IDX)) {
		__le16 *avail_event =
			(__le16 *)&ring->split.used->ring[ring->num];

		/* 2.7.10.1: ask for the kick before looking for the last time */
		store16(avail_event, ring->next_avail);
		ring_wrote_used(ring, offsetof(struct vring_used,
					       ring[ring->num]),
				sizeof(*avail_event));
		atomic_thread_fence(memory_order_seq_cst);
		nr = available(ring);
	}
	if (nr > ring->num)
		return ring_break(ring, "available index out of range");
	return nr;
}

static struct ring_piece piece_of(const struct vring_desc *desc)
{
	return (struct ring_piece) { le64toh(desc->addr), le32toh(desc->len) };
}

/* 2.7.5.3: what an indirect descriptor refers to */
static bool add_table(struct ring *ring, struct chain *chain,
		      const struct vring_desc *indirect)
{
	struct ring_piece table = piece_of(indirect);
	uint32_t nr = ring_table_size(ring, table, le16toh(indirect->flags));
	struct vring_desc desc;
	uint16_t i = 0;

	if (!nr)
		return false;
	do {
		if (i >= nr)
			return ring_break(ring, "bad indirect table");
		if (!ring_read_table(ring, table, i, &desc))
			return false;
		if (le16toh(desc.flags) & VRING_DESC_F_INDIRECT)
			return ring_break(ring, "indirect table in another");
		if (!ring_add_piece(ring, chain, piece_of(&desc),
				    le16toh(desc.flags)))
			return false;
		i = le16toh(desc.next);
	} while (le16toh(desc.flags) & VRING_DESC_F_NEXT);
	return true;
}

static bool get_chain(struct ring *ring, struct chain *chain)
{
	uint16_t slot = ring->next_avail & (ring->num - 1);
	uint16_t i = load16(&ring->split.avail->ring[slot]);
	struct vring_desc desc;

	chain->id = i;
	do {
		if (i >= ring->num)
			return ring_break(ring, "descriptor outside the table");
		copy_once(&desc, &ring->split.desc[i], sizeof(desc));
		if (le16toh(desc.flags) & VRING_DESC_F_INDIRECT)
			return add_table(ring, chain, &desc);
		if (!ring_add_piece(ring, chain, piece_of(&desc),
				    le16toh(desc.flags)))
			return false;
		i = le16toh(desc.next);
	} while (le16toh(desc.flags) & VRING_DESC_F_NEXT);
	return true;
}

static void take(struct ring *ring, const struct chain *chain)
{
	(void)chain;
	ring->next_avail++;
}

/* 2.7.7.2, 2.7.10: does the driver want to know of the entry before this one? */
static bool wants_interrupt(const struct ring *ring)
{
	/* The index must be visible before the driver's wish is read */
	atomic_thread_fence(memory_order_seq_cst);
	if (!ring_has_feature(ring, VIRTIO_RING_F_EVENT_IDX))
		return !(load16(&ring->split.avail->flags) &
			 VRING_AVAIL_F_NO_INTERRUPT);
	return vring_need_event(load16(&ring->split.avail->ring[ring->num]),
				ring->next_used, ring->next_used - 1);
}

/* 2.7.8.2: the element first, then the index */
static bool give_back(struct ring *ring, const struct chain *chain,
		      uint32_t len)
{
	uint16_t slot = ring->next_used & (ring->num - 1);
	struct vring_used_elem *elem = &ring->split.used->ring[slot];

	elem->id = htole32(chain->id);
	elem->len = htole32(len);
	ring_wrote_used(ring, offsetof(struct vring_used, ring[slot]),
			sizeof(*elem));
	store16(&ring->split.used->idx, ++ring->next_used);
	ring_wrote_used(ring, offsetof(struct vring_used, idx),
			sizeof(ring->split.used->idx));
	return wants_interrupt(ring);
}

static uint32_t base(const struct ring *ring)
{
	return ring->next_avail;
}

const struct ring_layout ring_split = {
	.map = map,
	.has_buffer = has_buffer,
	.get_chain = get_chain,
	.take = take,
	.give_back = give_back,
	.base = base,
};
