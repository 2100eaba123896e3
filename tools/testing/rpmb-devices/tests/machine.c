// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <linux/pci_regs.h>
#include <linux/vfio.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "machine.h"

#define WAIT_SECONDS 300
#define MAX_ARGS 32

enum {
	VERSION = 1,
	DMA_MAP = 2,
	SET_IRQS = 8,
	REGION_READ = 9,
	REGION_WRITE = 10,
};

struct header {
	uint16_t id;
	uint16_t command;
	uint32_t size;
	uint32_t flags;
	uint32_t error;
};

struct access {
	uint64_t offset;
	uint32_t region;
	uint32_t count;
	uint8_t data[8];
};

static struct machine *running;

static const struct machine_program rpmb_emmc = {
	.variable = "RPMB_EMMC",
	.options = (const char *const[]) {
		"--socket", "s", "--control", "c", "--card", CARD, NULL
	},
};

static const struct machine_program *program = &rpmb_emmc;

void machine_use(const struct machine_program *other)
{
	program = other;
}

static void become_device(int messages, const char *const *options)
{
	const char *args[MAX_ARGS] = { getenv(program->variable) };
	const char *const *option = program->options;
	int n = 1;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (*option)
		args[n++] = *option++;
	while (*options && n < MAX_ARGS - 1)
		args[n++] = *options++;
	dup2(messages, STDERR_FILENO);
	if (args[0])
		execv(args[0], (char **)args);
	perror(program->variable);
	_exit(127);
}

/* True if it comes to listen; else the last line that it says */
static bool spawn(struct machine *m, const char *const *options, char *line,
		  size_t len)
{
	int pipes[2];

	check(!pipe2(pipes, O_CLOEXEC), "%s", strerror(errno));
	fflush(stdout);
	*m = (struct machine) { .socket = -1, .irq = -1, .memfd = -1 };
	m->pid = fork();
	check(m->pid >= 0, "%s", strerror(errno));
	if (!m->pid)
		become_device(pipes[1], options);
	running = m;
	close(pipes[1]);
	m->messages = fdopen(pipes[0], "r");
	while (fgets(line, len, m->messages))
		if (strstr(line, "listening on"))
			return true;
	return false;
}

void machine_spawn(struct machine *m, const char *const *options)
{
	char line[512] = "";

	check(spawn(m, options, line, sizeof(line)), "%s", line);
}

void machine_try_spawn(struct machine *m, const char *const *options,
		       char *line, size_t len)
{
	check(!spawn(m, options, line, len), "it starts");
}

static int dial(const char *path)
{
	struct timeval patience = { .tv_sec = WAIT_SECONDS };
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	strcpy(addr.sun_path, path);
	check(fd >= 0 && !connect(fd, (struct sockaddr *)&addr, sizeof(addr)),
	      "%s: %s", path, strerror(errno));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	return fd;
}

void machine_send(struct machine *m, const void *bytes, size_t len)
{
	check(send(m->socket, bytes, len, MSG_NOSIGNAL) == (ssize_t)len, "%s",
	      strerror(errno));
}

bool machine_hung_up(struct machine *m)
{
	uint8_t byte;
	ssize_t got = recv(m->socket, &byte, 1, 0);

	return !got || (got < 0 && errno == ECONNRESET);
}

static void send_message(struct machine *m, const struct header *header,
			 const void *payload, size_t len, int fd)
{
	union {
		char space[CMSG_SPACE(sizeof(int))];
		struct cmsghdr cmsg;
	} control = {
		.cmsg = {
			.cmsg_level = SOL_SOCKET,
			.cmsg_type = SCM_RIGHTS,
			.cmsg_len = CMSG_LEN(sizeof(int)),
		},
	};
	struct iovec iov[] = {
		{ (void *)header, sizeof(*header) },
		{ (void *)payload, len },
	};
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = 2 };

	memcpy(CMSG_DATA(&control.cmsg), &fd, sizeof(fd));
	if (fd >= 0) {
		msg.msg_control = &control;
		msg.msg_controllen = sizeof(control.space);
	}
	check(sendmsg(m->socket, &msg, MSG_NOSIGNAL) ==
	      (ssize_t)(sizeof(*header) + len), "%s", strerror(errno));
}

static bool receive(struct machine *m, void *to, size_t len)
{
	ssize_t got = len ? recv(m->socket, to, len, MSG_WAITALL) : 0;

	m->ended = m->may_end && len && !got;
	check(m->ended || got == (ssize_t)len, "no answer: %s",
	      strerror(errno));
	return !m->ended;
}

