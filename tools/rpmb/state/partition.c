// SPDX-License-Identifier: GPL-2.0-only
/*
 * The kind of state that is a device of rpmb-anchor's, in a partition of the hardware
 *
 * Nothing is kept here but what the device is at: all that is accepted is durable there.
 * When rpmb-anchor has gone, who serves waits until it is back. Then the device is at
 * what it was, or what was asked for last is done. If it is at anything else somebody
 * else has gone on with it.
 */
#include <endian.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "log.h"
#include "partition_protocol.h"
#include "state.h"

/* How long to wait before asking again; milliseconds */
#define AGAIN_MS 1000

/*
 * @name: of the socket, for messages
 * @path: the same from wherever the program has gone to
 * @sequence: what the device is at
 * @said_spent: whoever asks for more hears it only once
 */
struct partition {
	const char *name;
	char *path;
	int stop;
	int sock;
	uint64_t sequence;
	bool said_spent;
	struct partition_request request;
	struct partition_reply reply;
};

static bool failed(const struct partition *partition, int error)
{
	log_line("%s: %s", partition->name, error == RPMB_ERR_SYSTEM ?
		 strerror(errno) : rpmb_strerror(error));
	return false;
}

static void __attribute__((noreturn)) give_up(const struct partition *partition)
{
	log_line("%s: giving up", partition->name);
	_exit(EXIT_FAILURE);
}

static void disconnect(struct partition *partition)
{
	if (partition->sock >= 0)
		close(partition->sock);
	partition->sock = -1;
}

/* An answer with so much data; 0 or an error */
static int take_reply(struct partition *partition, size_t data_len)
{
	struct partition_reply *reply = &partition->reply;
	ssize_t len;
	int ret = anchor_wait(partition->sock, partition->stop);

	if (ret)
		return ret;
	len = recv(partition->sock, reply, sizeof(*reply), MSG_DONTWAIT);
	if (len <= 0)
		return RPMB_ERR_NO_ANCHOR;
	if (len < (ssize_t)PARTITION_REPLY_LEN ||
	    le32toh(reply->version) != PARTITION_VERSION)
		return RPMB_ERR_ANCHOR;
	if (le32toh(reply->result) == ANCHOR_UNREADABLE)
		return RPMB_ERR_READ;
	ret = anchor_result_error(le32toh(reply->result));
	if (!ret && len != (ssize_t)(PARTITION_REPLY_LEN + data_len))
		ret = RPMB_ERR_ANCHOR;
	return ret;
}

static int ask(struct partition *partition, size_t data_len, size_t reply_len)
{
	struct partition_request *request = &partition->request;

	if (partition->sock < 0)
		return RPMB_ERR_NO_ANCHOR;
	request->version = htole32(PARTITION_VERSION);
	if (send(partition->sock, request, PARTITION_REQUEST_LEN + data_len,
		 MSG_NOSIGNAL) < 0)
		return RPMB_ERR_NO_ANCHOR;
	return take_reply(partition, reply_len);
}

/* Whoever has the device is told what it is at, without asking */
static int reconnect(struct partition *partition)
{
	int ret;

	disconnect(partition);
	ret = anchor_connect(partition->path, &partition->sock);
	if (!ret)
		ret = take_reply(partition, 0);
	if (ret)
		disconnect(partition);
	return ret;
}

static void __attribute__((noreturn)) give_up_to_other(const struct partition *partition)
{
	log_line("%s: somebody else has gone on with the device",
		 partition->name);
	give_up(partition);
}

static int read_some(struct partition *partition, uint32_t addr, uint32_t count)
{
	partition->request = (struct partition_request) {
		.type = htole32(PARTITION_READ),
		.addr = htole32(addr),
		.count = htole32(count),
	};
	return ask(partition, 0, count * PARTITION_BLOCK);
}

/* Is what was asked for last there? Then nobody else has written since. */
static int read_back(struct partition *partition, bool *same)
{
	const struct partition_request asked = partition->request;
	uint32_t count = le32toh(asked.count);
	int ret = read_some(partition, le32toh(asked.addr), count);

	*same = !ret && !memcmp(partition->reply.data, asked.data,
				count * PARTITION_BLOCK);
	partition->request = asked;
	return ret;
}

