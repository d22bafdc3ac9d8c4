// SPDX-License-Identifier: GPL-2.0
// What an output prints: one line each.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "model/event.h"
#include "model/report.h"
#include "model/verdict.h"

namespace tcptrace::model {

// Losses since the last such record.
struct Lost {
  std::chrono::nanoseconds boot_time{};
  LossCounts counts;
};

enum class DrillOutcome : std::uint8_t {
  kRight,
  kOpen,   // no verdict, or none that claims to be more than possible
  kWrong,  // another cause, with conviction
};
[[nodiscard]] std::string_view drill_outcome_name(
    DrillOutcome outcome);  // "right", "open", "wrong"

// What the tracer said of a cause that was made to happen.
struct DrillResult {
  std::chrono::nanoseconds boot_time{};  // when the drill ended
  std::string name;
  Cause expected = Cause::kUnknown;
  std::optional<Verdict> verdict{};  // the best one on the drill's connections; empty: no record
  DrillOutcome outcome = DrillOutcome::kOpen;
};

using Record = std::variant<Hooks, Event, Lost, DrillResult, Summary>;

}  // namespace tcptrace::model
