/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * librpmb: replay protected memory of eMMC, UFS, NVMe and virtio devices
 *
 * Makes requests, authenticates them with the key, has the kernel carry them, and
 * believes no response that is not authentic. Nothing is kept outside of the
 * handle, which several threads may use: their calls come one after the other.
 * Keys have LIBRPMB_KEY_LEN bytes and are the caller's: the library keeps no copy. Or
 * they are the kernel's, and neither of them sees one.
 */
#ifndef LIBRPMB_H
#define LIBRPMB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define LIBRPMB_KEY_LEN 32
#define LIBRPMB_ID_LEN 256

/*
 * What functions return instead of 0.
 *
 * Those from RPMB_ERR_RESPONSE_TYPE on say what is wrong with a response: it was
 * damaged, forged or replayed on its way, or the key is not the device's. Those
 * from RPMB_ERR_KERNEL_KEY_UNSUPPORTED on say what is wrong with a key of the kernel's.
 * Those from RPMB_ERR_GENERAL on are what the device answered.
 */
enum rpmb_error {
	RPMB_ERR_SYSTEM = -1,		/* errno says what */
	RPMB_ERR_MEMORY = -2,
	RPMB_ERR_ARGUMENT = -3,
	RPMB_ERR_RANGE = -4,		/* not within the device */
	RPMB_ERR_TOO_LONG = -5,		/* more than can be carried */
	RPMB_ERR_NO_DEVICE = -6,
	RPMB_ERR_AMBIGUOUS = -7,	/* several devices have the id */
	RPMB_ERR_NOT_RPMB = -8,
	RPMB_ERR_PERMISSION = -9,
	RPMB_ERR_UNSUPPORTED = -10,	/* the device has no such request */
	RPMB_ERR_GONE = -11,		/* the device was removed */
	RPMB_ERR_BUSY = -12,		/* it says so itself, past /dev/rpmbN */
	RPMB_ERR_TIMEOUT = -13,
	RPMB_ERR_MIXED_UP = -14,	/* somebody else spoke to the hardware */
	RPMB_ERR_DRIVERS_ONLY = -15,	/* the kernel keeps it for its drivers */
	RPMB_ERR_NO_TABLE = -16,	/* something else, or nothing, is there */
	RPMB_ERR_TABLE = -17,		/* no copy of the partition table is whole */
	RPMB_ERR_TABLE_VERSION = -18,	/* made by something newer */
	RPMB_ERR_NO_PARTITION = -19,
	RPMB_ERR_EXISTS = -20,		/* a partition with this GUID */
	RPMB_ERR_TAKEN = -21,		/* by another partition, or the table */
	RPMB_ERR_NO_SPACE = -22,	/* for a partition of this size, or for one more */
	RPMB_ERR_NO_ANCHOR = -23,	/* nobody answers at its socket */
	RPMB_ERR_ANCHOR = -24,		/* what answers there speaks another language */
	RPMB_ERR_ANCHOR_IN_USE = -25,	/* by another program */
	RPMB_ERR_OLD = -26,		/* another version is the one that is anchored */
	RPMB_ERR_FORGED = -27,		/* not made with this anchor's key */
	RPMB_ERR_SPENT = -28,		/* all steps that this anchor may make are made */
	RPMB_ERR_NOT_AGREED = -29,	/* to a step from another version */

	RPMB_ERR_RESPONSE_TYPE = -32,
	RPMB_ERR_RESPONSE_FRAMES = -33,	/* frames contradict each other */
	RPMB_ERR_RESPONSE_MAC = -34,
	RPMB_ERR_RESPONSE_NONCE = -35,
	RPMB_ERR_RESPONSE_TARGET = -36,
	RPMB_ERR_RESPONSE_ADDRESS = -37,
	RPMB_ERR_RESPONSE_COUNT = -38,
	RPMB_ERR_RESPONSE_COUNTER = -39,

	RPMB_ERR_KERNEL_KEY_UNSUPPORTED = -64,	/* by this kernel or interface */
	RPMB_ERR_KERNEL_KEY_NONE = -65,
	RPMB_ERR_KERNEL_KEY_KIND = -66,		/* not one for an RPMB */
	RPMB_ERR_KERNEL_KEY_DENIED = -67,
	RPMB_ERR_KERNEL_KEY_REVOKED = -68,
	RPMB_ERR_KERNEL_KEY_EXPIRED = -69,

