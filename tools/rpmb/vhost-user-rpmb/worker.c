// SPDX-License-Identifier: GPL-2.0-only
/*
 * The thread that serves the ring, and what the main thread asks of it
 */
#include <endian.h>
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "fd.h"
#include "log.h"
#include "metrics.h"
#include "worker.h"

#define of_backend(ptr) ((struct worker *)					\
	((char *)(ptr) - offsetof(struct worker, backend)))
#define of_ring(ptr) ((struct worker *)					\
	((char *)(ptr) - offsetof(struct worker, ring)))

/* A kick fd that cannot be read any more would wake the worker for ever */
static bool take_kick(const struct worker *worker)
{
	uint64_t count;
	ssize_t n;

	if (worker->kick < 0)
		return false;
	n = fd_read_now(worker->kick, &count, sizeof(count));
	if (!n || (n < 0 && errno != EAGAIN))
		epoll_ctl(worker->epoll, EPOLL_CTL_DEL, worker->kick, NULL);
	return n > 0;
}

static void take_kicks(struct worker *worker)
{
	uint64_t count;
	bool kicked;

	if (read(worker->wake, &count, sizeof(count)) < 0 && errno != EAGAIN)
		log_line("wake: %s", strerror(errno));
	pthread_rwlock_rdlock(&worker->lock);
	kicked = take_kick(worker);
	if (atomic_exchange(&worker->inband_kick, false) || kicked)
		ring_take_kick(&worker->ring);
	pthread_rwlock_unlock(&worker->lock);
}

static bool serve_next(struct worker *worker)
{
	bool more;

	pthread_rwlock_rdlock(&worker->lock);
	more = ring_serve(&worker->ring);
	pthread_rwlock_unlock(&worker->lock);
	return more;
}

static void *work(void *arg)
{
	struct worker *worker = arg;
	struct epoll_event event;

	while (!atomic_load(&worker->quit)) {
		if (epoll_wait(worker->epoll, &event, 1, -1) < 0)
			continue;
		take_kicks(worker);
		while (!atomic_load(&worker->quit) && serve_next(worker))
			;
	}
	return NULL;
}

static void wake(struct worker *worker)
{
	const uint64_t one = 1;

	/* EAGAIN: the counter is at its end, so the worker is being woken */
	if (write(worker->wake, &one, sizeof(one)) < 0 && errno != EAGAIN)
		log_line("cannot wake the worker: %s", strerror(errno));
}

static bool start(struct ring *ring)
{
	struct device *dev = of_ring(ring)->dev;

	return !dev->ops->start || dev->ops->start(dev);
}

static uint32_t counter_of(const struct device *dev)
{
	return dev->counter ? *dev->counter : 0;
}

/* That the counter has ended is said beside the result */
static bool is_success(const void *in, size_t len)
{
	const struct rpmb_frame *frame = in;

	return len >= sizeof(*frame) &&
	       !(be16toh(frame->result) & ~RPMB_RES_EXPIRED);
}

static void begin(struct ring *ring)
{
	struct device *dev = of_ring(ring)->dev;

	metrics_begin(dev->metrics);
	dev->ops->begin(dev);
}

static bool again(struct ring *ring)
{
	struct device *dev = of_ring(ring)->dev;

	if (!dev->ops->again)
		return false;
	dev->ops->again(dev);
	metrics_again(dev->metrics);
	return true;
}

static bool commit(struct ring *ring)
{
	struct device *dev = of_ring(ring)->dev;
	bool ok = dev->ops->commit(dev);

	metrics_end(dev->metrics, ok, counter_of(dev));
	return ok;
}

static size_t request(struct ring *ring, void *out, size_t out_len, void *in,
		      size_t in_len)
{
	struct device *dev = of_ring(ring)->dev;
	bool alone = metrics_begin(dev->metrics);
	size_t len = device_request(dev, out, out_len, in, in_len);

	if (len)
		metrics_answer(dev->metrics, is_success(in, len));
	if (alone)
		metrics_end(dev->metrics, true, counter_of(dev));
	return len;
}

/* Waits for nobody's disk */
static void kick(struct ring *ring)
{
	struct worker *worker = of_ring(ring);

	atomic_store(&worker->inband_kick, true);
	wake(worker);
}

/*
 * The front-end has the same file open, so closing ours does
 * not take it out of the epoll set.
 */
static void forget_kick(struct worker *worker)
{
	if (worker->kick >= 0)
		epoll_ctl(worker->epoll, EPOLL_CTL_DEL, worker->kick, NULL);
	fd_replace(&worker->kick, -1);
}

static bool set_kick(struct ring *ring, int fd)
{
	struct epoll_event event = { .events = EPOLLIN };
	struct worker *worker = of_ring(ring);

	forget_kick(worker);
	worker->kick = fd;
	return fd < 0 || (fd_set_nonblocking(fd) &&
			  !epoll_ctl(worker->epoll, EPOLL_CTL_ADD, fd, &event));
}

static size_t save(struct backend *backend, void *state, size_t room)
{
	struct device *dev = of_backend(backend)->dev;

	return dev->ops->save(dev, state, room);
}

static bool load(struct backend *backend, const void *state, size_t len)
{
	struct device *dev = of_backend(backend)->dev;

	return dev->ops->load(dev, state, len);
}

static void reset(struct backend *backend)
{
	struct worker *worker = of_backend(backend);

	forget_kick(worker);
	atomic_store(&worker->inband_kick, false);
}

static void hold(struct backend *backend)
{
	pthread_rwlock_wrlock(&of_backend(backend)->lock);
}

static void release(struct backend *backend)
{
	struct worker *worker = of_backend(backend);

	pthread_rwlock_unlock(&worker->lock);
	wake(worker);
}

static const struct backend_ops ops = {
	.start = start,
	.begin = begin,
	.again = again,
	.commit = commit,
	.request = request,
	.kick = kick,
	.set_kick = set_kick,
	.save = save,
	.load = load,
	.reset = reset,
	.hold = hold,
	.release = release,
};

#define WRITERS_FIRST PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP

/* See struct worker for why */
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

bool worker_start(struct worker *worker, struct device *dev)
{
	struct epoll_event event = { .events = EPOLLIN };
	int err;

	*worker = (struct worker) {
		.backend = {
			.ops = &ops,
			.config = &dev->config,
			.config_len = dev->config_len,
			.max_len = DEVICE_MAX_LEN,
			.grouped = dev->groups,
			.logged = true,
			.moves = dev->moves,
			.rings = &worker->ring,
			.nr_rings = 1,
		},
		.dev = dev,
		.epoll = epoll_create1(EPOLL_CLOEXEC),
		.wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK),
		.kick = -1,
	};
	backend_init(&worker->backend);
	err = epoll_ctl(worker->epoll, EPOLL_CTL_ADD, worker->wake, &event) ?
	      errno : init_lock(&worker->lock);
	if (!err)
		err = pthread_create(&worker->thread, NULL, work, worker);
	if (err)
		log_line("cannot start the worker: %s", strerror(err));
	return !err;
}

void worker_stop(struct worker *worker)
{
	atomic_store(&worker->quit, true);
	wake(worker);
	pthread_join(worker->thread, NULL);
	backend_reset(&worker->backend);
	close(worker->epoll);
	close(worker->wake);
	pthread_rwlock_destroy(&worker->lock);
}
