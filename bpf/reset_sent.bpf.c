// SPDX-License-Identifier: GPL-2.0
/*
 * Resets that the TCP stack of this host sends: because a socket gave up (tcp_send_active_reset),
 * or in reply to a segment (tcp_v4_send_reset, tcp_v6_send_reset), with a socket and without.
 */
#include "lib/egress.bpf.h"
#include "lib/reset.bpf.h"

#define RTN_LOCAL 2
#define NO_REASON (-1)

static __always_inline int on_active_reset(struct sock *sk, __s32 reason, enum tt_access how)
{
	__u64 now = bpf_ktime_get_boot_ns();
	__u8 sk_state = GET(how, sk, __sk_common.skc_state);
	struct tt_socket *socket = socket_find(sk);
	struct tt_reset_record *record;
	struct tt_subject subject;
	__u8 state = sk_state;

	/* close() and disconnect() leave the state first and send the reset then. */
	if (sk_state == TCP_CLOSE && socket)
		state = socket->previous_state;
	socket = subject_of_sock(&subject, sk, state, now, how);
	if (!socket)
		socket = remember_subject(&subject, sk);
	if (socket)
		socket->flags |= TT_F_RST_SENT;
	COUNT(subject.connection.netns, resets_sent, 1);
	/* inet_csk_listen_stop() disconnects children that no accept() took: they have no struct
	 * socket. */
	if (!(subject.flags & TT_F_SK_ORPHAN) && !GET(how, sk, sk_socket))
		subject.flags |= TT_F_CHILD;
	if (!kind_wanted(TT_KIND_RESET_SENT) || !subject_matches(&subject))
		return 0;
	record = reset_reserve(&subject, TT_KIND_RESET_SENT, now);
	if (!record)
		return 0;
	record->reason = reason;
	record->origin = TT_RESET_ORIGIN_ACTIVE;
	record->sk_state = sk_state;
	record->common.header.flags |= info_read(&record->info, sk, state, how);
	record_submit(record);
	return 0;
}

static __always_inline bool full_sock(__u8 state)
{
	return state != 0 && state != TCP_TIME_WAIT && state != TCP_NEW_SYN_RECV;
}

/* The subject of a reply: the tuple is always the packet's, since a LISTEN socket has none and NULL
 * no socket. */
static __always_inline struct tt_socket *
reply_subject(struct tt_subject *subject, struct sock *sk, __u8 sk_state,
	      const struct tt_segment *segment, struct sk_buff *skb, __u64 now, enum tt_access how)
{
	struct tt_connection *connection = &subject->connection;
	struct tt_socket *socket = NULL, *ended;

	__builtin_memset(subject, 0, sizeof(*subject));
	tuple_of_received(connection, segment);
	connection->netns = sk ? netns_of_sock(sk, how) : netns_of_skb(skb);
	connection->state = sk_state;
	if (!sk)
		subject->flags |= TT_F_NO_SOCKET;
	else if (full_sock(sk_state) && sock_flag(sk, how, SOCK_DEAD))
		subject->flags |= TT_F_SK_ORPHAN;
	/* TIME_WAIT's mini-socket holds FIN_WAIT2 too: ss shows the substate, and so do we. */
	if (sk_state == TCP_TIME_WAIT)
		connection->state = BPF_CORE_READ((struct inet_timewait_sock *)sk, tw_substate);
	if (sk)
		socket = socket_find(sk);
	if (socket && sk_state != TCP_LISTEN) {
		if (sk_state == TCP_CLOSE)
			connection->state = socket->previous_state;
		subject_apply(subject, socket, now, TT_OWNER_NONE);
		return socket;
	}
	ended = segment_opens(segment) ? NULL : closed_find(connection);
	if (ended) {
		if (sk_state == TCP_CLOSE)
			connection->state = ended->previous_state;
		subject_apply(subject, ended, now, TT_OWNER_CLOSED);
	} else if (socket) {
		subject_set_owner(subject, &socket->owner, TT_OWNER_LISTENER);
	}
	if (sk_state == TCP_LISTEN && connection->role == TT_ROLE_UNKNOWN)
		connection->role = TT_ROLE_SERVER;
	return NULL;
}

static __always_inline int on_reply_reset(struct sock *sk, struct sk_buff *skb, __s32 reason,
					  enum tt_access how)
{
	__u64 now = bpf_ktime_get_boot_ns();
	__u8 sk_state = sk ? GET(how, sk, __sk_common.skc_state) : 0;
	struct tt_reset_record *record;
	struct tt_segment segment;
	struct tt_subject subject;
	struct tt_socket *socket;

	segment_read(&segment, skb, true);
	/* Never a reset in response to a reset: the functions return before they send. */
	if (!segment.valid || (segment.flags & TCPHDR_RST))
		return 0;
	socket = reply_subject(&subject, sk, sk_state, &segment, skb, now, how);
	/* A connection that is being opened goes on after its reply to a wrong segment. */
	if (socket && sk_state == TCP_CLOSE)
		socket->flags |= TT_F_RST_SENT;
	COUNT(subject.connection.netns, resets_sent, 1);
	egress_expect(&subject.connection, now);
	if (!kind_wanted(TT_KIND_RESET_SENT) || !subject_matches(&subject))
		return 0;
	record = reset_reserve(&subject, TT_KIND_RESET_SENT, now);
	if (!record)
		return 0;
	record->reason = reason;
	record->origin = TT_RESET_ORIGIN_REPLY;
	record->sk_state = sk_state;
	reset_set_trigger(record, &segment);
	if (sk && full_sock(sk_state))
		record->common.header.flags |=
			info_read(&record->info, sk, subject.connection.state, how);
	else
		info_clear(&record->info);
	record_submit(record);
	return 0;
}

