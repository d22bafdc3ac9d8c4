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

/* 1 if `port` is in the range. Without a branch: the verifier would follow each on its own. */
static __always_inline __u64 port_in(__u64 port, __u64 low, __u64 high)
{
	return ~((port - low) | (high - port)) >> 63;
}

static __always_inline bool filter_ports(__u8 side, __u16 local, __u16 peer)
{
	__u64 hit = 0;

	for (__u32 i = 0; i < TT_MAX_PORT_RANGES && i < settings.port_ranges; i++) {
		__u16 low = settings.port_range[i].low, high = settings.port_range[i].high;

		if (settings.port_range[i].side != side)
			continue;
		if (side & TT_PORT_LOCAL)
			hit |= port_in(local, low, high);
		if (side & TT_PORT_PEER)
			hit |= port_in(peer, low, high);
	}
	return hit;
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

static __always_inline bool filter_owner(const struct tt_task *owner)
{
	if (settings.pids && !filter_pids(owner->pid))
		return false;
	if (settings.comms && !filter_comms(owner->comm))
		return false;
	return !settings.cgroups || owner->in_cgroups;
}

static __always_inline bool filter_connection(const struct tt_connection *connection)
{
	if (settings.netns && !filter_netns(connection->netns))
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
	return !settings.prefixes || filter_prefixes(connection);
}

/* Whether there is any condition. */
static __always_inline bool filter_asks(void)
{
	return settings.pids || settings.comms || settings.netns || settings.cgroups ||
	       settings.family || settings.local_ports || settings.peer_ports ||
	       settings.either_ports || settings.prefixes;
}

/* One copy in each object: inlined into every shell it would exceed what older verifiers are
 * willing to follow. */
static __noinline __attribute__((unused)) bool
filter_matches(const struct tt_connection *connection, const struct tt_task *owner)
{
	return connection && owner && filter_owner(owner) && filter_connection(connection);
}

#endif /* TT_FILTER_BPF_H */
