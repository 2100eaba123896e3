// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <linux/vfio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "log.h"
#include "unix.h"
#include "vfio_user.h"

/* Longest access, and longest message: what is bigger ends the connection */
#define MAX_ACCESS 4096
#define MAX_PAYLOAD (sizeof(struct access) + MAX_ACCESS)
#define MAX_FDS 8

/*
 * QEMU wants to hear of INTx, MSI and MSI-X, even that there is none. What comes
 * behind is left out: QEMU warns of an interrupt for errors that exists, but has a
 * count of 0.
 */
#define NR_IRQS (VFIO_PCI_MSIX_IRQ_INDEX + 1)

enum command {
	VERSION = 1,
	DMA_MAP = 2,
	DMA_UNMAP = 3,
	DEVICE_GET_INFO = 4,
	DEVICE_GET_REGION_INFO = 5,
	DEVICE_GET_IRQ_INFO = 7,
	DEVICE_SET_IRQS = 8,
	REGION_READ = 9,
	REGION_WRITE = 10,
	DEVICE_RESET = 13,
};

enum header_flags {
	TYPE_MASK = 0xf,
	TYPE_REPLY = 1,
	NO_REPLY = 1 << 4,
	ERROR = 1 << 5,
};

struct header {
	uint16_t id;
	uint16_t command;
	uint32_t size;
	uint32_t flags;
	uint32_t error;
};

struct version {
	uint16_t major;
	uint16_t minor;
	char data[];
};

struct map {
	uint32_t argsz;
	uint32_t flags;
	uint64_t offset;
	uint64_t addr;
	uint64_t size;
};

struct unmap {
	uint32_t argsz;
	uint32_t flags;
	uint64_t addr;
	uint64_t size;
};

/* A read or write of a region; the data follows */
struct access {
	uint64_t offset;
	uint32_t region;
	uint32_t count;
	uint8_t data[];
};

/* A message, and after it has been handled the payload of the reply */
struct message {
	struct header header;
	size_t len;
	union {
		uint8_t payload[MAX_PAYLOAD];
		struct version version;
		struct map map;
		struct unmap unmap;
		struct vfio_device_info info;
		struct vfio_region_info region;
		struct vfio_irq_info irq;
		struct vfio_irq_set set;
		struct access access;
	};
	int fds[MAX_FDS];
	unsigned int nr_fds;
};

static const char capabilities[] =
	"{\"capabilities\":{\"max_msg_fds\":1,\"max_data_xfer_size\":4096}}";

static int version(struct vfio_user *vu, struct message *msg)
{
	(void)vu;
	if (msg->version.major != 0)
		return EINVAL;
	msg->version.minor = 0;
	memcpy(msg->version.data, capabilities, sizeof(capabilities));
	msg->len = sizeof(msg->version) + sizeof(capabilities);
	return 0;
}

static int map(struct vfio_user *vu, struct message *msg)
{
	struct dma_region region = {
		.addr = msg->map.addr,
		.size = msg->map.size,
		.writable = msg->map.flags & VFIO_DMA_MAP_FLAG_WRITE,
	};

	msg->len = 0;
	return dma_map(&vu->pci->dma, &region, msg->nr_fds ? msg->fds[0] : -1,
		       msg->map.offset);
}

static int unmap(struct vfio_user *vu, struct message *msg)
{
	msg->len = sizeof(msg->unmap);
	if (!(msg->unmap.flags & VFIO_DMA_UNMAP_FLAG_ALL))
		return dma_unmap(&vu->pci->dma, msg->unmap.addr, msg->unmap.size);
	dma_unmap_all(&vu->pci->dma);
	return 0;
}

static int get_info(struct vfio_user *vu, struct message *msg)
{
	(void)vu;
	msg->len = 16;		/* what the protocol knows of the structure */
	msg->info.argsz = msg->len;
	msg->info.flags = VFIO_DEVICE_FLAGS_RESET | VFIO_DEVICE_FLAGS_PCI;
	msg->info.num_regions = VFIO_PCI_NUM_REGIONS;
	msg->info.num_irqs = NR_IRQS;
	return 0;
}

static uint32_t region_size(const struct vfio_user *vu, uint32_t index)
{
	if (index == VFIO_PCI_CONFIG_REGION_INDEX)
		return PCI_CONFIG_SIZE;
	return index < PCI_NR_BARS ? pci_bar_size(vu->pci, index) : 0;
}

static int get_region_info(struct vfio_user *vu, struct message *msg)
{
	uint32_t index = msg->region.index;

	if (index >= VFIO_PCI_NUM_REGIONS)
		return EINVAL;
	msg->region = (struct vfio_region_info) {
		.argsz = sizeof(msg->region),
		.index = index,
		.size = region_size(vu, index),
	};
	if (msg->region.size)
		msg->region.flags = VFIO_REGION_INFO_FLAG_READ |
				    VFIO_REGION_INFO_FLAG_WRITE;
	msg->len = sizeof(msg->region);
	return 0;
}

