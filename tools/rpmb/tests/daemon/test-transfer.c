// SPDX-License-Identifier: GPL-2.0-only
/*
 * How the state of a device goes through a file of the front-end's, whatever that does
 * with its end
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/virtio_config.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fixture.h"
#include "move.h"

static struct host a, b;
static uint8_t ticket[TICKET_LEN];
static int fds[2];

static void make_pipe(void)
{
	check(!pipe2(fds, O_CLOEXEC), "%s", strerror(errno));
}

/* Messages are answered as ever */
static void must_answer(struct host *host)
{
	uint8_t config;

	for (unsigned int i = 0; i < 100; i++)
		check(fe_config(&host->fe, 0, 1, &config), "refused");
}

static void begin_save(void)
{
	move_begin(&a, "a");
	a.fe.base = fe_stop_ring(&a.fe);
	make_pipe();
}

/* The guest can go on, and a good transfer is one */
static void must_save(void)
{
	move_resume(&a);
	check_eq(must_count(&a.fe), 0);
	move_save(&a, ticket);
}

/* Nobody has been told of a transfer that nobody wants */
static void begin_load(void)
{
	move_begin(&a, "a");
	move_await(&b, "b");
	move_save(&a, ticket);
	move_arrive(&b, &a);
	make_pipe();
}

static void must_load(void)
{
	check_eq(move_load(&b, ticket, sizeof(ticket)), 0);
	move_resume(&b);
	check_eq(must_count(&b.fe), 0);
}

static void offered_to_none(void)
{
	union vu_payload payload;
	struct frontend fe;
	struct daemon d;

	daemon_exec(&d, NULL, (const char *const []){
		"--socket", SOCKET, "--state", STATE, NULL });
	fe_connect(&fe, &d);
	fe_ask(&fe, VU_GET_PROTOCOL_FEATURES, &payload, 0);
	check(!(payload.u64 & BIT(VU_PROTOCOL_F_DEVICE_STATE)), "%#llx",
	      (unsigned long long)payload.u64);
}

static void reader_gone(void)
{
	begin_save();
	close(fds[0]);
	check_eq(move_transfer(&a, SAVE, fds[1]), 0);
	check(move_check(&a), "well");
	must_save();
}

static void not_for_writing(void)
{
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

	begin_save();
	check_eq(move_transfer(&a, SAVE, null), 0);
	check(move_check(&a), "well");
	must_save();
	close(null);
}

/* Until there is room, which nobody waits for */
static void pipe_is_full(void)
{
	static uint8_t bytes[1 << 20];
	struct pollfd room = { .events = POLLOUT };
	size_t len = 0;
	ssize_t n;

	begin_save();
	check(!fcntl(fds[1], F_SETFL, O_NONBLOCK), "%s", strerror(errno));
	while ((n = write(fds[1], bytes, 1)) > 0)
		len += n;
	check_eq(move_transfer(&a, SAVE, fds[1]), 0);
	must_answer(&a);
	room.fd = fds[1];
	check(!poll(&room, 1, 0), "there is room");
	close(fds[1]);
	check_eq(move_read(fds[0], bytes, sizeof(bytes)), len + TICKET_LEN);
	check_eq(move_check(&a), 0);
	must_save();
}

/* Never read: who does that waits for nobody but himself */
static void never_read(void)
{
	struct host *host = &a;

	begin_save();
	check(!fcntl(fds[1], F_SETFL, O_NONBLOCK), "%s", strerror(errno));
	while (write(fds[1], "", 1) > 0)
		;
	check_eq(move_transfer(host, SAVE, fds[1]), 0);
	vu_send(a.fe.sock, VU_CHECK_DEVICE_STATE, 0, NULL, 0, NULL, 0);
	fe_close(&a.fe);
	move_connect(&a);
	must_save();
}

static void never_written(void)
{
	begin_load();
	check_eq(move_transfer(&b, LOAD, fds[0]), 0);
	must_answer(&b);
	vu_send(b.fe.sock, VU_CHECK_DEVICE_STATE, 0, NULL, 0, NULL, 0);
	fe_close(&b.fe);
	move_arrive(&b, &a);
	must_load();
}

