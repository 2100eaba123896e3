/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef COMMANDS_H
#define COMMANDS_H

#include "state.h"

/*
 * @new_key: that of the hosts from now on
 * @copy: the new file of a backup or a conversion
 */
struct arguments {
	struct state_config state;
	const uint8_t *new_key;
	const char *copy;
	bool json;
};

/* They return false and have logged why if that failed */
bool command_create(const struct arguments *args);
bool command_inspect(const struct arguments *args);
bool command_check(const struct arguments *args);
bool command_backup(const struct arguments *args);
bool command_accept(const struct arguments *args);
bool command_convert(const struct arguments *args);

#endif /* COMMANDS_H */
