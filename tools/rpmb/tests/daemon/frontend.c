// SPDX-License-Identifier: GPL-2.0-only
/*
 * A vhost-user frontend: control messages and bringing a device up
 */
#include <endian.h>
#include <errno.h>
#include <linux/virtio_config.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "frontend.h"
#include "tap.h"

/* More than the protocol allows, so that a test can overdo it */
#define MAX_FDS 32

uint64_t guest_addr(size_t off)
{
	return off < REGION_SIZE ? GUEST_0 + off :
				   GUEST_1 + off - REGION_SIZE;
}

uint64_t user_addr(size_t off)
{
	return off < REGION_SIZE ? USER_0 + off : USER_1 + off - REGION_SIZE;
}

static void attach_fds(struct msghdr *msg, void *control, const int *fds,
		       unsigned int nfds)
{
	struct cmsghdr *cmsg;

	if (!nfds)
		return;
	check(nfds <= MAX_FDS, "%u", nfds);
	msg->msg_control = control;
	msg->msg_controllen = CMSG_SPACE(nfds * sizeof(int));
	cmsg = CMSG_FIRSTHDR(msg);
	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(nfds * sizeof(int));
	memcpy(CMSG_DATA(cmsg), fds, nfds * sizeof(int));
}

void vu_send(int sock, uint32_t request, uint32_t flags, const void *payload,
	     uint32_t size, const int *fds, unsigned int nfds)
{
	struct vu_header hdr = { request, flags | VU_VERSION, size };
	char control[CMSG_SPACE(MAX_FDS * sizeof(int))] = { 0 };
	struct iovec iov[] = {
		{ &hdr, sizeof(hdr) },
		{ (void *)payload, payload ? size : 0 },
	};
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = 2 };
	ssize_t n;

	attach_fds(&msg, control, fds, nfds);
	n = sendmsg(sock, &msg, MSG_NOSIGNAL);
	check(n == (ssize_t)(sizeof(hdr) + iov[1].iov_len),
	      "request %u: %s", request, strerror(errno));
}

static void wait_readable(int fd, const char *what)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };

	check(poll(&pfd, 1, WAIT_MS) == 1, "no %s", what);
}

/* All @len bytes, or false at the end of the connection */
static bool recv_all(int sock, void *buf, size_t len)
{
	uint8_t *p = buf;

	while (len) {
		ssize_t n;

		wait_readable(sock, "message");
		n = recv(sock, p, len, 0);
		if (n == 0 || (n < 0 && errno == ECONNRESET))
			return false;
		check(n > 0, "%s", strerror(errno));
		p += n;
		len -= n;
	}
	return true;
}

bool vu_recv(int sock, struct vu_header *hdr, union vu_payload *payload)
{
	if (!recv_all(sock, hdr, sizeof(*hdr)))
		return false;
	check(hdr->size <= sizeof(*payload), "%u", hdr->size);
	return recv_all(sock, payload, hdr->size);
}

void vu_expect_closed(int sock)
{
	char rest[256];
	ssize_t n;

	do {
		wait_readable(sock, "end of the connection");
		n = recv(sock, rest, sizeof(rest), 0);
	} while (n > 0);
	check(n == 0 || errno == ECONNRESET, "%s", strerror(errno));
}

int vu_connect(const char *path)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	check(sock >= 0, "%s", strerror(errno));
	snprintf(sun.sun_path, sizeof(sun.sun_path), "%s", path);
	if (!connect(sock, (struct sockaddr *)&sun, sizeof(sun)))
		return sock;
	close(sock);
	return -1;
}

void fe_ask(struct frontend *fe, uint32_t request, union vu_payload *payload,
	    uint32_t size)
{
	struct vu_header hdr;

	vu_send(fe->sock, request, 0, payload, size, NULL, 0);
	check(vu_recv(fe->sock, &hdr, payload), "request %u: closed", request);
	check_eq(hdr.request, request);
	check_eq(hdr.flags, VU_VERSION | VU_REPLY);
}

uint64_t fe_tell(struct frontend *fe, uint32_t request, const void *payload,
		 uint32_t size, const int *fds, unsigned int nfds)
{
	union vu_payload reply;
	struct vu_header hdr;

	if (!(fe->protocol & BIT(VU_PROTOCOL_F_REPLY_ACK))) {
		vu_send(fe->sock, request, 0, payload, size, fds, nfds);
		return 0;
	}
	vu_send(fe->sock, request, VU_NEED_REPLY, payload, size, fds, nfds);
	check(vu_recv(fe->sock, &hdr, &reply), "request %u: closed", request);
	check_eq(hdr.request, request);
	check_eq(hdr.flags, VU_VERSION | VU_REPLY);
	check_eq(hdr.size, sizeof(reply.u64));
	return reply.u64;
}

static void tell(struct frontend *fe, uint32_t request, const void *payload,
		 uint32_t size, const int *fds, unsigned int nfds)
{
	uint64_t ack = fe_tell(fe, request, payload, size, fds, nfds);

	check(!ack, "request %u: %#llx", request, (unsigned long long)ack);
}

