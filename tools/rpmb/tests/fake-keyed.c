// SPDX-License-Identifier: GPL-2.0-only
/*
 * RPMB_IOC_KEYED: what the kernel does with a key of its keyring
 *
 * It is done in a process of its own, so that the key is not in the program's memory. It
 * is there before the program is confined, and may start no other one.
 */
#include <err.h>
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>
#include <linux/keyctl.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "fake.h"

/* How often what others write over is read again */
#define READ_BACK_TRIES 4

#define TYPE_BIT(type) (1u << (type))
#define NONCE_TYPES (TYPE_BIT(RPMB_GET_WRITE_COUNTER) | \
		     TYPE_BIT(RPMB_READ_DATA) | TYPE_BIT(RPMB_CONFIG_READ) | \
		     TYPE_BIT(RPMB_PURGE_ENABLE) | TYPE_BIT(RPMB_PURGE_STATUS))
#define SIGNED_TYPES (TYPE_BIT(RPMB_WRITE_DATA) | \
		      TYPE_BIT(RPMB_CONFIG_WRITE) | \
		      TYPE_BIT(RPMB_PURGE_ENABLE))

/* What the program and its kernel both see */
struct shared {
	struct rpmb_ioc_keyed cmd;
	int ret;
	uint8_t data[RPMB_MAX_LEN];
};

/* One call, and the blocks that it reads or that are put over those of the caller */
struct call {
	int fd;
	struct fake *fake;
	struct rpmb_ioc_keyed *cmd;
	uint8_t *data;
	uint8_t key[RPMB_KEY_LEN];
	uint32_t counter;
	bool started;
};

/* One request, its blocks, and where those of the response go */
struct exchange {
	struct rpmb_fields req;
	struct rpmb_fields resp;
	const uint8_t *out;
	unsigned int nr_out;
	uint8_t *in;
	unsigned int nr_in;
};

static bool is_among(uint32_t types, const struct exchange *x)
{
	return types & TYPE_BIT(x->req.type);
}

/* "type;uid;gid;permissions;description"; where the description begins */
static const char *describe(int32_t serial, char *text, size_t size)
{
	if (syscall(SYS_keyctl, KEYCTL_DESCRIBE, serial, text, size, 0) < 0)
		return NULL;
	return strrchr(text, ';') + 1;
}

static bool is_type(const char *text, const char *type)
{
	size_t len = strlen(type);

	return !strncmp(text, type, len) && text[len] == ';';
}

static int read_key(int32_t serial, uint8_t *key)
{
	uint8_t bytes[RPMB_KEY_LEN + 1];
	const char *description;
	char text[512];
	long len;

	description = describe(serial, text, sizeof(text));
	if (!description)
		return -errno;
	if (strncmp(description, "rpmb:", 5))
		return -EKEYREJECTED;
	if (is_type(text, "logon") || is_type(text, "encrypted") ||
	    is_type(text, "trusted"))
		errx(99, "only a real kernel has the bytes of %s", text);
	if (!is_type(text, "user"))
		return -EKEYREJECTED;
	len = syscall(SYS_keyctl, KEYCTL_READ, serial, bytes, sizeof(bytes), 0);
	if (len < 0)
		return -errno;
	memcpy(key, bytes, RPMB_KEY_LEN);
	return len == RPMB_KEY_LEN ? 0 : -EKEYREJECTED;
}

static int result_errno(const struct exchange *x)
{
	uint16_t result = x->resp.result & ~RPMB_RES_EXPIRED;

	if (is_among(SIGNED_TYPES, x) && x->resp.result & RPMB_RES_EXPIRED &&
	    (result == RPMB_RES_OK || result == RPMB_RES_WRITE))
		return -EOVERFLOW;
	switch (result) {
	case RPMB_RES_OK:
		return 0;
	case RPMB_RES_AUTH:
		return -EKEYREJECTED;
	case RPMB_RES_COUNTER:
		return -ESTALE;
	case RPMB_RES_ADDRESS:
		return -ERANGE;
	case RPMB_RES_NO_KEY:
		return -ENOKEY;
	default:
		return -EREMOTEIO;
	}
}

static bool mac_ok(const struct call *call, void *frames, size_t len)
{
	enum rpmb_frame_format format = call->fake->frame_format;
	uint8_t mac[RPMB_MAC_LEN];

	rpmb_frames_hmac(format, frames, len, call->key, mac);
	return !memcmp(mac, rpmb_frames_mac(format, frames, len), sizeof(mac));
}

static enum rpmb_mismatch find_mismatch(const struct exchange *x)
{
	bool read = x->req.type == RPMB_READ_DATA;

