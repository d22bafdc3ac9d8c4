// SPDX-License-Identifier: GPL-2.0
// TCP segments that no socket sent, and a count of the RSTs that left a namespace.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/unique_fd.h"
#include "model/tcp_flags.h"
#include "stress/netns.h"
#include "stress/sockets.h"

namespace tcptrace::stress {

using model::kAck;
using model::kPsh;
using model::kRst;
using model::kSyn;

struct Segment {  // IPv4
  Endpoint from;
  Endpoint to;
  std::uint32_t seq = 0;
  std::uint32_t ack = 0;
  std::uint8_t flags = 0;
  std::string_view payload = {};
  std::uint8_t ttl = 64;
};
void inject(const Netns& netns, const Segment& segment);
// From `netns`, an RST in the name of `from` that `victim`, a socket of `to`, takes for its peer's.
void forge_reset(const Netns& netns, const Endpoint& from, const Endpoint& to, int victim);

// Counts TCP segments with RST that leave through one device of a namespace. Segments that arrive
// are not counted, so each is seen once however many captures run.
class RstCapture {
 public:
  RstCapture(const Netns& netns, std::string_view device);
  // Those seen so far. Throws if the kernel dropped packets of the capture: the count would be a
  // guess.
  [[nodiscard]] std::uint64_t count();

 private:
  UniqueFd fd_;
  std::uint64_t count_ = 0;
};

}  // namespace tcptrace::stress
