// SPDX-License-Identifier: GPL-2.0
// A trace beside the looks of `tcptrace pools`: every open and end of a connection, for the fold.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>

#include "base/result.h"
#include "cli/pipeline.h"
#include "host/cgroup_names.h"
#include "kernel/bpf_session.h"
#include "model/filter.h"
#include "monitor/pool_fold.h"

namespace tcptrace::cli {

class PoolTrace {
 public:
  // Traces from when this returns. Fails as BpfSession::open() does. The fold and the names outlive
  // it.
  [[nodiscard]] static Result<std::unique_ptr<PoolTrace>> start(const model::Filter& filter,
                                                                monitor::PoolFold& fold,
                                                                host::CgroupNames& cgroups);

  // Readable when much is unread; what is little is there without a sign.
  [[nodiscard]] int fd() const { return session_->fd(); }
  // Takes all that is there.
  [[nodiscard]] Result<void> consume();
  // Ends the trace: the last of it, and how many records were lost.
  [[nodiscard]] Result<std::uint64_t> finish();

 private:
  PoolTrace() = default;

  std::unique_ptr<kernel::BpfSession> session_;
  std::optional<Pipeline> pipeline_;
};

}  // namespace tcptrace::cli
