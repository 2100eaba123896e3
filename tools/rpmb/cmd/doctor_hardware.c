// SPDX-License-Identifier: GPL-2.0-only
/*
 * doctor: hardware, as the buses that it is on show it
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "doctor.h"
#include "sysfs.h"

#define CARDS "/sys/bus/mmc/devices"
#define SCSI_DEVICES "/sys/bus/scsi/devices"
#define VIRTIO_DEVICES "/sys/bus/virtio/devices"

/* MMC_CAP_CMD23 of the kernel's <linux/mmc/host.h> */
#define CAP_CMD23 (1 << 30)

/* The well-known logical unit of a UFS device's RPMB, as SCSI devices are named */
#define RPMB_UNIT_NAME ":49476"
#define UFS_4_0 0x0400
#define ADVANCED_RPMB (1 << 4)
#define REGIONS 4

#define VIRTIO_ID_RPMB 28
#define VIRTIO_NEEDS_RESET 0x40
#define VIRTIO_FAILED 0x80

static bool is_emmc(const char *path)
{
	char type[16];

	return rpmb_attr(path, "type", type, sizeof(type)) &&
	       !strcmp(type, "MMC");
}

/*
 * Where debugfs says so, or, since the kernel has a partition for the RPMB only on hosts
 * that can, by that
 */
static bool has_cmd23(const char *name, const char *path)
{
	unsigned long long caps;
	char dir[128];

	snprintf(dir, sizeof(dir), "/sys/kernel/debug/%.*s",
		 (int)strcspn(name, ":"), name);
	if (rpmb_attr_number(dir, "caps", &caps))
		return caps & CAP_CMD23;
	snprintf(dir, sizeof(dir), "%.100s/block", path);
	return !look_for(dir, "mmcblk*") || look_for(path, "mmcblk*rpmb");
}

static void check_card(struct doctor *doctor, const char *name,
		       const char *path)
{
	unsigned long long size;

	if (!is_emmc(path))
		return;
	rpmb_attr_number(path, "raw_rpmb_size_mult", &size);
	if (size)
		doctor->hardware |= 1 << RPMB_TRANSPORT_EMMC;
	if (!size)
		found(doctor, DOCTOR_NOTE, "use another device",
		      "the eMMC card %s has no RPMB", name);
	else if (!has_cmd23(name, path))
		found(doctor, DOCTOR_ERROR,
		      "see whether a newer kernel's driver of the host sets MMC_CAP_CMD23",
		      "the host of the eMMC card %s does not support CMD23, without which there is no RPMB",
		      name);
	else
		found(doctor, DOCTOR_OK, NULL,
		      "the eMMC card %s has an RPMB of %llu KiB", name,
		      size * 128);
}

void check_emmc(struct doctor *doctor)
{
	look_each(doctor, CARDS, check_card);
}

static bool is_rpmb_unit(const char *name)
{
	const char *lun = strrchr(name, ':');

	return lun && !strcmp(lun, RPMB_UNIT_NAME);
}

static bool is_advanced(const char *path, unsigned long long regions)
{
	unsigned long long version;

	rpmb_attr_number(path, "../../../device_descriptor/specification_version",
			 &version);
	return version >= UFS_4_0 && (regions & ADVANCED_RPMB);
}

/* Region 0 always is; its bit means nothing */
static unsigned int count_regions(unsigned long long enabled)
{
	unsigned int nr = 1, i;

	for (i = 1; i < REGIONS; i++)
		nr += enabled >> i & 1;
	return nr;
}

