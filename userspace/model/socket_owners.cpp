// SPDX-License-Identifier: GPL-2.0
#include "model/socket_owners.h"

#include <algorithm>

namespace tcptrace::model {

// The slot that has this inode, or the free one where it belongs. Inodes of sockets are handed out
// in a row: the multiplication spreads them.
std::size_t SocketOwners::slot_of(std::uint64_t inode) const {
  const std::size_t mask = slots_.size() - 1;
  std::size_t at = (inode * 0x9e3779b97f4a7c15ULL >> 32) & mask;
  while (slots_[at].inode != 0 && slots_[at].inode != inode) {
    at = (at + 1) & mask;
  }
  return at;
}

void SocketOwners::grow() {
  constexpr std::size_t kFirstSize = 1024;
  std::vector<Slot> old(std::max(kFirstSize, slots_.size() * 2));
  slots_.swap(old);
  for (const Slot& slot : old) {
    if (slot.inode != 0) {
      slots_[slot_of(slot.inode)] = slot;
    }
  }
}

void SocketOwners::add(std::uint64_t inode, const Process& process) {
  if (inode == 0) {
    return;
  }
  if (used_ * 2 >= slots_.size()) {
    grow();
  }
  Slot& slot = slots_[slot_of(inode)];
  if (slot.inode != 0) {
    return;
  }
  // File tables are read one process after the other.
  if (processes_.empty() || processes_.back().pid != process.pid) {
    processes_.push_back(process);
  }
  slot = {.inode = inode, .process = static_cast<std::uint32_t>(processes_.size() - 1)};
  ++used_;
}

const Process* SocketOwners::find(std::uint64_t inode) const {
  if (inode == 0 || used_ == 0) {
    return nullptr;
  }
  const Slot& slot = slots_[slot_of(inode)];
  return slot.inode == 0 ? nullptr : &processes_[slot.process];
}

void SocketOwners::clear() {
  processes_.clear();
  std::ranges::fill(slots_, Slot{});
  used_ = 0;
}

}  // namespace tcptrace::model
