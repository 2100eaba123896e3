/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Replay Protected Memory Block: class, backends and in-kernel clients
 */
#ifndef _LINUX_RPMB_H
#define _LINUX_RPMB_H

#include <linux/atomic.h>
#include <linux/cdev.h>
#include <linux/device.h>
#include <linux/list.h>
#include <linux/lockdep_types.h>
#include <linux/spinlock_types.h>
#include <linux/types.h>
#include <uapi/linux/rpmb.h>

struct key;
struct rpmb_dev;
struct rpmb_run;
struct scatterlist;

/**
 * enum rpmb_type - type of the storage, as trusted execution environments know it
 * @RPMB_TYPE_EMMC: eMMC (JESD84-B51), and what speaks its frames: virtio-rpmb
 * @RPMB_TYPE_UFS: UFS (JESD220)
 * @RPMB_TYPE_NVME: NVM Express
 */
enum rpmb_type {
	RPMB_TYPE_EMMC,
	RPMB_TYPE_UFS,
	RPMB_TYPE_NVME,
};

/**
 * enum rpmb_xfer_kind - what a transfer does
 * @RPMB_XFER_SEND: send the request to the device
 * @RPMB_XFER_SEND_RESULT_READ: send the result-read request to the device
 * @RPMB_XFER_RECV: receive the response from the device
 */
enum rpmb_xfer_kind {
	RPMB_XFER_SEND,
	RPMB_XFER_SEND_RESULT_READ,
	RPMB_XFER_RECV,
};

/**
 * struct rpmb_xfer - one transfer of a sequence
 * @kind: what to do
 * @len: bytes to move, a multiple of the frame size
 * @buf: memory of the core, fit for DMA, which shares no cache line with a transfer
 *	in the other direction. It is contiguous if there was such memory, else
 *	vmalloc'ed, in pages; rpmb_xfer_map() makes the difference. What the
 *	processor has cached of another mapping is the core's business
 * @started: set by the backend just before the transfer may reach the device
 *
 * A sequence is either %RPMB_XFER_SEND, %RPMB_XFER_RECV, or, for requests whose
 * outcome has to be asked for (key, data write, configuration write),
 * %RPMB_XFER_SEND, %RPMB_XFER_SEND_RESULT_READ, %RPMB_XFER_RECV. In the first
 * case an eMMC takes the request as an ordinary write, in the second as a
 * reliable one.
 */
struct rpmb_xfer {
	enum rpmb_xfer_kind kind;
	unsigned int len;
	void *buf;
	bool started;
};

/**
 * rpmb_sequence_len() - say how many transfers a sequence has
 * @xfers: its first transfer, in a list
 *
 * Return: 2 or 3
 */
static inline unsigned int rpmb_sequence_len(const struct rpmb_xfer *xfers)
{
	return xfers[1].kind == RPMB_XFER_SEND_RESULT_READ ? 3 : 2;
}

/**
 * rpmb_is_question() - say whether a request leaves the device as it is
 * @type: its enum rpmb_request_type
 *
 * Return: true if it may be asked again without harm
 */
static inline bool rpmb_is_question(u16 type)
{
	switch (type) {
	case RPMB_GET_WRITE_COUNTER:
	case RPMB_READ_DATA:
	case RPMB_CONFIG_READ:
	case RPMB_PURGE_STATUS:
		return true;
	default:
		return false;
	}
}

/**
 * struct rpmb_descr - what a backend says of a device
 *
 * Given to rpmb_dev_register(), which copies it; final from then on. A backend
 * has either @transfer, or @route_frames if it is of the older kind.
 */
