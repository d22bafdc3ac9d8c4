// SPDX-License-Identifier: GPL-2.0
/*
 * The life of a connection: transitions of the RFC 9293 state machine, and with them the ends of
 * connects, the closes and the deaths. Also keeps what is remembered of each socket, from which all
 * other subjects take owner and age.
 */
#include "lib/closed.bpf.h"
#include "lib/emit.bpf.h"
#include "lib/info.bpf.h"

#define SEND_SHUTDOWN 2

static __always_inline bool synchronised(int state)
{
	return state != TCP_CLOSE && state != TCP_LISTEN && state != TCP_SYN_SENT &&
	       state != TCP_SYN_RECV;
}

/* CLOSE -> SYN_SENT runs in the connecting task (tcp_v4_connect, tcp_v6_connect), or in a kernel
 * thread that adds a subflow to a connection of multipath TCP: whose, it does not know. */
static __always_inline void remember_connecting(struct sock *sk, __u64 now, enum tt_access how)
{
	struct tt_socket initial = {
		.born_ns = now,
		.role = TT_ROLE_CLIENT,
		.previous_state = TCP_CLOSE,
	};

	if (!task_current_has(PF_KTHREAD))
		task_current(&initial.owner, TT_OWNER_CONNECT);
	initial.cookie = socket_cookie(sk, how, &initial.flags);
	socket_start(sk, &initial);
}

static __always_inline void remember_listener(struct sock *sk, __u64 now, enum tt_access how)
{
	struct tt_socket initial = {
		.born_ns = now,
		.role = TT_ROLE_LISTENER,
		.previous_state = TCP_CLOSE,
	};

	task_current(&initial.owner, TT_OWNER_OPERATION);
	initial.cookie = socket_cookie(sk, how, &initial.flags);
	socket_start(sk, &initial);
	listener_add(netns_of_sock(sk, how), GET(how, sk, __sk_common.skc_num), sk, &initial.owner);
}

static __always_inline void forget_listener(struct sock *sk, enum tt_access how)
{
	listener_remove(netns_of_sock(sk, how), local_port_of_sock(sk, how), sk);
}

/*
 * listen() that failed, or a close. Children that nobody accepted are reset after it: then the
 * listener is forgotten only with its structure.
 */
static __always_inline void on_listen_end(struct sock *sk, enum tt_access how)
{
	if (!GET(how, sk, sk_ack_backlog))
		forget_listener(sk, how);
}

/*
 * A task that closes or shuts down a connection holds it now, whoever accepted it: a server may
 * hand connections to other processes. Not a task that merely aborts it (ss -K): tcp_abort() sets
 * sk_err before it acts, or finds an orphan; and not a kernel thread that closes on behalf of
 * others (multipath TCP's worker).
 */
static __always_inline void rebind_owner(struct sock *sk, struct tt_socket *socket,
					 enum tt_access how)
{
	__u32 pid;

	if (!(GET(how, sk, sk_shutdown) & SEND_SHUTDOWN) || !sock_owned_by_current(sk, how))
		return;
	pid = bpf_get_current_pid_tgid() >> 32;
	if (socket->owner.pid == pid || GET(how, sk, sk_err) || sock_flag(sk, how, SOCK_DEAD) ||
	    task_current_has(PF_KTHREAD))
		return;
	task_current(&socket->owner, TT_OWNER_OPERATION);
}

struct tt_end_error {
	__u32 err;
	__u8 icmp_type;
	__u8 icmp_code;
	__u8 icmp_seen;
	__u8 abandoned;
};

/* An ICMP error that ip_icmp_error() (net/ipv4/ip_sockglue.c) has queued on the socket. */
static __always_inline void read_icmp_error(struct tt_end_error *out, struct sock *sk)
{
	struct sk_buff_head *queue = &sk->sk_error_queue;
	struct sock_exterr_skb extended;
	struct sk_buff *last;
	__u32 queued;

	bpf_core_read(&queued, sizeof(queued), &queue->qlen);
	if (!queued)
		return;
	bpf_core_read(&last, sizeof(last), &queue->prev);
	bpf_core_read(&extended, sizeof(extended), &last->cb);
	if (extended.ee.ee_origin != 2 /* SO_EE_ORIGIN_ICMP */ &&
	    extended.ee.ee_origin != 3 /* SO_EE_ORIGIN_ICMP6 */)
		return;
	out->icmp_seen = 1;
	out->icmp_type = extended.ee.ee_type;
	out->icmp_code = extended.ee.ee_code;
	if (!out->err)
		out->err = extended.ee.ee_errno;
}

