// SPDX-License-Identifier: GPL-2.0
#include "cli/monitor_display.h"

#include <unistd.h>

#include <cstdio>
#include <utility>

#include "cli/event_output.h"
#include "cli/run_context.h"
#include "output/monitor.h"
#include "output/screen.h"

namespace tcptrace::cli {

MonitorDisplay::MonitorDisplay(const MonitorOptions& options)
    : options_(options), context_(make_context(options)) {
  view_.interval = options.interval;
}

Result<void> MonitorDisplay::open(int interrupt_fd) {
  const bool screen = !options_.json && !options_.plain && !options_.once && !options_.output &&
                      ::isatty(STDIN_FILENO) == 1 && ::isatty(STDOUT_FILENO) == 1;
  if (screen) {
    auto terminal = tui::Terminal::open(context_.color);
    if (terminal) {
      terminal_.emplace(std::move(*terminal));
      return {};
    }
    note(terminal.error().what + ": prints lines instead, as with --plain");
  }
  auto sink = open_output(options_, interrupt_fd);
  if (!sink) {
    return std::unexpected(sink.error());
  }
  sink_ = std::move(*sink);
  const bool header = !options_.json && !options_.once && options_.header;
  return header ? sink::write_out(*sink_, output::monitor_header(context_)) : Result<void>();
}

void MonitorDisplay::close() {
  terminal_.reset();
  for (const std::string& text : std::exchange(notes_, {})) {
    std::fputs(text.c_str(), stderr);
  }
}

bool MonitorDisplay::ended() const {
  return view_.quit || (terminal_ && terminal_->gone()) || (sink_ && sink_->reader_gone());
}

void MonitorDisplay::note(std::string text) {
  text = "tcptrace: " + std::move(text) + "\n";
  if (terminal_) {
    notes_.push_back(std::move(text));
  } else {
    std::fputs(text.c_str(), stderr);
  }
}

Result<void> MonitorDisplay::tell(const model::Alert& alert) {
  // What is raised is in the reading too.
  if (terminal_ || (options_.once && !options_.json)) {
    return {};
  }
  return sink::write_out(*sink_, options_.json ? output::alert_json(alert, context_)
                                               : output::alert_line(alert, context_));
}

Result<void> MonitorDisplay::show(model::MonitorReading reading) {
  if (terminal_) {
    latest_ = std::move(reading);
    if (!view_.paused) {
      reading_ = latest_;
    }
    stale_ = true;
    return {};
  }
  return sink::write_out(*sink_, options_.json   ? output::monitor_json(reading, context_)
                                 : options_.once ? output::monitor_text(reading, context_)
                                                 : output::monitor_line(reading, context_));
}

void MonitorDisplay::take_keys() {
  if (!terminal_) {
    return;
  }
  for (const output::KeyPress& press : terminal_->keys()) {
    output::apply_key(view_, press);
    stale_ = true;
  }
  if (stale_ && !view_.paused) {
    reading_ = latest_;
  }
}

void MonitorDisplay::take_signals() {
  terminal_->take_signals();
  stale_ = true;
}

void MonitorDisplay::draw() {
  if (!terminal_ || !stale_) {
    return;
  }
  const output::Screen screen =
      output::monitor_screen(reading_, view_, terminal_->size(), context_);
  view_.scroll = screen.scroll;
  view_.page = screen.page;
  stale_ = !terminal_->draw(screen);
}

}  // namespace tcptrace::cli
