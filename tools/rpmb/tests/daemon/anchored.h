/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the tests of anchored states have in common
 */
#ifndef ANCHORED_H
#define ANCHORED_H

#include "anchor-host.h"
#include "model.h"

/* A host with two anchors, of which the daemon has the first one */
struct fake *anchored_host(void);

/* One more write in a life of the daemon's own */
void write_one(struct model *model, bool stop);

/* The daemon ends by itself, and says why; the file stays as it is */
void must_refuse(const char *words);

#endif /* ANCHORED_H */
