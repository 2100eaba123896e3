/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An RPMB that is measured, and its key. Whatever goes wrong ends the program.
 */
#ifndef DEVICE_H
#define DEVICE_H

#include <librpmb.h>
#include <linux/rpmb.h>

extern uint8_t key[LIBRPMB_KEY_LEN];

/* @ret is librpmb's, of what was done to @what */
void must(int ret, const char *what);

void load_key(const char *name);
struct rpmb *open_rpmb(const char *name);

/* Sign a write of @blocks blocks of @data from @addr on, and judge its answer */
void sign_write(struct rpmb_frame *frames, unsigned int addr,
		unsigned int blocks, uint32_t counter, const uint8_t *data);
void must_be_written(const struct rpmb_frame *answer);

#endif /* DEVICE_H */
