/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The ABI between the BPF programs and userspace: record kinds, wire structs, read-only
 * configuration. The only header both sides share. C11 and C++23. Every struct is explicitly padded
 * and its size asserted, so a record written by a program of one build is never misread by a
 * decoder of another.
 */
#ifndef TCPTRACE_H
#define TCPTRACE_H

#ifdef __cplusplus
#include <linux/types.h>
#define TT_STATIC_ASSERT static_assert
#else
#ifndef __VMLINUX_H__
#include <linux/types.h>
#endif
#define TT_STATIC_ASSERT _Static_assert
#endif

/* Of the records. Counted up with every change of their layout or meaning that is more than a kind
 * appended: recordings of another one are refused. */
#define TT_ABI_VERSION 1

#define TT_COMM_LEN 16
#define TT_ADDR_LEN 16

/* What happened. Values are wire format: append only. */
enum tt_kind {
	TT_KIND_STATE = 1, /* one transition of the RFC 9293 state machine */
	TT_KIND_CONNECT = 2, /* an active open ended: ESTABLISHED, or failed with an errno */
	TT_KIND_ACCEPT = 3, /* a process accepted a connection */
	TT_KIND_CLOSE = 4, /* a synchronised connection reached CLOSE (or left for TIME_WAIT) */
	TT_KIND_RETRANSMIT = 5, /* a segment was sent again */
	TT_KIND_SYNACK_RETRANSMIT = 6, /* a listener sent a SYN-ACK again */
	TT_KIND_RESET_SENT = 7,
	TT_KIND_RESET_RECEIVED = 8,
	TT_KIND_SOCKET = 9, /* a socket as a snapshot found it */
	TT_KIND_SOCKET_OWNER = 10, /* a process that holds a socket */
	TT_KIND_SAMPLE = 11, /* what a poll saw of a connection */
	TT_KIND_MAX = TT_KIND_SAMPLE,
};

/* tt_header.flags */

/* An AF_INET6 socket that carries IPv4 (::ffff:a.b.c.d). */
#define TT_F_V4MAPPED (1u << 0)
/* tt_owner is filled. */
#define TT_F_OWNER (1u << 1)
/* tt_tcp_info is filled; clear for replies without a full socket. */
#define TT_F_INFO (1u << 2)
/* The socket lock was owned: the task that ran the hook operated on the socket. */
#define TT_F_LOCKED (1u << 3)
/* The connection existed before the trace: age_ns is a lower bound. */
#define TT_F_SEEDED (1u << 4)
/* That task was exiting (PF_EXITING). */
#define TT_F_EXITING (1u << 5)
/* tcp_reset() ran, but the hook cannot tell whether an RST arrived: see trace/. */
#define TT_F_RST_AMBIGUOUS (1u << 6)
/* CLOSE, CONNECT: a reset of this connection was reported as sent, as received. */
#define TT_F_RST_SENT (1u << 7)
#define TT_F_RST_RECEIVED (1u << 8)
/* SOCK_DEAD: no process holds the socket any more. */
#define TT_F_SK_ORPHAN (1u << 9)
/* A reply for a segment that belongs to no socket. */
#define TT_F_NO_SOCKET (1u << 10)
/* The kernel could not give a cookie: ours, from TT_COOKIE_BASE on. */
#define TT_F_SYNTHETIC_COOKIE (1u << 11)
/* Never accepted: sk_socket was NULL and SOCK_DEAD clear. */
#define TT_F_CHILD (1u << 12)
/* An MPTCP subflow. */
#define TT_F_MPTCP (1u << 13)
/* Kept with the socket: the state machine told how this connect failed. */
#define TT_F_CONNECT_TOLD (1u << 14)

/* SAMPLE: nothing has happened to the connection since the poll before, and nothing is under way.
 */
#define TT_F_QUIET (1u << 15)

/* Cookies that tcptrace made itself start here: far above any that sock_gen_cookie() reaches. */
#define TT_COOKIE_BASE (1ull << 52)

enum tt_role { TT_ROLE_UNKNOWN = 0, TT_ROLE_CLIENT = 1, TT_ROLE_SERVER = 2, TT_ROLE_LISTENER = 3 };

/* How the owner was learnt, best first. */
enum tt_owner_source {
	TT_OWNER_NONE = 0,
	TT_OWNER_ACCEPT = 1, /* the task that accepted the connection */
	TT_OWNER_CONNECT = 2, /* the task that connected */
	TT_OWNER_OPERATION = 3, /* seen operating on the socket with its lock held (close) */
	TT_OWNER_SEED = 4, /* a file descriptor table, read when the trace started */
	TT_OWNER_LISTENER = 5, /* the listener's owner: the connection was not (seen) accepted */
	TT_OWNER_CLOSED = 6, /* the last owner of a connection closed a short time ago */
	TT_OWNER_SOURCE_MAX = TT_OWNER_CLOSED,
};

