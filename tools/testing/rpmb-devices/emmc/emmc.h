/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An eMMC card: its states, commands and data, after JESD84-B51
 *
 * Executes each command at once; how long it is busy then, or looks for what it is to
 * send, it is told. In a transfer the host fetches or brings block after block. Left
 * out: boot mode, open-drain identification of several cards, CMD4, CMD14, CMD19, CMD26
 * to CMD31, CMD39, CMD40, CMD42, CMD49, CMD53 to CMD56, CMD13 for the state of the
 * command queue (tasks are ready at once), high priority interrupt, packed commands,
 * background operations, general purpose partitions and enhanced areas. What SWITCH has
 * set is lost with the power, the boot bits of PARTITION_CONFIG included.
 */
#ifndef EMMC_H
#define EMMC_H

#include "cache.h"
#include "faults.h"
#include "registers.h"
#include "rpmb.h"

#define EMMC_NR_COMMANDS 64
#define EMMC_MAX_BLOCK_LEN 512

enum emmc_state {
	STATE_IDLE = 0,
	STATE_READY = 1,
	STATE_IDENT = 2,
	STATE_STBY = 3,
	STATE_TRAN = 4,
	STATE_DATA = 5,
	STATE_RCV = 6,
	STATE_PRG = 7,
	STATE_DIS = 8,
	STATE_SLP = 10,
	STATE_INA = 15,		/* until it loses power */
};

/* What becomes of a command or a block on its way */
enum emmc_outcome {
	OUTCOME_OK,
	OUTCOME_CRC,
	OUTCOME_TIMEOUT,
};

/* A command's response: R2 has 16 bytes, the others a word */
struct emmc_response {
	bool is_long;
	uint32_t word;
	uint8_t bytes[CID_LEN];
};

/* What can be made to go wrong; README.rst says more */
enum fault_kind {
	FAULT_NO_RESPONSE,	/* the command is lost: not executed */
	FAULT_RESPONSE_CRC,	/* executed, its response damaged */
	FAULT_R1,		/* executed, error bits in its response */
	FAULT_DATA_CRC,		/* a block is damaged: refused, if written */
	FAULT_DATA_TIMEOUT,	/* data in, but no word of it: or no data out */
	FAULT_SWITCH_ERROR,	/* the switch is refused */
	FAULT_WRITE_FAILURE,	/* the RPMB cannot write: nothing changes */
	FAULT_FORGE,		/* the response of the RPMB is not authentic */
	FAULT_BUSY,		/* done, but busy until released */
	FAULT_REMOVE,		/* the card is taken out, before it does it */
	FAULT_POWER_BEFORE,	/* the card loses power, before it does it */
	FAULT_POWER_AFTER,	/* and after it has done it */
	FAULT_EXIT_BEFORE,	/* the same, with this whole program */
	FAULT_EXIT_AFTER,
	NR_FAULTS
};

extern const char *const fault_names[NR_FAULTS];

/* What a transfer's blocks are */
enum emmc_source {
	SOURCE_NONE,
	SOURCE_EXT_CSD,
	SOURCE_TUNING,
	SOURCE_SECTORS,
	SOURCE_RPMB,
};

/*
 * @left: blocks to come; UINT32_MAX if it goes on until CMD12
 * @sector: the next one
 * @ticks: until the first block can be fetched
 */
struct emmc_transfer {
	enum emmc_source source;
	uint32_t left;
	uint32_t sector;
	bool reliable;
	unsigned int ticks;
};

/*
 * For tests: what the card has seen
 *
 * @commands: by their index
 * @illegal: those that are not allowed, or not when they came
 * @switches: to each partition
 * @blocks_read, @blocks_written: sectors, or frames of the RPMB
 * @r1: error bits that R1 had, all together
 * @ticks: of its time
 */
struct emmc_stats {
	uint64_t commands[EMMC_NR_COMMANDS];
	uint64_t illegal;
	uint64_t switches[NR_PARTITIONS];
	uint64_t blocks_read[NR_PARTITIONS];
	uint64_t blocks_written[NR_PARTITIONS];
	uint32_t r1;
	uint64_t ticks;
};

#define EMMC_NR_TASKS 32

/* One of the command queue: CMD44 and CMD45 make it, CMD46 or CMD47 carries it out */
struct emmc_task {
	bool has_params;
	bool ready;
	bool read;
	bool reliable;
	uint16_t count;
	uint32_t sector;
};

#define EMMC_HISTORY 256

/* A command as it came */
struct emmc_event {
	uint8_t command;
	uint8_t partition;
	uint32_t arg;
};

/*
 * @busy_ticks: that it will still be busy; if there are none, until it is released
 * @status: R1's error bits to be reported with the next response
 * @block_count: CMD23's argument for the next command, 0 if there is none
 * @command: the one that is or was executed last
 * @response: its response, while it is executed
 * @rca: 0 until the host has given one
 * @erase_steps: 1 after CMD35, 2 after CMD36
 * @next_task: the one that CMD45 is about
 */
struct emmc {
	struct card_config config;
	struct storage *storage;
	struct cache cache;
	struct faults faults;
	struct emmc_stats stats;
	struct emmc_event history[EMMC_HISTORY];
	uint64_t nr_events;

	bool present;
	bool powered;
	bool busy;
	unsigned int busy_ticks;
	enum emmc_state state;
	uint32_t status;
	uint16_t rca;
	uint32_t block_count;
	uint8_t command;
	struct emmc_response *response;
	uint32_t erase_first;
	uint32_t erase_last;
	unsigned int erase_steps;
	struct emmc_transfer transfer;
	struct emmc_task tasks[EMMC_NR_TASKS];
	uint8_t next_task;
	struct rpmb rpmb;

	uint8_t csd[CSD_LEN];
	uint8_t ext_csd[EXT_CSD_LEN];
};

void emmc_init(struct emmc *card, const struct card_config *config,
	       struct storage *storage);

/* All that is not stored is lost */
void emmc_power(struct emmc *card, bool on);
void emmc_insert(struct emmc *card, bool present);

/* Whether time makes a difference to it, and some of it */
bool emmc_wants_tick(const struct emmc *card);
void emmc_tick(struct emmc *card);

/* The end of a busy time that a fault has made endless */
void emmc_release(struct emmc *card);

/* Execute a command; the response is valid only if the outcome is OK */
enum emmc_outcome emmc_command(struct emmc *card, uint8_t command, uint32_t arg,
			       struct emmc_response *response);

/* Bytes in the blocks of the transfer, 0 if there is none in that direction */
size_t emmc_readable(const struct emmc *card);
size_t emmc_writable(const struct emmc *card);

/* Whether the next block cannot be fetched yet */
bool emmc_is_late(const struct emmc *card);

/* Fetch or bring the next block */
enum emmc_outcome emmc_read(struct emmc *card,
			    uint8_t block[EMMC_MAX_BLOCK_LEN]);
enum emmc_outcome emmc_write(struct emmc *card,
			     const uint8_t block[EMMC_MAX_BLOCK_LEN]);

enum partition emmc_partition(const struct emmc *card);

#endif /* EMMC_H */