/* The error with which a connection ended. */
static __always_inline void end_error(struct tt_end_error *out, struct sock *sk, __u8 old,
				      enum tt_access how)
{
	out->err = GET(how, sk, sk_err);
	read_icmp_error(out, sk);
	if (out->err || old != TCP_SYN_SENT)
		return;
	/* While the application holds the lock, tcp_v4_err() leaves its error here. */
	out->err = GET(how, sk, sk_err_soft);
	out->abandoned = !out->err && (GET(how, sk, sk_shutdown) & SEND_SHUTDOWN);
}

static __always_inline void emit_end(struct tt_subject *subject, struct sock *sk, __u8 old,
				     __u16 kind, __u64 now, enum tt_access how)
{
	__u32 told = subject->flags & (TT_F_RST_SENT | TT_F_RST_RECEIVED);
	struct tt_end_error error = {};
	struct tt_end_record *record;

	end_error(&error, sk, old, how);
	/* connect() itself fails after SYN_SENT, for want of a port: its own hook knows the errno.
	 */
	if (old == TCP_SYN_SENT && !error.err && !error.abandoned && settings.connect_errors)
		return;
	if ((settings.failures_only & (1u << kind)) &&
	    (told || (kind == TT_KIND_CLOSE && !error.err)))
		return;
	if (!subject_matches(subject))
		return;
	record = record_reserve(subject, kind, now, sizeof(*record));
	if (!record)
		return;
	record->common.connection.old_state = old;
	record->err = error.err;
	record->icmp_type = error.icmp_type;
	record->icmp_code = error.icmp_code;
	record->icmp_seen = error.icmp_seen;
	record->abandoned = error.abandoned;
	record->common.header.flags |= info_read(&record->info, sk, old, how);
	record_submit(record);
}

static __always_inline void emit_connected(struct tt_subject *subject, struct sock *sk, __u64 now,
					   enum tt_access how)
{
	struct tt_end_record *record;

	if (!kind_wanted(TT_KIND_CONNECT) || (settings.failures_only & (1u << TT_KIND_CONNECT)))
		return;
	if (!subject_matches(subject))
		return;
	record = record_reserve(subject, TT_KIND_CONNECT, now, sizeof(*record));
	if (!record)
		return;
	__builtin_memset(&record->err, 0, 8);
	record->common.connection.old_state = TCP_SYN_SENT;
	record->common.header.flags |= info_read(&record->info, sk, TCP_ESTABLISHED, how);
	record_submit(record);
}

static __always_inline void emit_state(struct tt_subject *subject, __u8 old, __u64 now)
{
	struct tt_common *record;

	if (!kind_wanted(TT_KIND_STATE) || !subject_matches(subject))
		return;
	record = record_reserve(subject, TT_KIND_STATE, now, sizeof(*record));
	if (!record)
		return;
	record->connection.old_state = old;
	record_submit(record);
}

static __always_inline void remember_closed(struct sock *sk, const struct tt_socket *socket,
					    enum tt_access how)
{
	struct tt_connection connection = {};
	struct tt_tuple tuple;

	tuple_of_sock(&connection, sk, how);
	tuple_of(&tuple, &connection);
	closed_remember(&tuple, socket);
}

static __always_inline void count_end(struct sock *sk, int old, enum tt_access how)
{
	/* tcp_done() counts; an application that gives up, and connect() itself, do not pass there.
	 */
	if ((old == TCP_SYN_SENT || old == TCP_SYN_RECV) && GET(how, sk, sk_err))
		COUNT(netns_of_sock(sk, how), attempt_fails, 1);
	else if (old == TCP_ESTABLISHED || old == TCP_CLOSE_WAIT)
		COUNT(netns_of_sock(sk, how), established_resets, 1);
}

