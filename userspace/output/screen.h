// SPDX-License-Identifier: GPL-2.0
// What the dashboard shows: a function of the reading, the choices and the size. Pure; tui/ puts it
// on a terminal.
#pragma once

#include <cstddef>

#include "model/monitor.h"
#include "output/context.h"
#include "output/styled.h"
#include "output/view_state.h"

namespace tcptrace::output {

struct ScreenSize {
  std::size_t rows = 24;
  std::size_t columns = 80;
};

struct Screen {
  StyledLines lines;       // never more than there are rows, never wider than there are columns
  std::size_t scroll = 0;  // as far as there was something to scroll
  std::size_t page = 1;    // lines of the content that fit
};

[[nodiscard]] Screen monitor_screen(const model::MonitorReading& reading, const ViewState& state,
                                    ScreenSize size, const Context& context);

}  // namespace tcptrace::output
