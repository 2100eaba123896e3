// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "guest.h"
#include "log.h"
#include "step.h"
#include "table.h"
#include "tenant.h"

void guest_hang_up(struct guest *guest)
{
	watch_end(&guest->session);
	if (guest->waiting && guest->tenant)
		tenant_forget(guest->tenant);
	guest->waiting = false;
	guest->to_answer = false;
}

/* A client that does not take its answers has none coming */
void guest_send(struct guest *guest, int sock, const void *packet, size_t len)
{
	if (send(sock, packet, len, MSG_NOSIGNAL | MSG_DONTWAIT) !=
	    (ssize_t)len && sock == guest->session.fd)
		guest_hang_up(guest);
}

uint64_t guest_left(const struct server *server, const struct entry *entry,
		    uint64_t used)
{
	uint64_t left = entry->share > used ? entry->share - used : 0;

	return left < server->writes_left ? left : server->writes_left;
}

uint64_t guest_used(const struct server *server, const struct entry *entry)
{
	const struct guest *guest = guest_find(server, entry->guid);

	return guest && guest->tenant ? tenant_used(guest->tenant) :
					entry->number;
}

void guest_welcome(struct server *server, struct guest *guest)
{
	watch_resume(server, &guest->listener);
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

/* Who connects is told whether he is the one, before he has asked */
static void listener_ready(struct server *server, struct watch *watch)
{
	struct guest *guest = watch_of(watch, struct guest, listener);
	enum anchor_result result;
	int sock;

	/* What is kept is about to be another: who comes now hears of that one */
	if (guest->in_batch) {
		watch_pause(server, watch);
		return;
	}
	sock = watch_accept(server, watch);
	if (sock < 0)
		return;
	result = admit(guest, table_find(&server->table, guest->line.guid), sock);
	if (!result) {
		guest_hang_up(guest);
		if (!watch_begin(server, &guest->session, sock,
				 guest->kind->ready))
			return;
	}
	guest->kind->tell_first(server, guest, sock, result);
	if (result)
		close(sock);
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
	if (asprintf(&guest->path, "%s/socket", guid) < 0) {
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
	if (guest->tenant)
		tenant_free(guest->tenant);
	explicit_bzero(guest, sizeof(*guest));
	free(guest);
}

static bool begin_kind(struct server *server, struct guest *guest,
		       const struct entry *entry)
{
	guest->kind = &step_kind;
	if (!entry->capacity)
		return true;
	guest->kind = &tenant_kind;
	guest->tenant = tenant_new(server, entry);
	return guest->tenant;
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
	if (!begin_kind(server, guest, entry) || !listen_for(server, guest)) {
		free_guest(guest);
		return false;
	}
	guest->next = server->guests;
	server->guests = guest;
	return true;
}

struct guest *guest_find(const struct server *server,
			 const uint8_t guid[LIBRPMB_GUID_LEN])
{
	struct guest *guest = server->guests;

	while (guest && memcmp(guest->line.guid, guid, LIBRPMB_GUID_LEN))
		guest = guest->next;
	return guest;
}

static void unlink_guest(struct server *server, struct guest *guest)
{
	struct guest **link = &server->guests;

	while (*link != guest)
		link = &(*link)->next;
	*link = guest->next;
}

void guest_to_end(struct server *server, struct guest *guest)
{
	struct guest **link = &server->guests;

	unlink_guest(server, guest);
	while (*link)
		link = &(*link)->next;
	*link = guest;
	guest->next = NULL;
}

void guest_end(struct server *server, struct guest *guest)
{
	unlink_guest(server, guest);
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
