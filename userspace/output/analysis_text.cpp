// SPDX-License-Identifier: GPL-2.0
// An analysis for people: what is wrong first, then what it was seen in.
#include <algorithm>
#include <cmath>
#include <span>
#include <string_view>
#include <vector>

#include <fmt/core.h>

#include "base/text.h"
#include "model/local_ports.h"
#include "output/analysis.h"
#include "output/analysis_tables.h"
#include "output/text_cell.h"
#include "output/words.h"

namespace tcptrace::output {
namespace {

using model::Analysis;
using model::Finding;
using model::FindingLevel;

Color color_of(FindingLevel level) {
  switch (level) {
    case FindingLevel::kInfo:
      return Color::kBold;
    case FindingLevel::kWarning:
      return Color::kYellow;
    case FindingLevel::kCritical:
      return Color::kRed;
  }
  return Color::kNone;
}

std::string_view label_of(FindingLevel level) {
  switch (level) {
    case FindingLevel::kInfo:
      return "info";
    case FindingLevel::kWarning:
      return "WARNING";
    case FindingLevel::kCritical:
      return "CRITICAL";
  }
  return {};
}

void append_head(std::string& out, const Analysis& analysis, const Context& context) {
  const model::HostFacts& facts = analysis.facts;
  append_colored(out,
                 fmt::format("{}: Linux {}, up {}; {} in {}", terminal_safe(context.host),
                             terminal_safe(facts.kernel), human_duration(facts.boot_time),
                             counted(analysis.census.sockets, "TCP socket"),
                             counted(analysis.listed, "network namespace")),
                 Color::kBold, context);
  out += '\n';
}

void append_finding(std::string& out, const Analysis& analysis, const Finding& finding,
                    const Context& context) {
  const std::string_view label = label_of(finding.level);
  append_colored(out, label, color_of(finding.level), context);
  pad_cell(out, label.size(), kLabelWidth);
  std::string where = finding.subject;
  if (finding.netns != 0 && several_netns(analysis)) {
    where += fmt::format("{}{}", where.empty() ? "" : ", in ", netns_text(analysis, finding.netns));
  }
  out += model::finding_name(finding.id);
  if (!where.empty()) {
    out += ": ";
    append_terminal_safe(out, where);
  }
  out += '\n';
  append_labelled(out, "", terminal_safe(finding.summary));
  append_labelled(out, "  why", finding.why);
  append_labelled(out, "  do", finding.advice);
}

void append_findings(std::string& out, const Analysis& analysis, const Context& context) {
  out += '\n';
  if (analysis.findings.empty()) {
    append_colored(out, "nothing found that is wrong", Color::kGreen, context);
    out += '\n';
  }
  for (const Finding& finding : analysis.findings) {
    append_finding(out, analysis, finding, context);
  }
}

void append_missing(std::string& out, const Analysis& analysis) {
  if (analysis.missing.empty() && analysis.facts.unread.empty()) {
    return;
  }
  out += '\n';
  for (const std::string& what : analysis.missing) {
    append_labelled(out, "missing", terminal_safe(what));
  }
  for (const model::UnreadFact& fact : analysis.facts.unread) {
    append_labelled(out, "missing", terminal_safe(fmt::format("{}: {}", fact.what, fact.why)));
  }
}

}  // namespace

std::string analysis_text(const Analysis& analysis, const Context& context) {
  std::string out;
  append_head(out, analysis, context);
  append_findings(out, analysis, context);
  append_socket_tables(out, analysis, context);
  append_host_tables(out, analysis, context);
  append_missing(out, analysis);
  return out;
}

}  // namespace tcptrace::output
