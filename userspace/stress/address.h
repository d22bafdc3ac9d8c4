// SPDX-License-Identifier: GPL-2.0
// Socket addresses, and the names that stand for them.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/target.h"
#include "model/tuple.h"

namespace tcptrace::stress {

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;

  [[nodiscard]] const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
  [[nodiscard]] sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
  [[nodiscard]] int family() const { return storage.ss_family; }
  [[nodiscard]] std::uint16_t port() const;
  // 127.0.0.0/8, ::1 and the mapped form of the former.
  [[nodiscard]] bool is_loopback() const;
};

[[nodiscard]] bool operator==(const SocketAddress& a, const SocketAddress& b);

// All addresses of the target, each once, of the family (none: both) and in the order of RFC 6724,
// as getaddrinfo() has it; at least one. Fails with ExitStatus::kUsage for a name that nobody
// knows.
[[nodiscard]] Result<std::vector<SocketAddress>> resolve(
    const model::Target& target, std::optional<model::Family> family = std::nullopt);

// "192.0.2.1", "2001:db8::1".
[[nodiscard]] std::string host_text(const SocketAddress& address);
// "192.0.2.1:80", "[2001:db8::1]:80".
[[nodiscard]] std::string to_text(const SocketAddress& address);

}  // namespace tcptrace::stress
