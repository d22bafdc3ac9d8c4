/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Connections that ended a short time ago, for the packets that still reach them: replies from
 * TIME_WAIT, from the listener, from nobody.
 *
 * A table of buckets with four places each, the oldest of which is given away: unlike an LRU hash
 * it costs no lock and no list, about a tenth, and every close pays for it. With n buckets and r
 * connections that end in a second one is forgotten within t with the probability of four or more
 * others in its bucket, Poisson of r * t / n: at 20,000/s within 100 ms, one of 100,000. As in
 * the LRU hash, what is found can be replaced while it is read.
 */
#ifndef TT_CLOSED_BPF_H
#define TT_CLOSED_BPF_H

#include "lib/owner.bpf.h"

#define TT_CLOSED_WAYS 4

/* As long as TIME_WAIT lasts (TCP_TIMEWAIT_LEN), twice: what comes later belongs to another life.
 */
#define TT_CLOSED_SECONDS 120

struct tt_closed {
	struct tt_tuple tuple;
	struct tt_socket socket;
	__u64 ended_jiffies;
};

struct tt_closed_bucket {
	__u32 next; /* counts on; the place to be used is its remainder */
	__u32 pad;
	struct tt_closed way[TT_CLOSED_WAYS];
};

/* Sized before load: settings.closed_buckets. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct tt_closed_bucket);
} closed __weak SEC(".maps");

TT_STATIC_ASSERT(sizeof(struct tt_tuple) == 5 * sizeof(__u64), "compared and mixed by words");

static __always_inline bool same_tuple(const struct tt_tuple *a, const struct tt_tuple *b)
{
	const __u64 *left = (const __u64 *)a, *right = (const __u64 *)b;

	return left[0] == right[0] && left[1] == right[1] && left[2] == right[2] &&
	       left[3] == right[3] && left[4] == right[4];
}

/* The 64-bit finaliser of MurmurHash3, over each word. */
static __always_inline struct tt_closed_bucket *closed_bucket(const struct tt_tuple *tuple)
{
	const __u64 *word = (const __u64 *)tuple;
	__u64 mixed = 0;
	__u32 index;

	for (int i = 0; i < 5; i++) {
		mixed = (mixed ^ word[i]) * 0xff51afd7ed558ccdull;
		mixed ^= mixed >> 33;
	}
	index = ((mixed & 0xffffffff) * settings.closed_buckets) >> 32;
	return bpf_map_lookup_elem(&closed, &index);
}

static __always_inline void closed_remember(const struct tt_tuple *tuple,
					    const struct tt_socket *socket)
{
	struct tt_closed_bucket *bucket = closed_bucket(tuple);
	struct tt_closed *way;

	if (!bucket)
		return;
	way = &bucket->way[bucket->next++ % TT_CLOSED_WAYS];
	way->tuple.netns = 0; /* nobody's, until all of it is there */
	way->socket = *socket;
	way->ended_jiffies = bpf_jiffies64();
	barrier();
	way->tuple = *tuple;
}

static __always_inline bool closed_lately(const struct tt_closed *way)
{
	return !settings.hz ||
	       bpf_jiffies64() - way->ended_jiffies < (__u64)TT_CLOSED_SECONDS * settings.hz;
}

/* The connection that had this tuple last, or null. */
static __always_inline struct tt_socket *closed_find(const struct tt_connection *connection)
{
	struct tt_closed_bucket *bucket;
	struct tt_tuple tuple;

	tuple_of(&tuple, connection);
	bucket = closed_bucket(&tuple);
	if (!bucket)
		return NULL;
	for (__u32 age = 1; age <= TT_CLOSED_WAYS; age++) {
		struct tt_closed *way = &bucket->way[(bucket->next - age) % TT_CLOSED_WAYS];

		if (same_tuple(&way->tuple, &tuple))
			return closed_lately(way) ? &way->socket : NULL;
	}
	return NULL;
}

#endif /* TT_CLOSED_BPF_H */
