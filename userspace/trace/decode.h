// SPDX-License-Identifier: GPL-2.0
// Wire bytes to events. The one place in userspace that knows the layout of bpf/tcptrace.h's
// records.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>

#include "model/event.h"
#include "model/sample.h"
#include "model/socket.h"

namespace tcptrace::trace {

class Decoder {
 public:
  // `reset_reasons` holds the names of enum sk_rst_reason by value and must outlive the events.
  explicit Decoder(std::span<const std::string> reset_reasons) : reset_reasons_(reset_reasons) {}

  // Empty where the bytes are no record of this build: too short, of another size than their kind
  // has, with a value that its enumeration does not know. Never reads past the span.
  [[nodiscard]] std::optional<model::Event> decode(std::span<const std::byte> bytes) const;

 private:
  std::span<const std::string> reset_reasons_;
};

// A record of a snapshot: a socket into `out`, all of it. False, and `out` of no use, where the
// bytes are none.
[[nodiscard]] bool decode_socket(std::span<const std::byte> bytes, model::Socket& out);

// A record of a poll.
struct PolledSample {
  model::ConnectionId id;
  model::Tuple tuple{};    // of one that is not quiet
  model::Sample sample{};  // likewise
  bool quiet = false;      // nothing has happened to it since the poll before
};
[[nodiscard]] bool is_sample(std::span<const std::byte> bytes);
// Empty where the bytes are none.
[[nodiscard]] std::optional<PolledSample> decode_sample(std::span<const std::byte> bytes);

struct SocketOwner {
  std::uint64_t inode = 0;
  model::Process process;
};
[[nodiscard]] std::optional<SocketOwner> decode_socket_owner(std::span<const std::byte> bytes);

}  // namespace tcptrace::trace
