/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a kernel without our patches lacks
 */
#ifndef RPMB_COMPAT_H
#define RPMB_COMPAT_H

#include "kconfig/autoconf.h"

#endif /* RPMB_COMPAT_H */
