// SPDX-License-Identifier: GPL-2.0
#include "cli/replay.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <optional>
#include <utility>
#include <variant>

#include <fmt/format.h>

#include "base/text.h"
#include "cli/event_output.h"
#include "cli/pipeline.h"
#include "cli/recorded_cgroups.h"
#include "cli/version.h"
#include "cli/writer.h"
#include "sink/file_source.h"
#include "trace/filter.h"
#include "trace/recording_reader.h"

namespace tcptrace::cli {
namespace {

using std::chrono::nanoseconds;
using trace::recording::Content;

class ReplayRun {
 public:
  explicit ReplayRun(const ReplayOptions& options)
      : options_(options), filter_(options.filter), name_(name_of(options)) {}

  Result<void> run();

  // One for each kind of item.
  void operator()(const trace::BlockBegin&) { cgroups_->forget(); }
  void operator()(const trace::Gap& gap);
  void operator()(const Content& content) { std::visit(*this, content); }
  void operator()(const trace::recording::Opening&) {}
  void operator()(const trace::recording::Record& record);
  void operator()(const trace::recording::WallClock& clock) {
    writer_->set_boot_to_wall(clock.boot_to_wall);
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
  static std::string name_of(const ReplayOptions& options) {
    return options.recording == "-" ? "stdin" : terminal_safe(options.recording);
  }
  Result<void> open();
  Result<void> loop();
  Result<void> end();
  void say_what_is_missing() const;

  const ReplayOptions& options_;
  model::Filter filter_;
  std::string name_;
  std::optional<sink::FileSource> file_;
  std::optional<trace::RecordingReader> reader_;
  trace::recording::Opening opening_;
  std::optional<RecordedCgroups> cgroups_;
  std::optional<Writer> writer_;
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
  auto file = sink::FileSource::open(options_.recording);
  if (!file) {
    return std::unexpected(file.error().within(name_));
  }
  file_.emplace(std::move(*file));
  reader_.emplace([this](std::span<std::byte> into) { return file_->read(into); });
  auto opening = reader_->open(version());
  if (!opening) {
    return std::unexpected(opening.error().within(name_));
  }
  opening_ = std::move(*opening);
  now_ = opening_.hooks.boot_time;
  cgroups_.emplace(filter_, options_.cgroups, opening_);
  auto sink = open_output(options_, -1);
  if (!sink) {
    return std::unexpected(sink.error());
  }
  writer_.emplace(std::move(*sink),
                  event_context(options_, opening_.hooks.host, opening_.boot_to_wall),
                  options_.json);
  pipeline_.emplace(
      &*writer_, opening_.reset_reasons, options_.count,
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
  return write_opening(*writer_, opening_.hooks, options_);
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
      if (auto flushed = writer_->flush(); !flushed) {
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
  if (auto written = writer_->write(std::move(summary)); !written) {
    return written;
  }
  return writer_->flush();
}

void ReplayRun::say_what_is_missing() const {
  if (damaged_) {
    std::fputs(fmt::format("tcptrace: {} is damaged: {}{} record{} could not be read\n", name_,
                           more_missing_ ? "at least " : "", missing_, missing_ == 1 ? "" : "s")
                   .c_str(),
               stderr);
  }
  if (!end_) {
    std::fputs(fmt::format("tcptrace: {} has no end: it was cut off, or is still written\n", name_)
                   .c_str(),
               stderr);
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

Result<void> run_replay(const ReplayOptions& options) { return ReplayRun(options).run(); }

}  // namespace tcptrace::cli
