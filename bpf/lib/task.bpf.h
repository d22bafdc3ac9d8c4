/* SPDX-License-Identifier: GPL-2.0 */
/* The task that runs the hook. Only worth anything where its caller knows that it operates on the
 * socket. */
#ifndef TT_TASK_BPF_H
#define TT_TASK_BPF_H

#include "lib/base.bpf.h"

#define PF_EXITING 0x00000004

/*
 * Process name as in /proc/PID/comm: the thread group leader's, not the thread's. Zero behind its
 * end, so that names compare as blocks: older kernels leave the rest of a longer name there.
 */
static __always_inline void task_read_comm(char (*comm)[TT_COMM_LEN], struct task_struct *task)
{
	struct task_struct *leader = BPF_CORE_READ(task, group_leader);

	__builtin_memset(comm, 0, sizeof(*comm));
	bpf_core_read_str(comm, sizeof(*comm), &leader->comm);
}

static __always_inline void task_current(struct tt_task *out, enum tt_owner_source source)
{
	__u64 id = bpf_get_current_pid_tgid();

	out->pid = id >> 32;
	out->tid = (__u32)id;
	out->uid = (__u32)bpf_get_current_uid_gid();
	out->source = source;
	out->cgroup_id = bpf_get_current_cgroup_id();
	task_read_comm(&out->comm, (void *)bpf_get_current_task());
}

static __always_inline bool task_current_is_exiting(void)
{
	struct task_struct *task = (void *)bpf_get_current_task();

	return BPF_CORE_READ(task, flags) & PF_EXITING;
}

#endif /* TT_TASK_BPF_H */
