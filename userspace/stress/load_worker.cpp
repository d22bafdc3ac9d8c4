// SPDX-License-Identifier: GPL-2.0
#include "stress/load_worker.h"

#include <sys/prctl.h>

#include <algorithm>
#include <limits>

namespace tcptrace::stress {
namespace {

using std::chrono::nanoseconds;

constexpr nanoseconds kTick = std::chrono::milliseconds(100);
constexpr std::uint64_t kNoLimit = std::numeric_limits<std::uint64_t>::max();

// Of `whole`, the part of one of `shares`; the first ones take what is left over.
template <typename T>
T share_of(T whole, std::uint32_t share, std::uint32_t shares) {
  return whole / shares + (share < whole % shares ? 1 : 0);
}

std::optional<Schedule> make_schedule(const LoadPlan& plan, std::uint32_t share,
                                      nanoseconds start) {
  if (!plan.options.rate) {
    return std::nullopt;
  }
  return Schedule(start, *plan.options.rate, {.index = share, .shares = plan.threads});
}

}  // namespace

LoadWorker::LoadWorker(const LoadPlan& plan, std::uint32_t share)
    : plan_(plan),
      share_(share),
      connections_(plan, share, share_of(plan.connections, share, plan.threads), tally_),
      left_(plan.options.total ? share_of(*plan.options.total, share, plan.threads) : kNoLimit) {}

void LoadWorker::run(nanoseconds start, const std::atomic<bool>& stop) {
  schedule_ = make_schedule(plan_, share_, start);
  if (plan_.options.duration) {
    end_ = start + *plan_.options.duration;
  }
  // A scheduled time is meant to the microsecond, not to the 50 of default timers.
  ::prctl(PR_SET_TIMERSLACK, 1);
  while (!stop.load(std::memory_order_relaxed) && connections_.look_at_clock() < end_ && !done()) {
    begin_due();
    const nanoseconds until = next_event();
    if (connections_.in_flight() > 0 || until > connections_.now()) {
      connections_.wait(until);
    }
    connections_.expire();
    tick();
  }
  if (schedule_) {
    tally_.overdue = std::min(schedule_->due_before(std::min(connections_.now(), end_)), left_);
  }
  connections_.close_all();
  publish();
}

void LoadWorker::begin_due() {
  // Between looks at those that are on their way.
  constexpr unsigned kBatch = 64;
  const nanoseconds now = connections_.now();
  for (unsigned i = 0; i < kBatch && may_begin(); ++i) {
    nanoseconds due = now;
    if (schedule_) {
      due = schedule_->next();
      if (due > now) {
        return;
      }
      schedule_->advance();
    }
    --left_;
    connections_.begin(due);
  }
}

nanoseconds LoadWorker::next_event() {
  const nanoseconds now = connections_.now();
  if (done()) {
    return now;
  }
  nanoseconds next = std::min(now + kTick, end_);
  if (may_begin()) {
    next = std::min(next, schedule_ ? schedule_->next() : now);
  }
  return connections_.next_deadline(next);
}

void LoadWorker::tick() {
  if (connections_.now() < next_tick_) {
    return;
  }
  next_tick_ = connections_.now() + kTick;
  connections_.sample_tcp_info();
  publish();
}

void LoadWorker::publish() {
  const std::scoped_lock lock(mutex_);
  published_.counts = tally_.counts;
  published_.in_flight = connections_.in_flight();
  published_.connect = tally_.connect;
}

LoadState LoadWorker::state() const {
  const std::scoped_lock lock(mutex_);
  return published_;
}

}  // namespace tcptrace::stress
