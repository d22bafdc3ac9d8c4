/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Who owns a socket. Most events fire in softirq, where current is whoever was interrupted, so the
 * owner is stored with the socket in process context (connect, accept, listen, close) and read at
 * the event.
 */
#ifndef TT_OWNER_BPF_H
#define TT_OWNER_BPF_H

#include "lib/read.bpf.h"
#include "lib/task.bpf.h"
#include "lib/tuple.bpf.h"

/* How this side ended a connection: close() or shutdown() of what was open for writing. */
struct tt_closing {
	__u64 at_ns; /* CLOCK_BOOTTIME; 0: it has not */
	__u32 idle_ms; /* no data had come or gone for so long */
	__u32 fin_seq;
};

struct tt_socket {
	__u64 cookie;
	__u64 born_ns; /* CLOCK_BOOTTIME */
	struct tt_closing closing;
	struct tt_task owner;
	__u32 flags; /* TT_F_SEEDED, TT_F_RST_*, TT_F_SYNTHETIC_COOKIE */
	__u8 previous_state; /* the one left last */
	__u8 role;
	__u8 peer_ttl; /* of the handshake's last segment; 0: not seen */
	__u8 pad;
	__u32 reported_retrans; /* total_retrans of the attempt reported last: retransmit.bpf.c */
	__u32 pad2;
};

/* Key: address of the struct sock. Deleted by the destroy hook. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1 << 18);
	__type(key, __u64);
	__type(value, struct tt_socket);
} sockets __weak SEC(".maps");

struct tt_listen_key {
	__u32 netns;
	__u16 port;
	__u16 pad;
};

/* Several can listen on one port: on other addresses, or with SO_REUSEPORT, as while a server is
 * replaced. The latest few are remembered. */
#define TT_LISTENERS 4

struct tt_listener {
	__u64 sk; /* 0: free */
	struct tt_task owner;
};

struct tt_listeners {
	__u32 latest; /* the place that was filled last */
	__u32 pad;
	struct tt_listener place[TT_LISTENERS];
};

/* Who listens on a port: the owner of a child that nobody has accepted yet. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1 << 14);
	__type(key, struct tt_listen_key);
	__type(value, struct tt_listeners);
} listeners __weak SEC(".maps");

static __always_inline struct tt_socket *socket_find(const void *sk)
{
	__u64 key = (__u64)sk;

	return bpf_map_lookup_elem(&sockets, &key);
}

static __always_inline __u64 address_of(struct sock *sk)
{
	__u64 address;

	/* A pointer that the verifier knows cannot be calculated with; its bytes in memory can. */
	bpf_probe_read_kernel(&address, sizeof(address), &sk);
	return address;
}

/*
 * A number for a socket to which this kernel gives none: a structure at one address lives at one
 * time only. Mixed from both, since an atomic counter that returns its value needs v5.12.
 */
static __always_inline __u64 synthetic_cookie(struct sock *sk)
{
	__u64 mixed = (__u64)bpf_ktime_get_boot_ns() * 0x9e3779b97f4a7c15ull;

	mixed ^= address_of(sk) * 0xc2b2ae3d27d4eb4full;
	return TT_COOKIE_BASE | (mixed >> 12);
}

static __always_inline __u64 socket_cookie(struct sock *sk, enum tt_access how, __u32 *flags)
{
	__u64 cookie = 0;

	if (how == TT_DIRECT && settings.have_socket_cookie)
		return bpf_get_socket_cookie((void *)sk);
	bpf_core_read(&cookie, sizeof(cookie), &sk->__sk_common.skc_cookie);
	if (cookie)
		return cookie;
	*flags |= TT_F_SYNTHETIC_COOKIE;
	return synthetic_cookie(sk);
}

/* Starts a new life of this socket structure, whatever was remembered of an earlier one. */
static __always_inline void socket_start(struct sock *sk, const struct tt_socket *initial)
{
	__u64 key = (__u64)sk;

	if (bpf_map_update_elem(&sockets, &key, initial, BPF_ANY))
		count_loss(TT_LOSS_SOCKETS_FULL);
}

/*
 * What is remembered of a socket whose life began unseen; now, if nobody was faster. accept() does
 * not hold the lock of what it returns: a reset can come between looking and remembering.
 */
static __always_inline struct tt_socket *socket_join(struct sock *sk,
						     const struct tt_socket *initial)
{
	__u64 key = (__u64)sk;
	struct tt_socket *socket;

	bpf_map_update_elem(&sockets, &key, initial, BPF_NOEXIST);
	socket = bpf_map_lookup_elem(&sockets, &key);
	if (!socket)
		count_loss(TT_LOSS_SOCKETS_FULL);
	return socket;
}

/*
 * Of a life that is over: with kprobes the destroy hook can be skipped, and the structure lives
 * again.
 */
static __always_inline bool socket_ended(const struct tt_socket *socket)
{
	return socket->closing.at_ns ||
	       (socket->previous_state && socket->previous_state != TCP_CLOSE);
}

