// SPDX-License-Identifier: GPL-2.0
#include "cli/pool_watch.h"

#include <poll.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <string>
#include <utility>

#include <fmt/core.h>

#include "base/clock.h"
#include "base/text.h"
#include "cli/dump_words.h"
#include "cli/namespaces.h"
#include "cli/root.h"
#include "host/host_facts.h"
#include "host/procfs.h"
#include "host/runtime_kind.h"
#include "host/socket_owners.h"
#include "model/local_ports.h"
#include "trace/filter.h"

namespace tcptrace::cli {
namespace {

using model::TcpState;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;

// What is little in the ring buffer is there without a sign.
constexpr nanoseconds kDrainInterval = milliseconds(100);

constexpr std::uint32_t kOpenStates = state_bit(TcpState::kSynSent) |
                                      state_bit(TcpState::kEstablished) |
                                      state_bit(TcpState::kCloseWait);
// Of whatever process: a connection that was closed has none any more, and which connections were
// accepted is told by all who listen.
constexpr std::uint32_t kOtherStates =
    state_bit(TcpState::kListen) | state_bit(TcpState::kFinWait1) | state_bit(TcpState::kFinWait2) |
    state_bit(TcpState::kClosing) | state_bit(TcpState::kTimeWait) | state_bit(TcpState::kLastAck);

std::map<std::uint32_t, std::uint64_t> active_opens(const model::HostFacts& facts) {
  std::map<std::uint32_t, std::uint64_t> opens;
  for (const model::NetnsFacts& netns : facts.namespaces) {
    if (const auto count = netns.counters.find("Tcp.ActiveOpens"); count != netns.counters.end()) {
      opens[netns.inode] = count->second;
    }
  }
  return opens;
}

}  // namespace

Result<std::unique_ptr<PoolWatch>> PoolWatch::open(const PoolWatchOptions& options,
                                                   host::SignalFd& signals) {
  std::unique_ptr<PoolWatch> watch(new PoolWatch(options, signals));
  if (auto opened = watch->open_dumps(); !opened) {
    return std::unexpected(opened.error());
  }
  return watch;
}

Result<void> PoolWatch::open_dumps() {
  auto opened =
      kernel::SocketDump::open({.filter = options_.filter,
                                .states = kOpenStates,
                                .source = options_.source,
                                .read_owners = [this](model::SocketOwners& owners) {
                                  return host::read_socket_owners(kRoot, options_.filter, owners);
                                }});
  if (!opened) {
    return std::unexpected(opened.error());
  }
  if (auto checked = check_pid_namespace(options_.filter, *opened); !checked) {
    return checked;
  }
  open_dump_.emplace(std::move(*opened));
  auto others = kernel::SocketDump::open({.filter = {},
                                          .states = kOtherStates,
                                          .source = model::SocketSource::kNetlink,
                                          .read_owners = {}});
  if (!others) {
    return std::unexpected(others.error());
  }
  other_dump_.emplace(std::move(*others));
  connection_filter_ = model::without_processes(options_.filter);
  const bool by_iter = open_dump_->source() == model::SocketSource::kIter;
  name_runtimes_ = !by_iter || host::in_initial_pid_namespace(kRoot);
  return {};
}

// Where there is no iterator there is no tracer either, and who asks for netlink wants no BPF.
void PoolWatch::start_trace() {
  const bool wanted = !options_.once && open_dump_->source() == model::SocketSource::kIter;
  const bool unowned = !model::asks_for_owner(options_.filter);
  fold_.emplace(monitor::PoolSettings{
      .interval = options_.interval, .traced = wanted, .unowned = unowned && !wanted});
  if (!wanted) {
    return;
  }
  auto trace = PoolTrace::start(options_.filter, *fold_, cgroups_);
  if (trace) {
    trace_ = std::move(*trace);
    return;
  }
  trace_setback_ = trace.error();
  fold_.emplace(monitor::PoolSettings{.interval = options_.interval, .unowned = unowned});
}

void PoolWatch::take_other(const model::Socket& socket) {
  if (socket.connection.state == TcpState::kListen ||
      trace::matches(connection_filter_, socket.connection, nullptr)) {
    fold_->add(socket);
  }
}

Result<bool> PoolWatch::look_at_others() {
  auto report =
      other_dump_->dump(namespaces_, [this](const model::Socket& socket) { take_other(socket); });
  if (!report) {
    return std::unexpected(report.error());
  }
  kernel::add_shortfalls(shortfalls_, *report);
  return report->interrupted;
}

void PoolWatch::find_namespaces() {
  netns_ = host::list_netns(kRoot);
  namespaces_ = namespaces_to_read(netns_, options_.filter.netns);
}

Result<void> PoolWatch::look() {
  find_namespaces();
  looked_at_ = boot_time();
  fold_->begin_look(looked_at_);
  auto report = open_dump_->dump(
      namespaces_, [this](const model::Socket& socket) { fold_->add(socket); },
      [this](model::Process& process) {
        process.cgroup = cgroups_.lookup(process.cgroup_id, process.pid, boot_time());
      });
  if (!report) {
    return std::unexpected(report.error());
  }
  const std::size_t unread_before = std::exchange(unread_, report->unread.size());
  kernel::add_shortfalls(shortfalls_, *report);
  if (auto read = check_read(*report); !read) {
    return read;
  }
  const auto others_interrupted = look_at_others();
  if (!others_interrupted) {
    return std::unexpected(others_interrupted.error());
  }
  const bool interrupted = report->interrupted || *others_interrupted;
  fold_->end_look(!interrupted && unread_ <= unread_before);
  name_processes();
  return {};
}

// Soon after they were seen: those that live shortly are gone later.
void PoolWatch::name_processes() {
  for (const std::uint32_t pid : fold_->new_processes()) {
    if (name_runtimes_) {
      fold_->set_runtime(pid, host::runtime_of(kRoot, pid));
    }
  }
}

Result<void> PoolWatch::wait_until(nanoseconds end) {
  for (;;) {
    signalled_ = signalled_ || signals_.next();
    const nanoseconds now = boot_time();
    if (signalled_ || now >= end) {
      return trace_ ? trace_->consume() : Result<void>();
    }
    const nanoseconds left = trace_ ? std::min(end - now, kDrainInterval) : end - now;
    std::array<pollfd, 2> ready{
        {{.fd = signals_.fd(), .events = POLLIN, .revents = 0},
         {.fd = trace_ ? trace_->fd() : -1, .events = POLLIN, .revents = 0}}};
    ::poll(ready.data(), ready.size(),
           static_cast<int>(std::chrono::ceil<milliseconds>(left).count()));
    if (trace_) {
      if (auto consumed = trace_->consume(); !consumed) {
        return consumed;
      }
    }
  }
}

Result<std::string_view> PoolWatch::watch() {
  if (auto looked = look(); !looked) {
    return std::unexpected(looked.error());
  }
  if (options_.once) {
    return "once";
  }
  nanoseconds next = looked_at_;
  const nanoseconds end = next + options_.duration;
  while (next < end) {
    const nanoseconds now = boot_time();
    // A look that takes longer than the interval leaves out those that it would have delayed.
    next = std::min(std::max(next + options_.interval, now), end);
    if (auto waited = wait_until(next); !waited) {
      return std::unexpected(waited.error());
    }
    if (auto looked = look(); !looked) {
      return std::unexpected(looked.error());
    }
    if (signalled_) {
      return "signal";
    }
  }
  return "duration";
}

// What the kernel counts between the same two moments.
void PoolWatch::count_opens(model::PoolReport& report) {
  std::map<std::uint32_t, std::uint64_t> seen;
  for (const model::Pool& pool : report.pools) {
    seen[pool.peer.netns] += pool.churn.opened + pool.churn.failed;
  }
  const auto facts = host::read_host_facts(kRoot, netns_, host::kCountersOnly);
  for (const auto& [netns, opens] : active_opens(facts)) {
    const auto before = opens_before_.find(netns);
    const bool asked = model::empty_or_has(options_.filter.netns, netns);
    // Fewer: another namespace has the number now.
    const bool known = before != opens_before_.end() && before->second <= opens;
    if (known && asked && (opens != before->second || seen[netns] != 0)) {
      report.opens.push_back(
          {.netns = netns, .opens = opens - before->second, .seen = seen[netns]});
    }
  }
}

std::string PoolWatch::name_of(std::uint32_t netns) const { return netns_name(netns_, netns); }

void PoolWatch::say_shortfalls(const model::PoolReport& report, bool verbose) const {
  say_unread(shortfalls_);
  for (const model::NetnsOpens& row : report.opens) {
    if (!report.traced && row.opens > row.seen) {
      say(fmt::format("{}: the kernel counted {}, of which the looks have seen {}",
                      terminal_safe(name_of(row.netns)), counted(row.opens, "connect"),
                      grouped(row.seen)));
    }
  }
  if (report.not_followed + report.not_pooled != 0) {
    say(fmt::format("{} were not followed: there are more than there is room for",
                    counted(report.not_followed + report.not_pooled, "connection")));
  }
  if (report.lost != 0) {
    say(fmt::format("{} of the tracer were lost", counted(report.lost, "record")));
  }
  if (verbose && open_dump_->setback()) {
    say(fmt::format("no BPF iterator: {}", open_dump_->setback()->what));
  }
  if (verbose && trace_setback_) {
    say(fmt::format("no tracer: {}", trace_setback_->what));
  }
}

Result<model::PoolReport> PoolWatch::finish(std::string_view ended_by) {
  std::uint64_t lost = 0;
  if (trace_) {
    auto finished = trace_->finish();
    if (!finished) {
      return std::unexpected(finished.error());
    }
    lost = *finished;
    name_processes();
  }
  model::PoolReport report = fold_->report();
  report.ended_by = ended_by;
  report.source = open_dump_->source();
  report.lost = lost;
  if (!options_.once) {
    count_opens(report);
  }
  return report;
}

// What the first look has to know, and what the counters were before it.
void PoolWatch::read_host() {
  find_namespaces();
  const auto facts =
      host::read_host_facts(kRoot, netns_, {.sysctls = true, .interfaces = false, .labels = false});
  opens_before_ = active_opens(facts);
  for (const model::NetnsFacts& netns : facts.namespaces) {
    if (!netns.sysctls.empty()) {
      fold_->set_local_ports(netns.inode, model::local_ports(netns.sysctls).available());
    }
  }
}

Result<model::PoolReport> PoolWatch::run() {
  start_trace();
  read_host();
  // Who listens.
  if (auto others = look_at_others(); !others) {
    return std::unexpected(others.error());
  }
  auto ended_by = watch();
  if (!ended_by) {
    return std::unexpected(ended_by.error());
  }
  return finish(*ended_by);
}

}  // namespace tcptrace::cli
