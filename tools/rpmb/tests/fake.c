// SPDX-License-Identifier: GPL-2.0-only
/*
 * A stand-in for the kernel; see fake.h
 */
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>

#include "engine.h"
#include "fake.h"

/* The names that the linker gives to the real functions and to ours */
int real_open(const char *path, int flags, ...) __asm__("__real_open");
int real_ioctl(int fd, unsigned long cmd, ...) __asm__("__real_ioctl");
int real_scandir(const char *dir, struct dirent ***entries,
		 int (*select)(const struct dirent *entry),
		 int (*compare)(const struct dirent **a,
				const struct dirent **b))
	__asm__("__real_scandir");
int real_access(const char *path, int mode) __asm__("__real_access");
int real_stat(const char *path, struct stat *st) __asm__("__real_stat");
char *real_realpath(const char *path, char *resolved)
	__asm__("__real_realpath");
ssize_t real_readlink(const char *path, char *to, size_t size)
	__asm__("__real_readlink");
int real_uname(struct utsname *name) __asm__("__real_uname");
int fake_open(const char *path, int flags, ...) __asm__("__wrap_open");
int fake_ioctl(int fd, unsigned long cmd, ...) __asm__("__wrap_ioctl");
int fake_scandir(const char *dir, struct dirent ***entries,
		 int (*select)(const struct dirent *entry),
		 int (*compare)(const struct dirent **a,
				const struct dirent **b))
	__asm__("__wrap_scandir");
int fake_access(const char *path, int mode) __asm__("__wrap_access");
int fake_stat(const char *path, struct stat *st) __asm__("__wrap_stat");
char *fake_realpath(const char *path, char *resolved)
	__asm__("__wrap_realpath");

ssize_t fake_readlink(const char *path, char *to, size_t size)
	__asm__("__wrap_readlink");
int fake_uname(struct utsname *name) __asm__("__wrap_uname");

/* Files of devices look like character devices with this major number */
#define FAKE_MAJOR 511

const char *fake_dir(void)
{
	const char *dir = getenv("RPMB_FAKE");

	if (!dir)
		errx(99, "RPMB_FAKE is not set");
	return dir;
}

static bool is_device(const char *path)
{
	static const char * const names[] = {
		"rpmb", "mmcblk", "sg", "bsg/", "nvme"
	};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strncmp(path, "/dev/", 5) &&
		    !strncmp(path + 5, names[i], strlen(names[i])))
			return true;
	return false;
}

/* The list of processes, or what is of one; of itself a program sees what is true */
static bool is_of_process(const char *path)
{
	return !strcmp(path, "/proc") ||
	       (!strncmp(path, "/proc/", 6) && path[6] >= '0' && path[6] <= '9');
}

/* Where a path of the system is in the fake one; other paths stay */
static void fake_path(char *to, size_t size, const char *path)
{
	static const char * const dirs[] = {
		"/sys/", "/run/lock/", "/lib/modules/", "/dev/kmsg",
		"/proc/self/status", "/proc/sys/kernel/random/", "/var/lib/rpmb/",
		"/var/log/audit", "/var/lib/dkms/", "/proc/keys", "/etc/rpmb/",
		"/etc/systemd/system/",
	};
	bool fake = is_device(path) || is_of_process(path);
	size_t i;

	for (i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++)
		fake |= !strncmp(path, dirs[i], strlen(dirs[i]));
	snprintf(to, size, "%s%s", fake ? fake_dir() : "", path);
}

/* How files were opened, since the files of devices are mapped for writing */
static int access_modes[256];

/* For root, who runs these tests, too */
static bool is_closed(const char *path)
{
	struct stat st;

	return !real_stat(path, &st) && !(st.st_mode & 0777);
}

