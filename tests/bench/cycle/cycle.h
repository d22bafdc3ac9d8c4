// SPDX-License-Identifier: GPL-2.0
// Connect, accept, reset, over and over on loopback: the load under which a tracer is measured.
// Knows no tracer.
#pragma once

#include <cstdint>

#include "base/result.h"

namespace tcptrace::bench {

struct Load {
  std::uint64_t cycles = 100'000;
  double rate = 0;              // cycles per second, at scheduled times; 0: as fast as they go
  std::uint32_t processes = 1;  // pairs of a client and a server
  std::uint32_t addresses = 1;  // 127.0.0.1 and following, so that ports do not run out
  bool accepted = false;        // a client resets once its connection is accepted; else at once
};

struct Outcome {
  double seconds = 0;      // until the last server has closed its last connection
  double cpu_seconds = 0;  // of clients and servers together
};

// Every connection is reset by its client; that all of them were accepted and ended is part of a
// success.
[[nodiscard]] Result<Outcome> run(const Load& load);

}  // namespace tcptrace::bench