int machine_request(struct machine *m, uint16_t command, const void *payload,
		    size_t len, int fd, void *reply, size_t *reply_len)
{
	struct header header = {
		.id = m->next_id++,
		.command = command,
		.size = sizeof(header) + len,
	};
	uint16_t id = header.id;
	size_t room = reply ? *reply_len : 0;
	size_t got;

	if (m->ended)
		return ESHUTDOWN;
	send_message(m, &header, payload, len, fd);
	if (!receive(m, &header, sizeof(header)))
		return ESHUTDOWN;
	check_eq(header.id, id);
	check_eq(header.command, command);
	check_eq(header.flags & 0xf, 1);
	check_eq(!!(header.flags & 0x20), !!header.error);
	got = header.size - sizeof(header);
	check(got <= room, "a reply of %zu bytes, not %zu", got, room);
	receive(m, reply, got);
	if (reply)
		*reply_len = got;
	return header.error;
}

static void negotiate(struct machine *m)
{
	static const uint8_t proposal[] = { 0, 0, 1, 0, '{', '}', 0 };
	uint8_t reply[256];
	size_t len = sizeof(reply);

	check_eq(machine_request(m, VERSION, proposal, sizeof(proposal), -1,
				 reply, &len), 0);
	check(len > 4 && !memcmp(reply, "\0\0\0\0{", 5), "%zu bytes", len);
}

static void share_memory(struct machine *m)
{
	struct vfio_iommu_type1_dma_map {
		uint32_t argsz;
		uint32_t flags;
		uint64_t offset;
		uint64_t addr;
		uint64_t size;
	} map = { sizeof(map), 3, 0, MEMORY_ADDR, MEMORY_LEN };

	m->memfd = memfd_create("memory", MFD_CLOEXEC);
	check(!ftruncate(m->memfd, MEMORY_LEN + READ_ONLY_LEN), "%s",
	      strerror(errno));
	m->memory = mmap(NULL, MEMORY_LEN + READ_ONLY_LEN,
			 PROT_READ | PROT_WRITE, MAP_SHARED, m->memfd, 0);
	check(m->memory != MAP_FAILED, "%s", strerror(errno));
	check_eq(machine_request(m, DMA_MAP, &map, sizeof(map), m->memfd, NULL,
				 NULL), 0);
	map.flags = 1;
	map.offset = MEMORY_LEN;
	map.addr = READ_ONLY_ADDR;
	map.size = READ_ONLY_LEN;
	check_eq(machine_request(m, DMA_MAP, &map, sizeof(map), m->memfd, NULL,
				 NULL), 0);
}

static void set_irqs(struct machine *m, uint32_t flags, int fd)
{
	struct vfio_irq_set set = {
		.argsz = sizeof(set),
		.flags = flags,
		.index = VFIO_PCI_INTX_IRQ_INDEX,
		.count = 1,
	};

	check_eq(machine_request(m, SET_IRQS, &set, sizeof(set), fd, NULL,
				 NULL), 0);
}

void machine_connect_to(struct machine *m, const char *path)
{
	m->socket = dial(path);
	negotiate(m);
	share_memory(m);
	m->irq = eventfd(0, EFD_CLOEXEC);
	set_irqs(m, VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER,
		 m->irq);
	machine_set_master(m, true);
}

void machine_connect(struct machine *m)
{
	machine_connect_to(m, "s");
}

void machine_disconnect(struct machine *m)
{
	munmap(m->memory, MEMORY_LEN + READ_ONLY_LEN);
	close(m->socket);
	close(m->irq);
	close(m->memfd);
	m->socket = -1;
}

void machine_start(struct machine *m, const char *const *options)
{
	machine_spawn(m, options);
	machine_connect(m);
}

/* What the device says before it ends is shown if the test fails */
int machine_wait(struct machine *m)
{
	int status;

	check(waitpid(m->pid, &status, 0) == m->pid, "%s", strerror(errno));
	running = NULL;
	return status;
}

int machine_end(struct machine *m, int sig)
{
	kill(m->pid, sig);
	return machine_wait(m);
}

static void enter(unsigned int nr)
{
	char name[16];

	snprintf(name, sizeof(name), "t%u", nr);
	if (mkdir(name, 0700) || chdir(name)) {
		perror(name);
		exit(2);
	}
}

static void clean_up(bool passed)
{
	char line[512];

	if (running) {
		kill(running->pid, SIGKILL);
		waitpid(running->pid, NULL, 0);
		while (!passed && fgets(line, sizeof(line), running->messages))
			tap_note("%.*s", (int)strcspn(line, "\n"), line);
	}
	running = NULL;
	close_range(STDERR_FILENO + 1, ~0U, 0);
	if (chdir("..")) {
		perror("..");
		exit(2);
	}
}

