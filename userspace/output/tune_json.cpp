// SPDX-License-Identifier: GPL-2.0
// Proposals for settings, and what became of them, as JSON.
#include <string_view>

#include "output/json_record.h"
#include "output/tune.h"

namespace tcptrace::output {
namespace {

using model::TuneAction;
using model::TuneBasis;
using model::TunePlan;
using model::TuneReport;

std::string_view action_name(TuneAction action) {
  switch (action) {
    case TuneAction::kDryRun:
      return "dry_run";
    case TuneAction::kApply:
      return "apply";
    case TuneAction::kRestore:
      return "restore";
  }
  return {};
}

std::string_view basis_name(TuneBasis basis) {
  switch (basis) {
    case TuneBasis::kEvidence:
      return "evidence";
    case TuneBasis::kHarmful:
      return "harmful";
    case TuneBasis::kGeneralAdvice:
      return "general_advice";
  }
  return {};
}

void write_proposal(JsonWriter& json, const model::TuneProposal& proposal) {
  json.open_object();
  json.string<"name">(proposal.name);
  json.string<"current">(proposal.current);
  json.string<"proposed">(proposal.proposed);
  json.word<"basis">(basis_name(proposal.basis));
  json.array<"evidence">();
  for (const std::string& evidence : proposal.evidence) {
    json.element(evidence);
  }
  json.close_array();
  json.string<"reason">(proposal.reason);
  json.string<"risk">(proposal.risk);
  json.string<"source">(proposal.source);
  json.string_unless_empty<"not_writable">(proposal.not_writable);
  json.close_object();
}

void write_plan(JsonWriter& json, const TunePlan& plan) {
  json.string<"kernel">(plan.kernel);
  json.string_unless_empty<"netns">(plan.netns);
  json.word<"profile">(tune_profile_name(plan.profile));
  json.boolean<"sockets_counted">(plan.sockets_counted);
  json.array<"proposals">();
  for (const model::TuneProposal& proposal : plan.proposals) {
    write_proposal(json, proposal);
  }
  json.close_array();
  json.array<"kept">();
  for (const model::TuneKept& kept : plan.kept) {
    json.open_object();
    json.string<"name">(kept.name);
    json.string_unless_empty<"current">(kept.current);
    json.string<"reason">(kept.reason);
    json.close_object();
  }
  json.close_array();
  json.array<"refusals">();
  for (const model::TuneRefusal& refusal : plan.refusals) {
    json.open_object();
    json.string<"advice">(refusal.advice);
    json.string<"reason">(refusal.reason);
    json.string<"source">(refusal.source);
    json.close_object();
  }
  json.close_array();
  json.array<"unread">();
  for (const model::UnreadFact& unread : plan.unread) {
    json.open_object();
    json.string<"what">(unread.what);
    json.string<"why">(unread.why);
    json.close_object();
  }
  json.close_array();
}

void write_overrides(JsonWriter& json, const std::vector<model::BootOverride>& overrides) {
  json.array<"overrides">();
  for (const model::BootOverride& other : overrides) {
    json.open_object();
    json.string<"name">(other.name);
    json.string<"value">(other.value);
    json.string<"file">(other.file);
    json.close_object();
  }
  json.close_array();
}

void write_outcome(JsonWriter& json, const model::TuneOutcome& outcome) {
  json.array<"settings">();
  for (const model::SettingChange& change : outcome.settings) {
    json.open_object();
    json.string<"name">(change.name);
    json.word<"outcome">(setting_outcome_name(change.outcome));
    json.string<"former">(change.former);
    json.string<"wanted">(change.wanted);
    json.string<"actual">(change.actual);
    json.string_unless_empty<"error">(change.error);
    json.close_object();
  }
  json.close_array();
  json.flag<"interrupted">(outcome.interrupted);
  json.string_unless_empty<"problem">(outcome.problem);
  json.string<"backup">(outcome.backup);
}

// The drop-in as it is after the run, or would be.
void write_dropin(JsonWriter& json, const TuneReport& report) {
  const std::string& path = report.outcome ? report.outcome->dropin : report.dropin;
  json.string_unless_empty<"dropin">(path);
  if (report.outcome && report.outcome->dropin_text) {
    json.string<"dropin_text">(*report.outcome->dropin_text);
  } else if (!report.outcome) {
    json.string_unless_empty<"dropin_text">(report.dropin_text);
  }
  write_overrides(json, report.outcome ? report.outcome->overrides : report.overrides);
  json.string_unless_empty<"obstacle">(report.obstacle);
}

}  // namespace

std::string tune_json(const TuneReport& report, const Context& context) {
  std::string out;
  JsonWriter json(out);
  write_head(json, "tune", report.plan.boot_time, context);
  json.word<"action">(action_name(report.action));
  if (report.action != TuneAction::kRestore) {
    write_plan(json, report.plan);
  }
  if (report.outcome) {
    write_outcome(json, *report.outcome);
  }
  write_dropin(json, report);
  json.close_object();
  json.end_line();
  return out;
}

}  // namespace tcptrace::output
