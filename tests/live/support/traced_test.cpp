// SPDX-License-Identifier: GPL-2.0
#include "support/traced_test.h"

#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <numeric>
#include <optional>
#include <sstream>
#include <utility>

#include "stress/drill.h"

namespace tcptrace::live {
namespace {

constexpr std::uint16_t kMarkerPort = 19999;

struct Totals {
  std::uint64_t resets_sent = 0;
  std::uint64_t retransmitted = 0;
};

// Every socket of the machine is remembered, those of tests that hold a hundred thousand too. They
// are not held in guests, whose memory is small.
std::vector<std::string> watch(const Lab& lab) {
  return {"--events",
          "all",
          "--netns",
          std::to_string(lab.client.inode()) + "," + std::to_string(lab.server.inode()),
          "--max-connections",
          exact_counts() ? "128K" : "512K"};
}

struct Stage {
  Lab lab;
  UniqueFd marker = listen_at(lab.client, {"127.0.0.1", kMarkerPort}, 64);
  Tracer tracer{watch(lab)};
  Totals counted;  // by the kernel, up to the last scenario
  std::size_t lines_seen = 0;
  Seen last;  // of the scenario played last
};

// Built by the first test that needs it: a filtered run may need none.
std::unique_ptr<Stage>& stage() {
  static std::unique_ptr<Stage> instance;
  return instance;
}

// A reset made in process context, where no kernel hides it for long; true once it is printed.
bool mark(Stage& at) {
  const std::size_t from = at.tracer.size();
  std::uint16_t port = 0;
  {
    const UniqueFd marker = connect_from(at.lab.client, {"127.0.0.1", kMarkerPort});
    const UniqueFd accepted = accept_from(at.marker.get());
    port = local_port(marker.get());
    reset_on_close(marker.get());
  }
  return at.tracer.wait_for(
      [port](const Line& line) { return line.is_reset("sent") && line.local_port() == port; }, 2s,
      from);
}

// Records keep their order, so once a later reset is printed, whatever happened before it has been
// too; but for a reset received in a state where it may be a false one. That is held back for some
// milliseconds, until the tracer's next turn: before the second marker after that time.
constexpr auto kHeldBack = 70ms;  // longer than trace::ResetFilter::kWait
void sync(Stage& at) {
  const auto settled = Clock::now() + kHeldBack;
  int seen = 0;
  for (int i = 0; i < 8 && seen < 2; ++i) {
    std::this_thread::sleep_until(settled);
    seen += mark(at) ? 1 : 0;
  }
  require(seen == 2, "the tracer reports nothing any more");
}

std::string hook_text(const Line& hooks, std::string_view name, const char* key) {
  for (const nlohmann::json& hook : hooks.json().at("hooks")) {
    if (hook.at("name") == name) {
      return hook.value(key, "");
    }
  }
  return {};
}

Totals kernel_totals(const Lab& lab) {
  Totals totals;
  for (const Netns* netns : {&lab.client, &lab.server}) {
    totals.resets_sent += netns->counter("Tcp", "OutRsts");
    // RetransSegs counts what the layers below refused, too.
    totals.retransmitted +=
        netns->counter("Tcp", "RetransSegs") - netns->counter("TcpExt", "TCPRetransFail");
  }
  return totals;
}

Totals reported_totals(const Lines& lines) {
  Totals totals;
  for (const Line& line : lines) {
    if (line.is_reset("sent") && line.text("/reset/origin") != "netfilter") {
      ++totals.resets_sent;
    } else if (line.type() == "retransmit" && !line.has("/retransmit/errno")) {
      totals.retransmitted += static_cast<std::uint64_t>(line.number("/retransmit/segs"));
    }
  }
  return totals;
}

// The records that are new, and the kernel's counters at the same time: once no timer has sent
// anything while the records came in.
std::pair<Lines, Totals> settle(Stage& at) {
  for (;;) {
    const std::uint64_t before = kernel_totals(at.lab).retransmitted;
    sync(at);
    Lines lines = at.tracer.lines(at.lines_seen);
    const Totals kernel = kernel_totals(at.lab);
    if (kernel.retransmitted == before) {
      at.lines_seen += lines.size();
      return {std::move(lines), kernel};
    }
  }
}

// Whether the tracer says that the kernel skipped a hook which interrupted itself: rare, but an
// emulated processor is slow. It says so within a second.
bool skipped_a_hook(Stage& at, std::size_t from) {
  return at.tracer.wait_for(
      [](const Line& line) {
        return line.type() == "lost" && line.number("/lost/recursion_misses") > 0;
      },
      2s, from);
}

// Whatever a scenario does, its sums agree with the kernel's. The counters are read after the
// records are in, so more records than counted is an invention; less is a loss, which only some
// kernels excuse.
void check_totals(Stage& at) {
  const std::size_t from = at.lines_seen;
  const auto [lines, total] = settle(at);
  const Totals reported = reported_totals(lines);
  const Totals kernel{.resets_sent = total.resets_sent - at.counted.resets_sent,
                      .retransmitted = total.retransmitted - at.counted.retransmitted};
  at.counted = total;
  EXPECT_LE(reported.resets_sent, kernel.resets_sent) << "more resets reported than Tcp OutRsts";
  EXPECT_LE(reported.retransmitted, kernel.retransmitted)
      << "more segments reported than Tcp RetransSegs";
  const bool short_of =
      reported.resets_sent < kernel.resets_sent || reported.retransmitted < kernel.retransmitted;
  if (exact_counts() && (!may_skip_events() || counts_skipped_events()) &&
      !(short_of && skipped_a_hook(at, from))) {
    EXPECT_GE(reported.resets_sent, kernel.resets_sent) << "fewer resets reported than Tcp OutRsts";
    EXPECT_GE(reported.retransmitted, kernel.retransmitted)
        << "fewer segments reported than Tcp RetransSegs";
  }
}

std::string text_of(const Lines& lines) {
  std::ostringstream text;
  for (const Line& line : lines) {
    text << '\n' << line;
  }
  return text.str();
}

}  // namespace

Lines Seen::of(End end, std::string_view type) const {
  Lines result;
  std::ranges::copy_if(lines, std::back_inserter(result), [&](const Line& line) {
    return line.type() == type &&
           (end == End::kServer ? line.local_port() : line.peer_port()) == port;
  });
  return result;
}

Lines Seen::resets(End end, std::string_view direction) const {
  Lines result = of(end, "reset");
  std::erase_if(result, [&](const Line& line) { return !line.is_reset(direction); });
  return result;
}

void expect_connection(const Line& line, const Expected& expected) {
  const auto text = [&](std::string_view key, const std::string& value) {
    if (!value.empty()) {
      EXPECT_EQ(line.text(std::string("/connection/").append(key)), value) << key << " in " << line;
    }
  };
  text("local", expected.local);
  text("peer", expected.peer);
  text("family", expected.family);
  text("role", expected.role);
  text("state", expected.state);
  if (expected.local_port != 0) {
    EXPECT_EQ(line.local_port(), expected.local_port) << line;
  }
  if (expected.peer_port != 0) {
    EXPECT_EQ(line.peer_port(), expected.peer_port) << line;
  }
  EXPECT_NE(line.local_port(), 0) << line;
  EXPECT_NE(line.peer_port(), 0) << line;
  if (expected.netns != 0) {
    EXPECT_EQ(line.netns(), expected.netns) << line;
  }
}

Owner ourselves() {
  std::string comm;
  std::ifstream("/proc/self/comm") >> comm;
  return {.pid = ::getpid(), .comm = comm, .uid = ::getuid()};
}

void expect_owner(const Line& line, const Owner& owner) {
  EXPECT_EQ(line.number("/process/pid"), owner.pid) << line;
  EXPECT_EQ(line.text("/process/comm"), owner.comm) << line;
  EXPECT_TRUE(line.has("/process/uid")) << line;
  EXPECT_EQ(line.number("/process/uid"), owner.uid) << line;
}

bool kernel_has_reset_reasons() {
  static const bool present = [] {
    std::ifstream file("/sys/kernel/btf/vmlinux", std::ios::binary);
    const std::string btf{std::istreambuf_iterator<char>(file), {}};
    return btf.find("SK_RST_REASON_TCP_ABORT_ON_CLOSE") != std::string::npos;
  }();
  return present;
}

void expect_kernel_reason(const Line& line, std::string_view reason) {
  if (kernel_has_reset_reasons()) {
    EXPECT_EQ(line.text("/reset/kernel_reason"), reason) << line;
  } else {
    EXPECT_FALSE(line.has("/reset/kernel_reason")) << line;
  }
}

void expect_snapshot(const Line& line, std::int64_t bytes_received) {
  EXPECT_EQ(line.number("/tcp_info/bytes_received"), bytes_received) << line;
  EXPECT_GT(line.number("/tcp_info/rtt_us"), 0) << line;
  EXPECT_GT(line.number("/tcp_info/rto_us"), 0) << line;
  EXPECT_GT(line.number("/tcp_info/snd_cwnd"), 0) << line;
  EXPECT_GT(line.number("/tcp_info/segs_in"), 0) << line;
}

void TracedTest::SetUpTestSuite() {
  if (stage() == nullptr) {
    stage() = std::make_unique<Stage>();
  }
}

void TracedTest::TearDown() {
  const Seen last = std::exchange(stage()->last, {});
  if (HasFailure() && !last.lines.empty()) {
    ADD_FAILURE() << "the records of its last scenario:" << text_of(last.lines);
  }
  const auto bad = tracer().bad_lines();
  EXPECT_TRUE(bad.empty()) << bad.size()
                           << " lines are not as the schema says, the first: " << bad.front();
}

Lab& TracedTest::lab() { return stage()->lab; }
Tracer& TracedTest::tracer() { return stage()->tracer; }

TracedTest::Scenario TracedTest::drill(std::string_view name) {
  const Drill* found = find_drill(name);
  require(found != nullptr, "there is no such drill");
  return [found](std::uint16_t port) { found->play({.lab = lab(), .port = port}); };
}

Seen TracedTest::play_once(const Scenario& scenario) {
  Seen seen{.port = lab().next_port(), .lines = {}};
  const std::size_t from = tracer().size();
  scenario(seen.port);
  check_totals(*stage());
  seen.lines = tracer().lines(from, [&](const Line& line) {
    return line.local_port() == seen.port || line.peer_port() == seen.port;
  });
  stage()->last = seen;
  return seen;
}

Seen TracedTest::play(const Complete& complete, const Scenario& scenario) {
  for (int i = 1;; ++i) {
    Seen seen = play_once(scenario);
    if (i >= attempts() || complete(seen)) {
      return seen;
    }
  }
}

Seen TracedTest::play_resets(std::size_t sent, std::size_t received, const Scenario& scenario) {
  return play(
      [&](const Seen& seen) {
        const auto count = [&](std::string_view direction) {
          return seen.resets(End::kClient, direction).size() +
                 seen.resets(End::kServer, direction).size();
        };
        return count("sent") >= sent && count("received") >= received;
      },
      scenario);
}

Expected TracedTest::client_end(const Seen& seen, std::string_view state) {
  return {.local = kClientV4,
          .peer = kServerV4,
          .local_port = 0,
          .peer_port = seen.port,
          .netns = lab().client.inode(),
          .family = "ipv4",
          .role = "client",
          .state = std::string(state)};
}

Expected TracedTest::server_end(const Seen& seen, std::string_view state) {
  return {.local = kServerV4,
          .peer = kClientV4,
          .local_port = seen.port,
          .peer_port = 0,
          .netns = lab().server.inode(),
          .family = "ipv4",
          .role = "server",
          .state = std::string(state)};
}

bool hook_attached(const Line& hooks, std::string_view name) {
  return std::ranges::any_of(hooks.json().at("hooks"), [&](const nlohmann::json& hook) {
    return hook.at("name") == name && !hook.at("attached").empty();
  });
}

std::string hook_family(const Line& hooks, std::string_view name) {
  return hook_text(hooks, name, "family");
}

std::string hook_limit(const Line& hooks, std::string_view name) {
  return hook_text(hooks, name, "limit");
}

void SharedTracerEnvironment::TearDown() {
  const std::unique_ptr<Stage> at = std::move(stage());
  if (at == nullptr) {
    return;
  }
  const TracerExit end = at->tracer.stop();
  EXPECT_EQ(end.status, 0) << end.error;
  const Line summary = at->tracer.summary();
  EXPECT_EQ(summary.text("/ended_by"), "signal") << summary;
  EXPECT_EQ(summary.number("/lost/total"), summary.number("/lost/recursion_misses")) << summary;
}

}  // namespace tcptrace::live
