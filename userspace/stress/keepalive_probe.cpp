// SPDX-License-Identifier: GPL-2.0
#include "stress/keepalive_probe.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>

#include <fmt/core.h>

#include "base/text.h"
#include "base/unique_fd.h"
#include "stress/address.h"
#include "stress/http_text.h"
#include "stress/socket_options.h"
#include "stress/wait.h"

namespace tcptrace::stress {
namespace {

using std::chrono::milliseconds;

enum class Phase : std::uint8_t { kConnect, kAnswer, kIdle, kClosed };

class Connection {
 public:
  Connection(const KeepaliveProbe& probe, const ProbedServer& server)
      : probe_(probe), server_(server) {}

  Result<void> open();
  // What poll() has said of it.
  Result<void> advance(Clock::time_point now);
  // Its time is over.
  Result<void> expire();

  [[nodiscard]] pollfd wanted() const {
    const short events = phase_ == Phase::kConnect ? POLLOUT : POLLIN;
    // A negative descriptor is passed over.
    return {.fd = phase_ == Phase::kClosed ? -1 : fd_.get(), .events = events, .revents = 0};
  }
  [[nodiscard]] Clock::time_point deadline() const { return deadline_; }
  [[nodiscard]] bool done() const { return phase_ == Phase::kClosed; }
  [[nodiscard]] const model::ObservedKeepalive& result() const { return result_; }

 private:
  Result<void> send_request(Clock::time_point now);
  Result<void> receive(Clock::time_point now);
  [[nodiscard]] std::unexpected<Error> fail(std::string_view what, int err) const;

  const KeepaliveProbe& probe_;
  const ProbedServer& server_;
  UniqueFd fd_;
  Phase phase_ = Phase::kConnect;
  Clock::time_point deadline_;
  Clock::time_point last_byte_;
  Clock::time_point answer_end_;  // later than that no byte is of an answer
  model::ObservedKeepalive result_{.backend = server_.target};
};

// The FIN carried an ACK, and no data: so long after the last of it, whenever this process was run.
std::optional<milliseconds> idle_before_fin(int fd) {
  const auto info = read_tcp_info(fd);
  if (!info || info->tcpi_last_data_recv < info->tcpi_last_ack_recv) {
    return std::nullopt;
  }
  return milliseconds(info->tcpi_last_data_recv - info->tcpi_last_ack_recv);
}

std::unexpected<Error> Connection::fail(std::string_view what, int err) const {
  const std::string text =
      fmt::format("{} {}", host_and_port(server_.target.host, server_.target.port), what);
  Error error = err == 0 ? Error{.what = text} : system_error(text, err);
  error.hint = "its keep-alive is not known: give --backend-keepalive";
  return std::unexpected(std::move(error));
}

Result<void> Connection::open() {
  const SocketAddress& address = server_.address;
  fd_.reset(::socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd_.valid()) {
    return fail("has no socket", errno);
  }
  if (::connect(fd_.get(), address.get(), address.size) != 0 && errno != EINPROGRESS) {
    return fail("cannot be connected to", errno);
  }
  deadline_ = Clock::now() + probe_.connect_timeout;
  return {};
}

Result<void> Connection::send_request(Clock::time_point now) {
  if (const int err = pending_error(fd_.get()); err != 0) {
    return fail("cannot be connected to", err);
  }
  // The address of this connection is all there is to say, and UNKNOWN is what says so.
  const std::string request =
      (probe_.send_proxy ? "PROXY UNKNOWN\r\n" : "") + http_get(server_.target, probe_.path, false);
  const ssize_t sent = ::send(fd_.get(), request.data(), request.size(), MSG_NOSIGNAL);
  if (sent != static_cast<ssize_t>(request.size())) {
    return fail("takes no request", sent < 0 ? errno : 0);
  }
  phase_ = Phase::kAnswer;
  answer_end_ = now + probe_.answer_timeout;
  deadline_ = answer_end_;
  return {};
}

// Once for each time that it is readable: whatever it sends, the others have their turn, and so has
// a signal.
Result<void> Connection::receive(Clock::time_point now) {
  std::array<char, 16384> bytes;
  const ssize_t size = ::recv(fd_.get(), bytes.data(), bytes.size(), 0);
  if (size < 0 && errno == EAGAIN) {
    return {};
  }
  const int err = size < 0 ? errno : 0;
  if (size > 0 && now > answer_end_) {
    return fail(
        fmt::format("does not end its answer within {}", human_duration(probe_.answer_timeout)), 0);
  }
  if (size > 0) {
    phase_ = Phase::kIdle;
    last_byte_ = now;
    deadline_ = now + probe_.limit;
    return {};
  }
  if (phase_ == Phase::kAnswer) {
    return fail("closed without an answer", err);
  }
  const auto by_kernel = err == 0 ? idle_before_fin(fd_.get()) : std::nullopt;
  result_.closed_after = by_kernel ? *by_kernel : now - last_byte_;
  phase_ = Phase::kClosed;
  return {};
}

Result<void> Connection::advance(Clock::time_point now) {
  return phase_ == Phase::kConnect ? send_request(now) : receive(now);
}

Result<void> Connection::expire() {
  if (phase_ != Phase::kIdle) {
    return fail(phase_ == Phase::kConnect ? "cannot be connected to" : "does not answer",
                ETIMEDOUT);
  }
  phase_ = Phase::kClosed;
  return {};
}

int until_first(const std::vector<Connection>& connections, Clock::time_point now) {
  auto first = Clock::time_point::max();
  for (const Connection& connection : connections) {
    first = connection.done() ? first : std::min(first, connection.deadline());
  }
  const auto left = std::chrono::ceil<milliseconds>(first - now).count();
  return static_cast<int>(std::clamp<std::int64_t>(left, 0, std::numeric_limits<int>::max()));
}

Result<void> wait_and_advance(std::vector<Connection>& connections, int interrupt_fd) {
  std::vector<pollfd> ready{{.fd = interrupt_fd, .events = POLLIN, .revents = 0}};
  std::ranges::transform(connections, std::back_inserter(ready), &Connection::wanted);
  ::poll(ready.data(), ready.size(), until_first(connections, Clock::now()));
  if (ready.front().revents != 0) {
    return std::unexpected(Error{.what = "interrupted before the keep-alive was known"});
  }
  const auto now = Clock::now();
  for (std::size_t i = 0; i < connections.size(); ++i) {
    Connection& connection = connections[i];
    if (connection.done()) {
      continue;
    }
    Result<void> advanced;
    if (ready[i + 1].revents != 0) {
      advanced = connection.advance(now);
    } else if (now >= connection.deadline()) {
      advanced = connection.expire();
    }
    if (!advanced) {
      return advanced;
    }
  }
  return {};
}

}  // namespace

Result<std::vector<model::ObservedKeepalive>> measure_keepalive(const KeepaliveProbe& probe,
                                                                int interrupt_fd) {
  std::vector<Connection> connections;
  connections.reserve(probe.servers.size());
  for (const ProbedServer& server : probe.servers) {
    if (auto opened = connections.emplace_back(probe, server).open(); !opened) {
      return std::unexpected(opened.error());
    }
  }
  while (!std::ranges::all_of(connections, &Connection::done)) {
    if (auto advanced = wait_and_advance(connections, interrupt_fd); !advanced) {
      return std::unexpected(advanced.error());
    }
  }
  std::vector<model::ObservedKeepalive> results;
  std::ranges::transform(connections, std::back_inserter(results), &Connection::result);
  return results;
}

}  // namespace tcptrace::stress
