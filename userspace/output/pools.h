// SPDX-License-Identifier: GPL-2.0
// What `tcptrace pools` prints.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "model/pool.h"
#include "output/context.h"

namespace tcptrace::output {

// A table, a line each, and below each what is wrong with it. `netns_name` names a network
// namespace, for the column that appears where there are several. Verbose: the idle times and the
// ends of each pool too.
[[nodiscard]] std::string pools_text(const model::PoolReport& report, bool header,
                                     const std::function<std::string(std::uint32_t)>& netns_name,
                                     const Context& context);

// A line for people about the whole run, without its end.
[[nodiscard]] std::string pools_summary_text(const model::PoolReport& report);

// Lines of type `pool`, and a last one of type `pools_summary`.
[[nodiscard]] std::string pools_json(const model::PoolReport& report, const Context& context);

}  // namespace tcptrace::output
