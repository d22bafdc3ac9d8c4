// SPDX-License-Identifier: GPL-2.0
// The pools of the processes of hosts as several kernels described them.
#include <chrono>
#include <cstdint>
#include <map>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host/socket_owners.h"
#include "monitor/pool_fold.h"
#include "unit/recorded/recorded_host.h"

namespace tcptrace {
namespace {

using ::testing::IsEmpty;
using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): literals only

class RecordedPools : public testing::TestWithParam<RecordingName> {};

INSTANTIATE_TEST_SUITE_P(Kernels, RecordedPools, testing::ValuesIn(recordings()), test_name);

// tests/kernels/recorder/scene.cpp; what was accepted there is nobody's pool.
TEST_P(RecordedPools, AreOfWhatWasOpenedThere) {
  const RecordedHost host(GetParam());
  model::SocketOwners owners;
  ASSERT_EQ(host::read_socket_owners(host.root(), {}, owners), 0U);
  std::vector<model::Socket> sockets = host.sockets(true);
  monitor::PoolFold fold({});
  for (const std::chrono::seconds now : {1s, 2s, 3s}) {
    fold.begin_look(now);
    for (model::Socket& socket : sockets) {
      socket.boot_time = now;
      if (const model::Process* const owner = owners.find(socket.inode)) {
        socket.owner = *owner;
      }
      fold.add(socket);
    }
    fold.end_look(true);
  }
  struct Counts {
    std::uint64_t open = 0;
    std::uint64_t connecting = 0;
    bool operator==(const Counts&) const = default;
  };
  std::map<std::uint16_t, Counts> by_port;
  const model::PoolReport report = fold.report();
  for (const model::Pool& pool : report.pools) {
    EXPECT_THAT(pool.verdicts, IsEmpty()) << pool.peer.port;
    Counts& counts = by_port[pool.peer.port];
    counts.open += pool.now.open;
    counts.connecting += pool.now.connecting;
  }
  const std::uint64_t addresses = GetParam().scene == "host" ? 2 : 1;
  const bool trouble = GetParam().scene != "ipv4";
  EXPECT_EQ(by_port[8080], (Counts{.open = 4 * addresses}));
  EXPECT_EQ(by_port[8081], (Counts{.open = 2 * addresses})) << "that were not accepted yet";
  EXPECT_EQ(by_port[8082], (Counts{.open = (trouble ? 5 : 2) * addresses,
                                   .connecting = (trouble ? 15 : 0) * addresses}));
  EXPECT_EQ(by_port[8084].open, GetParam().scene == "host" ? 1U : 0U);
  EXPECT_EQ(by_port[8085].open, GetParam().scene == "ipv6" ? 23U : 0U);
  EXPECT_EQ(report.connections,
            (6 + (trouble ? 5 : 2)) * addresses + by_port[8084].open + by_port[8085].open);
}

}  // namespace
}  // namespace tcptrace
