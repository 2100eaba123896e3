// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A client of rpmb-anchor
 */
#include <assert.h>
#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <nettle/hkdf.h>
#include <nettle/hmac.h>
#include <nettle/memops.h>

#include "anchor_protocol.h"
#include "internal.h"

static_assert(sizeof(struct anchor_request) == 80, "no holes");
static_assert(sizeof(struct anchor_reply) == 128, "no holes");

/*
 * @stop: when this can be read, whoever waits gives up; or -1
 * @line: as the anchor gave it
 */
struct rpmb_anchor {
	int sock;
	int stop;
	uint64_t left;
	bool may_step_back;
	struct anchor_line line;
};

static int take_reply(struct rpmb_anchor *anchor, struct anchor_reply *reply)
{
	ssize_t len;
	int ret = anchor_wait(anchor->sock, anchor->stop);

	if (ret)
		return ret;
	len = recv(anchor->sock, reply, sizeof(*reply), MSG_DONTWAIT);
	if (len <= 0)
		return RPMB_ERR_NO_ANCHOR;
	if (len != sizeof(*reply) || le32toh(reply->version) != ANCHOR_VERSION)
		return RPMB_ERR_ANCHOR;
	ret = anchor_result_error(le32toh(reply->result));
	if (!ret)
		anchor->left = le64toh(reply->left);
	return ret;
}

static int ask(struct rpmb_anchor *anchor, struct anchor_request *req,
	       struct anchor_reply *reply)
{
	if (anchor->sock < 0)
		return RPMB_ERR_NO_ANCHOR;
	req->version = htole32(ANCHOR_VERSION);
	if (send(anchor->sock, req, sizeof(*req), MSG_NOSIGNAL) < 0)
		return RPMB_ERR_NO_ANCHOR;
	return take_reply(anchor, reply);
}

int rpmb_anchor_get(struct rpmb_anchor *anchor, struct rpmb_step *step)
{
	struct anchor_request req = { .type = htole32(ANCHOR_GET) };
	struct anchor_reply reply;
	int ret = ask(anchor, &req, &reply);

	if (!ret) {
		*step = (struct rpmb_step) { .number = le64toh(reply.number) };
		memcpy(step->name, reply.name, sizeof(step->name));
		anchor->may_step_back = reply.may_step_back;
	}
	return ret;
}

/* Whoever may have the anchor is told so, and gets its key, without asking */
static int take_line(struct rpmb_anchor *anchor)
{
	struct anchor_reply reply;
	int ret = take_reply(anchor, &reply);

	if (!ret) {
		memcpy(anchor->line.guid, reply.guid, sizeof(reply.guid));
		memcpy(anchor->line.salt, reply.salt, sizeof(reply.salt));
		memcpy(anchor->line.key, reply.key, sizeof(reply.key));
		anchor->may_step_back = reply.may_step_back;
	}
	explicit_bzero(&reply, sizeof(reply));
	return ret;
}

static void disconnect(struct rpmb_anchor *anchor)
{
	if (anchor->sock >= 0)
		close(anchor->sock);
	anchor->sock = -1;
}

int rpmb_anchor_connect(struct rpmb_anchor *anchor, const char *path)
{
	int ret;

	disconnect(anchor);
	ret = anchor_connect(path, &anchor->sock);
	if (!ret)
		ret = take_line(anchor);
	if (ret)
		disconnect(anchor);
	return ret;
}

struct rpmb_anchor *rpmb_anchor_new(int stop)
{
	struct rpmb_anchor *anchor = calloc(1, sizeof(*anchor));

	if (anchor) {
		anchor->sock = -1;
		anchor->stop = stop;
	}
	return anchor;
}

void rpmb_anchor_free(struct rpmb_anchor *anchor)
{
	if (!anchor)
		return;
	disconnect(anchor);
	explicit_bzero(anchor, sizeof(*anchor));
	free(anchor);
}

bool rpmb_anchor_is_held(const struct rpmb_anchor *anchor)
{
	return anchor_is_quiet(anchor->sock);
}

const uint8_t *rpmb_anchor_guid(const struct rpmb_anchor *anchor)
{
	return anchor->line.guid;
}

uint64_t rpmb_anchor_left(const struct rpmb_anchor *anchor)
{
	return anchor->left;
}

bool rpmb_anchor_may_step_back(const struct rpmb_anchor *anchor)
{
	return anchor->may_step_back;
}

void rpmb_anchor_derive(const struct rpmb_anchor *anchor, const char *purpose,
			uint8_t key[LIBRPMB_KEY_LEN])
{
	struct hmac_sha256_ctx ctx;

	/* The anchor's key is uniform already, so there is nothing to extract */
	hmac_sha256_set_key(&ctx, sizeof(anchor->line.key), anchor->line.key);
	hkdf_expand(&ctx, (nettle_hash_update_func *)hmac_sha256_update,
		    (nettle_hash_digest_func *)hmac_sha256_digest,
		    SHA256_DIGEST_SIZE, strlen(purpose),
		    (const uint8_t *)purpose, LIBRPMB_KEY_LEN, key);
	explicit_bzero(&ctx, sizeof(ctx));
}

void rpmb_anchor_next(const struct rpmb_anchor *anchor,
		      const struct rpmb_step *from,
		      const uint8_t root[LIBRPMB_STEP_LEN],
		      struct rpmb_step *next)
{
	struct rpmb_step step = { .number = from->number + 1 };

	memcpy(step.parent, from->name, sizeof(step.parent));
	anchor_name_step(&anchor->line, step.number, step.parent, root,
			 step.name);
	*next = step;
}

/* After an answer that got lost, it is there already: the anchor knows its own */
int rpmb_anchor_advance(struct rpmb_anchor *anchor,
			const struct rpmb_step *step,
			const uint8_t root[LIBRPMB_STEP_LEN])
{
	struct anchor_request req = {
		.type = htole32(ANCHOR_ADVANCE),
		.number = htole64(step->number),
	};
	struct anchor_reply reply;

	memcpy(req.name, step->name, sizeof(req.name));
	memcpy(req.root, root, sizeof(req.root));
	return ask(anchor, &req, &reply);
}

bool rpmb_anchor_is_genuine(const struct rpmb_anchor *anchor,
			    const struct rpmb_step *step,
			    const uint8_t root[LIBRPMB_STEP_LEN])
{
	uint8_t name[LIBRPMB_STEP_LEN];

	anchor_name_step(&anchor->line, step->number, step->parent, root, name);
	return memeql_sec(name, step->name, sizeof(name));
}

int rpmb_anchor_compare(struct rpmb_anchor *anchor, const struct rpmb_step *step,
			const uint8_t root[LIBRPMB_STEP_LEN], bool *ahead)
{
	struct rpmb_step at;
	int ret = rpmb_anchor_get(anchor, &at);

	if (ret)
		return ret;
	if (!rpmb_anchor_is_genuine(anchor, step, root))
		return RPMB_ERR_FORGED;
	*ahead = step->number == at.number + 1 &&
		 memeql_sec(step->parent, at.name, sizeof(at.name));
	if (*ahead || (step->number == at.number &&
		       memeql_sec(step->name, at.name, sizeof(at.name))))
		return 0;
	return RPMB_ERR_OLD;
}

int rpmb_anchor_verify(struct rpmb_anchor *anchor, const struct rpmb_step *step,
		       const uint8_t root[LIBRPMB_STEP_LEN])
{
	bool ahead;
	int ret = rpmb_anchor_compare(anchor, step, root, &ahead);

	return !ret && ahead ? rpmb_anchor_advance(anchor, step, root) : ret;
}
