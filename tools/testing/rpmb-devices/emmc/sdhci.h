/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An SD host controller with an eMMC card in its slot: registers and data
 * transfers, after the SD Host Controller Standard Specification 3.00
 *
 * Moves data by ADMA2 (32 and 64 bits), SDMA or the buffer port. Addresses come
 * from the machine and may be anything: a transfer that cannot go on ends with an
 * error. A command is over when the register write that starts it is, apart from
 * a busy card, the SDMA boundary and the buffer port, which wait for somebody.
 *
 * Left out: suspend and resume of transfers, stop at block gap, wakeup, preset
 * values, ADMA3, version 4 mode, transfers without a block count. Clock, bus width
 * and voltage are stored and do nothing.
 */
#ifndef SDHCI_H
#define SDHCI_H

#include "cqhci.h"
#include "emmc.h"
#include "pci.h"

#define SDHCI_BAR_SIZE 4096
#define SDHCI_NR_REGISTERS 256
#define SDHCI_MAX_BLOCK_LEN 512

/* Where the data of a transfer comes from or goes to in the machine */
enum sdhci_path {
	PATH_PORT,
	PATH_SDMA,
	PATH_ADMA32,
	PATH_ADMA64,
};

/*
 * A transfer of data that is not at its end
 *
 * @left: blocks that are not with the other side yet
 * @block, @at: the block on its way, and how much of it has been moved
 * @addr, @room: of the memory that is used next; ADMA2 has @room bytes of it
 * @descriptor: ADMA2's next one
 * @waits: for the buffer port, or for SDMA's next address
 */
struct sdhci_transfer {
	bool active;
	bool read;
	bool waits;
	enum sdhci_path path;
	uint32_t left;
	uint32_t block_len;
	uint32_t at;
	uint64_t addr;
	uint32_t room;
	uint64_t descriptor;
	bool last_descriptor;
	uint8_t block[SDHCI_MAX_BLOCK_LEN];
};

/*
 * @has_queue: there is a command queue engine
 * @awaits_idle: Transfer Complete comes when the card is not busy any more
 * @was_present: what the machine knows of the card
 */
struct sdhci {
	struct emmc *card;
	struct pci pci;
	uint8_t regs[SDHCI_NR_REGISTERS];
	struct sdhci_transfer transfer;
	struct cqhci queue;
	bool has_queue;
	bool awaits_idle;
	bool was_present;
	unsigned int tunings;
};

void sdhci_init(struct sdhci *host, struct emmc *card, bool has_queue);

/*
 * For the command queue engine: a command, false if there was no response; the
 * task's data by the ADMA2 descriptors there; a task that cannot be read
 */
bool sdhci_task_command(struct sdhci *host, uint8_t index, uint32_t arg);
void sdhci_task_data(struct sdhci *host, bool read, uint32_t blocks,
		     uint64_t descriptor);
void sdhci_task_lost(struct sdhci *host);

/* Look at the card: it may have been taken out, or have become idle */
void sdhci_update(struct sdhci *host);

#endif /* SDHCI_H */
