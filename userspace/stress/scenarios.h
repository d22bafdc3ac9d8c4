// SPDX-License-Identifier: GPL-2.0
// The drills by what ends the connection.
#pragma once

#include <span>

#include "stress/drill.h"

namespace tcptrace::stress {

[[nodiscard]] std::span<const Drill> closing_drills();    // a socket gives up and sends a reset
[[nodiscard]] std::span<const Drill> reply_drills();      // a reset answers a segment
[[nodiscard]] std::span<const Drill> handshake_drills();  // a server's, that does not end
[[nodiscard]] std::span<const Drill> received_drills();   // what the other end makes of a reset
[[nodiscard]] std::span<const Drill> failure_drills();    // connects that fail, silent deaths

}  // namespace tcptrace::stress
