// SPDX-License-Identifier: GPL-2.0
/*
 * The owners of sockets that exist already when the trace starts, from the file tables of all
 * processes. Runs once, after the hooks are attached, and never overwrites what a hook has learnt
 * since.
 */
#include "lib/owner.bpf.h"

#define E2BIG 7

SEC("iter/task_file")
int seed_sockets(struct bpf_iter__task_file *ctx)
{
	struct task_struct *task = ctx->task;
	struct file *file = ctx->file;
	struct tt_socket seed = {};
	bool listener = false;
	struct sock *sk;
	__u64 key;
	__u8 state;

	if (!task || !file)
		return 0;
	sk = tcp_sock_of_file(file);
	if (!sk)
		return 0;
	state = BPF_CORE_READ(sk, __sk_common.skc_state);
	seed.born_ns = bpf_ktime_get_boot_ns();
	seed.flags = TT_F_SEEDED;
	seed.previous_state = state;
	task_holding(&seed.owner, task, TT_PROBED);
	if (state == TCP_LISTEN) {
		seed.role = TT_ROLE_LISTENER;
		listener = true;
	} else if (state == TCP_CLOSE) {
		return 0;
	}
	seed.cookie = socket_cookie(sk, TT_PROBED, &seed.flags);
	key = (__u64)sk;
	switch (bpf_map_update_elem(&sockets, &key, &seed, BPF_NOEXIST)) {
	case 0:
		break;
	case -E2BIG:
		count_loss(TT_LOSS_SOCKETS_FULL);
		return 0;
	default:
		/* Known: from a hook, or from another descriptor of the same socket. */
		return 0;
	}
	if (listener)
		listener_add(netns_of_sock(sk, TT_PROBED), BPF_CORE_READ(sk, __sk_common.skc_num),
			     sk, &seed.owner);
	return 0;
}
