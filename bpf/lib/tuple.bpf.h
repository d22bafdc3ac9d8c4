/* SPDX-License-Identifier: GPL-2.0 */
/* Addresses, ports and namespace: of a socket, of a request, of a packet. */
#ifndef TT_TUPLE_BPF_H
#define TT_TUPLE_BPF_H

#include "lib/read.bpf.h"

/* What names a connection after its socket is gone. */
struct tt_tuple {
	__u8 local_addr[TT_ADDR_LEN];
	__u8 peer_addr[TT_ADDR_LEN];
	__u16 local_port;
	__u16 peer_port;
	__u32 netns;
};

static __always_inline void tuple_of(struct tt_tuple *out, const struct tt_connection *connection)
{
	__builtin_memcpy(out->local_addr, connection->local_addr, TT_ADDR_LEN);
	__builtin_memcpy(out->peer_addr, connection->peer_addr, TT_ADDR_LEN);
	out->local_port = connection->local_port;
	out->peer_port = connection->peer_port;
	out->netns = connection->netns;
}

/* ::ffff:a.b.c.d in both ends makes it an IPv4 connection; returns whether it was one. */
static __always_inline bool tuple_unmap(struct tt_connection *connection)
{
	__u32 *local = (__u32 *)connection->local_addr;
	__u32 *peer = (__u32 *)connection->peer_addr;
	const __u32 mapped = bpf_htonl(0xffff);
	bool local_mapped = !local[0] && !local[1] && local[2] == mapped;
	bool local_any = !local[0] && !local[1] && !local[2] && !local[3];

	/* A socket not yet bound has :: as its own address. */
	if (peer[0] || peer[1] || peer[2] != mapped || !(local_mapped || local_any))
		return false;
	local[0] = local[3];
	peer[0] = peer[3];
	local[2] = local[3] = peer[2] = peer[3] = 0;
	connection->family = AF_INET;
	return true;
}

static __always_inline __u32 netns_of_sock(struct sock *sk, enum tt_access how)
{
	if (how == TT_DIRECT)
		return sk->__sk_common.skc_net.net->ns.inum;
	return BPF_CORE_READ(sk, __sk_common.skc_net.net, ns.inum);
}

/* Null where the kernel does not take `sk` for TCP. */
static __always_inline struct tcp_sock *tcp_sock_of(struct sock *sk, enum tt_access how)
{
	return how == TT_DIRECT ? bpf_skc_to_tcp_sock(sk) : (struct tcp_sock *)sk;
}

/*
 * tcp_set_state(TCP_CLOSE) clears skc_num before anybody else can see it; inet_sport stays. On the
 * other hand inet_sport of a socket that is only bound to be connected is not set yet.
 */
static __always_inline __u16 local_port_of_sock(struct sock *sk, enum tt_access how)
{
	struct inet_sock *inet = (struct inet_sock *)sk;
	__u16 port = GET(how, sk, __sk_common.skc_num);
	__u16 port_be = 0;

	if (port)
		return port;
	if (how == TT_DIRECT) {
		struct tcp_sock *tp = bpf_skc_to_tcp_sock(sk);

		return tp ? bpf_ntohs(tp->inet_conn.icsk_inet.inet_sport) : 0;
	}
	bpf_core_read(&port_be, sizeof(port_be), &inet->inet_sport);
	return bpf_ntohs(port_be);
}

/* The tuple of a full socket. Returns TT_F_V4MAPPED or 0. */
static __always_inline __u32 tuple_of_sock(struct tt_connection *out, struct sock *sk,
					   enum tt_access how)
{
	__u32 *words;

	out->netns = netns_of_sock(sk, how);
	out->local_port = local_port_of_sock(sk, how);
	out->peer_port = bpf_ntohs(GET(how, sk, __sk_common.skc_dport));
	out->family = GET(how, sk, __sk_common.skc_family);
	if (out->family == AF_INET6) {
		GET_BYTES(out->local_addr, sk, __sk_common.skc_v6_rcv_saddr);
		GET_BYTES(out->peer_addr, sk, __sk_common.skc_v6_daddr);
		return tuple_unmap(out) ? TT_F_V4MAPPED : 0;
	}
	words = (__u32 *)out->local_addr;
	words[0] = GET(how, sk, __sk_common.skc_rcv_saddr);
	words = (__u32 *)out->peer_addr;
	words[0] = GET(how, sk, __sk_common.skc_daddr);
	return 0;
}

/* tt_segment.flags: include/net/tcp.h */
#define TCPHDR_SYN 0x02
#define TCPHDR_RST 0x04
#define TCPHDR_ACK 0x10

