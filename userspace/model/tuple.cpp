// SPDX-License-Identifier: GPL-2.0
#include "model/tuple.h"

#include <span>

#include "base/text.h"

namespace tcptrace::model {

std::string endpoint_text(Family family, const Address& address, std::uint16_t port) {
  char host[kAddressTextSize];
  const std::span bytes(address.bytes);
  const char* const end =
      family == Family::kIpv4 ? write_address(host, bytes.first<4>()) : write_address(host, bytes);
  return host_and_port({host, end}, port);
}

}  // namespace tcptrace::model
