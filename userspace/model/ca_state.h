// SPDX-License-Identifier: GPL-2.0
// The states of the kernel's congestion control (enum tcp_ca_state), by their numbers.
#pragma once

#include <cstdint>
#include <string_view>

namespace tcptrace::model {

// "open", "disorder", "cwr", "recovery", "loss"; empty out of range.
[[nodiscard]] std::string_view ca_state_name(std::uint8_t ca_state);

}  // namespace tcptrace::model
