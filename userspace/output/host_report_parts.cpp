// SPDX-License-Identifier: GPL-2.0
// The parts of a report's text that draw something or list what a run may not have.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <span>
#include <vector>

#include "base/text.h"
#include "output/host_report_text.h"
#include "output/sparkline.h"
#include "output/text_detail.h"
#include "output/text_report.h"
#include "output/wall_time.h"

namespace tcptrace::output {
namespace {

using model::HostReport;
using model::TimelineCounts;
using std::chrono::nanoseconds;

constexpr std::size_t kPlotWidth = 60;
constexpr std::size_t kBarWidth = 40;
constexpr std::size_t kCellWidth = 20;
constexpr std::size_t kSettingNameWidth = 36;
constexpr std::size_t kSettingValueWidth = 24;
constexpr std::size_t kWorst = 5;
constexpr std::size_t kPatterns = 5;
constexpr std::size_t kRetransmits = 10;
constexpr std::size_t kAlerts = 20;

// One number of each column of the plot, which has several buckets of the timeline.
std::vector<std::uint64_t> columns(const model::Timeline& timeline, std::size_t per_column,
                                   std::uint64_t TimelineCounts::*field) {
  std::vector<std::uint64_t> numbers;
  const nanoseconds first = timeline.buckets.front().at;
  for (const model::TimelineBucket& bucket : timeline.buckets) {
    const auto column = static_cast<std::size_t>((bucket.at - first) / timeline.width) / per_column;
    numbers.resize(std::max(numbers.size(), column + 1));
    numbers[column] += bucket.counts.*field;
  }
  return numbers;
}

void append_timeline(std::string& out, const model::Timeline& timeline, const Context& context) {
  if (timeline.buckets.empty()) {
    return;
  }
  const nanoseconds first = timeline.buckets.front().at;
  const auto buckets =
      static_cast<std::size_t>((timeline.buckets.back().at - first) / timeline.width) + 1;
  const std::size_t per_column = (buckets + kPlotWidth - 1) / kPlotWidth;
  append_label(out, "timeline");
  out += "from ";
  append_date_time(out, first, context);
  fmt::format_to(std::back_inserter(out), ", a column is {}\n",
                 human_duration(timeline.width * static_cast<std::int64_t>(per_column)));
  const auto line = [&](std::string_view name, std::uint64_t TimelineCounts::*field) {
    const auto numbers = columns(timeline, per_column, field);
    const std::uint64_t most = std::ranges::max(numbers);
    if (most == 0) {
      return;
    }
    out += "  ";
    append_cell(out, name, kLabelWidth);
    // Where nothing happened is no lowest bar.
    for (const std::uint64_t number : numbers) {
      out += number == 0 ? " " : sparkline(std::span(&number, 1), 0, most);
    }
    fmt::format_to(std::back_inserter(out), "  at most {}\n", grouped(most));
  };
  line("sent", &TimelineCounts::resets_sent);
  line("received", &TimelineCounts::resets_received);
  line("failures", &TimelineCounts::failures);
  line("retransmits", &TimelineCounts::retransmitted_segments);
}

void append_idle(std::string& out, const HostReport& report) {
  if (report.idle.empty()) {
    return;
  }
  const auto total = [](const model::IdleBucket& bucket) { return bucket.sent + bucket.received; };
  const std::uint64_t most = total(*std::ranges::max_element(report.idle, {}, total));
  append_labelled(out, "idle", "how long connections had carried no data when they were reset:");
  for (const model::IdleBucket& bucket : report.idle) {
    if (total(bucket) == 0) {
      continue;
    }
    append_count_cell(out, grouped(total(bucket)));
    append_cell(
        out,
        bucket.to == std::chrono::milliseconds::max()
            ? fmt::format("{} or more", human_duration(bucket.from))
            : fmt::format("{} to {}", human_duration(bucket.from), human_duration(bucket.to)),
        kCellWidth);
    const auto length = static_cast<std::size_t>(static_cast<double>(total(bucket)) * kBarWidth /
                                                 static_cast<double>(most));
    for (std::size_t i = 0; i < std::max<std::size_t>(length, 1); ++i) {
      out += "█";
    }
    out += '\n';
  }
  if (report.idle_unknown != 0) {
    append_count_cell(out, grouped(report.idle_unknown));
    out += "not known, or never open\n";
  }
}

void append_gauges(std::string& out, const HostReport& report) {
  for (const model::ReportGauges& gauges : report.gauges) {
    const auto most = [&gauges](double model::GaugeValues::*field) {
      double largest = 0;
      for (const model::GaugePoint& point : gauges.points) {
        largest = std::max(largest, point.values.*field);
      }
      return largest;
    };
    std::string words;
    Clauses clauses(words);
    clauses.add("at most {:.0f} connections", most(&model::GaugeValues::connections));
    clauses.add("{:.0f} in TIME_WAIT", most(&model::GaugeValues::time_wait));
    clauses.add("{:.1f} new ones a second", most(&model::GaugeValues::connections_per_second));
    clauses.add("{:.2f} % retransmitted", most(&model::GaugeValues::retransmit_percent));
    append_labelled(out, "monitor",
                    gauges.host.empty() ? words : terminal_safe(gauges.host) + ": " + words);
  }
}

void append_worst(std::string& out, const HostReport& report) {
  if (report.worst.empty()) {
    return;
  }
  append_labelled(out, "worst",
                  fmt::format("of {} that had been sampled before their reset:",
                              counted(report.with_history, "connection")));
  for (std::size_t i = 0; i < std::min(report.worst.size(), kWorst); ++i) {
    const model::Event& event = report.worst[i].event;
    const model::Connection& connection = event.connection;
    fmt::format_to(std::back_inserter(out), "  {} {} - {}: {}\n    ",
                   event.owner ? terminal_safe(event.owner->comm_view()) : "-",
                   model::endpoint_text(connection.family, connection.local, connection.local_port),
                   model::endpoint_text(connection.family, connection.peer, connection.peer_port),
                   event.verdict ? model::cause_name(event.verdict->cause) : "no verdict");
    append_history(out, event);
    out += '\n';
  }
}

void append_retransmits(std::string& out, const HostReport& report) {
  if (report.retransmits.empty()) {
    return;
  }
  out += "retransmitted segments\n";
  const bool with_host = differ(report.retransmits, &model::ReportRetransmits::host);
  std::uint64_t others = report.retransmits_elsewhere;
  for (std::size_t i = 0; i < report.retransmits.size(); ++i) {
    const model::ReportRetransmits& row = report.retransmits[i];
    if (i >= kRetransmits) {
      others += row.segments;
      continue;
    }
    append_count_cell(out, grouped(row.segments));
    Clauses clauses(out);
    clauses.add("{} with {}", party_comm(row.party), party_text(row.party));
    if (row.timeouts != 0) {
      clauses.add("{} after a timeout", grouped(row.timeouts));
    }
    if (row.handshakes != 0) {
      clauses.add("{} of handshakes", grouped(row.handshakes));
    }
    if (with_host && !row.host.empty()) {
      clauses.add("of {}", terminal_safe(row.host));
    }
    out += '\n';
  }
  if (others != 0) {
    append_count_cell(out, grouped(others));
    out += "others\n";
  }
}

Color report_level_color(model::ReportLevel level) {
  switch (level) {
    case model::ReportLevel::kInfo:
      return Color::kNone;
    case model::ReportLevel::kWarning:
      return Color::kYellow;
    case model::ReportLevel::kCritical:
      return Color::kRed;
  }
  return Color::kNone;
}

void append_level(std::string& out, model::ReportLevel level, const Context& context) {
  const std::string_view name = model::report_level_name(level);
  out += "  ";
  append_colored(out, name, report_level_color(level), context);
  pad_cell(out, name.size(), 8);
}

void append_findings(std::string& out, const HostReport& report, const Context& context) {
  if (report.findings.empty()) {
    return;
  }
  out += "findings\n";
  for (const model::ReportFinding& finding : report.findings) {
    append_level(out, finding.level, context);
    out += terminal_safe(finding.text) + '\n';
    for (const std::string& more : {finding.why, finding.advice}) {
      if (!more.empty()) {
        fmt::format_to(std::back_inserter(out), "            {}\n", terminal_safe(more));
      }
    }
  }
}

void append_alerts(std::string& out, const HostReport& report, const Context& context) {
  if (report.alerts.empty()) {
    return;
  }
  out += "alerts\n";
  const bool with_host = differ(report.alerts, &model::ReportAlert::host);
  for (std::size_t i = 0; i < std::min(report.alerts.size(), kAlerts); ++i) {
    const model::ReportAlert& alert = report.alerts[i];
    append_level(out, alert.level, context);
    append_date_time(out, alert.since, context);
    const std::string host = with_host ? terminal_safe(alert.host) + ": " : std::string();
    fmt::format_to(std::back_inserter(out),
                   "  {}{} of {}: at most {:.6g} {}, threshold {:.6g}, {}\n", host,
                   terminal_safe(alert.name), terminal_safe(alert.subject), alert.peak,
                   terminal_safe(alert.unit), alert.threshold,
                   alert.cleared ? "cleared after " + human_duration(*alert.cleared - alert.since)
                                 : "still raised at the end");
  }
  const std::uint64_t others =
      report.alerts.size() - std::min(report.alerts.size(), kAlerts) + report.alerts_elsewhere;
  if (others != 0) {
    fmt::format_to(std::back_inserter(out), "  and {} more\n", grouped(others));
  }
}

void append_settings(std::string& out, const HostReport& report) {
  if (report.settings.empty()) {
    return;
  }
  out += "settings\n";
  const bool with_netns = differ(report.settings, &model::ReportSetting::netns);
  for (const model::ReportSetting& setting : report.settings) {
    out += "  ";
    append_cell(out, terminal_safe(setting.name), kSettingNameWidth);
    if (with_netns) {
      append_cell(out, terminal_safe(setting.value), kSettingValueWidth);
      out += terminal_safe(setting.netns);
    } else {
      out += terminal_safe(setting.value);
    }
    trim_line(out);
    out += '\n';
  }
}

}  // namespace

void append_report_parts(std::string& out, const HostReport& report, const Context& context) {
  append_findings(out, report, context);
  append_alerts(out, report, context);
  append_gauges(out, report);
  append_timeline(out, report.timeline, context);
  append_idle(out, report);
  append_worst(out, report);
  append_retransmits(out, report);
  for (const model::ReportSource& source : report.sources) {
    std::string lines;
    append_pattern_lines(lines, source.patterns, kPatterns);
    out += lines.empty() ? "" : "patterns\n" + lines;
  }
  for (const model::ReportSource& source : report.sources) {
    append_coverage(out, source.coverage, context);
  }
  append_settings(out, report);
}

}  // namespace tcptrace::output
