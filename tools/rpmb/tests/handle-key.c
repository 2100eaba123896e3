// SPDX-License-Identifier: GPL-2.0-only
/*
 * The key in the program, as the library has it from its callers
 */
#include "handle.h"

const uint8_t *const key = (const uint8_t *)KEY;
const bool by_kernel;

void use_key(struct rpmb *rpmb)
{
	(void)rpmb;
}
