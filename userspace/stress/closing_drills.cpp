// SPDX-License-Identifier: GPL-2.0
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>
#include <csignal>
#include <string>
#include <thread>

#include "stress/child.h"
#include "stress/command.h"
#include "stress/nft.h"
#include "stress/scenarios.h"

namespace tcptrace::stress {
namespace {

using model::Cause;
using model::EventKind;

void close_with_unread_data(const Stage& stage) {
  Pair pair = stage.lab.pair(stage.port);
  send_bytes(pair.client.get(), 900);
  await_unread(pair.server.get(), 900);
  pair.server.reset();
  await_state(pair.client.get(), TCP_CLOSE);
}

void abortive_close(const Stage& stage) {
  Pair pair = stage.lab.pair(stage.port);
  abort_connection(pair.server, pair.client.get());
}

void process_exit(const Stage& stage) {
  UniqueFd listener = stage.lab.listen(stage.port);
  Child child("drill-server", [&](const Channel& channel) {
    const UniqueFd connection = accept_from(listener.get());
    await_unread(connection.get(), 6);
    channel.say("full");
    (void)channel.hear();
  });
  listener.reset();
  const UniqueFd client = stage.lab.connect(stage.port);
  send_text(client.get(), "unread");
  child.channel().expect("full");
  child.kill(SIGKILL);
  child.join();
  await_state(client.get(), TCP_CLOSE);
}

void listener_closed(const Stage& stage) {
  UniqueFd listener = stage.lab.listen(stage.port);
  const UniqueFd client = stage.lab.connect(stage.port);
  await_connection(listener.get());
  listener.reset();
  await_state(client.get(), TCP_CLOSE);
}

void disconnect_client(const Stage& stage) {
  const Pair pair = stage.lab.pair(stage.port);
  disconnect(pair.client.get());
  await_state(pair.server.get(), TCP_CLOSE);
}

void admin_abort(const Stage& stage) {
  const Pair pair = stage.lab.pair(stage.port);
  {
    const InNetns inside(stage.lab.client);
    run_or_throw({"ss", "-K", "-t", "dst", kServerV4, "dport", "=", std::to_string(stage.port)});
  }
  await_state(pair.client.get(), TCP_CLOSE);
  require(so_error(pair.client.get()) == ECONNABORTED,
          "ss -K did nothing: this kernel has no CONFIG_INET_DIAG_DESTROY");
}

// The client probes, and the server's host hears nothing.
void probe_in_vain(const Stage& stage, unsigned user_timeout_ms) {
  const Pair pair = stage.lab.pair(stage.port);
  set_option(pair.client.get(), SOL_SOCKET, SO_KEEPALIVE, 1);
  set_option(pair.client.get(), IPPROTO_TCP, TCP_KEEPIDLE, 1);
  set_option(pair.client.get(), IPPROTO_TCP, TCP_KEEPINTVL, 1);
  set_option(pair.client.get(), IPPROTO_TCP, TCP_KEEPCNT, user_timeout_ms == 0 ? 2 : 9);
  if (user_timeout_ms != 0) {
    set_option(pair.client.get(), IPPROTO_TCP, TCP_USER_TIMEOUT, static_cast<int>(user_timeout_ms));
  }
  const Nft drop(stage.lab.server, "input", to_port(stage.port));
  await_state(pair.client.get(), TCP_CLOSE, 10s);
  require(so_error(pair.client.get()) == ETIMEDOUT, "not a timeout");
  reset_on_close(pair.server.get());  // its FIN would be answered by another reset
}

void keepalive_timeout(const Stage& stage) { probe_in_vain(stage, 0); }

void user_timeout_of_probes(const Stage& stage) { probe_in_vain(stage, 2500); }

// Closed in FIN_WAIT2, with TCP_LINGER2 below 0.
void linger2_at_close(const Stage& stage) {
  Pair pair = stage.lab.pair(stage.port);
  ::shutdown(pair.server.get(), SHUT_WR);
  await_state(pair.server.get(), TCP_FIN_WAIT2);
  set_option(pair.server.get(), IPPROTO_TCP, TCP_LINGER2, -1);
  pair.server.reset();
  await_state(pair.client.get(), TCP_CLOSE);
}

void mptcp_reset(const Stage& stage) {
  const auto multipath_socket = [](const Netns& netns) {
    const InNetns inside(netns);
    UniqueFd made(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_MPTCP));
    require(made.valid(), "this kernel has no multipath TCP");
    return made;
  };
  const UniqueFd listener = multipath_socket(stage.lab.server);
  bind_to(listener.get(), {kServerV4, stage.port});
  require(::listen(listener.get(), 1) == 0, "listen");
  const UniqueFd client = multipath_socket(stage.lab.client);
  connect_to(client.get(), {kServerV4, stage.port});
  UniqueFd server = accept_from(listener.get());
  send_text(client.get(), "hello");
  await_unread(server.get(), 5);
  server.reset();
  std::this_thread::sleep_for(300ms);
}

constexpr Drill kClosingDrills[] = {
    {.name = "close-with-unread-data",
     .cause = Cause::kCloseWithUnreadData,
     .kind = EventKind::kResetSent,
     .end = End::kServer,
     .story = "The server closes before it has read the request.",
     .play = close_with_unread_data},
    {.name = "abortive-close",
     .cause = Cause::kAbortiveClose,
     .kind = EventKind::kResetSent,
     .end = End::kServer,
     .story = "The server closes with SO_LINGER and time 0.",
     .play = abortive_close},
    {.name = "process-exit",
     .cause = Cause::kProcessExit,
     .kind = EventKind::kResetSent,
     .end = End::kServer,
     .story = "The server is killed with a request unread.",
     .play = process_exit},
    {.name = "listener-closed",
     .cause = Cause::kListenerClosed,
     .kind = EventKind::kResetSent,
     .end = End::kServer,
     .story = "The server closes its listener while a connection waits to be accepted.",
     .play = listener_closed},
    {.name = "disconnect",
     .cause = Cause::kDisconnect,
     .kind = EventKind::kResetSent,
     .end = End::kClient,
     .story = "The client dissolves its connection with connect(AF_UNSPEC).",
     .play = disconnect_client},
    {.name = "admin-abort",
     .cause = Cause::kAdminAbort,
     .kind = EventKind::kResetSent,
     .end = End::kClient,
     .story = "Somebody runs ss -K.",
     .play = admin_abort},
    {.name = "keepalive-timeout",
     .cause = Cause::kKeepaliveTimeout,
     .kind = EventKind::kResetSent,
     .end = End::kClient,
     .story = "The peer of an idle connection is gone, and no keep-alive probe is answered.",
     .play = keepalive_timeout},
    {.name = "user-timeout-idle",
     .cause = Cause::kUserTimeout,
     .kind = EventKind::kResetSent,
     .end = End::kClient,
     .story = "Likewise, and TCP_USER_TIMEOUT is over first.",
     .play = user_timeout_of_probes},
    {.name = "linger2-expired-at-close",
     .cause = Cause::kLinger2Expired,
     .kind = EventKind::kResetSent,
     .end = End::kServer,
     .story = "The server closes in FIN_WAIT2 with TCP_LINGER2 below 0.",
     .play = linger2_at_close},
    {.name = "mptcp-reset",
     .cause = Cause::kMptcpReset,
     .kind = EventKind::kResetSent,
     .end = End::kServer,
     .story = "A multipath server closes before it has read the request.",
     .play = mptcp_reset},
};

}  // namespace

std::span<const Drill> closing_drills() { return kClosingDrills; }

}  // namespace tcptrace::stress
