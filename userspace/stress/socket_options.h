// SPDX-License-Identifier: GPL-2.0
// What clients, servers and scenarios ask of a socket alike. What a failure means, each of them
// decides.
#pragma once

#include <netinet/tcp.h>

#include <optional>

namespace tcptrace::stress {

// close() will send a RST: SO_LINGER, 0 s. False: it will not, see errno.
bool abort_on_close(int fd);

// False: see errno.
bool try_option(int fd, int level, int name, int value);

// Empty: see errno.
[[nodiscard]] std::optional<tcp_info> read_tcp_info(int fd);

// SO_ERROR, which reading it clears, or why it cannot be read; 0: none.
[[nodiscard]] int pending_error(int fd);

}  // namespace tcptrace::stress
