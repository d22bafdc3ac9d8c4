// SPDX-License-Identifier: GPL-2.0
// The trace beside the monitor: resets, failures and retransmissions with their causes. Nothing of
// it is printed; whoever starts it sees the events.
#pragma once

#include <memory>
#include <optional>

#include "base/result.h"
#include "cli/pipeline.h"
#include "host/cgroup_names.h"
#include "kernel/bpf_session.h"
#include "model/filter.h"

namespace tcptrace::cli {

class MonitorTrace {
 public:
  // Traces from when this returns. Fails as BpfSession::open() does.
  [[nodiscard]] static Result<std::unique_ptr<MonitorTrace>> start(const model::Filter& filter,
                                                                   Pipeline::Observer observer);
  MonitorTrace(const MonitorTrace&) = delete;
  MonitorTrace& operator=(const MonitorTrace&) = delete;
  ~MonitorTrace() = default;

  // Readable when much is unread.
  [[nodiscard]] int fd() const { return session_->fd(); }
  // Takes what is there, up to a batch. True: more is.
  [[nodiscard]] Result<bool> take();
  // With what take() has found missing.
  [[nodiscard]] const model::LossCounts& losses();

 private:
  MonitorTrace() = default;

  std::unique_ptr<kernel::BpfSession> session_;
  host::CgroupNames cgroups_;
  std::optional<Pipeline> pipeline_;
};

}  // namespace tcptrace::cli
