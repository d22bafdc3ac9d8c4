// SPDX-License-Identifier: GPL-2.0
// How a run begins and ends, and what it says about itself.
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "stress/child.h"
#include "support/lab_test.h"
#include "support/traced_test.h"

namespace tcptrace::live {
namespace {

class RunTest : public TracedTest {
 protected:
  static std::vector<std::string> in_lab(std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"--netns", std::to_string(lab().client.inode()) + "," +
                                                      std::to_string(lab().server.inode())});
    return arguments;
  }

  static void reset_one(std::uint16_t port) {
    Pair pair = lab().pair(port);
    abort_connection(pair.client, pair.server.get());
  }

  static bool is_event(const Line& line) { return line.has("/connection"); }
};

class Ending : public RunTest {
 protected:
  void SetUp() override { skip_unless_family({"auto"}, "an end does not tell how it was hooked"); }
};
class Output : public RunTest {
 protected:
  void SetUp() override {
    skip_unless_family({"auto"}, "when something is printed does not tell how it was hooked");
  }
};
class Coverage : public RunTest {};
class Loss : public RunTest {};

TEST_F(Ending, WithItsLastProcess) {
  const Child lasting("live-lasting", [](const Channel& channel) { (void)channel.hear(); });
  Child ending("live-ending", [](const Channel& channel) { (void)channel.hear(); });
  Tracer own({"--pid", std::to_string(ending.pid())});
  ending.channel().say("end");
  ending.join();
  EXPECT_EQ(own.join().status, 0);
  EXPECT_EQ(own.summary().text("/ended_by"), "processes exited") << own.summary();
}

TEST_F(Ending, AfterItsDuration) {
  const auto start = Clock::now();
  Tracer own({"--duration", "300ms"});
  EXPECT_EQ(own.join().status, 0);
  EXPECT_GE(Clock::now() - start, 300ms);
  EXPECT_EQ(own.summary().text("/ended_by"), "duration");
  EXPECT_GE(own.summary().real("/duration_ms"), 300.0);
}

TEST_F(Ending, AfterACountOfEvents) {
  const std::uint16_t port = lab().next_port();
  Tracer own(in_lab({"--count", "3", "--events", "all"}));
  reset_one(port);
  reset_one(port);
  EXPECT_EQ(own.join().status, 0);
  EXPECT_EQ(own.lines(0, is_event).size(), 3U);
  EXPECT_EQ(own.summary().text("/ended_by"), "count");
}

TEST_F(Ending, OnSigterm) {
  Tracer own(std::vector<std::string>{});
  own.signal(SIGTERM);
  EXPECT_EQ(own.join().status, 0);
  EXPECT_EQ(own.summary().text("/ended_by"), "signal");
}

TEST_F(Ending, RefusesAPidThatDoesNotExist) {
  Child gone("live-gone", [](const Channel&) {});
  const pid_t pid = gone.pid();
  gone.join();
  Tracer own(TracerOptions{.arguments = {"--pid", std::to_string(pid)}});
  const TracerExit end = own.join();
  EXPECT_EQ(end.status, 2);
  EXPECT_EQ(std::ranges::count(end.error, '\n'), 1) << end.error;
  EXPECT_NE(end.error.find(std::to_string(pid)), std::string::npos) << end.error;
  EXPECT_EQ(own.size(), 0U);
}

