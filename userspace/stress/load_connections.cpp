// SPDX-License-Identifier: GPL-2.0
#include "stress/load_connections.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <ctime>

#include "base/clock.h"
#include "stress/socket_options.h"

namespace tcptrace::stress {
namespace {

using model::CloseStyle;
using model::LoadFailure;
using model::LoadPhase;
using model::LoadWork;
using std::chrono::nanoseconds;

constexpr std::size_t kEvents = 256;
constexpr std::size_t kBufferBytes = 64U << 10;
}  // namespace

LoadConnections::LoadConnections(const LoadPlan& plan, std::uint32_t share, std::uint32_t count,
                                 LoadTally& tally)
    : plan_(plan),
      tally_(tally),
      slots_(count),
      connecting_(plan.options.connect_timeout),
      answering_(plan.options.answer_timeout),
      holding_(plan.options.hold),
      events_(kEvents),
      buffer_(kBufferBytes),
      now_(boot_time()),
      turn_(share),
      max_failed_(model::kMaxFailedConnections / plan.threads) {}

Result<void> LoadConnections::open() {
  epoll_.reset(::epoll_create1(EPOLL_CLOEXEC));
  if (!epoll_.valid()) {
    return std::unexpected(system_error("cannot make an epoll instance", errno));
  }
  return {};
}

DeadlineList* LoadConnections::list_of(SlotState state) {
  switch (state) {
    case SlotState::kFree:
      return nullptr;
    case SlotState::kConnecting:
      return &connecting_;
    case SlotState::kTalking:
    case SlotState::kClosing:
      return &answering_;
    case SlotState::kHolding:
      return &holding_;
  }
  return nullptr;
}

void LoadConnections::enter(LoadSlot& slot, SlotState state) {
  if (DeadlineList* const list = list_of(slot.state)) {
    list->remove(slots_, slot);
  }
  slot.state = state;
  if (DeadlineList* const list = list_of(state)) {
    list->add(slots_, slot, now_);
  }
}

// The last thing that is done with a slot: fails it if epoll does not take it.
void LoadConnections::watch(LoadSlot& slot, std::uint32_t events) {
  if ((events & ~slot.watched) == 0) {
    return;
  }
  epoll_event event{.events = events, .data = {.u32 = slots_.index(slot)}};
  const int how = slot.watched == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
  if (::epoll_ctl(epoll_.get(), how, slot.fd.get(), &event) != 0) {
    fail(slot, of_errno(phase_of(slot.state), errno));
    return;
  }
  slot.watched = events;
}

void LoadConnections::begin(nanoseconds due) {
  LoadSlot& slot = slots_.take();
  slot.due = due;
  slot.requests = plan_.options.work == LoadWork::kConnect ? 0 : plan_.options.requests;
  attempt(slot);
}

// Between two sockets of one host a connect is complete when connect() returns, and to ask costs
// less than to have epoll tell. Over a network it never is: then it is hardly ever asked.
bool LoadConnections::worth_asking() {
  constexpr std::uint32_t kGiveUp = 16;
  constexpr std::uint64_t kTryAgain = 256;
  return in_vain_ < kGiveUp || begun_ % kTryAgain == 0;
}

void LoadConnections::attempt(LoadSlot& slot) {
  now_ = slot.began = boot_time();
  ConnectStart start = begin_connect(plan_, plan_.routes[slot.route], turn_);
  turn_ += plan_.threads;
  ++begun_;
  slot.fd = std::move(start.fd);
  tally_.counts.attempts += start.begun ? 1 : 0;
  Errno outcome = start.error;
  if (outcome == EINPROGRESS && worth_asking()) {
    outcome = connect_outcome(slot.fd.get());
    in_vain_ = outcome == EINPROGRESS ? in_vain_ + 1 : 0;
  }
  if (outcome == 0) {
    established(slot);
  } else if (outcome == EINPROGRESS) {
    enter(slot, SlotState::kConnecting);
    watch(slot, kReadableOrWritable);
  } else {
    connect_failed(slot, outcome);
  }
}

void LoadConnections::connect_failed(LoadSlot& slot, Errno error) {
  const LoadFailure failure = of_errno(LoadPhase::kConnect, error);
  if (slot.route + 1U == plan_.routes.size()) {
    fail(slot, failure);
    return;
  }
  note_failure(slot, failure);
  ++tally_.counts.fallovers;
  enter(slot, SlotState::kFree);
  slot.watched = 0;
  ++slot.route;
  attempt(slot);
}

void LoadConnections::established(LoadSlot& slot) {
  now_ = boot_time();
  tally_.connect.record(now_ - slot.began);
  if (slot.requests == 0) {
    work_done(slot);
  } else {
    begin_request(slot);
  }
}

void LoadConnections::work_done(LoadSlot& slot) {
  if (plan_.options.rate) {
    tally_.from_schedule.record(now_ - slot.due);
  }
  if (plan_.options.hold.count() == 0) {
    begin_close(slot);
    return;
  }
  enter(slot, SlotState::kHolding);
  watch(slot, kReadable);
}

void LoadConnections::begin_close(LoadSlot& slot) {
  switch (plan_.options.close) {
    case CloseStyle::kFin:
      succeed(slot);
      return;
    case CloseStyle::kRst:
      abort_on_close(slot.fd.get());
      succeed(slot);
      return;
    case CloseStyle::kHalfClose:
      break;
  }
  if (::shutdown(slot.fd.get(), SHUT_WR) != 0) {
    fail(slot, of_errno(LoadPhase::kClose, errno));
    return;
  }
  enter(slot, SlotState::kClosing);
  watch(slot, kReadable);
}

int LoadConnections::wait_for_events(nanoseconds time) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
  const timespec timeout{.tv_sec = seconds.count(), .tv_nsec = (time - seconds).count()};
  const int size = static_cast<int>(events_.size());
  const int count = ::epoll_pwait2(epoll_.get(), events_.data(), size, &timeout, nullptr);
  if (count >= 0 || errno != ENOSYS) {
    return count;
  }
  // Before v5.11 (58169a52ebc9 "epoll: Add syscall epoll_pwait2") it is whole milliseconds.
  const auto whole = std::chrono::ceil<std::chrono::milliseconds>(time);
  return ::epoll_wait(epoll_.get(), events_.data(), size, static_cast<int>(whole.count()));
}

