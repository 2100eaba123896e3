// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <string.h>

#include "ahead.h"

#define FRAME_LEN sizeof(struct rpmb_frame)

/*
 * A virtio device has several requests before it answers the first one. If that is
 * refused nobody gets the answers to those behind it, which need not be.
 */
bool ahead_is_possible(const struct rpmb_info *info)
{
	return info->max_batch > 1 && info->transport != RPMB_TRANSPORT_VIRTIO;
}

void ahead_begin(struct ahead *ahead)
{
	ahead->phase = AHEAD_NOTES;
	ahead->nr = 0;
	ahead->next = 0;
}

/* What has failed, or may have been done although there is no answer */
static unsigned int mark_failed(struct ahead *ahead, unsigned int i, int err)
{
	do {
		ahead->noted[i].err = err;
		ahead->noted[i].error = errno;
		i++;
	} while (i < ahead->nr && ahead->requests[i].started);
	return i;
}

/*
 * A refused one ends a batch, but what is behind it is somebody's who may not know of it,
 * and is carried as well. If nothing was begun, something is wrong with one of them, and
 * which one it is shows when each is carried by itself.
 */
void ahead_carry(struct ahead *ahead)
{
	unsigned int i = 0, done, most = ahead->nr;
	int err;

	ahead->phase = AHEAD_ANSWERS;
	while (i < ahead->nr) {
		struct rpmb_request *requests = &ahead->requests[i];
		unsigned int left = ahead->nr - i;

		err = rpmb_route_batch(ahead->host, requests,
				       left < most ? left : most, &done);
		i += done;
		if (!err)
			continue;
		if (!done && most > 1 && !requests->started)
			most = 1;
		else
			i = mark_failed(ahead, i, err);
	}
}

void ahead_end(struct ahead *ahead)
{
	ahead->phase = AHEAD_NOTHING;
}

/* The next note, or the next answer; NULL if it is to be carried now */
static struct noted *next_noted(struct ahead *ahead)
{
	if (ahead->phase == AHEAD_NOTES && ahead->nr < AHEAD_MOST) {
		ahead->noted[ahead->nr].err = 0;
		return &ahead->noted[ahead->nr++];
	}
	if (ahead->phase == AHEAD_ANSWERS && ahead->next < ahead->nr)
		return &ahead->noted[ahead->next++];
	return NULL;
}

static int result_of(const struct noted *noted)
{
	errno = noted->error;
	return noted->err;
}

int ahead_change(struct ahead *ahead, const void *frames, size_t len,
		 struct rpmb_frame *answer, bool *started)
{
	struct noted *noted = next_noted(ahead);
	struct rpmb_request *rq;

	*started = false;
	if (!noted)
		return ahead->phase == AHEAD_NOTES ? 0 :
		       rpmb_route(ahead->host, frames, len, answer, FRAME_LEN,
				  started);
	rq = &ahead->requests[noted - ahead->noted];
	if (ahead->phase == AHEAD_NOTES) {
		*rq = (struct rpmb_request) {
			.req = frames,
			.req_len = len,
			.resp = &noted->frame,
			.resp_len = FRAME_LEN,
		};
		return 0;
	}
	*answer = noted->frame;
	*started = rq->started;
	return result_of(noted);
}

int ahead_ask(struct ahead *ahead, const struct rpmb_frame *req, void *resp,
	      size_t len)
{
	struct noted *noted = next_noted(ahead);

	if (!noted)
		return ahead->phase == AHEAD_NOTES ? 0 :
		       rpmb_route(ahead->host, req, FRAME_LEN, resp, len, NULL);
	if (ahead->phase == AHEAD_ANSWERS)
		return result_of(noted);
	noted->frame = *req;
	ahead->requests[noted - ahead->noted] = (struct rpmb_request) {
		.req = &noted->frame,
		.req_len = FRAME_LEN,
		.resp = resp,
		.resp_len = len,
	};
	return 0;
}
