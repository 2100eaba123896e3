/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Test programs that print TAP
 */
#ifndef TAP_H
#define TAP_H

/* One test: fails by tap_fail(), passes by returning */
struct tap_test {
	const char *name;
	void (*run)(void);
};

/*
 * Run the tests, each in a new directory of its own; the first argument of the
 * program, if any, picks those whose name contains it. Returns the exit status.
 */
int tap_run(int argc, char **argv, const struct tap_test *tests,
	    unsigned int nr);

/* End the running test as failed */
void tap_fail(const char *fmt, ...)
	__attribute__((noreturn, format(printf, 1, 2)));

/* Say something in passing */
void tap_note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Fail unless @cond, saying what was found */
#define check(cond, fmt, ...) do {					\
	if (!(cond))							\
		tap_fail("%s:%d: %s: " fmt, __FILE__, __LINE__, #cond,	\
			 ##__VA_ARGS__);				\
} while (0)

/* Fail unless @a and @b are the same number */
#define check_eq(a, b) do {						\
	long long _a = (a), _b = (b);					\
									\
	if (_a != _b)							\
		tap_fail("%s:%d: %s is %#llx, not %#llx (%s)",		\
			 __FILE__, __LINE__, #a, _a, _b, #b);		\
} while (0)

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#endif /* TAP_H */
