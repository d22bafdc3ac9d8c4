// SPDX-License-Identifier: GPL-2.0
// Control groups for a scenario, made below the cgroup v2 mount wherever it is, and removed at the
// end of the scope.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tcptrace::live {

class Cgroup {
 public:
  [[nodiscard]] static bool supported();  // cgroup v2 is mounted

  // Missing parents are made, and removed, too. Nobody may be in it any more when it goes.
  explicit Cgroup(std::string_view path_below_the_mount);
  ~Cgroup();
  Cgroup(const Cgroup&) = delete;
  Cgroup& operator=(const Cgroup&) = delete;

  void enter() const;                                              // moves the calling process
  [[nodiscard]] const std::string& path() const { return path_; }  // as in /proc/PID/cgroup: "/a/b"
  [[nodiscard]] std::string directory() const;
  [[nodiscard]] std::uint64_t id() const;

 private:
  std::string path_;
  std::vector<std::string> made_;  // outermost first
};

}  // namespace tcptrace::live
