// SPDX-License-Identifier: GPL-2.0
// Connection tracking: how many connections it can hold, and for how long.
#include <algorithm>
#include <array>

#include "base/text.h"
#include "tune/rule.h"
#include "tune/rule_words.h"

namespace tcptrace::tune {
namespace {

using model::TuneProfile;

constexpr std::string_view kMax = "net.netfilter.nf_conntrack_max";
constexpr std::string_view kBuckets = "net.netfilter.nf_conntrack_buckets";
constexpr std::string_view kEstablished = "net.netfilter.nf_conntrack_tcp_timeout_established";
constexpr std::string_view kTimeWait = "net.netfilter.nf_conntrack_tcp_timeout_time_wait";

constexpr double kNearlyFull = 0.8;
constexpr std::uint64_t kEntryBytes = 320;
constexpr std::uint64_t kDay = 86'400;
constexpr std::uint64_t kProxyMax = 262'144;
constexpr std::uint64_t kEntriesPerBucket = 4;

// What a drop-in does for these depends on it.
constexpr std::string_view kAtBoot =
    " At boot it is set only where nf_conntrack is loaded before sysctl.d is read.";

bool nearly_full(const View& view) { return view.conntrack_use().value_or(0) >= kNearlyFull; }

void add_losses(std::vector<std::string>& evidence, const View& view) {
  const auto& conntrack = view.netns().conntrack;
  for (const auto& [name, value] :
       {std::pair("drop", conntrack->drop), std::pair("early_drop", conntrack->early_drop)}) {
    if (value != 0) {
      evidence.push_back(fmt::format("{} {} {}", name, grouped(value), view.since()));
    }
  }
}

// An eighth of the memory at most.
bool fits(const View& view, std::uint64_t entries) {
  return view.host().memory_bytes == 0 || entries * kEntryBytes <= view.host().memory_bytes / 8;
}

std::string memory_risk(std::uint64_t entries) {
  return fmt::format("Up to {} of memory when it is full, none of which can be swapped.{}",
                     human_bytes(entries * kEntryBytes), kAtBoot);
}

std::optional<std::uint64_t> more_entries(const View& view) {
  const auto current = view.number(kMax);
  if (!current || *current == 0 || !nearly_full(view) || !fits(view, *current * 2)) {
    return std::nullopt;
  }
  return *current * 2;
}

Opinion judge_max(const View& view) {
  const auto current = view.number(kMax);
  if (!current) {
    return not_understood();
  }
  if (const auto more = more_entries(view)) {
    std::vector<std::string> evidence{view.conntrack_text()};
    add_losses(evidence, view);
    return {.proposed = fmt::format("{}", *more),
            .evidence = std::move(evidence),
            .reason = "When the table is full, packets of new connections are dropped.",
            .risk = memory_risk(*more)};
  }
  if (view.is(TuneProfile::kProxy) && *current < kProxyMax && view.conntrack_use() &&
      fits(view, kProxyMax)) {
    return general_advice(fmt::format("{}", kProxyMax),
                          "A proxy has two connections for each of its clients.",
                          memory_risk(kProxyMax));
  }
  if (nearly_full(view)) {
    return stays(view.conntrack_text() +
                 ", but more would not fit the memory: track less "
                 "(notrack), or for a shorter time");
  }
  const auto& conntrack = view.netns().conntrack;
  return stays(conntrack && conntrack->count != 0 ? view.conntrack_text()
                                                  : "no connection is tracked");
}

Opinion judge_buckets(const View& view) {
  const auto current = view.number(kBuckets);
  const auto most = more_entries(view).has_value() ? more_entries(view) : view.number(kMax);
  if (!current || !most || *current == 0) {
    return not_understood();
  }
  if (view.conntrack_use().value_or(0) < 0.5 || *most <= *current * kEntriesPerBucket) {
    return stays("its chains are short");
  }
  return {.proposed = fmt::format("{}", *most / kEntriesPerBucket),
          .evidence = {view.conntrack_text(),
                       fmt::format("{} entries for each of {} buckets when it is full",
                                   grouped(*most / *current), grouped(*current))},
          .reason =
              "Every packet is looked up in a chain of that length, twice for each "
              "connection.",
          .risk = fmt::format("8 bytes a bucket; all entries are moved once while it is set.{}",
                              kAtBoot)};
}

Opinion judge_established(const View& view) {
  const auto current = view.number(kEstablished);
  if (!current) {
    return not_understood();
  }
  const std::string risk = fmt::format(
      "A connection that is silent for longer, without keep-alive, is not let through any more.{}",
      kAtBoot);
  // One that a keep-alive probe comes too late for is no remedy.
  const bool possible = view.number("net.ipv4.tcp_keepalive_time").value_or(0) < kDay;
  if (*current > kDay && nearly_full(view) && possible) {
    return {.proposed = fmt::format("{}", kDay),
            .evidence = {view.conntrack_text(),
                         fmt::format("a silent connection is kept for {}",
                                     human_duration(std::chrono::seconds(*current)))},
            .reason = "Connections whose ends vanished fill the table for days.",
            .risk = risk};
  }
  if (*current > kDay && possible && view.is(TuneProfile::kProxy)) {
    return general_advice(fmt::format("{}", kDay),
                          "Connections whose ends vanished fill the table for days.", risk);
  }
  return stays(nearly_full(view) ? "short enough" : "the table is not nearly full");
}

Opinion judge_time_wait(const View& view) {
  const auto current = view.number(kTimeWait);
  if (!current) {
    return not_understood();
  }
  const auto& sockstat = view.netns().sockstat;
  const std::uint64_t waiting = sockstat ? sockstat->time_wait : 0;
  if (*current > 60 && nearly_full(view) && waiting * 4 >= view.netns().conntrack->count) {
    return {
        .proposed = "60",
        .evidence = {view.conntrack_text(),
                     fmt::format("{} of this host's own sockets in TIME_WAIT", grouped(waiting))},
        .reason =
            "Connections that are over take much of the table; the kernel's own "
            "TIME_WAIT is 60 s.",
        .risk = fmt::format("Late segments of such a connection count as invalid.{}", kAtBoot)};
  }
  return stays(nearly_full(view) ? "connections in TIME_WAIT are not what fills the table"
                                 : "the table is not nearly full");
}

constexpr std::array kConntrackRules = {
    Rule{kMax, judge_max, kConntrackSysctl},
    Rule{kBuckets, judge_buckets, kConntrackSysctl},
    Rule{kEstablished, judge_established,
         "Documentation/networking/nf_conntrack-sysctl.rst; RFC 5382, REQ-5"},
    Rule{kTimeWait, judge_time_wait, kConntrackSysctl},
};

}  // namespace

std::span<const Rule> conntrack_rules() { return kConntrackRules; }

}  // namespace tcptrace::tune
