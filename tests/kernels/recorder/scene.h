// SPDX-License-Identifier: GPL-2.0
// What happens on a host that is recorded: real sockets in the states that last, held by processes
// of their own.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <string>
#include <vector>

#include "stress/child.h"

namespace tcptrace::recorder {

struct SceneOptions {
  std::vector<std::string> addresses;  // of the host itself: "127.0.0.1", "::1"
  // Many of all that goes wrong; without it the few of each that every host has.
  bool trouble = false;
  // net.ipv4.ip_local_port_range has room for a few, and most of them are taken towards one peer.
  bool few_ports = false;
  // How long the connections that nobody closes have been left when the scene is set.
  std::chrono::seconds age{0};
};

class Scene {
 public:
  // Returns when all is as it should be; throws what keeps it from being so.
  explicit Scene(const SceneOptions& options);

  // Who holds the sockets, until the scene's end.
  [[nodiscard]] std::vector<pid_t> pids() const;

 private:
  std::vector<stress::Child> actors_;
};

}  // namespace tcptrace::recorder
