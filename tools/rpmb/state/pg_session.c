// SPDX-License-Identifier: GPL-2.0-only
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "log.h"
#include "pg_session.h"
#include "state.h"

/* How long to wait before asking again; milliseconds, as all below */
#define AGAIN_MS 500

/* How long a server may take that is there: twice as long after each time in vain */
#define PATIENCE_MS 30000
#define MOST_PATIENCE_MS 480000

#define MOST_RESULTS 64

/* How often a statement that got in another's way is sent */
#define MOST_TRIES 20

/* How long it may take when the program is to end */
#define STOP_MS 5000

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

/* What the servers have said one after the other, as one */
static void gather(struct pg_session *session, const char *what, int len)
{
	size_t used = strlen(session->why);

	snprintf(session->why + used, sizeof(session->why) - used, "%s%.*s",
		 used ? "; " : "", len, what);
}

bool pg_say(struct pg_session *session, const char *what)
{
	char line[sizeof(session->said)];
	int len = strcspn(what, "\n");

	if (session->connecting) {
		gather(session, what, len);
		return false;
	}
	snprintf(line, sizeof(line), "%.*s", len, what);
	if (strcmp(line, session->said)) {
		strcpy(session->said, line);
		log_line("%s: %s", session->name, line);
	}
	return false;
}

/* That the server wants to say more than that all is well makes an end doubtful */
static void take_notice(void *arg, const PGresult *result)
{
	const char *severity = PQresultErrorField(result,
						  PG_DIAG_SEVERITY_NONLOCALIZED);
	struct pg_session *session = arg;

	if (!severity || strcmp(severity, "WARNING"))
		return;
	session->warned = true;
	pg_say(session, PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY) ?:
			severity);
}

static void set_deadline(struct pg_session *session)
{
	session->deadline = now_ms() + (session->stopping ? STOP_MS :
							    session->patience);
}

static void note_stop(struct pg_session *session)
{
	int64_t end = now_ms() + STOP_MS;

	session->stopping = true;
	if (session->deadline > end)
		session->deadline = end;
}

/* Wait for the server; false if it takes too long, or cannot be waited for */
static bool wait_for(struct pg_session *session, short events)
{
	for (;;) {
		struct pollfd fds[] = {
			{ .fd = PQsocket(session->conn), .events = events },
			{ .fd = session->stopping ? -1 : session->stop,
			  .events = POLLIN },
		};
		int64_t left = session->deadline - now_ms();

		if (left <= 0) {
			pg_say(session, "the server does not answer");
			return false;
		}
		if (poll(fds, 2, left) < 0)
			continue;
		if (fds[1].revents)
			note_stop(session);
		if (fds[0].revents)
			return true;
	}
}

void pg_disconnect(struct pg_session *session)
{
	PQfinish(session->conn);
	session->conn = NULL;
	session->connected = false;
	session->in_transaction = false;
	session->nr_prepared = 0;
}

bool pg_is_connected(const struct pg_session *session)
{
	return session->conn && PQstatus(session->conn) == CONNECTION_OK;
}

/* Until the connection stands */
static bool await_connection(struct pg_session *session)
{
	PostgresPollingStatusType next = PGRES_POLLING_WRITING;

	while (PQstatus(session->conn) != CONNECTION_BAD &&
	       next != PGRES_POLLING_OK && next != PGRES_POLLING_FAILED) {
		if (!wait_for(session, next == PGRES_POLLING_READING ? POLLIN :
								       POLLOUT))
			return false;
		next = PQconnectPoll(session->conn);
	}
	if (next == PGRES_POLLING_OK && !PQsetnonblocking(session->conn, 1))
		return true;
	return pg_say(session, PQerrorMessage(session->conn));
}

