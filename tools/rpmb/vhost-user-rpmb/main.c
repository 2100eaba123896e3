// SPDX-License-Identifier: GPL-2.0-only
/*
 * vhost-user-rpmb: a virtio RPMB device for QEMU and User Mode Linux
 *
 * The main thread speaks vhost-user, a worker serves the request queue. So a
 * slow disk keeps nobody waiting who does not ask for data.
 *
 * Section numbers are those of the Virtual I/O Device specification, version 1.2
 */
#include <argp.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "device.h"
#include "log.h"
#include "memory.h"
#include "ring.h"
#include "sandbox.h"
#include "state.h"
#include "vhost_user.h"

const char *argp_program_version = "vhost-user-rpmb 0.1";

struct options {
	const char *socket;
	struct state_config state;
	unsigned int max_write;
	unsigned int max_read;
	uint8_t dev_id[STATE_DEV_ID_LEN];
};

enum {
	OPT_SOCKET = 0x100,
	OPT_STATE,
	OPT_CAPACITY,
	OPT_MAX_WRITE,
	OPT_MAX_READ,
	OPT_DEV_ID,
};

static const struct argp_option option_list[] = {
	{ "socket", OPT_SOCKET, "PATH", 0, "listen on this Unix socket", 0 },
	{ "state", OPT_STATE, "FILE", 0,
	  "keep key, counter and data in this file; made if there is none", 0 },
	{ "capacity", OPT_CAPACITY, "UNITS", 0,
	  "size of a new device in units of 128 KiB, 1 to 128 (default 32)",
	  0 },
	{ "max-write", OPT_MAX_WRITE, "N", 0,
	  "most blocks in one write, up to 255; 0 (default): any number", 0 },
	{ "max-read", OPT_MAX_READ, "N", 0,
	  "most blocks in one read, up to 255; 0 (default): any number", 0 },
	{ "dev-id", OPT_DEV_ID, "HEX", 0,
	  "identity of a new device: 32 hex digits (default: none)", 0 },
	{}
};

static unsigned int parse_number(struct argp_state *argp, const char *option,
				 const char *text, unsigned long min,
				 unsigned long max)
{
	unsigned long value;
	char *end;

	errno = 0;
	value = strtoul(text, &end, 10);
	if (errno || end == text || *end || *text == '-' || value < min ||
	    value > max)
		argp_error(argp, "--%s takes a number from %lu to %lu, not '%s'",
			   option, min, max, text);
	return value;
}

static void parse_dev_id(struct argp_state *argp, uint8_t *id, const char *text)
{
	static const char digits[] = "0123456789abcdefABCDEF";
	char byte[3] = "";
	size_t i;

	if (strlen(text) != 2 * STATE_DEV_ID_LEN ||
	    strspn(text, digits) != 2 * STATE_DEV_ID_LEN)
		argp_error(argp, "--dev-id takes %d hex digits, not '%s'",
			   2 * STATE_DEV_ID_LEN, text);
	for (i = 0; i < STATE_DEV_ID_LEN; i++) {
		memcpy(byte, text + 2 * i, 2);
		id[i] = strtoul(byte, NULL, 16);
	}
}

