// SPDX-License-Identifier: GPL-2.0
// Whose connection it is, whatever runs when the event fires.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <csignal>
#include <list>
#include <map>
#include <thread>

#include <gtest/gtest.h>

#include "stress/child.h"
#include "stress/packet.h"
#include "support/cgroup.h"
#include "support/traced_test.h"

namespace tcptrace::live {
namespace {

class OwnerTest : public TracedTest {
 protected:
  void SetUp() override {
    if (!hook_attached(tracer().hooks(), "accept")) {
      GTEST_SKIP() << "no hook on accept";
    }
  }

  // A process that accepts one connection when told to, and then does as it is told: "reset" or
  // "close" it, "end".
  static Child worker(std::string_view name, int listener) {
    return {name, [listener](const Channel& channel) {
              channel.expect("accept");
              UniqueFd connection = accept_from(listener);
              channel.say("accepted");
              for (std::string word = channel.hear(); word != "end"; word = channel.hear()) {
                if (word == "reset") {
                  reset_on_close(connection.get());
                }
                connection.reset();
                channel.say("done");
              }
            }};
  }

  // Closes `end` with a reset, and returns once it has reached the other end, which a process of
  // `netns` has, or none yet: closed before, that end would send a segment of its own.
  static void abort_connection_to(const Netns& netns, UniqueFd& end) {
    const auto resets = [&] { return netns.counter("Tcp", "EstabResets"); };
    const std::uint64_t before = resets();
    reset_on_close(end.get());
    end.reset();
    require(wait_until([&] { return resets() > before; }), "the reset never arrived");
  }

