// SPDX-License-Identifier: GPL-2.0
#include "monitor/socket_census.h"

#include <cstdint>
#include <memory>
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/samples.h"

namespace tcptrace::monitor {
namespace {

using model::Family;
using model::Socket;
using model::SocketCensus;
using model::TcpState;
using samples::ipv4;
using std::chrono::milliseconds;
using ::testing::IsEmpty;

constexpr std::uint32_t kCensusNetns = 100;

Socket socket(TcpState state, std::uint16_t local_port, std::uint8_t peer,
              std::uint16_t peer_port) {
  Socket socket;
  socket.connection = {.netns = kCensusNetns,
                       .state = state,
                       .local = ipv4(10, 0, 0, 1),
                       .peer = ipv4(10, 0, 0, peer),
                       .local_port = local_port,
                       .peer_port = peer_port,
                       .age = {}};
  return socket;
}

Socket listener(std::uint16_t port, std::uint32_t backlog, std::uint32_t limit) {
  Socket result = socket(TcpState::kListen, port, 0, 0);
  result.connection.local = {};
  result.connection.peer = {};
  result.info.emplace();
  result.info->backlog = backlog;
  result.info->backlog_limit = limit;
  return result;
}

Socket owned(Socket socket, std::uint32_t pid, std::string_view container = "") {
  socket.owner = model::Process{.pid = pid, .cgroup = {}};
  samples::set_comm(*socket.owner, "app");
  if (!container.empty()) {
    socket.owner->cgroup = std::make_shared<const model::Cgroup>(
        model::Cgroup{.path = "/x", .container = std::string(container), .runtime = "docker"});
  }
  return socket;
}

std::uint64_t in_state(const SocketCensus& census, TcpState state) {
  return census.states.at(static_cast<std::size_t>(state));
}

TEST(SocketCensus, OfNothing) {
  const SocketCensus census = CensusBuilder({}).finish();
  EXPECT_EQ(census.sockets, 0U);
  EXPECT_THAT(census.listeners, IsEmpty());
  EXPECT_THAT(census.peers, IsEmpty());
}

TEST(SocketCensus, StatesByNamespace) {
  CensusBuilder builder({});
  builder.add(socket(TcpState::kEstablished, 80, 2, 5000));
  builder.add(socket(TcpState::kNewSynRecv, 80, 2, 5001));
  builder.add(socket(TcpState::kSynRecv, 80, 2, 5002));
  Socket other = socket(TcpState::kTimeWait, 80, 2, 5003);
  other.connection.netns = 200;
  builder.add(other);
  builder.add(socket(TcpState::kTimeWait, 80, 2, 5004));
  const SocketCensus census = builder.finish();
  EXPECT_EQ(census.sockets, 5U);
  EXPECT_EQ(in_state(census, TcpState::kSynRecv), 2U);
  EXPECT_EQ(in_state(census, TcpState::kNewSynRecv), 0U);
  EXPECT_EQ(in_state(census, TcpState::kTimeWait), 2U);
  ASSERT_EQ(census.namespaces.size(), 2U);
  EXPECT_EQ(census.namespaces[1].netns, 200U);
  EXPECT_EQ(census.namespaces[1].states.at(6), 1U);
}

TEST(SocketCensus, PeersThatHaveMostComeFirst) {
  CensusBuilder builder({.top = 2});
  for (std::uint16_t i = 0; i < 3; ++i) {
    builder.add(socket(TcpState::kEstablished, 80, 9, 5000 + i));
  }
  builder.add(socket(TcpState::kTimeWait, 80, 8, 5000));
  builder.add(socket(TcpState::kEstablished, 80, 8, 5001));
  builder.add(socket(TcpState::kEstablished, 80, 7, 5000));
  const SocketCensus census = builder.finish();
  ASSERT_EQ(census.peers.size(), 2U);
  EXPECT_EQ(census.peers[0].address, ipv4(10, 0, 0, 9));
  EXPECT_EQ(census.peers[0].connections, 3U);
  EXPECT_EQ(census.peers[1].connections, 2U);
  EXPECT_EQ(census.peers[1].established, 1U);
}

TEST(SocketCensus, PortsThatTheKernelChoseAreNotAmongTheTop) {
  CensusBuilder builder({});
  builder.add(socket(TcpState::kEstablished, 40000, 9, 443));
  builder.add(socket(TcpState::kEstablished, 80, 9, 5000));
  builder.add(listener(50000, 0, 5));
  builder.add(socket(TcpState::kEstablished, 50000, 9, 5000));
  builder.add(socket(TcpState::kEstablished, 50000, 9, 5001));
  const SocketCensus census = builder.finish();
  ASSERT_EQ(census.local_ports.size(), 2U);
  EXPECT_EQ(census.local_ports[0].port, 50000);
  EXPECT_EQ(census.local_ports[0].connections, 2U);
  EXPECT_EQ(census.local_ports[1].port, 80);
}

TEST(SocketCensus, ProcessesAndContainers) {
  CensusBuilder builder({});
  builder.add(owned(socket(TcpState::kEstablished, 80, 9, 5000), 812, "c1"));
  builder.add(owned(socket(TcpState::kCloseWait, 80, 9, 5001), 812, "c1"));
  builder.add(owned(socket(TcpState::kEstablished, 80, 9, 5002), 813, "c1"));
  builder.add(owned(listener(80, 0, 5), 900, "c1"));
  builder.add(socket(TcpState::kEstablished, 80, 9, 5003));
  const SocketCensus census = builder.finish();
  ASSERT_EQ(census.processes.size(), 2U);
  EXPECT_EQ(census.processes[0].process.pid, 812U);
  EXPECT_EQ(census.processes[0].connections, 2U);
  EXPECT_EQ(census.processes[0].established, 1U);
  EXPECT_EQ(census.processes[0].close_wait, 1U);
  ASSERT_EQ(census.containers.size(), 1U);
  EXPECT_EQ(census.containers[0].container, "c1");
  EXPECT_EQ(census.containers[0].connections, 3U);
}

TEST(SocketCensus, OwnersThatAreKnownLater) {
  CensusBuilder builder({});
  std::uint64_t inode = 7000;
  for (Socket one :
       {socket(TcpState::kEstablished, 80, 9, 5000), listener(80, 0, 5),
        socket(TcpState::kCloseWait, 40000, 9, 443), socket(TcpState::kTimeWait, 80, 9, 5001),
        socket(TcpState::kEstablished, 80, 9, 5002)}) {
    one.inode = one.connection.state == TcpState::kTimeWait ? 0 : ++inode;
    builder.add(one);
  }
  model::SocketOwners owners;
  for (std::uint64_t held = 7001; held <= 7003; ++held) {
    owners.add(held, model::Process{.pid = 812, .cgroup = {}});
  }
  builder.join(owners);
  const SocketCensus census = builder.finish();
  ASSERT_EQ(census.processes.size(), 1U);
  EXPECT_EQ(census.processes[0].connections, 2U);
  EXPECT_EQ(census.processes[0].close_wait, 1U);
  EXPECT_EQ(census.listeners.at(0).process.pid, 812U);
  EXPECT_EQ(census.close_wait.at(0).process.pid, 812U);
}

TEST(SocketCensus, TheFullestListenerComesFirst) {
  CensusBuilder builder({});
  builder.add(listener(80, 100, 4096));
  builder.add(owned(listener(81, 6, 5), 812));
  builder.add(listener(82, 0, 0));
  builder.add(socket(TcpState::kSynRecv, 81, 9, 5000));
  builder.add(socket(TcpState::kEstablished, 81, 9, 5001));
  const SocketCensus census = builder.finish();
  ASSERT_EQ(census.listeners.size(), 3U);
  EXPECT_EQ(census.listeners[0].port, 81);
  EXPECT_EQ(census.listeners[0].backlog, 6U);
  EXPECT_EQ(census.listeners[0].limit, 5U);
  EXPECT_EQ(census.listeners[0].process.pid, 812U);
  EXPECT_EQ(census.listeners[0].connections, 2U);
  EXPECT_EQ(census.listeners[0].syn_recv, 1U);
  EXPECT_EQ(census.listeners[1].port, 80);
}

TEST(SocketCensus, AConnectionIsTheMostSpecificListeners) {
  CensusBuilder builder({});
  Socket any = listener(80, 0, 5);
  any.connection.family = Family::kIpv6;
  builder.add(any);
  Socket specific = listener(80, 0, 5);
  specific.connection.local = ipv4(10, 0, 0, 1);
  builder.add(specific);
  builder.add(socket(TcpState::kEstablished, 80, 9, 5000));
  Socket elsewhere = socket(TcpState::kEstablished, 80, 9, 5000);
  elsewhere.connection.local = ipv4(10, 0, 0, 2);
  builder.add(elsewhere);
  elsewhere.connection.peer_port = 5001;
  builder.add(elsewhere);
  Socket other_netns = socket(TcpState::kEstablished, 80, 9, 5000);
  other_netns.connection.netns = 200;
  builder.add(other_netns);
  const SocketCensus census = builder.finish();
  ASSERT_EQ(census.listeners.size(), 2U);
  for (const model::ListenerCount& row : census.listeners) {
    EXPECT_EQ(row.connections, row.family == Family::kIpv6 ? 2U : 1U);
  }
}

TEST(SocketCensus, PortsInUseTowardsOnePeer) {
  const model::LocalPorts fifty{.low = 40000, .high = 40049, .reserved = 10};
  CensusBuilder builder({.settings = {{kCensusNetns, {.ports = fifty}}}});
  for (std::uint16_t i = 0; i < 30; ++i) {
    builder.add(socket(i < 20 ? TcpState::kEstablished : TcpState::kTimeWait, 40000 + i, 9, 443));
  }
  builder.add(socket(TcpState::kEstablished, 40000, 9, 80));   // another port of that peer
  builder.add(socket(TcpState::kEstablished, 40050, 9, 443));  // the program chose its port
  const SocketCensus census = builder.finish();
  ASSERT_EQ(census.port_use.size(), 2U);
  EXPECT_EQ(census.port_use[0].peer_port, 443);
  EXPECT_EQ(census.port_use[0].ports, 20U);
  EXPECT_EQ(census.port_use[0].time_wait, 10U);
  EXPECT_EQ(census.port_use[0].available, 40U);
  EXPECT_EQ(census.port_use[1].ports, 1U);
}

// 30 in TIME_WAIT over loopback are free again, by the kernel's default: 20 towards another host
// are more.
TEST(SocketCensus, PortsThatCanBeHadAreNotTaken) {
  const auto add_all = [](CensusBuilder& builder) {
    for (std::uint16_t i = 0; i < 30; ++i) {
      Socket over_loopback = socket(TcpState::kTimeWait, 40000 + i, 9, 8080);
      over_loopback.connection.local = samples::ipv4(127, 0, 0, 1);
      over_loopback.connection.peer = samples::ipv4(127, 0, 0, 1);
      builder.add(over_loopback);
    }
    for (std::uint16_t i = 0; i < 20; ++i) {
      builder.add(socket(TcpState::kEstablished, 40000 + i, 9, 443));
    }
  };
  CensusBuilder by_default({.top = 1});
  add_all(by_default);
  SocketCensus census = by_default.finish();
  ASSERT_EQ(census.port_use.size(), 1U);
  EXPECT_EQ(census.port_use[0].peer_port, 443);
  EXPECT_EQ(model::ports_taken(census.port_use[0]), 20U);
  CensusBuilder without(
      {.top = 1, .settings = {{kCensusNetns, port_settings({{"net.ipv4.tcp_timestamps", "0"}})}}});
  add_all(without);
  census = without.finish();
  EXPECT_EQ(census.port_use[0].peer_port, 8080);
  EXPECT_EQ(model::ports_taken(census.port_use[0]), 30U);
}

TEST(SocketCensus, AListenersConnectionsUseNoPorts) {
  CensusBuilder builder({});
  for (std::uint16_t i = 0; i < 30; ++i) {
    builder.add(socket(TcpState::kEstablished, 40000, 9, 5000 + i));
  }
  builder.add(listener(40000, 0, 5));
  EXPECT_THAT(builder.finish().port_use, IsEmpty());
}

TEST(SocketCensus, CloseWaitByProcessAndPeerWithItsAge) {
  CensusBuilder builder({});
  for (std::uint16_t i = 0; i < 3; ++i) {
    Socket leaked = owned(socket(TcpState::kCloseWait, 40000 + i, 9, 443), 812);
    leaked.info.emplace();
    leaked.info->last_ack_recv_ms = 1000 * i;
    leaked.info->last_data_recv_ms = 5000;
    builder.add(leaked);
  }
  builder.add(listener(80, 0, 5));
  builder.add(owned(socket(TcpState::kCloseWait, 80, 9, 5000), 812));
  builder.add(owned(socket(TcpState::kCloseWait, 80, 9, 5001), 812));
  const SocketCensus census = builder.finish();
  ASSERT_EQ(census.close_wait.size(), 2U);
  EXPECT_EQ(census.close_wait[0].connections, 3U);
  EXPECT_FALSE(census.close_wait[0].server);
  EXPECT_EQ(census.close_wait[0].port, 443);
  EXPECT_EQ(census.close_wait[0].process.pid, 812U);
  EXPECT_EQ(census.close_wait[0].at_least, milliseconds(2000));
  EXPECT_EQ(census.close_wait[0].at_most, milliseconds(5000));
  EXPECT_TRUE(census.close_wait[1].server);
  EXPECT_EQ(census.close_wait[1].port, 80);
  EXPECT_EQ(census.close_wait[1].connections, 2U);
}

TEST(SocketCensus, RoundTripsByPowersOfTwo) {
  CensusBuilder builder({});
  for (const std::uint32_t rtt : {0U, 1U, 1023U, 1024U, 0xffffffffU}) {
    Socket one = socket(TcpState::kEstablished, 80, 9, 5000);
    one.info.emplace();
    one.info->rtt_us = rtt;
    builder.add(one);
  }
  const SocketCensus census = builder.finish();
  for (const std::size_t bucket : {0U, 1U, 10U, 11U, 32U}) {
    EXPECT_EQ(census.rtt.at(bucket), 1U) << bucket;
  }
}

TEST(SocketCensus, TheNextOneBeginsFromNothing) {
  CensusBuilder builder({});
  builder.add(owned(socket(TcpState::kCloseWait, 40000, 9, 443), 812));
  builder.add(listener(80, 0, 5));
  EXPECT_EQ(builder.finish().sockets, 2U);
  const SocketCensus census = builder.finish();
  EXPECT_EQ(census.sockets, 0U);
  EXPECT_THAT(census.listeners, IsEmpty());
  EXPECT_THAT(census.namespaces, IsEmpty());
  EXPECT_THAT(census.close_wait, IsEmpty());
  EXPECT_THAT(census.processes, IsEmpty());
  EXPECT_THAT(census.port_use, IsEmpty());
}

TEST(SocketCensus, ManyDifferentEnds) {
  CensusBuilder builder({.top = 3});
  for (std::uint32_t i = 0; i < 100'000; ++i) {
    Socket one = socket(TcpState::kEstablished, static_cast<std::uint16_t>(1024 + i % 30000), 9,
                        static_cast<std::uint16_t>(1 + i / 3));
    one.connection.peer.bytes[1] = static_cast<std::uint8_t>(i >> 8U);
    one.connection.peer.bytes[2] = static_cast<std::uint8_t>(i);
    builder.add(one);
  }
  const SocketCensus census = builder.finish();
  EXPECT_EQ(census.sockets, 100'000U);
  ASSERT_EQ(census.peers.size(), 3U);
  EXPECT_EQ(census.peers[0].connections, 2U);
  EXPECT_EQ(census.local_ports[0].connections, 4U);
}

}  // namespace
}  // namespace tcptrace::monitor
