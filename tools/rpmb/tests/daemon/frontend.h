/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A vhost-user frontend with its guest: control messages, guest memory and one
 * virtqueue: packed if RPMB_RING in the environment is "packed", else split
 *
 * Every function fails the test on anything unexpected. What is sent can be made
 * as wrong as a test wants: the parts are open to it.
 */
#ifndef FRONTEND_H
#define FRONTEND_H

#include <linux/virtio_ring.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon.h"

#define BIT(n) (UINT64_C(1) << (n))

/* vhost-user: messages to the back-end */
enum vu_request {
	VU_GET_FEATURES = 1,
	VU_SET_FEATURES = 2,
	VU_SET_OWNER = 3,
	VU_RESET_OWNER = 4,
	VU_SET_MEM_TABLE = 5,
	VU_SET_LOG_BASE = 6,
	VU_SET_LOG_FD = 7,
	VU_SET_VRING_NUM = 8,
	VU_SET_VRING_ADDR = 9,
	VU_SET_VRING_BASE = 10,
	VU_GET_VRING_BASE = 11,
	VU_SET_VRING_KICK = 12,
	VU_SET_VRING_CALL = 13,
	VU_SET_VRING_ERR = 14,
	VU_GET_PROTOCOL_FEATURES = 15,
	VU_SET_PROTOCOL_FEATURES = 16,
	VU_SET_VRING_ENABLE = 18,
	VU_SET_BACKEND_REQ_FD = 21,
	VU_GET_CONFIG = 24,
	VU_SET_CONFIG = 25,
	VU_VRING_KICK = 35,
	VU_SET_DEVICE_STATE_FD = 42,
	VU_CHECK_DEVICE_STATE = 43,
};

/* vhost-user: messages from the back-end */
#define VU_BACKEND_VRING_CALL 4
#define VU_BACKEND_VRING_ERR 5

#define VU_VERSION 1
#define VU_REPLY BIT(2)
#define VU_NEED_REPLY BIT(3)

#define VU_F_PROTOCOL_FEATURES 30
#define VU_PROTOCOL_F_LOG_SHMFD 1
#define VU_PROTOCOL_F_REPLY_ACK 3
#define VU_PROTOCOL_F_BACKEND_REQ 5
#define VU_PROTOCOL_F_CONFIG 9
#define VU_PROTOCOL_F_INBAND_NOTIFICATIONS 14
#define VU_PROTOCOL_F_DEVICE_STATE 19

#define VU_MAX_REGIONS 8

struct vu_header {
	uint32_t request;
	uint32_t flags;
	uint32_t size;
};

struct vu_region {
	uint64_t guest_addr;
	uint64_t size;
	uint64_t user_addr;
	uint64_t mmap_offset;
};

union vu_payload {
	uint64_t u64;
	struct {
		uint32_t index;
		uint32_t num;
	} state;
	struct {
		uint32_t index;
		uint32_t flags;
		uint64_t desc;
		uint64_t used;
		uint64_t avail;
		uint64_t log;
	} addr;
	struct {
		uint32_t nregions;
		uint32_t padding;
		struct vu_region regions[VU_MAX_REGIONS];
	} memory;
	struct {
		uint32_t offset;
		uint32_t size;
		uint32_t flags;
		uint8_t data[256];
	} config;
	struct {
		uint64_t size;
		uint64_t offset;
	} log;
	struct {
		uint32_t direction;
		uint32_t phase;
	} transfer;
	uint8_t raw[4096];
};

/*
 * Guest memory is one file in two regions that lie apart from each other, both
 * for the guest and for its user space. "Offsets" are those in the file. The
 * rings and what goes out are in the first region, what comes in is in the
 * second.
 */
#define REGION_SIZE 0x100000
#define MEM_SIZE (2 * REGION_SIZE)
#define GUEST_0 UINT64_C(0x10000000)
#define GUEST_1 UINT64_C(0x20000000)
#define USER_0 UINT64_C(0x7e0000000000)
#define USER_1 UINT64_C(0x7d0000000000)
#define DESC_OFF 0x1000
#define AVAIL_OFF 0x6000
#define USED_OFF 0x8000
#define INDIRECT_OFF 0xc000
#define OUT_OFF 0x10000
#define IN_OFF REGION_SIZE
#define QUEUE_SIZE 1024

/* The rings of the next queue are so much further on */
#define QUEUE_STRIDE 0x80000

/* A buffer in a chain */
struct chunk {
	uint64_t addr;
	uint32_t len;
	bool in;
};

