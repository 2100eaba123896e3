/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The RPMB partition of an eMMC card: frames in and out of the RPMB engine
 */
#ifndef RPMB_PARTITION_H
#define RPMB_PARTITION_H

#include "area.h"

/*
 * @frames: of the command that runs, NULL if none does
 * @nr: what CMD23 announced
 * @done: how many of them have come or gone
 * @out_of_range: an address is, as the result of the last request that writes says, or
 *	the last response
 */
struct rpmb {
	struct area area;
	uint8_t *frames;
	uint32_t nr;
	uint32_t done;
	bool out_of_range;
};

/* @large_writes: 32 frames at once, too */
void rpmb_init(struct rpmb *rpmb, struct rpmb_store *store, bool large_writes,
	       bool secure_wp);

/* What is not in the store is lost */
void rpmb_power_off(struct rpmb *rpmb);

/* Expect @nr frames of a request; false if that is too much */
bool rpmb_start_write(struct rpmb *rpmb, uint32_t nr);

/* A frame of it */
void rpmb_put(struct rpmb *rpmb, const void *frame);

/* The type of the request whose frames are all here */
uint16_t rpmb_request_type(const struct rpmb *rpmb);

/* Whether such a request changes the card; it has to be a reliable write then */
bool rpmb_is_write(uint16_t type);

/*
 * Carry it out
 *
 * @reliable: it came as a reliable write
 * @fails: the store is to refuse it
 */
void rpmb_execute(struct rpmb *rpmb, bool reliable, bool fails);

/* Make @nr frames of the response, with a @lie of area.h; false if that is too much */
bool rpmb_start_read(struct rpmb *rpmb, uint32_t nr, uint32_t lie);

/* The next of them */
void rpmb_get(struct rpmb *rpmb, void *frame);

/* Forget the frames of a command that is over */
void rpmb_stop(struct rpmb *rpmb);

#endif /* RPMB_PARTITION_H */
