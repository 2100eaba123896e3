/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is between a daemon and its database
 *
 * It passes everything on, and stops where a test wants: before the server gets a request
 * with certain words, or before the daemon gets the answer to it.
 */
#ifndef PROXY_H
#define PROXY_H

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>

/* Connections of a test */
#define PROXY_MOST 1024

enum proxy_place {
	PROXY_REQUEST,
	PROXY_ANSWER,
};

/*
 * What becomes of what was held
 *
 * @PROXY_LATE: the daemon finds that the connection is lost, but the server gets the
 *	request still, at the next proxy_go_on()
 */
enum proxy_action {
	PROXY_PASS,
	PROXY_CUT,
	PROXY_LATE,
};

/*
 * @refuses: whoever connects is turned away
 * @damages: one in so many bytes of what the server says is another one, 0 for none
 */
struct proxy {
	int listener;
	char server[108];
	pthread_t thread;
	atomic_bool quit;
	atomic_bool refuses;
	atomic_uint damages;
	atomic_uint accepted;
	pthread_t carriers[PROXY_MOST];

	pthread_mutex_t lock;
	const char *words;
	enum proxy_place place;
	sem_t held;
	sem_t go;
	sem_t done;
	enum proxy_action action;
};

/* In a new subdirectory of that name */
struct proxy *proxy_new(const char *directory);

/* Who connects from now on comes to that server; at first it is "a" */
void proxy_use(struct proxy *proxy, const char *server);

/* All of them end with the test */
void proxy_end_all(void);

/* Stop at the next one */
void proxy_arm(struct proxy *proxy, enum proxy_place place, const char *words);

/* Until it has stopped */
void proxy_wait_held(struct proxy *proxy);

/* Whether it has, or does not get there; for who waits for something else, too */
bool proxy_is_held(struct proxy *proxy);

/* Let it go on */
void proxy_go_on(struct proxy *proxy, enum proxy_action action);

/* Of a request that was late: the server has it */
void proxy_wait_done(struct proxy *proxy);

#endif /* PROXY_H */