/* Of a device with several queues there is one for each, with the rest in common */
struct frontend {
	int sock;
	/* our end of the channel for the back-end's requests, or -1 */
	int back;
	uint64_t features;
	uint64_t protocol;

	int memfd;
	uint8_t *mem;

	unsigned int nr_queues;
	unsigned int queue;
	int kick;
	int call;
	unsigned int num;
	/* Flags of the ring's addresses, and what the log calls the used part */
	uint32_t ring_flags;
	uint64_t log_addr;
	/* The tests write split descriptors; in a packed ring they are here */
	struct vring_desc *desc;
	struct vring_desc descs[QUEUE_SIZE];
	struct vring_avail *avail;
	struct vring_used *used;
	/* In a packed ring: descriptors, events, and what each buffer takes of it */
	struct vring_packed_desc *packed;
	struct vring_packed_desc_event *driver_event;
	struct vring_packed_desc_event *device_event;
	uint16_t slots[QUEUE_SIZE];
	/* In a packed ring, bit 15 is the wrap counter */
	uint16_t next_avail;
	uint16_t next_used;
	/* Where the device has said that it goes on, for who stops it at any time */
	uint32_t base;
};

/* Addresses of an offset in guest memory */
uint64_t guest_addr(size_t off);
uint64_t user_addr(size_t off);

/* Control messages */
void vu_send(int sock, uint32_t request, uint32_t flags, const void *payload,
	     uint32_t size, const int *fds, unsigned int nfds);
bool vu_recv(int sock, struct vu_header *hdr, union vu_payload *payload);
void vu_expect_closed(int sock);
int vu_connect(const char *path);

/* Send a request that has a reply of its own, receive that */
void fe_ask(struct frontend *fe, uint32_t request, union vu_payload *payload,
	    uint32_t size);
/* Send a request and return its verdict: 0 or not */
uint64_t fe_tell(struct frontend *fe, uint32_t request, const void *payload,
		 uint32_t size, const int *fds, unsigned int nfds);

/* The steps of bringing a device up */
void fe_connect(struct frontend *fe, struct daemon *d);
void fe_connect_at(struct frontend *fe, struct daemon *d, const char *path);
void fe_negotiate(struct frontend *fe, uint64_t protocol);
/* The same with no other features of rings than these, where offered */
void fe_negotiate_ring(struct frontend *fe, uint64_t protocol,
		       uint64_t ring_features);
void fe_memory_table(const struct frontend *fe, union vu_payload *table);
void fe_set_memory(struct frontend *fe);
void fe_set_ring(struct frontend *fe, unsigned int num);
void fe_set_ring_at(struct frontend *fe, unsigned int num, uint32_t base);
void fe_start_ring(struct frontend *fe);
/* The same in band, as User Mode Linux does: before the rings are set up, and each */
void fe_go_in_band(struct frontend *fe);
void fe_enable_ring(struct frontend *fe);
uint32_t fe_stop_ring(struct frontend *fe);
bool fe_wants_packed(void);
bool fe_is_packed(const struct frontend *fe);
/* Where a device goes on that has given back all that was offered */
uint32_t fe_base(const struct frontend *fe);

/*
 * All of the above, with what QEMU negotiates: all features of rings that the
 * device offers among them
 */
void fe_open(struct frontend *fe, struct daemon *d);
void fe_open_at(struct frontend *fe, struct daemon *d, const char *path);
void fe_close(struct frontend *fe);

/* Read configuration space; returns false if the back-end refuses */
bool fe_config(struct frontend *fe, uint32_t offset, uint32_t size,
	       uint8_t *data);

/*
 * Make a chain of the chunks, in descriptors from @head on, and offer it. A head that is
 * no descriptor breaks the ring.
 */
void fe_write_chain(struct frontend *fe, uint16_t head,
		    const struct chunk *chunks, unsigned int nr);
void fe_offer(struct frontend *fe, uint16_t head);
void fe_kick(struct frontend *fe);
/* The same if the device has asked for it, as drivers do */
void fe_kick_if_wanted(struct frontend *fe);

/* Has a chain come back? Does not wait. If so, take it and return its length. */
bool fe_used(const struct frontend *fe);
uint32_t fe_take_used(struct frontend *fe, uint16_t *head);
/* Wait for the next chain that comes back, return its length */
uint32_t fe_wait_used(struct frontend *fe, uint16_t *head);

/* Offer a chain and wait for it, return its used length */
uint32_t fe_submit(struct frontend *fe, const struct chunk *chunks,
		   unsigned int nr);

#endif /* FRONTEND_H */
