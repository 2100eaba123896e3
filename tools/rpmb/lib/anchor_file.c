// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Files that are anchored
 *
 * Beside each, in NAME.step, is its tag: the step of the file, and the one before it. So
 * the file and its step need not change in one moment: whichever of both versions is
 * there has its step in the tag.
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
#include <nettle/sha2.h>

#include "internal.h"

#define MAGIC "RPMBSTEP"
#define VERSION 1
#define STEPS 2

struct wire_step {
	uint8_t guid[LIBRPMB_GUID_LEN];
	uint64_t number;
	uint8_t parent[LIBRPMB_STEP_LEN];
	uint8_t name[LIBRPMB_STEP_LEN];
	uint8_t root[LIBRPMB_STEP_LEN];
};

/* Little-endian; steps that are not there are zero */
struct tag {
	char magic[8];
	uint32_t version;
	uint32_t reserved;
	struct wire_step steps[STEPS];
};

static_assert(sizeof(struct tag) == 256, "as the format has it");

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

/* The root of a file is the digest of what is in it, which is durable then */
static int make_root(const char *path, uint8_t root[LIBRPMB_STEP_LEN])
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	int ret;

	if (fd < 0)
		return RPMB_ERR_SYSTEM;
	if (fstat(fd, &st))
		ret = RPMB_ERR_SYSTEM;
	else if (!S_ISREG(st.st_mode))
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
	fd = open(name, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		len = read(fd, tag, sizeof(*tag));
		close(fd);
	}
	free(name);
	if (len != sizeof(*tag) || memcmp(tag->magic, MAGIC, sizeof(tag->magic)) ||
	    le32toh(tag->version) != VERSION)
		memset(tag, 0, sizeof(*tag));
	return 0;
}

static int put_bytes(const char *name, const struct tag *tag)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC,
		      0644);
	int ret = 0;

	if (fd < 0)
		return RPMB_ERR_SYSTEM;
	if (write(fd, tag, sizeof(*tag)) != sizeof(*tag) || fsync(fd))
		ret = RPMB_ERR_SYSTEM;
	return close(fd) ? RPMB_ERR_SYSTEM : ret;
}

static int write_tag(const char *path, const struct tag *tag)
{
	char *name = beside(path, ".step"), *new = beside(path, ".step.new");
	int ret = RPMB_ERR_MEMORY;

	if (name && new) {
		ret = put_bytes(new, tag);
		if (!ret)
			ret = rename_durably(new, name);
	}
	free(name);
	free(new);
	return ret;
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
	struct tag tag;
	int ret;

	ret = make_root(path, root);
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

int rpmb_anchor_file_verify(struct rpmb_anchor *anchor, const char *path)
{
	struct wire_step found;

	return verify(anchor, path, &found);
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
	int ret;

	ret = make_root(from ?: path, root);
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
	ret = write_tag(path, &tag);
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

	if (!from || is_first(anchor, &ret))
		return advance(anchor, path, from, NULL);
	if (!ret)
		ret = verify(anchor, path, &before);
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
