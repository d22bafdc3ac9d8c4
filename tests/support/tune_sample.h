// SPDX-License-Identifier: GPL-2.0
// Reports of `tune` in which every field says something.
#pragma once

#include <chrono>
#include <utility>

#include "model/tune.h"

namespace tcptrace::samples {

inline model::TuneProposal tune_proposal() {
  return {.name = "net.core.somaxconn",
          .current = "128",
          .proposed = "4096",
          .basis = model::TuneBasis::kEvidence,
          .evidence = {"ListenOverflows 812 since boot (3 d 4 h)",
                       "backlog of :8080 (a\x1b[31m) limited to 128 by somaxconn, 90 waiting now"},
          .reason = "A listener whose queue is full drops the end of a handshake.",
          .risk = "Counts from the next listen().",
          .source = "listen(2)"};
}

inline model::TuneReport tune_plan() {
  model::TuneReport report;
  report.plan.boot_time = std::chrono::seconds(5);
  report.plan.kernel = "6.1.0";
  report.plan.netns = "host";
  report.plan.profile = model::TuneProfile::kWeb;
  report.plan.sockets_counted = true;
  model::TuneProposal advice{.name = "net.core.rmem_max",
                             .current = "1",
                             .proposed = "212992",
                             .basis = model::TuneBasis::kGeneralAdvice,
                             .evidence = {},
                             .reason = "Below the kernel's default.",
                             .risk = "More memory.",
                             .source = "socket(7)",
                             .not_writable = "read-only here"};
  report.plan.proposals = {tune_proposal(), std::move(advice)};
  report.plan.kept = {{.name = "net.ipv4.tcp_sack", .current = "1", .reason = "on, as by default"},
                      {.name = "net.ipv4.tcp_mem", .current = "", .reason = "not there"}};
  report.plan.refusals = {{"tcp_tw_recycle = 1", "drops SYNs", "v4.12"}};
  report.plan.unread = {{.what = "the sockets", .why = "Operation not permitted"}};
  report.dropin = "/etc/sysctl.d/90-tcptrace.conf";
  report.dropin_text = "# why\nnet.core.somaxconn = 4096\n";
  report.overrides = {
      {.name = "net.core.somaxconn", .value = "256", .file = "/etc/sysctl.d/99-x.conf"}};
  report.obstacle = "written for \x1b[31m: restore there";
  return report;
}

// With every outcome there is.
inline model::TuneReport tune_applied() {
  using model::SettingOutcome;
  model::TuneReport report = tune_plan();
  report.action = model::TuneAction::kApply;
  model::TuneOutcome outcome;
  for (const auto kind :
       {SettingOutcome::kSet, SettingOutcome::kAdjusted, SettingOutcome::kRefused,
        SettingOutcome::kReadOnly, SettingOutcome::kAbsent, SettingOutcome::kRolledBack,
        SettingOutcome::kNotBack, SettingOutcome::kLeft}) {
    outcome.settings.push_back({.name = "net.core.somaxconn",
                                .former = "128",
                                .wanted = "4096",
                                .actual = kind == SettingOutcome::kSet ? "4096" : "256",
                                .outcome = kind});
  }
  outcome.settings[3].error = "/proc/sys is mounted read-only here";
  outcome.settings[2].error = "cannot set net.core.somaxconn to \"4096\": Invalid argument";
  outcome.backup = "/var/lib/tcptrace/sysctl-backup.json";
  outcome.dropin = report.dropin;
  outcome.dropin_text = report.dropin_text;
  outcome.overrides = report.overrides;
  outcome.problem = "cannot write /etc/sysctl.d: No space left on device";
  outcome.interrupted = true;
  report.outcome = std::move(outcome);
  return report;
}

inline model::TuneReport tune_restored() {
  model::TuneReport report;
  report.action = model::TuneAction::kRestore;
  report.plan.boot_time = std::chrono::seconds(9);
  model::TuneOutcome outcome;
  outcome.settings.push_back({.name = "net.ipv4.ip_local_reserved_ports",
                              .former = "18080",
                              .wanted = "",
                              .actual = "",
                              .outcome = model::SettingOutcome::kSet});
  outcome.backup = "/var/lib/tcptrace/sysctl-backup.json";
  outcome.dropin = "/etc/sysctl.d/90-tcptrace.conf";
  report.outcome = std::move(outcome);
  return report;
}

}  // namespace tcptrace::samples
