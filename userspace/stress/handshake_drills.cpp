// SPDX-License-Identifier: GPL-2.0
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <cerrno>
#include <iterator>
#include <list>
#include <string>
#include <string_view>
#include <thread>

#include "stress/nft.h"
#include "stress/scenarios.h"

namespace tcptrace::stress {
namespace {

using model::Cause;
using model::EventKind;

// Clients of a listener that does not accept: the last one takes itself for connected.
class FullQueue {
 public:
  FullQueue(const Stage& stage, std::string_view abort_on_overflow)
      : abort_(stage.lab.server, "tcp_abort_on_overflow", abort_on_overflow),
        cookies_(stage.lab.server, "tcp_syncookies", "0"),
        listener_(stage.lab.listen(stage.port, 3)) {
    const Lab& lab = stage.lab;
    clients_.push_back(lab.connect(stage.port));
    clients_.push_back(lab.connect(stage.port));
    // Full at four. Three handshakes end together, so that the request queue does not see the
    // overflow coming: what ends them is lost, and the data behind it does it all at once.
    const Nft hold(
        lab.client, "output",
        to_port(stage.port, "tcp flags & (ack|syn) == ack limit rate 1/day burst 3 packets drop"));
    for (int i = 0; i < 3; ++i) {
      clients_.push_back(start_connect(lab.client, {kServerV4, stage.port}));
    }
    const auto late = std::next(clients_.begin(), 2);
    for (auto client = late; client != clients_.end(); ++client) {
      await_state(client->get(), TCP_ESTABLISHED);
    }
    for (auto client = late; client != clients_.end(); ++client) {
      send_text(client->get(), "hello");
    }
  }

  [[nodiscard]] int last() const { return clients_.back().get(); }

  // The listener ends, and what it has not accepted with it. A client that closed before it has
  // heard of that would send a FIN to nobody, and have a reset of another cause.
  void end() {
    listener_.reset();
    for (auto client = clients_.begin(); client != std::prev(clients_.end()); ++client) {
      await_state(client->get(), TCP_CLOSE);
    }
  }

 private:
  Sysctl abort_;
  Sysctl cookies_;
  UniqueFd listener_;
  std::list<UniqueFd> clients_;
};

void accept_queue_overflow(const Stage& stage) {
  FullQueue queue(stage, "1");
  await_state(queue.last(), TCP_CLOSE);
  require(so_error(queue.last()) == ECONNRESET, "the last one was not reset");
  queue.end();
}

void accept_queue_overflow_silent(const Stage& stage) {
  FullQueue queue(stage, "0");
  // The SYN-ACK's first timeout is a second (RFC 6298).
  std::this_thread::sleep_for(1500ms);
  require(tcp_state(queue.last()) == TCP_ESTABLISHED, "the last one was not left alone");
  queue.end();
}

void handshake_timeout(const Stage& stage) {
  const UniqueFd listener = stage.lab.listen(stage.port);
  const Nft deaf(stage.lab.client, "input", from_port(stage.port));
  const UniqueFd client = start_connect(stage.lab.client, {kServerV4, stage.port});
  // SYN-ACKs by the server's own clock, after 1 s and 3 s, and for each SYN that comes again.
  std::this_thread::sleep_for(4s);
  require(tcp_state(client.get()) == TCP_SYN_SENT, "the client has heard something");
}

constexpr Drill kHandshakeDrills[] = {
    {.name = "accept-queue-overflow",
     .cause = Cause::kAcceptQueueOverflow,
     .kind = EventKind::kResetSent,
     .end = End::kServer,
     .story = "More connections than the backlog holds, with tcp_abort_on_overflow.",
     .play = accept_queue_overflow},
    {.name = "accept-queue-overflow-silent",
     .cause = Cause::kAcceptQueueOverflow,
     .kind = EventKind::kRetransmit,
     .end = End::kServer,
     .story = "Likewise without it: the client takes itself for connected.",
     .play = accept_queue_overflow_silent},
    {.name = "handshake-timeout",
     .cause = Cause::kHandshakeTimeout,
     .kind = EventKind::kRetransmit,
     .end = End::kServer,
     .story = "No SYN-ACK of the server reaches the client.",
     .play = handshake_timeout},
};

}  // namespace

std::span<const Drill> handshake_drills() { return kHandshakeDrills; }

}  // namespace tcptrace::stress