  static void order(const Child& child, std::string_view word, std::string_view answer) {
    child.channel().say(word);
    child.channel().expect(answer);
  }
};

using Accept = OwnerTest;

TEST_F(Accept, NamesTheWorker) {
  pid_t pid = 0;
  std::uint16_t client_port = 0;
  const Seen seen = play([](const Seen& s) { return s.count(End::kServer, "accept") >= 1; },
                         [&](std::uint16_t port) {
                           const UniqueFd listener = lab().listen(port);
                           const Child child = worker("live-worker", listener.get());
                           const UniqueFd client = lab().connect(port);
                           order(child, "accept", "accepted");
                           pid = child.pid();
                           client_port = local_port(client.get());
                         });
  const Lines accepts = seen.of(End::kServer, "accept");
  ASSERT_EQ(accepts.size(), 1U);
  Expected expected = server_end(seen, "ESTABLISHED");
  expected.peer_port = client_port;
  expect_connection(accepts[0], expected);
  expect_owner(accepts[0], {.pid = pid, .comm = "live-worker"});
  EXPECT_EQ(accepts[0].text("/process/source"), "accept") << accepts[0];
}

TEST_F(Accept, Ipv6AndMapped) {
  for (const char* address : {kServerV6, kServerV4}) {
    const Seen seen = play([](const Seen& s) { return s.count(End::kServer, "accept") >= 1; },
                           [&](std::uint16_t port) {
                             (void)lab().pair({"::", port}, {address, port});
                           });
    const Lines accepts = seen.of(End::kServer, "accept");
    ASSERT_EQ(accepts.size(), 1U) << address;
    EXPECT_EQ(accepts[0].text("/connection/local"), address) << accepts[0];
    EXPECT_EQ(accepts[0].flag("/connection/v4_mapped"), address == kServerV4) << accepts[0];
  }
}

// The resets arrive in softirq while every worker sleeps.
TEST_F(OwnerTest, PreforkedWorkersOfOneListener) {
  std::map<std::uint16_t, pid_t> worker_of;
  const Seen seen = play_resets(3, 3, [&](std::uint16_t port) {
    worker_of.clear();
    UniqueFd listener = lab().listen(port);
    std::list<Child> workers;
    for (int i = 0; i < 3; ++i) {
      workers.push_back(worker("live-prefork", listener.get()));
    }
    listener.reset();
    std::list<UniqueFd> clients;
    for (const Child& child : workers) {
      clients.push_back(lab().connect(port));
      worker_of[local_port(clients.back().get())] = child.pid();
      order(child, "accept", "accepted");
    }
    for (UniqueFd& client : clients) {
      abort_connection_to(lab().server, client);
    }
  });
  const Lines received = seen.resets(End::kServer, "received");
  ASSERT_EQ(received.size(), 3U);
  for (const Line& line : received) {
    ASSERT_TRUE(worker_of.contains(line.peer_port())) << line;
    expect_owner(line, {.pid = worker_of[line.peer_port()], .comm = "live-prefork"});
    expect_connection(line, server_end(seen, "ESTABLISHED"));
  }
}

TEST_F(OwnerTest, RetransmissionBelongsToTheSleepingProcess) {
  pid_t pid = 0;
  const Seen seen = play(
      [](const Seen& s) { return s.count(End::kClient, "retransmit") >= 1; },
      [&](std::uint16_t port) {
        const UniqueFd listener = lab().listen(port);
        const Child child("live-sender", [&](const Channel& channel) {
          const UniqueFd client = lab().connect(port);
          channel.say("connected");
          channel.expect("send");
          send_bytes(client.get(), 100);
          channel.say("sent");
          (void)channel.hear();
        });
        pid = child.pid();
        child.channel().expect("connected");
        const UniqueFd server = accept_from(listener.get());
        const std::uint64_t before = lab().client.counter("Tcp", "RetransSegs");
        const Nft drop(lab().server, "input", to_port(port));
        order(child, "send", "sent");
        require(wait_until([&] { return lab().client.counter("Tcp", "RetransSegs") > before; }),
                "not sent again");
      });
  const Lines again = seen.of(End::kClient, "retransmit");
  ASSERT_GE(again.size(), 1U);
  expect_owner(again[0], {.pid = pid, .comm = "live-sender"});
}

// Nobody has the connection open any more; the process that had it is gone as well.
TEST_F(OwnerTest, PacketAfterTheCloseBelongsToWhoClosed) {
  pid_t pid = 0;
  const Seen seen = play_resets(1, 1, [&](std::uint16_t port) {
    const UniqueFd listener = lab().listen(port);
    Child child = worker("live-closer", listener.get());
    pid = child.pid();
    const UniqueFd client = lab().connect(port);
    order(child, "accept", "accepted");
    order(child, "close", "done");
    child.channel().say("end");
    require(child.join() == 0, "the worker failed");
    await_state(client.get(), TCP_CLOSE_WAIT);
    // Else the data may overtake the FIN's acknowledgement, which would be answered with a second
    // reset.
    await_fin_wait2(lab().server, port);
    require(send_error(client.get()) == 0, "reset too early");
    await_state(client.get(), TCP_CLOSE);
  });
  const Lines sent = seen.resets(End::kServer, "sent");
  ASSERT_EQ(sent.size(), 1U);
  expect_owner(sent[0], {.pid = pid, .comm = "live-closer"});
}

TEST_F(OwnerTest, NeverAcceptedBelongsToTheListenersOwner) {
  pid_t pid = 0;
  const Seen seen = play_resets(1, 1, [&](std::uint16_t port) {
    const Child child("live-listener", [&](const Channel& channel) {
      const UniqueFd listener = lab().listen(port);
      channel.say("listening");
      (void)channel.hear();
    });
    pid = child.pid();
    child.channel().expect("listening");
    UniqueFd client = lab().connect(port);
    abort_connection_to(lab().server, client);
  });
  const Lines received = seen.resets(End::kServer, "received");
  ASSERT_EQ(received.size(), 1U);
  expect_owner(received[0], {.pid = pid, .comm = "live-listener"});
  EXPECT_EQ(received[0].text("/process/source"), "listener") << received[0];
}

// As while a server is replaced: the new one listens before the old one has gone.
TEST_F(OwnerTest, NeverAcceptedBelongsToTheListenerThatIsLeft) {
  pid_t pid = 0;
  const Seen seen = play_resets(1, 1, [&](std::uint16_t port) {
    const auto server = [port](const Channel& channel) {
      {
        const InNetns inside(lab().server);
        const UniqueFd listener = tcp_socket({kServerV4, port});
        set_option(listener.get(), SOL_SOCKET, SO_REUSEPORT, 1);
        bind_to(listener.get(), {kServerV4, port});
        require(::listen(listener.get(), 8) == 0, "listen");
        channel.say("listening");
        if (channel.hear() == "await") {
          pollfd waiting{.fd = listener.get(), .events = POLLIN, .revents = 0};
          require(::poll(&waiting, 1, 10'000) == 1, "nobody connected");
          channel.say("queued");
          (void)channel.hear();
        }
      }
      channel.say("closed");
      (void)channel.hear();
    };
    const Child old("live-old", server);
    old.channel().expect("listening");
    const Child replacement("live-new", server);
    replacement.channel().expect("listening");
    pid = replacement.pid();
    old.channel().say("close");
    old.channel().expect("closed");
    UniqueFd client = lab().connect(port);
    replacement.channel().say("await");
    replacement.channel().expect("queued");
    abort_connection_to(lab().server, client);
  });
  const Lines received = seen.resets(End::kServer, "received");
  ASSERT_EQ(received.size(), 1U);
  expect_owner(received[0], {.pid = pid, .comm = "live-new"});
}

TEST_F(OwnerTest, NewConnectionIsNotTheOldOneThatHadItsPorts) {
  constexpr std::uint16_t kClientPort = 40077;
  const Seen seen = play_resets(2, 2, [](std::uint16_t port) {
    const auto connect = [&] {
      const InNetns inside(lab().client);
      UniqueFd client = tcp_socket({kClientV4, kClientPort});
      bind_to(client.get(), {kClientV4, kClientPort});
      connect_to(client.get(), {kServerV4, port});
      return client;
    };
    {
      const UniqueFd listener = lab().listen(port);
      UniqueFd client = connect();
      const UniqueFd server = accept_from(listener.get());
      abort_connection(client, server.get());
    }
    EXPECT_THROW((void)connect(), std::system_error);
  });
  Lines replies = seen.resets(End::kServer, "sent");
  ASSERT_EQ(replies.size(), 1U);
  EXPECT_FALSE(replies[0].has("/process")) << replies[0];
  EXPECT_FALSE(replies[0].has("/connection/cookie")) << replies[0];
}

TEST_F(OwnerTest, UserOfAnUnprivilegedProcess) {
  pid_t client_pid = 0;
  const Seen seen = play_resets(1, 1, [&](std::uint16_t port) {
    const UniqueFd listener = lab().listen(port);
    const Child child("live-nobody", [&](const Channel& channel) {
      const InNetns inside(lab().client);
      require(::setgid(kNobody) == 0 && ::setuid(kNobody) == 0, "setuid");
      const UniqueFd client = tcp_socket({kServerV4, port});
      connect_to(client.get(), {kServerV4, port});
      channel.say("connected");
      (void)channel.hear();
    });
    client_pid = child.pid();
    child.channel().expect("connected");
    UniqueFd server = accept_from(listener.get());
    abort_connection_to(lab().client, server);
    child.channel().say("end");
  });
  const Lines received = seen.resets(End::kClient, "received");
  ASSERT_EQ(received.size(), 1U);
  expect_owner(received[0], {.pid = client_pid, .comm = "live-nobody", .uid = kNobody});
}

TEST_F(OwnerTest, ThreadsBelongToTheirProcess) {
  pid_t pid = 0;
  pid_t tid = 0;
  const Seen seen = play_resets(1, 1, [&](std::uint16_t port) {
    const UniqueFd listener = lab().listen(port);
    const Child child("live-threads", [&](const Channel& channel) {
      std::thread([&] {
        const UniqueFd client = lab().connect(port);
        channel.say(std::to_string(::syscall(SYS_gettid)));
        (void)channel.hear();
      }).join();
    });
    pid = child.pid();
    tid = static_cast<pid_t>(std::stol(child.channel().hear()));
    UniqueFd server = accept_from(listener.get());
    abort_connection_to(lab().client, server);
    child.channel().say("end");
  });
  const Lines received = seen.resets(End::kClient, "received");
  ASSERT_EQ(received.size(), 1U);
  EXPECT_NE(pid, tid);
  EXPECT_EQ(received[0].number("/process/pid"), pid) << received[0];
  EXPECT_EQ(received[0].number("/process/tid"), tid) << received[0];
}

class OwnerCgroup : public OwnerTest {
 protected:
  void SetUp() override {
    if (!Cgroup::supported()) {
      GTEST_SKIP() << "cgroup v2 is not mounted";
    }
  }

  // A reset received by a connection of a process in that cgroup.
  static Seen reset_in(const Cgroup& cgroup) {
    return play_resets(1, 1, [&](std::uint16_t port) {
      const UniqueFd listener = lab().listen(port);
      Child child("live-cgroup", [&](const Channel& channel) {
        cgroup.enter();
        const UniqueFd client = lab().connect(port);
        channel.say("connected");
        (void)channel.hear();
      });
      child.channel().expect("connected");
      UniqueFd server = accept_from(listener.get());
      abort_connection_to(lab().client, server);
      child.channel().say("end");
      child.join();
    });
  }
};

TEST_F(OwnerCgroup, PathAndId) {
  const Cgroup cgroup("tcptrace-live-" + std::to_string(::getpid()) + "/api.service");
  const Seen seen = reset_in(cgroup);
  const Lines received = seen.resets(End::kClient, "received");
  ASSERT_EQ(received.size(), 1U);
  EXPECT_EQ(received[0].text("/process/cgroup"), cgroup.path()) << received[0];
  EXPECT_EQ(static_cast<std::uint64_t>(received[0].number("/process/cgroup_id")), cgroup.id())
      << received[0];
  EXPECT_FALSE(received[0].has("/process/container")) << received[0];
}

TEST_F(OwnerCgroup, ContainerIdFromADockerPath) {
  const std::string id(64, 'a');
  const Cgroup cgroup("tcptrace-live-" + std::to_string(::getpid()) + ".slice/docker-" + id +
                      ".scope");
  const Seen seen = reset_in(cgroup);
  const Lines received = seen.resets(End::kClient, "received");
  ASSERT_EQ(received.size(), 1U);
  EXPECT_EQ(received[0].text("/process/container"), id) << received[0];
  EXPECT_EQ(received[0].text("/process/container_runtime"), "docker") << received[0];
}

// Sockets that were there first: a tracer of its own starts when everything stands.
class OwnerSeeded : public OwnerTest {
 protected:
  static std::vector<std::string> watch_lab() {
    return {"--netns",
            std::to_string(lab().client.inode()) + "," + std::to_string(lab().server.inode())};
  }
};

TEST_F(OwnerSeeded, AcceptedAndConnectedSockets) {
  const std::uint16_t port = lab().next_port();
  UniqueFd listener = lab().listen(port);
  const Child server = worker("live-old-server", listener.get());
  listener.reset();
  const Child client("live-old-client", [&](const Channel& channel) {
    const UniqueFd socket = lab().connect(port);
    channel.say("connected");
    (void)channel.hear();
  });
  order(server, "accept", "accepted");
  client.channel().expect("connected");

  Tracer own(watch_lab());
  order(server, "reset", "done");
  const auto sent = [port](const Line& line) {
    return line.is_reset("sent") && line.local_port() == port;
  };
  ASSERT_TRUE(own.wait_for(sent));
  const Lines sent_lines = own.lines(0, sent);
  expect_owner(sent_lines[0], {.pid = server.pid(), .comm = "live-old-server"});
  EXPECT_EQ(sent_lines[0].text("/process/source"), "seed") << sent_lines[0];
  EXPECT_EQ(sent_lines[0].text("/connection/state"), "ESTABLISHED") << sent_lines[0];
  if (sent_lines[0].has("/connection/age_ms")) {
    EXPECT_TRUE(sent_lines[0].flag("/connection/age_is_lower_bound")) << sent_lines[0];
  }
  const auto received = [port](const Line& line) {
    return line.is_reset("received") && line.peer_port() == port;
  };
  // A kernel may hide this one; what it does not hide has the right owner.
  const bool seen = own.wait_for(received, exact_counts() ? 10s : 1s);
  EXPECT_TRUE(seen || !exact_counts());
  for (const Line& line : own.lines(0, received)) {
    expect_owner(line, {.pid = client.pid(), .comm = "live-old-client"});
  }
  EXPECT_EQ(own.stop().status, 0);
}

TEST_F(OwnerSeeded, ListenerThatAnswersAStaleSegment) {
  const std::uint16_t port = lab().next_port();
  const Child child("live-old-listen", [&](const Channel& channel) {
    const UniqueFd listener = lab().listen(port);
    channel.say("listening");
    (void)channel.hear();
  });
  child.channel().expect("listening");

  Tracer own(watch_lab());
  const auto sent = [port](const Line& line) {
    return line.is_reset("sent") && line.local_port() == port;
  };
  bool seen = false;
  for (int i = 0; i < attempts() && !seen; ++i) {
    inject(
        lab().client,
        {.from = {kClientV4, 40021}, .to = {kServerV4, port}, .seq = 1, .ack = 1, .flags = kAck});
    seen = own.wait_for(sent, 2s);
  }
  ASSERT_TRUE(seen);
  expect_owner(own.lines(0, sent)[0], {.pid = child.pid(), .comm = "live-old-listen"});
}

// The hooks cannot see the end of a call that began before them.
TEST_F(OwnerSeeded, WorkerThatWaitedInAcceptAlready) {
  const std::uint16_t port = lab().next_port();
  const Child child("live-waiting", [&](const Channel& channel) {
    const UniqueFd listener = lab().listen(port);
    channel.say("listening");
    const UniqueFd connection(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
    channel.say("accepted");
    (void)channel.hear();
  });
  child.channel().expect("listening");

  Tracer own(watch_lab());
  UniqueFd client = lab().connect(port);
  child.channel().expect("accepted");
  reset_on_close(client.get());
  client.reset();
  const auto received = [port](const Line& line) {
    return line.is_reset("received") && line.local_port() == port;
  };
  const bool seen = own.wait_for(received, exact_counts() ? 10s : 1s);
  EXPECT_TRUE(seen || !exact_counts());
  for (const Line& line : own.lines(0, received)) {
    expect_owner(line, {.pid = child.pid(), .comm = "live-waiting"});
  }
}

}  // namespace
}  // namespace tcptrace::live
