// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Files that are anchored
 *
 * Beside each, in NAME.step, is its tag: the step of the file, and the one before it. So
 * the file and its step need not change in one moment: whichever of both versions is
 * there has its step in the tag.
 *
 * A file that others change where it is has no step meanwhile. That they went on from the
 * right version is said by a mark in the tag, which is made when the file is verified: a
 * MAC over the step of then and the boot of the system, so that no copy of a disk brings
 * it back.
 */
#include <assert.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <nettle/hmac.h>
#include <nettle/memops.h>
#include <nettle/sha2.h>

#include "internal.h"

#define MAGIC "RPMBSTEP"
#define VERSION 1
#define STEPS 2

#define BOOT_ID "/proc/sys/kernel/random/boot_id"
#define BOOT_ID_LEN 36

struct wire_step {
	uint8_t guid[LIBRPMB_GUID_LEN];
	uint64_t number;
	uint8_t parent[LIBRPMB_STEP_LEN];
	uint8_t name[LIBRPMB_STEP_LEN];
	uint8_t root[LIBRPMB_STEP_LEN];
};

/* Little-endian; what is not there is zero */
struct tag {
	char magic[8];
	uint32_t version;
	uint32_t reserved;
	struct wire_step steps[STEPS];
	uint8_t mark[SHA256_DIGEST_SIZE];
};

static_assert(sizeof(struct tag) == 288, "no holes");

/* A new string, NULL if there is no memory */
static char *beside(const char *path, const char *suffix)
{
	char *name;

	return asprintf(&name, "%s%s", path, suffix) < 0 ? NULL : name;
}

static int sync_directory_of(const char *path)
{
	char *copy = strdup(path);
	int fd, ret;

	if (!copy)
		return RPMB_ERR_MEMORY;
	fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ret = fd < 0 || fsync(fd) ? RPMB_ERR_SYSTEM : 0;
	if (fd >= 0)
		close(fd);
	free(copy);
	return ret;
}

static int rename_durably(const char *from, const char *to)
{
	return rename(from, to) ? RPMB_ERR_SYSTEM : sync_directory_of(to);
}

static int digest_fd(int fd, uint8_t root[LIBRPMB_STEP_LEN])
{
	struct sha256_ctx ctx;
	uint8_t data[65536];
	ssize_t len;

	sha256_init(&ctx);
	while ((len = read(fd, data, sizeof(data))) > 0)
		sha256_update(&ctx, len, data);
	if (len < 0)
		return RPMB_ERR_SYSTEM;
	sha256_digest(&ctx, LIBRPMB_STEP_LEN, root);
	return 0;
}

/*
 * The root of a file is the digest of what is in it, which is durable then. @st says
 * whose it is.
 */
static int make_root(const char *path, uint8_t root[LIBRPMB_STEP_LEN],
		     struct stat *st)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int ret;

	if (fd < 0)
		return RPMB_ERR_SYSTEM;
	if (fstat(fd, st))
		ret = RPMB_ERR_SYSTEM;
	else if (!S_ISREG(st->st_mode))
		ret = RPMB_ERR_ARGUMENT;
	else
		ret = digest_fd(fd, root);
	if (!ret && fsync(fd))
		ret = RPMB_ERR_SYSTEM;
	close(fd);
	return ret;
}

/* Of a file without a tag, or with one that is none, it has no steps */
static int read_tag(const char *path, struct tag *tag)
{
	char *name = beside(path, ".step");
	ssize_t len = -1;
	int fd;

	if (!name)
		return RPMB_ERR_MEMORY;
	memset(tag, 0, sizeof(*tag));
	fd = open(name, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		len = read(fd, tag, sizeof(*tag));
		close(fd);
	}
	free(name);
	if (len < (ssize_t)offsetof(struct tag, mark) ||
	    memcmp(tag->magic, MAGIC, sizeof(tag->magic)) ||
	    le32toh(tag->version) != VERSION)
		memset(tag, 0, sizeof(*tag));
	return 0;
}

/* A digest tells what is in a file with little in it: it is for those who may read that */
static bool share_as(int fd, const struct stat *st)
{
	bool same = !fchown(fd, st->st_uid, st->st_gid);

	return !fchmod(fd, same ? st->st_mode & 0666 : 0600);
}

