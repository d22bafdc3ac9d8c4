// SPDX-License-Identifier: GPL-2.0
// Looks and events made by hand.
#include "monitor/pool_fold.h"

#include <initializer_list>
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tcptrace::monitor {
namespace {

using model::Pool;
using model::Socket;
using model::TcpState;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

constexpr std::uint32_t kPoolNetns = 4026531840;
constexpr std::uint32_t kPid = 812;

model::Process process(std::uint32_t pid, std::string_view comm) {
  model::Process process{.pid = pid, .tid = pid, .cgroup = {}};
  comm.copy(process.comm.data(), process.comm.size() - 1);
  return process;
}

model::Connection connection(std::uint64_t cookie, TcpState state) {
  model::Connection connection;
  connection.cookie = cookie;
  connection.netns = kPoolNetns;
  connection.state = state;
  connection.local = {{10, 0, 0, 5}};
  connection.peer = {{10, 0, 0, 9}};
  connection.local_port = static_cast<std::uint16_t>(40'000 + cookie);
  connection.peer_port = 5432;
  return connection;
}

class Pools : public testing::Test {
 protected:
  // A connection of process 812 that has been answered `idle` ago.
  [[nodiscard]] Socket idle(std::uint64_t cookie, milliseconds time = milliseconds(500)) const {
    Socket socket;
    socket.boot_time = now_;
    socket.connection = connection(cookie, TcpState::kEstablished);
    socket.owner = process(kPid, "api");
    socket.info = model::TcpInfo{};
    socket.info->bytes_sent = socket.info->bytes_received = 100;
    socket.info->last_data_recv_ms = socket.info->last_ack_recv_ms =
        static_cast<std::uint32_t>(time.count());
    socket.info->last_data_sent_ms = socket.info->last_data_recv_ms + 20;
    return socket;
  }
  [[nodiscard]] Socket busy(std::uint64_t cookie, milliseconds time = milliseconds(50)) const {
    Socket socket = idle(cookie, time + milliseconds(400));
    socket.info->last_data_sent_ms = static_cast<std::uint32_t>(time.count());
    return socket;
  }
  // The peer's FIN came `since` ago, after `silent` without data.
  [[nodiscard]] Socket closed_by_peer(std::uint64_t cookie, milliseconds since,
                                      milliseconds silent) const {
    Socket socket = idle(cookie, since + silent);
    socket.connection.state = TcpState::kCloseWait;
    socket.info->last_ack_recv_ms = static_cast<std::uint32_t>(since.count());
    return socket;
  }
  // What is left of it: nobody's, and with nothing but its addresses.
  [[nodiscard]] static Socket ended(std::uint64_t cookie, TcpState state = TcpState::kTimeWait) {
    Socket socket;
    socket.connection = connection(cookie, state);
    return socket;
  }

  void look(std::initializer_list<Socket> sockets, bool complete = true) {
    fold_.begin_look(now_);
    for (const Socket& socket : sockets) {
      fold_.add(socket);
    }
    fold_.end_look(complete);
    now_ += seconds(1);
  }
  Pool only_pool() const {
    const model::PoolReport report = fold_.report();
    EXPECT_EQ(report.pools.size(), 1U);
    return report.pools.empty() ? Pool() : report.pools.front();
  }

  nanoseconds now_ = seconds(100);
  PoolFold fold_{PoolSettings{}};
};

TEST_F(Pools, AreOfOneProcessAndOnePeer) {
  Socket other_peer = idle(3);
  other_peer.connection.peer_port = 6379;
  Socket other_process = idle(4);
  other_process.owner = process(813, "worker");
  Socket other_netns = idle(5);
  other_netns.connection.netns = kPoolNetns + 1;
  Socket nobodys = idle(6);
  nobodys.owner.reset();
  look({idle(1), idle(2), other_peer, other_process, other_netns, nobodys});
  const model::PoolReport report = fold_.report();
  ASSERT_EQ(report.pools.size(), 5U);
  const Pool& largest = report.pools.front();
  EXPECT_EQ(largest.now.open, 2U);
  EXPECT_EQ(largest.process->pid, kPid);
  EXPECT_EQ(largest.peer.port, 5432);
  EXPECT_EQ(report.connections, 6U);
  EXPECT_EQ(report.looks, 1U);
}

TEST_F(Pools, AreCountedByWhatTheirConnectionsDo) {
  Socket connecting = ended(5, TcpState::kSynSent);
  connecting.owner = process(kPid, "api");
  look({idle(1, milliseconds(200)), idle(2, seconds(20)), busy(3), busy(4, seconds(3)), connecting,
        closed_by_peer(6, seconds(9), seconds(5))});
  const Pool pool = only_pool();
  EXPECT_EQ(pool.now.open, 4U);
  EXPECT_EQ(pool.now.idle, 2U);
  EXPECT_EQ(pool.now.busy, 2U);
  EXPECT_EQ(pool.now.waiting, 1U);
  EXPECT_EQ(pool.now.connecting, 1U);
  EXPECT_EQ(pool.now.close_wait, 1U);
  EXPECT_EQ(pool.close_wait_age, seconds(9));
  EXPECT_EQ(pool.idle.count, 2U);
  EXPECT_EQ(pool.idle.min, milliseconds(200));
  EXPECT_EQ(pool.idle.max, seconds(20));
  EXPECT_EQ(pool.idle_buckets[0], 1U);
  EXPECT_EQ(pool.idle_buckets[3], 1U) << "15 s to 1 min";
  EXPECT_EQ(pool.longest_idle, seconds(20));
}

TEST_F(Pools, HaveNoConnectionsThatWereAcceptedHere) {
  Socket listener;
  listener.connection = connection(9, TcpState::kListen);
  listener.connection.local_port = 8080;
  const auto from_8080 = [&](std::uint64_t cookie, std::uint32_t netns) {
    Socket socket = idle(cookie);
    socket.connection.local_port = 8080;
    socket.connection.netns = netns;
    return socket;
  };
  Socket known = idle(3);
  known.connection.role = model::Role::kServer;
  fold_.add(listener);
  look({from_8080(1, kPoolNetns), from_8080(2, kPoolNetns + 1), known});
  EXPECT_EQ(only_pool().peer.netns, kPoolNetns + 1);
}

TEST_F(Pools, ForgetConnectionsOfAListenerThatIsSeenLate) {
  Socket listener;
  listener.connection = connection(9, TcpState::kListen);
  listener.connection.local_port = 40'002;
  look({idle(1)});
  look({idle(1), idle(2), listener});
  look({idle(1), idle(2), listener});
  const Pool pool = only_pool();
  EXPECT_EQ(pool.now.open, 1U);
  EXPECT_EQ(pool.churn.opened, 0U);
  EXPECT_EQ(pool.churn.closed, 0U);
}

TEST_F(Pools, CountWhatComesAndGoes) {
  look({idle(1), idle(2), idle(3)});
  look({idle(1), idle(2), idle(3), idle(4)});
  look({idle(1), ended(2), idle(4), closed_by_peer(3, milliseconds(300), milliseconds(10))});
  look({idle(1), ended(2), ended(4), ended(3, TcpState::kLastAck)});
  const Pool pool = only_pool();
  EXPECT_EQ(pool.churn.opened, 1U);
  EXPECT_EQ(pool.churn.closed, 3U);
  EXPECT_EQ(pool.churn.closed_here, 2U);
  EXPECT_EQ(pool.churn.closed_by_peer, 1U);
  EXPECT_TRUE(pool.churn.at_least);
  EXPECT_EQ(pool.churn.lifetimes.count, 1U) << "of the others nobody knows when they began";
  EXPECT_EQ(pool.churn.lifetimes.median, seconds(2));
  EXPECT_EQ(pool.time_wait, 2U);
  EXPECT_EQ(pool.close_wait_left, 1U);
  EXPECT_EQ(pool.open_first, 3U);
  EXPECT_EQ(pool.open_min, 1U);
  EXPECT_EQ(pool.open_max, 4U);
  EXPECT_EQ(pool.grown_looks, 1U);
  EXPECT_EQ(pool.shrunk_looks, 2U);
}

TEST_F(Pools, KnowTheAgeOfWhatWasOpenedMeanwhile) {
  look({idle(1, seconds(30))});
  look({idle(1), idle(2)});
  look({idle(1), idle(2)});
  const Pool pool = only_pool();
  EXPECT_EQ(pool.age.count, 2U);
  EXPECT_EQ(pool.age.min, seconds(1));
  EXPECT_EQ(pool.age.max, seconds(2));
  EXPECT_TRUE(pool.age_at_least);
}

TEST_F(Pools, TakeWhatLivedBetweenTwoLooksFromWhatIsLeftOfIt) {
  look({idle(1), ended(20)});
  look({idle(1), ended(20), ended(21), ended(22)});
  look({idle(1), ended(20), ended(21), ended(22)});
  const Pool pool = only_pool();
  EXPECT_EQ(pool.churn.opened, 2U) << "20 had ended before";
  EXPECT_EQ(pool.churn.closed, 2U);
  EXPECT_EQ(pool.churn.closed_here, 2U);
  EXPECT_EQ(pool.churn.lifetimes.max, seconds(1)) << "at most the interval";
  EXPECT_EQ(pool.time_wait, 3U);
}

TEST_F(Pools, OfNobodyHaveWhatSeveralMayHaveHad) {
  Socket second = idle(2);
  second.owner = process(813, "worker");
  look({idle(1), second});
  look({idle(1), second, ended(21)});
  EXPECT_EQ(fold_.report().pools.size(), 3U);
  PoolFold owned(PoolSettings{.unowned = false});
  std::swap(fold_, owned);
  look({idle(1), second});
  look({idle(1), second, ended(21)});
  EXPECT_EQ(fold_.report().pools.size(), 2U) << "who asks for a process does not want nobody";
}

TEST_F(Pools, TakeWhatHasNoOwnerYetForThatOfTheOnlyProcess) {
  const auto unowned = [&](std::uint64_t cookie, std::uint32_t uid) {
    Socket socket = idle(cookie);
    socket.owner.reset();
    socket.uid = uid;
    return socket;
  };
  look({idle(1)});
  look({idle(1), unowned(2, 0), unowned(3, 1000)});
  ASSERT_EQ(fold_.report().pools.size(), 1U) << "another user's is another process's";
  EXPECT_EQ(fold_.report().pools[0].now.open, 2U);
  Socket others = idle(3);
  others.owner = process(813, "other");
  look({idle(1), idle(2), others});
  const model::PoolReport report = fold_.report();
  ASSERT_EQ(report.pools.size(), 2U);
  EXPECT_EQ(report.pools[0].churn.opened, 1U);
  EXPECT_EQ(report.pools[1].process->pid, 813U);
  EXPECT_EQ(report.pools[1].churn.opened, 1U) << "counted where it belongs";
}

TEST_F(Pools, OfNobodyAreThoseWithoutAnOwnerInTwoLooks) {
  const auto unowned = [&](std::uint64_t cookie) {
    Socket socket = idle(cookie);
    socket.owner.reset();
    return socket;
  };
  look({});
  look({unowned(1)});
  EXPECT_THAT(fold_.report().pools, testing::IsEmpty());
  look({unowned(1), unowned(2)});
  EXPECT_EQ(only_pool().now.open, 1U);
  EXPECT_FALSE(only_pool().process);
}

TEST_F(Pools, DoNotTakeAnUnusedConnectionForOneThatIsKept) {
  const auto unused = [&](std::uint64_t cookie) {
    Socket socket = idle(cookie, seconds(59));
    socket.info->bytes_sent = 0;
    return socket;
  };
  for (std::uint64_t cookie = 1; cookie <= 4; ++cookie) {
    look({unused(cookie)});
  }
  EXPECT_FALSE(only_pool().peer_idle_close);
  EXPECT_EQ(only_pool().longest_idle, milliseconds(0));
}

TEST_F(Pools, DoNotTakeAMissingConnectionForGoneAfterAnIncompleteLook) {
  look({idle(1), idle(2)});
  look({idle(1)}, false);
  look({idle(1), idle(2)});
  EXPECT_EQ(only_pool().churn.closed, 0U);
  look({idle(1)});
  EXPECT_EQ(only_pool().churn.closed, 1U);
}

TEST_F(Pools, CountASocketThatIsThereTwiceOnce) {
  look({idle(1), idle(1)});
  EXPECT_EQ(only_pool().now.open, 1U);
}

TEST_F(Pools, LearnThePeersTimeoutFromItsFin) {
  for (std::uint64_t cookie = 1; cookie <= 3; ++cookie) {
    look({closed_by_peer(cookie, milliseconds(300), seconds(60))});
  }
  const Pool pool = only_pool();
  ASSERT_TRUE(pool.peer_idle_close);
  EXPECT_EQ(pool.peer_idle_close->idle, seconds(60));
  EXPECT_FALSE(pool.peer_idle_close->presumed);
  EXPECT_EQ(pool.longest_idle, seconds(60));
  EXPECT_EQ(fold_.report().peer_idle_closes.size(), 1U);
}

TEST_F(Pools, DoNotLearnFromAFinAfterWhichProbesWereAnswered) {
  for (std::uint64_t cookie = 1; cookie <= 3; ++cookie) {
    Socket socket = closed_by_peer(cookie, milliseconds(300), seconds(60));
    socket.info->keepalive = true;
    look({socket});
  }
  EXPECT_FALSE(only_pool().peer_idle_close);
}

TEST_F(Pools, PresumeThePeersTimeoutFromWhatGoesWhileItIsIdle) {
  for (std::uint64_t cookie = 1; cookie <= 4; ++cookie) {
    look({idle(cookie, seconds(59))});
  }
  const Pool pool = only_pool();
  ASSERT_TRUE(pool.peer_idle_close);
  EXPECT_EQ(pool.peer_idle_close->idle, milliseconds(59'500));
  EXPECT_TRUE(pool.peer_idle_close->presumed);
  EXPECT_EQ(pool.churn.closed, 3U);
  EXPECT_EQ(pool.churn.closed_by_peer + pool.churn.closed_here, 0U) << "nobody saw it";
}

// The one look was a minute late: whatever this side closed has been in TIME_WAIT, and is gone.
TEST_F(Pools, PresumeNothingFromWhatMayHaveBeenInTimeWait) {
  for (std::uint64_t cookie = 1; cookie <= 4; ++cookie) {
    look({idle(cookie, seconds(59))});
    now_ += seconds(59);
  }
  EXPECT_FALSE(only_pool().peer_idle_close);
}

// The time between two looks is what it was, not what was asked for.
TEST_F(Pools, PresumeTheMiddleBetweenTwoLooks) {
  for (std::uint64_t cookie = 1; cookie <= 4; ++cookie) {
    look({idle(cookie, seconds(59))});
    now_ += seconds(2);
  }
  EXPECT_EQ(only_pool().peer_idle_close.value().idle, milliseconds(60'500));
}

TEST_F(Pools, PresumeNothingFromWhatThisSideHasClosed) {
  for (std::uint64_t cookie = 1; cookie <= 4; ++cookie) {
    look({idle(cookie, seconds(59)), ended(cookie - 1)});
  }
  EXPECT_FALSE(only_pool().peer_idle_close);
}

TEST_F(Pools, ThatOnlyTransferAreToldFromThoseThatAreAsked) {
  const auto sending = [&](std::uint64_t sent, std::uint64_t received) {
    Socket socket = busy(1);
    socket.info->bytes_sent = sent;
    socket.info->bytes_received = received;
    return socket;
  };
  look({sending(100, 100)});
  look({sending(5000, 100)});
  EXPECT_EQ(only_pool().one_way, 1U);
  look({sending(9000, 200)});
  EXPECT_EQ(only_pool().one_way, 0U);
}

TEST_F(Pools, CountThoseThatDoNotComeBack) {
  look({busy(1)});
  look({busy(1), idle(2, milliseconds(10)), idle(3, milliseconds(10))});
  for (int second = 1; second <= 3; ++second) {
    look({busy(1), idle(2, seconds(second)), idle(3, milliseconds(20))});
  }
  EXPECT_EQ(only_pool().unreturned, 1U) << "3 is used again and again";
}

TEST_F(Pools, ThatAreExhaustedAreFound) {
  for (int i = 0; i < 6; ++i) {
    look({busy(1), busy(2)});
  }
  const Pool pool = only_pool();
  EXPECT_EQ(pool.busy_looks, 6U);
  ASSERT_EQ(pool.verdicts.size(), 1U);
  EXPECT_EQ(pool.verdicts[0].problem, model::PoolProblem::kPoolExhausted);
}

TEST_F(Pools, WithVerdictsComeFirst) {
  Socket others = idle(10);
  others.connection.peer_port = 80;
  Socket more = others;
  more.connection.cookie = 11;
  Socket most = others;
  most.connection.cookie = 12;
  for (int i = 0; i < 6; ++i) {
    look({others, more, most, busy(1), busy(2)});
  }
  const model::PoolReport report = fold_.report();
  ASSERT_EQ(report.pools.size(), 2U);
  EXPECT_EQ(report.pools[0].peer.port, 5432);
  EXPECT_EQ(report.pools[1].peer.port, 80);
}

TEST_F(Pools, AreBoundedAndSayWhatIsNotFollowed) {
  fold_ = PoolFold(PoolSettings{.max_connections = 2, .max_pools = 1});
  Socket other = idle(9);
  other.connection.peer_port = 80;
  look({idle(1), idle(2), idle(3), other});
  const model::PoolReport report = fold_.report();
  EXPECT_EQ(report.pools.size(), 1U);
  EXPECT_EQ(report.connections, 2U);
  EXPECT_EQ(report.not_followed, 1U);
  EXPECT_EQ(report.not_pooled, 1U);
}

TEST_F(Pools, NameTheirRuntimeAndTheirPorts) {
  look({idle(1)});
  EXPECT_THAT(fold_.new_processes(), testing::ElementsAre(kPid));
  EXPECT_THAT(fold_.new_processes(), testing::IsEmpty());
  fold_.set_runtime(kPid, model::RuntimeKind::kNodejs);
  fold_.set_local_ports(kPoolNetns, 28'232);
  EXPECT_EQ(only_pool().runtime, model::RuntimeKind::kNodejs);
  EXPECT_EQ(only_pool().local_ports, 28'232U);
}

TEST_F(Pools, SurviveSocketsThatSayNothing) {
  Socket nothing;
  look({nothing});
  nothing.connection.cookie = 1;
  nothing.connection.state = TcpState::kEstablished;
  look({nothing});
  look({nothing});
  EXPECT_EQ(fold_.report().pools.size(), 1U);
}

class TracedPools : public Pools {
 protected:
  TracedPools() { fold_ = PoolFold(PoolSettings{.traced = true}); }

  [[nodiscard]] model::Event event(model::EventKind kind, std::uint64_t cookie, TcpState old_state,
                                   TcpState state) const {
    model::Event event;
    event.kind = kind;
    event.boot_time = now_;
    event.connection = connection(cookie, state);
    event.connection.role = model::Role::kClient;
    event.connection.old_state = old_state;
    event.connection.age = milliseconds(12);
    event.owner = process(kPid, "api");
    return event;
  }
  void open(std::uint64_t cookie) {
    fold_.note(
        event(model::EventKind::kConnect, cookie, TcpState::kSynSent, TcpState::kEstablished));
  }
  void state(std::uint64_t cookie, TcpState old_state, TcpState state) {
    fold_.note(event(model::EventKind::kState, cookie, old_state, state));
  }
  // `last_data` before the end.
  void close(std::uint64_t cookie, TcpState old_state, milliseconds last_data = {},
             bool reset_received = false) {
    model::Event end = event(model::EventKind::kClose, cookie, old_state, TcpState::kClose);
    end.info = model::TcpInfo{};
    end.info->bytes_sent = end.info->bytes_received = 1;
    end.info->last_data_recv_ms = end.info->last_data_sent_ms =
        static_cast<std::uint32_t>(last_data.count());
    end.reset_received = reset_received;
    fold_.note(end);
  }
};

TEST_F(TracedPools, SayWhichBeginningsAreNotFollowed) {
  fold_ = PoolFold(PoolSettings{.traced = true, .max_connections = 2});
  look({});
  open(1);
  open(2);
  EXPECT_EQ(fold_.report().not_followed, 0U);
  open(3);
  EXPECT_EQ(only_pool().churn.opened, 3U);
  EXPECT_EQ(fold_.report().not_followed, 1U);
}

TEST_F(TracedPools, CountEveryOpenAndEveryEnd) {
  look({});
  open(1);
  state(1, TcpState::kEstablished, TcpState::kFinWait1);
  close(1, TcpState::kFinWait2);
  open(2);
  state(2, TcpState::kEstablished, TcpState::kCloseWait);
  state(2, TcpState::kCloseWait, TcpState::kLastAck);
  close(2, TcpState::kLastAck);
  open(3);
  close(3, TcpState::kEstablished, milliseconds(1), true);
  model::Event refused = event(model::EventKind::kConnect, 4, TcpState::kSynSent, TcpState::kClose);
  refused.err = 111;
  fold_.note(refused);
  const Pool pool = only_pool();
  EXPECT_EQ(pool.churn.opened, 3U);
  EXPECT_EQ(pool.churn.closed, 3U);
  EXPECT_EQ(pool.churn.closed_here, 1U);
  EXPECT_EQ(pool.churn.closed_by_peer, 2U);
  EXPECT_EQ(pool.churn.reset, 1U);
  EXPECT_EQ(pool.churn.failed, 1U);
  EXPECT_FALSE(pool.churn.at_least);
  EXPECT_EQ(pool.churn.lifetimes.count, 3U);
  EXPECT_EQ(pool.churn.lifetimes.median, milliseconds(12));
}

TEST_F(TracedPools, CountNoOpenAndNoEndTwice) {
  look({idle(1)});
  open(2);
  look({idle(1), idle(2)});
  state(2, TcpState::kEstablished, TcpState::kFinWait1);
  look({idle(1), ended(2), ended(3)});
  EXPECT_EQ(only_pool().churn.opened, 1U);
  EXPECT_EQ(only_pool().churn.closed, 1U);
}

TEST_F(TracedPools, KnowWhoseAConnectionIsAndItsAgeFromItsOpen) {
  look({});
  open(1);
  now_ += milliseconds(250);
  Socket unowned = idle(1, milliseconds(10));
  unowned.owner.reset();
  look({unowned});
  EXPECT_EQ(only_pool().process->pid, kPid);
  EXPECT_EQ(only_pool().age.max, milliseconds(250));
  EXPECT_FALSE(only_pool().age_at_least);
}

TEST_F(TracedPools, LeaveOutWhatCameBeforeTheFirstLookOrWasAccepted) {
  open(1);
  look({});
  model::Event old =
      event(model::EventKind::kConnect, 2, TcpState::kSynSent, TcpState::kEstablished);
  old.boot_time = seconds(99);
  fold_.note(old);
  model::Event accepted = event(model::EventKind::kClose, 3, TcpState::kLastAck, TcpState::kClose);
  accepted.connection.role = model::Role::kServer;
  fold_.note(accepted);
  EXPECT_THAT(fold_.report().pools, testing::IsEmpty());
}

TEST_F(TracedPools, LearnThePeersTimeoutToTheMillisecond) {
  look({});
  for (std::uint64_t cookie = 1; cookie <= 3; ++cookie) {
    state(cookie, TcpState::kEstablished, TcpState::kCloseWait);
    now_ += milliseconds(250);
    close(cookie, TcpState::kLastAck, milliseconds(5250));
  }
  const Pool pool = only_pool();
  ASSERT_TRUE(pool.peer_idle_close);
  EXPECT_EQ(pool.peer_idle_close->idle, milliseconds(5000));
  EXPECT_FALSE(pool.peer_idle_close->presumed);
}

TEST_F(TracedPools, LearnItFromResetsThatComeOverIdleConnections) {
  look({});
  for (std::uint64_t cookie = 1; cookie <= 3; ++cookie) {
    close(cookie, TcpState::kEstablished, seconds(350), true);
  }
  ASSERT_TRUE(only_pool().peer_idle_close);
  EXPECT_EQ(only_pool().peer_idle_close->idle, seconds(350));
}

TEST_F(TracedPools, DoNotLearnFromWhatThisSideEnds) {
  look({});
  for (std::uint64_t cookie = 1; cookie <= 3; ++cookie) {
    state(cookie, TcpState::kEstablished, TcpState::kFinWait1);
    close(cookie, TcpState::kFinWait2, seconds(350), true);
    close(cookie + 10, TcpState::kEstablished, seconds(350), false);
  }
  EXPECT_FALSE(only_pool().peer_idle_close);
}

TEST_F(TracedPools, LearnOnceFromAConnectionThatWasLookedAtToo) {
  look({});
  for (std::uint64_t cookie = 1; cookie <= 2; ++cookie) {
    state(cookie, TcpState::kEstablished, TcpState::kCloseWait);
    look({closed_by_peer(cookie, milliseconds(300), seconds(5))});
    close(cookie, TcpState::kLastAck, milliseconds(6300));
  }
  EXPECT_FALSE(only_pool().peer_idle_close) << "two are too few";
}

}  // namespace
}  // namespace tcptrace::monitor
