/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A UFS host controller: registers and lists of requests, after the UFSHCI
 * specification 3.0 (JESD223D)
 *
 * A request is over when the register write that starts it is, or as many ticks later
 * as the controller was told, unless the device gives no answer: then it stays in the
 * list until the host clears it. Addresses come from the machine and may be anything:
 * what cannot be read or written is a fatal error of the system bus. Left out: interrupt
 * aggregation, cryptography, queues of version 4. Gears and power modes are stored and do
 * nothing. A register of our own, at 0xc0, is the clock: without it no other register
 * answers, and none takes anything.
 */
#ifndef UFSHCI_H
#define UFSHCI_H

#include "link.h"
#include "pci.h"

#define UFSHCI_BAR_SIZE 4096
#define UFSHCI_NR_REGISTERS 64
#define UFSHCI_SLOTS 32
#define UFSHCI_TASK_SLOTS 8

/*
 * What the controller is
 *
 * @ticks: that a request waits before it is carried out, and twice that if it sends
 *	data to the device, so that requests overtake each other
 * @auto_hibernation: it can have the link hibernate by itself, after a tick for each
 *	microsecond that the host wants
 */
struct ufshci_config {
	uint8_t ticks;
	bool auto_hibernation;
};

/*
 * @left: ticks, for each slot that waits
 * @waiting: the slots that do
 * @most_waiting: how many have done that at once
 * @kept: slots whose requests the device has, and says nothing to
 * @held: those of them that it carries out when it is told to go on
 * @resets: how often the host has enabled it
 * @stands: the clock does
 * @stops: how often the host has stopped the clock
 * @unclocked: accesses to registers meanwhile
 */
struct ufshci {
	struct ufs *ufs;
	struct pci pci;
	uint32_t regs[UFSHCI_NR_REGISTERS];
	struct ufshci_config config;
	struct link link;
	uint16_t left[UFSHCI_SLOTS];
	uint32_t waiting;
	unsigned int most_waiting;
	uint32_t kept;
	uint32_t held;
	unsigned int resets;
	bool stands;
	unsigned int stops;
	unsigned int unclocked;
};

void ufshci_init(struct ufshci *host, struct ufs *ufs,
		 const struct ufshci_config *config);

/* Does anything wait for its time to go on? */
bool ufshci_waits(const struct ufshci *host);

/* It does: what has waited long enough is carried out, or the link dozes */
void ufshci_tick(struct ufshci *host);

/* Carry out what is held; false if there is nothing */
bool ufshci_release(struct ufshci *host);

#endif /* UFSHCI_H */
