/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * Replay Protected Memory Block: frames and the /dev/rpmbN interface
 */
#ifndef _UAPI_LINUX_RPMB_H
#define _UAPI_LINUX_RPMB_H

#include <linux/ioctl.h>
#include <linux/types.h>

/**
 * enum rpmb_request_type - what a request frame asks for
 * @RPMB_PROGRAM_KEY: program the authentication key, once in a device's life
 * @RPMB_GET_WRITE_COUNTER: read the write counter
 * @RPMB_WRITE_DATA: authenticated write
 * @RPMB_READ_DATA: authenticated read
 * @RPMB_RESULT_READ: make the device answer the request before; the kernel
 *	sends it where the device needs it, so it is refused as a request
 * @RPMB_CONFIG_WRITE: write the device configuration: secure write protection
 *	(eMMC, UFS) or the Device Configuration Block (NVMe)
 * @RPMB_CONFIG_READ: read what @RPMB_CONFIG_WRITE writes
 * @RPMB_PURGE_ENABLE: start an RPMB purge (UFS 4.0)
 * @RPMB_PURGE_STATUS: read how far the purge is (UFS 4.0)
 *
 * A response has the type of its request shifted left by 8 bits.
 */
enum rpmb_request_type {
	RPMB_PROGRAM_KEY = 1,
	RPMB_GET_WRITE_COUNTER = 2,
	RPMB_WRITE_DATA = 3,
	RPMB_READ_DATA = 4,
	RPMB_RESULT_READ = 5,
	RPMB_CONFIG_WRITE = 6,
	RPMB_CONFIG_READ = 7,
	RPMB_PURGE_ENABLE = 8,
	RPMB_PURGE_STATUS = 9,
};

/**
 * enum rpmb_result - what a device says in the result field of a response
 * @RPMB_RES_OK: done
 * @RPMB_RES_GENERAL: general failure
 * @RPMB_RES_AUTH: the MAC is wrong
 * @RPMB_RES_COUNTER: the write counter is not the device's
 * @RPMB_RES_ADDRESS: the access does not lie within the device
 * @RPMB_RES_WRITE: the data could not be written
 * @RPMB_RES_READ: the data could not be read
 * @RPMB_RES_NO_KEY: no key has been programmed yet
 * @RPMB_RES_CONFIG: NVMe: invalid Device Configuration Block;
 *	UFS: the secure write protect block cannot be accessed
 * @RPMB_RES_SWP_PARAM: UFS: invalid secure write protect parameter
 * @RPMB_RES_SWP_NA: UFS: secure write protect is not applicable
 * @RPMB_RES_UNSUPPORTED: UFS: unsupported request
 * @RPMB_RES_PURGING: UFS: a purge is in progress
 * @RPMB_RES_EXPIRED: bit that is set in addition to one of the codes above
 *	when the write counter has reached its maximum
 */
enum rpmb_result {
	RPMB_RES_OK = 0x00,
	RPMB_RES_GENERAL = 0x01,
	RPMB_RES_AUTH = 0x02,
	RPMB_RES_COUNTER = 0x03,
	RPMB_RES_ADDRESS = 0x04,
	RPMB_RES_WRITE = 0x05,
	RPMB_RES_READ = 0x06,
	RPMB_RES_NO_KEY = 0x07,
	RPMB_RES_CONFIG = 0x08,
	RPMB_RES_SWP_PARAM = 0x09,
	RPMB_RES_SWP_NA = 0x0a,
	RPMB_RES_UNSUPPORTED = 0x0b,
	RPMB_RES_PURGING = 0x0c,
	RPMB_RES_EXPIRED = 0x80,
};

/**
 * struct rpmb_frame - JEDEC RPMB frame (eMMC, UFS, virtio-rpmb)
 * @stuff: zero, not covered by the MAC
 * @key_mac: the key in a program key request, else the MAC; of the frames of
 *	one access only the last one has it
 * @data: one block of data
 * @nonce: chosen by the host in a request, copied to the response
 * @write_counter: number of successful authenticated writes so far
 * @addr: first block of the access, the same in all its frames, in units of
 *	256 bytes
 * @block_count: blocks of the whole access, the same in all its frames
 * @result: enum rpmb_result, in responses
 * @req_resp: enum rpmb_request_type, or that shifted left by 8 in responses
 *
 * JESD84-B51 section 6.6.22, JESD220G section 12.4. The MAC is HMAC-SHA256 over
 * the fields from @data on, of all frames of the access one after the other.
 */
