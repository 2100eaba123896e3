/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the tests of librpmb on fakes have in common
 */
#ifndef RPMB_TESTS_HANDLE_H
#define RPMB_TESTS_HANDLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "librpmb.h"

/* That of the fakes, and one that is not */
#define KEY "a key that is 32 bytes long ...."
extern const uint8_t other_key[LIBRPMB_KEY_LEN];

/*
 * The first one as it is given to the library: handle-key.c has its bytes. In
 * handle-keyed.c it is the kernel's, so NULL, and use_key() tells the library which.
 */
extern const uint8_t *const key;
extern const bool by_kernel;
void use_key(struct rpmb *rpmb);

/* Of what is no response to the request, the kernel says so itself if it judges it */
static inline int wrong_type(void)
{
	return by_kernel ? RPMB_ERR_MIXED_UP : RPMB_ERR_RESPONSE_TYPE;
}

/* Open a device, with the key, or end the test */
struct rpmb *must_open(const char *name, int flags);

/* The error of opening it for reading, or 0 */
int open_error(const char *name);

/* Data that differs from byte to byte and from block to block */
void fill(uint8_t *data, size_t len, uint8_t seed);

#endif /* RPMB_TESTS_HANDLE_H */
