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

// CONFIG_HZ from one reading of jiffies and the monotonic clock at the same moment
// (kernel/time/timer_list.c).
[[nodiscard]] std::uint32_t hz_from_jiffies(std::uint64_t jiffies, std::uint64_t monotonic_ns);

}  // namespace tcptrace::kernel
