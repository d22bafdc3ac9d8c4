// SPDX-License-Identifier: GPL-2.0
// What a user asks to see. Evaluated in the kernel on the live path and by trace/ on a replay.
// Plain data.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/event.h"

namespace tcptrace::model {

enum class PortSide : std::uint8_t { kLocal, kPeer, kEither };

struct PortRange {
  std::uint16_t low = 0;  // inclusive
  std::uint16_t high = 0;
  PortSide side = PortSide::kEither;
  friend bool operator==(const PortRange&, const PortRange&) = default;
};

// An address block in CIDR notation, matched against the local and the peer address.
struct Prefix {
  Family family = Family::kIpv4;
  Address address;          // host bits zero
  std::uint8_t length = 0;  // bits
  friend bool operator==(const Prefix&, const Prefix&) = default;
};

// Which record types are reported.
struct EventSelection {
  bool reset = false;
  bool retransmit = false;
  bool failure = false;  // connects that failed, connections that died without a reset
  bool accept = false;
  bool connect = false;  // every connect, failed or not
  bool close = false;    // every end of a connection
  bool state = false;
  friend bool operator==(const EventSelection&, const EventSelection&) = default;
};

// How many conditions of each kind the kernel side has room for.
inline constexpr std::size_t kMaxPids = 64;
inline constexpr std::size_t kMaxComms = 16;
inline constexpr std::size_t kMaxNetns = 32;
inline constexpr std::size_t kMaxCgroups = 32;
inline constexpr std::size_t kMaxPortRanges = 64;  // local, peer and either side together
inline constexpr std::size_t kMaxPrefixes = 64;
inline constexpr std::size_t kMaxCommBytes = 15;

// Conditions of different kinds are all required; of one kind, any suffices. An empty kind asks
// nothing. Local, peer and either-side ports are three kinds.
struct Filter {
  EventSelection events{.reset = true, .retransmit = true, .failure = true};
  std::vector<std::uint32_t> pids;     // thread group ids of owners
  std::vector<std::string> comms;      // exact, as in /proc/PID/comm: 15 bytes at most
  std::vector<std::uint32_t> netns;    // inode numbers
  std::vector<std::uint64_t> cgroups;  // cgroup v2 ids; descendants match too
  std::vector<PortRange> ports;
  std::vector<Prefix> prefixes;
  std::optional<Family> family;
};

// Whether anything is asked of the process that owns a connection.
[[nodiscard]] inline bool asks_for_owner(const Filter& filter) {
  return !filter.pids.empty() || !filter.comms.empty() || !filter.cgroups.empty();
}

// What is asked of connections alone.
[[nodiscard]] inline Filter without_processes(Filter filter) {
  filter.pids.clear();
  filter.comms.clear();
  filter.cgroups.clear();
  return filter;
}

// What one kind of condition says of a value.
template <typename T, typename U>
[[nodiscard]] bool empty_or_has(const std::vector<T>& wanted, const U& value) {
  return wanted.empty() || std::ranges::find(wanted, value) != wanted.end();
}

}  // namespace tcptrace::model
