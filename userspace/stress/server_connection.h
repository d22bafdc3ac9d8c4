// SPDX-License-Identifier: GPL-2.0
// What a server's thread knows of one connection. Allocates for a request of HTTP, which may come
// in pieces, and for what does not fit into the socket or has to wait.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/unique_fd.h"
#include "model/serve.h"
#include "stress/wait.h"

#include <boost/intrusive/list_hook.hpp>
#include <boost/intrusive/set_hook.hpp>

namespace tcptrace::stress {

// What an event of epoll is about.
struct Watched {
  enum class Kind : std::uint8_t { kStop, kListener, kConnection };
  explicit Watched(Kind what) : kind(what) {}
  Kind kind;
};

struct ServerListener : Watched {
  explicit ServerListener(UniqueFd socket) : Watched(Kind::kListener), fd(std::move(socket)) {}
  UniqueFd fd;
};

using Moment = Clock::time_point;
inline constexpr Moment kNever = Moment::max();

struct ServerConnection : Watched,
                          boost::intrusive::list_base_hook<>,
                          boost::intrusive::set_base_hook<> {
  ServerConnection(UniqueFd socket, Moment now)
      : Watched(Kind::kConnection), fd(std::move(socket)), last_data(now) {}

  [[nodiscard]] bool paused() const { return resume != kNever; }
  [[nodiscard]] bool armed() const { return boost::intrusive::set_base_hook<>::is_linked(); }
  [[nodiscard]] bool delayed() const { return answer_at != kNever; }

  UniqueFd fd;
  std::uint32_t interest = 0;  // what epoll watches it for
  Moment due = kNever;         // when its timer fires
  Moment last_data;            // came or went
  Moment resume = kNever;      // reads nothing before
  Moment answer_at = kNever;   // answers nothing before
  std::uint64_t requests = 0;
  std::uint64_t body_left = 0;  // of the request before
  std::string in;               // over HTTP: what has come
  std::size_t in_done = 0;      // and is answered
  std::string kept;             // an answer that exists nowhere else
  std::string_view out;         // what is left of an answer: of `kept`, or of one that all share
  std::optional<model::ServeClose> close_when_sent;
};

}  // namespace tcptrace::stress