static int put_bytes(const char *name, const struct tag *tag,
		     const struct stat *st)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC,
		      0600);
	int ret = 0;

	if (fd < 0)
		return RPMB_ERR_SYSTEM;
	if (!share_as(fd, st) || write(fd, tag, sizeof(*tag)) != sizeof(*tag) ||
	    fsync(fd))
		ret = RPMB_ERR_SYSTEM;
	return close(fd) ? RPMB_ERR_SYSTEM : ret;
}

static int write_tag(const char *path, const struct tag *tag,
		     const struct stat *st)
{
	char *name = beside(path, ".step"), *new = beside(path, ".step.new");
	int ret = RPMB_ERR_MEMORY;

	if (name && new) {
		ret = put_bytes(new, tag, st);
		if (!ret)
			ret = rename_durably(new, name);
	}
	free(name);
	free(new);
	return ret;
}

/* Of this boot; without /proc there is none */
static bool read_boot_id(uint8_t id[BOOT_ID_LEN])
{
	int fd = open(BOOT_ID, O_RDONLY | O_CLOEXEC);
	ssize_t len = -1;

	if (fd >= 0) {
		len = read(fd, id, BOOT_ID_LEN);
		close(fd);
	}
	return len == BOOT_ID_LEN;
}

/* The mark of now: what is anchored is the file, or what it was when it was verified */
static int make_mark(struct rpmb_anchor *anchor, uint8_t mark[SHA256_DIGEST_SIZE])
{
	uint8_t key[LIBRPMB_KEY_LEN], id[BOOT_ID_LEN];
	struct hmac_sha256_ctx ctx;
	struct rpmb_step at;
	int ret = rpmb_anchor_get(anchor, &at);

	if (ret)
		return ret;
	if (!read_boot_id(id))
		return RPMB_ERR_NOT_AGREED;
	rpmb_anchor_derive(anchor, "rpmb file mark 1", key);
	hmac_sha256_set_key(&ctx, sizeof(key), key);
	hmac_sha256_update(&ctx, sizeof(at.name), at.name);
	hmac_sha256_update(&ctx, sizeof(id), id);
	hmac_sha256_digest(&ctx, SHA256_DIGEST_SIZE, mark);
	explicit_bzero(&ctx, sizeof(ctx));
	explicit_bzero(key, sizeof(key));
	return 0;
}

/* The step of the tag that has this root, NULL if none has */
static const struct wire_step *find_step(const struct tag *tag,
					 const struct rpmb_anchor *anchor,
					 const uint8_t root[LIBRPMB_STEP_LEN])
{
	const uint8_t *guid = rpmb_anchor_guid(anchor);
	unsigned int i;

	for (i = 0; i < STEPS; i++)
		if (!memcmp(tag->steps[i].root, root, LIBRPMB_STEP_LEN) &&
		    !memcmp(tag->steps[i].guid, guid, LIBRPMB_GUID_LEN))
			return &tag->steps[i];
	return NULL;
}

static void get_step(const struct wire_step *wire, struct rpmb_step *step)
{
	step->number = le64toh(wire->number);
	memcpy(step->parent, wire->parent, sizeof(step->parent));
	memcpy(step->name, wire->name, sizeof(step->name));
}

static void put_step(struct wire_step *wire, const struct rpmb_anchor *anchor,
		     const struct rpmb_step *step,
		     const uint8_t root[LIBRPMB_STEP_LEN])
{
	wire->number = htole64(step->number);
	memcpy(wire->guid, rpmb_anchor_guid(anchor), sizeof(wire->guid));
	memcpy(wire->parent, step->parent, sizeof(wire->parent));
	memcpy(wire->name, step->name, sizeof(wire->name));
	memcpy(wire->root, root, sizeof(wire->root));
}

/* Is the file what is anchored? Its step, as the tag has it, is put into @found. */
static int verify(struct rpmb_anchor *anchor, const char *path,
		  struct wire_step *found)
{
	uint8_t root[LIBRPMB_STEP_LEN];
	const struct wire_step *wire;
	struct rpmb_step step;
	struct stat st;
	struct tag tag;
	int ret;

	ret = make_root(path, root, &st);
	if (!ret)
		ret = read_tag(path, &tag);
	if (ret)
		return ret;
	wire = find_step(&tag, anchor, root);
	if (!wire)
		return RPMB_ERR_FORGED;
	*found = *wire;
	get_step(wire, &step);
	ret = sync_directory_of(path);
	return ret ?: rpmb_anchor_verify(anchor, &step, root);
}

