/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef LOG_H
#define LOG_H

/* One line to stderr, whole even if both threads log */
void log_line(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif /* LOG_H */
