// SPDX-License-Identifier: GPL-2.0
// What is said over a connection that is open: requests, their answers, and the end of both.
#include <sys/socket.h>

#include <cerrno>

#include "base/clock.h"
#include "stress/load_connections.h"
#include "stress/socket_options.h"

namespace tcptrace::stress {
namespace {

using model::LoadCheck;
using model::LoadPhase;
using model::LoadWork;

model::LoadFailure of_check(LoadCheck check) {
  return {.phase = LoadPhase::kReceive, .check = check};
}

}  // namespace

std::string_view LoadConnections::request_of(const LoadSlot& slot) const {
  return slot.requests == 1 ? plan_.last_request : plan_.request;
}

void LoadConnections::begin_request(LoadSlot& slot) {
  slot.began = now_;
  slot.sent = slot.received = 0;
  slot.answer = HttpAnswer();
  enter(slot, SlotState::kTalking);
  if (send_rest(slot)) {
    const bool complete = slot.sent == request_of(slot).size();
    watch(slot, complete ? kReadable : kReadableOrWritable);
  }
}

// False: it failed, and the slot is free.
bool LoadConnections::send_rest(LoadSlot& slot) {
  const std::string_view request = request_of(slot);
  while (slot.sent < request.size()) {
    const std::string_view rest = request.substr(slot.sent);
    const ssize_t sent = ::send(slot.fd.get(), rest.data(), rest.size(), MSG_NOSIGNAL);
    if (sent < 0) {
      if (errno == EAGAIN) {
        return true;
      }
      fail(slot, of_errno(LoadPhase::kSend, errno));
      return false;
    }
    slot.sent += static_cast<std::uint32_t>(sent);
    tally_.counts.bytes_sent += static_cast<std::uint64_t>(sent);
  }
  return true;
}

void LoadConnections::count_answer(const LoadSlot& slot) {
  ++tally_.counts.requests;
  tally_.request.record(now_ - slot.began);
}

void LoadConnections::answered(LoadSlot& slot) {
  count_answer(slot);
  if (--slot.requests == 0) {
    work_done(slot);
  } else {
    begin_request(slot);
  }
}

void LoadConnections::handle(LoadSlot& slot, std::uint32_t events) {
  constexpr std::uint32_t kEnd = EPOLLRDHUP | EPOLLHUP | EPOLLERR;
  if (slot.state == SlotState::kConnecting) {
    const Errno error = (events & (EPOLLERR | EPOLLHUP)) != 0 ? pending_error(slot.fd.get()) : 0;
    if (error != 0) {
      connect_failed(slot, error);
      return;
    }
    // What came with the handshake's end is told of once: it is read below.
    established(slot);
  } else if (slot.state == SlotState::kTalking && (events & EPOLLOUT) != 0 && !send_rest(slot)) {
    return;
  }
  if ((events & (EPOLLIN | kEnd)) != 0) {
    read(slot, (events & kEnd) != 0);
  }
}

// epoll tells of an end once: then it is read for, however little comes before it.
void LoadConnections::read(LoadSlot& slot, bool to_the_end) {
  while (slot.state != SlotState::kFree) {
    const ssize_t got = ::recv(slot.fd.get(), buffer_.data(), buffer_.size(), 0);
    if (got == 0) {
      peer_closed(slot);
      return;
    }
    if (got < 0) {
      if (errno != EAGAIN) {
        fail(slot, of_errno(phase_of(slot.state), errno));
      }
      return;
    }
    const auto size = static_cast<std::size_t>(got);
    tally_.counts.bytes_received += size;
    if (slot.state == SlotState::kTalking) {
      take(slot, {buffer_.data(), size});
    }
    if (size < buffer_.size() && !to_the_end) {
      return;
    }
  }
}

void LoadConnections::take(LoadSlot& slot, std::string_view bytes) {
  now_ = boot_time();
  if (plan_.options.work == LoadWork::kHttp) {
    take_http(slot, bytes);
  } else {
    take_echo(slot, bytes);
  }
}

void LoadConnections::take_echo(LoadSlot& slot, std::string_view bytes) {
  const std::string_view expected =
      std::string_view(plan_.request).substr(slot.received, bytes.size());
  // Nor more than was sent so far.
  if (expected != bytes || slot.received + bytes.size() > slot.sent) {
    fail(slot, of_check(LoadCheck::kWrongEcho));
    return;
  }
  slot.received += static_cast<std::uint32_t>(bytes.size());
  if (slot.received == plan_.request.size()) {
    answered(slot);
  }
}

void LoadConnections::take_http(LoadSlot& slot, std::string_view bytes) {
  constexpr std::uint16_t kFirstError = 400;
  const std::size_t taken = slot.answer.take(bytes);
  if (slot.answer.broken() || (slot.answer.done() && taken < bytes.size())) {
    fail(slot, of_check(LoadCheck::kNoHttp));
  } else if (slot.answer.status() >= kFirstError) {
    fail(slot, of_check(LoadCheck::kHttpStatus));
  } else if (slot.answer.done() && slot.answer.closes() && slot.requests > 1) {
    count_answer(slot);
    fail(slot, of_check(LoadCheck::kClosedEarly));
  } else if (slot.answer.done()) {
    answered(slot);
  }
}

void LoadConnections::peer_closed(LoadSlot& slot) {
  if (slot.state == SlotState::kClosing) {
    succeed(slot);
    return;
  }
  // Of several requests only the last can be answered so.
  if (slot.state == SlotState::kTalking && slot.requests == 1 &&
      slot.answer.ends_with_connection() && plan_.options.hold.count() == 0) {
    answered(slot);
    if (slot.state == SlotState::kClosing) {
      succeed(slot);
    }
    return;
  }
  fail(slot, of_check(LoadCheck::kClosedEarly));
}

}  // namespace tcptrace::stress
