// SPDX-License-Identifier: GPL-2.0
/* Segments that are sent again: data, SYN and FIN of a socket, SYN-ACK of a listener. */
#include "lib/emit.bpf.h"
#include "lib/info.bpf.h"

#define EAGAIN 11

/* include/net/inet_connection_sock.h */
#define ICSK_TIME_LOSS_PROBE 5

/*
 * What made the kernel send it again, from the state it is in (tcp_write_timer_handler,
 * tcp_send_loss_probe, tcp_xmit_retransmit_queue).
 */
static __always_inline __u8 retransmit_type(const struct tt_tcp_info *info, __u8 state)
{
	if (state == TCP_SYN_SENT)
		return TT_RETRANSMIT_SYN;
	if (info->ca_state == TCP_CA_Recovery)
		return TT_RETRANSMIT_FAST;
	if (info->pending == ICSK_TIME_LOSS_PROBE)
		return TT_RETRANSMIT_TLP;
	if (info->ca_state == TCP_CA_Loss)
		return info->pending ? TT_RETRANSMIT_SLOW_START : TT_RETRANSMIT_RTO;
	return TT_RETRANSMIT_UNKNOWN;
}

/* struct tcp_skb_cb, which the kernel lays over skb->cb; tcp_flags grew from u8 to u16 in v6.18. */
static __always_inline void segment_read_cb(struct tt_retransmit_record *record,
					    struct sk_buff *skb)
{
	struct tcp_skb_cb *cb = (struct tcp_skb_cb *)&skb->cb;
	__u32 end_seq = 0;
	__u16 segs = 0;
	__u8 flags = 0;

	bpf_core_read(&record->seq, sizeof(record->seq), &cb->seq);
	bpf_core_read(&end_seq, sizeof(end_seq), &cb->end_seq);
	bpf_core_read(&segs, sizeof(segs), &cb->tcp_gso_segs);
	/* Little endian: the low byte comes first in either width. */
	bpf_core_read(&flags, sizeof(flags), &cb->tcp_flags);
	record->length_bytes = end_seq - record->seq;
	record->segs = segs ? segs : 1;
	record->tcp_flags = flags;
}

static __always_inline int on_retransmit(struct sock *sk, struct sk_buff *skb, int err,
					 enum tt_access how)
{
	__u64 now = bpf_ktime_get_boot_ns();
	struct tt_subject subject;
	struct tt_retransmit_record *record;
	__u8 state = GET(how, sk, __sk_common.skc_state);

	subject_of_sock(&subject, sk, state, now, how);
	if (!err) {
		struct tcp_skb_cb *cb = (struct tcp_skb_cb *)&skb->cb;
		__u16 segs = 0;

		bpf_core_read(&segs, sizeof(segs), &cb->tcp_gso_segs);
		COUNT(subject.connection.netns, retransmitted_segments, segs ? segs : 1);
	}
	if (!kind_wanted(TT_KIND_RETRANSMIT) || !subject_matches(&subject))
		return 0;
	record = record_reserve(&subject, TT_KIND_RETRANSMIT, now, sizeof(*record));
	if (!record)
		return 0;
	segment_read_cb(record, skb);
	record->err = err;
	record->attempt = 0;
	__builtin_memset(record->pad, 0, sizeof(record->pad));
	record->common.header.flags |= info_read(&record->info, sk, state, how);
	record->type = retransmit_type(&record->info, state);
	record_submit(record);
	return 0;
}

/* `listener` is the listening socket; the peer is known only to the request. */
static __always_inline void request_tuple(struct tt_connection *out, struct request_sock *req)
{
	struct sock_common *common = &req->__req_common;
	__u32 *words;

	/* skc_num and skc_dport are ir_num and ir_rmt_port (include/net/inet_sock.h). */
	out->local_port = BPF_CORE_READ(common, skc_num);
	out->peer_port = bpf_ntohs(BPF_CORE_READ(common, skc_dport));
	out->family = BPF_CORE_READ(common, skc_family);
	__builtin_memset(out->local_addr, 0, TT_ADDR_LEN);
	__builtin_memset(out->peer_addr, 0, TT_ADDR_LEN);
	if (out->family == AF_INET6) {
		GET_BYTES(out->local_addr, common, skc_v6_rcv_saddr);
		GET_BYTES(out->peer_addr, common, skc_v6_daddr);
		return;
	}
	words = (__u32 *)out->local_addr;
	words[0] = BPF_CORE_READ(common, skc_rcv_saddr);
	words = (__u32 *)out->peer_addr;
	words[0] = BPF_CORE_READ(common, skc_daddr);
}

/* num_retrans counts this one only after the tracepoint. */
static __always_inline __u32 attempt_of(struct request_sock *req)
{
	return BPF_CORE_READ(req, num_retrans) + 1;
}

