// SPDX-License-Identifier: GPL-2.0
// Where the records of a run go: printed one by one, or folded into a report.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "model/record.h"

namespace tcptrace::cli {

class RecordOutput {
 public:
  virtual ~RecordOutput() = default;
  RecordOutput(const RecordOutput&) = delete;
  RecordOutput& operator=(const RecordOutput&) = delete;

  // What comes before the first event.
  [[nodiscard]] virtual Result<void> begin(const model::Hooks& hooks) { return write(hooks); }
  [[nodiscard]] virtual Result<void> write(const model::Record& record) = 0;
  [[nodiscard]] virtual Result<void> flush() { return {}; }
  // Something that should have been among the records, in words; it is said on stderr besides.
  virtual void note_missing(const std::string& words) { (void)words; }

  [[nodiscard]] virtual bool reader_gone() const { return false; }
  [[nodiscard]] virtual std::uint64_t lost_lines() const { return 0; }
  // The wall clock can be stepped while a trace runs for months.
  virtual void set_boot_to_wall(std::chrono::nanoseconds offset) = 0;

 protected:
  RecordOutput() = default;
};

// Makes the output of a run on the machine `host`, whose clocks are so far apart, once it is known
// that there will be something to write. `interrupt_fd`: see sink/fd_sink.h.
using OpenRecords = std::function<Result<std::unique_ptr<RecordOutput>>(
    const std::string& host, std::chrono::nanoseconds boot_to_wall, int interrupt_fd)>;

}  // namespace tcptrace::cli
