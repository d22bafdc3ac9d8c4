// SPDX-License-Identifier: GPL-2.0
// Filters: each with a connection that must show and, before it, one that must not. Records keep
// their order, so when the second is printed the first has been passed over. Every test runs a
// tracer of its own.
#include <netinet/tcp.h>
#include <unistd.h>

#include <csignal>
#include <functional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "stress/child.h"
#include "support/cgroup.h"
#include "support/traced_test.h"

namespace tcptrace::live {
namespace {

class FilterTest : public TracedTest {
 protected:
  // Programs read what a filter is about either directly or by probing; each has one that does.
  void SetUp() override {
    skip_unless_family({"auto", "tp"}, "the filters of the other families are these two's");
  }

  // A connection that its client resets: in process context, so that its record is the surest there
  // is. `server` is where the listener is, too: the connection does not leave the namespace.
  static void reset_within(const Netns& netns, const Endpoint& at) {
    const UniqueFd listener = listen_at(netns, at);
    UniqueFd client = connect_from(netns, at);
    const UniqueFd server = accept_from(listener.get());
    abort_connection(client, server.get());
  }
  static void reset_between(const Endpoint& at) {
    Pair pair = lab().pair(at, at);
    abort_connection(pair.client, pair.server.get());
  }
  static void reset_mapped(std::uint16_t port) {
    Pair pair = lab().pair({"::", port}, {std::string("::ffff:") + kServerV4, port});
    abort_connection(pair.client, pair.server.get());
  }

  // Makes and resets a connection each time it is told "go"; in `cgroup`, if one is given.
  static Child resetter(std::string_view name, std::uint16_t port, const Cgroup* cgroup = nullptr) {
    return {name, [port, cgroup](const Channel& channel) {
              if (cgroup != nullptr) {
                cgroup->enter();
              }
              for (;;) {
                channel.expect("go");
                {
                  const UniqueFd client = lab().connect(port);
                  reset_on_close(client.get());
                }
                channel.say("done");
              }
            }};
  }
  static void go(const Child& child) {
    child.channel().say("go");
    child.channel().expect("done");
  }

  static Tracer::Predicate about(std::uint16_t port) {
    return
        [port](const Line& line) { return line.local_port() == port || line.peer_port() == port; };
  }

  // Plays `hidden`, then `shown`, until something with the shown port is printed.
  static void expect_only(Tracer& own, std::uint16_t shown_port,
                          const std::function<void()>& hidden, const std::function<void()>& shown) {
    bool seen = false;
    for (int i = 0; i < attempts() && !seen; ++i) {
      hidden();
      shown();
      seen = own.wait_for(about(shown_port), exact_counts() ? 10s : 3s);
    }
    EXPECT_TRUE(seen) << "what matches was not shown";
    const Lines others = own.lines(
        0, [&](const Line& line) { return line.has("/connection") && !about(shown_port)(line); });
    EXPECT_TRUE(others.empty()) << others.size()
                                << " records that do not match, the first: " << others.front();
    EXPECT_EQ(own.stop().status, 0);
    const auto bad = own.bad_lines();
    EXPECT_TRUE(bad.empty()) << bad.front();
  }

  // The same with connections to the server's two ports.
  static void expect_only_port(Tracer& own, std::uint16_t shown, std::uint16_t hidden) {
    expect_only(
        own, shown,
        [&] {
          reset_between({kServerV4, hidden});
        },
        [&] {
          reset_between({kServerV4, shown});
        });
  }

  // Beside the filter in question, only the lab: others may be at work on this machine.
  static std::vector<std::string> in_lab(std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"--netns", std::to_string(lab().client.inode()) + "," +
                                                      std::to_string(lab().server.inode())});
    return arguments;
  }
};

TEST_F(FilterTest, PidIsTheOwner) {
  const std::uint16_t shown = lab().next_port();
  const std::uint16_t hidden = lab().next_port();
  const UniqueFd first = lab().listen(shown, 64);
  const UniqueFd second = lab().listen(hidden, 64);
  const Child wanted = resetter("live-wanted", shown);
  const Child other = resetter("live-other", hidden);
  Tracer own({"--pid", std::to_string(wanted.pid())});
  expect_only(
      own, shown, [&] { go(other); }, [&] { go(wanted); });
  for (const Line& line : own.lines(0, about(shown))) {
    EXPECT_EQ(line.number("/process/pid"), wanted.pid()) << line;
  }
}