static __always_inline int on_synack_retransmit(struct sock *listener, struct request_sock *req,
						__u32 attempt, enum tt_access how)
{
	__u64 now = bpf_ktime_get_boot_ns();
	struct tt_subject subject;
	struct tt_retransmit_record *record;

	subject_of_sock(&subject, listener, TCP_SYN_RECV, now, how);
	/* Cookie and age are the listener's: the connection has none as yet. */
	subject.connection.cookie = 0;
	subject.connection.age_ns = 0;
	subject.connection.role = TT_ROLE_SERVER;
	subject.flags &= ~(TT_F_V4MAPPED | TT_F_SEEDED | TT_F_LOCKED | TT_F_SYNTHETIC_COOKIE);
	request_tuple(&subject.connection, req);
	if (subject.connection.family == AF_INET6 && tuple_unmap(&subject.connection))
		subject.flags |= TT_F_V4MAPPED;
	COUNT(subject.connection.netns, retransmitted_segments, 1);
	if (!kind_wanted(TT_KIND_SYNACK_RETRANSMIT) || !subject_matches(&subject))
		return 0;
	record = record_reserve(&subject, TT_KIND_SYNACK_RETRANSMIT, now, sizeof(*record));
	if (!record)
		return 0;
	record->seq = BPF_CORE_READ((struct tcp_request_sock *)req, snt_isn);
	record->length_bytes = 1;
	record->segs = 1;
	record->err = 0;
	record->type = TT_RETRANSMIT_SYNACK;
	record->tcp_flags = 0x12; /* SYN|ACK */
	record->attempt = attempt;
	__builtin_memset(record->pad, 0, sizeof(record->pad));
	info_clear(&record->info);
	record->info.backlog = GET(how, listener, sk_ack_backlog);
	record->info.backlog_limit = GET(how, listener, sk_max_ack_backlog);
	record->common.header.flags |= TT_F_INFO;
	record_submit(record);
	return 0;
}

/*
 * tcp_retransmit_skb() calls __tcp_retransmit_skb(), tail loss probes call the latter directly, and
 * a compiler is free to inline the one into the other: both are hooked, and what the inner one has
 * reported the outer one does not. Every attempt adds to total_retrans, before it can fail; one
 * that does not was given up before it was made.
 */
static __always_inline bool retransmit_is_new(struct sock *sk)
{
	struct tt_socket *socket = socket_find(sk);
	__u32 total = 0;

	bpf_core_read(&total, sizeof(total), &((struct tcp_sock *)sk)->total_retrans);
	if (!socket) {
		struct tt_subject subject;

		subject_of_sock(&subject, sk, GET(TT_PROBED, sk, __sk_common.skc_state), 0,
				TT_PROBED);
		socket = remember_subject(&subject, sk);
		if (!socket)
			return true;
	}
	if (socket->reported_retrans == total)
		return false;
	socket->reported_retrans = total;
	return true;
}

static __always_inline int on_retransmit_return(struct sock *sk, struct sk_buff *skb, int ret,
						enum tt_access how)
{
	/* The window or a full queue held it back: it was not tried. */
	if (ret == -EAGAIN || !retransmit_is_new(sk))
		return 0;
	return on_retransmit(sk, skb, ret, how);
}

SEC("?fexit/__tcp_retransmit_skb")
int BPF_PROG(retransmit_inner_fexit, struct sock *sk, struct sk_buff *skb, int segs, int ret)
{
	return on_retransmit_return(sk, skb, ret, TT_DIRECT);
}

SEC("?fexit/tcp_retransmit_skb")
int BPF_PROG(retransmit_fexit, struct sock *sk, struct sk_buff *skb, int segs, int ret)
{
	return on_retransmit_return(sk, skb, ret, TT_DIRECT);
}

/* The tracepoint reports failures as well, and says so, from v6.17 on; before, only what was sent.
 */
SEC("?tp_btf/tcp_retransmit_skb")
int retransmit_tp_btf(unsigned long long *ctx)
{
	struct sock *sk = (void *)CTX_ARG(ctx, 0);
	struct sk_buff *skb = (void *)CTX_ARG(ctx, 1);
	int err = 0;

	if (settings.retransmit_err_arg == 2)
		err = (int)CTX_ARG(ctx, 2);
	return on_retransmit(sk, skb, err, TT_DIRECT);
}

SEC("?raw_tp/tcp_retransmit_skb")
int retransmit_raw_tp(struct bpf_raw_tracepoint_args *ctx)
{
	int err = settings.retransmit_err_arg == 2 ? (int)ctx->args[2] : 0;

	return on_retransmit((void *)ctx->args[0], (void *)ctx->args[1], err, TT_PROBED);
}

