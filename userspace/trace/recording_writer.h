// SPDX-License-Identifier: GPL-2.0
// Entries to the blocks of a recording. Opens no file: what is finished goes to a function.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "trace/recording.h"

struct ZSTD_CCtx_s;

namespace tcptrace::trace {

class RecordingWriter {
 public:
  // Takes all of the bytes or, with an error, none.
  using Store = std::function<Result<void>(std::span<const std::byte>)>;

  explicit RecordingWriter(Store store);
  ~RecordingWriter();
  RecordingWriter(const RecordingWriter&) = delete;
  RecordingWriter& operator=(const RecordingWriter&) = delete;

  // Once, before everything else. `version`: of this build.
  [[nodiscard]] Result<void> begin(std::string_view version, const recording::Opening& opening);

  // A block that the store does not take is lost as a whole, and the next is tried again.
  [[nodiscard]] Result<void> record(std::span<const std::byte> record);
  [[nodiscard]] Result<void> tick(std::chrono::nanoseconds boot_time);
  [[nodiscard]] Result<void> losses(const recording::Losses& losses);
  [[nodiscard]] Result<void> polled(const recording::Polled& polled,
                                    std::span<const model::ConnectionId> ended);
  // The coverage of `summary` and its end.
  [[nodiscard]] Result<void> end(const model::Summary& summary, const model::LossCounts& counts);
  // What was taken so far goes out.
  [[nodiscard]] Result<void> flush();

  // Told with the next entry that time has to do with.
  void set_boot_to_wall(std::chrono::nanoseconds offset) { boot_to_wall_ = offset; }
  // Told once in each block, and again when it is another. `complete` adds to a name that is told
  // what takes some effort to learn.
  using Complete = std::function<void(recording::Name&)>;
  void name(std::uint64_t cgroup_id, std::uint32_t pid,
            const std::shared_ptr<const model::Cgroup>& cgroup, const Complete& complete);

  [[nodiscard]] std::uint64_t lost_records() const { return lost_records_; }

 private:
  struct ContextDeleter {
    void operator()(ZSTD_CCtx_s* context) const;
  };
  using Process = std::pair<std::uint64_t, std::uint32_t>;

  void append_dated(const recording::Content& content);
  [[nodiscard]] Result<void> flush_if_full();

  Store store_;
  std::unique_ptr<ZSTD_CCtx_s, ContextDeleter> context_;
  std::vector<std::byte> plain_;   // the open block
  std::vector<std::byte> stored_;  // the one that goes out
  std::uint32_t records_ = 0;      // in the open block
  std::uint64_t records_before_ = 0;
  std::uint64_t lost_records_ = 0;
  std::chrono::nanoseconds boot_to_wall_{};
  // What the open block has told.
  std::optional<std::chrono::nanoseconds> told_boot_to_wall_;
  std::map<Process, std::shared_ptr<const model::Cgroup>> told_names_;
};

}  // namespace tcptrace::trace
