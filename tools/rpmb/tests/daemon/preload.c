// SPDX-License-Identifier: GPL-2.0-only
/*
 * Between the daemon and its state, which is files or a database: see disk.h
 *
 * After its start the daemon is confined, so this makes no system call there
 * but those that it passes on, those of a semaphore, and the one that a test wants
 * to see forbidden.
 */
#include <assert.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "any-call.h"
#include "disk.h"

#define MAX_FD 1024
#define DIRECTORY DISK_FILES
#define CONNECTION (DISK_FILES + 1)

static struct disk *disk;
static const char *const names[] = DISK_NAME_LIST;
/* 1 + the file that has the name, or 0 */
static unsigned short files[DISK_NAMES];
/* 1 + the file that is open, or DIRECTORY, or CONNECTION to a database */
static unsigned short tracked[MAX_FD];
static unsigned short nr_files = DISK_NAMES;
/* Held over an operation and its record, so that their orders agree */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* The C library's own */
static void *real(const char *name)
{
	void *function = dlsym(RTLD_NEXT, name);

	if (!function)
		abort();
	return function;
}

/*
 * Index of a name, -1 if it is none of ours; one that might be is an error. What a
 * build that counts lines writes down at the end of a program is no file of it.
 */
static int name_index(const char *path)
{
	const char *base = strrchr(path, '/');

	base = base ? base + 1 : path;
	for (unsigned int i = 0; i < DISK_NAMES; i++)
		if (!strcmp(base, names[i]))
			return i;
	if (!strncmp(base, names[0], strlen(names[0])) &&
	    !strstr(base, "-shm") && !strstr(base, ".gcda"))
		abort();
	return -1;
}

__attribute__((constructor))
static void map_disk(void)
{
	const char *env = getenv(DISK_FD_ENV);
	struct stat st;
	int fd;

	if (!env)
		return;
	fd = atoi(env);
	if (fstat(fd, &st))
		abort();
	disk = mmap(NULL, st.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
		    0);
	if (disk == MAP_FAILED)
		abort();
	for (unsigned int i = 0; i < DISK_NAMES; i++)
		files[i] = access(names[i], F_OK) ? 0 : 1 + i;
}

static int tracked_as(int fd)
{
	return disk && fd >= 0 && fd < MAX_FD ? tracked[fd] - 1 : -1;
}

static void record(enum disk_op op, unsigned int name, unsigned int file,
		   uint64_t off, const void *data, size_t len)
{
	struct disk_record *rec = (void *)(disk->log + disk->log_len);
	size_t size = (sizeof(*rec) + len + 7) & ~7UL;

	if (disk->log_len + size > DISK_LOG_SIZE)
		abort();
	rec->op = op;
	rec->name = name;
	rec->file = file;
	rec->off = off;
	rec->len = len;
	if (len)
		memcpy(rec->data, data, len);
	__atomic_store_n(&disk->log_len, disk->log_len + size,
			 __ATOMIC_RELEASE);
}

/* Wait here for ever, if it is time */
static void park(void)
{
	sem_post(&disk->held);
	for (;;)
		sem_wait(&disk->go);
}

static bool parks_now(void)
{
	return ++disk->ops == disk->park;
}

/* An operation that may park, if it @counts */
static void begin(bool counts)
{
	pthread_mutex_lock(&lock);
	if (counts && parks_now())
		park();
}

static void end(void)
{
	pthread_mutex_unlock(&lock);
}

static int fail(int err)
{
	errno = err;
	return -1;
}

static void new_file(unsigned int name)
{
	if (nr_files == DISK_FILES)
		abort();
	files[name] = 1 + nr_files;
	record(DISK_CREATE, name, nr_files++, 0, NULL, 0);
}

static void opened(int fd, const char *path, int flags)
{
	int name = name_index(path);
	struct stat st;

	if (fd >= MAX_FD)
		abort();
	tracked[fd] = 0;
	if (name >= 0) {
		if (!files[name] && (flags & O_CREAT))
			new_file(name);
		tracked[fd] = files[name];
	} else if (!(flags & O_ACCMODE) && !fstat(fd, &st) &&
		   S_ISDIR(st.st_mode)) {
		tracked[fd] = 1 + DIRECTORY;
	}
}

/* Names with "64" are the same functions on the machines that this runs on */
static_assert(sizeof(off_t) == sizeof(off64_t), "two kinds of offsets");

