// SPDX-License-Identifier: GPL-2.0
// BPF iterators. Private to kernel/.
#pragma once

#include <cstddef>
#include <functional>
#include <span>

#include "base/result.h"
#include "kernel/handles.h"

namespace tcptrace::kernel {

// One record of bpf/tcptrace.h; valid during the call.
using RecordHandler = std::function<void(std::span<const std::byte>)>;

// Runs an iterator to its end, from the network namespace of the calling thread, and hands out what
// it writes. `record_size`: of each record.
[[nodiscard]] Result<void> read_iterator(const LinkPtr& link, std::size_t record_size,
                                         const RecordHandler& handler);

}  // namespace tcptrace::kernel
