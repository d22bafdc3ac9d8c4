// SPDX-License-Identifier: GPL-2.0
// What a recording holds: wire records as the kernel wrote them, and beside them everything that
// the way of an event asked of the host. In the order in which a replay has to meet them: names
// before the record that needs them, times before what they date.
//
//   file    64 bytes of header, then blocks
//   block   40 bytes of header (marker, sizes, records before and in it, CRC-32), then one zstd
//           frame with a checksum of its content. Each stands for itself: the names and the clock
//           that its records need are in it. The first holds the Opening alone.
//   entry   kind and size (32 bits each), then the content, padded to 8 bytes
//
// Numbers are of the byte order of the machine; a header from the other one does not fit.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "model/event.h"
#include "model/report.h"

namespace tcptrace::trace::recording {

// What a trace says of itself when it begins.
struct Opening {
  model::Hooks hooks{};
  std::vector<std::string> reset_reasons{};  // by value of enum sk_rst_reason
  std::chrono::nanoseconds boot_to_wall{};
  // Of the filter of the trace: id, and path where it is known. Every record is of a process in one
  // of them or below; empty: nothing was asked.
  std::vector<std::pair<std::uint64_t, std::string>> cgroups{};
};

// A record of bpf/tcptrace.h, aligned to 8 bytes; valid until the next entry is read.
struct Record {
  std::span<const std::byte> bytes{};
};

// From here on.
struct WallClock {
  std::chrono::nanoseconds boot_to_wall{};
};

// What the host said of the cgroup of process `pid`, from here on to the end of the block.
struct Name {
  std::uint64_t cgroup_id = 0;
  std::uint32_t pid = 0;
  bool known = false;  // else the host knew nothing
  model::Cgroup cgroup{};
  bool of_cgroup = false;  // it is the path of `cgroup_id`, not one that only the process told
  std::vector<std::uint64_t> ancestors{};  // then: ids of the cgroups above, as far as known
};

// What was held was settled at this time.
struct Tick {
  std::chrono::nanoseconds boot_time{};
};

// A poll has ended. Its samples are records before it, but for those of quiet connections.
struct Polled {
  std::chrono::nanoseconds boot_time{};
  std::chrono::nanoseconds took{};
  bool complete = true;
};

// Connections that the last poll has not seen any more.
struct Ended {
  std::vector<model::ConnectionId> connections{};
};
inline constexpr std::size_t kMaxEnded = 4096;  // in one entry

// Totals since the beginning.
struct Losses {
  std::chrono::nanoseconds boot_time{};
  model::LossCounts counts{};
};

// Part of the summary.
struct Coverage {
  model::NetnsCoverage netns{};
};

struct End {
  std::chrono::nanoseconds boot_time{};
  std::chrono::nanoseconds duration{};
  model::LossCounts lost{};
  std::string ended_by{};
};

using Content =
    std::variant<Opening, Record, WallClock, Name, Tick, Losses, Coverage, End, Polled, Ended>;

// Limits of what is written, and of what is believed when it is read.
inline constexpr std::size_t kBlockBytes = 256U << 10;    // a block is closed when it has as much
inline constexpr std::size_t kMaxPlainBytes = 4U << 20;   // of a block, unpacked
inline constexpr std::size_t kMaxStoredBytes = 5U << 20;  // and packed
inline constexpr std::size_t kMaxTextBytes = 16U << 10;   // of one string: longer ones are cut

// When a record was made, by its header; empty: it is too short to have one.
[[nodiscard]] std::optional<std::chrono::nanoseconds> record_time(std::span<const std::byte> bytes);

// The content as an entry.
void append_entry(std::vector<std::byte>& out, const Content& content);

// The first entry, which is taken off `entries`. Empty: these bytes are none. An entry of a kind
// that a later version has added is passed over. `entries` begins on 8 bytes.
[[nodiscard]] std::optional<Content> take_entry(std::span<const std::byte>& entries);

}  // namespace tcptrace::trace::recording
