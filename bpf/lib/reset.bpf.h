/* SPDX-License-Identifier: GPL-2.0 */
/* One record for one reset at one end: the parts that the ways to send and to receive one have in
 * common. */
#ifndef TT_RESET_BPF_H
#define TT_RESET_BPF_H

#include "lib/closed.bpf.h"
#include "lib/emit.bpf.h"
#include "lib/info.bpf.h"

static __always_inline struct tt_reset_record *reset_reserve(const struct tt_subject *subject,
							     __u16 kind, __u64 now)
{
	struct tt_reset_record *record = record_reserve(subject, kind, now, sizeof(*record));

	if (!record)
		return NULL;
	/* The caller fills info. */
	__builtin_memset(&record->by, 0,
			 offsetof(struct tt_reset_record, info) - sizeof(record->common));
	record->reason = -1;
	record->peer_ttl = subject->peer_ttl;
	if (subject->closing.at_ns) {
		record->since_close_ns = now - subject->closing.at_ns;
		record->idle_before_close_ms = subject->closing.idle_ms;
		record->fin_seq = subject->closing.fin_seq;
	}
	if (subject->flags & TT_F_LOCKED) {
		task_current(&record->by, TT_OWNER_OPERATION);
		if (task_current_has(PF_EXITING))
			record->common.header.flags |= TT_F_EXITING;
	}
	return record;
}

static __always_inline void reset_set_trigger(struct tt_reset_record *record,
					      const struct tt_segment *segment)
{
	record->trigger_flags = segment->flags;
	record->trigger_ttl = segment->ttl;
	record->trigger_seq = segment->seq;
	record->trigger_ack = segment->ack;
	record->trigger_bytes = segment->payload_bytes;
}

#endif /* TT_RESET_BPF_H */
