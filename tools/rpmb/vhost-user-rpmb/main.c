// SPDX-License-Identifier: GPL-2.0-only
/*
 * vhost-user-rpmb: a virtio RPMB device for QEMU and User Mode Linux
 *
 * The main thread speaks vhost-user, a worker serves the request queue. So a
 * slow disk keeps nobody waiting who does not ask for data.
 *
 * Section numbers are those of the Virtual I/O Device specification, version 1.2
 */
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
#include "metrics.h"
#include "options.h"
#include "sandbox.h"
#include "vhost_user.h"
#include "worker.h"

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

/* Before anybody can connect */
static bool share(const char *path, gid_t group)
{
	return group == (gid_t)-1 ||
	       (!chown(path, -1, group) && !chmod(path, 0660));
}

static int listen_on(const char *path, gid_t group)
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
		if (!err && share(path, group) && !listen(sock, 1))
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
	shared_catch_sigbus();
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

/* Serve one until it leaves or misbehaves; false if the program is to end */
static bool serve_one(int sock, int stop, struct backend *backend)
{
	struct session session;

	vhost_user_begin(&session, backend, sock, stop);
	while (vhost_user_serve(&session))
		;
	vhost_user_end(&session);
	return !session.conn.stopped;
}

/* One front-end after the other; the next one waits until the last one is gone */
static void serve(int listener, int stop, struct backend *backend)
{
	bool go_on = true;
	int sock;

	while (go_on && (sock = accept_next(listener, stop)) >= 0) {
		go_on = serve_one(sock, stop, backend);
		close(sock);
	}
}

static bool run_worker(int listener, int stop, struct device *dev,
		       const struct sandbox_needs *needs, const char *path)
{
	struct worker worker;
	bool ok;

	if (dev->metrics && !metrics_start(dev->metrics, dev->connected))
		return false;
	if (!worker_start(&worker, dev))
		return false;
	ok = sandbox_enter(needs);
	if (ok) {
		log_line("listening on %s", path);
		serve(listener, stop, &worker.backend);
	}
	worker_stop(&worker);
	if (dev->metrics)
		metrics_stop(dev->metrics);
	return ok;
}

/* The full name of a file, if there is to be one; false and a log line if it is gone */
static bool find(const char *path, char **full)
{
	*full = path ? realpath(path, NULL) : NULL;
	if (!path || *full)
		return true;
	log_line("%s: %s", path, strerror(errno));
	return false;
}

static const char *name_of(const struct options *options)
{
	return options->forward.name ?:
	       state_device(&options->emulate.state);
}

/* The directory of the file, since there may be no file */
static bool find_metrics(const struct options *options, struct device *dev,
			 struct metrics *metrics)
{
	if (!options->metrics)
		return true;
	dev->metrics = metrics;
	return metrics_find(metrics, options->metrics, name_of(options));
}

static bool run(const struct options *options, struct device *dev, int stop)
{
	struct metrics metrics = {};
	struct sandbox_needs needs = {
		.state = state_path(options->emulate.state.name),
		.database = dev->places,
		.network = dev->network,
		.device = options->forward.name,
		.raw_io = options->forward.allow_key,
	};
	int listener = listen_on(options->socket, options->group);
	bool ok = false;

	if (listener >= 0) {
		ok = find(options->socket, &needs.socket) &&
		     find(options->emulate.state.partition ?:
			  options->emulate.state.anchor, &needs.anchor) &&
		     find_metrics(options, dev, &metrics);
		needs.metrics = metrics.directory;
		ok = ok && sandbox_prepare(&needs) &&
		     run_worker(listener, stop, dev, &needs,
				options->socket);
		unlink(needs.socket ?: options->socket);
		close(listener);
	}
	free(needs.socket);
	free(needs.state);
	free(needs.anchor);
	metrics_forget(&metrics);
	return ok;
}

static struct device *open_device(const struct options *options)
{
	if (options->forward.name)
		return forward_open(&options->forward);
	return emulate_open(&options->emulate);
}

int main(int argc, char **argv)
{
	struct options options;
	struct device *dev;
	int stop;
	bool ok;

	options_parse(&options, argc, argv);
	/* Of a guest nothing is known but where it comes in */
	log_about(name_of(&options), options.socket);
	umask(077);
	stop = catch_signals();
	if (stop < 0) {
		log_line("signalfd: %s", strerror(errno));
		return EXIT_FAILURE;
	}
	options.emulate.state.stop = stop;
	dev = open_device(&options);
	if (!dev)
		return EXIT_FAILURE;
	ok = run(&options, dev, stop);
	return dev->ops->close(dev) && ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
