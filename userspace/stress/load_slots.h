// SPDX-License-Identifier: GPL-2.0
// The connections of one thread of a load: slots in one block of memory, and lists of them in the
// order in which their time is over. All times of a list are of one length, so that what is added
// last ends last.
#pragma once

#include <chrono>
#include <cstdint>
#include <limits>
#include <vector>

#include "base/unique_fd.h"
#include "model/load.h"
#include "stress/load_http.h"

namespace tcptrace::stress {

using SlotIndex = std::uint32_t;
inline constexpr SlotIndex kNoSlot = std::numeric_limits<SlotIndex>::max();

enum class SlotState : std::uint8_t { kFree, kConnecting, kTalking, kHolding, kClosing };

// Where a connection in that state fails.
[[nodiscard]] constexpr model::LoadPhase phase_of(SlotState state) {
  switch (state) {
    case SlotState::kConnecting:
      return model::LoadPhase::kConnect;
    case SlotState::kClosing:
      return model::LoadPhase::kClose;
    case SlotState::kFree:
    case SlotState::kTalking:
    case SlotState::kHolding:
      break;
  }
  return model::LoadPhase::kReceive;
}

struct LoadSlot {
  UniqueFd fd;
  SlotState state = SlotState::kFree;
  std::uint16_t route = 0;         // which of the target's addresses
  std::uint32_t watched = 0;       // events that epoll is asked for; 0: it does not know the socket
  std::uint32_t requests = 0;      // not answered yet
  std::uint32_t sent = 0;          // bytes of this request
  std::uint32_t received = 0;      // of its echo
  HttpAnswer answer;               // or of its answer
  std::chrono::nanoseconds due{};  // when it was to begin
  std::chrono::nanoseconds began{};  // this connect, or this request
  std::chrono::nanoseconds deadline{};
  SlotIndex before = kNoSlot;  // in a list of deadlines, or of free slots
  SlotIndex after = kNoSlot;
  bool timed = false;
};

class SlotArena {
 public:
  explicit SlotArena(std::uint32_t count);

  [[nodiscard]] LoadSlot& operator[](SlotIndex index) { return slots_[index]; }
  [[nodiscard]] SlotIndex index(const LoadSlot& slot) const {
    return static_cast<SlotIndex>(&slot - slots_.data());
  }
  [[nodiscard]] std::uint32_t size() const { return static_cast<std::uint32_t>(slots_.size()); }
  [[nodiscard]] std::uint32_t used() const { return used_; }
  [[nodiscard]] bool full() const { return free_ == kNoSlot; }

  LoadSlot& take();
  void give_back(LoadSlot& slot);

 private:
  std::vector<LoadSlot> slots_;
  SlotIndex free_ = kNoSlot;
  std::uint32_t used_ = 0;
};

class DeadlineList {
 public:
  explicit DeadlineList(std::chrono::nanoseconds length) : length_(length) {}

  void add(SlotArena& slots, LoadSlot& slot, std::chrono::nanoseconds now);
  void remove(SlotArena& slots, LoadSlot& slot);
  // The one whose time is over first; kNoSlot: there is none.
  [[nodiscard]] SlotIndex first() const { return first_; }

 private:
  std::chrono::nanoseconds length_;
  SlotIndex first_ = kNoSlot;
  SlotIndex last_ = kNoSlot;
};

}  // namespace tcptrace::stress