int fake_open(const char *path, int flags, ...)
{
	bool device = is_device(path);
	char at[4096];
	va_list args;
	mode_t mode;
	int fd;

	va_start(args, flags);
	mode = flags & O_CREAT ? va_arg(args, mode_t) : 0;
	va_end(args);

	fake_path(at, sizeof(at), path);
	if (device && is_closed(at)) {
		errno = EACCES;
		return -1;
	}
	fd = real_open(at, device ? O_RDWR | O_CLOEXEC : flags, mode);
	if (device && fd >= (int)(sizeof(access_modes) / sizeof(int)))
		errx(99, "too many files");
	if (device && fd >= 0)
		access_modes[fd] = flags & O_ACCMODE;
	return fd;
}

int fake_scandir(const char *dir, struct dirent ***entries,
		 int (*select)(const struct dirent *entry),
		 int (*compare)(const struct dirent **a,
				const struct dirent **b))
{
	char at[4096];

	fake_path(at, sizeof(at), dir);
	return real_scandir(at, entries, select, compare);
}

int fake_access(const char *path, int mode)
{
	char at[4096];

	fake_path(at, sizeof(at), path);
	return real_access(at, mode);
}

int fake_stat(const char *path, struct stat *st)
{
	char at[4096];
	int ret;

	fake_path(at, sizeof(at), path);
	ret = real_stat(at, st);
	if (!ret && is_device(path)) {
		st->st_mode = S_IFCHR | (st->st_mode & 0777);
		st->st_rdev = makedev(FAKE_MAJOR, st->st_ino);
	}
	return ret;
}

char *fake_realpath(const char *path, char *resolved)
{
	char at[4096];

	fake_path(at, sizeof(at), path);
	return real_realpath(at, resolved);
}

ssize_t fake_readlink(const char *path, char *to, size_t size)
{
	char at[4096];

	fake_path(at, sizeof(at), path);
	return real_readlink(at, to, size);
}

/* The release, where the fake system has one */
int fake_uname(struct utsname *name)
{
	char path[4096];
	FILE *file;

	if (real_uname(name))
		return -1;
	snprintf(path, sizeof(path), "%s/release", fake_dir());
	file = fopen(path, "r");
	if (file) {
		if (fscanf(file, "%64s", name->release) != 1)
			errx(99, "%s", path);
		fclose(file);
	}
	return 0;
}

static struct fake *map_fake(int fd, size_t *size)
{
	struct fake *fake;
	struct stat st;

	if (fstat(fd, &st) || !S_ISREG(st.st_mode) ||
	    (size_t)st.st_size < sizeof(*fake))
		return NULL;
	fake = mmap(NULL, st.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
		    0);
	if (fake == MAP_FAILED)
		err(99, "mmap");
	if (size)
		*size = st.st_size;
	return fake;
}

static bool needs_result_read(uint16_t type)
{
	return type == RPMB_PROGRAM_KEY || type == RPMB_WRITE_DATA ||
	       type == RPMB_CONFIG_WRITE;
}

/* UFS has a block count of 0 where there are no blocks */
static bool counts_bare(const struct fake *fake)
{
	return fake->frame_format == RPMB_FRAME_JEDEC &&
	       fake->transport != RPMB_TRANSPORT_UFS;
}

/* The part of the kernel: ask for the result, fill in the block count */
static void carry(struct fake *fake, void *req, size_t req_len, void *resp,
		  size_t resp_len)
{
	enum rpmb_frame_format format = fake->frame_format;
	size_t bare = rpmb_frames_len(format, 0);
	struct rpmb_fields fields, result_read = { .type = RPMB_RESULT_READ };
	uint8_t frame[512];

	rpmb_frames_parse(format, req, req_len, &fields);
	result_read.count = counts_bare(fake);
	if (fields.type < RPMB_WRITE_DATA && !fields.count && counts_bare(fake))
		((struct rpmb_frame *)req)->block_count = htobe16(1);

	fake_send(fake, req, req_len);
	if (needs_result_read(fields.type)) {
		rpmb_frames_init(format, frame, bare, &result_read);
		fake_send(fake, frame, bare);
	}
	fake_receive(fake, resp, resp_len);
}

