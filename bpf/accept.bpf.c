// SPDX-License-Identifier: GPL-2.0
/* Who accepts a connection owns it: the one moment at which a pre-forked worker can be told from
 * its siblings. */
#include "lib/emit.bpf.h"

static __always_inline int on_accept(struct sock *sk, enum tt_access how)
{
	struct tt_socket *socket = socket_find(sk);
	struct tt_subject subject;
	struct tt_common *record;
	__u64 now;

	if (!socket)
		socket = remember_child(sk, how);
	if (socket)
		task_current(&socket->owner, TT_OWNER_ACCEPT);
	if (!kind_wanted(TT_KIND_ACCEPT))
		return 0;
	now = bpf_ktime_get_boot_ns();
	subject_of_sock(&subject, sk, GET(how, sk, __sk_common.skc_state), now, how);
	if (!(subject.flags & TT_F_OWNER) || subject.owner.source != TT_OWNER_ACCEPT) {
		task_current(&subject.owner, TT_OWNER_ACCEPT);
		subject.flags |= TT_F_OWNER;
	}
	if (!subject_matches(&subject))
		return 0;
	record = record_reserve(&subject, TT_KIND_ACCEPT, now, sizeof(*record));
	if (record)
		record_submit(record);
	return 0;
}

/*
 * What accept() returned, in the file table of the task that called it. A socket, and its file and
 * it point at each other, unless another thread has closed it by now.
 */
static __always_inline int on_accept_fd(long fd)
{
	struct file *file = fd < 0 ? NULL : current_file((int)fd);
	struct socket *socket;
	struct sock *sk;

	if (!file)
		return 0;
	socket = BPF_CORE_READ(file, private_data);
	if (!socket || BPF_CORE_READ(socket, file) != file)
		return 0;
	sk = tcp_sock_of_socket(socket);
	return sk ? on_accept(sk, TT_PROBED) : 0;
}

/* The arguments differ between kernels (commit 92ef0fd55ac8, v6.10), the return value does not. */
SEC("?fexit/inet_csk_accept")
int accept_fexit(unsigned long long *ctx)
{
	struct sock *sk = NULL;

	if (settings.accept_ret_arg == 2)
		sk = (void *)CTX_ARG(ctx, 2);
	else if (settings.accept_ret_arg == 4)
		sk = (void *)CTX_ARG(ctx, 4);
	return sk ? on_accept(sk, TT_DIRECT) : 0;
}

SEC("?kretprobe/inet_csk_accept")
int BPF_KRETPROBE(accept_kretprobe, struct sock *sk)
{
	return sk ? on_accept(sk, TT_PROBED) : 0;
}

SEC("?tp/syscalls/sys_exit_accept4")
int accept4_tp(struct trace_event_raw_sys_exit *ctx)
{
	return on_accept_fd(ctx->ret);
}

SEC("?tp/syscalls/sys_exit_accept")
int accept_tp(struct trace_event_raw_sys_exit *ctx)
{
	return on_accept_fd(ctx->ret);
}
