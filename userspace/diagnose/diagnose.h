// SPDX-License-Identifier: GPL-2.0
// Names the cause of an event, from what the kernel held at that instant and what is known of the
// connection besides. Pure: the same for a live trace and for a replay.
#pragma once

#include <optional>

#include "model/event.h"
#include "model/verdict.h"

namespace tcptrace::diagnose {

struct Evidence {
  const model::Event& event;
};

// Empty for what needs no explanation: states, accepts, retransmissions of what may yet arrive,
// ends without an error. A cause that the evidence does not tell is Cause::kUnknown, never a guess.
[[nodiscard]] std::optional<model::Verdict> diagnose(const Evidence& evidence);

}  // namespace tcptrace::diagnose