/* Put the mark of now into the tag, or take out what there is if that has no right to it */
static int mark(struct rpmb_anchor *anchor, const char *path, bool is_right)
{
	struct stat st;
	struct tag tag;
	uint8_t wanted[sizeof(tag.mark)] = { 0 };
	int ret = read_tag(path, &tag);

	if (!ret && is_right)
		ret = make_mark(anchor, wanted);
	if (ret || !memcmp(tag.mark, wanted, sizeof(wanted)))
		return ret;
	memcpy(tag.mark, wanted, sizeof(wanted));
	return stat(path, &st) ? RPMB_ERR_SYSTEM : write_tag(path, &tag, &st);
}

/* Who may not write here, or has no /proc, will not make it a step as it is */
static bool needs_mark(int error)
{
	return error && error != RPMB_ERR_NOT_AGREED &&
	       (error != RPMB_ERR_SYSTEM ||
		(errno != EROFS && errno != EACCES));
}

int rpmb_anchor_file_verify(struct rpmb_anchor *anchor, const char *path)
{
	struct wire_step found;
	int ret = verify(anchor, path, &found), saved = errno;
	int marked = mark(anchor, path, !ret);

	if (!ret)
		return needs_mark(marked) ? marked : 0;
	errno = saved;
	return ret;
}

/* Was the file what is anchored, before others began to change it? */
static int was_right(struct rpmb_anchor *anchor, const char *path)
{
	struct tag tag;
	uint8_t wanted[sizeof(tag.mark)];
	int ret = read_tag(path, &tag);

	if (!ret)
		ret = make_mark(anchor, wanted);
	if (ret)
		return ret;
	return memeql_sec(tag.mark, wanted, sizeof(wanted)) ?
	       0 : RPMB_ERR_NOT_AGREED;
}

/*
 * The tag first, then the name, then the anchor. @before is the step of the version that
 * has the name until then, NULL if there is none to go back to.
 */
static int advance(struct rpmb_anchor *anchor, const char *path, const char *from,
		   const struct wire_step *before)
{
	struct tag tag = { .magic = MAGIC, .version = htole32(VERSION) };
	uint8_t root[LIBRPMB_STEP_LEN];
	struct rpmb_step step;
	struct stat st;
	int ret;

	ret = make_root(from ?: path, root, &st);
	if (!ret)
		ret = rpmb_anchor_get(anchor, &step);
	/* Nothing is begun that could not be ended */
	if (!ret && !rpmb_anchor_left(anchor))
		ret = RPMB_ERR_SPENT;
	if (ret)
		return ret;
	rpmb_anchor_next(anchor, &step, root, &step);
	put_step(&tag.steps[0], anchor, &step, root);
	if (before)
		tag.steps[1] = *before;
	ret = write_tag(path, &tag, &st);
	if (!ret && from)
		ret = rename_durably(from, path);
	return ret ?: rpmb_anchor_advance(anchor, &step, root);
}

/* Nothing is anchored so far, so there is nothing to go on from */
static bool is_first(struct rpmb_anchor *anchor, int *ret)
{
	struct rpmb_step at;

	*ret = rpmb_anchor_get(anchor, &at);
	return !*ret && !at.number;
}

int rpmb_anchor_file_advance(struct rpmb_anchor *anchor, const char *path,
			     const char *from)
{
	struct wire_step before;
	int ret;

	if (is_first(anchor, &ret))
		return advance(anchor, path, from, NULL);
	if (!ret)
		ret = verify(anchor, path, &before);
	if (!from && (ret == RPMB_ERR_OLD || ret == RPMB_ERR_FORGED))
		return was_right(anchor, path) ?:
		       advance(anchor, path, NULL, NULL);
	return ret ?: advance(anchor, path, from, &before);
}

int rpmb_anchor_file_accept(struct rpmb_anchor *anchor, const char *path)
{
	struct rpmb_step at;
	int ret = rpmb_anchor_get(anchor, &at);

	if (ret)
		return ret;
	if (!rpmb_anchor_may_step_back(anchor))
		return RPMB_ERR_NOT_AGREED;
	return advance(anchor, path, NULL, NULL);
}