	if (is_among(NONCE_TYPES, x) &&
	    memcmp(x->req.nonce, x->resp.nonce, sizeof(x->req.nonce)))
		return RPMB_MISMATCH_NONCE;
	if (x->resp.target != x->req.target)
		return RPMB_MISMATCH_TARGET;
	if ((read || x->req.type == RPMB_WRITE_DATA) &&
	    x->resp.addr != x->req.addr)
		return RPMB_MISMATCH_ADDRESS;
	if (read && x->resp.count != x->req.count)
		return RPMB_MISMATCH_COUNT;
	if (is_among(SIGNED_TYPES, x) && x->resp.counter != x->req.counter + 1)
		return RPMB_MISMATCH_COUNTER;
	return RPMB_MISMATCH_NONE;
}

static int judge(struct call *call, struct exchange *x, void *frames,
		 size_t len)
{
	bool agree = rpmb_frames_parse(call->fake->frame_format, frames, len,
				       &x->resp);
	int ret;

	if (x->resp.type != x->req.type << 8)
		return -EPROTO;
	ret = result_errno(x);
	if (ret) {
		call->cmd->result = x->resp.result;
		return ret;
	}
	if (!agree)
		call->cmd->mismatch = RPMB_MISMATCH_FRAMES;
	else if (x->req.type == RPMB_PROGRAM_KEY)
		call->cmd->mismatch = RPMB_MISMATCH_NONE;
	else if (!mac_ok(call, frames, len))
		call->cmd->mismatch = RPMB_MISMATCH_MAC;
	else
		call->cmd->mismatch = find_mismatch(x);
	return call->cmd->mismatch ? -EBADMSG : 0;
}

/* The frames of a request, with the key or a MAC if it has one */
static size_t make_request(struct call *call, struct exchange *x, void *frames)
{
	enum rpmb_frame_format format = call->fake->frame_format;
	unsigned int size = rpmb_block_size(format), i;
	size_t len = rpmb_frames_len(format, x->nr_out);

	if (format == RPMB_FRAME_NVME)
		x->req.target = call->fake->target;
	if (is_among(NONCE_TYPES, x) &&
	    getrandom(x->req.nonce, sizeof(x->req.nonce), 0) < 0)
		err(99, "getrandom");
	rpmb_frames_init(format, frames, len, &x->req);
	for (i = 0; i < x->nr_out; i++)
		memcpy(rpmb_frames_data(format, frames, i), x->out + i * size,
		       size);
	if (x->req.type == RPMB_PROGRAM_KEY)
		memcpy(rpmb_frames_mac(format, frames, len), call->key,
		       sizeof(call->key));
	else if (is_among(SIGNED_TYPES, x))
		rpmb_frames_hmac(format, frames, len, call->key,
				 rpmb_frames_mac(format, frames, len));
	return len;
}

static int run(struct call *call, struct exchange *x)
{
	static uint8_t req[RPMB_MAX_LEN], resp[RPMB_MAX_LEN];
	enum rpmb_frame_format format = call->fake->frame_format;
	unsigned int size = rpmb_block_size(format), i;
	struct rpmb_ioc_route_frames route = {
		.req_len = make_request(call, x, req),
		.resp_len = rpmb_frames_len(format, x->nr_in),
		.req = (uintptr_t)req,
		.resp = (uintptr_t)resp,
	};
	int ret;

	ret = fake_route(call->fd, call->fake, &route);
	call->started = route.out_flags & RPMB_ROUTE_STARTED;
	ret = ret ?: judge(call, x, resp, route.resp_len);
	for (i = 0; !ret && i < x->nr_in; i++)
		memcpy(x->in + i * size, rpmb_frames_data(format, resp, i),
		       size);
	return ret;
}

static int get_counter(struct call *call)
{
	struct exchange x = { .req.type = RPMB_GET_WRITE_COUNTER };
	int ret = run(call, &x);

	if (!ret)
		call->counter = x.resp.counter;
	return ret;
}

static int read_blocks(struct call *call, uint32_t addr, uint32_t count,
		       uint8_t *data)
{
	struct exchange x = {
		.req.type = RPMB_READ_DATA,
		.req.addr = addr,
		.req.count = count,
		.in = data,
		.nr_in = count,
	};

	return run(call, &x);
}

/* Counter and blocks as they are at one time; others may write meanwhile */
static int read_back(struct call *call, const struct exchange *x,
		     uint8_t *found)
{
	uint32_t before;
	int i, ret;

	for (i = 0; i < READ_BACK_TRIES; i++) {
		ret = get_counter(call);
		before = call->counter;
		ret = ret ?: read_blocks(call, x->req.addr, x->req.count, found);
		ret = ret ?: get_counter(call);
		if (ret || call->counter == before)
			return ret;
	}
	return -ESTALE;
}

