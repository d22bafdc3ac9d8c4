// SPDX-License-Identifier: GPL-2.0
// The loop, the accepting and the timers. What is read and answered: server_traffic.cpp.
#include "stress/server_worker.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <utility>

#include "stress/socket_options.h"

namespace tcptrace::stress {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

constexpr int kServerEvents = 256;
// A flood of connections must not keep those that are there waiting.
constexpr int kAcceptsAtOnce = 256;
constexpr std::size_t kServerBufferBytes = 64U << 10;
// Without descriptors: to try again at once would only turn the processor.
constexpr milliseconds kExhaustedPause{100};

bool is_exhaustion(int error) {
  return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

// Of the connection that was to be accepted, not of the listener (accept(2), "Error handling").
bool is_of_connection(int error) {
  constexpr std::array kErrors = {ECONNABORTED, EINTR,        ENETDOWN,   EPROTO,     ENOPROTOOPT,
                                  EHOSTDOWN,    EHOSTUNREACH, EOPNOTSUPP, ENETUNREACH};
  return std::ranges::find(kErrors, error) != kErrors.end();
}

}  // namespace

ServerWorker::ServerWorker(ServerShared& shared, std::vector<UniqueFd> listeners)
    : shared_(shared), config_(shared.config), buffer_(kServerBufferBytes) {
  for (UniqueFd& fd : listeners) {
    listeners_.emplace_back(std::move(fd));
  }
}

ServerWorker::~ServerWorker() {
  timers_.clear();
  connections_.clear_and_dispose(std::default_delete<ServerConnection>());
}

Result<void> ServerWorker::open() {
  epoll_.reset(::epoll_create1(EPOLL_CLOEXEC));
  stop_.reset(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!epoll_.valid() || !stop_.valid()) {
    return std::unexpected(system_error("cannot make an epoll instance", errno));
  }
  epoll_event event{.events = EPOLLIN, .data = {.ptr = &stop_event_}};
  bool added = ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, stop_.get(), &event) == 0;
  for (ServerListener& listener : listeners_) {
    event.data.ptr = static_cast<Watched*>(&listener);
    added = added && ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, listener.fd.get(), &event) == 0;
  }
  return added ? Result<void>() : std::unexpected(system_error("EPOLL_CTL_ADD", errno));
}

void ServerWorker::stop() const { ::eventfd_write(stop_.get(), 1); }

int ServerWorker::wait_ms() const {
  const Moment next = std::min(accept_again_, timers_.empty() ? kNever : timers_.begin()->due);
  if (next == kNever) {
    return -1;
  }
  const auto left = std::chrono::ceil<milliseconds>(next - Clock::now());
  return static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 3'600'000));
}

void ServerWorker::run() {
  std::array<epoll_event, kServerEvents> events;
  while (!stopping_) {
    const int count = ::epoll_wait(epoll_.get(), events.data(), kServerEvents, wait_ms());
    now_ = Clock::now();
    for (int i = 0; i < count; ++i) {
      const epoll_event& event = events[static_cast<std::size_t>(i)];
      handle(*static_cast<Watched*>(event.data.ptr), event.events);
    }
    run_timers();
  }
  listeners_.clear();
  while (!connections_.empty()) {
    end_by_us(connections_.front(), model::ServeClose::kEnd);
  }
}

void ServerWorker::handle(Watched& what, std::uint32_t events) {
  switch (what.kind) {
    case Watched::Kind::kStop:
      stopping_ = true;
      return;
    case Watched::Kind::kListener:
      return accept_some(static_cast<ServerListener&>(what));
    case Watched::Kind::kConnection:
      (void)on_event(static_cast<ServerConnection&>(what), events);
      return;
  }
}

void ServerWorker::run_timers() {
  if (accept_again_ <= now_) {
    listen_again();
  }
  while (!timers_.empty() && timers_.begin()->due <= now_) {
    ServerConnection& connection = *timers_.begin();
    timers_.erase(timers_.begin());
    if (on_timer(connection)) {
      rearm(connection);
    }
  }
}