	RPMB_ERR_GENERAL = -0x101,
	RPMB_ERR_AUTHENTICATION = -0x102,
	RPMB_ERR_COUNTER = -0x103,
	RPMB_ERR_ADDRESS = -0x104,
	RPMB_ERR_WRITE = -0x105,
	RPMB_ERR_READ = -0x106,
	RPMB_ERR_NO_KEY = -0x107,
	RPMB_ERR_CONFIG = -0x108,
	RPMB_ERR_SWP_PARAMETER = -0x109,
	RPMB_ERR_SWP_NOT_APPLICABLE = -0x10a,
	RPMB_ERR_REJECTED = -0x10b,
	RPMB_ERR_PURGING = -0x10c,
	RPMB_ERR_EXPIRED = -0x180,	/* the write counter is at its end */
	RPMB_ERR_RESULT = -0x1ff,	/* a result that no specification has */
};

/*
 * What a device is. Numbers as in <linux/rpmb.h>: frame_format is an enum
 * rpmb_frame_format, transport an enum rpmb_transport, write_sizes has bit n set
 * if one request can write 2^n blocks; if max_write is not 0, it can write any
 * number up to that; keyed_types has bit n set if the kernel can make a request of
 * enum rpmb_request_type n with a key of its own, see rpmb_use_kernel_key(); max_batch is
 * the number of requests that it takes in one go, 0 if it does not.
 * rpmb_enumerate() leaves write_sizes, max_write, max_read, request_types, keyed_types
 * and max_batch at 0, which only the open device says.
 */
struct rpmb_info {
	char name[32];
	unsigned int frame_format;
	unsigned int transport;
	unsigned int block_size;	/* bytes */
	unsigned int capacity;		/* blocks */
	unsigned int write_sizes;
	unsigned int max_write;		/* blocks */
	unsigned int max_read;		/* blocks */
	unsigned int request_types;
	unsigned int target;		/* UFS region or NVMe target */
	size_t dev_id_len;
	uint8_t dev_id[LIBRPMB_ID_LEN];
	unsigned int keyed_types;
	unsigned int max_batch;
};

/*
 * What became of a write: the first `stored` blocks are stored; of the next
 * `unknown` ones nobody knows whether they are; the rest was not written. A
 * configuration is one block.
 */
struct rpmb_outcome {
	unsigned int stored;
	unsigned int unknown;
};

/*
 * Secure write protection of an eMMC device: two registers, which are read
 * together and written one at a time
 */
#define LIBRPMB_SECURE_WP_MODE_ENABLE 1
#define LIBRPMB_SECURE_WP_MODE_CONFIG 2

struct rpmb_emmc_config {
	uint8_t secure_wp_mode_enable;	/* bit 0: SECURE_WP_EN */
	uint8_t secure_wp_mode_config;	/* bit 0: SECURE_WP_MASK */
};

/* Secure write protection of one logical unit of a UFS device */
#define LIBRPMB_SWP_ENTRIES 4

enum rpmb_swp_type {
	LIBRPMB_SWP_NON_VOLATILE = 0,
	LIBRPMB_SWP_POWER_ON = 1,	/* until power is lost */
	LIBRPMB_SWP_AWP = 2,		/* set again when the device starts */
};

struct rpmb_swp_entry {
	bool protect;
	unsigned int type;		/* enum rpmb_swp_type */
	uint64_t lba;			/* first logical block */
	uint32_t blocks;		/* 0 for the whole logical unit */
};

struct rpmb_ufs_config {
	uint8_t lun;
	unsigned int nr_entries;	/* at most LIBRPMB_SWP_ENTRIES */
	struct rpmb_swp_entry entries[LIBRPMB_SWP_ENTRIES];
};

/* The Device Configuration Block of an NVMe subsystem */
struct rpmb_nvme_config {
	uint8_t boot_protection;	/* bit 0: enabled, for good */
	uint8_t boot_lock;		/* bits 0 and 1: partitions locked */
	uint8_t namespace_protection;	/* bit 0: WPUPCC, bit 1: PWPC */
};

/*
 * A partition table, which divides a device among several users. Its format is in
 * Documentation/userspace-api/rpmb-partitions.rst.
 */
#define LIBRPMB_GUID_LEN 16
#define LIBRPMB_GUID_TEXT 37		/* with a 0 at its end */
#define LIBRPMB_PARTITIONS 64		/* entries that a table has room for */
#define LIBRPMB_PARTITION_NAME 36	/* bytes */

