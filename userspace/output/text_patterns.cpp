// SPDX-License-Identifier: GPL-2.0
// What many records have in common, for people: the causes with the top advice, then the patterns.
#include <algorithm>
#include <span>
#include <string>

#include "base/text.h"
#include "output/text_cell.h"
#include "output/text_report.h"
#include "output/wall_time.h"

namespace tcptrace::output {
namespace {

constexpr std::size_t kPatternCauseRows = 5;
constexpr std::size_t kAdviceRows = 3;
constexpr std::size_t kPatternRows = 2;

constexpr std::size_t kCountWidth = 7;

std::string peer_text(const model::Party& party) {
  std::string text;
  const std::span<const std::uint8_t, 16> bytes(party.peer.bytes);
  if (party.family == model::Family::kIpv4) {
    append_address(text, bytes.first<4>());
  } else {
    append_address(text, bytes);
  }
  return text;
}

void append_group(std::string& out, const model::CauseGroup& group, const Context& context) {
  fmt::format_to(std::back_inserter(out), "  {:>{}}  ", grouped(group.count), kCountWidth);
  append_cell(out, model::cause_name(group.cause), kCauseWidth);
  append_cell(out, party_comm(group.party), kCommWidth);
  append_cell(out, party_text(group.party), kPartyWidth);
  append_clock_time(out, wall_time(group.first, context), context);
  out += "  ";
  append_clock_time(out, wall_time(group.last, context), context);
  out += '\n';
}

void append_header(std::string& out) {
  fmt::format_to(std::back_inserter(out), "  {:>{}}  ", "COUNT", kCountWidth);
  append_cell(out, "CAUSE", kCauseWidth);
  append_cell(out, "COMM", kCommWidth);
  append_cell(out, "PEER", kPartyWidth);
  append_cell(out, "FIRST", kClockWidth);
  out += "LAST\n";
}

// One piece of advice for each cause, however many peers it has.
void append_advice(std::string& out, const std::vector<model::CauseGroup>& groups) {
  std::vector<model::Cause> said;
  for (const model::CauseGroup& group : groups) {
    if (said.size() == kAdviceRows) {
      return;
    }
    if (group.advice.empty() || std::ranges::find(said, group.cause) != said.end()) {
      continue;
    }
    said.push_back(group.cause);
    fmt::format_to(std::back_inserter(out), "  {}: {}\n", model::cause_name(group.cause),
                   group.advice);
  }
}

void append_causes(std::string& out, const model::Patterns& patterns, const Context& context) {
  if (patterns.causes.empty()) {
    return;
  }
  out += "causes\n";
  append_header(out);
  const std::size_t shown = std::min(patterns.causes.size(), kPatternCauseRows);
  for (std::size_t i = 0; i < shown; ++i) {
    append_group(out, patterns.causes[i], context);
  }
  if (patterns.causes.size() > shown || patterns.ungrouped != 0) {
    fmt::format_to(std::back_inserter(out), "  and {} more rows, {} verdicts without a row\n",
                   patterns.causes.size() - shown, grouped(patterns.ungrouped));
  }
  out += "advice\n";
  append_advice(out, patterns.causes);
}

template <typename Row, typename Print>
void append_rows(std::string& out, const std::vector<Row>& rows, std::size_t most,
                 const Print& print) {
  for (std::size_t i = 0; i < std::min(rows.size(), most); ++i) {
    out += "  ";
    print(rows[i]);
    out += '\n';
  }
  if (rows.size() > most) {
    fmt::format_to(std::back_inserter(out), "  and {} more of these\n", rows.size() - most);
  }
}

}  // namespace

std::string party_text(const model::Party& party) {
  return fmt::format("{} port {}", peer_text(party), party.port);
}

std::string party_comm(const model::Party& party) {
  return party.comm.empty() ? "-" : terminal_safe(party.comm);
}

void append_patterns(std::string& out, const model::Patterns& patterns, const Context& context) {
  append_causes(out, patterns, context);
  if (patterns.idle_clusters.empty() && patterns.retry_storms.empty() && patterns.churn.empty()) {
    return;
  }
  out += "patterns\n";
  append_pattern_lines(out, patterns, kPatternRows);
}

void append_pattern_lines(std::string& out, const model::Patterns& patterns, std::size_t most) {
  const auto to = std::back_inserter(out);
  append_rows(out, patterns.idle_clusters, most, [&](const model::IdleCluster& cluster) {
    fmt::format_to(to,
                   "idle timeout: {} of {} connections of {} with {} ended after {} without data "
                   "({}): look for a timeout of that length there and on the way",
                   cluster.count, cluster.of, party_comm(cluster.party), party_text(cluster.party),
                   human_duration(cluster.idle), model::cause_name(cluster.cause));
  });
  append_rows(out, patterns.retry_storms, most, [&](const model::RetryStorm& storm) {
    fmt::format_to(to, "retry storm: {} ({}) failed to connect to {} {} times, {:.1f}/s, {}",
                   party_comm(storm.party), storm.pid, party_text(storm.party),
                   grouped(storm.count), storm.per_second,
                   storm.backs_off ? "with a growing back-off" : "without backing off");
  });
  append_rows(out, patterns.churn, most, [&](const model::Churn& churn) {
    fmt::format_to(to,
                   "connection churn: {} ({}) opened and closed {} connections to {}, {:.1f}/s, "
                   "half of them within {}: keep them in a pool",
                   party_comm(churn.party), churn.pid, grouped(churn.count),
                   party_text(churn.party), churn.per_second, human_duration(churn.age));
  });
}

}  // namespace tcptrace::output
