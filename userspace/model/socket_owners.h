// SPDX-License-Identifier: GPL-2.0
// Which process holds which socket, by inode: what the readers of file tables fill and what sockets
// are joined with. Knows nothing of where it comes from.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "model/event.h"

namespace tcptrace::model {

class SocketOwners {
 public:
  // Of several processes that hold a socket the first one added stays its owner.
  void add(std::uint64_t inode, const Process& process);

  // Null: nobody was seen to hold it. Valid until the next add() or clear().
  [[nodiscard]] const Process* find(std::uint64_t inode) const;

  [[nodiscard]] std::size_t size() const { return used_; }
  [[nodiscard]] std::vector<Process>& processes() { return processes_; }

  // Keeps the memory.
  void clear();

 private:
  // Linear probing in a power of two of slots, at most half of which are used.
  struct Slot {
    std::uint64_t inode = 0;  // 0: free
    std::uint32_t process = 0;
  };

  [[nodiscard]] std::size_t slot_of(std::uint64_t inode) const;
  void grow();

  std::vector<Process> processes_;
  std::vector<Slot> slots_;
  std::size_t used_ = 0;
};

}  // namespace tcptrace::model
