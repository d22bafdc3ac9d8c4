/* SPDX-License-Identifier: GPL-2.0 */
/* The TCP_INFO of the instant, as tcp_get_info() (net/ipv4/tcp.c) computes it, without taking the
 * socket lock. */
#ifndef TT_INFO_BPF_H
#define TT_INFO_BPF_H

#include "lib/owner.bpf.h"

static __always_inline __u32 jiffies_to_usecs(__u32 jiffies)
{
	return settings.hz ? jiffies * (1000000 / settings.hz) : 0;
}

static __always_inline __u32 jiffies_to_msecs(__u32 jiffies)
{
	return settings.hz ? (__u32)((__u64)jiffies * 1000 / settings.hz) : 0;
}

static __always_inline void info_read_congestion(struct tt_tcp_info *out, struct tcp_sock *tp,
						 enum tt_access how)
{
	__u32 min_rtt_us = GET(how, tp, rtt_min.s[0].v);

	out->rtt_us = GET(how, tp, srtt_us) >> 3;
	out->rttvar_us = GET(how, tp, mdev_us) >> 2;
	out->min_rtt_us = min_rtt_us == ~0u ? 0 : min_rtt_us;
	out->rto_us = jiffies_to_usecs(GET(how, tp, inet_conn.icsk_rto));
	out->snd_cwnd = GET(how, tp, snd_cwnd);
	out->snd_ssthresh = GET(how, tp, snd_ssthresh);
	out->snd_mss = GET(how, tp, mss_cache);
	out->rcv_mss = GET(how, tp, inet_conn.icsk_ack.rcv_mss);
	out->snd_wnd = GET(how, tp, snd_wnd);
	out->rcv_wnd = GET(how, tp, rcv_wnd);
	out->unacked = GET(how, tp, packets_out);
	out->sacked = GET(how, tp, sacked_out);
	out->lost = GET(how, tp, lost_out);
	out->retrans = GET(how, tp, retrans_out);
	out->total_retrans = GET(how, tp, total_retrans);
	out->reord_seen = GET(how, tp, reord_seen);
	out->dsack_dups = GET(how, tp, dsack_dups);
	out->rcv_ooopack = GET(how, tp, rcv_ooopack);
	out->ca_state = GET_BITFIELD(how, tp, inet_conn.icsk_ca_state);
	out->retransmits = GET(how, tp, inet_conn.icsk_retransmits);
	out->probes = GET(how, tp, inet_conn.icsk_probes_out);
	out->backoff = GET(how, tp, inet_conn.icsk_backoff);
	out->pending = GET(how, tp, inet_conn.icsk_pending);
}

static __always_inline void info_read_volume(struct tt_tcp_info *out, struct tcp_sock *tp,
					     enum tt_access how)
{
	out->bytes_acked = GET(how, tp, bytes_acked);
	out->bytes_received = GET(how, tp, bytes_received);
	out->bytes_sent = GET(how, tp, bytes_sent);
	out->bytes_retrans = GET(how, tp, bytes_retrans);
	out->segs_in = GET(how, tp, segs_in);
	out->segs_out = GET(how, tp, segs_out);
	out->data_segs_in = GET(how, tp, data_segs_in);
	out->data_segs_out = GET(how, tp, data_segs_out);
	out->delivered = GET(how, tp, delivered);
}

/* `state` is the connection's: of an abort the one before it. */
static __always_inline __u32 unread_bytes_of(struct tcp_sock *tp, __u8 state, enum tt_access how)
{
	__u32 unread = GET(how, tp, rcv_nxt) - GET(how, tp, copied_seq);

	/* The peer's FIN occupies a sequence number (RFC 9293, 3.4); tcp_fin() sets the flag. */
	if (unread && sock_flag((struct sock *)tp, how, SOCK_DONE))
		unread--;
	/* Before the handshake is complete, copied_seq is not set. */
	return state != TCP_SYN_SENT && state != TCP_SYN_RECV && (__s32)unread > 0 ? unread : 0;
}

