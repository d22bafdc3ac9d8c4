// SPDX-License-Identifier: GPL-2.0
// Records to a sink, as JSON Lines or as a table. Knows no kernel.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"
#include "cli/record_output.h"
#include "model/record.h"
#include "output/context.h"
#include "output/text.h"
#include "sink/sink.h"

namespace tcptrace::cli {

class Writer : public RecordOutput {
 public:
  Writer(std::unique_ptr<sink::Sink> sink, output::Context context, bool json)
      : sink_(std::move(sink)), context_(std::move(context)), json_(json) {}

  [[nodiscard]] Result<void> write_header();
  [[nodiscard]] Result<void> write(const model::Record& record) override;
  [[nodiscard]] Result<void> flush() override { return sink_->flush(); }

  [[nodiscard]] bool reader_gone() const override { return sink_->reader_gone(); }
  [[nodiscard]] std::uint64_t lost_lines() const override { return sink_->lost_lines(); }
  [[nodiscard]] const output::Context& context() const { return context_; }
  void set_boot_to_wall(std::chrono::nanoseconds offset) override {
    context_.boot_to_wall = offset;
  }

 private:
  std::unique_ptr<sink::Sink> sink_;
  output::Context context_;
  bool json_;
  output::TextTable table_;
  std::string line_;
};

}  // namespace tcptrace::cli
