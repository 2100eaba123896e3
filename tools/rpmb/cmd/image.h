/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Files with all of a device: what is at a place of the file is at the same place
 * of the device
 */
#ifndef RPMB_CMD_IMAGE_H
#define RPMB_CMD_IMAGE_H

#include "walk.h"

/*
 * Load the file that the command line names, into memory that the caller frees, and
 * find the part that it means. Returns an exit code.
 */
int load_image(const struct session *session, uint8_t **image,
	       struct range *range);

#endif /* RPMB_CMD_IMAGE_H */