/* Who has shut down its side asks for nothing more, though it could be answered */
static void asks_no_more(void)
{
	begin_load();
	check_eq(move_transfer(&b, LOAD, fds[0]), 0);
	vu_send(b.fe.sock, VU_CHECK_DEVICE_STATE, 0, NULL, 0, NULL, 0);
	daemon_forget_messages();
	check(!shutdown(b.fe.sock, SHUT_WR), "%s", strerror(errno));
	daemon_wait_for_words("front-end disconnected");
	fe_close(&b.fe);
	move_arrive(&b, &a);
	must_load();
}

static void ended_while_it_waits(void)
{
	begin_load();
	check_eq(move_transfer(&b, LOAD, fds[0]), 0);
	vu_send(b.fe.sock, VU_CHECK_DEVICE_STATE, 0, NULL, 0, NULL, 0);
	daemon_stop(&b.daemon);
}

/* Until it ends, however it comes */
static void byte_by_byte(void)
{
	union vu_payload payload;
	struct vu_header hdr;

	begin_load();
	check_eq(move_transfer(&b, LOAD, fds[0]), 0);
	for (unsigned int i = 0; i < TICKET_LEN; i++) {
		check(write(fds[1], ticket + i, 1) == 1, "%s", strerror(errno));
		if (i == TICKET_LEN / 2)
			vu_send(b.fe.sock, VU_CHECK_DEVICE_STATE, 0, NULL, 0,
				NULL, 0);
	}
	close(fds[1]);
	check(vu_recv(b.fe.sock, &hdr, &payload), "closed");
	check_eq(payload.u64, 0);
	move_resume(&b);
	check_eq(must_count(&b.fe), 0);
}

/* Some front-ends have a file, and begin to read it at its begin */
static void by_file(void)
{
	int file = memfd_create("state", MFD_CLOEXEC);

	begin_save();
	check_eq(move_transfer(&a, SAVE, file), 0);
	check_eq(move_check(&a), 0);
	check(lseek(file, 0, SEEK_END) == TICKET_LEN, "another length");
	move_await(&b, "b");
	move_arrive(&b, &a);
	check(!lseek(file, 0, SEEK_SET), "%s", strerror(errno));
	check_eq(move_transfer(&b, LOAD, file), 0);
	check_eq(move_check(&b), 0);
	move_resume(&b);
	check_eq(must_count(&b.fe), 0);
	close(file);
}

static void by_socket(void)
{
	begin_load();
	check(!socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), "%s",
	      strerror(errno));
	check_eq(move_transfer(&b, LOAD, fds[0]), 0);
	check(send(fds[1], ticket, sizeof(ticket), 0) == TICKET_LEN, "%s",
	      strerror(errno));
	check(!shutdown(fds[1], SHUT_WR), "%s", strerror(errno));
	check_eq(move_check(&b), 0);
	move_resume(&b);
	check_eq(must_count(&b.fe), 0);
}

static void never_ends(void)
{
	int zero = open("/dev/zero", O_RDONLY | O_CLOEXEC);

	begin_load();
	check_eq(move_transfer(&b, LOAD, zero), 0);
	check(move_check(&b), "accepted");
	must_load();
	close(zero);
}

static void not_for_reading(void)
{
	int event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	int directory = open(".", O_RDONLY | O_CLOEXEC);

	begin_load();
	check_eq(move_transfer(&b, LOAD, fds[1]), 0);
	check(move_check(&b), "accepted");
	check_eq(move_transfer(&b, LOAD, directory), 0);
	check(move_check(&b), "accepted");
	check_eq(move_transfer(&b, LOAD, event), 0);
	must_answer(&b);
	/* another one ends that */
	must_load();
	close(event);
	close(directory);
}

static void asked_again(void)
{
	begin_load();
	check(move_check(&b), "nothing is well");
	check_eq(move_load(&b, ticket, sizeof(ticket)), 0);
	check_eq(move_check(&b), 0);
	check_eq(move_check(&b), 0);
	check(move_load(&b, ticket, 3), "accepted");
	check(move_check(&b), "well after all");
	must_load();
}

