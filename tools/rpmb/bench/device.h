/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An RPMB that is measured, and its key. Whatever goes wrong ends the program.
 */
#ifndef DEVICE_H
#define DEVICE_H

#include <librpmb.h>

extern uint8_t key[LIBRPMB_KEY_LEN];

/* @ret is librpmb's, of what was done to @what */
void must(int ret, const char *what);

void load_key(const char *name);
struct rpmb *open_rpmb(const char *name);

#endif /* DEVICE_H */
