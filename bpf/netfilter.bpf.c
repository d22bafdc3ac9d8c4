// SPDX-License-Identifier: GPL-2.0
/*
 * Resets that no TCP hook reports: a firewall's ("reject with tcp reset" calls nf_send_reset, which
 * lives in a module), and before v6.11, where only tracepoints are to be had, the stack's replies
 * without a full socket. The egress hook sees both: an RST that leaves this host's own stack and
 * that nobody has announced.
 */
#include "lib/egress.bpf.h"
#include "lib/reset.bpf.h"

#define SOCK_RAW_TYPE 3
/* Longer than any RST: IPv6 with 60 bytes of TCP header behind an Ethernet header. */
#define RST_MAX_BYTES 160

/*
 * `sent` is the RST itself, or what it will be: its source is this end. A firewall can answer for
 * both ends of the connection. `opening`: it answers a SYN, which begins a connection, whatever had
 * its ports before.
 */
static __always_inline int on_unannounced_reset(struct tt_subject *subject, __u8 origin, __u64 now,
						bool opening, const struct tt_segment *trigger,
						const struct tt_segment *rst)
{
	struct tt_socket *ended = opening ? NULL : closed_find(&subject->connection);
	struct tt_reset_record *record;

	if (ended) {
		subject->connection.state = ended->previous_state;
		subject_apply(subject, ended, now, TT_OWNER_CLOSED);
	} else {
		struct tt_task *listener =
			listener_of(subject->connection.netns, subject->connection.local_port);

		if (listener) {
			subject_set_owner(subject, listener, TT_OWNER_LISTENER);
			subject->connection.role = TT_ROLE_SERVER;
		}
	}
	if (origin == TT_RESET_ORIGIN_NETFILTER)
		COUNT(subject->connection.netns, resets_sent_netfilter, 1);
	else
		COUNT(subject->connection.netns, resets_sent, 1);
	if (!kind_wanted(TT_KIND_RESET_SENT) || !subject_matches(subject))
		return 0;
	record = reset_reserve(subject, TT_KIND_RESET_SENT, now);
	if (!record)
		return 0;
	record->origin = origin;
	info_clear(&record->info);
	if (trigger)
		reset_set_trigger(record, trigger);
	if (rst) {
		/* RFC 9293, 3.10.7.1 */
		record->rst_flags = rst->flags;
		if (!(rst->flags & TCPHDR_ACK))
			record->trigger_ack = rst->seq;
	}
	record_submit(record);
	return 0;
}

/* False: `rejected` is no packet. */
static __always_inline bool on_netfilter_reset(__u32 netns, struct sk_buff *rejected)
{
	struct tt_subject subject = {};
	struct tt_segment segment;

	segment_read(&segment, rejected, false);
	if (!segment.valid || (segment.flags & TCPHDR_RST))
		return segment.valid;
	tuple_of_received(&subject.connection, &segment);
	subject.connection.netns = netns;
	on_unannounced_reset(&subject, TT_RESET_ORIGIN_NETFILTER, bpf_ktime_get_boot_ns(),
			     segment_opens(&segment), &segment, NULL);
	return true;
}

static __always_inline bool leaves_own_stack(struct sk_buff *skb, enum tt_access how)
{
	/* Forwarded packets came in through a device; what starts here did not. */
	return GET(how, skb, skb_iif) == 0;
}

#define CHECKSUM_PARTIAL 3

/*
 * Who made this RST, from the socket it is charged to. tcp_send_active_reset() charges the
 * connection's own socket, tcp_v4_send_reset() the raw control socket of the CPU, a firewall
 * nobody. tcp_v6_send_reset() charges nobody either before v6.14, but leaves the checksum to the
 * device, where nf_send_reset6() computes it. A raw socket with a file is a process's: what it
 * forges is no reset of this host's stack.
 */
static __always_inline int egress_origin(struct sk_buff *skb, __u8 family, enum tt_access how)
{
	struct sock *sk = GET(how, skb, sk);

	if (!sk && family == AF_INET6 && GET_BITFIELD(how, skb, ip_summed) == CHECKSUM_PARTIAL)
		return TT_RESET_ORIGIN_REPLY;
	if (!sk)
		return TT_RESET_ORIGIN_NETFILTER;
	if (BPF_CORE_READ(sk, sk_type) == SOCK_RAW_TYPE && !BPF_CORE_READ(sk, sk_socket, file))
		return TT_RESET_ORIGIN_REPLY;
	return TT_RESET_ORIGIN_ACTIVE;
}

/*
 * Whether the packet is an RST, looked up behind the network header: nf_reject_ip_tcphdr_put()
 * leaves the transport header where the network header is.
 */
