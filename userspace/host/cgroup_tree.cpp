// SPDX-License-Identifier: GPL-2.0
#include "host/cgroup_tree.h"

#include <sys/stat.h>

#include <algorithm>
#include <system_error>

#include "host/cgroup_names.h"

namespace tcptrace::host {
namespace {

namespace fs = std::filesystem;

struct Walk {
  std::span<const std::uint64_t> wanted;
  std::vector<std::uint64_t> found;

  // A cgroup's id is the inode number of its directory. One that vanishes meanwhile is passed over.
  void visit(const fs::path& directory, bool inside) {
    struct stat status {};
    if (::stat(directory.c_str(), &status) != 0) {
      return;
    }
    inside = inside || std::ranges::find(wanted, status.st_ino) != wanted.end();
    if (inside) {
      found.push_back(status.st_ino);
    }
    std::error_code ignored;
    for (fs::directory_iterator entry(directory, ignored), end; !ignored && entry != end;
         entry.increment(ignored)) {
      std::error_code gone;
      if (entry->is_directory(gone) && !entry->is_symlink(gone)) {
        visit(entry->path(), inside);
      }
    }
  }
};

}  // namespace

std::vector<std::uint64_t> with_descendants(const fs::path& root,
                                            std::span<const std::uint64_t> ids) {
  Walk walk{.wanted = ids, .found = {ids.begin(), ids.end()}};
  if (const auto mount = cgroup2_mount(root)) {
    walk.visit(*mount, false);
  }
  std::ranges::sort(walk.found);
  const auto duplicates = std::ranges::unique(walk.found);
  walk.found.erase(duplicates.begin(), duplicates.end());
  return walk.found;
}

}  // namespace tcptrace::host
