// SPDX-License-Identifier: GPL-2.0
#include "cli/load_trace.h"

#include <chrono>
#include <utility>

#include "base/clock.h"
#include "cli/consume.h"
#include "cli/namespaces.h"
#include "cli/options.h"
#include "cli/root.h"
#include "host/netns.h"
#include "kernel/sock_diag.h"

namespace tcptrace::cli {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

// A queue that is full stays so for as long as what fills it goes on.
constexpr milliseconds kLook{200};
constexpr std::uint32_t kListening = state_bit(model::TcpState::kListen);

model::Filter of_port(std::uint16_t port) {
  model::Filter filter;
  filter.ports = {{.low = port, .high = port, .side = model::PortSide::kEither}};
  return filter;
}

}  // namespace

Result<std::unique_ptr<LoadTrace>> LoadTrace::start(std::uint16_t port) {
  std::unique_ptr<LoadTrace> trace(new LoadTrace(port));
  if (auto opened = trace->open(); !opened) {
    return std::unexpected(opened.error().within("--trace"));
  }
  trace->thread_ = std::thread([&traced = *trace] { traced.run(); });
  return trace;
}

LoadTrace::~LoadTrace() { join(); }

void LoadTrace::join() {
  stop_ = true;
  if (thread_.joinable()) {
    thread_.join();
  }
}

Result<void> LoadTrace::open() {
  kernel::SessionOptions options;
  options.filter = of_port(listener_.port);
  options.ring_size_bytes = kSideRingBytes;
  options.max_connections = kDefaultConnections;
  auto session = kernel::BpfSession::open(options);
  if (!session) {
    return std::unexpected(session.error());
  }
  session_ = std::move(*session);
  namespaces_ = namespaces_to_read(host::list_netns(kRoot), {});
  pipeline_.emplace(nullptr, session_->reset_reasons(), std::nullopt,
                    [this](std::uint64_t id, std::uint32_t pid, nanoseconds now) {
                      return cgroups_.lookup(id, pid, now);
                    });
  pipeline_->observe([this](const model::Event& event) { causes_.note(event); });
  return {};
}

// Leaves the thread in another network namespace. One that cannot be read now is read the next
// time.
void LoadTrace::look_at_listeners() {
  const auto fullest = [this](const model::Socket& socket) {
    if (socket.connection.local_port == listener_.port && socket.info &&
        socket.info->backlog >= listener_.backlog) {
      listener_.backlog = socket.info->backlog;
      listener_.backlog_limit = socket.info->backlog_limit;
    }
  };
  (void)kernel::visit_namespaces(namespaces_, [&](std::uint32_t inode) -> Result<void> {
    const auto read = kernel::read_sock_diag(inode, kListening, fullest);
    return read ? Result<void>() : std::unexpected(read.error());
  });
}

void LoadTrace::run() {
  nanoseconds next_look{};
  std::optional<nanoseconds> end;
  for (;;) {
    const nanoseconds now = boot_time();
    if (stop_ && !end) {
      end = now + kDrainTime;
    }
    if (end && now >= *end) {
      drain();
      return;
    }
    if (!end && now >= next_look) {
      look_at_listeners();
      next_look = boot_time() + kLook;
    }
    if (auto consumed = consume_within(kConsumeTime, *session_, *pipeline_); !consumed) {
      failure_ = consumed.error();
      return;
    }
    pipeline_->advance(boot_time());
  }
}

// However much a load at full rate has left unread.
void LoadTrace::drain() {
  session_->detach();
  Result<bool> more = true;
  while (more && *more) {
    more = consume_within(milliseconds(0), *session_, *pipeline_);
  }
  if (!more) {
    failure_ = more.error();
  }
  pipeline_->finish();
}

Result<model::LoadDiagnosis> LoadTrace::finish(const model::LoadReport& report) {
  join();
  if (failure_) {
    return std::unexpected(failure_->within("--trace"));
  }
  pipeline_->note_losses(session_->losses(), boot_time());
  model::LoadDiagnosis diagnosis = causes_.join(report.failed, listener_);
  diagnosis.untold += report.failed_beyond;
  diagnosis.lost = pipeline_->losses().total();
  return diagnosis;
}

}  // namespace tcptrace::cli
