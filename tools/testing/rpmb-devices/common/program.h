/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The life of a program that is a device in one machine under QEMU
 */
#ifndef PROGRAM_H
#define PROGRAM_H

#include "control.h"
#include "pci.h"
#include "ticks.h"

/*
 * Serve the machine and those who have commands until a signal ends it; false and a
 * log line if that is not possible
 *
 * @socket, @control: the names of their sockets
 * @ticks: the device's time, NULL if all it does is done at once
 * @signals: of serve_begin()
 */
bool program_serve(struct pci *pci, const char *socket,
		   const struct control_device *commands, const char *control,
		   struct ticks *ticks, int signals);

#endif /* PROGRAM_H */
