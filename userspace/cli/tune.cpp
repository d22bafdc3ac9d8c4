// SPDX-License-Identifier: GPL-2.0
#include "cli/tune.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <string>
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
#include "host/conntrack.h"
#include "host/host_facts.h"
#include "host/kernel_counters.h"
#include "host/netns.h"
#include "host/signal_fd.h"
#include "host/socket_owners.h"
#include "host/sockstat.h"
#include "host/sysctl.h"
#include "host/sysctl_boot.h"
#include "host/sysctl_dropin.h"
#include "kernel/socket_dump.h"
#include "model/local_ports.h"
#include "monitor/socket_census.h"
#include "output/tune.h"
#include "sink/sink.h"
#include "tune/dropin.h"
#include "tune/tune.h"

namespace tcptrace::cli {
namespace {

namespace fs = std::filesystem;
using model::TuneAction;

// Rows of each table: of one namespace, so that nothing is missing that could be the fullest.
constexpr std::size_t kCensusRows = 64;

class TuneRun {
 public:
  // `signals` are opened for what has to be undone when one comes; whatever else ends at once.
  TuneRun(const TuneOptions& options, std::optional<host::SignalFd>& signals)
      : options_(options),
        root_(options.root.value_or(kRoot)),
        tree_(!host::is_own_root(root_)),
        signals_(signals),
        target_{.root = root_,
                .owner = host::settings_owner(root_, tree_),
                .dropin = !options.live_only} {}

  Result<model::TuneReport> run();

 private:
  Result<void> check() const;
  // Boot files are the host's; --root asks for them all the same.
  [[nodiscard]] bool may_write_dropin() const { return target_.owner.host || options_.root; }
  void read_facts();
  void read_tree();
  void count_sockets();
  void plan(model::TuneReport& report);
  void preview(model::TuneReport& report);
  Result<model::TuneOutcome> apply();

