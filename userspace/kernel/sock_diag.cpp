// SPDX-License-Identifier: GPL-2.0
#include "kernel/sock_diag.h"

#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

#include "base/clock.h"
#include "base/unique_fd.h"
#include "kernel/sock_diag_info.h"

namespace tcptrace::kernel {
namespace {

using model::Socket;
using model::TcpState;
using std::chrono::nanoseconds;

using Bytes = std::span<const std::byte>;

constexpr std::size_t align4(std::size_t size) { return (size + 3) & ~std::size_t{3}; }

// Netlink aligns to 4 bytes, its structures to up to 8.
template <typename T>
T copy_of(Bytes bytes) {
  T value{};
  std::memcpy(&value, bytes.data(), std::min(sizeof(T), bytes.size()));
  return value;
}

// Cuts the first `size` bytes off, and what follows them up to the next multiple of 4.
Bytes take(Bytes& bytes, std::size_t size) {
  const Bytes taken = bytes.first(size);
  bytes = bytes.subspan(std::min(align4(size), bytes.size()));
  return taken;
}

bool is_mapped(const __be32 (&address)[4]) {
  return address[0] == 0 && address[1] == 0 && address[2] == htonl(0xffff);
}

bool is_any(const __be32 (&address)[4]) {
  return address[0] == 0 && address[1] == 0 && address[2] == 0 && address[3] == 0;
}

model::Address address_of(const __be32 (&words)[4], model::Family family, bool mapped) {
  model::Address address;
  if (family == model::Family::kIpv6) {
    std::memcpy(address.bytes.data(), &words[0], sizeof(words));
  } else {
    std::memcpy(address.bytes.data(), &words[mapped ? 3 : 0], sizeof(words[0]));
  }
  return address;
}

// As tuple_unmap() in bpf/lib/tuple.bpf.h: a socket not yet bound has :: as its own address.
void set_addresses(model::Connection& connection, const inet_diag_msg& message) {
  const inet_diag_sockid& id = message.id;
  connection.v4_mapped = message.idiag_family == AF_INET6 && is_mapped(id.idiag_dst) &&
                         (is_mapped(id.idiag_src) || is_any(id.idiag_src));
  const bool ipv4 = message.idiag_family == AF_INET || connection.v4_mapped;
  connection.family = ipv4 ? model::Family::kIpv4 : model::Family::kIpv6;
  connection.local = address_of(id.idiag_src, connection.family, connection.v4_mapped);
  connection.peer = address_of(id.idiag_dst, connection.family, connection.v4_mapped);
  connection.local_port = ntohs(id.idiag_sport);
  connection.peer_port = ntohs(id.idiag_dport);
}

model::Role role_of(TcpState state, bool request) {
  if (request) {
    return model::Role::kServer;
  }
  switch (state) {
    case TcpState::kListen:
      return model::Role::kListener;
    case TcpState::kSynSent:
      return model::Role::kClient;
    default:
      return model::Role::kUnknown;
  }
}

bool set_socket(Socket& socket, const inet_diag_msg& message) {
  if ((message.idiag_family != AF_INET && message.idiag_family != AF_INET6) ||
      message.idiag_state > static_cast<std::uint8_t>(TcpState::kNewSynRecv) ||
      message.idiag_timer > static_cast<std::uint8_t>(model::SocketTimer::kProbe)) {
    return false;
  }
  model::Connection& connection = socket.connection;
  set_addresses(connection, message);
  connection.cookie =
      message.id.idiag_cookie[0] | static_cast<std::uint64_t>(message.id.idiag_cookie[1]) << 32U;
  connection.state = static_cast<TcpState>(message.idiag_state);
  socket.source = model::SocketSource::kNetlink;
  socket.timer = static_cast<model::SocketTimer>(message.idiag_timer);
  socket.timer_retries = message.idiag_retrans;
  socket.timer_ms = socket.timer == model::SocketTimer::kNone ? 0 : message.idiag_expires;
  socket.inode = message.idiag_inode;
  return true;
}

bool parse_socket(Bytes payload, Socket& socket) {
  if (payload.size() < sizeof(inet_diag_msg)) {
    return false;
  }
  const auto message = copy_of<inet_diag_msg>(take(payload, sizeof(inet_diag_msg)));
  if (!set_socket(socket, message)) {
    return false;
  }
  std::uint8_t shutdown = 0;
  while (payload.size() >= sizeof(rtattr)) {
    const auto header = copy_of<rtattr>(payload);
    if (header.rta_len < sizeof(rtattr) || header.rta_len > payload.size()) {
      return false;
    }
    const Bytes value = take(payload, header.rta_len).subspan(sizeof(rtattr));
    if (header.rta_type == INET_DIAG_INFO) {
      socket.receive_window_known = set_tcp_info(socket.info.emplace(), value);
    } else if (header.rta_type == INET_DIAG_SHUTDOWN && !value.empty()) {
      shutdown = static_cast<std::uint8_t>(value.front());
    }
  }
  const TcpState state = socket.connection.state;
  socket.connection.role = role_of(state, state == TcpState::kSynRecv && !socket.info);
  if (state == TcpState::kListen && !socket.info) {
    socket.info.emplace();
  }
  if (socket.info) {
    socket.uid = message.idiag_uid;
    socket.info->shutdown = shutdown;
    set_queues(*socket.info, state, message.idiag_rqueue, message.idiag_wqueue);
  }
  return true;
}

// The older form of the request: only that means all families, with one walk through the kernel's
// table instead of two (inet_diag_dump_compat() in net/ipv4/inet_diag.c).
struct Request {
  nlmsghdr header;
  inet_diag_req body;
};

Error request_error(int code) {
  Error error = system_error("cannot ask sock_diag for TCP sockets", code);
  if (code == ENOENT || code == EPROTONOSUPPORT) {
    error.hint = "the kernel needs the modules inet_diag and tcp_diag";
    error.status = ExitStatus::kUnsupported;
  }
  return error;
}

Result<void> send_request(int fd, std::uint32_t sequence, std::uint32_t states, DiagInfo info) {
  Request request{};
  request.header.nlmsg_len = sizeof(request);
  request.header.nlmsg_type = TCPDIAG_GETSOCK;
  request.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
  request.header.nlmsg_seq = sequence;
  request.body.idiag_ext = info == DiagInfo::kTcpInfo ? 1U << (INET_DIAG_INFO - 1) : 0;
  request.body.idiag_states = states;
  sockaddr_nl kernel{};
  kernel.nl_family = AF_NETLINK;
  if (::sendto(fd, &request, sizeof(request), 0, reinterpret_cast<const sockaddr*>(&kernel),
               sizeof(kernel)) < 0) {
    return std::unexpected(request_error(errno));
  }
  return {};
}

// A datagram from the kernel into `buffer`; what is longer says so and is an error.
Result<Bytes> receive(int fd, std::span<std::byte> buffer) {
  for (;;) {
    sockaddr_nl from{};
    socklen_t from_size = sizeof(from);
    const ssize_t size = ::recvfrom(fd, buffer.data(), buffer.size(), MSG_TRUNC,
                                    reinterpret_cast<sockaddr*>(&from), &from_size);
    if (size < 0 && errno == EINTR) {
      continue;
    }
    if (size < 0) {
      return std::unexpected(system_error("cannot read sock_diag's answer", errno));
    }
    if (static_cast<std::size_t>(size) > buffer.size()) {
      return std::unexpected(Error{.what = "sock_diag's answer is longer than any should be"});
    }
    // Others can send to a netlink socket too.
    if (from.nl_pid == 0) {
      return Bytes(buffer.first(static_cast<std::size_t>(size)));
    }
  }
}

}  // namespace

DiagResult parse_sock_diag(Bytes datagram, std::uint32_t sequence, std::uint32_t netns,
                           nanoseconds now, const SocketHandler& handler) {
  DiagResult result;
  while (datagram.size() >= sizeof(nlmsghdr)) {
    const auto header = copy_of<nlmsghdr>(datagram);
    if (header.nlmsg_len < sizeof(nlmsghdr) || header.nlmsg_len > datagram.size()) {
      break;
    }
    const Bytes payload = take(datagram, header.nlmsg_len).subspan(sizeof(nlmsghdr));
    if (header.nlmsg_seq != sequence) {
      continue;
    }
    result.interrupted |= (header.nlmsg_flags & NLM_F_DUMP_INTR) != 0;
    if (header.nlmsg_type == NLMSG_DONE || header.nlmsg_type == NLMSG_ERROR) {
      // Both carry a negative errno or 0.
      const int code = payload.size() >= sizeof(int) ? copy_of<int>(payload) : -EBADMSG;
      result.done = true;
      result.error = code < 0 ? -code : 0;
      return result;
    }
    Socket socket;
    socket.boot_time = now;
    socket.connection.netns = netns;
    if (header.nlmsg_type == TCPDIAG_GETSOCK && parse_socket(payload, socket)) {
      handler(socket);
    } else {
      ++result.malformed;
    }
  }
  result.malformed += datagram.empty() ? 0 : 1;
  return result;
}

Result<void> ask_sock_diag(std::uint32_t states, DiagInfo info, const DatagramHandler& handler) {
  const UniqueFd fd(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG));
  if (!fd.valid()) {
    return std::unexpected(request_error(errno));
  }
  // The kernel fills at most 32 KiB (netlink_recvmsg() in net/netlink/af_netlink.c).
  std::vector<std::byte> buffer(std::size_t{128} << 10U);
  if (auto sent = send_request(fd.get(), kDiagSequence, states, info); !sent) {
    return sent;
  }
  for (bool done = false; !done;) {
    const auto datagram = receive(fd.get(), buffer);
    if (!datagram) {
      return std::unexpected(datagram.error());
    }
    done = handler(*datagram);
  }
  return {};
}

Result<DiagCounts> read_sock_diag(std::uint32_t netns, std::uint32_t states,
                                  const SocketHandler& handler, DiagInfo info) {
  DiagCounts counts;
  int error = 0;
  auto asked = ask_sock_diag(states, info, [&](Bytes datagram) {
    const DiagResult part = parse_sock_diag(datagram, kDiagSequence, netns, boot_time(), handler);
    error = part.error;
    counts.malformed += part.malformed;
    counts.interrupted |= part.interrupted;
    return part.done;
  });
  if (asked && error != 0) {
    asked = std::unexpected(request_error(error));
  }
  return asked ? Result<DiagCounts>(counts) : std::unexpected(asked.error());
}

}  // namespace tcptrace::kernel
