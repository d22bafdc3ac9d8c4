// SPDX-License-Identifier: GPL-2.0
/* Programs that do nothing, at the hooks that a trace has where there are no function hooks: what
 * is left of the cost is the kernel's. */
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(state) { return 0; }

SEC("tp_btf/tcp_destroy_sock")
int BPF_PROG(destroy) { return 0; }

SEC("tp_btf/tcp_send_reset")
int BPF_PROG(send_reset) { return 0; }

SEC("tp_btf/tcp_receive_reset")
int BPF_PROG(receive_reset) { return 0; }

SEC("tp_btf/tcp_retransmit_skb")
int BPF_PROG(retransmit) { return 0; }

SEC("tp_btf/tcp_retransmit_synack")
int BPF_PROG(retransmit_synack) { return 0; }

SEC("tp_btf/net_dev_queue")
int BPF_PROG(egress) { return 0; }

SEC("tp/syscalls/sys_exit_accept4")
int accept4_exit(void* context) { return 0; }

SEC("tp/syscalls/sys_exit_accept")
int accept_exit(void* context) { return 0; }

SEC("tp/syscalls/sys_exit_connect")
int connect_exit(void* context) { return 0; }

char LICENSE[] SEC("license") = "GPL";