static bool connect_to(struct pg_session *session,
		       const struct pg_server *server)
{
	struct pg_target *target = &session->target;
	const char *keywords[PG_MAX_OPTIONS + 4] = { "host", "port", "hostaddr" };
	const char *options[PG_MAX_OPTIONS + 4] = {
		server->host, server->port, server->address
	};
	unsigned int nr = target->nr_options;

	memcpy(keywords + 3, target->keywords, nr * sizeof(*keywords));
	memcpy(options + 3, target->options, nr * sizeof(*options));
	session->conn = PQconnectStartParams(keywords, options, 0);
	if (!session->conn)
		return pg_say(session, "out of memory");
	PQsetNoticeReceiver(session->conn, take_notice, session);
	session->deadline = now_ms() + (session->stopping ? STOP_MS :
							    target->wait_ms);
	return await_connection(session);
}

/* Is a setting of the server's one of these? Those that it does not know are none. */
struct setting {
	const char *name;
	const char *bad[3];
	const char *wrong;
};

static const struct setting settings[] = {
	{ "fsync", { "off" },
	  "refused: fsync is off, so a crash would take writes back" },
	{ "full_page_writes", { "off" },
	  "refused: full_page_writes is off, so a crash would damage the state" },
	/* Of the last one a standby has in memory only what it acknowledges */
	{ "synchronous_commit", { "off", "local", "remote_write" },
	  "refused: synchronous_commit is off, local or remote_write, so acknowledged"
	  " writes would be lost" },
	{ "synchronous_standby_names", { "" },
	  "refused: synchronous_standby_names is empty, so writes would be lost"
	  " with the server; if it is all there is, say --single-server" },
};

static bool is_bad(const struct setting *setting, const char *value)
{
	size_t i;

	for (i = 0; i < sizeof(setting->bad) / sizeof(setting->bad[0]); i++)
		if (setting->bad[i] && !strcmp(value, setting->bad[i]))
			return true;
	return false;
}

/* What is wrong with it; NULL if nothing is */
static const char *find_wrong(const struct pg_session *session,
			      const char *name, const char *value)
{
	size_t i, nr = sizeof(settings) / sizeof(settings[0]);

	for (i = 0; i < nr - session->single; i++)
		if (!strcmp(settings[i].name, name) &&
		    is_bad(&settings[i], value))
			return settings[i].wrong;
	return NULL;
}

static bool check_settings(struct pg_session *session)
{
	const char *wrong = NULL;
	PGresult *rows;
	int i;

	if (pg_run_sql(session,
		       "SELECT name, setting FROM pg_settings WHERE name IN"
		       " ('fsync', 'full_page_writes', 'synchronous_commit',"
		       " 'synchronous_standby_names')", 2, &rows) != PG_DONE)
		return false;
	for (i = 0; !wrong && i < PQntuples(rows); i++)
		wrong = find_wrong(session, PQgetvalue(rows, i, 0),
				   PQgetvalue(rows, i, 1));
	if (wrong)
		pg_say(session, wrong);
	PQclear(rows);
	return !wrong;
}

/* One of the servers, from the last one on */
static bool try_all(struct pg_session *session)
{
	struct pg_target *target = &session->target;
	unsigned int i;

	for (i = 0; i < target->nr_servers && !session->stopping; i++) {
		pg_disconnect(session);
		if (connect_to(session, &target->servers[target->current]) &&
		    check_settings(session))
			return true;
		target->current = (target->current + 1) % target->nr_servers;
	}
	pg_disconnect(session);
	return false;
}

bool pg_reconnect(struct pg_session *session)
{
	bool ok;

	/* What is lost again and again is not asked for without a pause */
	if (now_ms() < session->again && !pg_pause(session))
		return false;
	session->again = now_ms() + AGAIN_MS;
	session->why[0] = 0;
	session->connecting = true;
	ok = try_all(session);
	session->connecting = false;
	if (!ok)
		return pg_say(session, session->why);
	session->connected = true;
	if (session->said[0])
		log_line("%s: connected to %s", session->name,
			 PQhost(session->conn));
	session->said[0] = 0;
	return true;
}

bool pg_pause(struct pg_session *session)
{
	struct pollfd stop = { .fd = session->stop, .events = POLLIN };

	if (!session->stopping && poll(&stop, 1, AGAIN_MS) > 0)
		session->stopping = true;
	return !session->stopping;
}