static __always_inline void socket_forget(struct sock *sk)
{
	__u64 key = (__u64)sk;

	bpf_map_delete_elem(&sockets, &key);
}

/* A listener's child, from the end of its handshake or its accept() on. */
static __always_inline struct tt_socket *remember_child(struct sock *sk, enum tt_access how)
{
	struct tt_socket initial = {
		.born_ns = bpf_ktime_get_boot_ns(),
		.role = TT_ROLE_SERVER,
	};

	initial.cookie = socket_cookie(sk, how, &initial.flags);
	return socket_join(sk, &initial);
}

/*
 * True where current operates on the socket: it holds the socket lock. In softirq the lock is only
 * spun on, never owned (include/net/sock.h).
 */
static __always_inline bool sock_owned_by_current(struct sock *sk, enum tt_access how)
{
	return GET(how, sk, sk_lock.owned) != 0;
}

/* SOCK_DEAD, SOCK_DONE … are bit numbers of sk_flags (enum sock_flags). */
static __always_inline bool sock_flag(struct sock *sk, enum tt_access how, int flag)
{
	return GET(how, sk, __sk_common.skc_flags) & (1ul << flag);
}

#define S_IFMT 0170000
#define S_IFSOCK 0140000

static __always_inline struct sock *tcp_sock_of_socket(struct socket *socket)
{
	struct sock *sk = BPF_CORE_READ(socket, sk);
	__u16 family;

	if (!sk || BPF_CORE_READ(sk, sk_protocol) != IPPROTO_TCP)
		return NULL;
	family = BPF_CORE_READ(sk, __sk_common.skc_family);
	return family == AF_INET || family == AF_INET6 ? sk : NULL;
}

/* The TCP socket behind an open file, if it is one. */
static __always_inline struct sock *tcp_sock_of_file(struct file *file)
{
	if ((BPF_CORE_READ(file, f_inode, i_mode) & S_IFMT) != S_IFSOCK)
		return NULL;
	return tcp_sock_of_socket(BPF_CORE_READ(file, private_data));
}

static __always_inline struct file **current_file_table(void)
{
	struct task_struct *task;
	struct files_struct *files;
	struct fdtable *table;

	if (!HAVE_TASK_BTF) {
		task = (void *)bpf_get_current_task();
		return BPF_CORE_READ(task, files, fdt, fd);
	}
	task = bpf_get_current_task_btf();
	files = task->files;
	if (!files)
		return NULL;
	table = files->fdt;
	return table ? table->fd : NULL;
}

/* An open file of current. */
static __always_inline struct file *current_file(int fd)
{
	struct file **table, *file = NULL;

	if (fd < 0)
		return NULL;
	table = current_file_table();
	bpf_probe_read_kernel(&file, sizeof(file), table + fd);
	return file;
}

static __always_inline void listener_key(struct tt_listen_key *key, __u32 netns, __u16 port)
{
	key->netns = netns;
	key->port = port;
	key->pad = 0;
}

/* The one who listens there for the shortest time. */
static __always_inline struct tt_task *listener_of(__u32 netns, __u16 port)
{
	struct tt_listeners *all;
	struct tt_listen_key key;

	listener_key(&key, netns, port);
	all = bpf_map_lookup_elem(&listeners, &key);
	if (!all)
		return NULL;
	for (__u32 age = 0; age < TT_LISTENERS; age++) {
		struct tt_listener *place = &all->place[(all->latest - age) % TT_LISTENERS];

		if (place->sk)
			return &place->owner;
	}
	return NULL;
}

static __always_inline void listener_add(__u32 netns, __u16 port, struct sock *sk,
					 const struct tt_task *owner)
{
	static const struct tt_listeners nobody = {};
	struct tt_listener *place;
	struct tt_listeners *all;
	struct tt_listen_key key;

	/* listen() without bind(): the kernel chooses the port only afterwards. */
	if (!port)
		return;
	listener_key(&key, netns, port);
	bpf_map_update_elem(&listeners, &key, &nobody, BPF_NOEXIST);
	all = bpf_map_lookup_elem(&listeners, &key);
	if (!all) {
		count_loss(TT_LOSS_SOCKETS_FULL);
		return;
	}
	all->latest++;
	place = &all->place[all->latest % TT_LISTENERS];
	place->owner = *owner;
	place->sk = address_of(sk);
}

/* Forgets this listener, and the port with the last of them. */
static __always_inline void listener_remove(__u32 netns, __u16 port, struct sock *sk)
{
	__u64 address = address_of(sk);
	struct tt_listeners *all;
	struct tt_listen_key key;
	__u64 left = 0;

	listener_key(&key, netns, port);
	all = bpf_map_lookup_elem(&listeners, &key);
	if (!all)
		return;
	for (int i = 0; i < TT_LISTENERS; i++) {
		if (all->place[i].sk == address)
			all->place[i].sk = 0;
		left |= all->place[i].sk;
	}
	if (!left)
		bpf_map_delete_elem(&listeners, &key);
}

#endif /* TT_OWNER_BPF_H */
