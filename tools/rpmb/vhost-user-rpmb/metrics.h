/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the daemon tells a monitoring system: a file in the text format of Prometheus,
 * which node_exporter passes on
 */
#ifndef METRICS_H
#define METRICS_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define METRICS_BUCKETS 12

/*
 * @directory: that of the file
 * @path: of the file, by its full name; it is replaced, so nobody reads half of one
 * @device: how the device is called in it
 * @connected: is there a connection to what keeps the state; NULL if there is none to have
 * @begun: when the requests were taken that are under way, 0 if there are none
 * @since, @first: when the first requests were done, and the counter then
 * @answered, @failed: of these, so far; nobody else's than the worker's
 *
 * The numbers are the worker's to change, and anybody's to read.
 */
struct metrics {
	char *directory;
	char *path;
	char *temporary;
	char *device;
	const atomic_bool *connected;

	atomic_uint_fast64_t requests;
	atomic_uint_fast64_t failures;
	atomic_uint_fast64_t took[METRICS_BUCKETS + 1];
	atomic_uint_fast64_t took_ns;
	atomic_uint_fast64_t begun;
	atomic_uint_fast64_t counter;
	atomic_uint_fast64_t since;
	atomic_uint_fast64_t first;
	unsigned int answered;
	unsigned int failed;

	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t stop;
	bool stopping;
};

/* False and a log line if the directory is not there; to be forgotten in any case */
bool metrics_find(struct metrics *metrics, const char *path,
		  const char *device);
void metrics_forget(struct metrics *metrics);

/* Write the file now and then, in a thread of its own; false and a log line on failure */
bool metrics_start(struct metrics *metrics, const atomic_bool *connected);
void metrics_stop(struct metrics *metrics);

/*
 * Requests were taken, one has its answer, all of them have, and these are given: if not,
 * @kept is false, and none of it counts. The first returns false if it is said already;
 * @metrics may be NULL.
 */
bool metrics_begin(struct metrics *metrics);
void metrics_answer(struct metrics *metrics, bool ok);
/* The answers come once more */
void metrics_again(struct metrics *metrics);
void metrics_end(struct metrics *metrics, bool kept, uint32_t counter);

#endif /* METRICS_H */
