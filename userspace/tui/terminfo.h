// SPDX-License-Identifier: GPL-2.0
// What is known of the terminal that TERM names. Apart from the rest: its header makes macros of
// many words. Private to tui/.
#pragma once

#include "base/result.h"

namespace tcptrace::tui {

// Fails, and says why, where the terminal is not known or cannot move its cursor.
[[nodiscard]] Result<void> can_draw();

}  // namespace tcptrace::tui
