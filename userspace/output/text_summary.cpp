// SPDX-License-Identifier: GPL-2.0
// The end of a run for people: totals, losses, and the kernel's own counters beside what was
// reported.
#include <algorithm>
#include <span>
#include <vector>

#include "base/text.h"
#include "output/text.h"
#include "output/text_cell.h"
#include "output/text_report.h"

namespace tcptrace::output {
namespace {

using model::EventKind;

// The summary has to fit a tall screen; what is cut off is counted.
constexpr std::size_t kCoverageRows = 12;
constexpr std::size_t kUnreadableRows = 3;

constexpr std::size_t kNetnsWidth = 18;
constexpr std::size_t kCounterWidth = 26;
constexpr std::size_t kSummaryNumberWidth = 12;

struct SummaryRow {
  std::string netns;
  const model::CoverageRow* counter;

  [[nodiscard]] bool differs() const {
    return counter->traced.has_value() && *counter->traced != counter->kernel;
  }
  [[nodiscard]] bool is_zero() const {
    return counter->kernel == 0 && counter->traced.value_or(0) == 0;
  }
};

std::string netns_name(const model::NetnsCoverage& coverage) {
  return coverage.name.empty() ? fmt::format("netns {}", coverage.netns)
                               : terminal_safe(coverage.name);
}

// Those that differ come first; zeros on both sides are left out.
std::vector<SummaryRow> coverage_rows(std::span<const model::NetnsCoverage> namespaces) {
  std::vector<SummaryRow> rows;
  for (const model::NetnsCoverage& coverage : namespaces) {
    if (!coverage.readable) {
      continue;
    }
    for (const model::CoverageRow& counter : coverage.rows) {
      rows.push_back({netns_name(coverage), &counter});
    }
  }
  std::erase_if(rows, [](const SummaryRow& row) { return row.is_zero(); });
  std::stable_partition(rows.begin(), rows.end(),
                        [](const SummaryRow& row) { return row.differs(); });
  return rows;
}

std::string verdict(const model::CoverageRow& row) {
  if (!row.traced.has_value()) {
    return "for information";
  }
  if (*row.traced == row.kernel) {
    return "all seen";
  }
  return *row.traced < row.kernel
             ? fmt::format("{} not seen", grouped(row.kernel - *row.traced))
             : fmt::format("{} more than the kernel counted", grouped(*row.traced - row.kernel));
}

void append_number_cell(std::string& out, std::string_view digits) {
  fmt::format_to(std::back_inserter(out), "{:>{}}  ", digits, kSummaryNumberWidth);
}

void append_coverage_row(std::string& out, const SummaryRow& row, const Context& context) {
  out += "  ";
  append_cell(out, row.netns, kNetnsWidth);
  append_cell(out, terminal_safe(row.counter->counter), kCounterWidth);
  append_number_cell(out, grouped(row.counter->kernel));
  append_number_cell(out, row.counter->traced ? grouped(*row.counter->traced) : "-");
  append_colored(out, verdict(*row.counter), row.differs() ? Color::kYellow : Color::kNone,
                 context);
  out += '\n';
}

void append_unreadable(std::string& out, std::span<const model::NetnsCoverage> namespaces) {
  std::size_t count = 0;
  for (const model::NetnsCoverage& coverage : namespaces) {
    if (coverage.readable || ++count > kUnreadableRows) {
      continue;
    }
    fmt::format_to(std::back_inserter(out), "  {}: counters not readable{}{}\n",
                   netns_name(coverage), coverage.unreadable.empty() ? "" : ": ",
                   terminal_safe(coverage.unreadable));
  }
  if (count > kUnreadableRows) {
    fmt::format_to(std::back_inserter(out), "  and {} more whose counters are not readable\n",
                   count - kUnreadableRows);
  }
}

void append_connections(std::string& out, const model::Summary& summary) {
  const auto count = [&](EventKind kind) { return summary.events[static_cast<std::size_t>(kind)]; };
  std::string words;
  Clauses clauses(words);
  const auto add = [&](EventKind kind, std::string_view what) {
    if (count(kind) != 0) {
      clauses.add("{} {}", grouped(count(kind)), what);
    }
  };
  add(EventKind::kAccept, "accepts");
  add(EventKind::kConnect, "connects");
  add(EventKind::kClose, "closes");
  add(EventKind::kState, "state changes");
  if (!clauses.empty()) {
    append_labelled(out, "others", words);
  }
}

// Nothing where all is well, unless it was asked for.
std::string polls_words(const model::Summary& summary, const Context& context) {
  std::string out;
  if (!summary.polls) {
    return out;
  }
  const model::Polls& polls = *summary.polls;
  Clauses clauses(out);
  if (context.verbose) {
    clauses.add("{} polls, the longest {}", grouped(polls.count), human_duration(polls.longest));
    clauses.add("{} connections", grouped(polls.connections));
  }
  if (polls.evicted != 0) {
    clauses.add("dropped of {} connections for want of memory (--history-memory)",
                grouped(polls.evicted));
  }
  if (polls.incomplete != 0) {
    clauses.add("{} polls could not read everything", grouped(polls.incomplete));
  }
  return out;
}

}  // namespace

void append_loss_words(std::string& out, const model::LossCounts& counts) {
  if (counts == model::LossCounts{}) {
    out += "nothing";
    return;
  }
  fmt::format_to(std::back_inserter(out), "{}: ", grouped(counts.total()));
  Clauses clauses(out);
  const auto add = [&](std::string_view kind, std::uint64_t count) {
    if (count != 0) {
      clauses.add("{} {}", kind, grouped(count));
    }
  };
  add("ring buffer full", counts.ringbuf_full);
  add("connection table full", counts.sockets_map_full);
  add("namespace table full", counts.netns_map_full);
  add("hook already running", counts.recursion_misses);
  add("undecodable", counts.undecodable);
  add("output failed", counts.output);
}

void append_coverage(std::string& out, std::span<const model::NetnsCoverage> namespaces,
                     const Context& context) {
  if (namespaces.empty()) {
    return;
  }
  const std::vector<SummaryRow> rows = coverage_rows(namespaces);
  append_label(out, "coverage");
  if (rows.empty()) {
    out += "the kernel counted nothing either\n";
  } else {
    out += "the kernel's own counters over the same time, before any filter:\n  ";
    append_cell(out, "NAMESPACE", kNetnsWidth);
    append_cell(out, "COUNTER", kCounterWidth);
    append_number_cell(out, "KERNEL");
    append_number_cell(out, "TRACED");
    out += "DIFFERENCE\n";
  }
  for (std::size_t i = 0; i < std::min(rows.size(), kCoverageRows); ++i) {
    append_coverage_row(out, rows[i], context);
  }
  if (rows.size() > kCoverageRows) {
    const auto cut = rows.begin() + kCoverageRows;
    fmt::format_to(std::back_inserter(out), "  and {} more, of which {} differ: see --json\n",
                   rows.end() - cut, std::count_if(cut, rows.end(), [](const SummaryRow& row) {
                     return row.differs();
                   }));
  }
  append_unreadable(out, namespaces);
}

std::string summary_text(const model::Summary& summary, const Context& context) {
  const auto count = [&](EventKind kind) {
    return grouped(summary.events[static_cast<std::size_t>(kind)]);
  };
  std::string out;
  append_labelled(
      out, "summary",
      fmt::format("{}, ended by: {}", human_duration(summary.duration),
                  summary.ended_by.empty() ? "unknown" : terminal_safe(summary.ended_by)));
  append_labelled(out, "resets",
                  fmt::format("{} sent, {} received", count(EventKind::kResetSent),
                              count(EventKind::kResetReceived)));
  if (summary.resets_suppressed != 0) {
    append_labelled(out, "",
                    fmt::format("{} closed by tcp_reset() without an RST: not reported",
                                grouped(summary.resets_suppressed)));
  }
  append_labelled(out, "retransmits",
                  fmt::format("{} events, {} segments", count(EventKind::kRetransmit),
                              grouped(summary.retransmitted_segments)));
  append_connections(out, summary);
  append_label(out, "lost");
  std::string loss;
  append_loss_words(loss, summary.lost);
  append_colored(out, loss, summary.lost.total() != 0 ? Color::kRed : Color::kNone, context);
  out += '\n';
  if (const std::string polls = polls_words(summary, context); !polls.empty()) {
    append_labelled(out, "history", polls);
  }
  append_patterns(out, summary.patterns, context);
  append_coverage(out, summary.coverage, context);
  return out;
}

}  // namespace tcptrace::output
