// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "log.h"
#include "metrics.h"

#define PERIOD 5		/* seconds */
#define NS_PER_SEC UINT64_C(1000000000)
#define TEXT_LEN 8192

/* Upper ends of what counts as alike, in nanoseconds */
static const uint64_t ends[METRICS_BUCKETS] = {
	250000, 500000, 1000000, 2500000, 5000000, 10000000, 25000000,
	50000000, 100000000, 1000000000, 10000000000, 100000000000,
};

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * NS_PER_SEC + now.tv_nsec;
}

bool metrics_begin(struct metrics *metrics)
{
	if (!metrics || metrics->begun)
		return false;
	metrics->begun = now_ns();
	return true;
}

void metrics_answer(struct metrics *metrics, bool ok)
{
	if (!metrics)
		return;
	metrics->answered++;
	metrics->failed += !ok;
}

static void count(struct metrics *metrics, uint64_t ns)
{
	unsigned int i = 0;

	while (i < METRICS_BUCKETS && ns > ends[i])
		i++;
	metrics->took[i]++;
	metrics->took_ns += ns;
	metrics->requests += metrics->answered;
	metrics->failures += metrics->failed;
}

void metrics_again(struct metrics *metrics)
{
	if (!metrics)
		return;
	metrics->answered = 0;
	metrics->failed = 0;
}

void metrics_end(struct metrics *metrics, bool kept, uint32_t counter)
{
	if (!metrics)
		return;
	if (kept)
		count(metrics, now_ns() - metrics->begun);
	metrics->answered = 0;
	metrics->failed = 0;
	metrics->begun = 0;
	metrics->counter = counter;
	if (!metrics->since) {
		metrics->first = counter;
		metrics->since = now_ns();
	}
}

/* A label's value: what would end it is left out of it */
static char *label_of(const char *device)
{
	char *label = strdup(device), *c;

	for (c = label; c && *c; c++)
		if (*c == '"' || *c == '\\' || *c == '\n')
			*c = '_';
	return label;
}

/* Where the directory is, and the file in it */
static bool find(struct metrics *metrics, char *copy, char *other)
{
	metrics->directory = realpath(dirname(copy), NULL);
	/* node_exporter reads what ends in .prom, and nothing else */
	return metrics->directory &&
	       asprintf(&metrics->path, "%s/%s", metrics->directory,
			basename(other)) >= 0 &&
	       asprintf(&metrics->temporary, "%s.new", metrics->path) >= 0;
}

bool metrics_find(struct metrics *metrics, const char *path, const char *device)
{
	char *copies[2] = { strdup(path), strdup(path) };
	bool ok = copies[0] && copies[1];

	*metrics = (struct metrics) { .device = label_of(device) };
	ok = ok && metrics->device && find(metrics, copies[0], copies[1]);
	if (!ok)
		log_line("%s: %s", path, strerror(errno));
	free(copies[0]);
	free(copies[1]);
	return ok;
}

void metrics_forget(struct metrics *metrics)
{
	free(metrics->directory);
	free(metrics->path);
	free(metrics->temporary);
	free(metrics->device);
	*metrics = (struct metrics) {};
}

static void put_one(FILE *f, const struct metrics *metrics, const char *name,
		    const char *type, const char *help, double value)
{
	fprintf(f, "# HELP %s %s\n# TYPE %s %s\n%s{device=\"%s\"} %.15g\n",
		name, help, name, type, name, metrics->device, value);
}

static void put_times(FILE *f, const struct metrics *metrics)
{
	static const char name[] = "rpmb_commit_seconds";
	uint64_t sum = 0;
	unsigned int i;

	fprintf(f, "# HELP %s From taking requests to all being durable.\n"
		   "# TYPE %s histogram\n", name, name);
	for (i = 0; i < METRICS_BUCKETS; i++) {
		sum += metrics->took[i];
		fprintf(f, "%s_bucket{device=\"%s\",le=\"%g\"} %" PRIu64 "\n",
			name, metrics->device, ends[i] / (double)NS_PER_SEC,
			sum);
	}
	sum += metrics->took[i];
	fprintf(f, "%s_bucket{device=\"%s\",le=\"+Inf\"} %" PRIu64 "\n"
		   "%s_sum{device=\"%s\"} %.9f\n"
		   "%s_count{device=\"%s\"} %" PRIu64 "\n",
		name, metrics->device, sum, name, metrics->device,
		metrics->took_ns / (double)NS_PER_SEC, name, metrics->device,
		sum);
}