/*
 * It is back, and has said what the device is at. Is that what was asked for last, which
 * makes it @next? If not it must be at what it was before: then ask once more.
 */
static int look(struct partition *partition, const struct rpmb_store *next,
		bool *done)
{
	const struct partition_reply *reply = &partition->reply;
	uint64_t sequence = le64toh(reply->sequence);
	bool same;
	int ret = 0;

	*done = false;
	if (sequence == partition->sequence)
		return 0;
	same = next && sequence == partition->sequence + 1 &&
	       le32toh(reply->counter) == next->counter &&
	       !memcmp(reply->key, next->key, sizeof(reply->key));
	if (same && partition->request.count)
		ret = read_back(partition, &same);
	if (!ret && !same)
		give_up_to_other(partition);
	*done = !ret;
	return ret;
}

/* Will it not help to wait? */
static bool is_final(int error)
{
	return error == RPMB_ERR_ANCHOR ||
	       (error == RPMB_ERR_SYSTEM && errno == ECANCELED);
}

/*
 * Until rpmb-anchor is back and has said what the device is at; @error: so far. Whether
 * what was asked for last, if that makes it @next, is @done is known then: as long as that
 * cannot be read, it is not.
 */
static void wait_for_anchor(struct partition *partition, int error,
			    const struct rpmb_store *next, bool *done)
{
	struct pollfd stop = { .fd = partition->stop, .events = POLLIN };
	int said = 0;
	bool final;

	while (error) {
		final = is_final(error);
		if (error != said)
			failed(partition, error);
		said = error;
		if (final || poll(&stop, 1, AGAIN_MS) > 0)
			give_up(partition);
		error = reconnect(partition) ?: look(partition, next, done);
	}
	log_line("%s: it is back", partition->name);
}

/* Is this what rpmb-anchor has said, and not what has become of it? */
static bool is_answer(int error)
{
	return !error || error == RPMB_ERR_SPENT || error == RPMB_ERR_READ;
}

/* Have the request answered, however long that takes. @next: what it makes of the state */
static int converse(struct partition *partition, size_t data_len,
		    size_t reply_len, const struct rpmb_store *next)
{
	int error = ask(partition, data_len, reply_len);
	bool done = false;

	while (!is_answer(error)) {
		wait_for_anchor(partition, error, next, &done);
		error = done ? 0 : ask(partition, data_len, reply_len);
	}
	return error;
}

static struct partition *to_partition(struct rpmb_store *store)
{
	return ((struct state *)((char *)store -
				 offsetof(struct state, store)))->kept;
}

/* What is written changes the device from @store to @next */
static bool change(struct rpmb_store *store, struct rpmb_store *next,
		   size_t data_len)
{
	struct partition *partition = to_partition(store);
	int error = converse(partition, data_len, 0, next);

	explicit_bzero(next, sizeof(*next));
	explicit_bzero(&partition->request, PARTITION_REQUEST_LEN + data_len);
	if (!error)
		partition->sequence++;
	else if (error != RPMB_ERR_SPENT || !partition->said_spent)
		failed(partition, error);
	partition->said_spent = error == RPMB_ERR_SPENT;
	return !error;
}

static bool partition_program_key(struct rpmb_store *store,
				  const uint8_t key[RPMB_KEY_LEN])
{
	struct partition *partition = to_partition(store);
	struct rpmb_store next = *store;

	memcpy(next.key, key, sizeof(next.key));
	partition->request = (struct partition_request) {
		.type = htole32(PARTITION_PROGRAM_KEY),
	};
	memcpy(partition->request.data, key, RPMB_KEY_LEN);
	return change(store, &next, RPMB_KEY_LEN);
}

/* The engine lets no more through than we have said that we take */
static bool partition_write(struct rpmb_store *store, uint32_t counter,
			    const struct rpmb_blocks *blocks)
{
	struct partition *partition = to_partition(store);
	struct partition_request *request = &partition->request;
	struct rpmb_store next = *store;
	uint32_t i;

	next.counter = counter;
	*request = (struct partition_request) {
		.type = htole32(PARTITION_WRITE),
		.counter = htole32(counter),
		.addr = htole32(blocks->addr),
		.count = htole32(blocks->count),
	};
	for (i = 0; i < blocks->count; i++)
		memcpy(request->data + i * PARTITION_BLOCK,
		       blocks->data + i * blocks->stride, PARTITION_BLOCK);
	return change(store, &next, blocks->count * PARTITION_BLOCK);
}

