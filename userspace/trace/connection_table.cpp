// SPDX-License-Identifier: GPL-2.0
#include "trace/connection_table.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace tcptrace::trace {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kFirstCapacity = 2;

constexpr std::uint32_t kMaxSegments = (1U << 22) - 1;

// The finisher of splitmix64.
constexpr std::uint64_t spread(std::uint64_t hash) {
  hash = (hash ^ (hash >> 30)) * 0xbf58476d1ce4e5b9;
  hash = (hash ^ (hash >> 27)) * 0x94d049bb133111eb;
  return hash ^ (hash >> 31);
}

std::uint64_t mark(const model::Address& address, std::uint64_t ports) {
  std::array<std::uint64_t, 2> words{};
  std::memcpy(words.data(), address.bytes.data(), sizeof(words));
  return spread(spread(words[0] ^ ports) ^ words[1]);
}

// A client's end has a port of its own, and so has its connection.
std::uint64_t client_mark(const model::Address& address, std::uint16_t port) {
  return mark(address, port);
}

// A server's end is that of all its connections; with the client's port it is told from most.
std::uint64_t service_mark(const model::Address& address, std::uint16_t port,
                           std::uint16_t client_port) {
  return mark(address, (std::uint64_t{client_port} << 16) | port);
}

bool same_peer(const model::Tuple& live, const model::Connection& stranger) {
  return live.peer == stranger.peer && live.peer_port == stranger.peer_port;
}

bool same_local(const model::Tuple& live, const model::Connection& stranger) {
  return live.local == stranger.local && live.local_port == stranger.local_port;
}

// Only one of the addresses was translated.
bool may_be_translated(const model::Tuple& live, std::uint32_t netns,
                       const model::Connection& stranger) {
  if (live.family != stranger.family) {
    return false;
  }
  if (same_peer(live, stranger) && live.local != stranger.local) {
    return live.role == model::Role::kServer || live.local_port == stranger.local_port;
  }
  return live.role == model::Role::kClient && netns == stranger.netns &&
         same_local(live, stranger) && live.peer != stranger.peer;
}

}  // namespace

// The cookies of a host count up: this spreads them over the buckets.
std::size_t ConnectionTable::Hash::operator()(const model::ConnectionId& id) const noexcept {
  return spread(id.cookie ^ (std::uint64_t{id.netns} << 32));
}

ConnectionTable::ConnectionTable(std::size_t depth, std::size_t bytes)
    : depth_(std::min(depth, kMaxDepth)), limit_bytes_(bytes) {}

ConnectionTable::Packed ConnectionTable::pack(const model::Sample& sample) {
  const auto at = std::chrono::floor<milliseconds>(sample.boot_time);
  return {.at_ms = static_cast<std::uint32_t>(at.count()),
          .rtt_us = sample.rtt_us,
          .snd_cwnd = std::min(sample.snd_cwnd, kMaxSegments) & kMaxSegments,
          .state = static_cast<std::uint8_t>(sample.state) & 15U,
          .ca_state = sample.ca_state & 7U,
          .unacked = std::min(sample.unacked, kMaxSegments) & kMaxSegments,
          .retransmits = sample.retransmits,
          .total_retrans = sample.total_retrans,
          .unread_bytes = sample.unread_bytes,
          .unsent_bytes = sample.unsent_bytes};
}

// Samples of the last 49 days are told apart.
model::Sample ConnectionTable::unpack(const Packed& packed) const {
  const auto latest = static_cast<std::uint32_t>(latest_.count());
  const milliseconds ago(latest - packed.at_ms);
  return {.boot_time = latest_ - ago,
          .state = static_cast<model::TcpState>(packed.state),
          .ca_state = static_cast<std::uint8_t>(packed.ca_state),
          .retransmits = static_cast<std::uint8_t>(packed.retransmits),
          .rtt_us = packed.rtt_us,
          .snd_cwnd = packed.snd_cwnd,
          .unacked = packed.unacked,
          .total_retrans = packed.total_retrans,
          .unread_bytes = packed.unread_bytes,
          .unsent_bytes = packed.unsent_bytes};
}

void ConnectionTable::link_busiest(Entry& entry) {
  entry.idler = busiest_;
  entry.busier = nullptr;
  (busiest_ != nullptr ? busiest_->busier : idlest_) = &entry;
  busiest_ = &entry;
}

void ConnectionTable::unlink(Entry& entry) {
  (entry.idler != nullptr ? entry.idler->busier : idlest_) = entry.busier;
  (entry.busier != nullptr ? entry.busier->idler : busiest_) = entry.idler;
}

