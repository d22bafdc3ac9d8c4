// SPDX-License-Identifier: GPL-2.0
// `--write FILE`: what passes through the pipeline of a trace, in the order in which a replay has
// to meet it. The trace never fails because of it.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "host/cgroup_names.h"
#include "model/filter.h"
#include "sink/block_file.h"
#include "trace/recording.h"
#include "trace/recording_writer.h"

namespace tcptrace::cli {

class Recorder {
 public:
  // `names` outlives the recorder.
  [[nodiscard]] static Result<std::unique_ptr<Recorder>> create(const std::string& path,
                                                                host::CgroupNames& names);

  // `cgroups`: of the filter.
  [[nodiscard]] Result<void> begin(trace::recording::Opening opening,
                                   std::span<const std::uint64_t> cgroups);

  // What the names say, which is recorded: before the record that asked.
  [[nodiscard]] std::shared_ptr<const model::Cgroup> lookup(std::uint64_t id, std::uint32_t pid,
                                                            std::chrono::nanoseconds now);
  void record(std::span<const std::byte> record) { tell(writer_.record(record)); }
  void tick(std::chrono::nanoseconds boot_time) { tell(writer_.tick(boot_time)); }
  void losses(const model::LossCounts& counts, std::chrono::nanoseconds boot_time) {
    tell(writer_.losses({.boot_time = boot_time, .counts = counts}));
  }
  void polled(const trace::recording::Polled& polled, std::span<const model::ConnectionId> ended) {
    tell(writer_.polled(polled, ended));
  }
  void set_boot_to_wall(std::chrono::nanoseconds offset) { writer_.set_boot_to_wall(offset); }
  void flush() { tell(writer_.flush()); }
  void end(const model::Summary& summary, const model::LossCounts& counts);

  // It has begun and not ended.
  [[nodiscard]] bool open() const { return open_; }
  [[nodiscard]] std::uint64_t lost_records() const { return writer_.lost_records(); }
  // The first failure, and how much was lost until now.
  [[nodiscard]] Result<void> result() const;

 private:
  Recorder(sink::BlockFile file, host::CgroupNames& names);

  void tell(const Result<void>& done);
  void complete(trace::recording::Name& name, std::chrono::nanoseconds now);
  [[nodiscard]] const std::vector<std::uint64_t>& ancestors_of(const std::string& path);

  sink::BlockFile file_;
  host::CgroupNames& names_;
  trace::RecordingWriter writer_;
  std::map<std::string, std::vector<std::uint64_t>> ancestors_;  // by path
  std::optional<Error> failure_;
  bool open_ = false;
};

}  // namespace tcptrace::cli