enum rpmb_partition_kind {
	LIBRPMB_PARTITION_RESERVED = 1,	/* somebody else's, never touched */
	LIBRPMB_PARTITION_ANCHOR = 2,	/* what many states are anchored in */
	LIBRPMB_PARTITION_DEVICE = 3,	/* a whole virtual RPMB */
};

struct rpmb_partition {
	uint8_t guid[LIBRPMB_GUID_LEN];	/* in the order in which it is written as text */
	uint32_t addr;			/* first block */
	uint32_t blocks;
	unsigned int kind;		/* enum rpmb_partition_kind */
	unsigned int flags;		/* none has a meaning yet */
	char name[LIBRPMB_PARTITION_NAME + 1];	/* UTF-8, zeros behind it */
};

/* Who changes it does so with the functions below */
struct rpmb_partitions {
	uint64_t sequence;		/* grows with each time that it is written */
	uint32_t block_size;		/* bytes */
	uint32_t first;			/* block that partitions can have */
	uint32_t end;			/* behind the last one of them */
	uint32_t counter;		/* of the device, as of this table */
	unsigned int copy;		/* which of two this is */
	unsigned int nr;
	struct rpmb_partition partitions[LIBRPMB_PARTITIONS];
};

/* How far a purge of a UFS device is */
enum rpmb_purge_state {
	LIBRPMB_PURGE_IDLE = 0,
	LIBRPMB_PURGE_RUNNING = 1,
	LIBRPMB_PURGE_DONE = 2,
	LIBRPMB_PURGE_FAILED = 3,
};

struct rpmb_purge {
	unsigned int state;		/* enum rpmb_purge_state */
	unsigned int life_time;		/* bRPMBLifeTimeEst */
};

struct rpmb;

/* What an error means and what to do about it; for RPMB_ERR_SYSTEM see errno */
const char *rpmb_strerror(int error);

/* "emmc", "ufs", "nvme", "virtio", "sim", or "unknown" */
const char *rpmb_transport_name(unsigned int transport);

/*
 * Call @each for every device, until one call returns something other than 0,
 * which is then returned. A device that has no /dev/rpmbN is there under the name
 * of the kernel's own interface to it. Needs no privilege, except to see NVMe
 * controllers without /dev/rpmbN.
 */
int rpmb_enumerate(int (*each)(const struct rpmb_info *info, void *arg),
		   void *arg);

/*
 * Does this kernel keep RPMB devices for its own drivers, as mainline's does? They
 * have no /dev/rpmbN, and are listed only where another interface reaches them.
 */
bool rpmb_for_drivers_only(void);

/*
 * Open a device by path, by name ("rpmb0") or by its identity, in hexadecimal or
 * as text. Where a kernel has no /dev/rpmbN, the path is /dev/mmcblkNrpmb, the
 * SCSI generic or bsg node of a UFS device's RPMB, or an NVMe controller; ":N"
 * behind the latter two is the region or target, else 0: "/dev/nvme0:2". @flags is
 * O_RDONLY, O_WRONLY or O_RDWR: reading, writing and programming a key through this
 * library need O_RDWR, since they read back.
 */
int rpmb_open(struct rpmb **rpmb, const char *name, int flags);

/* NULL is allowed */
void rpmb_close(struct rpmb *rpmb);

/* Valid until the handle is closed */
const struct rpmb_info *rpmb_info(const struct rpmb *rpmb);

/*
 * Have @progress called after each request of a read or write of several, or, where the
 * kernel takes many in one go, after these, with the blocks that are done and those that
 * are to be done. It must not use the handle.
 */
void rpmb_set_progress(struct rpmb *rpmb,
		       void (*progress)(void *arg, unsigned int done,
					unsigned int total),
		       void *arg);

/*
 * Carry signed frames to the device and its response back, as they are. If this
 * fails and @started is false, nothing happened; if it is true, nobody knows.
 * @started may be NULL.
 */
int rpmb_route(struct rpmb *rpmb, const void *req, size_t req_len, void *resp,
	       size_t resp_len, bool *started);

/*
 * A request of several, and where its response is to be put. @started is set just before
 * it may reach the device.
 */
struct rpmb_request {
	const void *req;
	size_t req_len;
	void *resp;
	size_t resp_len;
	bool started;
};

