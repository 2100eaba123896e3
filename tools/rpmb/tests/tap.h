/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tests that print TAP
 */
#ifndef RPMB_TESTS_TAP_H
#define RPMB_TESTS_TAP_H

#include <stdbool.h>
#include <stdio.h>

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

struct test {
	const char *name;
	void (*run)(void);
};

static bool test_failed;

/* Go on after a failure, which is told with what was found */
#define expect(cond) do {						\
	if (!(cond)) {							\
		printf("# %s:%d: not so: %s\n", __FILE__, __LINE__,	\
		       #cond);						\
		test_failed = true;					\
	}								\
} while (0)

#define expect_eq(found, wanted) do {					\
	long long found_ = (found), wanted_ = (wanted);			\
									\
	if (found_ != wanted_) {					\
		printf("# %s:%d: %s is %lld, not %s (%lld)\n", __FILE__, \
		       __LINE__, #found, found_, #wanted, wanted_);	\
		test_failed = true;					\
	}								\
} while (0)

/* Returns the exit status */
static inline int run_tests(const struct test *tests, unsigned int nr)
{
	bool any_failed = false;
	unsigned int i;

	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("1..%u\n", nr);
	for (i = 0; i < nr; i++) {
		test_failed = false;
		tests[i].run();
		any_failed |= test_failed;
		printf("%sok %u - %s\n", test_failed ? "not " : "", i + 1,
		       tests[i].name);
	}
	return any_failed;
}

#endif /* RPMB_TESTS_TAP_H */
