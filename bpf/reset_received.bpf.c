// SPDX-License-Identifier: GPL-2.0
/* Resets that reach a socket of this host: tcp_reset() and its tracepoint tcp_receive_reset. */
#include "lib/reset.bpf.h"

#define RCV_SHUTDOWN 1
#define ECONNREFUSED 111
#define EPIPE 32
#define ECONNRESET 104

/* The error that tcp_reset() leaves for the application. */
static __always_inline __u32 reset_errno(__u8 state)
{
	if (state == TCP_SYN_SENT)
		return ECONNREFUSED;
	return state == TCP_CLOSE_WAIT ? EPIPE : ECONNRESET;
}

/*
 * tcp_rcv_state_process() calls tcp_reset() on our own socket as well, without any RST, when data
 * reaches a FIN_WAIT socket that will not read any more. With the segment at hand its flags tell;
 * without, a reply to the same segment follows, and userspace settles it (trace/reset_filter).
 */
static __always_inline bool may_be_false(struct sock *sk, __u8 state, enum tt_access how)
{
	return (state == TCP_FIN_WAIT1 || state == TCP_FIN_WAIT2) &&
	       (GET(how, sk, sk_shutdown) & RCV_SHUTDOWN);
}

static __always_inline int on_receive_reset(struct sock *sk, struct sk_buff *skb,
					    enum tt_access how)
{
	__u64 now = bpf_ktime_get_boot_ns();
	__u8 state = GET(how, sk, __sk_common.skc_state);
	struct tt_segment segment = {};
	struct tt_reset_record *record;
	struct tt_subject subject;
	struct tt_socket *socket;

	/* tcp_reset() does nothing to a closed socket. */
	if (state == TCP_CLOSE)
		return 0;
	if (skb) {
		segment_read(&segment, skb, true);
	}
	socket = subject_of_sock(&subject, sk, state, now, how);
	if (!socket)
		socket = remember_subject(&subject, sk);
	if (segment.valid && !(segment.flags & TCPHDR_RST)) {
		/* The reply follows, and tells how the connection ended. */
		if (socket)
			socket->flags |= TT_F_RST_SENT;
		return 0;
	}
	if (socket)
		socket->flags |= TT_F_RST_RECEIVED;
	COUNT(subject.connection.netns, resets_received, 1);
	if (!segment.valid && may_be_false(sk, state, how)) {
		COUNT(subject.connection.netns, resets_ambiguous, 1);
		subject.flags |= TT_F_RST_AMBIGUOUS;
	}
	if (!kind_wanted(TT_KIND_RESET_RECEIVED) || !subject_matches(&subject))
		return 0;
	record = reset_reserve(&subject, TT_KIND_RESET_RECEIVED, now);
	if (!record)
		return 0;
	record->err = reset_errno(state);
	record->sk_state = state;
	reset_set_trigger(record, &segment);
	record->common.header.flags |= info_read(&record->info, sk, state, how);
	record_submit(record);
	return 0;
}

SEC("?fentry/tcp_reset")
int receive_reset_fentry(unsigned long long *ctx)
{
	struct sock *sk = (void *)CTX_ARG(ctx, 0);
	struct sk_buff *skb = NULL;

	if (settings.receive_reset_skb_arg == 1)
		skb = (void *)CTX_ARG(ctx, 1);
	return on_receive_reset(sk, skb, TT_DIRECT);
}

SEC("?tp_btf/tcp_receive_reset")
int BPF_PROG(receive_reset_tp_btf, struct sock *sk)
{
	return on_receive_reset(sk, NULL, TT_DIRECT);
}

SEC("?raw_tp/tcp_receive_reset")
int BPF_PROG(receive_reset_raw_tp, struct sock *sk)
{
	return on_receive_reset(sk, NULL, TT_PROBED);
}

SEC("?kprobe/tcp_reset")
int BPF_KPROBE(receive_reset_kprobe, struct sock *sk, struct sk_buff *skb)
{
	return on_receive_reset(sk, settings.receive_reset_skb_arg == 1 ? skb : NULL, TT_PROBED);
}
