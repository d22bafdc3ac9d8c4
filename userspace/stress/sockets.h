// SPDX-License-Identifier: GPL-2.0
// TCP sockets as scenarios need them. What fails unexpectedly throws: the scenario did not happen.
#pragma once

#include <sys/socket.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/unique_fd.h"
#include "stress/netns.h"
#include "stress/wait.h"

namespace tcptrace::stress {

struct Endpoint {
  std::string address;  // "10.77.0.1", "fd77::1", "::ffff:10.77.0.1"
  std::uint16_t port = 0;
};

[[nodiscard]] UniqueFd tcp_socket(const Endpoint& near_or_far);  // of that address's family
[[nodiscard]] UniqueFd listen_at(const Netns& netns, const Endpoint& at, int backlog = 8);
[[nodiscard]] UniqueFd connect_from(const Netns& netns, const Endpoint& to);
// Segments to and from that address carry a signature with this key (TCP-MD5, RFC 2385).
void sign_with(int fd, const Endpoint& peer, std::string_view key);
// Starts to connect and does not wait; the socket is non-blocking.
[[nodiscard]] UniqueFd start_connect(const Netns& netns, const Endpoint& to);
// connect() until it succeeds or fails: its errno, 0 for success.
[[nodiscard]] int connect_error(const Netns& netns, const Endpoint& to);
[[nodiscard]] int connect_error(int fd, const Endpoint& to);
// Until one is in the accept queue: it is there an ACK later than connect() returns.
void await_connection(int listener);
[[nodiscard]] UniqueFd accept_from(int listener);

void bind_to(int fd, const Endpoint& at);
void connect_to(int fd, const Endpoint& to);
void send_text(int fd, std::string_view text);
void send_bytes(int fd, std::size_t size);
void receive_bytes(int fd, std::size_t size);  // blocks until all have come
[[nodiscard]] int send_error(int fd);          // errno of sending one byte; 0 for success
void set_option(int fd, int level, int name, int value);
void reset_on_close(int fd);  // SO_LINGER, 0 s
// Closes `end` with a reset, and returns once `peer` has received it: a peer that is closed before
// sends a FIN, and another reset answers that.
void abort_connection(UniqueFd& end, int peer);
void set_blocking(int fd, bool blocking);
void disconnect(int fd);  // connect(AF_UNSPEC)

[[nodiscard]] int so_error(int fd);
[[nodiscard]] int tcp_state(int fd);  // TCP_ESTABLISHED …
void await_state(int fd, int state, std::chrono::milliseconds timeout = 5s);
// Until the IPv4 socket with this local port, closed by its process, is in FIN_WAIT2: a
// mini-socket, unless the FIN timeout is above a minute. The peer's acknowledgement may be a
// delayed one.
void await_fin_wait2(const Netns& netns, std::uint16_t port);
void await_unread(int fd, std::size_t bytes);
void await_acknowledged(int fd);  // until the peer has acknowledged all that was sent
[[nodiscard]] std::uint16_t local_port(int fd);
[[nodiscard]] std::uint64_t cookie(int fd);

struct Sequence {
  std::uint32_t send = 0;     // next to be sent
  std::uint32_t receive = 0;  // next expected
};
[[nodiscard]] Sequence sequence(int fd);  // through TCP_REPAIR

}  // namespace tcptrace::stress
