/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Test programs that print TAP
 */
#ifndef RPMB_TESTS_TAP_H
#define RPMB_TESTS_TAP_H

#include <stdbool.h>
#include <stdio.h>

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

/* Fails by one of what is below, passes by returning */
struct test {
	const char *name;
	void (*run)(void);
};

/* What is done before and after each test, which may be NULL */
struct tap_frame {
	void (*before)(unsigned int nr);
	void (*after)(bool passed);
};

/* Returns the exit status. If @only is given, its name is in that of a test. */
int tap_run(const struct test *tests, unsigned int nr,
	    const struct tap_frame *frame, const char *only);

static inline int run_tests(const struct test *tests, unsigned int nr)
{
	return tap_run(tests, nr, &(struct tap_frame){}, "");
}

/* Say something in passing */
void tap_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The test has failed, but goes on; where several threads may say so */
void tap_complain(const char *format, ...)
	__attribute__((format(printf, 1, 2)));

/* The same, and the test ends here; for the thread that runs it */
void tap_fail(const char *format, ...)
	__attribute__((noreturn, format(printf, 1, 2)));

/* Go on after a failure */
#define expect(cond) do {						\
	if (!(cond))							\
		tap_complain("%s:%d: not so: %s", __FILE__, __LINE__,	\
			     #cond);					\
} while (0)

#define expect_eq(found, wanted) do {					\
	long long found_ = (found), wanted_ = (wanted);			\
									\
	if (found_ != wanted_)						\
		tap_complain("%s:%d: %s is %lld, not %s (%lld)",	\
			     __FILE__, __LINE__, #found, found_,	\
			     #wanted, wanted_);				\
} while (0)

/* End the test unless @cond, saying what was found */
#define check(cond, format, ...) do {					\
	if (!(cond))							\
		tap_fail("%s:%d: %s: " format, __FILE__, __LINE__,	\
			 #cond, ##__VA_ARGS__);				\
} while (0)

/* End the test unless @a and @b are the same number */
#define check_eq(a, b) do {						\
	long long _a = (a), _b = (b);					\
									\
	if (_a != _b)							\
		tap_fail("%s:%d: %s is %#llx, not %#llx (%s)",		\
			 __FILE__, __LINE__, #a, _a, _b, #b);		\
} while (0)

#endif /* RPMB_TESTS_TAP_H */
