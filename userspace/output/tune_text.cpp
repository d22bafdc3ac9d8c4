// SPDX-License-Identifier: GPL-2.0
// Proposals for settings, and what became of them, for people.
#include <algorithm>
#include <initializer_list>
#include <string_view>

#include <fmt/core.h>

#include "base/parse.h"
#include "base/text.h"
#include "output/text_cell.h"
#include "output/tune.h"

namespace tcptrace::output {
namespace {

using model::SettingChange;
using model::SettingOutcome;
using model::TuneAction;
using model::TuneBasis;
using model::TunePlan;
using model::TuneProposal;
using model::TuneReport;

void append_indented(std::string& out, std::string_view label, std::string_view words) {
  out += "  ";
  append_labelled(out, label, words);
}

std::string_view or_empty(std::string_view value) { return value.empty() ? "(empty)" : value; }

void append_proposal(std::string& out, const TuneProposal& proposal, const Context& context) {
  append_colored(out,
                 fmt::format("{}: {} -> {}", proposal.name,
                             or_empty(terminal_safe(proposal.current)), proposal.proposed),
                 proposal.basis == TuneBasis::kGeneralAdvice ? Color::kYellow : Color::kBold,
                 context);
  out += '\n';
  append_indented(out, "evidence", terminal_safe(model::evidence_text(proposal)));
  append_indented(out, "why", terminal_safe(proposal.reason));
  append_indented(out, "risk", terminal_safe(proposal.risk));
  append_indented(out, "source", proposal.source);
  if (!proposal.not_writable.empty()) {
    append_indented(out, "but", proposal.not_writable);
  }
}

void append_kept(std::string& out, const TunePlan& plan) {
  out += "\nlooked at, and left as it is:\n";
  for (const model::TuneKept& kept : plan.kept) {
    out += kept.current.empty()
               ? fmt::format("  {}: {}\n", kept.name, terminal_safe(kept.reason))
               : fmt::format("  {} = {}: {}\n", kept.name, terminal_safe(kept.current),
                             terminal_safe(kept.reason));
  }
}

void append_refusals(std::string& out, const TunePlan& plan) {
  out += "\nnever proposed, whatever other lists say:\n";
  for (const model::TuneRefusal& refusal : plan.refusals) {
    out += fmt::format("  {}: {} ({})\n", refusal.advice, refusal.reason, refusal.source);
  }
}

void append_plan(std::string& out, const TunePlan& plan, const Context& context) {
  append_labelled(out, "kernel", terminal_safe(plan.kernel));
  append_labelled(out, "namespace",
                  plan.netns.empty() ? std::string("not known") : terminal_safe(plan.netns));
  append_labelled(out, "profile",
                  plan.profile == model::TuneProfile::kNone
                      ? std::string_view("none: only what was measured, and what does harm")
                      : tune_profile_name(plan.profile));
  if (!plan.sockets_counted) {
    append_labelled(out, "sockets", "not looked at");
  }
  for (const model::UnreadFact& unread : plan.unread) {
    append_labelled(out, "not read",
                    fmt::format("{}: {}", terminal_safe(unread.what), terminal_safe(unread.why)));
  }
  append_labelled(out, "proposals", fmt::format("{}", plan.proposals.size()));
  for (const TuneProposal& proposal : plan.proposals) {
    out += '\n';
    append_proposal(out, proposal, context);
  }
  if (context.verbose) {
    append_kept(out, plan);
  }
  append_refusals(out, plan);
}

void append_overrides(std::string& out, const std::vector<model::BootOverride>& overrides,
                      const Context& context) {
  for (const model::BootOverride& other : overrides) {
    append_colored(out,
                   fmt::format("{} sets {} to {}, is read later, and wins at boot",
                               terminal_safe(other.file), other.name, terminal_safe(other.value)),
                   Color::kYellow, context);
    out += '\n';
  }
}

void append_dropin(std::string& out, const TuneReport& report, const Context& context) {
  if (report.plan.proposals.empty()) {
    out += "\nnothing to change\n";
    return;
  }
  if (std::ranges::none_of(report.plan.proposals, &std::string::empty,
                           &TuneProposal::not_writable)) {
    out += "\nnone of these values can be set from here\n";
    return;
  }
  if (report.dropin.empty()) {
    out += "\n--apply --live-only would set these values, and write no drop-in\n";
    return;
  }
  out += fmt::format("\n--apply would set these values, and write {}:\n\n",
                     terminal_safe(report.dropin));
  // What was in the file already is of whoever wrote it.
  for (const std::string_view line : lines(report.dropin_text)) {
    append_terminal_safe(out, line);
    out += '\n';
  }
  out += '\n';
  append_overrides(out, report.overrides, context);
  if (!report.obstacle.empty()) {
    append_colored(out, fmt::format("but --apply would refuse: {}", terminal_safe(report.obstacle)),
                   Color::kYellow, context);
    out += '\n';
  }
}

std::string change_words(const SettingChange& change) {
  std::string from_to = fmt::format("{} -> {}", or_empty(terminal_safe(change.former)),
                                    or_empty(terminal_safe(change.actual)));
  switch (change.outcome) {
    case SettingOutcome::kSet:
      return from_to;
    case SettingOutcome::kAdjusted:
      return fmt::format("{}: the kernel made this of {}", from_to, terminal_safe(change.wanted));
    case SettingOutcome::kRefused:
      return terminal_safe(change.error);
    case SettingOutcome::kReadOnly:
      return fmt::format("{}: {}", or_empty(terminal_safe(change.former)),
                         terminal_safe(change.error));
    case SettingOutcome::kAbsent:
      return "there is no such setting here";
    case SettingOutcome::kRolledBack:
      return fmt::format("was set, and is {} again", or_empty(terminal_safe(change.actual)));
    case SettingOutcome::kNotBack:
      return fmt::format("{}: was set, and is not put back{}", from_to,
                         change.error.empty() ? "" : ": " + terminal_safe(change.error));
    case SettingOutcome::kLeft:
      return fmt::format("{}: not touched", or_empty(terminal_safe(change.former)));
  }
  return {};
}

Color outcome_color(SettingOutcome outcome) {
  switch (outcome) {
    case SettingOutcome::kSet:
      return Color::kGreen;
    case SettingOutcome::kRefused:
    case SettingOutcome::kNotBack:
      return Color::kRed;
    case SettingOutcome::kAdjusted:
    case SettingOutcome::kReadOnly:
    case SettingOutcome::kAbsent:
    case SettingOutcome::kRolledBack:
    case SettingOutcome::kLeft:
      break;
  }
  return Color::kYellow;
}

bool has(const model::TuneOutcome& outcome, std::initializer_list<SettingOutcome> any) {
  return std::ranges::find_first_of(outcome.settings, any, {}, &SettingChange::outcome) !=
         outcome.settings.end();
}

void append_outcome(std::string& out, const TuneReport& report, const Context& context) {
  const model::TuneOutcome& outcome = *report.outcome;
  const bool restore = report.action == TuneAction::kRestore;
  for (const SettingChange& change : outcome.settings) {
    append_colored(out, setting_outcome_name(change.outcome), outcome_color(change.outcome),
                   context);
    pad_cell(out, setting_outcome_name(change.outcome).size(), kLabelWidth);
    out += fmt::format("{}: {}\n", change.name, change_words(change));
  }
  const bool stuck = has(outcome, {SettingOutcome::kNotBack});
  if (outcome.interrupted) {
    out += stuck ? "interrupted: not all that was set is back\n"
                 : "interrupted: what was set is back\n";
  }
  if (!outcome.dropin.empty()) {
    append_labelled(out, "drop-in",
                    fmt::format("{} {}",
                                !restore ? "written:"
                                         : (outcome.dropin_text ? "as it was before:" : "removed:"),
                                terminal_safe(outcome.dropin)));
  }
  append_overrides(out, outcome.overrides, context);
  if (!outcome.problem.empty()) {
    append_labelled(out, "problem", terminal_safe(outcome.problem));
  }
  if (!restore && (stuck || has(outcome, {SettingOutcome::kSet, SettingOutcome::kAdjusted}))) {
    append_labelled(out, "backup",
                    fmt::format("{}: tcptrace tune --restore puts the former values back",
                                terminal_safe(outcome.backup)));
  }
}

}  // namespace

std::string_view setting_outcome_name(SettingOutcome outcome) {
  switch (outcome) {
    case SettingOutcome::kSet:
      return "set";
    case SettingOutcome::kAdjusted:
      return "adjusted";
    case SettingOutcome::kRefused:
      return "refused";
    case SettingOutcome::kReadOnly:
      return "read_only";
    case SettingOutcome::kAbsent:
      return "absent";
    case SettingOutcome::kRolledBack:
      return "rolled_back";
    case SettingOutcome::kNotBack:
      return "not_back";
    case SettingOutcome::kLeft:
      return "left";
  }
  return {};
}

std::string_view tune_profile_name(model::TuneProfile profile) {
  switch (profile) {
    case model::TuneProfile::kNone:
      return "none";
    case model::TuneProfile::kWeb:
      return "web";
    case model::TuneProfile::kProxy:
      return "proxy";
    case model::TuneProfile::kLowMemory:
      return "low-memory";
  }
  return {};
}

std::string tune_text(const TuneReport& report, const Context& context) {
  std::string out;
  if (report.action != TuneAction::kRestore) {
    append_plan(out, report.plan, context);
  }
  if (report.action == TuneAction::kDryRun) {
    append_dropin(out, report, context);
    return out;
  }
  if (report.action == TuneAction::kApply) {
    out += report.outcome && !report.outcome->settings.empty() ? "\n" : "\nnothing to change\n";
  }
  if (report.outcome) {
    append_outcome(out, report, context);
  }
  return out;
}

}  // namespace tcptrace::output
