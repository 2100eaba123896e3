// SPDX-License-Identifier: GPL-2.0-only
#include <linux/virtio_pcidev.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bytes.h"
#include "log.h"
#include "unix.h"
#include "virt_pci.h"

/* A longer access is none */
#define MAX_LEN 65536

/* A message of MSI-X, and the data in it */
#define MSI_LEN (sizeof(struct virtio_pcidev_msg) + MSI_DATA_LEN)
#define MSI_DATA_LEN 4

static struct virt_pci *of_backend(struct backend *backend)
{
	return (void *)((char *)backend - offsetof(struct virt_pci, backend));
}

/*
 * A message of the machine, in a private copy
 *
 * @len: of the data behind it
 * @in, @room: for the answer
 */
struct command {
	const struct virtio_pcidev_msg *msg;
	size_t len;
	void *in;
	size_t room;
};

/* They return how many bytes the answer has: without any, the machine reads ones */

static size_t config_read(struct pci *pci, const struct command *command)
{
	const struct virtio_pcidev_msg *msg = command->msg;

	if (msg->size > command->room ||
	    !pci_config_read(pci, msg->addr, command->in, msg->size))
		return 0;
	return msg->size;
}

static size_t config_write(struct pci *pci, const struct command *command)
{
	const struct virtio_pcidev_msg *msg = command->msg;

	if (msg->size <= command->len)
		pci_config_write(pci, msg->addr, msg->data, msg->size);
	return 0;
}

static size_t bar_read(struct pci *pci, const struct command *command)
{
	const struct virtio_pcidev_msg *msg = command->msg;

	if (msg->size > command->room ||
	    !pci_bar_read(pci, msg->bar, msg->addr, command->in, msg->size))
		return 0;
	return msg->size;
}

static size_t bar_write(struct pci *pci, const struct command *command)
{
	const struct virtio_pcidev_msg *msg = command->msg;

	if (msg->size <= command->len)
		pci_bar_write(pci, msg->bar, msg->addr, msg->data, msg->size);
	return 0;
}

/* Ends at the end of the BAR at the latest */
static size_t bar_set(struct pci *pci, const struct command *command)
{
	const struct virtio_pcidev_msg *msg = command->msg;
	uint32_t i;

	if (!command->len)
		return 0;
	for (i = 0; i < msg->size; i++)
		if (!pci_bar_write(pci, msg->bar, msg->addr + i, msg->data, 1))
			break;
	return 0;
}

static size_t (*const commands[])(struct pci *pci,
				  const struct command *command) = {
	[VIRTIO_PCIDEV_OP_CFG_READ] = config_read,
	[VIRTIO_PCIDEV_OP_CFG_WRITE] = config_write,
	[VIRTIO_PCIDEV_OP_MMIO_READ] = bar_read,
	[VIRTIO_PCIDEV_OP_MMIO_WRITE] = bar_write,
	[VIRTIO_PCIDEV_OP_MMIO_MEMSET] = bar_set,
};

static size_t request(struct ring *ring, void *out, size_t out_len, void *in,
		      size_t in_len)
{
	struct virt_pci *vp = of_backend(ring->backend);
	const struct virtio_pcidev_msg *msg = out;
	const struct command command = {
		.msg = msg,
		.len = out_len - sizeof(*msg),
		.in = in,
		.room = in_len,
	};

	if (out_len < sizeof(*msg) ||
	    msg->op >= sizeof(commands) / sizeof(commands[0]) ||
	    !commands[msg->op])
		return 0;
	return commands[msg->op](vp->pci, &command);
}

static bool send_message(void *machine, uint64_t addr, uint32_t data)
{
	const struct virtio_pcidev_msg msg = {
		.op = VIRTIO_PCIDEV_OP_MSI,
		.size = MSI_DATA_LEN,
		.addr = addr,
	};
	struct virt_pci *vp = machine;
	uint8_t bytes[MSI_LEN];

	memcpy(bytes, &msg, sizeof(msg));
	put_le32(bytes + sizeof(msg), data);
	return ring_push(&vp->rings[VIRT_PCI_INTERRUPTS], bytes, sizeof(bytes));
}

static void serve_commands(struct virt_pci *vp)
{
	while (ring_serve(&vp->rings[VIRT_PCI_COMMANDS]))
		;
}

static void kick(struct ring *ring)
{
	struct virt_pci *vp = of_backend(ring->backend);

	ring_take_kick(ring);
	if (ring == &vp->rings[VIRT_PCI_COMMANDS])
		serve_commands(vp);
	else
		pci_send_pending(vp->pci);
}

static bool set_memory(struct backend *backend,
		       const struct memory_region *regions, const int *fds,
		       unsigned int nr)
{
	struct dma *dma = &of_backend(backend)->pci->dma;
	unsigned int i;
	int err = 0;

	dma_unmap_all(dma);
	for (i = 0; i < nr && !err; i++) {
		const struct dma_region region = {
			.addr = regions[i].guest_addr,
			.size = regions[i].size,
			.writable = true,
		};

		err = dma_map(dma, &region, fds[i], regions[i].mmap_offset);
	}
	if (err)
		log_line("memory region %u: %s", i - 1, strerror(err));
	return !err;
}

static void reset(struct backend *backend)
{
	struct pci *pci = of_backend(backend)->pci;

	dma_unmap_all(&pci->dma);
	pci_reset(pci);
}

/* Nobody is kept away, but what has been set up may let a ring be served */
static void release(struct backend *backend)
{
	struct virt_pci *vp = of_backend(backend);

	serve_commands(vp);
	pci_send_pending(vp->pci);
}

static const struct backend_ops ops = {
	.request = request,
	.kick = kick,
	.set_memory = set_memory,
	.reset = reset,
	.release = release,
};

static void disconnect(struct virt_pci *vp)
{
	vhost_user_end(&vp->session);
	close(vp->client);
	vp->client = -1;
}

static void prepare(void *dev, struct pollfd *fds)
{
	const struct virt_pci *vp = dev;

	*fds = (struct pollfd) {
		.fd = vp->client >= 0 ? vp->client : vp->listener,
		.events = POLLIN,
	};
}

/* Accept the machine, or serve a message of it */
static void serve_machine(void *dev, const struct pollfd *fds)
{
	struct virt_pci *vp = dev;

	(void)fds;
	if (vp->client >= 0) {
		if (!vhost_user_serve(&vp->session))
			disconnect(vp);
		return;
	}
	vp->client = accept4(vp->listener, NULL, NULL,
			     SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (vp->client >= 0)
		vhost_user_begin(&vp->session, &vp->backend, vp->client, -1);
}

static void close_all(void *dev)
{
	struct virt_pci *vp = dev;

	if (vp->client >= 0)
		disconnect(vp);
	close(vp->listener);
}

bool virt_pci_listen(struct virt_pci *vp, const char *path,
		     struct service *service)
{
	static const struct pci_front front = { .send_message = send_message };

	shared_catch_sigbus();
	/* A machine that has gone is still called */
	signal(SIGPIPE, SIG_IGN);
	vp->client = -1;
	vp->listener = unix_listen(path);
	vp->backend = (struct backend) {
		.ops = &ops,
		.max_len = MAX_LEN,
		.rings = vp->rings,
		.nr_rings = VIRT_PCI_NR_RINGS,
	};
	backend_init(&vp->backend);
	pci_attach(vp->pci, &front, vp);
	*service = (struct service) {
		.path = path,
		.dev = vp,
		.nr_fds = 1,
		.prepare = prepare,
		.serve = serve_machine,
		.close = close_all,
	};
	return vp->listener >= 0;
}