struct rpmb_descr {
	/** @type: type of the storage */
	enum rpmb_type type;
	/**
	 * @route_frames: The older kind of backend: carry one request of
	 * @req_len bytes and its response of @resp_len bytes; the result read is
	 * up to the backend. Returns 0 or a negative error. @dev is the parent of
	 * the device. Called like @transfer.
	 */
	int (*route_frames)(struct device *dev, u8 *req, unsigned int req_len,
			    u8 *resp, unsigned int resp_len);
	/**
	 * @dev_id: What trusted execution environments derive the key from. It
	 * must never change in the life of a device: not with the kernel's
	 * version, nor from boot to boot. The core makes its own copy.
	 */
	u8 *dev_id;
	/** @dev_id_len: bytes at @dev_id, 1 to %RPMB_MAX_ID_LEN */
	size_t dev_id_len;
	/**
	 * @reliable_wr_count: Most sectors of 512 bytes that one write can take;
	 * never 0, since clients divide by it.
	 */
	u16 reliable_wr_count;
	/** @capacity: size in units of 128 KiB */
	u16 capacity;

	/**
	 * @transfer: Perform the @nr transfers at @xfers one after the other, with
	 * nothing else for this device in between, and stop at the first that
	 * fails. Returns 0 or a negative error, never a positive number. Nothing
	 * is ever sent a second time once it may have reached the device, unless
	 * the device has said that it did not carry it out. -EMSGSIZE (more than
	 * the path can carry), -ENOMEM, -EINVAL and -EOPNOTSUPP tell callers that
	 * nothing happened; after that the core makes them -EIO.
	 *
	 * Process context; may sleep, and the task may be anybody's: signals are
	 * not looked at, and waits are not interruptible. Each wait ends by an
	 * answer, a timeout, a reset or removal, so a call takes a bounded time.
	 * @abort ends what waits for the device to take a request, where that can
	 * be ended. There is one call at a time for each device. Allocations are
	 * implicitly GFP_NOIO. When the call returns, the device is done with
	 * @xfers and their buffers, which are the core's again.
	 *
	 * The list is one sequence, or, if @max_batch lets it, several, one after
	 * the other, each rpmb_sequence_len() long. Then rpmb_sequence_completed()
	 * is called after each, the last as well, and says whether to go on with
	 * the next. Who has others to let in may leave the rest, and return 0: the
	 * core comes back with it.
	 */
	int (*transfer)(struct rpmb_dev *rdev, struct rpmb_xfer *xfers,
			unsigned int nr);
	/**
	 * @max_batch: Most sequences in a list that @transfer takes; 0 or 1 means
	 * that it takes one, and does not call rpmb_sequence_completed(). Worth it
	 * for who can do something once for all of them.
	 */
	unsigned int max_batch;
	/**
	 * @abort: Optional: make a running @transfer end with what the device has
	 * begun, and every later one at once. Called by rpmb_dev_unregister(), at
	 * shutdown, and by a rpmb_dev_register() that fails, thus has returned no
	 * device yet; maybe more than once, and at the same time. May run beside
	 * @transfer, may sleep.
	 */
	void (*abort)(struct rpmb_dev *rdev);
	/**
	 * @resumed: Optional: the system has slept, and the device may have lost
	 * its power. Called when it is awake again, before the next @transfer; may
	 * sleep.
	 */
	void (*resumed)(struct rpmb_dev *rdev);
	/** @priv: the backend's own */
	void *priv;
	/** @frame_format: what frames the device speaks */
	enum rpmb_frame_format frame_format;
	/**
	 * @transport: how the device is attached; 0 means what @type says
	 */
	enum rpmb_transport transport;
	/**
	 * @request_types: BIT(n) for each enum rpmb_request_type n that the device
	 * takes; 0 means key, counter, data write and data read
	 */
	u32 request_types;
	/**
	 * @write_sizes: BIT(n) if one request can write 2^n blocks; 0 means what
	 * @reliable_wr_count says, or one block if an eMMC backend of the older
	 * kind leaves it out
	 */
	u32 write_sizes;
	/**
	 * @max_write: most blocks that one request can write if it can write any
	 * number up to that; 0 if only those of @write_sizes
	 */
	u32 max_write;
	/**
	 * @max_read: most blocks that one request can read; 0 means as many as fit
	 * in %RPMB_MAX_LEN
	 */
	u32 max_read;
	/**
	 * @runs_on: The device is given a write before the one in front of it has
	 * been answered, and carries it out even if that is refused. With a write
	 * of somebody else's in between, who has the key as well, it can be the
	 * right one for the counter by then. So who names a counter sends one at a
	 * time.
	 */
	bool runs_on;
	/** @target: UFS region or NVMe target, else 0 */
	u8 target;
	/**
	 * @fill_block_count: BIT() of each type of request in which the device
	 * wants a block count, and the result read's, if it does there: where an
	 * unsigned request has 0, the number of response frames is put for a read,
	 * else 1. An eMMC is told by CMD23, and wants none.
	 */
	u32 fill_block_count;
};