/*
 * Carry several in one go, in order, where the kernel can do that: 1 to @nr of them. The
 * first *@done have their response. If this fails it is the one behind these that has
 * failed; 0 with a *@done that is less than @nr comes after a write or another change
 * that was refused, of others who wait for the device, and of what does not go together.
 * Those behind *@done that are @started may have reached the device as well.
 */
int rpmb_route_batch(struct rpmb *rpmb, struct rpmb_request *requests,
		     unsigned int nr, unsigned int *done);

/*
 * Use a key of the kernel's keyring, by its serial number, from now on: every function
 * that takes a key takes NULL for it, and the key never gets to the program. The kernel
 * signs the requests and judges the responses. 0 goes back. A key that is given is used
 * as ever.
 *
 * The key is of the type trusted, encrypted, logon or user, has 32 bytes and a
 * description that begins with "rpmb:". Whether it is one, and may be used, is seen when
 * it is used. RPMB_ERR_KERNEL_KEY_UNSUPPORTED if the kernel, or its interface to the
 * device, does not have this.
 */
int rpmb_use_kernel_key(struct rpmb *rpmb, int32_t serial);

/*
 * Program the key and see whether the device answers with it, also if its own
 * answer was lost. This can be done once in the device's life and never be undone:
 * keep the key after any error, until the device is known not to have it.
 */
int rpmb_program_key(struct rpmb *rpmb, const uint8_t *key);

/* Read the write counter; without a key, the kernel's either, nobody vouches for it */
int rpmb_read_counter(struct rpmb *rpmb, const uint8_t *key, uint32_t *counter);

/* Read @blocks blocks from block @addr on; @data is undefined after an error */
int rpmb_read(struct rpmb *rpmb, const uint8_t *key,
	      unsigned int addr, unsigned int blocks, void *data);

/*
 * The same, and the write counter that the device has had all the while; if others write
 * meanwhile it is read again a few times, then it is RPMB_ERR_COUNTER. A write by
 * rpmb_write_if() with this counter is one that goes by this data.
 */
int rpmb_read_at_rest(struct rpmb *rpmb, const uint8_t *key,
		      unsigned int addr, unsigned int blocks, void *data,
		      uint32_t *counter);

/*
 * Write @blocks blocks from block @addr on, in as few requests as the device
 * allows. If a request fails, counter and data are read back to find out what
 * became of it. @outcome may be NULL.
 *
 * What is not written now may be written later by somebody who held the request
 * back, until another write has changed the counter.
 */
int rpmb_write(struct rpmb *rpmb, const uint8_t *key,
	       unsigned int addr, unsigned int blocks, const void *data,
	       struct rpmb_outcome *outcome);

/*
 * The same, for data that was made without a look at the device and may replace what
 * somebody else has just written: if his write came first, a request is signed for
 * the new counter and sent again, @retries times at most. Never do this with data
 * that was made from what has been read: what he wrote since would be lost.
 */
int rpmb_write_retry(struct rpmb *rpmb, const uint8_t *key,
		     unsigned int addr, unsigned int blocks, const void *data,
		     unsigned int retries, struct rpmb_outcome *outcome);

/*
 * The opposite, for data that was made from what has been read: write only if nobody
 * has written since the counter was *@counter. The first request is signed for that
 * one, each further one for the next, and none for another: RPMB_ERR_COUNTER if the
 * device has another. After success *@counter is what the next such write expects.
 * After an error it has gone up by one for each request that is known to be stored. One
 * that the kernel has cut, as it can if the key is its own, counts as one.
 *
 * Read the counter, then the data, and write with that counter. That RPMB_ERR_COUNTER
 * comes with stored blocks means that the same data is there, whoever wrote it.
 */
int rpmb_write_if(struct rpmb *rpmb, const uint8_t *key,
		  unsigned int addr, unsigned int blocks, const void *data,
		  uint32_t *counter, struct rpmb_outcome *outcome);

/*
 * Read the device's configuration into @block, of the device's block size.
 * @select is the logical unit on UFS, else 0. NVMe has it on target 0 only.
 */
int rpmb_config_read(struct rpmb *rpmb, const uint8_t *key,
		     unsigned int select, void *block);

/*
 * Write the device's configuration. @select is the register on eMMC, the logical
 * unit on UFS, where the block must say the same, and 0 on NVMe. If that fails, it
 * is read back to find out what became of it. @outcome may be NULL.
 *
 * Some of it can never be undone: see the device's specification.
 */