enum tt_retransmit_type {
	TT_RETRANSMIT_UNKNOWN = 0,
	TT_RETRANSMIT_RTO = 1, /* the retransmission timer expired */
	TT_RETRANSMIT_FAST = 2, /* RFC 6582/6675/8985: recovery on duplicate ACKs, SACK or RACK */
	TT_RETRANSMIT_TLP = 3, /* RFC 8985 tail loss probe */
	TT_RETRANSMIT_SYN = 4,
	TT_RETRANSMIT_SYNACK = 5,
	TT_RETRANSMIT_SLOW_START = 6, /* repair of further lost segments after an RTO */
	TT_RETRANSMIT_TYPE_MAX = TT_RETRANSMIT_SLOW_START,
};

/* Who made the RST that was sent. */
enum tt_reset_origin {
	TT_RESET_ORIGIN_UNKNOWN = 0,
	TT_RESET_ORIGIN_ACTIVE = 1, /* tcp_send_active_reset(): this socket gave up */
	TT_RESET_ORIGIN_REPLY = 2, /* tcp_v{4,6}_send_reset(): the answer to a segment */
	TT_RESET_ORIGIN_NETFILTER = 3, /* nf_send_reset{,6}(): "reject with tcp reset" */
	TT_RESET_ORIGIN_MAX = TT_RESET_ORIGIN_NETFILTER,
};

struct tt_header {
	__u16 kind; /* enum tt_kind */
	__u16 size; /* whole record in bytes, this header included */
	__u32 flags; /* TT_F_* */
	__u64 timestamp_ns; /* CLOCK_BOOTTIME */
};
TT_STATIC_ASSERT(sizeof(struct tt_header) == 16, "wire format");

/* IPv4 addresses (v4-mapped ones too) fill the first four bytes, network order; the rest is zero.
 * Ports: host order. */
struct tt_connection {
	__u64 cookie; /* socket cookie; 0 for a reply without socket */
	/* Since SYN_SENT, the end of the handshake or the accept; since the trace's start with
	 * TT_F_SEEDED; 0 unknown. */
	__u64 age_ns;
	__u32 netns; /* inode number of the network namespace */
	__u8 family; /* AF_INET or AF_INET6 */
	/* TCP_* of include/net/tcp_states.h: before the event for resets and retransmissions, after
	 * it for STATE. */
	__u8 state;
	__u8 old_state; /* STATE, CLOSE, CONNECT: the state left; else 0 */
	__u8 role; /* enum tt_role */
	__u16 local_port;
	__u16 peer_port;
	__u32 pad;
	__u8 local_addr[TT_ADDR_LEN];
	__u8 peer_addr[TT_ADDR_LEN];
};
TT_STATIC_ASSERT(sizeof(struct tt_connection) == 64, "wire format");

struct tt_task {
	__u32 pid; /* thread group id in the initial pid namespace; 0 unknown */
	__u32 tid;
	__u32 uid;
	__u8 source; /* enum tt_owner_source */
	__u8 in_cgroups; /* it was in one of the filter's cgroups or below, when it became the owner
			  */
	__u8 pad[2];
	__u64 cgroup_id; /* cgroup v2 id (inode of the cgroup directory); 0 unknown */
	char comm[TT_COMM_LEN];
};
TT_STATIC_ASSERT(sizeof(struct tt_task) == 40, "wire format");

/*
 * struct tcp_info's fields (include/uapi/linux/tcp.h) and what a diagnosis needs beside them, as
 * the kernel held them when the hook ran. Names as in struct tcp_info where it has them.
 */