/* What became of a write that has failed; why reading back fails is not told */
static void settle(struct call *call, const struct exchange *x)
{
	static uint8_t found[RPMB_MAX_LEN];
	size_t size = rpmb_block_size(call->fake->frame_format);
	struct rpmb_ioc_keyed *cmd = call->cmd, ignored = *cmd;
	struct call back = *call;

	if (!call->started)
		return;
	back.cmd = &ignored;
	cmd->unknown = x->req.count;
	if (read_back(&back, x, found))
		return;
	call->counter = back.counter;
	if (back.counter == x->req.counter) {
		cmd->unknown = 0;
	} else if (!memcmp(found, x->out, x->req.count * size)) {
		cmd->unknown = 0;
		cmd->done += x->req.count;
	} else if (back.counter == x->req.counter + 1) {
		cmd->unknown = 0;
	}
}

static int write_chunk(struct call *call, uint32_t count)
{
	struct rpmb_ioc_keyed *cmd = call->cmd;
	struct exchange x = {
		.req.type = RPMB_WRITE_DATA,
		.req.addr = cmd->addr + cmd->done,
		.req.count = count,
		.req.counter = call->counter,
		.out = call->data + (size_t)cmd->done *
		       rpmb_block_size(call->fake->frame_format),
		.nr_out = count,
	};
	int ret = run(call, &x);

	if (ret) {
		settle(call, &x);
		return ret;
	}
	call->counter++;
	cmd->done += count;
	return 0;
}

/* In one request; if so much is not carried, in halves, as long as these are writes */
static int write_data(struct call *call)
{
	struct rpmb_ioc_keyed *cmd = call->cmd;
	uint32_t most = cmd->count, count;
	int ret = 0;

	if (!(cmd->flags & RPMB_KEYED_COUNTER))
		ret = get_counter(call);
	while (!ret && cmd->done < cmd->count) {
		count = cmd->count - cmd->done;
		if (count > most)
			count = most;
		ret = write_chunk(call, count);
		if (!call->started && (ret == -ENOMEM || ret == -EMSGSIZE) &&
		    count > 1) {
			most = count / 2;
			ret = 0;
		}
	}
	return ret;
}

static int read_data(struct call *call)
{
	struct rpmb_ioc_keyed *cmd = call->cmd;
	int ret = read_blocks(call, cmd->addr, cmd->count, call->data);

	if (!ret)
		cmd->done = cmd->count;
	return ret;
}

/* Configuration and purge */
static int request(struct call *call)
{
	const struct rpmb_ioc_keyed *cmd = call->cmd;
	bool jedec = call->fake->frame_format == RPMB_FRAME_JEDEC;
	struct exchange x = {
		.req.type = cmd->type,
		.req.addr = cmd->addr,
		.req.count = cmd->count,
		.req.counter = TYPE_BIT(cmd->type) & SIGNED_TYPES ?
			       call->counter : 0,
		.out = call->data,
		.nr_out = jedec || cmd->type == RPMB_CONFIG_WRITE,
		.in = call->data,
		.nr_in = jedec || cmd->type == RPMB_CONFIG_READ,
	};
	int ret = run(call, &x);

	if (!ret)
		call->counter = x.resp.counter;
	return ret;
}

/* Whatever became of the answer, the counter shows whether the key is in place */
static int program_key(struct call *call)
{
	struct rpmb_ioc_keyed *cmd = call->cmd, first;
	struct exchange x = { .req.type = RPMB_PROGRAM_KEY };
	int ret = run(call, &x), verified;

	if (ret && (!call->started || cmd->result))
		return ret;
	first = *cmd;
	cmd->mismatch = RPMB_MISMATCH_NONE;
	verified = get_counter(call);
	if (!ret || !verified)
		return verified;
	*cmd = first;
	return ret;
}

static int carry_out(struct call *call)
{
	int ret = read_key(call->cmd->key, call->key);

	if (ret)
		return ret;
	switch (call->cmd->type) {
	case RPMB_PROGRAM_KEY:
		return program_key(call);
	case RPMB_GET_WRITE_COUNTER:
		return get_counter(call);
	case RPMB_WRITE_DATA:
		return write_data(call);
	case RPMB_READ_DATA:
		return read_data(call);
	default:
		return request(call);
	}
}

/* Bytes at @data of a command: blocks of the range, or one */
static size_t data_len(const struct fake *fake, const struct rpmb_ioc_keyed *cmd)
{
	bool range = cmd->type == RPMB_WRITE_DATA ||
		     cmd->type == RPMB_READ_DATA;
	size_t len = (range ? cmd->count : 1) *
		     rpmb_block_size(fake->frame_format);

	if (len > RPMB_MAX_LEN)
		errx(99, "more than librpmb asks for at once");
	return cmd->data ? len : 0;
}

