// SPDX-License-Identifier: GPL-2.0
// Tests that play a scenario and look at what the tracer says about it. One tracer with every event
// switched on serves them all; it watches the lab's two namespaces only.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "stress/lab.h"
#include "stress/nft.h"
#include "support/tracer.h"

namespace tcptrace::live {

enum class End { kClient, kServer };

// Everything the tracer said about the connections of one scenario, told apart by the server's
// port.
struct Seen {
  std::uint16_t port = 0;
  Lines lines;

  [[nodiscard]] Lines of(End end, std::string_view type) const;
  [[nodiscard]] Lines resets(End end, std::string_view direction) const;
  [[nodiscard]] std::size_t count(End end, std::string_view type) const {
    return of(end, type).size();
  }
};

// What a record must say about its connection; what is empty or 0 is not looked at.
struct Expected {
  std::string local;
  std::string peer;
  std::uint16_t local_port = 0;
  std::uint16_t peer_port = 0;
  std::uint32_t netns = 0;
  std::string family = "ipv4";
  std::string role;
  std::string state;
};
void expect_connection(const Line& line, const Expected& expected);

struct Owner {
  pid_t pid = 0;
  std::string comm;
  std::uint32_t uid = 0;
};
[[nodiscard]] Owner ourselves();
void expect_owner(const Line& line, const Owner& owner);
// On kernels that know why they reset (6.11 and later).
void expect_kernel_reason(const Line& line, std::string_view reason);
[[nodiscard]] bool kernel_has_reset_reasons();

// What a snapshot from before a wipe looks like on a connection that carried data.
void expect_snapshot(const Line& line, std::int64_t bytes_received);

class TracedTest : public testing::Test {
 protected:
  static void SetUpTestSuite();
  void TearDown() override;  // prints the records of the last scenario of a test that failed

  [[nodiscard]] static Lab& lab();
  [[nodiscard]] static Tracer& tracer();

  using Scenario = std::function<void(std::uint16_t port)>;
  using Complete = std::function<bool(const Seen&)>;
  // Plays the scenario on a fresh port and returns what was seen of it. Where the kernel hides
  // events, it plays it again, up to attempts(), until what came is complete. Also holds the totals
  // against the kernel's counters.
  [[nodiscard]] static Seen play(const Complete& complete, const Scenario& scenario);
  // Complete: as many resets sent and received as given, or more, at both ends together.
  [[nodiscard]] static Seen play_resets(std::size_t sent, std::size_t received,
                                        const Scenario& scenario);

  // A drill is a scenario too.
  [[nodiscard]] static Scenario drill(std::string_view name);

  // The expectations for the two ends of an IPv4 connection from client to server.
  [[nodiscard]] static Expected client_end(const Seen& seen, std::string_view state);
  [[nodiscard]] static Expected server_end(const Seen& seen, std::string_view state);

 private:
  [[nodiscard]] static Seen play_once(const Scenario& scenario);
};

// Whether the shared tracer attached this logical hook, by a function hook (fentry or kprobe) if
// asked.
[[nodiscard]] bool hook_attached(const Line& hooks, std::string_view name);
[[nodiscard]] std::string hook_family(const Line& hooks, std::string_view name);
// What the variant in use says that it cannot see; empty: nothing.
[[nodiscard]] std::string hook_limit(const Line& hooks, std::string_view name);

// Stops the shared tracer, if it ran, and holds its end to account; called once after all tests.
class SharedTracerEnvironment : public testing::Environment {
 public:
  void TearDown() override;
};

}  // namespace tcptrace::live
