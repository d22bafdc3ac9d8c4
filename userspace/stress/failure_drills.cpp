// SPDX-License-Identifier: GPL-2.0
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>
#include <string>
#include <string_view>
#include <thread>

#include "stress/command.h"
#include "stress/nft.h"
#include "stress/scenarios.h"

namespace tcptrace::stress {
namespace {

using model::Cause;
using model::EventKind;

// A connect that nobody answers is given up after 3 s.
struct OneSynRetry {
  explicit OneSynRetry(const Netns& netns)
      : retries(netns, "tcp_syn_retries", "1"), backoff(netns, "tcp_syn_linear_timeouts", "0") {}
  Sysctl retries;
  Sysctl backoff;
};

void connect_timeout(const Stage& stage) {
  const OneSynRetry retry(stage.lab.client);
  const Nft drop(stage.lab.server, "input", to_port(stage.port));
  require(connect_error(stage.lab.client, {kServerV4, stage.port}) == ETIMEDOUT, "not a timeout");
}

// Each end has a key for the other, but not the same.
void authentication_mismatch(const Stage& stage) {
  const OneSynRetry retry(stage.lab.client);
  const UniqueFd listener = stage.lab.listen(stage.port);
  sign_with(listener.get(), {kClientV4, 0}, "the server's");
  const Endpoint server{kServerV4, stage.port};
  const InNetns inside(stage.lab.client);
  const UniqueFd client = tcp_socket(server);
  sign_with(client.get(), server, "the client's");
  require(connect_error(client.get(), server) == ETIMEDOUT, "not a timeout");
}

void connect_abandoned(const Stage& stage) {
  const Nft drop(stage.lab.server, "input", to_port(stage.port));
  const UniqueFd client = start_connect(stage.lab.client, {kServerV4, stage.port});
  await_state(client.get(), TCP_SYN_SENT);
}

void rejected_with_icmp(const Stage& stage, std::string_view rejection, int expected) {
  const Nft reject(stage.lab.server, "input", to_port(stage.port, rejection));
  require(connect_error(stage.lab.client, {kServerV4, stage.port}) == expected,
          "the ICMP error has not come");
}

void firewall_reject_icmp(const Stage& stage) {
  rejected_with_icmp(stage, "reject with icmpx type port-unreachable", ECONNREFUSED);
}

void unreachable_host(const Stage& stage) {
  rejected_with_icmp(stage, "reject with icmp type host-unreachable", EHOSTUNREACH);
}

// Nobody has the address: the neighbour cannot be resolved.
void unreachable_neighbour(const Stage& stage) {
  require(connect_error(stage.lab.client, {"10.77.0.99", stage.port}) == EHOSTUNREACH,
          "somebody has the address");
}

void no_route(const Stage& stage) {
  require(connect_error(stage.lab.client, {"192.0.2.9", stage.port}) == ENETUNREACH,
          "there is a route");
}

void die_unacknowledged(const Stage& stage, int user_timeout_ms) {
  const Sysctl retries(stage.lab.client, "tcp_retries2", "3");
  const Pair pair = stage.lab.pair(stage.port);
  if (user_timeout_ms != 0) {
    set_option(pair.client.get(), IPPROTO_TCP, TCP_USER_TIMEOUT, user_timeout_ms);
  }
  const Nft drop(stage.lab.server, "input", to_port(stage.port));
  send_bytes(pair.client.get(), 10);
  await_state(pair.client.get(), TCP_CLOSE, 20s);
  reset_on_close(pair.server.get());
}

void retransmission_timeout(const Stage& stage) { die_unacknowledged(stage, 0); }

void user_timeout(const Stage& stage) { die_unacknowledged(stage, 1000); }

// As a router says it while the connection is open: the errno is that of the ICMP error.
void unreachable_established(const Stage& stage) {
  const Sysctl retries(stage.lab.client, "tcp_retries2", "3");
  const Pair pair = stage.lab.pair(stage.port);
  const Nft reject(stage.lab.server, "input",
                   to_port(stage.port, "reject with icmp type host-unreachable"));
  send_bytes(pair.client.get(), 10);
  await_state(pair.client.get(), TCP_CLOSE, 20s);
  reset_on_close(pair.server.get());
}

void fill(int fd) {
  set_blocking(fd, false);
  const std::string block(4096, 'x');
  while (::send(fd, block.data(), block.size(), MSG_NOSIGNAL) > 0) {
  }
}

void zero_window_timeout(const Stage& stage) {
  const Sysctl retries(stage.lab.client, "tcp_retries2", "3");
  const UniqueFd listener = stage.lab.listen(stage.port);
  set_option(listener.get(), SOL_SOCKET, SO_RCVBUF, 2048);
  const UniqueFd client = stage.lab.connect(stage.port);
  const UniqueFd server = accept_from(listener.get());
  fill(client.get());
  // Probes that are answered make the next ones rarer.
  std::this_thread::sleep_for(200ms);
  const Nft drop(stage.lab.server, "input", to_port(stage.port));
  await_state(client.get(), TCP_CLOSE, 30s);
  reset_on_close(server.get());
}

// Nothing leaves the host any more.
void local_send_failure(const Stage& stage) {
  constexpr auto* kDoomed = "10.77.0.9";
  const Sysctl retries(stage.lab.client, "tcp_retries2", "2");
  change_address(stage.lab.client, "add", kDoomed);
  const UniqueFd listener = stage.lab.listen(stage.port);
  UniqueFd client;
  {
    const InNetns inside(stage.lab.client);
    client = tcp_socket({kDoomed, 0});
    bind_to(client.get(), {kDoomed, 0});
  }
  connect_to(client.get(), {kServerV4, stage.port});
  const UniqueFd server = accept_from(listener.get());
  change_address(stage.lab.client, "del", kDoomed);
  send_bytes(client.get(), 10);
  await_state(client.get(), TCP_CLOSE, 20s);
  reset_on_close(server.get());
}

constexpr Drill kFailureDrills[] = {
    {.name = "connect-timeout",
     .cause = Cause::kConnectTimeout,
     .kind = EventKind::kConnect,
     .end = End::kClient,
     .story = "Nothing answers the SYN.",
     .play = connect_timeout},
    {.name = "authentication-mismatch",
     .cause = Cause::kAuthenticationMismatch,
     .kind = EventKind::kConnect,
     .end = End::kClient,
     .story = "Client and server sign with different keys (TCP-MD5).",
     .play = authentication_mismatch},
    {.name = "connect-abandoned",
     .cause = Cause::kConnectAbandoned,
     .kind = EventKind::kConnect,
     .end = End::kClient,
     .story = "The client gives up before the server has answered.",
     .play = connect_abandoned},
    {.name = "firewall-reject-icmp",
     .cause = Cause::kFirewallReject,
     .kind = EventKind::kConnect,
     .end = End::kClient,
     .story = "A packet filter rejects the SYN with an ICMP error.",
     .play = firewall_reject_icmp},
    {.name = "unreachable",
     .cause = Cause::kUnreachable,
     .kind = EventKind::kConnect,
     .end = End::kClient,
     .story = "A router says that the host cannot be reached.",
     .play = unreachable_host},
    {.name = "unreachable-neighbour",
     .cause = Cause::kUnreachable,
     .kind = EventKind::kConnect,
     .end = End::kClient,
     .story = "Nobody on the link has the address.",
     .play = unreachable_neighbour},
    {.name = "local-send-failure-no-route",
     .cause = Cause::kLocalSendFailure,
     .kind = EventKind::kConnect,
     .end = End::kClient,
     .story = "There is no route to the server.",
     .play = no_route},
    {.name = "retransmission-timeout",
     .cause = Cause::kRetransmissionTimeout,
     .kind = EventKind::kClose,
     .end = End::kClient,
     .story = "The server stops acknowledging.",
     .play = retransmission_timeout},
    {.name = "user-timeout",
     .cause = Cause::kUserTimeout,
     .kind = EventKind::kClose,
     .end = End::kClient,
     .story = "Likewise, and TCP_USER_TIMEOUT is over first.",
     .play = user_timeout},
    {.name = "unreachable-established",
     .cause = Cause::kUnreachable,
     .kind = EventKind::kClose,
     .end = End::kClient,
     .story = "A router says that the host of an open connection cannot be reached.",
     .play = unreachable_established},
    {.name = "zero-window-timeout",
     .cause = Cause::kZeroWindowTimeout,
     .kind = EventKind::kClose,
     .end = End::kClient,
     .story = "The server's receive window never opens again.",
     .play = zero_window_timeout},
    {.name = "local-send-failure",
     .cause = Cause::kLocalSendFailure,
     .kind = EventKind::kClose,
     .end = End::kClient,
     .story = "The client's address is removed while it sends.",
     .play = local_send_failure},
};

}  // namespace

std::span<const Drill> failure_drills() { return kFailureDrills; }

}  // namespace tcptrace::stress