static int read_at_most(struct partition *partition,
			const struct rpmb_blocks *blocks, uint32_t from,
			uint32_t count)
{
	uint32_t i;
	int error;

	partition->request = (struct partition_request) {
		.type = htole32(PARTITION_READ),
		.addr = htole32(blocks->addr + from),
		.count = htole32(count),
	};
	error = converse(partition, 0, count * PARTITION_BLOCK, NULL);
	for (i = 0; !error && i < count; i++)
		memcpy(blocks->data + (from + i) * blocks->stride,
		       partition->reply.data + i * PARTITION_BLOCK,
		       PARTITION_BLOCK);
	return error;
}

static bool partition_read(struct rpmb_store *store,
			   const struct rpmb_blocks *blocks)
{
	struct partition *partition = to_partition(store);
	uint32_t from, count;
	int error = 0;

	for (from = 0; !error && from < blocks->count; from += count) {
		count = blocks->count - from;
		if (count > PARTITION_MAX_BLOCKS)
			count = PARTITION_MAX_BLOCKS;
		error = read_at_most(partition, blocks, from, count);
	}
	return !error || failed(partition, error);
}

static const struct rpmb_store_ops partition_ops = {
	.program_key = partition_program_key,
	.write = partition_write,
	.read = partition_read,
};

/* What rpmb-anchor says of the device; its identity is the partition's */
static void take_state(struct state *state, struct partition *partition)
{
	struct partition_reply *reply = &partition->reply;
	struct rpmb_store *store = &state->store;

	partition->sequence = le64toh(reply->sequence);
	state->capacity = le32toh(reply->capacity);
	state->max_write = PARTITION_MAX_BLOCKS;
	state->has_dev_id = true;
	memcpy(state->dev_id, reply->guid, sizeof(state->dev_id));
	store->ops = &partition_ops;
	store->capacity = state->capacity * PARTITION_UNIT;
	store->counter = le32toh(reply->counter);
	store->has_key = reply->has_key;
	memcpy(store->key, reply->key, sizeof(store->key));
	explicit_bzero(reply->key, sizeof(reply->key));
}

static void forget(struct partition *partition)
{
	disconnect(partition);
	free(partition->path);
	explicit_bzero(partition, sizeof(*partition));
	free(partition);
}

static bool partition_load(struct state *state, const struct state_config *config)
{
	struct partition *partition = calloc(1, sizeof(*partition));
	struct state_config wanted = *config;
	int ret;

	if (!partition) {
		log_line("%s: out of memory", config->partition);
		return false;
	}
	wanted.name = config->partition;
	partition->name = config->partition;
	partition->path = realpath(config->partition, NULL);
	partition->stop = config->stop;
	partition->sock = -1;
	ret = partition->path ? reconnect(partition) : RPMB_ERR_NO_ANCHOR;
	if (ret)
		failed(partition, ret);
	else
		take_state(state, partition);
	if (!ret && state_is_as_wanted(state, &wanted)) {
		state->kept = partition;
		return true;
	}
	forget(partition);
	return false;
}

/* Nobody else goes on with the device as long as we are connected */
static void partition_hold(struct state *state)
{
	struct partition *partition = state->kept;
	bool done;

	if (anchor_is_quiet(partition->sock))
		return;
	wait_for_anchor(partition, RPMB_ERR_NO_ANCHOR, NULL, &done);
}

static bool partition_close(struct state *state)
{
	forget(state->kept);
	return true;
}

/* Who only looks does not wait for an rpmb-anchor that has gone */
static bool partition_check(const struct state_config *config)
{
	struct partition *partition;
	struct state state;
	uint32_t addr;
	int error = 0;

	if (!state_open(&state, config))
		return false;
	partition = state.kept;
	for (addr = 0; !error && addr < state.store.capacity;
	     addr += PARTITION_MAX_BLOCKS)
		error = read_some(partition, addr, PARTITION_MAX_BLOCKS);
	if (error)
		failed(partition, error);
	return state_close(&state) && !error;
}

const struct state_kind state_partition = {
	.load = partition_load,
	.check = partition_check,
	.arrive = partition_hold,
	.hold = partition_hold,
	.close = partition_close,
};