// The peer's reset arrives in softirq, where the current process is anybody.
TEST_F(FilterTest, PidHoldsInSoftirq) {
  const std::uint16_t port = lab().next_port();
  const UniqueFd listener = lab().listen(port, 64);
  const Child victim("live-victim", [&](const Channel& channel) {
    for (;;) {
      channel.expect("go");
      const UniqueFd client = lab().connect(port);
      channel.say("done");
      channel.expect("next");
    }
  });
  Tracer own({"--pid", std::to_string(victim.pid())});
  const auto received = [&](const Line& line) {
    return line.is_reset("received") && line.peer_port() == port;
  };
  bool seen = false;
  for (int i = 0; i < attempts() && !seen; ++i) {
    go(victim);
    UniqueFd server = accept_from(listener.get());
    reset_on_close(server.get());
    server.reset();
    seen = own.wait_for(received, 3s);
    victim.channel().say("next");
  }
  EXPECT_TRUE(seen);
  EXPECT_TRUE(own.lines(0, [&](const Line& l) { return l.local_port() == port; }).empty())
      << "the server's end is ours";
}

TEST_F(FilterTest, ListOfPids) {
  const std::uint16_t shown = lab().next_port();
  const std::uint16_t hidden = lab().next_port();
  const UniqueFd first = lab().listen(shown, 64);
  const UniqueFd second = lab().listen(hidden, 64);
  const Child one = resetter("live-one", shown);
  const Child two = resetter("live-two", shown);
  const Child other = resetter("live-other", hidden);
  Tracer own({"--pid", std::to_string(one.pid()) + "," + std::to_string(two.pid())});
  for (const Child* wanted : {&one, &two}) {
    const auto theirs = [&](const Line& line) {
      return line.number("/process/pid") == wanted->pid();
    };
    go(other);
    go(*wanted);
    EXPECT_TRUE(own.wait_for(theirs, 3s)) << "of the pid " << wanted->pid();
  }
  EXPECT_TRUE(own.lines(0, about(hidden)).empty());
}

TEST_F(FilterTest, Comm) {
  const std::uint16_t shown = lab().next_port();
  const std::uint16_t hidden = lab().next_port();
  const UniqueFd first = lab().listen(shown, 64);
  const UniqueFd second = lab().listen(hidden, 64);
  const Child wanted = resetter("live-comm", shown);
  const Child longer = resetter("live-commander", hidden);
  Tracer own({"--comm", "live-comm"});
  expect_only(
      own, shown, [&] { go(longer); }, [&] { go(wanted); });
}

TEST_F(FilterTest, CgroupAndWhatIsBelow) {
  if (!Cgroup::supported()) {
    GTEST_SKIP() << "cgroup v2 is not mounted";
  }
  const std::string name = "tcptrace-live-" + std::to_string(::getpid());
  const Cgroup inner(name + "/inside/deeper");
  const Cgroup outer(name + "/outside");
  const Cgroup parent(name + "/inside");
  const std::uint16_t shown = lab().next_port();
  const std::uint16_t hidden = lab().next_port();
  const UniqueFd first = lab().listen(shown, 64);
  const UniqueFd second = lab().listen(hidden, 64);
  Child wanted = resetter("live-cgroup", shown, &inner);
  Child other = resetter("live-cgroup", hidden, &outer);
  go(wanted);  // they are where they belong before the tracer looks
  go(other);
  for (const std::string& argument : {parent.path(), std::to_string(parent.id())}) {
    Tracer own({"--cgroup", argument});
    expect_only(
        own, shown, [&] { go(other); }, [&] { go(wanted); });
  }
  for (Child* child : {&wanted, &other}) {
    child->kill(SIGKILL);
    child->join();
  }
}