static uint64_t transfer_in(struct host *host, uint32_t direction,
			    uint32_t phase)
{
	union vu_payload payload = { .transfer = { direction, phase } };
	struct vu_header hdr;

	vu_send(host->fe.sock, VU_SET_DEVICE_STATE_FD, 0, &payload,
		sizeof(payload.transfer), fds, 1);
	check(vu_recv(host->fe.sock, &hdr, &payload), "closed");
	return payload.u64 & 0xff;
}

static void other_phases(void)
{
	begin_save();
	check(transfer_in(&a, 2, 0), "accepted");
	check(transfer_in(&a, UINT32_MAX, 0), "accepted");
	check(transfer_in(&a, SAVE, 1), "accepted");
	check(transfer_in(&a, LOAD, UINT32_MAX), "accepted");
	must_save();
}

/* To disable it is not enough: it may be enabled at any time */
static void ring_runs(void)
{
	union vu_payload off = { .state = { 0, 0 } };

	move_begin(&a, "a");
	make_pipe();
	check(move_transfer(&a, SAVE, fds[1]), "accepted");
	check(move_transfer(&a, LOAD, fds[0]), "accepted");
	check(!fe_tell(&a.fe, VU_SET_VRING_ENABLE, &off, 8, NULL, 0), "refused");
	check(move_transfer(&a, SAVE, fds[1]), "accepted");
	fe_enable_ring(&a.fe);
	check_eq(must_count(&a.fe), 0);
	move_save(&a, ticket);
}

static void must_close(uint32_t request, uint32_t size, unsigned int nr_fds)
{
	const int two[] = { fds[1], fds[1] };
	uint8_t payload[16] = { 0 };

	vu_send(a.fe.sock, request, 0, payload, size, two, nr_fds);
	vu_expect_closed(a.fe.sock);
	fe_close(&a.fe);
	move_connect(&a);
}

static void malformed(void)
{
	begin_save();
	must_close(VU_SET_DEVICE_STATE_FD, 8, 0);
	must_close(VU_SET_DEVICE_STATE_FD, 8, 2);
	must_close(VU_SET_DEVICE_STATE_FD, 4, 1);
	must_close(VU_SET_DEVICE_STATE_FD, 16, 1);
	must_close(VU_CHECK_DEVICE_STATE, 8, 0);
	must_save();
}

static void not_negotiated(void)
{
	move_begin(&a, "a");
	fe_close(&a.fe);
	fe_open_at(&a.fe, &a.daemon, a.socket);
	fe_stop_ring(&a.fe);
	vu_send(a.fe.sock, VU_CHECK_DEVICE_STATE, 0, NULL, 0, NULL, 0);
	vu_expect_closed(a.fe.sock);
	fe_close(&a.fe);
	move_connect(&a);
	must_save();
}

static const struct test tests[] = {
	{ "not offered for a state in a file", offered_to_none },
	{ "save: the reader has gone", reader_gone },
	{ "save: to what cannot be written", not_for_writing },
	{ "save: the pipe is full", pipe_is_full },
	{ "save: nobody reads", never_read },
	{ "load: nobody writes", never_written },
	{ "load: nobody writes, nor asks for more", asks_no_more },
	{ "load: the daemon is told to end meanwhile", ended_while_it_waits },
	{ "load: byte by byte", byte_by_byte },
	{ "by way of a file", by_file },
	{ "by way of a socket", by_socket },
	{ "load: it never ends", never_ends },
	{ "load: from what cannot be read", not_for_reading },
	{ "what became of it, asked again", asked_again },
	{ "directions and phases that nobody knows", other_phases },
	{ "the ring has not been stopped", ring_runs },
	{ "malformed messages", malformed },
	{ "not negotiated", not_negotiated },
};

int main(int argc, char **argv)
{
	signal(SIGPIPE, SIG_IGN);
	return run_daemon_tests(argc, argv, tests, ARRAY_SIZE(tests));
}
