// SPDX-License-Identifier: GPL-2.0
#include "cli/replay.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>
#include <variant>

#include <fmt/core.h>

#include "base/text.h"
#include "cli/event_output.h"
#include "cli/pipeline.h"
#include "cli/recorded_cgroups.h"
#include "cli/version.h"
#include "sink/file_source.h"
#include "trace/filter.h"
#include "trace/recording_reader.h"

namespace tcptrace::cli {
namespace {

using std::chrono::nanoseconds;
using trace::recording::Content;

class ReplayRun {
 public:
  ReplayRun(const ReplayOptions& options, sink::FileSource file, const OpenRecords& open_records)
      : options_(options),
        open_records_(open_records),
        filter_(options.filter),
        name_(recording_name(options.recording)),
        file_(std::move(file)) {}

  Result<void> run();

  // One for each kind of item.
  void operator()(const trace::BlockBegin&) { cgroups_->forget(); }
  void operator()(const trace::Gap& gap);
  void operator()(const Content& content) { std::visit(*this, content); }
  void operator()(const trace::recording::Opening&) {}
  void operator()(const trace::recording::Record& record);
  void operator()(const trace::recording::WallClock& clock) {
    output_->set_boot_to_wall(clock.boot_to_wall);
  }
  void operator()(const trace::recording::Name& name) { cgroups_->learn(name); }
  void operator()(const trace::recording::Tick& tick);
  void operator()(const trace::recording::Losses& losses);
  void operator()(const trace::recording::Coverage& coverage) {
    coverage_.push_back(coverage.netns);
  }
  void operator()(const trace::recording::End& end) { end_ = end; }
  void operator()(const trace::recording::Polled& polled) {
    now_ = std::max(now_, polled.boot_time);
    pipeline_->count_poll(polled.took, polled.complete);
  }
  void operator()(const trace::recording::Ended& ended) { pipeline_->forget(ended.connections); }

 private:
  Result<void> open();
  Result<void> loop();
  Result<void> end();
  void say_missing(std::string words);
  void say_what_is_missing();

  const ReplayOptions& options_;
  const OpenRecords& open_records_;
  model::Filter filter_;
  std::string name_;
  sink::FileSource file_;
  std::optional<trace::RecordingReader> reader_;
  trace::recording::Opening opening_;
  std::optional<RecordedCgroups> cgroups_;
  std::unique_ptr<RecordOutput> output_;
  std::optional<Pipeline> pipeline_;