void ServerWorker::accept_some(const ServerListener& listener) {
  for (int i = 0; i < kAcceptsAtOnce && accept_again_ == kNever; ++i) {
    UniqueFd socket(::accept4(listener.fd.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!socket.valid()) {
      if (errno == EAGAIN) {
        return;
      }
      accept_failed(errno);
      continue;
    }
    welcome(std::move(socket));
    if (config_.accept_delay) {
      pause_accepting(*config_.accept_delay);
    }
  }
}

void ServerWorker::accept_failed(int error) {
  count_error(error);
  if (is_of_connection(error)) {
    return;
  }
  if (is_exhaustion(error)) {
    counters_.accept_pauses.add();
    if (shared_.exhausted && !shared_.exhausted_said.exchange(true)) {
      shared_.exhausted(error);
    }
  }
  pause_accepting(kExhaustedPause);
}

void ServerWorker::pause_accepting(nanoseconds time) {
  accept_again_ = now_ + time;
  watch_listeners(0);
}

void ServerWorker::listen_again() {
  accept_again_ = kNever;
  watch_listeners(EPOLLIN);
}

void ServerWorker::watch_listeners(std::uint32_t events) {
  for (ServerListener& listener : listeners_) {
    epoll_event event{.events = events, .data = {.ptr = static_cast<Watched*>(&listener)}};
    ::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, listener.fd.get(), &event);
  }
}

// Evenly spread: of every hundred the wanted ones, not a chance of them.
bool ServerWorker::is_to_fail() {
  to_fail_ += config_.fail_rate;
  // What a sum of fractions like 0.1 misses is less than this.
  constexpr double kRounding = 1e-6;
  if (to_fail_ < 1 - kRounding) {
    return false;
  }
  to_fail_ -= 1;
  return true;
}

void ServerWorker::welcome(UniqueFd socket) {
  // The list owns it from here to remove().
  ServerConnection* const connection =
      std::make_unique<ServerConnection>(std::move(socket), now_).release();
  connections_.push_back(*connection);
  counters_.accepted.add();
  shared_.open.opened();
  if (is_to_fail()) {
    return end_by_us(*connection, model::ServeClose::kFailRate);
  }
  connection->interest = config_.half_open ? 0U : EPOLLIN | EPOLLRDHUP;
  epoll_event event{.events = connection->interest,
                    .data = {.ptr = static_cast<Watched*>(connection)}};
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, connection->fd.get(), &event) != 0) {
    return end_by_error(*connection, errno);
  }
  rearm(*connection);
}

Moment ServerWorker::next_due(const ServerConnection& connection) const {
  Moment due = std::min(connection.resume, connection.answer_at);
  if (config_.idle_timeout && !connection.delayed()) {
    due = std::min(due, connection.last_data + *config_.idle_timeout);
  }
  return due;
}

// A timer that fires too early is set again then: data that comes does not move it.
void ServerWorker::rearm(ServerConnection& connection) {
  const Moment due = next_due(connection);
  const bool armed = connection.armed();
  if (armed && connection.due <= due) {
    return;
  }
  if (armed) {
    timers_.erase(timers_.iterator_to(connection));
  }
  connection.due = due;
  if (due != kNever) {
    timers_.insert(connection);
  }
}

void ServerWorker::watch(ServerConnection& connection) {
  std::uint32_t wanted = EPOLLIN | EPOLLRDHUP;
  if (connection.delayed() || connection.paused()) {
    wanted = 0;  // a reset is reported all the same
  }
  if (!connection.delayed() && !connection.out.empty()) {
    wanted = EPOLLOUT;
  }
  if (wanted == connection.interest) {
    return;
  }
  connection.interest = wanted;
  epoll_event event{.events = wanted, .data = {.ptr = static_cast<Watched*>(&connection)}};
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, connection.fd.get(), &event);
}

void ServerWorker::end_by_peer(ServerConnection& connection) {
  counters_.closed_by_peer.add();
  if (config_.linger0) {
    counters_.resets_sent.add();
  }
  remove(connection);
}

void ServerWorker::end_by_us(ServerConnection& connection, model::ServeClose reason) {
  counters_.closed_by_us[static_cast<std::size_t>(reason)].add();
  if (reason == model::ServeClose::kFailRate) {
    abort_on_close(connection.fd.get());
  }
  if (config_.linger0 || reason == model::ServeClose::kFailRate ||
      reason == model::ServeClose::kUnread) {
    counters_.resets_sent.add();
  }
  remove(connection);
}

void ServerWorker::end_by_error(ServerConnection& connection, int error) {
  count_error(error);
  // EPIPE: it was written to after the reset, of which ECONNRESET has told already.
  (error == ECONNRESET || error == EPIPE ? counters_.resets_received : counters_.failed).add();
  remove(connection);
}

void ServerWorker::remove(ServerConnection& connection) {
  if (connection.armed()) {
    timers_.erase(timers_.iterator_to(connection));
  }
  connections_.erase_and_dispose(connections_.iterator_to(connection),
                                 std::default_delete<ServerConnection>());
  shared_.open.closed();
}

void ServerWorker::count_error(int error) {
  counters_.errors[std::min(static_cast<std::size_t>(error), kErrnoLimit - 1)].add();
}

}  // namespace tcptrace::stress
