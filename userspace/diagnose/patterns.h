// SPDX-License-Identifier: GPL-2.0
// Finds what many records have in common. Pure: time is that of the events.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <utility>

#include "base/latest.h"
#include "model/event.h"
#include "model/patterns.h"

namespace tcptrace::diagnose {

class PatternFinder {
 public:
  // Rows kept of each kind; what comes when they are taken is counted, not kept.
  static constexpr std::size_t kMaxRows = 1024;

  // `event` has its verdict, if there is one for it.
  void note(const model::Event& event);

  [[nodiscard]] model::Patterns patterns() const;

 private:
  struct Group {
    model::CauseGroup group;
    Latest<std::chrono::milliseconds> idle;
  };
  struct Repeated {
    std::uint64_t count = 0;
    Latest<std::chrono::nanoseconds> times;
    Latest<std::chrono::milliseconds> ages;
  };
  using OfProcess = std::pair<std::uint32_t, model::Party>;

  void note_cause(const model::Event& event, const model::Party& party);

  std::map<std::pair<model::Cause, model::Party>, Group> groups_;
  std::map<OfProcess, Repeated> failed_connects_;
  std::map<OfProcess, Repeated> short_connections_;
  std::uint64_t ungrouped_ = 0;
};

}  // namespace tcptrace::diagnose
