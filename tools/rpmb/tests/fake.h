/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A stand-in for the kernel: files and sysfs of devices that are the RPMB engine
 *
 * The linker puts it in place of system calls, so everything on this side of them
 * is what users run. The environment variable RPMB_FAKE names the directory with
 * the devices. A device is one file, shared by all processes that use it.
 */
#ifndef RPMB_TESTS_FAKE_H
#define RPMB_TESTS_FAKE_H

#include <semaphore.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "engine.h"

/* What happens to one request or its response */
enum fake_fault_kind {
	FAULT_NONE,
	/* errors of the transport */
	FAULT_BEFORE,		/* nothing has been sent */
	FAULT_LOST_REQUEST,	/* sent, but the device did not get it */
	FAULT_LOST_RESPONSE,	/* done, but the response did not get here */
	FAULT_LATE_REQUEST,	/* gets to the device just before the next write */
	FAULT_SWAPPED,		/* for what was to be late, which is all the device gets */
	FAULT_CORRUPTED,	/* the request, on its way to the device */
	FAULT_SIGNAL,		/* none, but the caller gets a signal meanwhile */
	/* forgeries; those with a MAC have a right one */
	FAULT_MAC,
	FAULT_DATA,
	FAULT_TYPE,
	FAULT_FRAMES,
	FAULT_NONCE,
	FAULT_TARGET,
	FAULT_ADDR,
	FAULT_COUNT,
	FAULT_COUNTER,
	FAULT_UNIT,		/* the first byte of the data */
	FAULT_RESULT,
	FAULT_REFUSED,		/* the same, and the request is not done */
	FAULT_REPLAY,		/* the response to the request before */
	/* other clients, who write before the request gets to the device */
	FAULT_OTHER_WRITER,	/* the same blocks */
	FAULT_OTHER_WRITERS,	/* two of them */
	FAULT_OVERWRITTEN,	/* the request is done, then written over */
	/* the program that sends it */
	FAULT_KILL_BEFORE,	/* ends, and the device did not get it */
	FAULT_KILL_AFTER,	/* ends when it is done */
	FAULT_HOLD,		/* says so by @held, and waits for @go */
	/* the power of both */
	FAULT_TORN,		/* ends when the first blocks are written, and no others */
};

/*
 * Types of requests that no device knows: what a program does with its own files, if
 * anchor-disk.c is in it, and whatever comes
 */
#define FAKE_ANY 0
#define FAKE_DISK_WRITE 0x10
#define FAKE_DISK_SYNC 0x11

/* A fault of the request of type @type that comes after @skip others */
struct fake_fault {
	uint32_t kind;
	uint32_t type;
	uint32_t skip;
	uint32_t value;			/* errno, result, signal or number of blocks */
};

#define FAKE_FAULTS 3
#define FAKE_LOG 64
#define FAKE_KEPT 65536

/* What happens to one command on the device's own bus */
enum fake_command_fault_kind {
	COMMAND_OK,
	COMMAND_ERRNO,		/* of the system call; nothing has been sent */
	COMMAND_DONE_ERRNO,	/* the same, after the command was carried out */
	COMMAND_AMID_ERRNO,	/* eMMC: of the command value >> 16, and no more is sent */
	COMMAND_OTHER_WRITER,	/* none, but somebody else writes block value before */
	COMMAND_STATUS,		/* SCSI: sense key << 16 | asc; NVMe: status */
	COMMAND_BYTE_STATUS,	/* SCSI: the status byte, without sense data */
	COMMAND_DESCRIPTORS,	/* like STATUS, in descriptor format */
	COMMAND_HOST_STATUS,	/* SCSI */
	COMMAND_DRIVER_STATUS,	/* SCSI */
	COMMAND_RESIDUAL,	/* bytes that were not transferred */
	COMMAND_EMPTY,		/* the device sends nothing, and nobody says so */
};

/* A fault of @times commands, the first of which comes after @skip others */
struct fake_command_fault {
	uint32_t kind;
	uint32_t value;
	uint32_t skip;
	uint32_t times;
};

/* What the device's file takes: whole requests, or commands of a bus */
enum fake_bus {
	FAKE_BUS_NONE,
	FAKE_BUS_MMC,
	FAKE_BUS_SG,
	FAKE_BUS_BSG,
	FAKE_BUS_NVME,
};

