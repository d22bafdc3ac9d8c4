// SPDX-License-Identifier: GPL-2.0
/*
 * Connects that fail before a SYN leaves: no route, no free local port, an address that cannot be
 * used. The state machine shows nothing of them, or a SYN_SENT that ends in the same call, without
 * the errno.
 */
#include "lib/emit.bpf.h"
#include "lib/info.bpf.h"

#define EINTR 4
#define EISCONN 106
#define EALREADY 114
#define EINPROGRESS 115

/* The head of struct sockaddr_in6; struct sockaddr_in is shorter, and has its address at byte 4. */
struct tt_sockaddr {
	__u16 family;
	__u16 port_be;
	__u32 word; /* sin_addr, or sin6_flowinfo */
	__u8 address6[16];
};

static __always_inline bool connect_subject(struct tt_subject *subject, struct sock *sk,
					    const struct tt_sockaddr *to, __u64 now,
					    enum tt_access how)
{
	struct tt_connection *connection = &subject->connection;
	__u32 *words = (__u32 *)connection->peer_addr;

	subject_of_sock(subject, sk, TCP_CLOSE, now, how);
	__builtin_memset(connection->peer_addr, 0, TT_ADDR_LEN);
	connection->peer_port = bpf_ntohs(to->port_be);
	connection->role = TT_ROLE_CLIENT;
	connection->age_ns = 0;
	connection->family = to->family;
	subject->flags &= ~(TT_F_V4MAPPED | TT_F_SEEDED | TT_F_RST_SENT | TT_F_RST_RECEIVED);
	task_current(&subject->owner, TT_OWNER_CONNECT);
	subject->flags |= TT_F_OWNER;
	if (to->family == AF_INET) {
		words[0] = to->word;
		return true;
	}
	if (to->family != AF_INET6)
		return false;
	__builtin_memcpy(connection->peer_addr, to->address6, sizeof(to->address6));
	if (tuple_unmap(connection))
		subject->flags |= TT_F_V4MAPPED;
	return true;
}

static __always_inline int on_connect_error(struct sock *sk, const struct tt_sockaddr *to, int err,
					    enum tt_access how)
{
	__u64 now = bpf_ktime_get_boot_ns();
	struct tt_end_record *record;
	struct tt_subject subject;

	if (!kind_wanted(TT_KIND_CONNECT) || !connect_subject(&subject, sk, to, now, how) ||
	    !subject_matches(&subject))
		return 0;
	record = record_reserve(&subject, TT_KIND_CONNECT, now, sizeof(*record));
	if (!record)
		return 0;
	__builtin_memset(&record->err, 0,
			 offsetof(struct tt_end_record, info) - sizeof(record->common));
	record->common.connection.old_state = TCP_CLOSE;
	record->err = err;
	info_clear(&record->info);
	record_submit(record);
	return 0;
}

static __always_inline int on_connect_return(struct sock *sk, void *uaddr, int ret,
					     enum tt_access how)
{
	struct tt_sockaddr to = {};

	if (ret >= 0 || bpf_probe_read_kernel(&to, sizeof(to), uaddr))
		return 0;
	return on_connect_error(sk, &to, -ret, how);
}

/* tcp_v6_connect() to a v4-mapped address calls tcp_v4_connect() for it: reported once, by the
 * outer one. */
SEC("?fexit/tcp_v4_connect")
int BPF_PROG(connect_v4_fexit, struct sock *sk, void *uaddr, int addr_len, int ret)
{
	if (sk->__sk_common.skc_family != AF_INET)
		return 0;
	return on_connect_return(sk, uaddr, ret, TT_DIRECT);
}

SEC("?fexit/tcp_v6_connect")
int BPF_PROG(connect_v6_fexit, struct sock *sk, void *uaddr, int addr_len, int ret)
{
	return on_connect_return(sk, uaddr, ret, TT_DIRECT);
}

struct tt_connect_call {
	struct sock *sk;
	void *uaddr;
};

