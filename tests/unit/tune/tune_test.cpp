// SPDX-License-Identifier: GPL-2.0
// What holds of every plan, whatever the host.
#include "tune/tune.h"

#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tuned_host.h"

namespace tcptrace::tune {
namespace {

using model::TuneBasis;
using model::TuneProfile;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

TEST(Tune, AHealthyHostIsLeftAlone) {
  const model::TunePlan plan = TunedHost().plan();
  EXPECT_THAT(plan.proposals, IsEmpty());
  for (const model::TuneKept& kept : plan.kept) {
    EXPECT_THAT(kept.reason, Not(IsEmpty())) << kept.name;
  }
}

// The list of the issue, and each of them read.
TEST(Tune, LooksAtAllThatItIsSaidToLookAt) {
  const auto names = settings();
  const std::set<std::string_view> asked(names.begin(), names.end());
  EXPECT_EQ(asked.size(), names.size()) << "one twice";
  for (const std::string_view name : {"net.core.netdev_max_backlog",
                                      "net.core.rmem_max",
                                      "net.core.somaxconn",
                                      "net.core.wmem_max",
                                      "net.ipv4.ip_local_port_range",
                                      "net.ipv4.tcp_abort_on_overflow",
                                      "net.ipv4.tcp_congestion_control",
                                      "net.ipv4.tcp_fin_timeout",
                                      "net.ipv4.tcp_keepalive_intvl",
                                      "net.ipv4.tcp_keepalive_probes",
                                      "net.ipv4.tcp_keepalive_time",
                                      "net.ipv4.tcp_max_syn_backlog",
                                      "net.ipv4.tcp_moderate_rcvbuf",
                                      "net.ipv4.tcp_no_metrics_save",
                                      "net.ipv4.tcp_retries2",
                                      "net.ipv4.tcp_rmem",
                                      "net.ipv4.tcp_syncookies",
                                      "net.ipv4.tcp_tw_reuse",
                                      "net.ipv4.tcp_wmem",
                                      "net.netfilter.nf_conntrack_buckets",
                                      "net.netfilter.nf_conntrack_max",
                                      "net.netfilter.nf_conntrack_tcp_timeout_established",
                                      "net.netfilter.nf_conntrack_tcp_timeout_time_wait"}) {
    EXPECT_TRUE(asked.contains(name)) << name;
    EXPECT_THAT(TunedHost().kept(name), Not(IsEmpty())) << name;
  }
}

// Old settings of every kind at once.
TunedHost neglected() {
  TunedHost host;
  for (const char* const name : {"tcp_sack", "tcp_timestamps", "tcp_window_scaling",
                                 "tcp_syncookies", "tcp_moderate_rcvbuf"}) {
    host.set(std::string("net.ipv4.") + name, "0");
  }
  for (const char* const name :
       {"tcp_abort_on_overflow", "tcp_no_metrics_save", "tcp_low_latency", "tcp_tw_recycle"}) {
    host.set(std::string("net.ipv4.") + name, "1");
  }
  host.set("net.ipv4.tcp_retries2", "3");
  host.set("net.ipv4.tcp_fin_timeout", "10");
  host.set("net.ipv4.tcp_max_tw_buckets", "5000");
  host.set("net.core.rmem_max", "268435456");
  host.set("net.ipv4.tcp_mem", "16777216 16777216 16777216");
  return host;
}

TEST(Tune, EveryProposalSaysWhyAndChangesSomething) {
  for (const TuneProfile profile :
       {TuneProfile::kNone, TuneProfile::kWeb, TuneProfile::kProxy, TuneProfile::kLowMemory}) {
    TunedHost host = neglected();
    host.profile = profile;
    for (const model::TuneProposal& proposal : host.plan().proposals) {
      EXPECT_NE(proposal.current, proposal.proposed) << proposal.name;
      EXPECT_EQ(proposal.evidence.empty(), proposal.basis == TuneBasis::kGeneralAdvice)
          << proposal.name;
      EXPECT_THAT(proposal.reason, Not(IsEmpty())) << proposal.name;
      EXPECT_THAT(proposal.risk, Not(IsEmpty())) << proposal.name;
      EXPECT_THAT(proposal.source, Not(IsEmpty())) << proposal.name;
      EXPECT_TRUE(profile != TuneProfile::kNone || proposal.basis != TuneBasis::kGeneralAdvice)
          << proposal.name << ": general advice without a profile";
    }
  }
}

TEST(Tune, WhatIsAppliedIsNotProposedAgain) {
  for (const TuneProfile profile :
       {TuneProfile::kNone, TuneProfile::kWeb, TuneProfile::kProxy, TuneProfile::kLowMemory}) {
    TunedHost host = neglected();
    host.profile = profile;
    host.count("TcpExt.ListenOverflows", 9);
    host.set("net.core.somaxconn", "128");
    host.listener(80, 128, 129);
    host.port_use(26'000, 100);
    // Twice: timestamps that are on make tcp_tw_reuse worth it.
    for (int run = 0; run < 2; ++run) {
      for (const model::TuneProposal& proposal : host.plan().proposals) {
        host.set(proposal.name, proposal.proposed);
      }
    }
    EXPECT_THAT(host.plan().proposals, IsEmpty());
  }
}

TEST(Tune, FolkloreThatIsSetIsUndone) {
  const TunedHost host = neglected();
  for (const auto& [name, value] : std::initializer_list<std::pair<std::string_view, std::string>>{
           {"net.ipv4.tcp_sack", "1"},
           {"net.ipv4.tcp_timestamps", "1"},
           {"net.ipv4.tcp_window_scaling", "1"},
           {"net.ipv4.tcp_syncookies", "1"},
           {"net.ipv4.tcp_moderate_rcvbuf", "1"},
           {"net.ipv4.tcp_abort_on_overflow", "0"},
           {"net.ipv4.tcp_no_metrics_save", "0"},
           {"net.ipv4.tcp_tw_recycle", "0"},
           {"net.ipv4.tcp_retries2", "15"},
           {"net.ipv4.tcp_fin_timeout", "60"},
           {"net.ipv4.tcp_max_tw_buckets", "65536"},
           {"net.core.rmem_max", "212992"},
           {"net.ipv4.tcp_mem", "196608 262144 393216"}}) {
    EXPECT_EQ(host.proposed(name), value) << name;
  }
}

TEST(Tune, RefusesWithAReason) {
  const auto refusals = TunedHost().plan().refusals;
  EXPECT_GE(refusals.size(), 12U);
  for (const model::TuneRefusal& refusal : refusals) {
    EXPECT_FALSE(refusal.reason.empty()) << refusal.advice;
    EXPECT_FALSE(refusal.source.empty()) << refusal.advice;
  }
}

TEST(Tune, WhatIsMissingOrUnreadIsSaidOnce) {
  TunedHost host;
  host.remove("net.ipv4.tcp_mem");
  host.remove("net.ipv4.tcp_sack");
  host.facts.unread.push_back({.what = "net.ipv4.tcp_sack", .why = "Permission denied"});
  EXPECT_THAT(host.kept("net.ipv4.tcp_mem"), HasSubstr("not there"));
  EXPECT_EQ(host.kept("net.ipv4.tcp_sack"), "");
  EXPECT_EQ(host.plan().unread.size(), 1U);
}

TEST(Tune, ValuesThatAreNoNumbersAreLeftAlone) {
  TunedHost host;
  for (auto& [name, value] : host.netns.sysctls) {
    value = "\x1b[31m-1; rm -rf /\xff";
  }
  host.profile = TuneProfile::kWeb;
  for (const model::TuneProposal& proposal : host.plan().proposals) {
    ADD_FAILURE() << proposal.name;
  }
}

TEST(Tune, CountersOfANamespaceAreNotSinceBoot) {
  TunedHost host;
  host.netns.host = false;
  host.set("net.core.somaxconn", "128");
  host.count("TcpExt.ListenOverflows", 1);
  host.listener(80, 128);
  EXPECT_THAT(host.evidence("net.core.somaxconn"),
              HasSubstr("ListenOverflows 1 since this network namespace is there"));
}

}  // namespace
}  // namespace tcptrace::tune
