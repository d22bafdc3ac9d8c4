// SPDX-License-Identifier: GPL-2.0
#include "stress/sockets.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/ioctl.h>

#include <cstring>
#include <fstream>
#include <sstream>
#include <system_error>
#include <thread>
#include <vector>

#include "stress/address.h"
#include "stress/socket_options.h"

namespace tcptrace::stress {
namespace {

int checked(int result, const char* what) {
  if (result < 0) {
    throw std::system_error(errno, std::generic_category(), what);
  }
  return result;
}

SocketAddress address_of(const Endpoint& at) {
  SocketAddress result;
  if (at.address.find(':') == std::string::npos) {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(at.port);
    checked(::inet_pton(AF_INET, at.address.c_str(), &v4.sin_addr) - 1, "inet_pton");
    std::memcpy(&result.storage, &v4, sizeof(v4));
    result.size = sizeof(v4);
  } else {
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(at.port);
    checked(::inet_pton(AF_INET6, at.address.c_str(), &v6.sin6_addr) - 1, "inet_pton");
    std::memcpy(&result.storage, &v6, sizeof(v6));
    result.size = sizeof(v6);
  }
  return result;
}

int option(int fd, int level, int name) {
  int value = 0;
  socklen_t size = sizeof(value);
  checked(::getsockopt(fd, level, name, &value, &size), "getsockopt");
  return value;
}

// Lines of /proc/net/tcp: "0: 0100007F:4E20 0100007F:D2F0 05 …", number, local, peer, state.
bool proc_net_tcp_has(std::uint16_t port, std::string_view wanted_state) {
  std::ifstream table("/proc/thread-self/net/tcp");
  std::string line;
  std::getline(table, line);
  while (std::getline(table, line)) {
    std::istringstream fields(line);
    std::string number;
    std::string local;
    std::string peer;
    std::string state;
    fields >> number >> local >> peer >> state;
    if (state == wanted_state &&
        std::stoul(local.substr(local.find(':') + 1), nullptr, 16) == port) {
      return true;
    }
  }
  return false;
}

std::uint32_t queue_sequence(int fd, int queue) {
  set_option(fd, IPPROTO_TCP, TCP_REPAIR_QUEUE, queue);
  return static_cast<std::uint32_t>(option(fd, IPPROTO_TCP, TCP_QUEUE_SEQ));
}

}  // namespace

UniqueFd tcp_socket(const Endpoint& near_or_far) {
  return UniqueFd(
      checked(::socket(address_of(near_or_far).family(), SOCK_STREAM | SOCK_CLOEXEC, 0), "socket"));
}

void bind_to(int fd, const Endpoint& at) {
  set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1);
  const SocketAddress address = address_of(at);
  checked(::bind(fd, address.get(), address.size), "bind");
}

void connect_to(int fd, const Endpoint& to) {
  const SocketAddress address = address_of(to);
  checked(::connect(fd, address.get(), address.size), "connect");
}

UniqueFd listen_at(const Netns& netns, const Endpoint& at, int backlog) {
  const InNetns inside(netns);
  UniqueFd listener = tcp_socket(at);
  bind_to(listener.get(), at);
  checked(::listen(listener.get(), backlog), "listen");
  return listener;
}

UniqueFd connect_from(const Netns& netns, const Endpoint& to) {
  const InNetns inside(netns);
  UniqueFd client = tcp_socket(to);
  connect_to(client.get(), to);
  return client;
}

UniqueFd start_connect(const Netns& netns, const Endpoint& to) {
  const InNetns inside(netns);
  UniqueFd client = tcp_socket(to);
  set_blocking(client.get(), false);
  const SocketAddress address = address_of(to);
  if (::connect(client.get(), address.get(), address.size) != 0 && errno != EINPROGRESS) {
    throw std::system_error(errno, std::generic_category(), "connect");
  }
  return client;
}

int connect_error(const Netns& netns, const Endpoint& to) {
  const InNetns inside(netns);
  return connect_error(tcp_socket(to).get(), to);
}

int connect_error(int fd, const Endpoint& to) {
  const SocketAddress address = address_of(to);
  return ::connect(fd, address.get(), address.size) == 0 ? 0 : errno;
}

void sign_with(int fd, const Endpoint& peer, std::string_view key) {
  tcp_md5sig signature{};
  signature.tcpm_addr = address_of(peer).storage;
  require(key.size() <= sizeof(signature.tcpm_key), "the key is too long");
  key.copy(reinterpret_cast<char*>(signature.tcpm_key), key.size());
  signature.tcpm_keylen = static_cast<std::uint16_t>(key.size());
  const bool signs = ::setsockopt(fd, IPPROTO_TCP, TCP_MD5SIG, &signature, sizeof(signature)) == 0;
  require(signs || errno != ENOPROTOOPT, "this kernel has no TCP-MD5");
  checked(signs ? 0 : -1, "TCP_MD5SIG");
}