  nanoseconds now_{};  // of the recording
  model::LossCounts losses_;
  std::vector<model::NetnsCoverage> coverage_;
  std::optional<trace::recording::End> end_;
  std::uint64_t missing_ = 0;
  bool damaged_ = false;
  bool more_missing_ = false;
};

Result<void> ReplayRun::open() {
  reader_.emplace([this](std::span<std::byte> into) { return file_.read(into); });
  auto opening = reader_->open(version());
  if (!opening) {
    return std::unexpected(opening.error().within(name_));
  }
  opening_ = std::move(*opening);
  now_ = opening_.hooks.boot_time;
  cgroups_.emplace(filter_, options_.cgroups, opening_);
  auto output = open_records_(opening_.hooks.host, opening_.boot_to_wall, -1);
  if (!output) {
    return std::unexpected(output.error());
  }
  output_ = std::move(*output);
  pipeline_.emplace(
      output_.get(), opening_.reset_reasons, options_.count,
      [this](std::uint64_t id, std::uint32_t pid, nanoseconds) {
        return cgroups_->lookup(id, pid);
      },
      [this](const model::Event& event) {
        return trace::selects(filter_.events, event) &&
               trace::matches(filter_, event.connection, event.owner ? &*event.owner : nullptr);
      });
  if (opening_.hooks.polling) {
    pipeline_->set_polling(*opening_.hooks.polling);
  }
  return output_->begin(opening_.hooks);
}

void ReplayRun::operator()(const trace::Gap& gap) {
  damaged_ = true;
  missing_ += gap.records;
  more_missing_ = more_missing_ || !gap.exact;
  pipeline_->note_missing(gap.records);
  pipeline_->note_losses(losses_, now_);
}

void ReplayRun::operator()(const trace::recording::Record& record) {
  now_ = std::max(now_, trace::recording::record_time(record.bytes).value_or(now_));
  pipeline_->take(record.bytes);
}

void ReplayRun::operator()(const trace::recording::Tick& tick) {
  now_ = std::max(now_, tick.boot_time);
  pipeline_->advance(tick.boot_time);
}

void ReplayRun::operator()(const trace::recording::Losses& losses) {
  now_ = std::max(now_, losses.boot_time);
  losses_ = losses.counts;
  pipeline_->note_losses(losses_, losses.boot_time);
}

Result<void> ReplayRun::loop() {
  for (;;) {
    auto item = reader_->next();
    if (!item) {
      return std::unexpected(item.error().within(name_));
    }
    if (!*item) {
      return {};
    }
    std::visit(*this, **item);
    if (pipeline_->failure()) {
      return std::unexpected(*pipeline_->failure());
    }
    // Whoever reads along gets what there is, block by block.
    if (std::holds_alternative<trace::BlockBegin>(**item)) {
      if (auto flushed = output_->flush(); !flushed) {
        return flushed;
      }
    }
  }
}

// Without an end in the recording it ends with the last that is known.
Result<void> ReplayRun::end() {
  if (!end_) {
    end_ = {.boot_time = now_,
            .duration = now_ - opening_.hooks.boot_time,
            .lost = losses_,
            .ended_by = "end of the recording"};
  }
  pipeline_->finish();
  pipeline_->note_losses(end_->lost, end_->boot_time);
  model::Summary summary = pipeline_->summary();
  summary.boot_time = end_->boot_time;
  summary.duration = end_->duration;
  summary.coverage = std::move(coverage_);
  summary.ended_by = pipeline_->count_reached() ? "count" : end_->ended_by;
  if (auto written = output_->write(std::move(summary)); !written) {
    return written;
  }
  return output_->flush();
}

void ReplayRun::say_missing(std::string words) {
  words.insert(0, name_ + ' ');
  output_->note_missing(words);
  std::fputs(fmt::format("tcptrace: {}\n", words).c_str(), stderr);
}

void ReplayRun::say_what_is_missing() {
  if (damaged_) {
    say_missing(fmt::format("is damaged: {}{} record{} could not be read",
                            more_missing_ ? "at least " : "", missing_, missing_ == 1 ? "" : "s"));
  }
  if (!end_) {
    say_missing("has no end: it was cut off, or is still written");
  }
}

Result<void> ReplayRun::run() {
  if (auto opened = open(); !opened) {
    return forgive_closed(opened);
  }
  if (auto looped = loop(); !looped) {
    return forgive_closed(looped);
  }
  say_what_is_missing();
  return forgive_closed(end());
}

}  // namespace

std::string recording_name(const std::string& path) {
  return path == "-" ? "stdin" : terminal_safe(path);
}

Result<sink::FileSource> open_recording(const std::string& path) {
  auto file = sink::FileSource::open(path);
  return file ? std::move(file) : std::unexpected(file.error().within(recording_name(path)));
}

Result<void> replay(const ReplayOptions& options, sink::FileSource file,
                    const OpenRecords& open_records) {
  return ReplayRun(options, std::move(file), open_records).run();
}

Result<void> check_keeps(const std::string& recording, const std::string& output) {
  std::error_code not_there;
  const bool same =
      std::filesystem::is_regular_file(output, not_there) &&
      std::filesystem::equivalent(recording == "-" ? "/dev/stdin" : recording, output, not_there);
  return same ? std::unexpected(usage_error("--output would replace " + recording_name(recording)))
              : Result<void>();
}

Result<void> run_replay(const ReplayOptions& options) {
  if (options.output) {
    if (auto kept = check_keeps(options.recording, *options.output); !kept) {
      return kept;
    }
  }
  auto file = open_recording(options.recording);
  return file ? replay(options, std::move(*file), printed_records(options))
              : std::unexpected(file.error());
}

}  // namespace tcptrace::cli
