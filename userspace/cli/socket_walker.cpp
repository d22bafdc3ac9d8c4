// SPDX-License-Identifier: GPL-2.0
#include "cli/socket_walker.h"

#include <algorithm>
#include <utility>

#include "base/clock.h"
#include "base/start_thread.h"
#include "cli/dump_words.h"
#include "cli/namespaces.h"
#include "cli/root.h"
#include "host/host_facts.h"
#include "host/socket_owners.h"

namespace tcptrace::cli {
namespace {

using std::chrono::nanoseconds;

constexpr std::size_t kRows = 100;  // of each table
// Settings change by hand, owners with every connection: the latter are read as often as they cost
// next to nothing, else with every tenth walk.
constexpr std::chrono::seconds kSettingsAge{30};
constexpr std::uint32_t kOwnersEvery = 10;
constexpr int kCheapShare = 4;

}  // namespace

SocketWalker::SocketWalker(kernel::SocketDump dump, std::vector<std::uint32_t> netns,
                           double cpu_percent)
    : work_(std::make_unique<Work>(std::move(dump))),
      netns_(std::move(netns)),
      share_(cpu_percent / 100) {}

Result<SocketWalker> SocketWalker::open(const MonitorOptions& options, double cpu_percent) {
  auto dump = kernel::SocketDump::open(
      {.filter = options.filter,
       .source = options.source,
       .read_owners = [filter = options.filter](model::SocketOwners& owners) {
         return host::read_socket_owners(kRoot, filter, owners);
       }});
  if (!dump) {
    return std::unexpected(dump.error());
  }
  return SocketWalker(std::move(*dump), options.filter.netns, cpu_percent);
}

void SocketWalker::read_settings(const std::vector<host::NetNamespace>& namespaces,
                                 nanoseconds now) {
  if (work_->settings_time && now - *work_->settings_time < kSettingsAge) {
    return;
  }
  work_->settings_time = now;
  const model::HostFacts facts =
      host::read_host_facts(kRoot, namespaces, {.interfaces = false, .labels = false});
  monitor::CensusOptions options{.top = kRows};
  for (const model::NetnsFacts& netns : facts.namespaces) {
    options.settings.emplace(netns.inode, monitor::port_settings(netns.sysctls));
  }
  work_->builder = monitor::CensusBuilder(std::move(options));
}

bool SocketWalker::owners_are_due() const {
  const auto interval = static_cast<double>(interval_.count());
  const bool cheap = static_cast<double>(work_->cost.count()) * kCheapShare < interval * share_;
  return !work_->owners_time || cheap || work_->walks_since_owners + 1 >= kOwnersEvery;
}

Result<SocketWalker::Round> SocketWalker::walk(nanoseconds now) {
  const nanoseconds processor_before = processor_time();
  Round round;
  round.namespaces = find_namespaces(netns_);
  read_settings(round.namespaces, now);
  const bool read_owners = owners_are_due();
  const auto report = work_->dump.dump(
      namespaces_to_read(round.namespaces, netns_),
      [this](const model::Socket& socket) { work_->builder.add(socket); },
      [this, now](model::Process& process) {
        process.cgroup = work_->cgroups.lookup(process.cgroup_id, process.pid, now);
      },
      read_owners ? kernel::DumpOwners::kRead : kernel::DumpOwners::kKeep);
  if (!report) {
    return std::unexpected(report.error());
  }
  round.walk.census = work_->builder.finish();
  if (auto read = check_read(*report); !read) {
    return std::unexpected(read.error());
  }
  work_->walks_since_owners = read_owners ? 0 : work_->walks_since_owners + 1;
  if (read_owners) {
    work_->owners_time = now;
    work_->unread_processes = report->unread_processes;
    work_->owners_unreadable = report->owners_unreadable.has_value();
  }
  round.walk.boot_time = now;
  round.walk.owners_time = *work_->owners_time;
  round.walk.own_netns = host::own_netns(kRoot).value_or(0);
  round.walk.source = work_->dump.source();
  round.walk.interrupted = report->interrupted;
  for (const kernel::UnreadNamespace& netns : report->unread) {
    round.walk.unread_namespaces.push_back(netns.inode);
  }
  round.walk.unread_processes = work_->unread_processes;
  round.walk.owners_unreadable = work_->owners_unreadable;
  round.walk.undecodable = report->undecodable;
  round.walk.took = boot_time() - now;
  round.walk.cpu = processor_time() - processor_before;
  work_->cost = round.walk.cpu;
  return round;
}

std::optional<Result<SocketWalker::Round>> SocketWalker::advance(nanoseconds now,
                                                                 nanoseconds interval) {
  std::optional<Result<Round>> round;
  if (running_.valid()) {
    if (running_.wait_for(nanoseconds(0)) != std::future_status::ready) {
      return round;
    }
    round = running_.get();
    const nanoseconds cost = round->has_value() ? (*round)->walk.cpu : work_->cost;
    const auto spacing = std::chrono::duration_cast<nanoseconds>(cost / share_);
    next_ = began_ + std::max(interval, spacing);
  }
  if (now < next_) {
    return round;
  }
  interval_ = interval;
  began_ = now;
  auto started = start_thread([this, now] { return walk(now); });
  if (started) {
    running_ = *std::move(started);
    return round;
  }
  next_ = now + interval;
  if (!round) {
    round = std::unexpected(started.error());
  }
  return round;
}

}  // namespace tcptrace::cli
