/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef LOG_H
#define LOG_H

/*
 * Whose device it is about what is said from now on; before there are threads. Without this
 * only the program's name is before each line.
 */
void log_about(const char *device, const char *guest);

/* One line to stderr, whole even if both threads log */
void log_line(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif /* LOG_H */
