// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "move.h"
#include "tap.h"

#define PROTOCOL (BIT(VU_PROTOCOL_F_REPLY_ACK) | BIT(VU_PROTOCOL_F_CONFIG) | \
		  BIT(VU_PROTOCOL_F_LOG_SHMFD) | BIT(VU_PROTOCOL_F_DEVICE_STATE))

void move_connect(struct host *host)
{
	fe_connect_at(&host->fe, &host->daemon, host->socket);
	fe_negotiate(&host->fe, PROTOCOL);
	fe_set_memory(&host->fe);
	host->fe.base = fe_base(&host->fe);
}

void move_begin(struct host *host, const char *owner)
{
	move_begin_by(host, owner, fleet_device());
}

void move_begin_by(struct host *host, const char *owner, const char *name)
{
	serve_start(host, owner, name, NULL);
	move_connect(host);
	move_resume(host);
	must_program_key(&host->fe);
}

void move_await(struct host *host, const char *owner)
{
	serve_start(host, owner, fleet_device(), "--incoming");
}

void move_kill(struct host *host)
{
	fe_close(&host->fe);
	daemon_kill(&host->daemon);
}

void move_ask(struct host *host, enum direction direction, int fd)
{
	union vu_payload payload = { .transfer = { direction, 0 } };

	vu_send(host->fe.sock, VU_SET_DEVICE_STATE_FD, 0, &payload,
		sizeof(payload.transfer), &fd, 1);
}

uint64_t move_told(struct host *host)
{
	union vu_payload payload;
	struct vu_header hdr;

	check(vu_recv(host->fe.sock, &hdr, &payload), "closed");
	check_eq(hdr.request, VU_SET_DEVICE_STATE_FD);
	check_eq(hdr.flags, VU_VERSION | VU_REPLY);
	check_eq(hdr.size, sizeof(payload.u64));
	/* There is no other file than ours */
	check(payload.u64 & BIT(8), "%#llx", (unsigned long long)payload.u64);
	return payload.u64 & 0xff;
}

uint64_t move_transfer(struct host *host, enum direction direction, int fd)
{
	move_ask(host, direction, fd);
	return move_told(host);
}

uint64_t move_check(struct host *host)
{
	union vu_payload payload;

	fe_ask(&host->fe, VU_CHECK_DEVICE_STATE, &payload, 0);
	return payload.u64;
}

size_t move_read(int fd, uint8_t *bytes, size_t room)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	size_t len = 0;
	ssize_t n;

	do {
		check(len < room, "more than %zu bytes", room);
		check(poll(&pfd, 1, WAIT_MS) == 1, "nothing comes");
		n = read(fd, bytes + len, room - len);
		check(n >= 0, "%s", strerror(errno));
		len += n;
	} while (n);
	return len;
}

void move_save(struct host *host, uint8_t ticket[TICKET_LEN])
{
	uint8_t bytes[TICKET_LEN + 1];
	int fds[2];

	host->fe.base = fe_stop_ring(&host->fe);
	check(!pipe2(fds, O_CLOEXEC), "%s", strerror(errno));
	check_eq(move_transfer(host, SAVE, fds[1]), 0);
	close(fds[1]);
	check_eq(move_read(fds[0], bytes, sizeof(bytes)), TICKET_LEN);
	close(fds[0]);
	check_eq(move_check(host), 0);
	memcpy(ticket, bytes, TICKET_LEN);
}

/* Who does not want all of it closes the pipe */
uint64_t move_load(struct host *host, const void *ticket, size_t len)
{
	int fds[2];
	ssize_t n;

	check(!pipe2(fds, O_CLOEXEC), "%s", strerror(errno));
	check_eq(move_transfer(host, LOAD, fds[0]), 0);
	close(fds[0]);
	n = write(fds[1], ticket, len);
	check(n >= 0 || errno == EPIPE, "%s", strerror(errno));
	close(fds[1]);
	return move_check(host);
}

void move_arrive(struct host *here, const struct host *there)
{
	const struct frontend *from = &there->fe;
	struct frontend *to = &here->fe;

	move_connect(here);
	memcpy(to->mem, from->mem, MEM_SIZE);
	memcpy(to->descs, from->descs, sizeof(to->descs));
	memcpy(to->slots, from->slots, sizeof(to->slots));
	to->next_avail = from->next_avail;
	to->next_used = from->next_used;
	to->base = from->base;
}

void move_resume(struct host *host)
{
	fe_set_ring_at(&host->fe, QUEUE_SIZE, host->fe.base);
	fe_start_ring(&host->fe);
	fe_kick(&host->fe);
}

void move_begin_resuming(struct host *host)
{
	host->fe.protocol &= ~BIT(VU_PROTOCOL_F_REPLY_ACK);
	move_resume(host);
}

void move_resume_in_vain(struct host *host)
{
	struct pollfd err = { .fd = eventfd(0, EFD_CLOEXEC), .events = POLLIN };
	uint64_t index = 0;
	uint8_t config;

	daemon_forget_messages();
	check(!fe_tell(&host->fe, VU_SET_VRING_ERR, &index, sizeof(index),
		       &err.fd, 1), "refused");
	move_resume(host);
	submit_count(&host->fe);
	check(poll(&err, 1, WAIT_MS) == 1, "the front-end is not told");
	close(err.fd);
	check(fe_config(&host->fe, 0, 1, &config), "refused");
	check(!fe_used(&host->fe), "served");
	check(strlen(daemon_messages()), "no message");
	check(daemon_alive(&host->daemon), "the daemon has ended");
}

void move(struct host *from, struct host *to)
{
	uint8_t ticket[TICKET_LEN];

	move_save(from, ticket);
	move_arrive(to, from);
	check_eq(move_load(to, ticket, sizeof(ticket)), 0);
	move_resume(to);
}
