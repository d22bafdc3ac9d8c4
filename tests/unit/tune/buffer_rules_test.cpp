// SPDX-License-Identifier: GPL-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tuned_host.h"

namespace tcptrace::tune {
namespace {

using model::TuneBasis;
using model::TuneProfile;
using ::testing::HasSubstr;

constexpr std::string_view kRmemMax = "net.core.rmem_max";
constexpr std::string_view kWmemMax = "net.core.wmem_max";
constexpr std::string_view kRmem = "net.ipv4.tcp_rmem";
constexpr std::string_view kWmem = "net.ipv4.tcp_wmem";
constexpr std::string_view kMem = "net.ipv4.tcp_mem";
constexpr std::string_view kModerate = "net.ipv4.tcp_moderate_rcvbuf";

TEST(BufferRules, HugeCoreLimitsAreNoSpeed) {
  TunedHost host;
  host.set(kRmemMax, "67108864");
  EXPECT_EQ(host.proposed(kRmemMax), "") << "64 MiB, which people use on long paths";
  host.set(kRmemMax, "67108865");
  host.set(kWmemMax, "2147483647");
  EXPECT_EQ(host.proposed(kRmemMax), "212992");
  EXPECT_EQ(host.proposed(kWmemMax), "212992");
  EXPECT_EQ(host.basis(kRmemMax), TuneBasis::kHarmful);
  host.facts.kernel = "6.18.2";
  EXPECT_EQ(host.proposed(kRmemMax), "4194304") << "that kernel's default";
  host.count("TcpExt.TCPMemoryPressures", 4);
  EXPECT_THAT(host.evidence(kRmemMax), HasSubstr("TCPMemoryPressures 4"));
}

TEST(BufferRules, ProfilesBoundAndRaiseCoreLimits) {
  TunedHost host;
  host.profile = TuneProfile::kLowMemory;
  host.set(kRmemMax, "212993");
  EXPECT_EQ(host.proposed(kRmemMax), "212992");
  EXPECT_EQ(host.basis(kRmemMax), TuneBasis::kGeneralAdvice);
  host.set(kRmemMax, "212992");
  EXPECT_EQ(host.proposed(kRmemMax), "");
  host.profile = TuneProfile::kWeb;
  host.set(kRmemMax, "131071");
  EXPECT_EQ(host.proposed(kRmemMax), "212992");
  host.profile = TuneProfile::kNone;
  EXPECT_EQ(host.proposed(kRmemMax), "");
}

TEST(BufferRules, LargeBuffersGoBackWhenMemoryWasShort) {
  TunedHost host;
  host.set(kRmem, "4096 131072 16777216");
  host.set(kWmem, "4096 16384 16777216");
  EXPECT_EQ(host.proposed(kRmem), "") << "memory was never short";
  host.count("TcpExt.TCPMemoryPressures", 2);
  EXPECT_EQ(host.proposed(kRmem), "4096 131072 6291456");
  EXPECT_EQ(host.proposed(kWmem), "4096 16384 4194304");
  EXPECT_THAT(host.evidence(kRmem), HasSubstr("TCPMemoryPressures 2"));
  host.facts.kernel = "6.16.0";
  host.set(kRmem, "4096 131072 33554432");
  EXPECT_EQ(host.proposed(kRmem), "") << "that kernel's default";
}

TEST(BufferRules, MemoryInUseNowIsPressureToo) {
  TunedHost host;
  host.set(kWmem, "4096 16384 16777216");
  host.netns.sockstat->memory_pages = 250'999;
  EXPECT_EQ(host.proposed(kWmem), "");
  host.netns.sockstat->memory_pages = 251'000;
  EXPECT_THAT(host.evidence(kWmem), HasSubstr("TCP holds 251,000 pages now"));
}

TEST(BufferRules, AHugeInitialBufferIsPutBack) {
  TunedHost host;
  host.set(kRmem, "4096 1048576 6291456");
  EXPECT_EQ(host.proposed(kRmem), "");
  host.set(kRmem, "4096 1048577 6291456");
  EXPECT_EQ(host.proposed(kRmem), "4096 131072 6291456");
}

TEST(BufferRules, DroppedSegmentsJustifyTheDefaultWhereLessIsAllowed) {
  TunedHost host;
  host.set(kRmem, "4096 87380 174760");
  host.count("TcpExt.RcvPruned", 9);
  EXPECT_EQ(host.proposed(kRmem), "") << "fewer than ten in a million";
  host.count("TcpExt.TCPRcvQDrop", 1);
  EXPECT_EQ(host.proposed(kRmem), "4096 87380 6291456");
  EXPECT_THAT(host.evidence(kRmem), HasSubstr("10 of 1,000,000 segments received were dropped"));
  host.set(kRmem, "4096 131072 6291456");
  EXPECT_EQ(host.proposed(kRmem), "");
  EXPECT_THAT(host.kept(kRmem), HasSubstr("the programs read too slowly"));
}

TEST(BufferRules, TheDefaultIsThatOfTheMemory) {
  TunedHost host;
  host.facts.memory_bytes = 256ULL << 20;
  host.profile = TuneProfile::kWeb;
  host.set(kRmem, "4096 131072 1048576");
  EXPECT_EQ(host.proposed(kRmem), "4096 131072 2097152");
}

TEST(BufferRules, ProfilesBoundAndRaiseBuffers) {
  TunedHost host;
  host.profile = TuneProfile::kLowMemory;
  EXPECT_EQ(host.proposed(kRmem), "4096 131072 2097152");
  EXPECT_EQ(host.proposed(kWmem), "4096 16384 1048576");
  host.set(kWmem, "4096 16384 1048576");
  EXPECT_EQ(host.proposed(kWmem), "");
  host.profile = TuneProfile::kProxy;
  EXPECT_EQ(host.proposed(kWmem), "4096 16384 4194304");
  EXPECT_EQ(host.basis(kWmem), TuneBasis::kGeneralAdvice);
}

TEST(BufferRules, AutotuningBelongsOn) {
  TunedHost host;
  EXPECT_EQ(host.proposed(kModerate), "");
  host.set(kModerate, "0");
  EXPECT_EQ(host.proposed(kModerate), "1");
  EXPECT_EQ(host.basis(kModerate), TuneBasis::kHarmful);
  host.count("TcpExt.PruneCalled", 6);
  EXPECT_THAT(host.evidence(kModerate), HasSubstr("PruneCalled 6"));
}

TEST(BufferRules, TcpMemByHandGoesBackWhereItIsShortOrTooMuch) {
  TunedHost host;
  host.set(kMem, "4096 8192 16384");
  EXPECT_EQ(host.proposed(kMem), "") << "never short";
  host.count("TcpExt.TCPAbortOnMemory", 5);
  EXPECT_EQ(host.proposed(kMem), "") << "too many orphans";
  host.count("TcpExt.TCPMemoryPressures", 1);
  EXPECT_EQ(host.proposed(kMem), "196608 262144 393216");
  EXPECT_THAT(host.evidence(kMem), HasSubstr("TCPAbortOnMemory 5"));
  host.set(kMem, "188000 251000 376000");
  EXPECT_EQ(host.proposed(kMem), "") << "about what the kernel computes";
  host.set(kMem, "188000 251000 2097152");
  EXPECT_EQ(host.proposed(kMem), "");
  host.set(kMem, "16777216 16777216 16777216");
  EXPECT_EQ(host.proposed(kMem), "196608 262144 393216");
  EXPECT_THAT(host.evidence(kMem), HasSubstr("this machine has 4,194,304 pages"));
}

TEST(BufferRules, WhatIsNoTripleStays) {
  TunedHost host;
  for (const char* const text : {"", "4096", "4096 131072", "1 2 3 4", "a b c", "-1 2 3"}) {
    host.set(kRmem, text);
    EXPECT_EQ(host.kept(kRmem), "its value is not understood") << text;
  }
}

}  // namespace
}  // namespace tcptrace::tune
