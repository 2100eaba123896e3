/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A command queue engine beside the SD host controller, after JESD84-B51 annex B
 * (CQHCI 5.1)
 *
 * Works on one task after the other, those with lower numbers first, and has each
 * done when the doorbell has been rung for it, if the card is not busy. An error
 * halts it. Left out: direct commands, task discard, interrupt coalescing,
 * crypto; descriptors are those of 64-bit hosts.
 */
#ifndef CQHCI_H
#define CQHCI_H

#include <stdbool.h>
#include <stdint.h>

/* Where it is in the host's BAR */
#define CQHCI_OFFSET 0x200
#define CQHCI_NR_REGISTERS 256

struct sdhci;

/*
 * @running: the task @task is with the card
 */
struct cqhci {
	uint8_t regs[CQHCI_NR_REGISTERS];
	bool running;
	unsigned int task;
};

void cqhci_reset(struct sdhci *host);

uint8_t cqhci_read(const struct sdhci *host, uint32_t offset);

/* A byte; cqhci_run() has to follow */
void cqhci_write(struct sdhci *host, uint32_t offset, uint8_t value);

/* Work on tasks until there is none, or one has to be waited for */
void cqhci_run(struct sdhci *host);

/* Whether it has something to tell, which the host's interrupt status shows */
bool cqhci_pending(const struct sdhci *host);

#endif /* CQHCI_H */