void pg_hurry(struct pg_session *session)
{
	session->stop = -1;
	session->stopping = false;
	session->patience = STOP_MS;
}

bool pg_begin(struct pg_session *session, const struct state_config *config)
{
	*session = (struct pg_session) {
		.name = config->name,
		.stop = config->stop,
		.single = config->single_server,
		.patience = PATIENCE_MS,
	};
	if (pg_target_find(&session->target, config->name) &&
	    pg_reconnect(session))
		return true;
	pg_end(session);
	return false;
}

void pg_end(struct pg_session *session)
{
	pg_disconnect(session);
	pg_target_forget(&session->target);
	*session = (struct pg_session) {};
}

/* Have all of the request sent, and take what is there of an answer */
static bool flush(struct pg_session *session)
{
	int left;

	while ((left = PQflush(session->conn)) > 0)
		if (!wait_for(session, POLLIN | POLLOUT) ||
		    !PQconsumeInput(session->conn))
			return false;
	return !left;
}

static bool await_result(struct pg_session *session)
{
	while (PQisBusy(session->conn))
		if (!wait_for(session, POLLIN) ||
		    !PQconsumeInput(session->conn))
			return false;
	return true;
}

static bool is_error(const PGresult *result)
{
	ExecStatusType status = PQresultStatus(result);

	return status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK;
}

/* A result is an end only if none is worse */
static PGresult *worse(PGresult *one, PGresult *other)
{
	if (one && is_error(one)) {
		PQclear(other);
		return one;
	}
	PQclear(one);
	return other;
}

static enum pg_end judge_error(struct pg_session *session,
			       const PGresult *result)
{
	const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE) ?: "";
	const char *text = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);

	/* serialization_failure, deadlock_detected */
	if (!strcmp(state, "40001") || !strcmp(state, "40P01"))
		return PG_AGAIN;
	pg_say(session, text ?: PQresultErrorMessage(result));
	/* statement_completion_unknown, transaction_resolution_unknown, or not said */
	if (!strcmp(state, "40003") || !strcmp(state, "08007") || !*state)
		return PG_UNKNOWN;
	/* read_only_sql_transaction: another server takes writes now */
	if (!strcmp(state, "25006"))
		return PG_UNKNOWN;
	return PG_FAILED;
}

/* Nothing is under way any more, in the transaction that we know of */
static bool is_ready(const struct pg_session *session)
{
	PGTransactionStatusType status = PQtransactionStatus(session->conn);

	return PQstatus(session->conn) == CONNECTION_OK &&
	       (status == PQTRANS_IDLE ||
		(status == PQTRANS_INTRANS && session->in_transaction));
}

/*
 * The commit follows what the server says of the statement: nothing is known before the
 * server is ready for another one.
 */
static enum pg_end judge(struct pg_session *session, const PGresult *result,
			 int columns)
{
	if (PQstatus(session->conn) != CONNECTION_OK) {
		pg_say(session, PQerrorMessage(session->conn));
		return PG_UNKNOWN;
	}
	if (is_error(result))
		return judge_error(session, result);
	if (!is_ready(session) || PQnfields(result) != columns) {
		pg_say(session, "what the server says makes no sense");
		return PG_UNKNOWN;
	}
	return session->warned ? PG_UNKNOWN : PG_DONE;
}

/* What a request that was sent, if @sent, has come to */
static enum pg_end finish(struct pg_session *session, bool sent, int columns,
			  PGresult **result)
{
	PGresult *last = NULL, *next = NULL;
	bool ok = sent && flush(session);
	enum pg_end end = PG_UNKNOWN;
	unsigned int nr = 0;

	/* A server could go on for ever; none of our statements has so many */
	while (ok && (ok = nr++ < MOST_RESULTS && await_result(session)) &&
	       (next = PQgetResult(session->conn)))
		last = worse(last, next);
	if (ok)
		end = judge(session, last, columns);
	else
		pg_say(session, PQerrorMessage(session->conn));
	if (end == PG_DONE && result)
		*result = last;
	else
		PQclear(last);
	return end;
}