struct tt_tcp_info {
	__u64 bytes_acked;
	__u64 bytes_received;
	__u64 bytes_sent;
	__u64 bytes_retrans;
	__u32 rtt_us; /* smoothed */
	__u32 rttvar_us;
	__u32 min_rtt_us; /* 0 unknown */
	__u32 rto_us;
	__u32 snd_cwnd;
	__u32 snd_ssthresh; /* 0x7fffffff: infinite, as yet unset */
	__u32 snd_mss;
	__u32 rcv_mss;
	__u32 snd_wnd; /* bytes, scaled */
	__u32 rcv_wnd;
	__u32 unacked; /* segments: packets_out */
	__u32 sacked;
	__u32 lost;
	__u32 retrans; /* segments retransmitted and not yet acknowledged: retrans_out */
	__u32 total_retrans;
	__u32 reord_seen;
	__u32 dsack_dups;
	__u32 rcv_ooopack;
	__u32 segs_in;
	__u32 segs_out;
	__u32 data_segs_in;
	__u32 data_segs_out;
	__u32 delivered;
	__u32 unread_bytes; /* receive queue: rcv_nxt - copied_seq, a FIN not counted */
	__u32 unsent_bytes; /* write_seq - snd_nxt */
	__u32 unacked_bytes; /* write_seq - snd_una: the send queue, as in ss's Send-Q */
	__u32 last_data_sent_ms; /* ago */
	__u32 last_data_recv_ms;
	__u32 last_ack_recv_ms;
	__u32 user_timeout_ms; /* TCP_USER_TIMEOUT; 0 unset */
	__u32 sk_err; /* positive errno */
	__u32 sk_err_soft;
	__u32 backlog; /* listeners: sk_ack_backlog */
	__u32 backlog_limit; /* listeners: sk_max_ack_backlog */
	__s32 linger2; /* seconds*HZ as the kernel keeps it; negative: TCP_LINGER2 < 0 */
	__s32 lingertime_ms; /* SO_LINGER's time; -1: not set */
	__u8 ca_state; /* enum tcp_ca_state */
	__u8 retransmits; /* consecutive RTOs without an ACK */
	__u8 probes; /* unanswered window or keep-alive probes */
	__u8 backoff;
	__u8 pending; /* ICSK_TIME_*: the timer that is armed */
	__u8 shutdown; /* RCV_SHUTDOWN 1 | SEND_SHUTDOWN 2 */
	__u8 keepalive; /* SO_KEEPALIVE is on */
	__u8 options; /* TT_OPTION_* */
};

/* tt_tcp_info.options */
#define TT_OPTION_REPAIR (1u << 0) /* TCP_REPAIR is on */
#define TT_OPTION_MD5 (1u << 1) /* it has keys for TCP-MD5 (RFC 2385) */
#define TT_OPTION_AO (1u << 2) /* and for TCP-AO (RFC 5925) */

TT_STATIC_ASSERT(sizeof(struct tt_tcp_info) == 32 + 36 * 4 + 8, "wire format");

/* What every record has. */
struct tt_common {
	struct tt_header header;
	struct tt_connection connection;
	struct tt_task owner;
};
TT_STATIC_ASSERT(sizeof(struct tt_common) == 120, "wire format");

/* TT_KIND_STATE, TT_KIND_ACCEPT: tt_common alone. */

/* TT_KIND_CONNECT, TT_KIND_CLOSE */
struct tt_end_record {
	struct tt_common common;
	__u32 err; /* positive errno, 0 none */
	__u8 icmp_type; /* of the ICMP error queued on the socket, if icmp_seen */
	__u8 icmp_code;
	__u8 icmp_seen;
	__u8 abandoned; /* CONNECT: the application closed the socket while it was connecting */
	struct tt_tcp_info info;
};
TT_STATIC_ASSERT(sizeof(struct tt_end_record) == 128 + sizeof(struct tt_tcp_info), "wire format");

/* TT_KIND_RETRANSMIT, TT_KIND_SYNACK_RETRANSMIT (whose info is the listener's) */
struct tt_retransmit_record {
	struct tt_common common;
	__u32 seq; /* first sequence number of the segment */
	__u32 length_bytes; /* sequence space, SYN and FIN counted */
	__u32 segs; /* segments on the wire */
	__s32 err; /* 0, or the negative errno of an attempt that did not leave the host */
	__u8 type; /* enum tt_retransmit_type */
	__u8 tcp_flags; /* low byte of the TCP header's flags */
	__u8 attempt; /* SYN-ACK: how often it was sent before */
	__u8 pad[5];
	struct tt_tcp_info info;
};
TT_STATIC_ASSERT(sizeof(struct tt_retransmit_record) == 144 + sizeof(struct tt_tcp_info),
		 "wire format");

