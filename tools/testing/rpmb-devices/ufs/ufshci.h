/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A UFS host controller: registers and lists of requests, after the UFSHCI
 * specification 3.0 (JESD223D)
 *
 * A request is over when the register write that starts it is, or as many ticks later
 * as the controller was told, unless the device gives no answer: then it stays in the
 * list until the host clears it. Addresses come from the machine and may be anything:
 * what cannot be read or written is a fatal error of the system bus. Left out: interrupt
 * aggregation, cryptography, queues of version 4, automatic hibernation. Gears and power
 * modes are stored and do nothing.
 */
#ifndef UFSHCI_H
#define UFSHCI_H

#include "pci.h"
#include "ufs.h"

#define UFSHCI_BAR_SIZE 4096
#define UFSHCI_NR_REGISTERS 64
#define UFSHCI_SLOTS 32
#define UFSHCI_TASK_SLOTS 8
#define UFSHCI_NR_ATTRIBUTES 0x10000

/*
 * @ticks: that a request waits before it is carried out, and twice that if it sends
 *	data to the device, so that requests overtake each other
 * @left: of those, for each slot that waits
 * @waiting: the slots that do
 * @most_waiting: how many have done that at once
 * @kept: slots whose requests the device has, and says nothing to
 * @held: those of them that it carries out when it is told to go on
 * @hibernates: the link does, and carries nothing
 * @resets: how often the host has enabled it
 * @attributes: UniPro's, of this side and the device's
 */
struct ufshci {
	struct ufs *ufs;
	struct pci pci;
	uint32_t regs[UFSHCI_NR_REGISTERS];
	uint8_t ticks;
	uint16_t left[UFSHCI_SLOTS];
	uint32_t waiting;
	unsigned int most_waiting;
	uint32_t kept;
	uint32_t held;
	bool hibernates;
	unsigned int resets;
	uint32_t attributes[2][UFSHCI_NR_ATTRIBUTES];
};

void ufshci_init(struct ufshci *host, struct ufs *ufs, uint8_t ticks);

/* Its time goes on: what has waited long enough is carried out */
void ufshci_tick(struct ufshci *host);

/* Carry out what is held; false if there is nothing */
bool ufshci_release(struct ufshci *host);

#endif /* UFSHCI_H */