/* A server that is cut off from its standby takes writes still, and never ends them */
static void try_another(struct pg_session *session)
{
	struct pg_target *target = &session->target;

	target->current = (target->current + 1) % target->nr_servers;
	if (session->patience < MOST_PATIENCE_MS)
		session->patience *= 2;
}

/* Whoever was waited for in vain is given up, and the next time gets longer */
static enum pg_end run(struct pg_session *session, bool sent, int columns,
		       PGresult **result)
{
	enum pg_end end = finish(session, sent, columns, result);

	if (end != PG_UNKNOWN) {
		session->patience = PATIENCE_MS;
		return end;
	}
	if (now_ms() >= session->deadline)
		try_another(session);
	pg_disconnect(session);
	return end;
}

static void begin(struct pg_session *session)
{
	session->warned = false;
	set_deadline(session);
}

enum pg_end pg_in_vain(struct pg_session *session, enum pg_end end)
{
	if (end != PG_AGAIN)
		return end;
	pg_say(session, "others were in the way, so it was not done: try again");
	return PG_FAILED;
}

enum pg_end pg_run_sql(struct pg_session *session, const char *sql,
		       int columns, PGresult **result)
{
	enum pg_end end;

	if (!pg_is_connected(session))
		return PG_UNKNOWN;
	begin(session);
	end = run(session, PQsendQuery(session->conn, sql), columns, result);
	return pg_in_vain(session, end);
}

enum pg_end pg_run_begin(struct pg_session *session, const char *sql)
{
	session->in_transaction = true;
	return pg_run_sql(session, sql, 0, NULL);
}

enum pg_end pg_run_end(struct pg_session *session, bool commit)
{
	session->in_transaction = false;
	return pg_run_sql(session, commit ? "COMMIT" : "ROLLBACK", 0, NULL);
}

static bool is_prepared(const struct pg_session *session, const char *name)
{
	unsigned int i;

	for (i = 0; i < session->nr_prepared; i++)
		if (!strcmp(session->prepared[i], name))
			return true;
	return false;
}

static enum pg_end prepare(struct pg_session *session,
			   const struct pg_statement *statement)
{
	enum pg_end end;

	if (is_prepared(session, statement->name))
		return PG_DONE;
	begin(session);
	end = run(session, PQsendPrepare(session->conn, statement->name,
					 statement->sql, 0, NULL), 0, NULL);
	if (end == PG_DONE)
		session->prepared[session->nr_prepared++] = statement->name;
	return end;
}

static bool send(struct pg_session *session,
		 const struct pg_statement *statement,
		 const struct pg_values *values)
{
	int formats[PG_MAX_PARAMS];
	unsigned int i;

	for (i = 0; i < statement->nr; i++)
		formats[i] = statement->binary >> i & 1;
	if (statement->name)
		return PQsendQueryPrepared(session->conn, statement->name,
					   statement->nr, values->value,
					   values->len, formats,
					   statement->binary_result);
	return PQsendQueryParams(session->conn, statement->sql, statement->nr,
				 NULL, values->value, values->len, formats,
				 statement->binary_result);
}

enum pg_end pg_run(struct pg_session *session,
		   const struct pg_statement *statement,
		   const struct pg_values *values, PGresult **result)
{
	enum pg_end end = PG_DONE;

	if (!pg_is_connected(session))
		return PG_UNKNOWN;
	if (statement->name)
		end = prepare(session, statement);
	if (end != PG_DONE)
		return end;
	begin(session);
	end = run(session, send(session, statement, values),
		  statement->columns, result);
	return session->in_transaction ? pg_in_vain(session, end) : end;
}

enum pg_end pg_run_until(struct pg_session *session,
			 const struct pg_statement *statement,
			 const struct pg_values *values, PGresult **result)
{
	enum pg_end end = PG_AGAIN;
	unsigned int i;

	for (i = 0; end == PG_AGAIN && i < MOST_TRIES; i++)
		end = pg_run(session, statement, values, result);
	return pg_in_vain(session, end);
}