/* Returns what is remembered of the socket. */
static __always_inline struct tt_socket *on_close(struct sock *sk, int old, enum tt_access how)
{
	struct tt_socket *socket = socket_find(sk);

	count_end(sk, old, how);
	if (!socket && synchronised(old)) {
		struct tt_subject subject;

		subject_of_sock(&subject, sk, old, 0, how);
		socket = remember_subject(&subject, sk);
	}
	if (!socket)
		return NULL;
	rebind_owner(sk, socket, how);
	socket->previous_state = old;
	if (old == TCP_SYN_SENT && GET(how, sk, sk_err))
		socket->flags |= TT_F_CONNECT_TOLD;
	/* A peer that has reset the connection sends nothing more on it, but see may_be_false() in
	 * reset_received.bpf.c. */
	if (synchronised(old) &&
	    (!(socket->flags & TT_F_RST_RECEIVED) || old == TCP_FIN_WAIT1 || old == TCP_FIN_WAIT2))
		remember_closed(sk, socket, how);
	return socket;
}

static __always_inline void note_closing(struct tt_closing *closing, struct sock *sk,
					 enum tt_access how)
{
	struct tcp_sock *tp = tcp_sock_of(sk, how);
	__u32 now = (__u32)bpf_jiffies64();
	__u32 sent, received;

	if (!tp)
		return;
	sent = now - GET(how, tp, lsndtime);
	received = now - GET(how, tp, inet_conn.icsk_ack.lrcvtime);
	closing->idle_ms = jiffies_to_msecs(sent < received ? sent : received);
	/* tcp_send_fin() comes next. */
	closing->fin_seq = GET(how, tp, write_seq);
	closing->at_ns = bpf_ktime_get_boot_ns();
}

/* shutdown() and close() enter these two states in the task that calls them. */
static __always_inline void on_shutdown(struct sock *sk, enum tt_access how)
{
	struct tt_socket *socket = socket_find(sk);

	if (!socket)
		return;
	rebind_owner(sk, socket, how);
	note_closing(&socket->closing, sk, how);
}

/* What the default selection does not ask for costs nothing: most transitions end here. */
static __always_inline bool transition_wanted(struct sock *sk, const struct tt_socket *socket,
					      int old, int new, enum tt_access how)
{
	if (kind_wanted(TT_KIND_STATE))
		return true;
	if (old == TCP_SYN_SENT)
		return kind_wanted(TT_KIND_CONNECT) &&
		       (new == TCP_CLOSE || !(settings.failures_only & (1u << TT_KIND_CONNECT)));
	if (new != TCP_CLOSE || !synchronised(old) || !kind_wanted(TT_KIND_CLOSE))
		return false;
	if (!(settings.failures_only & (1u << TT_KIND_CLOSE)))
		return true;
	return GET(how, sk, sk_err) &&
	       !(socket && (socket->flags & (TT_F_RST_SENT | TT_F_RST_RECEIVED)));
}

static __always_inline void report_transition(struct sock *sk, int old, int new, enum tt_access how)
{
	__u64 now = bpf_ktime_get_boot_ns();
	struct tt_subject subject;

	subject_of_sock(&subject, sk, new, now, how);
	emit_state(&subject, old, now);
	if (old == TCP_SYN_SENT && new == TCP_ESTABLISHED)
		emit_connected(&subject, sk, now, how);
	else if (old == TCP_SYN_SENT && new == TCP_CLOSE)
		emit_end(&subject, sk, old, TT_KIND_CONNECT, now, how);
	else if (new == TCP_CLOSE && synchronised(old))
		emit_end(&subject, sk, old, TT_KIND_CLOSE, now, how);
}

static __always_inline int on_state(struct sock *sk, int old, int new, enum tt_access how)
{
	struct tt_socket *socket = NULL;

	if (old == new)
		return 0;
	if (new == TCP_CLOSE) {
		if (old == TCP_LISTEN)
			on_listen_end(sk, how);
		else
			socket = on_close(sk, old, how);
	} else if (new == TCP_SYN_SENT) {
		remember_connecting(sk, bpf_ktime_get_boot_ns(), how);
	} else if (new == TCP_LISTEN) {
		remember_listener(sk, bpf_ktime_get_boot_ns(), how);
	} else if (new == TCP_FIN_WAIT1 || new == TCP_LAST_ACK) {
		on_shutdown(sk, how);
	}
	if (transition_wanted(sk, socket, old, new, how))
		report_transition(sk, old, new, how);
	return 0;
}

