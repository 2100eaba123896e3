# SPDX-License-Identifier: GPL-2.0-only
#
# The stand-in for the kernel: see fake.h

FAKE_SOURCES := $(filter-out %/fake-device.c, \
	$(wildcard $(dir $(lastword $(MAKEFILE_LIST)))fake*.c))
WRAP := -Wl,--wrap=open,--wrap=ioctl,--wrap=scandir,--wrap=access
WRAP := $(WRAP),--wrap=stat,--wrap=realpath,--wrap=readlink,--wrap=uname
