/* SPDX-License-Identifier: GPL-2.0 */
/* The timer of a socket that expires next, as inet_sk_diag_fill() (net/ipv4/inet_diag.c) tells it.
 */
#ifndef TT_TIMER_BPF_H
#define TT_TIMER_BPF_H

#include "lib/info.bpf.h"

/* include/net/inet_connection_sock.h */
#define ICSK_TIME_RETRANS 1
#define ICSK_TIME_PROBE0 3
#define ICSK_TIME_LOSS_PROBE 5
#define ICSK_TIME_REO_TIMEOUT 6

/* Where kernels before 6.18 keep when it expires. */
struct inet_connection_sock___timeout {
	unsigned long icsk_timeout;
} __attribute__((preserve_access_index));

/* Of 6.1 to 6.12, and again from 7.2 on; the others use sk_timer. */
struct inet_connection_sock___keepalive {
	struct timer_list icsk_keepalive_timer;
} __attribute__((preserve_access_index));

/* From 7.2 on in place of icsk_retransmit_timer. */
struct sock___retransmit {
	struct timer_list tcp_retransmit_timer;
} __attribute__((preserve_access_index));

static __always_inline __u64 retransmit_expires(struct tcp_sock *tp)
{
	struct inet_connection_sock___timeout *older = (void *)tp;
	struct sock___retransmit *newer = (void *)tp;

	if (bpf_core_field_exists(older->icsk_timeout))
		return older->icsk_timeout;
	if (bpf_core_field_exists(newer->tcp_retransmit_timer))
		return newer->tcp_retransmit_timer.expires;
	return tp->inet_conn.icsk_retransmit_timer.expires;
}

/* 0: not armed. A timer is pending while it is in a list. */
static __always_inline __u64 keepalive_expires(struct tcp_sock *tp)
{
	struct inet_connection_sock___keepalive *other = (void *)tp;

	if (bpf_core_field_exists(other->icsk_keepalive_timer))
		return other->icsk_keepalive_timer.entry.pprev ? other->icsk_keepalive_timer.expires
							       : 0;
	return tp->inet_conn.icsk_inet.sk.sk_timer.entry.pprev
		       ? tp->inet_conn.icsk_inet.sk.sk_timer.expires
		       : 0;
}

static __always_inline void timer_set(struct tt_socket_record *out, __u8 timer, __u8 retries,
				      __u64 expires)
{
	__s32 left = (__s32)((__u32)expires - (__u32)bpf_jiffies64());

	out->timer = timer;
	out->timer_retries = retries;
	out->timer_ms = left > 0 ? jiffies_to_msecs(left) : 0;
}

static __always_inline void timer_read_full(struct tt_socket_record *out, struct tcp_sock *tp)
{
	__u8 pending = tp->inet_conn.icsk_pending;
	__u64 expires;

	if (out->connection.state == TCP_LISTEN)
		return;
	if (pending == ICSK_TIME_RETRANS || pending == ICSK_TIME_LOSS_PROBE ||
	    pending == ICSK_TIME_REO_TIMEOUT) {
		timer_set(out, TT_TIMER_RETRANSMIT, tp->inet_conn.icsk_retransmits,
			  retransmit_expires(tp));
	} else if (pending == ICSK_TIME_PROBE0) {
		timer_set(out, TT_TIMER_PROBE, tp->inet_conn.icsk_probes_out,
			  retransmit_expires(tp));
	} else {
		expires = keepalive_expires(tp);
		if (expires)
			timer_set(out, TT_TIMER_KEEPALIVE, tp->inet_conn.icsk_probes_out, expires);
	}
}

static __always_inline void timer_read_time_wait(struct tt_socket_record *out,
						 struct tcp_timewait_sock *tw)
{
	timer_set(out, TT_TIMER_TIME_WAIT, 0, tw->tw_sk.tw_timer.expires);
}

static __always_inline void timer_read_request(struct tt_socket_record *out,
					       struct tcp_request_sock *req)
{
	timer_set(out, TT_TIMER_RETRANSMIT, req->req.req.num_retrans,
		  req->req.req.rsk_timer.expires);
}

#endif /* TT_TIMER_BPF_H */
