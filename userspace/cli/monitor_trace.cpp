// SPDX-License-Identifier: GPL-2.0
#include "cli/monitor_trace.h"

#include <chrono>
#include <utility>

#include "base/clock.h"
#include "cli/consume.h"
#include "cli/options.h"

namespace tcptrace::cli {

Result<std::unique_ptr<MonitorTrace>> MonitorTrace::start(const model::Filter& filter,
                                                          Pipeline::Observer observer) {
  std::unique_ptr<MonitorTrace> trace(new MonitorTrace());
  auto session = kernel::BpfSession::open({.filter = filter,
                                           .family = {},
                                           .ring_size_bytes = kDefaultRingSizeBytes,
                                           .max_connections = kDefaultConnections});
  if (!session) {
    return std::unexpected(session.error());
  }
  trace->session_ = std::move(*session);
  trace->pipeline_.emplace(nullptr, trace->session_->reset_reasons(), std::nullopt,
                           [&cgroups = trace->cgroups_](std::uint64_t id, std::uint32_t pid,
                                                        std::chrono::nanoseconds now) {
                             return cgroups.lookup(id, pid, now);
                           });
  trace->pipeline_->observe(std::move(observer));
  return trace;
}

Result<bool> MonitorTrace::take() {
  auto more = consume_within(std::chrono::milliseconds(0), *session_, *pipeline_);
  if (more && !*more) {
    pipeline_->advance(boot_time());
  }
  return more;
}

const model::LossCounts& MonitorTrace::losses() {
  pipeline_->note_losses(session_->losses(), boot_time());
  return pipeline_->losses();
}

}  // namespace tcptrace::cli
