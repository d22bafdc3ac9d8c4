// SPDX-License-Identifier: GPL-2.0
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <cerrno>
#include <thread>

#include "stress/nft.h"
#include "stress/packet.h"
#include "stress/scenarios.h"

namespace tcptrace::stress {
namespace {

using model::Cause;
using model::EventKind;

void refused(const Stage& stage) {
  require(connect_error(stage.lab.client, {kServerV4, stage.port}) == ECONNREFUSED, "not refused");
}

void peer_aborted(const Stage& stage) {
  Pair pair = stage.lab.pair(stage.port);
  send_text(pair.server.get(), "hello");
  receive_bytes(pair.client.get(), 5);
  abort_connection(pair.server, pair.client.get());
}

// The server's socket goes without a word, as when its host is started anew.
void peer_lost_connection(const Stage& stage) {
  Pair pair = stage.lab.pair(stage.port);
  set_option(pair.server.get(), IPPROTO_TCP, TCP_REPAIR, 1);
  pair.server.reset();
  send_text(pair.client.get(), "request");
  await_state(pair.client.get(), TCP_CLOSE);
}

void stale_connection_reuse(const Stage& stage) {
  Pair pair = stage.lab.pair(stage.port);
  pair.server.reset();
  await_state(pair.client.get(), TCP_CLOSE_WAIT);
  await_fin_wait2(stage.lab.server, stage.port);
  std::this_thread::sleep_for(200ms);
  send_text(pair.client.get(), "request");
  await_state(pair.client.get(), TCP_CLOSE);
}

// The end that was not reset: not in the same moment, so that nobody takes its end for the cause.
void end_later(int fd) {
  std::this_thread::sleep_for(50ms);
  reset_on_close(fd);
}

void injected_reset(const Stage& stage) {
  const Pair pair = stage.lab.pair(stage.port);
  forge_reset(stage.lab.server, {kServerV4, stage.port}, {kClientV4, pair.client_port},
              pair.client.get());
  await_state(pair.client.get(), TCP_CLOSE);
  end_later(pair.server.get());
}

void injected_reset_to_the_server(const Stage& stage) {
  const Pair pair = stage.lab.pair(stage.port);
  forge_reset(stage.lab.client, {kClientV4, pair.client_port}, {kServerV4, stage.port},
              pair.server.get());
  await_state(pair.server.get(), TCP_CLOSE);
  end_later(pair.client.get());
}

constexpr Drill kReceivedDrills[] = {
    {.name = "connection-refused-as-the-client-sees-it",
     .cause = Cause::kConnectionRefused,
     .kind = EventKind::kResetReceived,
     .end = End::kClient,
     .story = "A client connects to a port on which nobody listens.",
     .play = refused},
    {.name = "peer-aborted",
     .cause = Cause::kPeerAborted,
     .kind = EventKind::kResetReceived,
     .end = End::kClient,
     .story = "The server aborts, and the client is told.",
     .play = peer_aborted},
    {.name = "peer-lost-connection",
     .cause = Cause::kPeerLostConnection,
     .kind = EventKind::kResetReceived,
     .end = End::kClient,
     .story = "The server forgets the connection without a word, and the client sends.",
     .play = peer_lost_connection},
    {.name = "stale-connection-reuse",
     .cause = Cause::kStaleConnectionReuse,
     .kind = EventKind::kResetReceived,
     .end = End::kClient,
     .story = "The client writes to a connection that the server closed long before.",
     .play = stale_connection_reuse},
    {.name = "injected-reset",
     .cause = Cause::kInjectedReset,
     .kind = EventKind::kResetReceived,
     .end = End::kClient,
     .story = "A device on the way resets the client in the server's name.",
     .play = injected_reset},
    {.name = "injected-reset-to-the-server",
     .cause = Cause::kInjectedReset,
     .kind = EventKind::kResetReceived,
     .end = End::kServer,
     .story = "A device on the way resets the server in the client's name.",
     .play = injected_reset_to_the_server},
};

}  // namespace

std::span<const Drill> received_drills() { return kReceivedDrills; }

}  // namespace tcptrace::stress
