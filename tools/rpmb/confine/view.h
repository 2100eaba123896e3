/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VIEW_H
#define VIEW_H

#include <stdbool.h>

struct confine_needs;

/*
 * Make a view of the file systems in which there is nothing but the directories of
 * what is needed, at their places. A system that does not allow that gets a log line,
 * and all is as it was; false and a log line if it went wrong half-way.
 */
bool view_enter(const struct confine_needs *needs);

#endif /* VIEW_H */
