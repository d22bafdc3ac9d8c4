// SPDX-License-Identifier: GPL-2.0
#include "stress/load_socket.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/clock.h"
#include "stress/socket_options.h"

namespace tcptrace::stress {
namespace {

using model::Family;
using model::LoadOptions;

[[nodiscard]] bool set_keepalive(int fd, const model::Keepalive& keepalive) {
  return try_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1) &&
         try_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, static_cast<int>(keepalive.idle_s)) &&
         try_option(fd, IPPROTO_TCP, TCP_KEEPINTVL, static_cast<int>(keepalive.interval_s)) &&
         try_option(fd, IPPROTO_TCP, TCP_KEEPCNT, static_cast<int>(keepalive.count));
}

// The last packet of the handshake waits for the first request, which takes its place: one packet
// less, and the server is woken once and not twice.
[[nodiscard]] bool join_handshake_and_request(int fd) {
  return try_option(fd, IPPROTO_TCP, TCP_QUICKACK, 0);
}

[[nodiscard]] bool configure(int fd, const LoadOptions& options) {
  return (options.work == model::LoadWork::kConnect || join_handshake_and_request(fd)) &&
         (!options.nodelay || try_option(fd, IPPROTO_TCP, TCP_NODELAY, 1)) &&
         (!options.keepalive || set_keepalive(fd, *options.keepalive)) &&
         (!options.user_timeout || try_option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT,
                                              static_cast<int>(options.user_timeout->count())));
}

// The port is chosen by connect(): it must be unique with both addresses, not with ours alone.
[[nodiscard]] bool bind_source(int fd, const SocketAddress& source) {
  return try_option(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1) &&
         ::bind(fd, source.get(), source.size) == 0;
}

struct SocketEnd {
  Family family = Family::kIpv4;
  model::Address address;
  std::uint16_t port = 0;
};

SocketEnd end_of(const SocketAddress& address) {
  SocketEnd end;
  end.port = address.port();
  if (address.family() == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(address.storage);
    std::memcpy(end.address.bytes.data(), &v4.sin_addr, sizeof(v4.sin_addr));
    return end;
  }
  const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address.storage);
  if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr)) {
    constexpr std::size_t kMappedPrefix = 12;
    std::copy_n(v6.sin6_addr.s6_addr + kMappedPrefix, 4, end.address.bytes.begin());
    return end;
  }
  end.family = Family::kIpv6;
  std::memcpy(end.address.bytes.data(), &v6.sin6_addr, sizeof(v6.sin6_addr));
  return end;
}

}  // namespace

ConnectStart begin_connect(const LoadPlan& plan, const LoadRoute& route, std::uint64_t turn) {
  ConnectStart start;
  start.fd.reset(::socket(route.peer.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!start.fd.valid() || !configure(start.fd.get(), plan.options) ||
      (!route.sources.empty() &&
       !bind_source(start.fd.get(), route.sources[turn % route.sources.size()]))) {
    start.error = errno;
    return start;
  }
  start.begun = true;
  start.error = ::connect(start.fd.get(), route.peer.get(), route.peer.size) == 0 ? 0 : errno;
  return start;
}

Errno connect_outcome(int fd) {
  // Not a second connect(): of a connect that failed it forgets the local address.
  pollfd socket{.fd = fd, .events = POLLOUT, .revents = 0};
  if (::poll(&socket, 1, 0) != 1) {
    return EINPROGRESS;
  }
  return (socket.revents & (POLLERR | POLLHUP)) != 0 ? pending_error(fd) : 0;
}

model::FailedConnection describe_failed(int fd, const SocketAddress& peer,
                                        const model::LoadFailure& failure) {
  SocketAddress local;
  local.size = sizeof(local.storage);
  const SocketEnd far = end_of(peer);
  SocketEnd near;
  if (fd >= 0 && ::getsockname(fd, local.get(), &local.size) == 0) {
    near = end_of(local);
  }
  return {.boot_time = boot_time(),
          .failure = failure,
          .family = far.family,
          .local = near.address,
          .peer = far.address,
          .local_port = near.port,
          .peer_port = far.port};
}

}  // namespace tcptrace::stress
