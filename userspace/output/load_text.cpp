// SPDX-License-Identifier: GPL-2.0
// The results of a load for people.
#include <algorithm>
#include <cmath>
#include <iterator>
#include <span>
#include <string_view>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/text.h"
#include "output/load.h"
#include "output/text_cell.h"
#include "output/wall_time.h"
#include "output/words.h"

namespace tcptrace::output {
namespace {

using model::LoadCounts;
using model::LoadFailure;
using model::LoadReport;
using std::chrono::nanoseconds;

constexpr std::size_t kNumberWidth = 10;
// The rest is in JSON.
constexpr std::size_t kShownFailed = 20;

// Rates of a few a second are worth a digit behind the point.
std::string rate_text(double rate) {
  return rate < 10 ? fmt::format("{:.1f}/s", rate)
                   : fmt::format("{}/s", grouped(static_cast<std::uint64_t>(std::llround(rate))));
}

std::string bytes_rate(std::uint64_t bytes, nanoseconds elapsed) {
  return fmt::format("{} ({}/s)", human_bytes(bytes),
                     human_bytes(static_cast<std::uint64_t>(per_second(bytes, elapsed))));
}

std::string failure_text(const LoadFailure& failure) {
  return failure.check == model::LoadCheck::kNone ? errno_text(failure.error)
                                                  : std::string(load_check_name(failure.check));
}

// Exactly 100 % only where nothing failed.
std::string success_text(const LoadCounts& counts) {
  const std::uint64_t ended = counts.succeeded + counts.failed;
  if (ended == 0) {
    return "-";
  }
  const double share = 100 * static_cast<double>(counts.succeeded) / static_cast<double>(ended);
  return fmt::format("{:.2f} %", counts.failed == 0 ? 100.0 : std::min(share, 99.99));
}

void append_target(std::string& out, const LoadReport& report) {
  const std::string pace = report.options.rate
                               ? fmt::format("{} connections/s", *report.options.rate)
                               : std::string("as fast as they go");
  append_labelled(out, "target",
                  fmt::format("{} ({}), {}, at most {} at once, {}",
                              host_and_port(terminal_safe(report.options.target.host),
                                            report.options.target.port),
                              fmt::join(report.addresses, ", "), pace, grouped(report.connections),
                              counted(report.threads, "thread")));
  append_labelled(
      out, "ended by",
      fmt::format("{}, after {}", terminal_safe(report.ended_by), human_duration(report.duration)));
}

void append_counts(std::string& out, const LoadReport& report, const Context& context) {
  const LoadCounts& counts = report.counts;
  std::string words;
  Clauses clauses(words);
  clauses.add("{} succeeded", grouped(counts.succeeded));
  clauses.add("{} failed", grouped(counts.failed));
  if (counts.unfinished != 0) {
    clauses.add("{} unfinished", grouped(counts.unfinished));
  }
  if (counts.fallovers != 0) {
    clauses.add("{} fell over to another address", grouped(counts.fallovers));
  }
  if (report.overdue != 0) {
    clauses.add("{} were due and not begun", grouped(report.overdue));
  }
  append_labelled(out, "connections", words);
  append_label(out, "success");
  append_colored(out, success_text(counts), counts.failed != 0 ? Color::kRed : Color::kGreen,
                 context);
  out += '\n';
}

void append_rates(std::string& out, const LoadReport& report) {
  const LoadCounts& counts = report.counts;
  std::string words;
  Clauses clauses(words);
  clauses.add("{} connections", rate_text(per_second(report.connect.count, report.duration)));
  if (counts.requests != 0) {
    clauses.add("{} requests ({})", rate_text(per_second(counts.requests, report.duration)),
                grouped(counts.requests));
  }
  append_labelled(out, "rate", words);
  if (counts.bytes_sent + counts.bytes_received != 0) {
    append_labelled(
        out, "bytes",
        fmt::format("{} sent, {} received", bytes_rate(counts.bytes_sent, report.duration),
                    bytes_rate(counts.bytes_received, report.duration)));
  }
}

void append_row(std::string& out, std::string_view label, std::span<const std::string> cells) {
  append_label(out, label);
  for (const std::string& cell : cells) {
    fmt::format_to(std::back_inserter(out), "{:>{}}", cell, kNumberWidth);
  }
  out += '\n';
}

void append_percentiles(std::string& out, std::string_view label, const model::Latency& latency) {
  if (latency.count == 0) {
    return;
  }
  const std::array cells = {human_duration(latency.min),   human_duration(latency.p50),
                            human_duration(latency.p90),   human_duration(latency.p99),
                            human_duration(latency.p99_9), human_duration(latency.max)};
  append_row(out, label, cells);
}

void append_latencies(std::string& out, const LoadReport& report, const Context& context) {
  if (report.connect.count == 0) {
    return;
  }
  std::string header;
  append_row(header, "TIME TO",
             std::array<std::string, 6>{"MIN", "P50", "P90", "P99", "P99.9", "MAX"});
  header.pop_back();
  append_colored(out, header, Color::kBold, context);
  out += '\n';
  append_percentiles(out, "connect", report.connect);
  append_percentiles(out, "be answered", report.request);
  append_percentiles(out, "be done*", report.from_schedule);
  if (report.from_schedule.count != 0) {
    out += "* from the time when the connection was due, to its last answer\n";
  }
}

void append_tcp_info(std::string& out, const LoadReport& report) {
  const model::LoadTcpInfo& info = report.tcp_info;
  if (info.samples == 0) {
    return;
  }
  const auto us = [](std::uint32_t value) {
    return human_duration(std::chrono::microseconds(value));
  };
  append_labelled(
      out, "TCP_INFO",
      fmt::format("{} samples of open connections (p50, p99, max): rtt {}, {}, {}; cwnd "
                  "{}, {}, {}; retransmits {}, {}, {}",
                  grouped(info.samples), us(info.rtt_us.p50), us(info.rtt_us.p99),
                  us(info.rtt_us.max), info.snd_cwnd.p50, info.snd_cwnd.p99, info.snd_cwnd.max,
                  info.total_retrans.p50, info.total_retrans.p99, info.total_retrans.max));
}

void append_failures(std::string& out, const LoadReport& report, const Context& context) {
  std::string_view label = "failures";
  for (const model::LoadFailureCount& row : report.failures) {
    append_label(out, label);
    append_colored(out,
                   fmt::format("{:>{}}  {}: {}", grouped(row.count), kNumberWidth - 2,
                               load_phase_name(row.failure.phase), failure_text(row.failure)),
                   Color::kRed, context);
    out += '\n';
    label = "";
  }
}

void append_failed(std::string& out, const LoadReport& report, const Context& context) {
  const std::size_t shown = std::min(report.failed.size(), kShownFailed);
  for (const model::FailedConnection& one : std::span(report.failed).first(shown)) {
    append_clock_time(out, wall_time(one.boot_time, context), context);
    out += "  ";
    out += endpoint_text(one.family, one.local, one.local_port);
    out += " -> ";
    out += endpoint_text(one.family, one.peer, one.peer_port);
    fmt::format_to(std::back_inserter(out), "  {}: {}\n", load_phase_name(one.failure.phase),
                   failure_text(one.failure));
  }
  if (const std::uint64_t more = report.failed.size() - shown + report.failed_beyond; more != 0) {
    fmt::format_to(std::back_inserter(out), "and {} more\n", grouped(more));
  }
}

void append_cause(std::string& out, std::string_view label, const model::LoadCause& row,
                  const Context& context) {
  append_label(out, label);
  append_colored(
      out,
      fmt::format("{:>{}}  {} ({}{})", grouped(row.count), kNumberWidth - 2, cause_name(row.cause),
                  confidence_name(row.confidence), row.at_peer ? ", at the peer" : ""),
      Color::kRed, context);
  fmt::format_to(std::back_inserter(out), ": {} [{}: {}]\n", row.summary,
                 load_phase_name(row.failure.phase), failure_text(row.failure));
  if (!row.advice.empty()) {
    append_label(out, "");
    fmt::format_to(std::back_inserter(out), "{:{}}  {}\n", "", kNumberWidth - 2, row.advice);
  }
}

void append_diagnosis(std::string& out, const model::LoadDiagnosis& diagnosis,
                      const Context& context) {
  std::string_view label = "why";
  for (const model::LoadCause& row : diagnosis.causes) {
    append_cause(out, label, row, context);
    label = "";
  }
  if (diagnosis.untold != 0) {
    append_label(out, label);
    fmt::format_to(std::back_inserter(out), "{:>{}}  of which the trace has seen nothing\n",
                   grouped(diagnosis.untold), kNumberWidth - 2);
  }
  if (diagnosis.lost != 0) {
    append_labelled(out, "trace", fmt::format("{} records lost", grouped(diagnosis.lost)));
  }
}

}  // namespace

std::string load_progress_text(const model::LoadProgress& now, const model::LoadProgress& before) {
  const auto ended = [](const LoadCounts& counts) { return counts.succeeded + counts.failed; };
  const nanoseconds elapsed = now.elapsed - before.elapsed;
  std::string out = fmt::format("{}: ", human_duration(now.elapsed));
  Clauses clauses(out);
  clauses.add("{} connected",
              rate_text(per_second(now.connect.count - before.connect.count, elapsed)));
  if (now.counts.requests != 0) {
    clauses.add("{} answered",
                rate_text(per_second(now.counts.requests - before.counts.requests, elapsed)));
  }
  clauses.add("{} in flight", grouped(now.in_flight));
  clauses.add("{} ended", grouped(ended(now.counts)));
  clauses.add("{} failed", grouped(now.counts.failed));
  if (now.connect.count != 0) {
    clauses.add("connect p50 {}, p99 {}", human_duration(now.connect.p50),
                human_duration(now.connect.p99));
  }
  return out;
}

std::string load_text(const LoadReport& report, const Context& context) {
  std::string out;
  append_target(out, report);
  append_counts(out, report, context);
  append_rates(out, report);
  append_latencies(out, report, context);
  append_tcp_info(out, report);
  append_failures(out, report, context);
  if (report.diagnosis) {
    append_diagnosis(out, *report.diagnosis, context);
  }
  if (context.verbose) {
    append_failed(out, report, context);
  }
  return out;
}

}  // namespace tcptrace::output
