#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# dracut sources its hooks, which therefore must not end
/sbin/rpmb-load-keys
