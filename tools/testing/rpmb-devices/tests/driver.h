/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A driver for the SD host controller and the card, as small as tests need it
 */
#ifndef DRIVER_H
#define DRIVER_H

#include <linux/rpmb.h>

#include "frame.h"
#include "machine.h"

/* Registers */
#define SDMA_ADDRESS 0x00
#define BLOCK_SIZE 0x04
#define BLOCK_COUNT 0x06
#define ARGUMENT 0x08
#define TRANSFER_MODE 0x0c
#define COMMAND 0x0e
#define RESPONSE 0x10
#define BUFFER_PORT 0x20
#define PRESENT_STATE 0x24
#define HOST_CONTROL 0x28
#define POWER_CONTROL 0x29
#define CLOCK_CONTROL 0x2c
#define SOFTWARE_RESET 0x2f
#define INT_STATUS 0x30
#define INT_ENABLE 0x34
#define SIGNAL_ENABLE 0x38
#define AUTO_CMD_STATUS 0x3c
#define HOST_CONTROL2 0x3e
#define ADMA_ADDRESS 0x58

#define INT_RESPONSE (1U << 0)
#define INT_TRANSFER (1U << 1)
#define INT_SDMA_BOUNDARY (1U << 3)
#define INT_PORT_WRITABLE (1U << 4)
#define INT_PORT_READABLE (1U << 5)
#define INT_INSERTED (1U << 6)
#define INT_REMOVED (1U << 7)
#define INT_ERROR (1U << 15)
#define INT_COMMAND_TIMEOUT (1U << 16)
#define INT_COMMAND_CRC (1U << 17)
#define INT_DATA_TIMEOUT (1U << 20)
#define INT_DATA_CRC (1U << 21)
#define INT_AUTO_CMD (1U << 24)
#define INT_ADMA (1U << 25)

/* All went well */
#define DONE (INT_RESPONSE | INT_TRANSFER)

/* HOST_CONTROL2 */
#define EXECUTE_TUNING (1 << 6)
#define TUNED (1 << 7)

#define STATE_PRESENT (1U << 16)
#define STATE_DATA_INHIBIT (1U << 1)
#define STATE_DATA_LINE_0 (1U << 20)
#define RESET_ALL 1
#define CLOCK_CARD_EN (1 << 2)
#define RESET_COMMAND_AND_DATA 6

/* Where things are in the machine's memory */
#define TABLE_ADDR MEMORY_ADDR
#define DATA_AT 0x10000
#define DATA_ADDR (MEMORY_ADDR + DATA_AT)

enum path { ADMA64, ADMA32, SDMA, PORT };

#define RELIABLE (1U << 31)
#define FLUSH_CACHE 32
#define CACHE_CTRL 33
#define PARTITION_CONFIG 179
#define RPMB 3
#define USER 0

/* The card in transfer state */
void driver_init(struct machine *m);

/* Only the controller, without a word to the card */
void driver_init_host(struct machine *m);

/*
 * A command; returns the interrupt's bits and clears them. The response is in
 * the registers.
 */
uint32_t driver_command(struct machine *m, uint8_t index, uint32_t arg);
uint32_t driver_response(struct machine *m);

/*
 * One that moves blocks of 512 bytes between the card and the machine's memory at
 * DATA_AT. @set_count is an automatic CMD23's argument, or 0.
 */
uint32_t driver_read(struct machine *m, uint8_t index, uint32_t arg,
		     uint32_t blocks, uint32_t set_count);
uint32_t driver_write(struct machine *m, uint8_t index, uint32_t arg,
		      uint32_t blocks, uint32_t set_count);

/* CMD21 while the host tunes; what HOST_CONTROL2 says then */
uint16_t driver_tune(struct machine *m);

/* How they do it from now on: ADMA64 after driver_init() */
void driver_set_path(enum path path);

/* CMD6, CMD13: true if there was no SWITCH_ERROR */
bool driver_switch(struct machine *m, uint8_t index, uint8_t value);

/* R1 of CMD13 */
uint32_t driver_status(struct machine *m);

/* Send frames to the RPMB, which is selected, and get some; INT_STATUS */
uint32_t rpmb_send(struct machine *m, const void *frames, unsigned int nr);
uint32_t rpmb_receive(struct machine *m, void *frames, unsigned int nr);

/* A whole exchange that has to go well; the fields of the response */
struct rpmb_fields rpmb_exchange(struct machine *m, void *request,
				 unsigned int nr, void *response,
				 unsigned int response_nr);

/* The key that all tests program, and what they do with it; result codes */
extern const uint8_t test_key[RPMB_KEY_LEN];
uint16_t rpmb_program(struct machine *m);
uint32_t rpmb_counter(struct machine *m);

/* Frames of a write of @nr blocks that are filled with @fill */
void rpmb_make_write(struct rpmb_frame *frames, uint32_t counter, uint32_t addr,
		     unsigned int nr, uint8_t fill);
uint16_t rpmb_write(struct machine *m, uint32_t counter, uint32_t addr,
		    unsigned int nr, uint8_t fill);

/* The byte that all of a block is filled with, -1 if there are several */
int rpmb_read(struct machine *m, uint32_t addr);

#endif /* DRIVER_H */