static error_t parse_option(int key, char *arg, struct argp_state *argp)
{
	struct options *options = argp->input;

	switch (key) {
	case OPT_SOCKET:
		options->socket = arg;
		return 0;
	case OPT_STATE:
		options->state.name = arg;
		return 0;
	case OPT_CAPACITY:
		options->state.capacity = parse_number(argp, "capacity", arg, 1,
						       STATE_MAX_CAPACITY);
		return 0;
	case OPT_MAX_WRITE:
		options->max_write = parse_number(argp, "max-write", arg, 0,
						  UINT8_MAX);
		return 0;
	case OPT_MAX_READ:
		options->max_read = parse_number(argp, "max-read", arg, 0,
						 UINT8_MAX);
		return 0;
	case OPT_DEV_ID:
		parse_dev_id(argp, options->dev_id, arg);
		options->state.dev_id = options->dev_id;
		return 0;
	case ARGP_KEY_END:
		if (!options->socket || !options->state.name)
			argp_error(argp, "--socket and --state are needed");
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp argp = {
	.options = option_list,
	.parser = parse_option,
	.doc = "A virtio RPMB device for QEMU and User Mode Linux.",
};

/* 5.12.4, 5.12.5: the capacity is in units of 128 KiB, up to 16 MiB */
static void device_init(struct device *dev, const struct options *options,
			struct state *state)
{
	*dev = (struct device) {
		.engine = {
			.rules = &rpmb_rules_virtio,
			.format = RPMB_FRAME_JEDEC,
			.store = &state->store,
			.max_write = options->max_write,
			.max_read = options->max_read,
		},
		.config.rpmb = {
			.capacity = state->capacity,
			.max_wr_cnt = options->max_write,
			.max_rd_cnt = options->max_read,
		},
		.config_len = sizeof(dev->config.rpmb),
	};
	if (state->has_dev_id) {
		memcpy(dev->config.dev_id, state->dev_id, STATE_DEV_ID_LEN);
		dev->config_len = sizeof(dev->config);
	}
}

/* A socket that nobody listens on is left over from a daemon that was killed */
static bool remove_stale(const struct sockaddr_un *addr)
{
	struct stat file;
	bool stale;
	int sock;

	if (lstat(addr->sun_path, &file) || !S_ISSOCK(file.st_mode))
		return false;
	/* One who listens may have no room for another connection */
	sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (sock < 0)
		return false;
	stale = connect(sock, (const struct sockaddr *)addr, sizeof(*addr)) &&
		errno == ECONNREFUSED;
	close(sock);
	return stale && !unlink(addr->sun_path);
}

static int listen_on(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	const struct sockaddr *sa = (const struct sockaddr *)&addr;
	int sock, err;

	if (strlen(path) >= sizeof(addr.sun_path)) {
		log_line("%s: path too long for a socket", path);
		return -1;
	}
	strcpy(addr.sun_path, path);
	sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (sock >= 0) {
		err = bind(sock, sa, sizeof(addr));
		if (err && errno == EADDRINUSE && remove_stale(&addr))
			err = bind(sock, sa, sizeof(addr));
		if (!err && !listen(sock, 1))
			return sock;
	}
	log_line("%s: %s", path, strerror(errno));
	if (sock >= 0)
		close(sock);
	return -1;
}

/* The signals that end the program cleanly, as something to poll */
static int catch_signals(void)
{
	sigset_t set;

	signal(SIGPIPE, SIG_IGN);
	memory_catch_sigbus();
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC);
}

/* Returns -1 when the program is to end */
static int accept_next(int listener, int stop)
{
	struct pollfd fds[] = {
		{ .fd = stop, .events = POLLIN },
		{ .fd = listener, .events = POLLIN },
	};
	int sock;

	for (;;) {
		if (poll(fds, 2, -1) < 0 && errno != EINTR) {
			log_line("poll: %s", strerror(errno));
			return -1;
		}
		if (fds[0].revents)
			return -1;
		sock = accept4(listener, NULL, NULL,
			       SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (sock >= 0)
			return sock;
		if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
			log_line("accept: %s", strerror(errno));
	}
}

/* One front-end after the other; the next one waits until the last one is gone */
static void serve(int listener, int stop, struct ring *ring)
{
	bool go_on = true;
	int sock;

	while (go_on && (sock = accept_next(listener, stop)) >= 0) {
		go_on = vhost_user_serve(sock, stop, ring);
		close(sock);
	}
}

static bool run(const char *path, struct device *dev, int stop)
{
	int listener = listen_on(path);
	struct ring ring;
	bool ok;

	if (listener < 0)
		return false;
	ok = ring_start(&ring, dev);
	if (ok) {
		ok = sandbox_enter();
		if (ok) {
			log_line("listening on %s", path);
			serve(listener, stop, &ring);
		}
		ring_stop(&ring);
	}
	unlink(path);
	close(listener);
	return ok;
}

int main(int argc, char **argv)
{
	struct options options = {};
	struct device dev;
	struct state state;
	int stop;
	bool ok;

	argp_parse(&argp, argc, argv, 0, NULL, &options);
	umask(077);
	stop = catch_signals();
	if (stop < 0) {
		log_line("signalfd: %s", strerror(errno));
		return EXIT_FAILURE;
	}
	if (!state_open(&state, &options.state))
		return EXIT_FAILURE;

	device_init(&dev, &options, &state);
	ok = run(options.socket, &dev, stop);
	return state_close(&state) && ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
