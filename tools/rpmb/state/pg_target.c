// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the name of a database means
 *
 * libpq takes it from a URI, the environment, and files. All of that is looked at once,
 * and so are the names of servers: who serves a guest has no files, and asks no name
 * service what somebody else can forge.
 */
#include <libgen.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "log.h"
#include "pg_session.h"

/* How long to wait for a server that says nothing; milliseconds */
#define CONNECT_MS 5000

/* Options that we know better than libpq, if @force better than the user */
static const struct preset {
	const char *keyword;
	const char *value;
	bool force;
} presets[] = {
	{ "target_session_attrs", "read-write", true },
	/* Kerberos has files of its own, and calls that the sandbox ends us for */
	{ "gssencmode", "disable", true },
	{ "fallback_application_name", "linux-rpmb", true },
	/* A server that is gone is noticed in seconds */
	{ "keepalives_idle", "5", false },
	{ "keepalives_interval", "2", false },
	{ "keepalives_count", "3", false },
	{ "tcp_user_timeout", "10000", false },
};

/* Those that name files, which libpq reads each time that it connects */
static const char *const files[] = {
	"passfile", "sslcert", "sslkey", "sslrootcert", "sslcrl", "sslcrldir",
};

bool pg_is_name(const char *name)
{
	return !strncmp(name, "postgresql://", 13) ||
	       !strncmp(name, "postgres://", 11);
}

const char *pg_fragment(const char *name)
{
	const char *hash = strrchr(name, '#');

	return hash ? hash + 1 : NULL;
}

/* The URI that libpq knows, which has no fragment; to be freed */
static char *uri_of(const char *name)
{
	const char *hash = strrchr(name, '#');

	return strndup(name, hash ? (size_t)(hash - name) : strlen(name));
}

static const char *option(const PQconninfoOption *options, const char *keyword)
{
	while (options->keyword && strcmp(options->keyword, keyword))
		options++;
	return options->keyword && options->val && *options->val ?
	       options->val : NULL;
}

/* The command line is no place for secrets: everybody on the host can read it */
static bool has_no_secret(const char *uri)
{
	char *wrong = NULL;
	PQconninfoOption *options = PQconninfoParse(uri, &wrong);
	bool ok = options && !option(options, "password") &&
		  !option(options, "sslpassword");

	if (!options)
		log_line("not the name of a database: %.*s",
			 (int)strcspn(wrong ?: "out of memory", "\n"),
			 wrong ?: "out of memory");
	else if (!ok)
		log_line("everybody on the host can read a command line,"
			 " so there is no place for a password: use a passfile");
	PQfreemem(wrong);
	PQconninfoFree(options);
	return ok;
}

/* What libpq makes of the URI, environment and service file, without connecting */
static PQconninfoOption *find_options(const char *uri)
{
	const char *const keywords[] = { "dbname", NULL };
	const char *const values[] = { uri, NULL };
	PGconn *conn = PQconnectStartParams(keywords, values, 1);
	PQconninfoOption *options = conn ? PQconninfo(conn) : NULL;

	PQfinish(conn);
	return options;
}

static const struct preset *find_preset(const char *keyword)
{
	size_t i;

	for (i = 0; i < sizeof(presets) / sizeof(presets[0]); i++)
		if (!strcmp(presets[i].keyword, keyword))
			return &presets[i];
	return NULL;
}

static bool is_file(const char *keyword)
{
	size_t i;

	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		if (!strcmp(files[i], keyword))
			return true;
	return false;
}

/* Takes what was allocated */
static bool add_place(struct pg_target *target, char *path)
{
	if (path && target->nr_places < PG_MAX_PLACES) {
		target->places[target->nr_places++] = path;
		return true;
	}
	free(path);
	return false;
}

/* By its full name if it is there; its directory has to be seen from the sandbox */
static char *take_file(struct pg_target *target, const char *path)
{
	char *full = realpath(path, NULL);

	if (!full)
		return strdup(path);
	if (add_place(target, strdup(full)))
		return full;
	free(full);
	return NULL;
}

/* The directory where libpq looks for certificates that nobody names */
static void add_home(struct pg_target *target)
{
	const char *home = getenv("HOME");
	char *path = NULL;

	if (home && asprintf(&path, "%s/.postgresql", home) >= 0)
		add_place(target, realpath(path, NULL));
	free(path);
}

static bool is_of_server(const char *keyword)
{
	return !strcmp(keyword, "host") || !strcmp(keyword, "hostaddr") ||
	       !strcmp(keyword, "port");
}

