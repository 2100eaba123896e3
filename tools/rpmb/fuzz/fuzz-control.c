// SPDX-License-Identifier: GPL-2.0-only
/*
 * Control messages, with fds of all kinds, while the worker serves the ring that
 * they set up
 */
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fuzz.h"
#include "message.h"
#include "vhost_user.h"
#include "worker.h"

#define MAX_FDS 9
#define GUEST_SIZE 0x8000

static struct worker worker;
static int stop;

static void set_up(void)
{
	static bool done;

	if (done)
		return;
	done = true;
	signal(SIGPIPE, SIG_IGN);
	stop = eventfd(0, 0);
	must(stop >= 0 && worker_start(&worker, fuzz_device(1)));
}

static int guest_memory(void)
{
	int fd = memfd_create("guest", 0);

	must(fd >= 0 && !ftruncate(fd, GUEST_SIZE));
	return fd;
}

/* One end of it: @end is 0 or 1. The other one goes with the front-end, or at once. */
static int make_pipe(int end, bool ends)
{
	static int kept = -1;
	int fds[2];

	must(!pipe(fds));
	must(write(fds[1], "what another device has saved", 29) == 29);
	if (kept >= 0)
		close(kept);
	kept = ends ? -1 : fds[!end];
	if (ends)
		close(fds[!end]);
	return fds[end];
}

static int make_fd(unsigned int kind)
{
	switch (kind % 7) {
	case 0:
		return guest_memory();
	case 1:
		return eventfd(1, 0);
	case 2:
		return open("/dev/null", O_RDWR);
	case 3:
		return socket(AF_UNIX, SOCK_STREAM, 0);
	case 4:
		return make_pipe(0, true);
	case 5:
		return make_pipe(0, false);
	default:
		return make_pipe(1, kind & 8);
	}
}

static void put_fds(struct msghdr *hdr, const int *fds, unsigned int nr)
{
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(hdr);

	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(nr * sizeof(fds[0]));
	memcpy(CMSG_DATA(cmsg), fds, nr * sizeof(fds[0]));
}

/* False if the back-end does not listen any more */
static bool send_message(int sock, const struct fuzz_message *what,
			 const uint8_t *payload, uint32_t size)
{
	struct vhost_user_header header = {
		what->request, what->flags ^ VHOST_USER_VERSION, size
	};
	char control[CMSG_SPACE(MAX_FDS * sizeof(int))] = "";
	struct iovec iov[] = {
		{ &header, sizeof(header) }, { (void *)payload, size },
	};
	unsigned int nr = what->fds % 16 % (MAX_FDS + 1), i;
	struct msghdr hdr = {
		.msg_iov = iov, .msg_iovlen = 2,
		.msg_control = nr ? control : NULL,
		.msg_controllen = nr ? CMSG_SPACE(nr * sizeof(int)) : 0,
	};
	int fds[MAX_FDS];
	ssize_t n;

	for (i = 0; i < nr; i++)
		fds[i] = make_fd(what->fds / 16 + (what->fds & 128 ? i : 0));
	if (nr)
		put_fds(&hdr, fds, nr);
	n = sendmsg(sock, &hdr, MSG_NOSIGNAL | MSG_DONTWAIT);
	for (i = 0; i < nr; i++)
		close(fds[i]);
	return n > 0;
}

/* All that fits the socket, before anybody reads it */
static void send_all(int sock, struct input *input)
{
	uint8_t payload[256 + 16 * 64];
	struct fuzz_message what;
	uint32_t size;

	do {
		input_take(input, &what, sizeof(what));
		size = what.size + what.more % 16 * 64;
		input_take(input, payload, size);
	} while (send_message(sock, &what, payload, size) && input->size);
	shutdown(sock, SHUT_WR);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, size };
	struct session session;
	int socks[2];

	set_up();
	must(!socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, socks));
	send_all(socks[0], &input);
	vhost_user_begin(&session, &worker.backend, socks[1], stop);
	while (vhost_user_serve(&session))
		;
	vhost_user_end(&session);
	must(!session.conn.stopped && session.conn.transfer.fd < 0);
	must(!worker.backend.memory.dirty.pages &&
	     worker.backend.memory.dirty.event < 0);
	must(!worker.backend.memory.nr && worker.kick < 0 &&
	     worker.ring.call.fd < 0);
	close(socks[0]);
	close(socks[1]);
	return 0;
}
