// SPDX-License-Identifier: GPL-2.0
// Walks over all sockets for the monitor, each in a thread of its own, and no more of them than a
// share of one processor allows.
#pragma once

#include <chrono>
#include <cstdint>
#include <future>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "base/result.h"
#include "cli/options.h"
#include "host/cgroup_names.h"
#include "host/netns.h"
#include "kernel/socket_dump.h"
#include "model/monitor.h"
#include "monitor/saturation.h"
#include "monitor/socket_census.h"

namespace tcptrace::cli {

class SocketWalker {
 public:
  struct Round {
    model::MonitorWalk walk;
    std::vector<host::NetNamespace> namespaces;  // that were found
  };

  // `cpu_percent`: of one processor.
  [[nodiscard]] static Result<SocketWalker> open(const MonitorOptions& options, double cpu_percent);

  // What a walk that has ended brought, once; starts one where it is time, `interval` after the one
  // before at the earliest.
  [[nodiscard]] std::optional<Result<Round>> advance(std::chrono::nanoseconds now,
                                                     std::chrono::nanoseconds interval);

 private:
  SocketWalker(kernel::SocketDump dump, std::vector<std::uint32_t> netns, double cpu_percent);

  [[nodiscard]] Result<Round> walk(std::chrono::nanoseconds now);
  void read_settings(const std::vector<host::NetNamespace>& namespaces,
                     std::chrono::nanoseconds now);
  [[nodiscard]] bool owners_are_due() const;

  // What a walk works with, at a place that stays while it runs.
  struct Work {
    explicit Work(kernel::SocketDump opened) : dump(std::move(opened)) {}
    kernel::SocketDump dump;
    monitor::CensusBuilder builder{{}};
    host::CgroupNames cgroups;
    std::optional<std::chrono::nanoseconds> settings_time;
    std::optional<std::chrono::nanoseconds> owners_time;
    std::uint64_t unread_processes = 0;
    bool owners_unreadable = false;
    std::uint32_t walks_since_owners = 0;
    std::chrono::nanoseconds cost{};  // of the last one, in processor time
  };

  std::unique_ptr<Work> work_;
  std::vector<std::uint32_t> netns_;
  double share_;
  std::chrono::nanoseconds interval_{};
  std::future<Result<Round>> running_;
  std::chrono::nanoseconds began_{};
  std::chrono::nanoseconds next_{};  // at once
};

}  // namespace tcptrace::cli