static bool add_option(struct pg_target *target, const PQconninfoOption *option)
{
	const struct preset *preset = find_preset(option->keyword);
	const char *value = option->val;
	char *copy;

	if (preset && (preset->force || !value || !*value))
		value = preset->value;
	if (!value || !*value || is_of_server(option->keyword))
		return true;
	if (!strcmp(option->keyword, "service"))
		return true;
	if (!strcmp(option->keyword, "connect_timeout") && atoi(value) > 0)
		target->wait_ms = atoi(value) * 1000;
	copy = is_file(option->keyword) ? take_file(target, value) :
					  strdup(value);
	if (!copy || target->nr_options == PG_MAX_OPTIONS)
		return false;
	target->keywords[target->nr_options] = option->keyword;
	target->options[target->nr_options++] = copy;
	return true;
}

static bool add_server(struct pg_target *target, const char *host,
		       const char *address, const char *port)
{
	struct pg_server *server = &target->servers[target->nr_servers];

	if (target->nr_servers == PG_MAX_SERVERS)
		return false;
	*server = (struct pg_server) {
		.host = strdup(host),
		.address = address ? strdup(address) : NULL,
		.port = strdup(port),
	};
	target->nr_servers++;
	return server->host && server->port && !address == !server->address;
}

static bool add_socket(struct pg_target *target, const char *directory,
		       const char *port)
{
	char *full = realpath(directory, NULL);
	bool ok = add_server(target, full ?: directory, NULL, port);

	if (full)
		ok = add_place(target, full) && ok;
	return ok;
}

/* A server that has several addresses is several servers */
static bool add_resolved(struct pg_target *target, const char *host,
			 const char *port)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct addrinfo *all, *each;
	char address[NI_MAXHOST];
	bool ok = true;
	int err = getaddrinfo(host, NULL, &hints, &all);

	if (err) {
		log_line("%s: %s", host, gai_strerror(err));
		return true;
	}
	for (each = all; ok && each; each = each->ai_next)
		ok = !getnameinfo(each->ai_addr, each->ai_addrlen, address,
				  sizeof(address), NULL, 0, NI_NUMERICHOST) &&
		     add_server(target, host, address, port);
	freeaddrinfo(all);
	target->network = true;
	return ok;
}

/* The next one of a list with commas; an empty one if there is none */
static char *next_of(char **list)
{
	char *one = *list ? strsep(list, ",") : NULL;

	return one ?: "";
}

/* One port is that of all servers */
static const char *next_port(char **ports, const char *last)
{
	const char *port = next_of(ports);

	return *port ? port : last;
}

static bool add_servers(struct pg_target *target, char *hosts, char *addresses,
			char *ports)
{
	const char *port = "5432", *host, *address;
	bool ok = true;

	do {
		host = next_of(&hosts);
		address = next_of(&addresses);
		port = next_port(&ports, port);
		if (*address) {
			target->network = true;
			ok = add_server(target, host, address, port);
		} else if (!*host) {
			ok = add_socket(target, "/var/run/postgresql", port);
		} else if (*host == '/' || *host == '@') {
			ok = add_socket(target, host, port);
		} else {
			ok = add_resolved(target, host, port);
		}
	} while (ok && (hosts || addresses));
	return ok;
}

static char *copy_option(const PQconninfoOption *options, const char *keyword)
{
	const char *value = option(options, keyword);

	return value ? strdup(value) : NULL;
}

static bool find_servers(struct pg_target *target,
			 const PQconninfoOption *options)
{
	char *hosts = copy_option(options, "host");
	char *addresses = copy_option(options, "hostaddr");
	char *ports = copy_option(options, "port");
	bool ok = add_servers(target, hosts, addresses, ports);

	free(hosts);
	free(addresses);
	free(ports);
	return ok;
}

static bool take(struct pg_target *target, const PQconninfoOption *options)
{
	const PQconninfoOption *each;
	bool ok = true;

	target->wait_ms = CONNECT_MS;
	for (each = options; ok && each->keyword; each++)
		ok = add_option(target, each);
	add_home(target);
	return ok && find_servers(target, options);
}

bool pg_target_find(struct pg_target *target, const char *name)
{
	char *uri = uri_of(name);
	PQconninfoOption *options = NULL;
	bool ok = uri && has_no_secret(uri);

	if (ok) {
		options = find_options(uri);
		ok = options && take(target, options);
		if (!ok)
			log_line("%s: too many servers or files, or out of memory",
				 name);
		else if (!target->nr_servers)
			log_line("%s: there is no such server", name);
	}
	PQconninfoFree(options);
	free(uri);
	return ok && target->nr_servers;
}

void pg_target_forget(struct pg_target *target)
{
	unsigned int i;

	for (i = 0; i < target->nr_options; i++) {
		explicit_bzero(target->options[i], strlen(target->options[i]));
		free(target->options[i]);
	}
	for (i = 0; i < target->nr_servers; i++) {
		free(target->servers[i].host);
		free(target->servers[i].address);
		free(target->servers[i].port);
	}
	for (i = 0; i < target->nr_places; i++)
		free(target->places[i]);
	*target = (struct pg_target) {};
}