static void set_fields(struct fake *fake, void *frames, size_t len,
		       const struct rpmb_fields *fields)
{
	enum rpmb_frame_format format = fake->frame_format;
	struct rpmb_frame *frame = frames;
	uint8_t data[RPMB_MAX_LEN];

	if (format == RPMB_FRAME_NVME) {
		memcpy(data, frames, len);
		rpmb_frames_init(format, frames, len, fields);
		memcpy((uint8_t *)frames + 256, data + 256, len - 256);
		return;
	}
	for (; len; len -= sizeof(*frame), frame++) {
		memcpy(data, frame->data, sizeof(frame->data));
		rpmb_frames_init(format, frame, sizeof(*frame), fields);
		memcpy(frame->data, data, sizeof(frame->data));
	}
}

/* Give a response another field, and a right MAC */
static void forge_field(struct fake *fake, const struct fake_fault *fault,
			void *resp, size_t len)
{
	enum rpmb_frame_format format = fake->frame_format;
	struct rpmb_fields fields;

	rpmb_frames_parse(format, resp, len, &fields);
	fields.type ^= fault->kind == FAULT_TYPE ? 0x600 : 0;
	fields.nonce[7] ^= fault->kind == FAULT_NONCE;
	fields.target ^= fault->kind == FAULT_TARGET;
	fields.addr ^= fault->kind == FAULT_ADDR;
	fields.count ^= fault->kind == FAULT_COUNT;
	fields.counter ^= fault->kind == FAULT_COUNTER ? 0x100 : 0;
	if (fault->kind == FAULT_RESULT || fault->kind == FAULT_REFUSED)
		fields.result = fault->value;

	set_fields(fake, resp, len, &fields);
	if (fault->kind == FAULT_UNIT)
		*(uint8_t *)rpmb_frames_data(format, resp, 0) ^= 1;
	if (fault->kind == FAULT_FRAMES)
		((struct rpmb_frame *)resp)->addr ^= htobe16(1);
	rpmb_frames_hmac(format, resp, len, fake->key,
			 rpmb_frames_mac(format, resp, len));
}

static void forge(struct fake *fake, const struct fake_fault *fault,
		  void *resp, size_t len)
{
	enum rpmb_frame_format format = fake->frame_format;

	if (fault->kind == FAULT_MAC)
		rpmb_frames_mac(format, resp, len)[31] ^= 1;
	else if (fault->kind == FAULT_DATA)
		*(uint8_t *)rpmb_frames_data(format, resp, 0) ^= 1;
	else if (fault->kind == FAULT_REPLAY)
		memcpy(resp, fake->response, len);
	else if (fault->kind >= FAULT_TYPE && fault->kind <= FAULT_REFUSED)
		forge_field(fake, fault, resp, len);
}

struct fake_fault fake_take_fault(struct fake *fake, uint16_t type)
{
	struct fake_fault *fault, taken;

	for (fault = fake->faults; fault < fake->faults + FAKE_FAULTS; fault++) {
		if (!fault->kind ||
		    (fault->type != FAKE_ANY && fault->type != type))
			continue;
		if (fault->skip) {
			fault->skip--;
			continue;
		}
		taken = *fault;
		fault->kind = FAULT_NONE;
		return taken;
	}
	return (struct fake_fault) { .kind = FAULT_NONE };
}

pid_t fake_program;

static void send_signal(int nr)
{
	if (fake_program)
		kill(fake_program, nr);
	raise(nr);
}

void fake_before(struct fake *fake, const struct fake_fault *fault)
{
	if (fault->kind == FAULT_KILL_BEFORE)
		send_signal(SIGKILL);
	if (fault->kind == FAULT_HOLD) {
		sem_post(&fake->held);
		sem_wait(&fake->go);
	}
}