static int get_irq_info(struct vfio_user *vu, struct message *msg)
{
	uint32_t index = msg->irq.index;

	(void)vu;
	if (index >= NR_IRQS)
		return EINVAL;
	msg->irq = (struct vfio_irq_info) {
		.argsz = sizeof(msg->irq),
		.index = index,
	};
	if (index == VFIO_PCI_INTX_IRQ_INDEX) {
		msg->irq.count = 1;
		msg->irq.flags = VFIO_IRQ_INFO_EVENTFD |
				 VFIO_IRQ_INFO_MASKABLE |
				 VFIO_IRQ_INFO_AUTOMASKED;
	}
	msg->len = sizeof(msg->irq);
	return 0;
}

/* INTx is a level: it is signalled again as long as it is asserted */
static void signal_irq(struct vfio_user *vu)
{
	uint64_t one = 1;

	if (!vu->irq_level || vu->irq_masked || vu->irq_told || vu->irq_fd < 0)
		return;
	vu->irq_told = true;
	if (write(vu->irq_fd, &one, sizeof(one)) != sizeof(one))
		log_line("cannot signal an interrupt: %s", strerror(errno));
}

/*
 * What nobody has heard of yet is taken back: a driver that has seen to it already may
 * have nothing more to do that would end it, and be interrupted by it for ever. The
 * client may read at the same time, so this does not wait.
 */
static void withdraw_irq(struct vfio_user *vu)
{
	uint64_t count;
	struct iovec iov = { &count, sizeof(count) };

	if (vu->irq_told &&
	    preadv2(vu->irq_fd, &iov, 1, -1, RWF_NOWAIT) == sizeof(count))
		vu->irq_told = false;
}

static void set_intx(void *machine, bool level)
{
	struct vfio_user *vu = machine;

	vu->irq_level = level;
	if (level)
		signal_irq(vu);
	else
		withdraw_irq(vu);
}

/* Take the descriptor that came with the message, or none */
static void set_irq_fd(struct vfio_user *vu, struct message *msg)
{
	if (vu->irq_fd >= 0)
		close(vu->irq_fd);
	vu->irq_fd = -1;
	vu->irq_masked = false;
	vu->irq_told = false;
	if (msg->nr_fds) {
		vu->irq_fd = msg->fds[0];
		msg->fds[0] = -1;
	}
}

/* What it was told of has been seen to, too */
static void unmask_irq(struct vfio_user *vu)
{
	vu->irq_masked = false;
	vu->irq_told = false;
}

static int set_irqs(struct vfio_user *vu, struct message *msg)
{
	uint32_t action = msg->set.flags & VFIO_IRQ_SET_ACTION_TYPE_MASK;

	msg->len = 0;
	if (msg->set.index != VFIO_PCI_INTX_IRQ_INDEX || msg->set.start ||
	    msg->set.count > 1)
		return msg->set.count ? EINVAL : 0;

	if (action == VFIO_IRQ_SET_ACTION_TRIGGER)
		set_irq_fd(vu, msg);
	else if (action == VFIO_IRQ_SET_ACTION_MASK)
		vu->irq_masked = true;
	else if (action == VFIO_IRQ_SET_ACTION_UNMASK)
		unmask_irq(vu);
	else
		return EINVAL;
	signal_irq(vu);
	return 0;
}

static bool read_region(struct vfio_user *vu, struct access *access)
{
	if (access->region == VFIO_PCI_CONFIG_REGION_INDEX)
		return pci_config_read(vu->pci, access->offset, access->data,
				       access->count);
	return pci_bar_read(vu->pci, access->region, access->offset,
			    access->data, access->count);
}

static int region_read(struct vfio_user *vu, struct message *msg)
{
	struct access *access = &msg->access;

	if (access->count > MAX_ACCESS || !read_region(vu, access))
		return EINVAL;
	msg->len = sizeof(*access) + access->count;
	return 0;
}

static bool write_region(struct vfio_user *vu, const struct access *access)
{
	if (access->region == VFIO_PCI_CONFIG_REGION_INDEX)
		return pci_config_write(vu->pci, access->offset, access->data,
					access->count);
	return pci_bar_write(vu->pci, access->region, access->offset,
			     access->data, access->count);
}

static int region_write(struct vfio_user *vu, struct message *msg)
{
	struct access *access = &msg->access;

	if (access->count > MAX_ACCESS ||
	    msg->len < sizeof(*access) + access->count ||
	    !write_region(vu, access))
		return EINVAL;
	msg->len = sizeof(*access);
	return 0;
}

static int reset(struct vfio_user *vu, struct message *msg)
{
	msg->len = 0;
	pci_reset(vu->pci);
	return 0;
}

/* @min_len: what the handler reads of the payload without asking */
static const struct {
	int (*handle)(struct vfio_user *vu, struct message *msg);
	size_t min_len;
} commands[] = {
	[VERSION] = { version, sizeof(struct version) },
	[DMA_MAP] = { map, sizeof(struct map) },
	[DMA_UNMAP] = { unmap, sizeof(struct unmap) },
	[DEVICE_GET_INFO] = { get_info, 0 },
	[DEVICE_GET_REGION_INFO] = { get_region_info, 16 },
	[DEVICE_GET_IRQ_INFO] = { get_irq_info, 16 },
	[DEVICE_SET_IRQS] = { set_irqs, sizeof(struct vfio_irq_set) },
	[REGION_READ] = { region_read, sizeof(struct access) },
	[REGION_WRITE] = { region_write, sizeof(struct access) },
	[DEVICE_RESET] = { reset, 0 },
};

