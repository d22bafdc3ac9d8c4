// SPDX-License-Identifier: GPL-2.0
// Drills: each makes one cause of a reset or of a dead connection happen on purpose, between two
// network namespaces of its own. What the tracer says of it can then be held against what it was.
#pragma once

#include <cstdint>
#include <ostream>
#include <span>
#include <string_view>

#include "model/event.h"
#include "stress/lab.h"

namespace tcptrace::stress {

enum class End : std::uint8_t { kClient, kServer };

// Where a drill is played. The server's port tells its records from those of others.
struct Stage {
  Lab& lab;
  std::uint16_t port;
};

struct Drill {
  std::string_view name;  // the cause's name with hyphens, and what sets it apart from others of it
  model::Cause cause;
  // The record that has to say so.
  model::EventKind kind;
  End end;
  std::string_view story;            // one sentence for people
  void (*play)(const Stage& stage);  // throws where the scenario could not be set up
};

inline std::ostream& operator<<(std::ostream& out, const Drill& drill) { return out << drill.name; }

[[nodiscard]] std::span<const Drill> drills();
[[nodiscard]] const Drill* find_drill(std::string_view name);  // null: there is none

// Whether a record is one that the drill is about.
[[nodiscard]] bool concerns(const Drill& drill, std::uint16_t port, const model::Event& event);

}  // namespace tcptrace::stress