int open(const char *path, int flags, ...)
{
	int (*real_open)(const char *path, int flags, ...) = real("open");
	va_list args;
	mode_t mode;
	int fd;

	va_start(args, flags);
	mode = va_arg(args, mode_t);
	va_end(args);
	if (!disk)
		return real_open(path, flags, mode);
	begin(name_index(path) >= 0);
	fd = real_open(path, flags, mode);
	if (fd >= 0)
		opened(fd, path, flags);
	end();
	return fd;
}

int open64(const char *path, int flags, ...) __attribute__((alias("open")));

int openat(int dir, const char *path, int flags, ...)
{
	int (*real_openat)(int dir, const char *path, int flags, ...) =
		real("openat");
	va_list args;
	mode_t mode;
	int fd;

	va_start(args, flags);
	mode = va_arg(args, mode_t);
	va_end(args);
	fd = real_openat(dir, path, flags, mode);
	if (disk && fd >= 0)
		opened(fd, path, flags);
	return fd;
}

int openat64(int dir, const char *path, int flags, ...)
	__attribute__((alias("openat")));

int close(int fd)
{
	int (*real_close)(int fd) = real("close");

	if (tracked_as(fd) >= 0)
		tracked[fd] = 0;
	return real_close(fd);
}

static ssize_t write_some(int fd, const void *buf, size_t len, off_t off)
{
	ssize_t (*real_pwrite)(int fd, const void *buf, size_t len,
			       off_t off) = real("pwrite");
	ssize_t n = real_pwrite(fd, buf, len, off);

	if (n > 0)
		record(DISK_WRITE, 0, tracked_as(fd), off, buf, n);
	return n;
}

static ssize_t tracked_write(int fd, const void *buf, size_t len, off_t off)
{
	ssize_t n;

	if (disk->fail_write)
		return fail(disk->fail_write);
	pthread_mutex_lock(&lock);
	if (parks_now()) {
		if (disk->park_inside)
			write_some(fd, buf, len / 2, off);
		park();
	}
	n = write_some(fd, buf, len, off);
	end();
	return n;
}

ssize_t pwrite(int fd, const void *buf, size_t len, off_t off)
{
	ssize_t (*real_pwrite)(int fd, const void *buf, size_t len,
			       off_t off) = real("pwrite");

	if (tracked_as(fd) < 0)
		return real_pwrite(fd, buf, len, off);
	return tracked_write(fd, buf, len, off);
}

ssize_t pwrite64(int fd, const void *buf, size_t len, off_t off)
	__attribute__((alias("pwrite")));

static void notified(size_t len)
{
	if (!disk || len != sizeof(uint64_t))
		return;
	pthread_mutex_lock(&lock);
	record(DISK_NOTIFY, 0, 0, disk->tag, NULL, 0);
	end();
}

/*
 * Nobody uses it on a state file today, nor posix_fallocate(); what is not written
 * down must not go unnoticed
 */
ssize_t write(int fd, const void *buf, size_t len)
{
	ssize_t (*real_write)(int fd, const void *buf, size_t len) =
		real("write");

	if (tracked_as(fd) >= 0)
		abort();
	notified(len);
	return real_write(fd, buf, len);
}

int eventfd_write(int fd, eventfd_t value)
{
	int (*real_write)(int fd, eventfd_t value) = real("eventfd_write");

	notified(sizeof(value));
	return real_write(fd, value);
}

ssize_t pread(int fd, void *buf, size_t len, off_t off)
{
	ssize_t (*real_pread)(int fd, void *buf, size_t len, off_t off) =
		real("pread");

	if (tracked_as(fd) >= 0 && disk->fail_read)
		return fail(disk->fail_read);
	return real_pread(fd, buf, len, off);
}

ssize_t pread64(int fd, void *buf, size_t len, off_t off)
	__attribute__((alias("pread")));

int ftruncate(int fd, off_t len)
{
	int (*real_truncate)(int fd, off_t len) = real("ftruncate");
	int err;

	if (tracked_as(fd) < 0)
		return real_truncate(fd, len);
	if (disk->fail_write)
		return fail(disk->fail_write);
	begin(true);
	err = real_truncate(fd, len);
	if (!err)
		record(DISK_TRUNCATE, 0, tracked_as(fd), len, NULL, 0);
	end();
	return err;
}

int ftruncate64(int fd, off_t len) __attribute__((alias("ftruncate")));

int posix_fallocate(int fd, off_t off, off_t len)
{
	int (*real_fallocate)(int fd, off_t off, off_t len) =
		real("posix_fallocate");

	if (tracked_as(fd) >= 0)
		abort();
	return real_fallocate(fd, off, len);
}

