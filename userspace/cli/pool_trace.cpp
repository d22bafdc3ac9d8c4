// SPDX-License-Identifier: GPL-2.0
#include "cli/pool_trace.h"

#include <utility>

#include "base/clock.h"
#include "cli/consume.h"
#include "cli/options.h"

namespace tcptrace::cli {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

namespace {

// A change of state is what tells who has closed first, and when.
model::Filter with_events_of_pools(model::Filter filter) {
  filter.events = {.reset = false,
                   .retransmit = false,
                   .failure = false,
                   .accept = false,
                   .connect = true,
                   .close = true,
                   .state = true};
  return filter;
}

}  // namespace

Result<std::unique_ptr<PoolTrace>> PoolTrace::start(const model::Filter& filter,
                                                    monitor::PoolFold& fold,
                                                    host::CgroupNames& cgroups) {
  kernel::SessionOptions options;
  options.filter = with_events_of_pools(filter);
  options.ring_size_bytes = kSideRingBytes;
  options.max_connections = kDefaultConnections;
  auto session = kernel::BpfSession::open(options);
  if (!session) {
    return std::unexpected(session.error());
  }
  std::unique_ptr<PoolTrace> trace(new PoolTrace());
  trace->session_ = std::move(*session);
  trace->pipeline_.emplace(nullptr, trace->session_->reset_reasons(), std::nullopt,
                           [&cgroups](std::uint64_t id, std::uint32_t pid, nanoseconds now) {
                             return cgroups.lookup(id, pid, now);
                           });
  trace->pipeline_->observe([&fold](const model::Event& event) { fold.note(event); });
  return trace;
}

Result<void> PoolTrace::consume() {
  Result<bool> more = true;
  while (more && *more) {
    more = consume_within(milliseconds(0), *session_, *pipeline_);
  }
  pipeline_->advance(boot_time());
  return more ? Result<void>() : std::unexpected(more.error());
}

Result<std::uint64_t> PoolTrace::finish() {
  session_->detach();
  auto consumed = consume();
  if (!consumed) {
    return std::unexpected(consumed.error());
  }
  pipeline_->finish();
  pipeline_->note_losses(session_->losses(), boot_time());
  return pipeline_->losses().total();
}

}  // namespace tcptrace::cli