struct rpmb_frame {
	__u8 stuff[196];
	__u8 key_mac[32];
	__u8 data[256];
	__u8 nonce[16];
	__be32 write_counter;
	__be16 addr;
	__be16 block_count;
	__be16 result;
	__be16 req_resp;
};

/**
 * struct rpmb_nvme_frame - NVMe RPMB data frame
 * @stuff: zero, not covered by the MAC
 * @key_mac: the key in a program key request, else the MAC
 * @target: RPMB target, 0 to 6
 * @nonce: chosen by the host in a request, copied to the response
 * @write_counter: number of successful authenticated writes so far
 * @addr: first sector of the access, in units of 512 bytes
 * @sector_count: sectors of the access
 * @result: enum rpmb_result, in responses
 * @req_resp: enum rpmb_request_type, or that shifted left by 8 in responses
 * @data: @sector_count sectors in write requests and read responses
 *
 * NVM Express Base Specification 2.1, section 8.1.21. One frame carries a whole
 * access. The MAC is HMAC-SHA256 over everything from @target on.
 */
struct rpmb_nvme_frame {
	__u8 stuff[191];
	__u8 key_mac[32];
	__u8 target;
	__u8 nonce[16];
	__le32 write_counter;
	__le32 addr;
	__le32 sector_count;
	__le16 result;
	__le16 req_resp;
	__u8 data[];
};

/**
 * DOC: General ioctl format
 *
 * Each ioctl takes a pointer to a structure that starts with its own size, as
 * the caller knows it. A kernel that knows a longer structure takes the missing
 * fields as 0, and writes no more than that size; one that knows a shorter structure
 * insists that what it does not know is 0, and leaves it so. So old and new programs
 * run on old and new kernels. What the first kernel knew of a structure is the least
 * that all kernels want. The number of an ioctl does not contain the size, so it
 * stays the same when a structure grows.
 *
 * Errors have one meaning throughout:
 *
 *  - ENOTTY: the kernel does not have this ioctl.
 *  - E2BIG: the structure has something other than 0 where the kernel does not
 *    know a field.
 *  - EOPNOTSUPP: a known field has a value that the kernel or the device does
 *    not support.
 *  - EINVAL: a field is wrong.
 *  - EFAULT: memory cannot be read or written.
 *  - ENOMEM: out of memory.
 *  - ENODEV: the device is gone; the file stays open and is of no more use.
 */
#define RPMB_IOC_MAGIC 0xBB

/**
 * enum rpmb_frame_format - what frames a device speaks
 * @RPMB_FRAME_JEDEC: struct rpmb_frame, one for each block of 256 bytes
 * @RPMB_FRAME_NVME: struct rpmb_nvme_frame, with its data in blocks of 512 bytes
 */
enum rpmb_frame_format {
	RPMB_FRAME_JEDEC = 0,
	RPMB_FRAME_NVME = 1,
};

/**
 * enum rpmb_transport - how a device is attached
 * @RPMB_TRANSPORT_EMMC: eMMC card
 * @RPMB_TRANSPORT_UFS: UFS device
 * @RPMB_TRANSPORT_NVME: NVMe subsystem
 * @RPMB_TRANSPORT_VIRTIO: virtio device
 * @RPMB_TRANSPORT_SIM: simulator, which forgets everything
 */
enum rpmb_transport {
	RPMB_TRANSPORT_EMMC = 1,
	RPMB_TRANSPORT_UFS = 2,
	RPMB_TRANSPORT_NVME = 3,
	RPMB_TRANSPORT_VIRTIO = 4,
	RPMB_TRANSPORT_SIM = 5,
};

/**
 * struct rpmb_ioc_info - ioctl(RPMB_IOC_INFO)
 * @size: sizeof(struct rpmb_ioc_info)
 * @flags: must be 0
 * @frame_format: enum rpmb_frame_format
 * @transport: enum rpmb_transport
 * @block_size: bytes in a block, 256 (JEDEC) or 512 (NVMe)
 * @capacity: size of the device in blocks
 * @write_sizes: bit n is set if one request can write 2^n blocks
 * @max_read: most blocks that one request can read
 * @request_types: bit n is set if the device takes enum rpmb_request_type n
 * @target: UFS region or NVMe target, else 0
 * @dev_id_len: on input the bytes at @dev_id, 0 to %RPMB_MAX_ID_LEN; on output the
 *	length of the device's identity, which may be more or less than that
 * @max_write: most blocks that one request can write, if it can write any number
 *	up to that; 0 if it writes only the numbers in @write_sizes
 * @dev_id: where to put the identity that keys are derived from; what is left of
 *	the memory is filled with 0
 * @keyed_types: bit n is set if RPMB_IOC_KEYED takes enum rpmb_request_type n with
 *	this device; 0 if the kernel does not have it
 * @max_batch: most requests of an RPMB_IOC_ROUTE_BATCH; 0 if the kernel does not have
 *	it
 *
 * Says what a device is and what it can do. What goes beyond its limits is refused
 * with EMSGSIZE or EINVAL where nothing else can come of it (eMMC, NVMe), else
 * passed on, and the device answers. Works on any file open for reading or writing.
 */
