/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Arguments of options that programs with a state share. What is no such argument
 * ends the program.
 */
#ifndef ARGUMENT_H
#define ARGUMENT_H

#include <argp.h>
#include <stdint.h>

/* Decimal, or hexadecimal after 0x */
unsigned int argument_number(struct argp_state *argp, const char *option,
			     const char *text, unsigned long min,
			     unsigned long max);

/* STATE_DEV_ID_LEN bytes; warns of an identity that does not identify */
void argument_id(struct argp_state *argp, const char *option, uint8_t *id,
		 const char *text);

#endif /* ARGUMENT_H */
