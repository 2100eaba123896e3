// SPDX-License-Identifier: GPL-2.0-only
/*
 * The thread that serves the ring, and what the main thread does to the ring
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "log.h"
#include "ring.h"

/* A kick fd that cannot be read any more would wake the worker for ever */
static bool take_kick(const struct ring *ring)
{
	uint64_t count;
	ssize_t n;

	if (ring->kick < 0)
		return false;
	n = read(ring->kick, &count, sizeof(count));
	if (!n || (n < 0 && errno != EAGAIN))
		epoll_ctl(ring->epoll, EPOLL_CTL_DEL, ring->kick, NULL);
	return n > 0;
}

/* vhost-user: a kick starts the ring, whether it may be served yet or not */
static void take_kicks(struct ring *ring)
{
	uint64_t count;
	bool kicked;

	if (read(ring->wake, &count, sizeof(count)) < 0 && errno != EAGAIN)
		log_line("wake: %s", strerror(errno));
	pthread_rwlock_rdlock(&ring->lock);
	kicked = take_kick(ring);
	if (atomic_exchange(&ring->inband_kick, false) || kicked) {
		ring->started = true;
		ring->kicked = true;
	}
	pthread_rwlock_unlock(&ring->lock);
}

static bool serve_next(struct ring *ring)
{
	bool more;

	pthread_rwlock_rdlock(&ring->lock);
	more = ring_serve(ring);
	pthread_rwlock_unlock(&ring->lock);
	return more;
}

static void *ring_worker(void *arg)
{
	struct ring *ring = arg;
	struct epoll_event event;

	while (!atomic_load(&ring->quit)) {
		if (epoll_wait(ring->epoll, &event, 1, -1) < 0)
			continue;
		take_kicks(ring);
		while (!atomic_load(&ring->quit) && serve_next(ring))
			;
	}
	return NULL;
}

static void wake_worker(struct ring *ring)
{
	const uint64_t one = 1;

	/* EAGAIN: the counter is at its end, so the worker is being woken */
	if (write(ring->wake, &one, sizeof(one)) < 0 && errno != EAGAIN)
		log_line("cannot wake the worker: %s", strerror(errno));
}

void ring_hold(struct ring *ring)
{
	pthread_rwlock_wrlock(&ring->lock);
}

void ring_release(struct ring *ring)
{
	ring->mapped = false;
	pthread_rwlock_unlock(&ring->lock);
	wake_worker(ring);
}

void ring_kick(struct ring *ring)
{
	atomic_store(&ring->inband_kick, true);
	wake_worker(ring);
}

/* A signal must never block the worker, nor a kick that somebody else took */
static bool set_nonblocking(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	return flags >= 0 && !fcntl(fd, F_SETFL, flags | O_NONBLOCK);
}

static void replace_fd(int *old, int fd)
{
	if (*old >= 0)
		close(*old);
	*old = fd;
}

/*
 * The front-end has the same file open, so closing ours does
 * not take it out of the epoll set.
 */
static void forget_kick(const struct ring *ring)
{
	if (ring->kick >= 0)
		epoll_ctl(ring->epoll, EPOLL_CTL_DEL, ring->kick, NULL);
}

bool ring_set_kick(struct ring *ring, int fd)
{
	struct epoll_event event = { .events = EPOLLIN };

	forget_kick(ring);
	replace_fd(&ring->kick, fd);
	if (fd < 0)
		return true;
	/* Buffers whose kick was taken before a halt get no second one */
	if (ring->kicked)
		ring->started = true;
	return set_nonblocking(fd) &&
	       !epoll_ctl(ring->epoll, EPOLL_CTL_ADD, fd, &event);
}

bool ring_set_signal(struct ring_signal *signal, int fd)
{
	replace_fd(&signal->fd, fd);
	signal->off = fd < 0;
	return fd < 0 || set_nonblocking(fd);
}

bool ring_set_requests(struct ring *ring, int fd)
{
	replace_fd(&ring->request_fd, fd);
	return set_nonblocking(fd);
}

uint16_t ring_halt(struct ring *ring)
{
	forget_kick(ring);
	replace_fd(&ring->kick, -1);
	ring->started = false;
	ring->broken = false;
	return ring->next_avail;
}

void ring_reset(struct ring *ring)
{
	ring_halt(ring);
	replace_fd(&ring->call.fd, -1);
	replace_fd(&ring->err.fd, -1);
	replace_fd(&ring->request_fd, -1);
	memory_clear(&ring->memory);
	free(ring->pieces);
	ring->pieces = NULL;
	ring->call.off = false;
	ring->err.off = false;
	ring->features = 0;
	ring->num = 0;
	ring->enabled = false;
	ring->kicked = false;
	ring->break_logged = false;
	atomic_store(&ring->inband_kick, false);
}

#define WRITERS_FIRST PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP

/* See struct ring for why */
static int init_lock(pthread_rwlock_t *lock)
{
	pthread_rwlockattr_t attr;
	int err = pthread_rwlockattr_init(&attr);

	if (!err)
		err = pthread_rwlockattr_setkind_np(&attr, WRITERS_FIRST);
	if (!err)
		err = pthread_rwlock_init(lock, &attr);
	return err;
}

bool ring_start(struct ring *ring, struct device *dev)
{
	struct epoll_event event = { .events = EPOLLIN };
	int err;

	*ring = (struct ring) {
		.epoll = epoll_create1(EPOLL_CLOEXEC),
		.wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK),
		.dev = dev,
		.kick = -1,
		.call = { .fd = -1 },
		.err = { .fd = -1 },
		.request_fd = -1,
	};
	err = epoll_ctl(ring->epoll, EPOLL_CTL_ADD, ring->wake, &event) ?
	      errno : init_lock(&ring->lock);
	if (!err)
		err = pthread_create(&ring->thread, NULL, ring_worker, ring);
	if (err)
		log_line("cannot start the worker: %s", strerror(err));
	return !err;
}

void ring_stop(struct ring *ring)
{
	atomic_store(&ring->quit, true);
	wake_worker(ring);
	pthread_join(ring->thread, NULL);
	ring_reset(ring);
	close(ring->epoll);
	close(ring->wake);
	pthread_rwlock_destroy(&ring->lock);
}
