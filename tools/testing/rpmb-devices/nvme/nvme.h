/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An NVMe subsystem: RPMB targets, a namespace, and controllers that lead to them
 *
 * A controller knows commands, not how they come: that is its front's, which is a PCI
 * function or NVMe/TCP. The front makes a request of each command that comes, and the
 * controller completes it, at once or later.
 *
 * Left out: firmware, formats, namespace management, sanitize, boot partitions,
 * directives, reservations, events of any kind, and metadata. The Device Configuration
 * Block is kept and counted, but protects nothing. There is no keep alive timer.
 */
#ifndef NVME_H
#define NVME_H

#include "area.h"
#include "directory.h"
#include "faults.h"
#include "spec.h"

#define NVME_TARGETS 7
#define NVME_CONTROLLERS 4
#define NVME_MAX_ACCESS 256
#define NVME_MAX_TRANSFER (256 * 1024)

/* What a command can bring along where there are capsules: NVMe over fabrics */
#define NVME_CAPSULE_DATA 8192

/* Beside the one for admin commands, of each controller */
#define NVME_IO_QUEUES 16
#define NVME_QUEUE_ENTRIES 256

/* What can be made to go wrong; README.rst says more */
enum nvme_fault {
	/* Before and after the command is carried out */
	NVME_LOST_REQUEST,
	NVME_LOST_RESPONSE,
	NVME_DELAY_BEFORE,
	NVME_DELAY_AFTER,
	NVME_FATAL_BEFORE,
	NVME_FATAL_AFTER,
	NVME_REMOVE_BEFORE,
	NVME_REMOVE_AFTER,
	NVME_POWER_BEFORE,
	NVME_POWER_AFTER,
	NVME_EXIT_BEFORE,
	NVME_EXIT_AFTER,
	/* What changes the answer only */
	NVME_STATUS_BEFORE,
	NVME_STATUS_AFTER,
	NVME_SHORT,
	NVME_FORGE,
	NVME_NR_FAULTS
};

extern const char *const nvme_fault_names[NVME_NR_FAULTS];

/* What a command is about: a target by its number, or one of these */
enum nvme_part {
	NVME_PART_NAMESPACE = NVME_TARGETS,
	NVME_PART_ADMIN,
	NVME_NR_PARTS
};

extern const char *const nvme_part_names[NVME_NR_PARTS];

/*
 * What the subsystem is
 *
 * @directory: where it keeps all
 * @blocks: of the namespace
 * @targets: how many there are, maybe none
 * @capacity: of each target, in units of 128 KiB
 * @access: most sectors of a request
 * @method: of authentication; the model has only HMAC-SHA256, which is 0, but it
 *	can say anything
 * @security: there are security commands
 * @lose_results: a reset of a controller takes the targets' results along
 * @ticks: that the completion of a command takes, and twice that if it sends data
 */
struct nvme_config {
	const char *directory;
	const char *nqn;
	const char *serial;
	uint32_t blocks;
	uint8_t targets;
	uint8_t capacity;
	uint16_t access;
	uint8_t method;
	bool security;
	bool lose_results;
	uint8_t ticks;
};

/*
 * What a target keeps. The engine's sectors are two blocks of the database each;
 * where there is a Device Configuration Block, its counter is kept in its last
 * bytes, which are reserved.
 */
struct nvme_store {
	struct rpmb_store store;
	struct state state;
	char path[PATH_MAX];
};

struct nvme_target {
	struct nvme_store store;
	struct area area;
};

#define NVME_HISTORY 256

/* A command as it came; @type is that of an RPMB request, 0 if it is none */
struct nvme_event {
	uint8_t opcode;
	uint16_t controller;
	uint16_t queue;
	enum nvme_part part;
	uint16_t type;
};

struct nvme_controller;

/*
 * @controllers: the first one has the identity 1
 * @data: the file that is the namespace
 * @admin, @io: how many commands came, by their opcode
 */
struct nvme_subsystem {
	struct nvme_config config;
	struct nvme_target targets[NVME_TARGETS];
	struct nvme_controller *controllers[NVME_CONTROLLERS];
	unsigned int nr_controllers;
	struct faults faults;
	struct nvme_event history[NVME_HISTORY];
	uint64_t nr_events;
	uint64_t admin[256];
	uint64_t io[256];
	int data;
};

/*
 * Open what it keeps, make what there is not; false and a log line on failure. Before
 * it is closed it is stopped.
 */
bool nvme_open(struct nvme_subsystem *subsys, const struct nvme_config *config);
bool nvme_close(struct nvme_subsystem *subsys);