#define CALL_DEPTH 4 /* two functions, and a softirq between them */

struct tt_retransmit_calls {
	__u32 depth;
	__u32 pad;
	struct {
		struct sock *sk;
		struct sk_buff *skb;
	} call[CALL_DEPTH];
};

/*
 * A kretprobe does not see the arguments: the entry leaves them here. By task, since a call can be
 * preempted, and as a stack, since calls nest. The idle tasks share pid 0: there the CPU counts.
 */
struct {
	/* LRU: what a missed return leaves behind must not fill it. */
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, __u64);
	__type(value, struct tt_retransmit_calls);
} retransmit_calls SEC(".maps");

static __always_inline __u64 call_key(void)
{
	__u64 id = bpf_get_current_pid_tgid();

	return id ? id : 1ull << 63 | bpf_get_smp_processor_id();
}

static __always_inline int retransmit_enter(struct sock *sk, struct sk_buff *skb)
{
	__u64 key = call_key();
	struct tt_retransmit_calls *calls = bpf_map_lookup_elem(&retransmit_calls, &key);

	if (!calls) {
		struct tt_retransmit_calls first = {.depth = 1, .call[0] = {sk, skb}};

		bpf_map_update_elem(&retransmit_calls, &key, &first, BPF_ANY);
		return 0;
	}
	/* Full: a return was missed, and what is stored is stale. */
	if (calls->depth >= CALL_DEPTH)
		calls->depth = 0;
	calls->call[calls->depth & (CALL_DEPTH - 1)].sk = sk;
	calls->call[calls->depth & (CALL_DEPTH - 1)].skb = skb;
	calls->depth++;
	return 0;
}

static __always_inline int retransmit_leave(int ret)
{
	__u64 key = call_key();
	struct tt_retransmit_calls *calls = bpf_map_lookup_elem(&retransmit_calls, &key);
	__u32 top;

	if (!calls || !calls->depth)
		return 0;
	top = (calls->depth - 1) & (CALL_DEPTH - 1);
	on_retransmit_return(calls->call[top].sk, calls->call[top].skb, ret, TT_PROBED);
	if (calls->depth > 1)
		calls->depth--;
	else
		bpf_map_delete_elem(&retransmit_calls, &key);
	return 0;
}

SEC("?kprobe/__tcp_retransmit_skb")
int BPF_KPROBE(retransmit_inner_kprobe, struct sock *sk, struct sk_buff *skb)
{
	return retransmit_enter(sk, skb);
}

SEC("?kprobe/tcp_retransmit_skb")
int BPF_KPROBE(retransmit_kprobe, struct sock *sk, struct sk_buff *skb)
{
	return retransmit_enter(sk, skb);
}

SEC("?kretprobe/__tcp_retransmit_skb")
int BPF_KRETPROBE(retransmit_inner_kretprobe, int ret)
{
	return retransmit_leave(ret);
}

SEC("?kretprobe/tcp_retransmit_skb")
int BPF_KRETPROBE(retransmit_kretprobe, int ret)
{
	return retransmit_leave(ret);
}

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} synack_attempt SEC(".maps");

/* Some kernels count the attempt inside the function, some in its caller: the entry knows how often
 * it was sent before. */
SEC("?fentry/tcp_rtx_synack")
int BPF_PROG(synack_fentry, struct sock *sk, struct request_sock *req)
{
	__u32 zero = 0;
	__u32 *attempt = bpf_map_lookup_elem(&synack_attempt, &zero);

	if (attempt)
		*attempt = attempt_of(req);
	return 0;
}

SEC("?fexit/tcp_rtx_synack")
int BPF_PROG(synack_fexit, struct sock *sk, struct request_sock *req, int ret)
{
	__u32 zero = 0;
	__u32 *attempt = bpf_map_lookup_elem(&synack_attempt, &zero);

	return ret ? 0 : on_synack_retransmit(sk, req, attempt ? *attempt : 0, TT_DIRECT);
}

SEC("?tp_btf/tcp_retransmit_synack")
int BPF_PROG(synack_tp_btf, struct sock *sk, struct request_sock *req)
{
	return on_synack_retransmit(sk, req, attempt_of(req), TT_DIRECT);
}

SEC("?raw_tp/tcp_retransmit_synack")
int BPF_PROG(synack_raw_tp, struct sock *sk, struct request_sock *req)
{
	return on_synack_retransmit(sk, req, attempt_of(req), TT_PROBED);
}

SEC("?kprobe/tcp_rtx_synack")
int BPF_KPROBE(synack_kprobe, struct sock *sk, struct request_sock *req)
{
	return on_synack_retransmit(sk, req, attempt_of(req), TT_PROBED);
}
