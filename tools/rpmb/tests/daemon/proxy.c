// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "daemon.h"
#include "proxy.h"
#include "tap.h"

#define CHUNK 65536

struct connection {
	struct proxy *proxy;
	int client;
	int server;
};

static int make_socket(const char *path, struct sockaddr_un *addr)
{
	*addr = (struct sockaddr_un){ .sun_family = AF_UNIX };
	snprintf(addr->sun_path, sizeof(addr->sun_path), "%s", path);
	return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

static bool send_all(int sock, const char *data, ssize_t len)
{
	ssize_t n;

	for (; len > 0; data += n, len -= n) {
		n = send(sock, data, len, MSG_NOSIGNAL);
		if (n < 0)
			return false;
	}
	return true;
}

static bool is_armed(struct proxy *proxy, const char *data, size_t len)
{
	bool found;

	pthread_mutex_lock(&proxy->lock);
	found = proxy->words &&
		memmem(data, len, proxy->words, strlen(proxy->words));
	if (found)
		proxy->words = NULL;
	pthread_mutex_unlock(&proxy->lock);
	return found;
}

static enum proxy_action hold(struct proxy *proxy)
{
	sem_post(&proxy->held);
	sem_wait(&proxy->go);
	return proxy->action;
}

/* The daemon believes that the connection is lost; what it sent comes late */
static bool send_late(struct connection *connection, const char *data,
		      size_t len)
{
	char answer[CHUNK];

	shutdown(connection->client, SHUT_RDWR);
	sem_wait(&connection->proxy->go);
	/* The server may wait for a lock that it gets in time; it says when it is done */
	if (send_all(connection->server, data, len) &&
	    read(connection->server, answer, sizeof(answer)) > 0)
		sem_post(&connection->proxy->done);
	return false;
}

static bool pass_held(struct connection *connection, const char *data,
		      size_t len)
{
	struct proxy *proxy = connection->proxy;
	char answer[CHUNK];
	ssize_t n;

	if (proxy->place == PROXY_REQUEST) {
		switch (hold(proxy)) {
		case PROXY_CUT:
			return false;
		case PROXY_LATE:
			return send_late(connection, data, len);
		case PROXY_PASS:
			return send_all(connection->server, data, len);
		}
	}
	if (!send_all(connection->server, data, len))
		return false;
	n = read(connection->server, answer, sizeof(answer));
	return n > 0 && hold(proxy) == PROXY_PASS &&
	       send_all(connection->client, answer, n);
}

static bool pass_request(struct connection *connection)
{
	char data[CHUNK];
	ssize_t n = read(connection->client, data, sizeof(data));

	if (n <= 0)
		return false;
	if (is_armed(connection->proxy, data, n))
		return pass_held(connection, data, n);
	return send_all(connection->server, data, n);
}

static void damage(unsigned int one_in, char *data, ssize_t n)
{
	while (one_in && n-- > 0)
		if (random() % one_in == 0)
			data[n] ^= 1 << random() % 8;
}

static bool pass_answer(struct connection *connection)
{
	char data[CHUNK];
	ssize_t n = read(connection->server, data, sizeof(data));

	if (n <= 0)
		return false;
	damage(connection->proxy->damages, data, n);
	return send_all(connection->client, data, n);
}

static void *carry(void *arg)
{
	struct connection *connection = arg;
	struct pollfd fds[2] = {
		{ .fd = connection->client, .events = POLLIN },
		{ .fd = connection->server, .events = POLLIN },
	};
	bool ok = true;

	while (ok && !connection->proxy->quit) {
		if (poll(fds, 2, 20) <= 0)
			continue;
		if (fds[1].revents)
			ok = pass_answer(connection);
		else if (fds[0].revents)
			ok = pass_request(connection);
	}
	close(connection->client);
	close(connection->server);
	free(connection);
	return NULL;
}

static void begin_carrying(struct proxy *proxy, int client)
{
	struct connection *connection = malloc(sizeof(*connection));
	struct sockaddr_un addr;
	int server = make_socket(proxy->server, &addr);

	if (proxy->refuses || proxy->accepted == PROXY_MOST ||
	    connect(server, (struct sockaddr *)&addr, sizeof(addr))) {
		close(server);
		close(client);
		free(connection);
		return;
	}
	*connection = (struct connection){ proxy, client, server };
	pthread_create(&proxy->carriers[proxy->accepted], NULL, carry,
		       connection);
	proxy->accepted++;
}

static void *listen_for(void *arg)
{
	struct proxy *proxy = arg;
	struct pollfd pfd = { .fd = proxy->listener, .events = POLLIN };

	while (!proxy->quit)
		if (poll(&pfd, 1, 20) > 0)
			begin_carrying(proxy, accept4(proxy->listener, NULL,
						      NULL, SOCK_CLOEXEC));
	return NULL;
}

void proxy_use(struct proxy *proxy, const char *server)
{
	const char *dir = getenv("RPMB_FLEET");
	char path[512];
	unsigned int port;
	FILE *f;

	check(dir, "RPMB_FLEET is not set");
	snprintf(path, sizeof(path), "%s/%s/port", dir, server);
	f = fopen(path, "re");
	check(f && fscanf(f, "%u", &port) == 1, "%s: %s", path,
	      strerror(errno));
	fclose(f);
	snprintf(proxy->server, sizeof(proxy->server), "%s/.s.PGSQL.%u", dir,
		 port);
}

#define MOST_PROXIES 4

static struct proxy *proxies[MOST_PROXIES];

static void remember(struct proxy *proxy)
{
	unsigned int i = 0;

	while (i < MOST_PROXIES && proxies[i])
		i++;
	check(i < MOST_PROXIES, "more than %d proxies", MOST_PROXIES);
	proxies[i] = proxy;
}

struct proxy *proxy_new(const char *directory)
{
	struct proxy *proxy = calloc(1, sizeof(*proxy));
	struct sockaddr_un addr;
	char path[64];

	check(proxy && !mkdir(directory, 0700), "%s", strerror(errno));
	proxy_use(proxy, "a");
	snprintf(path, sizeof(path), "%s/.s.PGSQL.1", directory);
	proxy->listener = make_socket(path, &addr);
	check(!bind(proxy->listener, (struct sockaddr *)&addr, sizeof(addr)) &&
	      !listen(proxy->listener, 64), "%s", strerror(errno));
	pthread_mutex_init(&proxy->lock, NULL);
	sem_init(&proxy->held, 0, 0);
	sem_init(&proxy->go, 0, 0);
	sem_init(&proxy->done, 0, 0);
	pthread_create(&proxy->thread, NULL, listen_for, proxy);
	remember(proxy);
	return proxy;
}

static void end(struct proxy *proxy)
{
	unsigned int i;

	proxy->quit = true;
	proxy->action = PROXY_CUT;
	pthread_join(proxy->thread, NULL);
	for (i = 0; i < proxy->accepted; i++) {
		sem_post(&proxy->go);
		sem_post(&proxy->go);
	}
	for (i = 0; i < proxy->accepted; i++)
		pthread_join(proxy->carriers[i], NULL);
	close(proxy->listener);
	free(proxy);
}

void proxy_end_all(void)
{
	unsigned int i;

	for (i = 0; i < MOST_PROXIES; i++) {
		if (proxies[i])
			end(proxies[i]);
		proxies[i] = NULL;
	}
}

void proxy_arm(struct proxy *proxy, enum proxy_place place, const char *words)
{
	pthread_mutex_lock(&proxy->lock);
	proxy->place = place;
	proxy->words = words;
	pthread_mutex_unlock(&proxy->lock);
}

static void wait_for(sem_t *sem)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += WAIT_MS / 1000;
	check(!sem_clockwait(sem, CLOCK_MONOTONIC, &until), "%s",
	      strerror(errno));
}

void proxy_wait_held(struct proxy *proxy)
{
	wait_for(&proxy->held);
}

bool proxy_is_held(struct proxy *proxy)
{
	return !sem_trywait(&proxy->held);
}

void proxy_go_on(struct proxy *proxy, enum proxy_action action)
{
	proxy->action = action;
	sem_post(&proxy->go);
}

void proxy_wait_done(struct proxy *proxy)
{
	wait_for(&proxy->done);
}
