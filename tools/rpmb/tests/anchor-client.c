// SPDX-License-Identifier: GPL-2.0-only
#include <endian.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "anchor-client.h"
#include "anchor-host.h"
#include "daemon.h"

const char *socket_of(unsigned int n)
{
	static char path[sizeof(DIRECTORY) + LIBRPMB_GUID_TEXT + 8];

	snprintf(path, sizeof(path), DIRECTORY "/" GUID "/socket", n);
	return path;
}

/* Nobody waits for ever: this can be read when that has taken too long */
static int bound(void)
{
	const struct itimerspec time = { .it_value.tv_sec = WAIT_MS / 1000 };
	static int timer = -1;

	if (timer < 0)
		timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	check(!timerfd_settime(timer, 0, &time, NULL), "%s", strerror(errno));
	return timer;
}

struct rpmb_anchor *must_connect(unsigned int n)
{
	struct rpmb_anchor *anchor = rpmb_anchor_new(bound());
	int ret;

	check(anchor, "out of memory");
	ret = rpmb_anchor_connect(anchor, socket_of(n));
	check(!ret, "anchor %u: %s", n, rpmb_strerror(ret));
	return anchor;
}

int connect_error(unsigned int n)
{
	struct rpmb_anchor *anchor = rpmb_anchor_new(bound());
	int ret;

	check(anchor, "out of memory");
	ret = rpmb_anchor_connect(anchor, socket_of(n));
	expect_eq(rpmb_anchor_is_held(anchor), !ret);
	rpmb_anchor_free(anchor);
	return ret;
}

void keep_next(const struct rpmb_anchor *anchor, struct kept *kept)
{
	memset(kept->root, kept->step.number + 1, sizeof(kept->root));
	rpmb_anchor_next(anchor, &kept->step, kept->root, &kept->step);
}

int advance(struct rpmb_anchor *anchor, const struct kept *kept)
{
	return rpmb_anchor_advance(anchor, &kept->step, kept->root);
}

void must_step(struct rpmb_anchor *anchor, struct kept *kept)
{
	int ret;

	keep_next(anchor, kept);
	ret = advance(anchor, kept);
	check(!ret, "step %llu: %s", (unsigned long long)kept->step.number,
	      rpmb_strerror(ret));
}

void expect_anchored(struct rpmb_anchor *anchor, const struct kept *kept)
{
	struct rpmb_step at;

	check_eq(rpmb_anchor_get(anchor, &at), 0);
	expect_eq(at.number, kept->step.number);
	expect(!memcmp(at.name, kept->step.name, sizeof(at.name)));
}

void expect_goes_on(unsigned int n, struct kept *kept)
{
	struct rpmb_anchor *anchor = must_connect(n);
	struct kept old = *kept;

	check_eq(rpmb_anchor_verify(anchor, &kept->step, kept->root), 0);
	expect_anchored(anchor, kept);
	must_step(anchor, kept);
	expect_eq(rpmb_anchor_verify(anchor, &old.step, old.root),
		  RPMB_ERR_OLD);
	expect_anchored(anchor, kept);
	rpmb_anchor_free(anchor);
}

static enum anchor_result take_line(struct raw *raw)
{
	struct anchor_reply reply;
	ssize_t len = recv(raw->sock, &reply, sizeof(reply), 0);

	check_eq(len, sizeof(reply));
	expect_eq(le32toh(reply.version), ANCHOR_VERSION);
	raw->at = (struct rpmb_step) { .number = le64toh(reply.number) };
	memcpy(raw->at.name, reply.name, sizeof(reply.name));
	memcpy(raw->line.guid, reply.guid, sizeof(reply.guid));
	memcpy(raw->line.salt, reply.salt, sizeof(reply.salt));
	memcpy(raw->line.key, reply.key, sizeof(reply.key));
	return le32toh(reply.result);
}

void raw_come(struct raw *raw, unsigned int n)
{
	raw->sock = host_connect(socket_of(n));
	check(raw->sock >= 0, "%s: %s", socket_of(n), strerror(errno));
}

enum anchor_result raw_greeting(struct raw *raw)
{
	return take_line(raw);
}

enum anchor_result raw_connect(struct raw *raw, unsigned int n)
{
	raw_come(raw, n);
	return raw_greeting(raw);
}

void raw_close(struct raw *raw)
{
	close(raw->sock);
}

struct anchor_request raw_next(struct raw *raw, uint8_t seed)
{
	struct anchor_request req = {
		.version = htole32(ANCHOR_VERSION),
		.type = htole32(ANCHOR_ADVANCE),
		.number = htole64(++raw->at.number),
	};

	memset(req.root, seed, sizeof(req.root));
	anchor_name_step(&raw->line, raw->at.number, raw->at.name, req.root,
			 req.name);
	memcpy(raw->at.name, req.name, sizeof(req.name));
	return req;
}

void raw_send(const struct raw *raw, const void *packet, size_t len)
{
	check_eq(send(raw->sock, packet, len, MSG_NOSIGNAL), len);
}

enum anchor_result raw_answer(const struct raw *raw)
{
	struct anchor_reply reply;
	ssize_t len = recv(raw->sock, &reply, sizeof(reply), 0);

	check_eq(len, sizeof(reply));
	return le32toh(reply.result);
}

bool raw_is_over(const struct raw *raw)
{
	char byte;

	return recv(raw->sock, &byte, sizeof(byte), 0) <= 0;
}

void raw_ask_step(struct raw *raw, uint8_t seed)
{
	const struct anchor_request get = {
		.version = htole32(ANCHOR_VERSION),
		.type = htole32(ANCHOR_GET),
	};
	struct anchor_request req = raw_next(raw, seed);

	raw_send(raw, &req, sizeof(req));
	/* Answered in its turn, and at once: the step has been read when it is */
	raw_send(raw, &get, sizeof(get));
	check_eq(raw_answer(raw), ANCHOR_OK);
}