static void check_unit(struct doctor *doctor, const char *name,
		       const char *path)
{
	unsigned long long regions;
	char state[32], next[128];

	if (!is_rpmb_unit(name))
		return;
	doctor->hardware |= 1 << RPMB_TRANSPORT_UFS;
	rpmb_attr_number(path, "unit_descriptor/data_reliability", &regions);
	snprintf(next, sizeof(next), "echo running >" SCSI_DEVICES "/%.32s/state",
		 name);
	if (rpmb_attr(path, "state", state, sizeof(state)) &&
	    strcmp(state, "running"))
		found(doctor, DOCTOR_ERROR, next,
		      "the RPMB unit %s of a UFS device is %s", name, state);
	else if (is_advanced(path, regions))
		found(doctor, DOCTOR_ERROR,
		      "have the device configured for the normal mode, before its key is programmed",
		      "the UFS device of unit %s is in the advanced RPMB mode, which is not supported",
		      name);
	else
		found(doctor, DOCTOR_OK, NULL,
		      "the UFS device of unit %s has RPMB regions: %u", name,
		      count_regions(regions));
}

static void check_host(struct doctor *doctor, const char *name,
		       const char *path)
{
	char driver[32], unit[64];

	snprintf(unit, sizeof(unit), "%.32s:*" RPMB_UNIT_NAME,
		 name + strlen("host"));
	if (!rpmb_attr(path, "proc_name", driver, sizeof(driver)) ||
	    strcmp(driver, "ufshcd") || look_for(SCSI_DEVICES, unit))
		return;
	found(doctor, DOCTOR_WARNING, "see what the kernel's log says of the host",
	      "the UFS device of %s shows no RPMB", name);
}

void check_ufs(struct doctor *doctor)
{
	look_each(doctor, SCSI_DEVICES, check_unit);
	look_each(doctor, "/sys/class/scsi_host", check_host);
}

/* Only the controller itself says it */
static void check_controller(struct doctor *doctor, const char *name,
			     const char *path)
{
	struct rpmb *rpmb;
	int ret;

	(void)path;
	ret = rpmb_open(&rpmb, name, O_RDONLY);
	rpmb_close(rpmb);
	if (!ret)
		doctor->hardware |= 1 << RPMB_TRANSPORT_NVME;
	if (!ret)
		found(doctor, DOCTOR_OK, NULL,
		      "the NVMe controller %s has RPMB targets", name);
	else if (ret == RPMB_ERR_NOT_RPMB)
		found(doctor, DOCTOR_NOTE, "use another device",
		      "the NVMe controller %s has no RPMB target", name);
	else if (ret == RPMB_ERR_UNSUPPORTED)
		found(doctor, DOCTOR_WARNING, "use another device",
		      "the RPMB targets of the NVMe controller %s do not authenticate by HMAC-SHA256",
		      name);
	else if (ret == RPMB_ERR_PERMISSION)
		found(doctor, DOCTOR_NOTE, "run this as root",
		      "only root can ask the NVMe controller %s for its RPMB",
		      name);
	else
		found(doctor, DOCTOR_WARNING, "see what the kernel's log says of it",
		      "the NVMe controller %s does not say whether it has an RPMB",
		      name);
}

void check_nvme(struct doctor *doctor)
{
	look_each(doctor, "/sys/class/nvme", check_controller);
}

static bool is_virtio_rpmb(const char *path)
{
	unsigned long long id;

	return rpmb_attr_number(path, "device", &id) && id == VIRTIO_ID_RPMB;
}

static void check_virtio_device(struct doctor *doctor, const char *name,
				const char *path)
{
	unsigned long long status;

	if (!is_virtio_rpmb(path))
		return;
	doctor->hardware |= 1 << RPMB_TRANSPORT_VIRTIO;
	rpmb_attr_number(path, "status", &status);
	if (status & (VIRTIO_NEEDS_RESET | VIRTIO_FAILED))
		found(doctor, DOCTOR_ERROR,
		      "see the kernel's log, and that of the program that is the device on the host",
		      "the virtio device %s, an RPMB, has failed: its status is %#llx",
		      name, status);
	else
		found(doctor, DOCTOR_OK, NULL,
		      "the virtio device %s is an RPMB", name);
}

void check_virtio(struct doctor *doctor)
{
	look_each(doctor, VIRTIO_DEVICES, check_virtio_device);
}
