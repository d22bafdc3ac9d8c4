// SPDX-License-Identifier: GPL-2.0
#include "host/coverage.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "model/sysctls.h"

namespace tcptrace::host {
namespace {

// Counters that a hook counts too. The kernel counts a retransmission before it tries, and again
// when that failed.
struct Counterpart {
  std::string_view counter;
  std::uint64_t model::TracedCounters::*traced;
  std::string_view less = {};
  std::string_view label = counter;
};
constexpr std::array kCounterparts{
    Counterpart{"Tcp.OutRsts", &model::TracedCounters::resets_sent},
    Counterpart{"Tcp.EstabResets", &model::TracedCounters::established_resets},
    Counterpart{"Tcp.RetransSegs", &model::TracedCounters::retransmitted_segments,
                "TcpExt.TCPRetransFail", "Tcp.RetransSegs-TCPRetransFail"},
    Counterpart{"Tcp.AttemptFails", &model::TracedCounters::attempt_fails},
};

// Counters that tell why connections break; shown where they moved. "TCPAbort" is a prefix, see
// informs().
constexpr std::array<std::string_view, 25> kInformation{
    "EmbryonicRsts",       "ListenDrops",          "ListenOverflows",   "OutOfWindowIcmps",
    "TCPBacklogDrop",      "TCPDeferAcceptDrop",   "TCPFastRetrans",    "TCPLostRetransmit",
    "TCPMemoryPressures",  "TCPReqQFullDoCookies", "TCPReqQFullDrop",   "TCPRetransFail",
    "TCPSlowStartRetrans", "TCPSpuriousRTOs",      "TCPSynRetrans",     "TCPTimeouts",
    "TCPTimeWaitOverflow", "TCPLossProbes",        "TCPZeroWindowDrop", "TCPMD5Failure",
    "TCPMD5NotFound",      "TCPMD5Unexpected",     "TCPAOBad",          "TCPAOKeyNotFound",
    "TCPAORequired",
};

bool informs(std::string_view counter) {
  static constexpr std::string_view kGroup = "TcpExt.";
  if (!counter.starts_with(kGroup)) {
    return false;
  }
  const std::string_view name = counter.substr(kGroup.size());
  return name.starts_with("TCPAbort") ||
         std::ranges::find(kInformation, name) != kInformation.end();
}

// Kernel counters only grow: where one shrank, another namespace has taken the inode number.
bool replaced(const Counters& before, const Counters& after) {
  return std::ranges::any_of(before, [&](const auto& entry) {
    const auto& [name, value] = entry;
    const bool counterpart = std::ranges::any_of(
        kCounterparts, [&](const Counterpart& row) { return row.counter == name; });
    return (counterpart || informs(name)) && model::counter_value(after, name) < value;
  });
}

std::vector<model::CoverageRow> rows_of(const Counters& before, const Counters& after,
                                        const model::TracedCounters& traced) {
  std::vector<model::CoverageRow> rows;
  const auto moved_by = [&](std::string_view counter) {
    return model::counter_value(after, counter) - model::counter_value(before, counter);
  };
  for (const Counterpart& row : kCounterparts) {
    if (after.contains(row.counter)) {
      const std::uint64_t all = moved_by(row.counter);
      rows.push_back({.counter = std::string(row.label),
                      .kernel = all - std::min(all, moved_by(row.less)),
                      .traced = traced.*row.traced});
    }
  }
  for (const auto& [counter, value] : after) {
    const std::uint64_t moved = value - model::counter_value(before, counter);
    if (moved != 0 && informs(counter)) {
      rows.push_back({.counter = counter, .kernel = moved, .traced = std::nullopt});
    }
  }
  return rows;
}

// Why `entry` cannot be used; null: it can.
const std::string* fault(const NetnsCounters* entry) {
  return entry == nullptr || entry->unreadable.empty() ? nullptr : &entry->unreadable;
}

model::NetnsCoverage cover(std::uint32_t inode, const NetnsCounters* before,
                           const NetnsCounters* after, const model::TracedCounters& traced) {
  model::NetnsCoverage result{.netns = inode, .name = {}, .unreadable = {}, .rows = {}};
  if (const NetnsCounters* named = after != nullptr ? after : before) {
    result.name = named->name;
  }
  if (const std::string* why = fault(before) != nullptr ? fault(before) : fault(after)) {
    result.unreadable = *why;
  } else if (after == nullptr) {
    result.unreadable = before != nullptr ? "it ended before the trace did"
                                          : "it was not there at the start nor at the end";
  } else if (before != nullptr && replaced(before->counters, after->counters)) {
    result.unreadable = "its counters went backwards: another namespace has its number now";
  } else {
    // One that was not there at the start has counted from zero since.
    const Counters none;
    result.rows = rows_of(before != nullptr ? before->counters : none, after->counters, traced);
  }
  result.readable = result.unreadable.empty();
  return result;
}

bool worth_showing(const model::NetnsCoverage& netns) {
  return !netns.readable || netns.name == "host" ||
         std::ranges::any_of(netns.rows, [](const model::CoverageRow& row) {
           return row.kernel != 0 || row.traced.value_or(0) != 0;
         });
}

template <typename Map>
const typename Map::mapped_type* lookup(const Map& map, std::uint32_t inode) {
  const auto found = map.find(inode);
  return found == map.end() ? nullptr : &found->second;
}

}  // namespace

std::vector<model::NetnsCoverage> coverage(
    const CountersByNetns& before, const CountersByNetns& after,
    const std::map<std::uint32_t, model::TracedCounters>& traced) {
  std::set<std::uint32_t> inodes;
  const auto key = [](const auto& entry) { return entry.first; };
  std::ranges::transform(before, std::inserter(inodes, inodes.end()), key);
  std::ranges::transform(after, std::inserter(inodes, inodes.end()), key);
  std::ranges::transform(traced, std::inserter(inodes, inodes.end()), key);
  std::vector<model::NetnsCoverage> result;
  for (const std::uint32_t inode : inodes) {
    const auto* counted = lookup(traced, inode);
    auto netns = cover(inode, lookup(before, inode), lookup(after, inode),
                       counted == nullptr ? model::TracedCounters{} : *counted);
    if (worth_showing(netns)) {
      result.push_back(std::move(netns));
    }
  }
  std::ranges::stable_partition(
      result, [](const model::NetnsCoverage& netns) { return netns.name == "host"; });
  return result;
}

}  // namespace tcptrace::host
