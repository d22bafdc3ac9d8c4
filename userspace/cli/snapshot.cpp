// SPDX-License-Identifier: GPL-2.0
#include "cli/snapshot.h"

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include "base/clock.h"
#include "base/text.h"
#include "cli/dump_words.h"
#include "cli/event_output.h"
#include "cli/namespaces.h"
#include "cli/root.h"
#include "cli/run_context.h"
#include "host/cgroup_names.h"
#include "host/netns.h"
#include "host/signal_fd.h"
#include "host/socket_owners.h"
#include "kernel/socket_dump.h"
#include "output/socket.h"
#include "sink/sink.h"

namespace tcptrace::cli {
namespace {

class SnapshotRun {
 public:
  explicit SnapshotRun(const SnapshotOptions& options) : options_(options) {}

  Result<void> run();

 private:
  Result<void> open();
  void take(const model::Socket& socket);
  [[nodiscard]] bool write(std::string_view lines);
  Result<void> finish(const kernel::DumpReport& report);

  const SnapshotOptions& options_;
  std::optional<host::SignalFd> signals_;
  std::optional<kernel::SocketDump> dump_;
  std::unique_ptr<sink::Sink> sink_;
  output::Context context_;
  std::vector<host::NetNamespace> netns_;
  std::optional<output::SocketTable> table_;
  host::CgroupNames cgroups_;
  std::string line_;
  std::optional<Error> failure_;
};

Result<void> SnapshotRun::open() {
  auto signals = host::SignalFd::open();
  if (!signals) {
    return std::unexpected(signals.error());
  }
  signals_.emplace(std::move(*signals));
  auto dump =
      kernel::SocketDump::open({.filter = options_.filter,
                                .states = options_.states.value_or(kernel::kAllSocketStates),
                                .source = options_.source,
                                .read_owners = [this](model::SocketOwners& owners) {
                                  return host::read_socket_owners(kRoot, options_.filter, owners);
                                }});
  if (!dump) {
    return std::unexpected(dump.error());
  }
  if (auto checked = check_pid_namespace(options_.filter, *dump); !checked) {
    return checked;
  }
  dump_.emplace(std::move(*dump));
  // Only now: a snapshot that is not possible leaves an existing file as it is.
  auto sink = open_output(options_, signals_->fd());
  if (!sink) {
    return std::unexpected(sink.error());
  }
  sink_ = std::move(*sink);
  context_ = make_context(options_);
  if (!options_.json) {
    table_.emplace(options_.listen, context_,
                   [this](std::uint32_t inode) { return netns_name(netns_, inode); });
  }
  return {};
}

bool SnapshotRun::write(std::string_view lines) {
  if (!failure_) {
    if (auto written = sink_->write(lines); !written) {
      failure_ = written.error();
    }
  }
  return !failure_;
}

void SnapshotRun::take(const model::Socket& socket) {
  if (failure_) {
    return;
  }
  if (table_) {
    table_->add(socket);
    return;
  }
  line_.clear();
  output::append_sample_json(line_, socket, context_);
  (void)write(line_);
}

Result<void> SnapshotRun::finish(const kernel::DumpReport& report) {
  if (table_) {
    if (options_.header) {
      std::string header;
      table_->append_header(header);
      (void)write(header);
    }
    table_->render([this](std::string_view lines) { return write(lines); });
  }
  if (!failure_) {
    if (auto flushed = sink_->flush(); !flushed) {
      failure_ = flushed.error();
    }
  }
  if (failure_) {
    return std::unexpected(*failure_);
  }
  say_unread(report);
  say(fmt::format("{} in {}, by {}", counted(report.sockets, "socket"),
                  counted(report.namespaces, "network namespace"),
                  output::source_words(dump_->source())));
  if (const auto& setback = dump_->setback(); setback && options_.verbose) {
    say(fmt::format("no BPF iterator: {}", setback->what));
  }
  return {};
}

Result<void> SnapshotRun::run() {
  if (auto opened = open(); !opened) {
    return opened;
  }
  netns_ = host::list_netns(kRoot);
  const auto namespaces = namespaces_to_read(netns_, options_.filter.netns);
  auto report = dump_->dump(
      namespaces, [this](const model::Socket& socket) { take(socket); },
      [this](model::Process& process) {
        process.cgroup = cgroups_.lookup(process.cgroup_id, process.pid, boot_time());
      });
  if (!report) {
    return std::unexpected(report.error());
  }
  if (auto read = check_read(*report); !read) {
    return read;
  }
  return finish(*report);
}

}  // namespace

Result<void> run_snapshot(const SnapshotOptions& options) { return SnapshotRun(options).run(); }

}  // namespace tcptrace::cli
