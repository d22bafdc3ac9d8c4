// SPDX-License-Identifier: GPL-2.0
#include "cli/analyze.h"

#include <poll.h>

#include <algorithm>
#include <chrono>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include "base/clock.h"
#include "cli/dump_words.h"
#include "cli/event_output.h"
#include "cli/namespaces.h"
#include "cli/root.h"
#include "cli/run_context.h"
#include "host/cgroup_names.h"
#include "host/host_facts.h"
#include "host/netns.h"
#include "host/signal_fd.h"
#include "host/socket_owners.h"
#include "kernel/socket_scan.h"
#include "model/filter.h"
#include "monitor/findings.h"
#include "monitor/socket_census.h"
#include "output/analysis.h"
#include "sink/sink.h"

namespace tcptrace::cli {
namespace {

using std::chrono::nanoseconds;

// Or until a signal comes: what is known by then is shown.
void wait(nanoseconds time, const host::SignalFd& signals) {
  pollfd ready{.fd = signals.fd(), .events = POLLIN, .revents = 0};
  ::poll(&ready, 1, static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(time).count()));
}

monitor::CensusOptions census_options(const model::HostFacts& facts, std::size_t top) {
  monitor::CensusOptions options{.top = top};
  for (const model::NetnsFacts& netns : facts.namespaces) {
    if (!netns.sysctls.empty()) {
      options.settings.emplace(netns.inode, monitor::port_settings(netns.sysctls));
    }
  }
  return options;
}

// From about where on an iterator is faster than a walk through /proc.
bool few_sockets(const model::HostFacts& facts) {
  constexpr std::uint64_t kMany = 5'000;
  const auto& all = facts.namespaces;
  // Those that are allocated are the whole host's.
  return !all.empty() && all.front().sockstat && all.front().sockstat->alloc < kMany;
}

void name_processes(model::SocketOwners& owners) {
  host::CgroupNames cgroups;
  for (model::Process& process : owners.processes()) {
    process.cgroup = cgroups.lookup(process.cgroup_id, process.pid, boot_time());
  }
}

// Of a namespace of which nothing was read the facts say so already.
void note_missing(const kernel::ScanReport& report, const model::HostFacts& facts, bool verbose,
                  std::vector<std::string>& missing) {
  for (const kernel::UnreadNamespace& netns : report.dump.unread) {
    if (std::ranges::find(facts.namespaces, netns.inode, &model::NetnsFacts::inode) !=
        facts.namespaces.end()) {
      missing.push_back(
          fmt::format("the sockets of network namespace {}: {}", netns.inode, netns.error.what));
    }
  }
  std::ranges::move(shortfalls(report.dump), std::back_inserter(missing));
  if (report.setback && verbose) {
    missing.push_back(fmt::format("owners by a BPF iterator: {}", report.setback->what));
  }
}

class AnalyzeRun {
 public:
  explicit AnalyzeRun(const AnalyzeOptions& options) : options_(options) {}

  Result<void> run();
  Result<model::Analysis> look(std::optional<model::HostFacts> before);

 private:
  // `signals` ends a wait for the second reading; null: nothing is waited for.
  Result<void> read(const host::SignalFd* signals);
  void read_facts(const host::SignalFd* signals);
  Result<void> read_sockets();

  const AnalyzeOptions& options_;
  std::vector<host::NetNamespace> netns_;
  std::optional<model::HostFacts> before_;
  model::Analysis analysis_;
};

void AnalyzeRun::read_facts(const host::SignalFd* signals) {
  if (options_.interval && signals != nullptr) {
    before_ = host::read_host_facts(kRoot, netns_, {.sysctls = false, .labels = false});
    wait(*options_.interval, *signals);
  }
  analysis_.facts = host::read_host_facts(kRoot, netns_);
  if (before_) {
    analysis_.interval = analysis_.facts.boot_time - before_->boot_time;
  }
  if (options_.netns.empty() && host::other_processes_hidden(kRoot)) {
    analysis_.missing.emplace_back(
        "the network namespaces of other users' processes: that takes CAP_SYS_PTRACE");
  }
}

Result<void> AnalyzeRun::read_sockets() {
  monitor::CensusBuilder census(census_options(analysis_.facts, options_.top));
  model::SocketOwners owners;
  const auto report = kernel::scan_sockets(
      namespaces_to_read(netns_, options_.netns),
      {.source = options_.source,
       .few = few_sockets(analysis_.facts),
       .read_owners =
           [](model::SocketOwners& into) { return host::read_socket_owners(kRoot, {}, into); }},
      [&](const model::Socket& socket) { census.add(socket); }, owners);
  if (!report) {
    return std::unexpected(report.error());
  }
  if (auto read = check_read(report->dump); !read) {
    return read;
  }
  name_processes(owners);
  census.join(owners);
  analysis_.census = census.finish();
  analysis_.listed = report->dump.namespaces;
  analysis_.source = report->source;
  note_missing(*report, analysis_.facts, options_.verbose, analysis_.missing);
  return {};
}

Result<void> AnalyzeRun::read(const host::SignalFd* signals) {
  netns_ = find_namespaces(options_.netns);
  analysis_.top = options_.top;
  read_facts(signals);
  if (auto read = read_sockets(); !read) {
    return read;
  }
  const model::HostFacts* const before = before_ ? &*before_ : nullptr;
  analysis_.counters = monitor::counters_that_matter(analysis_.facts, before);
  analysis_.findings =
      monitor::find({.census = analysis_.census, .facts = analysis_.facts, .before = before});
  return {};
}

Result<model::Analysis> AnalyzeRun::look(std::optional<model::HostFacts> before) {
  before_ = std::move(before);
  auto done = read(nullptr);
  return done ? Result<model::Analysis>(std::move(analysis_)) : std::unexpected(done.error());
}

Result<void> AnalyzeRun::run() {
  auto signals = host::SignalFd::open();
  if (!signals) {
    return std::unexpected(signals.error());
  }
  if (auto done = read(&*signals); !done) {
    return done;
  }
  // Only now: an analysis that is not possible leaves an existing file as it is.
  auto sink = open_output(options_, signals->fd());
  if (!sink) {
    return std::unexpected(sink.error());
  }
  const output::Context context = make_context(options_);
  return sink::write_out(**sink, options_.json ? output::analysis_json(analysis_, context)
                                               : output::analysis_text(analysis_, context));
}

}  // namespace

Result<model::Analysis> look_at_host(const AnalyzeOptions& options,
                                     std::optional<model::HostFacts> before) {
  return AnalyzeRun(options).look(std::move(before));
}

Result<void> run_analyze(const AnalyzeOptions& options) { return AnalyzeRun(options).run(); }

}  // namespace tcptrace::cli
