// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ways through a part of a device
 */
#include <signal.h>

#include "progress.h"
#include "walk.h"

/*
 * Blocks of a piece: one request of a device that takes as much or more at once, else
 * several. An interruption waits for the end of one; each costs a reading of the
 * counter, where something is written.
 */
#define PIECE 128

/* Blocks that one request can carry at most, whatever the device says */
#define LONGEST (RPMB_MAX_LEN / sizeof(struct rpmb_frame))

static volatile sig_atomic_t interrupted;

static void note_signal(int signal)
{
	(void)signal;
	interrupted = 1;
}

/* A second signal ends the program, should a device be stuck */
static void catch_signals(struct sigaction *old_int, struct sigaction *old_term)
{
	const struct sigaction action = {
		.sa_handler = note_signal,
		.sa_flags = SA_RESTART | SA_RESETHAND,
	};

	interrupted = 0;
	sigaction(SIGINT, &action, old_int);
	sigaction(SIGTERM, &action, old_term);
}

static unsigned int piece_size(unsigned int at_once)
{
	if (at_once >= PIECE)
		return at_once < LONGEST ? at_once : LONGEST;
	return at_once ? PIECE / at_once * at_once : PIECE;
}

static int walk_pieces(struct walk *walk, const struct range *range,
		       uint8_t *data, struct progress *progress)
{
	unsigned int bs = walk->session->info->block_size;
	unsigned int most = piece_size(walk->at_once);
	struct range piece;
	int ret;

	while (walk->done < range->blocks) {
		if (interrupted)
			return EXIT_INTERRUPTED;
		piece.addr = range->addr + walk->done;
		piece.blocks = range->blocks - walk->done;
		if (piece.blocks > most)
			piece.blocks = most;
		ret = walk->step(walk, &piece, data + (size_t)walk->done * bs);
		if (ret)
			return ret;
		walk->done += piece.blocks;
		show_progress(progress, (uint64_t)walk->done * bs);
	}
	return EXIT_OK;
}

int walk(struct walk *walk, const struct range *range, uint8_t *data)
{
	struct sigaction old_int, old_term;
	struct progress progress;
	int ret;

	start_progress(&progress, walk->verb, walk->patient,
		       (uint64_t)range->blocks *
		       walk->session->info->block_size);
	catch_signals(&old_int, &old_term);
	ret = walk_pieces(walk, range, data, &progress);
	sigaction(SIGINT, &old_int, NULL);
	sigaction(SIGTERM, &old_term, NULL);
	end_progress(&progress);
	return ret;
}

uint64_t quantity_bytes(const struct quantity *quantity,
			const struct rpmb_info *info)
{
	return quantity->value * (quantity->blocks ? info->block_size : 1);
}

int find_range(const struct session *session, uint64_t offset, uint64_t len,
	       struct range *range)
{
	const char *device = session->args->device;
	uint64_t size = capacity_bytes(session->info);
	unsigned int bs = session->info->block_size;

	if (!len)
		return complain(EXIT_USAGE, device, "nothing to do");
	if (offset > size || len > size - offset)
		return complain(EXIT_ADDRESS, device,
				"beyond the end: the device has %llu bytes",
				(unsigned long long)size);
	range->addr = offset / bs;
	range->blocks = (offset + len + bs - 1) / bs - range->addr;
	return 0;
}

static int read_piece(struct walk *walk, const struct range *piece,
		      uint8_t *data)
{
	const struct session *session = walk->session;
	int ret;

	ret = rpmb_read(session->rpmb, session->key, piece->addr, piece->blocks,
			data);
	return ret ? complain_error(session->args->device, ret) : 0;
}

int read_blocks(const struct session *session, const char *verb, bool patient,
		const struct range *range, uint8_t *data)
{
	struct walk way = {
		.session = session,
		.verb = verb,
		.patient = patient,
		.at_once = session->info->max_read,
		.step = read_piece,
	};
	int ret;

	ret = walk(&way, range, data);
	if (ret == EXIT_INTERRUPTED)
		complain(ret, session->args->device, "interrupted");
	return ret;
}
