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
	__u64 until_ns;
	__u32 netns;
	__u16 local_port;
	__u16 peer_port;
	/* The RST that was settled last. A device on top of another (bond, bridge, VLAN) hands it
	 * down, and the lower one's queue shows it again. */
	__u64 settled_skb;
	__u64 settled_ns;
	__u32 settled_seq;
	__u32 pad;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct tt_expected_reset);
} expected_reset __weak SEC(".maps");

#define EGRESS_SETTLED_NS (10 * 1000000ull)

static __always_inline struct tt_expected_reset *expected_on_this_cpu(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&expected_reset, &zero);
}

static __always_inline void egress_expect(const struct tt_connection *connection, __u64 now)
{
	struct tt_expected_reset *expected;

	if (!settings.track_egress)
		return;
	expected = expected_on_this_cpu();
	if (!expected)
		return;
	expected->netns = connection->netns;
	expected->local_port = connection->local_port;
	expected->peer_port = connection->peer_port;
	expected->until_ns = now + NSEC_PER_SEC;
}

/* Whether this RST, which is `connection`'s, is reported already or will not be. */
static __always_inline bool egress_is_settled(struct sk_buff *skb, __u32 seq,
					      const struct tt_connection *connection, __u64 now)
{
	struct tt_expected_reset *last = expected_on_this_cpu();
	bool announced;
	__u64 address;

	if (!last)
		return false;
	bpf_probe_read_kernel(&address, sizeof(address), &skb);
	if (last->settled_skb == address && last->settled_seq == seq &&
	    now - last->settled_ns < EGRESS_SETTLED_NS)
		return true;
	last->settled_skb = address;
	last->settled_seq = seq;
	last->settled_ns = now;
	announced = now <= last->until_ns && last->netns == connection->netns &&
		    last->local_port == connection->local_port &&
		    last->peer_port == connection->peer_port;
	if (announced)
		last->until_ns = 0;
	return announced;
}

#endif /* TT_EGRESS_BPF_H */
