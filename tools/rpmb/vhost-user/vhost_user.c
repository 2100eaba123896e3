// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>
#include <string.h>

#include "fd.h"
#include "log.h"
#include "message.h"
#include "ring.h"
#include "vhost_user.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* Messages that have one handler */
enum { SET_VRING_CALL = 13, SET_VRING_ERR = 14 };

/* In the u64 of VHOST_USER_SET_VRING_KICK, _CALL and _ERR */
#define VRING_INDEX_MASK UINT64_C(0xff)
#define VRING_NO_FD (UINT64_C(1) << 8)

/* The directions of VHOST_USER_SET_DEVICE_STATE_FD, and a bit of its answer */
enum { STATE_SAVE, STATE_LOAD };
#define STATE_NO_FD (UINT64_C(1) << 8)

/* In the flags of VHOST_USER_SET_VRING_ADDR */
#define VRING_LOGGED (1U << VHOST_VRING_F_LOG)

#define F_PROTOCOL_FEATURES (UINT64_C(1) << 30)
#define F_RING_PACKED (UINT64_C(1) << VIRTIO_F_RING_PACKED)
#define F_ACCESS_PLATFORM (UINT64_C(1) << VIRTIO_F_ACCESS_PLATFORM)
#define F_LOG_ALL (UINT64_C(1) << VHOST_F_LOG_ALL)
#define FEATURES (RING_FEATURES | F_PROTOCOL_FEATURES | F_ACCESS_PLATFORM)

/*
 * For those who ask when protocol features are set, as QEMU does. User Mode Linux asks
 * before, and would take these though it cannot use them: it begins at base 0, which in
 * a packed ring is the wrong lap, and may have no DMA.
 */
#define LATE_FEATURES (F_RING_PACKED | F_ACCESS_PLATFORM)

#define PROTOCOL_F_LOG_SHMFD (UINT64_C(1) << 1)
#define PROTOCOL_F_REPLY_ACK (UINT64_C(1) << 3)
#define PROTOCOL_F_BACKEND_REQ (UINT64_C(1) << 5)
#define PROTOCOL_F_CONFIG (UINT64_C(1) << 9)
#define PROTOCOL_F_INBAND_NOTIFICATIONS (UINT64_C(1) << 14)
#define PROTOCOL_F_DEVICE_STATE (UINT64_C(1) << 19)
#define PROTOCOL_FEATURES (PROTOCOL_F_REPLY_ACK | PROTOCOL_F_BACKEND_REQ | \
			   PROTOCOL_F_CONFIG | PROTOCOL_F_INBAND_NOTIFICATIONS)

/*
 * @DONE: the message was good
 * @REFUSED: well-formed, but not done; the reply says so, if there is one
 * @MALFORMED: the connection is of no use any more
 */
enum verdict { DONE, REFUSED, MALFORMED };

struct request {
	const char *name;
	enum verdict (*handle)(struct session *session, struct message *msg);
	uint32_t size;		/* of the payload, if @handle does not check it */
	bool any_size;
	bool replies;		/* the payload is a reply when @handle is done */
	bool holds;		/* @handle runs while the rings are held */
	bool ignorable;		/* may be refused without anybody being told */
};

static bool acknowledge(struct session *session, struct message *msg,
			enum verdict verdict)
{
	msg->u64 = verdict != DONE;
	msg->header.size = sizeof(msg->u64);
	return message_reply(&session->conn, msg);
}

static enum verdict reply_u64(struct message *msg, uint64_t value)
{
	msg->u64 = value;
	msg->header.size = sizeof(msg->u64);
	return DONE;
}

static uint64_t features_of(const struct backend *backend)
{
	return FEATURES | (backend->logged ? F_LOG_ALL : 0);
}

static enum verdict get_features(struct session *session, struct message *msg)
{
	uint64_t features = features_of(session->backend);

	return reply_u64(msg, session->protocol_features ?
			 features : features & ~LATE_FEATURES);
}

static void enable_all(const struct backend *backend, bool enabled)
{
	unsigned int i;

	for (i = 0; i < backend->nr_rings; i++)
		backend->rings[i].enabled = enabled;
}

static enum verdict set_features(struct session *session, struct message *msg)
{
	struct backend *backend = session->backend;
	uint64_t foreign = msg->u64 & ~features_of(backend);

