/* SPDX-License-Identifier: GPL-2.0 */
/* The task that runs the hook. Only worth anything where its caller knows that it operates on the
 * socket. */
#ifndef TT_TASK_BPF_H
#define TT_TASK_BPF_H

#include "lib/read.bpf.h"

/* task_struct.flags: include/linux/sched.h */
#define PF_EXITING 0x00000004
#define PF_KTHREAD 0x00200000

/* bpf_get_current_task_btf() is commit 3ca1032ab7ab, v5.11: loads instead of calls. */
#define HAVE_TASK_BTF bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_get_current_task_btf)

/* `word` up to its first zero byte, the rest cleared; little endian. */
static __always_inline __u64 up_to_nul(__u64 word, bool *ended)
{
	__u64 zero = (word - 0x0101010101010101ull) & ~word & 0x8080808080808080ull;

	if (!zero)
		return word;
	*ended = true;
	return word & (((zero & -zero) >> 7) - 1);
}

/*
 * Process name as in /proc/PID/comm: the thread group leader's, not the thread's. Zero behind its
 * end, so that names compare as blocks: older kernels leave the rest of a longer name there.
 */
static __always_inline void comm_copy(char (*comm)[TT_COMM_LEN], __u64 low, __u64 high)
{
	__u64 *out = (__u64 *)*comm;
	bool ended = false;

	out[0] = up_to_nul(low, &ended);
	out[1] = ended ? 0 : up_to_nul(high, &ended);
}

static __always_inline void task_read_comm(char (*comm)[TT_COMM_LEN], struct task_struct *task)
{
	struct task_struct *leader = BPF_CORE_READ(task, group_leader);
	__u64 words[2] = {};

	bpf_core_read(words, sizeof(words), &leader->comm);
	comm_copy(comm, words[0], words[1]);
}

static __always_inline void task_read_current_comm(char (*comm)[TT_COMM_LEN])
{
	struct task_struct *leader;
	__u64 *words;

	if (!HAVE_TASK_BTF) {
		task_read_comm(comm, (void *)bpf_get_current_task());
		return;
	}
	leader = bpf_get_current_task_btf()->group_leader;
	words = (__u64 *)leader->comm;
	comm_copy(comm, words[0], words[1]);
}

#define CGROUP_DEPTH 24

/* 1 if it is one of the filter's. */
static __always_inline __u64 cgroup_wanted(__u64 id)
{
	__u64 hit = 0;

	for (__u32 i = 0; i < TT_MAX_CGROUPS && i < settings.cgroups; i++) {
		__u64 differs = id ^ settings.cgroup_id[i];

		hit |= ~(differs | -differs) >> 63;
	}
	return hit;
}

/*
 * Whether the task is in one of the cgroups of the filter or below: those of an hour from now too.
 * Without a branch, which the verifier would follow at every depth; above the root all reads are 0.
 */
static __always_inline bool task_in_cgroups(struct task_struct *task)
{
	struct cgroup *cgroup;
	__u64 hit = 0;

	if (!settings.cgroups)
		return false;
	cgroup = BPF_CORE_READ(task, cgroups, dfl_cgrp);
	for (int depth = 0; depth < CGROUP_DEPTH; depth++) {
		hit |= cgroup_wanted(BPF_CORE_READ(cgroup, kn, id));
		/* self is the first member of struct cgroup. */
		cgroup = (struct cgroup *)BPF_CORE_READ(cgroup, self.parent);
	}
	return hit;
}

/* A global function: verified once, and not wherever an owner is bound. */
__weak __noinline int current_in_cgroups(void)
{
	return task_in_cgroups((void *)bpf_get_current_task());
}

static __always_inline void task_current(struct tt_task *out, enum tt_owner_source source)
{
	__u64 id = bpf_get_current_pid_tgid();

	out->pid = id >> 32;
	out->tid = (__u32)id;
	out->uid = (__u32)bpf_get_current_uid_gid();
	out->source = source;
	out->cgroup_id = bpf_get_current_cgroup_id();
	out->in_cgroups = settings.cgroups && current_in_cgroups();
	task_read_current_comm(&out->comm);
}

/* A task that holds a descriptor of the socket: as an iterator finds it. */
static __always_inline void task_holding(struct tt_task *out, struct task_struct *task,
					 enum tt_access how)
{
	if (how == TT_DIRECT) {
		out->pid = task->tgid;
		out->uid = task->cred->uid.val;
		out->cgroup_id = task->cgroups->dfl_cgrp->kn->id;
	} else {
		out->pid = BPF_CORE_READ(task, tgid);
		out->uid = BPF_CORE_READ(task, cred, uid.val);
		out->cgroup_id = BPF_CORE_READ(task, cgroups, dfl_cgrp, kn, id);
	}
	out->tid = out->pid;
	out->source = TT_OWNER_SEED;
	out->in_cgroups = settings.cgroups && task_in_cgroups(task);
	task_read_comm(&out->comm, task);
}

static __always_inline bool task_current_has(__u32 flag)
{
	struct task_struct *task;

	if (HAVE_TASK_BTF)
		return bpf_get_current_task_btf()->flags & flag;
	task = (void *)bpf_get_current_task();
	return BPF_CORE_READ(task, flags) & flag;
}

#endif /* TT_TASK_BPF_H */