struct rpmb_ioc_info {
	__u32 size;
	__u32 flags;
	__u32 frame_format;
	__u32 transport;
	__u32 block_size;
	__u32 capacity;
	__u32 write_sizes;
	__u32 max_read;
	__u32 request_types;
	__u32 target;
	__u32 dev_id_len;
	__u32 max_write;
	__aligned_u64 dev_id;
	__u32 keyed_types;
	__u32 max_batch;
};

#define RPMB_IOC_INFO _IO(RPMB_IOC_MAGIC, 0)

/* Most bytes of an identity */
#define RPMB_MAX_ID_LEN 4096

/* Most bytes in the request, and in the response, of RPMB_IOC_ROUTE_FRAMES */
#define RPMB_MAX_LEN 524288

/* The request may have reached the device */
#define RPMB_ROUTE_STARTED 0x1

/**
 * struct rpmb_ioc_route_frames - ioctl(RPMB_IOC_ROUTE_FRAMES)
 * @size: sizeof(struct rpmb_ioc_route_frames)
 * @flags: must be 0
 * @req_len: bytes of the request, at most RPMB_MAX_LEN
 * @resp_len: bytes of the response, at most RPMB_MAX_LEN
 * @out_flags: 0 or %RPMB_ROUTE_STARTED; set it to 0 before the call, then it is
 *	valid also if the ioctl fails
 * @__reserved: must be 0
 * @req: the request frames
 * @resp: where to put the response frames
 *
 * Carries one request to the device and its response back. The kernel sees to
 * the result read; signed fields are never altered. A request for which the
 * device wants a block count (virtio, UFS) and which has 0 in that unsigned
 * field gets it filled in.
 *
 * What a request needs: RPMB_GET_WRITE_COUNTER, RPMB_READ_DATA, RPMB_CONFIG_READ
 * and RPMB_PURGE_STATUS a file open for reading; RPMB_WRITE_DATA,
 * RPMB_CONFIG_WRITE and RPMB_PURGE_ENABLE one open for writing;
 * RPMB_PROGRAM_KEY that and CAP_SYS_RAWIO.
 *
 * Success means that a response of the right type came back. What the device
 * decided is in the result field of the response, which the caller must
 * authenticate.
 *
 * On failure nothing is written to @resp. If @out_flags has no
 * %RPMB_ROUTE_STARTED, nothing happened; else it is unknown whether the device
 * has done what was asked. The kernel never sends a request twice, but a layer
 * below may. So after such a failure, and also after RPMB_RES_COUNTER, read
 * the write counter and the data before concluding anything.
 *
 * Errors besides the general ones:
 *
 *  - EINVAL: lengths or frames that contradict each other, or, with an eMMC, a
 *    number of blocks between those that it can write.
 *  - EOPNOTSUPP: a request type that the device does not have, or a bare
 *    RPMB_RESULT_READ.
 *  - EMSGSIZE: more than the kernel or the path to the device can carry.
 *  - EBADF: the file is not open for what the request needs.
 *  - EPERM: the caller may not program a key.
 *  - EPROTO: the response has the wrong type; somebody else spoke to the
 *    hardware meanwhile.
 *  - EINTR: a fatal signal came while others had the device; what is with the
 *    device no signal ends.
 *  - ETIMEDOUT, EIO and others: the transport failed.
 */
struct rpmb_ioc_route_frames {
	__u32 size;
	__u32 flags;
	__u32 req_len;
	__u32 resp_len;
	__u32 out_flags;
	__u32 __reserved;
	__aligned_u64 req;
	__aligned_u64 resp;
};

#define RPMB_IOC_ROUTE_FRAMES _IO(RPMB_IOC_MAGIC, 1)

