/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A program that is a device
 */
#ifndef PROGRAM_H
#define PROGRAM_H

#include <argp.h>

#include "control.h"
#include "pci.h"
#include "ticks.h"

/* What each of them is told on its command line */
struct program_options {
	const char *socket;
	const char *control;
};

/*
 * The options for that. A program's parser has this as its first child, and gives it a
 * struct program_options when it begins, in child_inputs[0].
 */
extern const struct argp_child program_children[];

/*
 * @open: make the device as the options say, which are the program's own
 * @serve: listen, and serve until the signals say that it is enough
 * @close: keep what has to be kept
 *
 * Each of them is false and a log line on failure.
 */
struct program {
	struct argp argp;
	bool (*open)(const void *options);
	bool (*serve)(const void *options, int signals);
	bool (*close)(void);
};

/* What main() does; @options has what is not given on the command line */
int program_main(const struct program *program, void *options, int argc,
		 char **argv);

/*
 * Be a PCI function of a machine under QEMU, and take commands of tests, until a signal
 * ends it; false and a log line on failure
 *
 * @ticks: the device's time, NULL if all it does is done at once
 */
bool program_serve(struct pci *pci, const struct control_device *commands,
		   const struct program_options *options, struct ticks *ticks,
		   int signals);

#endif /* PROGRAM_H */