/**
 * struct rpmb_turn - whose sequence it is
 * @lock: protects @line and @taken; nothing is called under it but wake-ups
 * @line: those who wait, in the order in which they are served
 * @taken: one has the turn: who carries a sequence; suspend, from its beginning to
 *	the end of resume; rpmb_dev_unregister() at its end
 * @map: for lockdep. Who may hold a lock while waiting for the turn must not need
 *	it to give the turn back, and the turn is taken under others' locks in
 *	suspend, shutdown and removal
 */
struct rpmb_turn {
	spinlock_t lock;	/* line and taken */
	struct list_head line;
	bool taken;
	struct lockdep_map map;
};

/**
 * struct rpmb_dev - an RPMB device
 * @dev: the device "rpmbN" of the class "rpmb"
 * @id: N
 * @list_node: place in the list that rpmb_dev_find_device() walks
 * @descr: what the backend said; constant while the device is there
 *
 * Counted through @dev: rpmb_dev_get(), rpmb_dev_put(). A reference keeps this
 * structure and its number, not the device or its backend: after
 * rpmb_dev_unregister() everything that would need them fails with -ENODEV.
 */
struct rpmb_dev {
	struct device dev;
	int id;
	struct list_head list_node;
	struct rpmb_descr descr;
	/* private: */
	struct cdev cdev;
	/* Order of registration, never used again; breaks ties in the list */
	u64 seq;
	/* Held by who may call the backend */
	struct rpmb_turn turn;
	/* Type of the request that is with the backend, for messages; 0 if none is */
	u16 running;
	/* The requests that are with the backend, for who has the turn */
	struct rpmb_run *run;
	/*
	 * Set for good by rpmb_dev_unregister() and at shutdown, before they wait
	 * for the turn. Who gets the turn and sees it clear may call the backend
	 * until giving it back.
	 */
	bool gone;
	/* Suspend holds the turn; whoever clears this gives the turn back */
	atomic_t suspended;
};

/**
 * struct rpmb_route - a request of a batch
 * @req: request frames, in any memory
 * @req_len: their bytes
 * @resp: where to put the response frames
 * @resp_len: their bytes
 * @started: set or cleared by rpmb_route_batch(): it may have reached the device
 */
struct rpmb_route {
	u8 *req;
	unsigned int req_len;
	u8 *resp;
	unsigned int resp_len;
	bool started;
};

/**
 * struct rpmb_outcome - what became of a write
 * @stored: blocks that are stored, from the first on
 * @unknown: blocks behind those of which it is not known whether they are stored;
 *	what is left has not been
 */
struct rpmb_outcome {
	u32 stored;
	u32 unknown;
};

#define to_rpmb_dev(x)		container_of((x), struct rpmb_dev, dev)

#if IS_ENABLED(CONFIG_RPMB)
struct rpmb_dev *rpmb_dev_get(struct rpmb_dev *rdev);
void rpmb_dev_put(struct rpmb_dev *rdev);
struct rpmb_dev *rpmb_dev_find_device(const void *data,
				      const struct rpmb_dev *start,
				      int (*match)(struct device *dev,
						   const void *data));
int rpmb_interface_register(struct class_interface *intf);
void rpmb_interface_unregister(struct class_interface *intf);
struct rpmb_dev *rpmb_dev_register(struct device *dev,
				   struct rpmb_descr *descr);