TEST_F(Coverage, TotalsAreWhatWasPrinted) {
  const std::uint16_t port = lab().next_port();
  Tracer own(in_lab({"--events", "all"}));
  for (int i = 0; i < 10; ++i) {
    reset_one(port);
    (void)lab().pair(port);
  }
  EXPECT_EQ(own.stop().status, 0);
  EXPECT_EQ(own.hooks().type(), "hooks");
  const Line summary = own.summary();
  const auto printed = [&](const Tracer::Predicate& predicate) {
    return static_cast<std::int64_t>(own.lines(0, predicate).size());
  };
  const auto of_type = [&](const char* type) {
    return printed([&](const Line& line) { return line.type() == type; });
  };
  EXPECT_EQ(summary.number("/totals/resets_sent"),
            printed([](const Line& l) { return l.is_reset("sent"); }));
  EXPECT_EQ(summary.number("/totals/resets_received"),
            printed([](const Line& l) { return l.is_reset("received"); }));
  EXPECT_EQ(summary.number("/totals/retransmits"), of_type("retransmit"));
  EXPECT_EQ(summary.number("/totals/accepts"), of_type("accept"));
  EXPECT_EQ(summary.number("/totals/connects"), of_type("connect"));
  EXPECT_EQ(summary.number("/totals/closes"), of_type("close"));
  EXPECT_EQ(summary.number("/totals/states"), of_type("state"));
  EXPECT_EQ(summary.number("/lost/total"), 0);
  EXPECT_GE(summary.number("/totals/resets_sent"), 10);
  EXPECT_TRUE(own.bad_lines().empty()) << own.bad_lines().front();
}

TEST_F(Coverage, OfBothNamespaces) {
  const std::uint16_t port = lab().next_port();
  Tracer own(in_lab({}));
  for (int i = 0; i < 5; ++i) {
    reset_one(port);
  }
  EXPECT_EQ(own.stop().status, 0);
  const Line summary = own.summary();
  for (const Netns* netns : {&lab().client, &lab().server}) {
    const auto& all = summary.json().at("coverage");
    const auto mine = std::ranges::find_if(
        all, [&](const nlohmann::json& row) { return row.at("netns") == netns->inode(); });
    ASSERT_NE(mine, all.end()) << summary;
    EXPECT_TRUE(mine->at("readable").get<bool>()) << *mine;
    const auto& counters = mine->at("counters");
    const auto resets = std::ranges::find_if(
        counters, [](const nlohmann::json& row) { return row.at("counter") == "Tcp.OutRsts"; });
    ASSERT_NE(resets, counters.end()) << *mine;
    const std::uint64_t expected =
        netns == &lab().client ? 5 : 0;  // the server's moved EstabResets alone
    EXPECT_EQ(resets->at("kernel"), expected) << *mine;
    EXPECT_LE(resets->at("traced"), resets->at("kernel")) << *mine;
    if (exact_counts()) {
      EXPECT_EQ(resets->at("difference"), 0) << *mine;
    }
  }
}

// The tracer is stopped, so what the smallest ring cannot hold must be lost: and told.
TEST_F(Loss, IsCountedAndReported) {
  constexpr int kConnections = 500;
  const std::uint16_t port = lab().next_port();
  const UniqueFd listener = lab().listen(port, kConnections);
  Tracer own(in_lab({"--ring-size", "64K", "--events", "reset"}));
  own.signal(SIGSTOP);
  for (int i = 0; i < kConnections; ++i) {
    const UniqueFd client = lab().connect(port);
    reset_on_close(client.get());
  }
  own.signal(SIGCONT);
  EXPECT_TRUE(own.wait_for([](const Line& line) { return line.type() == "lost"; }));
  EXPECT_EQ(own.stop().status, 0);
  const Line summary = own.summary();
  const std::int64_t lost = summary.number("/lost/ringbuf_full");
  const auto reported = static_cast<std::int64_t>(own.lines(0, is_event).size());
  EXPECT_GT(lost, 0) << summary;
  EXPECT_GT(reported, 0) << summary;
  // A sent and a received one each.
  EXPECT_LE(reported + lost, 2 * kConnections);
  EXPECT_GE(reported + lost, exact_counts() ? 2 * kConnections : 2 * kConnections * 97 / 100);
  std::int64_t told = 0;
  for (const Line& line : own.lines(0, [](const Line& l) { return l.type() == "lost"; })) {
    told += line.number("/lost/ringbuf_full");
  }
  EXPECT_EQ(told, lost) << "the lost records and the summary disagree";
}

