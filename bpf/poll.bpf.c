// SPDX-License-Identifier: GPL-2.0
/*
 * A poll: what the connections that are remembered look like now, so that the seconds before a
 * reset are known. Over the map and not over the kernel's own tables, which are walked once for
 * each network namespace: this way it costs the same however many there are. Of connections to
 * which nothing has happened it says only that they are still there.
 */
#include "lib/filter.bpf.h"
#include "lib/info.bpf.h"

/* When the poll before this one began, by the clock of tcp_mstamp (CLOCK_MONOTONIC, microseconds).
 * 0: there was none. */
__u64 last_poll_us = 0;

static __always_inline bool wanted(struct sock *sk, __u8 state, const struct tt_socket *socket)
{
	struct tt_connection connection = {};

	if (state == TCP_LISTEN || state == TCP_CLOSE)
		return false;
	if (!filter_asks())
		return true;
	tuple_of_sock(&connection, sk, TT_PROBED);
	return filter_matches(&connection, &socket->owner);
}

static __always_inline void read_tuple(struct tt_sample_record *out, struct sock *sk)
{
	struct tt_connection connection = {};

	tuple_of_sock(&connection, sk, TT_PROBED);
	out->family = connection.family;
	out->local_port = connection.local_port;
	out->peer_port = connection.peer_port;
	__builtin_memcpy(out->local_addr, connection.local_addr, sizeof(out->local_addr));
	__builtin_memcpy(out->peer_addr, connection.peer_addr, sizeof(out->peer_addr));
}

/* tcp_mstamp_refresh() runs with every segment that comes or leaves and with every timer. */
static __always_inline bool quiet(const struct tt_sample_record *sample, struct tcp_sock *tp)
{
	return GET(TT_PROBED, tp, tcp_mstamp) < last_poll_us && !sample->unacked &&
	       !sample->unread_bytes && !sample->unsent_bytes;
}

/* Of a connection that is quiet no more than tells it: most are, and their structures are in no
 * cache. */
static __always_inline void read_sample(struct tt_sample_record *out, struct tcp_sock *tp,
					const struct tt_socket *socket)
{
	out->unacked = GET(TT_PROBED, tp, packets_out);
	out->unread_bytes = unread_bytes_of(tp, out->state, TT_PROBED);
	out->unsent_bytes = GET(TT_PROBED, tp, write_seq) - GET(TT_PROBED, tp, snd_nxt);
	if (quiet(out, tp)) {
		out->header.flags |= TT_F_QUIET;
		return;
	}
	out->role = socket->role;
	out->ca_state = GET_BITFIELD(TT_PROBED, tp, inet_conn.icsk_ca_state);
	out->retransmits = GET(TT_PROBED, tp, inet_conn.icsk_retransmits);
	out->rtt_us = GET(TT_PROBED, tp, srtt_us) >> 3;
	out->snd_cwnd = GET(TT_PROBED, tp, snd_cwnd);
	out->total_retrans = GET(TT_PROBED, tp, total_retrans);
	read_tuple(out, (struct sock *)tp);
}

/*
 * A socket whose structure is about to be freed leaves the map before (on_destroy()), and the
 * memory of TCP sockets stays of its type: at worst the sample is of a connection that has just
 * ended.
 */
SEC("iter/bpf_map_elem")
int poll_sockets(struct bpf_iter__bpf_map_elem *ctx)
{
	const struct tt_socket *socket = ctx->value;
	struct tt_sample_record record = {};
	const __u64 *key = ctx->key;
	struct tcp_sock *tp;
	struct sock *sk;

	if (!key || !socket)
		return 0;
	sk = (struct sock *)*key;
	tp = (struct tcp_sock *)sk;
	record.cookie = socket->cookie;
	record.state = GET(TT_PROBED, sk, __sk_common.skc_state);
	if (!wanted(sk, record.state, socket))
		return 0;
	record.netns = netns_of_sock(sk, TT_PROBED);
	read_sample(&record, tp, socket);
	record.header.kind = TT_KIND_SAMPLE;
	record.header.size = sizeof(record);
	record.header.timestamp_ns = bpf_ktime_get_boot_ns();
	bpf_seq_write(ctx->meta->seq, &record, sizeof(record));
	return 0;
}
