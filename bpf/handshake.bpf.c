// SPDX-License-Identifier: GPL-2.0
/*
 * The segment with which the peer completes the handshake: its TTL or hop limit is that of the way
 * to the peer itself. A reset with another one was made on the way.
 */
#include "lib/owner.bpf.h"

/* tcp_rcv_state_process() sees every segment but those of ESTABLISHED connections. */
static __always_inline int on_segment(struct sock *sk, struct sk_buff *skb, enum tt_access how)
{
	__u8 state = GET(how, sk, __sk_common.skc_state);
	struct tt_segment segment;
	struct tt_socket *socket;

	if (state != TCP_SYN_SENT && state != TCP_SYN_RECV)
		return 0;
	segment_read(&segment, skb, true);
	if (!segment.valid || (segment.flags & TCPHDR_RST))
		return 0;
	socket = socket_find(sk);
	if (socket && state == TCP_SYN_RECV && socket_ended(socket)) {
		socket_forget(sk);
		socket = NULL;
	}
	if (!socket && state == TCP_SYN_RECV)
		socket = remember_child(sk, how);
	if (socket)
		socket->peer_ttl = segment.ttl;
	return 0;
}

SEC("?fentry/tcp_rcv_state_process")
int BPF_PROG(segment_fentry, struct sock *sk, struct sk_buff *skb)
{
	return on_segment(sk, skb, TT_DIRECT);
}

SEC("?kprobe/tcp_rcv_state_process")
int BPF_KPROBE(segment_kprobe, struct sock *sk, struct sk_buff *skb)
{
	return on_segment(sk, skb, TT_PROBED);
}