	if (foreign) {
		log_line("features %#" PRIx64 " were not offered", foreign);
		return REFUSED;
	}
	/* A front-end without an IOMMU keeps this to itself and the guest */
	if (msg->u64 & F_ACCESS_PLATFORM) {
		log_line("the device is behind a virtual IOMMU, which is not supported");
		return REFUSED;
	}
	backend->features = msg->u64;
	backend->memory.dirty.all = msg->u64 & F_LOG_ALL;
	if (!(msg->u64 & F_PROTOCOL_FEATURES))
		enable_all(backend, true);
	return DONE;
}

static uint64_t protocol_features_of(const struct backend *backend)
{
	return PROTOCOL_FEATURES |
	       (backend->logged ? PROTOCOL_F_LOG_SHMFD : 0) |
	       (backend->moves ? PROTOCOL_F_DEVICE_STATE : 0);
}

static enum verdict get_protocol_features(struct session *session,
					  struct message *msg)
{
	return reply_u64(msg, protocol_features_of(session->backend));
}

static enum verdict set_protocol_features(struct session *session,
					  struct message *msg)
{
	const uint64_t needed = PROTOCOL_F_BACKEND_REQ | PROTOCOL_F_REPLY_ACK;

	uint64_t foreign = msg->u64 & ~protocol_features_of(session->backend);

	if (foreign) {
		log_line("protocol features %#" PRIx64 " were not offered",
			 foreign);
		return REFUSED;
	}
	if (msg->u64 & PROTOCOL_F_INBAND_NOTIFICATIONS &&
	    (msg->u64 & needed) != needed) {
		log_line("in-band notifications without REPLY_ACK and BACKEND_REQ");
		return MALFORMED;
	}
	session->protocol_features = msg->u64;
	return DONE;
}

static enum verdict set_owner(struct session *session, struct message *msg)
{
	(void)session;
	(void)msg;
	return DONE;
}

static enum verdict reset_owner(struct session *session, struct message *msg)
{
	(void)msg;
	enable_all(session->backend, false);
	return DONE;
}

static bool set_memory(struct backend *backend, const struct message *msg)
{
	const struct memory_table *table = &msg->memory;

	return memory_set(&backend->memory, table->regions, msg->fds,
			  table->nr) &&
	       (!backend->ops->set_memory ||
		backend->ops->set_memory(backend, table->regions, msg->fds,
					 table->nr));
}

static enum verdict set_mem_table(struct session *session, struct message *msg)
{
	const struct memory_table *table = &msg->memory;

	/* UML sends room for more regions than there are */
	if (msg->header.size < offsetof(struct memory_table, regions) ||
	    table->nr > MEMORY_MAX_REGIONS || table->nr != msg->nr_fds ||
	    msg->header.size < offsetof(struct memory_table, regions) +
			       table->nr * sizeof(table->regions[0]))
		return MALFORMED;
	return set_memory(session->backend, msg) ? DONE : REFUSED;
}

/* Without that feature, the log would have to lie in the front-end's own memory */
static enum verdict set_log_base(struct session *session, struct message *msg)
{
	struct dirty *dirty = &session->backend->memory.dirty;

	if (msg->nr_fds != 1 ||
	    !(session->protocol_features & PROTOCOL_F_LOG_SHMFD))
		return MALFORMED;
	return reply_u64(msg, !dirty_set(dirty, msg->fds[0], msg->log.offset,
					 msg->log.size));
}

static enum verdict set_log_fd(struct session *session, struct message *msg)
{
	struct dirty *dirty = &session->backend->memory.dirty;

	if (msg->nr_fds != 1 || !session->backend->logged)
		return MALFORMED;
	fd_replace(&dirty->event, message_take_fd(msg));
	return fd_set_nonblocking(dirty->event) ? DONE : REFUSED;
}

/* NULL and a log line if there is no such queue */
static struct ring *find_ring(const struct session *session, uint32_t index)
{
	const struct backend *backend = session->backend;

	if (index < backend->nr_rings)
		return &backend->rings[index];
	log_line("queue %" PRIu32 ": the last one is queue %u", index,
		 backend->nr_rings - 1);
	return NULL;
}

static enum verdict set_vring_num(struct session *session, struct message *msg)
{
	bool packed = session->backend->features & F_RING_PACKED;
	struct ring *ring = find_ring(session, msg->state.index);
	uint32_t num = msg->state.num;

