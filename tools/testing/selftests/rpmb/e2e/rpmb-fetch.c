// SPDX-License-Identifier: GPL-2.0-only
/*
 * The response that a region of a UFS device has for whoever asks, by SG_IO: without a
 * request before, as no program that uses an RPMB asks
 *
 *	rpmb-fetch DEVICE REGION KEY
 *
 * Prints type, result and write counter of the response, and whether it is signed with the
 * key.
 */
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <scsi/sg.h>

#include "common.h"
#include "frame.h"

#define SECURITY_PROTOCOL_IN 0xa2
#define SECURITY_PROTOCOL_UFS 0xec
#define UFS_RPMB_PROTOCOL_ID 0x01
#define CDB_LEN 12
#define FRAME_LEN 512
#define SENSE_LEN 64
#define TIMEOUT 30000

/* After a reset the unit has that to report first */
#define TRIES 4

static bool fetch(int fd, uint8_t region, uint8_t *frame)
{
	uint8_t sense[SENSE_LEN], cdb[CDB_LEN] = {
		SECURITY_PROTOCOL_IN, SECURITY_PROTOCOL_UFS, region,
		UFS_RPMB_PROTOCOL_ID, [8] = FRAME_LEN >> 8,
	};
	struct sg_io_hdr hdr = {
		.interface_id = 'S',
		.dxfer_direction = SG_DXFER_FROM_DEV,
		.cmd_len = sizeof(cdb),
		.cmdp = cdb,
		.mx_sb_len = sizeof(sense),
		.sbp = sense,
		.dxfer_len = FRAME_LEN,
		.dxferp = frame,
		.timeout = TIMEOUT,
	};

	if (ioctl(fd, SG_IO, &hdr))
		err(TROUBLE, "SG_IO");
	return !hdr.status && !hdr.host_status && !hdr.driver_status &&
	       !hdr.resid;
}

static void show(uint8_t *frame, const uint8_t *key)
{
	uint8_t mac[RPMB_MAC_LEN];
	struct rpmb_fields fields;
	bool is_signed;

	rpmb_frames_parse(RPMB_FRAME_JEDEC, frame, FRAME_LEN, &fields);
	rpmb_frames_hmac(RPMB_FRAME_JEDEC, frame, FRAME_LEN, key, mac);
	is_signed = !memcmp(rpmb_frames_mac(RPMB_FRAME_JEDEC, frame, FRAME_LEN),
			    mac, sizeof(mac));
	printf("type %#x, result %u, write counter %u, %s\n", fields.type,
	       fields.result, fields.counter,
	       is_signed ? "signed" : "not signed");
}

int main(int argc, char **argv)
{
	uint8_t key[LIBRPMB_KEY_LEN], frame[FRAME_LEN];
	unsigned int i;
	int fd;

	if (argc != 4)
		errx(TROUBLE, "see the comment at the beginning of my source");
	fd = open(argv[1], O_RDWR);
	if (fd < 0)
		err(TROUBLE, "%s", argv[1]);
	load_key(argv[3], key);
	for (i = 0; i < TRIES; i++) {
		if (!fetch(fd, atoi(argv[2]), frame))
			continue;
		show(frame, key);
		return 0;
	}
	errx(TROUBLE, "%s: no response", argv[1]);
}