void await_connection(int listener) {
  pollfd ready{.fd = listener, .events = POLLIN, .revents = 0};
  require(::poll(&ready, 1, static_cast<int>(scaled(10s).count())) == 1, "nothing to accept");
}

UniqueFd accept_from(int listener) {
  await_connection(listener);
  return UniqueFd(checked(::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC), "accept4"));
}

void send_text(int fd, std::string_view text) {
  const auto sent = ::send(fd, text.data(), text.size(), MSG_NOSIGNAL);
  checked(static_cast<int>(sent), "send");
  require(static_cast<std::size_t>(sent) == text.size(), "short send");
}

void send_bytes(int fd, std::size_t size) { send_text(fd, std::string(size, 'x')); }

void receive_bytes(int fd, std::size_t size) {
  std::vector<char> buffer(size);
  const auto received = ::recv(fd, buffer.data(), size, MSG_WAITALL);
  checked(static_cast<int>(received), "recv");
  require(static_cast<std::size_t>(received) == size, "connection ended early");
}

int send_error(int fd) { return ::send(fd, "x", 1, MSG_NOSIGNAL) == 1 ? 0 : errno; }

void set_option(int fd, int level, int name, int value) {
  checked(try_option(fd, level, name, value) ? 0 : -1, "setsockopt");
}

void reset_on_close(int fd) { checked(abort_on_close(fd) ? 0 : -1, "SO_LINGER"); }

void abort_connection(UniqueFd& end, int peer) {
  reset_on_close(end.get());
  end.reset();
  await_state(peer, TCP_CLOSE);
}

void set_blocking(int fd, bool blocking) {
  const int flags = checked(::fcntl(fd, F_GETFL), "F_GETFL");
  checked(::fcntl(fd, F_SETFL, blocking ? flags & ~O_NONBLOCK : flags | O_NONBLOCK), "F_SETFL");
}

void disconnect(int fd) {
  sockaddr nowhere{};
  nowhere.sa_family = AF_UNSPEC;
  checked(::connect(fd, &nowhere, sizeof(nowhere)), "connect(AF_UNSPEC)");
}

int so_error(int fd) { return option(fd, SOL_SOCKET, SO_ERROR); }

int tcp_state(int fd) {
  const auto info = read_tcp_info(fd);
  checked(info ? 0 : -1, "TCP_INFO");
  return info->tcpi_state;
}

void await_state(int fd, int state, std::chrono::milliseconds timeout) {
  require(wait_until([&] { return tcp_state(fd) == state; }, timeout),
          "the socket never reached the state");
}

void await_fin_wait2(const Netns& netns, std::uint16_t port) {
  const InNetns inside(netns);
  require(wait_until([port] { return proc_net_tcp_has(port, "05"); }),
          "the socket never reached FIN_WAIT2");
  // tcp_time_wait() shows the mini-socket before it closes the socket: what comes in between finds
  // a connection that nobody knows to have ended.
  std::this_thread::sleep_for(20ms);
}

void await_unread(int fd, std::size_t bytes) {
  const bool arrived = wait_until([&] {
    int queued = 0;
    checked(::ioctl(fd, SIOCINQ, &queued), "SIOCINQ");
    return static_cast<std::size_t>(queued) >= bytes;
  });
  require(arrived, "the data never arrived");
}

void await_acknowledged(int fd) {
  const bool acknowledged = wait_until([&] {
    int unacked = 0;
    checked(::ioctl(fd, SIOCOUTQ, &unacked), "SIOCOUTQ");
    return unacked == 0;
  });
  require(acknowledged, "the data was never acknowledged");
}

std::uint16_t local_port(int fd) {
  SocketAddress local;
  local.size = sizeof(local.storage);
  checked(::getsockname(fd, local.get(), &local.size), "getsockname");
  return local.port();
}

std::uint64_t cookie(int fd) {
  std::uint64_t value = 0;
  socklen_t size = sizeof(value);
  checked(::getsockopt(fd, SOL_SOCKET, SO_COOKIE, &value, &size), "SO_COOKIE");
  return value;
}

Sequence sequence(int fd) {
  set_option(fd, IPPROTO_TCP, TCP_REPAIR, TCP_REPAIR_ON);
  Sequence result;
  result.receive = queue_sequence(fd, TCP_RECV_QUEUE);
  result.send = queue_sequence(fd, TCP_SEND_QUEUE);
  // Without a window probe: nothing shows on the wire.
  set_option(fd, IPPROTO_TCP, TCP_REPAIR, TCP_REPAIR_OFF_NO_WP);
  return result;
}

}  // namespace tcptrace::stress