static double waited(const struct metrics *metrics)
{
	uint64_t begun = metrics->begun;

	return begun ? (now_ns() - begun) / (double)NS_PER_SEC : 0;
}

/* As long as nothing was written there is no rate to go by */
static void put_forecast(FILE *f, const struct metrics *metrics)
{
	uint64_t counter = metrics->counter, written = counter - metrics->first;
	double since = (now_ns() - metrics->since) / (double)NS_PER_SEC;

	if (metrics->since && counter > metrics->first)
		put_one(f, metrics, "rpmb_counter_ends_seconds", "gauge",
			"Until the write counter ends, if as much is written as since the start.",
			(UINT32_MAX - counter) * since / written);
}

static void put_all(FILE *f, const struct metrics *metrics)
{
	put_one(f, metrics, "rpmb_requests_total", "counter",
		"Requests that were answered.", metrics->requests);
	put_one(f, metrics, "rpmb_failures_total", "counter",
		"Those whose answer was not success.", metrics->failures);
	put_times(f, metrics);
	put_one(f, metrics, "rpmb_waiting_seconds", "gauge",
		"How long the requests under way have taken so far.",
		waited(metrics));
	put_one(f, metrics, "rpmb_write_counter", "gauge",
		"Write counter, which ends at 4294967295; 0 before the first request.",
		metrics->counter);
	put_forecast(f, metrics);
	if (metrics->connected)
		put_one(f, metrics, "rpmb_connected", "gauge",
			"Whether there is a connection to the database.",
			*metrics->connected);
}

/* Others than the daemon's user are to read it */
static bool replace(const struct metrics *metrics, const char *text, size_t len)
{
	int fd = openat(AT_FDCWD, metrics->temporary,
			O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC,
			0600);
	bool ok = fd >= 0 && !fchmod(fd, 0644) &&
		  write(fd, text, len) == (ssize_t)len;

	if (fd >= 0)
		close(fd);
	return ok && !rename(metrics->temporary, metrics->path);
}

static void write_file(const struct metrics *metrics, bool *said)
{
	char text[TEXT_LEN];
	FILE *f = fmemopen(text, sizeof(text), "w");
	bool ok = f;
	long len;

	if (f) {
		put_all(f, metrics);
		len = ftell(f);
		ok = !fclose(f) && len > 0 &&
		     replace(metrics, text, len);
	}
	if (!ok && !*said)
		log_line("%s: %s", metrics->path, strerror(errno));
	*said = !ok;
}

static void *work(void *arg)
{
	struct metrics *metrics = arg;
	struct timespec until;
	bool said = false;

	pthread_mutex_lock(&metrics->lock);
	do {
		write_file(metrics, &said);
		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_sec += PERIOD;
		if (!metrics->stopping)
			pthread_cond_timedwait(&metrics->stop, &metrics->lock,
					       &until);
	} while (!metrics->stopping);
	write_file(metrics, &said);
	pthread_mutex_unlock(&metrics->lock);
	return NULL;
}

bool metrics_start(struct metrics *metrics, const atomic_bool *connected)
{
	int err;

	metrics->connected = connected;
	pthread_mutex_init(&metrics->lock, NULL);
	pthread_cond_init(&metrics->stop, NULL);
	err = pthread_create(&metrics->thread, NULL, work, metrics);
	if (err)
		log_line("cannot start a thread: %s", strerror(err));
	return !err;
}

void metrics_stop(struct metrics *metrics)
{
	pthread_mutex_lock(&metrics->lock);
	metrics->stopping = true;
	pthread_cond_signal(&metrics->stop);
	pthread_mutex_unlock(&metrics->lock);
	pthread_join(metrics->thread, NULL);
}
