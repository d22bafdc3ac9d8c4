// SPDX-License-Identifier: GPL-2.0
#include "model/serve.h"

#include <numeric>

namespace tcptrace::model {

std::string_view serve_mode_name(ServeMode mode) {
  switch (mode) {
    case ServeMode::kEcho:
      return "echo";
    case ServeMode::kDiscard:
      return "discard";
    case ServeMode::kHttp:
      return "http";
  }
  return "unknown";
}

std::string_view serve_close_name(ServeClose reason) {
  switch (reason) {
    case ServeClose::kIdle:
      return "idle_timeout";
    case ServeClose::kCloseAfter:
      return "close_after";
    case ServeClose::kUnread:
      return "close_unread";
    case ServeClose::kFailRate:
      return "fail_rate";
    case ServeClose::kAsked:
      return "asked";
    case ServeClose::kBadRequest:
      return "bad_request";
    case ServeClose::kEnd:
      return "end";
  }
  return "unknown";
}

std::uint64_t ServeCounts::closed_by_us_total() const {
  return std::accumulate(closed_by_us.begin(), closed_by_us.end(), std::uint64_t{0});
}

}  // namespace tcptrace::model