TEST_F(FilterTest, CgroupThatIsYoungerThanTheTrace) {
  if (!Cgroup::supported()) {
    GTEST_SKIP() << "cgroup v2 is not mounted";
  }
  const Cgroup parent("tcptrace-live-young-" + std::to_string(::getpid()));
  const std::uint16_t port = lab().next_port();
  const UniqueFd listener = lab().listen(port, 64);
  Tracer own({"--cgroup", parent.path()});
  const Cgroup young("tcptrace-live-young-" + std::to_string(::getpid()) + "/child");
  Child newcomer = resetter("live-young", port, &young);
  bool seen = false;
  for (int i = 0; i < attempts() && !seen; ++i) {
    go(newcomer);
    seen = own.wait_for(about(port), exact_counts() ? 10s : 3s);
  }
  EXPECT_TRUE(seen);
  newcomer.kill(SIGKILL);
  newcomer.join();
}

// Each value doubles what a verifier follows if the program branches on it.
TEST_F(FilterTest, AsManyPortsAsThereCanBe) {
  std::string ports = std::to_string(lab().next_port());
  for (int i = 1; i < 64; ++i) {
    ports += "," + std::to_string(2 * i + 1);
  }
  const auto shown = static_cast<std::uint16_t>(std::stoi(ports));
  Tracer own(in_lab({"-P", ports}));
  expect_only_port(own, shown, lab().next_port());
}

TEST_F(FilterTest, NetnsByInodeAndByProcess) {
  const std::uint16_t shown = lab().next_port();
  const std::uint16_t hidden = lab().next_port();
  for (const std::string& argument :
       {std::to_string(lab().client.inode()), "pid:" + std::to_string(lab().client.holder())}) {
    Tracer own({"--netns", argument});
    expect_only(
        own, shown,
        [&] {
          reset_within(lab().server, {"127.0.0.1", hidden});
        },
        [&] {
          reset_within(lab().client, {"127.0.0.1", shown});
        });
  }
}

TEST_F(FilterTest, LocalPortsListAndRange) {
  const std::uint16_t low = lab().next_port();
  const std::uint16_t inside = lab().next_port();
  const std::uint16_t outside = lab().next_port();
  const std::string ports = "1,2," + std::to_string(low) + "-" + std::to_string(inside);
  Tracer own(in_lab({"-L", ports, "--events", "all"}));
  expect_only_port(own, inside, outside);
  for (const Line& line : own.lines(0, about(inside))) {
    EXPECT_EQ(line.local_port(), inside) << line;
  }
}

TEST_F(FilterTest, RemotePort) {
  const std::uint16_t inside = lab().next_port();
  const std::uint16_t outside = lab().next_port();
  Tracer own(in_lab({"-D", std::to_string(inside), "--events", "all"}));
  expect_only_port(own, inside, outside);
  for (const Line& line : own.lines(0, about(inside))) {
    EXPECT_EQ(line.peer_port(), inside) << line;
  }
}

TEST_F(FilterTest, EitherPort) {
  const std::uint16_t inside = lab().next_port();
  const std::uint16_t outside = lab().next_port();
  Tracer own(in_lab({"-P", std::to_string(inside), "--events", "all"}));
  expect_only_port(own, inside, outside);
  const auto at = [&](auto port) {
    return !own.lines(0, [&](const Line& line) { return (line.*port)() == inside; }).empty();
  };
  EXPECT_TRUE(at(&Line::local_port));
  EXPECT_TRUE(at(&Line::peer_port));
}

TEST_F(FilterTest, AddressBlocksOfBothFamilies) {
  const std::uint16_t inside = lab().next_port();
  const std::uint16_t outside = lab().next_port();
  Tracer own(in_lab({"--addr", "10.77.0.0/30,fd77::/64"}));
  const auto hidden = [&] {
    reset_within(lab().client, {"127.0.0.1", outside});
    reset_within(lab().client, {"::1", outside});
  };
  const auto shown = [&] {
    reset_between({kServerV4, inside});
    reset_between({kServerV6, inside});
  };
  expect_only(own, inside, hidden, shown);
  for (const char* family : {"ipv4", "ipv6"}) {
    EXPECT_FALSE(
        own.lines(0, [&](const Line& l) { return l.text("/connection/family") == family; }).empty())
        << family;
  }
}

