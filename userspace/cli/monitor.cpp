// SPDX-License-Identifier: GPL-2.0
#include "cli/monitor.h"

#include <poll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include "base/clock.h"
#include "base/text.h"
#include "cli/event_output.h"
#include "cli/monitor_display.h"
#include "cli/monitor_trace.h"
#include "cli/namespaces.h"
#include "cli/root.h"
#include "cli/socket_walker.h"
#include "host/boot_clock.h"
#include "host/host_facts.h"
#include "host/monitor_config.h"
#include "host/signal_fd.h"
#include "monitor/monitor.h"
#include "monitor/rates.h"
#include "output/monitor.h"
#include "sink/command_queue.h"

namespace tcptrace::cli {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

// How late a walk, an event or the end of a command may be noticed.
constexpr milliseconds kTick{200};
// What is told at the end may need a moment to be handed over.
constexpr std::chrono::seconds kCommandGrace{5};
constexpr milliseconds kClockJitter{1};
// However much there is to read, keys and signals are looked at.
constexpr int kBatches = 8;

// One run. The members are destroyed in reverse: the hooks go before the screen.
class MonitorRun {
 public:
  explicit MonitorRun(const MonitorOptions& options) : options_(options), display_(options) {}

  Result<void> run();

 private:
  Result<void> open();
  void start_trace();
  Result<void> loop();
  Result<void> step(nanoseconds now);
  void follow_wall_clock();
  Result<void> take_sample(nanoseconds now);
  Result<void> take_walk(nanoseconds now);
  Result<void> take_events();
  void take_keys();
  Result<void> report();
  Result<void> tell(const std::vector<model::Alert>& changes);
  void hand_over(const model::Alert& alert);
  [[nodiscard]] model::MonitorReading reading() const;
  void finish_commands();
  [[nodiscard]] bool over(nanoseconds now);
  Result<void> wait(nanoseconds now);

