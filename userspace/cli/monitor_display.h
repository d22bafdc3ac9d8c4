// SPDX-License-Identifier: GPL-2.0
// Where the monitor's readings go: a screen where there is one to be had and nothing else was asked
// for, else lines of text or JSON.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cli/options.h"
#include "model/alert.h"
#include "model/monitor.h"
#include "output/context.h"
#include "output/view_state.h"
#include "sink/sink.h"
#include "tui/terminal.h"

namespace tcptrace::cli {

class MonitorDisplay {
 public:
  explicit MonitorDisplay(const MonitorOptions& options);
  MonitorDisplay(const MonitorDisplay&) = delete;
  MonitorDisplay& operator=(const MonitorDisplay&) = delete;
  // Puts the terminal back, and then says what was to be said on standard error.
  ~MonitorDisplay() { close(); }

  // `interrupt_fd`: see sink/fd_sink.h. Make it before any other thread.
  [[nodiscard]] Result<void> open(int interrupt_fd);
  void close();

  [[nodiscard]] bool on_screen() const { return terminal_.has_value(); }
  [[nodiscard]] const output::ViewState& view() const { return view_; }
  [[nodiscard]] output::Context& context() { return context_; }
  // For poll(); -1: there is no screen.
  [[nodiscard]] int input_fd() const { return terminal_ ? terminal_->input_fd() : -1; }
  [[nodiscard]] int signal_fd() const { return terminal_ ? terminal_->signal_fd() : -1; }
  // It was quit, or nobody reads it any more.
  [[nodiscard]] bool ended() const;

  [[nodiscard]] Result<void> tell(const model::Alert& alert);
  [[nodiscard]] Result<void> show(model::MonitorReading reading);
  // On standard error; with a screen, when that is gone.
  void note(std::string text);

  // Keys, signals (see tui/terminal.h), and what there is to draw.
  void take_keys();
  void take_signals();
  void draw();

 private:
  const MonitorOptions& options_;
  output::Context context_;
  std::unique_ptr<sink::Sink> sink_;  // null: there is a screen
  std::optional<tui::Terminal> terminal_;
  output::ViewState view_;
  model::MonitorReading reading_;  // the one on the screen
  model::MonitorReading latest_;
  std::vector<std::string> notes_;
  bool stale_ = true;  // the screen does not show what it should
};

}  // namespace tcptrace::cli
