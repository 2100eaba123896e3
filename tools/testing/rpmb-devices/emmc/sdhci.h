/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An SD host controller with an eMMC card in its slot: registers and data
 * transfers, after the SD Host Controller Standard Specification 3.00
 *
 * Moves data by ADMA2 (32 and 64 bits), SDMA or the buffer port. Addresses come
 * from the machine and may be anything: a transfer that cannot go on ends with an
 * error. A command is over when the register write that starts it is, apart from a
 * card that is busy or late, the SDMA boundary and the buffer port, which wait for
 * somebody.
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
	NR_PATHS
};

struct sdhci;

/*
 * For who starts a transfer: what comes next when all blocks have been moved, and
 * when one was not, of which the machine has been told; NULL is nothing. The transfer
 * is over by then.
 */
struct sdhci_transfer_ops {
	void (*moved)(struct sdhci *host);
	void (*failed)(struct sdhci *host);
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
	const struct sdhci_transfer_ops *ops;
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
 * The registers know the command queue engine and commands, these two know transfers;
 * nobody calls the other way.
 *
 * @has_queue: there is a command queue engine
 * @when_idle: what happens when the card is not busy any more, NULL if nothing does
 * @was_present: what the machine knows of the card
 * @transfers: by their path, for tests as @tunings
 */
struct sdhci {
	struct emmc *card;
	struct pci pci;
	uint8_t regs[SDHCI_NR_REGISTERS];
	struct sdhci_transfer transfer;
	struct cqhci queue;
	bool has_queue;
	void (*when_idle)(struct sdhci *host);
	bool was_present;
	unsigned int tunings;
	unsigned int transfers[NR_PATHS];
};

void sdhci_init(struct sdhci *host, struct emmc *card, bool has_queue);

/*
 * For the command queue engine: a command, false if there was no response; the
 * task's data by the ADMA2 descriptors there; a task that cannot be read. The machine
 * is told of what fails.
 */
bool sdhci_task_command(struct sdhci *host, uint8_t index, uint32_t arg);
void sdhci_task_data(struct sdhci *host, bool read, uint32_t blocks,
		     uint64_t descriptor, const struct sdhci_transfer_ops *ops);
void sdhci_task_lost(struct sdhci *host);

/* Do it at once, or, if the card is busy, when it is not any more */
void sdhci_when_idle(struct sdhci *host, void (*done)(struct sdhci *host));

/* Look at the card: it may have been taken out, have become idle, or have data now */
void sdhci_update(struct sdhci *host);

#endif /* SDHCI_H */
