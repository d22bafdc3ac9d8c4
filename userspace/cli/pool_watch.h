// SPDX-License-Identifier: GPL-2.0
// Looks at the connection pools of this host for a while, with a trace beside where there can be
// one.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cli/options.h"
#include "cli/pool_trace.h"
#include "host/cgroup_names.h"
#include "host/netns.h"
#include "host/signal_fd.h"
#include "kernel/socket_dump.h"
#include "model/filter.h"
#include "model/pool.h"
#include "monitor/pool_fold.h"

namespace tcptrace::cli {

class PoolWatch {
 public:
  // Both outlive it. Fails where no sockets can be read, and for processes whose names mean
  // something else to BPF.
  [[nodiscard]] static Result<std::unique_ptr<PoolWatch>> open(const PoolWatchOptions& options,
                                                               host::SignalFd& signals);
  // Its callbacks refer to it.
  PoolWatch(const PoolWatch&) = delete;
  PoolWatch& operator=(const PoolWatch&) = delete;

  // Until the duration is over or a signal comes. Once.
  [[nodiscard]] Result<model::PoolReport> run();

  // On stderr: what of that report is not complete; why, if `verbose`.
  void say_shortfalls(const model::PoolReport& report, bool verbose) const;
  // "host", "netns blue".
  [[nodiscard]] std::string name_of(std::uint32_t netns) const;

 private:
  PoolWatch(const PoolWatchOptions& options, host::SignalFd& signals)
      : options_(options), signals_(signals) {}

  Result<void> open_dumps();
  void start_trace();
  void read_host();
  void find_namespaces();
  Result<void> look();
  // Whether sockets changed meanwhile.
  Result<bool> look_at_others();
  void take_other(const model::Socket& socket);
  void name_processes();
  // Which of them ended it.
  Result<std::string_view> watch();
  Result<void> wait_until(std::chrono::nanoseconds end);
  void count_opens(model::PoolReport& report);
  Result<model::PoolReport> finish(std::string_view ended_by);

  const PoolWatchOptions& options_;
  host::SignalFd& signals_;
  model::Filter connection_filter_;
  std::optional<kernel::SocketDump> open_dump_;
  std::optional<kernel::SocketDump> other_dump_;
  std::vector<host::NetNamespace> netns_;
  std::vector<kernel::SocketNamespace> namespaces_;
  host::CgroupNames cgroups_;
  std::optional<monitor::PoolFold> fold_;
  std::unique_ptr<PoolTrace> trace_;
  std::optional<Error> trace_setback_;
  kernel::DumpReport shortfalls_;                        // of all looks
  std::chrono::nanoseconds looked_at_{};                 // when the last look began
  std::size_t unread_ = 0;                               // namespaces, in the last look
  std::map<std::uint32_t, std::uint64_t> opens_before_;  // by namespace
  bool name_runtimes_ = true;
  bool signalled_ = false;
};

}  // namespace tcptrace::cli