std::chrono::microseconds median(std::vector<std::chrono::microseconds> values) {
  std::ranges::sort(values);
  return values.at(values.size() / 2);
}

TEST_F(Output, EventsAreOnAPipeWithin100Milliseconds) {
  const std::uint16_t port = lab().next_port();
  Tracer own(in_lab({"-D", std::to_string(port)}));
  std::vector<std::chrono::microseconds> delays;
  for (int i = 0; i < 20; ++i) {
    const std::size_t from = own.size();
    reset_one(port);
    const auto reset_at = Clock::now();
    if (own.wait_for(is_event, 2s, from)) {
      const auto delay = own.lines(from, is_event).front().arrived() - reset_at;
      delays.push_back(std::chrono::duration_cast<std::chrono::microseconds>(delay));
    }
  }
  ASSERT_GE(delays.size(), 18U);
  EXPECT_LT(median(delays), scaled(100ms));
  RecordProperty("median_us", std::to_string(median(delays).count()));
}

TEST_F(Output, EventsAreInAFileWithin100Milliseconds) {
  const std::string path =
      testing::TempDir() + "tcptrace-live-" + std::to_string(::getpid()) + ".json";
  const std::uint16_t port = lab().next_port();
  const Tracer own(
      TracerOptions{.arguments = in_lab({"-D", std::to_string(port)}), .stdout_path = path});
  const auto size = [&] {
    struct stat info {};
    return ::stat(path.c_str(), &info) == 0 ? info.st_size : 0;
  };
  ASSERT_TRUE(wait_until([&] { return size() > 0; }, 30s)) << "no hooks record";
  std::vector<std::chrono::microseconds> delays;
  for (int i = 0; i < 20; ++i) {
    const auto before = size();
    reset_one(port);
    const auto reset_at = Clock::now();
    if (wait_until([&] { return size() > before; }, 2s)) {
      delays.push_back(
          std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - reset_at));
    }
  }
  ::unlink(path.c_str());
  ASSERT_GE(delays.size(), 18U);
  EXPECT_LT(median(delays), scaled(100ms));
  RecordProperty("median_us", std::to_string(median(delays).count()));
}

class Threads : public LabTest {
 protected:
  void SetUp() override {
    skip_unless_family({"auto", "tp"}, "functions and tracepoints are passed over alike");
  }
};

// The kernel passes over a program that already runs on this processor, and a thread that is
// preempted in the midst of one leaves it running there: the trace hooks what is not preempted if
// it may choose.
TEST_F(Threads, HideNothingByPreemptingOneAnother) {
  constexpr int kThreads = 8;
  constexpr int kConnects = 250;
  const std::uint16_t port = lab().next_port();
  Tracer tracer({"-D", std::to_string(port), "--netns", std::to_string(lab().client.inode())});
  {
    std::vector<std::jthread> threads;
    threads.reserve(kThreads);
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back([port] {
        for (int n = 0; n < kConnects; ++n) {
          EXPECT_EQ(connect_error(lab().client, {kServerV4, port}), ECONNREFUSED);
        }
      });
    }
  }
  EXPECT_EQ(tracer.stop().status, 0);
  const Line summary = tracer.summary();
  const std::int64_t hidden = summary.number("/lost/recursion_misses");
  EXPECT_EQ(summary.number("/lost/total"), hidden) << summary;
  const std::int64_t received = summary.number("/totals/resets_received");
  EXPECT_LE(received, kThreads * kConnects) << summary;
  const int seen = exact_counts() ? kThreads * kConnects : kThreads * kConnects * 97 / 100;
  EXPECT_GE(received + hidden, seen) << summary;
  if (exact_counts() && !preemption_hides_events()) {
    EXPECT_EQ(hidden, 0) << tracer.hooks();
  }
}

}  // namespace
}  // namespace tcptrace::live