int rpmb_config_write(struct rpmb *rpmb, const uint8_t *key,
		      unsigned int select, const void *block,
		      struct rpmb_outcome *outcome);

/*
 * The block to write @value to a register of an eMMC device, and what a block that
 * was read says. Blocks of eMMC and UFS have 256 bytes, those of NVMe 512.
 */
void rpmb_emmc_config_put(void *block, uint8_t value);
void rpmb_emmc_config_get(const void *block, struct rpmb_emmc_config *config);

/* RPMB_ERR_ARGUMENT if there are more entries than fit */
int rpmb_ufs_config_put(void *block, const struct rpmb_ufs_config *config);
int rpmb_ufs_config_get(const void *block, struct rpmb_ufs_config *config);

void rpmb_nvme_config_put(void *block, const struct rpmb_nvme_config *config);
void rpmb_nvme_config_get(const void *block, struct rpmb_nvme_config *config);

/*
 * Start a purge (UFS 4.0): what was overwritten or erased is removed for good.
 * Other requests are refused until it is done. If this fails, see the status.
 */
int rpmb_purge_start(struct rpmb *rpmb, const uint8_t *key);

int rpmb_purge_status(struct rpmb *rpmb, const uint8_t *key,
		      struct rpmb_purge *purge);

/*
 * Read the partition table, authenticated. After RPMB_ERR_NO_TABLE, RPMB_ERR_TABLE and
 * RPMB_ERR_TABLE_VERSION @table has no partitions, but says where there can be some.
 */
int rpmb_partitions_read(struct rpmb *rpmb, const uint8_t *key,
			 struct rpmb_partitions *table);

/*
 * Write it, if nobody has written to the device since it was read: RPMB_ERR_COUNTER
 * otherwise. After success it can be changed and written again. After any error read
 * it again: the device has the old table or the new one, never a mixture.
 */
int rpmb_partitions_write(struct rpmb *rpmb, const uint8_t *key,
			  struct rpmb_partitions *table);

/*
 * Write a table without partitions, whatever the first blocks of the device have. What
 * lies in them is lost, and what lies behind them belongs to nobody from then on.
 */
int rpmb_partitions_format(struct rpmb *rpmb, const uint8_t *key,
			   struct rpmb_partitions *table);

/*
 * These change a table that was read, which is as it was if they fail. Nothing of the
 * device changes until it is written.
 */

/* NULL if there is none */
struct rpmb_partition *
rpmb_partitions_find(struct rpmb_partitions *table,
		     const uint8_t guid[LIBRPMB_GUID_LEN]);

/* With an address of 0 it gets the first place that has room, and its address is set */
int rpmb_partitions_add(struct rpmb_partitions *table,
			struct rpmb_partition *partition);

int rpmb_partitions_remove(struct rpmb_partitions *table,
			   const uint8_t guid[LIBRPMB_GUID_LEN]);

/* It keeps its place: RPMB_ERR_TAKEN if there is no room behind it */
int rpmb_partitions_resize(struct rpmb_partitions *table,
			   const uint8_t guid[LIBRPMB_GUID_LEN],
			   unsigned int blocks);

/* A GUID as it is written, bytes in the same order */
void rpmb_guid_to_text(char text[LIBRPMB_GUID_TEXT],
		       const uint8_t guid[LIBRPMB_GUID_LEN]);

/* RPMB_ERR_ARGUMENT if it is none */
int rpmb_guid_from_text(uint8_t guid[LIBRPMB_GUID_LEN], const char *text);

/* A new, random one */
int rpmb_guid_make(uint8_t guid[LIBRPMB_GUID_LEN]);

/*
 * Anchors: protection from being put back, for anything that a program keeps.
 *
 * rpmb-anchor keeps, in the hardware's RPMB, which step each of its anchors is at. A
 * step is a version of what a program keeps, and has a number and a name: a MAC over
 * the number, the name of the step before it, and a digest, the root, of the version.
 *
 * The program keeps the step with the version, in one atomic change of its own
 * storage, and anchors it then, before anybody is told that the version is there.
 * A version that is one genuine step ahead of its anchor, after a crash between both,
 * is taken forward; any other version than the anchored one was put back, or made up.
 *
 * Used by one thread at a time.
 */
#define LIBRPMB_STEP_LEN 32		/* bytes of a name and of a root */

