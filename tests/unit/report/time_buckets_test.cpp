// SPDX-License-Identifier: GPL-2.0
#include "report/time_buckets.h"

#include <limits>
#include <vector>

#include <gtest/gtest.h>

namespace tcptrace::report {
namespace {

using std::chrono::nanoseconds;
using namespace std::chrono_literals;

struct Count {
  int value = 0;
  void merge(const Count& other) { value += other.value; }
};

struct Piece {
  nanoseconds at{};
  int value = 0;
  friend bool operator==(const Piece&, const Piece&) = default;
};

std::vector<Piece> pieces(const TimeBuckets<Count>& buckets) {
  std::vector<Piece> found;
  buckets.for_each([&](nanoseconds at, const Count& count) { found.push_back({at, count.value}); });
  return found;
}

TEST(TimeBuckets, WhatIsCloseTogetherIsInOnePiece) {
  TimeBuckets<Count> buckets;
  ++buckets.at(100s).value;
  ++buckets.at(100s + 9ms).value;
  ++buckets.at(100s + 10ms).value;
  EXPECT_EQ(buckets.width(), 10ms);
  EXPECT_EQ(pieces(buckets), (std::vector<Piece>{{100s, 2}, {100s + 10ms, 1}}));
}

TEST(TimeBuckets, PiecesBecomeLongerAndLoseNothing) {
  TimeBuckets<Count> buckets;
  for (int i = 0; i < 3600; ++i) {
    ++buckets.at(i * 1s).value;
  }
  EXPECT_EQ(buckets.width(), 10s);
  const auto found = pieces(buckets);
  ASSERT_EQ(found.size(), 360U);
  for (const Piece& piece : found) {
    EXPECT_EQ(piece.value, 10);
  }
}

TEST(TimeBuckets, AsManyAsThereIsRoomForAndOneMore) {
  TimeBuckets<Count> buckets;
  buckets.at(0s);
  buckets.at(10ms * (TimeBuckets<Count>::kMost - 1));
  EXPECT_EQ(buckets.width(), 10ms);
  buckets.at(10ms * TimeBuckets<Count>::kMost);
  EXPECT_EQ(buckets.width(), 50ms);
}

TEST(TimeBuckets, TheOrderOfWhatComesDoesNotMatter) {
  TimeBuckets<Count> forward;
  TimeBuckets<Count> backward;
  for (int i = 0; i < 10'000; ++i) {
    forward.at(i * 777ms).value += i;
    backward.at((9'999 - i) * 777ms).value += 9'999 - i;
  }
  EXPECT_EQ(forward.width(), backward.width());
  EXPECT_EQ(pieces(forward), pieces(backward));
}

TEST(TimeBuckets, TimesBefore1970AreInPiecesTheyBeginWith) {
  TimeBuckets<Count> buckets;
  ++buckets.at(-1ns).value;
  EXPECT_EQ(pieces(buckets), (std::vector<Piece>{{-10ms, 1}}));
}

TEST(TimeBuckets, AllTimesThatThereAreFit) {
  TimeBuckets<Count> buckets;
  ++buckets.at(nanoseconds(std::numeric_limits<std::int64_t>::min() / 2)).value;
  ++buckets.at(0s).value;
  ++buckets.at(nanoseconds::max()).value;
  EXPECT_LE(pieces(buckets).size(), 3U);
  int sum = 0;
  for (const Piece& piece : pieces(buckets)) {
    sum += piece.value;
  }
  EXPECT_EQ(sum, 3);
}

TEST(TimeBuckets, EachWidthIsAMultipleOfTheOneBefore) {
  for (std::size_t i = 1; i < kBucketWidths.size(); ++i) {
    EXPECT_EQ(kBucketWidths.at(i) % kBucketWidths.at(i - 1), 0ms) << i;
  }
}

}  // namespace
}  // namespace tcptrace::report