int rpmb_dev_unregister(struct rpmb_dev *rdev);
int rpmb_dev_suspend(struct rpmb_dev *rdev);
void rpmb_dev_resume(struct rpmb_dev *rdev);
int rpmb_dev_link(struct rpmb_dev *rdev, struct device *client);
void rpmb_dev_unlink(struct rpmb_dev *rdev, struct device *client);

int rpmb_route_frames(struct rpmb_dev *rdev, u8 *req,
		      unsigned int req_len, u8 *resp, unsigned int resp_len);
int rpmb_route_batch(struct rpmb_dev *rdev, struct rpmb_route *routes,
		     unsigned int nr, unsigned int *done);
bool rpmb_sequence_completed(struct rpmb_dev *rdev);
unsigned int rpmb_xfer_map(const struct rpmb_xfer *xfer, struct scatterlist *sg,
			   unsigned int max_sg, unsigned int max_seg);

#else
static inline struct rpmb_dev *rpmb_dev_get(struct rpmb_dev *rdev)
{
	return NULL;
}

static inline void rpmb_dev_put(struct rpmb_dev *rdev) { }

static inline struct rpmb_dev *
rpmb_dev_find_device(const void *data, const struct rpmb_dev *start,
		     int (*match)(struct device *dev, const void *data))
{
	return NULL;
}

static inline int rpmb_interface_register(struct class_interface *intf)
{
	return -EOPNOTSUPP;
}

static inline void rpmb_interface_unregister(struct class_interface *intf) { }

static inline struct rpmb_dev *rpmb_dev_register(struct device *dev,
						 struct rpmb_descr *descr)
{
	return NULL;
}

static inline int rpmb_dev_unregister(struct rpmb_dev *rdev)
{
	return 0;
}

static inline int rpmb_dev_link(struct rpmb_dev *rdev, struct device *client)
{
	return -EOPNOTSUPP;
}

static inline void rpmb_dev_unlink(struct rpmb_dev *rdev,
				   struct device *client) { }

static inline int rpmb_route_frames(struct rpmb_dev *rdev, u8 *req,
				    unsigned int req_len, u8 *resp,
				    unsigned int resp_len)
{
	return -EOPNOTSUPP;
}

static inline int rpmb_route_batch(struct rpmb_dev *rdev,
				   struct rpmb_route *routes, unsigned int nr,
				   unsigned int *done)
{
	if (done)
		*done = 0;
	return -EOPNOTSUPP;
}
#endif /* CONFIG_RPMB */

#if IS_ENABLED(CONFIG_RPMB_KEYED)
unsigned int rpmb_get_capacity(const struct rpmb_dev *rdev,
			       unsigned int *block_size);
int rpmb_program_key(struct rpmb_dev *rdev, struct key *key);
int rpmb_get_write_count(struct rpmb_dev *rdev, struct key *key, u32 *count);
int rpmb_read_blocks(struct rpmb_dev *rdev, struct key *key, u32 addr,
		     u32 count, void *data);
int rpmb_write_blocks(struct rpmb_dev *rdev, struct key *key, u32 addr,
		      u32 count, const void *data, u32 *expected,
		      struct rpmb_outcome *outcome);

#else
static inline unsigned int rpmb_get_capacity(const struct rpmb_dev *rdev,
					     unsigned int *block_size)
{
	return 0;
}

static inline int rpmb_program_key(struct rpmb_dev *rdev, struct key *key)
{
	return -EOPNOTSUPP;
}

static inline int rpmb_get_write_count(struct rpmb_dev *rdev, struct key *key,
				       u32 *count)
{
	return -EOPNOTSUPP;
}

static inline int rpmb_read_blocks(struct rpmb_dev *rdev, struct key *key,
				   u32 addr, u32 count, void *data)
{
	return -EOPNOTSUPP;
}

static inline int rpmb_write_blocks(struct rpmb_dev *rdev, struct key *key,
				    u32 addr, u32 count, const void *data,
				    u32 *expected, struct rpmb_outcome *outcome)
{
	return -EOPNOTSUPP;
}
#endif /* CONFIG_RPMB_KEYED */

#endif /* _LINUX_RPMB_H */
