// SPDX-License-Identifier: GPL-2.0
// Records as JSON: what is there, what is absent, and that any bytes make a valid line.
#include "output/json.h"

#include <limits>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "all_samples.h"
#include "golden.h"
#include "support/samples.h"

namespace tcptrace::output {
namespace {

using samples::line_of;

nlohmann::json json_of(const model::Record& record) {
  return nlohmann::json::parse(line_of(record));
}

TEST(Json, IsOneLine) {
  const std::string line = line_of(samples::reset_sent());
  EXPECT_EQ(line.size() - 1, line.find('\n'));
}

TEST(Json, AppendsToWhatIsThere) {
  std::string out = "before\n";
  append_json(out, samples::state_change(), samples::context());
  append_json(out, samples::state_change(), samples::context());
  EXPECT_EQ("before\n" + line_of(samples::state_change()) + line_of(samples::state_change()), out);
}

TEST(Json, TimeIsUtcWithNanoseconds) {
  EXPECT_EQ("2026-11-21T01:02:03.123456789Z", json_of(samples::reset_sent())["time"]);
}

TEST(Json, TimeBefore1970AndTheLastRepresentable) {
  model::Event event = samples::state_change();
  Context context;
  const auto time_at = [&](std::chrono::nanoseconds boot_time) {
    event.boot_time = boot_time;
    std::string out;
    append_json(out, event, context);
    return nlohmann::json::parse(out)["time"].get<std::string>();
  };
  EXPECT_EQ("1969-12-31T23:59:59.999999999Z", time_at(std::chrono::nanoseconds(-1)));
  EXPECT_EQ("2262-04-11T23:47:16.854775807Z", time_at(std::chrono::nanoseconds::max()));
}

TEST(Json, HostIsAbsentWhenNotKnown) {
  std::string out;
  append_json(out, samples::state_change(), Context{});
  EXPECT_FALSE(nlohmann::json::parse(out).contains("host"));
}

TEST(Json, ResetHasTheKernelsReasonAndDirection) {
  const auto sent = json_of(samples::reset_sent());
  EXPECT_EQ("reset", sent["type"]);
  EXPECT_EQ("sent", sent["reset"]["direction"]);
  EXPECT_EQ("TCP_ABORT_ON_CLOSE", sent["reset"]["kernel_reason"]);
  EXPECT_EQ("active", sent["reset"]["origin"]);
  const auto received = json_of(samples::reset_received());
  EXPECT_EQ("received", received["reset"]["direction"]);
  EXPECT_EQ("ECONNRESET", received["reset"]["errno"]);
  EXPECT_EQ("RST|ACK", received["reset"]["trigger"]["flags"]);
  EXPECT_EQ(41, received["reset"]["trigger"]["ttl"]);
  EXPECT_EQ(3735928559U, received["reset"]["trigger"]["seq"]);
  EXPECT_FALSE(received["reset"].contains("kernel_reason"));
}

TEST(Json, AnErrnoWithoutANameIsItsNumber) {
  model::Event reset = samples::reset_received();
  reset.err = 524;
  EXPECT_EQ("524", json_of(reset)["reset"]["errno"]);
  reset.err = 0;
  EXPECT_FALSE(json_of(reset)["reset"].contains("errno"));
}

TEST(Json, AReplyWithoutASocketHasNeitherCookieNorOwnerNorInfo) {
  const auto reset = json_of(samples::reset_without_socket());
  EXPECT_EQ(true, reset["connection"]["no_socket"]);
  EXPECT_EQ("10.0.0.9", reset["connection"]["peer"]);
  for (const char* absent : {"cookie", "role", "state", "age_ms", "idle_rx_ms"}) {
    EXPECT_FALSE(reset["connection"].contains(absent)) << absent;
  }
  EXPECT_FALSE(reset.contains("process"));
  EXPECT_FALSE(reset.contains("tcp_info"));
  EXPECT_FALSE(reset.contains("by"));
}

TEST(Json, ByIsThereOnlyWhereAnotherTaskOrAnExitDidIt) {
  model::Event reset = samples::reset_sent();
  EXPECT_FALSE(json_of(reset).contains("by"));
  reset.by_exiting = true;
  EXPECT_EQ(true, json_of(reset)["by"]["exiting"]);
  const auto killed = json_of(samples::reset_by_another_task());
  EXPECT_EQ("ss", killed["by"]["comm"]);
  EXPECT_EQ("api", killed["process"]["comm"]);
}

TEST(Json, V4MappedIsIpv4) {
  model::Event reset = samples::reset_sent();
  reset.connection.v4_mapped = true;
  const auto connection = json_of(reset)["connection"];
  EXPECT_EQ("ipv4", connection["family"]);
  EXPECT_EQ("10.0.0.5", connection["local"]);
  EXPECT_EQ(true, connection["v4_mapped"]);
}

TEST(Json, Ipv6) {
  const auto connection = json_of(samples::reset_by_another_task())["connection"];
  EXPECT_EQ("ipv6", connection["family"]);
  EXPECT_EQ("2001:db8::5", connection["local"]);
  EXPECT_EQ("2a01:4f8:c010:1234:5678:9abc:def0:1", connection["peer"]);
}

TEST(Json, WhatTheKernelDoesNotKnowIsAbsent) {
  model::Event reset = samples::reset_sent();
  reset.info->min_rtt_us = 0;
  const auto info = json_of(reset)["tcp_info"];
  for (const char* absent : {"min_rtt_us", "snd_ssthresh", "timer", "sk_err", "sk_err_soft",
                             "user_timeout_ms", "linger2_jiffies", "lingertime_ms", "backlog"}) {
    EXPECT_FALSE(info.contains(absent)) << absent;
  }
  EXPECT_EQ(0, info["unacked"]);
  reset.info->rtt_us = 0;
  EXPECT_FALSE(json_of(reset)["tcp_info"].contains("rttvar_us"));
}

TEST(Json, LingerTimeZeroIsNotTheSameAsUnset) {
  model::Event reset = samples::reset_sent();
  reset.info->lingertime_ms = 0;
  reset.info->linger2 = -1;
  const auto info = json_of(reset)["tcp_info"];
  EXPECT_EQ(0, info["lingertime_ms"]);
  EXPECT_EQ(-1, info["linger2_jiffies"]);
}

TEST(Json, IdleTimesOfAConnectionThatNeverOpenedAreAbsent) {
  const auto connect = json_of(samples::connect_failed());
  EXPECT_FALSE(connect["connection"].contains("idle_rx_ms"));
  EXPECT_FALSE(connect["tcp_info"].contains("last_data_sent_ms"));
  EXPECT_EQ(60011, json_of(samples::reset_sent())["connection"]["idle_rx_ms"]);
}

TEST(Json, ASynAckHasOnlyItsListenersQueue) {
  const auto retransmit = json_of(samples::synack_retransmit());
  EXPECT_EQ((nlohmann::json{{"backlog", 4}, {"backlog_limit", 128}}), retransmit["tcp_info"]);
  EXPECT_EQ(2, retransmit["retransmit"]["attempt"]);
  EXPECT_EQ("SYN|ACK", retransmit["retransmit"]["tcp_flags"]);
}

TEST(Json, RetransmitThatFailedSaysSo) {
  model::Event retransmit = samples::retransmit();
  EXPECT_FALSE(json_of(retransmit)["retransmit"].contains("errno"));
  retransmit.err = 101;
  EXPECT_EQ("ENETUNREACH", json_of(retransmit)["retransmit"]["errno"]);
}

TEST(Json, ConnectResults) {
  model::Event connect = samples::connect_failed();
  EXPECT_EQ("failed", json_of(connect)["connect"]["result"]);
  EXPECT_EQ((nlohmann::json{{"type", 3}, {"code", 1}}), json_of(connect)["connect"]["icmp"]);
  connect.err = 0;
  connect.abandoned = true;
  EXPECT_EQ("abandoned", json_of(connect)["connect"]["result"]);
  connect.abandoned = false;
  connect.connection.state = model::TcpState::kEstablished;
  EXPECT_EQ("established", json_of(connect)["connect"]["result"]);
}

TEST(Json, CloseResults) {
  model::Event close = samples::connection_died();
  EXPECT_EQ("failed", json_of(close)["close"]["result"]);
  EXPECT_EQ("ETIMEDOUT", json_of(close)["close"]["errno"]);
  close.reset_received = true;
  EXPECT_EQ("reset", json_of(close)["close"]["result"]);
  close.reset_received = false;
  close.err = 0;
  EXPECT_EQ("aborted", json_of(close)["close"]["result"]);
  for (const auto state : {model::TcpState::kLastAck, model::TcpState::kFinWait2,
                           model::TcpState::kClosing, model::TcpState::kTimeWait}) {
    close.connection.old_state = state;
    EXPECT_EQ("closed", json_of(close)["close"]["result"]);
  }
}

TEST(Json, HostileCommStaysInItsString) {
  model::Event reset = samples::reset_sent();
  samples::set_comm(*reset.owner, "\",\"x\":1,\\\n\x1b\xff");
  EXPECT_EQ("\",\"x\":1,\\\n\x1b\ufffd", json_of(reset)["process"]["comm"]);
}

TEST(Json, ACgroupPathLongerThanAnyBufferIsWhole) {
  model::Event reset = samples::reset_sent();
  const std::string path = "/" + std::string(20'000, 'x') + "\"" + std::string(5'000, '\n');
  reset.owner->cgroup =
      std::make_shared<const model::Cgroup>(model::Cgroup{path, std::string(130, 'c'), ""});
  const auto process = json_of(reset)["process"];
  EXPECT_EQ(path, process["cgroup"].get<std::string>());
  EXPECT_EQ(std::string(130, 'c'), process["container"].get<std::string>());
}

TEST(Json, AgeHasMicroseconds) {
  model::Event reset = samples::reset_sent();
  reset.connection.age = std::chrono::nanoseconds(1'002'003'999);
  EXPECT_NE(std::string::npos, line_of(reset).find(R"("age_ms":1002.003,)"));
  reset.connection.age = std::chrono::nanoseconds(-1);
  EXPECT_NE(std::string::npos, line_of(reset).find(R"("age_ms":0.000,)"));
}

TEST(Json, CoverageDifferenceIsTracedLessKernel) {
  const auto counters = json_of(samples::summary())["coverage"][0]["counters"];
  EXPECT_EQ(-12, counters[2]["difference"]);
  EXPECT_FALSE(counters[3].contains("traced"));
  EXPECT_FALSE(counters[3].contains("difference"));
}

TEST(Json, CoverageDifferenceDoesNotOverflow) {
  constexpr auto kMax = std::numeric_limits<std::uint64_t>::max();
  model::Summary summary = samples::summary();
  summary.coverage.front().rows = {{"Tcp.OutRsts", kMax, 0}};
  EXPECT_NE(std::string::npos, line_of(summary).find(R"("difference":-9223372036854775807})"));
}

TEST(Json, ManyHooksAndCountersFitNoBuffer) {
  model::Hooks hooks = samples::hooks();
  for (int i = 0; i < 200; ++i) {
    hooks.hooks.push_back(hooks.hooks[1]);
  }
  EXPECT_EQ(203U, json_of(hooks)["hooks"].size());
}

TEST(Json, APieceMayEndAnywhereInTheBuffer) {
  model::Hooks hooks = samples::hooks();
  hooks.hooks.resize(30, hooks.hooks[1]);
  const std::size_t size = line_of(hooks).size() - hooks.version.size();
  // Each round moves every later piece of the line on by one byte.
  for (std::size_t length = 1; length < 120; ++length) {
    hooks.version.assign(length, 'v');
    const std::string line = line_of(hooks);
    EXPECT_TRUE(nlohmann::json::accept(line)) << length;
    EXPECT_EQ(size + length, line.size());
  }
}

TEST(Json, HooksAndSummaryWithoutATimeHaveNone) {
  model::Summary summary = samples::summary();
  EXPECT_EQ("2026-11-21T01:03:00.000000000Z", json_of(summary)["time"]);
  summary.boot_time = {};
  EXPECT_FALSE(json_of(summary).contains("time"));
}

}  // namespace
}  // namespace tcptrace::output