/* TT_KIND_RESET_SENT, TT_KIND_RESET_RECEIVED */
struct tt_reset_record {
	struct tt_common common;
	/* With TT_F_LOCKED: the task that ran the hook (for ss -K the killer, not the owner). */
	struct tt_task by;
	__s32 reason; /* enum sk_rst_reason of the running kernel; -1: this kernel has none */
	__u32 err; /* received: the errno the application will see (RFC 9293 3.10.7.4) */
	__u8 origin; /* enum tt_reset_origin */
	/* The socket's state when the hook ran; 0 without a socket. connection.state is the one
	 * before. */
	__u8 sk_state;
	/* Reply: the TCP flags of the segment answered; received: of the RST, if seen. */
	__u8 trigger_flags;
	__u8 trigger_ttl; /* its TTL or hop limit; 0 not seen */
	__u32 trigger_seq; /* its sequence number */
	__u32 trigger_ack;
	__u32 trigger_bytes; /* its payload */
	/* This side's close() or shutdown(), if it came before; 0 not. */
	__u64 since_close_ns;
	__u32 idle_before_close_ms; /* no data either way for so long when it came */
	__u32 fin_seq; /* the sequence number of its FIN */
	/* TTL or hop limit of the peer's segment that completed the handshake; 0 not seen. */
	__u8 peer_ttl;
	/* The RST's own TCP flags, where nothing else was seen of it. Without ACK it answers a
	 * segment that had one, which is its sequence number: then trigger_ack is set. */
	__u8 rst_flags;
	__u8 pad[6];
	/* For a LISTEN socket only backlog and backlog_limit mean anything. */
	struct tt_tcp_info info;
};
TT_STATIC_ASSERT(sizeof(struct tt_reset_record) == 208 + sizeof(struct tt_tcp_info), "wire format");

/* The timer of a socket that expires next: the values of idiag_timer (net/ipv4/inet_diag.c). */
enum tt_timer {
	TT_TIMER_NONE = 0,
	TT_TIMER_RETRANSMIT = 1, /* or a loss probe, or RACK's reordering timer */
	TT_TIMER_KEEPALIVE = 2, /* or the end of FIN_WAIT2, of a socket that nobody holds */
	TT_TIMER_TIME_WAIT = 3,
	TT_TIMER_PROBE = 4, /* of a window that is closed */
	TT_TIMER_MAX = TT_TIMER_PROBE,
};

/*
 * TT_KIND_SOCKET. Without TT_F_INFO it is a connection request (SYN_RECV) or what is left of a
 * connection in TIME_WAIT or FIN_WAIT2: the kernel keeps no more of these than tuple and timer.
 */
struct tt_socket_record {
	struct tt_header header;
	/* cookie: 0 where this kernel gives none to an iterator and nobody has asked before;
	 * age_ns: 0. */
	struct tt_connection connection;
	__u64 inode; /* 0: no process holds it */
	__u32 uid;
	__u32 timer_ms; /* until it expires */
	__u8 timer; /* enum tt_timer */
	__u8 timer_retries; /* retransmissions or probes since the last answer */
	__u8 pad[6];
	struct tt_tcp_info info;
};
TT_STATIC_ASSERT(sizeof(struct tt_socket_record) == 104 + sizeof(struct tt_tcp_info),
		 "wire format");

/* TT_KIND_SOCKET_OWNER: one for each descriptor of a TCP socket. */
struct tt_socket_owner_record {
	struct tt_header header;
	__u64 inode; /* as in tt_socket_record */
	struct tt_task owner;
};
TT_STATIC_ASSERT(sizeof(struct tt_socket_owner_record) == 64, "wire format");

/* TT_KIND_SAMPLE: what a poll saw of a connection that is neither listening nor closed. With
 * TT_F_QUIET it says no more than that it is there: behind `state` all is zero. */
struct tt_sample_record {
	struct tt_header header;
	__u64 cookie;
	__u32 netns;
	__u8 state;
	__u8 ca_state;
	__u8 retransmits;
	__u8 family; /* AF_INET or AF_INET6 */
	__u32 rtt_us;
	__u32 snd_cwnd;
	__u32 unacked; /* segments */
	__u32 total_retrans;
	__u32 unread_bytes;
	__u32 unsent_bytes;
	__u16 local_port;
	__u16 peer_port;
	__u8 role; /* enum tt_role */
	__u8 pad[3];
	__u8 local_addr[TT_ADDR_LEN];
	__u8 peer_addr[TT_ADDR_LEN];
};
TT_STATIC_ASSERT(sizeof(struct tt_sample_record) == 96, "wire format");

/* Counted in the kernel per CPU, before any filter, and read when a trace ends or an agent is
 * scraped. */
struct tt_netns_counters {
	__u64 resets_sent; /* by the TCP stack; what Tcp OutRsts counts */
	__u64 resets_sent_netfilter; /* by a firewall: Tcp OutRsts does not count them */
	__u64 resets_received; /* that hit a socket */
	__u64 resets_ambiguous; /* of those: TT_F_RST_AMBIGUOUS, settled in userspace */
	__u64 retransmitted_segments; /* with SYN-ACKs; Tcp RetransSegs less TCPRetransFail */
	/* ESTABLISHED or CLOSE_WAIT to CLOSE; what Tcp EstabResets counts. */
	__u64 established_resets;
	__u64 attempt_fails; /* SYN_SENT or SYN_RECV to CLOSE; part of Tcp AttemptFails */
};
TT_STATIC_ASSERT(sizeof(struct tt_netns_counters) == 56, "wire format");

