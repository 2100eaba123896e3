// SPDX-License-Identifier: GPL-2.0-only
/*
 * The directories of fake devices, as the kernel lays them out
 *
 * All hardware is below /sys/devices. What a class or a bus lists, and what
 * /sys/dev/char finds by number, are links to it.
 */
#include <err.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/stat.h>

#include "fake.h"

#define CARD "/sys/devices/mmc0/mmc0:0001"
#define HOST "/sys/devices/ufs"
#define UNIT HOST "/host0/target0:0:0/0:0:0:49476"
#define CONTROLLER "/sys/devices/pci/nvme/nvme0"

void fake_make_dirs(const char *path)
{
	char at[4096], *slash;

	snprintf(at, sizeof(at), "%s%s/", fake_dir(), path);
	for (slash = at + strlen(fake_dir()) + 1;
	     (slash = strchr(slash, '/')); slash++) {
		*slash = '\0';
		if (mkdir(at, 0700) && errno != EEXIST)
			err(99, "%s", at);
		*slash = '/';
	}
}

__attribute__((format(printf, 3, 4)))
static void put_attr(const char *dir, const char *attr, const char *fmt, ...)
{
	char path[4096], *slash;
	va_list args;
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", dir, attr);
	slash = strrchr(path, '/');
	*slash = '\0';
	fake_make_dirs(path);
	*slash = '/';

	snprintf(path, sizeof(path), "%s%s/%s", fake_dir(), dir, attr);
	file = fopen(path, "w");
	if (!file)
		err(99, "%s", path);
	va_start(args, fmt);
	vfprintf(file, fmt, args);
	va_end(args);
	fputc('\n', file);
	fclose(file);
}

/* @dir/@name leads to @to */
static void put_link(const char *dir, const char *name, const char *to)
{
	char path[4096], target[4096];

	fake_make_dirs(dir);
	snprintf(path, sizeof(path), "%s%s/%s", fake_dir(), dir, name);
	snprintf(target, sizeof(target), "%s%s", fake_dir(), to);
	unlink(path);
	if (symlink(target, path))
		err(99, "%s", path);
}

/* A device at @dir, which @list lists, and whose file has such a number */
static void put_device(const char *dir, const char *list, const char *subsystem,
		       unsigned int major, unsigned int minor)
{
	const char *name = strrchr(dir, '/') + 1;
	char number[32];

	fake_make_dirs(dir);
	fake_make_dirs(subsystem);
	put_link(dir, "subsystem", subsystem);
	put_link(list, name, dir);
	snprintf(number, sizeof(number), "%u:%u", major, minor);
	put_link("/sys/dev/char", number, dir);
}

static void put_class_attrs(const char *dir, const struct fake *fake)
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
	put_attr(dir, "dev_id", "%s", hex);
	put_attr(dir, "transport", "%s", transports[fake->transport]);
	put_attr(dir, "frame_format", "%s",
		 fake->frame_format == RPMB_FRAME_NVME ? "nvme" : "jedec");
	put_attr(dir, "block_size", "%u", rpmb_block_size(fake->frame_format));
	put_attr(dir, "capacity", "%u", fake->capacity);
	put_attr(dir, "target", "%u", fake->target);
}

/* Below the hardware that the bus would have, or by itself */
static void make_class(const char *name, const struct fake *fake,
		       unsigned int major, unsigned int minor)
{
	static const char * const parents[] = {
		[RPMB_TRANSPORT_EMMC] = CARD,
		[RPMB_TRANSPORT_UFS] = UNIT,
		[RPMB_TRANSPORT_NVME] = "/sys/devices/virtual/nvme-subsystem",
		[RPMB_TRANSPORT_VIRTIO] = "/sys/devices/virtio0",
	};
	char dir[256];

	snprintf(dir, sizeof(dir), "%s/rpmb/%s",
		 fake->apart ? "/sys/devices/apart" : parents[fake->transport],
		 name);
	put_class_attrs(dir, fake);
	put_device(dir, "/sys/class/rpmb", "/sys/class/rpmb", major, minor);
}

