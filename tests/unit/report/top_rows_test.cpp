// SPDX-License-Identifier: GPL-2.0
#include "report/top_rows.h"

#include <gtest/gtest.h>

namespace tcptrace::report {
namespace {

struct Row {
  int key = 0;
  std::uint64_t count = 0;
};
using Rows = TopRows<int, Row, &Row::count>;

void add(Rows& rows, int key, std::uint64_t count = 1) {
  rows.row(key, [key] { return Row{.key = key}; }).count += count;
}

TEST(TopRows, TheHeaviestComeFirst) {
  Rows rows(4);
  add(rows, 1, 5);
  add(rows, 2, 9);
  add(rows, 3, 7);
  std::uint64_t elsewhere = 0;
  const auto found = rows.heaviest(2, elsewhere);
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found.front().key, 2);
  EXPECT_EQ(found.back().key, 3);
  EXPECT_EQ(elsewhere, 5U);
}

TEST(TopRows, WhatIsFrequentStaysAndTheRestIsCounted) {
  Rows rows(10);
  std::uint64_t added = 0;
  for (int i = 0; i < 100'000; ++i) {
    add(rows, i % 2 == 0 ? i % 6 : 1000 + i);
    ++added;
  }
  std::uint64_t elsewhere = 0;
  const auto found = rows.heaviest(100, elsewhere);
  EXPECT_LE(found.size(), 20U);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_LT(found.at(i).key, 6);
    EXPECT_GT(found.at(i).count, 16'000U);
  }
  std::uint64_t counted = elsewhere;
  for (const Row& row : found) {
    counted += row.count;
  }
  EXPECT_EQ(counted, added);
}

TEST(TopRows, RowsThatWeighTheSameMakeRoomToo) {
  Rows rows(10);
  for (int key = 0; key < 1000; ++key) {
    add(rows, key);
  }
  std::uint64_t elsewhere = 0;
  const auto found = rows.heaviest(1000, elsewhere);
  EXPECT_LE(found.size(), 20U);
  EXPECT_EQ(found.size() + elsewhere, 1000U);
}

}  // namespace
}  // namespace tcptrace::report