void fake_after(const struct fake_fault *fault)
{
	if (fault->kind == FAULT_KILL_AFTER)
		send_signal(SIGKILL);
}

static int carry_with_fault(struct fake *fake, const struct fake_fault *fault,
			    const struct rpmb_fields *fields, void *req,
			    size_t req_len, void *resp, size_t resp_len)
{
	uint8_t ignored[sizeof(struct rpmb_frame)];

	if (fault->kind == FAULT_LOST_REQUEST)
		return -(int)fault->value;
	if (fault->kind == FAULT_SIGNAL)
		send_signal(fault->value);
	if (fault->kind == FAULT_LATE_REQUEST) {
		if (req_len > sizeof(fake->late))
			errx(99, "too long to be late");
		memcpy(fake->late, req, req_len);
		fake->late_len = req_len;
		return -(int)fault->value;
	}
	if (fault->kind == FAULT_SWAPPED) {
		carry(fake, fake->late, fake->late_len, resp, resp_len);
		fake->late_len = 0;
		return 0;
	}
	if (fake->late_len && fields->type == RPMB_WRITE_DATA) {
		fake->late_was_same = fake->late_len == req_len &&
				      !memcmp(fake->late, req, req_len);
		carry(fake, fake->late, fake->late_len, ignored,
		      rpmb_frames_len(fake->frame_format, 0));
		fake->late_len = 0;
	}
	if (fault->kind == FAULT_CORRUPTED || fault->kind == FAULT_REFUSED)
		*(uint8_t *)rpmb_frames_data(fake->frame_format, req, 0) ^= 1;
	if (fault->kind == FAULT_OTHER_WRITER ||
	    fault->kind == FAULT_OTHER_WRITERS)
		fake_write_as_other(fake, fields->addr);
	if (fault->kind == FAULT_OTHER_WRITERS)
		fake_write_as_other(fake, fields->addr);

	fake->torn = fault->kind == FAULT_TORN ? fault->value : 0;
	if (fake->delay && fields->type == RPMB_WRITE_DATA)
		usleep(fake->delay);
	carry(fake, req, req_len, resp, resp_len);
	if (fault->kind == FAULT_LOST_RESPONSE)
		return -(int)fault->value;
	if (fault->kind == FAULT_OVERWRITTEN) {
		fake_write_as_other(fake, fields->addr);
		return -(int)fault->value;
	}
	forge(fake, fault, resp, resp_len);
	return 0;
}

static void log_request(struct fake *fake, const struct rpmb_fields *fields)
{
	uint32_t i = fake->nr_requests++ % FAKE_LOG;

	fake->log[i].type = fields->type;
	fake->log[i].blocks = fields->count;
}

int fake_access_mode(int fd)
{
	return access_modes[fd];
}

static bool may_route(int fd, uint16_t type)
{
	bool reads = type == RPMB_GET_WRITE_COUNTER || type == RPMB_READ_DATA ||
		     type == RPMB_CONFIG_READ || type == RPMB_PURGE_STATUS;

	return access_modes[fd] != (reads ? O_WRONLY : O_RDONLY);
}

/* The first versions of the structures, which every program knows at least */
#define INFO_SIZE 56
#define ROUTE_SIZE 40
#define KEYED_SIZE 56
#define BATCH_SIZE 32

static bool is_zero(const uint8_t *bytes, size_t len)
{
	while (len && !bytes[len - 1])
		len--;
	return !len;
}

/* The rules of <linux/rpmb.h>: the kernel knows @known bytes, the caller others */
static int copy_in(void *to, size_t known, size_t first, const void *arg)
{
	uint32_t size;

	memcpy(&size, arg, sizeof(size));
	if (size < first)
		return -EINVAL;
	if (size > known && !is_zero((const uint8_t *)arg + known, size - known))
		return -E2BIG;
	memset(to, 0, known);
	memcpy(to, arg, size < known ? size : known);
	return 0;
}