void fake_make_mainline(const char *name)
{
	char dir[256];

	snprintf(dir, sizeof(dir), CARD "/mmcblk0rpmb/rpmb/%s", name);
	fake_make_dirs(dir);
	fake_make_dirs("/sys/class/rpmb");
	put_link("/sys/class/rpmb", name, dir);
}

static void make_mmc(const char *name, const struct fake *fake,
		     unsigned int major, unsigned int minor)
{
	char dir[256], cid[2 * 16 + 1] = "";
	uint32_t i;

	for (i = 0; i < fake->dev_id_len; i++)
		snprintf(cid + 2 * i, 3, "%02x", fake->dev_id[i]);
	put_attr(CARD, "cid", "%s", cid);
	put_attr(CARD, "rev", "0x%x", fake->old ? 7 : 8);
	put_attr(CARD, "raw_rpmb_size_mult", "%#x", fake->capacity / 512);
	put_attr(CARD, "enhanced_rpmb_supported", "%#x",
		 !!(fake->write_sizes & 1 << 5));
	snprintf(dir, sizeof(dir), "%s/%s", CARD, name);
	put_device(dir, "/sys/bus/mmc_rpmb/devices", "/sys/bus/mmc_rpmb", major,
		   minor);
}

/* All of the capacity is in one region; another one has 128 KiB */
static void put_ufs_attrs(const struct fake *fake)
{
	unsigned int shift = 8 * (3 - fake->target);

	put_attr(HOST, "device_descriptor/manufacturer_id", "0x%04X", 0x1ce);
	put_attr(HOST, "device_descriptor/specification_version", "0x%04X",
		 fake->old ? 0x220 : 0x400);
	put_attr(HOST, "device_descriptor/device_version", "0x%04X", 0xa1);
	put_attr(HOST, "device_descriptor/manufacturing_date", "0x%04X",
		 0x1225);
	put_attr(HOST, "string_descriptors/product_name", "MODEL  ");
	put_attr(HOST, "string_descriptors/serial_number",
		 fake->no_id ? "A b" : "Ab3");
	put_attr(HOST, "geometry_descriptor/rpmb_rw_size", "0x%02X",
		 fake->max_read);
	put_attr(UNIT, "unit_descriptor/data_reliability", "0x%02X",
		 (1 << fake->target | (fake->advanced ? 0x10 : 0)));
	put_attr(UNIT, "unit_descriptor/logical_block_size", "0x%02X", 8);
	put_attr(UNIT, "unit_descriptor/logical_block_count", "0x%016X",
		 fake->capacity);
	put_attr(UNIT, "unit_descriptor/erase_block_size", "0x%08X",
		 fake->old ? 0 : fake->capacity / 512 << shift);
}

static void make_scsi(const char *class, const char *name,
		      const struct fake *fake, unsigned int major,
		      unsigned int minor)
{
	const char *unit = fake->other_unit ? HOST "/host0/target0:0:0/0:0:0:1" :
					      UNIT;
	char dir[256], list[256];

	put_ufs_attrs(fake);
	snprintf(dir, sizeof(dir), "%s/%s/%s", unit, class, name);
	snprintf(list, sizeof(list), "/sys/class/%s", class);
	put_device(dir, list, list, major, minor);
	put_link(dir, "device", unit);
}

static void make_nvme(const char *name, const struct fake *fake,
		      unsigned int major, unsigned int minor)
{
	(void)name;
	put_attr(CONTROLLER, "subsysnqn", "%s",
		 fake->no_id ? "" : "nqn.2014-08.org.nvmexpress:it");
	put_device(CONTROLLER, "/sys/class/nvme", "/sys/class/nvme", major,
		   minor);
}

void fake_make_sysfs(const char *name, const struct fake *fake,
		     unsigned int major, unsigned int minor)
{
	switch (fake->bus) {
	case FAKE_BUS_NONE:
		return make_class(name, fake, major, minor);
	case FAKE_BUS_MMC:
		return make_mmc(name, fake, major, minor);
	case FAKE_BUS_SG:
		return make_scsi("scsi_generic", name, fake, major, minor);
	case FAKE_BUS_BSG:
		return make_scsi("bsg", name + strlen("bsg/"), fake, major,
				 minor);
	case FAKE_BUS_NVME:
		return make_nvme(name, fake, major, minor);
	}
}