	if (!ring)
		return REFUSED;
	/* 2.7, 2.8.10.1 */
	if (!num || num > RING_MAX_NUM || (num & (num - 1) && !packed)) {
		log_line("queue size %" PRIu32 " is no power of 2 up to %d",
			 num, RING_MAX_NUM);
		return REFUSED;
	}
	ring->num = num;
	return DONE;
}

static enum verdict set_vring_addr(struct session *session,
				   struct message *msg)
{
	struct ring *ring = find_ring(session, msg->addr.index);

	if (!ring)
		return REFUSED;
	ring->desc_addr = msg->addr.desc_user_addr;
	ring->avail_addr = msg->addr.avail_user_addr;
	ring->used_addr = msg->addr.used_user_addr;
	ring->log_addr = msg->addr.log_guest_addr;
	ring->logged = session->backend->logged &&
		       msg->addr.flags & VRING_LOGGED;
	return DONE;
}

static enum verdict set_vring_base(struct session *session,
				   struct message *msg)
{
	struct ring *ring = find_ring(session, msg->state.index);

	if (!ring)
		return REFUSED;
	ring_set_base(ring, msg->state.num);
	return DONE;
}

static bool set_kick(struct ring *ring, int fd)
{
	const struct backend_ops *ops = ring->backend->ops;

	if (ops->set_kick)
		return ops->set_kick(ring, fd);
	fd_replace(&fd, -1);
	return false;
}

static enum verdict get_vring_base(struct session *session,
				   struct message *msg)
{
	struct ring *ring = find_ring(session, msg->state.index);

	if (!ring)
		return MALFORMED;
	set_kick(ring, -1);
	msg->state.num = ring_halt(ring);
	return DONE;
}

static enum verdict set_vring_enable(struct session *session,
				     struct message *msg)
{
	struct ring *ring = find_ring(session, msg->state.index);

	if (!ring)
		return REFUSED;
	ring->enabled = msg->state.num;
	return DONE;
}

/* The ring and the fd of SET_VRING_KICK, _CALL or _ERR, -1 if there is none */
static enum verdict take_vring_fd(const struct session *session,
				  struct message *msg, struct ring **ring,
				  int *fd)
{
	bool no_fd = msg->u64 & VRING_NO_FD;

	if (msg->nr_fds != (no_fd ? 0 : 1))
		return MALFORMED;
	*ring = find_ring(session, msg->u64 & VRING_INDEX_MASK);
	if (!*ring)
		return REFUSED;
	*fd = message_take_fd(msg);
	return DONE;
}

static enum verdict set_vring_kick(struct session *session,
				   struct message *msg)
{
	enum verdict verdict;
	struct ring *ring;
	int fd;

	verdict = take_vring_fd(session, msg, &ring, &fd);
	if (verdict != DONE)
		return verdict;
	if (fd < 0 && !(session->protocol_features &
			PROTOCOL_F_INBAND_NOTIFICATIONS)) {
		log_line("a queue has no kick fd, and polling is not supported");
		return REFUSED;
	}
	if (!set_kick(ring, fd)) {
		log_line("the kick fd cannot be waited for");
		return REFUSED;
	}
	/* Buffers whose kick was taken before a halt get no second one */
	if (fd >= 0 && ring->kicked)
		ring->started = true;
	return DONE;
}

static enum verdict set_vring_signal(struct session *session,
				     struct message *msg)
{
	struct ring_signal *signal;
	enum verdict verdict;
	struct ring *ring;
	int fd;

	verdict = take_vring_fd(session, msg, &ring, &fd);
	if (verdict != DONE)
		return verdict;
	signal = msg->header.request == SET_VRING_CALL ? &ring->call :
							 &ring->err;
	return ring_set_signal(signal, fd) ? DONE : REFUSED;
}

/* In-band signals are all that goes this way */
static enum verdict set_backend_req_fd(struct session *session,
				       struct message *msg)
{
	int *fd = &session->backend->request_fd;

	if (msg->nr_fds != 1)
		return MALFORMED;
	if (!(session->protocol_features & PROTOCOL_F_INBAND_NOTIFICATIONS))
		return DONE;
	fd_replace(fd, message_take_fd(msg));
	return fd_set_nonblocking(*fd) ? DONE : REFUSED;
}

/* Configuration space is constant: no lock, no waiting for the worker */
static enum verdict get_config(struct session *session, struct message *msg)
{
	const struct backend *backend = session->backend;
	struct config_access *config = &msg->config;

