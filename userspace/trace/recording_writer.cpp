// SPDX-License-Identifier: GPL-2.0
#include "trace/recording_writer.h"

#include <zstd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "trace/recording_frame.h"

namespace tcptrace::trace {
namespace {

// The records come by the hundred thousand: the fastest of zstd's usual levels.
constexpr int kLevel = 1;

bool same(const std::shared_ptr<const model::Cgroup>& a,
          const std::shared_ptr<const model::Cgroup>& b) {
  if (a == nullptr || b == nullptr || a == b) {
    return a == b;
  }
  return a->path == b->path && a->container == b->container && a->runtime == b->runtime;
}

}  // namespace

void RecordingWriter::ContextDeleter::operator()(ZSTD_CCtx_s* context) const {
  ZSTD_freeCCtx(context);
}

RecordingWriter::RecordingWriter(Store store)
    : store_(std::move(store)), context_(ZSTD_createCCtx()) {
  ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_compressionLevel, kLevel);
  ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_checksumFlag, 1);
}

RecordingWriter::~RecordingWriter() = default;

Result<void> RecordingWriter::begin(std::string_view version, const recording::Opening& opening) {
  const recording::FileHeader header = recording::make_file_header(version);
  if (auto stored = store_(std::as_bytes(std::span(&header, 1))); !stored) {
    return stored;
  }
  boot_to_wall_ = opening.boot_to_wall;
  recording::append_entry(plain_, opening);
  return flush();
}

void RecordingWriter::append_dated(const recording::Content& content) {
  if (told_boot_to_wall_ != boot_to_wall_) {
    recording::append_entry(plain_, recording::WallClock{.boot_to_wall = boot_to_wall_});
    told_boot_to_wall_ = boot_to_wall_;
  }
  recording::append_entry(plain_, content);
}

Result<void> RecordingWriter::flush_if_full() {
  return plain_.size() < recording::kBlockBytes ? Result<void>() : flush();
}

Result<void> RecordingWriter::record(std::span<const std::byte> record) {
  append_dated(recording::Record{.bytes = record});
  ++records_;
  return flush_if_full();
}

Result<void> RecordingWriter::tick(std::chrono::nanoseconds boot_time) {
  append_dated(recording::Tick{.boot_time = boot_time});
  return flush_if_full();
}

Result<void> RecordingWriter::losses(const recording::Losses& losses) {
  append_dated(losses);
  return flush_if_full();
}

Result<void> RecordingWriter::polled(const recording::Polled& polled,
                                     std::span<const model::ConnectionId> ended) {
  append_dated(polled);
  while (!ended.empty()) {
    const auto part = ended.first(std::min(ended.size(), recording::kMaxEnded));
    recording::append_entry(plain_, recording::Ended{.connections = {part.begin(), part.end()}});
    ended = ended.subspan(part.size());
  }
  return flush_if_full();
}

Result<void> RecordingWriter::end(const model::Summary& summary, const model::LossCounts& counts) {
  Result<void> done;
  for (const model::NetnsCoverage& netns : summary.coverage) {
    append_dated(recording::Coverage{.netns = netns});
    if (auto flushed = flush_if_full(); !flushed) {
      done = std::move(flushed);
    }
  }
  append_dated(recording::End{.boot_time = summary.boot_time,
                              .duration = summary.duration,
                              .lost = counts,
                              .ended_by = summary.ended_by});
  auto flushed = flush();
  return done ? flushed : done;
}

void RecordingWriter::name(std::uint64_t cgroup_id, std::uint32_t pid,
                           const std::shared_ptr<const model::Cgroup>& cgroup,
                           const Complete& complete) {
  const auto [told, first] = told_names_.try_emplace({cgroup_id, pid}, cgroup);
  if (!first && same(told->second, cgroup)) {
    return;
  }
  told->second = cgroup;
  recording::Name name;
  name.cgroup_id = cgroup_id;
  name.pid = pid;
  name.known = cgroup != nullptr;
  if (cgroup != nullptr) {
    name.cgroup = *cgroup;
    complete(name);
  }
  recording::append_entry(plain_, name);
}

Result<void> RecordingWriter::flush() {
  if (plain_.empty()) {
    return {};
  }
  constexpr std::size_t kHeader = sizeof(recording::BlockHeader);
  stored_.resize(kHeader + ZSTD_compressBound(plain_.size()));
  const std::size_t size = ZSTD_compress2(context_.get(), stored_.data() + kHeader,
                                          stored_.size() - kHeader, plain_.data(), plain_.size());
  Result<void> done = std::unexpected(system_error("cannot compress a block", ENOMEM));
  if (ZSTD_isError(size) == 0) {
    const recording::BlockHeader header =
        recording::make_block_header(size, plain_.size(), records_before_, records_);
    std::memcpy(stored_.data(), &header, kHeader);
    done = store_(std::span(stored_).first(kHeader + size));
  }
  // What is known to be lost is told as such, and is no gap.
  (done ? records_before_ : lost_records_) += records_;
  records_ = 0;
  plain_.clear();
  told_boot_to_wall_.reset();
  told_names_.clear();
  return done;
}

}  // namespace tcptrace::trace
