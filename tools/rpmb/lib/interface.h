/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The kernel's interfaces to RPMB devices
 *
 * /dev/rpmbN takes whole requests. The others take commands of the device's own
 * bus; what the RPMB core would do in the kernel is done by sequence.c for them.
 */
#ifndef LIBRPMB_INTERFACE_H
#define LIBRPMB_INTERFACE_H

#include "internal.h"

/* One transfer of frames to the device or from it */
enum rpmb_xfer_kind {
	RPMB_XFER_SEND,
	RPMB_XFER_SEND_RESULT_READ,
	RPMB_XFER_RECV,
};

struct rpmb_xfer {
	enum rpmb_xfer_kind kind;
	void *buf;
	size_t len;
};

/*
 * The transfers of one request of type @type, in order. @reads: it changes nothing in
 * the device, so it may be sent again. Set @started just before anything may be sent.
 */
struct rpmb_sequence {
	struct rpmb_xfer xfers[3];
	unsigned int nr;
	uint16_t type;
	bool reads;
	bool started;
};

/* Where a device is: its file, its directory in sysfs, and which part of it */
struct rpmb_place {
	int fd;
	const char *dir;
	unsigned int target;
};

/*
 * struct rpmb_interface - one of the kernel's interfaces
 * @subsystem: what sysfs calls the subsystem of its devices
 * @sys_dir: where sysfs lists them
 * @dev_dir: where their files are
 * @hardware: the hardware's directory, from that of the device; NULL if each
 *	device is its own
 * @nr_targets: regions or targets that one file can be for, 0 if it is for one
 * @list_asks: to list a device, its file is needed, too
 * @list_info: fill in what there is to be listed
 * @get_info: fill in what an open device is
 * @carry: carry a request
 * @carry_batch: carry the first *@done of some requests, 0 if there was no error, even if
 *	these are not all; only where info.max_batch is not 0
 * @runs_on: @carry_batch does not end with a write that is refused, but may be carrying
 *	those behind it; then who has the key, too, may write between two of a batch
 * @transfer: run a sequence, if @carry is rpmb_carry_sequence()
 *
 * @list_info and @get_info leave the name alone, and return RPMB_ERR_NOT_RPMB if the
 * device has no RPMB, RPMB_ERR_NO_DEVICE if it has no such target,
 * RPMB_ERR_DRIVERS_ONLY if programs cannot use it by this interface.
 */
struct rpmb_interface {
	const char *subsystem;
	const char *sys_dir;
	const char *dev_dir;
	const char *hardware;
	unsigned int nr_targets;
	bool list_asks;
	int (*list_info)(const struct rpmb_place *place,
			 struct rpmb_info *info);
	int (*get_info)(const struct rpmb_place *place, struct rpmb_info *info);
	int (*carry)(struct rpmb *rpmb, struct rpmb_request *rq);
	int (*carry_batch)(struct rpmb *rpmb, struct rpmb_request *rqs,
			   unsigned int nr, unsigned int *done);
	bool runs_on;
	int (*transfer)(struct rpmb *rpmb, struct rpmb_sequence *seq);
};

extern const struct rpmb_interface rpmb_device_interface;
extern const struct rpmb_interface rpmb_mmc_interface;
extern const struct rpmb_interface rpmb_sg_interface;
extern const struct rpmb_interface rpmb_bsg_interface;
extern const struct rpmb_interface rpmb_nvme_interface;

/* All of them, the best first */
extern const struct rpmb_interface *const rpmb_interfaces[];
extern const unsigned int rpmb_nr_interfaces;

/* Turn a request into a sequence, and have the interface run that */
int rpmb_carry_sequence(struct rpmb *rpmb, struct rpmb_request *rq);

/*
 * A request whose frames are at @req, which may be changed, as a sequence that puts the
 * response at @resp. @result_read is a place for that frame, which all have in common.
 */
int rpmb_make_sequence(const struct rpmb *rpmb, const struct rpmb_request *rq,
		       void *req, void *resp, struct rpmb_frame *result_read,
		       struct rpmb_sequence *seq);

/* Has it run, so that a response to it is there? Others may have come in between. */
bool rpmb_has_response(const struct rpmb *rpmb, const struct rpmb_sequence *seq);

/* What rpmb_info says of devices that have these requests */
#define RPMB_BASIC_TYPES (1 << RPMB_PROGRAM_KEY | 1 << RPMB_WRITE_DATA | \
			  1 << RPMB_GET_WRITE_COUNTER | 1 << RPMB_READ_DATA)
#define RPMB_CONFIG_TYPES (1 << RPMB_CONFIG_WRITE | 1 << RPMB_CONFIG_READ)
#define RPMB_PURGE_TYPES (1 << RPMB_PURGE_ENABLE | 1 << RPMB_PURGE_STATUS)

/* Devices count their memory in units of so many bytes */
#define RPMB_UNIT (128 * 1024)

/* The name of a device, which is its file's and its target's */
void rpmb_set_name(struct rpmb_info *info,
		   const struct rpmb_interface *interface, const char *file,
		   unsigned int target);

/* The device takes any number of blocks up to @max */
void rpmb_set_limit(struct rpmb_info *info, unsigned int max);

#endif /* LIBRPMB_INTERFACE_H */
