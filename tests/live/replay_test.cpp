// SPDX-License-Identifier: GPL-2.0
// What a trace records is replayed as the trace printed it, byte for byte, and with another filter
// as a trace with that filter would have.
#include <netinet/tcp.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "stress/child.h"
#include "stress/command.h"
#include "support/cgroup.h"
#include "support/files.h"
#include "support/traced_test.h"

namespace tcptrace::live {
namespace {

namespace fs = std::filesystem;
using test::contents;
using Words = std::vector<std::string>;

class Replay : public TracedTest {
 protected:
  Replay() {
    std::string pattern = (fs::temp_directory_path() / "tcptrace-replay-XXXXXX").native();
    directory_ = ::mkdtemp(pattern.data());
  }
  ~Replay() override { fs::remove_all(directory_); }

  void SetUp() override {
    skip_unless_family({"auto"}, "records do not tell how they were hooked");
  }

  [[nodiscard]] std::string file(std::string_view name) const { return directory_ / name; }

  static Words in_lab(Words arguments) {
    arguments.insert(arguments.end(), {"--netns", std::to_string(lab().client.inode()) + "," +
                                                      std::to_string(lab().server.inode())});
    return arguments;
  }

  static constexpr std::uint16_t kPorts = 7;
  // The first of as many ports as make_trouble() takes.
  static std::uint16_t next_ports() {
    const std::uint16_t first = lab().next_port();
    for (int i = 1; i < kPorts; ++i) {
      (void)lab().next_port();
    }
    return first;
  }
  static std::string range(std::uint16_t first) {
    return std::to_string(first) + "-" + std::to_string(first + kPorts - 1);
  }

  // Resets of several kinds, a connection that ends well, one that nobody takes, a segment lost on
  // the way.
  static void make_trouble(std::uint16_t port) {
    for (const char* address : {kServerV4, kServerV6}) {
      Pair aborted = lab().pair({address, port}, {address, port});
      abort_connection(aborted.client, aborted.server.get());
      ++port;
    }
    Pair unread = lab().pair(port++);
    send_text(unread.client.get(), "unread");
    await_unread(unread.server.get(), 6);
    unread.server.reset();
    await_state(unread.client.get(), TCP_CLOSE);
    // Nobody reads any more: the server resets without an RST first, and then replies with one.
    Pair late = lab().pair(port++);
    late.server.reset();
    await_state(late.client.get(), TCP_CLOSE_WAIT);
    send_text(late.client.get(), "too late");
    await_state(late.client.get(), TCP_CLOSE);
    (void)lab().pair(port++);
    (void)connect_error(lab().client, {kServerV4, port++});
    const Nft drop(lab().server, "input", to_port(port));
    const std::uint64_t before = lab().client.counter("Tcp", "RetransSegs");
    const UniqueFd lost = start_connect(lab().client, {kServerV4, port});
    require(wait_until([&] { return lab().client.counter("Tcp", "RetransSegs") > before; }, 10s),
            "nothing was sent again");
  }

  static void await_text(const std::string& path, std::string_view text) {
    require(wait_until([&] { return contents(path).find(text) != std::string::npos; }, 30s),
            "the tracer says nothing");
  }

  // Ends with 0; what it says on stderr.
  std::string replay(const Words& options, const std::string& recording, const std::string& to) {
    Words words{tracer_binary(), "replay", "-o", to, recording};
    words.insert(words.end(), options.begin(), options.end());
    const CommandResult result = run(words);
    EXPECT_EQ(result.status, 0) << result.output;
    return result.output;
  }

  // Records what `play` does, and replays it with the same options.
  void expect_the_same(const Words& options, bool json, std::string_view ready,
                       const std::function<void()>& play) {
    Words live = options;
    live.insert(live.end(), {"-w", file("recording")});
    Tracer own(TracerOptions{.arguments = live, .stdout_path = file("live"), .json = json});
    await_text(file("live"), ready);
    play();
    const TracerExit end = own.stop();
    EXPECT_EQ(end.status, 0) << end.error;
    Words again = options;
    if (json) {
      again.emplace_back("--json");
    }
    const std::string said = replay(again, file("recording"), file("again"));
    const std::string expected = contents(file("live"));
    EXPECT_GT(std::ranges::count(expected, '\n'), 5);
    EXPECT_EQ(contents(file("again")), expected);
    EXPECT_EQ(said, end.error);
  }

 private:
  fs::path directory_;
};

TEST_F(Replay, JsonIsByteForByteTheSame) {
  const std::uint16_t port = next_ports();
  expect_the_same(in_lab({"-e", "all"}), true, R"("type":"hooks")", [&] { make_trouble(port); });
}

TEST_F(Replay, OfTheDefaultSelectionToo) {
  const std::uint16_t port = next_ports();
  expect_the_same(in_lab({"-P", range(port)}), true, R"("type":"hooks")",
                  [&] { make_trouble(port); });
}

TEST_F(Replay, TextIsByteForByteTheSame) {
  const std::uint16_t port = next_ports();
  expect_the_same(in_lab({"-e", "all", "-v", "--color", "always"}), false, "DETAIL",
                  [&] { make_trouble(port); });
}

// With every family of hooks: the evidence for a verdict is not the same with each. The recording
// is a property of the result: scripts/kernels --recordings keeps it.
class ReplayOfDrills : public Replay {
 protected:
  void SetUp() override {}

