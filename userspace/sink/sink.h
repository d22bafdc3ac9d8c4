// SPDX-License-Identifier: GPL-2.0
// Where rendered output goes. A sink sees bytes, a line per record, and never what they mean.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.h"

namespace tcptrace::sink {

class Sink {
 public:
  virtual ~Sink() = default;
  Sink(const Sink&) = delete;
  Sink& operator=(const Sink&) = delete;

  // Whole lines. May be held back until flush().
  [[nodiscard]] virtual Result<void> write(std::string_view lines) = 0;
  [[nodiscard]] virtual Result<void> flush() = 0;

  // Whether the reader has gone, before anything is written to it.
  [[nodiscard]] virtual bool reader_gone() const { return false; }

  // Lines that were given to write() and could not be passed on.
  [[nodiscard]] virtual std::uint64_t lost_lines() const = 0;

 protected:
  Sink() = default;
};

// All of it, now.
[[nodiscard]] Result<void> write_out(Sink& sink, std::string_view lines);

// The reader of a pipe has gone (`| head`): no failure, but the end.
[[nodiscard]] bool output_closed(const Error& error);

// A signal came while the reader of a pipe took nothing.
[[nodiscard]] bool output_interrupted(const Error& error);

}  // namespace tcptrace::sink