/**
 * enum rpmb_mismatch - why a response is not believed
 * @RPMB_MISMATCH_NONE: it is
 * @RPMB_MISMATCH_FRAMES: its frames contradict each other
 * @RPMB_MISMATCH_MAC: the MAC is not made with this key over these fields
 * @RPMB_MISMATCH_NONCE: it has another nonce than the request
 * @RPMB_MISMATCH_TARGET: it is from another target
 * @RPMB_MISMATCH_ADDRESS: it has another address than the request
 * @RPMB_MISMATCH_COUNT: it has another number of blocks
 * @RPMB_MISMATCH_COUNTER: its counter is not the next one
 */
enum rpmb_mismatch {
	RPMB_MISMATCH_NONE = 0,
	RPMB_MISMATCH_FRAMES = 1,
	RPMB_MISMATCH_MAC = 2,
	RPMB_MISMATCH_NONCE = 3,
	RPMB_MISMATCH_TARGET = 4,
	RPMB_MISMATCH_ADDRESS = 5,
	RPMB_MISMATCH_COUNT = 6,
	RPMB_MISMATCH_COUNTER = 7,
};

/* The write is for the counter in @counter, and for no other */
#define RPMB_KEYED_COUNTER 0x1

/**
 * struct rpmb_ioc_keyed - ioctl(RPMB_IOC_KEYED)
 * @size: sizeof(struct rpmb_ioc_keyed)
 * @flags: 0 or %RPMB_KEYED_COUNTER
 * @type: enum rpmb_request_type, one of those in @keyed_types of RPMB_IOC_INFO
 * @key: serial number of a key
 * @addr: first block, for RPMB_WRITE_DATA and RPMB_READ_DATA; the address in the frame
 *	for configuration and purge; else 0
 * @count: number of blocks, likewise
 * @data: where the blocks are, or where to put them; for configuration and purge one
 *	block, which goes out in the request as far as that has one, and over which
 *	RPMB_CONFIG_READ and RPMB_PURGE_STATUS put that of the response; 0 for a key or the
 *	counter, and maybe for RPMB_PURGE_ENABLE
 * @counter: with %RPMB_KEYED_COUNTER the write counter that the device is expected to
 *	have; on output the counter if it was read or named, else 0
 * @out_flags: on output %RPMB_ROUTE_STARTED if the last request that is not one to
 *	find out what became of a write may have reached the device
 * @done: on output the number of blocks that were read, or that are stored
 * @unknown: on output the number of blocks behind those of which nobody knows whether
 *	they are stored
 * @result: on output the result with which the device has refused, else 0
 * @mismatch: on output an enum rpmb_mismatch if a response was not believed
 *
 * Makes requests, signs them with a key of the kernel's keyring, authenticates every
 * field of the responses, and never shows the key. The key is of the type trusted,
 * encrypted, logon or user, has 32 bytes and a description that begins with "rpmb:".
 *
 * What it needs: search permission on the key, and of the file what
 * RPMB_IOC_ROUTE_FRAMES needs for a request of the type, RPMB_PROGRAM_KEY with
 * CAP_SYS_RAWIO. RPMB_PROGRAM_KEY needs setattr permission on the key instead: the
 * device gets the key in clear, and could be one that shows it to the caller, as a
 * simulated one or one that is reached by a network. A key whose setattr permission was
 * taken away once its device has it, goes to no other.
 *
 * RPMB_WRITE_DATA and RPMB_READ_DATA take any range: it is cut into requests as long as
 * the device takes, up to 16 of which may go in one turn. Between two turns others may
 * have theirs, and a signal ends it with EINTR; that can come without one of the program's
 * own, as when the system goes to sleep, and what is left can be asked for from @done on.
 * A write reads the counter first, unless it is named. After a write that failed, counter
 * and data are read back to find out what is stored; nothing is sent again. What is not
 * stored could still be delivered late, with up to 15 requests that were signed for the
 * counters behind it. So what is written next for these 16 has to be the same, or be read
 * back. RPMB_PROGRAM_KEY reads the counter afterwards, which shows whether the key is in
 * place. RPMB_CONFIG_WRITE and RPMB_PURGE_ENABLE must name the counter, and whoever asks
 * for them has to find out himself what became of them.
 *
 * The outputs are valid also if the ioctl fails, but for the general errors that are
 * about the structure itself.
 *
 * Errors besides those of RPMB_IOC_ROUTE_FRAMES:
 *
 *  - EKEYREJECTED: not a key for an RPMB; or, if @result is RPMB_RES_AUTH, the device
 *    has another one.
 *  - ENOKEY: no such key; or, if @result is RPMB_RES_NO_KEY, the device has none.
 *  - EKEYREVOKED, EKEYEXPIRED: it was one.
 *  - EACCES: no permission to search for the key, or to program it.
 *  - ESTALE: the counter is not the one that the write was signed for. More than one
 *    step from it, the outcome is unknown: ours may have been among these writes.
 *  - ERANGE: the device does not have these blocks.
 *  - EOVERFLOW: the write counter has reached its maximum.
 *  - EREMOTEIO: the device refused, see @result.
 *  - EBADMSG: a response is not authentic, see @mismatch.
 *  - EINTR: a signal came between two turns, or a fatal one in line or between two
 *    requests.
 *  - EINVAL: besides, a block or a named counter is missing, or an address or a count
 *    does not fit into the frames.
 */
