// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Which devices there are, and which one a name means
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"
#include "names.h"

#define CLASS_DIR "/sys/class/rpmb"

static const char * const transports[] = {
	[RPMB_TRANSPORT_EMMC] = "emmc",
	[RPMB_TRANSPORT_UFS] = "ufs",
	[RPMB_TRANSPORT_NVME] = "nvme",
	[RPMB_TRANSPORT_VIRTIO] = "virtio",
	[RPMB_TRANSPORT_SIM] = "sim",
};

const char *rpmb_transport_name(unsigned int transport)
{
	if (transport >= ARRAY_SIZE(transports) || !transports[transport])
		return "unknown";
	return transports[transport];
}

static unsigned int transport_by_name(const char *name)
{
	unsigned int i;

	for (i = 1; i < ARRAY_SIZE(transports); i++)
		if (!strcmp(transports[i], name))
			return i;
	return 0;
}

/* An attribute without its newline; the empty string if it cannot be read */
static void read_attr(const char *device, const char *attr, char *text,
		      size_t size)
{
	char path[128];
	ssize_t len;
	int fd;

	text[0] = '\0';
	snprintf(path, sizeof(path), CLASS_DIR "/%s/%s", device, attr);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	len = read(fd, text, size - 1);
	close(fd);
	text[len > 0 ? len : 0] = '\0';
	text[strcspn(text, "\n")] = '\0';
}

static unsigned int read_number(const char *device, const char *attr)
{
	char text[32];

	read_attr(device, attr, text, sizeof(text));
	return strtoul(text, NULL, 0);
}

static size_t from_hex(const char *text, uint8_t *bytes, size_t size)
{
	size_t len = 0;

	while (len < size && sscanf(text, "%2hhx", &bytes[len]) == 1) {
		len++;
		text += 2;
		if (!text[0] || !text[1])
			break;
	}
	return len;
}

static void read_info(const char *device, struct rpmb_info *info)
{
	char text[2 * LIBRPMB_ID_LEN + 2];

	memset(info, 0, sizeof(*info));
	snprintf(info->name, sizeof(info->name), "%.31s", device);
	read_attr(device, "transport", text, sizeof(text));
	info->transport = transport_by_name(text);
	read_attr(device, "frame_format", text, sizeof(text));
	info->frame_format = !strcmp(text, "nvme") ? RPMB_FRAME_NVME :
						     RPMB_FRAME_JEDEC;
	info->block_size = read_number(device, "block_size");
	info->capacity = read_number(device, "capacity");
	info->target = read_number(device, "target");
	read_attr(device, "dev_id", text, sizeof(text));
	info->dev_id_len = from_hex(text, info->dev_id, sizeof(info->dev_id));
}

static bool is_device_name(const char *name)
{
	size_t digits;

	if (strncmp(name, "rpmb", 4))
		return false;
	digits = strspn(name + 4, "0123456789");
	return digits && !name[4 + digits];
}

static int select_device(const struct dirent *entry)
{
	return is_device_name(entry->d_name);
}

int rpmb_enumerate(int (*each)(const struct rpmb_info *info, void *arg),
		   void *arg)
{
	struct dirent **entries;
	struct rpmb_info info;
	int i, nr, ret = 0;

	nr = scandir(CLASS_DIR, &entries, select_device, versionsort);
	/* Without the class there are no devices */
	if (nr < 0)
		return errno == ENOENT ? 0 : rpmb_system_error(errno);

	for (i = 0; i < nr; i++) {
		if (!ret) {
			read_info(entries[i]->d_name, &info);
			ret = each(&info, arg);
		}
		free(entries[i]);
	}
	free(entries);
	return ret;
}

/* An identity as text or in hexadecimal */
static bool has_id(const struct rpmb_info *info, const char *id)
{
	uint8_t bytes[LIBRPMB_ID_LEN];
	size_t len = strlen(id);

	if (!len || !info->dev_id_len)
		return false;
	if (len == info->dev_id_len && !memcmp(id, info->dev_id, len))
		return true;
	return len == 2 * info->dev_id_len &&
	       len == strspn(id, "0123456789abcdefABCDEF") &&
	       from_hex(id, bytes, sizeof(bytes)) == info->dev_id_len &&
	       !memcmp(bytes, info->dev_id, info->dev_id_len);
}

struct search {
	const char *id;
	char name[sizeof(((struct rpmb_info *)0)->name)];
	unsigned int found;
};

static int match_id(const struct rpmb_info *info, void *arg)
{
	struct search *search = arg;

	if (!has_id(info, search->id))
		return 0;
	search->found++;
	memcpy(search->name, info->name, sizeof(search->name));
	return 0;
}

static int find_id(const char *id, struct search *search)
{
	int ret;

	search->id = id;
	ret = rpmb_enumerate(match_id, search);
	if (ret)
		return ret;
	if (!search->found)
		return RPMB_ERR_NO_DEVICE;
	return search->found == 1 ? 0 : RPMB_ERR_AMBIGUOUS;
}

int rpmb_find_path(const char *name, char **path)
{
	struct search search = { 0 };
	int ret;

	if (strchr(name, '/')) {
		*path = strdup(name);
		return *path ? 0 : RPMB_ERR_MEMORY;
	}
	if (!is_device_name(name)) {
		ret = find_id(name, &search);
		if (ret)
			return ret;
		name = search.name;
	}
	return asprintf(path, "/dev/%s", name) < 0 ? RPMB_ERR_MEMORY : 0;
}
