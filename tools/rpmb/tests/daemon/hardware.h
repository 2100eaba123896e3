/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the hardware of rpmb-anchor has, for who puts it back while nobody uses it
 */
#ifndef HARDWARE_H
#define HARDWARE_H

#include <stddef.h>
#include <stdint.h>

struct hardware {
	uint8_t *bytes;
	size_t len;
};

void hardware_save(struct hardware *hw);
void hardware_put_back(const struct hardware *hw);
void hardware_free(struct hardware *hw);

#endif /* HARDWARE_H */
