// SPDX-License-Identifier: GPL-2.0
#include "support/bpf_objects.h"

#include <linux/bpf.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "base/unique_fd.h"

namespace tcptrace::live {
namespace {

bpf_cmd command_of(const std::string& kind) {
  if (kind == "prog") {
    return BPF_PROG_GET_FD_BY_ID;
  }
  return kind == "map" ? BPF_MAP_GET_FD_BY_ID : BPF_LINK_GET_FD_BY_ID;
}

}  // namespace

std::vector<BpfObject> bpf_objects_of(pid_t pid) {
  std::vector<BpfObject> objects;
  for (const auto& entry :
       std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/fdinfo")) {
    std::ifstream file(entry.path());
    std::string key;
    std::string value;
    // A link's fdinfo names its program, too: the first id is its own.
    while (file >> key >> value) {
      const auto end = key.find("_id:");
      if (end != std::string::npos &&
          (key == "prog_id:" || key == "map_id:" || key == "link_id:")) {
        objects.push_back(
            {.kind = key.substr(0, end), .id = static_cast<std::uint32_t>(std::stoul(value))});
        break;
      }
    }
  }
  return objects;
}

bool exists(const BpfObject& object) {
  bpf_attr attributes{};
  attributes.prog_id = object.id;  // the three ids share their place
  const UniqueFd fd(static_cast<int>(
      ::syscall(SYS_bpf, command_of(object.kind), &attributes, sizeof(attributes))));
  return fd.valid();
}

}  // namespace tcptrace::live