int posix_fallocate64(int fd, off_t off, off_t len)
	__attribute__((alias("posix_fallocate")));

/* Whoever gets into the daemon can do this much */
static void try_forbidden(void)
{
	long nr = disk->forbidden;

	disk->forbidden = 0;
	if (nr && any_call(nr, disk->arguments) < 0)
		disk->forbidden_errno = errno;
}

static int tracked_sync(int (*real_sync)(int fd), int fd)
{
	int file = tracked_as(fd), err = 0;

	if (file < 0)
		return real_sync(fd);
	try_forbidden();
	if (disk->hold_sync) {
		sem_post(&disk->held);
		sem_wait(&disk->go);
	}
	if (disk->fail_sync)
		return fail(disk->fail_sync);
	begin(true);
	if (!disk->no_sync)
		err = real_sync(fd);
	if (!err)
		record(file == DIRECTORY ? DISK_SYNC_DIR : DISK_SYNC, 0, file,
		       0, NULL, 0);
	end();
	return err;
}

int fsync(int fd)
{
	return tracked_sync(real("fsync"), fd);
}

int fdatasync(int fd)
{
	return tracked_sync(real("fdatasync"), fd);
}

static void unlinked(int name)
{
	files[name] = 0;
	record(DISK_UNLINK, name, 0, 0, NULL, 0);
}

static void linked(int from, int to)
{
	files[to] = files[from];
	record(DISK_LINK, to, files[from] - 1, 0, NULL, 0);
}

int unlink(const char *path)
{
	int (*real_unlink)(const char *path) = real("unlink");
	int err;

	if (!disk || name_index(path) < 0)
		return real_unlink(path);
	begin(true);
	err = real_unlink(path);
	if (!err)
		unlinked(name_index(path));
	end();
	return err;
}

/* Written down as a link and an unlink, which is as good: both names are ours */
int renameat2(int from_dir, const char *from, int to_dir, const char *to,
	      unsigned int flags)
{
	int (*real_rename)(int from_dir, const char *from, int to_dir,
			   const char *to, unsigned int flags) =
		real("renameat2");
	int err;

	if (!disk || name_index(from) < 0)
		return real_rename(from_dir, from, to_dir, to, flags);
	begin(true);
	err = real_rename(from_dir, from, to_dir, to, flags);
	if (!err) {
		linked(name_index(from), name_index(to));
		unlinked(name_index(from));
	}
	end();
	return err;
}

int rename(const char *from, const char *to)
{
	return renameat2(AT_FDCWD, from, AT_FDCWD, to, 0);
}

int link(const char *from, const char *to)
{
	int (*real_link)(const char *from, const char *to) = real("link");
	int err;

	if (!disk || name_index(from) < 0)
		return real_link(from, to);
	begin(true);
	err = real_link(from, to);
	if (!err)
		linked(name_index(from), name_index(to));
	end();
	return err;
}

/* Is it where a PostgreSQL listens? */
static bool is_database(const struct sockaddr *addr)
{
	const struct sockaddr_un *un = (const void *)addr;

	return addr->sa_family == AF_UNIX && strstr(un->sun_path, "/.s.PGSQL.");
}

int connect(int fd, const struct sockaddr *addr, socklen_t len)
{
	int (*real_connect)(int fd, const struct sockaddr *addr, socklen_t len) =
		real("connect");

	if (!disk || !is_database(addr) || fd >= MAX_FD)
		return real_connect(fd, addr, len);
	tracked[fd] = 1 + CONNECTION;
	begin(true);
	end();
	return real_connect(fd, addr, len);
}

ssize_t send(int fd, const void *buf, size_t len, int flags)
{
	ssize_t (*real_send)(int fd, const void *buf, size_t len, int flags) =
		real("send");

	if (tracked_as(fd) != CONNECTION)
		return real_send(fd, buf, len, flags);
	pthread_mutex_lock(&lock);
	if (parks_now()) {
		if (disk->park_inside)
			real_send(fd, buf, len / 2, flags);
		park();
	}
	end();
	return real_send(fd, buf, len, flags);
}

/* What was asked has been done then, and the daemon does not know it yet */
ssize_t recv(int fd, void *buf, size_t len, int flags)
{
	ssize_t (*real_recv)(int fd, void *buf, size_t len, int flags) =
		real("recv");
	ssize_t n = real_recv(fd, buf, len, flags);

	if (tracked_as(fd) != CONNECTION)
		return n;
	begin(n > 0);
	end();
	return n;
}
