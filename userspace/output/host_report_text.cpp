// SPDX-License-Identifier: GPL-2.0
// A report for a terminal: what it is of, then the causes with the advice. The rest is in
// host_report_parts.cpp.
#include "output/host_report_text.h"

#include <algorithm>
#include <set>

#include "base/text.h"
#include "output/host_report.h"
#include "output/text_cell.h"
#include "output/text_report.h"
#include "output/wall_time.h"

namespace tcptrace::output {
namespace {

using model::EventKind;
using model::HostReport;

constexpr std::size_t kSources = 20;
constexpr std::size_t kCauseRows = 20;
constexpr std::size_t kAdvices = 12;

constexpr std::size_t kConfidenceWidth = 10;
constexpr std::size_t kDateWidth = 19;

std::string date_time(std::chrono::nanoseconds wall, const Context& context) {
  std::string text;
  append_date_time(text, wall, context);
  return text;
}

std::string span_words(std::chrono::nanoseconds first, std::chrono::nanoseconds last,
                       const Context& context) {
  return first == last ? date_time(first, context)
                       : fmt::format("{} to {}, {}", date_time(first, context),
                                     date_time(last, context), human_duration(last - first));
}

// "node-7 (6.1.0, x86_64)", each once.
std::string hosts(const HostReport& report) {
  std::set<std::string> seen;
  std::string words;
  Clauses clauses(words);
  for (const model::ReportSource& source : report.sources) {
    std::string host = source.host.empty() ? "unknown host" : terminal_safe(source.host);
    if (!source.kernel.empty()) {
      host += fmt::format(" (Linux {}, {})", terminal_safe(source.kernel),
                          terminal_safe(source.architecture));
    }
    if (seen.insert(host).second) {
      clauses.add("{}", host);
    }
  }
  return words;
}

void append_source(std::string& out, const model::ReportSource& source, const Context& context) {
  std::string words;
  Clauses clauses(words);
  clauses.add("{}", source.kind == model::ReportSourceKind::kLive ? "traced now"
                                                                  : terminal_safe(source.name));
  clauses.add("{}", counted(source.events, "event"));
  if (source.first != std::chrono::nanoseconds::zero()) {
    clauses.add("{}", span_words(source.first, source.last, context));
  }
  if (!source.ended_by.empty()) {
    clauses.add("ended by: {}", terminal_safe(source.ended_by));
  }
  append_labelled(out, "from", words);
  for (const std::string& missing : source.missing) {
    append_label(out, "");
    append_colored(out, terminal_safe(missing), Color::kRed, context);
    out += '\n';
  }
}

void append_seen(std::string& out, const HostReport& report) {
  const auto count = [&](EventKind kind) {
    return grouped(report.events[static_cast<std::size_t>(kind)]);
  };
  append_labelled(out, "resets",
                  fmt::format("{} sent, {} received", count(EventKind::kResetSent),
                              count(EventKind::kResetReceived)));
  append_labelled(out, "failures", fmt::format("{} without a reset", grouped(report.failures)));
  append_labelled(
      out, "retransmits",
      fmt::format("{}, {}",
                  counted(report.events[static_cast<std::size_t>(EventKind::kRetransmit)], "event"),
                  counted(report.retransmitted_segments, "segment")));
}

void append_lost(std::string& out, const HostReport& report, const Context& context) {
  append_label(out, "lost");
  std::string loss;
  append_loss_words(loss, report.lost);
  append_colored(out, loss, report.lost.total() != 0 ? Color::kRed : Color::kNone, context);
  out += '\n';
}

void append_cause_header(std::string& out, bool with_host) {
  append_count_cell(out, "COUNT");
  append_cell(out, "CAUSE", kCauseWidth);
  append_cell(out, "CONFIDENCE", kConfidenceWidth);
  append_cell(out, "COMM", kCommWidth);
  append_cell(out, "PEER", kPartyWidth);
  append_cell(out, "FIRST", kDateWidth);
  append_cell(out, "LAST", kDateWidth);
  out += with_host ? "HOST" : "";
  trim_line(out);
  out += '\n';
}

void append_cause(std::string& out, const model::ReportCause& row, bool with_host,
                  const Context& context) {
  append_count_cell(out, grouped(row.count));
  append_cell(out, model::cause_name(row.cause), kCauseWidth);
  append_cell(out, model::confidence_name(row.confidence), kConfidenceWidth);
  append_cell(out, party_comm(row.party), kCommWidth);
  append_cell(out, party_text(row.party), kPartyWidth);
  append_cell(out, date_time(row.first, context), kDateWidth);
  append_cell(out, date_time(row.last, context), kDateWidth);
  out += with_host ? terminal_safe(row.host) : "";
  trim_line(out);
  out += '\n';
}

void append_causes(std::string& out, const HostReport& report, const Context& context) {
  if (report.causes.empty()) {
    append_labelled(out, "causes", "none: no connection was reset or failed");
    return;
  }
  const bool with_host = differ(report.causes, &model::ReportCause::host);
  out += "causes\n";
  append_cause_header(out, with_host);
  const std::size_t shown = std::min(report.causes.size(), kCauseRows);
  std::uint64_t others = report.causes_elsewhere;
  for (std::size_t i = 0; i < report.causes.size(); ++i) {
    if (i < shown) {
      append_cause(out, report.causes[i], with_host, context);
    } else {
      others += report.causes[i].count;
    }
  }
  if (others != 0) {
    append_count_cell(out, grouped(others));
    out += "others, with rarer causes, peers and processes\n";
  }
}

void append_advice(std::string& out, const HostReport& report) {
  std::size_t said = 0;
  for (const model::CauseTotal& total : report.totals) {
    for (const model::AdviceCount& advice : total.advice) {
      if (said++ == kAdvices) {
        return;
      }
      out += said == 1 ? "advice\n" : "";
      fmt::format_to(std::back_inserter(out), "  {} ({}): {}\n", model::cause_name(total.cause),
                     grouped(advice.count), terminal_safe(advice.text));
    }
  }
}

}  // namespace

std::string host_report_text(const HostReport& report, const Context& context) {
  std::string out;
  append_labelled(out, "report",
                  report.first == std::chrono::nanoseconds::zero()
                      ? "of nothing that has a time"
                      : span_words(report.first, report.last, context));
  append_labelled(out, "hosts", hosts(report));
  for (std::size_t i = 0; i < std::min(report.sources.size(), kSources); ++i) {
    append_source(out, report.sources[i], context);
  }
  if (report.sources.size() > kSources) {
    append_labelled(out, "", fmt::format("and {} more", report.sources.size() - kSources));
  }
  append_seen(out, report);
  append_lost(out, report, context);
  append_causes(out, report, context);
  append_advice(out, report);
  append_report_parts(out, report, context);
  return out;
}

}  // namespace tcptrace::output
