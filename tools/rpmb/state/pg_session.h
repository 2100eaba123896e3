/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A session with the database of a fleet, and what becomes of a statement
 *
 * The database is PostgreSQL, or one that speaks its protocol. What it has acknowledged
 * has to survive the loss of the server that did, so a server whose settings say
 * otherwise is refused, each time that the session begins anew.
 */
#ifndef PG_SESSION_H
#define PG_SESSION_H

#include <libpq-fe.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct state_config;

#define PG_MAX_PARAMS 12
#define PG_MAX_PLACES 8
#define PG_MAX_OPTIONS 64
#define PG_MAX_SERVERS 16
#define PG_MAX_PREPARED 4

/*
 * How a statement ended
 *
 * @PG_DONE: it is durable
 * @PG_FAILED: it was not done, and the log has why
 * @PG_AGAIN: it was not done, but may be if it is sent once more; not in a transaction,
 *	all of which would have to be
 * @PG_UNKNOWN: it may have been done, or be done yet
 */
enum pg_end {
	PG_DONE,
	PG_FAILED,
	PG_AGAIN,
	PG_UNKNOWN,
};

/*
 * A statement, as the server gets it
 *
 * @name: under which it is prepared; NULL if it is sent once
 * @binary: bit n is set if parameter n + 1 is bytes, and not text
 * @binary_result: so is what it returns
 * @columns: of what it returns, which has to be so many
 */
struct pg_statement {
	const char *name;
	const char *sql;
	unsigned int nr;
	unsigned int binary;
	bool binary_result;
	int columns;
};

/* What a statement gets; a NULL value is NULL */
struct pg_values {
	const char *value[PG_MAX_PARAMS];
	int len[PG_MAX_PARAMS];
};

/* A server: its name or the directory of its socket, and its address if it has one */
struct pg_server {
	char *host;
	char *address;
	char *port;
};

/*
 * What a name says, once it is known what all of it means: no file has to be looked at
 * again but those in @places, and no name has to be resolved.
 *
 * @keywords, @options: those of libpq, but for the server
 * @servers: @current is the one that was connected to last
 * @network: one of them is somewhere else
 * @wait_ms: how long to wait for one
 */
struct pg_target {
	const char *keywords[PG_MAX_OPTIONS];
	char *options[PG_MAX_OPTIONS];
	unsigned int nr_options;
	struct pg_server servers[PG_MAX_SERVERS];
	unsigned int nr_servers;
	unsigned int current;
	char *places[PG_MAX_PLACES + 1];
	unsigned int nr_places;
	bool network;
	unsigned int wait_ms;
};

/*
 * @name: of the state or database, for messages
 * @stop: when this can be read, waits end before long; -1 if there is no such thing
 * @stopping: so it is
 * @single: one server is all there is, or it replicates in a way of its own
 * @connected: it has a connection, or is not known to have lost it
 * @warned: the server had more to say of this statement than that it was done
 * @in_transaction: we have begun one
 * @patience, @deadline: how long to wait for an answer, and until when for this one
 * @again: not before this it connects anew without a pause
 * @said: the message that came last, since the same one again helps nobody
 * @connecting, @why: messages are gathered, until all servers were tried
 */
struct pg_session {
	const char *name;
	int stop;
	bool stopping;
	bool single;
	struct pg_target target;
	PGconn *conn;
	atomic_bool connected;
	bool warned;
	bool in_transaction;
	unsigned int patience;
	int64_t deadline;
	int64_t again;
	char said[256];
	bool connecting;
	char why[256];
	const char *prepared[PG_MAX_PREPARED];
	unsigned int nr_prepared;
};

/* Is it the name of a database? */
bool pg_is_name(const char *name);

/* The part of a name from '#' on, without that; NULL if there is none */
const char *pg_fragment(const char *name);

/* Begin one; false and a log line if that is not possible now */
bool pg_begin(struct pg_session *session, const struct state_config *config);
void pg_end(struct pg_session *session);

/* The same session anew; false if it is not possible now, with a log line if it is news */
bool pg_reconnect(struct pg_session *session);

/* The next statement has nowhere to go before pg_reconnect() */
void pg_disconnect(struct pg_session *session);

/* Wait before another attempt; false if the program is to end */
bool pg_pause(struct pg_session *session);

/* What is sent from now on is the last, and is not waited for long */
void pg_hurry(struct pg_session *session);

/* Is there a connection, as far as we know? */
bool pg_is_connected(const struct pg_session *session);

/*
 * Run a statement. If it is done, and @result is not NULL, that is what it has returned,
 * to be given to PQclear().
 */
enum pg_end pg_run(struct pg_session *session,
		   const struct pg_statement *statement,
		   const struct pg_values *values, PGresult **result);

/* The same, sent once more as often as that may help; never PG_AGAIN */
enum pg_end pg_run_until(struct pg_session *session,
			 const struct pg_statement *statement,
			 const struct pg_values *values, PGresult **result);

/* Run SQL without parameters, whose last result has so many columns; never PG_AGAIN */
enum pg_end pg_run_sql(struct pg_session *session, const char *sql,
		       int columns, PGresult **result);

/*
 * The same with SQL that begins a transaction, which is to be ended. Outside of one a
 * statement is done only when it is committed.
 */
enum pg_end pg_run_begin(struct pg_session *session, const char *sql);
enum pg_end pg_run_end(struct pg_session *session, bool commit);

/* What it comes to if nobody sends it once more: PG_FAILED, with a log line, for PG_AGAIN */
enum pg_end pg_in_vain(struct pg_session *session, enum pg_end end);

/* Say what is wrong, once; returns false */
bool pg_say(struct pg_session *session, const char *what);

/* Find out what a name means; false and a log line if nothing, or if it has a password */
bool pg_target_find(struct pg_target *target, const char *name);
void pg_target_forget(struct pg_target *target);

#endif /* PG_SESSION_H */
