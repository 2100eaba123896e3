/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Ways through a part of a device, piece by piece: progress is shown and an
 * interruption is noticed between two pieces
 */
#ifndef RPMB_CMD_WALK_H
#define RPMB_CMD_WALK_H

#include "cmd.h"

struct walk {
	const struct session *session;
	const char *verb;		/* for the progress */
	bool patient;			/* show no progress for what is quick */
	unsigned int at_once;		/* blocks of a request, 0 if it depends */
	/* Do a piece, whose data is at @data; returns an exit code */
	int (*step)(struct walk *walk, const struct range *piece,
		    uint8_t *data);
	void *arg;
	unsigned int done;		/* blocks, in pieces that succeeded */
};

/* Returns the exit code of the first step that has not succeeded, or 15 */
int walk(struct walk *walk, const struct range *range, uint8_t *data);

/* Whole blocks around @len bytes at @offset; returns an exit code */
int find_range(const struct session *session, uint64_t offset, uint64_t len,
	       struct range *range);

uint64_t quantity_bytes(const struct quantity *quantity,
			const struct rpmb_info *info);

/* Read whole blocks, the usual step of a walk; what is not authentic is complained about */
int read_blocks(const struct session *session, const char *verb, bool patient,
		const struct range *range, uint8_t *data);

#endif /* RPMB_CMD_WALK_H */