struct rpmb_ioc_keyed {
	__u32 size;
	__u32 flags;
	__u32 type;
	__s32 key;
	__u32 addr;
	__u32 count;
	__aligned_u64 data;
	__u32 counter;
	__u32 out_flags;
	__u32 done;
	__u32 unknown;
	__u32 result;
	__u32 mismatch;
};

#define RPMB_IOC_KEYED _IO(RPMB_IOC_MAGIC, 2)

/* Most requests of RPMB_IOC_ROUTE_BATCH */
#define RPMB_MAX_BATCH 256

/**
 * struct rpmb_batch_request - a request of RPMB_IOC_ROUTE_BATCH
 * @req_len: bytes of the request
 * @resp_len: bytes of the response
 * @out_flags: 0 or %RPMB_ROUTE_STARTED; set it to 0 before the call, then it is valid
 *	also if the ioctl fails
 * @__reserved: must be 0
 * @req: the request frames
 * @resp: where to put the response frames
 */
struct rpmb_batch_request {
	__u32 req_len;
	__u32 resp_len;
	__u32 out_flags;
	__u32 __reserved;
	__aligned_u64 req;
	__aligned_u64 resp;
};

/**
 * struct rpmb_ioc_route_batch - ioctl(RPMB_IOC_ROUTE_BATCH)
 * @size: sizeof(struct rpmb_ioc_route_batch)
 * @flags: must be 0
 * @nr: number of requests, 1 to %RPMB_MAX_BATCH
 * @done: on output the number of requests, from the first on, that have their response;
 *	set it to 0 before the call, then it is valid also if the ioctl fails
 * @requests: array of struct rpmb_batch_request
 * @request_size: sizeof(struct rpmb_batch_request). As @size says of this structure, it says
 *	of those in the array which fields they have, and how far apart they are
 * @__reserved: must be 0
 *
 * Carries requests to the device one after the other, while nobody else has it. Each
 * of them is what it is with RPMB_IOC_ROUTE_FRAMES, and needs what it needs there.
 * Lengths, fields and permissions of all are checked before the first one is begun; what
 * is more than the device or the path to it carries is found when its turn comes, and
 * @done says what was done before. Together they have RPMB_MAX_LEN bytes at most, and so
 * have their responses.
 *
 * They end with the first that fails. A write, or another request that changes the
 * device, whose result says that it was not done is such a failure; it has its
 * response, and the ioctl succeeds with a @done that is less than @nr. The same comes
 * of others who wait for the device: after some requests they get it.
 *
 * Who signs writes for counters that he foresees goes on after such an end from a counter
 * that an authentic response has, be it that of the last write or of a counter read.
 * Otherwise a later write could be stored though an earlier one was not. For the same
 * reason no two writes of a batch may be signed for the same counter.
 *
 * What was signed and not stored could be kept by somebody on the way to the device, and
 * be delivered when the device has reached its counter. A response to a write does not
 * say which data was written. So after a batch that has failed, as many writes as it
 * had left have to be the same, or be read back.
 *
 * An error is that of the request behind the @done that have their response. What is
 * behind that, and has %RPMB_ROUTE_STARTED, may have reached the device as well: some
 * take many requests at once. Of each such request it is unknown whether it was done.
 *
 * The errors are those of RPMB_IOC_ROUTE_FRAMES. EMSGSIZE is also for too many requests,
 * or too many bytes of them.
 */
struct rpmb_ioc_route_batch {
	__u32 size;
	__u32 flags;
	__u32 nr;
	__u32 done;
	__aligned_u64 requests;
	__u32 request_size;
	__u32 __reserved;
};

#define RPMB_IOC_ROUTE_BATCH _IO(RPMB_IOC_MAGIC, 3)

#endif /* _UAPI_LINUX_RPMB_H */
