/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The user's conditions, on the owner and the tuple of an event. Evaluated before anything is
 * reserved. Every count is read-only data: the verifier drops the code of conditions that are not
 * asked.
 */
#ifndef TT_FILTER_BPF_H
#define TT_FILTER_BPF_H

#include "lib/base.bpf.h"
#include "lib/tuple.bpf.h"

/* Ids of the cgroups asked for and, kept up to date by userspace, of their descendants. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, __u64);
	__type(value, __u8);
} filter_cgroups __weak SEC(".maps");

static __always_inline bool filter_pids(__u32 pid)
{
	for (__u32 i = 0; i < TT_MAX_PIDS && i < settings.pids; i++)
		if (settings.pid[i] == pid)
			return true;
	return false;
}

static __always_inline bool filter_comms(const char *comm)
{
	const __u64 *have = (const __u64 *)comm;

	for (__u32 i = 0; i < TT_MAX_COMMS && i < settings.comms; i++) {
		const volatile __u64 *want = (const volatile __u64 *)settings.comm[i];

		if (want[0] == have[0] && want[1] == have[1])
			return true;
	}
	return false;
}

static __always_inline bool filter_netns(__u32 netns)
{
	for (__u32 i = 0; i < TT_MAX_NETNS && i < settings.netns; i++)
		if (settings.netns_inode[i] == netns)
			return true;
	return false;
}

static __always_inline bool filter_ports(__u8 side, __u16 local, __u16 peer)
{
	for (__u32 i = 0; i < TT_MAX_PORT_RANGES && i < settings.port_ranges; i++) {
		__u16 low = settings.port_range[i].low, high = settings.port_range[i].high;

		if (settings.port_range[i].side != side)
			continue;
		if ((side & TT_PORT_LOCAL) && local >= low && local <= high)
			return true;
		if ((side & TT_PORT_PEER) && peer >= low && peer <= high)
			return true;
	}
	return false;
}

static __always_inline bool filter_prefixes(const struct tt_connection *connection)
{
	const __u32 *local = (const __u32 *)connection->local_addr;
	const __u32 *peer = (const __u32 *)connection->peer_addr;

	for (__u32 i = 0; i < TT_MAX_PREFIXES && i < settings.prefixes; i++) {
		__u32 local_differs = 0, peer_differs = 0;

		if (settings.prefix[i].family != connection->family)
			continue;
		for (int word = 0; word < 4; word++) {
			__u32 mask = settings.prefix[i].mask[word];
			__u32 want = settings.prefix[i].address[word];

			local_differs |= (local[word] & mask) ^ want;
			peer_differs |= (peer[word] & mask) ^ want;
		}
		if (!local_differs || !peer_differs)
			return true;
	}
	return false;
}

/* One copy in each object: inlined into every shell it would exceed what older verifiers are
 * willing to follow. */
static __noinline bool filter_matches(const struct tt_connection *connection,
				      const struct tt_task *owner)
{
	if (!connection || !owner)
		return false;
	if (settings.pids && !filter_pids(owner->pid))
		return false;
	if (settings.comms && !filter_comms(owner->comm))
		return false;
	if (settings.netns && !filter_netns(connection->netns))
		return false;
	if (settings.cgroups && !bpf_map_lookup_elem(&filter_cgroups, &owner->cgroup_id))
		return false;
	if (settings.family && settings.family != connection->family)
		return false;
	if (settings.local_ports &&
	    !filter_ports(TT_PORT_LOCAL, connection->local_port, connection->peer_port))
		return false;
	if (settings.peer_ports &&
	    !filter_ports(TT_PORT_PEER, connection->local_port, connection->peer_port))
		return false;
	if (settings.either_ports &&
	    !filter_ports(TT_PORT_EITHER, connection->local_port, connection->peer_port))
		return false;
	if (settings.prefixes && !filter_prefixes(connection))
		return false;
	return true;
}

#endif /* TT_FILTER_BPF_H */