static uint64_t ask_u64(struct frontend *fe, uint32_t request)
{
	union vu_payload payload;

	fe_ask(fe, request, &payload, 0);
	return payload.u64;
}

static void tell_u64(struct frontend *fe, uint32_t request, uint64_t value)
{
	tell(fe, request, &value, sizeof(value), NULL, 0);
}

/*
 * A daemon that has just been started has no socket yet, and nothing tells when
 * it has, so this tries until it works or the daemon ends.
 */
void fe_connect(struct frontend *fe, struct daemon *d)
{
	fe_connect_at(fe, d, SOCKET);
}

void fe_connect_at(struct frontend *fe, struct daemon *d, const char *path)
{
	struct pollfd pfd = { .fd = d->pidfd, .events = POLLIN };

	memset(fe, 0, sizeof(*fe));
	fe->back = -1;
	fe->nr_queues = 1;
	for (unsigned int ms = 0; ms < WAIT_MS; ms++) {
		fe->sock = vu_connect(path);
		if (fe->sock >= 0)
			return;
		check(poll(&pfd, 1, 1) == 0, "the daemon has ended");
	}
	tap_fail("no socket");
}

void fe_negotiate(struct frontend *fe, uint64_t protocol)
{
	fe_negotiate_ring(fe, protocol, BIT(VIRTIO_RING_F_INDIRECT_DESC) |
					BIT(VIRTIO_RING_F_EVENT_IDX));
}

bool fe_wants_packed(void)
{
	const char *ring = getenv("RPMB_RING");

	return ring && !strcmp(ring, "packed");
}

void fe_negotiate_ring(struct frontend *fe, uint64_t protocol,
		       uint64_t ring_features)
{
	uint64_t offered;

	fe->features = ask_u64(fe, VU_GET_FEATURES);
	check(fe->features & BIT(VIRTIO_F_VERSION_1), "%#llx",
	      (unsigned long long)fe->features);
	check(fe->features & BIT(VU_F_PROTOCOL_FEATURES), "%#llx",
	      (unsigned long long)fe->features);
	offered = ask_u64(fe, VU_GET_PROTOCOL_FEATURES);
	check(!(protocol & ~offered), "offered: %#llx",
	      (unsigned long long)offered);
	tell_u64(fe, VU_SET_PROTOCOL_FEATURES, protocol);
	fe->protocol = protocol;
	tell(fe, VU_SET_OWNER, NULL, 0, NULL, 0);
	if (fe_wants_packed()) {
		ring_features |= BIT(VIRTIO_F_RING_PACKED);
		fe->features = ask_u64(fe, VU_GET_FEATURES);
		check(fe->features & BIT(VIRTIO_F_RING_PACKED), "not offered");
		fe->next_avail = 1 << VRING_PACKED_EVENT_F_WRAP_CTR;
		fe->next_used = fe->next_avail;
	}
	fe->features &= BIT(VIRTIO_F_VERSION_1) | BIT(VU_F_PROTOCOL_FEATURES) |
			ring_features;
	tell_u64(fe, VU_SET_FEATURES, fe->features);
}

void fe_memory_table(const struct frontend *fe, union vu_payload *table)
{
	(void)fe;
	memset(table, 0, sizeof(*table));
	table->memory.nregions = 2;
	table->memory.regions[0] =
		(struct vu_region){ GUEST_0, REGION_SIZE, USER_0, 0 };
	table->memory.regions[1] =
		(struct vu_region){ GUEST_1, REGION_SIZE, USER_1, REGION_SIZE };
}

static void make_memory(struct frontend *fe)
{
	fe->memfd = memfd_create("guest", MFD_CLOEXEC);
	check(fe->memfd >= 0, "%s", strerror(errno));
	check(!ftruncate(fe->memfd, MEM_SIZE), "%s", strerror(errno));
	fe->mem = mmap(NULL, MEM_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED,
		       fe->memfd, 0);
	check(fe->mem != MAP_FAILED, "%s", strerror(errno));
}

void fe_set_memory(struct frontend *fe)
{
	union vu_payload table;
	int fds[2];

	if (!fe->mem)
		make_memory(fe);
	fds[0] = fe->memfd;
	fds[1] = fe->memfd;
	fe_memory_table(fe, &table);
	tell(fe, VU_SET_MEM_TABLE, &table, 8 + 2 * sizeof(struct vu_region),
	     fds, 2);
}

bool fe_is_packed(const struct frontend *fe)
{
	return fe->features & BIT(VIRTIO_F_RING_PACKED);
}

uint32_t fe_base(const struct frontend *fe)
{
	uint32_t next = fe->next_avail;

	return fe_is_packed(fe) ? next | next << 16 : next;
}

