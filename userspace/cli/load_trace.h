// SPDX-License-Identifier: GPL-2.0
// A trace beside a load: in a thread of its own, of the target's port and of both ends where both
// are on this host. What it sees is not printed, it says why connections failed.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "base/result.h"
#include "cli/pipeline.h"
#include "diagnose/load_causes.h"
#include "host/cgroup_names.h"
#include "kernel/bpf_session.h"
#include "kernel/socket_namespaces.h"
#include "model/load.h"

namespace tcptrace::cli {

class LoadTrace {
 public:
  // Traces from when this returns. Fails as BpfSession::open() does.
  [[nodiscard]] static Result<std::unique_ptr<LoadTrace>> start(std::uint16_t port);
  ~LoadTrace();
  LoadTrace(const LoadTrace&) = delete;
  LoadTrace& operator=(const LoadTrace&) = delete;

  // Ends the trace. What failed with it is an error of its own.
  [[nodiscard]] Result<model::LoadDiagnosis> finish(const model::LoadReport& report);

 private:
  explicit LoadTrace(std::uint16_t port) : listener_{.port = port} {}
  [[nodiscard]] Result<void> open();
  void run();
  void drain();
  void look_at_listeners();
  void join();

  model::FullestListener listener_;
  std::unique_ptr<kernel::BpfSession> session_;
  std::vector<kernel::SocketNamespace> namespaces_;  // those at the start
  host::CgroupNames cgroups_;
  std::optional<Pipeline> pipeline_;
  diagnose::LoadCauses causes_;
  std::optional<Error> failure_;
  std::atomic<bool> stop_ = false;
  std::thread thread_;
};

}  // namespace tcptrace::cli
