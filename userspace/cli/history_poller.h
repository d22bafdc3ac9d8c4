// SPDX-License-Identifier: GPL-2.0
// Polls for the flight recorder, each in a thread of its own: with many connections one takes
// longer than a ring buffer can wait, and netlink has to enter every network namespace.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <future>
#include <optional>
#include <span>
#include <vector>

#include "cli/options.h"
#include "kernel/socket_poll.h"
#include "model/report.h"

namespace tcptrace::cli {

class HistoryPoller {
 public:
  // What a poll brought.
  struct Round {
    std::chrono::nanoseconds began{};  // CLOCK_BOOTTIME
    std::chrono::nanoseconds took{};
    std::vector<std::byte> records;  // tt_sample_records, one after the other
    bool complete = true;            // everything could be read
  };

  // Hands out the records of a round.
  static void for_each_record(const Round& round,
                              const std::function<void(std::span<const std::byte>)>& handler);

  // `options.depth` is not zero. `session` outlives it.
  HistoryPoller(kernel::BpfSession& session, const model::Filter& filter,
                const HistoryOptions& options);

  [[nodiscard]] model::Polling describe() const;

  // What a poll that has ended brought, once; starts one where it is time. Polls take no more than
  // a twentieth of the time: where one takes long, the next comes later.
  [[nodiscard]] std::optional<Round> advance(std::chrono::nanoseconds now);

 private:
  [[nodiscard]] Round poll(std::chrono::nanoseconds now);

  HistoryOptions options_;
  std::vector<std::uint32_t> netns_;  // the filter's
  std::string setback_;
  kernel::SocketPoll poll_;
  std::future<Round> running_;
  std::chrono::nanoseconds next_{};  // at once
};

}  // namespace tcptrace::cli
