// SPDX-License-Identifier: GPL-2.0
// From the ring buffer into the pipeline.
#pragma once

#include <chrono>

#include "base/result.h"
#include "cli/pipeline.h"
#include "kernel/bpf_session.h"

namespace tcptrace::cli {

// Waits no longer than `wait` for records, and takes those that are there, up to a batch. True:
// more is unread.
[[nodiscard]] Result<bool> consume_within(std::chrono::milliseconds wait,
                                          kernel::BpfSession& session, Pipeline& pipeline);

}  // namespace tcptrace::cli
