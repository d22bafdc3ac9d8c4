// SPDX-License-Identifier: GPL-2.0
// Wire bytes to events. The one place in userspace that knows the layout of bpf/tcptrace.h's
// records.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>

#include "model/event.h"

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

}  // namespace tcptrace::trace
