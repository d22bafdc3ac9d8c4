// SPDX-License-Identifier: GPL-2.0
// tcptrace_host_recorder SCENE: plays a scene in the network namespace that it is started in, and
// prints what the kernel says of the host then, and what its counters were before. The recordings
// of tests/fixtures/hosts are made with it in guests, by scripts/kernels --hosts.
#include <sched.h>
#include <sys/types.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <exception>
#include <iostream>
#include <string_view>
#include <utility>

#include <nlohmann/json.hpp>

#include "recording.h"
#include "scene.h"
#include "stress/command.h"
#include "stress/wait.h"

namespace tcptrace::recorder {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): literals only

// An interface of a name as bad as the kernel lets it be (dev_valid_name()).
constexpr const char* kHostileInterface = "\x1b[31m\"<&>\xff";

void track_connections() {
  stress::run_or_throw({"nft", "-f", "-"},
                       "table inet tracked { chain input { type filter hook input priority 0; "
                       "ct state new accept; }; }");
}

void keep_ipv6_only() {
  stress::require(::unshare(CLONE_NEWNET) == 0, "cannot make a network namespace");
  stress::run_or_throw({"ip", "link", "set", "lo", "up"});
  stress::run_or_throw({"ip", "-4", "address", "flush", "dev", "lo"});
  stress::run_or_throw({"ip", "link", "add", kHostileInterface, "type", "veth"});
}

struct Play {
  std::string_view name;
  SceneOptions options;
  void (*prepare)();  // may be null
};

std::array<Play, 3> plays() {
  return {
      // In trouble for longer than a minute.
      Play{.name = "host",
           .options = {.addresses = {"127.0.0.1", "::1"}, .trouble = true, .age = 65s},
           .prepare = track_connections},
      // In trouble since just now, in a namespace of its own.
      Play{.name = "ipv6",
           .options = {.addresses = {"::1"}, .trouble = true, .few_ports = true},
           .prepare = keep_ipv6_only},
      // Well.
      Play{.name = "ipv4", .options = {.addresses = {"127.0.0.1"}}, .prepare = nullptr},
  };
}

json record(const Play& play) {
  if (play.prepare != nullptr) {
    play.prepare();
  }
  json before;
  record_counters(before);
  const Scene scene(play.options);
  json recording{{"scene", play.name}, {"before", std::move(before)}};
  recording["sock_diag"] = record_sock_diag();
  record_counters(recording);
  record_surroundings(recording);
  record_process(1, recording);
  for (const pid_t pid : scene.pids()) {
    record_process(pid, recording);
  }
  return recording;
}

int run(std::string_view name) {
  const auto all = plays();
  const auto* const play = std::ranges::find(all, name, &Play::name);
  if (play == all.end()) {
    std::cerr << "usage: tcptrace_host_recorder SCENE, one of";
    for (const Play& one : all) {
      std::cerr << ' ' << one.name;
    }
    std::cerr << '\n';
    return 2;
  }
  std::cout << record(*play).dump(1) << '\n' << std::flush;
  return std::cout ? 0 : 1;
}

}  // namespace
}  // namespace tcptrace::recorder

int main(int argc, char** argv) {
  try {
    return tcptrace::recorder::run(argc == 2 ? argv[1] : "");
  } catch (const std::exception& error) {
    std::fprintf(stderr, "tcptrace_host_recorder: %s\n", error.what());
    return 1;
  }
}
