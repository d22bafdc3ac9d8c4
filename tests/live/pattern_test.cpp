// SPDX-License-Identifier: GPL-2.0
// What many records have in common, in the summary of a run.
#include <netinet/tcp.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "support/lab_test.h"
#include "support/traced_test.h"

namespace tcptrace::live {
namespace {

using nlohmann::json;

class Patterns : public LabTest {
 protected:
  void SetUp() override { skip_unless_auto("a pattern does not tell how the events are hooked"); }

  // The first pattern of this name in what a run with these arguments says of the scenario; null:
  // there is none.
  template <typename Play>
  static json found(std::vector<std::string> arguments, std::string_view name, Play play) {
    Tracer tracer(std::move(arguments));
    play();
    tracer.stop();
    const json summary = tracer.summary().json();
    for (const json& pattern : summary.at("patterns")) {
      if (pattern.at("pattern") == name) {
        return pattern;
      }
    }
    ADD_FAILURE() << "no " << name << " in " << summary;
    return {};
  }
};

TEST_F(Patterns, RetriesWithoutBackOffAreAStorm) {
  const std::uint16_t port = lab().next_port();
  const json storm = found({"-P", std::to_string(port)}, "retry_storm", [&] {
    // By the clock: what is late once is not late from then on, which would be a back-off.
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < 20; ++i) {
      require(connect_error(lab().client, {kServerV4, port}) == ECONNREFUSED, "not refused");
      std::this_thread::sleep_until(start + (i + 1) * 50ms);
    }
  });
  ASSERT_TRUE(storm.is_object());
  EXPECT_GE(storm.at("count"), 18) << storm;
  EXPECT_EQ(storm.at("backs_off"), false) << storm;
  EXPECT_EQ(storm.at("pid"), ::getpid()) << storm;
  EXPECT_EQ(storm.at("port"), port) << storm;
  EXPECT_GT(storm.at("per_second").get<double>(), 1.0) << storm;
}

TEST_F(Patterns, ResetsAfterTheSameIdleTimeAreATimeout) {
  const std::uint16_t port = lab().next_port();
  const json timeout = found({"-P", std::to_string(port)}, "idle_timeout", [&] {
    const UniqueFd listener = lab().listen(port, 16);
    std::vector<UniqueFd> clients;
    std::vector<UniqueFd> servers;
    for (int i = 0; i < 8; ++i) {
      clients.push_back(lab().connect(port));
      servers.push_back(accept_from(listener.get()));
      send_text(clients.back().get(), "hello");
      receive_bytes(servers.back().get(), 5);
    }
    std::this_thread::sleep_for(2s);
    for (UniqueFd& server : servers) {
      reset_on_close(server.get());
      server.reset();
    }
    for (const UniqueFd& client : clients) {
      await_state(client.get(), TCP_CLOSE);
    }
  });
  ASSERT_TRUE(timeout.is_object());
  EXPECT_GE(timeout.at("count"), 5) << timeout;
  EXPECT_GE(timeout.at("idle_ms"), 1900) << timeout;
  EXPECT_LE(timeout.at("idle_ms"), 4000) << timeout;
}

TEST_F(Patterns, ManyShortConnectionsAreChurn) {
  const std::uint16_t port = lab().next_port();
  const json churn =
      found({"-P", std::to_string(port), "--events", "all"}, "connection_churn", [&] {
        const UniqueFd listener = lab().listen(port, 16);
        for (int i = 0; i < 80; ++i) {
          UniqueFd client = lab().connect(port);
          UniqueFd server = accept_from(listener.get());
          client.reset();
          server.reset();
        }
      });
  ASSERT_TRUE(churn.is_object());
  EXPECT_GE(churn.at("count"), 50) << churn;
  EXPECT_EQ(churn.at("pid"), ::getpid()) << churn;
}

}  // namespace
}  // namespace tcptrace::live
