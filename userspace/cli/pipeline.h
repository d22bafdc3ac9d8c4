// SPDX-License-Identifier: GPL-2.0
// The way of an event after the ring buffer: decode, name the container, settle, count, write. The
// same for what comes live and for what is replayed.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "cli/record_output.h"
#include "diagnose/patterns.h"
#include "model/record.h"
#include "trace/connection_table.h"
#include "trace/decode.h"
#include "trace/reset_filter.h"
#include "trace/reset_pairs.h"

namespace tcptrace::cli {

class Pipeline {
 public:
  // Sees every event that is reported, with its verdict.
  using Observer = std::function<void(const model::Event&)>;
  // The cgroup of a process by its id and pid at the time of an event; null: nothing is known.
  using CgroupLookup = std::function<std::shared_ptr<const model::Cgroup>(
      std::uint64_t id, std::uint32_t pid, std::chrono::nanoseconds now)>;
  // Whether an event is asked for, where no kernel has decided it.
  using Condition = std::function<bool(const model::Event&)>;

  // `output` outlives the pipeline; null: nothing is written, the observer has it all. `count`:
  // events after which it is done.
  Pipeline(RecordOutput* output, std::span<const std::string> reset_reasons,
           std::optional<std::uint64_t> count, CgroupLookup cgroup_of, Condition wanted = {});

  // Polls are made: what they see of a connection becomes the history of its end.
  void set_polling(const model::Polling& polling);

  // A record of a hook or of a poll.
  void take(std::span<const std::byte> record);
  // A record of a poll. False: nothing has happened to the connection, a recording can do without.
  bool take_sample(std::span<const std::byte> record);
  // A poll has ended, and could read everything or not. Returns the connections that have ended:
  // the polls do not see them any more.
  std::vector<model::ConnectionId> end_poll(std::chrono::nanoseconds took, bool complete);
  // Likewise, where a recording knows which these are.
  void count_poll(std::chrono::nanoseconds took, bool complete);
  void forget(std::span<const model::ConnectionId> connections);
  // So many records are known to be missing from what is taken.
  void note_missing(std::uint64_t records) { undecodable_ += records; }
  void advance(std::chrono::nanoseconds boot_time);
  void finish();

  // Losses counted elsewhere: writes a `lost` record if there are new ones.
  void note_losses(model::LossCounts kernel, std::chrono::nanoseconds boot_time);

  void observe(Observer observer) { observer_ = std::move(observer); }
  // Something is held until advance() settles it.
  [[nodiscard]] bool holds() const { return reset_filter_.holds() || pairs_.holds(); }
  [[nodiscard]] const model::LossCounts& losses() const { return losses_; }
  [[nodiscard]] bool count_reached() const { return count_ && reported_ >= *count_; }
  // The first failure to write; the pipeline takes nothing more after it.
  [[nodiscard]] const std::optional<Error>& failure() const { return failure_; }

  // Totals so far; duration, coverage and cause of the end are the caller's.
  [[nodiscard]] model::Summary summary() const;

 private:
  void settle(model::Event&& event);
  void report(model::Event&& event);
  void write(const model::Record& record);

  RecordOutput* output_;
  trace::Decoder decoder_;
  trace::ConnectionTable connections_{0, 0};
  trace::ResetFilter reset_filter_;
  trace::ResetPairs pairs_;
  diagnose::PatternFinder patterns_;
  Observer observer_;
  trace::ResetFilter::Output to_settle_;
  trace::ResetPairs::Output to_report_;
  CgroupLookup cgroup_of_;
  Condition wanted_;
  std::optional<std::uint64_t> count_;
  std::uint64_t reported_ = 0;
  std::uint64_t undecodable_ = 0;
  model::LossCounts losses_;
  model::Summary summary_;
  std::optional<Error> failure_;
};

}  // namespace tcptrace::cli