static void copy_out(void *arg, const void *from, size_t known)
{
	uint32_t size;

	memcpy(&size, arg, sizeof(size));
	memcpy(arg, from, size < known ? size : known);
}

int fake_route(int fd, struct fake *fake, struct rpmb_ioc_route_frames *ioc)
{
	uint8_t req[RPMB_MAX_LEN], resp[RPMB_MAX_LEN];
	struct rpmb_fields fields;
	struct fake_fault fault;
	int ret;

	if (ioc->flags || ioc->__reserved)
		return -EOPNOTSUPP;
	if (ioc->req_len > sizeof(req) || ioc->resp_len > sizeof(resp))
		return -EMSGSIZE;
	memcpy(req, (void *)(uintptr_t)ioc->req, ioc->req_len);
	if (!rpmb_frames_parse(fake->frame_format, req, ioc->req_len, &fields))
		return -EINVAL;
	if (!may_route(fd, fields.type))
		return -EBADF;

	if (fake->carries && (ioc->req_len > fake->carries ||
			      ioc->resp_len > fake->carries))
		return -(int)fake->carry_error;
	log_request(fake, &fields);
	fault = fake_take_fault(fake, fields.type);
	if (fault.kind == FAULT_BEFORE)
		return -(int)fault.value;
	ioc->out_flags = RPMB_ROUTE_STARTED;
	fake_before(fake, &fault);
	ret = carry_with_fault(fake, &fault, &fields, req, ioc->req_len, resp,
			       ioc->resp_len);
	fake_after(&fault);
	if (ret)
		return ret;
	if (ioc->resp_len <= sizeof(fake->response))
		memcpy(fake->response, resp, ioc->resp_len);
	memcpy((void *)(uintptr_t)ioc->resp, resp, ioc->resp_len);
	return 0;
}

uint32_t fake_types(const struct fake *fake)
{
	return fake->request_types ?: 0x1e;
}

static int get_info(const struct fake *fake, struct rpmb_ioc_info *ioc)
{
	void *dev_id = (void *)(uintptr_t)ioc->dev_id;
	size_t len;

	if (ioc->flags || ioc->max_write || ioc->keyed_types || ioc->max_batch)
		return -EOPNOTSUPP;
	if (ioc->dev_id_len) {
		len = ioc->dev_id_len < fake->dev_id_len ? ioc->dev_id_len :
							   fake->dev_id_len;
		memset(dev_id, 0, ioc->dev_id_len);
		memcpy(dev_id, fake->dev_id, len);
	}
	ioc->dev_id_len = fake->dev_id_len;
	ioc->frame_format = fake->frame_format;
	ioc->transport = fake->transport;
	ioc->block_size = rpmb_block_size(fake->frame_format);
	ioc->capacity = fake->capacity;
	ioc->write_sizes = fake->write_sizes;
	ioc->max_write = fake->max_write;
	ioc->max_read = fake->max_read;
	ioc->request_types = fake_types(fake);
	ioc->keyed_types = fake->keyless ? 0 : ioc->request_types;
	ioc->max_batch = fake->batchless ? 0 : RPMB_MAX_BATCH;
	ioc->target = fake->target;
	return 0;
}

static int info_ioctl(const struct fake *fake, void *arg)
{
	struct rpmb_ioc_info ioc;
	int ret;

	ret = copy_in(&ioc, sizeof(ioc), INFO_SIZE, arg);
	ret = ret ?: get_info(fake, &ioc);
	if (!ret)
		copy_out(arg, &ioc, sizeof(ioc));
	return ret;
}

static int route_ioctl(int fd, struct fake *fake, void *arg)
{
	struct rpmb_ioc_route_frames ioc;
	int ret;

	ret = copy_in(&ioc, sizeof(ioc), ROUTE_SIZE, arg);
	if (ret)
		return ret;
	ret = fake_route(fd, fake, &ioc);
	copy_out(arg, &ioc, sizeof(ioc));
	return ret;
}

