// SPDX-License-Identifier: GPL-2.0
#include "cli/drill.h"

#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include <fmt/core.h>

#include "base/clock.h"
#include "cli/consume.h"
#include "cli/history_poller.h"
#include "cli/pipeline.h"
#include "cli/run_context.h"
#include "cli/writer.h"
#include "host/cgroup_names.h"
#include "kernel/bpf_session.h"
#include "sink/fd_sink.h"
#include "stress/drill.h"
#include "stress/wait.h"

namespace tcptrace::cli {
namespace {

using std::chrono::milliseconds;

constexpr std::uint32_t kDrillRingBytes = 1U << 20;
// Those of the host are remembered too; and the larger the table, the longer a poll takes.
constexpr std::uint32_t kConnections = 16U << 10;
constexpr HistoryOptions kHistory{.interval = kMinHistoryInterval};

// Better verdicts replace worse ones: right before wrong, wrong before open.
void judge(model::DrillResult& result, const model::Verdict& verdict) {
  if (result.outcome == model::DrillOutcome::kRight) {
    return;
  }
  const bool convinced = verdict.confidence >= model::Confidence::kLikely;
  const auto outcome = verdict.cause == result.expected ? model::DrillOutcome::kRight
                       : convinced && verdict.cause != model::Cause::kUnknown
                           ? model::DrillOutcome::kWrong
                           : model::DrillOutcome::kOpen;
  if (!result.verdict || outcome != model::DrillOutcome::kOpen) {
    result.verdict = verdict;
    result.outcome = outcome;
  }
}

// The scenario runs on a thread of its own, which may change its network namespace.
class Player {
 public:
  Player(const stress::Drill& drill, const stress::Stage& stage)
      : thread_([this, &drill, stage] {
          try {
            drill.play(stage);
          } catch (const std::exception& error) {
            trouble_ = error.what();
          }
          done_ = true;
        }) {}

  [[nodiscard]] bool done() const { return done_; }
  // Empty: it was played as written. Waits for its end.
  [[nodiscard]] std::string join() {
    thread_.join();
    return std::move(trouble_);
  }

 private:
  std::atomic<bool> done_ = false;
  std::string trouble_;
  std::thread thread_;
};

class DrillRun {
 public:
  explicit DrillRun(const DrillOptions& options) : options_(options) {}

  Result<ExitStatus> run();

 private:
  Result<void> open();
  Result<model::DrillResult> play(const stress::Drill& drill);
  Result<void> drain_for(milliseconds time);
  Result<void> drain();
  void poll();

  const DrillOptions& options_;
  std::optional<stress::Lab> lab_;
  host::CgroupNames names_;
  std::optional<Writer> writer_;
  std::unique_ptr<kernel::BpfSession> session_;
  std::optional<Pipeline> pipeline_;
  std::optional<HistoryPoller> history_;
};

Result<void> DrillRun::open() {
  try {
    lab_.emplace();
  } catch (const std::exception& error) {
    return std::unexpected(
        Error{.what = fmt::format("the two network namespaces of the drills: {}", error.what()),
              .hint = "needs root and ip (iproute2)",
              .errno_code = 0,
              .status = ExitStatus::kUnsupported});
  }
  model::Filter filter;
  filter.netns = {lab_->client.inode(), lab_->server.inode()};
  auto session = kernel::BpfSession::open({.filter = filter,
                                           .family = options_.attach,
                                           .ring_size_bytes = kDrillRingBytes,
                                           .max_connections = kConnections,
                                           .polls = true});
  if (!session) {
    return std::unexpected(session.error());
  }
  session_ = std::move(*session);
  auto sink = sink::open_stdout(-1);
  if (!sink) {
    return std::unexpected(sink.error());
  }
  writer_.emplace(std::move(*sink),
                  make_context(STDOUT_FILENO, options_.json, ColorChoice::kAuto, options_.verbose),
                  options_.json);
  pipeline_.emplace(&*writer_, session_->reset_reasons(), std::nullopt,
                    [this](std::uint64_t id, std::uint32_t pid, std::chrono::nanoseconds now) {
                      return names_.lookup(id, pid, now);
                    });
  history_.emplace(*session_, filter, kHistory);
  pipeline_->set_polling(history_->describe());
  return options_.json ? writer_->write(describe_hooks(*session_, boot_time())) : Result<void>();
}

void DrillRun::poll() {
  if (const auto round = history_->advance(boot_time())) {
    HistoryPoller::for_each_record(
        *round, [this](std::span<const std::byte> record) { pipeline_->take_sample(record); });
    pipeline_->end_poll(round->took, round->complete);
  }
}

Result<void> DrillRun::drain() {
  if (auto consumed = consume_within(kConsumeTime, *session_, *pipeline_); !consumed) {
    return std::unexpected(consumed.error());
  }
  poll();
  pipeline_->advance(boot_time());
  if (pipeline_->failure()) {
    return std::unexpected(*pipeline_->failure());
  }
  return writer_->flush();
}

Result<void> DrillRun::drain_for(milliseconds time) {
  const auto end = stress::Clock::now() + time;
  do {
    if (auto drained = drain(); !drained) {
      return drained;
    }
  } while (stress::Clock::now() < end);
  return {};
}

Result<model::DrillResult> DrillRun::play(const stress::Drill& drill) {
  const stress::Stage stage{.lab = *lab_, .port = lab_->next_port()};
  model::DrillResult result{.name = std::string(drill.name), .expected = drill.cause};
  pipeline_->observe([&](const model::Event& event) {
    if (event.verdict && stress::concerns(drill, stage.port, event)) {
      judge(result, *event.verdict);
    }
  });
  Player player(drill, stage);
  Result<void> drained;
  while (!player.done() && drained) {
    drained = drain();
  }
  const std::string trouble = player.join();
  if (drained) {
    drained = drain_for(stress::scaled(kDrainTime));
  }
  pipeline_->observe({});
  if (!drained) {
    return std::unexpected(drained.error());
  }
  if (!trouble.empty()) {
    return std::unexpected(Error{.what = fmt::format("{}: {}", drill.name, trouble),
                                 .hint = {},
                                 .errno_code = 0,
                                 .status = ExitStatus::kFailed});
  }
  result.boot_time = boot_time();
  return result;
}

Result<ExitStatus> DrillRun::run() {
  if (auto opened = open(); !opened) {
    return std::unexpected(opened.error());
  }
  ExitStatus status = ExitStatus::kDone;
  for (const stress::Drill* drill : options_.drills) {
    auto result = play(*drill);
    if (!result) {
      // The others are still worth playing.
      std::fputs(diagnostic(result.error()).c_str(), stderr);
      status = ExitStatus::kFailed;
      continue;
    }
    if (result->outcome != model::DrillOutcome::kRight) {
      status = ExitStatus::kFailed;
    }
    if (auto written = writer_->write(*result); !written) {
      return std::unexpected(written.error());
    }
    if (auto flushed = writer_->flush(); !flushed) {
      return std::unexpected(flushed.error());
    }
  }
  return status;
}

}  // namespace

Result<ExitStatus> run_drills(const DrillOptions& options) { return DrillRun(options).run(); }

std::string drill_list() {
  std::string out;
  for (const stress::Drill& drill : stress::drills()) {
    out += fmt::format("{:42}{:24}{}\n", drill.name, model::cause_name(drill.cause), drill.story);
  }
  return out;
}

}  // namespace tcptrace::cli
