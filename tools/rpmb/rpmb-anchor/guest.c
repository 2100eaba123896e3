// SPDX-License-Identifier: GPL-2.0-only
#include <endian.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <nettle/memops.h>

#include "guest.h"
#include "log.h"
#include "table.h"

static const struct entry *entry_of(const struct server *server,
				    const struct guest *guest)
{
	return table_find(&server->table, guest->line.guid);
}

static uint64_t steps_left(const struct server *server,
			   const struct entry *entry)
{
	uint64_t left = entry->share > entry->number ?
			entry->share - entry->number : 0;

	return left < server->writes_left ? left : server->writes_left;
}

static struct anchor_reply make_reply(const struct server *server,
				      const struct entry *entry,
				      enum anchor_result result)
{
	struct anchor_reply reply = {
		.version = htole32(ANCHOR_VERSION),
		.result = htole32(result),
	};

	if (!result) {
		reply.number = htole64(entry->number);
		reply.left = htole64(steps_left(server, entry));
		reply.may_step_back = htole32(entry->may_step_back);
		memcpy(reply.name, entry->name, sizeof(reply.name));
	}
	return reply;
}

static void end_session(struct guest *guest)
{
	watch_end(&guest->session);
	guest->waiting = false;
	guest->to_answer = false;
}

/* A client that does not take its answers has none coming */
static void send_reply(struct guest *guest, const struct anchor_reply *reply)
{
	if (send(guest->session.fd, reply, sizeof(*reply),
		 MSG_NOSIGNAL | MSG_DONTWAIT) != sizeof(*reply))
		end_session(guest);
}

static void answer(const struct server *server, struct guest *guest,
		   enum anchor_result result)
{
	struct anchor_reply reply = make_reply(server, entry_of(server, guest), result);

	send_reply(guest, &reply);
}

static enum anchor_result judge(const struct server *server,
				const struct guest *guest,
				const struct entry *entry)
{
	const struct anchor_request *request = &guest->request;
	uint64_t number = le64toh(request->number);
	uint8_t name[LIBRPMB_STEP_LEN];

	if (number != entry->number + 1)
		return ANCHOR_OTHER_STEP;
	anchor_name_step(&guest->line, number, entry->name, request->root, name);
	if (!memeql_sec(name, request->name, sizeof(name)))
		return ANCHOR_FORGED;
	return steps_left(server, entry) ? ANCHOR_OK : ANCHOR_SPENT;
}

/* The answer to the same request may have been lost */
static bool is_there(const struct guest *guest, const struct entry *entry)
{
	return le64toh(guest->request.number) == entry->number &&
	       memeql_sec(guest->request.name, entry->name, sizeof(entry->name));
}

/* What cannot be made keeps nobody waiting */
static void take_step(struct server *server, struct guest *guest)
{
	const struct entry *entry = entry_of(server, guest);
	enum anchor_result result = ANCHOR_OK;

	if (!guest->in_batch && !is_there(guest, entry))
		result = judge(server, guest, entry);
	if (result) {
		answer(server, guest, result);
		return;
	}
	guest->waiting = true;
	server_go_on(server);
}

static void serve(struct server *server, struct guest *guest,
		  const struct anchor_request *request)
{
	if (le32toh(request->version) != ANCHOR_VERSION) {
		answer(server, guest, ANCHOR_BAD_REQUEST);
	} else if (le32toh(request->type) == ANCHOR_GET) {
		answer(server, guest, ANCHOR_OK);
	} else if (le32toh(request->type) != ANCHOR_ADVANCE || guest->waiting) {
		answer(server, guest, ANCHOR_BAD_REQUEST);
	} else {
		guest->request = *request;
		take_step(server, guest);
	}
}

static void session_ready(struct server *server, struct watch *watch)
{
	struct guest *guest = watch_of(watch, struct guest, session);
	struct anchor_request request;
	ssize_t len;

	/* The whole length, also of a packet that is longer */
	len = recv(watch->fd, &request, sizeof(request),
		   MSG_DONTWAIT | MSG_TRUNC);
	if (len < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (len == sizeof(request))
		serve(server, guest, &request);
	else
		end_session(guest);
}

/* Has the one who has the anchor gone, though nobody has noticed yet? */
static bool has_left(const struct guest *guest)
{
	struct pollfd session = { .fd = guest->session.fd };

	return guest->session.fd < 0 ||
	       (poll(&session, 1, 0) > 0 && session.revents & POLLHUP);
}

static enum anchor_result admit(const struct guest *guest,
				const struct entry *entry, int sock)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);

	if (getsockopt(sock, SOL_SOCKET, SO_PEERCRED, &peer, &len) ||
	    (peer.uid && peer.uid != entry->uid))
		return ANCHOR_NOT_ALLOWED;
	return has_left(guest) ? ANCHOR_OK : ANCHOR_IN_USE;
}

