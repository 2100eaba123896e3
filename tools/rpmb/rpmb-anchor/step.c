// SPDX-License-Identifier: GPL-2.0-only
#include <endian.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <nettle/memops.h>

#include "step.h"

static const struct entry *entry_of(const struct server *server,
				    const struct guest *guest)
{
	return table_find(&server->table, guest->line.guid);
}

static struct anchor_reply make_reply(const struct server *server,
				      const struct entry *entry,
				      enum anchor_result result)
{
	struct anchor_reply reply = {
		.version = htole32(ANCHOR_VERSION),
		.result = htole32(result),
	};

	if (!result) {
		reply.number = htole64(entry->number);
		reply.left = htole64(guest_left(server, entry, entry->number));
		reply.may_step_back = htole32(entry->may_step_back);
		memcpy(reply.name, entry->name, sizeof(reply.name));
	}
	return reply;
}

/* A client that does not take its answers has none coming */
static void send_reply(struct guest *guest, const struct anchor_reply *reply)
{
	guest_send(guest, guest->session.fd, reply, sizeof(*reply));
}

/* What he is told that is left he relies on: his next step is durable before he asks */
static void note_promise(struct guest *guest, const struct anchor_reply *reply)
{
	if (!reply->result)
		guest->promised = reply->left;
}

static void answer(const struct server *server, struct guest *guest,
		   enum anchor_result result)
{
	struct anchor_reply reply = make_reply(server, entry_of(server, guest), result);

	note_promise(guest, &reply);
	send_reply(guest, &reply);
}

static enum anchor_result judge(const struct server *server,
				const struct guest *guest,
				const struct entry *entry)
{
	const struct anchor_request *request = &guest->request;
	uint64_t number = le64toh(request->number);
	uint8_t name[LIBRPMB_STEP_LEN];

	if (number != entry->number + 1)
		return ANCHOR_OTHER_STEP;
	anchor_name_step(&guest->line, number, entry->name, request->root, name);
	if (!memeql_sec(name, request->name, sizeof(name)))
		return ANCHOR_FORGED;
	return guest->promised || guest_left(server, entry, entry->number) ?
	       ANCHOR_OK : ANCHOR_SPENT;
}

/* The answer to the same request may have been lost */
static bool is_there(const struct guest *guest, const struct entry *entry)
{
	return le64toh(guest->request.number) == entry->number &&
	       memeql_sec(guest->request.name, entry->name, sizeof(entry->name));
}

/* What cannot be made keeps nobody waiting */
static void take_step(struct server *server, struct guest *guest)
{
	const struct entry *entry = entry_of(server, guest);
	enum anchor_result result = ANCHOR_OK;

	if (!guest->in_batch && !is_there(guest, entry))
		result = judge(server, guest, entry);
	if (result) {
		answer(server, guest, result);
		return;
	}
	guest->waiting = true;
	server_go_on(server);
}

static void serve(struct server *server, struct guest *guest,
		  const struct anchor_request *request)
{
	if (le32toh(request->version) != ANCHOR_VERSION) {
		answer(server, guest, ANCHOR_BAD_REQUEST);
	} else if (le32toh(request->type) == ANCHOR_GET) {
		answer(server, guest, ANCHOR_OK);
	} else if (le32toh(request->type) != ANCHOR_ADVANCE || guest->waiting) {
		answer(server, guest, ANCHOR_BAD_REQUEST);
	} else {
		guest->request = *request;
		take_step(server, guest);
	}
}

static void session_ready(struct server *server, struct watch *watch)
{
	struct guest *guest = watch_of(watch, struct guest, session);
	struct anchor_request request;
	ssize_t len;

	/* The whole length, also of a packet that is longer */
	len = recv(watch->fd, &request, sizeof(request),
		   MSG_DONTWAIT | MSG_TRUNC);
	if (len < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (len == sizeof(request))
		serve(server, guest, &request);
	else
		guest_hang_up(guest);
}

bool step_apply(struct server *server, struct guest *guest,
		struct table *next, double now)
{
	struct entry *entry = table_find(next, guest->line.guid);
	enum anchor_result result;
	bool is_new;

	if (!guest->waiting || !entry || pace_wait(&guest->pace, now) > 0)
		return false;
	guest->waiting = false;
	is_new = !is_there(guest, entry);
	result = is_new ? judge(server, guest, entry) : ANCHOR_OK;
	if (result || !is_new) {
		answer(server, guest, result);
		return false;
	}
	pace_spend(&guest->pace, 1);
	entry->number++;
	entry->may_step_back = false;
	memcpy(entry->name, guest->request.name, sizeof(entry->name));
	guest->in_batch = true;
	guest->to_answer = true;
	return true;
}

void step_done(struct server *server, struct guest *guest)
{
	if (guest->to_answer)
		answer(server, guest, ANCHOR_OK);
	guest->in_batch = false;
	guest->to_answer = false;
	guest_welcome(server, guest);
}

/* Who has the anchor gets its key with what he is told first */
static void tell_first(struct server *server, struct guest *guest, int sock,
		       enum anchor_result result)
{
	struct anchor_reply reply = make_reply(server, entry_of(server, guest), result);

	if (!result) {
		note_promise(guest, &reply);
		memcpy(reply.guid, guest->line.guid, sizeof(reply.guid));
		memcpy(reply.salt, guest->line.salt, sizeof(reply.salt));
		memcpy(reply.key, guest->line.key, sizeof(reply.key));
	}
	guest_send(guest, sock, &reply, sizeof(reply));
	explicit_bzero(&reply, sizeof(reply));
}

const struct guest_kind step_kind = {
	.tell_first = tell_first,
	.ready = session_ready,
};