static void be_the_kernel(int fd, struct fake *fake, struct shared *shared)
{
	struct call call = {
		.fd = fd,
		.fake = fake,
		.cmd = &shared->cmd,
		.data = shared->data,
		.counter = shared->cmd.counter,
	};

	shared->ret = carry_out(&call);
	shared->cmd.counter = call.counter;
	shared->cmd.out_flags = call.started ? RPMB_ROUTE_STARTED : 0;
}

/* The process, for as long as the program goes on with the same open file */
static struct kernel {
	pid_t program;
	pid_t pid;
	int fd;
	int access;
	ino_t file;
	off_t size;
	int sock;
	struct shared *shared;
} kernel = { .sock = -1 };

static bool next(int sock)
{
	char byte;
	ssize_t n;

	/* Signals may come meanwhile */
	do {
		n = recv(sock, &byte, 1, 0);
	} while (n < 0 && errno == EINTR);
	return n == 1;
}

static void tell(int sock)
{
	if (send(sock, "", 1, MSG_NOSIGNAL) != 1)
		_exit(99);
}

/* Without the program's files, whose locks it would keep */
static void run_kernel(int fd, struct fake *fake, int sock)
{
	fake_program = kernel.program;
	dup2(sock, STDIN_FILENO);
	close_range(STDERR_FILENO + 1, ~0U, 0);
	while (next(STDIN_FILENO)) {
		be_the_kernel(fd, fake, kernel.shared);
		tell(STDIN_FILENO);
	}
	_exit(0);
}

static void end_kernel(void)
{
	if (kernel.sock < 0)
		return;
	close(kernel.sock);
	munmap(kernel.shared, sizeof(*kernel.shared));
	if (kernel.program == getpid())
		waitpid(kernel.pid, NULL, 0);
}

static void start_kernel(int fd, struct fake *fake, const struct kernel *new)
{
	int socks[2];

	end_kernel();
	kernel = *new;
	kernel.shared = mmap(NULL, sizeof(*kernel.shared),
			     PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			     -1, 0);
	if (kernel.shared == MAP_FAILED ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, socks))
		err(99, "cannot begin");
	kernel.pid = fork();
	if (kernel.pid < 0)
		err(99, "fork");
	if (!kernel.pid)
		run_kernel(fd, fake, socks[1]);
	close(socks[1]);
	kernel.sock = socks[0];
}

static void find_kernel(int fd, struct fake *fake)
{
	struct kernel wanted = {
		.program = getpid(), .fd = fd, .access = fake_access_mode(fd)
	};
	struct stat st;

	if (fstat(fd, &st))
		err(99, "fstat");
	wanted.file = st.st_ino;
	wanted.size = st.st_size;
	if (kernel.sock < 0 || kernel.program != wanted.program ||
	    kernel.fd != fd || kernel.access != wanted.access ||
	    kernel.file != wanted.file || kernel.size != wanted.size)
		start_kernel(fd, fake, &wanted);
}

static int check_command(const struct fake *fake,
			 const struct rpmb_ioc_keyed *cmd)
{
	bool has_counter = cmd->flags & RPMB_KEYED_COUNTER;

	if (cmd->type >= 32 || !(fake_types(fake) & TYPE_BIT(cmd->type)))
		return -EOPNOTSUPP;
	if (cmd->key <= 0)
		return -EINVAL;
	if (cmd->type != RPMB_WRITE_DATA &&
	    has_counter != !!(TYPE_BIT(cmd->type) & SIGNED_TYPES))
		return -EINVAL;
	if (cmd->type < RPMB_WRITE_DATA &&
	    (cmd->addr || cmd->count || cmd->data))
		return -EINVAL;
	return 0;
}

static int carry_out_there(int fd, struct fake *fake, struct rpmb_ioc_keyed *cmd)
{
	void *data = (void *)(uintptr_t)cmd->data;
	size_t len = data_len(fake, cmd);
	struct shared *shared;
	int ret = check_command(fake, cmd);

	if (ret)
		return ret;
	find_kernel(fd, fake);
	shared = kernel.shared;
	shared->cmd = *cmd;
	if (len)
		memcpy(shared->data, data, len);
	tell(kernel.sock);
	if (!next(kernel.sock))
		_exit(99);
	*cmd = shared->cmd;
	if (len)
		memcpy(data, shared->data, len);
	return shared->ret;
}

int fake_keyed(int fd, struct fake *fake, struct rpmb_ioc_keyed *cmd)
{
	static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;
	int ret;

	pthread_mutex_lock(&turn);
	ret = carry_out_there(fd, fake, cmd);
	pthread_mutex_unlock(&turn);
	return ret;
}