// Most connections are short or idle: the place for their samples comes with them.
void ConnectionTable::grow(Entry& entry) {
  const std::size_t capacity =
      std::min(depth_, std::max(kFirstCapacity, std::size_t{entry.capacity} * 2));
  auto ring = std::make_unique<Packed[]>(capacity);
  std::copy_n(entry.ring.get(), entry.count, ring.get());
  entry.ring = std::move(ring);
  bytes_ += (capacity - entry.capacity) * sizeof(Packed);
  entry.capacity = static_cast<std::uint8_t>(capacity);
}

void ConnectionTable::push(Entry& entry, const Packed& packed) {
  // It turns only when it has its full depth.
  if (entry.count == entry.capacity && entry.capacity < depth_) {
    grow(entry);
  }
  entry.ring[(entry.first + entry.count) % entry.capacity] = packed;
  if (entry.count < entry.capacity) {
    ++entry.count;
  } else {
    entry.first = static_cast<std::uint8_t>((entry.first + 1) % entry.capacity);
  }
}

void ConnectionTable::apply(const model::ConnectionId& id, const model::Tuple& tuple,
                            const model::Sample& sample) {
  if (depth_ == 0) {
    return;
  }
  const auto [place, is_new] = entries_.try_emplace(id);
  Entry& entry = place->second;
  if (is_new) {
    entry.id = &place->first;
    bytes_ += cost_bytes(0);
  } else {
    unlink(entry);
  }
  link_busiest(entry);
  if (is_new || entry.tuple != tuple) {
    entry.tuple = tuple;
    marks_.clear();
  }
  entry.seen_by = poll_;
  latest_ = std::max(latest_, std::chrono::floor<milliseconds>(sample.boot_time));
  push(entry, pack(sample));
  while (bytes_ > limit_bytes_ && idlest_ != nullptr) {
    ++evictions_;
    remove(entries_.find(*idlest_->id));
  }
}

void ConnectionTable::touch(const model::ConnectionId& id) {
  if (const auto entry = entries_.find(id); entry != entries_.end()) {
    entry->second.seen_by = poll_;
  }
}

ConnectionTable::Entries::iterator ConnectionTable::remove(Entries::iterator entry) {
  unlink(entry->second);
  marks_.clear();
  bytes_ -= cost_bytes(entry->second.capacity);
  return entries_.erase(entry);
}

std::vector<model::ConnectionId> ConnectionTable::end_poll() {
  std::vector<model::ConnectionId> ended;
  for (auto entry = entries_.begin(); entry != entries_.end();) {
    if (poll_ - entry->second.seen_by < 2) {
      ++entry;
      continue;
    }
    ended.push_back(entry->first);
    entry = remove(entry);
  }
  ++poll_;
  return ended;
}

void ConnectionTable::forget(const model::ConnectionId& id) {
  if (const auto entry = entries_.find(id); entry != entries_.end()) {
    remove(entry);
  }
}

void ConnectionTable::mark_all() {
  for (const auto& [id, entry] : entries_) {
    const model::Tuple& tuple = entry.tuple;
    if (tuple.role == model::Role::kServer) {
      marks_.push_back({client_mark(tuple.peer, tuple.peer_port), &entry});
      continue;
    }
    marks_.push_back({service_mark(tuple.peer, tuple.peer_port, tuple.local_port), &entry});
    if (tuple.role == model::Role::kClient) {
      marks_.push_back({client_mark(tuple.local, tuple.local_port), &entry});
    }
  }
  std::ranges::sort(marks_, {}, &Mark::hash);
}

std::optional<model::Tuple> ConnectionTable::translated(const model::Connection& stranger) {
  if (marks_.empty()) {
    mark_all();
  }
  std::optional<model::Tuple> found;
  for (const std::uint64_t hash :
       {client_mark(stranger.peer, stranger.peer_port),
        service_mark(stranger.peer, stranger.peer_port, stranger.local_port),
        client_mark(stranger.local, stranger.local_port)}) {
    for (const Mark& mark : std::ranges::equal_range(marks_, hash, {}, &Mark::hash)) {
      const model::Tuple& live = mark.entry->tuple;
      if (may_be_translated(live, mark.entry->id->netns, stranger) && (!found || live < *found)) {
        found = live;
      }
    }
  }
  return found;
}

std::vector<model::Sample> ConnectionTable::history(const model::ConnectionId& id) const {
  std::vector<model::Sample> samples;
  if (const auto found = entries_.find(id); found != entries_.end()) {
    const Entry& entry = found->second;
    samples.reserve(entry.count);
    for (std::size_t i = 0; i < entry.count; ++i) {
      samples.push_back(unpack(entry.ring[(entry.first + i) % entry.capacity]));
    }
  }
  return samples;
}

}  // namespace tcptrace::trace