  const TuneOptions& options_;
  const fs::path root_;
  const bool tree_;  // not the root of this machine: its /proc says nothing of namespaces
  std::optional<host::SignalFd>& signals_;
  const host::SettingsTarget target_;
  model::HostFacts facts_;
  model::NetnsFacts netns_;
  std::optional<model::SocketCensus> census_;
  std::vector<tune::DropinSetting> settings_;  // of the plan
};

Result<void> TuneRun::check() const {
  std::error_code ignored;
  if (options_.root && !fs::is_directory(root_, ignored)) {
    return std::unexpected(usage_error(
        fmt::format("--root: \"{}\" is not a directory", terminal_safe(root_.native()))));
  }
  if (options_.action == TuneAction::kDryRun || tree_) {
    return {};
  }
  if (::geteuid() != 0) {
    return std::unexpected(
        Error{.what = fmt::format("{} needs root",
                                  options_.action == TuneAction::kApply ? "--apply" : "--restore"),
              .hint = "without it: tcptrace tune shows what it would do",
              .status = ExitStatus::kUnsupported});
  }
  if (options_.action == TuneAction::kApply && target_.dropin && !may_write_dropin()) {
    return std::unexpected(
        Error{.what = "this network namespace is not the host's, whose boot files are in "
                      "/etc/sysctl.d: its values do not belong there",
              .hint = "--live-only sets them in this namespace alone, --root / writes the files "
                      "all the same",
              .status = ExitStatus::kUnsupported});
  }
  return {};
}

void TuneRun::read_tree() {
  const fs::path directory = root_ / "proc/net";
  netns_.host = true;
  netns_.name = root_.native();
  if (auto counters = host::read_counters(directory)) {
    netns_.counters = std::move(*counters);
  } else {
    facts_.unread.push_back({.what = "the counters", .why = counters.error().what});
  }
  if (auto sockstat = host::read_sockstat(directory)) {
    netns_.sockstat = *sockstat;
  }
}

void TuneRun::read_facts() {
  const auto own = host::own_netns(root_);
  auto namespaces = tree_ ? std::vector<host::NetNamespace>() : host::list_netns(root_);
  std::erase_if(namespaces, [&](const host::NetNamespace& netns) { return netns.inode != own; });
  facts_ = host::read_host_facts(root_, namespaces,
                                 {.sysctls = false, .interfaces = false, .labels = true});
  if (!facts_.namespaces.empty()) {
    netns_ = facts_.namespaces.front();
  } else {
    read_tree();
  }
  const auto names = tune::settings();
  netns_.sysctls = host::read_sysctls(root_, names, facts_.unread);
  if (tree_) {
    netns_.conntrack = host::read_conntrack(root_ / "proc/net", netns_.sysctls);
  }
}

void TuneRun::count_sockets() {
  auto dump = kernel::SocketDump::open(
      {.filter = {}, .source = {}, .read_owners = [this](model::SocketOwners& owners) {
         return host::read_socket_owners(root_, {}, owners);
       }});
  if (!dump) {
    facts_.unread.push_back({.what = "the sockets", .why = dump.error().what});
    return;
  }
  monitor::CensusOptions wanted{.top = kCensusRows};
  wanted.settings.emplace(netns_.inode, monitor::port_settings(netns_.sysctls));
  monitor::CensusBuilder census(std::move(wanted));
  const auto namespaces = namespaces_to_read(host::list_netns(root_), {netns_.inode});
  const auto read =
      dump->dump(namespaces, [&](const model::Socket& socket) { census.add(socket); });
  if (!read || read->namespaces == 0) {
    const std::string why = !read                  ? read.error().what
                            : read->unread.empty() ? "no namespace was found"
                                                   : read->unread.front().error.what;
    facts_.unread.push_back({.what = "the sockets", .why = why});
    return;
  }
  for (std::string& words : shortfalls(*read)) {
    facts_.unread.push_back({.what = "some of the sockets", .why = std::move(words)});
  }
  census_ = census.finish();
}

void TuneRun::plan(model::TuneReport& report) {
  read_facts();
  if (!tree_) {
    count_sockets();
  }
  report.plan = tune::advise({.host = facts_,
                              .netns = netns_,
                              .census = census_ ? &*census_ : nullptr,
                              .profile = options_.profile});
  for (model::TuneProposal& proposal : report.plan.proposals) {
    proposal.not_writable = host::why_not_writable(host::sysctl_access(root_, proposal.name));
    settings_.push_back(tune::dropin_setting(proposal));
  }
}

// The drop-in as --apply would write it.
void TuneRun::preview(model::TuneReport& report) {
  std::vector<tune::DropinSetting> writable;
  for (std::size_t i = 0; i < settings_.size(); ++i) {
    if (report.plan.proposals[i].not_writable.empty()) {
      writable.push_back(settings_[i]);
    }
  }
  if (writable.empty() || !target_.dropin || !may_write_dropin()) {
    return;
  }
  const fs::path path = host::dropin_path(root_);
  const auto existing = host::load_file(path);
  if (!existing) {
    report.plan.unread.push_back({.what = path.native(), .why = existing.error().what});
  }
  report.dropin = path.native();
  report.dropin_text =
      tune::dropin_text(existing && *existing ? (*existing)->content : "", writable);
  report.overrides = host::boot_overrides(root_, host::kDropinName, writable);
  // Backups are root's to read.
  const auto free =
      tree_ || ::geteuid() == 0 ? host::check_dropin_is_free(target_) : Result<void>();
  if (!free) {
    report.obstacle = free.error().hint.empty()
                          ? free.error().what
                          : fmt::format("{}: {}", free.error().what, free.error().hint);
  }
}

Result<model::TuneOutcome> TuneRun::apply() {
  auto opened = host::SignalFd::open();
  if (!opened) {
    return std::unexpected(opened.error());
  }
  signals_.emplace(std::move(*opened));
  return host::apply_settings(target_, settings_, [this] { return signals_->next().has_value(); });
}

Result<model::TuneReport> TuneRun::run() {
  if (auto checked = check(); !checked) {
    return std::unexpected(checked.error());
  }
  model::TuneReport report;
  report.action = options_.action;
  Result<model::TuneOutcome> outcome;
  switch (options_.action) {
    case TuneAction::kDryRun:
      plan(report);
      preview(report);
      return report;
    case TuneAction::kApply:
      plan(report);
      outcome = apply();
      break;
    case TuneAction::kRestore:
      report.plan.boot_time = boot_time();
      outcome = host::restore_settings(target_);
      break;
  }
  if (!outcome) {
    return std::unexpected(outcome.error());
  }
  report.outcome = std::move(*outcome);
  return report;
}

}  // namespace

Result<ExitStatus> run_tune(const TuneOptions& options) {
  // As long as the report is not written: the signal that ended the run does not keep it from that.
  std::optional<host::SignalFd> signals;
  // Before anything is changed: what cannot be reported is not done.
  auto sink = open_output(options, -1);
  if (!sink) {
    return std::unexpected(sink.error());
  }
  const output::Context context = make_context(options);
  const auto report = TuneRun(options, signals).run();
  if (!report) {
    return std::unexpected(report.error());
  }
  auto written = (*sink)->write(options.json ? output::tune_json(*report, context)
                                             : output::tune_text(*report, context));
  if (written) {
    written = (*sink)->flush();
  }
  if (!written) {
    return std::unexpected(written.error());
  }
  const bool failed =
      report->outcome && (report->outcome->failed() || report->outcome->interrupted);
  return failed ? ExitStatus::kFailed : ExitStatus::kDone;
}

}  // namespace tcptrace::cli