/* Index of a per-CPU loss counter: every way in which a program can fail to report something. */
enum tt_loss {
	TT_LOSS_RINGBUF_FULL = 0, /* a record did not fit: the consumer was too slow */
	TT_LOSS_SOCKETS_FULL = 1, /* a connection not remembered: owner and age are unknown */
	TT_LOSS_NETNS_FULL = 2, /* a network namespace could not be counted */
	TT_LOSS_MAX = 3,
};

#define TT_MAX_PIDS 64
#define TT_MAX_COMMS 16
#define TT_MAX_NETNS 32
#define TT_MAX_CGROUPS 32
#define TT_MAX_PORT_RANGES 64
#define TT_MAX_PREFIXES 64

enum tt_port_side { TT_PORT_LOCAL = 1, TT_PORT_PEER = 2, TT_PORT_EITHER = 3 };

struct tt_port_range {
	__u16 low; /* inclusive, host order */
	__u16 high;
	__u8 side; /* enum tt_port_side */
	__u8 pad[3];
};
TT_STATIC_ASSERT(sizeof(struct tt_port_range) == 8, "wire format");

/* family AF_INET prefixes fill the first four bytes. */
struct tt_prefix {
	__u32 address[4]; /* network order, masked */
	__u32 mask[4];
	__u32 family;
};
TT_STATIC_ASSERT(sizeof(struct tt_prefix) == 36, "wire format");

/*
 * The read-only configuration (.rodata). A count of zero means that nothing is asked of that
 * property, and the verifier removes its code. Conditions of different kinds are all required; of
 * one kind, any suffices. Local, peer and either-side ports are three kinds.
 */
struct tt_config {
	__u32 kinds; /* bit (1 << enum tt_kind): reported */
	__u32 failures_only; /* bit (1 << kind): CONNECT, CLOSE only if they failed and no reset
				told it already */
	__u32 wakeup_bytes; /* wake the consumer when this much is unread */
	__u32 pids;
	__u32 comms;
	__u32 netns;
	__u32 cgroups; /* an id matches itself and its descendants */
	__u32 local_ports;
	__u32 peer_ports;
	__u32 either_ports;
	__u32 prefixes;
	__u32 family; /* 0 both */
	__u32 port_ranges; /* entries used in port_range */
	__u32 hz; /* CONFIG_HZ: jiffies to time */
	__u32 closed_buckets; /* of the table of connections that have ended: lib/closed.bpf.h */
	__u32 socket_states; /* bit (1 << TCP_*): in a snapshot */
	/* bpf_get_socket_cookie() works in BTF programs: commit c5dbb89fc2ac, v5.12 */
	__u8 have_socket_cookie;
	/* The egress hook is attached: replies must be told to it, see netfilter.bpf.c. */
	__u8 track_egress;
	/* Positions of arguments, -1: none. Of enum sk_rst_reason (commit b533fb9cf4f7, v6.11) in
	 * the tracepoint tcp_send_reset, tcp_send_active_reset() and tcp_v{4,6}_send_reset(). */
	__s8 tp_reset_reason_arg;
	__s8 active_reset_reason_arg;
	__s8 reply_reset_reason_arg;
	/* Of the skb in tcp_reset(): commit 049fe386d353, v5.11. */
	__s8 receive_reset_skb_arg;
	/* Of the error in the tracepoint tcp_retransmit_skb: commit ad892e912b84, v6.17. */
	__s8 retransmit_err_arg;
	/* Of the skb in nf_send_reset{,6}(); -1: its module has no BTF. */
	__s8 nf_reset_skb_arg;
	/* Of inet_csk_accept()'s return value: commit 92ef0fd55ac8, v6.10. */
	__s8 accept_ret_arg;
	/* Every reply of the stack passes the reply hook: what else leaves is a firewall's. */
	__u8 replies_announced;
	/* The hook on connect()'s own failures is attached. */
	__u8 connect_errors;
	__u8 pad[5];
	__u32 pid[TT_MAX_PIDS];
	__u32 netns_inode[TT_MAX_NETNS];
	__u64 cgroup_id[TT_MAX_CGROUPS];
	char comm[TT_MAX_COMMS][TT_COMM_LEN];
	struct tt_port_range port_range[TT_MAX_PORT_RANGES];
	struct tt_prefix prefix[TT_MAX_PREFIXES];
};

#endif /* TCPTRACE_H */