  const MonitorOptions& options_;
  std::optional<host::SignalFd> signals_;
  MonitorDisplay display_;
  std::optional<monitor::Monitor> monitor_;
  std::optional<sink::CommandQueue> commands_;
  std::optional<SocketWalker> walker_;
  std::vector<host::NetNamespace> namespaces_;
  std::unique_ptr<MonitorTrace> trace_;
  std::string no_trace_;
  model::MonitorLosses losses_;
  nanoseconds interval_{};
  nanoseconds started_{};
  nanoseconds next_sample_{};
  std::uint64_t samples_ = 0;
  bool walked_ = false;
  bool done_ = false;
};

void MonitorRun::start_trace() {
  if (!options_.trace) {
    no_trace_ = "--no-trace";
    return;
  }
  auto trace = MonitorTrace::start(options_.filter,
                                   [this](const model::Event& event) { monitor_->note(event); });
  if (trace) {
    trace_ = std::move(*trace);
    return;
  }
  no_trace_ = trace.error().what;
}

Result<void> MonitorRun::open() {
  model::MonitorConfig config;
  if (options_.config) {
    auto read = host::read_monitor_config(*options_.config);
    if (!read) {
      return std::unexpected(read.error().within("--config"));
    }
    config = *read;
  }
  auto signals = host::SignalFd::open();
  if (!signals) {
    return std::unexpected(signals.error());
  }
  signals_.emplace(std::move(*signals));
  monitor_.emplace(config, options_.interval);
  auto walker = SocketWalker::open(options_, config.cpu_percent);
  if (!walker) {
    return std::unexpected(walker.error());
  }
  walker_.emplace(std::move(*walker));
  namespaces_ = find_namespaces(options_.filter.netns);
  interval_ = options_.interval;
  start_trace();
  if (auto opened = display_.open(signals_->fd()); !opened) {
    return opened;
  }
  if (!no_trace_.empty() && options_.trace && !display_.on_screen()) {
    display_.note(fmt::format("resets and retransmissions are not traced: {}", no_trace_));
  }
  if (options_.command) {
    commands_.emplace(*options_.command, display_.on_screen());
  }
  return {};
}

void MonitorRun::hand_over(const model::Alert& alert) {
  if (!commands_) {
    return;
  }
  commands_->push(
      {.input = output::alert_json(alert, display_.context()),
       .environment = {{"TCPTRACE_ALERT_NAME", std::string(alert_kind_name(alert.kind))},
                       {"TCPTRACE_ALERT_STATE", std::string(alert_state_name(alert.state))},
                       {"TCPTRACE_ALERT_LEVEL", std::string(alert_level_name(alert.level))},
                       {"TCPTRACE_ALERT_SUBJECT", alert.subject},
                       {"TCPTRACE_ALERT_VALUE", fmt::format("{:.3f}", alert.value)},
                       {"TCPTRACE_ALERT_THRESHOLD", fmt::format("{:.3f}", alert.threshold)}}});
}

Result<void> MonitorRun::tell(const std::vector<model::Alert>& changes) {
  for (const model::Alert& alert : changes) {
    hand_over(alert);
    if (auto told = display_.tell(alert); !told) {
      return told;
    }
  }
  return {};
}

model::MonitorReading MonitorRun::reading() const {
  model::MonitorReading reading = monitor_->reading(trace_ != nullptr);
  reading.no_trace = no_trace_;
  const std::uint64_t untracked = reading.losses.alerts_untracked;
  reading.losses = losses_;
  reading.losses.alerts_untracked = untracked;
  if (commands_) {
    reading.losses.commands_dropped = commands_->dropped();
    reading.losses.commands_failed = commands_->failed();
  }
  return reading;
}

// The first sample has no rates yet; and the one reading that was asked for has the sockets too.
Result<void> MonitorRun::report() {
  if (!display_.on_screen() && (done_ || samples_ < 2 || (options_.once && !walked_))) {
    return {};
  }
  done_ = options_.once;
  return display_.show(reading());
}

// Not by the nanoseconds between reading the one clock and the other: an alert's `since` stays.
void MonitorRun::follow_wall_clock() {
  nanoseconds& known = display_.context().boot_to_wall;
  if (const nanoseconds now = host::boot_to_wall(); std::chrono::abs(now - known) > kClockJitter) {
    known = now;
  }
}

Result<void> MonitorRun::take_sample(nanoseconds now) {
  if (now < next_sample_) {
    return {};
  }
  // In step with the beginning, unless it is far behind.
  next_sample_ += interval_;
  if (next_sample_ <= now) {
    next_sample_ = now + interval_;
  }
  follow_wall_clock();
  const model::HostFacts facts = host::read_host_facts(kRoot, namespaces_, host::kCountersOnly);
  const model::MonitorSample sample = monitor::sample_of(facts);
  losses_.unread_namespaces = static_cast<std::uint64_t>(
      std::ranges::count_if(namespaces_, [&sample](const host::NetNamespace& netns) {
        return !sample.namespaces.contains(netns.inode) && host::netns_exists(kRoot, netns);
      }));
  if (trace_) {
    monitor_->note_losses(trace_->losses());
  }
  const std::vector<model::Alert> changes = monitor_->take(sample);
  ++samples_;
  if (auto told = tell(changes); !told) {
    return told;
  }
  return report();
}

Result<void> MonitorRun::take_walk(nanoseconds now) {
  // The one that is asked for is of the end of the interval.
  if (options_.once && (walked_ || samples_ < 2)) {
    return {};
  }
  auto round = walker_->advance(now, interval_);
  if (!round) {
    return {};
  }
  walked_ = true;
  if (!*round) {
    if (losses_.walks_failed++ == 0) {
      display_.note(fmt::format("cannot read the sockets: {}", round->error().what));
    }
    return options_.once ? report() : Result<void>();
  }
  namespaces_ = std::move((*round)->namespaces);
  if (auto told = tell(monitor_->take(std::move((*round)->walk))); !told) {
    return told;
  }
  // On the screen at once; for the others with the next interval.
  if (display_.on_screen() || options_.once) {
    return report();
  }
  return {};
}

Result<void> MonitorRun::take_events() {
  if (!trace_) {
    return {};
  }
  for (int i = 0; i < kBatches; ++i) {
    const auto more = trace_->take();
    if (!more) {
      return std::unexpected(more.error());
    }
    if (!*more) {
      break;
    }
  }
  return {};
}

void MonitorRun::take_keys() {
  display_.take_keys();
  if (display_.view().interval != interval_) {
    // From the last sample on: an interval that is cut short is none for an alert.
    next_sample_ += display_.view().interval - interval_;
    interval_ = display_.view().interval;
    monitor_->set_interval(interval_);
  }
}

bool MonitorRun::over(nanoseconds now) {
  return done_ || display_.ended() || signals_->next() ||
         (options_.duration && now - started_ >= *options_.duration);
}

Result<void> MonitorRun::step(nanoseconds now) {
  take_keys();
  if (auto taken = take_events(); !taken) {
    return taken;
  }
  if (auto taken = take_walk(now); !taken) {
    return taken;
  }
  if (auto taken = take_sample(now); !taken) {
    return taken;
  }
  if (commands_) {
    commands_->advance(now);
  }
  display_.draw();
  return {};
}

Result<void> MonitorRun::wait(nanoseconds now) {
  std::array<pollfd, 5> fds = {
      {{.fd = signals_->fd(), .events = POLLIN, .revents = 0},
       {.fd = display_.input_fd(), .events = POLLIN, .revents = 0},
       {.fd = display_.signal_fd(), .events = POLLIN, .revents = 0},
       {.fd = trace_ ? trace_->fd() : -1, .events = POLLIN, .revents = 0},
       {.fd = commands_ ? commands_->fd() : -1, .events = POLLIN, .revents = 0}}};
  nanoseconds until = next_sample_;
  if (options_.duration) {
    until = std::min(until, started_ + *options_.duration);
  }
  const auto left = std::chrono::ceil<milliseconds>(until - now);
  const auto timeout = std::clamp(left, milliseconds(0), kTick);
  if (::poll(fds.data(), fds.size(), static_cast<int>(timeout.count())) < 0 && errno != EINTR) {
    return std::unexpected(system_error("poll", errno));
  }
  if (fds[2].revents != 0) {
    display_.take_signals();
  }
  return {};
}

Result<void> MonitorRun::loop() {
  started_ = boot_time();
  next_sample_ = started_;
  for (;;) {
    const nanoseconds now = boot_time();
    if (auto stepped = step(now); !stepped) {
      return stepped;
    }
    // By the time of the step: the last reading is of the end.
    if (over(now)) {
      return {};
    }
    if (auto waited = wait(boot_time()); !waited) {
      return waited;
    }
  }
}

void MonitorRun::finish_commands() {
  if (!commands_) {
    return;
  }
  commands_->finish(boot_time() + kCommandGrace);
  if (!commands_->failure().empty()) {
    display_.note(fmt::format("--exec: {} of the commands failed, the first {}",
                              commands_->failed(), commands_->failure()));
  }
  if (commands_->dropped() != 0) {
    display_.note(
        fmt::format("--exec: {} not handed over", counted(commands_->dropped(), "alert")));
  }
}

Result<void> MonitorRun::run() {
  if (auto opened = open(); !opened) {
    return opened;
  }
  Result<void> done = loop();
  display_.close();
  finish_commands();
  return forgive_closed(std::move(done));
}

}  // namespace

Result<void> run_monitor(const MonitorOptions& options) { return MonitorRun(options).run(); }

}  // namespace tcptrace::cli
