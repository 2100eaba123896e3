/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tracepoints of RPMB sequences; no frame contents, which may be secret
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM rpmb

#if !defined(__RPMB_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define __RPMB_TRACE_H

#include <linux/tracepoint.h>

#include "internal.h"

#ifndef TRACE_HEADER_MULTI_READ
static inline u16 rpmb_trace_result(const struct rpmb_dev *rdev,
				    const struct rpmb_request *rq)
{
	struct rpmb_fields fields;

	rpmb_frames_get(rdev->descr.frame_format, rq->resp, &fields);
	return fields.result;
}

/* How many transfers may have reached the device */
static inline unsigned int rpmb_trace_started(const struct rpmb_request *rq)
{
	unsigned int i, started = 0;

	for (i = 0; i < rq->nr_xfers; i++)
		started += rq->xfers[i].started;
	return started;
}
#endif

TRACE_EVENT(rpmb_start,
	TP_PROTO(const struct rpmb_dev *rdev, const struct rpmb_request *rq),
	TP_ARGS(rdev, rq),
	TP_STRUCT__entry(
		__field(int, id)
		__field(u16, type)
		__field(unsigned int, req_len)
		__field(unsigned int, resp_len)
	),
	TP_fast_assign(
		__entry->id = rdev->id;
		__entry->type = rq->type;
		__entry->req_len = rq->req_len;
		__entry->resp_len = rq->resp_len;
	),
	TP_printk("rpmb%d type=%u req_len=%u resp_len=%u",
		  __entry->id, __entry->type, __entry->req_len,
		  __entry->resp_len)
);

TRACE_EVENT(rpmb_done,
	TP_PROTO(const struct rpmb_dev *rdev, const struct rpmb_request *rq,
		 int ret, s64 duration),
	TP_ARGS(rdev, rq, ret, duration),
	TP_STRUCT__entry(
		__field(int, id)
		__field(u16, type)
		__field(unsigned int, started)
		__field(unsigned int, nr_xfers)
		__field(int, ret)
		__field(u16, result)
		__field(s64, duration)
	),
	TP_fast_assign(
		__entry->id = rdev->id;
		__entry->type = rq->type;
		__entry->started = rpmb_trace_started(rq);
		__entry->nr_xfers = rq->nr_xfers;
		__entry->ret = ret;
		__entry->result = ret ? 0 : rpmb_trace_result(rdev, rq);
		__entry->duration = duration;
	),
	TP_printk("rpmb%d type=%u started=%u/%u ret=%d result=0x%04x duration=%lldns",
		  __entry->id, __entry->type, __entry->started,
		  __entry->nr_xfers, __entry->ret, __entry->result,
		  __entry->duration)
);

#endif /* __RPMB_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
