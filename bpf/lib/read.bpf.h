/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Reading kernel memory in a body that does not know how it was attached. Programs with BTF
 * arguments (fentry, tp_btf) dereference directly, at the cost of a load; raw tracepoints and
 * kprobes go through bpf_probe_read_kernel(). A shell passes its way as a constant, so that only
 * one of the two is left in each program.
 */
#ifndef TT_READ_BPF_H
#define TT_READ_BPF_H

#include "lib/base.bpf.h"

enum tt_access { TT_PROBED, TT_DIRECT };

#define GET(how, ptr, field)                                                                       \
	({                                                                                         \
		typeof((ptr)->field) __value;                                                      \
		if ((how) == TT_DIRECT)                                                            \
			__value = (ptr)->field;                                                    \
		else                                                                               \
			bpf_core_read((void *)&__value, sizeof(__value), &(ptr)->field);           \
		__value;                                                                           \
	})

#define GET_BITFIELD(how, ptr, field)                                                              \
	((how) == TT_DIRECT ? BPF_CORE_READ_BITFIELD(ptr, field)                                   \
			    : BPF_CORE_READ_BITFIELD_PROBED(ptr, field))

/*
 * Argument `n` of a BTF program whose position depends on the kernel. In assembly, since the
 * compiler would merge the loads of several positions into one from a computed address, which the
 * verifier does not follow.
 */
#define CTX_ARG(ctx, n)                                                                            \
	({                                                                                         \
		__u64 __argument;                                                                  \
		asm volatile("%0 = *(u64 *)(%1 + %2)" : "=r"(__argument) : "r"(ctx), "i"((n)*8));  \
		__argument;                                                                        \
	})

/* Keeps the compiler from merging two loads of a kprobe's arguments, for the same reason. */
#define KEEP_LOADED(var) asm volatile("" : "+r"(var))

/* Copies an array field of at most 16 bytes. */
#define GET_BYTES(dst, ptr, field) bpf_core_read(dst, sizeof((ptr)->field), &(ptr)->field)

#endif /* TT_READ_BPF_H */