/* By task: a connect is made in process context, and a nested one (v6 to v4) is not looked at. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, __u64);
	__type(value, struct tt_connect_call);
} connect_calls SEC(".maps");

static __always_inline int connect_enter(struct sock *sk, void *uaddr)
{
	struct tt_connect_call call = {.sk = sk, .uaddr = uaddr};
	__u64 key = bpf_get_current_pid_tgid();

	bpf_map_update_elem(&connect_calls, &key, &call, BPF_ANY);
	return 0;
}

static __always_inline int connect_return(int ret)
{
	__u64 key = bpf_get_current_pid_tgid();
	struct tt_connect_call *call = bpf_map_lookup_elem(&connect_calls, &key);

	if (!call)
		return 0;
	on_connect_return(call->sk, call->uaddr, ret, TT_PROBED);
	bpf_map_delete_elem(&connect_calls, &key);
	return 0;
}

SEC("?kprobe/tcp_v4_connect")
int BPF_KPROBE(connect_v4_kprobe, struct sock *sk, void *uaddr)
{
	return GET(TT_PROBED, sk, __sk_common.skc_family) == AF_INET ? connect_enter(sk, uaddr) : 0;
}

SEC("?kprobe/tcp_v6_connect")
int BPF_KPROBE(connect_v6_kprobe, struct sock *sk, void *uaddr)
{
	return connect_enter(sk, uaddr);
}

SEC("?kretprobe/tcp_v4_connect")
int BPF_KRETPROBE(connect_v4_kretprobe, int ret)
{
	__u64 key = bpf_get_current_pid_tgid();
	struct tt_connect_call *call = bpf_map_lookup_elem(&connect_calls, &key);
	struct sock *sk;

	if (!call)
		return 0;
	/* The return of the nested call: the outer one follows. */
	sk = call->sk;
	return GET(TT_PROBED, sk, __sk_common.skc_family) == AF_INET ? connect_return(ret) : 0;
}

SEC("?kretprobe/tcp_v6_connect")
int BPF_KRETPROBE(connect_v6_kretprobe, int ret)
{
	return connect_return(ret);
}

/* Errors that the state machine reports, or that are none. */
static __always_inline bool connect_told_elsewhere(struct sock *sk, long ret)
{
	struct tt_socket *socket;

	if (ret >= 0 || ret == -EINPROGRESS || ret == -EALREADY || ret == -EISCONN ||
	    ret == -EINTR || ret <= -512 /* ERESTARTSYS and its kin */)
		return true;
	socket = socket_find(sk);
	return socket && (socket->flags & (TT_F_CONNECT_TOLD | TT_F_RST_RECEIVED));
}

/*
 * Where only tracepoints are to be had: at the exit of connect(), from the registers that it was
 * called with. bpf_task_pt_regs() is commit dd6e10fbd9fb, v5.15.
 */
SEC("?tp/syscalls/sys_exit_connect")
int connect_tp(struct trace_event_raw_sys_exit *ctx)
{
	struct tt_sockaddr to = {};
	struct task_struct *task;
	struct pt_regs *regs;
	struct file *file;
	struct sock *sk;

	if (ctx->ret >= 0 || ctx->ret == -EINPROGRESS)
		return 0;
	task = bpf_get_current_task_btf();
	regs = (struct pt_regs *)bpf_task_pt_regs(task);
	file = current_file((int)PT_REGS_PARM1_CORE_SYSCALL(regs));
	sk = file ? tcp_sock_of_file(file) : NULL;
	if (!sk || connect_told_elsewhere(sk, ctx->ret))
		return 0;
	if (bpf_probe_read_user(&to, sizeof(to), (void *)PT_REGS_PARM2_CORE_SYSCALL(regs)) &&
	    bpf_probe_read_user(&to, 8, (void *)PT_REGS_PARM2_CORE_SYSCALL(regs)))
		return 0;
	return on_connect_error(sk, &to, (int)-ctx->ret, TT_PROBED);
}