/* Has it a response that says that the device was not changed as was asked for? */
static bool is_refused(const struct fake *fake,
		       const struct rpmb_batch_request *request)
{
	struct rpmb_fields fields;

	rpmb_frames_parse(fake->frame_format,
			  (const uint8_t *)(uintptr_t)request->resp,
			  request->resp_len, &fields);
	return fields.type == RPMB_WRITE_DATA << 8 &&
	       fields.result & ~RPMB_RES_EXPIRED;
}

/* What is behind the one that failed has reached the device; nobody gets its answers */
static void carry_on(int fd, struct fake *fake,
		     struct rpmb_batch_request *request,
		     const struct rpmb_batch_request *end)
{
	uint8_t unseen[sizeof(struct rpmb_frame)];

	for (; request < end; request++) {
		struct rpmb_ioc_route_frames route = {
			.req_len = request->req_len,
			.resp_len = sizeof(unseen),
			.req = request->req,
			.resp = (uintptr_t)unseen,
		};

		if (request->out_flags)
			continue;
		fake_route(fd, fake, &route);
		request->out_flags = RPMB_ROUTE_STARTED;
	}
}

/* One after the other; the kernel checks all of them before, which is not needed here */
static int carry_batch(int fd, struct fake *fake, struct rpmb_ioc_route_batch *ioc)
{
	struct rpmb_batch_request *requests, *request;
	int ret = 0;

	requests = (struct rpmb_batch_request *)(uintptr_t)ioc->requests;
	for (ioc->done = 0; ioc->done < ioc->nr; ioc->done++) {
		struct rpmb_ioc_route_frames route = {};

		if (fake->cut_after && ioc->done == fake->cut_after)
			break;
		request = &requests[ioc->done];
		route.req_len = request->req_len;
		route.resp_len = request->resp_len;
		route.req = request->req;
		route.resp = request->resp;
		ret = fake_route(fd, fake, &route);
		request->out_flags = route.out_flags;
		if (ret)
			break;
		if (is_refused(fake, request)) {
			ioc->done++;
			break;
		}
	}
	if (fake->at_once)
		carry_on(fd, fake, requests + ioc->done, requests + ioc->nr);
	return ret;
}

static int batch_ioctl(int fd, struct fake *fake, void *arg)
{
	struct rpmb_ioc_route_batch ioc;
	int ret;

	if (fake->batchless)
		return -ENOTTY;
	ret = copy_in(&ioc, sizeof(ioc), BATCH_SIZE, arg);
	if (ret)
		return ret;
	if (ioc.flags || ioc.__reserved)
		return -EOPNOTSUPP;
	if (!ioc.nr || ioc.request_size != sizeof(struct rpmb_batch_request))
		return -EINVAL;
	if (ioc.nr > RPMB_MAX_BATCH)
		return -EMSGSIZE;
	fake->nr_batches++;
	ret = carry_batch(fd, fake, &ioc);
	copy_out(arg, &ioc, sizeof(ioc));
	return ret;
}

static int keyed_ioctl(int fd, struct fake *fake, void *arg)
{
	struct rpmb_ioc_keyed ioc;
	int ret;

	if (fake->keyless)
		return -ENOTTY;
	ret = copy_in(&ioc, sizeof(ioc), KEYED_SIZE, arg);
	if (ret)
		return ret;
	ret = fake_keyed(fd, fake, &ioc);
	copy_out(arg, &ioc, sizeof(ioc));
	return ret;
}

/*
 * F_WRLCK waits for whoever else has the device open, F_UNLCK lets them go on. By
 * fcntl(), which vhost-user-rpmb may call when it is confined; not by flock().
 */
static void lock_device(int fd, short type)
{
	struct flock lock = { .l_type = type, .l_whence = SEEK_SET };

	if (fcntl(fd, F_OFD_SETLKW, &lock))
		err(99, "F_OFD_SETLKW");
}

