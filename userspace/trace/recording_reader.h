// SPDX-License-Identifier: GPL-2.0
// A recording's entries, one after the other, from whatever gives its bytes. What is damaged is
// passed over, with a count of the records in it, up to the next block that is whole.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "trace/recording.h"
#include "trace/recording_frame.h"

struct ZSTD_DCtx_s;

namespace tcptrace::trace {

// Another block begins: names told before do not hold any more.
struct BlockBegin {};

// Something is missing here.
struct Gap {
  std::uint64_t records = 0;
  bool exact = true;  // else there may be more
};

class RecordingReader {
 public:
  // Fills the span as far as there is something to read; fewer bytes mean that this is the end.
  using Source = std::function<Result<std::size_t>(std::span<std::byte>)>;
  using Item = std::variant<BlockBegin, Gap, recording::Content>;

  explicit RecordingReader(Source source);
  ~RecordingReader();
  RecordingReader(const RecordingReader&) = delete;
  RecordingReader& operator=(const RecordingReader&) = delete;

  // The beginning of the file. An error with ExitStatus::kUsage where this build cannot read it;
  // `version` is that of this build.
  [[nodiscard]] Result<recording::Opening> open(std::string_view version);

  // What comes next; empty: nothing.
  [[nodiscard]] Result<std::optional<Item>> next();

 private:
  struct ContextDeleter {
    void operator()(ZSTD_DCtx_s* context) const;
  };

  [[nodiscard]] std::span<const std::byte> unread() const {
    return std::span(input_).subspan(begin_);
  }
  // True: at least so many bytes are unread.
  [[nodiscard]] Result<bool> need(std::size_t bytes);
  // True: the next block that is whole is in plain_.
  [[nodiscard]] Result<bool> next_block();
  [[nodiscard]] bool unpack(const recording::BlockHeader& header);
  [[nodiscard]] Result<void> skip_to_marker();
  void note_damage(const recording::BlockHeader* header);
  [[nodiscard]] std::optional<Gap> take_gap(std::uint64_t records_before);
  [[nodiscard]] std::optional<Item> next_entry();

  Source source_;
  std::unique_ptr<ZSTD_DCtx_s, ContextDeleter> context_;
  std::vector<std::byte> input_;
  std::size_t begin_ = 0;  // of what is unread
  bool source_ended_ = false;

  std::vector<std::byte> plain_;
  std::span<const std::byte> entries_;   // of it, still to come
  std::uint32_t records_to_come_ = 0;    // in them
  std::optional<Gap> gap_before_block_;  // to be told before the block that was read
  bool block_begins_ = false;

  std::uint64_t records_read_ = 0;  // those of gaps included
  bool damaged_ = false;            // since the last whole block
  std::uint64_t damaged_end_ = 0;   // records up to the end of the last damaged block
  bool damage_measured_ = false;
};

}  // namespace tcptrace::trace