struct rpmb_step {
	uint64_t number;		/* 0 before the first step */
	uint8_t parent[LIBRPMB_STEP_LEN];
	uint8_t name[LIBRPMB_STEP_LEN];
};

struct rpmb_anchor;

/*
 * One that is still to be connected; NULL if there is no memory. Whoever waits for its
 * answer gives up with RPMB_ERR_SYSTEM and ECANCELED when @stop can be read, if that is
 * not -1.
 */
struct rpmb_anchor *rpmb_anchor_new(int stop);

/* NULL is allowed */
void rpmb_anchor_free(struct rpmb_anchor *anchor);

/*
 * Get hold of the anchor at a socket of rpmb-anchor, which nobody else has until it is
 * given back by rpmb_anchor_free() or another rpmb_anchor_connect().
 */
int rpmb_anchor_connect(struct rpmb_anchor *anchor, const char *path);

/*
 * Is it still held? If not, somebody else may have it and go on from the same step, so
 * nothing must be served until it is connected and verified again.
 */
bool rpmb_anchor_is_held(const struct rpmb_anchor *anchor);

/* The following is known since it was connected */
const uint8_t *rpmb_anchor_guid(const struct rpmb_anchor *anchor);

/* Steps that it may still make */
uint64_t rpmb_anchor_left(const struct rpmb_anchor *anchor);

/* Has the administrator agreed to a step from an older version? */
bool rpmb_anchor_may_step_back(const struct rpmb_anchor *anchor);

/* A key of the anchor's for a purpose of the program's */
void rpmb_anchor_derive(const struct rpmb_anchor *anchor, const char *purpose,
			uint8_t key[LIBRPMB_KEY_LEN]);

/* What is anchored: number and name; the parent is 0 */
int rpmb_anchor_get(struct rpmb_anchor *anchor, struct rpmb_step *step);

/* The step after @from to a version of this root; @next may be the same as @from */
void rpmb_anchor_next(const struct rpmb_anchor *anchor,
		      const struct rpmb_step *from,
		      const uint8_t root[LIBRPMB_STEP_LEN],
		      struct rpmb_step *next);

/*
 * Anchor a step, which is kept already. After RPMB_ERR_NO_ANCHOR nobody knows whether
 * it is anchored; to verify it tells, or anchors it.
 */
int rpmb_anchor_advance(struct rpmb_anchor *anchor,
			const struct rpmb_step *step,
			const uint8_t root[LIBRPMB_STEP_LEN]);

/* Is this a step that was made with the anchor's key, at any time? */
bool rpmb_anchor_is_genuine(const struct rpmb_anchor *anchor,
			    const struct rpmb_step *step,
			    const uint8_t root[LIBRPMB_STEP_LEN]);

/*
 * Is this the version that is anchored, or, if @ahead is set then, the next one?
 * RPMB_ERR_OLD or RPMB_ERR_FORGED if not.
 */
int rpmb_anchor_compare(struct rpmb_anchor *anchor, const struct rpmb_step *step,
			const uint8_t root[LIBRPMB_STEP_LEN], bool *ahead);

/* The same, and the next one, which must be durable, is anchored then */
int rpmb_anchor_verify(struct rpmb_anchor *anchor, const struct rpmb_step *step,
		       const uint8_t root[LIBRPMB_STEP_LEN]);

/*
 * A file that is anchored. Its step is kept beside it, in FILE.step; its root is the
 * SHA-256 of what is in it. Nobody else may change the file meanwhile.
 *
 * Is the file what is anchored, or the next version, which is anchored then? If so the tag
 * says that others may now change it where it is, until the system is started again, or
 * until it is verified with another result.
 */
int rpmb_anchor_file_verify(struct rpmb_anchor *anchor, const char *path);

/*
 * Make the file @from, which goes to the name @path, its next version, and anchor it. Then
 * @path must be what is anchored so far, unless nothing is. If @from is NULL it is the file
 * as it is, which others have changed since it was verified: RPMB_ERR_NOT_AGREED if it was
 * not.
 */
int rpmb_anchor_file_advance(struct rpmb_anchor *anchor, const char *path,
			     const char *from);

/*
 * Anchor the file as it is, whatever it is, knowingly: RPMB_ERR_NOT_AGREED unless the
 * administrator has agreed.
 */
int rpmb_anchor_file_accept(struct rpmb_anchor *anchor, const char *path);

#ifdef __cplusplus
}
#endif

#endif /* LIBRPMB_H */
