/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of the eMMC card share
 */
#ifndef CARD_H
#define CARD_H

#include "emmc.h"

/* Error bits of R1 */
#define R1_OUT_OF_RANGE (1U << 31)
#define R1_BLOCK_LEN_ERROR (1U << 29)
#define R1_ERASE_SEQ_ERROR (1U << 28)
#define R1_COM_CRC_ERROR (1U << 23)
#define R1_ILLEGAL_COMMAND (1U << 22)
#define R1_ERROR (1U << 19)
#define R1_SWITCH_ERROR (1U << 7)

/* CMD23's argument */
#define RELIABLE_WRITE (1U << 31)
#define BLOCK_COUNT_MASK 0xffff

#define OPEN_ENDED UINT32_MAX

#define HS_TIMING_MASK 0xf
#define HS_TIMING_HS200 2
#define BUS_WIDTH_8 2

/*
 * What a command may and does
 *
 * ADDRESSED: for the card whose RCA is in the argument
 * IN_RPMB: allowed while the RPMB is selected
 * NOT_QUEUED, QUEUED: only while the command queue is off, or on
 * WRITES: brings data; faults strike when it is complete
 * NO_R1: the response is another
 */
enum command_flags {
	ADDRESSED = 1 << 0,
	IN_RPMB = 1 << 1,
	NOT_QUEUED = 1 << 2,
	QUEUED = 1 << 3,
	WRITES = 1 << 4,
	NO_R1 = 1 << 5,
};

/*
 * @run: carries it out, and returns R1's error bits; what is no R1 it puts into
 *	the card's response itself
 * @states: bit n is set if it is allowed in state n
 */
struct command {
	uint32_t (*run)(struct emmc *card, uint32_t arg);
	uint16_t states;
	uint16_t flags;
};

extern const struct command card_commands[EMMC_NR_COMMANDS];

/* As after power on */
void card_reset(struct emmc *card);

/* Does a fault happen here? @type is that of an RPMB request, or 0 */
bool card_strikes(struct emmc *card, enum fault_kind kind, int type);

/* The value of one that happens at this command, or 0 */
uint32_t card_fault_value(struct emmc *card, enum fault_kind kind);

/* Those that end all; then the card does nothing any more */
bool card_dies_before(struct emmc *card, int type);
bool card_dies_after(struct emmc *card, int type);

/* The end of what a host waits for; a fault can make it endless */
void card_finish(struct emmc *card, int type);

/*
 * Start a transfer of sectors, or of frames while the RPMB is selected; R1's error
 * bits. @transfer says all but where it comes from.
 */
uint32_t card_start(struct emmc *card, bool write,
		    const struct emmc_transfer *transfer);

/* CMD12: the end of a transfer */
void card_stop(struct emmc *card);

#endif /* CARD_H */
