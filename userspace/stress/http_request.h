// SPDX-License-Identifier: GPL-2.0
// The beginning of an HTTP/1.x request, as far as a server of test answers has to understand it.
// Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace tcptrace::stress {

enum class HttpParse : std::uint8_t {
  kIncomplete,  // well-formed so far
  kRequest,
  kBad,               // to be answered with 400
  kMethodNotAllowed,  // with 405: neither GET nor HEAD
};

struct HttpRequest {
  HttpParse result = HttpParse::kIncomplete;
  std::size_t size = 0;  // of the request line and the fields, the empty line included
  std::uint64_t body_bytes = 0;
  bool head = false;        // HEAD: no body in the answer
  bool keep_alive = false;  // HTTP/1.1 unless "Connection: close"; HTTP/1.0 if asked for
};

// What is longer than this without its empty line is bad.
inline constexpr std::size_t kMaxHttpHead = 16384;

// `text`: everything that has come since the end of the request before.
[[nodiscard]] HttpRequest parse_http_request(std::string_view text);

}  // namespace tcptrace::stress
