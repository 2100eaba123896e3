/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of the NVMe subsystem share. Calls go one way: fronts call the
 * controller, that calls the files of the commands, and all of them the subsystem's
 * and the requests'. Only struct nvme_front_ops leads up.
 */
#ifndef NVME_INTERNAL_H
#define NVME_INTERNAL_H

#include "nvme.h"

/* The only one that there is */
#define NVME_NAMESPACE 1
#define NVME_ALL_NAMESPACES 0xffffffff

#define NVME_FIRMWARE "1.0"
#define NVME_MAX_EVENTS 4

/* Make it, if there is none; false and a log line on failure */
bool nvme_store_open(struct nvme_store *store, const char *directory,
		     const char *name, uint8_t capacity);
bool nvme_store_close(struct nvme_store *store);

/* What is not in a store is lost */
void nvme_targets_power_off(struct nvme_subsystem *subsys);

/* Without power from now on: it answers when it is reset */
void nvme_lose_power(struct nvme_subsystem *subsys);

/* Commands by kind: the status, which is 0 if all went well */
uint16_t nvme_execute_admin(struct nvme_request *req);
uint16_t nvme_execute_io(struct nvme_request *req);
uint16_t nvme_identify(struct nvme_request *req);
uint16_t nvme_get_features(struct nvme_request *req);
uint16_t nvme_set_features(struct nvme_request *req);
uint16_t nvme_security(struct nvme_request *req);

/* End it, by the front; then it is freed */
void nvme_complete(struct nvme_request *req);

/* Keep it, behind the others */
void nvme_hold(struct nvme_request *req, enum nvme_held why);

/* How many are held for a reason */
unsigned int nvme_count_held(const struct nvme_controller *ctrl,
			     enum nvme_held held);

/* The first that is held for tests, which is held no more, or NULL */
struct nvme_request *nvme_take_delayed(struct nvme_controller *ctrl);

/* The first whose time is up, in the same way; and what a tick does to all */
struct nvme_request *nvme_take_due(struct nvme_controller *ctrl);
void nvme_count_down(struct nvme_controller *ctrl);

/* Forget all that are held; nothing is completed */
void nvme_forget_all(struct nvme_controller *ctrl);

/* Complete one that is held; false if there is none with this identity */
bool nvme_abort(struct nvme_controller *ctrl, uint16_t queue, uint16_t id);

/* What a command is about, for faults and history */
struct fault_point nvme_fault_point(const struct nvme_request *req);

/* Give the host the first of @len bytes at @data, as many as it has room for */
void nvme_reply(struct nvme_request *req, const void *data, uint32_t len);

#endif /* NVME_INTERNAL_H */
