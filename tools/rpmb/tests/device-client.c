// SPDX-License-Identifier: GPL-2.0-only
#include <endian.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "anchor-client.h"
#include "anchor-host.h"
#include "device-client.h"

const uint8_t device_key[LIBRPMB_KEY_LEN] = "the key of the guest, 32 bytes..";

void client_close(struct client *client)
{
	if (client->sock >= 0)
		close(client->sock);
	client->sock = -1;
}

int client_answer(struct client *client)
{
	ssize_t len = recv(client->sock, &client->at, sizeof(client->at), 0);

	if (!len || (len < 0 && errno == ECONNRESET))
		return -1;
	check(len >= (ssize_t)PARTITION_REPLY_LEN, "%zd: %s", len,
	      strerror(errno));
	check_eq(le32toh(client->at.version), PARTITION_VERSION);
	return le32toh(client->at.result);
}

int client_connect(struct client *client)
{
	client_close(client);
	client->sock = host_connect(socket_of(client->n));
	return client->sock < 0 ? -1 : client_answer(client);
}

void client_begin(struct client *client, unsigned int n)
{
	*client = (struct client) { .sock = -1, .n = n };
	check(!admin("add device-%u --capacity 1 --guid " GUID, n, n), "%s",
	      said());
	check_eq(client_connect(client), ANCHOR_OK);
	client->sequence = le64toh(client->at.sequence);
}

void client_begin_keyed(struct client *client, unsigned int n)
{
	client_begin(client, n);
	check_eq(client_do(client, PARTITION_PROGRAM_KEY, 0, 0), ANCHOR_OK);
}

void client_prepare(struct client *client, uint32_t type, uint32_t addr,
		    uint32_t count)
{
	struct partition_request *request = &client->request;
	uint32_t i;

	*request = (struct partition_request) {
		.version = htole32(PARTITION_VERSION),
		.type = htole32(type),
		.counter = htole32(client->counter + 1),
		.addr = htole32(addr),
		.count = htole32(count),
	};
	client->len = PARTITION_REQUEST_LEN;
	if (type == PARTITION_PROGRAM_KEY) {
		memcpy(request->data, device_key, sizeof(device_key));
		client->len += sizeof(device_key);
	} else if (type == PARTITION_WRITE && count <= PARTITION_MAX_BLOCKS) {
		for (i = 0; i < count; i++)
			memset(request->data + i * PARTITION_BLOCK,
			       1 + (client->counter * 37 + i) % 255,
			       PARTITION_BLOCK);
		client->len += count * PARTITION_BLOCK;
	}
}

void client_send(struct client *client)
{
	check(send(client->sock, &client->request, client->len, MSG_NOSIGNAL) ==
	      (ssize_t)client->len, "%s", strerror(errno));
}

void client_know(struct client *client)
{
	const struct partition_request *request = &client->request;

	switch (le32toh(request->type)) {
	case PARTITION_PROGRAM_KEY:
		client->has_key = true;
		client->sequence++;
		break;
	case PARTITION_WRITE:
		memcpy(client->blocks[le32toh(request->addr)], request->data,
		       le32toh(request->count) * PARTITION_BLOCK);
		client->counter++;
		client->sequence++;
		break;
	default:
		expect(!memcmp(client->at.data,
			       client->blocks[le32toh(request->addr)],
			       le32toh(request->count) * PARTITION_BLOCK));
	}
}

int client_do(struct client *client, uint32_t type, uint32_t addr, uint32_t count)
{
	int result;

	client_prepare(client, type, addr, count);
	client_send(client);
	result = client_answer(client);
	if (result == ANCHOR_OK)
		client_know(client);
	return result;
}

static void expect_at(struct client *client)
{
	uint32_t addr;

	expect_eq(le64toh(client->at.sequence), client->sequence);
	expect_eq(le32toh(client->at.counter), client->counter);
	expect_eq(le32toh(client->at.has_key), client->has_key);
	expect_eq(le32toh(client->at.capacity), 1);
	if (client->has_key)
		expect(!memcmp(client->at.key, device_key, sizeof(device_key)));
	for (addr = 0; addr < UNIT; addr += PARTITION_MAX_BLOCKS)
		check_eq(client_do(client, PARTITION_READ, addr,
				   PARTITION_MAX_BLOCKS), ANCHOR_OK);
}

void expect_known(struct client *client)
{
	check_eq(client_connect(client), ANCHOR_OK);
	expect_at(client);
}

bool client_settle(struct client *client)
{
	bool done;

	check_eq(client_connect(client), ANCHOR_OK);
	done = le64toh(client->at.sequence) != client->sequence;
	if (done)
		client_know(client);
	expect_at(client);
	if (client->has_key)
		expect_eq(client_do(client, PARTITION_WRITE, 7, 1), ANCHOR_OK);
	expect_known(client);
	return done;
}
