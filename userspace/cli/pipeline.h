// SPDX-License-Identifier: GPL-2.0
// The way of an event after the ring buffer: decode, settle, name the container, count, write. The
// same for what comes live and for what is replayed.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "base/result.h"
#include "cli/writer.h"
#include "diagnose/patterns.h"
#include "host/cgroup_names.h"
#include "model/record.h"
#include "trace/decode.h"
#include "trace/reset_filter.h"
#include "trace/reset_pairs.h"

namespace tcptrace::cli {

class Pipeline {
 public:
  // Sees every event that is reported, with its verdict.
  using Observer = std::function<void(const model::Event&)>;

  // `writer` outlives the pipeline. `count`: events after which it is done.
  Pipeline(Writer& writer, std::span<const std::string> reset_reasons,
           std::optional<std::uint64_t> count);

  void take(std::span<const std::byte> record);
  void advance(std::chrono::nanoseconds boot_time);
  void finish();

  // Losses counted elsewhere: writes a `lost` record if there are new ones.
  void note_losses(model::LossCounts kernel, std::chrono::nanoseconds boot_time);

  void observe(Observer observer) { observer_ = std::move(observer); }

  [[nodiscard]] bool count_reached() const { return count_ && reported_ >= *count_; }
  // The first failure to write; the pipeline takes nothing more after it.
  [[nodiscard]] const std::optional<Error>& failure() const { return failure_; }

  // Totals so far; duration, coverage and cause of the end are the caller's.
  [[nodiscard]] model::Summary summary() const;

 private:
  void settle(model::Event&& event);
  void report(model::Event&& event);
  void write(const model::Record& record);

  Writer& writer_;
  trace::Decoder decoder_;
  trace::ResetFilter reset_filter_;
  trace::ResetPairs pairs_;
  diagnose::PatternFinder patterns_;
  Observer observer_;
  trace::ResetFilter::Output to_settle_;
  trace::ResetPairs::Output to_report_;
  host::CgroupNames cgroups_;
  std::optional<std::uint64_t> count_;
  std::uint64_t reported_ = 0;
  std::uint64_t undecodable_ = 0;
  model::LossCounts losses_;
  model::Summary summary_;
  std::optional<Error> failure_;
};

}  // namespace tcptrace::cli
