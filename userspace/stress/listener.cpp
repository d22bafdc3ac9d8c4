// SPDX-License-Identifier: GPL-2.0
#include "stress/listener.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include <fmt/core.h>

#include "stress/socket_options.h"

namespace tcptrace::stress {
namespace {

Result<void> set(int fd, int level, int name, int value, const char* what) {
  if (!try_option(fd, level, name, value)) {
    return std::unexpected(system_error(what, errno));
  }
  return {};
}

Result<std::vector<SocketAddress>> wanted_addresses(const model::ServeConfig& config) {
  if (!config.host.empty()) {
    return resolve({.host = config.host, .port = config.port});
  }
  // A kernel without IPv6 has no such sockets.
  const UniqueFd probe(::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
  return resolve({.host = probe.valid() ? "::" : "0.0.0.0", .port = config.port});
}

void set_port(SocketAddress& address, std::uint16_t port) {
  // sin_port and sin6_port lie at the same place.
  reinterpret_cast<sockaddr_in*>(address.get())->sin_port = htons(port);
}

Error bind_error(const SocketAddress& address, int code) {
  Error error = system_error(fmt::format("cannot listen on {}", to_text(address)), code);
  if (code == EADDRINUSE) {
    error.hint = "another server has that port: end it, or give another (0: any)";
  } else if (code == EADDRNOTAVAIL) {
    error.hint = "this host does not have that address";
    error.status = ExitStatus::kUsage;
  } else if (code == EACCES) {
    error.hint = "ports below net.ipv4.ip_unprivileged_port_start need CAP_NET_BIND_SERVICE";
    error.status = ExitStatus::kUnsupported;
  }
  return error;
}

Result<void> prepare(int fd, const model::ServeConfig& config, const SocketAddress& address) {
  Result<void> done = set(fd, SOL_SOCKET, SO_REUSEADDR, 1, "SO_REUSEADDR");
  if (done && address.family() == AF_INET6) {
    done = set(fd, IPPROTO_IPV6, IPV6_V6ONLY, config.host.empty() ? 0 : 1, "IPV6_V6ONLY");
  }
  if (done) {
    done = set(fd, IPPROTO_TCP, TCP_NODELAY, 1, "TCP_NODELAY");
  }
  if (done && config.linger0 && !abort_on_close(fd)) {
    done = std::unexpected(system_error("SO_LINGER", errno));
  }
  return done;
}

// A free port becomes known to `address`.
Result<UniqueFd> listen_on(const model::ServeConfig& config, SocketAddress& address, bool shared) {
  UniqueFd fd(::socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.valid()) {
    return std::unexpected(system_error("cannot make a socket", errno));
  }
  Result<void> prepared = prepare(fd.get(), config, address);
  if (prepared && shared) {
    prepared = set(fd.get(), SOL_SOCKET, SO_REUSEPORT, 1, "SO_REUSEPORT");
  }
  if (!prepared) {
    return std::unexpected(prepared.error());
  }
  if (::bind(fd.get(), address.get(), address.size) != 0 ||
      ::listen(fd.get(), config.backlog) != 0) {
    return std::unexpected(bind_error(address, errno));
  }
  socklen_t size = sizeof(address.storage);
  if (::getsockname(fd.get(), address.get(), &size) != 0) {
    return std::unexpected(system_error("getsockname", errno));
  }
  return fd;
}

model::ListenAddress describe(const SocketAddress& address, bool dual_stack) {
  return {.address = host_text(address),
          .port = address.port(),
          .dual_stack = dual_stack && address.family() == AF_INET6};
}

}  // namespace

Result<Listeners> open_listeners(const model::ServeConfig& config) {
  auto addresses = wanted_addresses(config);
  if (!addresses) {
    return std::unexpected(addresses.error());
  }
  Listeners made;
  made.threads.resize(config.threads);
  const bool shared = config.threads > 1;
  std::uint16_t port = config.port;
  for (SocketAddress& address : *addresses) {
    set_port(address, port);
    if (shared) {
      // With SO_REUSEPORT the port of another such server would be no error: this one tells.
      if (auto alone = listen_on(config, address, false); !alone) {
        return std::unexpected(alone.error());
      }
    }
    for (std::vector<UniqueFd>& own : made.threads) {
      auto fd = listen_on(config, address, shared);
      if (!fd) {
        return std::unexpected(fd.error());
      }
      own.push_back(std::move(*fd));
    }
    port = address.port();
    made.addresses.push_back(describe(address, config.host.empty()));
  }
  return made;
}

}  // namespace tcptrace::stress
