// SPDX-License-Identifier: GPL-2.0-only
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fleet.h"
#include "tap.h"

#define MAX_ARGS 24

static const char *variable(const char *name)
{
	const char *value = getenv(name);

	check(value, "%s is not set", name);
	return value;
}

/* The device is the one that daemon_state() would name */
static const char *guid(void)
{
	return strchr(daemon_state(), '#') + 1;
}

const char *fleet_device(void)
{
	return daemon_state();
}

const char *fleet_device_by(const char *proxy)
{
	static char name[512];
	char *cwd = getcwd(NULL, 0);

	snprintf(name, sizeof(name),
		 "postgresql://postgres@/postgres?host=%s/%s&port=1#%s", cwd,
		 proxy, guid());
	free(cwd);
	return name;
}

const char *fleet_sql(const char *server, const char *format, ...)
{
	static char said[4096];
	char sql[1024], command[2048];
	va_list args;
	size_t len;
	FILE *f;

	va_start(args, format);
	vsnprintf(sql, sizeof(sql), format, args);
	va_end(args);
	snprintf(command, sizeof(command), "\"%s\" sql \"%s\" %s \"%s\" 2>&1",
		 variable("RPMB_POSTGRES"), variable("RPMB_FLEET"), server,
		 sql);
	fflush(stdout);
	f = popen(command, "re");
	check(f, "no shell");
	len = fread(said, 1, sizeof(said) - 1, f);
	said[len] = 0;
	said[strcspn(said, "\n")] = 0;
	check(!pclose(f), "%s: %s", sql, said);
	return said;
}

void fleet_do(const char *command, const char *server)
{
	char line[1024];

	snprintf(line, sizeof(line), "\"%s\" %s \"%s\" %s",
		 variable("RPMB_POSTGRES"), command, variable("RPMB_FLEET"),
		 server);
	fflush(stdout);
	check(!system(line), "%s", line);
}

void serve_start_args(struct host *host, const char *owner, const char *name,
		      const char *const options[])
{
	const char *args[MAX_ARGS] = {
		"--socket", host->socket, "--state", name, "--owner", owner,
		"--wrap-key", variable("RPMB_WRAP_KEY"), "--capacity", "1",
	};
	unsigned int n = 10;

	snprintf(host->socket, sizeof(host->socket), "socket-%s", owner);
	unlink(host->socket);
	for (; *options; options++) {
		check(n < MAX_ARGS - 1, "too many options");
		args[n++] = *options;
	}
	daemon_exec(&host->daemon, NULL, args);
}

void serve_begin(struct host *host, const char *name, struct model *model)
{
	model_set(model, 0);
	serve_open(host, "one", name, NULL);
	must_program_key(&host->fe);
	while (model->counter < 3)
		model_write(model, &host->fe);
}

void serve_goes_on(struct host *host, struct model *model, bool on_its_way)
{
	model_check(model, &host->fe, on_its_way);
	model_write(model, &host->fe);
	model_check(model, &host->fe, false);
}

void serve_stop(struct host *host)
{
	fe_close(&host->fe);
	daemon_stop(&host->daemon);
}

void serve_ends(struct host *host, int wanted, const char *words)
{
	int status = daemon_wait(&host->daemon);

	check(WIFEXITED(status) && WEXITSTATUS(status) == wanted,
	      "status %#x", status);
	check(strstr(daemon_messages(), words), "nobody says: %s", words);
}