/* Why a controller keeps a request */
enum nvme_held {
	NVME_NOT_HELD,
	NVME_HELD_EVENT,	/* until there is an event to tell of: for ever */
	NVME_HELD_LOST,		/* for ever, by a fault */
	NVME_HELD_BEFORE,	/* until tests release it, then it is carried out */
	NVME_HELD_AFTER,	/* until tests release it */
	NVME_HELD_TICKS,	/* until its time is up */
};

/*
 * A command on its way. The front makes it; from nvme_submit() on it is the
 * controller's, who ends it with the front's complete().
 *
 * @queue: 0 for admin commands
 * @len: bytes at @data: what the host sends, or room for what it gets
 * @moved: so many of them go to the host
 * @result: dwords 0 and 1 of the completion
 * @status: enum nvme_status
 * @ticks: left, of one that takes time
 */
struct nvme_request {
	struct nvme_controller *ctrl;
	uint16_t queue;
	struct nvme_command command;
	uint32_t len;
	uint32_t moved;
	uint64_t result;
	uint16_t status;

	enum nvme_held held;
	unsigned int ticks;
	struct nvme_request *next;
	uint8_t data[];
};

/*
 * What a front does
 *
 * @complete: move the data, then post the completion. The request is freed when this
 *	returns.
 * @start: the host enables the controller; false if it must not as it is
 * @stop: the controller was reset: all requests are forgotten, queues are gone
 * @gone: the controller vanishes: removed, with everything that is on its way
 * @execute: a command that only this transport has; the status
 */
struct nvme_front_ops {
	void (*complete)(void *front, const struct nvme_request *req);
	bool (*start)(void *front);
	void (*stop)(void *front);
	void (*gone)(void *front);
	uint16_t (*execute)(void *front, struct nvme_request *req);
};

/*
 * @id: CNTLID
 * @fabrics: not PCI
 * @cc, @csts: the properties
 * @features: dword 11 of Set Features; 0 after a reset
 * @resets: how often the host disabled it
 * @removed: the front shows that there is nothing
 * @silent: without power: it answers nothing until it is reset
 * @held: requests that are kept, in the order in which they came
 */
struct nvme_controller {
	struct nvme_subsystem *subsys;
	const struct nvme_front_ops *ops;
	void *front;
	uint16_t id;
	bool fabrics;

	uint32_t cc;
	uint32_t csts;
	uint32_t features[256];
	unsigned int resets;
	bool removed;
	bool silent;
	struct nvme_request *held;
};

/* Add a controller; false if there are too many already */
bool nvme_add_controller(struct nvme_subsystem *subsys,
			 struct nvme_controller *ctrl,
			 const struct nvme_front_ops *ops, void *front,
			 bool fabrics);

/* Whether it takes commands: enabled by the host, and nothing has gone wrong */
bool nvme_is_ready(const struct nvme_controller *ctrl);

/* It cannot go on until it is reset, and says so */
void nvme_fail(struct nvme_controller *ctrl);

/* As after power on: disabled, all requests forgotten, the front stopped */
void nvme_reset(struct nvme_controller *ctrl);

/* All controllers are reset */
void nvme_stop(struct nvme_subsystem *subsys);

/*
 * One is reset, and the RPMB targets have lost their power as well, if no other
 * controller is enabled: the host has gone, with all that it had
 */
void nvme_power_off(struct nvme_controller *ctrl);

/* Read or write one of enum nvme_property; false if there is no such */
bool nvme_get_property(const struct nvme_controller *ctrl, uint32_t offset,
		       uint64_t *value);
bool nvme_set_property(struct nvme_controller *ctrl, uint32_t offset,
		       uint64_t value);

/*
 * Bytes of data that a command is about, as it says itself. The host's word: may be
 * more than NVME_MAX_TRANSFER.
 */
uint64_t nvme_data_len(uint16_t queue, const struct nvme_command *command);

/* NULL if there is no memory; @len is NVME_MAX_TRANSFER at most */
struct nvme_request *nvme_request_new(struct nvme_controller *ctrl,
				      uint16_t queue,
				      const struct nvme_command *command,
				      uint32_t len);

/* Carry it out, or refuse it with @status: there was something wrong with it */
void nvme_submit(struct nvme_request *req);
void nvme_refuse(struct nvme_request *req, enum nvme_status status);

/* Forget what is held of a queue that goes; nothing is completed */
void nvme_forget(struct nvme_controller *ctrl, uint16_t queue);

/* Let go of what a fault delays */
void nvme_release(struct nvme_subsystem *subsys);

/* Whether time makes a difference to it, and some of it */
bool nvme_wants_tick(const struct nvme_subsystem *subsys);
void nvme_tick(struct nvme_subsystem *subsys);

/* Removed controllers are there again */
void nvme_insert(struct nvme_subsystem *subsys);

#endif /* NVME_H */
