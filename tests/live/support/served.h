// SPDX-License-Identifier: GPL-2.0
// `tcptrace serve` as the other end of a test.
#pragma once

#include <csignal>
#include <cstdint>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "stress/lab.h"
#include "stress/sockets.h"
#include "support/subcommand.h"

namespace tcptrace::live {

// Serves in the lab's server namespace, on a port of its own.
class Served {
 public:
  Served(Lab& lab, const std::vector<std::string>& options, const SubcommandOptions& how = {})
      : lab_(lab), process_(lab.server, words(options), how), first_(process_.next()) {
    port_ = static_cast<std::uint16_t>(first_.number("/addresses/0/port"));
  }

  [[nodiscard]] UniqueFd connect(const char* address = kServerV4) const {
    return connect_from(lab_.client, {address, port_});
  }
  SubcommandEnd stop(int number = SIGINT) {
    SubcommandEnd end = process_.stop(number);
    EXPECT_EQ(end.status, 0) << end.error;
    EXPECT_EQ(end.last().type(), "serve");
    expect_each_ended_once(end.last());
    return end;
  }
  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] const Line& first() const { return first_; }
  [[nodiscard]] Subcommand& process() { return process_; }

 private:
  static std::vector<std::string> words(const std::vector<std::string>& options) {
    std::vector<std::string> all{"serve", "0"};
    all.insert(all.end(), options.begin(), options.end());
    return all;
  }
  static void expect_each_ended_once(const Line& totals) {
    EXPECT_EQ(totals.number("/accepted"),
              totals.number("/closed_by_peer") + totals.number("/closed_by_us/total") +
                  totals.number("/resets_received") + totals.number("/failed"))
        << totals;
  }

  Lab& lab_;
  Subcommand process_;
  Line first_;
  std::uint16_t port_ = 0;
};

}  // namespace tcptrace::live
