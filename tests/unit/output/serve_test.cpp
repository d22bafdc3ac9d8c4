// SPDX-License-Identifier: GPL-2.0
// What `serve` prints.
#include "output/serve.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "support/probe_samples.h"
#include "support/samples.h"
#include "support/schema.h"

namespace tcptrace::output {
namespace {

using nlohmann::json;

TEST(ServeText, StartSaysEveryAddress) {
  EXPECT_EQ(serve_start_text(samples::serve_start()),
            "listening on [::]:8080 (IPv6 and IPv4), 192.0.2.1:8080\n");
}

TEST(ServeText, ReportSaysEveryCounter) {
  EXPECT_EQ(
      serve_report_text(samples::serve_report()),
      "summary      10.0 s, ended by: signal\n"
      "accepted     1,040, at most 17 at once\n"
      "closed       1,000 by the peer, 28 by this side, 9 reset by the peer, 3 failed\n"
      "             by this side: idle_timeout 1, close_after 2, close_unread 3, fail_rate 4, "
      "asked 5, bad_request 6, end 7\n"
      "             8 closed with a reset\n"
      "requests     2,048, 6 of them bad\n"
      "bytes        2.0 KiB received, 3.0 MiB sent\n"
      "accepting    paused 2 times for lack of descriptors or memory\n"
      "errors       ECONNRESET 9, EMFILE 2\n");
}

TEST(ServeText, RatesAreOfTheTimeBetween) {
  model::ServeCounts before;
  before.accepted = 100;
  before.bytes_sent = 1024;
  before.resets_received = 1;
  model::ServeCounts after = before;
  after.open = 5;
  after.accepted += 50;
  after.requests += 4000;
  after.bytes_received += 2U << 20;
  after.bytes_sent += 512;
  after.resets_received += 2;
  EXPECT_EQ(
      serve_rates_text(before, after, std::chrono::milliseconds(500), std::chrono::seconds(3)),
      "3.0 s: 5 open, 100 accepted/s, 8,000 requests/s, 4.0 MiB/s in, 1.0 KiB/s out, "
      "2 resets\n");
}

TEST(ServeJson, IsValidAndSaysTheNumbers) {
  const std::string start = serve_start_json(samples::serve_start(), samples::context());
  EXPECT_EQ(test::validate(start), "");
  EXPECT_EQ(json::parse(start)["addresses"][0],
            (json{{"address", "::"}, {"port", 8080}, {"dual_stack", true}}));
  const std::string line = serve_report_json(samples::serve_report(), samples::context());
  EXPECT_EQ(test::validate(line), "");
  const json report = json::parse(line);
  EXPECT_EQ(report["accepted"], 1040);
  EXPECT_EQ(report["closed_by_us"]["total"], 28);
  EXPECT_EQ(report["closed_by_us"]["idle_timeout"], 1);
  EXPECT_EQ(report["closed_by_us"]["end"], 7);
  EXPECT_EQ(report["errors"][1], (json{{"errno", "EMFILE"}, {"count", 2}}));
  EXPECT_EQ(test::validate(serve_report_json({}, samples::context())), "");
}

}  // namespace
}  // namespace tcptrace::output
