// SPDX-License-Identifier: GPL-2.0-only
/*
 * The guest's half of the virtqueue
 */
#include <endian.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "frontend.h"
#include "guest.h"
#include "tap.h"

void fe_write_chain(struct frontend *fe, uint16_t head,
		    const struct chunk *chunks, unsigned int nr)
{
	check(head + nr <= fe->num, "%u descriptors from %u", nr, head);
	for (unsigned int i = 0; i < nr; i++) {
		struct vring_desc *desc = &fe->desc[head + i];
		uint16_t flags = chunks[i].in ? VRING_DESC_F_WRITE : 0;

		if (i < nr - 1)
			flags |= VRING_DESC_F_NEXT;
		desc->addr = htole64(chunks[i].addr);
		desc->len = htole32(chunks[i].len);
		desc->flags = htole16(flags);
		desc->next = htole16(head + i + 1);
	}
}

bool has_event_index(const struct frontend *fe)
{
	return fe->features & BIT(VIRTIO_RING_F_EVENT_IDX);
}

static void split_want_call(struct frontend *fe)
{
	if (has_event_index(fe))
		__atomic_store_n(&fe->avail->ring[fe->num],
				 htole16(fe->next_used), __ATOMIC_RELAXED);
}

/* Ask for a notification of the next chain that comes back */
static void want_call(struct frontend *fe)
{
	if (fe_is_packed(fe))
		packed_want_call(fe);
	else
		split_want_call(fe);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

static void split_offer(struct frontend *fe, uint16_t head)
{
	fe->avail->ring[fe->next_avail++ % fe->num] = htole16(head);
	__atomic_store_n(&fe->avail->idx, htole16(fe->next_avail),
			 __ATOMIC_RELEASE);
}

void fe_offer(struct frontend *fe, uint16_t head)
{
	want_call(fe);
	if (fe_is_packed(fe))
		packed_offer(fe, head);
	else
		split_offer(fe, head);
}

static void kick_in_band(struct frontend *fe)
{
	union vu_payload payload = { .state = { fe->queue, 0 } };

	check(!fe_tell(fe, VU_VRING_KICK, &payload, sizeof(payload.state),
		       NULL, 0), "");
}

static bool split_wants_kick(const struct frontend *fe)
{
	const uint16_t *event = (const uint16_t *)&fe->used->ring[fe->num];
	uint16_t last = fe->next_avail - 1;

	if (has_event_index(fe))
		return le16toh(__atomic_load_n(event, __ATOMIC_RELAXED)) ==
		       last;
	return !(le16toh(fe->used->flags) & VRING_USED_F_NO_NOTIFY);
}

void fe_kick_if_wanted(struct frontend *fe)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	/* Does the device want to be told of the last chain that was offered? */
	if (fe_is_packed(fe) ? packed_wants_kick(fe) : split_wants_kick(fe))
		fe_kick(fe);
}

void fe_kick(struct frontend *fe)
{
	uint64_t one = 1;

	if (fe->back >= 0)
		kick_in_band(fe);
	else
		check(write(fe->kick, &one, sizeof(one)) == sizeof(one), "%s",
		      strerror(errno));
}

static bool split_used(const struct frontend *fe)
{
	uint16_t idx = __atomic_load_n(&fe->used->idx, __ATOMIC_ACQUIRE);

	return le16toh(idx) != fe->next_used;
}

bool fe_used(const struct frontend *fe)
{
	return fe_is_packed(fe) ? packed_used(fe) : split_used(fe);
}

static uint32_t split_take_used(struct frontend *fe, uint16_t *head)
{
	const struct vring_used_elem *elem =
		&fe->used->ring[fe->next_used++ % fe->num];

	*head = le32toh(elem->id);
	return le32toh(elem->len);
}

uint32_t fe_take_used(struct frontend *fe, uint16_t *head)
{
	return fe_is_packed(fe) ? packed_take_used(fe, head) :
				  split_take_used(fe, head);
}

/* It may be for another queue, which sees for itself what has come back */
static void take_in_band_call(struct frontend *fe)
{
	union vu_payload payload;
	struct vu_header hdr;

	check(vu_recv(fe->back, &hdr, &payload), "closed");
	check_eq(hdr.request, VU_BACKEND_VRING_CALL);
	check_eq(hdr.size, sizeof(payload.state));
	check(payload.state.index < fe->nr_queues, "%u", payload.state.index);
	if (!(hdr.flags & VU_NEED_REPLY))
		return;
	payload.u64 = 0;
	vu_send(fe->back, hdr.request, VU_REPLY, &payload, sizeof(payload.u64),
		NULL, 0);
}

static void take_call(struct frontend *fe)
{
	uint64_t count;

	if (fe->back >= 0)
		take_in_band_call(fe);
	else
		check(read(fe->call, &count, sizeof(count)) == sizeof(count),
		      "%s", strerror(errno));
}

/* Until the guest is notified; a closed connection or silence fails */
static void wait_call(struct frontend *fe)
{
	struct pollfd pfds[] = {
		{ .fd = fe->back >= 0 ? fe->back : fe->call, .events = POLLIN },
		{ .fd = fe->sock, .events = POLLIN },
	};

	check(poll(pfds, 2, WAIT_MS) > 0, "the request does not come back");
	check(pfds[0].revents, "the connection ended");
	take_call(fe);
}

uint32_t fe_wait_used(struct frontend *fe, uint16_t *head)
{
	uint16_t ignored;

	want_call(fe);
	while (!fe_used(fe))
		wait_call(fe);
	return fe_take_used(fe, head ?: &ignored);
}

uint32_t fe_submit(struct frontend *fe, const struct chunk *chunks,
		   unsigned int nr)
{
	uint16_t head = 0, back;
	uint32_t len;

	fe_write_chain(fe, head, chunks, nr);
	fe_offer(fe, head);
	fe_kick(fe);
	len = fe_wait_used(fe, &back);
	check_eq(back, head);
	return len;
}
