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
};

/*
 * The RST that was settled last. A device on top of another (bond, bridge, VLAN) hands it down, and
 * the lower one's queue shows it again.
 */
struct tt_settled_reset {
	__u64 skb;
	__u64 dev;
	__u64 at_ns;
	__u32 seq;
	__u16 local_port;
	__u16 peer_port;
};

struct tt_egress {
	struct tt_expected_reset expected;
	struct tt_settled_reset settled;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct tt_egress);
} egress __weak SEC(".maps");

#define EGRESS_SETTLED_NS (10 * 1000000ull)

static __always_inline struct tt_egress *egress_of_cpu(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&egress, &zero);
}

static __always_inline void egress_expect(const struct tt_connection *connection, __u64 now)
{
	struct tt_egress *cpu;

	if (!settings.track_egress)
		return;
	cpu = egress_of_cpu();
	if (!cpu)
		return;
	cpu->expected.netns = connection->netns;
	cpu->expected.local_port = connection->local_port;
	cpu->expected.peer_port = connection->peer_port;
	cpu->expected.until_ns = now + NSEC_PER_SEC;
}

/* The same packet in the queue of another device. */
static __always_inline bool egress_is_repeated(const struct tt_settled_reset *last,
					       const struct tt_settled_reset *now)
{
	return last->skb == now->skb && last->dev != now->dev && last->seq == now->seq &&
	       last->local_port == now->local_port && last->peer_port == now->peer_port &&
	       now->at_ns - last->at_ns < EGRESS_SETTLED_NS;
}

static __always_inline bool egress_was_expected(struct tt_expected_reset *expected,
						const struct tt_connection *connection, __u64 now)
{
	if (now > expected->until_ns || expected->netns != connection->netns ||
	    expected->local_port != connection->local_port ||
	    expected->peer_port != connection->peer_port)
		return false;
	expected->until_ns = 0;
	return true;
}

/* Whether this RST, which is `connection`'s, is reported already or will not be. */
static __always_inline bool egress_is_settled(struct sk_buff *skb, __u32 seq,
					      const struct tt_connection *connection, __u64 now)
{
	struct tt_settled_reset this = {
		.at_ns = now,
		.seq = seq,
		.local_port = connection->local_port,
		.peer_port = connection->peer_port,
	};
	struct tt_egress *cpu = egress_of_cpu();

	if (!cpu)
		return false;
	bpf_probe_read_kernel(&this.skb, sizeof(this.skb), &skb);
	bpf_core_read(&this.dev, sizeof(this.dev), &skb->dev);
	if (egress_is_repeated(&cpu->settled, &this))
		return true;
	cpu->settled = this;
	return egress_was_expected(&cpu->expected, connection, now);
}

#endif /* TT_EGRESS_BPF_H */