/* A parsed TCP segment. */
struct tt_segment {
	__u32 seq;
	__u32 ack;
	__u32 payload_bytes;
	__u8 flags;
	__u8 ttl;
	__u8 family;
	__u8 valid;
	__u16 source;
	__u16 dest;
	__u8 source_addr[TT_ADDR_LEN];
	__u8 dest_addr[TT_ADDR_LEN];
};

/* A bare SYN: it begins a connection, whatever had its ports before. */
static __always_inline bool segment_opens(const struct tt_segment *segment)
{
	return (segment->flags & (TCPHDR_SYN | TCPHDR_ACK)) == TCPHDR_SYN;
}

/*
 * Reads the headers that skb->network_header and skb->transport_header point to. `transport` false:
 * the transport header is not set (a firewall's view of a packet); it follows the network header.
 * Then extension headers of IPv6 are not followed: out->valid stays 0.
 */
static __always_inline void segment_read(struct tt_segment *out, struct sk_buff *skb,
					 bool transport)
{
	unsigned char *head = BPF_CORE_READ(skb, head);
	unsigned char *network = head + BPF_CORE_READ(skb, network_header);
	unsigned char *tcp;
	struct tcphdr th;
	__u32 total_bytes, header_bytes;
	__u8 version;

	__builtin_memset(out, 0, sizeof(*out));
	if (bpf_probe_read_kernel(&version, sizeof(version), network))
		return;
	if (version >> 4 == 4) {
		struct iphdr ip;

		if (bpf_probe_read_kernel(&ip, sizeof(ip), network) || ip.protocol != IPPROTO_TCP)
			return;
		out->family = AF_INET;
		out->ttl = ip.ttl;
		__builtin_memcpy(out->source_addr, &ip.saddr, sizeof(ip.saddr));
		__builtin_memcpy(out->dest_addr, &ip.daddr, sizeof(ip.daddr));
		header_bytes = (version & 0xf) * 4;
		total_bytes = bpf_ntohs(ip.tot_len);
	} else {
		struct ipv6hdr ip6;

		if (version >> 4 != 6 || bpf_probe_read_kernel(&ip6, sizeof(ip6), network))
			return;
		if (ip6.nexthdr != IPPROTO_TCP && !transport)
			return;
		out->family = AF_INET6;
		out->ttl = ip6.hop_limit;
		__builtin_memcpy(out->source_addr, &ip6.saddr, sizeof(ip6.saddr));
		__builtin_memcpy(out->dest_addr, &ip6.daddr, sizeof(ip6.daddr));
		header_bytes = sizeof(ip6);
		total_bytes = sizeof(ip6) + bpf_ntohs(ip6.payload_len);
	}
	tcp = transport ? head + BPF_CORE_READ(skb, transport_header) : network + header_bytes;
	if (bpf_probe_read_kernel(&th, sizeof(th), tcp))
		return;
	/* Byte 13 of the header holds the flags: RFC 9293, 3.1. */
	out->flags = ((__u8 *)&th)[13];
	out->seq = bpf_ntohl(th.seq);
	out->ack = bpf_ntohl(th.ack_seq);
	out->source = bpf_ntohs(th.source);
	out->dest = bpf_ntohs(th.dest);
	header_bytes = (__u32)(tcp - network) + (((__u8 *)&th)[12] >> 4) * 4;
	out->payload_bytes = total_bytes > header_bytes ? total_bytes - header_bytes : 0;
	out->valid = 1;
}

/* The connection that a received segment belongs to, seen from this host. */
static __always_inline void tuple_of_received(struct tt_connection *out,
					      const struct tt_segment *segment)
{
	out->family = segment->family;
	out->local_port = segment->dest;
	out->peer_port = segment->source;
	__builtin_memcpy(out->local_addr, segment->dest_addr, TT_ADDR_LEN);
	__builtin_memcpy(out->peer_addr, segment->source_addr, TT_ADDR_LEN);
}

/*
 * The namespace a packet is in. In the TCP receive path skb->dev is already cleared: then the route
 * tells.
 */
static __always_inline __u32 netns_of_skb(struct sk_buff *skb)
{
	struct net_device *dev = BPF_CORE_READ(skb, dev);

	if (!dev) {
		unsigned long refdst = BPF_CORE_READ(skb, _skb_refdst);
		struct dst_entry *dst = (void *)(refdst & ~1ul);

		if (!dst)
			return 0;
		dev = BPF_CORE_READ(dst, dev);
	}
	return BPF_CORE_READ(dev, nd_net.net, ns.inum);
}

#endif /* TT_TUPLE_BPF_H */
