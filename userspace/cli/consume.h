// SPDX-License-Identifier: GPL-2.0
// From the ring buffer into the pipeline.
#pragma once

#include <chrono>
#include <cstdint>

#include "base/result.h"
#include "cli/pipeline.h"
#include "kernel/bpf_session.h"

namespace tcptrace::cli {

// Of a trace that also does something else: its ring buffer, and how long it waits for records at
// a time.
inline constexpr std::uint32_t kSideRingBytes = 16U << 20;
inline constexpr std::chrono::milliseconds kConsumeTime{10};
// What is on its way when what was traced is over still counts: the waits of trace::ResetFilter and
// trace::ResetPairs included.
inline constexpr std::chrono::milliseconds kDrainTime{200};

// Waits no longer than `wait` for records, and takes those that are there, up to a batch. True:
// more is unread.
[[nodiscard]] Result<bool> consume_within(std::chrono::milliseconds wait,
                                          kernel::BpfSession& session, Pipeline& pipeline);

}  // namespace tcptrace::cli
