// SPDX-License-Identifier: GPL-2.0
// The connections of one thread of a load, each on its way from connect() to close(). Knows no
// schedule: it is told when to begin one. All times are CLOCK_BOOTTIME.
#pragma once

#include <sys/epoll.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "stress/load_plan.h"
#include "stress/load_slots.h"
#include "stress/load_socket.h"
#include "stress/load_tally.h"

namespace tcptrace::stress {

class LoadConnections {
 public:
  // Of the `share`-th of the plan's threads; `count` at once.
  LoadConnections(const LoadPlan& plan, std::uint32_t share, std::uint32_t count, LoadTally& tally);

  [[nodiscard]] Result<void> open();

  [[nodiscard]] bool full() const { return slots_.full(); }
  [[nodiscard]] std::uint32_t in_flight() const { return slots_.used(); }

  // `due`: when it should have been begun.
  void begin(std::chrono::nanoseconds due);
  // Waits until something happens, but not beyond `until`, and does what is to be done then.
  void wait(std::chrono::nanoseconds until);
  // Those whose time is over.
  void expire();
  // When the next time is over; `latest` if none is before.
  [[nodiscard]] std::chrono::nanoseconds next_deadline(std::chrono::nanoseconds latest);
  // TCP_INFO of some of those that are open, each time of others.
  void sample_tcp_info();
  // What is held is done, all others are unfinished.
  void close_all();

  // As of the last begin(), wait() or look at the clock.
  [[nodiscard]] std::chrono::nanoseconds now() const { return now_; }
  std::chrono::nanoseconds look_at_clock() { return now_ = boot_time(); }

 private:
  // What epoll is asked for: edges, of which it needs no reminder.
  static constexpr std::uint32_t kReadable = EPOLLIN | EPOLLRDHUP | EPOLLET;
  static constexpr std::uint32_t kReadableOrWritable = kReadable | EPOLLOUT;

  DeadlineList* list_of(SlotState state);
  void enter(LoadSlot& slot, SlotState state);
  void watch(LoadSlot& slot, std::uint32_t events);
  int wait_for_events(std::chrono::nanoseconds time);

  void attempt(LoadSlot& slot);
  [[nodiscard]] bool worth_asking();
  void connect_failed(LoadSlot& slot, Errno error);
  void established(LoadSlot& slot);
  void begin_request(LoadSlot& slot);
  [[nodiscard]] std::string_view request_of(const LoadSlot& slot) const;
  bool send_rest(LoadSlot& slot);
  void count_answer(const LoadSlot& slot);
  void answered(LoadSlot& slot);
  void work_done(LoadSlot& slot);
  void begin_close(LoadSlot& slot);

  void handle(LoadSlot& slot, std::uint32_t events);
  void read(LoadSlot& slot, bool to_the_end);
  void take(LoadSlot& slot, std::string_view bytes);
  void take_echo(LoadSlot& slot, std::string_view bytes);
  void take_http(LoadSlot& slot, std::string_view bytes);
  void peer_closed(LoadSlot& slot);
  void time_is_over(LoadSlot& slot);

  void note_failure(const LoadSlot& slot, const model::LoadFailure& failure);
  void fail(LoadSlot& slot, const model::LoadFailure& failure);
  void release(LoadSlot& slot);
  void succeed(LoadSlot& slot);

  const LoadPlan& plan_;
  LoadTally& tally_;
  SlotArena slots_;
  DeadlineList connecting_;
  DeadlineList answering_;
  DeadlineList holding_;
  UniqueFd epoll_;
  std::vector<epoll_event> events_;
  std::vector<char> buffer_;  // what is received by whichever is read
  std::chrono::nanoseconds now_{};
  std::uint64_t turn_;  // which of the sources is next
  std::uint64_t begun_ = 0;
  std::uint32_t in_vain_ = 0;  // connects that were not complete at once, in a row
  SlotIndex next_sample_ = 0;
  std::size_t max_failed_;
};

}  // namespace tcptrace::stress