	if (msg->header.size < CONFIG_HEADER ||
	    config->size != msg->header.size - CONFIG_HEADER)
		return MALFORMED;
	if (config->offset > backend->config_len ||
	    config->size > backend->config_len - config->offset) {
		if (!session->config_end_logged)
			log_line("configuration space has %zu bytes, not %"
				 PRIu64, backend->config_len,
				 (uint64_t)config->offset + config->size);
		session->config_end_logged = true;
		msg->header.size = 0;
		return DONE;
	}
	memcpy(config->bytes, (const uint8_t *)backend->config + config->offset,
	       config->size);
	return DONE;
}

/* 5.12.4: all fields are read-only */
static enum verdict set_config(struct session *session, struct message *msg)
{
	(void)msg;
	if (!session->config_write_logged)
		log_line("configuration space is read-only");
	session->config_write_logged = true;
	return REFUSED;
}

static enum verdict vring_kick(struct session *session, struct message *msg)
{
	struct ring *ring = find_ring(session, msg->state.index);

	if (!ring)
		return REFUSED;
	ring->backend->ops->kick(ring);
	return DONE;
}

static void hold(struct backend *backend)
{
	if (backend->ops->hold)
		backend->ops->hold(backend);
}

/* The rings may lie elsewhere now */
static void release(struct backend *backend)
{
	unsigned int i;

	for (i = 0; i < backend->nr_rings; i++)
		backend->rings[i].mapped = false;
	if (backend->ops->release)
		backend->ops->release(backend);
}

static bool is_suspended(const struct backend *backend)
{
	unsigned int i;

	for (i = 0; i < backend->nr_rings; i++)
		if (backend->rings[i].started)
			return false;
	return true;
}

static bool save_state(struct session *session, struct message *msg)
{
	struct backend *backend = session->backend;
	struct transfer *transfer = &session->conn.transfer;
	size_t len = backend->ops->save(backend, transfer->bytes,
					sizeof(transfer->bytes));

	if (len)
		transfer_save(transfer, message_take_fd(msg), len);
	return len;
}

static bool transfer_state(struct session *session, struct message *msg)
{
	struct transfer *transfer = &session->conn.transfer;

	transfer_forget(transfer);
	if (msg->transfer.direction > STATE_LOAD || msg->transfer.phase) {
		log_line("device state: direction %" PRIu32 ", phase %" PRIu32
			 " is not known", msg->transfer.direction,
			 msg->transfer.phase);
		return false;
	}
	if (!is_suspended(session->backend)) {
		log_line("device state: a queue has not been stopped");
		return false;
	}
	if (msg->transfer.direction == STATE_SAVE)
		return save_state(session, msg);
	transfer_load(transfer, message_take_fd(msg));
	return true;
}

/* The front-end's file does: no other one goes back */
static enum verdict set_device_state_fd(struct session *session,
					struct message *msg)
{
	if (msg->nr_fds != 1 ||
	    !(session->protocol_features & PROTOCOL_F_DEVICE_STATE))
		return MALFORMED;
	return reply_u64(msg, STATE_NO_FD | !transfer_state(session, msg));
}

/* Once, when it has come */
static bool load_state(struct backend *backend, struct transfer *transfer)
{
	bool ok;

	hold(backend);
	ok = backend->ops->load(backend, transfer->bytes, transfer->done);
	release(backend);
	transfer->failed = !ok;
	transfer->checked = true;
	return ok;
}

static bool check_transfer(struct session *session)
{
	struct transfer *transfer = &session->conn.transfer;

	if (transfer->kind == TRANSFER_NONE ||
	    !message_wait_transfer(&session->conn) || transfer->failed)
		return false;
	return transfer->kind == TRANSFER_SAVE || transfer->checked ||
	       load_state(session->backend, transfer);
}

static enum verdict check_device_state(struct session *session,
				       struct message *msg)
{
	if (!(session->protocol_features & PROTOCOL_F_DEVICE_STATE))
		return MALFORMED;
	return reply_u64(msg, !check_transfer(session));
}

#define U64 .size = sizeof(uint64_t)
#define STATE .size = sizeof(struct vhost_user_vring_state)
#define ADDR .size = sizeof(struct vhost_vring_addr)
#define LOG .size = sizeof(struct log_area)
#define TRANSFER .size = sizeof(struct state_transfer)

