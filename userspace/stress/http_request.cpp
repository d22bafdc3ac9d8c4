// SPDX-License-Identifier: GPL-2.0
#include "stress/http_request.h"

#include <algorithm>
#include <cctype>

#include "stress/http_text.h"

namespace tcptrace::stress {
namespace {

constexpr HttpRequest kBadRequest{.result = HttpParse::kBad};

// RFC 9110, 5.6.2.
bool is_token(std::string_view text) {
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::ranges::all_of(text, [&](unsigned char c) {
    return std::isalnum(c) != 0 || kMarks.find(static_cast<char>(c)) != kMarks.npos;
  });
}

// "GET /path HTTP/1.1"
HttpParse take_request_line(std::string_view line, HttpRequest& request) {
  const std::size_t first = line.find(' ');
  const std::size_t last = line.rfind(' ');
  if (first == std::string_view::npos || last == first || !is_token(line.substr(0, first))) {
    return HttpParse::kBad;
  }
  const std::string_view target = line.substr(first + 1, last - first - 1);
  const std::string_view version = line.substr(last + 1);
  if (target.empty() || target.find(' ') != target.npos ||
      (version != "HTTP/1.1" && version != "HTTP/1.0")) {
    return HttpParse::kBad;
  }
  request.keep_alive = version == "HTTP/1.1";
  const std::string_view method = line.substr(0, first);
  request.head = method == "HEAD";
  return method == "GET" || request.head ? HttpParse::kRequest : HttpParse::kMethodNotAllowed;
}

// False: bad. A body whose length only its end tells is not understood here.
bool take_field(std::string_view line, HttpRequest& request) {
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos || !is_token(line.substr(0, colon))) {
    return false;
  }
  const std::string_view name = line.substr(0, colon);
  const std::string_view value = without_ows(line.substr(colon + 1));
  if (same_token(name, "connection")) {
    request.keep_alive =
        (request.keep_alive || has_member(value, "keep-alive")) && !has_member(value, "close");
  } else if (same_token(name, "content-length")) {
    const auto length = whole_number(value);
    request.body_bytes = length.value_or(0);
    return length.has_value();
  }
  return !same_token(name, "transfer-encoding");
}

}  // namespace

HttpRequest parse_http_request(std::string_view text) {
  HttpRequest request;
  // RFC 9112, 2.2: an empty line before a request is passed over.
  const std::size_t skipped = std::min(text.find_first_not_of("\r\n"), text.size());
  const std::size_t end = text.find("\r\n\r\n", skipped);
  if (end == std::string_view::npos) {
    return text.size() > kMaxHttpHead ? kBadRequest : request;
  }
  request.size = end + 4;
  if (request.size > kMaxHttpHead) {
    return kBadRequest;
  }
  std::string_view lines = text.substr(skipped, end + 2 - skipped);
  const auto next_line = [&lines] {
    const std::size_t size = lines.find("\r\n");
    const std::string_view line = lines.substr(0, size);
    lines.remove_prefix(size + 2);
    return line;
  };
  request.result = take_request_line(next_line(), request);
  while (request.result != HttpParse::kBad && !lines.empty()) {
    if (!take_field(next_line(), request)) {
      return kBadRequest;
    }
  }
  return request;
}

}  // namespace tcptrace::stress
