// SPDX-License-Identifier: GPL-2.0
// The answers of an HTTP server for tests, made once. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "stress/http_request.h"

namespace tcptrace::stress {

class HttpAnswers {
 public:
  explicit HttpAnswers(std::size_t body_bytes);
  HttpAnswers(const HttpAnswers&) = delete;
  HttpAnswers& operator=(const HttpAnswers&) = delete;

  // Lives as long as this. `close`: the answer says that the connection ends with it.
  [[nodiscard]] std::string_view of(const HttpRequest& request, bool close) const;

 private:
  struct Answer {
    std::string whole;
    std::size_t head_size = 0;  // what answers HEAD
  };
  static Answer make(std::string_view fields, std::size_t body_bytes);

  Answer kept_open_, closed_;
  std::string bad_, not_allowed_;
};

}  // namespace tcptrace::stress