static void place_ring(struct frontend *fe, unsigned int num, size_t start)
{
	void *desc = fe->mem + start + DESC_OFF;
	void *avail = fe->mem + start + AVAIL_OFF;
	void *used = fe->mem + start + USED_OFF;

	fe->num = num;
	fe->desc = fe_is_packed(fe) ? fe->descs : desc;
	fe->avail = avail;
	fe->used = used;
	fe->packed = desc;
	fe->driver_event = avail;
	fe->device_event = used;
	/* No kicks that the device has not asked for */
	if (fe_is_packed(fe))
		fe->device_event->flags = htole16(VRING_PACKED_EVENT_FLAG_DISABLE);
}

void fe_set_ring(struct frontend *fe, unsigned int num)
{
	fe_set_ring_at(fe, num, fe_base(fe));
}

void fe_set_ring_at(struct frontend *fe, unsigned int num, uint32_t base)
{
	const size_t start = fe->queue * QUEUE_STRIDE;
	union vu_payload payload = { .state = { fe->queue, num } };

	place_ring(fe, num, start);
	tell(fe, VU_SET_VRING_NUM, &payload, sizeof(payload.state), NULL, 0);
	payload.state.num = base;
	tell(fe, VU_SET_VRING_BASE, &payload, sizeof(payload.state), NULL, 0);
	memset(&payload, 0, sizeof(payload));
	payload.addr.index = fe->queue;
	payload.addr.flags = fe->ring_flags;
	payload.addr.log = fe->log_addr;
	payload.addr.desc = user_addr(start + DESC_OFF);
	payload.addr.avail = user_addr(start + AVAIL_OFF);
	payload.addr.used = user_addr(start + USED_OFF);
	tell(fe, VU_SET_VRING_ADDR, &payload, sizeof(payload.addr), NULL, 0);
}

static void make_events(struct frontend *fe)
{
	if (fe->kick)
		return;
	fe->kick = eventfd(0, EFD_CLOEXEC);
	fe->call = eventfd(0, EFD_CLOEXEC);
	check(fe->kick >= 0 && fe->call >= 0, "%s", strerror(errno));
}

void fe_enable_ring(struct frontend *fe)
{
	union vu_payload on = { .state = { fe->queue, 1 } };

	tell(fe, VU_SET_VRING_ENABLE, &on, sizeof(on.state), NULL, 0);
}

void fe_start_ring(struct frontend *fe)
{
	uint64_t index = fe->queue;

	make_events(fe);
	tell(fe, VU_SET_VRING_CALL, &index, sizeof(index), &fe->call, 1);
	tell(fe, VU_SET_VRING_KICK, &index, sizeof(index), &fe->kick, 1);
	fe_enable_ring(fe);
}

void fe_go_in_band(struct frontend *fe)
{
	int pair[2];

	check(!socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), "%s",
	      strerror(errno));
	tell(fe, VU_SET_BACKEND_REQ_FD, NULL, 0, &pair[1], 1);
	close(pair[1]);
	fe->back = pair[0];
}

uint32_t fe_stop_ring(struct frontend *fe)
{
	union vu_payload payload = { .state = { 0, 0 } };

	fe_ask(fe, VU_GET_VRING_BASE, &payload, sizeof(payload.state));
	check_eq(payload.state.index, 0);
	return payload.state.num;
}

void fe_open(struct frontend *fe, struct daemon *d)
{
	fe_open_at(fe, d, SOCKET);
}

void fe_open_at(struct frontend *fe, struct daemon *d, const char *path)
{
	fe_connect_at(fe, d, path);
	fe_negotiate(fe, BIT(VU_PROTOCOL_F_REPLY_ACK) |
			 BIT(VU_PROTOCOL_F_CONFIG));
	fe_set_memory(fe);
	fe_set_ring(fe, QUEUE_SIZE);
	fe_start_ring(fe);
}

static void close_fd(int fd)
{
	if (fd > 0)
		close(fd);
}

void fe_close(struct frontend *fe)
{
	close_fd(fe->sock);
	close_fd(fe->back);
	close_fd(fe->memfd);
	close_fd(fe->kick);
	close_fd(fe->call);
	if (fe->mem)
		munmap(fe->mem, MEM_SIZE);
	memset(fe, 0, sizeof(*fe));
}

bool fe_config(struct frontend *fe, uint32_t offset, uint32_t size,
	       uint8_t *data)
{
	union vu_payload payload = { .config = { offset, size, 0, { 0 } } };
	const uint32_t head = offsetof(union vu_payload, config.data);
	struct vu_header hdr;

	vu_send(fe->sock, VU_GET_CONFIG, 0, &payload, head + size, NULL, 0);
	check(vu_recv(fe->sock, &hdr, &payload), "closed");
	check_eq(hdr.request, VU_GET_CONFIG);
	check_eq(hdr.flags, VU_VERSION | VU_REPLY);
	if (!hdr.size)
		return false;
	check_eq(hdr.size, head + size);
	check_eq(payload.config.offset, offset);
	check_eq(payload.config.size, size);
	memcpy(data, payload.config.data, size);
	return true;
}
