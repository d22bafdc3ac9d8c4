// SPDX-License-Identifier: GPL-2.0
#include "monitor/peer_idle_closes.h"

#include <algorithm>
#include <iterator>

#include "base/cluster.h"

namespace tcptrace::monitor {
namespace {

using model::PeerIdleClose;
using std::chrono::milliseconds;

// 5 per cent, and half a second for what timers and round trips add.
constexpr double kWidth = 1.05;
constexpr milliseconds kSlack{500};
// Two may agree by chance.
constexpr std::size_t kFewest = 3;

}  // namespace

void PeerIdleCloses::add(const model::PeerEndpoint& peer, milliseconds idle, bool presumed) {
  // Who did not see the FIN does not know it so exactly.
  const auto shortest = presumed ? kShortest : kAtOnce;
  if (idle < shortest || (peers_.size() >= kMaxPeers && !peers_.contains(peer))) {
    return;
  }
  Closes& closes = peers_[peer];
  (idle < kShortest ? closes.hasty : closes.idle).add({.idle = idle, .presumed = presumed});
}

PeerIdleCloses::Times PeerIdleCloses::sorted_times(const std::vector<Close>& closes) {
  Times times;
  std::ranges::transform(closes, std::back_inserter(times), &Close::idle);
  std::ranges::sort(times);
  return times;
}

bool PeerIdleCloses::are_presumed(const std::vector<Close>& closes,
                                  std::span<const milliseconds> agreeing) {
  const auto seen = std::ranges::count_if(closes, [&](const Close& close) {
    return !close.presumed && close.idle >= agreeing.front() && close.idle <= agreeing.back();
  });
  return static_cast<std::size_t>(seen) < kFewest;
}

std::optional<PeerIdleClose> PeerIdleCloses::find(const model::PeerEndpoint& peer) const {
  const auto found = peers_.find(peer);
  if (found == peers_.end()) {
    return std::nullopt;
  }
  const std::vector<Close> closes = found->second.idle.in_order();
  const Times idle = sorted_times(closes);
  const auto agreeing = densest(idle, kWidth, kSlack + resolution_);
  if (agreeing.size() < kFewest || agreeing.size() * 2 <= idle.size()) {
    return std::nullopt;
  }
  return PeerIdleClose{.peer = peer,
                       .idle = median(agreeing),
                       .count = agreeing.size(),
                       .of = idle.size(),
                       .presumed = are_presumed(closes, agreeing)};
}

PeerIdleClose PeerIdleCloses::shortest_of(const model::PeerEndpoint& peer,
                                          const Closes& closes) const {
  std::vector<Close> all = closes.hasty.in_order();
  std::ranges::copy(closes.idle.in_order(), std::back_inserter(all));
  const Times idle = sorted_times(all);
  PeerIdleClose found{.peer = peer, .idle = idle.front(), .of = idle.size()};
  if (const auto agreeing = first_set(idle, kWidth, kSlack + resolution_, kFewest);
      !agreeing.empty()) {
    found.idle = median(agreeing);
    found.count = agreeing.size();
    found.presumed = are_presumed(all, agreeing);
  }
  return found;
}

std::vector<PeerIdleClose> PeerIdleCloses::shortest() const {
  std::vector<PeerIdleClose> found;
  found.reserve(peers_.size());
  for (const auto& [peer, closes] : peers_) {
    found.push_back(shortest_of(peer, closes));
  }
  return found;
}

std::vector<PeerIdleClose> PeerIdleCloses::all() const {
  std::vector<PeerIdleClose> found;
  for (const auto& [peer, closes] : peers_) {
    if (const auto one = find(peer)) {
      found.push_back(*one);
    }
  }
  return found;
}

}  // namespace tcptrace::monitor
