// SPDX-License-Identifier: GPL-2.0
/*
 * A snapshot: every TCP socket of the network namespace in which the iterator was opened, and the
 * processes that hold TCP sockets. What is found goes to the reader of the iterator; nothing is
 * kept here. The two are joined by inode in userspace, so conditions on the process are those of
 * the second alone.
 */
#include "lib/filter.bpf.h"
#include "lib/info.bpf.h"
#include "lib/timer.bpf.h"

/* What the kernel keeps of a connection: one of the three. */
struct tt_found {
	struct tcp_sock *tp;
	struct tcp_timewait_sock *tw;
	struct tcp_request_sock *req;
};

static __always_inline bool find_kind(struct tt_found *found, struct sock_common *common)
{
	found->tw = NULL;
	found->req = NULL;
	found->tp = bpf_skc_to_tcp_sock(common);
	if (found->tp)
		return true;
	found->tw = bpf_skc_to_tcp_timewait_sock(common);
	if (found->tw)
		return true;
	found->req = bpf_skc_to_tcp_request_sock(common);
	return found->req;
}

/* A listener on :: has requests over IPv4 whose family is its own and whose addresses are IPv4's.
 */
static __always_inline __u32 tuple_of_request(struct tt_connection *out,
					      struct tcp_request_sock *req)
{
	struct sock_common *common = &req->req.req.__req_common;

	if (out->family != AF_INET6 || req->req.req.rsk_ops->family != AF_INET)
		return 0;
	out->family = AF_INET;
	__builtin_memset(out->local_addr, 0, TT_ADDR_LEN);
	__builtin_memset(out->peer_addr, 0, TT_ADDR_LEN);
	*(__u32 *)out->local_addr = common->skc_rcv_saddr;
	*(__u32 *)out->peer_addr = common->skc_daddr;
	return TT_F_V4MAPPED;
}

static __always_inline __u8 role_of_state(__u8 state)
{
	if (state == TCP_LISTEN)
		return TT_ROLE_LISTENER;
	return state == TCP_SYN_SENT ? TT_ROLE_CLIENT : TT_ROLE_UNKNOWN;
}

static __always_inline void read_connection(struct tt_socket_record *out,
					    struct sock_common *common,
					    const struct tt_found *found)
{
	struct tt_connection *connection = &out->connection;

	out->header.flags = tuple_of_sock(connection, (struct sock *)common, TT_DIRECT);
	if (found->tp) {
		connection->state = common->skc_state;
		connection->role = role_of_state(connection->state);
	} else if (found->tw) {
		connection->state = found->tw->tw_sk.tw_substate;
	} else if (found->req) {
		connection->state = TCP_SYN_RECV;
		connection->role = TT_ROLE_SERVER;
		out->header.flags |= tuple_of_request(connection, found->req);
	}
}

/* A function of its own: inlined, it would be followed once for each kind. */
static __noinline bool wanted(const struct tt_connection *connection)
{
	return connection && settings.socket_states & (1u << (connection->state & 31)) &&
	       filter_connection(connection);
}

/* The inode of /proc/PID/fd; 0: the socket belongs to no descriptor (any more, or as yet). */
static __always_inline __u64 socket_inode(struct tcp_sock *tp, struct socket *socket)
{
	__u64 inode = 0;

	/* "net: lockless sock_i_ino()", v6.18 */
	if (bpf_core_field_exists(tp->inet_conn.icsk_inet.sk.sk_ino))
		return tp->inet_conn.icsk_inet.sk.sk_ino;
	if (socket)
		bpf_core_read(&inode, sizeof(inode),
			      &((struct socket_alloc *)socket)->vfs_inode.i_ino);
	return inode;
}

static __always_inline void read_full(struct tt_socket_record *out, struct tcp_sock *tp, __u32 uid)
{
	struct sock *sk = (struct sock *)tp;
	struct socket *socket = tp->inet_conn.icsk_inet.sk.sk_socket;

	out->uid = uid;
	out->inode = socket_inode(tp, socket);
	timer_read_full(out, tp);
	out->header.flags |= info_read(&out->info, sk, out->connection.state, TT_DIRECT);
	if (sock_flag(sk, TT_DIRECT, SOCK_DEAD))
		out->header.flags |= TT_F_SK_ORPHAN;
	else if (!socket)
		out->header.flags |= TT_F_CHILD;
}

static __always_inline void read_rest(struct tt_socket_record *out, const struct tt_found *found,
				      __u32 uid)
{
	if (found->tp) {
		read_full(out, found->tp, uid);
		return;
	}
	info_clear(&out->info);
	if (found->tw)
		timer_read_time_wait(out, found->tw);
	else if (found->req)
		timer_read_request(out, found->req);
}

static __always_inline __u64 cookie_of(struct sock_common *common)
{
	if (settings.have_socket_cookie)
		return bpf_get_socket_cookie(common);
	return common->skc_cookie.counter;
}

SEC("iter/tcp")
int list_sockets(struct bpf_iter__tcp *ctx)
{
	struct sock_common *common = ctx->sk_common;
	struct tt_socket_record record = {};
	struct tt_found found;

	if (!common || !find_kind(&found, common))
		return 0;
	read_connection(&record, common, &found);
	if (!wanted(&record.connection))
		return 0;
	record.connection.cookie = cookie_of(common);
	read_rest(&record, &found, ctx->uid);
	record.header.kind = TT_KIND_SOCKET;
	record.header.size = sizeof(record);
	record.header.timestamp_ns = bpf_ktime_get_boot_ns();
	bpf_seq_write(ctx->meta->seq, &record, sizeof(record));
	return 0;
}

/* bpf_sock_from_file() is commit 4f19cab76136, v5.11: loads instead of calls. */
#define HAVE_SOCK_FROM_FILE bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_sock_from_file)

static __always_inline bool is_tcp_file(struct file *file)
{
	struct socket *socket;
	struct sock *sk;
	__u16 family;

	if (!HAVE_SOCK_FROM_FILE)
		return tcp_sock_of_file(file);
	socket = bpf_sock_from_file(file);
	if (!socket)
		return false;
	sk = socket->sk;
	if (!sk || sk->sk_protocol != IPPROTO_TCP)
		return false;
	family = sk->__sk_common.skc_family;
	return family == AF_INET || family == AF_INET6;
}

SEC("iter/task_file")
int list_socket_owners(struct bpf_iter__task_file *ctx)
{
	struct tt_socket_owner_record record = {};
	struct task_struct *task = ctx->task;
	struct file *file = ctx->file;

	if (!task || !file || !is_tcp_file(file))
		return 0;
	task_holding(&record.owner, task, TT_DIRECT);
	if (!filter_owner(&record.owner))
		return 0;
	record.inode = file->f_inode->i_ino;
	record.header.kind = TT_KIND_SOCKET_OWNER;
	record.header.size = sizeof(record);
	bpf_seq_write(ctx->meta->seq, &record, sizeof(record));
	return 0;
}
