// SPDX-License-Identifier: GPL-2.0
// Learns after how long without data each peer ends connections: its keep-alive timeout, or that of
// something on the way. Pure.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "base/latest.h"
#include "model/pool.h"

namespace tcptrace::monitor {

class PeerIdleCloses {
 public:
  // Peers kept; of others nothing is learnt.
  static constexpr std::size_t kMaxPeers = 8192;
  // A server that ends a connection sooner hardly waits for another request on it.
  static constexpr std::chrono::milliseconds kShortest{1000};
  // And not at all: it has said that it would, or the answer was the end.
  static constexpr std::chrono::milliseconds kAtOnce{100};

  // `resolution`: how exactly the time is known.
  explicit PeerIdleCloses(std::chrono::milliseconds resolution) : resolution_(resolution) {}

  // `peer` has ended a connection that had carried no data for `idle`.
  void add(const model::PeerEndpoint& peer, std::chrono::milliseconds idle, bool presumed);

  // Empty: there were too few, or they do not agree.
  [[nodiscard]] std::optional<model::PeerIdleClose> find(const model::PeerEndpoint& peer) const;
  [[nodiscard]] std::vector<model::PeerIdleClose> all() const;
  // The shortest times that agree, three of them or more, below kShortest too: what is kept for
  // longer may be met by a close. Where none agree, `count` is 0 and `idle` the shortest of all.
  [[nodiscard]] std::vector<model::PeerIdleClose> shortest() const;

 private:
  struct Close {
    std::chrono::milliseconds idle{};
    bool presumed = false;
  };

  struct Closes {
    Latest<Close> idle;
    Latest<Close> hasty;  // below kShortest
  };

  using Times = std::vector<std::chrono::milliseconds>;

  [[nodiscard]] static Times sorted_times(const std::vector<Close>& closes);
  // Whether too few of those in `agreeing` were seen to be the peer's.
  [[nodiscard]] static bool are_presumed(const std::vector<Close>& closes,
                                         std::span<const std::chrono::milliseconds> agreeing);
  [[nodiscard]] model::PeerIdleClose shortest_of(const model::PeerEndpoint& peer,
                                                 const Closes& closes) const;

  std::chrono::milliseconds resolution_;
  std::map<model::PeerEndpoint, Closes> peers_;
};

}  // namespace tcptrace::monitor
