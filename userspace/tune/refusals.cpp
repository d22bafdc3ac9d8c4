// SPDX-License-Identifier: GPL-2.0
#include "tune/refusals.h"

#include <array>

#include "tune/rule.h"

namespace tcptrace::tune {
namespace {

constexpr auto kRefusals = std::to_array<model::TuneRefusal>({
    {"tcp_tw_recycle = 1", "drops the SYNs of clients behind NAT; removed in v4.12",
     "commit 4396e46187ca \"tcp: remove tcp_tw_recycle\""},
    {"tcp_fin_timeout lowered against TIME_WAIT",
     "does not shorten it: TIME_WAIT is 60 s, and no setting changes that",
     "TCP_TIMEWAIT_LEN in include/net/tcp.h"},
    {"tcp_timestamps = 0", "costs round trip times, PAWS and tcp_tw_reuse, and saves 12 bytes",
     "RFC 7323, 3 and 4"},
    {"tcp_sack = 0", "several losses in one window take a round trip each", "RFC 2018"},
    {"tcp_window_scaling = 0", "bounds every connection to 64 KiB a round trip", "RFC 7323, 2"},
    {"tcp_no_metrics_save = 1 on every host",
     "new connections forget what is known of their path; the threshold that could be in their "
     "way is not saved any more (v5.6)",
     kIpSysctl},
    {"tcp_max_tw_buckets lowered",
     "destroys TIME_WAIT, which keeps late segments out of the next connection",
     "Documentation/networking/ip-sysctl.rst: \"you must not lower the limit artificially\""},
    {"rmem_max and wmem_max raised for speed",
     "bound SO_RCVBUF and SO_SNDBUF only, and a program that sets those loses autotuning",
     "socket(7), tcp(7)"},
    {"tcp_mem set by hand",
     "counts pages and not bytes; the kernel computes it from the memory there is", kIpSysctl},
    {"tcp_low_latency = 1", "without effect since v4.14", kIpSysctl},
    {"tcp_abort_on_overflow = 1",
     "resets clients in a burst that the server would have caught up with", kIpSysctl},
    {"tcp_retries2 = 3 to 5",
     "gives connections up before the 100 s of RFC 1122; TCP_USER_TIMEOUT does it for one socket",
     "RFC 1122, 4.2.3.5"},
    {"tcp_max_syn_backlog raised",
     "not looked at while tcp_syncookies is on: somaxconn and listen() are the limit",
     "tcp_conn_request() in net/ipv4/tcp_input.c"},
    {"netdev_max_backlog raised on every host",
     "helps only where softnet_stat counts drops, and delays packets elsewhere",
     "Documentation/admin-guide/sysctl/net.rst"},
    {"tcp_syncookies = 0", "lets a flood of SYNs lock clients out; they cost nothing otherwise",
     "RFC 4987, 3.6"},
});

}  // namespace

std::span<const model::TuneRefusal> refusals() { return kRefusals; }

}  // namespace tcptrace::tune
