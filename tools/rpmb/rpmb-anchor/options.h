/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

/* What the command line says; numbers that are not given are UINT64_MAX */
struct options {
	const char *argument;		/* device, anchor or title */
	const char *ledger;
	const char *directory;
	const char *key_file;
	const char *key_keyring;
	const char *kernel_key;
	const char *wrap_key;
	int key_fd;
	bool insecure_key_file;
	const char *guid;
	const char *title;
	uint64_t uid;
	uint64_t share;
	uint64_t per_day;
	uint64_t capacity;
	bool json;
};

/* A command: its exit status */
typedef int (*command_fn)(const struct options *options);

/* Those of the hardware: see main.c */
int command_init(const struct options *options);
int command_serve(const struct options *options);

/* Those of the administrator, on the server's socket: see admin.c */
int command_list(const struct options *options);
int command_add(const struct options *options);
int command_remove(const struct options *options);
int command_set(const struct options *options);
int command_accept(const struct options *options);
int command_log(const struct options *options);
int command_forecast(const struct options *options);

/* Ends the program if the command line makes no sense */
command_fn options_parse(struct options *options, int argc, char **argv);

#endif /* OPTIONS_H */
