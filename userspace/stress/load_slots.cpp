// SPDX-License-Identifier: GPL-2.0
#include "stress/load_slots.h"

#include <utility>

namespace tcptrace::stress {

SlotArena::SlotArena(std::uint32_t count) : slots_(count) {
  for (SlotIndex i = count; i-- > 0;) {
    slots_[i].after = std::exchange(free_, i);
  }
}

LoadSlot& SlotArena::take() {
  LoadSlot& slot = slots_[free_];
  free_ = std::exchange(slot.after, kNoSlot);
  ++used_;
  return slot;
}

void SlotArena::give_back(LoadSlot& slot) {
  slot = LoadSlot();
  slot.after = std::exchange(free_, index(slot));
  --used_;
}

void DeadlineList::add(SlotArena& slots, LoadSlot& slot, std::chrono::nanoseconds now) {
  const SlotIndex index = slots.index(slot);
  slot.deadline = now + length_;
  slot.before = std::exchange(last_, index);
  slot.after = kNoSlot;
  slot.timed = true;
  if (slot.before == kNoSlot) {
    first_ = index;
  } else {
    slots[slot.before].after = index;
  }
}

void DeadlineList::remove(SlotArena& slots, LoadSlot& slot) {
  if (!std::exchange(slot.timed, false)) {
    return;
  }
  (slot.before == kNoSlot ? first_ : slots[slot.before].after) = slot.after;
  (slot.after == kNoSlot ? last_ : slots[slot.after].before) = slot.before;
  slot.before = slot.after = kNoSlot;
}

}  // namespace tcptrace::stress
