// SPDX-License-Identifier: GPL-2.0
// Where to connect to, as it was typed.
#pragma once

#include <cstdint>
#include <string>

namespace tcptrace::model {

struct Target {
  std::string host;  // a name or an address, IPv6 without its brackets
  std::uint16_t port = 0;

  bool operator==(const Target&) const = default;
};

}  // namespace tcptrace::model