  static std::string hexadecimal(std::string_view bytes) {
    std::string text;
    for (const char byte : bytes) {
      fmt::format_to(std::back_inserter(text), "{:02x}", static_cast<unsigned char>(byte));
    }
    return text;
  }
};

TEST_F(ReplayOfDrills, IsByteForByteTheSame) {
  static constexpr std::array kDrills = {"close-with-unread-data",
                                         "abortive-close",
                                         "process-exit",
                                         "listener-closed",
                                         "disconnect",
                                         "connection-refused",
                                         "keepalive-race",
                                         "data-after-close",
                                         "shutdown-then-data",
                                         "accept-queue-overflow",
                                         "stale-connection-reuse",
                                         "injected-reset"};
  expect_the_same(in_lab({}), true, R"("type":"hooks")", [] {
    for (const char* name : kDrills) {
      drill(name)(lab().next_port());
    }
  });
  RecordProperty("recording", hexadecimal(contents(file("recording"))));
}

TEST_F(Replay, EndsAtTheSameCount) {
  const std::uint16_t port = next_ports();
  expect_the_same(in_lab({"-e", "all", "-c", "7"}), true, R"("type":"hooks")",
                  [&] { make_trouble(port); });
}

TEST_F(Replay, NamesTheCgroupOfWhoIsGone) {
  if (!Cgroup::supported()) {
    GTEST_SKIP() << "cgroup v2 is not mounted";
  }
  const Cgroup wanted("tcptrace-live-wanted-" + std::to_string(::getpid()));
  const Cgroup other("tcptrace-live-other-" + std::to_string(::getpid()));
  const std::uint16_t port = lab().next_port();
  const UniqueFd listener = lab().listen(port, 64);
  const auto reset_in = [&](const Cgroup& cgroup) {
    Child child("live-replay", [&](const Channel&) {
      cgroup.enter();
      const UniqueFd client = lab().connect(port);
      reset_on_close(client.get());
    });
    child.join();
  };
  const auto play = [&] {
    reset_in(wanted);
    reset_in(other);
  };
  for (const Words& filter : {Words{"--cgroup", std::to_string(wanted.id())},
                              Words{"--cgroup", wanted.path()}, Words{}}) {
    Words options = in_lab({"-e", "all"});
    options.insert(options.end(), filter.begin(), filter.end());
    expect_the_same(options, true, R"("type":"hooks")", play);
  }
  // The last recording, of everything, narrowed down.
  replay({"-J", "-e", "reset", "--cgroup", wanted.path()}, file("recording"), file("narrow"));
  const std::string narrow = contents(file("narrow"));
  EXPECT_NE(narrow.find(R"("cgroup":")" + wanted.path()), std::string::npos);
  EXPECT_EQ(narrow.find(other.path()), std::string::npos);
}

// A line without what no two traces can have in common.
std::string comparable(const Line& line) {
  nlohmann::json json = line.json();
  json.erase("time");
  json.erase("tcp_info");
  nlohmann::json& connection = json.at("connection");
  for (const char* time : {"age_ms", "idle_rx_ms", "idle_tx_ms"}) {
    connection.erase(time);
  }
  // Each tracer makes its own where the kernel has none.
  if (connection.contains("synthetic_cookie")) {
    connection.erase("cookie");
  }
  if (json.contains("reset")) {
    json.at("reset").erase("closed");
  }
  if (json.contains("verdict")) {
    json.at("verdict").erase("summary");
    json.at("verdict").erase("evidence");
  }
  return json.dump();
}

std::vector<std::string> comparable(const Lines& lines) {
  std::vector<std::string> texts;
  for (const Line& line : lines) {
    if (line.has("/connection")) {
      texts.push_back(comparable(line));
    }
  }
  std::ranges::sort(texts);
  return texts;
}

Lines lines_of(const std::string& path) {
  Lines lines;
  std::ifstream file(path);
  for (std::string text; std::getline(file, text);) {
    lines.emplace_back(nlohmann::json::parse(text), Clock::now());
  }
  return lines;
}

TEST_F(Replay, WithAnotherFilterIsATraceWithThatFilter) {
  std::vector<std::string> traced;
  std::vector<std::string> replayed;
  // Where the kernel hides events, it need not hide the same from both.
  for (int i = 0; i < attempts() && (traced.empty() || traced != replayed); ++i) {
    const std::uint16_t shown = next_ports();
    const Words filter{"-4", "-D", range(shown), "-e", "reset,close,failure"};
    Tracer all(in_lab({"-e", "all", "-w", file("recording")}));
    Tracer own(in_lab(filter));
    make_trouble(next_ports());
    make_trouble(shown);
    EXPECT_EQ(own.stop().status, 0);
    EXPECT_EQ(all.stop().status, 0);
    Words options = filter;
    options.emplace_back("--json");
    replay(options, file("recording"), file("again"));
    traced = comparable(own.lines());
    replayed = comparable(lines_of(file("again")));
  }
  EXPECT_FALSE(traced.empty());
  EXPECT_EQ(replayed, traced);
}

TEST_F(Replay, WhatWasRecordedBeforeAKillIsThere) {
  Tracer own(in_lab({"-e", "all", "-w", file("recording")}));
  make_trouble(next_ports());
  // Within a second it is in the file.
  require(wait_until(
              [&] {
                replay({"-J"}, file("recording"), file("again"));
                return contents(file("again")).find(R"("type":"retransmit")") != std::string::npos;
              },
              10s),
          "nothing was recorded");
  own.signal(SIGKILL);
  EXPECT_EQ(own.join().status, 128 + SIGKILL);
  const std::string said = replay({"-J"}, file("recording"), file("again"));
  EXPECT_NE(said.find("has no end"), std::string::npos) << said;
  const std::string text = contents(file("again"));
  EXPECT_NE(text.find(R"("type":"reset")"), std::string::npos);
  EXPECT_NE(text.find(R"("ended_by":"end of the recording")"), std::string::npos);
}

}  // namespace
}  // namespace tcptrace::live
