// SPDX-License-Identifier: GPL-2.0
// The BPF programs, maps and links that a process holds, and whether they are still in the kernel.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

namespace tcptrace::live {

struct BpfObject {
  std::string kind;  // "prog", "map", "link"
  std::uint32_t id = 0;
};

// From /proc/PID/fdinfo, each once.
[[nodiscard]] std::vector<BpfObject> bpf_objects_of(pid_t pid);
[[nodiscard]] bool exists(const BpfObject& object);

}  // namespace tcptrace::live
