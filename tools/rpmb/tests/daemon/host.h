/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A device of the host that the daemon forwards to: the kernel's simulator where
 * the environment variable RPMB_SIM says that there is one, else a stand-in for the
 * kernel, which takes faults
 */
#ifndef HOST_H
#define HOST_H

#include "fake.h"

/* In the stand-in the device is this, in the simulator like it */
#define HOST_BLOCKS 512

/* Make a device without a key; returns its name, in memory of the test's */
char *host_device(void);

/* The stand-in's device, NULL if it is not one */
struct fake *host_fake(const char *name);

#endif /* HOST_H */
