// SPDX-License-Identifier: GPL-2.0
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>
#include <string>
#include <thread>

#include <fmt/core.h>

#include "stress/command.h"
#include "stress/nft.h"
#include "stress/packet.h"
#include "stress/scenarios.h"

namespace tcptrace::stress {
namespace {

using model::Cause;
using model::EventKind;

// Nothing listens on it, and no connection has it: the peer's end of segments that no socket sent.
constexpr std::uint16_t kStrangerPort = 40021;

// Translated to the server's address, and what the client's is translated to.
constexpr const char* kVirtualV4 = "10.77.0.19";
constexpr const char* kMasqueradeV4 = "10.77.0.18";

void connection_refused(const Stage& stage) {
  require(connect_error(stage.lab.client, {kServerV4, stage.port}) == ECONNREFUSED, "not refused");
}

void exchange(const Pair& pair) {
  send_text(pair.client.get(), "request");
  receive_bytes(pair.server.get(), 7);
  send_text(pair.server.get(), "response");
  receive_bytes(pair.client.get(), 8);
}

void keepalive_race(const Stage& stage) {
  Pair pair = stage.lab.pair(stage.port);
  exchange(pair);
  std::this_thread::sleep_for(1500ms);
  // The server's FIN is still on the wire when the next request leaves.
  Nft delay(stage.lab.client, "input", from_port(stage.port));
  pair.server.reset();
  send_text(pair.client.get(), "request");
  delay.remove();
  await_state(pair.client.get(), TCP_CLOSE);
}

void data_after_close(const Stage& stage) {
  Pair pair = stage.lab.pair(stage.port);
  exchange(pair);
  pair.server.reset();
  await_state(pair.client.get(), TCP_CLOSE_WAIT);
  await_fin_wait2(stage.lab.server, stage.port);
  send_text(pair.client.get(), "more");
  await_state(pair.client.get(), TCP_CLOSE);
}

// A FIN timeout above a minute keeps the orphan a full socket.
void data_after_close_full_socket(const Stage& stage) {
  const Sysctl patient(stage.lab.server, "tcp_fin_timeout", "62");
  data_after_close(stage);
}

void shutdown_then_data(const Stage& stage) {
  const Pair pair = stage.lab.pair(stage.port);
  ::shutdown(pair.server.get(), SHUT_RDWR);
  await_state(pair.client.get(), TCP_CLOSE_WAIT);
  await_state(pair.server.get(), TCP_FIN_WAIT2);
  send_text(pair.client.get(), "late");
  await_state(pair.client.get(), TCP_CLOSE);
}

void linger2_expired(const Stage& stage) {
  Pair pair = stage.lab.pair(stage.port);
  set_option(pair.server.get(), IPPROTO_TCP, TCP_LINGER2, -1);
  pair.server.reset();
  await_state(pair.client.get(), TCP_CLOSE);
}

void stray_segment(const Stage& stage) {
  inject(stage.lab.client, {.from = {kClientV4, kStrangerPort},
                            .to = {kServerV4, stage.port},
                            .seq = 1000,
                            .ack = 5000,
                            .flags = kAck | kPsh,
                            .payload = "stale"});
  std::this_thread::sleep_for(50ms);
}

void unknown_connection(const Stage& stage) { stray_segment(stage); }

void unknown_connection_to_a_listener(const Stage& stage) {
  const UniqueFd listener = stage.lab.listen(stage.port);
  stray_segment(stage);
}

// What the client is waiting for does not come; something else does.
void answer_the_syn(const Stage& stage, std::uint8_t flags) {
  const Nft drop(stage.lab.server, "input", to_port(stage.port));
  const UniqueFd client = start_connect(stage.lab.client, {kServerV4, stage.port});
  await_state(client.get(), TCP_SYN_SENT);
  inject(stage.lab.server, {.from = {kServerV4, stage.port},
                            .to = {kClientV4, local_port(client.get())},
                            .seq = 900,
                            .ack = 12345,
                            .flags = flags});
  std::this_thread::sleep_for(50ms);
}

void time_wait_collision(const Stage& stage) { answer_the_syn(stage, kAck); }

void bad_handshake(const Stage& stage) { answer_the_syn(stage, kSyn | kAck); }

void firewall_reject(const Stage& stage) {
  const UniqueFd listener = stage.lab.listen(stage.port);
  const Nft reject(stage.lab.server, "input", to_port(stage.port, "reject with tcp reset"));
  require(connect_error(stage.lab.client, {kServerV4, stage.port}) == ECONNREFUSED, "not refused");
}

void firewall_reject_established(const Stage& stage) {
  const Pair pair = stage.lab.pair(stage.port);
  exchange(pair);
  const Nft reject(stage.lab.server, "input", to_port(stage.port, "reject with tcp reset"));
  send_text(pair.client.get(), "more");
  await_state(pair.client.get(), TCP_CLOSE);
}

// Then the polls have seen the connection: on a machine that is slow they come late.
void exchange_and_wait(const Pair& pair) {
  exchange(pair);
  std::this_thread::sleep_for(scaled(3s));
}

// Before the connection tracking and what it translates.
constexpr Nft::Chain kRaw{.type = "filter", .hook = "prerouting", .priority = -300};

std::string virtual_to_server(const Stage& stage) {
  return fmt::format("ip daddr {} tcp dport {} dnat ip to {}", kVirtualV4, stage.port, kServerV4);
}

// What the server sends then comes from an end that the client does not know.
void lose_answer(const Stage& stage, const Pair& pair) {
  exchange_and_wait(pair);
  const Nft forget(stage.lab.client, kRaw, from_port(stage.port, "notrack"));
  send_text(pair.server.get(), "more");
  await_state(pair.server.get(), TCP_CLOSE);
}

void conntrack_lost(const Stage& stage) {
  change_address(stage.lab.server, "replace", kVirtualV4);
  const Nft nat(stage.lab.server, {.type = "nat", .hook = "prerouting", .priority = -100},
                virtual_to_server(stage));
  const Pair pair = stage.lab.pair({kServerV4, stage.port}, {kVirtualV4, stage.port});
  exchange_and_wait(pair);
  const Nft forget(stage.lab.server, kRaw, to_port(stage.port, "notrack"));
  send_text(pair.client.get(), "more");
  await_state(pair.client.get(), TCP_CLOSE);
}

void conntrack_lost_answer(const Stage& stage) {
  const Nft nat(stage.lab.client, {.type = "nat", .hook = "output", .priority = -100},
                virtual_to_server(stage));
  lose_answer(stage, stage.lab.pair({kServerV4, stage.port}, {kVirtualV4, stage.port}));
}

void conntrack_lost_masquerade(const Stage& stage) {
  change_address(stage.lab.client, "replace", kMasqueradeV4);
  const Nft nat(stage.lab.client, {.type = "nat", .hook = "postrouting", .priority = 100},
                to_port(stage.port, fmt::format("snat ip to {}", kMasqueradeV4)));
  lose_answer(stage, stage.lab.pair(stage.port));
}

constexpr Drill kReplyDrills[] = {
    {.name = "connection-refused",
     .cause = Cause::kConnectionRefused,
     .kind = EventKind::kResetSent,
     .end = End::kServer,
     .story = "A client connects to a port on which nobody listens.",
     .play = connection_refused},
    {.name = "keepalive-race",
     .cause = Cause::kKeepaliveRace,
     .kind = EventKind::kResetSent,
     .end = End::kServer,
     .story = "The server closes an idle connection while the next request is on its way.",
     .play = keepalive_race},
    {.name = "data-after-close",
     .cause = Cause::kDataAfterClose,
     .kind = EventKind::kResetSent,
     .end = End::kServer,
     .story = "The client goes on sending after it has seen the server's FIN.",
     .play = data_after_close},
    {.name = "data-after-close-full-socket",
     .cause = Cause::kDataAfterClose,
     .kind = EventKind::kResetSent,
     .end = End::kServer,
     .story = "Likewise, with tcp_fin_timeout above a minute.",
     .play = data_after_close_full_socket},
    {.name = "shutdown-then-data",
     .cause = Cause::kShutdownThenData,
     .kind = EventKind::kResetSent,
     .end = End::kServer,
     .story = "The client sends to a server that has shut down both ways.",
     .play = shutdown_then_data},
    {.name = "linger2-expired",
     .cause = Cause::kLinger2Expired,
     .kind = EventKind::kResetSent,
     .end = End::kServer,
     .story = "The server closes with TCP_LINGER2 below 0, and its FIN is acknowledged.",
     .play = linger2_expired},
    {.name = "unknown-connection",
     .cause = Cause::kUnknownConnection,
     .kind = EventKind::kResetSent,
     .end = End::kServer,
     .story = "A segment comes for a connection that the host does not know.",
     .play = unknown_connection},
    {.name = "unknown-connection-to-a-listener",
     .cause = Cause::kUnknownConnection,
     .kind = EventKind::kResetSent,
     .end = End::kServer,
     .story = "Likewise, to a port on which somebody listens.",
     .play = unknown_connection_to_a_listener},
    {.name = "conntrack-lost",
     .cause = Cause::kConntrackLost,
     .kind = EventKind::kResetSent,
     .end = End::kServer,
     .story = "NAT forgets the virtual address through which a client reaches the server.",
     .play = conntrack_lost},
    {.name = "conntrack-lost-answer",
     .cause = Cause::kConntrackLost,
     .kind = EventKind::kResetSent,
     .end = End::kClient,
     .story = "Likewise at the client, where the answers come from an address it does not know.",
     .play = conntrack_lost_answer},
    {.name = "conntrack-lost-masquerade",
     .cause = Cause::kConntrackLost,
     .kind = EventKind::kResetSent,
     .end = End::kClient,
     .story = "NAT forgets the client behind the address that it gave it.",
     .play = conntrack_lost_masquerade},
    {.name = "time-wait-collision",
     .cause = Cause::kTimeWaitCollision,
     .kind = EventKind::kResetSent,
     .end = End::kClient,
     .story = "An older connection with the same ports answers the client's SYN.",
     .play = time_wait_collision},
    {.name = "bad-handshake",
     .cause = Cause::kBadHandshake,
     .kind = EventKind::kResetSent,
     .end = End::kClient,
     .story = "A SYN-ACK acknowledges what the client never sent.",
     .play = bad_handshake},
    {.name = "firewall-reject",
     .cause = Cause::kFirewallReject,
     .kind = EventKind::kResetSent,
     .end = End::kServer,
     .story = "A packet filter rejects the SYN with a reset.",
     .play = firewall_reject},
    {.name = "firewall-reject-established",
     .cause = Cause::kFirewallReject,
     .kind = EventKind::kResetSent,
     .end = End::kServer,
     .story = "A packet filter rejects the data of an open connection with a reset.",
     .play = firewall_reject_established},
};

}  // namespace

std::span<const Drill> reply_drills() { return kReplyDrills; }

}  // namespace tcptrace::stress
