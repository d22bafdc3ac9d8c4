/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the reply hook tells the egress hook: this RST is already reported. Both run on one CPU, one
 * after the other, with softirqs disabled (tcp_v4_send_reset and tcp_v6_send_reset transmit what
 * they have just traced).
 */
#ifndef TT_EGRESS_BPF_H
#define TT_EGRESS_BPF_H

#include "lib/tuple.bpf.h"

struct tt_expected_reset {
	struct tt_tuple tuple;
	__u64 until_ns;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct tt_expected_reset);
} expected_reset __weak SEC(".maps");

static __always_inline void egress_expect(const struct tt_connection *connection, __u64 now)
{
	__u32 zero = 0;
	struct tt_expected_reset *expected;

	if (!settings.track_egress)
		return;
	expected = bpf_map_lookup_elem(&expected_reset, &zero);
	if (!expected)
		return;
	tuple_of(&expected->tuple, connection);
	expected->until_ns = now + NSEC_PER_SEC;
}

static __always_inline bool egress_was_expected(const struct tt_connection *connection, __u64 now)
{
	__u32 zero = 0;
	struct tt_expected_reset *expected = bpf_map_lookup_elem(&expected_reset, &zero);

	if (!expected || now > expected->until_ns ||
	    expected->tuple.local_port != connection->local_port ||
	    expected->tuple.peer_port != connection->peer_port)
		return false;
	expected->until_ns = 0;
	return true;
}

#endif /* TT_EGRESS_BPF_H */
