// SPDX-License-Identifier: GPL-2.0
// The read-only configuration of the BPF programs, from a filter and what the kernel offers. Pure.
#pragma once

#include <cstdint>
#include <span>

#include "kernel/attach_plan.h"
#include "kernel/features.h"
#include "model/filter.h"
#include "tcptrace.h"

namespace tcptrace::kernel {

// A filter holds no more than its kMax… counts (model/filter.h): the command line sees to that.
[[nodiscard]] tt_config make_settings(const model::Filter& filter, const Features& features,
                                      std::span<const Choice> choices,
                                      std::uint32_t ring_size_bytes);

}  // namespace tcptrace::kernel
