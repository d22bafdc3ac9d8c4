// SPDX-License-Identifier: GPL-2.0
#include "support/cgroup.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <ranges>
#include <sstream>
#include <stdexcept>
#include <system_error>

namespace tcptrace::live {
namespace {

std::string mount_point() {
  std::ifstream mounts("/proc/mounts");
  std::string line;
  while (std::getline(mounts, line)) {
    std::istringstream fields(line);
    std::string device;
    std::string directory;
    std::string type;
    if (fields >> device >> directory >> type && type == "cgroup2") {
      return directory;
    }
  }
  return {};
}

}  // namespace

bool Cgroup::supported() { return !mount_point().empty(); }

Cgroup::Cgroup(std::string_view path_below_the_mount) {
  const std::string root = mount_point();
  std::istringstream parts{std::string(path_below_the_mount)};
  std::string part;
  while (std::getline(parts, part, '/')) {
    path_.append("/").append(part);
    const std::string made = root + path_;
    if (::mkdir(made.c_str(), 0755) == 0) {
      made_.push_back(made);
    } else if (errno != EEXIST) {
      throw std::system_error(errno, std::generic_category(), made);
    }
  }
}

Cgroup::~Cgroup() {
  for (const std::string& made : std::views::reverse(made_)) {
    ::rmdir(made.c_str());
  }
}

void Cgroup::enter() const {
  std::ofstream procs(directory() + "/cgroup.procs");
  if (!(procs << ::getpid() << std::flush)) {
    throw std::runtime_error("cannot enter " + path_);
  }
}

std::string Cgroup::directory() const { return mount_point() + path_; }

std::uint64_t Cgroup::id() const {
  struct stat info {};
  if (::stat(directory().c_str(), &info) != 0) {
    throw std::system_error(errno, std::generic_category(), path_);
  }
  return info.st_ino;
}

}  // namespace tcptrace::live
