/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Time, and what is in the middle of many times
 */
#ifndef MEDIAN_H
#define MEDIAN_H

/* Nanoseconds that only grow */
double now_ns(void);

/* The middle one of @nr values, which get sorted */
double median(double *values, unsigned int nr);

/* Print WHAT.WAY, the shortest and the middle one of @nr times, which get sorted */
void print_times(const char *what, const char *way, double *times,
		 unsigned int nr);

#endif /* MEDIAN_H */