/* One after the other, whoever has the device open */
static int run_ioctl(int fd, struct fake *fake, unsigned long cmd, void *arg)
{
	int ret;

	lock_device(fd, F_WRLCK);
	if (fake->bus)
		ret = fake_bus_ioctl(fake, access_modes[fd], cmd, arg);
	else if (cmd == RPMB_IOC_INFO)
		ret = info_ioctl(fake, arg);
	else if (cmd == RPMB_IOC_KEYED)
		ret = keyed_ioctl(fd, fake, arg);
	else if (cmd == RPMB_IOC_ROUTE_BATCH)
		ret = batch_ioctl(fd, fake, arg);
	else
		ret = route_ioctl(fd, fake, arg);
	lock_device(fd, F_UNLCK);
	return ret;
}

int fake_ioctl(int fd, unsigned long cmd, ...)
{
	struct fake *fake;
	va_list args;
	size_t size;
	void *arg;
	int ret;

	va_start(args, cmd);
	arg = va_arg(args, void *);
	va_end(args);
	if (cmd != RPMB_IOC_INFO && cmd != RPMB_IOC_ROUTE_FRAMES &&
	    cmd != RPMB_IOC_KEYED && cmd != RPMB_IOC_ROUTE_BATCH &&
	    !fake_is_bus_ioctl(cmd))
		return real_ioctl(fd, cmd, arg);

	fake = map_fake(fd, &size);
	if (!fake) {
		errno = ENOTTY;
		return -1;
	}
	ret = run_ioctl(fd, fake, cmd, arg);
	munmap(fake, size);
	if (ret >= 0)
		return ret;
	errno = -ret;
	return -1;
}

static int open_file(const char *name, int flags)
{
	char path[4096];
	int fd;

	snprintf(path, sizeof(path), "%s/dev/%s", fake_dir(), name);
	fd = real_open(path, flags | O_CLOEXEC, 0600);
	if (fd < 0)
		err(99, "%s", path);
	return fd;
}

struct fake *fake_get(const char *name)
{
	int fd = open_file(name, O_RDWR);
	struct fake *fake = map_fake(fd, NULL);

	close(fd);
	return fake;
}

static enum fake_bus bus_of(const char *name)
{
	if (!strncmp(name, "mmcblk", 6))
		return FAKE_BUS_MMC;
	if (!strncmp(name, "sg", 2))
		return FAKE_BUS_SG;
	if (!strncmp(name, "bsg/", 4))
		return FAKE_BUS_BSG;
	if (!strncmp(name, "nvme", 4))
		return FAKE_BUS_NVME;
	return FAKE_BUS_NONE;
}

static void number_file(const char *name, struct stat *st)
{
	char path[4096];

	snprintf(path, sizeof(path), "/dev/%s", name);
	if (fake_stat(path, st))
		err(99, "%s", path);
}

struct fake *fake_create(const char *name, const struct fake *like)
{
	size_t size = sizeof(*like) + (size_t)like->capacity *
		      rpmb_block_size(like->frame_format);
	struct fake *fake;
	struct stat st;
	int fd;

	fake_make_dirs("/dev/bsg");
	fd = open_file(name, O_RDWR | O_CREAT | O_TRUNC);
	if (ftruncate(fd, size))
		err(99, "ftruncate");
	close(fd);
	fake = fake_get(name);
	*fake = *like;
	sem_init(&fake->held, true, 0);
	sem_init(&fake->go, true, 0);
	fake->batchless |= !!getenv("RPMB_FAKE_BATCHLESS");
	fake->bus = bus_of(name);
	number_file(name, &st);
	fake_make_sysfs(name, fake, FAKE_MAJOR, minor(st.st_rdev));
	return fake;
}

void fake_remove_all(void)
{
	char command[4096];

	snprintf(command, sizeof(command), "rm -rf '%s'/*", fake_dir());
	if (system(command))
		errx(99, "%s", command);
}