static __always_inline int on_send_reset(struct sock *sk, struct sk_buff *skb, __s32 reason,
					 enum tt_access how)
{
	if (skb)
		return on_reply_reset(sk, skb, reason, how);
	return sk ? on_active_reset(sk, reason, how) : 0;
}

/*
 * Complete, and with the kernel's reason, from v6.11 on. Before, replies without a full socket are
 * not traced: then the egress hook (netfilter.bpf.c) sees them.
 */
SEC("?tp_btf/tcp_send_reset")
int send_reset_tp_btf(unsigned long long *ctx)
{
	struct sock *sk = (void *)CTX_ARG(ctx, 0);
	struct sk_buff *skb = (void *)CTX_ARG(ctx, 1);
	__s32 reason = NO_REASON;

	if (settings.tp_reset_reason_arg == 2)
		reason = (__s32)CTX_ARG(ctx, 2);
	return on_send_reset(sk, skb, reason, TT_DIRECT);
}

SEC("?raw_tp/tcp_send_reset")
int send_reset_raw_tp(struct bpf_raw_tracepoint_args *ctx)
{
	__s32 reason = settings.tp_reset_reason_arg == 2 ? (__s32)ctx->args[2] : NO_REASON;

	return on_send_reset((void *)ctx->args[0], (void *)ctx->args[1], reason, TT_PROBED);
}

SEC("?fentry/tcp_send_active_reset")
int active_reset_fentry(unsigned long long *ctx)
{
	struct sock *sk = (void *)CTX_ARG(ctx, 0);
	__s32 reason = NO_REASON;

	if (settings.active_reset_reason_arg == 1)
		reason = (__s32)CTX_ARG(ctx, 1);
	else if (settings.active_reset_reason_arg == 2)
		reason = (__s32)CTX_ARG(ctx, 2);
	return on_active_reset(sk, reason, TT_DIRECT);
}

SEC("?kprobe/tcp_send_active_reset")
int BPF_KPROBE(active_reset_kprobe, struct sock *sk, long second, long third)
{
	__s32 reason = NO_REASON;

	KEEP_LOADED(second);
	KEEP_LOADED(third);
	if (settings.active_reset_reason_arg == 1)
		reason = (__s32)second;
	else if (settings.active_reset_reason_arg == 2)
		reason = (__s32)third;
	return on_active_reset(sk, reason, TT_PROBED);
}

/* tcp_v4_send_reset() returns without a reset for what was not sent to this host alone. */
static __always_inline bool reply_is_sent_v4(struct sock *sk, struct sk_buff *skb)
{
	unsigned long refdst;
	struct rtable *route;

	if (sk)
		return true;
	refdst = BPF_CORE_READ(skb, _skb_refdst);
	route = (void *)(refdst & ~1ul);
	return route && BPF_CORE_READ(route, rt_type) == RTN_LOCAL;
}

#define RTF_LOCAL 0x80000000

/* ipv6_unicast_destination() in tcp_v6_send_reset() (include/net/ip6_route.h). */
static __always_inline bool reply_is_sent_v6(struct sock *sk, struct sk_buff *skb)
{
	unsigned long refdst;
	struct rt6_info *route;

	if (sk)
		return true;
	refdst = BPF_CORE_READ(skb, _skb_refdst);
	route = (void *)(refdst & ~1ul);
	return route && (BPF_CORE_READ(route, rt6i_flags) & RTF_LOCAL);
}

SEC("?fentry/tcp_v4_send_reset")
int reply_v4_fentry(unsigned long long *ctx)
{
	struct sock *sk = (void *)CTX_ARG(ctx, 0);
	struct sk_buff *skb = (void *)CTX_ARG(ctx, 1);
	__s32 reason = NO_REASON;

	if (settings.reply_reset_reason_arg == 2)
		reason = (__s32)CTX_ARG(ctx, 2);
	return reply_is_sent_v4(sk, skb) ? on_reply_reset(sk, skb, reason, TT_DIRECT) : 0;
}

SEC("?fentry/tcp_v6_send_reset")
int reply_v6_fentry(unsigned long long *ctx)
{
	struct sock *sk = (void *)CTX_ARG(ctx, 0);
	struct sk_buff *skb = (void *)CTX_ARG(ctx, 1);
	__s32 reason = NO_REASON;

	if (settings.reply_reset_reason_arg == 2)
		reason = (__s32)CTX_ARG(ctx, 2);
	return reply_is_sent_v6(sk, skb) ? on_reply_reset(sk, skb, reason, TT_DIRECT) : 0;
}

SEC("?kprobe/tcp_v4_send_reset")
int BPF_KPROBE(reply_v4_kprobe, struct sock *sk, struct sk_buff *skb, int third)
{
	__s32 reason = settings.reply_reset_reason_arg == 2 ? third : NO_REASON;

	return reply_is_sent_v4(sk, skb) ? on_reply_reset(sk, skb, reason, TT_PROBED) : 0;
}

SEC("?kprobe/tcp_v6_send_reset")
int BPF_KPROBE(reply_v6_kprobe, struct sock *sk, struct sk_buff *skb, int third)
{
	__s32 reason = settings.reply_reset_reason_arg == 2 ? third : NO_REASON;

	return reply_is_sent_v6(sk, skb) ? on_reply_reset(sk, skb, reason, TT_PROBED) : 0;
}
