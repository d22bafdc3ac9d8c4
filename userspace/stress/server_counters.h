// SPDX-License-Identifier: GPL-2.0
// What one thread of a server counts, while others look.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "model/serve.h"

namespace tcptrace::stress {

// Of one writer: no locked instruction is needed.
class Counter {
 public:
  void add(std::uint64_t more = 1) { value_.store(get() + more, std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t get() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

inline constexpr std::size_t kErrnoLimit = 256;  // above every errno of Linux

struct ServerCounters {
  Counter accepted, closed_by_peer, resets_received, failed, resets_sent;
  Counter requests, bad_requests, bytes_received, bytes_sent, accept_pauses;
  std::array<Counter, model::kServeCloses> closed_by_us;
  std::array<Counter, kErrnoLimit> errors;
};

// Of all threads: how many connections are open at once is no sum.
class OpenCount {
 public:
  void opened() {
    const std::uint64_t open = open_.fetch_add(1, std::memory_order_relaxed) + 1;
    std::uint64_t most = max_.load(std::memory_order_relaxed);
    while (open > most && !max_.compare_exchange_weak(most, open, std::memory_order_relaxed)) {
    }
  }
  void closed() { open_.fetch_sub(1, std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t now() const { return open_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t max() const { return max_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> open_{0};
  std::atomic<std::uint64_t> max_{0};
};

}  // namespace tcptrace::stress
