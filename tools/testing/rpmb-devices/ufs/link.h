/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The link between a UFS host controller and its device, as the host commands it:
 * UniPro's attributes, and hibernation
 *
 * The host has the link hibernate and wakes it. Or the link dozes: it hibernates by
 * itself when nothing has come for a while, and wakes for whatever comes next.
 */
#ifndef LINK_H
#define LINK_H

#include "ufs.h"

#define LINK_NR_ATTRIBUTES 0x10000

enum uic_code {
	DME_GET = 0x01,
	DME_SET = 0x02,
	DME_PEER_GET = 0x03,
	DME_PEER_SET = 0x04,
	DME_LINK_STARTUP = 0x16,
	DME_HIBERNATE_ENTER = 0x17,
	DME_HIBERNATE_EXIT = 0x18,
};

#define UIC_SUCCESS 0x00
#define UIC_PEER_COMMUNICATION_FAILURE 0x08

/* Interrupts of the controller: the link has changed like that, or was to */
#define LINK_POWER_MODE (1U << 4)
#define LINK_WOKEN (1U << 5)
#define LINK_HIBERNATED (1U << 6)

/*
 * A command of the host
 *
 * @attribute: that it is about
 * @value: of that, as it is to be or as it is
 * @result: UIC_SUCCESS or not
 * @interrupt: that comes with it, 0 if there is none
 * @failed: the link has not changed
 */
struct uic_command {
	uint8_t code;
	uint16_t attribute;
	uint32_t value;
	uint8_t result;
	uint32_t interrupt;
	bool failed;
};

enum link_state {
	LINK_ACTIVE,
	LINK_HIBERNATES,	/* by command */
	LINK_DOZES,		/* by itself */
	LINK_NR_STATES
};

/*
 * @patience: ticks with nothing to carry until it dozes; 0 if it never does
 * @left: of those; 0 if it does not count them
 * @entered: how often it came into a state
 * @amid: how often it hibernated, either way, in the middle of an RPMB operation
 * @unheard: what came while it hibernated by command
 * @attributes: of this side and the device's
 */
struct link {
	struct ufs *ufs;
	enum link_state state;
	uint32_t patience;
	uint32_t left;
	uint64_t entered[LINK_NR_STATES];
	uint64_t amid;
	uint64_t unheard;
	uint32_t attributes[2][LINK_NR_ATTRIBUTES];
};

/* Down and up again: it is active, and never dozes */
void link_reset(struct link *link);

void link_command(struct link *link, struct uic_command *command);

void link_set_patience(struct link *link, uint32_t patience);

/*
 * Something is to be carried. False if the link does not: it hibernates by command, or
 * still dozes since it has failed to wake.
 */
bool link_carry(struct link *link);

/* A tick with nothing to carry; false if it was to doze, and has failed to */
bool link_tick(struct link *link);

#endif /* LINK_H */
