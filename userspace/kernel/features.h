// SPDX-License-Identifier: GPL-2.0
// What the running kernel offers, decided by its BTF and by loading tiny programs, never by its
// version.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "kernel/attach_plan.h"

namespace tcptrace::kernel {

// Positions of arguments that moved between kernels; -1: this kernel has no such argument.
struct ArgumentPositions {
  std::int8_t tp_reset_reason = -1;
  std::int8_t active_reset_reason = -1;
  std::int8_t reply_reset_reason = -1;
  std::int8_t receive_reset_skb = -1;
  std::int8_t retransmit_err = -1;
  std::int8_t nf_reset_skb = -1;
  std::int8_t accept_return = -1;
};

struct Features {
  Facts facts;
  ArgumentPositions arguments;
  bool socket_cookie_helper = false;
  std::uint32_t hz = 0;                    // CONFIG_HZ; 0 unknown
  std::vector<std::string> reset_reasons;  // by value of enum sk_rst_reason: "TCP_ABORT_ON_CLOSE"
};

// Fails with ExitStatus::kUnsupported where the kernel has no BTF or BPF is refused altogether.
[[nodiscard]] Result<Features> probe_features();

// CONFIG_HZ of the running kernel, from the resolution of its coarse clocks, which is one tick
// (posix_get_coarse_res() in kernel/time/posix-timers.c); 0 unknown.
[[nodiscard]] std::uint32_t read_hz();

// CONFIG_HZ from TICK_NSEC (include/vdso/jiffies.h), the nearest whole number of nanoseconds.
[[nodiscard]] std::uint32_t hz_from_tick(std::uint64_t tick_ns);

}  // namespace tcptrace::kernel
