/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the tests of librpmb on fakes have in common
 */
#ifndef RPMB_TESTS_HANDLE_H
#define RPMB_TESTS_HANDLE_H

#include <stddef.h>
#include <stdint.h>

#include "librpmb.h"

/* That of the fakes, and one that is not */
#define KEY "a key that is 32 bytes long ...."
extern const uint8_t key[LIBRPMB_KEY_LEN];
extern const uint8_t other_key[LIBRPMB_KEY_LEN];

/* Open a device, or end the test */
struct rpmb *must_open(const char *name, int flags);

/* The error of opening it for reading, or 0 */
int open_error(const char *name);

/* Data that differs from byte to byte and from block to block */
void fill(uint8_t *data, size_t len, uint8_t seed);

#endif /* RPMB_TESTS_HANDLE_H */
