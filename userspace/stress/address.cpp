// SPDX-License-Identifier: GPL-2.0
#include "stress/address.h"

#include <arpa/inet.h>
#include <netdb.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <span>

#include <fmt/core.h>

#include "base/text.h"

namespace tcptrace::stress {
namespace {

const sockaddr_in& v4(const SocketAddress& address) {
  return reinterpret_cast<const sockaddr_in&>(address.storage);
}

const sockaddr_in6& v6(const SocketAddress& address) {
  return reinterpret_cast<const sockaddr_in6&>(address.storage);
}

Error no_address(const model::Target& target, int code) {
  const int failure = code == EAI_SYSTEM ? errno : 0;
  Error error{.what = fmt::format("cannot resolve \"{}\": {}", target.host,
                                  failure == 0 ? ::gai_strerror(code) : std::strerror(failure)),
              .errno_code = failure};
  if (code == EAI_NONAME || code == EAI_NODATA || code == EAI_ADDRFAMILY) {
    error.hint = "check the name, and with -4 or -6 that it has such an address";
    error.status = ExitStatus::kUsage;
  } else if (code == EAI_AGAIN) {
    error.hint = "no name server answers: see /etc/resolv.conf";
  }
  return error;
}

int family_number(std::optional<model::Family> family) {
  if (!family) {
    return AF_UNSPEC;
  }
  return *family == model::Family::kIpv4 ? AF_INET : AF_INET6;
}

}  // namespace

bool operator==(const SocketAddress& a, const SocketAddress& b) {
  return a.size == b.size && std::memcmp(&a.storage, &b.storage, a.size) == 0;
}

std::uint16_t SocketAddress::port() const {
  return ntohs(family() == AF_INET6 ? v6(*this).sin6_port : v4(*this).sin_port);
}

bool SocketAddress::is_loopback() const {
  constexpr std::uint8_t kLoopbackNet = 127;
  if (family() == AF_INET) {
    return ntohl(v4(*this).sin_addr.s_addr) >> 24 == kLoopbackNet;
  }
  const in6_addr& address = v6(*this).sin6_addr;
  return IN6_IS_ADDR_LOOPBACK(&address) ||
         (IN6_IS_ADDR_V4MAPPED(&address) && address.s6_addr[12] == kLoopbackNet);
}

Result<std::vector<SocketAddress>> resolve(const model::Target& target,
                                           std::optional<model::Family> family) {
  addrinfo wanted{};
  wanted.ai_family = family_number(family);
  wanted.ai_socktype = SOCK_STREAM;
  wanted.ai_flags = AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const std::string port = std::to_string(target.port);
  if (const int code = ::getaddrinfo(target.host.c_str(), port.c_str(), &wanted, &found);
      code != 0) {
    return std::unexpected(no_address(target, code));
  }
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> list(found, ::freeaddrinfo);
  std::vector<SocketAddress> addresses;
  for (const addrinfo* one = list.get(); one != nullptr; one = one->ai_next) {
    SocketAddress address;
    std::memcpy(&address.storage, one->ai_addr, one->ai_addrlen);
    address.size = one->ai_addrlen;
    // /etc/hosts may have a name twice, and ::1 of an IPv4 localhost is 127.0.0.1 once more.
    if (std::ranges::find(addresses, address) == addresses.end()) {
      addresses.push_back(address);
    }
  }
  return addresses;
}

std::string host_text(const SocketAddress& address) {
  std::string text;
  if (address.family() == AF_INET6) {
    append_address(text, std::span<const std::uint8_t, 16>(v6(address).sin6_addr.s6_addr));
  } else {
    std::array<std::uint8_t, 4> bytes{};
    std::memcpy(bytes.data(), &v4(address).sin_addr, bytes.size());
    append_address(text, std::span<const std::uint8_t, 4>(bytes));
  }
  return text;
}

std::string to_text(const SocketAddress& address) {
  return host_and_port(host_text(address), address.port());
}

}  // namespace tcptrace::stress
