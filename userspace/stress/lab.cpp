// SPDX-License-Identifier: GPL-2.0
#include "stress/lab.h"

namespace tcptrace::stress {

Lab::Lab() {
  loopback_up(client);
  loopback_up(server);
  join({client, kClientV4, kClientV6}, {server, kServerV4, kServerV6});
}

UniqueFd Lab::listen(std::uint16_t port, int backlog) const {
  return listen_at(server, {kServerV4, port}, backlog);
}

UniqueFd Lab::connect(std::uint16_t port) const { return connect_from(client, {kServerV4, port}); }

Pair Lab::pair(const Endpoint& listen_on, const Endpoint& connect_to) const {
  Pair made;
  made.listener = listen_at(server, listen_on);
  made.client = connect_from(client, connect_to);
  made.server = accept_from(made.listener.get());
  made.client_port = local_port(made.client.get());
  return made;
}

}  // namespace tcptrace::stress
