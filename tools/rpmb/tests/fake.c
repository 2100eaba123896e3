// SPDX-License-Identifier: GPL-2.0-only
/*
 * A stand-in for the kernel; see fake.h
 */
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>

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
int fake_open(const char *path, int flags, ...) __asm__("__wrap_open");
int fake_ioctl(int fd, unsigned long cmd, ...) __asm__("__wrap_ioctl");
int fake_scandir(const char *dir, struct dirent ***entries,
		 int (*select)(const struct dirent *entry),
		 int (*compare)(const struct dirent **a,
				const struct dirent **b))
	__asm__("__wrap_scandir");

static const char *fake_dir(void)
{
	const char *dir = getenv("RPMB_FAKE");

	if (!dir)
		errx(99, "RPMB_FAKE is not set");
	return dir;
}

/* Where a path of the system is in the fake one; other paths stay */
static void fake_path(char *to, size_t size, const char *path)
{
	if (!strncmp(path, "/dev/rpmb", 9) ||
	    !strncmp(path, "/sys/class/rpmb", 15))
		snprintf(to, size, "%s%s", fake_dir(), path);
	else
		snprintf(to, size, "%s", path);
}

/* How files were opened, since the files of devices are mapped for writing */
static int access_modes[256];

int fake_open(const char *path, int flags, ...)
{
	bool device = !strncmp(path, "/dev/rpmb", 9);
	char at[4096];
	va_list args;
	mode_t mode;
	int fd;

	va_start(args, flags);
	mode = flags & O_CREAT ? va_arg(args, mode_t) : 0;
	va_end(args);

	fake_path(at, sizeof(at), path);
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

/* The engine and its store, for the time of one request */
struct device {
	struct rpmb_store store;
	struct rpmb_engine engine;
	struct fake *fake;
};

static uint8_t *stored_block(struct fake *fake, uint32_t addr)
{
	return fake->data + (size_t)addr * rpmb_block_size(fake->frame_format);
}

static bool store_key(struct rpmb_store *store, const uint8_t *key)
{
	struct fake *fake = ((struct device *)store)->fake;

	memcpy(fake->key, key, sizeof(fake->key));
	fake->has_key = true;
	return true;
}

static bool store_write(struct rpmb_store *store, uint32_t counter,
			const struct rpmb_blocks *blocks)
{
	struct fake *fake = ((struct device *)store)->fake;
	uint32_t i;

	for (i = 0; i < blocks->count; i++)
		memcpy(stored_block(fake, blocks->addr + i),
		       blocks->data + i * blocks->stride,
		       rpmb_block_size(fake->frame_format));
	fake->counter = counter;
	return true;
}

static bool store_read(struct rpmb_store *store,
		       const struct rpmb_blocks *blocks)
{
	struct fake *fake = ((struct device *)store)->fake;
	uint32_t i;

	for (i = 0; i < blocks->count; i++)
		memcpy(blocks->data + i * blocks->stride,
		       stored_block(fake, blocks->addr + i),
		       rpmb_block_size(fake->frame_format));
	return true;
}

static const struct rpmb_store_ops store_ops = {
	.program_key = store_key,
	.write = store_write,
	.read = store_read,
};

static void init_device(struct device *device, struct fake *fake)
{
	*device = (struct device) {
		.fake = fake,
		.store.ops = &store_ops,
		.store.capacity = fake->capacity,
		.store.counter = fake->counter,
		.store.has_key = fake->has_key,
		.engine.rules = &rpmb_rules_virtio,
		.engine.format = fake->frame_format,
		.engine.store = &device->store,
		.engine.max_read = fake->max_read,
	};
	memcpy(device->store.key, fake->key, sizeof(fake->key));
}

/* The part of the kernel: ask for the result, fill in the block count */
static void carry(struct fake *fake, void *req, size_t req_len, void *resp,
		  size_t resp_len)
{
	enum rpmb_frame_format format = fake->frame_format;
	size_t bare = rpmb_frames_len(format, 0);
	struct rpmb_fields fields, result_read = { .type = RPMB_RESULT_READ };
	struct device device;
	uint8_t frame[512];

	init_device(&device, fake);
	rpmb_frames_parse(format, req, req_len, &fields);
	result_read.count = rpmb_frames_blocks(format, bare);
	if (fields.type < RPMB_WRITE_DATA && !fields.count &&
	    format == RPMB_FRAME_JEDEC)
		((struct rpmb_frame *)req)->block_count = htobe16(1);

	rpmb_engine_request(&device.engine, req, req_len);
	if (fields.type == RPMB_PROGRAM_KEY || fields.type == RPMB_WRITE_DATA) {
		rpmb_frames_init(format, frame, bare, &result_read);
		rpmb_engine_request(&device.engine, frame, bare);
	}
	if (rpmb_engine_response(&device.engine, resp, resp_len) != resp_len)
		errx(99, "the engine's response has another length");
}

/* Somebody else who has the key writes to the same blocks */
static void write_as_other(struct fake *fake, uint32_t addr)
{
	memset(stored_block(fake, addr), ++fake->counter & 0xff,
	       rpmb_block_size(fake->frame_format));
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
	if (fault->kind == FAULT_RESULT)
		fields.result = fault->value;

	set_fields(fake, resp, len, &fields);
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
	else if (fault->kind >= FAULT_TYPE && fault->kind <= FAULT_RESULT)
		forge_field(fake, fault, resp, len);
}

/* The fault that is meant for this request, which is then used up */
static struct fake_fault take_fault(struct fake *fake, uint16_t type)
{
	struct fake_fault *fault, taken;

	for (fault = fake->faults; fault < fake->faults + FAKE_FAULTS; fault++) {
		if (!fault->kind || fault->type != type)
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

static int carry_with_fault(struct fake *fake, const struct fake_fault *fault,
			    const struct rpmb_fields *fields, void *req,
			    size_t req_len, void *resp, size_t resp_len)
{
	if (fault->kind == FAULT_LOST_REQUEST)
		return -(int)fault->value;
	if (fault->kind == FAULT_CORRUPTED)
		*(uint8_t *)rpmb_frames_data(fake->frame_format, req, 0) ^= 1;
	if (fault->kind == FAULT_OTHER_WRITER ||
	    fault->kind == FAULT_OTHER_WRITERS)
		write_as_other(fake, fields->addr);
	if (fault->kind == FAULT_OTHER_WRITERS)
		write_as_other(fake, fields->addr);

	carry(fake, req, req_len, resp, resp_len);
	if (fault->kind == FAULT_LOST_RESPONSE)
		return -(int)fault->value;
	if (fault->kind == FAULT_OVERWRITTEN) {
		write_as_other(fake, fields->addr);
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

static bool may_route(int fd, uint16_t type)
{
	bool reads = type == RPMB_GET_WRITE_COUNTER || type == RPMB_READ_DATA;

	return access_modes[fd] != (reads ? O_WRONLY : O_RDONLY);
}

static int route(int fd, struct fake *fake, struct rpmb_ioc_route_frames *ioc)
{
	uint8_t req[RPMB_MAX_LEN], resp[RPMB_MAX_LEN];
	struct rpmb_fields fields;
	struct fake_fault fault;
	int ret;

	memcpy(req, (void *)(uintptr_t)ioc->req, ioc->req_len);
	if (!rpmb_frames_parse(fake->frame_format, req, ioc->req_len, &fields))
		return -EINVAL;
	if (!may_route(fd, fields.type))
		return -EBADF;

	log_request(fake, &fields);
	fault = take_fault(fake, fields.type);
	if (fault.kind == FAULT_BEFORE)
		return -(int)fault.value;
	ioc->out_flags = RPMB_ROUTE_STARTED;
	ret = carry_with_fault(fake, &fault, &fields, req, ioc->req_len, resp,
			       ioc->resp_len);
	if (ret)
		return ret;
	memcpy(fake->response, resp, ioc->resp_len);
	memcpy((void *)(uintptr_t)ioc->resp, resp, ioc->resp_len);
	return 0;
}

static int get_info(const struct fake *fake, struct rpmb_ioc_info *ioc)
{
	if (ioc->dev_id_len < fake->dev_id_len)
		return -ENOBUFS;
	memcpy((void *)(uintptr_t)ioc->dev_id, fake->dev_id, fake->dev_id_len);
	ioc->dev_id_len = fake->dev_id_len;
	ioc->frame_format = fake->frame_format;
	ioc->transport = fake->transport;
	ioc->block_size = rpmb_block_size(fake->frame_format);
	ioc->capacity = fake->capacity;
	ioc->write_sizes = fake->write_sizes;
	ioc->max_read = fake->max_read;
	ioc->request_types = 0x1e;
	ioc->target = fake->target;
	return 0;
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
	if (cmd != RPMB_IOC_INFO && cmd != RPMB_IOC_ROUTE_FRAMES)
		return real_ioctl(fd, cmd, arg);

	fake = map_fake(fd, &size);
	if (!fake) {
		errno = ENOTTY;
		return -1;
	}
	ret = cmd == RPMB_IOC_INFO ? get_info(fake, arg) :
				     route(fd, fake, arg);
	munmap(fake, size);
	errno = -ret;
	return ret ? -1 : 0;
}

static void put_attr(const char *name, const char *attr, const char *fmt, ...)
{
	char path[4096];
	va_list args;
	FILE *file;

	snprintf(path, sizeof(path), "%s/sys/class/rpmb/%s/%s", fake_dir(),
		 name, attr);
	file = fopen(path, "w");
	if (!file)
		err(99, "%s", path);
	va_start(args, fmt);
	vfprintf(file, fmt, args);
	va_end(args);
	fputc('\n', file);
	fclose(file);
}

static void put_attrs(const char *name, const struct fake *fake)
{
	static const char * const transports[] = {
		[RPMB_TRANSPORT_EMMC] = "emmc",
		[RPMB_TRANSPORT_UFS] = "ufs",
		[RPMB_TRANSPORT_NVME] = "nvme",
		[RPMB_TRANSPORT_VIRTIO] = "virtio",
	};
	char hex[2 * sizeof(fake->dev_id) + 1] = "";
	uint32_t i;

	for (i = 0; i < fake->dev_id_len; i++)
		snprintf(hex + 2 * i, 3, "%02x", fake->dev_id[i]);
	put_attr(name, "dev_id", "%s", hex);
	put_attr(name, "transport", "%s", transports[fake->transport]);
	put_attr(name, "frame_format", "%s",
		 fake->frame_format == RPMB_FRAME_NVME ? "nvme" : "jedec");
	put_attr(name, "block_size", "%u", rpmb_block_size(fake->frame_format));
	put_attr(name, "capacity", "%u", fake->capacity);
	put_attr(name, "target", "%u", fake->target);
}

static void make_dir(const char *dir, const char *name)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s%s%s", fake_dir(), dir, name);
	if (mkdir(path, 0700) && errno != EEXIST)
		err(99, "%s", path);
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

struct fake *fake_create(const char *name, const struct fake *like)
{
	size_t size = sizeof(*like) + (size_t)like->capacity *
		      rpmb_block_size(like->frame_format);
	struct fake *fake;
	int fd;

	make_dir("/dev", "");
	make_dir("/sys", "");
	make_dir("/sys/class", "");
	make_dir("/sys/class/rpmb", "");
	make_dir("/sys/class/rpmb/", name);
	put_attrs(name, like);

	fd = open_file(name, O_RDWR | O_CREAT | O_TRUNC);
	if (ftruncate(fd, size))
		err(99, "ftruncate");
	close(fd);
	fake = fake_get(name);
	*fake = *like;
	return fake;
}
