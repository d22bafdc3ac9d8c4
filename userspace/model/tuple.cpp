// SPDX-License-Identifier: GPL-2.0
#include "model/tuple.h"

#include <span>

#include "base/text.h"

namespace tcptrace::model {

std::string address_text(Family family, const Address& address) {
  char text[kAddressTextSize];
  const std::span bytes(address.bytes);
  return {text, family == Family::kIpv4 ? write_address(text, bytes.first<4>())
                                        : write_address(text, bytes)};
}

std::string endpoint_text(Family family, const Address& address, std::uint16_t port) {
  return host_and_port(address_text(family, address), port);
}

}  // namespace tcptrace::model
