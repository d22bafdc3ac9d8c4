// SPDX-License-Identifier: GPL-2.0
// A root directory to read instead of "/", removed at the end.
#pragma once

#include <stdlib.h>
#include <sys/stat.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>

namespace tcptrace::host {

// Of containers: one, and one that it runs in.
inline const std::string inner_id =
    "3f0c9b2e5d7a4861b0c2d4e6f8091a2b3c4d5e6f708192a3b4c5d6e7f8091a2b";
inline const std::string outer_id =
    "aa0c9b2e5d7a4861b0c2d4e6f8091a2b3c4d5e6f708192a3b4c5d6e7f8091a2b";

// Of anything; throws where there is nothing.
inline std::uint64_t inode_of(const std::filesystem::path& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) {
    throw std::runtime_error("stat " + path.native());
  }
  return status.st_ino;
}

class FakeRoot {
 public:
  explicit FakeRoot(const std::filesystem::path& below = std::filesystem::temp_directory_path()) {
    std::string pattern = (below / "tcptrace-root-XXXXXX").native();
    if (::mkdtemp(pattern.data()) == nullptr) {
      throw std::runtime_error("mkdtemp " + pattern);
    }
    path_ = pattern;
  }
  FakeRoot(const FakeRoot&) = delete;
  FakeRoot& operator=(const FakeRoot&) = delete;
  ~FakeRoot() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

  void file(const std::filesystem::path& name, std::string_view text) const {
    std::filesystem::create_directories((path_ / name).parent_path());
    std::ofstream(path_ / name) << text;
  }

  void link(const std::filesystem::path& name, std::string_view target) const {
    std::filesystem::create_directories((path_ / name).parent_path());
    std::filesystem::create_symlink(target, path_ / name);
  }

  void directory(const std::filesystem::path& name) const {
    std::filesystem::create_directories(path_ / name);
  }

  // A process with what the readers of host/ look at.
  void process(std::uint32_t pid, std::string_view comm, std::uint32_t netns,
               std::string_view cgroup = "0::/\n") const {
    const std::string base = "proc/" + std::to_string(pid);
    file(base + "/status",
         "Name:\t" + std::string(comm) + "\nTgid:\t" + std::to_string(pid) + "\n");
    file(base + "/comm", std::string(comm) + "\n");
    file(base + "/cgroup", cgroup);
    link(base + "/ns/net", "net:[" + std::to_string(netns) + "]");
  }

  void cgroup2_mount(std::string_view where) const {
    directory(std::filesystem::path(where).relative_path());
    file("proc/self/mountinfo",
         "24 1 0:22 / /proc rw,relatime - proc proc rw\n"
         "31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755\n"
         "35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
         "41 31 0:38 / " +
             std::string(where) + " rw,nosuid shared:9 - cgroup2 cgroup2 rw\n");
  }

 private:
  std::filesystem::path path_;
};

}  // namespace tcptrace::host