static int handle(struct vfio_user *vu, struct message *msg)
{
	unsigned int command = msg->header.command;

	if (command >= sizeof(commands) / sizeof(commands[0]) ||
	    !commands[command].handle)
		return EOPNOTSUPP;
	if (msg->len < commands[command].min_len)
		return EINVAL;
	return commands[command].handle(vu, msg);
}

static void take_fds(struct message *msg, struct msghdr *hdr)
{
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(hdr);

	if (!cmsg || cmsg->cmsg_level != SOL_SOCKET ||
	    cmsg->cmsg_type != SCM_RIGHTS)
		return;
	msg->nr_fds = (cmsg->cmsg_len - CMSG_LEN(0)) / sizeof(int);
	memcpy(msg->fds, CMSG_DATA(cmsg), msg->nr_fds * sizeof(int));
}

static void close_fds(struct message *msg)
{
	unsigned int i;

	for (i = 0; i < msg->nr_fds; i++)
		if (msg->fds[i] >= 0)
			close(msg->fds[i]);
}

static bool receive_all(int fd, void *to, size_t len)
{
	return !len || recv(fd, to, len, MSG_WAITALL) == (ssize_t)len;
}

/* The descriptors of a message come with its first byte */
static bool receive(struct vfio_user *vu, struct message *msg)
{
	char control[CMSG_SPACE(MAX_FDS * sizeof(int))];
	struct iovec iov = { &msg->header, sizeof(msg->header) };
	struct msghdr hdr = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	ssize_t got = recvmsg(vu->client, &hdr, MSG_CMSG_CLOEXEC);

	if (got <= 0)
		return false;
	take_fds(msg, &hdr);
	if (!receive_all(vu->client, (uint8_t *)&msg->header + got,
			 sizeof(msg->header) - got) ||
	    msg->header.size < sizeof(msg->header) ||
	    msg->header.size - sizeof(msg->header) > MAX_PAYLOAD)
		return false;
	msg->len = msg->header.size - sizeof(msg->header);
	return receive_all(vu->client, msg->payload, msg->len);
}

static bool reply(struct vfio_user *vu, struct message *msg, int err)
{
	struct iovec iov[] = {
		{ &msg->header, sizeof(msg->header) },
		{ msg->payload, err ? 0 : msg->len },
	};
	struct msghdr hdr = { .msg_iov = iov, .msg_iovlen = 2 };
	size_t len = iov[0].iov_len + iov[1].iov_len;

	if (msg->header.flags & NO_REPLY)
		return true;
	msg->header.size = len;
	msg->header.flags = TYPE_REPLY | (err ? ERROR : 0);
	msg->header.error = err;
	return sendmsg(vu->client, &hdr, MSG_NOSIGNAL) == (ssize_t)len;
}

static void disconnect(struct vfio_user *vu)
{
	struct message none = {};

	close(vu->client);
	vu->client = -1;
	dma_unmap_all(&vu->pci->dma);
	set_irq_fd(vu, &none);
	pci_reset(vu->pci);
}

static void serve_message(struct vfio_user *vu)
{
	struct message msg;
	bool ok;

	msg.nr_fds = 0;
	ok = receive(vu, &msg) && !(msg.header.flags & TYPE_MASK) &&
	     reply(vu, &msg, handle(vu, &msg));
	close_fds(&msg);
	if (!ok)
		disconnect(vu);
}

static void prepare(void *dev, struct pollfd *fds)
{
	const struct vfio_user *vu = dev;

	*fds = (struct pollfd) {
		.fd = vu->client >= 0 ? vu->client : vu->listener,
		.events = POLLIN,
	};
}

/* Accept the client, or serve a message of his */
static void serve_client(void *dev, const struct pollfd *fds)
{
	struct vfio_user *vu = dev;

	(void)fds;
	if (vu->client >= 0)
		serve_message(vu);
	else
		vu->client = accept4(vu->listener, NULL, NULL, SOCK_CLOEXEC);
}

static void close_all(void *dev)
{
	struct vfio_user *vu = dev;

	if (vu->client >= 0)
		disconnect(vu);
	close(vu->listener);
}

bool vfio_user_listen(struct vfio_user *vu, const char *path,
		      struct service *service)
{
	static const struct pci_front front = { .set_intx = set_intx };

	vu->client = -1;
	vu->irq_fd = -1;
	vu->listener = unix_listen(path);
	pci_attach(vu->pci, &front, vu);
	*service = (struct service) {
		.path = path,
		.dev = vu,
		.nr_fds = 1,
		.prepare = prepare,
		.serve = serve_client,
		.close = close_all,
	};
	return vu->listener >= 0;
}
