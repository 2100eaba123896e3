// SPDX-License-Identifier: GPL-2.0-only
/*
 * The guest's half of a packed virtqueue
 *
 * Tests make chains of split descriptors, right or wrong. They are written into the ring
 * as they are, one after the other, when they are offered.
 */
#include <endian.h>
#include <stddef.h>

#include "guest.h"
#include "tap.h"

#define AVAIL (1 << VRING_PACKED_DESC_F_AVAIL)
#define USED (1 << VRING_PACKED_DESC_F_USED)
#define WRAP (1 << VRING_PACKED_EVENT_F_WRAP_CTR)

static uint16_t index_of(uint16_t place)
{
	return place & ~WRAP;
}

static uint16_t advance(const struct frontend *fe, uint16_t place,
			uint16_t slots)
{
	for (; slots; slots--) {
		place++;
		if (index_of(place) == fe->num)
			place = (place & WRAP) ^ WRAP;
	}
	return place;
}

static void put16(__le16 *p, uint16_t value)
{
	__atomic_store_n((uint16_t *)p, htole16(value), __ATOMIC_RELEASE);
}

static uint16_t get16(const __le16 *p)
{
	return le16toh(__atomic_load_n((const uint16_t *)p, __ATOMIC_ACQUIRE));
}

void packed_want_call(struct frontend *fe)
{
	uint16_t flags = VRING_PACKED_EVENT_FLAG_ENABLE;

	if (has_event_index(fe)) {
		put16(&fe->driver_event->off_wrap, fe->next_used);
		flags = VRING_PACKED_EVENT_FLAG_DESC;
	}
	put16(&fe->driver_event->flags, flags);
}

/* The table in guest memory, as far as it is there */
static void pack_table(struct frontend *fe, const struct vring_desc *indirect)
{
	uint64_t off = le64toh(indirect->addr) - GUEST_0;
	uint32_t nr = le32toh(indirect->len) / sizeof(*indirect);

	for (uint32_t i = 0; i < nr && i < QUEUE_SIZE; i++) {
		uint64_t at = off + i * sizeof(*indirect);
		struct vring_desc *desc = (void *)(fe->mem + at);
		struct vring_packed_desc *packed = (void *)desc;
		uint16_t flags;

		if (at > REGION_SIZE - sizeof(*desc))
			return;
		flags = le16toh(desc->flags) & ~VRING_DESC_F_NEXT;
		packed->id = 0;
		packed->flags = htole16(flags);
	}
}

/* All but the flags, which it returns */
static uint16_t put_desc(struct frontend *fe, uint16_t place, uint16_t id,
			 const struct vring_desc *desc)
{
	struct vring_packed_desc *slot = &fe->packed[index_of(place)];
	uint16_t flags = le16toh(desc->flags) & ~(AVAIL | USED);

	if (flags & VRING_DESC_F_INDIRECT)
		pack_table(fe, desc);
	slot->addr = desc->addr;
	slot->len = desc->len;
	slot->id = htole16(id);
	return flags | (place & WRAP ? AVAIL : USED);
}

/* The flags of the first one make all of them available, so they come last */
void packed_offer(struct frontend *fe, uint16_t head)
{
	const struct vring_desc none = {
		.flags = htole16(VRING_DESC_F_INDIRECT) };
	const struct vring_desc *desc = head < QUEUE_SIZE ? &fe->desc[head] :
							    &none;
	uint16_t first = fe->next_avail, place = first, nr = 1;
	uint16_t first_flags = put_desc(fe, first, head, desc);

	while (le16toh(desc->flags) & VRING_DESC_F_NEXT && nr < fe->num &&
	       le16toh(desc->next) < QUEUE_SIZE) {
		desc = &fe->desc[le16toh(desc->next)];
		place = advance(fe, first, nr++);
		put16(&fe->packed[index_of(place)].flags,
		      put_desc(fe, place, head, desc));
	}
	fe->slots[head % QUEUE_SIZE] = nr;
	put16(&fe->packed[index_of(first)].flags, first_flags);
	fe->next_avail = advance(fe, first, nr);
}

bool packed_wants_kick(const struct frontend *fe)
{
	uint16_t flags = get16(&fe->device_event->flags);
	uint16_t wanted = get16(&fe->device_event->off_wrap);
	uint16_t event = index_of(wanted), now = index_of(fe->next_avail);

	if (flags != VRING_PACKED_EVENT_FLAG_DESC)
		return flags == VRING_PACKED_EVENT_FLAG_ENABLE;
	check(has_event_index(fe), "an index that was not negotiated");
	if ((wanted ^ fe->next_avail) & WRAP)
		event -= fe->num;
	/* Chains of two are all that is offered if wanted */
	return vring_need_event(event, now, now - 2);
}

bool packed_used(const struct frontend *fe)
{
	uint16_t flags = get16(&fe->packed[index_of(fe->next_used)].flags);
	bool wrap = fe->next_used & WRAP;

	return !!(flags & AVAIL) == wrap && !!(flags & USED) == wrap;
}

uint32_t packed_take_used(struct frontend *fe, uint16_t *head)
{
	const struct vring_packed_desc *desc =
		&fe->packed[index_of(fe->next_used)];

	*head = le16toh(desc->id);
	check(*head < QUEUE_SIZE, "%u", *head);
	fe->next_used = advance(fe, fe->next_used, fe->slots[*head]);
	return le32toh(desc->len);
}
