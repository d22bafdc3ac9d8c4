// SPDX-License-Identifier: GPL-2.0
#include "trace/recording_reader.h"

#include <zstd.h>

#include <algorithm>
#include <utility>

namespace tcptrace::trace {
namespace {

constexpr std::size_t kReadBytes = 64U << 10;

}  // namespace

void RecordingReader::ContextDeleter::operator()(ZSTD_DCtx_s* context) const {
  ZSTD_freeDCtx(context);
}

RecordingReader::RecordingReader(Source source)
    : source_(std::move(source)), context_(ZSTD_createDCtx()) {}

RecordingReader::~RecordingReader() = default;

Result<bool> RecordingReader::need(std::size_t bytes) {
  while (input_.size() - begin_ < bytes && !source_ended_) {
    input_.erase(input_.begin(), input_.begin() + static_cast<std::ptrdiff_t>(begin_));
    begin_ = 0;
    const std::size_t have = input_.size();
    const std::size_t wanted = std::max(kReadBytes, bytes - have);
    input_.resize(have + wanted);
    const Result<std::size_t> got = source_(std::span(input_).subspan(have));
    input_.resize(have + (got ? *got : 0));
    if (!got) {
      return std::unexpected(got.error());
    }
    source_ended_ = *got < wanted;
  }
  return input_.size() - begin_ >= bytes;
}

Result<recording::Opening> RecordingReader::open(std::string_view version) {
  if (auto there = need(sizeof(recording::FileHeader)); !there) {
    return std::unexpected(there.error());
  }
  if (auto checked = recording::check_file_header(unread(), version); !checked) {
    return std::unexpected(checked.error());
  }
  begin_ += sizeof(recording::FileHeader);
  const auto block = next_block();
  if (!block) {
    return std::unexpected(block.error());
  }
  if (*block && !gap_before_block_) {
    auto content = recording::take_entry(entries_);
    if (content && std::holds_alternative<recording::Opening>(*content)) {
      block_begins_ = false;
      return std::get<recording::Opening>(std::move(*content));
    }
  }
  return std::unexpected(Error{.what = "its beginning is damaged",
                               .hint = {},
                               .errno_code = 0,
                               .status = ExitStatus::kUsage});
}

bool RecordingReader::unpack(const recording::BlockHeader& header) {
  const auto stored = unread().subspan(sizeof(header), header.stored_bytes);
  plain_.resize(header.plain_bytes);
  const std::size_t size = ZSTD_decompressDCtx(context_.get(), plain_.data(), plain_.size(),
                                               stored.data(), stored.size());
  return ZSTD_isError(size) == 0 && size == header.plain_bytes;
}

// What is unread begins with a marker afterwards, or too few bytes for one are left.
Result<void> RecordingReader::skip_to_marker() {
  constexpr std::size_t kMarker = recording::kBlockMarker.size();
  const auto marker = std::as_bytes(std::span(recording::kBlockMarker));
  for (;;) {
    const auto there = need(kMarker);
    if (!there) {
      return std::unexpected(there.error());
    }
    if (!*there) {
      begin_ = input_.size();
      return {};
    }
    const auto bytes = unread();
    const auto found = std::ranges::search(bytes, marker);
    begin_ += static_cast<std::size_t>(found.begin() - bytes.begin());
    if (!found.empty()) {
      return {};
    }
    begin_ -= kMarker - 1;  // it may be cut by the end of what was read
  }
}

void RecordingReader::note_damage(const recording::BlockHeader* header) {
  damaged_ = true;
  if (header != nullptr) {
    damage_measured_ = true;
    damaged_end_ = header->records_before + header->records;
  }
}

std::optional<Gap> RecordingReader::take_gap(std::uint64_t records_before) {
  const std::uint64_t missing = records_before > records_read_ ? records_before - records_read_ : 0;
  if (!std::exchange(damaged_, false) && missing == 0) {
    return std::nullopt;
  }
  records_read_ += missing;
  return Gap{.records = missing, .exact = true};
}

Result<bool> RecordingReader::next_block() {
  for (;;) {
    const auto there = need(sizeof(recording::BlockHeader));
    if (!there) {
      return there;
    }
    const auto header = *there ? recording::parse_block_header(unread()) : std::nullopt;
    if (header) {
      const auto whole = need(sizeof(*header) + header->stored_bytes);
      if (!whole) {
        return whole;
      }
      if (*whole && unpack(*header)) {
        begin_ += sizeof(*header) + header->stored_bytes;
        gap_before_block_ = take_gap(header->records_before);
        damage_measured_ = false;
        entries_ = plain_;
        records_to_come_ = header->records;
        block_begins_ = true;
        return true;
      }
    } else if (unread().empty()) {
      return false;
    }
    note_damage(header ? &*header : nullptr);
    ++begin_;
    if (auto skipped = skip_to_marker(); !skipped) {
      return std::unexpected(skipped.error());
    }
  }
}

std::optional<RecordingReader::Item> RecordingReader::next_entry() {
  auto content = recording::take_entry(entries_);
  if (!content) {
    // Its checksum holds, but it is not what we write.
    const std::uint32_t missing = std::exchange(records_to_come_, 0);
    const bool rest = !entries_.empty();
    entries_ = {};
    records_read_ += missing;
    return missing > 0 || rest ? std::optional<Item>(Gap{.records = missing}) : std::nullopt;
  }
  if (std::holds_alternative<recording::Record>(*content) && records_to_come_ > 0) {
    --records_to_come_;
    ++records_read_;
  }
  return Item(std::move(*content));
}

Result<std::optional<RecordingReader::Item>> RecordingReader::next() {
  for (;;) {
    if (gap_before_block_) {
      return Item(*std::exchange(gap_before_block_, std::nullopt));
    }
    if (std::exchange(block_begins_, false)) {
      return Item(BlockBegin{});
    }
    if (!entries_.empty() || records_to_come_ > 0) {
      if (auto item = next_entry()) {
        return item;
      }
      continue;
    }
    const auto block = next_block();
    if (!block) {
      return std::unexpected(block.error());
    }
    if (!*block) {
      break;
    }
  }
  if (!damaged_) {
    return std::nullopt;
  }
  // What a block that was cut off held is in its header; without it, at least one record.
  const bool measured = damage_measured_;
  Gap gap = take_gap(measured ? damaged_end_ : records_read_ + 1).value_or(Gap{});
  gap.exact = measured;
  return Item(gap);
}

}  // namespace tcptrace::trace