int machine_run_tests(int argc, char **argv, const struct test *tests,
		      unsigned int nr)
{
	static const struct tap_frame frame = {
		.before = enter,
		.after = clean_up,
	};

	return tap_run(tests, nr, &frame, argc > 1 ? argv[1] : "");
}

static uint32_t read_region(struct machine *m, uint32_t region, uint32_t offset,
			    uint32_t len)
{
	struct access access = { offset, region, len, {} };
	size_t reply_len = sizeof(access);
	uint32_t value;
	int err = machine_request(m, REGION_READ, &access, 16, -1, &access,
				  &reply_len);

	if (m->ended)
		return 0;
	check_eq(err, 0);
	check_eq(reply_len, 16 + len);
	memcpy(&value, access.data, sizeof(value));
	return len == 4 ? value : value & ((1U << len * 8) - 1);
}

uint32_t machine_read(struct machine *m, uint32_t offset, uint32_t len)
{
	return read_region(m, VFIO_PCI_BAR0_REGION_INDEX, offset, len);
}

uint32_t machine_config(struct machine *m, uint32_t offset, uint32_t len)
{
	return read_region(m, VFIO_PCI_CONFIG_REGION_INDEX, offset, len);
}

static void write_region(struct machine *m, uint32_t region, uint32_t offset,
			 uint32_t len, uint32_t value)
{
	struct access access = { offset, region, len, {} };
	size_t reply_len = sizeof(access);
	int err;

	memcpy(access.data, &value, sizeof(value));
	err = machine_request(m, REGION_WRITE, &access, 16 + len, -1, &access,
			      &reply_len);
	check(m->ended || !err, "%s", strerror(err));
}

void machine_write(struct machine *m, uint32_t offset, uint32_t len,
		   uint32_t value)
{
	write_region(m, VFIO_PCI_BAR0_REGION_INDEX, offset, len, value);
}

void machine_set_master(struct machine *m, bool master)
{
	write_region(m, VFIO_PCI_CONFIG_REGION_INDEX, PCI_COMMAND, 2,
		     master ? PCI_COMMAND_MASTER : 0);
}

static int poll_irq(struct machine *m, int timeout)
{
	struct pollfd fd = { .fd = m->irq, .events = POLLIN };

	return poll(&fd, 1, timeout);
}

bool machine_has_irq(struct machine *m)
{
	return poll_irq(m, 0) == 1;
}

void machine_await_irq(struct machine *m)
{
	uint64_t count;

	check(poll_irq(m, WAIT_SECONDS * 1000) == 1, "no interrupt");
	check(read(m->irq, &count, sizeof(count)) == sizeof(count), "%s",
	      strerror(errno));
}

void machine_unmask_irq(struct machine *m)
{
	set_irqs(m, VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_UNMASK, -1);
}

/*
 * Returns the last line of the answer; at *found what follows the words @name in
 * another line
 */
static const char *converse(const char *command, const char *name, char *found,
			    size_t room)
{
	size_t len = name ? strlen(name) : 0;
	static char line[512];
	FILE *control = fdopen(dial("c"), "r+");

	check(control, "%s", strerror(errno));
	fprintf(control, "%s\n", command);
	fflush(control);
	while (fgets(line, sizeof(line), control)) {
		line[strcspn(line, "\n")] = '\0';
		if (!strcmp(line, "ok") || !strncmp(line, "error", 5)) {
			fclose(control);
			return line;
		}
		if (name && !strncmp(line, name, len) &&
		    (!line[len] || line[len] == ' '))
			snprintf(found, room, "%s", line + len);
	}
	fclose(control);
	return NULL;
}

bool machine_answers(struct machine *m, const char *command)
{
	(void)m;
	return converse(command, NULL, NULL, 0);
}

/* The descriptor stays open, or the device would notice */
void machine_flood(struct machine *m, const char *line, unsigned int times)
{
	int fd = dial("c");

	(void)m;
	while (times-- && send(fd, line, strlen(line), MSG_NOSIGNAL) > 0)
		;
}

const char *machine_try(struct machine *m, const char *command)
{
	const char *answer = converse(command, NULL, NULL, 0);

	(void)m;
	check(answer, "no answer to '%s'", command);
	return answer;
}

unsigned long machine_tell(struct machine *m, const char *command,
			   const char *name)
{
	char found[64] = "";
	const char *answer = converse(command, name, found, sizeof(found));

	(void)m;
	check(answer && !strcmp(answer, "ok"), "'%s': %s", command,
	      answer ? answer : "no answer");
	return strtoul(found, NULL, 10);
}

bool machine_says(struct machine *m, const char *command, const char *line)
{
	char found[64] = "none";

	(void)m;
	converse(command, line, found, sizeof(found));
	return !*found;
}