struct fake {
	/* what it is */
	uint32_t bus;
	uint32_t request_types;		/* 0 for those that every device has */
	uint32_t keyless;		/* a kernel without RPMB_IOC_KEYED */
	uint32_t batchless;		/* and without RPMB_IOC_ROUTE_BATCH */
	uint32_t apart;			/* not on the hardware of the others */
	uint32_t no_id;			/* what the bus says makes no identity */
	uint32_t old;			/* what an older specification has not */
	uint32_t advanced;		/* a mode of UFS, a MAC of NVMe, that we lack */
	uint32_t other_unit;		/* a SCSI device that is not the RPMB */
	uint32_t frame_format;
	uint32_t transport;
	uint32_t capacity;		/* blocks */
	uint32_t write_sizes;
	uint32_t max_write;
	uint32_t max_read;
	uint32_t mdts;			/* NVMe */
	uint32_t target;
	uint32_t dev_id_len;
	uint8_t dev_id[64];

	/* what it keeps */
	uint32_t has_key;
	uint32_t counter;
	uint8_t key[RPMB_KEY_LEN];

	/* registers of the device */
	uint8_t config[512];
	uint32_t config_counter;	/* NVMe */
	uint32_t purge_state;
	uint32_t life_time;
	struct rpmb_fields result;
	struct rpmb_fields response_fields;
	uint32_t ready;
	uint32_t config_ready;
	uint8_t unit;

	/* so many blocks of the write are all that is done; 0 for all of them */
	uint32_t torn;

	/* how long a write takes */
	uint32_t delay;			/* microseconds */

	/* longer requests are not begun; 0 for no such limit */
	uint32_t carries;		/* bytes */
	uint32_t carry_error;

	struct fake_fault faults[FAKE_FAULTS];
	sem_t held;
	sem_t go;

	/* what the program does when it syncs its ledger, and what it got for it */
	long call;
	long call_arguments[6];
	int call_errno;

	struct fake_command_fault command_fault;
	uint32_t nr_commands;

	/* what it was asked for: types and blocks */
	uint32_t nr_requests;
	uint32_t nr_batches;
	uint32_t cut_after;		/* requests of a batch, if others want their turn */
	uint32_t at_once;		/* the device has a batch before it answers */
	struct {
		uint32_t type;
		uint32_t blocks;
	} log[FAKE_LOG];

	/* a request that is late, and whether the next write is the same */
	uint32_t late_len;
	uint32_t late_was_same;
	uint8_t late[FAKE_KEPT];

	/* the response before */
	uint8_t response[FAKE_KEPT];

	uint8_t data[];
};

/*
 * Make the device of such a name with the settings of @like, or get it: "rpmb0",
 * or "mmcblk0rpmb", "sg0", "bsg/0:0:0:49476", "nvme0" for what kernels have where
 * there is no rpmbN. Devices of one transport are on the same hardware, except for
 * those of /dev/rpmbN with @apart set.
 */
struct fake *fake_create(const char *name, const struct fake *like);
struct fake *fake_get(const char *name);
void fake_remove_all(void);

/* A device of mainline's class, on the hardware of a card: no file, no attributes */
void fake_make_mainline(const char *name);

/* The fault that is meant for a request of that type, which is then used up */
struct fake_fault fake_take_fault(struct fake *fake, uint16_t type);

/* What it does to the program, before and after the request is carried out */
void fake_before(struct fake *fake, const struct fake_fault *fault);
void fake_after(const struct fake_fault *fault);

/*
 * RPMB_IOC_ROUTE_FRAMES, as in the kernel, with the device locked. If there is a
 * @fake_program, this is not the program's own process, and signals are for that one.
 */
extern pid_t fake_program;
int fake_route(int fd, struct fake *fake, struct rpmb_ioc_route_frames *ioc);

/* The request types that the kernel says the device has */
uint32_t fake_types(const struct fake *fake);

/* fake-keyed.c: RPMB_IOC_KEYED, likewise */
int fake_keyed(int fd, struct fake *fake, struct rpmb_ioc_keyed *cmd);

/* How a device was opened: O_RDONLY, O_WRONLY or O_RDWR */
int fake_access_mode(int fd);

/* fake-engine.c: frames to the device and from it, as on its bus */
void fake_send(struct fake *fake, void *frames, size_t len);
void fake_receive(struct fake *fake, void *frames, size_t len);

/* Somebody else who has the key writes a block */
void fake_write_as_other(struct fake *fake, uint32_t addr);

/* fake-bus.c: commands of the device's bus; a status, or -errno */
bool fake_is_bus_ioctl(unsigned long cmd);
int fake_bus_ioctl(struct fake *fake, int access, unsigned long cmd, void *arg);

/* fake-config.c: requests that the engine does not have; false if it has them */
bool fake_config_request(struct fake *fake, void *frames, size_t len);
bool fake_config_response(struct fake *fake, void *frames, size_t len);

/* fake-sysfs.c: directories of a device whose file has such a number */
void fake_make_sysfs(const char *name, const struct fake *fake,
		     unsigned int major, unsigned int minor);
void fake_make_dirs(const char *path);
const char *fake_dir(void);

#endif /* RPMB_TESTS_FAKE_H */
