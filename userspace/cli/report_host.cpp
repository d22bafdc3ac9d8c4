// SPDX-License-Identifier: GPL-2.0
#include "cli/report_host.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include "cli/analyze.h"
#include "cli/namespaces.h"
#include "cli/root.h"
#include "host/host_facts.h"
#include "host/netns.h"

namespace tcptrace::cli {
namespace {

model::ReportLevel level_of(model::FindingLevel level) {
  switch (level) {
    case model::FindingLevel::kInfo:
      return model::ReportLevel::kInfo;
    case model::FindingLevel::kWarning:
      return model::ReportLevel::kWarning;
    case model::FindingLevel::kCritical:
      return model::ReportLevel::kCritical;
  }
  return model::ReportLevel::kInfo;
}

void fold_settings(report::ReportBuilder& builder, const model::HostFacts& facts, bool chosen) {
  for (const model::NetnsFacts& netns : facts.namespaces) {
    for (const auto& [name, value] : netns.sysctls) {
      builder.note(model::ReportSetting{
          .host = facts.host, .netns = chosen ? netns.name : "", .name = name, .value = value});
    }
    if (!chosen) {
      return;
    }
  }
}

// "netns blue: eth0: 12 packets were dropped"
std::string text_of(const model::Finding& finding, const model::HostFacts& facts) {
  const auto netns = std::ranges::find(facts.namespaces, finding.netns, &model::NetnsFacts::inode);
  std::string text;
  if (netns != facts.namespaces.end() && !netns->host) {
    text = (netns->name.empty() ? fmt::format("netns {}", netns->inode) : netns->name) + ": ";
  }
  text += finding.subject.empty() ? "" : finding.subject + ": ";
  return text + finding.summary;
}

void fold_findings(report::ReportBuilder& builder, const model::Analysis& analysis) {
  for (const model::Finding& finding : analysis.findings) {
    builder.note(model::ReportFinding{.host = analysis.facts.host,
                                      .level = level_of(finding.level),
                                      .name = std::string(model::finding_name(finding.id)),
                                      .text = text_of(finding, analysis.facts),
                                      .why = std::string(finding.why),
                                      .advice = std::string(finding.advice)});
  }
}

}  // namespace

model::HostFacts facts_before(const model::Filter& filter) {
  return host::read_host_facts(kRoot, find_namespaces(filter.netns),
                               {.sysctls = false, .labels = false});
}

void fold_host(report::ReportBuilder& builder, const model::Filter& filter,
               model::HostFacts before) {
  AnalyzeOptions options;
  options.netns = filter.netns;
  const auto analysis = look_at_host(options, std::move(before));
  if (!analysis) {
    builder.note_missing("no findings: " + analysis.error().what);
    return;
  }
  fold_settings(builder, analysis->facts, !filter.netns.empty());
  fold_findings(builder, *analysis);
  for (const std::string& words : analysis->missing) {
    builder.note_missing("not among the findings: " + words);
  }
  for (const model::UnreadFact& unread : analysis->facts.unread) {
    builder.note_missing(fmt::format("not among the findings: {}: {}", unread.what, unread.why));
  }
}

}  // namespace tcptrace::cli