static const struct request requests[] = {
	[1] = { "GET_FEATURES", get_features, .replies = true },
	[2] = { "SET_FEATURES", set_features, U64, .holds = true },
	[3] = { "SET_OWNER", set_owner },
	[4] = { "RESET_OWNER", reset_owner, .holds = true },
	[5] = { "SET_MEM_TABLE", set_mem_table, .any_size = true,
		.holds = true },
	[6] = { "SET_LOG_BASE", set_log_base, LOG, .replies = true,
		.holds = true },
	[7] = { "SET_LOG_FD", set_log_fd, .holds = true },
	[8] = { "SET_VRING_NUM", set_vring_num, STATE, .holds = true },
	[9] = { "SET_VRING_ADDR", set_vring_addr, ADDR, .holds = true },
	[10] = { "SET_VRING_BASE", set_vring_base, STATE, .holds = true },
	[11] = { "GET_VRING_BASE", get_vring_base, STATE, .replies = true,
		 .holds = true },
	[12] = { "SET_VRING_KICK", set_vring_kick, U64, .holds = true },
	[SET_VRING_CALL] = { "SET_VRING_CALL", set_vring_signal, U64,
			     .holds = true },
	[SET_VRING_ERR] = { "SET_VRING_ERR", set_vring_signal, U64,
			    .holds = true },
	[15] = { "GET_PROTOCOL_FEATURES", get_protocol_features,
		 .replies = true },
	[16] = { "SET_PROTOCOL_FEATURES", set_protocol_features, U64 },
	[18] = { "SET_VRING_ENABLE", set_vring_enable, STATE,
		 .holds = true },
	[21] = { "SET_BACKEND_REQ_FD", set_backend_req_fd,
		 .holds = true },
	[24] = { "GET_CONFIG", get_config, .any_size = true, .replies = true },
	[25] = { "SET_CONFIG", set_config, .any_size = true,
		 .ignorable = true },
	[35] = { "VRING_KICK", vring_kick, STATE },
	[42] = { "SET_DEVICE_STATE_FD", set_device_state_fd, TRANSFER,
		 .replies = true, .holds = true },
	[43] = { "CHECK_DEVICE_STATE", check_device_state, .replies = true },
};

static enum verdict handle(struct session *session,
			   const struct request *request, struct message *msg)
{
	enum verdict verdict;

	if (!request->any_size && msg->header.size != request->size)
		return MALFORMED;
	if (!request->holds)
		return request->handle(session, msg);
	hold(session->backend);
	verdict = request->handle(session, msg);
	release(session->backend);
	return verdict;
}

static const struct request *find_request(uint32_t nr)
{
	if (nr >= ARRAY_SIZE(requests) || !requests[nr].handle)
		return NULL;
	return &requests[nr];
}

/* Returns false if the connection is to end */
static bool answer(struct session *session, struct message *msg)
{
	const struct request *request = find_request(msg->header.request);
	bool wants_ack = msg->header.flags & MESSAGE_NEED_REPLY;
	enum verdict verdict;

	if (!request) {
		log_line("unknown message %" PRIu32, msg->header.request);
		return false;
	}
	verdict = handle(session, request, msg);
	if (verdict == MALFORMED) {
		log_line("malformed %s: %" PRIu32 " bytes, %u fds",
			 request->name, msg->header.size, msg->nr_fds);
		return false;
	}
	if (request->replies)
		return message_reply(&session->conn, msg);
	if (wants_ack && session->protocol_features & PROTOCOL_F_REPLY_ACK)
		return acknowledge(session, msg, verdict);
	return verdict == DONE || request->ignorable;
}

void vhost_user_begin(struct session *session, struct backend *backend,
		      int sock, int stop)
{
	*session = (struct session) {
		.conn = { .sock = sock, .stop = stop, .transfer.fd = -1 },
		.backend = backend,
	};
	log_line("front-end connected");
}

bool vhost_user_serve(struct session *session)
{
	struct message msg;
	bool go_on = message_receive(&session->conn, &msg) &&
		     answer(session, &msg);

	message_drop_fds(&msg);
	return go_on;
}

void vhost_user_end(struct session *session)
{
	struct backend *backend = session->backend;

	transfer_forget(&session->conn.transfer);
	hold(backend);
	backend->ops->reset(backend);
	backend_reset(backend);
	release(backend);
	log_line("front-end disconnected");
}
