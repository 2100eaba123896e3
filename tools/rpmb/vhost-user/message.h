/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vhost-user messages, as they come and go on the socket
 */
#ifndef MESSAGE_H
#define MESSAGE_H

#include <linux/vhost_types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "memory.h"
#include "transfer.h"

#define VHOST_USER_VERSION 1

/* Requests of the back-end */
#define VHOST_USER_BACKEND_VRING_CALL 4
#define VHOST_USER_BACKEND_VRING_ERR 5

struct vhost_user_header {
	uint32_t request;
	uint32_t flags;
	uint32_t size;
};

struct vhost_user_vring_state {
	uint32_t index;
	uint32_t num;
};

/* An in-band signal */
struct vhost_user_signal {
	struct vhost_user_header header;
	struct vhost_user_vring_state state;
};

/* A bit in the header's flags */
#define MESSAGE_NEED_REPLY (1U << 3)

struct memory_table {
	uint32_t nr;
	uint32_t padding;
	struct memory_region regions[MEMORY_MAX_REGIONS];
};

struct config_access {
	uint32_t offset;
	uint32_t size;
	uint32_t flags;
	uint8_t bytes[256];
};

/* Where the log of what is written lies in its file */
struct log_area {
	uint64_t size;
	uint64_t offset;
};

/* What VHOST_USER_SET_DEVICE_STATE_FD is about */
struct state_transfer {
	uint32_t direction;
	uint32_t phase;
};

#define CONFIG_HEADER offsetof(struct config_access, bytes)

struct message {
	uint32_t gap;		/* the payload follows the header without one */
	struct vhost_user_header header;
	union {
		uint64_t u64;
		struct vhost_user_vring_state state;
		struct vhost_vring_addr addr;
		struct memory_table memory;
		struct config_access config;
		struct log_area log;
		struct state_transfer transfer;
	};
	/* Not part of the message: the fds that came with it */
	int fds[MEMORY_MAX_REGIONS];
	unsigned int nr_fds;
};

/*
 * A socket to a front-end, for the thread that serves it. Whoever waits for it also
 * waits for @stop, unless it is -1: when that is readable the program is to end, and
 * @stopped is set. Meanwhile @transfer goes on.
 */
struct connection {
	int sock;
	int stop;
	bool stopped;
	struct transfer transfer;
};

/*
 * Receive a message whose header and length are sane. Returns false when there
 * are no more: the front-end has left, there was an error or nonsense, which is
 * logged, or the program is to end.
 */
bool message_receive(struct connection *conn, struct message *msg);

/* Send a message back as a reply; false if that was not possible */
bool message_reply(struct connection *conn, struct message *msg);

/*
 * Wait until what is transferred has come or gone, or that has failed; false if the
 * front-end has left before, or the program is to end
 */
bool message_wait_transfer(struct connection *conn);

/* The next of the message's fds, -1 if there is none; the caller closes it */
int message_take_fd(struct message *msg);

/* Close the fds that nobody took */
void message_drop_fds(struct message *msg);

#endif /* MESSAGE_H */
