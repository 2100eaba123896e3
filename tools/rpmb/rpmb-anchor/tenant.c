// SPDX-License-Identifier: GPL-2.0-only
#include <endian.h>
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "log.h"
#include "tenant.h"

struct tenant *tenant_new(struct server *server, const struct entry *entry)
{
	struct tenant *tenant = calloc(1, sizeof(*tenant));
	bool usable;

	if (!tenant) {
		log_line("out of memory");
		return NULL;
	}
	commit_expect_written(vrpmb_load(&tenant->dev, &server->hw,
					 server->keys, entry, &usable));
	if (usable)
		return tenant;
	tenant_free(tenant);
	return NULL;
}

void tenant_free(struct tenant *tenant)
{
	explicit_bzero(tenant, sizeof(*tenant));
	free(tenant);
}

void tenant_forget(struct tenant *tenant)
{
	explicit_bzero(tenant->request.data, LIBRPMB_KEY_LEN);
}

uint64_t tenant_used(const struct tenant *tenant)
{
	return tenant->dev.writes;
}

static void fill_reply(struct tenant *tenant, enum anchor_result result)
{
	struct partition_reply *reply = &tenant->reply;
	const struct vrpmb *dev = &tenant->dev;

	memset(reply, 0, PARTITION_REPLY_LEN);
	reply->version = htole32(PARTITION_VERSION);
	reply->result = htole32(result);
	if (result)
		return;
	reply->sequence = htole64(dev->sequence);
	reply->counter = htole32(dev->counter);
	reply->capacity = htole32(dev->units);
	reply->has_key = htole32(dev->has_key);
	memcpy(reply->guid, dev->guid, sizeof(reply->guid));
}

static void answer(struct guest *guest, enum anchor_result result,
		   size_t data_len)
{
	struct tenant *tenant = guest->tenant;

	fill_reply(tenant, result);
	guest_send(guest, guest->session.fd, &tenant->reply,
		   PARTITION_REPLY_LEN + data_len);
}

static void tell_first(struct server *server, struct guest *guest, int sock,
		       enum anchor_result result)
{
	struct tenant *tenant = guest->tenant;

	(void)server;
	fill_reply(tenant, result);
	if (!result)
		memcpy(tenant->reply.key, tenant->dev.key,
		       sizeof(tenant->reply.key));
	guest_send(guest, sock, &tenant->reply, PARTITION_REPLY_LEN);
	explicit_bzero(tenant->reply.key, sizeof(tenant->reply.key));
}

/* In the byte order that we have from here on */
static void take_fields(struct partition_request *request)
{
	request->version = le32toh(request->version);
	request->type = le32toh(request->type);
	request->counter = le32toh(request->counter);
	request->addr = le32toh(request->addr);
	request->count = le32toh(request->count);
}

static bool is_in_range(const struct tenant *tenant)
{
	const struct partition_request *request = &tenant->request;
	uint32_t blocks = tenant->dev.units * PARTITION_UNIT;

	return request->count && request->count <= PARTITION_MAX_BLOCKS &&
	       request->addr < blocks && request->count <= blocks - request->addr;
}

/* Is it a request, whole, and one that the device could carry out? */
static bool is_sound(const struct tenant *tenant, size_t len)
{
	const struct partition_request *request = &tenant->request;
	const struct vrpmb *dev = &tenant->dev;

	if (request->version != PARTITION_VERSION || len < PARTITION_REQUEST_LEN)
		return false;
	len -= PARTITION_REQUEST_LEN;
	switch (request->type) {
	case PARTITION_PROGRAM_KEY:
		return len == LIBRPMB_KEY_LEN && !dev->has_key;
	case PARTITION_WRITE:
		return is_in_range(tenant) && dev->has_key &&
		       len == request->count * PARTITION_BLOCK &&
		       dev->counter != UINT32_MAX &&
		       request->counter == dev->counter + 1;
	case PARTITION_READ:
		return !len && is_in_range(tenant);
	}
	return false;
}

/* One request at a time; who sends more has not understood that */
static void session_ready(struct server *server, struct watch *watch)
{
	struct guest *guest = watch_of(watch, struct guest, session);
	struct tenant *tenant = guest->tenant;
	ssize_t len;

	if (guest->waiting || guest->in_batch) {
		guest_hang_up(guest);
		return;
	}
	memset(&tenant->request, 0, PARTITION_REQUEST_LEN);
	len = recv(watch->fd, &tenant->request, sizeof(tenant->request),
		   MSG_DONTWAIT | MSG_TRUNC);
	if (len < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (len <= 0) {
		guest_hang_up(guest);
		return;
	}
	take_fields(&tenant->request);
	if (!is_sound(tenant, len)) {
		tenant_forget(tenant);
		answer(guest, ANCHOR_BAD_REQUEST, 0);
		return;
	}
	guest->waiting = true;
	server_go_on(server);
}

static enum hardware_fate carry_out(void *arg)
{
	struct tenant *tenant = arg;
	struct partition_request *request = &tenant->request;

	tenant->result = ANCHOR_OK;
	switch (request->type) {
	case PARTITION_PROGRAM_KEY:
		return vrpmb_program_key(&tenant->dev, request->data);
	case PARTITION_WRITE:
		return vrpmb_write(&tenant->dev, request->addr, request->count,
				   request->data);
	}
	if (!vrpmb_read(&tenant->dev, request->addr, request->count,
			tenant->reply.data))
		tenant->result = ANCHOR_UNREADABLE;
	return HARDWARE_WRITTEN;
}

/* Writes of the hardware that the request takes */
static unsigned int cost_of(const struct tenant *tenant)
{
	const struct partition_request *request = &tenant->request;

	switch (request->type) {
	case PARTITION_PROGRAM_KEY:
		return vrpmb_cost(&tenant->dev, 0, 0);
	case PARTITION_WRITE:
		return vrpmb_cost(&tenant->dev, request->addr, request->count);
	}
	return 0;
}

bool tenant_begin(struct server *server, struct guest *guest, double now)
{
	const struct entry *entry = table_find(&server->table, guest->line.guid);
	struct tenant *tenant = guest->tenant;
	unsigned int cost;

	if (!guest->waiting || !entry)
		return false;
	cost = cost_of(tenant);
	if (cost > guest_left(server, entry, tenant_used(tenant))) {
		guest->waiting = false;
		tenant_forget(tenant);
		answer(guest, ANCHOR_SPENT, 0);
		return false;
	}
	if (cost && pace_wait(&guest->pace, now) > 0)
		return false;
	pace_spend(&guest->pace, cost);
	guest->waiting = false;
	guest->in_batch = true;
	guest->to_answer = true;
	commit_run(&server->committer, carry_out, tenant);
	return true;
}

void tenant_done(struct server *server, struct guest *guest)
{
	struct tenant *tenant = guest->tenant;
	size_t data_len = 0;

	if (tenant->request.type == PARTITION_READ && !tenant->result)
		data_len = tenant->request.count * PARTITION_BLOCK;
	guest->in_batch = false;
	if (guest->to_answer)
		answer(guest, tenant->result, data_len);
	guest->to_answer = false;
	tenant_forget(tenant);
	guest_welcome(server, guest);
}

const struct guest_kind tenant_kind = {
	.tell_first = tell_first,
	.ready = session_ready,
};
