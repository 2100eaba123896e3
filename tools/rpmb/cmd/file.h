/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Files with data: "-" is stdin or stdout
 */
#ifndef RPMB_CMD_FILE_H
#define RPMB_CMD_FILE_H

#include <stddef.h>
#include <stdint.h>

/*
 * Read at most @size bytes; NULL is stdin. Who wants to notice that there is more
 * asks for one byte more. Returns an exit code.
 */
int load_file(const char *file, void *data, size_t size, size_t *len);

/*
 * Write a file that only its owner can read, since what an RPMB keeps is often
 * secret; NULL is stdout. Returns an exit code.
 */
int store_file(const char *file, const void *data, size_t len);

/*
 * Give a file this text, durably: whoever looks sees all of it, or the file as it was.
 * What is no file is refused. Returns an exit code.
 */
int replace_file(const char *file, const char *text, unsigned int mode);

#endif /* RPMB_CMD_FILE_H */