/*
 * The structure is about to be freed and its address reused, after every reset of the connection;
 * of a listener, after those of the children that nobody accepted.
 */
static __always_inline int on_destroy(struct sock *sk, enum tt_access how)
{
	/* Spares the sockets that connect the look-up: they never had a backlog. */
	if (GET(how, sk, sk_max_ack_backlog)) {
		struct tt_socket *socket = socket_find(sk);

		if (socket && socket->role == TT_ROLE_LISTENER)
			forget_listener(sk, how);
	}
	socket_forget(sk);
	return 0;
}

/*
 * tcp_set_state() covers every transition but three: into LISTEN (inet_sk_state_store), a
 * listener's child into SYN_RECV and a failed listen() (inet_sk_set_state), which only matter to
 * who wants to see each transition.
 */
SEC("?fentry/tcp_set_state")
int BPF_PROG(tcp_set_state_fentry, struct sock *sk, int state)
{
	return on_state(sk, sk->__sk_common.skc_state, state, TT_DIRECT);
}

SEC("?fentry/inet_sk_state_store")
int BPF_PROG(inet_sk_state_store_fentry, struct sock *sk, int state)
{
	if (state != TCP_LISTEN || sk->sk_protocol != IPPROTO_TCP)
		return 0;
	return on_state(sk, sk->__sk_common.skc_state, state, TT_DIRECT);
}

SEC("?fentry/inet_sk_set_state")
int BPF_PROG(inet_sk_set_state_fentry, struct sock *sk, int state)
{
	if (sk->sk_protocol != IPPROTO_TCP)
		return 0;
	return on_state(sk, sk->__sk_common.skc_state, state, TT_DIRECT);
}

SEC("?tp_btf/inet_sock_set_state")
int BPF_PROG(state_tp_btf, struct sock *sk, int old, int new)
{
	if (sk->sk_protocol != IPPROTO_TCP)
		return 0;
	return on_state(sk, old, new, TT_DIRECT);
}

SEC("?raw_tp/inet_sock_set_state")
int BPF_PROG(state_raw_tp, struct sock *sk, int old, int new)
{
	if (GET(TT_PROBED, sk, sk_protocol) != IPPROTO_TCP)
		return 0;
	return on_state(sk, old, new, TT_PROBED);
}

SEC("?kprobe/tcp_set_state")
int BPF_KPROBE(tcp_set_state_kprobe, struct sock *sk, int state)
{
	return on_state(sk, GET(TT_PROBED, sk, __sk_common.skc_state), state, TT_PROBED);
}

SEC("?kprobe/inet_sk_state_store")
int BPF_KPROBE(inet_sk_state_store_kprobe, struct sock *sk, int state)
{
	if (state != TCP_LISTEN || GET(TT_PROBED, sk, sk_protocol) != IPPROTO_TCP)
		return 0;
	return on_state(sk, GET(TT_PROBED, sk, __sk_common.skc_state), state, TT_PROBED);
}

SEC("?kprobe/inet_sk_set_state")
int BPF_KPROBE(inet_sk_set_state_kprobe, struct sock *sk, int state)
{
	if (GET(TT_PROBED, sk, sk_protocol) != IPPROTO_TCP)
		return 0;
	return on_state(sk, GET(TT_PROBED, sk, __sk_common.skc_state), state, TT_PROBED);
}

SEC("?fentry/tcp_v4_destroy_sock")
int BPF_PROG(destroy_fentry, struct sock *sk)
{
	return on_destroy(sk, TT_DIRECT);
}

SEC("?tp_btf/tcp_destroy_sock")
int BPF_PROG(destroy_tp_btf, struct sock *sk)
{
	return on_destroy(sk, TT_DIRECT);
}

SEC("?raw_tp/tcp_destroy_sock")
int BPF_PROG(destroy_raw_tp, struct sock *sk)
{
	return on_destroy(sk, TT_PROBED);
}

SEC("?kprobe/tcp_v4_destroy_sock")
int BPF_KPROBE(destroy_kprobe, struct sock *sk)
{
	return on_destroy(sk, TT_PROBED);
}

char LICENSE[] SEC("license") = "GPL";