static __always_inline bool is_reset(struct sk_buff *skb, enum tt_access how)
{
	unsigned char *network = GET(how, skb, head) + GET(how, skb, network_header);
	__u16 protocol = GET(how, skb, protocol);
	__u8 first, flags;

	if (protocol == bpf_htons(ETH_P_IP)) {
		if (bpf_probe_read_kernel(&first, sizeof(first), network))
			return false;
		network += (first & 0xf) * 4;
	} else if (protocol == bpf_htons(ETH_P_IPV6)) {
		network += sizeof(struct ipv6hdr);
	} else {
		return false;
	}
	return !bpf_probe_read_kernel(&flags, sizeof(flags), network + 13) && (flags & TCPHDR_RST);
}

static __always_inline int on_egress(struct sk_buff *skb, enum tt_access how)
{
	struct tt_subject subject = {};
	struct tt_segment segment;
	__u64 now;
	int origin;

	/* The stack's own segments are charged to a socket, and announced; a firewall's are not
	 * charged. */
	if (settings.replies_announced && GET(how, skb, sk))
		return 0;
	if (GET(how, skb, len) > RST_MAX_BYTES || !is_reset(skb, how))
		return 0;
	segment_read(&segment, skb, false);
	if (!segment.valid || !(segment.flags & TCPHDR_RST) || !leaves_own_stack(skb, how))
		return 0;
	origin = egress_origin(skb, segment.family, how);
	if (origin == TT_RESET_ORIGIN_ACTIVE)
		return 0;
	now = bpf_ktime_get_boot_ns();
	subject.connection.family = segment.family;
	subject.connection.local_port = segment.source;
	subject.connection.peer_port = segment.dest;
	__builtin_memcpy(subject.connection.local_addr, segment.source_addr, TT_ADDR_LEN);
	__builtin_memcpy(subject.connection.peer_addr, segment.dest_addr, TT_ADDR_LEN);
	subject.connection.netns = netns_of_skb(skb);
	if (egress_is_settled(skb, segment.seq, &subject.connection, now))
		return 0;
	/* With every reply announced, what the control socket sends and nobody expected was
	 * expected elsewhere. */
	if (origin == TT_RESET_ORIGIN_REPLY && settings.replies_announced)
		return 0;
	/* RFC 9293, 3.10.7.1: the answer to a segment without an ACK has sequence number 0. */
	return on_unannounced_reset(&subject, origin, now,
				    (segment.flags & TCPHDR_ACK) && segment.seq == 0, NULL,
				    &segment);
}

static __always_inline int on_nf_send_reset_fentry(unsigned long long *ctx)
{
	struct net *net = (void *)CTX_ARG(ctx, 0);
	struct sk_buff *skb = NULL;

	if (settings.nf_reset_skb_arg == 1)
		skb = (void *)CTX_ARG(ctx, 1);
	else if (settings.nf_reset_skb_arg == 2)
		skb = (void *)CTX_ARG(ctx, 2);
	if (skb)
		on_netfilter_reset(net->ns.inum, skb);
	return 0;
}

SEC("?fentry/nf_send_reset")
int netfilter_v4_fentry(unsigned long long *ctx)
{
	return on_nf_send_reset_fentry(ctx);
}

SEC("?fentry/nf_send_reset6")
int netfilter_v6_fentry(unsigned long long *ctx)
{
	return on_nf_send_reset_fentry(ctx);
}

/*
 * Before v5.11 modules have no BTF, and stable kernels were given the later form of the function:
 * nothing tells which argument is the packet, but only the packet looks like one.
 */
static __always_inline int on_nf_send_reset_kprobe(struct net *net, void *second, void *third)
{
	__u32 netns = BPF_CORE_READ(net, ns.inum);

	if (settings.nf_reset_skb_arg != 2 && on_netfilter_reset(netns, second))
		return 0;
	if (settings.nf_reset_skb_arg != 1)
		on_netfilter_reset(netns, third);
	return 0;
}

SEC("?kprobe/nf_send_reset")
int BPF_KPROBE(netfilter_v4_kprobe, struct net *net, void *second, void *third)
{
	KEEP_LOADED(second);
	KEEP_LOADED(third);
	return on_nf_send_reset_kprobe(net, second, third);
}

SEC("?kprobe/nf_send_reset6")
int BPF_KPROBE(netfilter_v6_kprobe, struct net *net, void *second, void *third)
{
	KEEP_LOADED(second);
	KEEP_LOADED(third);
	return on_nf_send_reset_kprobe(net, second, third);
}

SEC("?tp_btf/net_dev_queue")
int BPF_PROG(egress_tp_btf, struct sk_buff *skb)
{
	return on_egress(skb, TT_DIRECT);
}

SEC("?raw_tp/net_dev_queue")
int BPF_PROG(egress_raw_tp, struct sk_buff *skb)
{
	return on_egress(skb, TT_PROBED);
}
