// SPDX-License-Identifier: GPL-2.0
#include "stress/drill.h"

#include <algorithm>
#include <vector>

#include "stress/scenarios.h"

namespace tcptrace::stress {

std::span<const Drill> drills() {
  static const std::vector<Drill> all = [] {
    std::vector<Drill> joined;
    for (const auto part : {closing_drills(), reply_drills(), handshake_drills(), received_drills(),
                            failure_drills()}) {
      joined.insert(joined.end(), part.begin(), part.end());
    }
    return joined;
  }();
  return all;
}

const Drill* find_drill(std::string_view name) {
  const auto found = std::ranges::find(drills(), name, &Drill::name);
  return found == drills().end() ? nullptr : &*found;
}

bool concerns(const Drill& drill, std::uint16_t port, const model::Event& event) {
  const auto& connection = event.connection;
  return event.kind == drill.kind &&
         (drill.end == End::kServer ? connection.local_port : connection.peer_port) == port;
}

}  // namespace tcptrace::stress
