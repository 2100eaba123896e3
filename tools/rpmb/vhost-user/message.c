// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "log.h"
#include "message.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#define FLAG_VERSION_MASK 3
#define FLAG_REPLY (1U << 2)

_Static_assert(offsetof(struct message, u64) ==
	       offsetof(struct message, header) +
	       sizeof(struct vhost_user_header),
	       "header and payload are sent as one");

#define MESSAGE_MAX (offsetof(struct message, fds) - \
		     offsetof(struct message, u64))

/* Wait until something can be done; false if the program is to end */
static bool wait_for(struct connection *conn, short events, short *revents)
{
	struct pollfd fds[] = {
		{ .fd = conn->stop, .events = POLLIN },
		{ .fd = conn->sock, .events = events },
		transfer_wait(&conn->transfer),
	};

	while (poll(fds, ARRAY_SIZE(fds), -1) < 0)
		if (errno != EINTR)
			return false;
	if (fds[0].revents)
		conn->stopped = true;
	if (fds[2].revents)
		transfer_go_on(&conn->transfer);
	if (revents)
		*revents = fds[1].revents;
	return !conn->stopped;
}

/* Whether it has shut down its side matters only here, where no message is awaited */
bool message_wait_transfer(struct connection *conn)
{
	short gone = 0;

	while (conn->transfer.fd >= 0 && !gone)
		if (!wait_for(conn, POLLRDHUP, &gone))
			return false;
	return conn->transfer.fd < 0;
}

static bool take_fds(struct message *msg, struct msghdr *hdr)
{
	bool fit = !(hdr->msg_flags & MSG_CTRUNC);
	struct cmsghdr *cmsg;
	unsigned int i, nr;
	int fd;

	for (cmsg = CMSG_FIRSTHDR(hdr); cmsg; cmsg = CMSG_NXTHDR(hdr, cmsg)) {
		if (cmsg->cmsg_level != SOL_SOCKET ||
		    cmsg->cmsg_type != SCM_RIGHTS)
			continue;
		nr = (cmsg->cmsg_len - CMSG_LEN(0)) / sizeof(fd);
		for (i = 0; i < nr; i++) {
			memcpy(&fd, CMSG_DATA(cmsg) + i * sizeof(fd),
			       sizeof(fd));
			if (msg->nr_fds < ARRAY_SIZE(msg->fds)) {
				msg->fds[msg->nr_fds++] = fd;
			} else {
				close(fd);
				fit = false;
			}
		}
	}
	return fit;
}

int message_take_fd(struct message *msg)
{
	return msg->nr_fds ? msg->fds[--msg->nr_fds] : -1;
}

void message_drop_fds(struct message *msg)
{
	while (msg->nr_fds)
		close(msg->fds[--msg->nr_fds]);
}

/* Some bytes, and the fds that came with them: like recv() */
static ssize_t receive_some(struct connection *conn, struct message *msg,
			    void *buf, size_t len)
{
	union {
		char bytes[CMSG_SPACE(sizeof(msg->fds))];
		struct cmsghdr align;
	} control;
	struct iovec iov = { .iov_base = buf, .iov_len = len };
	struct msghdr hdr = { .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t n;

	do {
		if (!wait_for(conn, POLLIN, NULL))
			return -1;
		hdr.msg_control = control.bytes;
		hdr.msg_controllen = sizeof(control.bytes);
		n = recvmsg(conn->sock, &hdr, MSG_CMSG_CLOEXEC);
	} while (n < 0 && (errno == EAGAIN || errno == EINTR));

	if (n < 0)
		log_line("front-end: %s", strerror(errno));
	else if (!take_fds(msg, &hdr))
		log_line("front-end: more fds than fit a message");
	else
		return n;
	return -1;
}

/* All bytes; 0 if the front-end left before the first one */
static ssize_t receive_all(struct connection *conn, struct message *msg,
			   void *buf, size_t len)
{
	size_t done;
	ssize_t n;

	for (done = 0; done < len; done += n) {
		n = receive_some(conn, msg, (uint8_t *)buf + done,
				 len - done);
		if (n < 0)
			return n;
		if (!n && done)
			log_line("front-end left in the middle of a message");
		if (!n)
			return done ? -1 : 0;
	}
	return len;
}

bool message_receive(struct connection *conn, struct message *msg)
{
	struct vhost_user_header *header = &msg->header;
	ssize_t n;

	memset(msg, 0, sizeof(*msg));
	if (receive_all(conn, msg, header, sizeof(*header)) <= 0)
		return false;
	if ((header->flags & FLAG_VERSION_MASK) != VHOST_USER_VERSION ||
	    header->flags & FLAG_REPLY || header->size > MESSAGE_MAX) {
		log_line("malformed message %" PRIu32 ": flags %#" PRIx32
			 ", %" PRIu32 " bytes", header->request, header->flags,
			 header->size);
		return false;
	}
	if (!header->size)
		return true;
	n = receive_all(conn, msg, &msg->u64, header->size);
	if (!n)
		log_line("message %" PRIu32 " without its payload",
			 header->request);
	return n > 0;
}

bool message_reply(struct connection *conn, struct message *msg)
{
	const uint8_t *from = (const uint8_t *)&msg->header;
	size_t len = sizeof(msg->header) + msg->header.size;

	msg->header.flags = VHOST_USER_VERSION | FLAG_REPLY;
	while (len) {
		ssize_t n;

		if (!wait_for(conn, POLLOUT, NULL))
			return false;
		n = send(conn->sock, from, len, MSG_NOSIGNAL);
		if (n < 0 && errno != EAGAIN && errno != EINTR) {
			log_line("front-end: %s", strerror(errno));
			return false;
		}
		if (n > 0) {
			from += n;
			len -= n;
		}
	}
	return true;
}
