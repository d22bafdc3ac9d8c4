/* SPDX-License-Identifier: GPL-2.0 */
/* Records into the ring buffer: describe, filter, reserve the exact size, submit, wake the consumer
 * rarely. */
#ifndef TT_EMIT_BPF_H
#define TT_EMIT_BPF_H

#include "lib/filter.bpf.h"
#include "lib/owner.bpf.h"

static __always_inline bool kind_wanted(__u32 kind)
{
	return settings.kinds & (1u << kind);
}

/* What an event is about, gathered on the stack before it is decided whether to report it. */
struct tt_subject {
	__u32 flags;
	__u8 peer_ttl;
	struct tt_closing closing;
	struct tt_connection connection;
	struct tt_task owner;
};

static __always_inline void subject_set_owner(struct tt_subject *subject,
					      const struct tt_task *owner, __u8 source)
{
	__builtin_memcpy(&subject->owner, owner, sizeof(*owner));
	if (source != TT_OWNER_NONE)
		subject->owner.source = source;
	if (subject->owner.pid)
		subject->flags |= TT_F_OWNER;
}

/* Everything that is remembered of a socket, or was of the connection that had its tuple. */
static __always_inline void subject_apply(struct tt_subject *subject,
					  const struct tt_socket *socket, __u64 now, __u8 source)
{
	subject->connection.cookie = socket->cookie;
	subject->connection.age_ns = socket->born_ns ? now - socket->born_ns : 0;
	subject->connection.role = socket->role;
	subject->flags |= socket->flags;
	subject->closing = socket->closing;
	subject->peer_ttl = socket->peer_ttl;
	subject_set_owner(subject, &socket->owner, source);
}

/* A seeded socket does not tell which end opened it; a listener on its port does. */
static __always_inline void subject_guess_role(struct tt_subject *subject)
{
	struct tt_connection *connection = &subject->connection;

	if (connection->role != TT_ROLE_UNKNOWN)
		return;
	connection->role = listener_of(connection->netns, connection->local_port) ? TT_ROLE_SERVER
										  : TT_ROLE_CLIENT;
}

/*
 * The subject of an event on a full socket: tuple, identity, owner. Returns what is remembered of
 * the socket, or null: it is new to us, or the map was full. `state` is what connection.state shall
 * say.
 */
static __always_inline struct tt_socket *subject_of_sock(struct tt_subject *subject,
							 struct sock *sk, __u8 state, __u64 now,
							 enum tt_access how)
{
	struct tt_socket *socket = socket_find(sk);

	__builtin_memset(subject, 0, sizeof(*subject));
	subject->connection.state = state;
	subject->flags = tuple_of_sock(&subject->connection, sk, how);
	if (sock_flag(sk, how, SOCK_DEAD))
		subject->flags |= TT_F_SK_ORPHAN;
	if (sock_owned_by_current(sk, how))
		subject->flags |= TT_F_LOCKED;
	if (socket)
		subject_apply(subject, socket, now, TT_OWNER_NONE);
	else
		subject->connection.cookie = socket_cookie(sk, how, &subject->flags);
	if (!(subject->flags & TT_F_OWNER)) {
		struct tt_task *listener =
			listener_of(subject->connection.netns, subject->connection.local_port);

		if (listener) {
			subject_set_owner(subject, listener, TT_OWNER_LISTENER);
			subject->connection.role = TT_ROLE_SERVER;
		}
	}
	if (!(subject->flags & TT_F_OWNER) && (subject->flags & TT_F_LOCKED)) {
		task_current(&subject->owner, TT_OWNER_OPERATION);
		subject->flags |= TT_F_OWNER;
	}
	if (state == TCP_LISTEN)
		subject->connection.role = TT_ROLE_LISTENER;
	else
		subject_guess_role(subject);
	return socket;
}

/*
 * A connection that nobody accepted, or that the seed has missed, is remembered from its reset or
 * its end on: the state it had is then known to the reset that follows, and its end not reported
 * once more as a death.
 */
static __always_inline struct tt_socket *remember_subject(const struct tt_subject *subject,
							  struct sock *sk)
{
	struct tt_socket initial = {
		.cookie = subject->connection.cookie,
		.owner = subject->owner,
		.flags = subject->flags & TT_F_SYNTHETIC_COOKIE,
		.previous_state = subject->connection.state,
		.role = subject->connection.role,
	};

	return socket_join(sk, &initial);
}

static __always_inline bool subject_matches(const struct tt_subject *subject)
{
	return filter_matches(&subject->connection, &subject->owner);
}

/* Null: full, and counted. The caller fills every byte after tt_common and submits. */
static __always_inline void *record_reserve(const struct tt_subject *subject, __u16 kind, __u64 now,
					    __u64 size)
{
	struct tt_common *common = bpf_ringbuf_reserve(&events, size, 0);

	if (!common) {
		count_loss(TT_LOSS_RINGBUF_FULL);
		return NULL;
	}
	common->header.kind = kind;
	common->header.size = size;
	common->header.flags = subject->flags;
	common->header.timestamp_ns = now;
	common->connection = subject->connection;
	common->owner = subject->owner;
	return common;
}

/*
 * The consumer looks at the buffer on its own timer; it is woken only when the unread data passes a
 * threshold. Near the threshold and not above it, because above it it was woken already.
 */
static __always_inline void record_submit(void *record)
{
	__u64 unread = bpf_ringbuf_query(&events, BPF_RB_AVAIL_DATA);
	__u64 flags = BPF_RB_NO_WAKEUP;

	if (unread >= settings.wakeup_bytes && unread < settings.wakeup_bytes + 8192)
		flags = BPF_RB_FORCE_WAKEUP;
	bpf_ringbuf_submit(record, flags);
}

#endif /* TT_EMIT_BPF_H */
