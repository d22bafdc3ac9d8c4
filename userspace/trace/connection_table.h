// SPDX-License-Identifier: GPL-2.0
// The flight recorder: the last samples of every connection, within a bound of memory. What comes
// from a poll is in order of time; a connection of which a poll sees nothing has ended.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "model/event.h"
#include "model/sample.h"

namespace tcptrace::trace {

class ConnectionTable {
 public:
  static constexpr std::size_t kMaxDepth = 240;

  // `depth`: samples of a connection, at most kMaxDepth. `bytes`: of all of them and what keeps
  // them; a connection costs cost_bytes(samples).
  ConnectionTable(std::size_t depth, std::size_t bytes);
  ConnectionTable(ConnectionTable&&) = default;
  ConnectionTable& operator=(ConnectionTable&&) = default;

  // What `samples` of one connection take, with their share of the index.
  [[nodiscard]] static constexpr std::size_t cost_bytes(std::size_t samples);

  // Where it takes more than the bound, the connections that have been idle longest go, and are
  // counted. Zero depth: nothing is kept.
  void apply(const model::ConnectionId& id, const model::Tuple& tuple, const model::Sample& sample);
  // A poll has seen it, and that nothing has happened to it since its last sample.
  void touch(const model::ConnectionId& id);
  // After the last connection of a poll: forgets those that neither it nor the one before has seen,
  // and returns them. One alone may miss a connection while others come and go.
  std::vector<model::ConnectionId> end_poll();
  void forget(const model::ConnectionId& id);

  // The oldest first; empty where nothing is known.
  [[nodiscard]] std::vector<model::Sample> history(const model::ConnectionId& id) const;

  // The connection for which a segment may have been meant that belongs to none: one end is the
  // same, and tells it from others; of the other end the address differs, as if its translation
  // (NAT, a virtual address) had been lost on the way. Of several the least.
  [[nodiscard]] std::optional<model::Tuple> translated(const model::Connection& stranger);

  [[nodiscard]] std::size_t connections() const { return entries_.size(); }
  [[nodiscard]] std::size_t bytes() const { return bytes_; }
  [[nodiscard]] std::uint64_t evictions() const { return evictions_; }

 private:
  // A sample in 28 bytes: thirty of them leave room for the rest in a kibibyte. Windows and flights
  // of more than four million segments do not exist.
  struct Packed {
    std::uint32_t at_ms = 0;  // CLOCK_BOOTTIME, modulo 2^32
    std::uint32_t rtt_us = 0;
    std::uint32_t snd_cwnd : 22 = 0;
    std::uint32_t state : 4 = 0;
    std::uint32_t ca_state : 3 = 0;
    std::uint32_t unacked : 22 = 0;
    std::uint32_t retransmits : 8 = 0;
    std::uint32_t total_retrans = 0;
    std::uint32_t unread_bytes = 0;
    std::uint32_t unsent_bytes = 0;
  };
  static_assert(sizeof(Packed) == 28);

  struct Entry {
    Entry* idler = nullptr;  // in the order of the last sample
    Entry* busier = nullptr;
    const model::ConnectionId* id = nullptr;
    std::unique_ptr<Packed[]> ring;
    model::Tuple tuple;
    std::uint32_t seen_by = 0;  // the number of the poll
    std::uint8_t capacity = 0, first = 0, count = 0;
  };
  struct Hash {
    std::size_t operator()(const model::ConnectionId& id) const noexcept;
  };
  using Entries = std::unordered_map<model::ConnectionId, Entry, Hash>;
  // What tells a connection from others even where one of its addresses was translated.
  struct Mark {
    std::uint64_t hash = 0;
    const Entry* entry = nullptr;
  };

  [[nodiscard]] static Packed pack(const model::Sample& sample);
  [[nodiscard]] model::Sample unpack(const Packed& packed) const;
  void push(Entry& entry, const Packed& packed);
  void grow(Entry& entry);
  void link_busiest(Entry& entry);
  void unlink(Entry& entry);
  Entries::iterator remove(Entries::iterator entry);
  void mark_all();

  std::size_t depth_;
  std::size_t limit_bytes_;
  Entries entries_;
  std::vector<Mark> marks_;  // in order; empty: connections have come or gone since the last look
  Entry* idlest_ = nullptr;
  Entry* busiest_ = nullptr;
  std::size_t bytes_ = 0;
  std::uint32_t poll_ = 1;
  std::uint64_t evictions_ = 0;
  std::chrono::milliseconds latest_{};  // of all samples: what at_ms is relative to
};

constexpr std::size_t ConnectionTable::cost_bytes(std::size_t samples) {
  // A node of the map with its link, two blocks of the heap, a bucket, and two marks.
  constexpr std::size_t kOverhead =
      sizeof(Entries::value_type) + sizeof(void*) + 32 + (2 * sizeof(void*)) + (2 * sizeof(Mark));
  return kOverhead + (samples * sizeof(Packed));
}

}  // namespace tcptrace::trace
