// SPDX-License-Identifier: GPL-2.0
// What an output prints: one line each.
#pragma once

#include <variant>

#include "model/event.h"
#include "model/report.h"

namespace tcptrace::model {

// Losses since the last such record.
struct Lost {
  std::chrono::nanoseconds boot_time{};
  LossCounts counts;
};

using Record = std::variant<Hooks, Event, Lost, Summary>;

}  // namespace tcptrace::model
