/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What every program needs: kernel types, helpers, the read-only configuration and the maps. Weak,
 * so that each subject's file stands alone and the static linker keeps one of each.
 */
#ifndef TT_BASE_BPF_H
#define TT_BASE_BPF_H

#include "vmlinux.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "tcptrace.h"

#define AF_INET 2
#define AF_INET6 10
#define ETH_P_IP 0x0800
#define ETH_P_IPV6 0x86DD
#define NSEC_PER_SEC 1000000000ull

const volatile struct tt_config settings __weak = {};

/* Records to userspace. Sized before load; see emit.bpf.h for the wake-up policy. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 8 << 20);
} events __weak SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, TT_LOSS_MAX);
	__type(key, __u32);
	__type(value, __u64);
} losses __weak SEC(".maps");

/* Key: inode number of the network namespace. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, struct tt_netns_counters);
} netns_counters __weak SEC(".maps");

static __always_inline void count_loss(__u32 loss)
{
	__u64 *count = bpf_map_lookup_elem(&losses, &loss);

	if (count)
		__sync_fetch_and_add(count, 1);
}

/*
 * The counters of a namespace on this CPU. Softirqs can interrupt a program that runs in process
 * context on the same CPU, so additions to them are atomic.
 */
static __always_inline struct tt_netns_counters *counters_of(__u32 netns)
{
	struct tt_netns_counters *counters = bpf_map_lookup_elem(&netns_counters, &netns);

	if (!counters) {
		static const struct tt_netns_counters zero = {};

		bpf_map_update_elem(&netns_counters, &netns, &zero, BPF_NOEXIST);
		counters = bpf_map_lookup_elem(&netns_counters, &netns);
		if (!counters)
			count_loss(TT_LOSS_NETNS_FULL);
	}
	return counters;
}

#define COUNT(netns, field, n)                                                                     \
	do {                                                                                       \
		struct tt_netns_counters *__c = counters_of(netns);                                \
		if (__c)                                                                           \
			__sync_fetch_and_add(&__c->field, (n));                                    \
	} while (0)

#endif /* TT_BASE_BPF_H */
