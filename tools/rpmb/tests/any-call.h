/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * System calls by their numbers, also by the entry that programs of 32 bits use
 */
#ifndef ANY_CALL_H
#define ANY_CALL_H

#include <unistd.h>

/* Added to a number of that architecture's */
#define I386_CALL 0x10000000L

#ifdef __x86_64__

static inline long i386_call(long nr)
{
	long result;

	asm volatile("int $0x80" : "=a" (result) : "a" (nr)
		     : "memory", "r8", "r9", "r10", "r11");
	return result;
}

#else

static inline long i386_call(long nr)
{
	return -nr;
}

#endif

static inline long any_call(long nr, const long a[6])
{
	if (nr >= I386_CALL && nr < 2 * I386_CALL)
		return i386_call(nr - I386_CALL);
	return syscall(nr, a[0], a[1], a[2], a[3], a[4], a[5]);
}

#endif /* ANY_CALL_H */
