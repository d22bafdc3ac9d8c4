// SPDX-License-Identifier: GPL-2.0
// Reads the answers to GET requests as their bytes arrive (HTTP/1.1, RFC 9112): where one ends,
// and its status. Knows no socket.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace tcptrace::stress {

class HttpAnswer {
 public:
  enum class State : std::uint8_t {
    kStatusLine,
    kHeader,
    kBody,       // of a known length
    kBodyToEnd,  // until the peer closes
    kChunkSize,
    kChunk,  // with its line end
    kTrailer,
    kDone,
    kBroken,  // no HTTP
  };

  // Takes what belongs to this answer; returns how many bytes that was.
  std::size_t take(std::string_view bytes);
  [[nodiscard]] State state() const { return state_; }
  [[nodiscard]] bool done() const { return state_ == State::kDone; }
  [[nodiscard]] bool broken() const { return state_ == State::kBroken; }
  // No other request may follow on this connection (RFC 9112, 9.6).
  [[nodiscard]] bool closes() const { return closes_; }
  // That the peer closes is its end.
  [[nodiscard]] bool ends_with_connection() const { return state_ == State::kBodyToEnd; }
  [[nodiscard]] std::uint16_t status() const { return status_; }

 private:
  std::size_t take_line(std::string_view bytes);
  std::size_t take_body(std::string_view bytes);
  void line(std::string_view text);
  void status_line(std::string_view text);
  void header(std::string_view text);
  void end_of_header();
  void chunk_size(std::string_view text);

  // A line may arrive in pieces. What is longer than this is no header that matters here.
  std::array<char, 46> line_{};
  std::uint8_t length_ = 0;
  State state_ = State::kStatusLine;
  std::uint16_t status_ = 0;
  bool chunked_ = false;
  bool length_known_ = false;
  bool closes_ = false;
  std::uint64_t left_ = 0;  // of the body, or of the chunk
};

}  // namespace tcptrace::stress