/* Who connects is told whether he has the anchor, before he has asked */
static void listener_ready(struct server *server, struct watch *watch)
{
	struct guest *guest = watch_of(watch, struct guest, listener);
	const struct entry *entry = entry_of(server, guest);
	enum anchor_result result;
	struct anchor_reply reply;
	int sock;

	/* What is anchored is about to be another step: who comes now hears of that one */
	if (guest->in_batch) {
		watch_pause(server, watch);
		return;
	}
	sock = accept4(watch->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (sock < 0)
		return;
	result = admit(guest, entry, sock);
	reply = make_reply(server, entry, result);
	if (result) {
		send(sock, &reply, sizeof(reply), MSG_NOSIGNAL);
		close(sock);
		return;
	}
	end_session(guest);
	if (!watch_begin(server, &guest->session, sock, session_ready))
		return;
	memcpy(reply.guid, guest->line.guid, sizeof(reply.guid));
	memcpy(reply.salt, guest->line.salt, sizeof(reply.salt));
	memcpy(reply.key, guest->line.key, sizeof(reply.key));
	send_reply(guest, &reply);
	explicit_bzero(&reply, sizeof(reply));
}

bool guest_apply(struct server *server, struct guest *guest,
		 struct table *next, double now)
{
	struct entry *entry = table_find(next, guest->line.guid);
	enum anchor_result result;
	bool is_new;

	if (!guest->waiting || !entry ||
	    pace_wait(&guest->pace, entry->per_day, now) > 0)
		return false;
	guest->waiting = false;
	is_new = !is_there(guest, entry);
	result = is_new ? judge(server, guest, entry) : ANCHOR_OK;
	if (result || !is_new) {
		answer(server, guest, result);
		return false;
	}
	pace_step(&guest->pace);
	entry->number++;
	entry->may_step_back = false;
	memcpy(entry->name, guest->request.name, sizeof(entry->name));
	guest->in_batch = true;
	guest->to_answer = true;
	return true;
}

void guest_done(struct server *server, struct guest *guest)
{
	if (guest->to_answer)
		answer(server, guest, ANCHOR_OK);
	guest->in_batch = false;
	guest->to_answer = false;
	watch_resume(server, &guest->listener);
}

bool guest_fits_in(const char *directory)
{
	struct sockaddr_un addr;

	if (strlen(directory) + LIBRPMB_GUID_TEXT + sizeof("/socket") <
	    sizeof(addr.sun_path))
		return true;
	log_line("%s: too long for the names of sockets", directory);
	return false;
}

static bool make_directory(const char *path)
{
	if (!mkdir(path, 0711) || errno == EEXIST) {
		/* The umask is for files that only we use */
		if (!chmod(path, 0711))
			return true;
	}
	log_line("%s: %s", path, strerror(errno));
	return false;
}

static bool listen_for(struct server *server, struct guest *guest)
{
	char guid[LIBRPMB_GUID_TEXT];
	char *slash;
	bool ok;

	rpmb_guid_to_text(guid, guest->line.guid);
	if (asprintf(&guest->path, "%s/%s/socket", server->directory, guid) < 0) {
		guest->path = NULL;
		return false;
	}
	slash = strrchr(guest->path, '/');
	*slash = '\0';
	ok = make_directory(guest->path);
	*slash = '/';
	/* Who may use it is decided by who connects */
	return ok && watch_begin(server, &guest->listener,
				 watch_socket(guest->path, 0666),
				 listener_ready);
}

static void free_guest(struct guest *guest)
{
	watch_end(&guest->listener);
	watch_end(&guest->session);
	if (guest->path)
		unlink(guest->path);
	free(guest->path);
	explicit_bzero(guest, sizeof(*guest));
	free(guest);
}

bool guest_add(struct server *server, const struct entry *entry)
{
	struct guest *guest = calloc(1, sizeof(*guest));

	if (!guest) {
		log_line("out of memory");
		return false;
	}
	guest->listener = WATCH_NONE;
	guest->session = WATCH_NONE;
	memcpy(guest->line.guid, entry->guid, sizeof(entry->guid));
	memcpy(guest->line.salt, entry->salt, sizeof(entry->salt));
	keys_of_line(server->keys, &guest->line);
	pace_begin(&guest->pace, entry->per_day, server_now());
	if (!listen_for(server, guest)) {
		free_guest(guest);
		return false;
	}
	guest->next = server->guests;
	server->guests = guest;
	return true;
}

void guest_end(struct server *server, struct guest *guest)
{
	struct guest **link = &server->guests;

	while (*link != guest)
		link = &(*link)->next;
	*link = guest->next;
	free_guest(guest);
}

void guest_remove(struct server *server, struct guest *guest)
{
	char *directory = strdup(guest->path);

	guest_end(server, guest);
	if (directory) {
		*strrchr(directory, '/') = '\0';
		rmdir(directory);
	}
	free(directory);
}
