// SPDX-License-Identifier: GPL-2.0
// The kernel's struct tcp_info as the model's. Private to kernel/.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "model/event.h"

namespace tcptrace::kernel {

// Fills what `wire` reaches; what it does not reach, and what netlink never tells, is as if unset.
// Returns whether it reaches to the receive window.
[[nodiscard]] bool set_tcp_info(model::TcpInfo& info, std::span<const std::byte> wire);

// What struct inet_diag_msg calls rqueue and wqueue.
void set_queues(model::TcpInfo& info, model::TcpState state, std::uint32_t receive,
                std::uint32_t send);

}  // namespace tcptrace::kernel
