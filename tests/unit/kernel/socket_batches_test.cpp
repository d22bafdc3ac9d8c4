// SPDX-License-Identifier: GPL-2.0
#include "kernel/socket_batches.h"

#include <cstdint>
#include <numeric>
#include <stdexcept>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace tcptrace::kernel {
namespace {

std::vector<std::uint64_t> pass_through(SocketBatches& batches, std::uint64_t count) {
  batches.start();
  const std::jthread reader([&] {
    const SocketBatches::Finish finish(batches);
    for (std::uint64_t i = 0; i < count; ++i) {
      batches.next().inode = i;
      batches.keep();
      // One that is not kept leaves no trace.
      batches.next().inode = 1'000'000;
    }
  });
  std::vector<std::uint64_t> seen;
  batches.for_each([&](const model::Socket& socket) { seen.push_back(socket.inode); });
  return seen;
}

std::vector<std::uint64_t> up_to(std::uint64_t count) {
  std::vector<std::uint64_t> numbers(count);
  std::iota(numbers.begin(), numbers.end(), 0);
  return numbers;
}

TEST(SocketBatches, EverySocketComesInOrderDumpAfterDump) {
  SocketBatches batches;
  for (const std::uint64_t count : {10'000U, 0U, 1U, 256U, 257U, 10'000U}) {
    EXPECT_EQ(pass_through(batches, count), up_to(count));
  }
}

TEST(SocketBatches, AReaderThatFailsLeavesNobodyWaiting) {
  SocketBatches batches;
  batches.start();
  try {
    const SocketBatches::Finish finish(batches);
    batches.next().inode = 7;
    batches.keep();
    throw std::runtime_error("out of memory");
  } catch (const std::runtime_error&) {
  }
  int seen = 0;
  batches.for_each([&](const model::Socket&) { ++seen; });
  EXPECT_EQ(seen, 1);
}

TEST(SocketBatches, WhatNobodyTookIsGoneWithTheNextDump) {
  SocketBatches batches;
  batches.start();
  {
    const SocketBatches::Finish finish(batches);
    for (int i = 0; i < 1000; ++i) {
      batches.next().inode = 9;
      batches.keep();
    }
  }
  EXPECT_EQ(pass_through(batches, 3), up_to(3));
}

}  // namespace
}  // namespace tcptrace::kernel