TEST_F(FilterTest, Family) {
  const std::uint16_t inside = lab().next_port();
  const std::uint16_t outside = lab().next_port();
  {
    Tracer own(in_lab({"-4"}));
    // Carried by an IPv6 socket, it is IPv4 all the same.
    expect_only(
        own, inside,
        [&] {
          reset_between({kServerV6, outside});
        },
        [&] { reset_mapped(inside); });
  }
  Tracer own(in_lab({"-6"}));
  expect_only(
      own, inside, [&] { reset_mapped(outside); },
      [&] {
        reset_between({kServerV6, inside});
      });
}

TEST_F(FilterTest, EventTypes) {
  const std::uint16_t port = lab().next_port();
  Tracer own(in_lab({"--events", "accept,close"}));
  bool seen = false;
  for (int i = 0; i < attempts() && !seen; ++i) {
    reset_between({kServerV4, port});
    seen = own.wait_for([](const Line& line) { return line.type() == "accept"; }, 3s) &&
           own.wait_for([](const Line& line) { return line.type() == "close"; }, 3s);
  }
  EXPECT_TRUE(seen);
  for (const Line& line : own.lines(0, about(port))) {
    EXPECT_TRUE(line.type() == "accept" || line.type() == "close") << line;
  }
}

// Resets, retransmissions and failures, each told once: no normal end, no second word about a
// reset.
TEST_F(FilterTest, DefaultEventTypes) {
  const std::uint16_t port = lab().next_port();
  Tracer own(in_lab({}));
  bool seen = false;
  for (int i = 0; i < attempts() && !seen; ++i) {
    const std::size_t from = own.size();
    (void)lab().pair(port);
    (void)connect_error(lab().client, {kServerV4, port});
    {
      const Nft drop(lab().server, "input", to_port(port));
      (void)start_connect(lab().client, {kServerV4, port});
    }
    reset_between({kServerV4, port});
    seen = own.wait_for([&](const Line& l) { return l.is_reset("sent") && l.peer_port() == port; },
                        3s, from);
  }
  EXPECT_TRUE(seen);
  for (const Line& line : own.lines(0, about(port))) {
    const bool abandoned = line.type() == "connect" && line.text("/connect/result") == "abandoned";
    EXPECT_TRUE(line.type() == "reset" || abandoned) << line;
  }
}

// In FIN_WAIT the kernel resets its own socket without an RST before it answers with one.
TEST_F(FilterTest, DefaultTellsAResetOnce) {
  const Sysctl patient(lab().server, "tcp_fin_timeout", "62");
  Tracer own(in_lab({}));
  std::uint16_t port = 0;
  bool seen = false;
  for (int i = 0; i < attempts() && !seen; ++i) {
    port = lab().next_port();
    Pair pair = lab().pair(port);
    pair.server.reset();
    await_fin_wait2(lab().server, port);
    send_text(pair.client.get(), "late");
    await_state(pair.client.get(), TCP_CLOSE);
    seen = own.wait_for(
        [&](const Line& line) { return line.is_reset("sent") && line.local_port() == port; }, 3s);
  }
  EXPECT_TRUE(seen);
  EXPECT_EQ(own.stop().status, 0);
  const Lines server = own.lines(0, [&](const Line& line) { return line.local_port() == port; });
  ASSERT_EQ(server.size(), 1U) << server.back();
  EXPECT_TRUE(server[0].is_reset("sent")) << server[0];
}

TEST_F(FilterTest, KindsAreAllRequired) {
  const std::uint16_t shown = lab().next_port();
  const std::uint16_t hidden = lab().next_port();
  const UniqueFd first = lab().listen(shown, 64);
  const UniqueFd second = lab().listen(hidden, 64);
  const Child wanted = resetter("live-both", shown);
  const Child wrong_port = resetter("live-both", hidden);
  Tracer own({"--comm", "live-both", "-D", std::to_string(shown)});
  expect_only(
      own, shown, [&] { go(wrong_port); }, [&] { go(wanted); });
}

}  // namespace
}  // namespace tcptrace::live