void LoadConnections::wait(nanoseconds until) {
  const int count = wait_for_events(std::max(until - boot_time(), nanoseconds(0)));
  now_ = boot_time();
  // No slot is taken before all are handled: each event finds the connection it is about.
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events_[static_cast<std::size_t>(i)];
    handle(slots_[event.data.u32], event.events);
  }
}

void LoadConnections::expire() {
  for (DeadlineList* const list : {&connecting_, &answering_, &holding_}) {
    while (list->first() != kNoSlot && slots_[list->first()].deadline <= now_) {
      time_is_over(slots_[list->first()]);
    }
  }
}

void LoadConnections::time_is_over(LoadSlot& slot) {
  switch (slot.state) {
    case SlotState::kFree:
      return;
    case SlotState::kConnecting:
      connect_failed(slot, ETIMEDOUT);
      return;
    case SlotState::kTalking: {
      const bool sent = slot.sent == request_of(slot).size();
      fail(slot, of_errno(sent ? LoadPhase::kReceive : LoadPhase::kSend, ETIMEDOUT));
      return;
    }
    case SlotState::kHolding:
      begin_close(slot);
      return;
    case SlotState::kClosing:
      fail(slot, of_errno(LoadPhase::kClose, ETIMEDOUT));
      return;
  }
}

nanoseconds LoadConnections::next_deadline(nanoseconds latest) {
  for (const DeadlineList* const list : {&connecting_, &answering_, &holding_}) {
    if (list->first() != kNoSlot) {
      latest = std::min(latest, slots_[list->first()].deadline);
    }
  }
  return latest;
}

void LoadConnections::sample_tcp_info() {
  constexpr std::uint32_t kLookedAt = 256;
  constexpr unsigned kSampled = 16;
  unsigned sampled = 0;
  for (std::uint32_t i = 0; i < std::min(kLookedAt, slots_.size()) && sampled < kSampled; ++i) {
    const LoadSlot& slot = slots_[next_sample_];
    next_sample_ = (next_sample_ + 1) % slots_.size();
    if (slot.state != SlotState::kTalking && slot.state != SlotState::kHolding) {
      continue;
    }
    const auto info = read_tcp_info(slot.fd.get());
    if (!info) {
      continue;
    }
    tally_.tcp.add({.rtt_us = info->tcpi_rtt,
                    .snd_cwnd = info->tcpi_snd_cwnd,
                    .total_retrans = info->tcpi_total_retrans});
    ++sampled;
  }
}

void LoadConnections::close_all() {
  for (SlotIndex i = 0; i < slots_.size(); ++i) {
    LoadSlot& slot = slots_[i];
    if (slot.state == SlotState::kFree) {
      continue;
    }
    const bool held = slot.state == SlotState::kHolding;
    ++(held ? tally_.counts.succeeded : tally_.counts.unfinished);
    if (held && plan_.options.close == CloseStyle::kRst) {
      abort_on_close(slot.fd.get());
    }
    release(slot);
  }
}

void LoadConnections::release(LoadSlot& slot) {
  enter(slot, SlotState::kFree);
  slots_.give_back(slot);
}

void LoadConnections::note_failure(const LoadSlot& slot, const LoadFailure& failure) {
  ++tally_.failures[failure];
  if (tally_.failed.size() == max_failed_) {
    ++tally_.failed_beyond;
    return;
  }
  tally_.failed.push_back(describe_failed(slot.fd.get(), plan_.routes[slot.route].peer, failure));
}

void LoadConnections::fail(LoadSlot& slot, const LoadFailure& failure) {
  note_failure(slot, failure);
  ++tally_.counts.failed;
  release(slot);
}

void LoadConnections::succeed(LoadSlot& slot) {
  ++tally_.counts.succeeded;
  release(slot);
}

}  // namespace tcptrace::stress