static __always_inline void info_read_queues(struct tt_tcp_info *out, struct tcp_sock *tp,
					     __u8 state, enum tt_access how)
{
	__u32 write_seq = GET(how, tp, write_seq);
	__u32 now = (__u32)bpf_jiffies64();

	out->unread_bytes = unread_bytes_of(tp, state, how);
	out->unsent_bytes = write_seq - GET(how, tp, snd_nxt);
	out->unacked_bytes = write_seq - GET(how, tp, snd_una);
	out->last_data_sent_ms = jiffies_to_msecs(now - GET(how, tp, lsndtime));
	out->last_data_recv_ms = jiffies_to_msecs(now - GET(how, tp, inet_conn.icsk_ack.lrcvtime));
	out->last_ack_recv_ms = jiffies_to_msecs(now - GET(how, tp, rcv_tstamp));
}

/* Of kernels with CONFIG_TCP_MD5SIG, and CONFIG_TCP_AO since v6.7 (commit 4954f17ddefc). */
static __always_inline __u8 options_of(struct tcp_sock *tp, enum tt_access how)
{
	__u8 options = GET_BITFIELD(how, tp, repair) ? TT_OPTION_REPAIR : 0;

	if (bpf_core_field_exists(tp->md5sig_info) && GET(how, tp, md5sig_info))
		options |= TT_OPTION_MD5;
	if (bpf_core_field_exists(tp->ao_info) && GET(how, tp, ao_info))
		options |= TT_OPTION_AO;
	return options;
}

static __always_inline void info_read_socket(struct tt_tcp_info *out, struct tcp_sock *tp,
					     enum tt_access how)
{
	struct sock *sk = (struct sock *)tp;

	out->user_timeout_ms = GET(how, tp, inet_conn.icsk_user_timeout);
	out->sk_err = GET(how, tp, inet_conn.icsk_inet.sk.sk_err);
	out->sk_err_soft = GET(how, tp, inet_conn.icsk_inet.sk.sk_err_soft);
	out->backlog = GET(how, tp, inet_conn.icsk_inet.sk.sk_ack_backlog);
	out->backlog_limit = GET(how, tp, inet_conn.icsk_inet.sk.sk_max_ack_backlog);
	out->linger2 = GET(how, tp, linger2);
	out->lingertime_ms = -1;
	if (sock_flag(sk, how, SOCK_LINGER))
		out->lingertime_ms =
			jiffies_to_msecs(GET(how, tp, inet_conn.icsk_inet.sk.sk_lingertime));
	out->shutdown = GET(how, tp, inet_conn.icsk_inet.sk.sk_shutdown);
	out->keepalive = sock_flag(sk, how, SOCK_KEEPOPEN);
	out->options = options_of(tp, how);
}

/* For a record without: nothing known, SO_LINGER not set. */
static __always_inline void info_clear(struct tt_tcp_info *out)
{
	__builtin_memset(out, 0, sizeof(*out));
	out->lingertime_ms = -1;
}

static __always_inline bool is_mptcp(struct tcp_sock *tp, enum tt_access how)
{
	return bpf_core_field_exists(tp->is_mptcp) && GET(how, tp, is_mptcp);
}

/* `sk` is a full TCP socket. Fills every field. Returns TT_F_INFO, and TT_F_MPTCP for a subflow; 0
 * where the kernel does not take it for TCP. */
static __always_inline __u32 info_read(struct tt_tcp_info *out, struct sock *sk, __u8 state,
				       enum tt_access how)
{
	struct tcp_sock *tp = tcp_sock_of(sk, how);

	__builtin_memset(out, 0, sizeof(*out));
	if (!tp)
		return 0;
	info_read_congestion(out, tp, how);
	info_read_volume(out, tp, how);
	info_read_queues(out, tp, state, how);
	info_read_socket(out, tp, how);
	return TT_F_INFO | (is_mptcp(tp, how) ? TT_F_MPTCP : 0);
}

#endif /* TT_INFO_BPF_H */
